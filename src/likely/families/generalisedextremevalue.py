"""GeneralisedExtremeValue: the largest of many draws, whatever the tail that they are drawn from."""

import math

from likely._math.atoms import log1mexp_of
from likely._math.atoms.extremes import EULER_GAMMA, extreme_kernel, log_gamma_1m, log_gamma_excess
from likely._math.atoms.pareto import in_support, pareto_hazard
from likely._math.domains import positive, real
from likely._math.graph import exp, expm1, log, log1p, where
from likely._math.tails.intervals import exponential_rise, fading, gumbel_later
from likely.families.base import Distribution, Parameter

INFINITY = float("inf")


def _hazard(y, loc, scale, shape, log_scale):
    # Before the support, where it starts, this is −∞, and beyond its end ∞.
    d = y - loc
    outside = where(shape > 0.0, -INFINITY, INFINITY)
    return where(in_support(d, scale, shape), pareto_hazard(d, scale, shape, log_scale), outside)


def _at_hazard(t, loc, scale, shape):
    # loc + scale (e^(ξt) − 1)/ξ
    x = shape * t
    small = x == 0.0
    return loc + scale * where(small, t, expm1(x) / where(small, 1.0, shape))


def _growth(low, high, loc, scale, shape):
    # Whether both are in the support, and by how much the hazard grows from low to high: as that of an excess
    # does, on the scale that is reached at low.
    starts = in_support(low - loc, scale, shape)
    ends = in_support(high - loc, scale, shape)
    base = where(starts, scale + shape * (low - loc), scale)
    excess = where(ends, high - low, 1.0)
    return starts, ends, pareto_hazard(where(starts, excess, 1.0), base, shape, log(base))


def _log_cdf(t):
    return -exp(fading(-t))


def _log_sf(t):
    return log1mexp_of(exp(-t), -t)


class GeneralisedExtremeValue(Distribution):
    r"""The largest of many draws: annual floods, highest tides, records.

    .. math:: p(y) = \frac{1}{\sigma} \left(1 + \xi z\right)^{-1/\xi - 1}
              \exp\left(-\left(1 + \xi z\right)^{-1/\xi}\right),
              \quad z = \frac{y-\mu}{\sigma}, \ 1 + \xi z > 0

    Shape ξ = 0 is the Gumbel. With ξ > 0 (Fréchet) y has a tail like y to the power −1/ξ, so that the mean exists for
    ξ < 1 and the variance for ξ < ½, and no y is below loc − scale/ξ; with ξ < 0 (reversed Weibull) none is above
    that. The loss of one that is is infinite. For ξ < −1 the density has a pole at that end and the likelihood no
    bound; what is fitted is the local maximum with ξ > −1, where there is one. Standard errors are those of a regular
    problem for ξ > −½ only. SciPy's shape is −ξ. For the smallest of many draws model −y.

    Source: Coles, An Introduction to Statistical Modeling of Extreme Values (2001), chapter 3.
    """

    support = real
    loc = Parameter(real, r"\mu")
    scale = Parameter(positive, r"\sigma")
    shape = Parameter(real, r"\xi", shared=True)
    scipy = (
        "genextreme",
        lambda loc, scale, shape: {"c": -1.0 * shape, "loc": loc, "scale": scale},
    )

    def log_density(y, loc, scale, shape):
        kernel = extreme_kernel(y - loc, scale, shape, scale.log)
        return where(in_support(y - loc, scale, shape), -kernel, -INFINITY)

    def log_density_slope(y, loc, scale, shape):
        d = y - loc
        count = exp(-pareto_hazard(d, scale, shape, scale.log))
        return (count - 1.0 - shape) / (scale + shape * d)

    def printed(y, loc, scale, shape):
        u = 1.0 + shape * ((y - loc) / scale)
        return -scale.log - (1.0 + 1.0 / shape) * log(u) - exp(-log(u) / shape)

    def mean(loc, scale, shape):
        light = shape < 1.0
        inside = where(light, shape, 0.0)
        g = log_gamma_1m(inside)
        x = inside * g
        small = x == 0.0
        rise = where(small, g, expm1(x) / where(small, 1.0, inside))
        return where(light, loc + scale * rise, INFINITY)

    def var(loc, scale, shape):
        light = shape < 0.5
        inside = where(light, shape, 0.0)
        first = exp(2.0 * (inside * log_gamma_1m(inside)))
        g = log_gamma_excess(inside)
        x = inside * inside * g
        small = x == 0.0
        excess = where(small, g, expm1(x) / where(small, 1.0, inside) / where(small, 1.0, inside))
        return where(light, scale * scale * (first * excess), INFINITY)

    def mode(loc, scale, shape):
        pole = shape <= -1.0
        t = -log1p(where(pole, 0.0, shape))
        end = loc - scale / where(pole, shape, -1.0)
        return where(pole, end, _at_hazard(t, loc, scale, shape))

    def lower(loc, scale, shape):
        long = shape > 0.0
        return where(long, loc - scale / where(long, shape, 1.0), -INFINITY)

    def upper(loc, scale, shape):
        short = shape < 0.0
        return where(short, loc - scale / where(short, shape, -1.0), INFINITY)

    def entropy(loc, scale, shape):
        return scale.log + EULER_GAMMA * shape + (1.0 + EULER_GAMMA)

    def cdf(y, loc, scale, shape):
        return exp(-exp(-_hazard(y, loc, scale, shape, scale.log)))

    def sf(y, loc, scale, shape):
        return -expm1(-exp(-_hazard(y, loc, scale, shape, scale.log)))

    def log_cdf(y, loc, scale, shape):
        return _log_cdf(_hazard(y, loc, scale, shape, scale.log))

    def log_sf(y, loc, scale, shape):
        return _log_sf(_hazard(y, loc, scale, shape, scale.log))

    def log_interval(low, high, loc, scale, shape):
        starts, ends, growth = _growth(low, high, loc, scale, shape)
        before, after = (_hazard(v, loc, scale, shape, scale.log) for v in (low, high))
        width = where(growth > 0.0, growth, 1.0)
        log_rise = log1mexp_of(width, log(width)) - where(starts, before, 0.0)
        between = exponential_rise(-where(ends, after, 0.0), log_rise)
        above = _log_sf(before)
        return where(starts, where(ends, between, above), where(ends, _log_cdf(after), -INFINITY))

    def log_sf_above(y, low, loc, scale, shape):
        starts, ends, growth = _growth(low, y, loc, scale, shape)
        before, after = (_hazard(v, loc, scale, shape, scale.log) for v in (low, y))
        later = gumbel_later(where(starts, before, 0.0), where(ends, after, 0.0), growth)
        return where(starts, where(ends, later, -INFINITY), _log_sf(after))

    def quantile(q, loc, scale, shape):
        return _at_hazard(-log(-log(q)), loc, scale, shape)

    def isf(q, loc, scale, shape):
        return _at_hazard(-log(-log1p(-q)), loc, scale, shape)

    def sample(rng, size, loc, scale, shape):
        import numpy as np

        t = rng.gumbel(size=size)
        by = np.where(shape == 0.0, 1.0, shape)
        return loc + scale * np.where(shape == 0.0, t, np.expm1(shape * t) / by)

    def start(mean, std):
        # The Gumbel of these moments: with shape 0 every y is inside.
        scale = std * math.sqrt(6.0) / math.pi
        return {"loc": mean - EULER_GAMMA * scale, "scale": scale, "shape": 0.0}
