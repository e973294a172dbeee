r"""Conway and Maxwell's Poisson by its mean: the natural parameter, the loss and its derivatives.

.. math:: p(y) \propto \lambda^y (y!)^{-\nu}, \quad \lambda \text{ such that } \mathrm{E} y = m

Everything is measured from a centre c. With τ = log p(c + 1)/p(c) and the growth
:math:`g(j) = \log(j!/c!) - (j - c)\log(c + 1)`, which is 0 at c and c + 1 and positive elsewhere,

.. math:: \log\frac{p(j)}{p(c)} = (j - c)\,\tau - \nu g(j),

so that nothing of the size of log λ is ever subtracted. With X = c + 1 and x = j + 1, g is
x log(x/X) + X − x − ½ log(x/X) and a difference of Stirling's errors. There are four ways to sum over j:

*near*
    Most rows: neither mean nor ν is extreme, and few j matter. They are taken from 0 on, with log j! from a table.
*whole*
    Few j matter. They are taken one by one about c = ⌊m⌋. For ν → ∞ two or three counts are left: k − 1, k and
    k + 1 are apart from the sums, which are in units of p(k + 1).
*peak*
    Many do, and 0 is far out. The sum over whole j is the integral, to e^(−2π²V), and so is one with steps of
    0.66 standard deviations from c = m.
*grown*
    Many do, and 0 is near. The places j(u) = u + C(eʳᵘ − 1), u = 0, 1, …, are the whole numbers near 0, where the
    sum needs them, and then grow; C is so small that near 0 nobody sees it.

The equation E y = m is solved for τ by Newton's method on log Σ(j − m)⁺p − log Σ(m − j)⁺p, which is nearly
linear in τ and rises at least as fast; near, where a good guess is at hand, by Chebyshev's method on E y itself.

With R = g − E g − (y − m) Cov(y, g)/V, the part of g that no line through the mean explains, the derivatives of the
loss ℓ at a fixed mean or ν are

.. math:: \ell_m = -\frac{y - m}{V}, \quad \ell_\nu = R, \quad
          \ell_{mm} = \frac1V + (y - m)\frac{\kappa_3}{V^3}, \quad
          \ell_{m\nu} = -(y - m) \frac{\mathrm{E}(y - m)^2 R}{V^2}, \quad
          \ell_{\nu\nu} = \mathrm{E} R^2 + (y - m) \frac{\mathrm{E} (y - m) R^2}{V}

whose means are 1/V, 0 and E R²: mean and ν are orthogonal.
Source: Huang (2017), doi:10.1177/1471082X17697749, for the parametrisation; how it is summed is our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from likely._math import special
from likely._math import whole as whole_
from likely._math.atoms import Atom, digamma, register
from likely._math.graph import (
    Expression,
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
from likely._math.series import Equation, Series, Terms
from likely._math.two_tails import Recent

#: Terms below e^−44 of the largest are left out.
_DEPTH = 44.0
#: A peak with steps: νX and X/ν are at least these, about the depth of 0 below it and the variance.
_MASS, _VARIANCE = 40.0, 2.3
#: Its steps, in standard deviations.
_STEP = 0.66
#: Up to so many whole numbers are taken one by one.
_WHOLE = 240.0
_LONGEST = 272
#: The share of the sum that may be lost about 0 where places grow.
_SHARE = 1e-16
#: Steps of Newton's method at most, and where it ends: what is left is the square of that.
_NEWTON = 4
_SOLVED = 1e-7
#: From here on an exponential would overflow.
_OVER = 700.0
#: Means and ν that are near, and counts that are.
_MEANS, _NUS = (0.01, 32.0), (0.05, 8.0)
_NEAR = float(whole_.LARGEST)
#: What Chebyshev's method leaves is the power 1.5 of that, a variance times the square of a step.
_CLOSE = 1e-11


class _Rule(NamedTuple):
    """What a row's sum needs: see ``_Term``."""

    terms: Node
    low: Node
    step: Node
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


class _NearRule(NamedTuple):
    """The same for what is near: see ``_Near``."""

    terms: Node
    floor: Node  # c
    part: Node
    log_centre: Node  # log X
    high: Node  # log c! in two parts
    low: Node
    tau: Node
    nu: Node


class _Moments:
    """What is summed for the moments, of a = j − c and j − m, g and a term's weight, which is ``total``."""

    a: Node
    away: Node
    g: Node
    floor: Node  # c
    total: Node

    @property
    def first(self) -> Node:
        return self.total * self.away

    @property
    def square(self) -> Node:
        return self.first * self.away

    @property
    def third(self) -> Node:
        return self.square * self.away

    @property
    def cube(self) -> Node:
        """What κ₃ is the mean of: (j − m)³ less the j − m that has none."""
        return self.first * (self.away * self.away - 1.0)

    @property
    def pairs(self) -> Node:
        """j(j − 1)"""
        j = self.a + self.floor
        return self.total * j * (j - 1.0)

    @property
    def triples(self) -> Node:
        return self.pairs * (self.a + self.floor - 2.0)

    @property
    def growth(self) -> Node:
        return self.total * self.g

    @property
    def line(self) -> Node:
        return self.first * self.g

    @property
    def square_growth(self) -> Node:
        return self.square * self.g

    @property
    def growth_square(self) -> Node:
        return self.growth * self.g

    @property
    def line_growth(self) -> Node:
        return self.line * self.g


class _Near(_Moments):
    """A whole j, from tables; its weight is in units of p(c)."""

    def __init__(
        self, index: Expression, given: _NearRule, fall: Expression, rise: Expression
    ) -> None:
        self.given, self.floor = given, given.floor
        self.a = index - given.floor
        self.away = self.a - given.part
        high, low = whole_.factorial_parts(index)
        self.g = ((high - given.high) + (low - given.low)) - self.a * given.log_centre
        self.total = fall * rise

    @property
    def fall(self) -> Node:
        return exp(-self.given.nu * self.g)


class _Term(_Moments):
    """One place of the sum: index → a = j − c, and its weight."""

    def __init__(self, index: Expression, given: _Rule, growth: Expression, g: Expression) -> None:
        self.given, self.g = given, g
        self.a = given.low + index * given.step + growth
        self.floor = given.centre - 1.0
        self.x = maximum(given.centre + self.a, 1.0)  # from 2⁵³ on the 1 in X may be lost
        self.width = given.step + given.rate * growth
        self.away = self.a - given.part
        self.whole = given.whole > 0.0
        self.peak = where(self.whole, 1.0, given.grown) <= 0.0
        # Beside c these are written out where all the others are whole numbers.
        self.beside = where(self.whole, abs_(self.a), 2.0) < 1.5

    @classmethod
    def kept(cls, what: str, index: Expression, given: _Rule) -> Node:
        """What does not depend on τ: by how much places have grown, and g."""
        growth = given.grown * exp(given.rate * index)
        if what == "growth_of_place":
            return growth
        term = cls(index, given, growth, growth)
        errors = special.stirling_above(term.x) - given.error
        return _growth(term.x, given.centre, term.a, errors)

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

    @cached_property
    def _bend(self) -> Node:
        """V h′ and j − m together, h being log p as a function of j and V = X/ν, less a number."""
        a, x, centre = self.a, self.x, self.given.centre
        # ψ(x) − log x less the same of X
        errors = special.stirling_error_1(x) - special.stirling_error_1(centre)
        ends = errors + 0.5 * (a / x) / centre
        return -centre * (ends + special.log1pmx(a / centre))

    @property
    def cube(self) -> Node:
        """Of a peak by parts: E (j − m)³ = E (j − m)² ((j − m) + V h′) for any number V, and E h′ is 0."""
        return where(self.peak, self.square * self._bend, super().cube)

    @property
    def bend(self) -> Node:
        """What E (j − m)² takes part of there."""
        return where(self.peak, self.total * self._bend, 0.0)


def _growth(x: Expression, centre: Expression, a: Expression, errors: Expression) -> Node:
    """g, of x = j + 1 and X = c + 1."""
    entropy = special.relative_entropy_term(x, centre, a)
    return entropy - 0.5 * special.log_ratio(x, centre, a) + errors


_MOMENTS = (
    "total", "square", "cube", "pairs", "triples", "growth", "line", "square_growth", "growth_square", "line_growth",
)  # fmt: skip
_SIDES = ("up", "down", "up_slope", "down_slope")


def _of_term(what: str, index: Node, *fields: Node) -> Node:
    given, kept = _Rule(*fields[:-2]), fields[-2:]
    if what in ("growth_of_place", "g"):
        return _Term.kept(what, index, given)
    found: Node = getattr(_Term(index, given, *kept), what)
    return found


def _of_near(what: str, index: Node, *fields: Node) -> Node:
    found: Node = getattr(_Near(index, _NearRule(*fields[:-2]), *fields[-2:]), what)
    return found


def _by_sides(fields: Sequence[Node], *sums: Node) -> tuple[Node, Node]:
    """A step of Newton's on the difference of the logarithms of the two sides, and that difference."""
    given, (up, down, up_slope, down_slope) = _Rule(*fields), sums
    above = (1.0 - given.part) + up
    below = (1.0 + given.part) + down
    log_below = log(below) - given.tau - given.fall
    share = special.sigmoid(log_below - given.log_part)
    value = given.tau + log(above) - special.logaddexp(given.log_part, log_below)
    slope = 1.0 + up_slope / above + share * (1.0 + down_slope / below)
    whole = given.whole > 0.0
    value = where(whole, value, log(up) - log(down))
    slope = where(whole, slope, up_slope / up + down_slope / down)
    return -value / slope, abs_(value)


def _by_moments(fields: Sequence[Node], *sums: Node) -> tuple[Node, Node]:
    """A step of Chebyshev's on E y − m, and its square in units of 1/V."""
    total, first, square, third = sums
    e, raw_2, raw_3 = first / total, square / total, third / total
    v = raw_2 - e * e
    r = e / v
    skew = raw_3 - e * (3.0 * raw_2 - 2.0 * e * e)
    return -r - 0.5 * r * r * (skew / v), r * r * v


_TERMS = Terms(
    ("needed", *_Rule._fields),
    _Rule._fields,
    _LONGEST,
    lambda needed, *given: given,
    _of_term,
    Equation("tau", ("growth_of_place", "g"), _SIDES, _by_sides, _SOLVED, _NEWTON),
)
_NEAR_TERMS = Terms(
    ("needed", *_NearRule._fields),
    _NearRule._fields,
    whole_.LARGEST + 1,
    lambda needed, *given: given,
    _of_near,
    Equation("tau", ("fall",), ("total", "first", "square", "third"), _by_moments, _CLOSE, _NEWTON),
    lambda *given: (-_NearRule(*given).floor * _NearRule(*given).tau, _NearRule(*given).tau),
)


def _sums(name: str, terms: Terms, wanted: Sequence[str]) -> dict[str, Series]:
    """τ and what is wanted over these terms."""
    place = terms.fields.index("tau")
    found = {"tau": Series(f"com_poisson_{name}_tau", terms, (), lambda fields: fields[place])}
    for what in wanted:
        found[what] = Series(
            f"com_poisson_{name}_{what}", terms, (what,), lambda fields, total: total
        )
    return found


_SUMS, _NEAR_SUMS = _sums("sum", _TERMS, (*_MOMENTS, "bend")), _sums("near", _NEAR_TERMS, _MOMENTS)


def _ahead(depth: Node) -> Node:
    """ζ with (1 + ζ) log(1 + ζ) − ζ at least this."""
    return depth / 3.0 + sqrt(depth * depth / 9.0 + 2.0 * depth)


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
    apart = log_part - log_root
    inside = where(apart > 0.0, 0.0, apart)
    near = log_root + log(exp(inside) + sqrt(1.0 + exp(2.0 * inside)))
    far = log_part + log(1.0 + sqrt(1.0 + exp(-2.0 * maximum(apart, 0.0))))
    return where(apart > 0.0, far, near) - log(2.0 * (1.0 - part))


class _Sum:
    """The sum at a mean and a ν: the places it takes, τ, and its moments."""

    def __init__(self, m: Expression, n: Expression, log_m: Expression, log_n: Expression) -> None:
        m, n, log_m, log_n = (v.node for v in (m, n, log_m, log_n))
        self.m, self.n, self.log_m = m, n, log_m
        k = floor(m)
        x = k + 1.0
        mass, variance = n * x, x / n
        ahead = x * _ahead(_DEPTH / mass)
        # No tail is longer than the geometric one of this mean.
        long = _DEPTH / log1p(1.0 / m)
        above = minimum(ahead, long) + 3.0
        inside = minimum(m - _MEANS[0], _MEANS[1] - m), minimum(n - _NUS[0], _NUS[1] - n)
        self.near = minimum(minimum(*inside), _NEAR - 2.0 - k - above) >= 0.0
        below = minimum(k, floor(x * sqrt(2.0 * (_DEPTH / mass))) + 3.0)
        many = variance >= _VARIANCE
        peak = where(many, mass, 0.0) >= _MASS
        count = where(peak, math.inf, where(many, below + above, 0.0))
        self.whole = whole = where(self.near, math.inf, count) <= _WHOLE
        #: Whether c is ⌊m⌋
        self.tells = tells = where(self.near, 0.0, count) <= _WHOLE
        self.floor = k
        self.first = k < 1.0  # no count is below c

        self.centre = centre = where(tells, x, m + 1.0)
        #: m − c, and its logarithm
        self.part = part = where(tells, m - k, 0.0)
        self.log_part = where(self.first, log_m, log(where(whole, part, 1.0)))
        self.fall = fall = where(self.first, math.inf, n * log1p(1.0 / maximum(k, 1.0)))

        # Steps from the mean.
        spread = sqrt(centre / n)
        step = _STEP * spread
        back = floor(minimum(sqrt(2.0 * _DEPTH) / _STEP, m / step))
        # Places that grow.
        start = self._start(fall)
        rate = _rate(mass)
        lowest = _growth(
            constant(1.0), centre, -m, special.stirling_above(1.0) - special.stirling_above(centre)
        )
        zero = m * start + n * lowest  # log p(c)/p(0)
        grown = _SHARE / rate * m * exp(minimum(zero, _DEPTH))
        rate = rate / (1.0 + grown / m)  # as m is at e^(ru) = 1 + m/C
        places = log((m + above) / grown + 1.0) / rate

        ahead = x * _ahead(_DEPTH / mass) / step
        terms = where(whole, below + above, where(peak, back + ahead, places))
        terms = minimum(floor(terms) + 2.0, float(_LONGEST))
        grows = where(whole, 0.0, where(peak, 0.0, 1.0)) > 0.5
        self.given = _Rule(
            terms=terms,
            low=where(whole, -below, where(peak, -back * step, -(m + grown))),
            step=where(peak, step, 1.0),
            grown=where(grows, grown, 0.0),
            rate=where(grows, rate, 0.0),
            centre=centre,
            error=special.stirling_above(centre),
            part=part,
            tau=start,
            nu=n,
            fall=fall,
            log_part=self.log_part,
            whole=where(whole, 1.0, 0.0),
        )
        high, low = whole_.factorial_parts(k)
        self.given_near = _NearRule(k + above + 2.0, k, part, log(x), high, low, start, n)
        self.terms = where(self.near, self.given_near.terms, terms)

    def _start(self, fall: Node) -> Node:
        """A first τ."""
        m, n, centre = self.m, self.n, self.centre
        # Exact for ν = 0 and 1; right to m² for every ν where m is small, and for large ones asymptotic.
        first = self.log_m - log1p(-m * (1.0 - exp((1.0 - n) * special.LOG_2)))
        share = 0.5 * (1.0 + n) + 0.5 * (1.0 - n) / (1.0 + n * m)
        flat = -share * log1p(1.0 / m) + n * log((m + 1.0) / centre)
        # log λ ≈ ν log(m + ½ − 1/2ν)
        smooth = n * log1p((self.part - 0.5 - 0.5 / n) / centre)
        # Of three counts
        one = 1.0 - self.part
        left = where(self.first, first, _three(self.part, self.log_part, fall))
        narrow = where(self.part <= 0.5, left, -_three(one, log(one), n * log1p(1.0 / centre)))
        wide = where(self.first, first, where(n <= 1.0, flat, smooth))
        return where(centre < 0.5 * n, narrow, wide)

    # --- Moments, in units of p(c + 1) where the numbers are whole. -------------------------------

    def _sum(self, what: str) -> Node:
        return where(self.near, _NEAR_SUMS[what](*self.given_near), _SUMS[what](*self.given))

    @cached_property
    def tau(self) -> Node:
        return self._sum("tau")

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
        inside = where(self.whole, (at_c + after) + before * self._before, 0.0)
        return inside + self._sum(what)

    @cached_property
    def rest(self) -> Node:
        """The sum without p(c) and p(c + 1), whole numbers only."""
        return self._before + self._sum("total")

    @cached_property
    def scale(self) -> Node:
        """The unit of the sums over their total."""
        whole = 1.0 / (self._at_c + (1.0 + self.rest))
        return where(self.whole, whole, 1.0 / self._sum("total"))

    @cached_property
    def odds(self) -> Node:
        """p(c)/p(c + 1) times (m − c), where m may be c and p(c + 1) nothing."""
        return where(equal(self.part, 0.0), 0.0, exp(self.log_part - self.tau))

    @cached_property
    def square(self) -> Node:
        d = self.part
        return self._beside(d * self.odds, (1.0 - d) * (1.0 - d), (1.0 + d) * (1.0 + d), "square")

    @cached_property
    def cube(self) -> Node:
        """κ₃, with E (y − m) taken away: of whole m the counts beside it add nothing."""
        d = self.part
        one, two = 1.0 - d, 1.0 + d
        third = self._beside(
            self.odds * (one * two), -(one * d) * (2.0 - d), -(two * d) * (2.0 + d), "cube"
        )
        bend = where(self.near, 0.0, _SUMS["bend"](*self.given))
        return third - self.square * (self.scale * bend)

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

    # --- What the loss needs of them. -------------------------------------------------------------

    @cached_property
    def precision(self) -> Node:
        """1/V"""
        total = where(self.whole, self._at_c + (1.0 + self.rest), self._sum("total"))
        return total / self.square

    @cached_property
    def variance(self) -> Node:
        return self.scale * self.square

    @cached_property
    def third(self) -> Node:
        """m κ₃/V²"""
        third = self.cube / self.square
        return where(equal(third, 0.0), 0.0, third * (self.m * self.precision))

    @cached_property
    def _factorial(self) -> tuple[Node, Node, Node]:
        """E y(y − 1), E y(y − 1)(y − 2) and the variance, each over m, for m < 1."""
        share = self.scale / self.m
        return share * self._sum("pairs"), share * self._sum("triples"), self.variance / self.m

    @cached_property
    def excess(self) -> Node:
        """m κ₃/V² − 1 for m < 1, where V ≈ κ₃ ≈ m: 0 for the Poisson."""
        m, (two, three, v) = self.m, self._factorial
        return ((two - m) + (three - m * two) + (m - two) * (m + two)) / v / v

    @cached_property
    def at_one(self) -> Node:
        """m and (1 − m) times that: 0 for ν → ∞, where no two happen together."""
        m, (two, three, v) = self.m, self._factorial
        several = two * (1.0 - m) * (1.0 + m) + three * (1.0 - m) - two * two * (1.0 - 2.0 * m)
        return several / v / v

    @cached_property
    def mean_growth(self) -> Node:
        return self.scale * self.growth

    @cached_property
    def slope(self) -> Node:
        """Cov(y, g)/V"""
        return self.line / self.square

    @cached_property
    def spread(self) -> Node:
        """E R²"""
        inside = self.scale * (self.growth_square - self.slope * self.line)
        return inside - self.mean_growth * self.mean_growth

    @cached_property
    def mixed(self) -> Node:
        """E (y − m)²R/V"""
        return (self.square_growth - self.slope * self.cube) / self.square - self.mean_growth

    @cached_property
    def skewed(self) -> Node:
        """E (y − m)R²/V"""
        c = self.slope
        inside = self.line_growth + c * (c * self.cube - 2.0 * self.square_growth)
        return inside / self.square


_sum = Recent(_Sum)


class _Row:
    """A count y of the distribution."""

    def __init__(
        self, y: Expression, m: Expression, n: Expression, log_m: Expression, log_n: Expression
    ) -> None:
        self.y, self.m, self.n = y, m, n
        self.sum = s = _sum(m, n, log_m, log_n)
        self.a = a = where(s.tells, y - s.floor, y - m)
        x = y + 1.0
        g = _growth(x, s.centre, a, special.stirling_above(x) - s.given.error)
        self.beside = equal(where(s.whole, a, 0.5), 0.0)
        self.after = equal(where(s.whole, a, 0.5), 1.0)
        self.g = where(self.beside, 0.0, where(self.after, 0.0, g))
        self.away = where(s.tells, a - s.part, y - m)

    def value(self) -> Node:
        """−log p"""
        s = self.sum
        at_c = log1p(exp(s.tau) * (1.0 + s.rest))
        after = log1p(s._at_c + s.rest)
        own = self.a * s.tau - self.n * self.g
        total = where(s.whole, at_c, log(s._sum("total")))
        return where(self.beside, at_c, where(self.after, after, total - own))

    def _times(self, of_mean: Node) -> Node:
        """(y − m) times what may be infinite."""
        return where(equal(self.away, 0.0), 0.0, self.away * of_mean)

    def slope(self) -> Node:
        """The derivative in log m."""
        return -self._times(self.m * self.sum.precision)

    def shape(self) -> Node:
        """In log ν."""
        s = self.sum
        return self.n * ((self.g - s.mean_growth) - self.away * s.slope)

    def curve(self) -> Node:
        """The second derivative in log m."""
        s = self.sum
        many = (self.m - self.away) + self.away * s.third
        few = where(equal(self.y, 1.0), s.at_one, self.m + self.away * s.excess)
        return self.m * s.precision * where(s.first, few, many)

    def cross(self) -> Node:
        """In log m and log ν."""
        s = self.sum
        return -self._times(self.m * self.n * (s.mixed * s.precision))

    def bend(self) -> Node:
        """In log ν."""
        s = self.sum
        return self.n * (self.n * (s.spread + self.away * s.skewed)) + self.shape()


_row = Recent(_Row)


def _of_row(part: str) -> Callable[..., Node]:
    return lambda *args: getattr(_row(*args), part)()


def _rise(y: Node, m: Node, n: Node, log_m: Node, log_n: Node) -> Node:
    """ν ψ(y + 1) − log λ"""
    s = _sum(m, n, log_m, log_n)
    return n * (digamma(y + 1.0) - log(s.centre)) - s.tau


com_poisson_rise: Atom = register("com_poisson_rise", expansion=_rise)
com_poisson_curve: Atom = register("com_poisson_curve", expansion=_of_row("curve"))
com_poisson_cross: Atom = register("com_poisson_cross", expansion=_of_row("cross"))
com_poisson_bend: Atom = register("com_poisson_bend", expansion=_of_row("bend"))
com_poisson_slope: Atom = register(
    "com_poisson_slope",
    lambda y, m, n, log_m, log_n, out: (
        -m / com_poisson_variance(m, n, log_m, log_n),
        0.0,
        0.0,
        com_poisson_curve(y, m, n, log_m, log_n),
        com_poisson_cross(y, m, n, log_m, log_n),
    ),
    expansion=_of_row("slope"),
)
com_poisson_shape: Atom = register(
    "com_poisson_shape",
    lambda y, m, n, log_m, log_n, out: (
        com_poisson_turn(y, m, n, log_m, log_n),
        0.0,
        0.0,
        com_poisson_cross(y, m, n, log_m, log_n),
        com_poisson_bend(y, m, n, log_m, log_n),
    ),
    expansion=_of_row("shape"),
)
com_poisson_loss: Atom = register(
    "com_poisson_loss",
    lambda y, m, n, log_m, log_n, out: (
        com_poisson_rise(y, m, n, log_m, log_n),
        0.0,
        0.0,
        com_poisson_slope(y, m, n, log_m, log_n),
        com_poisson_shape(y, m, n, log_m, log_n),
    ),
    expansion=_of_row("value"),
)


def _of_sum(formula: Callable[[_Sum, Node, Node], Node]) -> Callable[..., Node]:
    return lambda m, n, log_m, log_n: formula(_sum(m, n, log_m, log_n), m, n)


com_poisson_variance: Atom = register(
    "com_poisson_variance", expansion=_of_sum(lambda s, m, n: s.variance)
)
#: Expected information of log m and of log ν.
com_poisson_of_mean: Atom = register(
    "com_poisson_of_mean", expansion=_of_sum(lambda s, m, n: m * (m * s.precision))
)
com_poisson_of_nu: Atom = register(
    "com_poisson_of_nu", expansion=_of_sum(lambda s, m, n: n * (n * s.spread))
)
#: λ^(1/ν), where the probabilities cease to grow.
com_poisson_peak: Atom = register(
    "com_poisson_peak", expansion=_of_sum(lambda s, m, n: s.centre * exp(s.tau / n))
)
com_poisson_turn: Atom = register(
    # ∂R/∂y times ν
    "com_poisson_turn",
    expansion=lambda y, m, n, log_m, log_n: (
        n
        * (
            (digamma(y + 1.0) - log(_sum(m, n, log_m, log_n).centre))
            - _sum(m, n, log_m, log_n).slope
        )
    ),
)

#: λ and Σ λ^j/(j!)^ν of m and ν: for print alone.
count_rate: Atom = register("count_rate")
count_total: Atom = register("count_total")
