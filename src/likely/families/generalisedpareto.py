"""GeneralisedPareto: how far what exceeds a high threshold exceeds it."""

from likely._math.atoms import log1mexp_of
from likely._math.atoms.pareto import (
    in_support,
    pareto_hazard,
    pareto_kernel,
    pareto_log_above,
    pareto_log_hazard,
)
from likely._math.domains import nonnegative, positive, real
from likely._math.graph import exp, expm1, log, log1p, where
from likely.families.base import Distribution, Parameter

INFINITY = float("inf")


def _log_sf(y, scale, shape, log_scale):
    return where(in_support(y, scale, shape), -pareto_hazard(y, scale, shape, log_scale), -INFINITY)


def _at_hazard(t, scale, shape):
    # scale (e^(ξt) − 1)/ξ
    x = shape * t
    small = x == 0.0
    return scale * where(small, t, expm1(x) / where(small, 1.0, shape))


def _above(low, scale, shape):
    # What exceeds low, less low, has this scale, here with its logarithm, and the same shape.
    return scale + shape * low, pareto_log_above(low, scale, shape, scale.log)


def _log_cdf(y, scale, shape, log_scale, within):
    t = where(within, pareto_hazard(y, scale, shape, log_scale), 1.0)
    log_t = where(within, pareto_log_hazard(y, scale, shape, log_scale), 0.0)
    return where(within, log1mexp_of(t, log_t), 0.0)


class GeneralisedPareto(Distribution):
    r"""How far what exceeds a high threshold exceeds it: floods, claims, losses, downtimes.

    .. math:: p(y) = \frac{1}{\sigma} \left(1 + \frac{\xi y}{\sigma}\right)^{-1/\xi - 1},
              \quad y \ge 0, \ 1 + \frac{\xi y}{\sigma} > 0

    Give y less the threshold. Shape ξ > 0 has a tail like y to the power −1/ξ (the mean exists for ξ < 1, the
    variance for ξ < ½), ξ = 0 is the Exponential, and with ξ < 0 no y is above −scale/ξ: the loss of one that is
    is infinite. For ξ < −1 the density has a pole there and the likelihood no bound; what is fitted
    is the local maximum with ξ > −1, where there is one. Standard errors are those of a regular problem for
    ξ > −½ only.

    Source: Davison and Smith (1990), doi:10.1111/j.2517-6161.1990.tb01796.x.
    """

    support = nonnegative
    scale = Parameter(positive, r"\sigma")
    shape = Parameter(real, r"\xi", shared=True)
    scipy = ("genpareto", lambda scale, shape: {"c": shape, "scale": scale})

    def log_density(y, scale, shape):
        kernel = pareto_kernel(y, scale, shape, scale.log)
        return where(in_support(y, scale, shape), -kernel, -INFINITY)

    def log_density_slope(y, scale, shape):
        return -(1.0 + shape) / (scale + shape * y)

    def printed(y, scale, shape):
        return -scale.log - (1.0 + 1.0 / shape) * log(1.0 + shape * (y / scale))

    def mean(scale, shape):
        light = shape < 1.0
        return where(light, scale / (1.0 - where(light, shape, 0.0)), INFINITY)

    def var(scale, shape):
        light = shape < 0.5
        inside = where(light, shape, 0.0)
        mean = scale / (1.0 - inside)
        return where(light, mean * mean / (1.0 - 2.0 * inside), INFINITY)

    def mode(scale, shape):
        pole = shape < -1.0
        return where(pole, -scale / where(pole, shape, -1.0), 0.0)

    def upper(scale, shape):
        short = shape < 0.0
        return where(short, -scale / where(short, shape, -1.0), INFINITY)

    def entropy(scale, shape):
        return scale.log + shape + 1.0

    def cdf(y, scale, shape):
        return -expm1(_log_sf(y, scale, shape, scale.log))

    def sf(y, scale, shape):
        return exp(_log_sf(y, scale, shape, scale.log))

    def log_cdf(y, scale, shape):
        return _log_cdf(y, scale, shape, scale.log, in_support(y, scale, shape))

    def log_sf(y, scale, shape):
        return _log_sf(y, scale, shape, scale.log)

    def log_interval(low, high, scale, shape):
        base, log_base = _above(low, scale, shape)
        between = _log_cdf(high - low, base, shape, log_base, in_support(high, scale, shape))
        return _log_sf(low, scale, shape, scale.log) + between

    def log_above(y, low, scale, shape):
        base, log_base = _above(low, scale, shape)
        kernel = pareto_kernel(y - low, base, shape, log_base)
        return where(in_support(y, scale, shape), -kernel, -INFINITY)

    def log_sf_above(y, low, scale, shape):
        base, log_base = _above(low, scale, shape)
        rise = pareto_hazard(y - low, base, shape, log_base)
        return where(in_support(y, scale, shape), -rise, -INFINITY)

    def quantile(q, scale, shape):
        return _at_hazard(-log1p(-q), scale, shape)

    def isf(q, scale, shape):
        return _at_hazard(-log(q), scale, shape)

    def sample(rng, size, scale, shape):
        import numpy as np

        t = rng.standard_exponential(size)
        by = np.where(shape == 0.0, 1.0, shape)
        return scale * np.where(shape == 0.0, t, np.expm1(shape * t) / by)

    def start(mean, std):
        # By moments; every y is inside where the shape is not negative.
        shape = max(0.5 * (1.0 - (mean / std) ** 2), 0.02)
        return {"scale": mean * (1.0 - shape), "shape": shape}
