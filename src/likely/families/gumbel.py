"""Gumbel: the largest of many draws."""

import math

from likely._math.atoms import log1mexp_of
from likely._math.atoms.location_scale import gumbel_kernel
from likely._math.domains import positive, real
from likely._math.graph import PI, exp, expm1, log, log1p
from likely._math.tails.intervals import fading, gumbel_later
from likely._math.tails.location_scale_bounds import (
    gumbel_above,
    gumbel_below,
    gumbel_between,
    gumbel_within,
)
from likely.families.base import Distribution, Parameter

EULER_GAMMA = 0.5772156649015329


class Gumbel(Distribution):
    r"""Largest of many draws: annual floods, peak loads, record temperatures.

    .. math:: p(y) = \frac{1}{\sigma} \exp(-z - e^{-z}), \quad z = \frac{y-\mu}{\sigma}

    Mode loc, mean loc + γ·scale with Euler's γ ≈ 0.577, variance π²·scale²/6; skewed to the right. For
    the smallest of many draws model −y.

    Source: Gumbel, Statistics of Extremes (1958).
    """

    support = real
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    scipy = ("gumbel_r", lambda loc, scale: {"loc": loc, "scale": scale})

    def log_density(y, loc, scale):
        return -gumbel_kernel(y - loc, scale, scale.log) - scale.log

    def log_density_slope(y, loc, scale):
        return expm1(-((y - loc) / scale)) / scale

    def mean(loc, scale):
        return loc + EULER_GAMMA * scale

    def var(loc, scale):
        return (PI * PI / 6.0) * (scale * scale)

    def mode(loc, scale):
        return loc

    def entropy(loc, scale):
        return (1.0 + EULER_GAMMA) + scale.log

    def cdf(y, loc, scale):
        return exp(-exp((loc - y) / scale))

    def sf(y, loc, scale):
        return -expm1(-exp((loc - y) / scale))

    def log_cdf(y, loc, scale):
        return -exp(fading((loc - y) / scale))

    def log_sf(y, loc, scale):
        z = (y - loc) / scale
        return log1mexp_of(exp(-z), -z)

    def log_interval(low, high, loc, scale):
        a, b, middle = ((v - loc) / scale for v in (low, high, 0.5 * low + 0.5 * high))
        gap = high - low
        return gumbel_between(a, b, middle, gap / scale, log(gap) - scale.log)

    def log_above(y, low, loc, scale):
        step = (y - low) / scale
        return gumbel_above((y - loc) / scale, (low - loc) / scale, step) - scale.log

    def log_below(y, high, loc, scale):
        return gumbel_below((y - loc) / scale, (high - y) / scale) - scale.log

    def log_within(y, low, high, loc, scale):
        below, above, gap = y - low, high - y, high - low
        z, a, middle = ((v - loc) / scale for v in (y, low, 0.5 * low + 0.5 * high))
        offset, width = 0.5 * (below - above) / scale, gap / scale
        steps, log_width = (below / scale, above / scale), log(gap) - scale.log
        return gumbel_within(z, a, steps, middle, offset, width, log_width) - log(gap)

    def log_sf_above(y, low, loc, scale):
        a, b, width = ((v / scale) for v in (low - loc, y - loc, y - low))
        return gumbel_later(a, b, width)

    def log_cdf_below(y, high, loc, scale):
        return exp(fading((loc - y) / scale)) * expm1(fading((y - high) / scale))

    def quantile(q, loc, scale):
        return loc - scale * log(-log(q))

    def isf(q, loc, scale):
        return loc - scale * log(-log1p(-q))

    def expected_information(loc, scale):
        return {
            ("loc", "loc"): 1.0 / scale / scale,
            ("loc", "log scale"): (EULER_GAMMA - 1.0) / scale,
            ("log scale", "log scale"): PI * PI / 6.0 + (1.0 - EULER_GAMMA) ** 2,
        }

    def sample(rng, size, loc, scale):
        return rng.gumbel(loc, scale, size)

    def start(mean, std):
        scale = std * math.sqrt(6.0) / math.pi
        return {"loc": mean - EULER_GAMMA * scale, "scale": scale}
