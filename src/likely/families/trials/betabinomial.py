"""BetaBinomial: successes among known trials whose probability varies from row to row."""

import numpy as np

from likely._math.atoms import lgamma, whole_before
from likely._math.atoms.urn import urn_log_probability
from likely._math.domains import counts, positive, positive_counts, unit_interval
from likely._math.graph import minimum, where
from likely._math.tails.count_steps import beta_binomial_share, successes_step
from likely.families.base import Distribution, Parameter


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
    trials = Parameter(positive_counts, "n")
    scipy = (
        "betabinom",
        lambda probs, precision, trials: {
            "n": trials,
            "a": probs * precision,
            "b": probs.complement * precision,
        },
    )

    def log_density(y, probs, precision, trials):
        # The kind that is drawn less often first.
        rarer, success = minimum(y, trials - y), y < trials - y
        found = urn_log_probability(
            rarer,
            trials - rarer,
            where(success, probs, probs.complement),
            where(success, probs.complement, probs),
            precision,
            where(success, probs.log, probs.log1m),
            where(success, probs.log1m, probs.log),
            precision.log,
        )
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

    def log_step(k, probs, precision, trials):
        return successes_step(k, probs, precision, trials)

    def log_share_by_steps(low, high, first, last, plain, probs, precision, trials):
        bounds = low, high, first, last
        return beta_binomial_share(bounds, plain, probs, precision, trials)

    def sample(rng, size, probs, precision, trials):
        p = rng.beta(probs * precision, (1.0 - probs) * precision, size)
        return rng.binomial(np.asarray(trials).astype(np.int64), p, size).astype(float)
