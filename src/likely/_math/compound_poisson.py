r"""The density of a Poisson number of Gamma amounts, as a sum over that number.

With :math:`y` at its mean, :math:`J` expected amounts and shape :math:`\nu` of each, :math:`y\,p(y)` is

.. math:: e^{h} = \sum_{j \ge 1} \frac{J^j e^{-J}}{j!} \frac{(\nu J)^{j\nu} e^{-\nu J}}{\Gamma(j\nu)}
          = \frac{\sqrt\nu}{2\pi} \sum_{j \ge 1} e^{-(1+\nu) D(j, J) - S(j) - S(j\nu)},

where :math:`D(j, J) = j \log(j/J) + J - j` and S is Stirling's error: everything that grows has cancelled on
paper, and all terms are positive. Their spread is :math:`\sigma = \sqrt{J/(1+\nu)}`.

Where few j matter (``few``) the sum runs over them, from the j nearest to J. Where many do (σ² ≥ 2, and no
weight at j < 1), the sum over whole j is the integral over real ones, to e^(−2π²σ²), and so is a sum with
steps of 0.65 σ. There h is nearly ½ log(Js/2π), s = ν/(1 + ν), which is a part of the density's formula and not of the
sum's; and integration by parts,

.. math:: \mathrm{E}\bigl[(1+\nu) D - \tfrac12\bigr] = \mathrm{E}\bigl[e_1(t) - \gamma(t)\,T(j)\bigr], \quad
          t = \log(j/J), \; \gamma = 1 - \frac{1 - e^{-t}}{t}, \; e_1 = \tfrac12 - \frac{\gamma}{t},
          \; T = j S'(j) + j\nu S'(j\nu),

leaves of the slopes of the rest what is small, so that nothing cancels. The arguments are log J and log x, x = νJ:
with them p → 1, where J alone matters, and p → 2, where x alone does, are each other's mirror image.

Source: Dunn and Smyth (2005), doi:10.1007/s11222-005-4070-y, for the sum; what is done with it is our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from likely._math import compound, special
from likely._math.atoms import Atom, register
from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    exp,
    expm1,
    floor,
    log,
    log1p,
    maximum,
    minimum,
    polynomial,
    sqrt,
    where,
)
from likely._math.series import Series

#: Terms below e^−40 of the largest are left out.
_DEPTH = 40.0
#: Many j matter where (1 + ν) J and J/(1 + ν) are at least these.
_MASS, _VARIANCE = 37.0, 2.0
#: The step of the integral, in standard deviations.
_STEP = 0.65
#: The most terms: of (1 + ν) J just below the above, for ν → 0.
_LONGEST = 112
#: From here on what depends on J but for ½ log J has vanished, and exp(log J) soon overflows.
_FAR = 650.0
#: e₁(t)/t near 0.
_E1 = tuple((-1.0) ** k / math.factorial(k + 3) for k in range(12))


class _Rule(NamedTuple):
    """What a row's sum needs: see ``_Term``."""

    terms: Node
    low: Node
    step: Node
    centre: Node
    mass: Node
    tilt: Node
    x: Node
    log_x: Node
    log_nu: Node
    many: Node


class _Term:
    """One j of the sum: index → j = centre·(1 + ζ), ζ = n·step, n = low + index; x is centre·ν."""

    def __init__(self, index: Expression, given: _Rule) -> None:
        self.n = given.low + index
        zeta = self.n * given.step
        ratio = 1.0 + zeta
        self.t = log1p(zeta)
        self.residual = special.log1p_residual(zeta)
        self.divergence = given.mass * (ratio * self.residual)
        self.u = 1.0 / (given.centre * ratio)
        self.x = given.x * ratio
        self.log_x = given.log_x + self.t
        error = special.stirling_above(given.centre * ratio)
        self.error = error + compound.stirling(self.x, self.log_x)
        self.tilted = self.divergence + self.n * given.tilt
        self.weight = exp(-self.tilted - self.error)
        self.many = given.many > 0.0
        self.nu = exp(given.log_nu)
        self.of_x, self.of_j = special.sigmoid(given.log_nu), special.sigmoid(-given.log_nu)

    @property
    def slope_of_x(self) -> Node:
        """x S′(x)"""
        return compound.stirling_slope(self.x, self.log_x)

    @property
    def curve_of_x(self) -> Node:
        """x (x S′(x))′"""
        return compound.stirling_curve(self.x, self.log_x)

    @property
    def slope_of_j(self) -> Node:
        """j S′(j)"""
        return -(self.u * special._powers(self.u, special.STIRLING_1))

    @property
    def curve_of_j(self) -> Node:
        """j (j S′(j))′"""
        first = special._powers(self.u, special.STIRLING_1)
        return self.u * (special._powers(self.u, special.STIRLING_2) - first)

    @property
    def excess(self) -> Node:
        """e₁(t) = ½ − (t − 1 + e⁻ᵗ)/t²"""
        near = abs_(self.t) < 0.26
        t = where(near, 1.0, self.t)
        return where(near, self.t * polynomial(self.t, _E1), 0.5 - self.residual / t / t)

    @property
    def gamma(self) -> Node:
        """γ(t) = (t − 1 + e⁻ᵗ)/t"""
        return self.t * (0.5 - self.excess)

    @property
    def energy(self) -> Node:
        """Of which (1 + ν) D is the mean, less a number: by parts where many j matter."""
        by_parts = self.excess - self.gamma * (self.slope_of_j + self.slope_of_x)
        return where(self.many, by_parts, self.tilted)

    @property
    def by_x(self) -> Node:
        """What the slope in log x averages."""
        return self.of_x * self.energy + self.slope_of_x

    @property
    def by_j(self) -> Node:
        """What the slope in log J averages."""
        by_parts = self.of_j * self.energy + self.slope_of_j
        return where(self.many, by_parts, -((1.0 + self.nu) * self.n + self.by_x))

    @property
    def moved_by_x(self) -> Node:
        """The derivative of the weight's logarithm in log x at a fixed t, but for a number."""
        return -(self.of_x * (self.divergence - 0.5) + self.slope_of_x)

    @property
    def moved_by_j(self) -> Node:
        """The same in log J."""
        return -(self.of_j * (self.divergence - 0.5) + self.slope_of_j)

    @property
    def moved(self) -> Node:
        """What a shift between J and x changes."""
        return self.of_j * (self.of_x * self.energy)

    @property
    def by_j_j(self) -> Node:
        """What the second derivative in log J averages."""
        by_parts = (
            self.by_j * self.moved_by_j
            + self.moved
            + (1.0 - self.of_j * self.gamma) * self.curve_of_j
        )
        rest = 2.0 * self.nu * self.n + self.of_x * self.energy + self.curve_of_x
        return where(self.many, by_parts, self.by_j * self.by_j - rest)

    @property
    def by_j_x(self) -> Node:
        """What the mixed derivative averages."""
        by_parts = (
            self.by_j * self.moved_by_x - self.moved - self.of_j * self.gamma * self.curve_of_x
        )
        rest = self.nu * self.n + self.of_x * self.energy + self.curve_of_x
        return where(self.many, by_parts, self.by_j * self.by_x + rest)

    @property
    def by_x_x(self) -> Node:
        """What the second derivative in log x averages."""
        by_parts = (
            self.by_x * self.moved_by_x
            + self.moved
            + (1.0 - self.of_x * self.gamma) * self.curve_of_x
        )
        rest = self.of_x * self.energy + self.curve_of_x
        return where(self.many, by_parts, self.by_x * self.by_x - rest)


def _weight(index: Expression, *given: Node) -> Node:
    return _Term(index, _Rule(*given)).weight


def _weighted(what: str) -> Callable[..., Node]:
    def body(index: Expression, *given: Node) -> Node:
        term = _Term(index, _Rule(*given))
        value: Node = term.weight * getattr(term, what)
        return value

    return body


_BODIES = {
    "total": _weight,
    **{what: _weighted(what) for what in ("by_j", "by_x", "by_j_j", "by_j_x", "by_x_x")},
}
#: The sums by the names of their operations.
SUMS = {
    series.name: series
    for series in (
        Series(f"compound_poisson_{what}", _Rule._fields, _LONGEST, body)
        for what, body in _BODIES.items()
    )
}


class _Sum:
    """The sum at (log J, log x): which terms it takes, and what is outside of it."""

    def __init__(self, log_j: Expression, log_x: Expression) -> None:
        self.log_j, self.log_nu = log_j, log_x - log_j
        self.nu, self.expected = exp(self.log_nu), exp(log_j)
        self.log_both = special.softplus(self.log_nu)  # log(1 + ν)
        self.of_x, self.of_j = special.sigmoid(self.log_nu), special.sigmoid(-self.log_nu)
        log_mass = log_j + self.log_both
        wide = log_j - self.log_both >= math.log(_VARIANCE)
        self.many = many = where(wide, log_mass >= math.log(_MASS), wide)

        below = maximum(floor(self.expected), 1.0)
        log_below = log(below)
        next_ = (below + 1.0) * log1p(1.0 / below) - 1.0 + (log_below - log_j) < 0.0
        nearest = where(next_, below + 1.0, below)
        log_nearest = log(nearest)
        # At J → 1 for ν → ∞, log J has digits that J has not.
        self.gap = where(nearest < 2.0, -expm1(log_j), nearest - self.expected)
        apart = (nearest, self.expected, self.gap, log_nearest, log_j)
        self.off = compound.relative_entropy_of(*apart)
        tilt = (1.0 + self.nu) * compound.log_ratio_of(*apart)

        middle = maximum(nearest, self.expected)
        depth = _DEPTH / where(many, exp(minimum(log_mass, _FAR)), (1.0 + self.nu) * middle)
        back = sqrt(2.0 * depth)
        ahead = depth / 3.0 + sqrt(depth * depth / 9.0 + 2.0 * depth)
        step = _STEP * exp(-0.5 * minimum(log_mass, _FAR))
        low = where(
            many,
            -floor(minimum(back, 0.98) / step),
            maximum(-floor(nearest * back) - 1.0, 1.0 - nearest),
        )
        high = where(many, ahead / step, middle * ahead + (middle - nearest))
        self.rule = _Rule(
            terms=minimum(floor(high - low) + 2.0, float(_LONGEST)),
            low=low,
            step=where(many, step, 1.0 / nearest),
            centre=where(many, exp(minimum(log_j, _FAR)), nearest),
            mass=where(many, exp(minimum(log_mass, _FAR)), (1.0 + self.nu) * nearest),
            tilt=where(many, 0.0, tilt),
            x=where(many, exp(log_x), nearest * self.nu),
            log_x=where(many, log_x, log_nearest + self.log_nu),
            log_nu=self.log_nu,
            many=where(many, 1.0, 0.0),
        )

    def sum(self, what: str) -> Node:
        """Σ w v, or Σ w"""
        return SUMS[f"compound_poisson_{what}"](*self.rule)

    def average(self, what: str) -> Node:
        """Σ w v / Σ w"""
        return self.sum(what) / self.sum("total")

    @property
    def bend(self) -> Node:
        """Of ½ log s the second derivative in log x, with its sign turned."""
        return 0.5 * (self.of_j * self.of_x)

    def second(self, what: str, one: str, other: str, few: Node) -> Node:
        """A second derivative; ``few`` is what is outside of the sum where few j matter."""
        average, product = self.average(what), self.average(one) * self.average(other)
        return where(self.many, -(average + product), few + (average - product))


def _log_sum(log_j: Expression, log_x: Expression) -> Node:
    """r, the logarithm of y p(y) at y = mean less that of (Js/2π)^½, s = ν/(1 + ν): 0 for many j."""
    s = _Sum(log_j, log_x)
    few = 0.5 * (s.log_both - log_j) - (1.0 + s.nu) * s.off
    return where(s.many, math.log(_STEP), few) - 0.5 * log(2.0 * PI) + log(s.sum("total"))


def _by_j(log_j: Expression, log_x: Expression) -> Node:
    """∂r/∂log J"""
    s = _Sum(log_j, log_x)
    outside = (1.0 + s.nu) * s.gap - 0.5 * (1.0 + s.of_x) + s.nu * s.off
    return where(s.many, 0.0, outside) - s.average("by_j")


def _by_x(log_j: Expression, log_x: Expression) -> Node:
    """∂r/∂log x"""
    s = _Sum(log_j, log_x)
    return where(s.many, 0.0, 0.5 * s.of_x - s.nu * s.off) - s.average("by_x")


def _by_j_j(log_j: Expression, log_x: Expression) -> Node:
    """∂²r/∂(log J)²"""
    s = _Sum(log_j, log_x)
    few = s.bend - (1.0 + s.nu) * s.expected - 2.0 * s.nu * s.gap - s.nu * s.off
    return s.second("by_j_j", "by_j", "by_j", few)


def _by_j_x(log_j: Expression, log_x: Expression) -> Node:
    """∂²r/∂log J ∂log x"""
    s = _Sum(log_j, log_x)
    return s.second("by_j_x", "by_j", "by_x", s.nu * s.gap + s.nu * s.off - s.bend)


def _by_x_x(log_j: Expression, log_x: Expression) -> Node:
    """∂²r/∂(log x)²"""
    s = _Sum(log_j, log_x)
    return s.second("by_x_x", "by_x", "by_x", s.bend - s.nu * s.off)


compound_poisson_log_sum: Atom = register(
    "compound_poisson_log_sum",
    lambda log_j, log_x, out: (
        compound_poisson_slope_j(log_j, log_x),
        compound_poisson_slope_x(log_j, log_x),
    ),
    None,
    _log_sum,
)
compound_poisson_slope_j: Atom = register(
    "compound_poisson_slope_j",
    lambda log_j, log_x, out: (
        compound_poisson_curve_j_j(log_j, log_x),
        compound_poisson_curve_j_x(log_j, log_x),
    ),
    None,
    _by_j,
)
compound_poisson_slope_x: Atom = register(
    "compound_poisson_slope_x",
    lambda log_j, log_x, out: (
        compound_poisson_curve_j_x(log_j, log_x),
        compound_poisson_curve_x_x(log_j, log_x),
    ),
    None,
    _by_x,
)
compound_poisson_curve_j_j: Atom = register("compound_poisson_curve_j_j", None, None, _by_j_j)
compound_poisson_curve_j_x: Atom = register("compound_poisson_curve_j_x", None, None, _by_j_x)
compound_poisson_curve_x_x: Atom = register("compound_poisson_curve_x_x", None, None, _by_x_x)

#: The sum over j as a textbook prints it, of z and ν: for print alone.
amount_sum: Atom = register("amount_sum")

# The distribution function: values only, on NumPy (``_math/compound_poisson_tails.py``).
compound_poisson_cdf: Atom = register("compound_poisson_cdf")
compound_poisson_sf: Atom = register("compound_poisson_sf")
compound_poisson_quantile: Atom = register("compound_poisson_quantile")
compound_poisson_isf: Atom = register("compound_poisson_isf")
