"""Normal: symmetric errors on the real line."""

from likely._math.atoms import log_ndtr, ndtr, ndtri
from likely._math.domains import positive, real
from likely._math.graph import PI, log
from likely._math.tails.intervals import normal_above, normal_between, normal_later, normal_within
from likely.families.base import Alternative, Distribution, Parameter


class Normal(Distribution):
    r"""Symmetric errors on the real line: the family behind least squares.

    .. math:: p(y) = \frac{1}{\sqrt{2\pi}\,\sigma} \exp\left(-\frac{(y-\mu)^2}{2\sigma^2}\right)

    Mean loc, variance scale². Use it for measurements whose errors are sums of many small effects;
    offer StudentT or Laplace where outliers are real. ``Normal(scale=shared)`` is least squares,
    ``Normal()`` predicts the spread as well, ``Normal(variance=predicted("square"))`` is the
    lecture's σ² = f₂(x, φ)².

    Source: Prince, Understanding Deep Learning (2023), section 5.3.
    """

    support = real
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    variance = Alternative("scale", positive, 0.5, r"\sigma^2")
    scipy = ("norm", lambda loc, scale: {"loc": loc, "scale": scale})

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -0.5 * (z * z) - scale.log - 0.5 * log(2.0 * PI)

    def mean(loc, scale):
        return loc

    def var(loc, scale):
        return scale * scale

    def mode(loc, scale):
        return loc

    def entropy(loc, scale):
        return 0.5 + scale.log + 0.5 * log(2.0 * PI)

    def cdf(y, loc, scale):
        return ndtr((y - loc) / scale)

    def sf(y, loc, scale):
        return ndtr((loc - y) / scale)

    def log_cdf(y, loc, scale):
        return log_ndtr((y - loc) / scale)

    def log_sf(y, loc, scale):
        return log_ndtr((loc - y) / scale)

    def log_interval(low, high, loc, scale):
        width = (high - low) / scale
        log_width = log(high - low) - scale.log
        return normal_between((low - loc) / scale, (high - loc) / scale, width, log_width)

    def log_above(y, low, loc, scale):
        step = (y - low) / scale
        return normal_above((y - loc) / scale, (low - loc) / scale, step) - scale.log

    def log_below(y, high, loc, scale):
        step = (high - y) / scale
        return normal_above((loc - y) / scale, (loc - high) / scale, step) - scale.log

    def log_within(y, low, high, loc, scale):
        z, a, b = ((v - loc) / scale for v in (y, low, high))
        offset = (y - 0.5 * (low + high)) / scale
        width = (high - low) / scale
        steps = ((y - low) / scale, (high - y) / scale)
        return normal_within(z, a, b, steps, width, offset, log(high - low), scale.log)

    def log_sf_above(y, low, loc, scale):
        return normal_later((low - loc) / scale, (y - loc) / scale, (y - low) / scale)

    def log_cdf_below(y, high, loc, scale):
        return normal_later((loc - high) / scale, (loc - y) / scale, (high - y) / scale)

    def quantile(q, loc, scale):
        return loc + scale * ndtri(q)

    def isf(q, loc, scale):
        return loc - scale * ndtri(q)

    def expected_information(loc, scale):
        return {("loc", "loc"): 1.0 / scale / scale, ("log scale", "log scale"): 2.0}

    def sample(rng, size, loc, scale):
        return rng.normal(loc, scale, size)

    def sufficient(y):
        return (y,)

    def maximum_likelihood(moments):
        return {"loc": moments.mean[0], "scale": moments.variance[0] ** 0.5}

    def start(mean, std):
        return {"loc": mean, "scale": std}
