"""Exponential: waiting times without memory."""

from likely._math.domains import nonnegative, positive
from likely._math.graph import exp, expm1, log, log1p
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
