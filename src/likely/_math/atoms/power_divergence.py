r"""Half the unit deviance of a variance that is a power of the mean, in v = |log(y/mean)|.

With :math:`\mu^a/\varphi` taken out, where a = 2 − p and b = p − 1, half the deviance is c(v; a) for y < mean, and
:math:`e^v c(v; b)` for y > mean:

.. math:: c(v; a) = \int_0^v (e^{-a w} - e^{-v + b w}) \, \mathrm{d}w
          = \frac{1 - e^{-a v} - a (1 - e^{-v})}{a b}, \quad a + b = 1.

Near v = 0 it is a series; elsewhere a c = 1 − e⁻ᵛ − c′ or b c = v φ(av) − (1 − e⁻ᵛ), by the larger of a and b.

Source: Jørgensen, The Theory of Dispersion Models (1997), chapter 4, for the deviance.
"""

from __future__ import annotations

import math

from likely._math import special
from likely._math.atoms import Atom, register
from likely._math.graph import Expression, Node, exp, expm1, polynomial, where

#: The series serves below.
_NEAR = 1.0
_TERMS = 18


def _powers_of(v: Expression, a: Expression, order: int) -> Node:
    """Σ (−v)ⁿ/n! times the order-th derivative of 1 + a + … + aⁿ⁻² in a, n ≥ 2."""
    total: Node | float = 0.0
    found: list[tuple[float, Node | float]] = []
    p: list[Node | float] = [1.0, 0.0, 0.0]
    for n in range(2, _TERMS + 2):
        found.append(((-1.0) ** n / math.factorial(n), p[order]))
        p = [1.0 + a * p[0], p[0] + a * p[1], 2.0 * p[1] + a * p[2]]
    for coefficient, value in reversed(found):
        total = total * v + coefficient * value
    return v * v * total


def _positive(z: Expression) -> Node:
    """z, or 1 where 1/z² has left the range. Guarded in one way, φ and its kin share exponentials and 1/z."""
    return where(z > 1e-150, z, 1.0)


def _inverse(z: Expression) -> Node:
    return 1.0 / _positive(z)


def _mean_of_exp(z: Expression) -> Node:
    """φ(z) = (1 − e⁻ᶻ)/z"""
    return where(z > 1e-150, -expm1(-_positive(z)) / _positive(z), 1.0)


def _remainder(z: Expression) -> Node:
    """(z − 1 + e⁻ᶻ)/z², ½ at 0"""
    inverse = _inverse(z)
    return where(z > 1e-150, special.expm1mx(-_positive(z)) * inverse * inverse, 0.5)


def _third(z: Expression) -> Node:
    """φ″(z) = 2 (1 − (1 + z + z²/2) e⁻ᶻ)/z³, ⅓ at 0"""
    inverse = _inverse(z)
    near = exp(-z) * polynomial(z, [2.0 / math.factorial(k + 3) for k in range(16)])
    far = 2.0 * (1.0 - (1.0 + z + 0.5 * z * z) * exp(-z)) * inverse * inverse * inverse
    return where(z < 1.0, near, far)


def _fourth(z: Expression) -> Node:
    """(z² − 2z + 2 − 2e⁻ᶻ)/z³, ⅓ at 0"""
    inverse = _inverse(z)
    near = polynomial(z, [2.0 * (-1.0) ** k / math.factorial(k + 3) for k in range(18)])
    far = (z * (z - 2.0) - 2.0 * expm1(-_positive(z))) * inverse * inverse * inverse
    return where(z < 1.0, near, far)


def _divergence(v: Expression, a: Expression, b: Expression) -> Node:
    """c(v) = (1 − e⁻ᵃᵛ − a (1 − e⁻ᵛ))/(ab), a + b = 1, v ≥ 0."""
    near = v < _NEAR
    # 1 − e⁻ᵛ, over v, of what the two parts of v = av + bv have at hand
    of_a, of_b = _mean_of_exp(a * v), _mean_of_exp(b * v)
    lost = v * (b * of_b + (a * of_a) * (1.0 - (b * v) * of_b))
    apart = where(a < b, v * of_a - lost, lost - _slope(v, a, b))
    series = _powers_of(where(near, v, 0.0), a, 0)
    return where(near, series, apart * _of_larger(a, b))


def _of_larger(a: Expression, b: Expression) -> Node:
    """1 over the larger, of which a quotient keeps the digits."""
    return 1.0 / where(a < b, b, a)


def _slope(v: Expression, a: Expression, b: Expression) -> Node:
    """Its derivative in v, (e⁻ᵃᵛ − e⁻ᵛ)/b."""
    return exp(-(a * v)) * (v * _mean_of_exp(b * v))


def _cross(v: Expression, a: Expression, b: Expression) -> Node:
    """The derivative of that in a."""
    return -exp(-(a * v)) * (v * v * _remainder(b * v))


def _weight(v: Expression, a: Expression, b: Expression) -> Node:
    """The derivative of c in a, where b = 1 − a."""
    near = v < _NEAR
    c, decay = _divergence(v, a, b), exp(-(a * v))
    # (c − v² χ(av))/b with χ = −φ′, or −(cross + c)/a: of z = av or bv the smaller, and of φ(z), which c has
    first = a < b
    z = where(first, a * v, b * v)
    mean = where(first, _mean_of_exp(a * v), _mean_of_exp(b * v))
    small = z < 0.26
    inverse = 1.0 / where(small, 1.0, z)
    rest = where(small, polynomial(-z, special.EXPM1MX), (1.0 - mean) * inverse)
    second = where(z < 1.0, mean - rest, (mean - decay) * inverse)
    apart = where(first, c - v * v * second, decay * (v * v * rest) - c)
    series = _powers_of(where(near, v, 0.0), a, 1)
    return where(near, series, apart * _of_larger(a, b))


def _weight_2(v: Expression, a: Expression, b: Expression) -> Node:
    """The second derivative of c in a."""
    near = v < _NEAR
    twice = 2.0 * _weight(v, a, b)
    by_a = -(exp(-(a * v)) * (v * v * v * _fourth(b * v)) + twice) / a
    by_b = (v * v * v * _third(a * v) + twice) / b
    series = _powers_of(where(near, v, 0.0), a, 2)
    return where(near, series, where(a < b, by_b, by_a))


power_divergence: Atom = register(
    # a carries the derivative for b, which is 1 − a.
    "power_divergence",
    lambda v, a, b, out: (power_divergence_slope(v, a, b), power_divergence_weight(v, a, b), 0.0),
    lambda v, a, b: (1.0 - exp(-a * v) - a * (1.0 - exp(-v))) / (a * b),
    _divergence,
)
power_divergence_slope: Atom = register(
    "power_divergence_slope",
    lambda v, a, b, out: (exp(-v) - a * out, power_divergence_cross(v, a, b), 0.0),
    lambda v, a, b: (exp(-a * v) - exp(-v)) / b,
    _slope,
)
power_divergence_cross: Atom = register("power_divergence_cross", None, None, _cross)
power_divergence_weight: Atom = register(
    "power_divergence_weight",
    lambda v, a, b, out: (
        power_divergence_cross(v, a, b),
        power_divergence_weight_2(v, a, b),
        0.0,
    ),
    None,
    _weight,
)
power_divergence_weight_2: Atom = register("power_divergence_weight_2", None, None, _weight_2)


# --- λ = m^a/(φ a), in log m and log φ. Its slopes are written so that nothing cancels in later ones. ---


def _zeros(log_m: Expression, a: Expression, log_a: Expression, log_d: Expression) -> Node:
    """λ"""
    return exp(a * log_m - log_d - log_a)


def _zeros_slope(log_m: Expression, a: Expression, log_a: Expression, log_d: Expression) -> Node:
    """Its derivative in a, λ (log m − 1/a)."""
    return _zeros(log_m, a, log_a, log_d) * (log_m - exp(-log_a))


def _zeros_curve(log_m: Expression, a: Expression, log_a: Expression, log_d: Expression) -> Node:
    """Its second derivative in a."""
    inverse = exp(-log_a)
    away = log_m - inverse
    return _zeros(log_m, a, log_a, log_d) * (away * away + inverse * inverse)


power_zeros: Atom = register(
    # log_a carries digits; the derivative goes through a.
    "power_zeros",
    lambda log_m, a, log_a, log_d, out: (
        exp(a * log_m - log_d),
        power_zeros_slope(log_m, a, log_a, log_d),
        0.0,
        -out,
    ),
    lambda log_m, a, log_a, log_d: exp(a * log_m - log_d) / a,
    _zeros,
    degrees=(None, None, None, -1.0),
)
power_zeros_slope: Atom = register(
    "power_zeros_slope",
    lambda log_m, a, log_a, log_d, out: (
        log_m * exp(a * log_m - log_d),
        power_zeros_curve(log_m, a, log_a, log_d),
        0.0,
        -out,
    ),
    lambda log_m, a, log_a, log_d: exp(a * log_m - log_d) / a * (log_m - 1.0 / a),
    _zeros_slope,
)
power_zeros_curve: Atom = register(
    "power_zeros_curve",
    None,
    lambda log_m, a, log_a, log_d: (
        exp(a * log_m - log_d) / a * ((log_m - 1.0 / a) * (log_m - 1.0 / a) + 1.0 / (a * a))
    ),
    _zeros_curve,
)
