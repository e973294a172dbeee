"""Gamma, in t = log(y/mean) and log shape."""

from __future__ import annotations

import math
from collections.abc import Callable

from likely._math.graph import Expression, Node, exp, expm1, where
from likely._math.special.remainders import expm1mx


def _scaled_exponential(
    t: Expression, k: Expression, function: Callable[[Expression], Node]
) -> Node:
    """k times eᵗ less something small: k may bring back into range what eᵗ overflows."""
    over = t > 700.0
    return (k * function(where(over, t - 600.0, t))) * where(over, math.exp(600.0), 1.0)


def gamma_deviance(t: Expression, k: Expression, log_k: Expression) -> Node:
    """k (eᵗ − 1 − t): half the unit deviance of Gamma at shape k."""
    return _scaled_exponential(t, k, expm1mx)


def gamma_slope(t: Expression, k: Expression, log_k: Expression) -> Node:
    """k (eᵗ − 1)"""
    return _scaled_exponential(t, k, expm1)


def gamma_exponential(t: Expression, k: Expression) -> Node:
    """k eᵗ"""
    return _scaled_exponential(t, k, exp)
