r"""Intervals of the logistic and of Gumbel's distribution, and their densities given bounds, in logarithms.

In an interval that is narrow the density hardly changes, and the textbook's differences have no digits. There

.. math:: \log \frac{F(b) - F(a)}{g} = \log f(c) + R(c, g)

with the width g, the middle c, and R, of order g², of which all terms are of that order too; at z = c + o the density
given the interval is f(z)/f(c), of which the logarithm is of order o, over g e^R. Widths, offsets and places are
arguments of their own, so that what is small is never the difference of what is not.
"""

from __future__ import annotations

from typing import Any

from likely._math.atoms import (
    Atom,
    expm1mx,
    log1mexp_of,
    log_expm1_ratio,
    log_ratio,
    register,
    sigmoid,
    softplus,
)
from likely._math.atoms.hyperbolic import sinh
from likely._math.atoms.location_scale import gumbel_kernel, logistic_kernel
from likely._math.graph import Node, exp, expm1, log, log1p, polynomial, where
from likely._math.tails.between import _COTH, _both, _half_tanh
from likely._math.tails.intervals import exponential_rise, fading, logistic_later

#: Widths up to which the series of log(sinh(x/2)/(x/2)) has all digits.
NARROW = 0.5
#: Widths at whose far end nothing is left of a hazard that falls like e^(−x).
WIDE = 40.0
#: The series in powers of x², the integral of that of x/2·coth(x/2) − 1 over x.
_LOG_SINHC = tuple(c / (2 * k) for k, c in enumerate(_COTH, 1))


def _log_sinhc(x: Any) -> Node:
    """log(sinh(x/2)/(x/2)) for small x."""
    return x * x * polynomial(x * x, _LOG_SINHC)


def log_offset(y: Any, low: Any, high: Any) -> Node:
    """log y less the middle of log low and log high."""
    below, above = y - low, high - y
    near = -0.5 * log1p((above - below) / y - (below / y) * (above / y))
    far = 0.5 * (log_ratio(y, low, below) - log_ratio(high, y, above))
    return where(high < 2.0 * low, near, far)


def log_gap(y: Any, low: Any, high: Any) -> Node:
    """log(y log(high/low)), which is log(high − low) where they are near."""
    ratio = log_ratio(high, low, high - low)
    near = log(high - low) + log_offset(y, low, high) - _log_sinhc(ratio)
    return where(ratio < NARROW, near, log(ratio) + log(y))


# --- Logistic: f(c) = ¼ (1 − T²) with T = tanh(c/2). ----------------------------------------------

half_tanh: Atom = register(
    "half_tanh",
    lambda x, out: (2.0 * logistic_density(x),),
    lambda x: (1.0 - exp(-x)) / (1.0 + exp(-x)),
    _half_tanh,
)
logistic_density: Atom = register(
    "logistic_density",
    lambda x, out: (-out * half_tanh(x),),
    lambda x: exp(-x) / ((1.0 + exp(-x)) * (1.0 + exp(-x))),
    lambda x: sigmoid(x) * sigmoid(-x),
)


def _logistic_rise(c: Any, g: Any) -> Node:
    quarter = sinh(0.25 * g)
    return _log_sinhc(g) - log1p(4.0 * logistic_density(c) * (quarter * quarter))


def _logistic_drop(c: Any, o: Any) -> Node:
    """log f(c + o) − log f(c)"""
    quarter = sinh(0.25 * o)
    return -2.0 * log1p(2.0 * (quarter * quarter) + half_tanh(c) * sinh(0.5 * o))


def logistic_between(a: Any, b: Any, c: Any, g: Any, log_g: Any) -> Node:
    """log(σ(b) − σ(a)), given the middle, the width and its logarithm as well."""
    narrow = log_g + _logistic_rise(c, g) - logistic_kernel(c, 1.0, 0.0)
    return where(g < NARROW, narrow, log1mexp_of(g, log_g) - softplus(-b) - softplus(a))


def logistic_above(z: Any, a: Any, step: Any, log_step: Any) -> Node:
    """log f(z) − log σ(−a) for z ≥ a, given z − a and its logarithm."""
    return logistic_later(a, z, step, log_step) - softplus(-z)


def logistic_within(
    z: Any,
    ends: tuple[Any, Any],
    steps: tuple[Any, Any],
    logs: tuple[Any, Any],
    c: Any,
    o: Any,
    g: Any,
    log_g: Any,
) -> Node:
    """log g f(z) − log(σ(b) − σ(a)) for a ≤ z ≤ b.

    Given a and b, z − a and b − z with their logarithms, the middle c, z − c, b − a and its logarithm.
    """
    a, b = ends
    narrow = _logistic_drop(c, o) - _logistic_rise(c, g)
    # σ(z)/σ(b) and σ(−z)/σ(−a)
    wide = logistic_later(a, z, steps[0], logs[0]) + logistic_later(-b, -z, steps[1], logs[1])
    return where(g < NARROW, narrow, wide + log_g - log1mexp_of(g, log_g))


# --- Gumbel: with the cumulative hazard h = e⁻ᶻ of −z, log f = −z − h and F = e⁻ʰ. ----------------


def _gumbel_rise(c: Any, g: Any) -> Node:
    h, quarter = exp(-c), sinh(0.25 * g)
    return _log_sinhc(g) + _log_sinhc(2.0 * h * sinh(0.5 * g)) - 2.0 * h * (quarter * quarter)


def _gumbel_drop(c: Any, o: Any) -> Node:
    """log f(c + o) − log f(c)"""
    return o * expm1(-c) - exp(-c) * expm1mx(-o)


class _Hazards:
    """By how much h falls over an interval, x = h(a) − h(b), and whether it is narrow."""

    def __init__(self, a: Any, g: Any, log_g: Any) -> None:
        self.log_x = log1mexp_of(g, log_g) - a
        self.x = exp(self.log_x)
        self.little = self.x < NARROW
        self.narrow = _both(g < NARROW, self.little)


def gumbel_between(a: Any, b: Any, c: Any, g: Any, log_g: Any) -> Node:
    """log(F(b) − F(a)), given the middle, the width and its logarithm as well."""
    hazards = _Hazards(a, g, log_g)
    narrow = log_g + _gumbel_rise(c, g) - gumbel_kernel(c, 1.0, 0.0)
    return where(hazards.narrow, narrow, exponential_rise(-b, hazards.log_x))


def gumbel_above(z: Any, a: Any, step: Any) -> Node:
    """log f(z) − log(1 − F(a)) for z ≥ a, given z − a."""
    h, before = exp(-z), exp(-a)
    far = -step - h - (log_expm1_ratio(before, -a) - before)
    return where(before < 1.0, far, -z - h - log1mexp_of(before, -a))


def _hazard_until(z: Any, step: Any) -> Node:
    """h(b) − h(z) for z ≤ b, given b − z"""
    hazard = exp(fading(-z))
    return where(step < WIDE, hazard * expm1(-step), -hazard)


def gumbel_below(z: Any, step: Any) -> Node:
    """log f(z) − log F(b) for z ≤ b, given b − z."""
    return _hazard_until(z, step) - z


def gumbel_within(
    z: Any, a: Any, steps: tuple[Any, Any], c: Any, o: Any, g: Any, log_g: Any
) -> Node:
    """log g f(z) − log(F(b) − F(a)) for a ≤ z ≤ b.

    Given a, z − a and b − z, the middle c, z − c, b − a and its logarithm.
    """
    hazards = _Hazards(a, g, log_g)
    narrow = _gumbel_drop(c, o) - _gumbel_rise(c, g)
    rest = _hazard_until(z, steps[1])
    # Where x is small, z + log x is a sum of steps; where it is not, one of large numbers has its digits.
    little = (
        (hazards.x - log_expm1_ratio(hazards.x, hazards.log_x)) - steps[0] - log1mexp_of(g, log_g)
    )
    much = -z - log1mexp_of(hazards.x, hazards.log_x)
    wide = log_g + rest + where(hazards.little, little, much)
    return where(hazards.narrow, narrow, wide)
