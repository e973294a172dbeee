"""NegativeBinomial with variance m(1 + d), in log mean and log d."""

from __future__ import annotations

from likely._math.graph import Expression, Node, log1p, where
from likely._math.special.negative_binomial import (
    negative_binomial_deviance,
    negative_binomial_deviance_size,
    negative_binomial_split,
)


def linear_variance_deviance(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """NegativeBinomial's deviance at size m/d, where the variance is m (1 + d)."""
    return negative_binomial_deviance(y, m, m / d, log_m, log_m - log_d)


def linear_variance_slope(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s log(1 + r) with s = m/d and r = (y − m)/(s + m): less its derivative in log m."""
    s = m / d
    near, tail, _, logarithm = negative_binomial_split(y, m, s)
    r = (y - m) / (s + m)
    return s * where(near, 2.0 * (r / (2.0 + r)) + tail, logarithm)


def linear_variance_excess(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s (r − log(1 + r)), less the deviance's derivative in log d."""
    return negative_binomial_deviance_size(y, m, m / d, log_m, log_m - log_d)


def linear_variance_cross(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s (s r/(s + y) − log(1 + r)), their other derivative: for s → ∞ both terms are s r."""
    s = m / d
    near, tail, v, logarithm = negative_binomial_split(y, m, s)
    to_s_of_y = 1.0 / (1.0 + y / s)
    r = (y - m) / (s + m)
    close = s * r * v - s * tail - r * (y * to_s_of_y)
    return where(near, close, (y - m) / (1.0 + d) * to_s_of_y - s * logarithm)


def linear_variance_zeros(
    m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """(m/d) log(1 + d), which tends to m for d → 0."""
    return m / d * log1p(d)
