"""Atoms of SkewNormal: −log Φ(x) with x = sinh(w)·d/s, for the residual d, the scale s, the skewness w.

With m = φ/Φ and r = x + m, the second derivatives are products of m·r and m·(1 − x·r). Far left m is −x and r is
−1/x, each with all its digits by a continued fraction. A factor that is exactly 0 wins over one that
has overflowed.
"""

from __future__ import annotations

from likely._math import special
from likely._math.atoms import HALF_LOG_2PI, Atom, ndtr, register
from likely._math.graph import Expression, Node, exp, log, where
from likely._math.hyperbolic import cosh, sinh

#: Left of −FAR the continued fraction has as many digits as float64.
FAR = 12.0
TERMS = 18


def _argument(d: Expression, s: Expression, w: Expression) -> Node:
    # In this order w = 0 makes 0 of a d/s that would overflow.
    return (sinh(w) * d) / s


def _times(small: Node, factor: Node) -> Node:
    return where(small == 0.0, 0.0, small * factor)


def _far(x: Expression) -> tuple[Node, Node, Node]:
    """Whether x < −FAR, and there r = 1/(t + 2/(t + 3/(t + …))) and t·r with t = −x."""
    far = x < -FAR
    t = where(far, -x, FAR)
    rest = TERMS / t
    for k in range(TERMS - 1, 1, -1):
        rest = k / (t + rest)
    return far, 1.0 / (t + rest), 1.0 / (1.0 + rest / t)


def _mills(x: Expression) -> Node:
    """m(x) = φ(x)/Φ(x)"""
    return special.inverse_mills(x)


def _bend(x: Expression) -> Node:
    """m·r = −m′, between 0 and 1."""
    far, r, share = _far(x)
    m = _mills(x)
    return where(far, share + r * r, m * (where(x > 1e3, 0.0, x) + m))


def _cross(x: Expression) -> Node:
    """m·(1 − x·r) = m + x·m′"""
    far, _, share = _far(x)
    m = _mills(x)
    y = where(x > 1e3, 0.0, x)
    return m * where(far, 1.0 + share, 1.0 - y * (y + m))


def _textbook_mills(x: Expression) -> Node:
    return exp(-0.5 * x * x - HALF_LOG_2PI) / ndtr(x)


def _textbook_bend(x: Expression) -> Node:
    return _textbook_mills(x) * (x + _textbook_mills(x))


def _textbook_cross(x: Expression) -> Node:
    return _textbook_mills(x) - x * _textbook_bend(x)


def _bend_skewness(d: Expression, s: Expression, w: Expression, log_s: Expression) -> Node:
    """m·r·(z cosh w)² − m·z·sinh w"""
    x, z = _argument(d, s, w), d / s
    rise = _times(_times(_bend(x), z), z) * (cosh(w) * cosh(w))
    return rise - _times(sinh(w), _times(_mills(x), z))


def _product(d: Expression, s: Expression, w: Expression) -> Node:
    return sinh(w) * d / s


skew_bend_loc = register(
    "skew_bend_loc",
    None,
    lambda d, s, w, log_s: _textbook_bend(_product(d, s, w)) * sinh(w) * sinh(w),
    lambda d, s, w, log_s: _bend(_argument(d, s, w)) * sinh(w) * sinh(w),
)
skew_bend_skewness = register(
    "skew_bend_skewness",
    None,
    lambda d, s, w, log_s: (
        _textbook_bend(_product(d, s, w)) * (d / s * cosh(w)) * (d / s * cosh(w))
        - _textbook_mills(_product(d, s, w)) * (d / s) * sinh(w)
    ),
    _bend_skewness,
)
skew_cross = register(
    "skew_cross",
    None,
    lambda d, s, w, log_s: _textbook_cross(_product(d, s, w)),
    lambda d, s, w, log_s: _cross(_argument(d, s, w)),
)
skew_cross_skewness = register(
    "skew_cross_skewness",
    None,
    lambda d, s, w, log_s: _textbook_cross(_product(d, s, w)) * (d / s) * cosh(w),
    lambda d, s, w, log_s: _times(_cross(_argument(d, s, w)), d / s) * cosh(w),
)
skew_cross_scale = register(
    "skew_cross_scale",
    None,
    lambda d, s, w, log_s: _textbook_cross(_product(d, s, w)) * _product(d, s, w),
    lambda d, s, w, log_s: _times(_cross(_argument(d, s, w)), _argument(d, s, w)),
)
skew_pull = register(
    "skew_pull",
    lambda d, s, w, log_s, out: (
        -skew_bend_loc(d, s, w, log_s) / s,
        0.0,
        cosh(w) * skew_cross(d, s, w, log_s),
        out - sinh(w) * skew_cross(d, s, w, log_s),
    ),
    lambda d, s, w, log_s: _textbook_mills(_product(d, s, w)) * sinh(w),
    lambda d, s, w, log_s: _mills(_argument(d, s, w)) * sinh(w),
)
skew_scale = register(
    "skew_scale",
    lambda d, s, w, log_s, out: (
        sinh(w) * skew_cross(d, s, w, log_s) / s,
        0.0,
        skew_cross_skewness(d, s, w, log_s),
        -skew_cross_scale(d, s, w, log_s),
    ),
    lambda d, s, w, log_s: _textbook_mills(_product(d, s, w)) * _product(d, s, w),
    lambda d, s, w, log_s: _times(_mills(_argument(d, s, w)), _argument(d, s, w)),
)
skew_skewness = register(
    "skew_skewness",
    lambda d, s, w, log_s, out: (
        cosh(w) * skew_cross(d, s, w, log_s) / s,
        0.0,
        -skew_bend_skewness(d, s, w, log_s),
        -skew_cross_skewness(d, s, w, log_s),
    ),
    lambda d, s, w, log_s: _textbook_mills(_product(d, s, w)) * (d / s) * cosh(w),
    lambda d, s, w, log_s: _times(_mills(_argument(d, s, w)), d / s) * cosh(w),
)
skew_kernel: Atom = register(
    "skew_kernel",
    lambda d, s, w, log_s, out: (
        -skew_pull(d, s, w, log_s) / s,
        0.0,
        -skew_skewness(d, s, w, log_s),
        skew_scale(d, s, w, log_s),
    ),
    lambda d, s, w, log_s: -log(ndtr(_product(d, s, w))),
    lambda d, s, w, log_s: -special.log_ndtr(_argument(d, s, w)),
)
