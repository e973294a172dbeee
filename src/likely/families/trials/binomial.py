"""Binomial: successes among a known number of independent trials."""

import numpy as np

from likely._math.atoms import (
    betainc,
    betaincc,
    binomial_divergence,
    count_error,
    lgamma,
    whole_before,
)
from likely._math.domains import counts, positive_counts, unit_interval
from likely._math.graph import floor, where
from likely._math.tails.count_steps import binomial_share
from likely.families.base import Distribution, Parameter


class Binomial(Distribution):
    r"""Successes among a known number of trials: conversions of visits, deaths of those exposed.

    .. math:: p(y) = \binom{n}{y} \lambda^y (1-\lambda)^{n-y}

    probs λ is the probability of a success, n the number of trials, variance nλ(1 − λ). With one trial it is
    the Bernoulli. Trials of a row are independent given x; where they vary together, the variance is larger
    than this.

    Source: McCullagh and Nelder, Generalized Linear Models (1989), chapter 4.
    """

    support = counts
    probs = Parameter(unit_interval, r"\lambda")
    trials = Parameter(positive_counts, "n")
    means_suffice = True
    scipy = ("binom", lambda probs, trials: {"n": trials, "p": probs})

    def log_density(y, probs, trials):
        # n times the divergence of the shares from λ, and what Stirling's formula leaves of the coefficient.
        missed = trials - y
        # Of the trials as the divergence adds them up, so that both have one logarithm.
        coefficient = count_error(y + missed) - count_error(y) - count_error(missed)
        terms = (y, missed, probs, probs.complement, probs.log, probs.log1m)
        return coefficient - binomial_divergence(*terms)

    def printed(y, probs, trials):
        coefficient = lgamma(trials + 1.0) - lgamma(y + 1.0) - lgamma(trials - y + 1.0)
        return coefficient + y * probs.log + (trials - y) * probs.log1m

    def mean(probs, trials):
        return trials * probs

    def var(probs, trials):
        return trials * probs * probs.complement

    def mode(probs, trials):
        # A whole (n + 1) λ is a tie of two, which goes to the smaller; the links may have rounded it.
        peak = (trials + 1.0) * probs
        return whole_before(peak, peak)

    def cdf(y, probs, trials):
        k = floor(y)
        hits, misses = k + 1.0, trials - k
        inside = where(
            probs < 0.5,
            betaincc(hits, misses, probs),
            betainc(misses, hits, probs.complement),
        )
        return where(y < 0.0, 0.0, where(k < trials, inside, 1.0))

    def sf(y, probs, trials):
        k = floor(y)
        hits, misses = k + 1.0, trials - k
        inside = where(
            probs < 0.5,
            betainc(hits, misses, probs),
            betaincc(misses, hits, probs.complement),
        )
        return where(y < 0.0, 1.0, where(k < trials, inside, 0.0))

    def log_share(low, high, first, last, probs, trials):
        return binomial_share((low, high, first, last), probs, trials)

    def expected_information(probs, trials):
        # n dλ²/(λ(1 − λ)) = −n · d log λ · d log(1 − λ); the two orders of a pair each count.
        return {("log probs", "log1m probs"): -0.5 * trials}

    def sample(rng, size, probs, trials):
        return rng.binomial(np.asarray(trials).astype(np.int64), probs, size).astype(float)

    def sufficient(y):
        return (y,)

    def maximum_likelihood(moments, trials):
        return {"probs": moments.mean[0] / trials}
