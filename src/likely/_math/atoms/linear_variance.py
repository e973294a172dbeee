"""NegativeBinomial with variance m(1 + d), in log mean and log d."""

from __future__ import annotations

from likely._math.atoms.negative_binomial import _deviance_in_1_over_size
from likely._math.atoms.registry import register_named
from likely._math.atoms.remainders import log1p_residual, log1p_residual_over
from likely._math.connection import along, at
from likely._math.graph import Node, log, where


def _excess_in_dispersion(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    # d is m over the size.
    return -_deviance_in_1_over_size(y, m, m / d, log_m, log_m - log_d)


def _residual(y: Node, m: Node, d: Node, log_m: Node, log_d: Node) -> Node:
    # s (log(1 + x) − x/(1 + x)) with x = y/s, which may overflow where its logarithm does not; of s beyond all numbers
    # nothing is left.
    s, x = m / d, y * (d / m)
    residual = where(x > 1e300, log(y) + (log_d - log_m) - 1.0, log1p_residual(x))
    return where(s < 1e300, s * residual, 0.0)


linear_variance_deviance = register_named(
    # In log m with d held, the two slopes of NegativeBinomial are taken together on paper.
    "linear_variance_deviance",
    lambda y, m, d, log_m, log_d, out: (
        log(y / m) - log((m / d + y) / (m / d + m)),
        0.0,
        0.0,
        -linear_variance_slope(y, m, d, log_m, log_d),
        -linear_variance_excess(y, m, d, log_m, log_d),
    ),
    lambda y, m, d, log_m, log_d: y * log(y / m) - (m / d + y) * log((m / d + y) / (m / d + m)),
)
linear_variance_slope = register_named(
    "linear_variance_slope",
    lambda y, m, d, log_m, log_d, out: (
        1.0 / (1.0 + y * (d / m)),
        0.0,
        0.0,
        # s log((s + y)/(s + m)) − sy/(s + y), of which the two logarithms are taken apart: for d → 0 both terms are y.
        _residual(y, m, d, log_m, log_d) - linear_variance_zeros(m, d, log_m, log_d),
        linear_variance_cross(y, m, d, log_m, log_d),
    ),
    lambda y, m, d, log_m, log_d: m / d * log((m / d + y) / (m / d + m)),
)
linear_variance_excess = register_named(
    "linear_variance_excess",
    lambda y, m, d, log_m, log_d, out: (
        (y - m) / (1.0 + d) / (m / d + y),
        0.0,
        0.0,
        linear_variance_cross(y, m, d, log_m, log_d),
        -linear_variance_excess_2(y, m, d),
    ),
    lambda y, m, d, log_m, log_d: (y - m) / (1.0 + d) - m / d * log((m / d + y) / (m / d + m)),
    along(4, at({1.0: _excess_in_dispersion}), (2,)),
)
linear_variance_excess_2 = register_named(
    "linear_variance_excess_2",
    None,
    lambda y, m, d: (
        (y - m) / (1.0 + d)
        - m / d * log((m / d + y) / (m / d + m))
        - (y - m) / (1.0 + d) * ((y - m) / (1.0 + d) / (m / d + y))
    ),
)
linear_variance_cross = register_named(
    "linear_variance_cross",
    None,
    lambda y, m, d, log_m, log_d: (
        (y - m) / (1.0 + d) / (1.0 + y * (d / m)) - m / d * log((m / d + y) / (m / d + m))
    ),
)
linear_variance_zeros = register_named(
    "linear_variance_zeros",
    lambda m, d, log_m, log_d, out: (0.0, 0.0, out, -(m * log1p_residual_over(d))),
    lambda m, d, log_m, log_d: m / d * log(1.0 + d),
    degrees=(0.0, None, 1.0, None),
)
