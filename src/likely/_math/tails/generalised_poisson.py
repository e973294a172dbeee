"""Atoms of both tails of GeneralisedPoisson: log P(Y ≥ c) and log P(Y < c) of a count c ≥ 1.

They are sums of probabilities over the one of the first count, k = c and upwards or k = c − 1 and downwards, and so are
the means, under these weights, of the derivatives of log p(k) in log m and log d, less those at the first count. The
smaller tail is summed, the other is its complement.

Few counts are taken one by one. Of many, the places x(u) = u + C(eʳᵘ − 1), u = 0, 1, …, away from the first count, are
the whole numbers where the sum begins and then grow, each with the weight x′(u): C is so small that nobody sees it
where the sum begins. Where an exponential is left to add the sum is right to e^(−π²/r), and of a half or a whole bell
with r as below to e^−31 or more.

With A = m/(m + dk), λ = m/(1 + d) and θ = d/(1 + d) the derivatives of log p(k) in log m and in log d are

    (k − m) A/(1 + d) + 1 − A        and        s − (1 − A),  s = d ((k − m)/(1 + d))²/(m + dk).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from likely._math import special
from likely._math.atoms import (
    Atom,
    count_error,
    generalised_poisson_deviance,
    generalised_poisson_few,
    generalised_poisson_log_rate,
    generalised_poisson_log_ratio,
    log1p_residual,
    register,
    relative_entropy_of,
    softplus,
)
from likely._math.graph import (
    Expression,
    Node,
    equal,
    exp,
    expm1,
    floor,
    log,
    log1p,
    maximum,
    sqrt,
    where,
)
from likely._math.series import Series, Terms
from likely._math.special import generalised_poisson_deviance as deviance
from likely._math.tails.count_jumps import log_widened
from likely._math.tails.intervals import log_between, log_difference
from likely._math.tails.two_tails import Recent, TwoTails, register_tail

#: Terms below e^−44 of the largest are left out.
_DEPTH = 44.0
#: Up to so many counts are taken one by one.
_WHOLE = 240.0
_LONGEST = 520
#: Half the unit deviance from which, below the mean, the tail below is summed: of few counts, and of many, where
#: nothing is left of it at 0.
_NEAR, _FAR = 0.5, 3.0
#: C·r, what may be lost where the sum begins, and log of its inverse.
_LOG_SHARE = 30.0
#: The rates r of growth from below the mean, where a bell is ahead, and elsewhere.
_RATE_OF_BELL, _RATE = 0.11, 0.14


def log_growth(d: Any, log_d: Any) -> Node:
    """log(1 + d), each side by what its slopes do not cancel in"""
    return where(d < 1.0, log1p(d), softplus(log_d))


def saddle(y: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    """log p(y) by Poisson's unit deviance from (m + d y)/(1 + d), which lies between the mean and y."""
    given = (y, m, d, log_m, log_d)
    return (
        -generalised_poisson_deviance(*given)
        - count_error(y)
        - generalised_poisson_log_ratio(*given)
    )


def log_probability(y: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    """log p(y)"""
    few = generalised_poisson_few(y, m, d, log_m, log_d)
    return where(y < 2.0, -few, saddle(y, m, d, log_m, log_d))


class _Rule(NamedTuple):
    """What a row's sum needs: see ``_Term``."""

    terms: Node
    start: Node
    sign: Node
    grown: Node  # C
    rate: Node
    level: Node  # log p at the start
    m: Node
    d: Node


class _Scores:
    """The derivatives of log p(k) in log m and log d, first and second."""

    def __init__(self, k: Node, m: Expression, d: Expression) -> None:
        share = 1.0 / (1.0 + d)
        branch = 1.0 / (1.0 + 1.0 / d)  # θ
        a = 1.0 / (1.0 + d * k / m)
        rest = 1.0 / (1.0 + m / d / maximum(k, 0.5))
        rest = where(k < 0.5, 0.0, rest)  # 1 − A
        away = (k - m) * share
        self.part, self.rest, self.branch = a, rest, branch
        self.spread = spread = away * (away / (m / d + k))
        rate = m * share
        self.mean = away * a + rest
        # Of k < 2 little is left of the difference.
        few, growth = k < 2.0, rate * branch
        self.shape = where(few, growth - k * (branch * (1.0 + share)), spread - rest)
        self.mean_2 = (k - 1.0) * (a * rest) - rate
        self.cross = growth - (k - 1.0) * (a * rest)
        of_few = growth * (share - branch) - 2.0 * k * (branch * share * share)
        self.shape_2 = where(few, of_few, spread * (a - 2.0 * branch) - a * rest)


class _Term:
    """One place of the sum: index → k, its weight, and what is summed."""

    def __init__(self, index: Expression, given: _Rule) -> None:
        self.given = given
        _, start, sign, grown, rate, level, m, d = given
        #: k less the first count
        self.away = away = sign * (index + grown * expm1(rate * index))
        self.k = k = start + away
        inside = maximum(k, 1.0)
        many = -deviance(inside, m, d, m, d) - special.HALF_LOG_2PI
        many = many - special.stirling_above(inside)
        many = many - (1.5 * log(inside) + log(1.0 / inside + d / m))
        log_p = where(k < 0.5, -m / (1.0 + d), many)
        # Where places grow nothing is left at 0.
        width = where(grown > 0.0, where(k < 1.0, 0.0, 1.0 + grown * rate * exp(rate * index)), 1.0)
        self.total = width * exp(log_p - level)
        #: But the first count.
        self.rest = where(index < 0.5, 0.0, self.total)

    @cached_property
    def scores(self) -> _Scores:
        return _Scores(self.k, self.given.m, self.given.d)

    @cached_property
    def first_scores(self) -> _Scores:
        return _Scores(self.given.start, self.given.m, self.given.d)

    @cached_property
    def _over(self) -> Node:
        """k less the first count, over 1 + dk/m"""
        m, d, inside = self.given.m, self.given.d, maximum(self.k, 1.0)
        return where(self.k < 0.5, self.away, m * (self.away / inside / (m / inside + d)))

    @cached_property
    def rise(self) -> Node:
        """The slope in log m, less that at the first count."""
        m, d, start = self.given.m, self.given.d, self.given.start
        return self._over * ((m + d) / (m + d * start))

    @cached_property
    def turn(self) -> Node:
        """The same in log d."""
        m, d, start = self.given.m, self.given.d, self.given.start
        share = 1.0 / (1.0 + d)
        ahead = (share * self.away) * (share * (1.0 + start / m * d))
        behind = (share * (start - m)) * (share * (2.0 + d * (1.0 + start / m)))
        return self._over * (d / (m + d * start)) * (ahead + behind - 1.0)

    @property
    def mean(self) -> Node:
        return self.total * self.rise

    @property
    def shape(self) -> Node:
        return self.total * self.turn

    # --- The second derivatives, less those at the first count: no term of them cancels. ---------------

    @cached_property
    def _apart(self) -> Node:
        """(1 − A)/k times k less the first count"""
        m, d = self.given.m, self.given.d
        return self.away * (d / (m + d * self.k))

    @cached_property
    def _bend(self) -> Node:
        """Of (k − 1) A (1 − A)"""
        k, own, first = self.k, self.scores, self.first_scores
        both = own.part * first.part * (k + self.given.start - 1.0)
        return self._apart * first.part * (both + first.rest * (2.0 * k * own.part + own.rest))

    @cached_property
    def _fold(self) -> Node:
        """Of s (A − 2θ) − A (1 − A)"""
        own, first = self.scores, self.first_scores
        step = self._apart * first.part  # of 1 − A
        moved = (own.part - 2.0 * own.branch) * (self.turn + step)
        return moved - step * (first.spread + own.part * first.part - own.rest * first.rest)

    @property
    def mean_2(self) -> Node:
        return self.total * (self._bend + self.rise * self.rise)

    @property
    def cross(self) -> Node:
        return self.total * (self.rise * self.turn - self._bend)

    @property
    def shape_2(self) -> Node:
        return self.total * (self._fold + self.turn * self.turn)


_TERMS = Terms(
    ("needed", *_Rule._fields),
    _Rule._fields,
    _LONGEST,
    lambda needed, *given: given,
    lambda what, index, *given: getattr(_Term(index, _Rule(*given)), what),
)
_SUMS = {
    what: Series(f"generalised_poisson_sum_{what}", _TERMS, (what,), lambda fields, total: total)
    for what in ("total", "rest", "mean", "shape", "mean_2", "cross", "shape_2")
}


class _Tails(TwoTails):
    """P(Y ≥ c), which grows in m, and P(Y < c)."""

    def __init__(
        self, c: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
    ) -> None:
        c, m, d = c.node, m.node, d.node
        apart = deviance(c, m, d, m, d)
        far = apart > where(c <= _WHOLE, _NEAR, _FAR)
        self.below = where(c < m, where(far, 1.0, 0.0), 0.0) > 0.5
        self.grows = where(self.below, 0.0, 1.0) > 0.5
        self.start = start = where(self.below, c - 1.0, c)
        above = self._end(c, m, d, where(c < m, 0.0, apart) + _DEPTH) - c
        ahead = where(self.below, start, above)
        whole = ahead <= _WHOLE
        rate = where(self.below, _RATE, where(c < m, _RATE_OF_BELL, _RATE))
        rate = maximum(rate, (_LOG_SHARE + log(maximum(ahead, 1.0))) / (_LONGEST - 20.0))
        grown = exp(-_LOG_SHARE) / rate
        places = where(whole, ahead, log1p(ahead / grown) / rate)
        self.args = (start, m, d, log_m, log_d)
        self.given = _Rule(
            terms=floor(places) + where(self.below, 1.0, 2.0),
            start=start,
            sign=where(self.below, -1.0, 1.0),
            grown=where(whole, 0.0, grown),
            rate=where(whole, 0.0, rate),
            level=log_probability(start, m, d, log_m, log_d),
            m=m,
            d=d,
        )
        self.scores = _Scores(start, m, d)

    def _end(self, c: Node, m: Node, d: Node, depth: Node) -> Node:
        """The count above the mean of which half the unit deviance is at least ``depth``."""
        share, branch = 1.0 / (1.0 + d), 1.0 / (1.0 + 1.0 / d)
        # It is convex, and at least ((k − m)/(1 + d))²/2k: Newton's steps from beyond stay beyond.
        root = sqrt(depth * depth + 2.0 * depth * (m * share) * share)
        k = maximum(m + (depth + root) / share / share, c + 1.0)
        for _ in range(3):
            u = m * share + k * branch
            away = (k - m) * share
            slope = special.log1pmx(away / u) + share * (away / u)
            k = maximum(k - (deviance(k, m, d, m, d) - depth) / slope, c + 1.0)
        return k

    def _sum(self, what: str) -> Node:
        return _SUMS[what](*self.given)

    def _moment(self, what: str) -> Node:
        return self._sum(what) / self._sum("total")

    @cached_property
    def _mean(self) -> Node:
        return self.scores.mean + self._moment("mean")

    @cached_property
    def _shape(self) -> Node:
        return self.scores.shape + self._moment("shape")

    def beyond(self, part: str) -> Node:
        """Of log P − log p(first): the value and its derivatives, of which those in log m are as small as m."""
        if part == "value":
            return log1p(self._sum("rest"))
        if part in ("mean", "shape"):
            return self._moment(part)
        one, other = {"mean_2": ("mean", "mean"), "cross": ("mean", "shape")}.get(
            part, ("shape", "shape")
        )
        return self._moment(part) - self._moment(one) * self._moment(other)

    def compute(self, part: str) -> Node:
        if part == "value":
            return self.given.level + log(self._sum("total"))
        if part == "slope":
            return where(self.below, -self._mean, self._mean)
        if part == "pull":
            one = self._moment("mean")
            return (self.scores.mean_2 + (self._moment("mean_2") - one * one)) / self._mean
        if part == "rise":
            both = self._moment("mean") * self._moment("shape")
            return (self.scores.cross + (self._moment("cross") - both)) / self._mean
        if part == "shape":
            return self._shape
        one = self._moment("shape")
        return self.scores.shape_2 + (self._moment("shape_2") - one * one)


_tails = Recent(_Tails)


def _place(in_log_m: Any, in_log_d: Any) -> tuple[Any, ...]:
    return 0.0, 0.0, 0.0, in_log_m, in_log_d


log_generalised_poisson_above, _ = register_tail(
    "generalised_poisson_above", _tails, True, _place, None
)
log_generalised_poisson_below, _ = register_tail(
    "generalised_poisson_below", _tails, False, _place, None
)


# --- log P(Y ≥ c) − log p(c) for m < c, where the tail above is the one that is summed. ------------------


def _beyond(part: str) -> Any:
    return lambda *args: _tails(*args).beyond(part)


_second = {
    part: register(f"generalised_poisson_beyond_{part}", expansion=_beyond(part))
    for part in ("mean_2", "cross", "shape_2")
}


def _slope(part: str, in_mean: str, in_shape: str) -> Atom:
    def rule(*given: Node) -> tuple[Any, ...]:
        *args, _ = given
        return _place(_second[in_mean](*args), _second[in_shape](*args))

    return register(f"generalised_poisson_beyond_{part}", rule, expansion=_beyond(part))


_in_mean, _in_shape = _slope("mean", "mean_2", "cross"), _slope("shape", "cross", "shape_2")
log_generalised_poisson_beyond = register(
    "log_generalised_poisson_beyond",
    lambda c, m, d, log_m, log_d, out: _place(
        _in_mean(c, m, d, log_m, log_d), _in_shape(c, m, d, log_m, log_d)
    ),
    expansion=_beyond("value"),
)


def _apart(c: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    """log p(c), but for what is the same for every count."""
    of = (c, m, d, log_m, log_d)
    return -generalised_poisson_deviance(*of) - generalised_poisson_log_rate(*of) - count_error(c)


def _summed_above(c: Any, m: Any, d: Any, *logs: Any) -> Node:
    """Whether the tail above is summed: beyond the mean, and where most counts are 0, whose half deviance is λ."""
    return where(m < c, 1.0, where(m / (1.0 + d) < _NEAR, 1.0, 0.0)) > 0.5


def log_above_bound(y: Any, c: Any, *of: Any) -> Node:
    """log p(y | Y ≥ c) for y ≥ c ≥ 1: over p(c), in which what p has of the rate alone has cancelled on paper."""
    few = where(equal(y, c), 0.0, _apart(y, *of) - _apart(c, *of))
    few = few - log_generalised_poisson_beyond(c, *of)
    many = log_probability(y, *of) - log_generalised_poisson_above(c, *of)
    return where(_summed_above(c, *of), few, many)


def log_step(k: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    """log p(k + 1) − log p(k), log((λ + θk)/(k + 1)) + k log(1 + θ/(λ + θk)) − θ, so that what is large in 1/d or in d
    has cancelled on paper; of a large m nothing moves but log m, once it moves in proportion."""
    ratio = k * (d / m)
    inside = where(ratio < 1.0, 1.0, k)
    sparse = where(ratio < 1.0, log_m + log1p(ratio), log(m + d * inside))
    sparse = sparse + k * log1p(d / (m + d * k)) - log1p(d) - d / (1.0 + d)
    clustered = where(ratio < 1.0, log_m - log_d + log1p(ratio), log(m / d + inside))
    clustered = clustered + k * log1p(1.0 / (m / d + k)) - log1p_residual(1.0 / d) - 1.0
    return where(d < 1.0, sparse, clustered) - log(k + 1.0)


def _log_between(c: Any, end: Any, *of: Any) -> Node:
    """log P(c ≤ Y < end) − log p(c), of the tail above."""
    later = _apart(end, *of) - _apart(c, *of) + log_generalised_poisson_beyond(end, *of)
    return log_difference(log_generalised_poisson_beyond(c, *of), later)


def _wide_between(c: Any, end: Any, *of: Any) -> Node:
    """log P(c ≤ Y < end) from the smaller tails."""
    below, above = (
        (tail(c, *of), tail(end, *of))
        for tail in (log_generalised_poisson_below, log_generalised_poisson_above)
    )
    return log_between(below, above)


def log_between_bounds(c: Any, end: Any, *of: Any) -> Node:
    """log P(c ≤ Y < end) for 1 ≤ c < end: of the tail above, p(c) times a difference in which the rate has no part."""
    few = log_probability(c, *of) + _log_between(c, end, *of)
    return where(_summed_above(c, *of), few, _wide_between(c, end, *of))


def log_within_bounds(y: Any, c: Any, end: Any, *of: Any) -> Node:
    """log p(y | c ≤ Y < end) for 1 ≤ c ≤ y < end: in the tail above the rate has no part in it."""
    few = where(equal(y, c), 0.0, _apart(y, *of) - _apart(c, *of)) - _log_between(c, end, *of)
    many = log_probability(y, *of) - _wide_between(c, end, *of)
    return where(_summed_above(c, *of), few, many)


def log_jump(k: Any, start: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    """log p(k) − log p(start), by the larger of both, n, and the smaller, l.

    With uₖ = (m + d k)/(1 + d) it is (n − l) (log uₙ − θ) + (l − 1) log(uₙ/uₗ) less the logarithm of n!/l!, which is
    (n − l) log n and what Stirling's formula leaves.
    """
    up = start < k
    most, least = where(up, k, start), where(up, start, k)
    apart = most - least
    log_most, ratio = log(most), most * (d / m)
    sparse = log_m - log_most + log1p(ratio)
    level = where(ratio < 1.0, sparse, log_d + log1p(1.0 / ratio)) - log_growth(d, log_d)
    left = relative_entropy_of(least, most, -apart, log(maximum(least, 1.0)), log_most)
    between = (least - 1.0) * log_widened(m / d + least, apart)
    errors = count_error(most) - count_error(least)
    rise = apart * (level - 1.0 / (1.0 + 1.0 / d)) + between + (left - errors)
    return where(up, rise, -rise)
