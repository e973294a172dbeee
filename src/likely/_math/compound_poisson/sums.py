"""r of ``density.py`` by its sum over the number j of amounts, where ν is so large that few j matter.

With weights w of j = nearest + n, and of what is outside of the sum, r's derivatives in v = log V and n = log ν are

.. math:: r_a = \\mathrm{outside}_a - \\mathrm{E}[\\mathrm{by}_a], \\quad
          r_{ab} = \\mathrm{outside}_{ab}
          + \\mathrm{Cov}(\\mathrm{by}_a, \\mathrm{by}_b) - \\mathrm{E}[\\mathrm{rest}_{ab}].

by is 0 at the nearest, whose weight is the largest. As a variance is that weight times the mean square at least,
covariances from sums of products keep their digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from likely._math import special
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
    sqrt,
    where,
)
from likely._math.series import Series, Terms

#: Terms below e^−38 of the largest are left out.
_DEPTH = 38.0
#: The most terms: of variance V/ν = 2 (1 + 1/ν), at the least ν that comes here.
_LONGEST = 40
_ARGUMENTS = ("needed", "log_nu", "of_x", "of_j", "log_of_j", "log_j")


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
    slope: Node
    low: Node


def _slope_of_x(u: Node) -> Node:
    """x S′(x) of u = 1/x"""
    return -(u * special.stirling_slope_from_2(u))


def _fields(log_nu: Node, of_x: Node, of_j: Node, log_of_j: Node, log_j: Node) -> _Fields:
    nu, expected = exp(log_nu), exp(log_j)
    below = maximum(floor(expected), 1.0)
    next_ = (below + 1.0) * log1p(1.0 / below) - 1.0 + (log(below) - log_j) < 0.0
    nearest = where(next_, below + 1.0, below)
    # At J → 1 for ν → ∞, log J has digits that J has not.
    gap = where(nearest < 2.0, -expm1(log_j), nearest - expected)
    apart = (nearest, expected, gap, log(nearest), log_j)
    off = special.relative_entropy_of(*apart)
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
        (1.0 + nu) * special.log_ratio_of(*apart),
        nu,
        of_x,
        of_j,
        expected,
        gap,
        off,
        -half_log - (1.0 + nu) * off,
        _slope_of_x(1.0 / (nearest * nu)),
        low,
    )


def _outside(fields: _Fields) -> dict[str, Node]:
    nu, gap, expected = fields.nu, fields.gap, fields.expected
    from_nearest = nu * fields.off
    return {
        "value": fields.log_outside,
        "by_v": (1.0 + nu) * gap - 0.5,
        "by_n": 0.5 - from_nearest - gap - fields.slope,
        "v_v": -((1.0 + nu) * expected),
        "v_n": nu * gap + expected,
        "n_n": -(from_nearest + fields.of_x * gap + fields.of_j * expected),
    }


class _Term:
    """One j. Of (1 + ν) D(j, J), ``tilted`` is what is not so for the nearest."""

    def __init__(self, index: Expression, given: _Fields) -> None:
        n = given.low + index
        j = given.nearest + n
        apart = j * special.log1p_residual(n / given.nearest)
        tilted = (1.0 + given.nu) * apart + n * given.tilt
        x = j * given.nu
        u = 1.0 / x
        error = special.stirling_above(j) + special.stirling_from_2(x, u)
        self.weight = exp(-tilted - error)
        self.by_v = -((1.0 + given.nu) * n)
        self.by_n = given.of_x * tilted + n + (_slope_of_x(u) - given.slope)
        # x (x S′(x))′
        curve = u * special.powers(u, special.STIRLING_2) + _slope_of_x(u)
        self.rest_n_n = given.of_x * (tilted + n) + curve


def _value(what: str, index: Node, *fields: Node) -> Node:
    """The values of terms: ``total`` is of the weights, and what else is summed is weighted."""
    term = _Term(index, _Fields(*fields))
    found: dict[str, Node | float] = {
        "total": 1.0,
        "by_v": term.by_v,
        "by_n": term.by_n,
        "v_v": term.by_v * term.by_v,
        "v_n": term.by_v * term.by_n,
        "n_n": term.by_n * term.by_n - term.rest_n_n,
    }
    return term.weight * found[what]


_TERMS = Terms(
    _ARGUMENTS,
    _Fields._fields,
    _LONGEST,
    lambda needed, *given: _fields(*given),
    _value,
)


def _series(what: str, wanted: tuple[str, ...], inside: Callable[..., Node]) -> Callable[..., Node]:
    """What is outside of the sum, and ``inside(s, total, *moments)``."""

    def result(fields: Sequence[Node], *sums: Node) -> Node:
        given = _Fields(*fields)
        return _outside(given)[what] + inside(given.of_x, *sums)

    return Series(f"compound_poisson_{what}", _TERMS, ("total", *wanted), result)


def _v_n(s: Node, total: Node, v: Node, n: Node, product: Node) -> Node:
    # E[rest] is s E[by_v].
    return product / total - (v / total) * (n / total + s)


_OF = {
    "value": _series("value", (), lambda s, total: log(total)),
    "by_v": _series("by_v", ("by_v",), lambda s, total, v: -(v / total)),
    "by_n": _series("by_n", ("by_n",), lambda s, total, n: -(n / total)),
    "v_v": _series(
        "v_v",
        ("by_v", "v_v"),
        lambda s, total, v, square: square / total - (v / total) * (v / total),
    ),
    "v_n": _series("v_n", ("by_v", "by_n", "v_n"), _v_n),
    "n_n": _series(
        "n_n",
        ("by_n", "n_n"),
        lambda s, total, n, square: square / total - (n / total) * (n / total),
    ),
}


def by_sum(what: str, *given: Expression) -> Node:
    """r, or a derivative of it, of log ν, s, 1 − s, log(1 − s) and log J."""
    return _OF[what](*given)
