"""NegativeBinomial: counts that vary more than Poisson's."""

from likely._math.atoms import (
    beta_share,
    log1mexp_of,
    log1p_excess,
    log_expm1_ratio,
    negative_binomial_few,
    negative_binomial_information,
    negative_binomial_log_zeros,
    scaled_log1p,
    whole_before,
)
from likely._math.domains import counts, positive
from likely._math.graph import equal, floor, log1p, where
from likely._math.tails.count_steps import (
    negative_binomial_down,
    negative_binomial_share,
    negative_binomial_step,
)
from likely._math.tails.few_clusters import log_few_below, log_few_between, log_few_within
from likely._math.tails.intervals import log_between
from likely._math.tails.negative_binomial import (
    count_above_slope,
    log_above,
    log_count_above,
    log_count_below,
    saddle,
)
from likely.families.base import Distribution, Parameter


class NegativeBinomial(Distribution):
    r"""Counts that vary more than Poisson's: visits, claims, absences.

    .. math:: p(y) = \frac{\Gamma(y+s)}{\Gamma(s)\,y!}
              \left(\frac{s}{s+m}\right)^{s} \left(\frac{m}{s+m}\right)^{y}

    Mean m, size s, variance m + m²/s: a Poisson whose mean varies by a Gamma of shape s. Mean and size
    are orthogonal; size → ∞ is the Poisson. With size ≤ 1 the mode is 0.

    Source: Lawless (1987), doi:10.2307/3314912.
    """

    support = counts
    mean = Parameter(positive, "m")
    size = Parameter(positive, "s", shared=True)
    scipy = ("nbinom", lambda mean, size: {"n": size, "p": 1.0 / (1.0 + mean / size)})

    def log_density(y, mean, size):
        # At y = 1 the terms of the saddle-point form would cancel, but nothing is left there of the
        # binomial coefficient.
        few = negative_binomial_few(y, mean, size, mean.log, size.log)
        return where(y < 2.0, -few, saddle(y, mean, size, mean.log, size.log))

    def log_step(k, mean, size):
        return negative_binomial_step(k, mean, size, mean.log, size.log)

    def log_share_by_steps(low, high, first, last, plain, mean, size):
        of = (mean, size, mean.log, size.log)
        return negative_binomial_share(low, high, first, last, plain, *of)

    def step_down(k, mean, size):
        return negative_binomial_down(k, mean, size)

    def log_positive(y, mean, size):
        # With r = mean/size, −log p(0) = size · log(1 + r). Where that is small both log p(1) and
        # log(1 − p(0)) are nearly log(mean), and two positive terms are what their difference leaves.
        log_ratio = mean.log - size.log
        zeros = scaled_log1p(mean, size)
        log_zeros = negative_binomial_log_zeros(mean, size, mean.log, size.log)
        above = log1mexp_of(zeros, log_zeros)
        close = log_expm1_ratio(zeros, log_zeros) + log1p(log1p_excess(mean / size, log_ratio))
        plain = negative_binomial_few(1.0, mean, size, mean.log, size.log) + above
        one = where(zeros < 1.0, close, plain)
        return where(equal(y, 1.0), -one, saddle(y, mean, size, mean.log, size.log) - above)

    def var(mean, size):
        return mean + mean * (mean / size)

    def mode(mean, size):
        # A whole peak is a tie of two, which goes to the smaller; the links may have rounded it.
        peak = mean * (1.0 - 1.0 / size)
        return where(size <= 1.0, 0.0, whole_before(peak, mean + peak))

    def cdf(y, mean, size):
        above = floor(y) + 1.0
        inside = beta_share(size, above, 1.0 / (1.0 + mean / size), 1.0 / (1.0 + size / mean))
        return where(y < 0.0, 0.0, inside)

    def sf(y, mean, size):
        above = floor(y) + 1.0
        inside = beta_share(above, size, 1.0 / (1.0 + size / mean), 1.0 / (1.0 + mean / size))
        return where(y < 0.0, 1.0, inside)

    def log_cdf(y, mean, size):
        return log_count_below(y + 1.0, mean, size, mean.log, size.log)

    def log_sf(y, mean, size):
        return log_count_above(y + 1.0, mean, size, mean.log, size.log)

    def log_interval(low, high, mean, size):
        of = (mean, size, mean.log, size.log)
        below, above = (
            tuple(tail(v + 1.0, *of) for v in (low, high))
            for tail in (log_count_below, log_count_above)
        )
        logs = (size.log, mean.log - size.log)
        return log_few_between(low + 1.0, high + 1.0, size, logs, log_between(below, above))

    def log_within(y, low, high, mean, size):
        density = NegativeBinomial.log_density(y, mean, size)
        plain = density - NegativeBinomial.log_interval(low, high, mean, size)
        logs = (size.log, mean.log - size.log)
        return log_few_within(y, low + 1.0, high + 1.0, size, logs, plain)

    def log_below(y, high, mean, size):
        density = NegativeBinomial.log_density(y, mean, size)
        plain = density - NegativeBinomial.log_cdf(high, mean, size)
        return log_few_below(y, high + 1.0, size, (size.log, mean.log - size.log), plain)

    def log_above(y, low, mean, size):
        def log_density(k):
            return NegativeBinomial.log_density(k, mean, size)

        # (k + s) m/(s + m), of whose two factors' slopes in s nothing would be left near Poisson
        k, of = low + 1.0, (mean, size, mean.log, size.log)
        rise = mean * (1.0 + (k - mean) / (size + mean)), count_above_slope(k + 1.0, *of)
        above = log_count_above(k + 1.0, *of)
        return log_above(log_density, log_density, y, k, mean < k, rise, above)

    def expected_information(mean, size):
        return {
            ("log mean", "log mean"): mean / (1.0 + mean / size),
            ("log size", "log size"): negative_binomial_information(mean, size, mean.log, size.log),
        }

    def sample(rng, size_, mean, size):
        return rng.poisson(rng.gamma(size, mean / size, size_)).astype(float)

    def start(mean, std):
        return {"mean": mean, "size": mean**2 / max(std**2 - mean, 0.05 * mean)}
