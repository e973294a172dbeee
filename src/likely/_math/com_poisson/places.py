"""Sums of Conway and Maxwell's Poisson where no patch serves: over whole numbers, or places that grow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from likely._math import special
from likely._math.com_poisson.moments import SHARED, Moments, Results, ahead, growth_of, series_of
from likely._math.graph import (
    Node,
    abs_,
    constant,
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
from likely._math.series import Equation, Terms

#: Terms below e^−44 of the largest are left out.
_DEPTH = 44.0
#: Up to so many whole numbers are taken one by one.
_WHOLE = 240.0
_LONGEST = 272
#: The share of the sum that may be lost about 0 where places grow.
_SHARE = 1e-16
#: Steps of Newton's method at most, and where it ends: what is left is the square of that.
_NEWTON = 4
_SOLVED = 1e-7


class _Rule(NamedTuple):
    """What a row's sum needs: see ``_Term``."""

    terms: Node
    m: Node
    low: Node
    grown: Node
    rate: Node
    centre: Node  # X
    error: Node  # Stirling's of X
    part: Node  # m − c
    tau: Node
    nu: Node
    fall: Node  # ν g(c − 1)
    log_part: Node
    whole: Node


class _Term(Moments):
    """One place of the sum: index → a = j − c, and its weight."""

    def __init__(self, index: Node, given: _Rule, growth: Node, g: Node) -> None:
        self.given, self.g = given, g
        self.a: Node = given.low + index + growth
        self.floor = given.centre - 1.0
        self.x = maximum(given.centre + self.a, 1.0)  # from 2⁵³ on the 1 in X may be lost
        self.width = 1.0 + given.rate * growth
        self.away = self.a - given.part
        self.whole = given.whole > 0.0
        # Beside c these are written out where all the others are whole numbers.
        self.beside = where(self.whole, abs_(self.a), 2.0) < 1.5

    @classmethod
    def kept(cls, what: str, index: Node, given: _Rule) -> Node:
        """What does not depend on τ: by how much places have grown, and g."""
        growth = given.grown * exp(given.rate * index)
        if what == "growth_of_place":
            return growth
        term = cls(index, given, growth, growth)
        errors = special.stirling_above(term.x) - given.error
        return growth_of(term.x, given.centre, term.a, errors)

    @cached_property
    def exponent(self) -> Node:
        """log p(j)/p(c), or in whole numbers log p(j)/p(c + 1)."""
        tau = self.given.tau
        return where(self.whole, self.a - 1.0, self.a) * tau - self.given.nu * self.g

    def _weighted(self, exponent: Node) -> Node:
        return where(self.beside, 0.0, self.width * exp(exponent))

    # --- The two sides of the mean, of which each is in units of its own. --------------------------

    @cached_property
    def balance(self) -> Node:
        """(j − m)p, either side in units of its place beside c."""
        below = (self.a + 1.0) * self.given.tau - (self.given.nu * self.g - self.given.fall)
        exponent = where(self.whole, where(self.a < 0.0, below, self.exponent), self.exponent)
        return self.away * self._weighted(exponent)

    @property
    def up(self) -> Node:
        return maximum(self.balance, 0.0)

    @property
    def down(self) -> Node:
        return maximum(-self.balance, 0.0)

    @property
    def up_slope(self) -> Node:
        return self.up * where(self.whole, self.a - 1.0, self.a)

    @property
    def down_slope(self) -> Node:
        return self.down * where(self.whole, -(self.a + 1.0), -self.a)

    # --- Moments. ---------------------------------------------------------------------------------

    @cached_property
    def total(self) -> Node:
        return self._weighted(self.exponent)


def _rate(mass: Node) -> Node:
    """The steps in log j with which a sum over places that grow is right to e^−37.

    At j e^(iω) log |p| is at most μ (cos ω e^(ω tan ω) − 1) above its peak, μ = νX, so that the sum is off by e to that
    less 2πω/r: this is an r, for the best ω, between π²/37 for the Geometric and √(2π²/37μ) for a peak.
    """
    return 1.0 / (4.6 + 1.3 * exp(0.47 * log(mass)))


def _three(part: Node, log_part: Node, fall: Node) -> Node:
    """−τ of three counts, of which the middle one is ``part`` below the mean, the outer ones e^−fall together.

    The logarithm of the X with (1 − d) X = d + (1 + d) e^−fall/X.
    """
    log_root = 0.5 * (log(4.0 * ((1.0 - part) * (1.0 + part))) - fall)
    is_far = log_part > log_root
    larger, smaller = where(is_far, log_part, log_root), where(is_far, log_root, log_part)
    share = exp(smaller - larger)
    both = where(is_far, 1.0, share) + sqrt(1.0 + share * share)
    return larger + log(both) - log(2.0 * (1.0 - part))


class _Places:
    """The places of a sum, and the first τ."""

    def __init__(self, m: Node, n: Node, log_m: Node) -> None:
        self.m, self.n, self.log_m = m, n, log_m
        k = floor(m)
        x = k + 1.0
        mass = n * x
        far = x * ahead(_DEPTH / mass)
        # No tail is longer than the geometric one of this mean.
        long = _DEPTH / log1p(1.0 / m)
        above = minimum(far, long) + 3.0
        below = minimum(k, floor(x * sqrt(2.0 * (_DEPTH / mass))) + 3.0)
        whole = below + above <= _WHOLE
        self.first = k < 1.0  # no count is below c

        self.centre = centre = where(whole, x, m + 1.0)
        #: m − c, and its logarithm
        self.part = part = where(whole, m - k, 0.0)
        self.log_part = where(self.first, log_m, log(where(whole, part, 1.0)))
        self.fall = fall = where(self.first, math.inf, n * log1p(1.0 / maximum(k, 1.0)))

        # Places that grow.
        start = self._start(fall)
        rate = _rate(mass)
        lowest = growth_of(
            constant(1.0), centre, -m, special.stirling_above(1.0) - special.stirling_above(centre)
        )
        zero = m * start + n * lowest  # log p(c)/p(0)
        grown = _SHARE / rate * m * exp(minimum(zero, _DEPTH))
        rate = rate / (1.0 + grown / m)  # as m is at e^(ru) = 1 + m/C
        terms = where(whole, below + above, log((m + above) / grown + 1.0) / rate)
        terms = minimum(floor(terms) + 2.0, float(_LONGEST))
        self.given = _Rule(
            terms=terms,
            m=m,
            low=where(whole, -below, -(m + grown)),
            grown=where(whole, 0.0, grown),
            rate=where(whole, 0.0, rate),
            centre=centre,
            error=special.stirling_above(centre),
            part=part,
            tau=start,
            nu=n,
            fall=fall,
            log_part=self.log_part,
            whole=where(whole, 1.0, 0.0),
        )

    def _start(self, fall: Node) -> Node:
        """A first τ."""
        m, n, centre = self.m, self.n, self.centre
        # Exact for ν = 0 and 1; right to m² for every ν where m is small, and for large ones asymptotic.
        first = self.log_m - log1p(-m * (1.0 - exp((1.0 - n) * special.LOG_2)))
        share = 0.5 * (1.0 + n) + 0.5 * (1.0 - n) / (1.0 + n * m)
        # log λ ≈ ν log(m + ½ − 1/2ν), or for small ν of a power of m/(m + 1) and of m + 1.
        spread = n <= 1.0
        many = n * log1p((self.part - where(spread, 0.0, 0.5 + 0.5 / n)) / centre)
        many = many - where(spread, share * log1p(1.0 / m), 0.0)
        # Of three counts, of which the nearest is the middle one.
        below, one = self.part <= 0.5, 1.0 - self.part
        log_one = where(below, self.log_part, log(where(below, 1.0, one)))
        three = _three(
            where(below, self.part, one), log_one, where(below, fall, n * log1p(1.0 / centre))
        )
        few = centre < 0.5 * n
        other = where(few, where(below, three, -three), many)
        return where(self.first, where(few, where(below, first, other), first), other)


def _by_sides(fields: Sequence[Node], *sums: Node) -> tuple[Node, Node]:
    """A step of Newton's on the difference of the logarithms of the two sides, and that difference."""
    given, (up, down, up_slope, down_slope) = _Rule(*fields), sums
    whole = given.whole > 0.0
    above = where(whole, 1.0 - given.part, 0.0) + up
    below = where(whole, 1.0 + given.part, 0.0) + down
    log_above, log_below = log(above), log(below)
    log_before = log_below - given.tau - given.fall
    share = special.sigmoid(log_before - given.log_part)
    log_first = special.logaddexp(given.log_part, log_before)
    value = where(whole, given.tau + log_above - log_first, log_above - log_below)
    up_share, down_share = up_slope / above, down_slope / below
    slope = where(whole, 1.0 + up_share + share * (1.0 + down_share), up_share + down_share)
    return -value / slope, abs_(value)


def _rule(needed: Node, m: Node, n: Node, log_m: Node, log_n: Node) -> _Rule:
    return _Places(m, n, log_m).given


def _of(what: str, index: Node, *fields: Node) -> Node:
    given, kept = _Rule(*fields[:-2]), fields[-2:]
    if what in ("growth_of_place", "g"):
        return _Term.kept(what, index, given)
    found: Node = getattr(_Term(index, given, *kept), what)
    return found


_TERMS = Terms(
    ("needed", "m", "n", "log_m", "log_n"),
    _Rule._fields,
    _LONGEST,
    _rule,
    _of,
    Equation(
        ("tau",),
        ("growth_of_place", "g"),
        ("up", "down", "up_slope", "down_slope"),
        _by_sides,
        _SOLVED,
        _NEWTON,
    ),
)


class _Results(Results):
    """In units of p(c + 1) where the numbers are whole, and p(c), p(c + 1) and p(c − 1) not in the sums."""

    def __init__(self, fields: Sequence[Node], sums: Mapping[str, Node]) -> None:
        given = _Rule(*fields)
        super().__init__(given.m, given.tau, sums)
        self.given = given
        self.is_whole = given.whole > 0.0
        self.part, self.fall = given.part, given.fall
        self.floor = given.centre - 1.0
        self.first = self.floor < 1.0

    @property
    def whole(self) -> Node:
        return self.given.whole

    @cached_property
    def _at_c(self) -> Node:
        """p(c)"""
        return exp(-self.tau)

    @cached_property
    def _before(self) -> Node:
        """p(c − 1)"""
        return exp(-2.0 * self.tau - self.fall)

    @cached_property
    def _growth_before(self) -> Node:
        """g(c − 1), 0 where there is no such count."""
        return where(self.first, 0.0, log1p(1.0 / maximum(self.floor, 1.0)))

    def _beside(self, at_c: Node | float, after: Node | float, before: Node, what: str) -> Node:
        inside = where(self.is_whole, (at_c + after) + before * self._before, 0.0)
        return inside + self.sums[what]

    @cached_property
    def rest(self) -> Node:
        """The sum without p(c) and p(c + 1), whole numbers only."""
        return self._before + self.sums["total"]

    @cached_property
    def scale(self) -> Node:
        """The unit of the sums over their total."""
        whole = 1.0 / (self._at_c + (1.0 + self.rest))
        return where(self.is_whole, whole, 1.0 / self.sums["total"])

    @cached_property
    def odds(self) -> Node:
        """p(c)/p(c + 1) times (m − c), where m may be c and p(c + 1) nothing."""
        return where(equal(self.part, 0.0), 0.0, exp(self.given.log_part - self.tau))

    @cached_property
    def square(self) -> Node:
        d = self.part
        return self._beside(d * self.odds, (1.0 - d) * (1.0 - d), (1.0 + d) * (1.0 + d), "square")

    @cached_property
    def cube(self) -> Node:
        """κ₃, with E (y − m) taken away: of whole m the counts beside it add nothing."""
        d = self.part
        one, two = 1.0 - d, 1.0 + d
        return self._beside(
            self.odds * (one * two), -(one * d) * (2.0 - d), -(two * d) * (2.0 + d), "cube"
        )

    @cached_property
    def growth(self) -> Node:
        return self._beside(0.0, 0.0, self._growth_before, "growth")

    @cached_property
    def line(self) -> Node:
        return self._beside(0.0, 0.0, -(1.0 + self.part) * self._growth_before, "line")

    @cached_property
    def square_growth(self) -> Node:
        two = 1.0 + self.part
        return self._beside(0.0, 0.0, two * two * self._growth_before, "square_growth")

    @cached_property
    def growth_square(self) -> Node:
        g = self._growth_before
        return self._beside(0.0, 0.0, g * g, "growth_square")

    @cached_property
    def line_growth(self) -> Node:
        g = self._growth_before
        return self._beside(0.0, 0.0, -(1.0 + self.part) * g * g, "line_growth")

    @property
    def at_c(self) -> Node:
        at_c = log1p(exp(self.tau) * (1.0 + self.rest))
        return where(self.is_whole, at_c, super().at_c)

    @property
    def after(self) -> Node:
        # Of a whole mean and a large ν p(c)/p(c + 1) is beyond all numbers, and its logarithm is not.
        nearer = where(self.is_whole, self.tau, 0.0) > 0.0
        return where(nearer, log1p(self._at_c + self.rest), super().after)

    @property
    def precision(self) -> Node:
        """1/V"""
        total = where(self.is_whole, self._at_c + (1.0 + self.rest), self.sums["total"])
        return total / self.square


#: All results, by their names.
PLACES = series_of("sum", _TERMS, _Results, (*SHARED, "whole", "at_c", "after"))
