"""GeneralisedPoisson: counts of which each event may set off others."""

import numpy as np

from likely._math.atoms import (
    count_error,
    generalised_poisson_deviance,
    generalised_poisson_log_rate,
    log1mexp_of,
    log1pmx,
    log_expm1_ratio,
    log_sinh_ratio,
    sigmoid,
    softplus,
)
from likely._math.domains import counts, positive
from likely._math.graph import equal, where
from likely._math.tails.count_steps import generalised_poisson_share, generalised_poisson_step
from likely._math.tails.generalised_poisson import (
    log_above_bound,
    log_between_bounds,
    log_generalised_poisson_above,
    log_generalised_poisson_below,
    log_growth,
    log_probability,
    log_within_bounds,
    saddle,
)
from likely.families.base import Distribution, Parameter


def _of(y, mean, dispersion):
    return y, mean, dispersion, mean.log, dispersion.log


class GeneralisedPoisson(Distribution):
    r"""Counts of which each event may set off others: outbreaks, claims, citations.

    .. math:: p(y) = \frac{\lambda (\lambda + \theta y)^{y-1} e^{-\lambda - \theta y}}{y!},
              \quad \lambda = \frac{m}{1+d}, \quad \theta = \frac{d}{1+d}

    Mean m, dispersion d, variance m (1 + d)²: events that start at the rate λ, of which each sets off
    θ others on average, and these too. Its upper tail is longer and its share of zeros larger than those of
    a NegativeBinomial of the same mean and variance. d → 0 is the Poisson. Underdispersion (θ < 0) is
    left out: there the probabilities end at a count that depends on the parameters, and do not sum to 1.

    Source: Consul and Jain (1973), doi:10.1080/00401706.1973.10489112.
    """

    support = counts
    mean = Parameter(positive, "m")
    dispersion = Parameter(positive, "d", shared=True)

    def log_density(y, mean, dispersion):
        return log_probability(*_of(y, mean, dispersion))

    def log_positive(y, mean, dispersion):
        # Below a rate of 1 both log p(y) and log(1 − p(0)) are nearly log λ + …: what is left of them is
        # log((e^λ − 1)/λ) and, for y ≥ 2, a power of the rate y − 1 times.
        rate = mean * sigmoid(-dispersion.log)
        log_rate = mean.log - log_growth(dispersion, dispersion.log)
        ratio = log_expm1_ratio(rate, log_rate)
        terms = _of(y, mean, dispersion)
        left = rate - generalised_poisson_deviance(*terms) - generalised_poisson_log_rate(*terms)
        few = left - count_error(y) - ratio
        # Where each event sets off nearly one other, the mean moves p(2) and log((e^λ − 1)/λ) alike, by λ/2.
        branch, excess = sigmoid(dispersion.log), 0.5 * (mean / dispersion)
        two = log1pmx(excess) + 0.5 * (rate / dispersion) - log_sinh_ratio(rate, log_rate)
        two = two - softplus(-dispersion.log) - 2.0 * branch
        few = where(equal(y, 2.0), where(dispersion < 1.0, few, two), few)
        plain = saddle(*_of(y, mean, dispersion)) - log1mexp_of(rate, log_rate)
        many = where(rate < 1.0, few, plain)
        return where(equal(y, 1.0), -(sigmoid(dispersion.log) + ratio), many)

    def log_cdf(y, mean, dispersion):
        return log_generalised_poisson_below(*_of(y + 1.0, mean, dispersion))

    def log_sf(y, mean, dispersion):
        return log_generalised_poisson_above(*_of(y + 1.0, mean, dispersion))

    def log_above(y, low, mean, dispersion):
        return log_above_bound(y, *_of(low + 1.0, mean, dispersion))

    def log_within(y, low, high, mean, dispersion):
        return log_within_bounds(y, low + 1.0, *_of(high + 1.0, mean, dispersion))

    def log_step(k, mean, dispersion):
        return generalised_poisson_step(*_of(k, mean, dispersion))

    def log_share_by_steps(low, high, first, last, plain, mean, dispersion):
        of = _of(plain, mean, dispersion)
        return generalised_poisson_share(low, high, first, last, *of)

    def log_interval(low, high, mean, dispersion):
        return log_between_bounds(low + 1.0, *_of(high + 1.0, mean, dispersion))

    def var(mean, dispersion):
        return mean * (1.0 + dispersion) * (1.0 + dispersion)

    def expected_information(mean, dispersion):
        share = 1.0 / (1.0 + dispersion)  # 1 − θ
        branch = 1.0 / (1.0 + 1.0 / dispersion)  # θ
        mixed = branch * branch / (0.5 + dispersion / mean)
        return {
            ("log mean", "log mean"): mean * share * share + mixed,
            ("log mean", "log dispersion"): -mixed,
            ("log dispersion", "log dispersion"): mixed,
        }

    def sample(rng, size, mean, dispersion):
        # generation by generation, until no row has a last one
        branch = np.broadcast_to(dispersion / (1.0 + dispersion), size)
        total = rng.poisson(mean / (1.0 + dispersion), size).astype(float)
        alive = np.nonzero(total)
        last = total[alive]
        while last.size:
            last = rng.poisson(branch[alive] * last).astype(float)
            total[alive] += last
            going = last > 0.0
            alive, last = tuple(index[going] for index in alive), last[going]
        return total

    def start(mean, std):
        return {"mean": mean, "dispersion": max(np.sqrt(std**2 / mean) - 1.0, 0.05)}
