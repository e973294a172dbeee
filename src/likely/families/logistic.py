"""Logistic: symmetric errors with tails a little heavier than the Normal's."""

import math

from likely._math.atoms import sigmoid, softplus
from likely._math.atoms.location_scale import logistic_kernel
from likely._math.domains import positive, real
from likely._math.graph import PI, log, log1p
from likely._math.tails.intervals import logistic_later
from likely._math.tails.location_scale_bounds import (
    half_tanh,
    logistic_above,
    logistic_between,
    logistic_within,
)
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

    def log_density_slope(y, loc, scale):
        return -half_tanh((y - loc) / scale) / scale

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
        a, b, middle = ((v - loc) / scale for v in (low, high, 0.5 * low + 0.5 * high))
        gap = high - low
        return logistic_between(a, b, middle, gap / scale, log(gap) - scale.log)

    def log_above(y, low, loc, scale):
        z, a, step = ((v / scale) for v in (y - loc, low - loc, y - low))
        return logistic_above(z, a, step, log(y - low) - scale.log) - scale.log

    def log_below(y, high, loc, scale):
        z, b, step = ((v / scale) for v in (y - loc, high - loc, high - y))
        return logistic_above(-z, -b, step, log(high - y) - scale.log) - scale.log

    def log_within(y, low, high, loc, scale):
        below, above, gap = y - low, high - y, high - low
        z, a, b, middle = ((v - loc) / scale for v in (y, low, high, 0.5 * low + 0.5 * high))
        steps, offset = (below / scale, above / scale), 0.5 * (below - above) / scale
        logs = (log(below) - scale.log, log(above) - scale.log)
        width, log_width = gap / scale, log(gap) - scale.log
        within = logistic_within(z, (a, b), steps, logs, middle, offset, width, log_width)
        return within - log(gap)

    def log_sf_above(y, low, loc, scale):
        a, b, width = ((v / scale) for v in (low - loc, y - loc, y - low))
        return logistic_later(a, b, width, log(y - low) - scale.log)

    def log_cdf_below(y, high, loc, scale):
        a, b, width = ((v / scale) for v in (loc - high, loc - y, high - y))
        return logistic_later(a, b, width, log(high - y) - scale.log)

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
