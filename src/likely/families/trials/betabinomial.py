"""BetaBinomial: successes among known trials whose probability varies from row to row."""

import numpy as np

from likely._math.atoms import (
    lgamma,
    softplus,
    stirling,
    stirling_of_sum,
    urn_deviance,
    whole_before,
)
from likely._math.domains import counts, positive, unit_interval, whole
from likely._math.graph import log, minimum, where
from likely._math.urn import log_coefficient, rising_gap, urn_spread
from likely.families.base import Distribution, Parameter


def _many(y, probs, precision, trials):
    # Two negative binomials, given that they sum to n: their deviances cannot be negative.
    missed = trials - y
    p, q, log_p, log_q = probs, probs.complement, probs.log, probs.log1m
    total = log_coefficient(y, missed) - urn_spread(
        y, missed, p, q, precision, log_p, log_q, precision.log
    )
    total = total + stirling(precision, precision.log)
    total = total - stirling_of_sum(trials, precision, precision.log)
    for k, share, log_share in ((y, p, log_p), (missed, q, log_q)):
        size, log_size = share * precision, log_share + precision.log
        total = total - urn_deviance(
            k, share, trials, precision, log_share, log(trials), precision.log
        )
        total = total - (stirling(size, log_size) - stirling_of_sum(k, size, log_size))
    return total


def _few(y, probs, precision, trials):
    # All draws of one kind, q, but for k = 0 or 1: the first draw of each kind says nothing about its share of the urn.
    failed = y < trials - y
    k = minimum(y, trials - y)
    p, q = where(failed, probs, probs.complement), where(failed, probs.complement, probs)
    log_p, log_q = (
        where(failed, probs.log, probs.log1m),
        where(failed, probs.log1m, probs.log),
    )
    same = log_q - rising_gap(trials - k - 1.0, p, q, precision, log_q, precision.log)
    other = log(trials) + log_p - softplus(log(trials - 1.0) - precision.log)
    return same + where(k > 0.0, other, 0.0)


class BetaBinomial(Distribution):
    r"""Successes among known trials whose probability varies from row to row: Binomial with overdispersion.

    .. math:: p(y) = \binom{n}{y} \frac{B(y + \kappa\lambda, n - y + \kappa(1 - \lambda))}
              {B(\kappa\lambda, \kappa(1 - \lambda))}

    probs λ is the mean probability of a success, precision κ how little it varies, n the number of trials; variance
    nλ(1 − λ)(n + κ)/(1 + κ). As κ → ∞ it is the Binomial; with one trial it is the Bernoulli, and κ has no effect.

    Source: Skellam, Journal of the Royal Statistical Society B 10 (1948), 257-261.
    """

    support = counts
    probs = Parameter(unit_interval, r"\lambda")
    precision = Parameter(positive, r"\kappa", shared=True)
    trials = Parameter(whole, "n")
    scipy = (
        "betabinom",
        lambda probs, precision, trials: {
            "n": trials,
            "a": probs * precision,
            "b": probs.complement * precision,
        },
    )

    def log_density(y, probs, precision, trials):
        terms = (y, probs, precision, trials)
        found = where(minimum(y, trials - y) < 2.0, _few(*terms), _many(*terms))
        return where(trials > 0.0, found, 0.0)

    def printed(y, probs, precision, trials):
        a, b = probs * precision, probs.complement * precision
        coefficient = lgamma(trials + 1.0) - lgamma(y + 1.0) - lgamma(trials - y + 1.0)
        above = lgamma(y + a) + lgamma(trials - y + b) - lgamma(trials + precision)
        return coefficient + above - (lgamma(a) + lgamma(b) - lgamma(precision))

    def mean(probs, precision, trials):
        return trials * probs

    def var(probs, precision, trials):
        spread = (trials + precision) / (1.0 + precision)
        return trials * probs * probs.complement * spread

    def mode(probs, precision, trials):
        a, b = probs * precision, probs.complement * precision
        above = a + b - 2.0
        peak, scale = (trials + 1.0) * (a - 1.0) / above, (trials + 1.0) * precision / above
        # Without a peak inside it is at an end: with fewer than one of both kinds in the urn, that of more.
        end = where(b < a, trials, 0.0)
        left = where(b > 1.0, 0.0, end)
        return where(a > 1.0, where(b > 1.0, whole_before(peak, scale), trials), left)

    def sample(rng, size, probs, precision, trials):
        p = rng.beta(probs * precision, (1.0 - probs) * precision, size)
        return rng.binomial(np.asarray(trials).astype(np.int64), p, size).astype(float)
