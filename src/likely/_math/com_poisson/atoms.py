r"""Conway and Maxwell's Poisson by its mean: the natural parameter, the loss and its derivatives.

.. math:: p(y) \propto \lambda^y (y!)^{-\nu}, \quad \lambda \text{ such that } \mathrm{E} y = m

For most means and ν what the loss needs is a polynomial (``smooth.py``). Where ν is large and the variance
small log p has a wave for every whole mean, and a few counts are summed (``rungs.py``). What is left, where ν is tiny
and the mean large, or ν beyond hundreds, takes other sums.

There everything is measured from a centre c. With τ = log p(c + 1)/p(c) and the growth
:math:`g(j) = \log(j!/c!) - (j - c)\log(c + 1)`, which is 0 at c and c + 1 and positive elsewhere,

.. math:: \log\frac{p(j)}{p(c)} = (j - c)\,\tau - \nu g(j),

so that nothing of the size of log λ is ever subtracted. With X = c + 1 and x = j + 1, g is
x log(x/X) + X − x − ½ log(x/X) and a difference of Stirling's errors. There are three ways to sum over j:

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
linear in τ and rises at least as fast.

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

from collections.abc import Callable, Mapping
from functools import cached_property

from likely._math import special
from likely._math.atoms import Atom, digamma, register
from likely._math.com_poisson.moments import growth_of
from likely._math.com_poisson.places import PLACES
from likely._math.com_poisson.rungs import RUNGS, serves
from likely._math.com_poisson.smooth import Smooth
from likely._math.connection import along
from likely._math.graph import Expression, Node, constant, equal, exp, floor, log, maximum, where
from likely._math.series import Series
from likely._math.tails.two_tails import Recent


class _Sums:
    """What sums say of a mean and ν, by the names of ``moments.py``."""

    def __init__(self, series: Mapping[str, Series], m: Node, *given: Node) -> None:
        self.series, self.m, self.given = series, m, (m, *given)

    def __getattr__(self, what: str) -> Node:
        return self.series[what](*self.given)

    @property
    def lean(self) -> Node:
        """That of log(m/V) in log m."""
        return where(self.m < 1.0, -self.excess, 1.0 - self.third)


class Few(_Sums):
    """Those over the counts about the mean."""

    def __init__(self, m: Node, n: Node, log_m: Node, log_n: Node) -> None:
        super().__init__(RUNGS, m, n)
        self.serves = serves(m, n)
        self.below = floor(m)
        self.centre = self.below + 1.0
        self.rises = m - self.below <= 0.5
        self.nearest = where(self.rises, self.below, self.centre)

    @property
    def at_c(self) -> Node:
        return self.at_centre + where(self.rises, 0.0, self.tau)

    @property
    def after(self) -> Node:
        return self.at_centre - where(self.rises, self.tau, 0.0)


class Summed(_Sums):
    """Those over all places that matter, for every mean and ν."""

    def __init__(self, *given: Node) -> None:
        super().__init__(PLACES, *given)

    @property
    def is_whole(self) -> Node:
        return self.whole > 0.0

    @cached_property
    def centre(self) -> Node:
        """X"""
        return where(self.is_whole, floor(self.m) + 1.0, self.m + 1.0)


class Decided:
    """What a mean and a ν decide."""

    def __init__(self, *given: Expression) -> None:
        nodes = tuple(v.node for v in given)
        self.smooth, self.few, self.summed = Smooth(*nodes), Few(*nodes), Summed(*nodes)
        self.is_few = where(self.smooth.serves, 0.0, where(self.few.serves, 1.0, 0.0)) > 0.0
        self.is_known = where(self.smooth.serves, 1.0, where(self.is_few, 1.0, 0.0)) > 0.0

    def chosen(self, smooth: Expression, few: Expression, summed: Expression) -> Node:
        return where(self.is_known, where(self.is_few, few, smooth), summed)

    def each(self, what: str) -> tuple[Node, Node, Node]:
        """It by a patch, by few counts, and by all places."""
        return getattr(self.smooth, what), getattr(self.few, what), getattr(self.summed, what)

    def __getattr__(self, what: str) -> Node:
        return self.chosen(*self.each(what))


decided = Recent(Decided)


class _Counted:
    """A count y by sums: a steps from c, where log y! has grown by g."""

    def __init__(self, sums: _Sums, y: Node, n: Node, a: Node, g: Node) -> None:
        self.sums, self.y, self.n, self.a = sums, y, n, a
        self.beside, self.after = equal(a, 0.0), equal(a, 1.0)
        self.g = where(self.beside, 0.0, where(self.after, 0.0, g))

    def value(self) -> Node:
        """−log p"""
        s = self.sums
        own = self.a * s.tau - self.n * self.g
        return where(self.beside, s.at_c, where(self.after, s.after, s.at_c - own))

    def shape(self, away: Node) -> Node:
        """In ν: R."""
        return (self.g - self.sums.mean_growth) - away * self.sums.slope

    def bow(self, away: Node, gamma: Expression | float, less: Expression | float) -> Node:
        s, m = self.sums, self.sums.m
        many = m + away * (s.third + less)
        few = m + away * (s.excess + gamma)
        few = where(equal(self.y, 1.0), s.at_one + (1.0 - m) * gamma, few)
        return where(m < 1.0, few, many)


class _Row:
    """A count y of the distribution."""

    def __init__(
        self, y: Expression, m: Expression, n: Expression, log_m: Expression, log_n: Expression
    ) -> None:
        self.y, self.m, self.n = y, m, n
        self.decided = d = decided(m, n, log_m, log_n)
        self.smooth = d.smooth
        self.away = y - m
        # About the mean, or ⌊m⌋: one logarithm of both.
        below = where(d.is_few, d.few.below, m)
        a = y - below
        entropy = special.relative_entropy_term(y + 0.5, below + 0.5, a)
        error = special.count_half_error(y)
        self.growth = entropy + self.smooth.beside(error)
        growth = entropy + ((error - d.few.level) - a * d.few.rise)
        self.few = _Counted(d.few, y.node, n.node, a, growth)
        s = d.summed
        a = where(s.is_whole, y - floor(m), self.away)
        errors = special.stirling_above(y + 1.0) - special.stirling_above(s.centre)
        self.summed = _Counted(s, y.node, n.node, a, growth_of(y + 1.0, s.centre, a, errors))

    def chosen(self, smooth: Expression, few: Expression, summed: Expression) -> Node:
        return self.decided.chosen(smooth, few, summed)

    def _of(self, what: str) -> Node:
        return self.chosen(*self.decided.each(what))

    @property
    def from_centre(self) -> Node:
        """y + 1 less the centre of what is decided"""
        return self.chosen(self.away + 0.5, self.few.a, self.summed.a)

    def value(self) -> Node:
        """−log p"""
        smooth = self.smooth.value(self.y.node, self.away, self.growth)
        return self.chosen(smooth, self.few.value(), self.summed.value())

    def _times(self, of_mean: Node) -> Node:
        """(y − m) times what may be infinite."""
        return where(equal(self.away, 0.0), 0.0, self.away * of_mean)

    def slope(self) -> Node:
        """The derivative in log m."""
        return -self._times(self._of("rate"))

    def shape(self) -> Node:
        """In ν: R."""
        smooth = self.smooth.shape(self.y.node, self.away, self.growth)
        return self.chosen(smooth, self.few.shape(self.away), self.summed.shape(self.away))

    def bow(self, gamma: Expression | float = 0.0, less: Expression | float = -1.0) -> Node:
        """V/m times the second derivative in log m, less γ times the first one; ``less`` is γ − 1.

        Both are given: of one that is nearly 0 the other has no digits.
        """
        smooth = self.m - self.away * (self.smooth.lean - gamma)
        few, summed = (by.bow(self.away, gamma, less) for by in (self.few, self.summed))
        of_few = self.decided.few
        at_centre = self.m * of_few.at_centre_bow + self.away * less
        several = where(self.m < 1.0, 0.0, where(equal(self.y, of_few.nearest), 1.0, 0.0)) > 0.0
        few = where(several, at_centre, few)
        return self.chosen(smooth, few, summed)

    def curve(self, gamma: Expression | float = 0.0, less: Expression | float = -1.0) -> Node:
        """The second derivative in log m, less γ times the first one."""
        bow = self.bow(gamma, less)
        return where(equal(bow, 0.0), 0.0, bow * self._of("rate"))

    def cross(self) -> Node:
        """In log m and ν."""
        return self._of("mixed") * self.slope()

    def bend(self) -> Node:
        """The second derivative in ν."""
        return self._of("spread") + self.away * self._of("skewed")


class _Known(_Row):
    """The same where patches or few counts serve."""

    def chosen(self, smooth: Expression, few: Expression, summed: Expression) -> Node:
        return where(self.decided.is_few, few, smooth)


class _BySums(_Row):
    """The same by the sums that serve everywhere."""

    def chosen(self, smooth: Expression, few: Expression, summed: Expression) -> Node:
        return summed.node


#: A count of the distribution, of which the atoms ask for parts in turn.
row = Recent(_Row)


#: Products of ν and the mean from which a mean however large has a patch, whose numbers all are in range.
_SHORT = 64.0
#: The least mean of which the cube is out of range, and the binary logarithm of the unit it is counted in; and so on.
_UNITS = [(2.0 ** (200 * k + 100), 200 * k) for k in range(1, 5)]


def _unit(m: Node, n: Node) -> tuple[Node, Node]:
    """In what a count is measured, and the logarithm of that."""
    short, unit, power = n * m < _SHORT, constant(1.0), constant(0.0)
    for least, binary in _UNITS:
        larger = where(short, m, 0.0) >= least
        unit, power = where(larger, 2.0**binary, unit), where(larger, float(binary), power)
    return unit, power * special.LOG_2


class _Measured:
    """A count y, by sums in another unit where they are of so many that they are as good as a line.

    y, m and 1/ν in another unit have the same density.
    """

    def __init__(
        self, y: Expression, m: Expression, n: Expression, log_m: Expression, log_n: Expression
    ) -> None:
        self.unit, self.log_unit = unit, shift = _unit(m.node, n.node)
        self.known = _Known(y, m, n, log_m, log_n)
        self.summed = _BySums(y / unit, m / unit, n * unit, log_m - shift, log_n + shift)
        in_range = maximum(n * m - _SHORT, _UNITS[0][0] - m) >= 0.0
        self.is_known = where(in_range, where(self.known.decided.is_known, 1.0, 0.0), 0.0) > 0.0

    def _chosen(self, known: Node, summed: Node) -> Node:
        return where(self.is_known, known, summed)

    def value(self) -> Node:
        return self._chosen(self.known.value(), self.summed.value() + self.log_unit)

    def slope(self) -> Node:
        return self._chosen(self.known.slope(), self.summed.slope())

    def curve(self, gamma: Expression, less: Expression) -> Node:
        return self._chosen(self.known.curve(gamma, less), self.summed.curve(gamma, less))

    def shape(self) -> Node:
        return self._chosen(self.known.shape(), self.summed.shape() * self.unit)

    def cross(self) -> Node:
        return self._chosen(self.known.cross(), self.summed.cross() * self.unit)

    def bend(self) -> Node:
        return self._chosen(self.known.bend(), self.summed.bend() * self.unit * self.unit)


_measured = Recent(_Measured)


def _of_row(part: str) -> Callable[..., Node]:
    return lambda *args: getattr(_measured(*args), part)()


def _rise(y: Node, m: Node, n: Node, log_m: Node, log_n: Node) -> Node:
    """ν ψ(y + 1) − log λ"""
    s = decided(m, n, log_m, log_n)
    return n * (digamma(y + 1.0) - log(s.centre)) - s.tau


com_poisson_rise: Atom = register("com_poisson_rise", expansion=_rise)
com_poisson_curve: Atom = register(
    "com_poisson_curve",
    expansion=lambda y, m, n, log_m, log_n, gamma, less: _measured(y, m, n, log_m, log_n).curve(
        gamma, less
    ),
)
com_poisson_cross: Atom = register("com_poisson_cross", expansion=_of_row("cross"))
com_poisson_bend: Atom = register("com_poisson_bend", expansion=_of_row("bend"))
com_poisson_slope: Atom = register(
    "com_poisson_slope",
    lambda y, m, n, log_m, log_n, out: (
        -m / com_poisson_variance(m, n, log_m, log_n),
        0.0,
        com_poisson_cross(y, m, n, log_m, log_n),
        com_poisson_curve(y, m, n, log_m, log_n, 0.0, -1.0),
        0.0,
    ),
    expansion=_of_row("slope"),
    # Of a whole mean and a large ν both parts are infinite.
    covariant=along(
        3,
        lambda y, m, n, log_m, log_n, out, slope, gamma: com_poisson_curve(
            y, m, n, log_m, log_n, gamma.node, gamma.plus(-1.0).node
        ),
        (1,),
    ),
)
com_poisson_shape: Atom = register(
    "com_poisson_shape",
    lambda y, m, n, log_m, log_n, out: (
        com_poisson_turn(y, m, n, log_m, log_n),
        0.0,
        com_poisson_bend(y, m, n, log_m, log_n),
        com_poisson_cross(y, m, n, log_m, log_n),
        0.0,
    ),
    expansion=_of_row("shape"),
)
com_poisson_loss: Atom = register(
    "com_poisson_loss",
    lambda y, m, n, log_m, log_n, out: (
        com_poisson_rise(y, m, n, log_m, log_n),
        0.0,
        com_poisson_shape(y, m, n, log_m, log_n),
        com_poisson_slope(y, m, n, log_m, log_n),
        0.0,
    ),
    expansion=_of_row("value"),
)


def _of_decided(formula: Callable[[Decided, Node, Node], Node]) -> Callable[..., Node]:
    return lambda m, n, log_m, log_n: formula(decided(m, n, log_m, log_n), m, n)


com_poisson_variance: Atom = register(
    "com_poisson_variance", expansion=_of_decided(lambda s, m, n: s.variance)
)
#: Expected information of log m and of log ν.
com_poisson_of_mean: Atom = register(
    "com_poisson_of_mean", expansion=_of_decided(lambda s, m, n: m * s.rate)
)
com_poisson_of_nu: Atom = register(
    "com_poisson_of_nu", expansion=_of_decided(lambda s, m, n: n * (n * s.spread))
)
#: λ^(1/ν), where the probabilities cease to grow.
com_poisson_peak: Atom = register(
    "com_poisson_peak", expansion=_of_decided(lambda s, m, n: s.centre * exp(s.tau / n))
)
com_poisson_turn: Atom = register(
    # ∂R/∂y
    "com_poisson_turn",
    expansion=lambda y, m, n, log_m, log_n: (
        (digamma(y + 1.0) - log(decided(m, n, log_m, log_n).centre))
        - decided(m, n, log_m, log_n).slope
    ),
)

#: λ and Σ λ^j/(j!)^ν of m and ν: for print alone.
count_rate: Atom = register("count_rate")
count_total: Atom = register("count_total")
