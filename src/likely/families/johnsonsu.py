"""JohnsonSU: four parameters for any mean, spread, skewness and weight of tails."""

from likely._math.atoms import log_ndtr, ndtr, ndtri
from likely._math.atoms.hyperbolic import cosh, sinh
from likely._math.atoms.johnson import (
    arsinh_ratio,
    arsinh_rise,
    hypot_reciprocal,
    hypot_sine,
    log_arsinh_rise,
    log_hypot,
    log_rise_from,
    mean_log_cosh,
)
from likely._math.domains import positive, real
from likely._math.graph import PI, abs_, exp, expm1, log, where
from likely._math.tails.intervals import normal_above, normal_between, normal_later, normal_within
from likely.families.base import Distribution, Parameter


def _standard(y, loc, scale, skewness, tail):
    # What is standard Normal.
    return tail * (skewness + arsinh_ratio(y - loc, scale, scale.log))


def _start(low, high, loc):
    # Where a rise over high − low begins, or mirrored where it ends: the residual that is known to the last digit.
    d, e = low - loc, high - loc
    return where(abs_(e) < abs_(d), -e, d)


def _step(low, high, loc, scale, tail):
    # From the one to the other, in units of the standard Normal; 0 where they are one.
    return tail * arsinh_rise(_start(low, high, loc), high - low, scale, scale.log)


class JohnsonSU(Distribution):
    r"""Skewed and heavy-tailed errors: returns, prices, forecast errors.

    .. math:: p(y) = \frac{\delta}{\lambda\sqrt{2\pi(1+u^2)}}
              \exp\left(-\frac{\delta^2 (\gamma + \mathrm{arsinh}\,u)^2}{2}\right),
              \quad u = \frac{y-\xi}{\lambda}

    δ (γ + arsinh((y − loc)/scale)) is standard Normal, with γ the skewness and δ the tail: skewness < 0
    leans to the right, and the smaller tail is, the heavier the tails. Johnson's own γ is skewness·tail; written
    so, the limits Normal (tail → ∞) and LogNormal (skewness → −∞) are each one direction of the raw
    predictions, and a fit that runs there says so. All moments exist.

    Source: Johnson (1949), doi:10.1093/biomet/36.1-2.149.
    """

    support = real
    loc = Parameter(real, r"\xi")
    scale = Parameter(positive, r"\lambda")
    skewness = Parameter(real, r"\gamma", shared=True)
    tail = Parameter(positive, r"\delta", shared=True)
    scipy = (
        "johnsonsu",
        lambda loc, scale, skewness, tail: {
            "a": skewness * tail,
            "b": tail,
            "loc": loc,
            "scale": scale,
        },
    )

    def log_density(y, loc, scale, skewness, tail):
        z = _standard(y, loc, scale, skewness, tail)
        return tail.log - log_hypot(y - loc, scale, scale.log) - 0.5 * (z * z) - 0.5 * log(2.0 * PI)

    def log_density_slope(y, loc, scale, skewness, tail):
        z = _standard(y, loc, scale, skewness, tail)
        d = y - loc, scale, scale.log
        return -hypot_reciprocal(*d) * (hypot_sine(*d) + tail * z)

    def mean(loc, scale, skewness, tail):
        return loc - scale * (exp(0.5 / (tail * tail)) * sinh(skewness))

    def var(loc, scale, skewness, tail):
        # ½ (w − 1) (w cosh 2γ + 1) with w = e^(1/δ²)
        u = 1.0 / (tail * tail)
        return scale * scale * (0.5 * expm1(u) * (exp(u) * cosh(2.0 * skewness) + 1.0))

    def entropy(loc, scale, skewness, tail):
        # (1 + u²)^½ = cosh(z/δ − γ)
        spread = mean_log_cosh(1.0 / tail, -skewness)
        return scale.log - tail.log + 0.5 * (1.0 + log(2.0 * PI)) + spread

    def cdf(y, loc, scale, skewness, tail):
        return ndtr(_standard(y, loc, scale, skewness, tail))

    def sf(y, loc, scale, skewness, tail):
        return ndtr(-_standard(y, loc, scale, skewness, tail))

    def log_cdf(y, loc, scale, skewness, tail):
        return log_ndtr(_standard(y, loc, scale, skewness, tail))

    def log_sf(y, loc, scale, skewness, tail):
        return log_ndtr(-_standard(y, loc, scale, skewness, tail))

    def log_interval(low, high, loc, scale, skewness, tail):
        a, b = (_standard(y, loc, scale, skewness, tail) for y in (low, high))
        log_rise = log_arsinh_rise(_start(low, high, loc), high - low, scale, scale.log)
        return normal_between(a, b, tail * exp(log_rise), tail.log + log_rise)

    def log_above(y, low, loc, scale, skewness, tail):
        a, z = (_standard(v, loc, scale, skewness, tail) for v in (low, y))
        above = normal_above(z, a, _step(low, y, loc, scale, tail))
        return above + tail.log - log_hypot(y - loc, scale, scale.log)

    def log_below(y, high, loc, scale, skewness, tail):
        z, b = (_standard(v, loc, scale, skewness, tail) for v in (y, high))
        below = normal_above(-z, -b, _step(y, high, loc, scale, tail))
        return below + tail.log - log_hypot(y - loc, scale, scale.log)

    def log_within(y, low, high, loc, scale, skewness, tail):
        z, a, b = (_standard(v, loc, scale, skewness, tail) for v in (y, low, high))
        steps = tuple(_step(v, w, loc, scale, tail) for v, w in ((low, y), (y, high)))
        log_rise = log_arsinh_rise(_start(low, high, loc), high - low, scale, scale.log)
        log_s = log_hypot(y - loc, scale, scale.log) - tail.log
        width, offset = tail * exp(log_rise), 0.5 * (steps[0] - steps[1])
        gaps = (low - y, high - low)
        log_gap = log_rise_from(y - loc, *gaps, scale, scale.log, log_rise)
        return normal_within(z, a, b, steps, width, offset, log_gap, log_s)

    def log_sf_above(y, low, loc, scale, skewness, tail):
        a, b = (_standard(v, loc, scale, skewness, tail) for v in (low, y))
        return normal_later(a, b, _step(low, y, loc, scale, tail))

    def log_cdf_below(y, high, loc, scale, skewness, tail):
        a, b = (-_standard(v, loc, scale, skewness, tail) for v in (high, y))
        return normal_later(a, b, _step(y, high, loc, scale, tail))

    def quantile(q, loc, scale, skewness, tail):
        return loc + scale * sinh(ndtri(q) / tail - skewness)

    def isf(q, loc, scale, skewness, tail):
        return loc - scale * sinh(ndtri(q) / tail + skewness)

    def sample(rng, size, loc, scale, skewness, tail):
        import numpy as np

        return loc + scale * np.sinh(rng.standard_normal(size) / tail - skewness)

    def start(mean, std):
        return {"loc": mean, "scale": 2.0 * std, "skewness": 0.0, "tail": 2.0}

    def limits(mean, std, low, high):
        # Log-normals from a threshold of ten standard deviations on, to either side, and the Normal: nearly.
        import math

        beside, far = math.exp(-6.0), 10.0
        ends = [
            {
                "loc": mean - s * far * std,
                "scale": 2.0 * far * std * beside,
                "skewness": -6.0 * s,
                "tail": far,
            }
            for s in (1.0, -1.0)
        ]
        return [*ends, {"loc": mean, "scale": std / beside, "skewness": 0.0, "tail": 1.0 / beside}]
