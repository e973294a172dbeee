"""Gamma: positive, right-skewed values with a constant coefficient of variation."""

import math

from likely._math.atoms import (
    gamma_deviance,
    gammainccinv,
    log_ratio,
    stirling,
    stirling_curve,
    stirling_slope,
)
from likely._math.domains import positive
from likely._math.graph import PI, log, maximum
from likely._math.solve import gamma_shape
from likely._math.tails.gamma import gamma_between, log_gamma_lower, log_gamma_upper
from likely._math.tails.incomplete import gamma_lower, gamma_lower_quantile, gamma_upper
from likely.families.base import Distribution, Parameter


def _stirling_2(x, log_x):
    # x² S″(x), the trigamma function less what cancels in the information.
    return stirling_curve(x, log_x) - stirling_slope(x, log_x)


class Gamma(Distribution):
    r"""Positive, right-skewed amounts: costs, rainfall, waiting times.

    .. math:: p(y) = \frac{k^k\, y^{k-1}}{\Gamma(k)\, m^k} \exp\left(-\frac{k y}{m}\right)

    Mean m, shape k, variance m²/k: the coefficient of variation 1/√k does not depend on x when the shape
    is shared. Mean and shape are orthogonal. With shape ≤ 1 the density is largest at 0, which is then
    the mode.

    Source: McCullagh and Nelder, Generalized Linear Models (1989), chapter 8.
    """

    support = positive
    mean = Parameter(positive, "m")
    shape = Parameter(positive, "k", shared=True)
    means_suffice = True
    scipy = ("gamma", lambda mean, shape: {"a": shape, "scale": mean / shape})

    def log_density(y, mean, shape):
        # k log k − k − log Γ(k) is ½ log(k/2π) less Stirling's error; the rest is the unit deviance.
        t = y.log - mean.log
        return (
            -gamma_deviance(t, shape, shape.log)
            - y.log
            - stirling(shape, shape.log)
            + 0.5 * shape.log
            - 0.5 * log(2.0 * PI)
        )

    def var(mean, shape):
        return mean * (mean / shape)

    def mode(mean, shape):
        return mean * maximum(1.0 - 1.0 / shape, 0.0)

    def entropy(mean, shape):
        # k − log k + log Γ(k) + (1 − k) ψ(k), where Stirling's leading terms have cancelled.
        slope = stirling_slope(shape, shape.log)
        return (
            mean.log
            - 0.5 * shape.log
            + (0.5 + 0.5 * log(2.0 * PI))
            + stirling(shape, shape.log)
            - slope
            + (slope - 0.5) / shape
        )

    def cdf(y, mean, shape):
        return gamma_lower(shape, y * shape / mean)

    def sf(y, mean, shape):
        return gamma_upper(shape, y * shape / mean)

    def log_cdf(y, mean, shape):
        return log_gamma_lower(y.log - mean.log, shape, shape.log)

    def log_sf(y, mean, shape):
        return log_gamma_upper(y.log - mean.log, shape, shape.log)

    def log_interval(low, high, mean, shape):
        width = log_ratio(high, low, high - low)
        return gamma_between(low.log - mean.log, width, shape, shape.log)

    def quantile(q, mean, shape):
        return gamma_lower_quantile(shape, q) * (mean / shape)

    def isf(q, mean, shape):
        return gammainccinv(shape, q) * (mean / shape)

    def expected_information(mean, shape):
        return {
            ("log mean", "log mean"): shape,
            ("log shape", "log shape"): 0.5 + _stirling_2(shape, shape.log),
        }

    def sample(rng, size, mean, shape):
        return rng.gamma(shape, mean / shape, size)

    def sufficient(y):
        return (y, y.log)

    def maximum_likelihood(moments):
        mean = moments.mean[0]
        shape = gamma_shape(math.log(mean), moments.mean[1])
        return None if shape is None else {"mean": mean, "shape": shape}

    def start(mean, std):
        return {"mean": mean, "shape": (mean / std) ** 2}
