r"""Atoms of both tails of Conway and Maxwell's Poisson: log P(Y ≥ c) and log P(Y < c) of a count c ≥ 1.

They are sums of probabilities over that of the first count, k = c and upwards or k = c − 1 and downwards. With the
growth of ``atoms.py`` measured from k, :math:`g_k(j) = \log(j!/k!) - (j - k)\log(k + 1)`, and
τ = log p(k + 1)/p(k),

.. math:: \log\frac{p(j)}{p(k)} = (j - k)\,\tau - \nu g_k(j).

The smaller tail is summed, the other is its complement. Of log p(j) the derivatives in log m and ν are linear in j and
R(j), and its second derivatives are linear in j, so that with a = j − k and t = R(j) − R(k) only a, t and their squares
and product are summed: under the weights of the tail

    of log P less that of log p(k)    in log m: (m/V) E a, in ν: −E t, and second ones: E a times the slope in j of
    that of log p(j), and (m/V)² Var a, −(m/V) Cov(a, t), Var t.

Few counts are taken one by one. Of many, the places u + C(eʳᵘ − 1), u = 0, 1, …, upwards are the whole numbers where
the sum begins and then grow, each with the slope of that as its weight: C is so small that nobody sees it where the sum
begins. Downwards they are whole numbers at both ends, the other one being 0 or where nothing is left:
u + C(arctan eʳ⁽ᵘ⁻ⁿ⁾ − arctan e⁻ʳⁿ), u = 0, …, 2n. Of an exponential the sum is right to e^(−π²/r), of half a bell to
e^(−π²/2r).
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple

from likely._math import special
from likely._math.atoms import Atom, register
from likely._math.com_poisson.atoms import row
from likely._math.com_poisson.moments import growth_of
from likely._math.graph import (
    Expression,
    Node,
    arctan2,
    equal,
    exp,
    floor,
    log,
    log1p,
    maximum,
    minimum,
    sqrt,
    where,
)
from likely._math.series import Series, Terms
from likely._math.tails.two_tails import Recent, TwoTails, register_tail

#: Terms below e^−44 of the largest are left out.
_DEPTH = 44.0
#: Up to so many counts are taken one by one, upwards and downwards, and there of more so many places.
_UP, _DOWN = 240.0, 500.0
LONGEST = 520
#: C·r, what may be lost where the sum begins, is the inverse of its exponential.
_LOG_SHARE = 30.0
#: The rate r of growth.
_RATE = 0.14


class _Rule(NamedTuple):
    """What a row's sum needs: see ``_Term``."""

    terms: Node
    first: Node  # k + 1
    error: Node  # Stirling's of k + 1
    sign: Node
    grown: Node  # C
    rate: Node
    shift: Node
    tau: Node
    nu: Node
    tilt: Node  # (R(j) − R(k) − g_k(j))/a


class _Term:
    """One place of the sum: index → a = j − k, its weight in units of p(k), and what is summed."""

    def __init__(self, index: Expression, given: _Rule) -> None:
        e, at_first = exp(given.rate * (index - given.shift)), exp(-given.rate * given.shift)
        down = given.sign < 0.0
        growth = where(down, arctan2(e, 1.0) - arctan2(at_first, 1.0), e - at_first)
        width = where(down, 1.0 / (e + 1.0 / e), e)
        self.a = a = given.sign * (index + given.grown * growth)
        x = maximum(given.first + a, 1.0)
        errors = special.stirling_above(x) - given.error
        g = growth_of(x, given.first, a, errors)
        self.t = g + a * given.tilt
        self.total = (1.0 + given.rate * given.grown * width) * exp(a * given.tau - given.nu * g)
        #: But the first count.
        self.rest = where(index < 0.5, 0.0, self.total)

    @property
    def line(self) -> Node:
        return self.total * self.a

    @property
    def turn(self) -> Node:
        return self.total * self.t

    @property
    def line_2(self) -> Node:
        return self.line * self.a

    @property
    def both(self) -> Node:
        return self.line * self.t

    @property
    def turn_2(self) -> Node:
        return self.turn * self.t


_TERMS = Terms(
    ("needed", *_Rule._fields),
    _Rule._fields,
    LONGEST,
    lambda needed, *given: given,
    lambda what, index, *given: getattr(_Term(index, _Rule(*given)), what),
)
_SUMS = {
    what: Series(f"com_poisson_tail_{what}", _TERMS, (what,), lambda fields, total: total)
    for what in ("total", "rest", "line", "turn", "line_2", "both", "turn_2")
}


def _reach(fall: Node, bend: Node, share: Node) -> Node:
    """Where fall·b + bend·b²/2(1 + share·b) is ``_DEPTH``."""
    square, line = fall * share + 0.5 * bend, fall - _DEPTH * share
    root = sqrt(line * line + 4.0 * _DEPTH * square)
    return where(line > 0.0, 2.0 * _DEPTH / (line + root), (root - line) / (2.0 * square))


def _times(one: Node, other: Node) -> Node:
    """The product, where the other may be infinite."""
    return where(equal(one, 0.0), 0.0, one * other)


class _Tails(TwoTails):
    """P(Y ≥ c), which grows in m, and P(Y < c); of the summed one no more than ``most`` counts after the first."""

    def __init__(
        self,
        c: Expression,
        m: Expression,
        n: Expression,
        log_m: Expression,
        log_n: Expression,
        most: Expression | float = math.inf,
    ) -> None:
        c, m, n = c.node, m.node, n.node
        # So that k is on the side of the mean that the tail is on.
        self.below = c < m + 0.5
        self.grows = c >= m + 0.5
        self.start = start = where(self.below, c - 1.0, c)
        self.first = first = row(start, m, n, log_m, log_n)
        s = first.decided
        self.rate = s.rate
        x = start + 1.0
        apart = special.log_ratio(x, s.centre, first.from_centre)
        tau = s.tau - n * apart
        # g is at least b²/2x at b counts down, and (b − 1)²/2(x + (b − 1)/3) up.
        share = where(self.below, 0.0, 1.0 / (3.0 * x))
        ahead = floor(_reach(where(self.below, tau, -tau), n / x, share)) + 1.0
        ahead = minimum(where(self.below, minimum(ahead, start), ahead), most)
        self.whole = whole = ahead <= where(self.below, _DOWN, _UP)
        # Downwards C is (2/π) times what is ahead: C r is 1/10 of it.
        size = _LOG_SHARE + log(maximum(ahead, 1.0))
        down = (size - math.log(10.0)) / (0.5 * _DOWN)
        rate = where(self.below, down, maximum(_RATE, size / _DOWN))
        grown = exp(-_LOG_SHARE) / rate
        places = where(self.below, _DOWN, floor(log1p(ahead / grown) / rate) + 1.0)
        grown = where(self.below, 2.0 / math.pi * (ahead - _DOWN), grown)
        self.given = _Rule(
            terms=where(whole, ahead, places) + 1.0,
            first=x,
            error=special.stirling_above(x),
            sign=where(self.below, -1.0, 1.0),
            grown=where(whole, 0.0, grown),
            rate=where(whole, 0.0, rate),
            shift=where(self.below, 0.5 * _DOWN, 0.0),
            tau=tau,
            nu=n,
            tilt=apart - s.slope,
        )

    def _sum(self, what: str) -> Node:
        return _SUMS[what](*self.given)

    def _moment(self, what: str) -> Node:
        return self._sum(what) / self._sum("total")

    def _central(self, both: str, one: str, other: str) -> Node:
        return self._moment(both) - self._moment(one) * self._moment(other)

    @cached_property
    def line(self) -> Node:
        """E a"""
        return self._moment("line")

    @cached_property
    def of_slope(self) -> dict[str, Node]:
        """What (m/V) times E a is multiplied with in second derivatives of log P − log p(k), times E a."""
        s = self.first.decided
        square = _times(self._central("line_2", "line", "line"), self.rate)
        both = self._central("both", "line", "turn")
        return {"curve": self.line * s.lean + square, "cross": self.line * s.mixed - both}

    def beyond(self, part: str) -> Node:
        """Of log P − log p(k): the value and its derivatives."""
        if part == "value":
            return log1p(self._sum("rest"))
        if part == "slope":
            return _times(self.line, self.rate)
        if part == "shape":
            return -self._moment("turn")
        if part == "bend":
            ahead = self.line * self.first.decided.skewed
            return self._central("turn_2", "turn", "turn") - ahead
        return _times(self.of_slope[part], self.rate)

    @cached_property
    def _away(self) -> Node:
        """The tail's mean less m, whose parts have the same sign."""
        return self.first.away + self.line

    def compute(self, part: str) -> Node:
        first = self.first
        if part == "value":
            return log(self._sum("total")) - first.value()
        if part == "slope":
            slope = self._away * self.rate
            return where(self.below, -slope, slope)
        if part == "shape":
            return self.beyond("shape") - first.shape()
        if part == "shape_2":
            return self.beyond("bend") - first.bend()
        # Of the slope, whose m/V may be infinite.
        if part == "pull":
            return (self.of_slope["curve"] - first.bow()) / self._away
        return (self.of_slope["cross"] + first.away * first.decided.mixed) / self._away


#: Of a count, the mean, ν and the logarithms of both.
tails = Recent(_Tails)


def _place(in_log_m: Any, in_nu: Any) -> tuple[Any, ...]:
    return 0.0, 0.0, in_nu, in_log_m, 0.0


log_com_poisson_above, _ = register_tail("com_poisson_above", tails, True, _place, None)
log_com_poisson_below, _ = register_tail("com_poisson_below", tails, False, _place, None)


# --- log p(y) − log P of the tail that is summed, or of some counts of it. -----------------------------------


#: Of a count, the most that are summed after the first one, and the rest as ``tails``.
_windows_of = Recent(lambda c, most, m, n, log_m, log_n: _Tails(c, m, n, log_m, log_n, most))


class _Given:
    """A count y of those that a tail begins with. Terms of its slope, which both may be infinite, are one number."""

    def __init__(self, y: Expression, c: Expression, most: Expression, *given: Expression) -> None:
        self.tail, self.count = _windows_of(c, most, *given), row(y, *given)
        self.ahead = y.node - self.tail.start

    def _apart(self, part: str) -> Node:
        """By how much a part of −log p is larger at the tail's first count than at y."""
        first, count = getattr(self.tail.first, part)(), getattr(self.count, part)()
        return where(equal(self.ahead, 0.0), 0.0, first - count)

    def value(self) -> Node:
        given, ahead = self.tail.given, self.ahead
        x = given.first + ahead
        growth = growth_of(x, given.first, ahead, special.stirling_above(x) - given.error)
        # By steps: of what all counts have in common there is none in it.
        rise = where(equal(ahead, 0.0), 0.0, ahead * given.tau - given.nu * growth)
        return rise - self.tail.beyond("value")

    def slope(self) -> Node:
        return _times(self.ahead - self.tail.line, self.tail.rate)

    def shape(self) -> Node:
        return self._apart("shape") - self.tail.beyond("shape")

    def curve(self) -> Node:
        own = self.ahead * self.tail.first.decided.lean
        return _times(own - self.tail.of_slope["curve"], self.tail.rate)

    def cross(self) -> Node:
        own = self.ahead * self.tail.first.decided.mixed
        return _times(own - self.tail.of_slope["cross"], self.tail.rate)

    def bend(self) -> Node:
        return -(self.ahead * self.tail.first.decided.skewed) - self.tail.beyond("bend")


_given = Recent(_Given)


def _part(part: str, in_mean: Atom | None = None, in_nu: Atom | None = None) -> Atom:
    """The atom of one part, and those of its derivatives."""

    def rule(*given: Node) -> tuple[Any, ...]:
        *args, _ = given
        assert in_mean
        assert in_nu
        return 0.0, 0.0, *_place(in_mean(*args), in_nu(*args))

    return register(
        f"com_poisson_given_{part}",
        rule if in_mean else None,
        expansion=lambda *args: getattr(_given(*args), part)(),
    )


_curve, _cross, _bend = map(_part, ("curve", "cross", "bend"))
_slope, _shape = _part("slope", _curve, _cross), _part("shape", _cross, _bend)
log_com_poisson_given = _part("value", _slope, _shape)
#: Whether so much of a tail is summed count by count, so that it may end before it has vanished.
com_poisson_whole: Atom = register(
    "com_poisson_whole",
    lambda *given: (0.0,) * (len(given) - 1),
    expansion=lambda c, most, *given: where(_windows_of(c, most, *given).whole, 1.0, 0.0),
)
