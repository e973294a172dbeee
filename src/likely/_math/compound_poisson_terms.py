"""The terms of the sums of ``compound_poisson.py``, of three kinds: near, apart, and with a step.

What a term is worth for slopes and second derivatives in v = log V and n = log ν has the same names in each kind: with
weights w, of what is outside of the sum,

.. math:: r_a = \\mathrm{outside}_a - \\mathrm{E}[\\mathrm{by}_a], \\quad
          r_{ab} = \\mathrm{outside}_{ab}
          - \\mathrm{E}[(\\mathrm{by}_a - \\mathrm{E}\\,\\mathrm{by}_a)\\,\\mathrm{moved}_b + \\mathrm{rest}_{ab}],

where moved is what the logarithm of a weight moves by.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from likely._math import compound, special, whole
from likely._math.graph import Expression, Node, abs_, exp, log1p, polynomial, where

#: e₁(t)/t near 0.
_E1 = tuple((-1.0) ** k / math.factorial(k + 3) for k in range(12))


class Near(NamedTuple):
    """j = 1, 2, …, with parts of functions of the one nearest to J, and what is outside of the sum."""

    terms: Node
    nearest: Node
    tilt: Node
    nu: Node
    of_x: Node
    of_j: Node
    expected: Node
    gap: Node
    off: Node
    log_outside: Node
    log_nu: Node
    entropy_high: Node
    entropy_low: Node
    log_high: Node
    log_low: Node


class Apart(NamedTuple):
    """j = nearest + low + index."""

    terms: Node
    nearest: Node
    tilt: Node
    nu: Node
    of_x: Node
    of_j: Node
    expected: Node
    gap: Node
    off: Node
    log_outside: Node
    log_nu: Node
    log_nearest: Node
    low: Node


class Step(NamedTuple):
    """j = J (1 + ζ), ζ = (low + index)·step; ``mass`` is (1 + ν) J."""

    terms: Node
    low: Node
    step: Node
    mass: Node
    expected: Node
    x: Node
    log_x: Node
    of_x: Node
    of_j: Node


class _Few:
    """A whole j = nearest + n. Of (1 + ν) D(j, J), ``tilted`` is what is not so for the nearest."""

    n: Node
    tilted: Node
    error: Node
    x: Node
    log_x: Node
    nu: Node
    of_x: Node

    @property
    def weight(self) -> Node:
        return exp(-self.tilted - self.error)

    @property
    def slope_of_x(self) -> Node:
        """x S′(x)"""
        return compound.stirling_slope(self.x, self.log_x)

    @property
    def curve_of_x(self) -> Node:
        """x (x S′(x))′"""
        return compound.stirling_curve(self.x, self.log_x)

    @property
    def by_v(self) -> Node:
        return -((1.0 + self.nu) * self.n)

    @property
    def by_n(self) -> Node:
        return self.of_x * self.tilted + self.n + self.slope_of_x

    @property
    def moved_v(self) -> Node:
        return -self.by_v

    @property
    def moved_n(self) -> Node:
        return -self.by_n

    @property
    def rest_v_v(self) -> float:
        return 0.0

    @property
    def rest_v_n(self) -> Node:
        return -(self.nu * self.n)

    @property
    def rest_n_n(self) -> Node:
        return self.of_x * (self.tilted + self.n) + self.curve_of_x


class _Near(_Few):
    """Of j in tables: S(x) alone is left to compute, and D is a sum of parts that are exact."""

    def __init__(self, index: Expression, given: Near) -> None:
        j = 1.0 + index
        self.n = j - given.nearest
        self.nu, self.of_x = given.nu, given.of_x
        high, low = whole.entropy_parts(j)
        log_high, log_low = whole.log_parts(j)
        apart = ((high - given.entropy_high) - self.n * given.log_high) + (
            (low - given.entropy_low) - self.n * given.log_low
        )
        self.tilted = (1.0 + self.nu) * apart + self.n * given.tilt
        self.x = j * self.nu
        self.log_x = (log_high + log_low) + given.log_nu
        self.small = self.x < 1.0
        self.error = whole.stirling(j) + self._error_of_x

    @property
    def _error_of_x(self) -> Node:
        """S(x), without a logarithm of its own."""
        x = self.x
        factorial = special._powers(x, special.LOG_FACTORIAL)
        below = x * factorial - ((x + 0.5) * self.log_x + special.HALF_LOG_2PI)
        return where(self.small, below, special.stirling_above(x))

    @property
    def slope_of_x(self) -> Node:
        u = 1.0 / self.x
        above = -(u * special._powers(u, special.STIRLING_1))
        digamma = self.x * special._powers(self.x, special.DIGAMMA_RISE) - special.EULER
        return where(self.small, self.x * (digamma - self.log_x) - 0.5, above)


class _Apart(_Few):
    """Any whole j."""

    def __init__(self, index: Expression, given: Apart) -> None:
        self.n = given.low + index
        self.nu, self.of_x = given.nu, given.of_x
        zeta = self.n / given.nearest
        j = given.nearest + self.n
        apart = j * special.log1p_residual(zeta)
        self.tilted = (1.0 + self.nu) * apart + self.n * given.tilt
        self.x = j * self.nu
        self.log_x = (given.log_nearest + given.log_nu) + log1p(zeta)
        self.error = special.stirling_above(j) + compound.stirling(self.x, self.log_x)


class _Step:
    """One j of an integral: integration by parts leaves of the slopes what is small."""

    def __init__(self, index: Expression, given: Step) -> None:
        zeta = (given.low + index) * given.step
        ratio = 1.0 + zeta
        self.t = log1p(zeta)
        self.residual = special.log1p_residual(zeta)
        self.divergence = given.mass * (ratio * self.residual)
        self.of_x, self.of_j = given.of_x, given.of_j
        j = given.expected * ratio
        x, log_x = given.x * ratio, given.log_x + self.t
        self.error = special.stirling_above(j) + compound.stirling(x, log_x)
        u = 1.0 / j
        first = special._powers(u, special.STIRLING_1)
        self.slope_of_x = compound.stirling_slope(x, log_x)
        self.curve_of_x = compound.stirling_curve(x, log_x)
        self.slope_of_j = -(u * first)
        self.curve_of_j = u * (special._powers(u, special.STIRLING_2) - first)
        self.slopes = self.slope_of_j + self.slope_of_x
        self.turn = self.of_j - self.of_x

    @property
    def weight(self) -> Node:
        return exp(-self.divergence - self.error)

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
        """Of which (1 + ν) D − ½ is the mean."""
        return self.excess - self.gamma * self.slopes

    @property
    def by_v(self) -> Node:
        return self.energy + self.slopes

    @property
    def by_n(self) -> Node:
        return self.of_x * self.slope_of_x - self.of_j * self.slope_of_j - self.turn * self.energy

    @property
    def moved_v(self) -> Node:
        return -((self.divergence - 0.5) + self.slopes)

    @property
    def moved_n(self) -> Node:
        of_errors = self.of_j * self.slope_of_j - self.of_x * self.slope_of_x
        return self.turn * (self.divergence - 0.5) + of_errors

    @property
    def rest_v_v(self) -> Node:
        return (1.0 - self.gamma) * (self.curve_of_j + self.curve_of_x)

    @property
    def _turned(self) -> Node:
        return self.of_x * self.curve_of_x - self.of_j * self.curve_of_j

    @property
    def rest_v_n(self) -> Node:
        return (1.0 - self.gamma) * self._turned

    @property
    def rest_n_n(self) -> Node:
        both = (self.of_j * self.of_x) * (2.0 * self.energy + self.slopes)
        squares = self.of_j * self.of_j * self.curve_of_j + self.of_x * self.of_x * self.curve_of_x
        return both + (self.turn * self.gamma) * self._turned + squares


#: The pairs of variables of second derivatives.
PAIRS = {"v_v": ("v", "v"), "v_n": ("v", "n"), "n_n": ("n", "n")}
_KINDS: dict[type, Callable[..., Any]] = {Near: _Near, Apart: _Apart, Step: _Step}


def weighted(rule: type) -> Callable[..., Node]:
    """The values of terms of this kind: ``total`` is of the weights, and what else is summed is weighted."""
    kind, size = _KINDS[rule], len(rule._fields)  # type: ignore[attr-defined]

    def value(what: str, index: Node, *fields: Node) -> Node:
        term = kind(index, rule(*fields[:size]))
        if what == "total":
            found: Node = term.weight
        elif what in PAIRS:
            one, other = PAIRS[what]
            mean = dict(zip(("v", "n"), fields[size:], strict=True))[one]
            apart = getattr(term, f"by_{one}") - mean
            found = term.weight * (
                apart * getattr(term, f"moved_{other}") + getattr(term, f"rest_{what}")
            )
        else:
            found = term.weight * getattr(term, what)
        return found

    return value
