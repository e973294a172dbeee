"""Tweedie: amounts that are often exactly zero."""

import numpy as np

from likely._math.atoms.power_divergence import power_divergence, power_zeros
from likely._math.compound_poisson.density import (
    amount_sum,
    compound_poisson_cdf,
    compound_poisson_isf,
    compound_poisson_log_sum,
    compound_poisson_quantile,
    compound_poisson_sf,
)
from likely._math.domains import between_1_and_2, nonnegative, positive
from likely._math.graph import PI, equal, exp, log, where
from likely.families.base import Distribution, Parameter


def _log_scale(log_mean, dispersion, power):
    # of mean^(2 − p)/φ
    return power.excess.complement * log_mean - dispersion.log


def _number(mean, dispersion, power):
    # λ, the expected number of amounts
    share = power.excess
    return power_zeros(mean.log, share.complement, share.log1m, dispersion.log)


def _log_shape(power):
    # of each amount, (2 − p)/(p − 1)
    return power.excess.log1m - power.excess.log


def _unit(mean, dispersion, power):
    # the scale of each amount, φ (p − 1) mᵖ⁻¹
    return exp(dispersion.log + power.excess * mean.log + power.excess.log)


def _half_deviance(log_y, mean, dispersion, power):
    # from the smaller of y and mean: what is taken out, y mean^(1 − p) or mean^(2 − p), grows no faster
    apart = log_y - mean.log
    below = apart <= 0.0
    up, down = power.excess.complement, power.excess
    scale = where(below, up * mean.log, log_y - down * mean.log) - dispersion.log
    a, b = where(below, up, down), where(below, down, up)
    return exp(scale) * power_divergence(where(below, -apart, apart), a, b)


class Tweedie(Distribution):
    r"""Amounts that are often exactly zero: claims, rainfall, catch, spending.

    .. math:: p(y) = \sum_{j \ge 1} \frac{\lambda^j e^{-\lambda}}{j!}
              \frac{\beta^{j\nu} y^{j\nu - 1}}{\Gamma(j\nu)} e^{-\beta y}, \quad y > 0, \qquad
              p(0) = e^{-\lambda}

    The sum of a Poisson number of Gamma amounts, with λ = m²⁻ᵖ/(φ(2 − p)), shape ν = (2 − p)/(p − 1) and rate
    β = 1/(φ(p − 1) mᵖ⁻¹): mean m, dispersion φ, power p, 1 < p < 2; variance φ mᵖ. p → 1 is a Poisson in
    units of φ, p → 2 the Gamma of shape 1/φ. The mode is 0, where the probability is: no density
    outweighs it. Of y that are whole multiples of one unit, which are counts, the likelihood has no bound as
    p → 1; of y without zeros it may be largest at p → 2. A fit says which of the two it came to.

    Source: Jørgensen (1987), doi:10.1111/j.2517-6161.1987.tb01685.x; Dunn and Smyth (2005),
    doi:10.1007/s11222-005-4070-y.
    """

    support = nonnegative
    point = 0.0
    mean = Parameter(positive, "m")
    dispersion = Parameter(positive, r"\varphi", shared=True)
    power = Parameter(between_1_and_2, "p", shared=True)

    def log_density(y, mean, dispersion, power):
        # The saddle-point form: where y is the mean, about (y²⁻ᵖ/(2πφ))^½/y, and the deviance elsewhere.
        zero = equal(y, 0.0)
        log_y = log(where(zero, 1.0, y))
        scale = _log_scale(log_y, dispersion, power)
        above = (
            compound_poisson_log_sum(
                scale,
                _log_shape(power),
                power.excess.complement,
                power.excess,
                power.excess.log1m,
                power.excess.log,
            )
            + 0.5 * (scale - log(2.0 * PI))
            - _half_deviance(log_y, mean, dispersion, power)
            - log_y
        )
        return where(zero, -_number(mean, dispersion, power), above)

    def printed(y, mean, dispersion, power):
        # of y > 0
        number = exp((2.0 - power) * log(mean)) / (dispersion * (2.0 - power))
        shape = (2.0 - power) / (power - 1.0)
        in_units = y / (dispersion * (power - 1.0) * exp((power - 1.0) * log(mean)))
        # z without the mean, which cancels
        z = exp(shape * log(y / (dispersion * (power - 1.0)))) / (dispersion * (2.0 - power))
        return log(amount_sum(z, shape)) - number - in_units - log(y)

    def var(mean, dispersion, power):
        return exp(dispersion.log + (1.0 + power.excess) * mean.log)

    def mode(mean, dispersion, power):
        return 0.0 * mean.log

    def cdf(y, mean, dispersion, power):
        number, unit = _number(mean, dispersion, power), _unit(mean, dispersion, power)
        return compound_poisson_cdf(y / unit, number, exp(_log_shape(power)))

    def sf(y, mean, dispersion, power):
        number, unit = _number(mean, dispersion, power), _unit(mean, dispersion, power)
        return compound_poisson_sf(y / unit, number, exp(_log_shape(power)))

    def quantile(q, mean, dispersion, power):
        number, unit = _number(mean, dispersion, power), _unit(mean, dispersion, power)
        return compound_poisson_quantile(q, number, exp(_log_shape(power))) * unit

    def isf(q, mean, dispersion, power):
        number, unit = _number(mean, dispersion, power), _unit(mean, dispersion, power)
        return compound_poisson_isf(q, number, exp(_log_shape(power))) * unit

    def sample(rng, size, mean, dispersion, power):
        shape = (2.0 - power) / (power - 1.0)
        number = rng.poisson(mean ** (2.0 - power) / (dispersion * (2.0 - power)), size)
        scale = dispersion * (power - 1.0) * mean ** (power - 1.0)
        return rng.gamma(number * shape) * np.broadcast_to(scale, size)

    def start(mean, std):
        return {"mean": mean, "dispersion": std**2 / mean**1.5, "power": 1.5}
