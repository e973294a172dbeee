"""Gamma, in t = log(y/mean) and log shape."""

from __future__ import annotations

from likely._math.atoms.registry import register_named
from likely._math.atoms.remainders import expm1mx
from likely._math.connection import along, at
from likely._math.graph import Node, exp, expm1, where

#
# Both functions are linear in k; only where eᵗ overflows does the derivative go through log k.


def _unless_over(t: Node, partial: Node) -> Node:
    return where(t > 700.0, 0.0, partial)


def _if_over(t: Node, partial: Node) -> Node:
    return where(t > 700.0, partial, 0.0)


gamma_deviance = register_named(
    "gamma_deviance",
    lambda t, k, log_k, out: (
        gamma_slope(t, k, log_k),
        _unless_over(t, expm1mx(t)),
        _if_over(t, out),
    ),
    lambda t, k, log_k: k * (exp(t) - 1.0 - t),
    degrees=(None, 0.0, 1.0),
)
gamma_slope = register_named(
    "gamma_slope",
    lambda t, k, log_k, out: (
        gamma_exponential(t, k),
        _unless_over(t, expm1(t)),
        _if_over(t, out),
    ),
    lambda t, k, log_k: k * (exp(t) - 1.0),
    along(0, at({1.0: lambda t, k, log_k: k})),
    (None, 0.0, 1.0),
)

gamma_exponential = register_named(
    "gamma_exponential", lambda t, k, out: (out, exp(t)), lambda t, k: k * exp(t)
)
