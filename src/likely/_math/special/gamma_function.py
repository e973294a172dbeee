"""The gamma function, through the error of Stirling's formula."""

from __future__ import annotations

import math
from typing import Any

from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    equal,
    floor,
    log,
    log1p,
    maximum,
    minimum,
    polynomial,
    where,
)
from likely._math.special.coefficients import (
    COUNT_HALF,
    LOG_FACTORIAL,
    STIRLING,
    STIRLING_1,
    STIRLING_1_FROM_2,
    STIRLING_2,
    STIRLING_3,
    STIRLING_BEND,
    STIRLING_FROM_2,
)
from likely._math.special.constants import HALF_LOG_2PI, SMALLEST_NORMAL
from likely._math.special.remainders import log1p_fraction

# (1 - log(pi))/2
COUNT_HALF_AT_0 = 0.5 - 0.5 * math.log(math.pi)


#
# S(x) = lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2. For z >= 1, z S(z) is a smooth function of
# u = 1/z in [0, 1]; likewise the derivatives. Below 1, S(x) = S(x + 1) + (x + 1/2) log(1 + 1/x) - 1
# moves the argument to z = x + 1 in [1, 2), so that one polynomial serves all x. The added
# terms have the sign of the result, and at x <= 1 have not cancelled much.


def shifted_reciprocal(x: Any) -> Node:
    """1/z with z = x for x >= 1 and z = x + 1 below."""
    return 1.0 / where(x < 1.0, x + 1.0, x)


def powers(x: Any, coefficients: tuple[float, ...]) -> Node:
    """A polynomial on [0, 1] in powers about the middle, where rounding does not grow."""
    return polynomial(x - 0.5, coefficients)


def divided_powers(
    x: Expression, y: Expression, coefficients: tuple[float, ...]
) -> tuple[Node, Node]:
    """Such a polynomial at x, and its (P(x) − P(y))/(x − y)."""
    x, y = x - 0.5, y - 0.5
    value = x * coefficients[-1] + coefficients[-2]
    slope = y * 0.0 + coefficients[-1]
    for c in reversed(coefficients[:-2]):
        slope = slope * y + value
        value = value * x + c
    return value, slope


def stirling_error(x: Any) -> Node:
    """S(x) = lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2 for x > 0.

    Positive, decreasing: 1/(12x) far out, -log(2 pi x)/2 at 0. Max relative error 3.1e-15.
    """
    u = shifted_reciprocal(x)
    step = log1p(1.0 / x)
    # x step and step/2 - 1 round less than (x + 1/2) step, and their sum is almost exact.
    # Adding the smallest number changes nothing but 0 times infinity: S(0) is infinite.
    shift = where(x < 1.0, (x + SMALLEST_NORMAL) * step + (0.5 * step - 1.0), 0.0)
    return u * powers(u, STIRLING) + shift


def stirling_error_1(x: Any) -> Node:
    """S'(x) = digamma(x) - log x + 1/(2x) for x > 0.

    Negative: -1/(12x^2) far out, -1/(2x) near 0 (NaN where 1/x overflows).
    Max relative error 2.0e-15.
    """
    reciprocal = 1.0 / x
    u = shifted_reciprocal(x)
    shift = where(x < 1.0, log1p(reciprocal) - 0.5 * (reciprocal + u), 0.0)
    return shift - u * u * powers(u, STIRLING_1)


def stirling_error_2(x: Any) -> Node:
    """S''(x) = trigamma(x) - 1/x - 1/(2x^2) for x > 0.

    Positive: 1/(6x^3) far out, 1/(2x^2) at 0. Max relative error 9.8e-16.
    """
    u = shifted_reciprocal(x)
    product = (1.0 / x) * u
    shift = where(x < 1.0, (0.5 * product) * product, 0.0)
    return u * u * u * powers(u, STIRLING_2) + shift


def stirling_error_3(x: Any) -> Node:
    """S'''(x) = tetragamma(x) + 1/x^2 + 1/x^3 for x > 0.

    Negative: -1/(2x^4) far out, -1/x^3 at 0. Max relative error 2.4e-14.
    """
    reciprocal = 1.0 / x
    u = shifted_reciprocal(x)
    product = reciprocal * u
    shift = where(x < 1.0, (reciprocal + u) * (product * product), 0.0)
    square = u * u
    return -(square * square * powers(u, STIRLING_3) + shift)


def stirling_above(x: Any) -> Node:
    """S(x) where x >= 1 is known: no shift, so no logarithm. Max relative error 1.2e-15."""
    u = 1.0 / x
    return u * powers(u, STIRLING)


def stirling_from_2(x: Any, u: Any = None) -> Node:
    """S(x) where x >= 2 is known, given u = 1/x where that is at hand. Max relative error 9e-16."""
    u = 1.0 / x if u is None else u
    return u * polynomial(u - 0.25, STIRLING_FROM_2)


def stirling_slope_from_2(u: Any) -> Node:
    """-S'(x)/u^2 of u = 1/x, where x >= 2 is known. Max relative error 1.3e-15."""
    return polynomial(u - 0.25, STIRLING_1_FROM_2)


def log_factorial_error(y: Any) -> Node:
    """E(y) = lgamma(y + 1) - y log y + y for y >= 0; E(0) = 0.

    Increasing: -y log y at 0, log(2 pi y)/2 far out. Max relative error 5.4e-16.
    Below 1 it is y (lgamma(1 + y)/y + 1 - log y), above S(y) + log(2 pi y)/2; one log y.
    """
    u = shifted_reciprocal(y)
    logarithm = log(y)  # densities of counts have it as well
    small = where(equal(y, 0.0), 0.0, y * (powers(y, LOG_FACTORIAL) - logarithm))
    large = u * powers(u, STIRLING) + (0.5 * logarithm + HALF_LOG_2PI)
    return where(y < 1.0, small, large)


def count_error(y: Any) -> Node:
    """E(y) of whole numbers y >= 0, which is y at 0 and 1: one polynomial. Max relative error 3.0e-16."""
    return where(y < 2.0, y, stirling_from_2(y) + (0.5 * log(y) + HALF_LOG_2PI))


def count_half_error(y: Any) -> Node:
    """log y! - x log x + x - log(2 pi)/2 with x = y + 1/2, of whole numbers y >= 0. Max relative error 1.7e-15.

    Negative, -1/(24x) far out: smaller than S, and with no log x beside it.
    """
    v = 1.0 / (y + 0.5)
    return where(y < 1.0, COUNT_HALF_AT_0, v * polynomial(v - 0.25, COUNT_HALF))


def log_factorial_error_1(y: Any) -> Node:
    """E'(y) = digamma(y + 1) - log y for y > 0; S'(y) + 1/(2y), shifted below 1.

    Positive: -log y at 0, 1/(2y) far out. Max relative error 4.2e-16.
    """
    u = shifted_reciprocal(y)
    half = 0.5 * u
    leading = where(y < 1.0, log1p(1.0 / y) - half, half)
    return leading - u * u * powers(u, STIRLING_1)


def stirling_parts(x: Expression, log_x: Expression) -> tuple[Node, Node, Node]:
    """Whether x < 1, 1/z with z = x or x + 1, and log(1 + 1/x) for x < 1: two terms above 0."""
    return x < 1.0, shifted_reciprocal(x), log1p_fraction(x) - log_x


def stirling(x: Expression, log_x: Expression) -> Node:
    """S(x) = lgamma(x) − (x − ½) log x + x − ½ log 2π; −½ log 2πx near 0."""
    _, _, step = stirling_parts(x, log_x)
    return stirling_given(x, step)


def stirling_given(x: Expression, step: Expression) -> Node:
    """The same of step = log(1 + 1/x), which serves x < 1."""
    u = shifted_reciprocal(x)
    shift = where(x < 1.0, x * step + (0.5 * step - 1.0), 0.0)
    return u * powers(u, STIRLING) + shift


def stirling_slope(x: Expression, log_x: Expression) -> Node:
    """x S′(x): −½ at 0, −1/(12x) far out."""
    _, _, step = stirling_parts(x, log_x)
    return stirling_slope_given(x, step)


def stirling_slope_given(x: Expression, step: Expression) -> Node:
    """The same of step = log(1 + 1/x), which serves x < 1."""
    u = shifted_reciprocal(x)
    p1 = u * powers(u, STIRLING_1)
    return where(x < 1.0, x * (step - u * p1) - (x + 0.5) * u, -p1)


def stirling_curve(x: Expression, log_x: Expression) -> Node:
    """x (x S′(x))′: −x log x near 0, 1/(12x) far out."""
    small, _, step = stirling_parts(x, log_x)
    near, far = stirling_curves(x, step)
    return where(small, near, far)


def stirling_curves(x: Expression, step: Node) -> tuple[Node, Node]:
    """The curve for x < 1, with step = log(1 + 1/x), and for x ≥ 1."""
    u = shifted_reciprocal(x)
    p1 = powers(u, STIRLING_1)
    p2 = powers(u, STIRLING_2)
    return x * (step - u * (1.0 + u * (0.5 + p1 - (x * u) * p2))), u * (p2 - p1)


def stirling_bend(x: Expression, log_x: Expression) -> Node:
    """2x S′(x) + x² S″(x): −½ at 0, −1/(60x³) far out, where the two terms cancel."""
    small = x < 1.0
    u = shifted_reciprocal(x)
    direct = stirling_curve(x, log_x) + stirling_slope(x, log_x)
    return where(small, direct, -(u * u * u * powers(u, STIRLING_BEND)))


def _half_above(a: Expression, log_a: Expression) -> tuple[Node, Node]:
    """a + ½, and its logarithm for a ≤ ½, by the one that a density has of log Γ(a + ½) − log Γ(a)."""
    return a + 0.5, log_a + log1p(0.5 / a)


def stirling_above_half(a: Expression, log_a: Expression) -> Node:
    """S(a + ½)"""
    return stirling(*_half_above(a, log_a))


def stirling_above_half_slope(a: Expression, log_a: Expression) -> Node:
    """a S′(a + ½), its derivative in log a."""
    x, log_x = _half_above(a, log_a)
    return a / x * stirling_slope(x, log_x)


def stirling_above_half_curve(a: Expression, log_a: Expression) -> Node:
    """a S′(a + ½) + a² S″(a + ½), its second derivative in log a."""
    x, log_x = _half_above(a, log_a)
    share = a / x
    slope = stirling_slope(x, log_x)
    return share * (share * stirling_curve(x, log_x) + (1.0 - share) * slope)


def stirling_of_sum(y: Expression, s: Expression, log_s: Expression) -> Node:
    """S(s + y), y ≥ 1: as its argument is above 1, it needs no logarithm."""
    return stirling_above(s + y)


def stirling_of_sum_slope(y: Expression, s: Expression, log_s: Expression) -> Node:
    """s S′(s + y), its derivative in log s."""
    u = 1.0 / (s + y)
    return -(_share_in_sum(s, u) * (u * powers(u, STIRLING_1)))


def _share_in_sum(s: Expression, u: Expression) -> Node:
    """s/(s + y) of u = 1/(s + y), for s beyond all numbers too."""
    return where(s < 1e300, s * u, 1.0)


def stirling_of_sum_curve(y: Expression, s: Expression) -> Node:
    """s S′(s + y) + s² S″(s + y), its second derivative in log s."""
    u = 1.0 / (s + y)
    p1 = powers(u, STIRLING_1)
    p2 = powers(u, STIRLING_2)
    share = _share_in_sum(s, u)
    return (share * u) * (share * p2 - p1)


def lgamma(x: Expression) -> Node:
    """log Γ(x), x > 0: Stirling's formula and its error (absolute accuracy near the zeros 1, 2)."""
    return stirling_error(x) + (x - 0.5) * log(x) - x + 0.5 * log(2.0 * PI)


def lbeta(a: Expression, b: Expression) -> Node:
    """log B(a, b), a and b > 0: of Stirling's formula for three gamma functions what does not cancel is left."""
    small, large = minimum(a, b), maximum(a, b)
    # The ratio of both may be none of the numbers.
    apart = small < 1e-300 * large
    far = where(apart, log(large) - log(small), log1p(large / where(apart, large, small)))
    near = log1p(small / large)
    errors = stirling_error(small) + (stirling_error(large) - stirling_error(small + large))
    return errors + 0.5 * (near - log(small)) + HALF_LOG_2PI - (small * far + large * near)


def digamma(x: Expression) -> Node:
    """ψ(x) = d log Γ(x)/dx, x > 0."""
    return stirling_error_1(x) + log(x) - 0.5 / x


def digamma_rise(a: Expression, d: Expression) -> Node:
    """ψ(a + d) − ψ(a), a ≥ 1 and a + d ≥ 1: exactly 0 at d = 0, and proportional to it nearby."""
    falls = d < 0.0
    rise = log1p(abs_(d) / where(falls, a + d, a))
    u, v = 1.0 / a, 1.0 / (a + d)
    value, slope = divided_powers(v, u, STIRLING_1)
    errors = (u + v) * value + u * u * slope
    return where(falls, -rise, rise) + d * (u * v) * (0.5 + errors)


def trigamma(x: Expression) -> Node:
    """ψ′(x), x > 0."""
    return stirling_error_2(x) + 1.0 / x + 0.5 / (x * x)


def tetragamma(x: Expression) -> Node:
    """ψ″(x), x > 0."""
    return stirling_error_3(x) - 1.0 / (x * x) - 1.0 / (x * x * x)


def whole_before(x: Expression, scale: Expression) -> Node:
    """The largest whole number below x > 0, which is known to a few ulps of ``scale``.

    An x that rounding may have moved off a whole number counts as that number.
    """
    near = floor(x + 0.5)
    whole = abs_(x - near) <= 4e-15 * scale
    return where(whole, where(near >= 1.0, near - 1.0, 0.0), floor(x))
