"""log p(k + 1) − log p(k) of families of counts, and by these what some counts have of all that can be seen."""

from __future__ import annotations

from typing import Any

from likely._math.graph import Node, equal, log, log1p, where
from likely._math.tails.generalised_poisson import log_step as generalised_poisson_step
from likely._math.tails.shares_by_steps import shares_by_steps


def poisson_step(k: Any, m: Any, log_m: Any) -> Node:
    """log(m/(k + 1))"""
    return log_m - log(k + 1.0)


def negative_binomial_step(k: Any, m: Any, s: Any, log_m: Any, log_s: Any) -> Node:
    """(k + s)/(k + 1) · m/(s + m), so that what is large in s or in m has cancelled on paper."""
    sum_ = where(equal(k, 0.0), log_s, log(s + k))
    many = log_m + log1p(k / s) - log1p(m / s)
    return where(m < s, many, sum_ - log1p(s / m)) - log(k + 1.0)


def negative_binomial1_step(k: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    """(k + s)/(k + 1) · d/(1 + d), so that what is large in s = m/d or in d has cancelled on paper."""
    size, ratio = m / d, k * (d / m)
    # Of a large size nothing moves but its logarithm, once it moves in proportion.
    sum_ = where(k < size, log_m - log_d + log1p(ratio), log(where(equal(k, 0.0), 1.0, k) + size))
    many = log_m + log1p(ratio) - log1p(d)
    return where(where(d < 1.0, size, -1.0) < k, sum_ - log1p(1.0 / d), many) - log(k + 1.0)


def _negative_binomial_up(k: Any, m: Any, s: Any, log_m: Any, log_s: Any) -> Node:
    """p(k + 1)/p(k)"""
    return where(m < s, m * (1.0 + k / s) / (1.0 + m / s), (k + s) / (1.0 + s / m)) / (k + 1.0)


def negative_binomial_down(k: Any, m: Any, s: Any, *logs: Any) -> Node:
    """p(k)/p(k + 1), (k + 1)/(k + s) · (1 + s/m), whose second term has no slope in a large size."""
    return (k + 1.0) * (1.0 / (s + k) + 1.0 / (1.0 + k / s) / m)


def _negative_binomial1_up(k: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    few, many = (m + k * d) / (1.0 + d), (m / d + k) / (1.0 + 1.0 / d)
    return where(d < 1.0, few, many) / (k + 1.0)


def _negative_binomial1_down(k: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    return (k + 1.0) * (1.0 / (m + k * d) + 1.0 / (m / d + k))


poisson_share = shares_by_steps("poisson", poisson_step, ("mean",))
negative_binomial_share = shares_by_steps(
    "negative_binomial",
    negative_binomial_step,
    ("mean", "size"),
    (_negative_binomial_up, negative_binomial_down),
)
negative_binomial1_share = shares_by_steps(
    "negative_binomial1",
    negative_binomial1_step,
    ("mean", "dispersion"),
    (_negative_binomial1_up, _negative_binomial1_down),
)
generalised_poisson_share = shares_by_steps(
    "generalised_poisson", generalised_poisson_step, ("mean", "dispersion")
)
