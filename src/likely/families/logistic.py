"""Logistic: symmetric errors with tails a little heavier than the Normal's."""

import math

from likely._math.atoms import sigmoid, softplus
from likely._math.domains import positive, real
from likely._math.graph import PI, log, log1p
from likely._math.location_scale import logistic_kernel
from likely._math.tails import logistic_between, logistic_later
from likely.families.base import Distribution, Parameter


class Logistic(Distribution):
    r"""Symmetric errors with exponential tails: growth, utilities, ratings.

    .. math:: p(y) = \frac{e^{-z}}{\sigma\,(1+e^{-z})^2}, \quad z = \frac{y-\mu}{\sigma}

    Mean loc, variance π²·scale²/3. Between Normal and Laplace: robust like the latter far out, smooth like
    the former near loc. Its distribution function is the sigmoid.

    Source: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 2 (1995), chapter 23.
    """

    support = real
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    scipy = ("logistic", lambda loc, scale: {"loc": loc, "scale": scale})

    def log_density(y, loc, scale):
        return -logistic_kernel(y - loc, scale, scale.log) - scale.log

    def mean(loc, scale):
        return loc

    def var(loc, scale):
        return (PI * PI / 3.0) * (scale * scale)

    def mode(loc, scale):
        return loc

    def entropy(loc, scale):
        return 2.0 + scale.log

    def cdf(y, loc, scale):
        return sigmoid((y - loc) / scale)

    def sf(y, loc, scale):
        return sigmoid((loc - y) / scale)

    def log_cdf(y, loc, scale):
        return -softplus((loc - y) / scale)

    def log_sf(y, loc, scale):
        return -softplus((y - loc) / scale)

    def log_interval(low, high, loc, scale):
        return logistic_between((low - loc) / scale, (high - loc) / scale, (high - low) / scale)

    def log_sf_above(y, low, loc, scale):
        a, b, width = ((v / scale) for v in (low - loc, y - loc, y - low))
        return logistic_later(a, b, width, log(y - low) - scale.log)

    def quantile(q, loc, scale):
        return loc + scale * (log(q) - log1p(-q))

    def isf(q, loc, scale):
        return loc - scale * (log(q) - log1p(-q))

    def expected_information(loc, scale):
        return {
            ("loc", "loc"): 1.0 / scale / scale / 3.0,
            ("log scale", "log scale"): (3.0 + PI * PI) / 9.0,
        }

    def sample(rng, size, loc, scale):
        return rng.logistic(loc, scale, size)

    def start(mean, std):
        return {"loc": mean, "scale": std * math.sqrt(3.0) / math.pi}
