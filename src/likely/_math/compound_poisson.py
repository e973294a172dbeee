r"""The density of a Poisson number of Gamma amounts, as a sum over that number.

With :math:`y` at its mean, :math:`J` expected amounts and shape :math:`\nu` of each, :math:`y\,p(y)` is

.. math:: e^{h} = \sum_{j \ge 1} \frac{J^j e^{-J}}{j!} \frac{(\nu J)^{j\nu} e^{-\nu J}}{\Gamma(j\nu)}
          = \frac{\sqrt\nu}{2\pi} \sum_{j \ge 1} e^{-(1+\nu) D(j, J) - S(j) - S(j\nu)},

where :math:`D(j, J) = j \log(j/J) + J - j` and S is Stirling's error: everything that grows has cancelled on
paper, and all terms are positive. Their spread is :math:`\sigma = \sqrt{J/(1+\nu)}`. h is nearly ½ log(V/2π), where
1/V = 1/J + 1/x and x = νJ; that is a part of the density's formula, and r is the rest.

The arguments are v = log V and n = log ν. In a density V = y²⁻ᵖ/φ and ν = (2 − p)/(p − 1): y and φ move v alone, so
that no slope is a difference of others, and p → 1 and p → 2, which are n → ∞ and n → −∞, are each other's mirror image.

Where V is large the sum is a polynomial (``compound_poisson_far.py``). Where few j matter it runs over them, from
tables (``near``) or without (``apart``). Where many do (V and ν are small, and no weight is at j < 1), the sum over
whole j is the integral over real ones, and so is a sum with steps of 0.65 σ (``step``); integration by parts,

.. math:: \mathrm{E}\bigl[(1+\nu) D - \tfrac12\bigr] = \mathrm{E}\bigl[e_1(t) - \gamma(t)\,T(j)\bigr], \quad
          t = \log(j/J), \; \gamma = 1 - \frac{1 - e^{-t}}{t}, \; e_1 = \tfrac12 - \frac{\gamma}{t},
          \; T = j S'(j) + j\nu S'(j\nu),

leaves of its slopes what is small, so that nothing cancels.

Source: Dunn and Smyth (2005), doi:10.1007/s11222-005-4070-y, for the sum; what is done with it is our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from likely._math import compound, special, whole
from likely._math.atoms import Atom, register
from likely._math.compound_poisson_far import NEAR, far
from likely._math.compound_poisson_terms import PAIRS, Apart, Near, Step, weighted
from likely._math.graph import (
    Expression,
    Node,
    as_node,
    constant,
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
from likely._math.series import Series, Terms

#: Terms below e^−38 of the largest are left out.
_DEPTH = 38.0
#: No weight is at j < 1 where (1 + ν) J is at least this.
_MASS = 37.0
#: The step of the integral, in standard deviations.
_STEP = 0.65
#: The largest J of which terms go by tables.
_TABLED = 40.0
#: The most terms: of J = 37 for ν → 0; of variance 2 at J = 40; of (1 + ν) J = 37 with a step.
_LONGEST = {Near: 112.0, Apart: 40.0, Step: 40.0}


class _Given(NamedTuple):
    """v = log V and n = log ν; s = ν/(1 + ν), 1 − s and their logarithms carry digits of n."""

    log_v: Expression
    log_nu: Expression
    of_x: Expression
    of_j: Expression
    log_of_x: Expression
    log_of_j: Expression

    @property
    def log_j(self) -> Node:
        return self.log_v - self.log_of_x

    @property
    def log_x(self) -> Node:
        return self.log_v - self.log_of_j

    @property
    def is_far(self) -> Node:
        high, wide = self.log_v - math.log(NEAR), self.log_v + self.log_of_j - math.log(2.0)
        return minimum(high, wide) >= 0.0

    @property
    def is_step(self) -> Node:
        # So that ν < 0.23: sum and integral differ by e^(−2π²J) at most.
        low, small = math.log(NEAR) - self.log_v, -self.log_nu
        return minimum(minimum(low, small), self.log_j - self.log_of_j - math.log(_MASS)) > 0.0

    @property
    def is_near(self) -> Node:
        return self.log_j <= math.log(_TABLED)


_ARGUMENTS = ("needed", *_Given._fields)
_MEANS = ("mean_v", "mean_n")


class _Few:
    """The sum over whole j: where it is, and what is outside of it."""

    def __init__(self, given: _Given) -> None:
        log_j, self.log_nu = given.log_j, given.log_nu
        self.of_x, self.of_j = given.of_x, given.of_j
        self.nu, self.expected = exp(given.log_nu), exp(log_j)
        below = maximum(floor(self.expected), 1.0)
        next_ = (below + 1.0) * log1p(1.0 / below) - 1.0 + (log(below) - log_j) < 0.0
        self.nearest = where(next_, below + 1.0, below)
        self.log_nearest = log(self.nearest)
        # At J → 1 for ν → ∞, log J has digits that J has not.
        self.gap = where(self.nearest < 2.0, -expm1(log_j), self.nearest - self.expected)
        apart = (self.nearest, self.expected, self.gap, self.log_nearest, log_j)
        self.off = compound.relative_entropy_of(*apart)
        self.tilt = (1.0 + self.nu) * compound.log_ratio_of(*apart)
        half_log = 0.5 * (log_j + given.log_of_j) + special.HALF_LOG_2PI
        self.log_outside = -half_log - (1.0 + self.nu) * self.off

        middle = maximum(self.nearest, self.expected)
        self.depth = _DEPTH / ((1.0 + self.nu) * middle)
        # Of (1 + z) log(1 + z) − z + a z = depth, a step of Newton's from above.
        bound = self.depth / 3.0 + sqrt(self.depth * self.depth / 9.0 + 2.0 * self.depth)
        slope, lift = log1p(bound), maximum(-log_j, 0.0)
        ahead = (bound + self.depth - slope) / (slope + lift)
        self.high = floor(middle * ahead + (middle - self.nearest)) + 1.0

    @property
    def _shared(self) -> tuple[Any, ...]:
        return (
            self.nearest, self.tilt, self.nu, self.of_x, self.of_j, self.expected, self.gap, self.off,
            self.log_outside, self.log_nu,
        )  # fmt: skip

    def near(self) -> Near:
        terms = minimum(self.nearest + self.high, _LONGEST[Near])
        parts = (*whole.entropy_parts(self.nearest), *whole.log_parts(self.nearest))
        return Near._make((terms, *self._shared, *parts))

    def apart(self) -> Apart:
        low = maximum(-floor(self.nearest * sqrt(2.0 * self.depth)) - 1.0, 1.0 - self.nearest)
        terms = minimum(self.high - low + 1.0, _LONGEST[Apart])
        return Apart._make((terms, *self._shared, self.log_nearest, low))


def _outside_few(fields: Near | Apart) -> dict[str, Node]:
    nu, gap, expected = fields.nu, fields.gap, fields.expected
    from_nearest = nu * fields.off
    return {
        "value": fields.log_outside,
        "by_v": (1.0 + nu) * gap - 0.5,
        "by_n": 0.5 - from_nearest - gap,
        "v_v": -((1.0 + nu) * expected),
        "v_n": nu * gap + expected,
        "n_n": -(from_nearest + fields.of_x * gap + fields.of_j * expected),
    }


def _step(given: _Given) -> Step:
    log_mass = given.log_j - given.log_of_j
    depth = _DEPTH / exp(log_mass)
    back = sqrt(2.0 * depth)
    ahead = depth / 3.0 + sqrt(depth * depth / 9.0 + 2.0 * depth)
    step = _STEP * exp(-0.5 * log_mass)
    low = -floor(minimum(back, 0.98) / step)
    return Step(
        minimum(floor(ahead / step - low) + 2.0, _LONGEST[Step]),
        low,
        step,
        exp(log_mass),
        exp(given.log_j),
        exp(given.log_x),
        given.log_x,
        as_node(given.of_x),
        as_node(given.of_j),
    )


def _outside_step(fields: Step) -> dict[str, Node]:
    derivatives = dict.fromkeys(("by_v", "by_n", *PAIRS), constant(0.0))
    return {"value": constant(math.log(_STEP) - special.HALF_LOG_2PI), **derivatives}


def _kind(
    name: str, fields: Any, rule: Callable[[_Given], Any], outside: Callable[[Any], dict[str, Node]]
) -> dict[str, Series]:
    """The series of one kind of terms: of r, its derivatives, and the averages that second ones take."""
    size, longest = len(fields._fields), int(_LONGEST[fields])

    def rules(needed: Node, *given: Node) -> Sequence[Node]:
        return (*rule(_Given(*given[:6])), *given[6:])

    def terms(more: tuple[str, ...]) -> Terms:
        named = (_ARGUMENTS + more, fields._fields + more)
        return Terms(*named, longest, rules, weighted(fields))

    once, twice = terms(()), terms(_MEANS)

    def value(values: Sequence[Node], total: Node) -> Node:
        found: Node = outside(fields(*values))["value"] + log(total)
        return found

    def derivative(what: str) -> Callable[..., Node]:
        return lambda values, total, moment: outside(fields(*values[:size]))[what] - moment / total

    found = {"value": Series(f"compound_poisson_{name}_value", once, ("total",), value)}
    for what in ("by_v", "by_n", *PAIRS):
        found[what] = Series(
            f"compound_poisson_{name}_{what}",
            twice if what in PAIRS else once,
            ("total", what),
            derivative(what),
        )
    for what, mean in zip(("by_v", "by_n"), _MEANS, strict=True):
        found[mean] = Series(
            f"compound_poisson_{name}_{mean}",
            once,
            ("total", what),
            lambda values, total, moment: moment / total,
        )
    return found


_FAR = far(_ARGUMENTS)
_NEAR = _kind("near", Near, lambda given: _Few(given).near(), _outside_few)
_APART = _kind("apart", Apart, lambda given: _Few(given).apart(), _outside_few)
_BY_STEPS = _kind("step", Step, _step, _outside_step)


def _chosen(what: str) -> Callable[..., Node]:
    """r, or a derivative of it, by the kind of terms that serves."""

    def expansion(*arguments: Expression) -> Node:
        given = _Given(*arguments)

        def of(kind: dict[str, Series]) -> Node:
            means = [kind[mean](*given) for mean in _MEANS] if what in PAIRS else []
            return kind[what](*given, *means)

        whole_j = where(given.is_near, of(_NEAR), of(_APART))
        rest = where(given.is_step, of(_BY_STEPS), whole_j)
        return where(given.is_far, _FAR[what](*given), rest)

    return expansion


# Of the arguments the derivatives go through log V and log ν alone; the others carry digits.
compound_poisson_log_sum: Atom = register(
    # r, the logarithm of y p(y) at y = mean less that of (V/2π)^½: 0 for V → ∞
    "compound_poisson_log_sum",
    lambda *given: (
        compound_poisson_slope_v(*given[:-1]),
        compound_poisson_slope_n(*given[:-1]),
        *(0.0,) * 4,
    ),
    None,
    _chosen("value"),
)
compound_poisson_slope_v: Atom = register(
    "compound_poisson_slope_v",
    lambda *given: (
        compound_poisson_curve_v_v(*given[:-1]),
        compound_poisson_curve_v_n(*given[:-1]),
        *(0.0,) * 4,
    ),
    None,
    _chosen("by_v"),
)
compound_poisson_slope_n: Atom = register(
    "compound_poisson_slope_n",
    lambda *given: (
        compound_poisson_curve_v_n(*given[:-1]),
        compound_poisson_curve_n_n(*given[:-1]),
        *(0.0,) * 4,
    ),
    None,
    _chosen("by_n"),
)
compound_poisson_curve_v_v: Atom = register(
    "compound_poisson_curve_v_v", None, None, _chosen("v_v")
)
compound_poisson_curve_v_n: Atom = register(
    "compound_poisson_curve_v_n", None, None, _chosen("v_n")
)
compound_poisson_curve_n_n: Atom = register(
    "compound_poisson_curve_n_n", None, None, _chosen("n_n")
)

#: The sum over j as a textbook prints it, of z and ν: for print alone.
amount_sum: Atom = register("amount_sum")

# The distribution function: values only, on NumPy (``_math/compound_poisson_tails.py``).
compound_poisson_cdf: Atom = register("compound_poisson_cdf")
compound_poisson_sf: Atom = register("compound_poisson_sf")
compound_poisson_quantile: Atom = register("compound_poisson_quantile")
compound_poisson_isf: Atom = register("compound_poisson_isf")
