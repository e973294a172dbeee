"""Poisson: counts of events that come independently."""

from likely._math.atoms import (
    count_error,
    log1mexp_of,
    log_expm1_ratio,
    relative_entropy_of,
    whole_before,
)
from likely._math.domains import counts, positive
from likely._math.graph import equal, floor, log, log1p, where
from likely._math.tails.count_steps import poisson_share, poisson_step
from likely._math.tails.gamma import gamma_lower_slope, log_gamma_lower, log_gamma_upper
from likely._math.tails.incomplete import gamma_lower, gamma_upper
from likely.families.base import Distribution, Parameter


class Poisson(Distribution):
    r"""Counts of events that come independently at a steady rate.

    .. math:: p(y) = \frac{m^y e^{-m}}{y!}

    Mean m = variance m. Use it for counts without an upper limit; where the variance exceeds the mean
    (it usually does) use NegativeBinomial. The mode is the integer below m; of two, the smaller.

    Source: McCullagh and Nelder, Generalized Linear Models (1989), chapter 6.
    """

    support = counts
    mean = Parameter(positive, "m")
    means_suffice = True
    scipy = ("poisson", lambda mean: {"mu": mean})

    def log_density(y, mean):
        # y log(y/m) + m − y is the unit deviance; log y! enters through its Stirling remainder.
        return -relative_entropy_of(y, mean, y - mean, y.log, mean.log) - count_error(y)

    def log_step(k, mean):
        return poisson_step(k, mean, mean.log)

    def log_share_by_steps(low, high, first, last, plain, mean):
        return poisson_share(low, high, first, last, plain, mean, mean.log)

    def log_positive(y, mean):
        # log p(y) − log(1 − e⁻ᵐ). For y = 1 and for a small mean, (eᵐ − 1)/m takes the place of both.
        ratio = log_expm1_ratio(mean, mean.log)
        log_factorial = count_error(y) + y * y.log - y
        few = (y - 1.0) * mean.log - log_factorial - ratio
        density = -relative_entropy_of(y, mean, y - mean, y.log, mean.log) - count_error(y)
        many = where(mean < 1.0, few, density - log1mexp_of(mean, mean.log))
        return where(equal(y, 1.0), -ratio, many)

    def var(mean):
        return mean

    def mode(mean):
        # A whole mean is a tie of two, which goes to the smaller; the link may have rounded it.
        return whole_before(mean, mean)

    def cdf(y, mean):
        return where(y < 0.0, 0.0, gamma_upper(floor(y) + 1.0, mean))

    def sf(y, mean):
        return where(y < 0.0, 1.0, gamma_lower(floor(y) + 1.0, mean))

    def log_cdf(y, mean):
        # P(Y ≤ y) is the chance that y + 1 events take longer than the unit of time.
        return log_gamma_upper(mean.log - log(y + 1.0), y + 1.0, log(y + 1.0))

    def log_sf(y, mean):
        return log_gamma_lower(mean.log - log(y + 1.0), y + 1.0, log(y + 1.0))

    def log_above(y, low, mean):
        # P(Y > k − 1) is p(k) (1 + m T), where T is the lower tail of a Gamma of shape k + 1 over its
        # density: for a small mean log p(k) cancels on paper.
        k = low + 1.0
        more = mean / gamma_lower_slope(mean.log - log(k + 1.0), k + 1.0, log(k + 1.0))
        factorials = (count_error(y) + y * y.log - y) - (count_error(k) + k * log(k) - k)
        few = (y - k) * mean.log - factorials - log1p(more)
        density = -relative_entropy_of(y, mean, y - mean, y.log, mean.log) - count_error(y)
        tail = log_gamma_lower(mean.log - log(k), k, log(k))
        return where(mean < k, few, density - tail)

    def expected_information(mean):
        return {("log mean", "log mean"): mean}

    def sample(rng, size, mean):
        return rng.poisson(mean, size).astype(float)

    def sufficient(y):
        return (y,)

    def maximum_likelihood(moments):
        return {"mean": moments.mean[0]}
