r"""The density of a Poisson number of Gamma amounts, as a sum over that number.

With :math:`y` at its mean, :math:`J` expected amounts and shape :math:`\nu` of each, :math:`y\,p(y)` is

.. math:: e^{h} = \sum_{j \ge 1} \frac{J^j e^{-J}}{j!} \frac{(\nu J)^{j\nu} e^{-\nu J}}{\Gamma(j\nu)}
          = \frac{\sqrt\nu}{2\pi} \sum_{j \ge 1} e^{-(1+\nu) D(j, J) - S(j) - S(j\nu)},

where :math:`D(j, J) = j \log(j/J) + J - j` and S is Stirling's error: everything that grows has cancelled on
paper, and all terms are positive. Their spread is :math:`\sigma = \sqrt{J/(1+\nu)}`. h is nearly ½ log(V/2π), where
1/V = 1/J + 1/x and x = νJ; that is a part of the density's formula, and r is the rest.

The arguments are v = log V and n = log ν. In a density V = y²⁻ᵖ/φ and ν = (2 − p)/(p − 1): y and φ move v alone, so that no
slope is a difference of others, and p → 1 and p → 2, which are n → ∞ and n → −∞, are each other's mirror image.

Where V is large the sum is a polynomial (``compound_poisson_far.py``). Where few j matter it runs over them, from tables
(``near``) or without (``apart``). Where many do (σ² ≥ 2, and no weight at j < 1), the sum over whole j is the integral
over real ones, to e^(−2π²σ²), and so is a sum with steps of 0.65 σ (``step``); integration by parts,

.. math:: \mathrm{E}\bigl[(1+\nu) D - \tfrac12\bigr] = \mathrm{E}\bigl[e_1(t) - \gamma(t)\,T(j)\bigr], \quad
          t = \log(j/J), \; \gamma = 1 - \frac{1 - e^{-t}}{t}, \; e_1 = \tfrac12 - \frac{\gamma}{t},
          \; T = j S'(j) + j\nu S'(j\nu),

leaves of its slopes what is small, so that nothing cancels.

Source: Dunn and Smyth (2005), doi:10.1007/s11222-005-4070-y, for the sum; what is done with it is our own.
"""

from __future__ import annotations

import math
from typing import Any

from likely._math import compound, special, whole
from likely._math.atoms import Atom, register
from likely._math.compound_poisson_far import FAR, NEAR, far_rule
from likely._math.compound_poisson_terms import KINDS, TERMS, ApartRule, NearRule, StepRule
from likely._math.graph import (
    PI,
    Expression,
    Node,
    exp,
    expm1,
    floor,
    log,
    log1p,
    maximum,
    minimum,
    sqrt,
    where,
)

#: Terms below e^−38 of the largest are left out.
_DEPTH = 38.0
#: Many j matter where (1 + ν) J and J/(1 + ν) are at least these.
_MASS, _VARIANCE = 37.0, 2.0
#: The step of the integral, in standard deviations.
_STEP = 0.65
#: The largest j nearest to J that goes by tables.
_TABLED = 40.0
#: All sums by the names of their operations.
SUMS = TERMS | {series.name: series for series in FAR.values()}


class _Few:
    """The sum over whole j: where it is, and what is outside of it."""

    def __init__(self, s: _Sum) -> None:
        self.s = s
        expected = s.expected
        below = maximum(floor(expected), 1.0)
        log_below = log(below)
        next_ = (below + 1.0) * log1p(1.0 / below) - 1.0 + (log_below - s.log_j) < 0.0
        self.nearest = nearest = where(next_, below + 1.0, below)
        self.log_nearest = log_nearest = log(nearest)
        # At J → 1 for ν → ∞, log J has digits that J has not.
        self.gap = where(nearest < 2.0, -expm1(s.log_j), nearest - expected)
        apart = (nearest, expected, self.gap, log_nearest, s.log_j)
        self.off = compound.relative_entropy_of(*apart)
        self.tilt = (1.0 + s.nu) * compound.log_ratio_of(*apart)
        self.middle = maximum(nearest, expected)
        self.depth = _DEPTH / ((1.0 + s.nu) * self.middle)
        # Of (1 + z) log(1 + z) − z + a z = depth, a step of Newton's from above.
        bound = self.depth / 3.0 + sqrt(self.depth * self.depth / 9.0 + 2.0 * self.depth)
        slope, lift = log1p(bound), maximum(-s.log_j, 0.0)
        ahead = (bound + self.depth - slope) / (slope + lift)
        self.high = floor(self.middle * ahead + (self.middle - nearest)) + 1.0

    @property
    def near(self) -> NearRule:
        nearest = minimum(self.nearest, _TABLED)
        return NearRule(
            minimum(nearest + self.high, float(KINDS["near"].longest)),
            nearest,
            self.tilt,
            self.s.nu,
            self.s.log_nu,
            self.s.of_x,
            *whole.entropy_parts(nearest),
            *whole.log_parts(nearest),
        )

    @property
    def apart(self) -> ApartRule:
        low = maximum(-floor(self.nearest * sqrt(2.0 * self.depth)) - 1.0, 1.0 - self.nearest)
        terms = minimum(self.high - low + 1.0, float(KINDS["apart"].longest))
        s = self.s
        return ApartRule(
            terms, low, self.nearest, self.log_nearest, self.tilt, s.nu, s.log_nu, s.of_x
        )

    @property
    def log_outside(self) -> Node:
        return 0.5 * (self.s.log_both - self.s.log_j) - (1.0 + self.s.nu) * self.off

    @property
    def outside(self) -> dict[str, Node]:
        s = self.s
        from_nearest = s.nu * self.off
        return {
            "by_v": (1.0 + s.nu) * self.gap - 0.5,
            "by_n": 0.5 - from_nearest - self.gap,
            "v_v": -((1.0 + s.nu) * s.expected),
            "v_n": s.nu * self.gap + s.expected,
            "n_n": -(from_nearest + s.of_x * self.gap + s.of_j * s.expected),
        }


class _Sum:
    """The sum at (log V, log ν): which terms it takes, and what is outside of it."""

    def __init__(self, log_v: Expression, log_nu: Expression) -> None:
        self.log_v, self.log_nu = log_v, log_nu
        self.log_both = special.softplus(log_nu)  # log(1 + ν)
        self.log_j, self.log_x = log_v + special.softplus(-log_nu), log_v + self.log_both
        self.nu, self.expected = exp(log_nu), exp(self.log_j)
        self.of_x, self.of_j = special.sigmoid(log_nu), special.sigmoid(-log_nu)
        self.few = _Few(self)
        log_mass = self.log_j + self.log_both
        high, wide = log_v >= math.log(NEAR), log_v - self.log_both >= math.log(2.0)
        self.is_far = where(high, wide, high)
        spread = self.log_j - self.log_both >= math.log(_VARIANCE)
        self.is_step = where(spread, log_mass >= math.log(_MASS), spread)
        self.is_near = self.few.nearest <= _TABLED
        self.log_mass = log_mass

    @property
    def step(self) -> StepRule:
        depth = _DEPTH / exp(self.log_mass)
        back = sqrt(2.0 * depth)
        ahead = depth / 3.0 + sqrt(depth * depth / 9.0 + 2.0 * depth)
        step = _STEP * exp(-0.5 * self.log_mass)
        low = -floor(minimum(back, 0.98) / step)
        return StepRule(
            minimum(floor(ahead / step - low) + 2.0, float(KINDS["step"].longest)),
            low,
            step,
            exp(self.log_mass),
            self.expected,
            exp(self.log_x),
            self.log_x,
            self.of_x,
            self.of_j,
        )

    @property
    def rules(self) -> dict[str, Any]:
        return {"near": self.few.near, "apart": self.few.apart, "step": self.step}

    def _means(self, kind: str, what: str) -> Node:
        """Σ w v / Σ w"""
        rule = self.rules[kind]
        total = TERMS[f"compound_poisson_{kind}_total"](*rule)
        if what in ("by_v", "by_n"):
            return TERMS[f"compound_poisson_{kind}_{what}"](*rule) / total
        means = (self._means(kind, "by_v"), self._means(kind, "by_n"))
        return TERMS[f"compound_poisson_{kind}_{what}"](*rule, *means) / total

    def average(self, what: str) -> Node:
        """The average of a term's ``what``, over the kind of terms that serves."""
        return where(
            self.is_step,
            self._means("step", what),
            where(self.is_near, self._means("near", what), self._means("apart", what)),
        )

    @property
    def value(self) -> Node:
        totals = {
            kind: log(TERMS[f"compound_poisson_{kind}_total"](*rule))
            for kind, rule in self.rules.items()
        }
        few = self.few.log_outside + where(self.is_near, totals["near"], totals["apart"])
        inside = where(self.is_step, math.log(_STEP) + totals["step"], few)
        return where(self.is_far, self.far("total"), inside - 0.5 * log(2.0 * PI))

    def far(self, what: str) -> Node:
        return FAR[what](*far_rule(self.log_v, self.of_x, self.of_j))

    def derivative(self, what: str) -> Node:
        """That of r which is called so."""
        outside = where(self.is_step, 0.0, self.few.outside[what])
        return where(self.is_far, self.far(what), outside - self.average(what))


def _log_sum(log_v: Expression, log_nu: Expression) -> Node:
    """r, the logarithm of y p(y) at y = mean less that of (V/2π)^½: 0 for V → ∞."""
    return _Sum(log_v, log_nu).value


def _slope_v(log_v: Expression, log_nu: Expression) -> Node:
    """∂r/∂log V"""
    return _Sum(log_v, log_nu).derivative("by_v")


def _slope_n(log_v: Expression, log_nu: Expression) -> Node:
    """∂r/∂log ν"""
    return _Sum(log_v, log_nu).derivative("by_n")


def _curve_v_v(log_v: Expression, log_nu: Expression) -> Node:
    """∂²r/∂(log V)²"""
    return _Sum(log_v, log_nu).derivative("v_v")


def _curve_v_n(log_v: Expression, log_nu: Expression) -> Node:
    """∂²r/∂log V ∂log ν"""
    return _Sum(log_v, log_nu).derivative("v_n")


def _curve_n_n(log_v: Expression, log_nu: Expression) -> Node:
    """∂²r/∂(log ν)²"""
    return _Sum(log_v, log_nu).derivative("n_n")


compound_poisson_log_sum: Atom = register(
    "compound_poisson_log_sum",
    lambda log_v, log_nu, out: (
        compound_poisson_slope_v(log_v, log_nu),
        compound_poisson_slope_n(log_v, log_nu),
    ),
    None,
    _log_sum,
)
compound_poisson_slope_v: Atom = register(
    "compound_poisson_slope_v",
    lambda log_v, log_nu, out: (
        compound_poisson_curve_v_v(log_v, log_nu),
        compound_poisson_curve_v_n(log_v, log_nu),
    ),
    None,
    _slope_v,
)
compound_poisson_slope_n: Atom = register(
    "compound_poisson_slope_n",
    lambda log_v, log_nu, out: (
        compound_poisson_curve_v_n(log_v, log_nu),
        compound_poisson_curve_n_n(log_v, log_nu),
    ),
    None,
    _slope_n,
)
compound_poisson_curve_v_v: Atom = register("compound_poisson_curve_v_v", None, None, _curve_v_v)
compound_poisson_curve_v_n: Atom = register("compound_poisson_curve_v_n", None, None, _curve_v_n)
compound_poisson_curve_n_n: Atom = register("compound_poisson_curve_n_n", None, None, _curve_n_n)

#: The sum over j as a textbook prints it, of z and ν: for print alone.
amount_sum: Atom = register("amount_sum")

# The distribution function: values only, on NumPy (``_math/compound_poisson_tails.py``).
compound_poisson_cdf: Atom = register("compound_poisson_cdf")
compound_poisson_sf: Atom = register("compound_poisson_sf")
compound_poisson_quantile: Atom = register("compound_poisson_quantile")
compound_poisson_isf: Atom = register("compound_poisson_isf")
