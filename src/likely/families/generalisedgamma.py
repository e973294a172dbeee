"""GeneralisedGamma: positive values, from Gamma and Weibull through LogNormal to their reciprocals."""

import math

from likely._math.atoms import lgamma
from likely._math.atoms.generalised_gamma import (
    gengamma_kernel,
    gengamma_lower,
    gengamma_quantile,
    log_moment,
    log_moment_ratio,
    square_error,
    square_error_1,
)
from likely._math.domains import positive, real
from likely._math.graph import PI, abs_, exp, expm1, log, log1p, where
from likely._math.tails.generalised_gamma import (
    log_between_bounds,
    log_gengamma_lower,
    log_gengamma_upper,
)
from likely._math.tails.generalised_gamma_bounds import (
    density_above,
    density_below,
    density_within,
    earlier,
    later,
)
from likely.families.base import Distribution, Parameter

INFINITY = float("inf")


class GeneralisedGamma(Distribution):
    r"""Positive values whose right tail the data choose: survival times, durations, costs.

    .. math:: p(y) = \frac{|q|\, n^n}{\sigma y\, \Gamma(n)} \exp\left(n (q w - e^{q w})\right),
              \quad w = \frac{\log y-\mu}{\sigma}, \ n = \frac{1}{q^2}

    Shape q = 0 is the LogNormal, q = 1 the Weibull, q = scale the Gamma and both = 1 the Exponential; −q is the family
    of 1/y. Its likelihood tells which of them fits. With q < 0 the right tail falls like y to the power −1/(scale·|q|),
    so that the mean exists for scale·|q| < 1 and the variance for scale·|q| < ½. Where q runs to ±∞ the density becomes
    a power of y that ends at one side, and a fit says so. This is flexsurv's ``gengamma(mu, sigma, Q)``; SciPy's
    ``gengamma`` has a = 1/q² and c = q/scale.

    Source: Prentice (1974), doi:10.1093/biomet/61.3.539.
    """

    support = positive
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    shape = Parameter(real, "q", shared=True)
    scipy = (
        "gengamma",
        lambda loc, scale, shape: {
            "a": 1.0 / (shape * shape),
            "c": shape / scale,
            "scale": exp(loc + scale * (2.0 * log(abs_(shape)) / shape)),
        },
    )

    def log_density(y, loc, scale, shape):
        kernel = gengamma_kernel(y.log - loc, scale, shape, scale.log)
        return -kernel - y.log - 0.5 * log(2.0 * PI) - square_error(shape)

    def printed(y, loc, scale, shape):
        n, x = 1.0 / shape**2, shape * ((y.log - loc) / scale)
        return (n - 0.5) * log(n) - lgamma(n) + n * (x - exp(x)) - scale.log - y.log

    def mean(loc, scale, shape):
        t = scale * shape
        light = t > -1.0
        inside = where(light, t, 0.0)
        return where(light, exp(loc + log_moment(scale, shape, inside, 1.0)), INFINITY)

    def var(loc, scale, shape):
        t = scale * shape
        light = t > -0.5
        inside = where(light, t, 0.0)
        ratio = expm1(log_moment_ratio(scale, shape, inside))
        square = exp(2.0 * (loc + log_moment(scale, shape, inside, 1.0)))
        return where(light, square * ratio, INFINITY)

    def mode(loc, scale, shape):
        # At e^(qw) = 1 − σq; with σq ≥ 1 the density falls from 0 on.
        t = scale * shape
        none = t == 0.0
        inside = t < 1.0
        fall = log1p(-where(inside, t, 0.0)) / where(none, 1.0, where(inside, shape, 1.0))
        return where(inside, exp(loc + scale * where(none, -scale, fall)), 0.0)

    def entropy(loc, scale, shape):
        # E[w] = −½q (1 + qS′(q)) and the mean of the exponent's remainder ½ (1 + qS′(q)).
        half = 0.5 * (1.0 + shape * square_error_1(shape))
        constant = 0.5 * log(2.0 * PI) + square_error(shape) + half
        return loc + scale.log - scale * (shape * half) + constant

    def cdf(y, loc, scale, shape):
        return gengamma_lower((y.log - loc) / scale, shape)

    def sf(y, loc, scale, shape):
        return gengamma_lower((loc - y.log) / scale, -shape)

    def log_cdf(y, loc, scale, shape):
        return log_gengamma_lower((y.log - loc) / scale, shape)

    def log_sf(y, loc, scale, shape):
        return log_gengamma_upper((y.log - loc) / scale, shape)

    def log_interval(low, high, loc, scale, shape):
        return log_between_bounds(low, high, loc, scale, shape)

    def log_above(y, low, loc, scale, shape):
        return density_above(y, low, loc, scale, shape)

    def log_below(y, high, loc, scale, shape):
        return density_below(y, high, loc, scale, shape)

    def log_within(y, low, high, loc, scale, shape):
        return density_within(y, low, high, loc, scale, shape)

    def log_sf_above(y, low, loc, scale, shape):
        return later(y, low, loc, scale, shape)

    def log_cdf_below(y, high, loc, scale, shape):
        return earlier(y, high, loc, scale, shape)

    def quantile(q, loc, scale, shape):
        return exp(loc + scale * gengamma_quantile(q, shape))

    def isf(q, loc, scale, shape):
        return exp(loc - scale * gengamma_quantile(q, -shape))

    def sample(rng, size, loc, scale, shape):
        import numpy as np

        # The logarithm of a Gamma of shape n, which may underflow, from one of shape n + 1. For a q so small that this
        # loses digits, the Normal's first correction is as good as exact.
        small = np.abs(shape) < 1e-7
        q = np.where(small, 1.0, shape)
        z, n = rng.standard_normal(size), 1.0 / (q * q)
        above = np.log(rng.standard_gamma(n + 1.0, size) / n)
        w = (above - q * q * rng.standard_exponential(size)) / q
        return np.exp(loc + scale * np.where(small, z - shape * (z * z + 2.0) / 6.0, w))

    def start(mean, std):
        # The LogNormal of these moments.
        square = math.log1p((std / mean) ** 2)
        return {"loc": math.log(mean) - 0.5 * square, "scale": math.sqrt(square), "shape": 0.0}

    def limits(mean, std, low, high):
        # Powers of y that end at the largest and at the smallest, of this mean: nearly.
        far = 5.0
        powers = (far, high, mean / (high - mean)), (-far, low, mean / (mean - low))
        return [
            {"loc": math.log(end), "scale": 1.0 / (power * far), "shape": shape}
            for shape, end, power in powers
        ]
