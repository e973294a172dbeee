"""Atoms of JohnsonSU, in the residual d, the scale s and log s; u = d/s.

Every slope is a product of r = 1/√(s² + d²), the sine d·r and the share (s·r)², none of which overflows.
"""

from __future__ import annotations

from typing import Any

from likely._math.atoms import Atom, register
from likely._math.connection import residual
from likely._math.graph import (
    Expression,
    Node,
    abs_,
    exp,
    log,
    log1p,
    maximum,
    minimum,
    sign,
    sqrt,
    where,
)
from likely._math.tails.between import _mean

#: Beyond this 1 + u² is u², and not much further that overflows.
FAR = 1e100


def _split(d: Expression, s: Expression) -> tuple[Node, Node, Node]:
    """Whether |u| < FAR, u where it is, and |d| where it is not."""
    u = d / s
    near = abs_(u) < FAR
    return near, where(near, u, 0.0), abs_(where(near, 1.0, d))


def _arsinh(d: Expression, s: Expression, log_s: Expression) -> Node:
    """arsinh(d/s), odd in d."""
    near, u, size = _split(d, s)
    square = u * u
    close = log1p(abs_(u) + square / (1.0 + sqrt(1.0 + square)))
    return sign(d) * where(near, close, (log(2.0) - log_s) + log(size))


def _log_hypot(d: Expression, s: Expression, log_s: Expression) -> Node:
    """½ log(s² + d²)"""
    near, u, size = _split(d, s)
    return where(near, 0.5 * log1p(u * u) + log_s, log(size))


def _reciprocal(d: Expression, s: Expression, log_s: Expression) -> Node:
    """1/√(s² + d²)"""
    near, u, size = _split(d, s)
    return where(near, 1.0 / sqrt(1.0 + u * u) / s, 1.0 / size)


def _sine(d: Expression, s: Expression, log_s: Expression) -> Node:
    """d/√(s² + d²)"""
    near, u, _ = _split(d, s)
    return where(near, u / sqrt(1.0 + u * u), sign(d))


def _share(d: Expression, s: Expression, log_s: Expression) -> Node:
    """s²/(s² + d²)"""
    near, u, size = _split(d, s)
    return where(near, 1.0 / (1.0 + u * u), (s / size) * (s / size))


def _pull_in_log(
    y: Expression, m: Expression, d: Expression, s: Expression, log_s: Expression
) -> Node:
    r, sine = _reciprocal(d, s, log_s), _sine(d, s, log_s)
    return r * (_share(d, s, log_s) * ((d - m) * r) + sine * sine * (y * r))


hypot_share: Atom = register(
    "hypot_share",
    lambda d, s, log_s, out: (
        -2.0 * out * hypot_sine(d, s, log_s) * hypot_reciprocal(d, s, log_s),
        0.0,
        2.0 * out * (hypot_sine(d, s, log_s) * hypot_sine(d, s, log_s)),
    ),
    lambda d, s, log_s: s * s / (s * s + d * d),
    _share,
)
hypot_sine: Atom = register(
    "hypot_sine",
    lambda d, s, log_s, out: (
        hypot_share(d, s, log_s) * hypot_reciprocal(d, s, log_s),
        0.0,
        -out * hypot_share(d, s, log_s),
    ),
    lambda d, s, log_s: d / sqrt(s * s + d * d),
    _sine,
)
hypot_reciprocal: Atom = register(
    "hypot_reciprocal",
    lambda d, s, log_s, out: (
        -hypot_sine(d, s, log_s) * out * out,
        0.0,
        -out * hypot_share(d, s, log_s),
    ),
    lambda d, s, log_s: 1.0 / sqrt(s * s + d * d),
    _reciprocal,
    residual(lambda y, m, d, s, log_s: hypot_in_log(y, d, s, log_s)),
)
hypot_in_log: Atom = register(
    # r³ (s² + dy)
    "hypot_in_log",
    None,
    lambda y, d, s, log_s: (s * s + d * y) / ((s * s + d * d) * sqrt(s * s + d * d)),
    lambda y, d, s, log_s: (
        _reciprocal(d, s, log_s)
        * (_share(d, s, log_s) + _sine(d, s, log_s) * (y * _reciprocal(d, s, log_s)))
    ),
)
hypot_pull: Atom = register(
    "hypot_pull",
    lambda d, s, log_s, out: (
        hypot_pull_slope(d, s, log_s),
        0.0,
        -2.0 * out * hypot_share(d, s, log_s),
    ),
    lambda d, s, log_s: d / (s * s + d * d),
    lambda d, s, log_s: _sine(d, s, log_s) * _reciprocal(d, s, log_s),
    residual(lambda y, m, d, s, log_s: hypot_pull_in_log(y, m, d, s, log_s)),
)
hypot_pull_slope: Atom = register(
    "hypot_pull_slope",
    None,
    lambda d, s, log_s: (s * s - d * d) / ((s * s + d * d) * (s * s + d * d)),
    lambda d, s, log_s: (
        (_share(d, s, log_s) - _sine(d, s, log_s) * _sine(d, s, log_s))
        * _reciprocal(d, s, log_s)
        * _reciprocal(d, s, log_s)
    ),
)
hypot_pull_in_log: Atom = register(
    "hypot_pull_in_log",
    None,
    lambda y, m, d, s, log_s: (s * s * (d - m) + d * d * y) / ((s * s + d * d) * (s * s + d * d)),
    _pull_in_log,
)
log_hypot: Atom = register(
    "log_hypot",
    lambda d, s, log_s, out: (
        hypot_pull(d, s, log_s),
        0.0,
        hypot_share(d, s, log_s),
    ),
    lambda d, s, log_s: 0.5 * log(s * s + d * d),
    _log_hypot,
)
arsinh_ratio: Atom = register(
    "arsinh_ratio",
    lambda d, s, log_s, out: (
        hypot_reciprocal(d, s, log_s),
        0.0,
        -hypot_sine(d, s, log_s),
    ),
    lambda d, s, log_s: log(d / s + sqrt(d * d / (s * s) + 1.0)),
    _arsinh,
)


# --- Intervals: Δ = arsinh(e/s) − arsinh(d/s) with e = d + gap, gap > 0. -------------------------
#
# With H = √(s² + d²) and K = √(s² + e²), the differences of r and of the sine at both ends are
# −gap (d + e)/((H + K) H K) and, of one sign, s² gap (|d| + |e|)/((|e| H + |d| K) H K): nothing cancels in a
# narrow interval. What is left of their derivatives are differences of powers, with the same factors.


def _hypot(d: Expression, s: Expression) -> Node:
    """√(s² + d²)"""
    large, small = maximum(abs_(d), s), minimum(abs_(d), s)
    return large * sqrt(1.0 + (small / large) * (small / large))


def _one_sign(d: Expression, e: Expression) -> Node:
    return where(d < 0.0, e, 0.0) <= 0.0


def _rise(d: Expression, gap: Expression, s: Expression, log_s: Expression) -> Node:
    """Δ; of one sign the log1p of ((|e| − |d|) + (K − H))/(|d| + H), seen from the end nearer to 0."""
    e = d + gap
    near, far = minimum(abs_(d), abs_(e)), maximum(abs_(d), abs_(e))
    h, k = _hypot(near, s), _hypot(far, s)
    along = log1p(gap / (near + h) * (1.0 + (near + far) / (h + k)))
    across = _arsinh(e, s, log_s) - _arsinh(d, s, log_s)
    return where(_one_sign(d, e), along, across)


def _log_rise(d: Expression, gap: Expression, s: Expression, log_s: Expression) -> Node:
    return log(_rise(d, gap, s, log_s))


def _spacing(d: Expression, gap: Expression, s: Expression, log_s: Expression) -> Node:
    """gap/Δ, which is H where the interval is a point."""
    point = gap <= 0.0
    inside = gap * exp(-_log_rise(d, where(point, s, gap), s, log_s))
    return where(point, _hypot(d, s), inside)


def _rise_slope(d: Expression, gap: Expression, s: Expression, log_s: Expression) -> Node:
    """The difference of r over Δ, ∂ log Δ/∂d."""
    e = d + gap
    h, k = _hypot(d, s), _hypot(e, s)
    return -(_spacing(d, gap, s, log_s) / h) * ((d + e) / (h + k) / k)


def _rise_share(d: Expression, gap: Expression, s: Expression, log_s: Expression) -> Node:
    """The difference of the sine over Δ, −∂ log Δ/∂log s."""
    e = d + gap
    h, k = _hypot(d, s), _hypot(e, s)
    both = abs_(d) + abs_(e)
    # At loc both ends are one, as are H and K.
    whole = where(both > 0.0, both, 1.0)
    middle = where(both > 0.0, (abs_(e) / whole) * h + (abs_(d) / whole) * k, h)
    along = (s / h) * (s / k) * (_spacing(d, gap, s, log_s) / middle)
    across = (_sine(e, s, log_s) - _sine(d, s, log_s)) * exp(-_log_rise(d, gap, s, log_s))
    return where(_one_sign(d, e), along, across)


def _rise_rest(d: Expression, gap: Expression, s: Expression, log_s: Expression) -> Node:
    """1 less the difference of the sine over Δ: the mean of sine² over the interval of arsinh u."""
    small = maximum(abs_(d), abs_(d + gap)) < 0.5 * s
    u, width = (where(small, x, 0.0) / s for x in (d, gap))

    def integrand(x: Node) -> Node:
        square = (u + x) * (u + x)
        return square / ((1.0 + square) * sqrt(1.0 + square))

    near = _mean(integrand, width) * (_spacing(d, gap, s, log_s) / s)
    return where(small, near, 1.0 - _rise_share(d, gap, s, log_s))


def _textbook_rise(d: Node, gap: Node, s: Node, log_s: Node) -> Node:
    return arsinh_ratio(d + gap, s, log_s) - arsinh_ratio(d, s, log_s)


def _rise_slope_rule(d: Node, gap: Node, s: Node, log_s: Node, out: Node) -> tuple[Any, ...]:
    e = d + gap
    share = arsinh_rise_share(d, gap, s, log_s)
    r, q = hypot_reciprocal(d, s, log_s), hypot_reciprocal(e, s, log_s)
    sine, end = hypot_sine(d, s, log_s), hypot_sine(e, s, log_s)
    return (
        -(share * q * q + sine * out * (r + q)) - out * out,
        -(end * q + out) * q * exp(-log_arsinh_rise(d, gap, s, log_s)),
        0.0,
        out * (share - _three(d, e, s, log_s)),
    )


def _rise_share_rule(d: Node, gap: Node, s: Node, log_s: Node, out: Node) -> tuple[Any, ...]:
    e = d + gap
    slope = arsinh_rise_slope(d, gap, s, log_s)
    sine, end = hypot_sine(d, s, log_s), hypot_sine(e, s, log_s)
    pull = hypot_reciprocal(e, s, log_s) * exp(-log_arsinh_rise(d, gap, s, log_s))
    return (
        slope * (_three(d, e, s, log_s) - out),
        (hypot_share(e, s, log_s) - out) * pull,
        0.0,
        out * ((sine * sine + sine * end + end * end) - arsinh_rise_rest(d, gap, s, log_s)),
    )


def _three(d: Node, e: Node, s: Node, log_s: Node) -> Node:
    """s² (1/H² + 1/HK + 1/K²)"""
    r, q = s * hypot_reciprocal(d, s, log_s), s * hypot_reciprocal(e, s, log_s)
    return r * r + r * q + q * q


arsinh_rise_rest: Atom = register(
    "arsinh_rise_rest",
    None,
    lambda d, gap, s, log_s: (
        1.0
        - (hypot_sine(d + gap, s, log_s) - hypot_sine(d, s, log_s))
        / _textbook_rise(d, gap, s, log_s)
    ),
    _rise_rest,
)
arsinh_rise_share: Atom = register(
    "arsinh_rise_share",
    _rise_share_rule,
    lambda d, gap, s, log_s: (
        (hypot_sine(d + gap, s, log_s) - hypot_sine(d, s, log_s)) / _textbook_rise(d, gap, s, log_s)
    ),
    _rise_share,
)
arsinh_rise_slope: Atom = register(
    "arsinh_rise_slope",
    _rise_slope_rule,
    lambda d, gap, s, log_s: (
        (hypot_reciprocal(d + gap, s, log_s) - hypot_reciprocal(d, s, log_s))
        / _textbook_rise(d, gap, s, log_s)
    ),
    _rise_slope,
)
arsinh_rise: Atom = register(
    "arsinh_rise",
    lambda d, gap, s, log_s, out: (
        out * arsinh_rise_slope(d, gap, s, log_s),
        hypot_reciprocal(d + gap, s, log_s),
        0.0,
        -out * arsinh_rise_share(d, gap, s, log_s),
    ),
    _textbook_rise,
    _rise,
)
log_arsinh_rise: Atom = register(
    "log_arsinh_rise",
    lambda d, gap, s, log_s, out: (
        arsinh_rise_slope(d, gap, s, log_s),
        hypot_reciprocal(d + gap, s, log_s) * exp(-out),
        0.0,
        -arsinh_rise_share(d, gap, s, log_s),
    ),
    lambda d, gap, s, log_s: log(_textbook_rise(d, gap, s, log_s)),
    _log_rise,
)


def log_rise_from(d: Any, before: Any, gap: Any, s: Any, log_s: Any, log_rise: Any) -> Node:
    """log ΔH, with H at d and Δ over the gap that begins at d + before; log_rise is log Δ.

    In a narrow gap that is the logarithm of the gap and of the mean of H/K in it, which hardly depend on s.
    """
    r = hypot_reciprocal(d, s, log_s)

    def less(x: Node) -> Node:
        """H/K − 1 at so much into the gap."""
        step = before + x
        rise = (step * r) * ((2.0 * d + step) * r)  # K²/H² − 1
        return -rise / (1.0 + rise + sqrt(1.0 + rise))

    narrow = gap * r < 0.3
    inside = _mean(less, where(narrow, gap, 0.0))
    return where(narrow, log(gap) + log1p(inside), log_rise + log_hypot(d, s, log_s))


# E log cosh(aZ + b) of a standard Normal Z, which the entropy has: values only, on NumPy (``_math/entropies.py``).
mean_log_cosh: Atom = register("mean_log_cosh")
