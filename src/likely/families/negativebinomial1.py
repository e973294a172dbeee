"""NegativeBinomial1: counts whose variance is a multiple of the mean."""

from likely._math.atoms import (
    beta_share,
    count_error,
    linear_variance_deviance,
    linear_variance_zeros,
    log1mexp_of,
    log1p_excess,
    log_expm1_ratio,
    negative_binomial_factorial,
    negative_binomial_information,
    negative_binomial_log_zeros,
    sigmoid,
    softplus,
    stirling,
    stirling_of_sum,
    whole_before,
)
from likely._math.domains import counts, positive
from likely._math.graph import equal, floor, log, log1p, where
from likely._math.tails.clusters import (
    clusters_rate,
    log_clusters_above,
    log_clusters_below,
    log_clusters_share,
)
from likely._math.tails.count_steps import negative_binomial1_share, negative_binomial1_step
from likely._math.tails.few_clusters import log_few_between, log_few_within
from likely._math.tails.intervals import log_between, log_difference
from likely._math.tails.negative_binomial import above_is_less, log_above
from likely.families.base import Distribution, Parameter


def _parameters(mean, dispersion):
    return mean, dispersion, mean.log, dispersion.log


def _few(y, mean, dispersion):
    # y = 0 or 1: all of the loss, as nothing is left there of the binomial coefficient
    zeros = linear_variance_zeros(mean, dispersion, mean.log, dispersion.log)
    above = where(dispersion < 1.0, log1p(dispersion), softplus(dispersion.log))
    return zeros + y * (above - mean.log)


def _saddle(y, mean, dispersion):
    # NegativeBinomial's saddle-point form at size m/d; its slopes in the mean are those at fixed d.
    size, log_size = mean / dispersion, mean.log - dispersion.log
    return (
        stirling_of_sum(y, size, log_size)
        - stirling(size, log_size)
        - negative_binomial_factorial(y, size, log_size)
        - linear_variance_deviance(y, mean, dispersion, mean.log, dispersion.log)
    )


def _one_cluster(y, mean, dispersion):
    # log p(y) less what is left of it for y = 0 and of log(−log p(0)), y ≥ 2, for small sizes:
    # the logarithmic distribution of one cluster, which size → 0 leaves.
    size = mean / dispersion
    log_size = mean.log - dispersion.log
    rising = (
        stirling_of_sum(y, size, log_size)
        - stirling_of_sum(1.0, size, log_size)
        + y * log1p(size / y)
        + (size - 0.5) * log(y + size)
        - (size + 0.5) * log1p(size)
        + 1.0
        - count_error(y)
    )
    return rising - y * softplus(-dispersion.log) - log(log1p(dispersion))


def _few_between(low, high, mean, dispersion):
    # Whether clusters are few, so that both tails above are the mean and a share, and what the shares leave.
    size, of = mean / dispersion, _parameters(mean, dispersion)
    few = where(above_is_less(low + 1.0, mean, size, dispersion), size, 1.0) < 1.0
    shares = (log_clusters_share(v + 1.0, *of) for v in (low, high))
    return few, log_difference(*shares)


class NegativeBinomial1(Distribution):
    r"""Counts whose variance is a multiple of the mean: events that come in clusters.

    .. math:: p(y) = \frac{\Gamma(y+s)}{\Gamma(s)\,y!}
              \left(\frac{1}{1+d}\right)^{s} \left(\frac{d}{1+d}\right)^{y}, \quad s = \frac{m}{d}

    Mean m, dispersion d, variance m (1 + d): clusters that come like Poisson's events, with logarithmic
    sizes, so that sums over any part of time or space are of the same family. Use it where the spread
    grows like the root of the mean; where it grows like the mean, use NegativeBinomial, whose variance
    is m + m²/s. d → 0 is the Poisson; with m ≤ 1 + d the mode is 0.

    Source: Cameron and Trivedi (1986), doi:10.1002/jae.3950010104 (their NB1).
    """

    support = counts
    mean = Parameter(positive, "m")
    dispersion = Parameter(positive, "d", shared=True)
    scipy = ("nbinom", lambda mean, dispersion: {"n": mean / dispersion, "p": 1 / (1 + dispersion)})

    def log_density(y, mean, dispersion):
        return where(y < 2.0, -_few(y, mean, dispersion), _saddle(y, mean, dispersion))

    def log_step(k, mean, dispersion):
        return negative_binomial1_step(k, *_parameters(mean, dispersion))

    def log_share_by_steps(low, high, first, last, plain, mean, dispersion):
        of = _parameters(mean, dispersion)
        return negative_binomial1_share(low, high, first, last, plain, *of)

    def log_positive(y, mean, dispersion):
        # As NegativeBinomial's: where −log p(0) is small, what a difference of two logarithms leaves
        # is written as two positive terms.
        zeros = linear_variance_zeros(mean, dispersion, mean.log, dispersion.log)
        log_zeros = negative_binomial_log_zeros(
            mean, mean / dispersion, mean.log, mean.log - dispersion.log
        )
        above = log1mexp_of(zeros, log_zeros)
        close = log_expm1_ratio(zeros, log_zeros) + log1p(log1p_excess(dispersion, dispersion.log))
        one = where(zeros < 1.0, close, _few(1.0, mean, dispersion) + above)
        plain = _saddle(y, mean, dispersion) - above
        clustered = _one_cluster(y, mean, dispersion) - log_expm1_ratio(zeros, log_zeros)
        many = where(zeros < 1.0, where(mean < dispersion, clustered, plain), plain)
        return where(equal(y, 1.0), -one, many)

    def var(mean, dispersion):
        return mean + mean * dispersion

    def mode(mean, dispersion):
        # A whole peak is a tie of two, which goes to the smaller; the links may have rounded it.
        peak = mean - dispersion
        return where(peak <= 0.0, 0.0, whole_before(peak, mean + dispersion))

    def cdf(y, mean, dispersion):
        above, size = floor(y) + 1.0, mean / dispersion
        inside = beta_share(size, above, 1.0 / (1.0 + dispersion), 1.0 / (1.0 + 1.0 / dispersion))
        return where(y < 0.0, 0.0, inside)

    def sf(y, mean, dispersion):
        above, size = floor(y) + 1.0, mean / dispersion
        inside = beta_share(above, size, 1.0 / (1.0 + 1.0 / dispersion), 1.0 / (1.0 + dispersion))
        return where(y < 0.0, 1.0, inside)

    def log_cdf(y, mean, dispersion):
        return log_clusters_below(y + 1.0, *_parameters(mean, dispersion))

    def log_sf(y, mean, dispersion):
        return log_clusters_above(y + 1.0, *_parameters(mean, dispersion))

    def log_interval(low, high, mean, dispersion):
        few, share = _few_between(low, high, mean, dispersion)
        of = _parameters(mean, dispersion)
        below, above = (
            tuple(tail(v + 1.0, *of) for v in (low, high))
            for tail in (log_clusters_below, log_clusters_above)
        )
        plain = where(few, mean.log + share, log_between(below, above))
        logs = (mean.log - dispersion.log, dispersion.log)
        return log_few_between(low + 1.0, high + 1.0, mean / dispersion, logs, plain)

    def log_within(y, low, high, mean, dispersion):
        few, share = _few_between(low, high, mean, dispersion)
        density = NegativeBinomial1.log_density(y, mean, dispersion)
        interval = NegativeBinomial1.log_interval(low, high, mean, dispersion)
        # Of −log p(0) < 1, in which the mean is a factor, nothing is left but the rest.
        zeros = linear_variance_zeros(mean, dispersion, mean.log, dispersion.log)
        factor = log(log1p(dispersion)) - dispersion.log - zeros
        one = _one_cluster(y, mean, dispersion) + factor - share
        logs = (mean.log - dispersion.log, dispersion.log)
        plain = where(few, one, density - interval)
        return log_few_within(y, low + 1.0, high + 1.0, mean / dispersion, logs, plain)

    def log_above(y, low, mean, dispersion):
        def log_density(k):
            return NegativeBinomial1.log_density(k, mean, dispersion)

        def apart(k):
            return where(mean < dispersion, _one_cluster(k, mean, dispersion), log_density(k))

        k, of = low + 1.0, _parameters(mean, dispersion)
        rise = mean * sigmoid(-dispersion.log) + k * sigmoid(dispersion.log)  # (m + k d)/(1 + d)
        above = log_clusters_above(k + 1.0, *of)
        few = above_is_less(k, mean, mean / dispersion, dispersion)
        return log_above(log_density, apart, y, k, few, (rise, clusters_rate(k + 1.0, *of)), above)

    def expected_information(mean, dispersion):
        # NegativeBinomial's, where log size = log mean − log dispersion
        of_size = negative_binomial_information(
            mean, mean / dispersion, mean.log, mean.log - dispersion.log
        )
        return {
            ("log mean", "log mean"): mean / (1.0 + dispersion) + of_size,
            ("log mean", "log dispersion"): -of_size,
            ("log dispersion", "log dispersion"): of_size,
        }

    def sample(rng, size, mean, dispersion):
        return rng.poisson(rng.gamma(mean / dispersion, dispersion, size)).astype(float)

    def start(mean, std):
        return {"mean": mean, "dispersion": max(std**2 / mean - 1.0, 0.05)}
