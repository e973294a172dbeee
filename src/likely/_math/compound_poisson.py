r"""The density of a Poisson number of Gamma amounts, as a sum over that number.

With :math:`y` at its mean, :math:`J` expected amounts and shape :math:`\nu` of each, :math:`y\,p(y)` is

.. math:: e^{h} = \sum_{j \ge 1} \frac{J^j e^{-J}}{j!} \frac{(\nu J)^{j\nu} e^{-\nu J}}{\Gamma(j\nu)}
          = \frac{\sqrt\nu}{2\pi} \sum_{j \ge 1} e^{-(1+\nu) D(j, J) - S(j) - S(j\nu)},

where :math:`D(j, J) = j \log(j/J) + J - j` and S is Stirling's error: everything that grows has cancelled on
paper, and all terms are positive. Their spread is :math:`\sigma = \sqrt{J/(1+\nu)}`.

Where few j matter (``few``) the sum runs over them, from the j nearest to J. Where many do (σ² ≥ 2, and no
weight at j < 1), the sum over whole j is the integral over real ones, to e^(−2π²σ²), and so is a sum with
steps of 0.65 σ. There the slopes of h are nearly those of ½ log J, and integration by parts,

.. math:: \mathrm{E}\bigl[(1+\nu) D - \tfrac12\bigr] = \mathrm{E}\bigl[e_1(t) - \gamma(t)\,T(j)\bigr], \quad
          t = \log(j/J), \; \gamma = 1 - \frac{1 - e^{-t}}{t}, \; e_1 = \tfrac12 - \frac{\gamma}{t},
          \; T = j S'(j) + j\nu S'(j\nu),

leaves of them what is small, so that nothing cancels.

Source: Dunn and Smyth (2005), doi:10.1007/s11222-005-4070-y, for the sum; what is done with it is our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from likely._math import compound, special
from likely._math.atoms import register
from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    exp,
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
    """What a row's sum needs: see the arguments of ``_Term``."""

    count: Node
    low: Node
    step: Node
    centre: Node
    mass: Node
    tilt: Node
    x: Node
    log_x: Node
    nu: Node
    log_nu: Node
    many: Node


class _Term:
    """One j of the sum: index → j = centre·(1 + ζ), ζ = n·step, n = low + index; x is centre·ν."""

    def __init__(self, index: Expression, given: _Rule) -> None:
        self.given = given
        self.n = given.low + index
        zeta = self.n * given.step
        ratio = 1.0 + zeta
        self.t = log1p(zeta)
        self.residual = special.log1p_residual(zeta)
        self.divergence = given.mass * (ratio * self.residual)
        self.u = 1.0 / (given.centre * ratio)
        self.x = given.x * ratio
        self.log_x = given.log_x + self.t
        error = self.u * special._powers(self.u, special.STIRLING)
        self.error = error + compound.stirling(self.x, self.log_x)
        self.tilted = self.divergence + self.n * given.tilt
        self.weight = exp(-self.tilted - self.error)
        self.many = given.many > 0.0
        self.share = special.sigmoid(given.log_nu)

    @property
    def slope_of_x(self) -> Node:
        """x S′(x)"""
        return compound.stirling_slope(self.x, self.log_x)

    @property
    def curve_of_x(self) -> Node:
        """x (x S′(x))′"""
        return compound.stirling_curve(self.x, self.log_x)

    @property
    def slope(self) -> Node:
        """T = j S′(j) + x S′(x)"""
        return self.slope_of_x - self.u * special._powers(self.u, special.STIRLING_1)

    @property
    def curve(self) -> Node:
        """The derivative of T in log j."""
        first = special._powers(self.u, special.STIRLING_1)
        second = special._powers(self.u, special.STIRLING_2)
        return self.curve_of_x + self.u * (second - first)

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
        return where(self.many, self.excess - self.gamma * self.slope, self.tilted)

    @property
    def of_j(self) -> Node:
        """What the slope in log J averages."""
        return where(self.many, self.energy + self.slope, (1.0 + self.given.nu) * self.n)

    @property
    def of_nu(self) -> Node:
        """What the slope in log ν averages."""
        return self.share * self.energy + self.slope_of_x

    @property
    def moved_by_j(self) -> Node:
        """The derivative of the weight's logarithm in log J at a fixed t, but for a number."""
        return -((self.divergence - 0.5) + self.slope)

    @property
    def moved_by_nu(self) -> Node:
        """Its derivative in log ν at a fixed t."""
        return -(self.share * (self.divergence - 0.5) + self.slope_of_x)

    @property
    def of_j_j(self) -> Node:
        """What the second derivative in log J averages."""
        by_parts = self.of_j * self.moved_by_j + (1.0 - self.gamma) * self.curve
        return where(self.many, by_parts, self.of_j * self.of_j)

    @property
    def of_j_nu(self) -> Node:
        """What the mixed derivative averages."""
        by_parts = self.of_j * self.moved_by_nu + (1.0 - self.gamma) * self.curve_of_x
        return where(self.many, by_parts, self.of_j * self.of_nu)

    @property
    def of_nu_nu(self) -> Node:
        """What the second derivative in log ν averages."""
        moved = self.share * special.sigmoid(-self.given.log_nu) * self.energy
        parts = moved + (1.0 - self.share * self.gamma) * self.curve_of_x
        directly = self.of_nu * self.of_nu - self.share * self.energy - self.curve_of_x
        return where(self.many, self.of_nu * self.moved_by_nu + parts, directly)


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
    **{what: _weighted(what) for what in ("of_j", "of_nu", "of_j_j", "of_j_nu", "of_nu_nu")},
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
    """The sum at (log J, log ν): which terms it takes, and what is outside of it."""

    def __init__(self, log_j: Expression, log_nu: Expression) -> None:
        self.log_j, self.log_nu = log_j, log_nu
        self.nu, self.expected = exp(log_nu), exp(log_j)
        self.log_both = special.softplus(log_nu)  # log(1 + ν)
        log_mass = log_j + self.log_both
        wide = log_j - self.log_both >= math.log(_VARIANCE)
        self.many = many = where(wide, log_mass >= math.log(_MASS), wide)

        below = maximum(floor(self.expected), 1.0)
        log_below = log(below)
        next_ = (below + 1.0) * log1p(1.0 / below) - 1.0 + (log_below - log_j) < 0.0
        self.nearest = nearest = where(next_, below + 1.0, below)
        log_nearest = log(nearest)
        gap = nearest - self.expected
        self.off = compound.relative_entropy_of(
            nearest, self.expected, gap, log_nearest, log_j
        )
        tilt = (1.0 + self.nu) * compound.log_ratio_of(
            nearest, self.expected, gap, log_nearest, log_j
        )

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
            count=minimum(floor(high - low) + 2.0, float(_LONGEST)),
            low=low,
            step=where(many, step, 1.0 / nearest),
            centre=where(many, exp(minimum(log_j, _FAR)), nearest),
            mass=where(many, exp(minimum(log_mass, _FAR)), (1.0 + self.nu) * nearest),
            tilt=where(many, 0.0, tilt),
            x=where(many, exp(log_j + log_nu), nearest * self.nu),
            log_x=where(many, log_j, log_nearest) + log_nu,
            nu=self.nu,
            log_nu=log_nu,
            many=where(many, 1.0, 0.0),
        )

    def sum(self, what: str) -> Node:
        """Σ w v, or Σ w"""
        return SUMS[f"compound_poisson_{what}"](*self.rule)

    def average(self, what: str) -> Node:
        """Σ w v / Σ w"""
        return self.sum(what) / self.sum("total")


def _log_sum(log_j: Expression, log_nu: Expression) -> Node:
    """h, the logarithm of y p(y) at y = mean."""
    s = _Sum(log_j, log_nu)
    outside = where(
        s.many, 0.5 * (log_j - s.log_both) + math.log(_STEP), -(1.0 + s.nu) * s.off
    )
    return 0.5 * log_nu - log(2.0 * PI) + outside + log(s.sum("total"))


def _of_j(log_j: Expression, log_nu: Expression) -> Node:
    """∂h/∂log J = (1 + ν) E[j − J]"""
    s = _Sum(log_j, log_nu)
    average = s.average("of_j")
    return where(s.many, 0.5 - average, (1.0 + s.nu) * (s.nearest - s.expected) + average)


def _of_nu(log_j: Expression, log_nu: Expression) -> Node:
    """∂h/∂log ν = ½ − ν E[D] − E[jν S′(jν)]"""
    s = _Sum(log_j, log_nu)
    outside = where(s.many, 0.5 * special.sigmoid(-log_nu), 0.5 - s.nu * s.off)
    return outside - s.average("of_nu")


def _j_j(log_j: Expression, log_nu: Expression) -> Node:
    """∂²h/∂(log J)²"""
    s = _Sum(log_j, log_nu)
    one, two = s.average("of_j"), s.average("of_j_j")
    return where(s.many, -(two + one * one), two - one * one - (1.0 + s.nu) * s.expected)


def _j_nu(log_j: Expression, log_nu: Expression) -> Node:
    """∂²h/∂log J ∂log ν"""
    s = _Sum(log_j, log_nu)
    one, other, both = s.average("of_j"), s.average("of_nu"), s.average("of_j_nu")
    few = one * other - both + special.sigmoid(log_nu) * _of_j(log_j, log_nu)
    return where(s.many, -(both + one * other), few)


def _nu_nu(log_j: Expression, log_nu: Expression) -> Node:
    """∂²h/∂(log ν)²"""
    s = _Sum(log_j, log_nu)
    one, two = s.average("of_nu"), s.average("of_nu_nu")
    share = special.sigmoid(log_nu)
    few = two - one * one - s.nu * s.off
    return where(s.many, -(two + one * one) - 0.5 * share * special.sigmoid(-log_nu), few)


compound_poisson_log_sum = register(
    "compound_poisson_log_sum",
    lambda log_j, log_nu, out: (
        compound_poisson_j(log_j, log_nu),
        compound_poisson_nu(log_j, log_nu),
    ),
    None,
    _log_sum,
)
compound_poisson_j = register(
    "compound_poisson_j",
    lambda log_j, log_nu, out: (
        compound_poisson_j_j(log_j, log_nu),
        compound_poisson_j_nu(log_j, log_nu),
    ),
    None,
    _of_j,
)
compound_poisson_nu = register(
    "compound_poisson_nu",
    lambda log_j, log_nu, out: (
        compound_poisson_j_nu(log_j, log_nu),
        compound_poisson_nu_nu(log_j, log_nu),
    ),
    None,
    _of_nu,
)
compound_poisson_j_j = register("compound_poisson_j_j", None, None, _j_j)
compound_poisson_j_nu = register("compound_poisson_j_nu", None, None, _j_nu)
compound_poisson_nu_nu = register("compound_poisson_nu_nu", None, None, _nu_nu)
