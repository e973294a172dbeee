"""log p(k + 1) − log p(k) of families of counts, and by these what some counts have of all that can be seen."""

from __future__ import annotations

from typing import Any

from likely._math.atoms import (
    count_error,
    negative_binomial_deviance,
    relative_entropy_of,
    stirling,
    stirling_of_sum,
)
from likely._math.graph import Node, equal, exp, log, log1p, maximum, minimum, where
from likely._math.tails.count_jumps import log_widened
from likely._math.tails.generalised_poisson import log_jump as generalised_poisson_jump
from likely._math.tails.generalised_poisson import log_step as generalised_poisson_step
from likely._math.tails.shares_by_steps import shares_by_steps


def poisson_step(k: Any, m: Any, log_m: Any) -> Node:
    """log(m/(k + 1))"""
    return log_m - log(k + 1.0)


def poisson_jump(k: Any, start: Any, m: Any, log_m: Any) -> Node:
    """log p(k) − log p(start), of which k!/start! is (k − start) log start and what Stirling's formula leaves."""
    end = maximum(start, 1.0)
    log_end, apart = log(end), k - end
    errors = count_error(k) - count_error(end)
    factorials = relative_entropy_of(k, end, apart, log(k), log_end) + errors
    return (k - start) * log_m - (apart * log_end + factorials)


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


def _of_size(k: Any, start: Any, step: Any, s: Any, log_s: Any) -> Node:
    """log p(k) − log p(start) of a Negative Binomial of size s, from the ``step(n)`` at n, the larger of both.

    It is n − l such steps, l the smaller one, and the saddle-point form of p(l) about the mean n: where l and n are on
    one side of the mean what either has of the size is of one sign, as what either has of m or d.
    """
    up = start < k
    most, least = where(up, k, start), where(up, start, k)
    apart, some = most - least, maximum(least, 1.0)
    deviance = negative_binomial_deviance(least, most, s, log(most), log_s)
    of_least = where(least < 1.0, stirling(s, log_s), stirling_of_sum(some, s, log_s))
    errors = stirling_of_sum(most, s, log_s) - of_least - (count_error(most) - count_error(least))
    rise = apart * (step(most) + log1p(1.0 / most)) + deviance
    rise = rise + (errors - 0.5 * log_widened(s + least, apart))
    return where(up, rise, -rise)


def negative_binomial_jump(k: Any, start: Any, m: Any, s: Any, log_m: Any, log_s: Any) -> Node:
    """log p(k) − log p(start)"""
    return _of_size(k, start, lambda n: negative_binomial_step(n, m, s, log_m, log_s), s, log_s)


def negative_binomial1_jump(k: Any, start: Any, m: Any, d: Any, log_m: Any, log_d: Any) -> Node:
    """log p(k) − log p(start)"""

    def step(n: Any) -> Node:
        return negative_binomial1_step(n, m, d, log_m, log_d)

    return _of_size(k, start, step, m / d, log_m - log_d)


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


def binomial_step(k: Any, odds: Any, log_odds: Any, trials: Any) -> Node:
    """(n − k)/(k + 1) · λ/(1 − λ)"""
    return log_odds + (log(trials - k) - log(k + 1.0))


def beta_binomial_step(k: Any, odds: Any, b: Any, log_odds: Any, log_b: Any, trials: Any) -> Node:
    """(n − k)/(k + 1) · (k + a)/(n − k − 1 + b), so that what is large in both a = b λ/(1 − λ) and b has cancelled."""
    a, left = b * odds, trials - k - 1.0
    many_hits, many_misses = k < a, left < b
    common = where(
        many_hits,
        where(many_misses, log_odds, log_odds + log_b),
        where(many_misses, -log_b, 0.0),
    )
    hits = where(many_hits, log1p(k / a), _log_sum(k, a))
    misses = where(many_misses, log1p(left / b), _log_sum(left, b))
    return common + hits - misses + (log(trials - k) - log(k + 1.0))


def _log_sum(k: Any, a: Any) -> Node:
    """log(k + a) for a ≤ k."""
    some = where(equal(k, 0.0), 1.0, k)
    return log(some) + log1p(a / some)


def _beta_binomial_up(k: Any, odds: Any, b: Any, log_odds: Any, log_b: Any, trials: Any) -> Node:
    left = trials - k - 1.0
    ratio = where(left < b, (odds + k / b) / (1.0 + left / b), (k + b * odds) / (left + b))
    return ratio * (trials - k) / (k + 1.0)


def _beta_binomial_down(k: Any, odds: Any, b: Any, log_odds: Any, log_b: Any, trials: Any) -> Node:
    a, left = b * odds, trials - k - 1.0
    ratio = where(k < a, (1.0 / odds + left / a) / (1.0 + k / a), (left + b) / (k + a))
    return ratio * (k + 1.0) / (trials - k)


poisson_share = shares_by_steps("poisson", poisson_step, ("mean",), jump=poisson_jump)
negative_binomial_share = shares_by_steps(
    "negative_binomial",
    negative_binomial_step,
    ("mean", "size"),
    (_negative_binomial_up, negative_binomial_down),
    jump=negative_binomial_jump,
)
negative_binomial1_share = shares_by_steps(
    "negative_binomial1",
    negative_binomial1_step,
    ("mean", "dispersion"),
    (_negative_binomial1_up, _negative_binomial1_down),
    jump=negative_binomial1_jump,
)
generalised_poisson_share = shares_by_steps(
    "generalised_poisson",
    generalised_poisson_step,
    ("mean", "dispersion"),
    jump=generalised_poisson_jump,
)

_binomial_share = shares_by_steps("binomial", binomial_step, ("odds",), known=("trials",))
_beta_binomial_share = shares_by_steps(
    "beta_binomial",
    beta_binomial_step,
    ("odds", "misses"),
    (_beta_binomial_up, _beta_binomial_down),
    ("trials",),
)


def _within_trials(bounds: tuple[Any, ...], trials: Any) -> tuple[Node, ...]:
    return tuple(minimum(bound, trials) for bound in bounds)


def binomial_share(bounds: tuple[Any, ...], probs: Any, trials: Any) -> Node:
    """log P(low < Y ≤ high | first < Y ≤ last) of the bounds in this order, of ``probs`` as views."""
    log_odds = probs.log - probs.log1m
    ends = _within_trials(bounds, trials)
    return _binomial_share(*ends, None, exp(log_odds), log_odds, trials)


def _less_often(probs: Any, precision: Any) -> tuple[Node, tuple[Node, Node, Node, Node]]:
    """Whether successes are drawn less often; the parameters of the steps between numbers of what is."""
    successes = probs < 0.5
    log_odds = where(successes, probs.log - probs.log1m, probs.log1m - probs.log)
    misses = precision * where(successes, probs.complement, probs)
    log_misses = precision.log + where(successes, probs.log1m, probs.log)
    return successes, (exp(log_odds), misses, log_odds, log_misses)


def successes_step(k: Any, probs: Any, precision: Any, trials: Any) -> Node:
    """log p(k + 1) − log p(k) of the BetaBinomial, of ``probs`` and ``precision`` as views."""
    successes, theta = _less_often(probs, precision)
    step = beta_binomial_step(where(successes, k, trials - k - 1.0), *theta, trials)
    return where(successes, step, -step)


def beta_binomial_share(
    bounds: tuple[Any, ...], plain: Any, probs: Any, precision: Any, trials: Any
) -> Node:
    """log P(low < Y ≤ high | first < Y ≤ last) of the bounds in this order; ``plain`` of what is seen altogether.

    With little in the urn nearly all draws are of one kind: from one end to the other slopes of steps cancel.
    """
    low, high, first, last = _within_trials(bounds, trials)
    successes, theta = _less_often(probs, precision)
    turned = [trials - 1.0 - bound for bound in (high, low, last, first)]
    ends = [where(successes, *both) for both in zip((low, high, first, last), turned, strict=True)]
    every = where(first < 0.0, last, -1.0) >= trials
    return where(every, plain, _beta_binomial_share(*ends, None, *theta, trials))
