"""LogLogistic: positive values whose logarithm is Logistic."""

import math

from likely._math.atoms import log_ratio, log_ratio_of, sigmoid, softplus
from likely._math.atoms.location_scale import logistic_kernel
from likely._math.domains import positive
from likely._math.graph import PI, exp, log, log1p, minimum, polynomial, tan, where
from likely._math.tails.intervals import logistic_later
from likely._math.tails.location_scale_bounds import (
    half_tanh,
    log_gap,
    log_offset,
    logistic_above,
    logistic_between,
    logistic_within,
)
from likely.families.base import Distribution, Parameter

#: (tan b − b)/b³ in powers of b².
TAN = (1 / 3, 2 / 15, 17 / 315, 62 / 2835, 1382 / 155925, 21844 / 6081075)


def _over_sine(u):
    # πu/sin(πu) for 0 < u < 1; sin x = 2t/(1 + t²) with t = tan(x/2), and sin π(1 − u) = sin πu
    t = tan(0.5 * PI * minimum(u, 1.0 - u))
    return PI * u * (1.0 + t * t) / (2.0 * t)


def _place(y, scale, shape):
    # Of log y, in units of its scale 1/shape.
    return shape * log_ratio_of(y, scale, y - scale, y.log, scale.log)


class LogLogistic(Distribution):
    r"""Positive values with a power-law tail: survival times, incomes, river flows.

    .. math:: p(y) = \frac{(k/\alpha)\,(y/\alpha)^{k-1}}{\left(1 + (y/\alpha)^k\right)^2}

    log y is Logistic with location log scale and scale 1/shape: the median is scale, and P(Y > y) falls as
    y to the power −shape. The mean exists for shape > 1, the variance for shape > 2. Unlike Weibull's,
    the hazard rises and then falls (shape > 1). With shape ≤ 1 the mode is 0.

    Source: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 2 (1995), section 23.11.
    """

    support = positive
    scale = Parameter(positive, r"\alpha")
    shape = Parameter(positive, "k", shared=True)
    scipy = ("fisk", lambda scale, shape: {"c": shape, "scale": scale})

    def log_density(y, scale, shape):
        d = log_ratio_of(y, scale, y - scale, y.log, scale.log)
        return shape.log - y.log - logistic_kernel(d, 1.0 / shape, -shape.log)

    def log_density_slope(y, scale, shape):
        return -(1.0 + shape * half_tanh(shape * (y.log - scale.log))) / y

    def mean(scale, shape):
        u = where(shape > 1.0, 1.0 / shape, 0.5)
        return where(shape > 1.0, scale * _over_sine(u), float("inf"))

    def var(scale, shape):
        # (b/sin b)² (tan b/b − 1) with b = π/k
        b = PI * where(shape > 2.0, 1.0 / shape, 0.25)
        rise = where(b < 0.1, b * b * polynomial(b * b, TAN), tan(b) / b - 1.0)
        ratio = _over_sine(b / PI)
        return where(shape > 2.0, scale * scale * (ratio * ratio) * rise, float("inf"))

    def mode(scale, shape):
        inside = where(shape > 1.0, shape, 2.0)
        return where(shape > 1.0, scale * exp(log1p(-2.0 / (inside + 1.0)) / inside), 0.0)

    def entropy(scale, shape):
        return scale.log - shape.log + 2.0

    def cdf(y, scale, shape):
        return sigmoid(shape * (y.log - scale.log))

    def sf(y, scale, shape):
        return sigmoid(shape * (scale.log - y.log))

    def log_cdf(y, scale, shape):
        return -softplus(shape * (scale.log - y.log))

    def log_sf(y, scale, shape):
        return -softplus(shape * (y.log - scale.log))

    def log_interval(low, high, scale, shape):
        a, b = (_place(v, scale, shape) for v in (low, high))
        ratio = log_ratio(high, low, high - low)
        return logistic_between(a, b, 0.5 * (a + b), shape * ratio, log(ratio) + shape.log)

    def log_above(y, low, scale, shape):
        ratio = log_ratio(y, low, y - low)
        z, a = (_place(v, scale, shape) for v in (y, low))
        above = logistic_above(z, a, shape * ratio, log(ratio) + shape.log)
        return above + shape.log - y.log

    def log_below(y, high, scale, shape):
        ratio = log_ratio(high, y, high - y)
        z, b = (_place(v, scale, shape) for v in (y, high))
        below = logistic_above(-z, -b, shape * ratio, log(ratio) + shape.log)
        return below + shape.log - y.log

    def log_within(y, low, high, scale, shape):
        z, a, b = (_place(v, scale, shape) for v in (y, low, high))
        ratios = log_ratio(y, low, y - low), log_ratio(high, y, high - y)
        steps = (shape * ratios[0], shape * ratios[1])
        logs = (log(ratios[0]) + shape.log, log(ratios[1]) + shape.log)
        offset, ratio = shape * log_offset(y, low, high), log_ratio(high, low, high - low)
        width, log_width = shape * ratio, log(ratio) + shape.log
        within = logistic_within(z, (a, b), steps, logs, 0.5 * (a + b), offset, width, log_width)
        return within - log_gap(y, low, high)

    def log_sf_above(y, low, scale, shape):
        ratio = log_ratio(y, low, y - low)
        a, b = (shape * (v.log - scale.log) for v in (low, y))
        return logistic_later(a, b, shape * ratio, log(ratio) + shape.log)

    def log_cdf_below(y, high, scale, shape):
        ratio = log_ratio(high, y, high - y)
        a, b = (shape * (scale.log - v.log) for v in (high, y))
        return logistic_later(a, b, shape * ratio, log(ratio) + shape.log)

    def quantile(q, scale, shape):
        return scale * exp((log(q) - log1p(-q)) / shape)

    def isf(q, scale, shape):
        return scale * exp((log1p(-q) - log(q)) / shape)

    def expected_information(scale, shape):
        return {
            ("log scale", "log scale"): shape * shape / 3.0,
            ("log shape", "log shape"): (3.0 + PI * PI) / 9.0,
        }

    def sample(rng, size, scale, shape):
        import numpy as np

        return scale * np.exp(rng.logistic(0.0, 1.0 / shape, size))

    def start(mean, std):
        variance = math.log1p((std / mean) ** 2)  # of the logarithm, were it Normal
        shape = math.pi / math.sqrt(3.0 * variance)
        return {"scale": mean * math.exp(-0.5 * variance), "shape": shape}
