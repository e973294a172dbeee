"""Atoms of JohnsonSU, in the residual d, the scale s and log s; u = d/s.

Every slope is a product of r = 1/√(s² + d²), the sine d·r and the share (s·r)², none of which overflows.
"""

from __future__ import annotations

from likely._math.atoms import Atom, register
from likely._math.graph import Expression, Node, abs_, log, log1p, sign, sqrt, where

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
)
log_hypot: Atom = register(
    "log_hypot",
    lambda d, s, log_s, out: (
        hypot_sine(d, s, log_s) * hypot_reciprocal(d, s, log_s),
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
