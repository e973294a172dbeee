"""Geometric: the number of failures before the first success."""

from likely._math.atoms import (
    log1mexp_of,
    log1p_fraction,
    log_sinh_ratio,
    log_softplus,
    softplus,
)
from likely._math.domains import counts, positive
from likely._math.graph import exp, expm1, floor, log, log1p, where
from likely._math.tails.intervals import exponential_between, fading
from likely.families.base import Distribution, Parameter


class Geometric(Distribution):
    r"""Failures before the first success: attempts, renewals, lengths of stay in whole days.

    .. math:: p(y) = \frac{1}{1+m} \left(\frac{m}{1+m}\right)^{y}

    Mean m, variance m + m²: NegativeBinomial with size 1, and the Exponential in whole steps. The
    probability of success is 1/(1 + m); counted with the success, the number of trials is y + 1. The mode
    is 0.

    Source: Johnson, Kemp and Kotz, Univariate Discrete Distributions (2005), section 5.2.
    """

    support = counts
    mean = Parameter(positive, "m")
    means_suffice = True
    scipy = ("geom", lambda mean: {"p": 1.0 / (1.0 + mean), "loc": -1.0})

    def log_density(y, mean):
        # log(1 + m) and log(1 + 1/m) from the logarithm of the smaller one, of which no slope cancels
        small = mean < 1.0
        rest = log1p_fraction(where(small, mean, 1.0 / mean))
        failure = rest + where(small, -mean.log, 0.0)
        return -(rest + where(small, 0.0, mean.log)) - y * failure

    def log_step(k, mean):
        return -softplus(-mean.log)

    def printed(y, mean):
        return -softplus(mean.log) - y * softplus(-mean.log)

    def var(mean):
        return mean + mean * mean

    def mode(mean):
        return 0.0 * mean

    def entropy(mean):
        return softplus(mean.log) + mean * softplus(-mean.log)

    def cdf(y, mean):
        return where(y < 0.0, 0.0, -expm1(-(floor(y) + 1.0) * softplus(-mean.log)))

    def sf(y, mean):
        return where(y < 0.0, 1.0, exp(-(floor(y) + 1.0) * softplus(-mean.log)))

    def log_cdf(y, mean):
        log_hazard = log(y + 1.0) + log_softplus(-mean.log)
        return log1mexp_of(exp(log_hazard), log_hazard)

    def log_sf(y, mean):
        return -(y + 1.0) * softplus(-mean.log)

    def log_interval(low, high, mean):
        growth = log1p((high - low) / (low + 1.0))
        return exponential_between(log(low + 1.0) + log_softplus(-mean.log), growth)

    def log_above(y, low, mean):
        # Failures forget how many came before.
        first = where(mean < 1.0, log1p(mean), softplus(mean.log))
        return -first - (y - low - 1.0) * softplus(-mean.log)

    def log_share(low, high, first, last, mean):
        rate, log_rate = softplus(-mean.log), log_softplus(-mean.log)

        def of(n):
            # The rate of failing by so many counts, and its logarithm.
            log_n_rate = log(n) + log_rate
            return exp(log_n_rate), log_n_rate

        def from_first(a, b):
            hidden = log1mexp_of(*of(last - first))
            return log1mexp_of(*of(b - a)) - (a - first) * rate - hidden

        # Where all are nearly alike it is their number and how far the middles are apart: of two slopes that are
        # the same in the middle nothing is left.
        seen, all_ = high - low, last - first
        apart = 0.5 * ((low - first) - (last - high))
        few = log1p((seen - all_) / all_) + log_sinh_ratio(*of(seen)) - log_sinh_ratio(*of(all_))
        before = where(first < low, exp(fading(from_first(first, low))), 0.0)
        after = where(high < last, exp(fading(from_first(high, last))), 0.0)
        missing = before + after
        many = where(missing < 0.5, log1p(-missing), from_first(low, high))
        return where(all_ * rate < 1.0, few - apart * rate, many)

    def expected_information(mean):
        return {("log mean", "log mean"): 1.0 / (1.0 + 1.0 / mean)}

    def sample(rng, size, mean):
        return rng.geometric(1.0 / (1.0 + mean), size).astype(float) - 1.0

    def sufficient(y):
        return (y,)

    def maximum_likelihood(moments):
        return {"mean": moments.mean[0]}
