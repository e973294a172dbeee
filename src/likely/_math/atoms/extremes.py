"""Atoms of the generalised extreme value law, in the residual d, the scale s and the shape c, of either sign.

With z = d/s, all follow from the cumulative hazard t = log(1 + cz)/c of the generalised Pareto tail, which is z
for c → 0, from e = e⁻ᵗ, the expected number of exceedances, and from w = 1/(1 + cz): −log density is
log s + (1 + c)t + e. Inside the support 1 + cz > 0; outside nothing here is a number.
"""

from __future__ import annotations

import math
from typing import Any

from likely._math.atoms import Atom, lgamma, register
from likely._math.atoms.pareto import (
    FAR,
    _bend,
    _bend_2,
    _bends_in_log,
    _hazard,
    _log1p_and,
    _rate,
    _ratio,
    _share,
    beyond,
    pareto_fraction,
    shape_covariant,
)
from likely._math.connection import Connection, Moving, along, first_of
from likely._math.graph import (
    Expression,
    Node,
    abs_,
    as_node,
    equal,
    exp,
    expm1,
    log,
    polynomial,
    where,
)

#: Below this hazard e⁻ᵗ is so much larger than 1 that nothing cancels against it.
EARLY = -1.0
INFINITY = float("inf")


def _kernel(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    t = _hazard(d, s, c, log_s)
    # Further below, e is infinite.
    return log_s + ((1.0 + c) * where(t > -FAR, t, 0.0) + exp(-t))


def _rise(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """e − 1"""
    return expm1(-_hazard(d, s, c, log_s))


def _count(
    d: Expression, s: Expression, c: Expression, log_s: Expression, powers: tuple[float, float]
) -> Node:
    """e times powers of w and of r = w/s, in one exponential: those may have vanished where e is infinite."""
    w, r = powers
    return exp(-(1.0 + (w + r) * c) * _hazard(d, s, c, log_s) - r * log_s)


def _net(
    d: Expression, s: Expression, c: Expression, log_s: Expression, powers: tuple[float, float]
) -> Node:
    """1 + c − e times powers of w and of r, at most the first of each."""
    w, r = powers
    rise, early = _rise(d, s, c, log_s), _hazard(d, s, c, log_s) < EARLY
    by = as_node(1.0)
    late = c - rise
    if w:
        by = _ratio(d, s, c, log_s)
        late = by * late
    if r:
        # Late r may vanish where c is as large.
        far = beyond(d, s, c)
        rest = (1.0 - rise / where(far, c, 1.0)) / where(far, d, 1.0)
        by, late = _rate(d, s, c, log_s) * by, where(far, by * rest, late * _rate(d, s, c, log_s))
    return where(early, (1.0 + c) * by - _count(d, s, c, log_s, powers), late)


def _bend_of_kernel(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """(1 + c) r² (e − c)"""
    r, e = _rate(d, s, c, log_s), exp(-_hazard(d, s, c, log_s))
    count = _count(d, s, c, log_s, (0.0, 2.0)) - (c * r) * r
    # r² may be infinite where r is not, or vanish where c² is infinite.
    return where(e < INFINITY, ((1.0 + c) * r) * ((e - c) * r), (1.0 + c) * count)


def _small(x: Node) -> Node:
    """x, or 0 where what it is added to is far larger."""
    return where(abs_(x) < FAR, x, 0.0)


def _scale(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    return _ratio(d, s, c, log_s) + _share(d, s, c, log_s) * _rise(d, s, c, log_s)


def _shape(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    return _small(_share(d, s, c, log_s)) + _bend(d, s, c, log_s) * _rise(d, s, c, log_s)


def _times(x: Node, e: Node) -> Node:
    """xe, which is 0 where e has vanished, even if x is infinite."""
    return where(equal(e, 0.0), 0.0, x) * e


def _turn(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """w(1 + c − e) + share · e"""
    e = exp(-_hazard(d, s, c, log_s))
    return _net(d, s, c, log_s, (1.0, 0.0)) + _times(_share(d, s, c, log_s), e)


def _turn_slope(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """r times the turn"""
    count = _count(d, s, c, log_s, (0.0, 1.0))
    return _net(d, s, c, log_s, (1.0, 1.0)) + _times(_share(d, s, c, log_s), count)


def _cross(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    e = exp(-_hazard(d, s, c, log_s))
    return _scale(d, s, c, log_s) - _times(_bend(d, s, c, log_s), e)


def _cross_slope(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    """r times the cross"""
    r, count = _rate(d, s, c, log_s), _count(d, s, c, log_s, (0.0, 1.0))
    early = _hazard(d, s, c, log_s) < EARLY
    rise = where(early, count - r, r * _rise(d, s, c, log_s))
    rest = _share(d, s, c, log_s) * rise - _times(_bend(d, s, c, log_s), count)
    return r * _ratio(d, s, c, log_s) + rest


def _shape_2(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    share, bend = _small(_share(d, s, c, log_s)), _bend(d, s, c, log_s)
    e = exp(-_hazard(d, s, c, log_s))
    squares = _times(bend, _times(bend, e)) - share * share
    return squares - _bend_2(d, s, c, log_s) * _rise(d, s, c, log_s)


def _scale_and(
    d: Expression, s: Expression, c: Expression, log_s: Expression, g: Expression
) -> Node:
    # share · turn less g times the scale, of which 1 − w = cz w takes together what is infinite: early the powers of e,
    # and late those of z.
    w, share = _ratio(d, s, c, log_s), _share(d, s, c, log_s)
    t = _hazard(d, s, c, log_s)
    e, rise, own = exp(-t), _rise(d, s, c, log_s), w + g
    early = c * w + own + _times(e, share - own)
    late = c * w - own * rise + _times(share, e)
    return share * where(t < EARLY, early, late) - g * w


def _shape_in_log(
    d: Expression, s: Expression, c: Expression, log_s: Expression, a: Expression
) -> Node:
    e = exp(-_hazard(d, s, c, log_s))
    bend, bend_2 = _bends_in_log(d, s, c, log_s)
    bends = _times(bend_2 - a * bend, -_rise(d, s, c, log_s))
    return (bends + _times(bend, _times(bend, e))) + _log1p_and(d, s, c, log_s, a)


def _shape_of_scale(atom: Moving, gamma: Connection) -> Node | None:
    # Of c = eᵗ that has grown large, c times the share is 1, and both of what the share multiplies too small.
    d, s, c, log_s = atom.args
    if atom.slopes[2] is not c or not atom.alone(2):
        return None
    slope = -pareto_fraction(d, s, c, log_s) * extreme_cross(d, s, c, log_s)
    return slope - gamma.node * atom.node


def _at(d: Expression, s: Expression, c: Expression) -> tuple[Node, Node, Node, Node]:
    """t, e, w and (t − zw)/c as a textbook writes them."""
    t = log(1.0 + c * d / s) / c
    w = s / (s + c * d)
    return t, exp(-t), w, (t - d / s * w) / c


def _textbook_cross(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    _, e, w, bend = _at(d, s, c)
    return w + d / s * w * (e - 1.0) - bend * e


def _textbook_shape(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    _, e, w, bend = _at(d, s, c)
    return d / s * w + bend * (e - 1.0)


def _textbook_shape_2(d: Expression, s: Expression, c: Expression, log_s: Expression) -> Node:
    t, e, w, bend = _at(d, s, c)
    share = d / s * w
    bend_2 = (2.0 * t - 2.0 * share - c * share * share) / (c * c)
    return bend * bend * e - share * share - bend_2 * (e - 1.0)


extreme_share = register("extreme_share", None, lambda d, s, c, log_s: d / (s + c * d), _share)
extreme_turn = register(
    "extreme_turn",
    None,
    lambda d, s, c, log_s: _at(d, s, c)[2] * (1.0 + c - _at(d, s, c)[1] * (1.0 - d / s)),
    _turn,
)
extreme_turn_slope = register(
    "extreme_turn_slope",
    None,
    lambda d, s, c, log_s: (
        _at(d, s, c)[2] * _at(d, s, c)[2] * (1.0 + c - _at(d, s, c)[1] * (1.0 - d / s)) / s
    ),
    _turn_slope,
)
extreme_cross = register("extreme_cross", None, _textbook_cross, _cross)
extreme_cross_slope = register(
    "extreme_cross_slope",
    None,
    lambda d, s, c, log_s: _textbook_cross(d, s, c, log_s) / (s + c * d),
    _cross_slope,
)
extreme_bend = register(
    "extreme_bend",
    None,
    lambda d, s, c, log_s: (1.0 + c) * (_at(d, s, c)[1] - c) / ((s + c * d) * (s + c * d)),
    _bend_of_kernel,
)
extreme_shape_2 = register("extreme_shape_2", None, _textbook_shape_2, _shape_2)
extreme_pull = register(
    "extreme_pull",
    lambda d, s, c, log_s, out: (
        extreme_bend(d, s, c, log_s),
        0.0,
        extreme_cross_slope(d, s, c, log_s),
        -extreme_turn_slope(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: (1.0 + c - _at(d, s, c)[1]) / (s + c * d),
    lambda d, s, c, log_s: _net(d, s, c, log_s, (0.0, 1.0)),
)
extreme_scale = register(
    "extreme_scale",
    lambda d, s, c, log_s, out: (
        -extreme_turn_slope(d, s, c, log_s),
        0.0,
        -extreme_share(d, s, c, log_s) * extreme_cross(d, s, c, log_s),
        extreme_share(d, s, c, log_s) * extreme_turn(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: 1.0 - d / s * _at(d, s, c)[2] * (1.0 + c - _at(d, s, c)[1]),
    _scale,
    first_of(
        along(
            3,
            lambda d, s, c, log_s, out, slope, gamma: extreme_scale_and(d, s, c, log_s, gamma.node),
            (1,),
        ),
        _shape_of_scale,
    ),
)
extreme_scale_and: Atom = register(
    "extreme_scale_and",
    None,
    lambda d, s, c, log_s, g: (
        extreme_share(d, s, c, log_s) * extreme_turn(d, s, c, log_s)
        - g * extreme_scale(d, s, c, log_s)
    ),
    _scale_and,
)
extreme_shape = register(
    "extreme_shape",
    lambda d, s, c, log_s, out: (
        extreme_cross_slope(d, s, c, log_s),
        0.0,
        extreme_shape_2(d, s, c, log_s),
        -extreme_share(d, s, c, log_s) * extreme_cross(d, s, c, log_s),
    ),
    _textbook_shape,
    _shape,
    shape_covariant(lambda: extreme_shape_in_log),
)
extreme_shape_in_log: Atom = register(
    "extreme_shape_in_log",
    None,
    lambda d, s, c, log_s, a: (
        c * (c * extreme_shape_2(d, s, c, log_s) + a * extreme_shape(d, s, c, log_s))
    ),
    _shape_in_log,
)
extreme_kernel: Atom = register(
    "extreme_kernel",
    lambda d, s, c, log_s, out: (
        extreme_pull(d, s, c, log_s),
        0.0,
        extreme_shape(d, s, c, log_s),
        extreme_scale(d, s, c, log_s),
    ),
    lambda d, s, c, log_s: log_s + (1.0 + c) * _at(d, s, c)[0] + _at(d, s, c)[1],
    _kernel,
)


# --- Moments: log Γ(1 − c) = γc + Σ ζ(k) cᵏ/k. ----------------------------------------------------

EULER_GAMMA = 0.5772156649015329
#: ζ(2), ζ(3), …, by their sums with the tail by Euler and Maclaurin.
ZETA = tuple(
    math.fsum(n**-k for n in range(1, 20))
    + 20.0 ** (1 - k) / (k - 1)
    + 0.5 * 20.0**-k
    + k / 12.0 * 20.0 ** (-k - 1)
    - k * (k + 1) * (k + 2) / 720.0 * 20.0 ** (-k - 3)
    + k * (k + 1) * (k + 2) * (k + 3) * (k + 4) / 30240.0 * 20.0 ** (-k - 5)
    for k in range(2, 34)
)
#: Shapes up to which the series are summed.
SERIES = 0.16


def log_gamma_1m(c: Any) -> Node:
    """log Γ(1 − c)/c for c < 1, which is γ at c = 0."""
    c = as_node(c)
    near = abs_(c) < SERIES
    inside = where(near, c, 0.0)
    series = EULER_GAMMA + inside * polynomial(inside, tuple(z / k for k, z in enumerate(ZETA, 2)))
    return where(near, series, lgamma(1.0 - c) / where(near, 1.0, c))


def log_gamma_excess(c: Any) -> Node:
    """(log Γ(1 − 2c) − 2 log Γ(1 − c))/c² for c < ½, which is π²/6 at c = 0."""
    c = as_node(c)
    near = abs_(c) < SERIES
    inside = where(near, c, 0.0)
    series = polynomial(inside, tuple(z * (2.0**k - 2.0) / k for k, z in enumerate(ZETA, 2)))
    apart = lgamma(1.0 - 2.0 * c) - 2.0 * lgamma(1.0 - c)
    by = where(near, 1.0, c)
    return where(near, series, apart / by / by)
