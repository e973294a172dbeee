"""SkewNormal: a Normal that leans to one side."""

import math

from likely._math.atoms import inverse_mills, log_ndtr
from likely._math.atoms.skew_normal import (
    mean_log_skew,
    skew_kernel,
    skew_normal_mode,
    skew_pull,
)
from likely._math.domains import positive, real
from likely._math.graph import PI, abs_, exp, log, sign, sqrt, where
from likely._math.tails.intervals import log_between, narrow_between
from likely._math.tails.skew_normal import log_skew_lower, skew_normal_quantile
from likely.families.base import Distribution, Parameter

#: Skewness of y with which fits begin: at none the slope vanishes whatever y, and no skew normal has 1.
LEAST, MOST = 0.05, 0.9


def _tilt(skewness):
    # α/√(1 + α²)
    large = abs_(skewness) > 1.0
    size = where(large, abs_(skewness), 1.0)
    far = sign(skewness) / sqrt(1.0 + 1.0 / size / size)
    near = where(large, 0.0, skewness)
    return where(large, far, near / sqrt(1.0 + near * near))


def _log_density(y, loc, scale, skewness):
    return 0.5 * log(2.0 / PI) - skew_kernel(y - loc, scale, skewness, scale.log)


class SkewNormal(Distribution):
    r"""Errors that lean to one side, with tails no heavier than the Normal's: body measures, inefficiencies.

    .. math:: p(y) = \frac{2}{\sigma}\, \varphi(z)\, \Phi(\alpha z), \quad z = \frac{y-\mu}{\sigma}

    with φ and Φ the density and distribution function of the standard Normal. Skewness α = 0 is the Normal, and α → ±∞
    the half of a Normal that begins at loc: then the maximum of the likelihood is at infinity, and a fit says so. The
    mean is not loc but loc + scale·δ√(2/π), with δ = α/√(1 + α²). The third moment lies between those of the two
    half-normals, −0.995 and 0.995. Of several maxima, a half-normal among them, a fit takes the largest; few rows
    often end at a half-normal. At α = 0 the information is singular, so that of data without skewness the
    standard errors are large.

    Source: Azzalini (1985), Scandinavian Journal of Statistics 12, 171-178.
    """

    support = real
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    skewness = Parameter(real, r"\alpha", shared=True)
    leans_by = "skewness"
    scipy = (
        "skewnorm",
        lambda loc, scale, skewness: {"a": skewness, "loc": loc, "scale": scale},
    )

    def log_density(y, loc, scale, skewness):
        return _log_density(y, loc, scale, skewness)

    def log_density_slope(y, loc, scale, skewness):
        z = (y - loc) / scale
        return (skewness * inverse_mills(skewness * z) - z) / scale

    def printed(y, loc, scale, skewness):
        z = (y - loc) / scale
        return 0.5 * log(2.0 / PI) - scale.log - 0.5 * (z * z) + log_ndtr(skewness * z)

    def mean(loc, scale, skewness):
        return loc + scale * (_tilt(skewness) * sqrt(2.0 / PI))

    def var(loc, scale, skewness):
        tilt = _tilt(skewness)
        return scale * scale * (1.0 - 2.0 * (tilt * tilt) / PI)

    def mode(loc, scale, skewness):
        return loc + scale * skew_normal_mode(skewness)

    def entropy(loc, scale, skewness):
        # E z² = 1 whatever the skewness
        return scale.log + 0.5 * (1.0 + log(0.5 * PI)) - mean_log_skew(skewness)

    def cdf(y, loc, scale, skewness):
        return exp(log_skew_lower((y - loc) / scale, skewness))

    def sf(y, loc, scale, skewness):
        return exp(log_skew_lower((loc - y) / scale, -skewness))

    def log_cdf(y, loc, scale, skewness):
        return log_skew_lower((y - loc) / scale, skewness)

    def log_sf(y, loc, scale, skewness):
        return log_skew_lower((loc - y) / scale, -skewness)

    def log_interval(low, high, loc, scale, skewness):
        d, width = low - loc, high - low
        # The density changes by the factor e at most, and so does Φ(αz).
        steep = abs_(skew_pull(d, scale, skewness, scale.log)) + 2.0 * (1.0 + abs_(skewness))
        narrow = steep * (width / scale) < 1.0
        between = narrow_between(lambda y: _log_density(y, loc, scale, skewness), low, width)
        (f_low, s_low), (f_high, s_high) = (
            (
                log_skew_lower((y - loc) / scale, skewness),
                log_skew_lower((loc - y) / scale, -skewness),
            )
            for y in (low, high)
        )
        return where(narrow, between, log_between((f_low, f_high), (s_low, s_high)))

    def quantile(q, loc, scale, skewness):
        return loc + scale * skew_normal_quantile(q, skewness)

    def isf(q, loc, scale, skewness):
        return loc - scale * skew_normal_quantile(q, -skewness)

    def sample(rng, size, loc, scale, skewness):
        import numpy as np

        # A Normal that is turned over where another one, correlated with it, is below 0.
        half, other = np.abs(rng.standard_normal(size)), rng.standard_normal(size)
        return loc + scale * (skewness * half + other) / np.hypot(1.0, skewness)

    def start(mean, std, third=0.0):
        # By moments: third = ½(4 − π) μ³/(1 − μ²)^(3/2) with μ the mean of z (Azzalini, 1985).
        size = min(max(abs(third), LEAST), MOST)
        ratio = (2.0 * size / (4.0 - math.pi)) ** (1.0 / 3.0)
        mu = math.copysign(ratio / math.hypot(1.0, ratio), third)
        tilt = mu * math.sqrt(0.5 * math.pi)
        scale = std / math.sqrt(1.0 - mu * mu)
        skewness = tilt / math.sqrt(1.0 - tilt * tilt)
        return {"loc": mean - scale * mu, "scale": scale, "skewness": skewness}
