"""GeneralisedPoisson, in log mean and log dispersion."""

from __future__ import annotations

from likely._math.graph import Expression, Node, log, log1p, where
from likely._math.special.logistic import softplus
from likely._math.special.remainders import relative_entropy_of_halves


def _rate(y: Expression, m: Expression, d: Expression) -> tuple[Node, Node, Node]:
    """u = (m + d y)/(1 + d), between m and y, and the shares 1/(1 + d) and d/(1 + d) of both in it."""
    to_m, to_y = 1.0 / (1.0 + d), 1.0 / (1.0 + 1.0 / d)
    return m * to_m + y * to_y, to_m, to_y


def generalised_poisson_deviance(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """y log(y/u) + u − y; y ≥ 1."""
    u, to_m, _ = _rate(y, m, d)
    return relative_entropy_of_halves(y, u, (y - m) * to_m)


def generalised_poisson_log_rate(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """log u"""
    u, _, _ = _rate(y, m, d)
    return log(u)


def generalised_poisson_log_ratio(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """log((m + d y)/m)"""
    return softplus(log_d - log_m + log(y))


def generalised_poisson_slope(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """(m − y)/(1 + d) · m/(m + d y), its derivative in log m."""
    u, to_m, _ = _rate(y, m, d)
    return (m - y) * to_m * (m * to_m * (1.0 / u))


def generalised_poisson_spread(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """((y − m)/(1 + d))² d/(m + d y), less its derivative in log d."""
    u, to_m, to_y = _rate(y, m, d)
    z = (y - m) * to_m
    return z * (1.0 / u) * (z * to_y)


def generalised_poisson_few(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """(m + d y)/(1 + d) + y log(1 + d) − y log m: all of the loss for the counts 0 and 1."""
    growth = where(d < 1.0, log1p(d), softplus(log_d))
    return m * (1.0 / (1.0 + d)) + y * ((1.0 / (1.0 + 1.0 / d)) + (growth - log_m))


def generalised_poisson_few_spread(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """d/(1 + d)·(y + (y − m)/(1 + d)), its derivative in log d."""
    return (1.0 / (1.0 + 1.0 / d)) * (y + (y - m) * (1.0 / (1.0 + d)))
