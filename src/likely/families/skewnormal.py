"""SkewNormal: errors that lean to one side, with the Normal in the middle."""

from math import e

from likely._math.domains import positive, real
from likely._math.graph import PI, log
from likely._math.hyperbolic import tanh
from likely._math.skew import skew_kernel
from likely.families.base import Distribution, Parameter

SQRT_2_PI = 0.7978845608028654


class SkewNormal(Distribution):
    r"""Errors that lean to one side: frontiers, selection, measurements with a soft limit.

    .. math:: p(y) = \frac{2}{\sigma}\,\varphi(z)\,\Phi(z \sinh\alpha), \quad z = \frac{y-\mu}{\sigma}

    Skewness α > 0 leans to the right, 0 is the Normal, and α → ±∞ is one half of it. The mean is
    loc + scale·√(2/π)·tanh α, the variance scale²·(1 − (2/π) tanh² α); the moment coefficient of skewness stays
    below 1. Azzalini's shape is sinh(skewness): on this scale a fit that runs to ±∞, as small samples do,
    gets there and says so. The likelihood is flat in skewness at 0, where its standard error says little.

    Source: Azzalini (1985), Scandinavian Journal of Statistics 12, 171–178.
    """

    support = real
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    skewness = Parameter(real, r"\alpha", shared=True)
    scipy = (
        "skewnorm",
        lambda loc, scale, skewness: {
            "a": 0.5 * (e**skewness - e**-skewness),
            "loc": loc,
            "scale": scale,
        },
    )

    def log_density(y, loc, scale, skewness):
        z = (y - loc) / scale
        skew = skew_kernel(y - loc, scale, skewness, scale.log)
        return log(2.0) - 0.5 * (z * z) - skew - scale.log - 0.5 * log(2.0 * PI)

    def mean(loc, scale, skewness):
        return loc + scale * (SQRT_2_PI * tanh(skewness))

    def var(loc, scale, skewness):
        slope = tanh(skewness)
        return scale * scale * (1.0 - 2.0 / PI * (slope * slope))

    def sample(rng, size, loc, scale, skewness):
        import numpy as np

        # A Normal reflected to the side where a second one says.
        first, second = rng.standard_normal(size), rng.standard_normal(size)
        sign = 1.0 - 2.0 * (second > np.sinh(skewness) * first)
        return loc + scale * (sign * first)

    def start(mean, std):
        # Skewness 0 is a stationary point: start on either side of it as well.
        return {
            "loc": (mean, mean - 0.9 * std, mean + 0.9 * std),
            "scale": (std, 1.35 * std),
            "skewness": (0.1, -1.5, 1.5),
        }
