"""r of ``compound_poisson.py`` by its sum over the number j of amounts, where ν is so large that few j matter.

With weights w of j = nearest + n, and of what is outside of the sum, r's derivatives in v = log V and n = log ν are

.. math:: r_a = \\mathrm{outside}_a - \\mathrm{E}[\\mathrm{by}_a], \\quad
          r_{ab} = \\mathrm{outside}_{ab}
          - \\mathrm{E}[(\\mathrm{by}_a - \\mathrm{E}\\,\\mathrm{by}_a)\\,\\mathrm{moved}_b + \\mathrm{rest}_{ab}],

where moved is what the logarithm of a weight moves by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from likely._math import compound, special
from likely._math.graph import (
    Expression,
    Node,
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
from likely._math.series import Series, Terms

#: Terms below e^−38 of the largest are left out.
_DEPTH = 38.0
#: The most terms: of variance V/ν = 2 (1 + 1/ν), at the least ν that comes here.
_LONGEST = 40
#: The pairs of variables of second derivatives.
PAIRS = {"v_v": ("v", "v"), "v_n": ("v", "n"), "n_n": ("n", "n")}
_ARGUMENTS = ("needed", "log_nu", "of_x", "of_j", "log_of_j", "log_j")
_MEANS = ("mean_v", "mean_n")


class _Fields(NamedTuple):
    """j = nearest + low + index, and what is outside of the sum; s = ν/(1 + ν) is ``of_x``, 1 − s ``of_j``."""

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
    low: Node


def _fields(log_nu: Node, of_x: Node, of_j: Node, log_of_j: Node, log_j: Node) -> _Fields:
    nu, expected = exp(log_nu), exp(log_j)
    below = maximum(floor(expected), 1.0)
    next_ = (below + 1.0) * log1p(1.0 / below) - 1.0 + (log(below) - log_j) < 0.0
    nearest = where(next_, below + 1.0, below)
    # At J → 1 for ν → ∞, log J has digits that J has not.
    gap = where(nearest < 2.0, -expm1(log_j), nearest - expected)
    apart = (nearest, expected, gap, log(nearest), log_j)
    off = compound.relative_entropy_of(*apart)
    half_log = 0.5 * (log_j + log_of_j) + special.HALF_LOG_2PI

    middle = maximum(nearest, expected)
    depth = _DEPTH / ((1.0 + nu) * middle)
    # Of (1 + z) log(1 + z) − z + a z = depth, a step of Newton's from above.
    bound = depth / 3.0 + sqrt(depth * depth / 9.0 + 2.0 * depth)
    slope, lift = log1p(bound), maximum(-log_j, 0.0)
    ahead = (bound + depth - slope) / (slope + lift)
    high = floor(middle * ahead + (middle - nearest)) + 1.0
    low = maximum(-floor(nearest * sqrt(2.0 * depth)) - 1.0, 1.0 - nearest)
    return _Fields(
        minimum(high - low + 1.0, float(_LONGEST)),
        nearest,
        (1.0 + nu) * compound.log_ratio_of(*apart),
        nu,
        of_x,
        of_j,
        expected,
        gap,
        off,
        -half_log - (1.0 + nu) * off,
        low,
    )


def _outside(fields: _Fields) -> dict[str, Node]:
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


class _Term:
    """One j. Of (1 + ν) D(j, J), ``tilted`` is what is not so for the nearest."""

    def __init__(self, index: Expression, given: _Fields) -> None:
        self.n = given.low + index
        self.nu, self.of_x = given.nu, given.of_x
        j = given.nearest + self.n
        apart = j * special.log1p_residual(self.n / given.nearest)
        self.tilted = (1.0 + self.nu) * apart + self.n * given.tilt
        x = j * self.nu
        u = 1.0 / x
        self.weight = exp(
            -self.tilted - (special.stirling_above(j) + special.stirling_from_2(x, u))
        )
        # x S′(x), and x (x S′(x))′
        first = polynomial(u - 0.25, special.STIRLING_1_FROM_2)
        self.slope_of_x = -(u * first)
        self.curve_of_x = u * (special._powers(u, special.STIRLING_2) - first)

    @property
    def by_v(self) -> Node:
        return -((1.0 + self.nu) * self.n)

    @property
    def by_n(self) -> Node:
        return self.of_x * self.tilted + self.n + self.slope_of_x

    @property
    def rest_v_v(self) -> float:
        return 0.0

    @property
    def rest_v_n(self) -> Node:
        return -(self.nu * self.n)

    @property
    def rest_n_n(self) -> Node:
        return self.of_x * (self.tilted + self.n) + self.curve_of_x


def _value(what: str, index: Node, *fields: Node) -> Node:
    """The values of terms: ``total`` is of the weights, and what else is summed is weighted."""
    size = len(_Fields._fields)
    term = _Term(index, _Fields(*fields[:size]))
    if what == "total":
        return term.weight
    if what not in PAIRS:
        found: Node = term.weight * getattr(term, what)
        return found
    one, other = PAIRS[what]
    mean = dict(zip(("v", "n"), fields[size:], strict=True))[one]
    # A weight's logarithm moves by −by.
    curved = (mean - getattr(term, f"by_{one}")) * getattr(term, f"by_{other}")
    return term.weight * (curved + getattr(term, f"rest_{what}"))


def _terms(more: tuple[str, ...]) -> Terms:
    def rules(needed: Node, *given: Node) -> Sequence[Node]:
        return (*_fields(*given[:5]), *given[5:])

    return Terms(_ARGUMENTS + more, _Fields._fields + more, _LONGEST, rules, _value)


_ONCE, _TWICE = _terms(()), _terms(_MEANS)


def _value_of(fields: Sequence[Node], total: Node) -> Node:
    return _outside(_Fields(*fields))["value"] + log(total)


def _derivative(what: str) -> Callable[..., Node]:
    size = len(_Fields._fields)
    return lambda fields, total, moment: _outside(_Fields(*fields[:size]))[what] - moment / total


_VALUE = Series("compound_poisson_value", _ONCE, ("total",), _value_of)
_DERIVATIVES = {
    what: Series(
        f"compound_poisson_{what}",
        _TWICE if what in PAIRS else _ONCE,
        ("total", what),
        _derivative(what),
    )
    for what in ("by_v", "by_n", *PAIRS)
}
#: The averages that second derivatives take.
_AVERAGES = [
    Series(
        f"compound_poisson_{mean}", _ONCE, ("total", what), lambda _, total, moment: moment / total
    )
    for mean, what in zip(_MEANS, ("by_v", "by_n"), strict=True)
]


def by_sum(what: str, *given: Expression) -> Node:
    """r, or a derivative of it, of log ν, s, 1 − s, log(1 − s) and log J."""
    if what == "value":
        return _VALUE(*given)
    means = [mean(*given) for mean in _AVERAGES] if what in PAIRS else []
    return _DERIVATIVES[what](*given, *means)
