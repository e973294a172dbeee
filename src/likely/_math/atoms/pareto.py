"""Atoms of the generalised Pareto tail, in the residual d, the scale s and the shape c, of either sign.

With z = d/s and u = cz, all follow from the cumulative hazard t = log(1 + u)/c, which is z for c → 0, and from
w = 1/(1 + u). Inside the support 1 + u > 0; outside nothing here is a number.
"""

from __future__ import annotations

from collections.abc import Callable

from likely._math import special
from likely._math.atoms import Atom, register
from likely._math.connection import Connection, Covariant, Moving, along, at
from likely._math.graph import (
    Expression,
    Node,
    abs_,
    as_node,
    equal,
    is_constant,
    log,
    log1p,
    maximum,
    where,
)

#: Below this 1 + u is 1, and from its inverse on it is u, which may overflow where log u does not.
TINY = 1e-18
#: Beyond this u may soon overflow, where its logarithm does not.
HUGE = 2.0**960
#: Beyond this z is not multiplied by what may have underflowed.
FAR = 1e100
#: Below this the logarithm is 2 artanh(u/(2 + u)), of which the leading terms are taken off.
NEAR = 0.2


def _product(d: Expression, s: Expression, c: Expression) -> Node:
    """u, which is 0 for c = 0 however large z is."""
    return where(abs_(c) < 1.0, (c * d) / s, c * (d / s))


def in_support(d: Expression, s: Expression, c: Expression) -> Node:
    """Whether 1 + cz > 0, by the number that the atoms take the logarithm of."""
    return _product(d, s, c) > -1.0


def beyond(d: Expression, s: Expression, c: Expression) -> Node:
    """Whether 1 + u is u."""
    return _product(d, s, c) > 1.0 / TINY


def _log1p(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """log(1 + u); where u is near the end of what a number holds or beyond, log cd − log s by the same logarithm."""
    u = _product(d, s, c)
    huge, p = u > HUGE, c * d
    # As s is at least 2⁻¹⁰⁷⁴, p is not below 2⁻¹¹⁴: raised, it dwarfs the 1. Where it may be beyond all numbers it is
    # lowered, and the 1 taken off.
    low, high = p < 2.0**100, p > 2.0**1020
    half = where(high, 2.0**-512, 1.0)
    moved = where(low, p * 2.0**200, (c * half) * (d * half) - where(high, 1.0, 0.0))
    by = where(low, 200.0, where(high, -1024.0, 0.0))
    return log1p(where(huge, moved, u)) - where(huge, by * special.LOG_2 + log_s, 0.0)


def _hazard(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """log(1 + u)/c"""
    small = abs_(_product(d, s, c)) < TINY
    return where(small, d / s, _log1p(d, s, c, log_s) / where(small, 1.0, c))


def _ratio(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """w = 1/(1 + u)"""
    return 1.0 / (1.0 + _product(d, s, c))


def _rate(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """r = w/s = 1/(s + cd), where w may have underflowed."""
    return where(beyond(d, s, c), 1.0 / (c * d), _ratio(d, s, c, log_s) / s)


def _fraction(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """v = u/(1 + u)"""
    u = _product(d, s, c)
    return where(u > 1.0 / TINY, 1.0, u / (1.0 + u))


def _share(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """z/(1 + u)"""
    z = d / s
    near = maximum(abs_(z), _product(d, s, c)) < FAR
    far = where(equal(c, 0.0), z, 1.0 / (s / d + c))
    return where(near, where(near, z, 0.0) * _ratio(d, s, c, log_s), far)


def _bend(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """(log(1 + u) − u/(1 + u))/c², which is ½z² for c → 0."""
    z = d / s
    small, by, rest = _rest(d, s, c, log_s)
    return where(small, 0.5 * (z * z), rest / by / by)


def _rest(
    d: Expression, s: Expression, c: Expression, log_s: Expression
) -> tuple[Node, Node, Node]:
    """Whether u is small, c where it is not, and log(1 + u) − u/(1 + u) there."""
    u = _product(d, s, c)
    small = abs_(u) < TINY
    by = where(small, 1.0, c)
    half = u / (2.0 + u)
    v = _fraction(d, s, c, log_s)
    near = special.log1p_residual_near(half, v)
    return small, by, where(abs_(half) < NEAR, near, _log1p(d, s, c, log_s) - v)


def _bends_in_log(
    d: Expression, s: Expression, c: Expression, log_s: Expression
) -> tuple[Node, Node]:
    """c times the bend and c² times its own, which are in range where those are not."""
    small, by, rest = _rest(d, s, c, log_s)
    _, _, rest_2 = _rest_2(d, s, c, log_s)
    z, u = d / s, _product(d, s, c)
    return where(small, 0.5 * (u * z), rest / by), where(
        small, 2.0 / 3.0 * (u * (u * z)), rest_2 / by
    )


def _shape_in_log(
    d: Expression, s: Expression, c: Expression, log_s: Expression, a: Expression
) -> Node:
    bend, bend_2 = _bends_in_log(d, s, c, log_s)
    return (bend_2 - a * bend) + _log1p_and(d, s, c, log_s, a)


def _log1p_and(
    d: Expression, s: Expression, c: Expression, log_s: Expression, a: Expression
) -> Node:
    """v (a − v), where a is known to be 1 with the digits of w."""
    v = _fraction(d, s, c, log_s)
    return v * (_ratio(d, s, c, log_s) if is_constant(as_node(a), 1.0) else a - v)


def shape_covariant(in_log: Callable[[], Atom]) -> Covariant:
    """Of a slope f in c = eᵗ: c ∂f − Γf, by an atom c (c ∂f + af)."""

    def covariant(atom: Moving, gamma: Connection) -> Node | None:
        d, s, c, log_s = atom.args
        if atom.slopes[2] is not c or not atom.alone(2):
            return None
        return in_log()(d, s, c, log_s, gamma.over(-1.0).node) / c

    return covariant


def _log_hazard(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """log t"""
    return log(_hazard(d, s, c, log_s))


def _elasticity(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """v/log(1 + u), which is 1 for c → 0"""
    small = abs_(_product(d, s, c)) < TINY
    whole = _log1p(d, s, c, log_s)
    return where(small, 1.0, _fraction(d, s, c, log_s) / where(small, 1.0, whole))


def _elasticity_excess(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """(v − w log(1 + u))/(c log(1 + u)), which is ½z for c → 0"""
    u, w = _product(d, s, c), _ratio(d, s, c, log_s)
    small = abs_(u) < TINY
    whole = where(small, 1.0, _log1p(d, s, c, log_s))
    near = -w * special.log1pmx(where(abs_(u) < 1.0, u, 0.0))
    rest = where(abs_(u) < 1.0, near, _fraction(d, s, c, log_s) - w * whole)
    return where(small, 0.5 * (d / s), rest / whole / where(small, 1.0, c))


def _bend_2(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """(2 log(1 + u) − 2v − v²)/c³ with v = u/(1 + u), which is ⅔z³ for c → 0."""
    z = d / s
    small, by, rest = _rest_2(d, s, c, log_s)
    return where(small, 2.0 / 3.0 * (z * z * z), rest / by / by / by)


def _rest_2(
    d: Expression, s: Expression, c: Expression, log_s: Expression
) -> tuple[Node, Node, Node]:
    """Whether u is small, c where it is not, and 2 log(1 + u) − 2v − v² there."""
    u = _product(d, s, c)
    small = abs_(u) < TINY
    by = where(small, 1.0, c)
    half = u / (2.0 + u)
    near = special.log1p_residual_2_near(half)
    v = _fraction(d, s, c, log_s)
    rest = where(abs_(half) < NEAR, near, (2.0 * _log1p(d, s, c, log_s) - 2.0 * v) - v * v)
    return small, by, rest


def _slope(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """z/(1 + u) less the bend, which is far larger where both overflow."""
    a = _share(d, s, c, log_s)
    return where(abs_(a) < FAR, a, 0.0) - _bend(d, s, c, log_s)


def _curve(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """The bend's own less (z/(1 + u))², which is far smaller where both overflow."""
    share = _share(d, s, c, log_s)
    a = where(abs_(share) < FAR, share, 0.0)
    return _bend_2(d, s, c, log_s) - a * a


pareto_bend_2 = register(
    "pareto_bend_2",
    None,
    lambda d, s, c, log_s: (
        (
            2.0 * log(1.0 + c * d / s)
            - 2.0 * c * d / (s + c * d)
            - c * d / (s + c * d) * (c * d / (s + c * d))
        )
        / (c * c * c)
    ),
    _bend_2,
)
pareto_fraction = register(
    "pareto_fraction", None, lambda d, s, c, log_s: c * d / (s + c * d), _fraction
)
pareto_ratio = register(
    "pareto_ratio",
    lambda d, s, c, log_s, out: (
        -c * out * out / s,
        0.0,
        -out * pareto_share(d, s, c, log_s),
        pareto_fraction(d, s, c, log_s) * out,
    ),
    lambda d, s, c, log_s: s / (s + c * d),
    _ratio,
)
pareto_share: Atom = register(
    "pareto_share",
    lambda d, s, c, log_s, out: (
        pareto_ratio(d, s, c, log_s) * pareto_ratio(d, s, c, log_s) / s,
        0.0,
        -out * out,
        -out * pareto_ratio(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: d / (s + c * d),
    _share,
)
pareto_bend = register(
    "pareto_bend",
    lambda d, s, c, log_s, out: (
        pareto_share(d, s, c, log_s) * pareto_ratio(d, s, c, log_s) / s,
        0.0,
        -pareto_bend_2(d, s, c, log_s),
        -pareto_share(d, s, c, log_s) * pareto_share(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: (log(1.0 + c * d / s) - c * d / (s + c * d)) / (c * c),
    _bend,
)
pareto_hazard: Atom = register(
    "pareto_hazard",
    lambda d, s, c, log_s, out: (
        pareto_ratio(d, s, c, log_s) / s,
        0.0,
        -pareto_bend(d, s, c, log_s),
        -pareto_share(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: log(1.0 + c * d / s) / c,
    _hazard,
)
pareto_curve = register(
    "pareto_curve",
    None,
    lambda d, s, c, log_s: (
        pareto_bend_2(d, s, c, log_s) - pareto_share(d, s, c, log_s) * pareto_share(d, s, c, log_s)
    ),
    _curve,
)
pareto_slope = register(
    "pareto_slope",
    lambda d, s, c, log_s, out: (
        (pareto_ratio(d, s, c, log_s) - pareto_share(d, s, c, log_s))
        * pareto_ratio(d, s, c, log_s)
        / s,
        0.0,
        pareto_curve(d, s, c, log_s),
        pareto_share(d, s, c, log_s)
        * (pareto_share(d, s, c, log_s) - pareto_ratio(d, s, c, log_s)),
    ),
    lambda d, s, c, log_s: pareto_share(d, s, c, log_s) - pareto_bend(d, s, c, log_s),
    _slope,
    shape_covariant(lambda: pareto_shape_in_log),
)
pareto_shape_in_log: Atom = register(
    "pareto_shape_in_log",
    None,
    lambda d, s, c, log_s, a: (
        c * (c * pareto_curve(d, s, c, log_s) + a * pareto_slope(d, s, c, log_s))
    ),
    _shape_in_log,
)
pareto_scale = register(
    "pareto_scale",
    lambda d, s, c, log_s, out: (
        -(1.0 + c) * pareto_ratio(d, s, c, log_s) * pareto_ratio(d, s, c, log_s) / s,
        0.0,
        pareto_share(d, s, c, log_s)
        * (pareto_share(d, s, c, log_s) - pareto_ratio(d, s, c, log_s)),
        (1.0 + c) * pareto_share(d, s, c, log_s) * pareto_ratio(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: (s - d) / (s + c * d),
    lambda d, s, c, log_s: _ratio(d, s, c, log_s) - _share(d, s, c, log_s),
    # w + v (w − z w), of which z² cancels for c = 0
    along(
        3,
        at(
            {
                -1.0: lambda d, s, c, log_s: (
                    pareto_ratio(d, s, c, log_s)
                    + pareto_fraction(d, s, c, log_s)
                    * (pareto_ratio(d, s, c, log_s) - pareto_share(d, s, c, log_s))
                )
            }
        ),
        (1,),
    ),
)
pareto_kernel: Atom = register(
    "pareto_kernel",
    lambda d, s, c, log_s, out: (
        (1.0 + c) * pareto_ratio(d, s, c, log_s) / s,
        0.0,
        pareto_slope(d, s, c, log_s),
        pareto_scale(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: log_s + (1.0 + c) * (log(1.0 + c * d / s) / c),
    lambda d, s, c, log_s: log_s + (1.0 + c) * _hazard(d, s, c, log_s),
)
pareto_elasticity_excess = register(
    "pareto_elasticity_excess",
    None,
    lambda d, s, c, log_s: (
        (c * d - s * log(1.0 + c * d / s)) / ((s + c * d) * c * log(1.0 + c * d / s))
    ),
    _elasticity_excess,
)
#: −∂ log t/∂ log s, whose own slopes are as small as z.
pareto_elasticity: Atom = register(
    "pareto_elasticity",
    lambda d, s, c, log_s, out: (
        -c * out * pareto_elasticity_excess(d, s, c, log_s) / d,
        0.0,
        -out * pareto_elasticity_excess(d, s, c, log_s),
        c * out * pareto_elasticity_excess(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: c * d / ((s + c * d) * log(1.0 + c * d / s)),
    _elasticity,
)
pareto_log_hazard: Atom = register(
    "pareto_log_hazard",
    lambda d, s, c, log_s, out: (
        pareto_elasticity(d, s, c, log_s) / d,
        0.0,
        -pareto_bend(d, s, c, log_s) / pareto_hazard(d, s, c, log_s),
        -pareto_elasticity(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: log(log(1.0 + c * d / s) / c),
    _log_hazard,
)
#: log(s + cd), the scale of what exceeds d.
pareto_log_above: Atom = register(
    "pareto_log_above",
    lambda d, s, c, log_s, out: (
        c * pareto_ratio(d, s, c, log_s) / s,
        0.0,
        pareto_share(d, s, c, log_s),
        pareto_ratio(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: log(s + c * d),
    lambda d, s, c, log_s: log(s + c * d),
)
