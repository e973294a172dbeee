"""ConwayMaxwellPoisson: counts that vary less than Poisson's, or more."""

from likely._math.atoms import lgamma, whole_before
from likely._math.com_poisson.atoms import (
    com_poisson_loss,
    com_poisson_of_mean,
    com_poisson_of_nu,
    com_poisson_peak,
    com_poisson_variance,
    count_rate,
    count_total,
)
from likely._math.com_poisson.draws import draws
from likely._math.com_poisson.step import com_poisson_step
from likely._math.com_poisson.tails import (
    com_poisson_whole,
    log_com_poisson_above,
    log_com_poisson_below,
    log_com_poisson_given,
)
from likely._math.domains import counts, positive
from likely._math.graph import equal, exp, log, where
from likely._math.tails.intervals import log_between
from likely.families.base import Alternative, Distribution, Parameter

INFINITY = float("inf")


class ConwayMaxwellPoisson(Distribution):
    r"""Counts that vary less than Poisson's, or more: clutch sizes, syllables, defects.

    .. math:: p(y) = \frac{\lambda^y}{(y!)^\nu} / \sum_{j \ge 0} \frac{\lambda^j}{(j!)^\nu},
              \quad \lambda = \lambda(m, \nu)

    λ is what makes the mean m. Mean and ν are orthogonal; the variance is about m/ν where it is large. ν = 1 is the
    Poisson, ν < 1 varies more, down to the Geometric for ν → 0, and ν > 1 less: for ν → ∞ y is one of the two whole
    numbers next to m. ``dispersion`` is 1/ν, about the variance over the mean, as in glmmTMB.

    Source: Conway and Maxwell (1962), Journal of Industrial Engineering 12, 132–136; Huang (2017),
    doi:10.1177/1471082X17697749, for the mean.
    """

    support = counts
    mean = Parameter(positive, "m")
    nu = Parameter(positive, r"\nu", shared=True)
    dispersion = Alternative("nu", positive, -1.0, r"\varphi")

    def log_density(y, mean, nu):
        return -com_poisson_loss(y, mean, nu, mean.log, nu.log)

    def log_step(k, mean, nu):
        return com_poisson_step(k, mean, nu, mean.log, nu.log)

    def cdf(y, mean, nu):
        return where(y < 0.0, 0.0, exp(log_com_poisson_below(y + 1.0, mean, nu, mean.log, nu.log)))

    def sf(y, mean, nu):
        return where(y < 0.0, 1.0, exp(log_com_poisson_above(y + 1.0, mean, nu, mean.log, nu.log)))

    def log_cdf(y, mean, nu):
        return log_com_poisson_below(y + 1.0, mean, nu, mean.log, nu.log)

    def log_sf(y, mean, nu):
        return log_com_poisson_above(y + 1.0, mean, nu, mean.log, nu.log)

    def log_above(y, low, mean, nu):
        # P(Y ≥ k) over p(k), which is nearly 1 far beyond the mean.
        k = low + 1.0
        few = log_com_poisson_given(y, k, INFINITY, mean, nu, mean.log, nu.log)
        many = ConwayMaxwellPoisson.log_density(y, mean, nu)
        many = many - log_com_poisson_above(k, mean, nu, mean.log, nu.log)
        return where(mean + 0.5 <= k, few, many)

    def log_below(y, high, mean, nu):
        end = high + 1.0
        few = log_com_poisson_given(y, end, INFINITY, mean, nu, mean.log, nu.log)
        many = ConwayMaxwellPoisson.log_density(y, mean, nu)
        many = many - log_com_poisson_below(end, mean, nu, mean.log, nu.log)
        return where(equal(high, 0.0), 0.0, where(end < mean + 0.5, few, many))

    def log_within(y, low, high, mean, nu):
        # Of counts on one side of the mean those that matter are summed, from the nearest one on.
        first, end, of = low + 1.0, high + 1.0, (mean, nu, mean.log, nu.log)
        below = end < mean + 0.5
        nearest, most = where(below, end, first), high - first
        few = log_com_poisson_given(y, nearest, most, *of)
        tails = (
            tuple(tail(c, *of) for c in (first, end))
            for tail in (log_com_poisson_below, log_com_poisson_above)
        )
        many = ConwayMaxwellPoisson.log_density(y, mean, nu) - log_between(*tails)
        aside = where(below, 1.0, where(mean + 0.5 <= first, 1.0, 0.0)) > 0.5
        given = where(aside, where(com_poisson_whole(nearest, most, *of) > 0.5, few, many), many)
        return where(equal(high, first), 0.0, given)  # one count alone is certain

    def printed(y, mean, nu):
        rate, total = count_rate(mean, nu), count_total(mean, nu)
        return y * log(rate) - nu * lgamma(y + 1.0) - log(total)

    def var(mean, nu):
        return com_poisson_variance(mean, nu, mean.log, nu.log)

    def mode(mean, nu):
        # λ^(1/ν): a whole one is a tie of two, which goes to the smaller; the sums may have rounded it.
        peak = com_poisson_peak(mean, nu, mean.log, nu.log)
        return where(peak <= 1.0, 0.0, whole_before(peak, mean + peak))

    def expected_information(mean, nu):
        return {
            ("log mean", "log mean"): com_poisson_of_mean(mean, nu, mean.log, nu.log),
            ("log nu", "log nu"): com_poisson_of_nu(mean, nu, mean.log, nu.log),
        }

    def sample(rng, size, mean, nu):
        return draws(rng, size, mean, nu)

    def start(mean, std):
        return {"mean": mean, "nu": mean / std**2}
