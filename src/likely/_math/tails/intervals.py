"""Probabilities of intervals and densities beyond a bound, in logarithms, by standard distributions.

An interval is taken from the smaller tail, and a narrow one from the density in its middle: no
digits are lost where both ends have nearly the same distribution function, nor far out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms import (
    gumbel_hazard,
    inverse_mills,
    log1mexp,
    log1mexp_of,
    log_expm1_ratio,
    log_mills,
    log_ndtr,
    mills_gap,
    seldom,
    softplus,
)
from likely._math.graph import (
    PI,
    Node,
    abs_,
    as_node,
    equal,
    exp,
    log,
    log1p,
    minimum,
    polynomial,
    where,
)
from likely._math.quadrature import EVEN, SHORT
from likely._math.tails.between import logistic_fall

HALF_LOG_2PI = 0.5 * log(2.0 * PI)
#: Half-widths times 1 + |middle| up to which a series of four terms has all digits.
NARROW = 0.2
#: Width times |middle|, half the difference of the squares of the ends, from which the outer tail is below rounding.
FAR = 60.0
#: A logarithm of which that of the smallest number is less than 1e-10.
DEEP = -1e13
#: e to this is 0.
NOTHING = -800.0


def log_difference(upper: Any, lower: Any) -> Node:
    """log(eᵘ − eˡ) for u ≥ l: u alone where eˡ is 0, even if u is −∞ as well, or u so far below that nothing is seen of
    the logarithm of any share, though u and l be the same number."""
    upper, lower = as_node(upper), as_node(lower)
    gap = where(lower > float("-inf"), upper - lower, float("inf"))
    return upper + log1mexp(where(upper > DEEP, gap, float("inf")))


def log_between(log_cdf: tuple[Any, Any], log_sf: tuple[Any, Any]) -> Node:
    """log(F(b) − F(a)) from the logarithms of both tails at (a, b): from the smaller tails."""
    below = as_node(log_cdf[1]) < log_sf[0]
    return log_difference(where(below, log_cdf[1], log_sf[0]), where(below, log_cdf[0], log_sf[1]))


def narrow_between(log_density: Callable[[Node], Any], low: Any, width: Any) -> Node:
    """log ∫ of a density over an interval in which it hardly changes, by Gauss and Legendre's rule."""
    first = as_node(log_density(as_node(low)))
    shares = [w * exp(log_density(low + at * width) - first) for at, w in EVEN]
    return first + log(width) + log(reduce(add, shares))


def normal_between(a: Any, b: Any, width: Any, log_width: Any) -> Node:
    """log(Φ(b) − Φ(a)), given b − a and its logarithm."""
    both = log_between((log_ndtr(a), log_ndtr(b)), (log_ndtr(-a), log_ndtr(-b)))
    centre = 0.5 * (a + b)
    # So far apart that the outer tail is below rounding, even where a and b are rounded to one number.
    inner = where(centre > 0.0, log_ndtr(-a), log_ndtr(b))
    wide = where(abs_(centre) * width > FAR, inner, both)
    narrow = log_width - 0.5 * (centre * centre) - HALF_LOG_2PI + _narrow_rise(centre, width)
    return where(_is_narrow(centre, width), narrow, wide)


def _narrow_rise(centre: Any, width: Any) -> Node:
    """log of the mean of φ over an interval, less log φ in its middle: Σ He₂ₖ(c) w²ᵏ/(4ᵏ (2k + 1)!)."""
    c2, w2 = centre * centre, width * width
    terms = (
        (c2 - 1.0) / 24.0,
        polynomial(c2, (3.0, -6.0, 1.0)) / 1920.0,
        polynomial(c2, (-15.0, 45.0, -15.0, 1.0)) / 322560.0,
        polynomial(c2, (105.0, -420.0, 210.0, -28.0, 1.0)) / 92897280.0,
    )
    return log1p(w2 * (terms[0] + w2 * (terms[1] + w2 * (terms[2] + w2 * terms[3]))))


def _is_narrow(centre: Any, width: Any) -> Node:
    return width * width * (1.0 + centre * centre) < NARROW * NARROW


def normal_above(z: Any, a: Any, step: Any) -> Node:
    """log φ(z) − log Φ(−a) for z ≥ a, given z − a; the density of log scale is left to the caller."""
    plain = -0.5 * (z * z) - HALF_LOG_2PI - log_ndtr(-a)
    far = -0.5 * (step * (z + a)) - log_mills(-a)
    return where(a > 0.0, far, plain)


def normal_within(
    z: Any,
    a: Any,
    b: Any,
    steps: tuple[Any, Any],
    width: Any,
    offset: Any,
    log_gap: Any,
    log_s: Any,
) -> Node:
    """log φ(z) − log s − log(Φ(b) − Φ(a)) for a ≤ z ≤ b.

    Given z − a and b − z, b − a, z less the middle, log s(b − a) and log s.
    """
    centre = 0.5 * (a + b)
    flat = -0.5 * (offset * (z + centre)) - log_gap - _narrow_rise(centre, width)
    across = -0.5 * (z * z) - HALF_LOG_2PI - log_s
    across = across - log_between((log_ndtr(a), log_ndtr(b)), (log_ndtr(-a), log_ndtr(-b)))
    beyond = where(a > 0.0, a, -b)
    further = where(a > 0.0, b, -a)
    step = where(a > 0.0, steps[0], steps[1])
    gap = log_mills(-beyond) - log_mills(-further) + 0.5 * (width * (beyond + further))
    tail = -0.5 * (step * (where(a > 0.0, z, -z) + beyond)) - log_mills(-beyond)
    outside = where(a > 0.0, 1.0, where(b < 0.0, 1.0, 0.0))
    far = where(equal(outside, 1.0), tail - log1mexp(gap) - log_s, across)
    return where(seldom(_is_narrow(centre, width)), flat, far)


def fading(exponent: Any) -> Node:
    """The exponent, where its exponential is not 0: further down it moves nothing, though its own slope be infinite."""
    return where(exponent < NOTHING, NOTHING, exponent)


def exponential_between(log_hazard: Any, growth: Any) -> Node:
    """log(e^(−h) − e^(−h eᵍ)) for a cumulative hazard h that grows by the factor eᵍ, g > 0."""
    log_growth = log(growth)
    log_rise = log_hazard + log_growth + log_expm1_ratio(growth, log_growth)
    return exponential_rise(log_hazard, log_rise)


def exponential_rise(log_hazard: Any, log_rise: Any) -> Node:
    """log(e^(−h) − e^(−h − x)) for a cumulative hazard h that grows by x, of their logarithms."""
    return log1mexp_of(exp(log_rise), log_rise) - exp(fading(log_hazard))


# --- log S(b) − log S(a) of the survival function S, given the width b − a: minus the hazard between a and b. -


def _integral(hazard: Callable[[Node], Any], a: Any, width: Any) -> Node:
    """Of a hazard, over an interval in which it hardly changes."""
    return width * reduce(add, (w * hazard(a + at * width) for at, w in SHORT))


def normal_later(a: Any, b: Any, width: Any) -> Node:
    """log Φ(−b) − log Φ(−a)"""
    # Left of 0 the hazard changes as the density does.
    narrow = width * (1.0 - minimum(a, 0.0)) < 0.5
    right, short = as_node(a) > 0.0, where(narrow, width, 0.0)
    # Right of 0 it is x + g(x), with g falling to 0.
    rest = where(
        narrow,
        -_integral(lambda t: mills_gap(-t), a, short),
        log_mills(-b) - log_mills(-a),
    )
    left = where(
        narrow, -_integral(lambda t: inverse_mills(-t), a, short), log_ndtr(-b) - log_ndtr(-a)
    )
    return where(right, rest - 0.5 * (width * (a + b)), left)


def logistic_later(a: Any, b: Any, width: Any, log_width: Any) -> Node:
    """log σ(−b) − log σ(−a), given the logarithm of b − a as well."""
    narrow = width < 1.0
    near = logistic_fall(a, where(narrow, width, 0.0), log_width)
    tail = softplus(-a) - softplus(-b) - width
    far = where(a > 0.0, tail, softplus(a) - softplus(b))
    return where(narrow, near, far)


def gumbel_later(a: Any, b: Any, width: Any) -> Node:
    """The same of 1 − exp(−e^(−x)), whose hazard is h/(eʰ − 1) with h = e^(−x)."""
    h, h_later = (exp(fading(-as_node(v))) for v in (a, b))
    narrow = width * (1.0 + h) < 0.5
    near = -_integral(gumbel_hazard, where(narrow, a, 0.0), where(narrow, width, 0.0))
    # log((1 − e^(−h))/h) at both ends
    tail = (log_expm1_ratio(h_later, -b) - h_later) - (log_expm1_ratio(h, -a) - h) - width
    return where(narrow, near, where(h < 1.0, tail, log1mexp_of(h_later, -b) - log1mexp_of(h, -a)))
