"""Weibull: times until failure, with a hazard that rises or falls."""

import math

from likely._math.atoms import lgamma, log1mexp_of, log_ratio, log_ratio_of
from likely._math.atoms.location_scale import gumbel_kernel
from likely._math.domains import positive
from likely._math.graph import PI, exp, expm1, log, log1p, polynomial, where
from likely._math.tails.intervals import gumbel_later
from likely._math.tails.location_scale_bounds import (
    gumbel_above,
    gumbel_between,
    gumbel_within,
    log_gap,
    log_offset,
)
from likely.families.base import Distribution, Parameter

EULER_GAMMA = 0.5772156649015329
#: (log Γ(1 + 2u) − 2 log Γ(1 + u))/u² in powers of u: ζ(j) (−1)^j (2^j − 2)/j.
SECOND_DIFFERENCE = (
    1.6449340668482264, -2.4041138063191885, 3.7881313179889835, -6.22156653086022,
    10.51254497383931, -18.150286992874612, 31.879456059284735, -56.78047559347799,
    102.30164557806299,
)  # fmt: skip


def _second_difference(u):
    # of log Γ at 1, 1 + u, 1 + 2u
    direct = lgamma(1.0 + 2.0 * u) - 2.0 * lgamma(1.0 + u)
    return where(u < 0.02, u * u * polynomial(u, SECOND_DIFFERENCE), direct)


def _log_hazard(y, scale, shape):
    # Of the cumulative one, with the digits that a large shape asks for.
    return shape * log_ratio_of(y, scale, y - scale, y.log, scale.log)


def _place(y, scale, shape):
    # Of −log y, which is Gumbel, in units of its scale 1/shape.
    return -_log_hazard(y, scale, shape)


def _rise(y, low, scale, shape):
    # By how much the cumulative hazard is larger at y than at low.
    growth = shape * log_ratio(y, low, y - low)
    before, hazard = (exp(_log_hazard(v, scale, shape)) for v in (low, y))
    much = where(growth < 40.0, -hazard * expm1(-growth), hazard)
    return where(growth < 1.0, before * expm1(growth), much)


class Weibull(Distribution):
    r"""Times until failure and wind speeds: a hazard that rises or falls as a power of time.

    .. math:: p(y) = \frac{k}{\lambda} \left(\frac{y}{\lambda}\right)^{k-1}
              \exp\left(-\left(\frac{y}{\lambda}\right)^k\right)

    Scale λ (63 % fail before it) and shape k: the hazard rises with time for k > 1, falls for k < 1, and is
    the Exponential's for k = 1. The mean is λ Γ(1 + 1/k). With k ≤ 1 the density is largest at 0, which
    is then the mode.

    Source: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 1 (1994), chapter 21.
    """

    support = positive
    scale = Parameter(positive, r"\lambda")
    shape = Parameter(positive, "k", shared=True)
    scipy = ("weibull_min", lambda scale, shape: {"c": shape, "scale": scale})

    def log_density(y, scale, shape):
        # −log y is Gumbel, with scale 1/k.
        d = -log_ratio_of(y, scale, y - scale, y.log, scale.log)
        return shape.log - y.log - gumbel_kernel(d, 1.0 / shape, -shape.log)

    def log_density_slope(y, scale, shape):
        return -(1.0 + shape * expm1(shape * (y.log - scale.log))) / y

    def mean(scale, shape):
        return scale * exp(lgamma(1.0 + 1.0 / shape))

    def var(scale, shape):
        u = 1.0 / shape
        return scale * scale * exp(2.0 * lgamma(1.0 + u)) * expm1(_second_difference(u))

    def mode(scale, shape):
        inside = where(shape > 1.0, shape, 2.0)
        return where(shape > 1.0, scale * exp(log1p(-1.0 / inside) / inside), 0.0)

    def entropy(scale, shape):
        return scale.log - shape.log + EULER_GAMMA * (1.0 - 1.0 / shape) + 1.0

    def cdf(y, scale, shape):
        return -expm1(-exp(shape * (y.log - scale.log)))

    def sf(y, scale, shape):
        return exp(-exp(shape * (y.log - scale.log)))

    def log_cdf(y, scale, shape):
        log_hazard = shape * (y.log - scale.log)
        return log1mexp_of(exp(log_hazard), log_hazard)

    def log_sf(y, scale, shape):
        return -exp(shape * (y.log - scale.log))

    def log_interval(low, high, scale, shape):
        a, b = (_place(v, scale, shape) for v in (high, low))
        ratio = log_ratio(high, low, high - low)
        return gumbel_between(a, b, 0.5 * (a + b), shape * ratio, log(ratio) + shape.log)

    def log_above(y, low, scale, shape):
        log_hazard = _log_hazard(y, scale, shape)
        return shape.log - y.log + log_hazard - _rise(y, low, scale, shape)

    def log_below(y, high, scale, shape):
        z, a = (_place(v, scale, shape) for v in (y, high))
        above = gumbel_above(z, a, shape * log_ratio(high, y, high - y))
        return above + shape.log - y.log

    def log_within(y, low, high, scale, shape):
        z, a, b = (_place(v, scale, shape) for v in (y, high, low))
        steps = shape * log_ratio(high, y, high - y), shape * log_ratio(y, low, y - low)
        offset, ratio = -shape * log_offset(y, low, high), log_ratio(high, low, high - low)
        width, log_width = shape * ratio, log(ratio) + shape.log
        within = gumbel_within(z, a, steps, 0.5 * (a + b), offset, width, log_width)
        return within - log_gap(y, low, high)

    def log_sf_above(y, low, scale, shape):
        return -_rise(y, low, scale, shape)

    def log_cdf_below(y, high, scale, shape):
        # Minus the logarithm of the cumulative hazard is Gumbel's variable.
        above, place = (shape * (scale.log - v.log) for v in (high, y))
        return gumbel_later(above, place, shape * log_ratio(high, y, high - y))

    def quantile(q, scale, shape):
        return scale * exp(log(-log1p(-q)) / shape)

    def isf(q, scale, shape):
        return scale * exp(log(-log(q)) / shape)

    def expected_information(scale, shape):
        return {
            ("log scale", "log scale"): shape * shape,
            ("log scale", "log shape"): (EULER_GAMMA - 1.0) * shape,
            ("log shape", "log shape"): PI * PI / 6.0 + (1.0 - EULER_GAMMA) ** 2,
        }

    def sample(rng, size, scale, shape):
        return scale * rng.weibull(shape, size)

    def start(mean, std):
        shape = (mean / std) ** 1.086  # Justus et al. (1978), doi:10.1175/1520-0450(1978)017
        return {"scale": mean / math.gamma(1.0 + 1.0 / max(shape, 0.05)), "shape": shape}
