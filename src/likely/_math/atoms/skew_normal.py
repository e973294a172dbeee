"""Atoms of SkewNormal, in the residual d, the scale s, the skewness a and log s; z = d/s, w = az.

With m = φ(w)/Φ(w), the loss needs m, p = −m′ = m(w + m) and b = (wm)′ = m − wp. On the left of w, where m grows
like −w, no two terms of any slope have opposite signs; on the right m vanishes, and with it what it multiplies,
though that be infinite.
"""

from __future__ import annotations

from likely._math.atoms import (
    Atom,
    inverse_mills,
    log_mills,
    log_ndtr,
    mills_gap,
    mills_variance,
    ndtr,
    register,
)
from likely._math.connection import along, at
from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    equal,
    exp,
    log,
    minimum,
    sqrt,
    where,
)
from likely._math.special import mills_straight

#: Left of this p is taken from 1 − p, which vanishes there.
FAR = -6.0
#: Right of this m is 0.
GONE = 40.0


def _argument(d: Expression, s: Expression, a: Expression) -> Node:
    """w; the product with a skewness that is small comes first, so that 0 times ∞ does not arise."""
    return where(abs_(a) < 1.0, (a * d) / s, a * (d / s))


def _times(x: Expression, m: Node) -> Node:
    """xm, which is 0 where m has vanished, even if x is infinite."""
    return where(equal(m, 0.0), 0.0, x) * m


def _slope(w: Expression) -> Node:
    """p: 1 far left, 0 far right."""
    near = minimum(w, GONE)
    return where(w < FAR, 1.0 - mills_variance(w), inverse_mills(w) * mills_gap(near))


def _turn(w: Expression) -> Node:
    """b: −2w far left, 0 far right."""
    return inverse_mills(w) - _times(w, _slope(w))


def _pull(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    return d / s - a * inverse_mills(_argument(d, s, a))


def _scale(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    z, w = d / s, _argument(d, s, a)
    return (1.0 - z * z) + _times(w, inverse_mills(w))


def _lean(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    return -_times(d / s, inverse_mills(_argument(d, s, a)))


def _kernel(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    z = d / s
    return log_s + (0.5 * (z * z) - log_ndtr(_argument(d, s, a)))


def _bend(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    return 1.0 + a * (a * _slope(_argument(d, s, a)))


def _bend_scale(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    w = _argument(d, s, a)
    return d / s + a * _times(w, _slope(w))


def _cross(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    return 2.0 * (d / s) - a * _turn(_argument(d, s, a))


def _cross_scale(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    z, w = d / s, _argument(d, s, a)
    return 2.0 * (z * z) - _times(w, _turn(w))


def _lean_bend(d: Expression, s: Expression, a: Expression, log_s: Expression) -> Node:
    z, p = d / s, _slope(_argument(d, s, a))
    return _times(z, _times(z, p))


def _square_slope(d: Expression, s: Expression, a: Expression) -> Node:
    """w²p"""
    w = _argument(d, s, a)
    return _times(w, _times(w, _slope(w)))


def _textbook(d: Expression, s: Expression, a: Expression) -> tuple[Node, Node, Node, Node]:
    """z, m, p and b as a textbook writes them."""
    z = d / s
    w = a * z
    m = exp(-0.5 * w * w) / (exp(0.5 * log(2.0 * PI)) * ndtr(w))
    p = m * (w + m)
    return z, m, p, m - w * p


skew_bend = register(
    "skew_bend",
    None,
    lambda d, s, a, log_s: 1.0 + a * a * _textbook(d, s, a)[2],
    _bend,
)
skew_bend_scale = register(
    "skew_bend_scale",
    None,
    lambda d, s, a, log_s: d / s * (1.0 + a * a * _textbook(d, s, a)[2]),
    _bend_scale,
)
skew_cross = register(
    "skew_cross",
    None,
    lambda d, s, a, log_s: 2.0 * d / s - a * _textbook(d, s, a)[3],
    _cross,
)
skew_cross_scale = register(
    "skew_cross_scale",
    None,
    lambda d, s, a, log_s: d / s * (2.0 * d / s - a * _textbook(d, s, a)[3]),
    _cross_scale,
)
skew_turn = register(
    "skew_turn",
    None,
    lambda d, s, a, log_s: _textbook(d, s, a)[3],
    lambda d, s, a, log_s: _turn(_argument(d, s, a)),
)
skew_turn_scale = register(
    "skew_turn_scale",
    None,
    lambda d, s, a, log_s: d / s * _textbook(d, s, a)[3],
    lambda d, s, a, log_s: _times(d / s, _turn(_argument(d, s, a))),
)
skew_lean_bend = register(
    "skew_lean_bend",
    None,
    lambda d, s, a, log_s: d / s * d / s * _textbook(d, s, a)[2],
    _lean_bend,
)
# As 1/s and as 1/s² move, the loss has z² and w² in its second derivatives, or is nearly linear.
skew_squares = register(
    "skew_squares",
    None,
    lambda d, s, a, log_s: 1.0 + d / s * d / s * (1.0 + a * a * _textbook(d, s, a)[2]),
    lambda d, s, a, log_s: 1.0 + d / s * (d / s) + _square_slope(d, s, a),
)
skew_straight = register(
    "skew_straight",
    None,
    lambda d, s, a, log_s: (
        2.0 + a * d / s * (a * d / s * _textbook(d, s, a)[2] + _textbook(d, s, a)[1])
    ),
    lambda d, s, a, log_s: mills_straight(_argument(d, s, a)),
)
skew_pull = register(
    "skew_pull",
    lambda d, s, a, log_s, out: (
        skew_bend(d, s, a, log_s) / s,
        0.0,
        -skew_turn(d, s, a, log_s),
        -skew_bend_scale(d, s, a, log_s),
    ),
    lambda d, s, a, log_s: d / s - a * _textbook(d, s, a)[1],
    _pull,
)
skew_lean = register(
    "skew_lean",
    lambda d, s, a, log_s, out: (
        -skew_turn(d, s, a, log_s) / s,
        0.0,
        skew_lean_bend(d, s, a, log_s),
        skew_turn_scale(d, s, a, log_s),
    ),
    lambda d, s, a, log_s: -d / s * _textbook(d, s, a)[1],
    _lean,
)
skew_scale = register(
    "skew_scale",
    lambda d, s, a, log_s, out: (
        -skew_cross(d, s, a, log_s) / s,
        0.0,
        skew_turn_scale(d, s, a, log_s),
        skew_cross_scale(d, s, a, log_s),
    ),
    lambda d, s, a, log_s: 1.0 - d / s * (d / s - a * _textbook(d, s, a)[1]),
    _scale,
    along(
        3,
        at(
            {
                -1.0: lambda d, s, a, log_s: skew_squares(d, s, a, log_s),
                -2.0: lambda d, s, a, log_s: skew_straight(d, s, a, log_s),
            }
        ),
        (1,),
    ),
)
skew_kernel: Atom = register(
    "skew_kernel",
    lambda d, s, a, log_s, out: (
        skew_pull(d, s, a, log_s) / s,
        0.0,
        skew_lean(d, s, a, log_s),
        skew_scale(d, s, a, log_s),
    ),
    lambda d, s, a, log_s: log_s + 0.5 * (d / s) * (d / s) - log_ndtr(a * d / s),
    _kernel,
)


def _mode(a: Expression) -> Node:
    """z = am where m = φ(a²m)/Φ(a²m): Newton on log m, whose equation is concave and decreasing."""
    large = abs_(a) > 1.0
    size = where(large, abs_(a), 1.0)
    zero = inverse_mills(0.0 * a)
    m = log(where(large, sqrt(1.0 + 4.0 * log(size)) / size / size, zero))
    for _ in range(7):
        w = a * (a * exp(m))
        m = m - (log_mills(w) + m) / (1.0 + w * mills_gap(w))
    return a * exp(m)


#: Where the density is largest: values only, and no formula of the textbook's.
skew_normal_mode = register("skew_normal_mode", expansion=_mode)

# E log Φ(aZ), which the entropy has: values only, on NumPy (``_math/entropies.py``).
mean_log_skew = register("mean_log_skew")
