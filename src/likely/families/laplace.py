"""Laplace: heavy-tailed errors whose maximum-likelihood fit is the median."""

from likely._math.domains import positive, real
from likely._math.graph import abs_, exp, log, where
from likely.families.base import Distribution, Parameter


class Laplace(Distribution):
    r"""Robust regression: least absolute deviations.

    .. math:: p(y) = \frac{1}{2b} \exp\left(-\frac{|y-\mu|}{b}\right)

    Median loc, variance 2·scale². Use it where a few rows are far off and should not pull the fit;
    its loc is fitted by a linear programme, because the loss has a kink at every residual 0.

    Source: Koenker and Bassett (1978), doi:10.2307/1913643.
    """

    support = real
    smooth = False
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, "b")
    scipy = ("laplace", lambda loc, scale: {"loc": loc, "scale": scale})

    def log_density(y, loc, scale):
        return -(abs_(y - loc) / scale) - scale.log - log(2.0)

    def mean(loc, scale):
        return loc

    def var(loc, scale):
        return 2.0 * (scale * scale)

    def mode(loc, scale):
        return loc

    def entropy(loc, scale):
        return 1.0 + log(2.0) + scale.log

    def cdf(y, loc, scale):
        z = (y - loc) / scale
        tail = 0.5 * exp(-abs_(z))
        return where(z < 0.0, tail, 1.0 - tail)

    def sf(y, loc, scale):
        z = (y - loc) / scale
        tail = 0.5 * exp(-abs_(z))
        return where(z < 0.0, 1.0 - tail, tail)

    def quantile(q, loc, scale):
        return loc + scale * where(q < 0.5, log(2.0 * q), -log(2.0 * (1.0 - q)))

    def isf(q, loc, scale):
        return loc - scale * where(q < 0.5, log(2.0 * q), -log(2.0 * (1.0 - q)))

    def expected_information(loc, scale):
        return {("loc", "loc"): 1.0 / scale / scale, ("log scale", "log scale"): 1.0}

    def sample(rng, size, loc, scale):
        return rng.laplace(loc, scale, size)

    def start(mean, std):
        return {"loc": mean, "scale": std / 2**0.5}
