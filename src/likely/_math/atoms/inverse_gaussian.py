"""Atoms of InverseGaussian, in log mean and log shape."""

from __future__ import annotations

from likely._math.atoms import register
from likely._math.connection import along, at
from likely._math.graph import Expression, Node, where


def _share(y: Expression, m: Expression) -> Node:
    """(y − m)/m; −1 where m is beyond all numbers, as a mean of e⁷¹⁰ is."""
    ratio = y / m
    return where(ratio < 0.5, ratio - 1.0, (y - m) / m)


def _deviance(
    y: Expression, m: Expression, k: Expression, log_m: Expression, log_k: Expression
) -> Node:
    """k (y − m)²/(2m²y): half the unit deviance, in the order that overflows last."""
    r = _share(y, m)
    return 0.5 * (k * r) * (r / y)


def _slope(
    y: Expression, m: Expression, k: Expression, log_m: Expression, log_k: Expression
) -> Node:
    """k (m − y)/m²"""
    return -(k / m) * _share(y, m)


inverse_gaussian_slope = register(
    "inverse_gaussian_slope",
    lambda y, m, k, log_m, log_k, out: (
        -k / m / m,
        0.0,
        0.0,
        (k / m) * (y / m + _share(y, m)),
        out,
    ),
    lambda y, m, k, log_m, log_k: k * (m - y) / (m * m),
    _slope,
    along(
        3,
        at(
            {
                -1.0: lambda y, m, k, log_m, log_k: (k / m) * (y / m),
                -2.0: lambda y, m, k, log_m, log_k: k / m,
            }
        ),
        (1,),
    ),
    (None, None, 0.0, None, 1.0),
)
inverse_gaussian_deviance = register(
    "inverse_gaussian_deviance",
    lambda y, m, k, log_m, log_k, out: (
        0.5 * (k * _share(y, m)) * ((1.0 / m + 1.0 / y) / y),
        0.0,
        0.0,
        inverse_gaussian_slope(y, m, k, log_m, log_k),
        out,
    ),
    lambda y, m, k, log_m, log_k: k * (y - m) * (y - m) / (2.0 * m * m * y),
    _deviance,
    degrees=(None, None, 0.0, None, 1.0),
)
# eˣE₁(x), which the entropy has: values only, on NumPy (``_math/entropies.py``), in x and log x.
exponential_integral = register("exponential_integral")
