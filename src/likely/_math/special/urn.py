"""Pólya's urn: BetaBinomial and DirichletMultinomial."""

from __future__ import annotations

from likely._math.graph import Expression, Node, log, where
from likely._math.special.gamma_function import (
    stirling,
    stirling_curve,
    stirling_of_sum,
    stirling_of_sum_curve,
    stirling_of_sum_slope,
    stirling_slope,
)
from likely._math.special.negative_binomial import (
    negative_binomial_deviance,
    negative_binomial_deviance_size,
    negative_binomial_factorial,
    negative_binomial_split,
)
from likely._math.special.rising import rising_curve, rising_slope


def urn_error(y: Expression, s: Expression, log_s: Expression) -> Node:
    """What Stirling's formula leaves of log(y! Γ(s)/Γ(s + y)), y ≥ 1."""
    factorial = negative_binomial_factorial(y, s, log_s)
    return factorial + stirling(s, log_s) - stirling_of_sum(y, s, log_s)


def urn_error_slope(y: Expression, s: Expression, log_s: Expression) -> Node:
    """Its derivative in log s: −1 at 0, where the rest is of order s log s."""
    near = s * (log(s + y) - log_s) - rising_slope(y, s, log_s) - 1.0
    errors = stirling_slope(s, log_s) - stirling_of_sum_slope(y, s, log_s)
    return where(s < 1.0, near, errors - 0.5 * (y / (s + y)))


def urn_error_curve(y: Expression, s: Expression, log_s: Expression) -> Node:
    """Its second derivative in log s."""
    u = y / (s + y)
    near = s * (log(s + y) - log_s - u) - rising_curve(y, s, log_s)
    errors = stirling_curve(s, log_s) - stirling_of_sum_curve(y, s)
    return where(s < 1.0, near, errors + 0.5 * (u * (s / (s + y))))


def urn_deviance(
    y: Expression,
    p: Expression,
    n: Expression,
    k: Expression,
    log_p: Expression,
    log_n: Expression,
    log_k: Expression,
) -> Node:
    """NegativeBinomial's deviance at mean np and size kp: all parts of a composition have one ratio of the two."""
    return negative_binomial_deviance(y, n * p, k * p, log_n + log_p, log_k + log_p)


def urn_deviance_size(
    y: Expression,
    p: Expression,
    n: Expression,
    k: Expression,
    log_p: Expression,
    log_n: Expression,
    log_k: Expression,
) -> Node:
    """Its derivative in log k: s (r − log(1 + r)) with s = kp, m = np and r = (y − m)/(s + m)."""
    return negative_binomial_deviance_size(y, n * p, k * p, log_n + log_p, log_k + log_p)


def urn_deviance_share(
    y: Expression,
    p: Expression,
    n: Expression,
    k: Expression,
    log_p: Expression,
    log_n: Expression,
    log_k: Expression,
) -> Node:
    """Its derivative in log p: −s log(1 + r)."""
    s, m = k * p, n * p
    near, tail, _, logarithm = negative_binomial_split(y, m, s)
    r = (y - m) / (s + m)
    return -s * where(near, 2.0 * (r / (2.0 + r)) + tail, logarithm)


def urn_deviance_cross(
    y: Expression,
    p: Expression,
    n: Expression,
    k: Expression,
    log_p: Expression,
    log_n: Expression,
    log_k: Expression,
) -> Node:
    """Its derivative in both: s (r − log(1 + r)) − s y/(s + y) r, in which s r cancels far from r = 0."""
    s, m = k * p, n * p
    near, tail, v, logarithm = negative_binomial_split(y, m, s)
    d, to_k = y - m, 1.0 / (1.0 + n / k)
    close = s * (d / (s + m) * v - tail) - (s / (s + y)) * (y * (d / (s + m)))
    return where(near, close, s * (d / (s + y) * to_k - logarithm))
