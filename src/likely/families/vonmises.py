"""VonMises: directions, the circle's own normal distribution."""

import math

from likely._math.atoms.bessel import (
    bessel_gap_scaled,
    bessel_i0,
    bessel_ratio,
    bessel_slope,
    log_bessel_i0e,
    von_mises_mass,
    von_mises_quantile,
    von_mises_variance,
)
from likely._math.atoms.circle import cos, half_sine, sin, wrap
from likely._math.domains import circular, positive
from likely._math.graph import PI, log
from likely._math.tails.von_mises import concentration as concentration_of
from likely.families.base import Distribution, Parameter


class VonMises(Distribution):
    r"""Directions and times of day or year, as angles in radians from −π to π, which are one point.

    .. math:: p(y) = \frac{e^{\kappa \cos(y-\mu)}}{2\pi I_0(\kappa)}

    Mean direction loc, concentration κ: 0 is uniform, and a large κ is a Normal of variance 1/κ. Degrees
    and angles beyond π are refused, because they cannot be told from mistakes; convert them with
    ``np.angle(np.exp(1j * np.deg2rad(degrees)))``.

    The mean and the median are the mean direction, and the variance is that of the angle from it the shorter
    way. ``interval`` is the arc about it, from low counter-clockwise to high: low > high where it crosses ±π.
    ``cdf``, ``sf`` and ``quantile`` are those of y as a number from −π to π.

    The links of loc know no seam: with "wrap", the default, raw predictions a turn apart are the same; with
    "half_tangent", 2 arctan(raw) (Fisher and Lee, Regression Models for an Angular Response, 1992), loc stays
    within half a turn from 0. A loc that turns with x has a maximum for every number of turns and no largest one:
    ``Linear`` comes to one that turns little, and of up to 3 columns also looks at slopes of up to half a turn for
    each standard deviation of a column, of which it takes a maximum that is larger by more than noise explains.

    Source: Mardia and Jupp, Directional Statistics (2000), section 3.5.4.
    """

    support = circular
    loc = Parameter(circular, r"\mu")
    concentration = Parameter(positive, r"\kappa", shared=True)
    scipy = ("vonmises", lambda loc, concentration: {"kappa": concentration, "loc": loc})

    def log_density(y, loc, concentration):
        # κ cos δ − log I₀ = −2κ sin²(δ/2) − log(e^−κ I₀): for a large κ the leading terms have cancelled.
        half = half_sine(y, loc)
        return (
            -2.0 * concentration * (half * half)
            - log(2.0 * PI)
            - log_bessel_i0e(concentration, concentration.log)
        )

    def printed(y, loc, concentration):
        return concentration * cos(y - loc) - log(2.0 * PI * bessel_i0(concentration))

    def mean(loc, concentration):
        return loc

    def median(loc, concentration):
        return loc

    def mode(loc, concentration):
        return loc

    def var(loc, concentration):
        return von_mises_variance(concentration)

    def entropy(loc, concentration):
        return (
            log(2.0 * PI)
            + log_bessel_i0e(concentration, concentration.log)
            + bessel_gap_scaled(concentration, concentration.log)
        )

    def cdf(y, loc, concentration):
        return von_mises_mass(-PI - loc, y - loc, concentration)

    def sf(y, loc, concentration):
        return von_mises_mass(y - loc, PI - loc, concentration)

    def quantile(q, loc, concentration):
        return von_mises_quantile(q, loc, concentration)

    def isf(q, loc, concentration):
        return -von_mises_quantile(q, -loc, concentration)

    def interval_low(coverage, loc, concentration):
        return wrap(loc + von_mises_quantile(0.5 * (1.0 - coverage), 0.0 * loc, concentration))

    def interval_high(coverage, loc, concentration):
        return wrap(loc - von_mises_quantile(0.5 * (1.0 - coverage), 0.0 * loc, concentration))

    def expected_information(loc, concentration):
        return {
            ("loc", "loc"): concentration * bessel_ratio(concentration),
            ("concentration", "concentration"): bessel_slope(concentration),
        }

    def sufficient(y):
        return sin(y), cos(y)

    def maximum_likelihood(moments):
        # The resultant's length R and 1 − R² = var(sin y) + var(cos y), where one of them is the smaller.
        sine, cosine = (float(v) for v in moments.mean)
        spread = float(moments.variance.sum())
        length = math.hypot(sine, cosine)
        if not (spread > 1e-20 and length > 1e-12):
            return None
        concentration = concentration_of(length, spread / (1.0 + length))
        return {"loc": math.atan2(sine, cosine), "concentration": concentration}

    def start(mean, std):
        return {"loc": mean, "concentration": 1.0 / (std * std)}

    def sample(rng, size, loc, concentration):
        return rng.vonmises(loc, concentration, size)
