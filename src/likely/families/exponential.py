"""Exponential: waiting times without memory."""

from likely._math.atoms import log1mexp, log1mexp_of, log_expm1_ratio
from likely._math.domains import nonnegative, positive
from likely._math.graph import exp, expm1, log, log1p, where
from likely.families.base import Alternative, Distribution, Parameter


class Exponential(Distribution):
    r"""Waiting times between events that come at random: no memory.

    .. math:: p(y) = \frac{1}{m} \exp\left(-\frac{y}{m}\right)

    Mean m, variance m²; the density is largest at 0, which is the mode of every row. Gamma and Weibull
    contain it (shape 1).

    Source: Cox and Oakes, Analysis of Survival Data (1984), section 2.2.
    """

    support = nonnegative
    mean = Parameter(positive, "m")
    rate = Alternative("mean", positive, -1.0, r"\lambda")
    means_suffice = True
    scipy = ("expon", lambda mean: {"scale": mean})

    def log_density(y, mean):
        return -mean.log - y / mean

    def var(mean):
        return mean * mean

    def mode(mean):
        return 0.0 * mean

    def entropy(mean):
        return 1.0 + mean.log

    def cdf(y, mean):
        return -expm1(-y / mean)

    def sf(y, mean):
        return exp(-y / mean)

    def log_cdf(y, mean):
        return log1mexp_of(y / mean, y.log - mean.log)

    def log_sf(y, mean):
        return -y / mean

    def log_interval(low, high, mean):
        width = high - low
        return log1mexp_of(width / mean, log(width) - mean.log) - low / mean

    def log_above(y, low, mean):
        return -mean.log - (y - low) / mean

    def log_within(y, low, high, mean):
        # For a large mean the density is nearly 1/(high − low).
        width = high - low
        u, log_u = width / mean, log(width) - mean.log
        near = (high - y) / mean - log(width) - log_expm1_ratio(u, log_u)
        far = -mean.log - (y - low) / mean - log1mexp(u)
        return where(u < 1.0, near, far)

    def log_below(y, high, mean):
        # For a large mean the density is nearly 1/high.
        x = high / mean
        flat = x - log(high) - log_expm1_ratio(x, high.log - mean.log)
        return where(x < 1.0, flat, -mean.log - log1mexp(x)) - y / mean

    def log_sf_above(y, low, mean):
        return -(y - low) / mean

    def quantile(q, mean):
        return -mean * log1p(-q)

    def isf(q, mean):
        return -mean * log(q)

    def expected_information(mean):
        return {("log mean", "log mean"): 1.0}

    def sample(rng, size, mean):
        return rng.exponential(mean, size)

    def sufficient(y):
        return (y,)

    def maximum_likelihood(moments):
        return {"mean": moments.mean[0]}
