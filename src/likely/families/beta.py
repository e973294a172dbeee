"""Beta: proportions strictly between 0 and 1."""

from likely._math.atoms import (
    beta_upper,
    betainc,
    betainccinv,
    stirling,
    stirling_curve,
    stirling_slope,
)
from likely._math.domains import positive, unit_interval
from likely._math.graph import PI, log, where
from likely._math.solve import beta_shapes
from likely._math.tails.beta import log_beta_above, log_beta_below, log_between_bounds, log_peak
from likely._math.tails.incomplete import beta_quantile
from likely.families.base import Distribution, Parameter


def _stirling_2(x, log_x):
    # x² S″(x) = x² ψ′(x) − x − ½
    return stirling_curve(x, log_x) - stirling_slope(x, log_x)


def _bound(y):
    return y, y.complement, y.log, y.log1m


def _shapes(mean, precision):
    return mean, mean.complement, precision, mean.log, mean.log1m, precision.log


class Beta(Distribution):
    r"""Proportions strictly between 0 and 1: rates, shares, scores.

    .. math:: p(y) = \frac{\Gamma(\kappa)}{\Gamma(\mu\kappa)\,\Gamma((1-\mu)\kappa)}
              \, y^{\mu\kappa-1} (1-y)^{(1-\mu)\kappa-1}

    Mean μ, precision κ, variance μ(1 − μ)/(1 + κ). With μκ < 1 or (1 − μ)κ < 1 the density is largest at
    an edge, which is then the mode. Exact zeros and ones are outside the support.

    Source: Ferrari and Cribari-Neto (2004), doi:10.1080/0266476042000214501.
    """

    support = unit_interval
    mean = Parameter(unit_interval, r"\mu")
    precision = Parameter(positive, r"\kappa", shared=True)
    means_suffice = True
    scipy = (
        "beta",
        lambda mean, precision: {"a": mean * precision, "b": mean.complement * precision},
    )

    def log_density(y, mean, precision):
        return log_peak(*_bound(y), *_shapes(mean, precision)) - y.log - y.log1m

    def var(mean, precision):
        return mean * mean.complement / (1.0 + precision)

    def mode(mean, precision):
        a, b = mean * precision, mean.complement * precision
        edge = where(mean <= 0.5, 0.0, 1.0)
        peaked = where(a > 1.0, where(b > 1.0, (a - 1.0) / (a + b - 2.0), 1.0), 0.0)
        # a = b = 1 is flat: ties go to the smallest value.
        return where(a <= 1.0, where(b <= 1.0, edge, peaked), peaked)

    def entropy(mean, precision):
        # log B(a, b) − (a − 1) ψ(a) − (b − 1) ψ(b) + (φ − 2) ψ(φ), Stirling's leading terms cancelled.
        a, b = mean * precision, mean.complement * precision
        log_a, log_b = mean.log + precision.log, mean.log1m + precision.log
        slope_a, slope_b = stirling_slope(a, log_a), stirling_slope(b, log_b)
        slope = stirling_slope(precision, precision.log)
        return (
            0.5 * (log_a + log_b)
            - 1.5 * precision.log
            + 0.5 * log(2.0 * PI)
            + (stirling(a, log_a) + stirling(b, log_b) - stirling(precision, precision.log))
            + ((slope_a - 0.5) / a - (slope_a - 0.5))
            + ((slope_b - 0.5) / b - (slope_b - 0.5))
            + ((slope - 0.5) - 2.0 * (slope - 0.5) / precision)
        )

    def log_cdf(y, mean, precision):
        return log_beta_below(*_bound(y), *_shapes(mean, precision))

    def log_sf(y, mean, precision):
        return log_beta_above(*_bound(y), *_shapes(mean, precision))

    def log_interval(low, high, mean, precision):
        return log_between_bounds(_bound(low), _bound(high), *_shapes(mean, precision))

    def cdf(y, mean, precision):
        return betainc(mean * precision, mean.complement * precision, y)

    def sf(y, mean, precision):
        return beta_upper(mean * precision, mean.complement * precision, y)

    def quantile(q, mean, precision):
        return beta_quantile(mean * precision, mean.complement * precision, q)

    def isf(q, mean, precision):
        a, b = mean * precision, mean.complement * precision
        gap = beta_quantile(b, a, q)
        return where(gap < 0.5, 1.0 - gap, betainccinv(a, b, q))

    def expected_information(mean, precision):
        # The density moves with log a, log b and log φ, by x²ψ′(x) each. The x in it cancels in
        # the sum but for φμ(1 − μ), which is −φ · d log μ · d log(1 − μ).
        va = 0.5 + _stirling_2(mean * precision, mean.log + precision.log)
        vb = 0.5 + _stirling_2(mean.complement * precision, mean.log1m + precision.log)
        return {
            ("log mean", "log mean"): va,
            ("log1m mean", "log1m mean"): vb,
            ("log mean", "log1m mean"): -0.5 * precision,
            ("log mean", "log precision"): va,
            ("log1m mean", "log precision"): vb,
            ("log precision", "log precision"): va
            + vb
            - (0.5 + _stirling_2(precision, precision.log)),
        }

    def sample(rng, size, mean, precision):
        return rng.beta(mean * precision, (1.0 - mean) * precision, size)

    def sufficient(y):
        return (y.log, y.log1m)

    def maximum_likelihood(moments):
        shapes = beta_shapes(moments.mean[0], moments.mean[1])
        if shapes is None:
            return None
        a, b = shapes
        return {"mean": a / (a + b), "precision": a + b}

    def start(mean, std):
        return {"mean": mean, "precision": max(mean * (1 - mean) / std**2 - 1, 0.1)}
