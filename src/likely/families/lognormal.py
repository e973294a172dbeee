"""LogNormal: positive values whose logarithm is Normal."""

from likely._math.atoms import log_ndtr, log_ratio, log_ratio_of, ndtr, ndtri
from likely._math.domains import positive, real
from likely._math.graph import PI, exp, expm1, log
from likely._math.tails.intervals import normal_above, normal_between, normal_later, normal_within
from likely._math.tails.location_scale_bounds import log_gap, log_offset
from likely.families.base import Distribution, Parameter


class LogNormal(Distribution):
    r"""Positive values that arise by multiplication: incomes, durations, concentrations.

    .. math:: p(y) = \frac{1}{\sqrt{2\pi}\,\sigma\,y}
              \exp\left(-\frac{(\log y-\mu)^2}{2\sigma^2}\right)

    log y is Normal(loc, scale): the median is exp(loc), the mean exp(loc + scale²/2). Use it where
    percentage errors are symmetric; Gamma has a lighter right tail.

    Source: Crow and Shimizu, Lognormal Distributions (1988).
    """

    support = positive
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    scipy = ("lognorm", lambda loc, scale: {"s": scale, "scale": exp(loc)})

    def log_density(y, loc, scale):
        z = (y.log - loc) / scale
        return -0.5 * (z * z) - scale.log - y.log - 0.5 * log(2.0 * PI)

    def mean(loc, scale):
        return exp(loc + 0.5 * (scale * scale))

    def var(loc, scale):
        return expm1(scale * scale) * exp(2.0 * loc + scale * scale)

    def mode(loc, scale):
        return exp(loc - scale * scale)

    def entropy(loc, scale):
        return loc + 0.5 + scale.log + 0.5 * log(2.0 * PI)

    def cdf(y, loc, scale):
        return ndtr((y.log - loc) / scale)

    def sf(y, loc, scale):
        return ndtr((loc - y.log) / scale)

    def log_cdf(y, loc, scale):
        return log_ndtr((y.log - loc) / scale)

    def log_sf(y, loc, scale):
        return log_ndtr((loc - y.log) / scale)

    def log_interval(low, high, loc, scale):
        ratio = log_ratio(high, low, high - low)
        a, b = (low.log - loc) / scale, (high.log - loc) / scale
        return normal_between(a, b, ratio / scale, log(ratio) - scale.log)

    def log_above(y, low, loc, scale):
        step = log_ratio_of(y, low, y - low, y.log, low.log) / scale
        above = normal_above((y.log - loc) / scale, (low.log - loc) / scale, step)
        return above - scale.log - y.log

    def log_below(y, high, loc, scale):
        step = log_ratio(high, y, high - y) / scale
        below = normal_above((loc - y.log) / scale, (loc - high.log) / scale, step)
        return below - scale.log - y.log

    def log_within(y, low, high, loc, scale):
        z, a, b = ((v.log - loc) / scale for v in (y, low, high))
        steps = log_ratio(y, low, y - low) / scale, log_ratio(high, y, high - y) / scale
        width = log_ratio(high, low, high - low) / scale
        offset = log_offset(y, low, high) / scale
        log_s = scale.log + y.log
        return normal_within(z, a, b, steps, width, offset, log_gap(y, low, high), log_s)

    def log_sf_above(y, low, loc, scale):
        width = log_ratio(y, low, y - low) / scale
        return normal_later((low.log - loc) / scale, (y.log - loc) / scale, width)

    def log_cdf_below(y, high, loc, scale):
        width = log_ratio(high, y, high - y) / scale
        return normal_later((loc - high.log) / scale, (loc - y.log) / scale, width)

    def quantile(q, loc, scale):
        return exp(loc + scale * ndtri(q))

    def isf(q, loc, scale):
        return exp(loc - scale * ndtri(q))

    def expected_information(loc, scale):
        return {("loc", "loc"): 1.0 / scale / scale, ("log scale", "log scale"): 2.0}

    def sample(rng, size, loc, scale):
        return rng.lognormal(loc, scale, size)

    def sufficient(y):
        return (y.log,)

    def maximum_likelihood(moments):
        return {"loc": moments.mean[0], "scale": moments.variance[0] ** 0.5}
