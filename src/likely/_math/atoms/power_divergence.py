r"""Half the unit deviance of a variance that is a power of the mean, in v = |log(y/mean)|.

With :math:`\mu^a/\varphi` taken out, where a = 2 − p and b = p − 1, half the deviance is c(v; a) for y < mean, and
:math:`e^v c(v; b)` for y > mean:

.. math:: c(v; a) = \int_0^v (e^{-a w} - e^{-v + b w}) \, \mathrm{d}w
          = \frac{1 - e^{-a v} - a (1 - e^{-v})}{a b}, \quad a + b = 1.

Both are made of the smaller of a and b, s, which may be 0: with w = −v and d = 1 where that is a, w = v and d = e⁻ᵛ
where it is b,

.. math:: c = d\,v^2\,\frac{g(w) - s\,g(s w)}{1 - s}, \qquad g(x) = \frac{e^x - 1 - x}{x^2} = \frac12 + x\,m(x).

Near 0 m is a polynomial, and what would cancel in c and its derivative in a, v²/2 and −v³/6 there, is left out.
Elsewhere (1 − s) c is ± the difference of 1 − e⁻ᵛ and (1 − e⁻ˢᵛ)/s, or e⁻ᵃᵛ times that.

Source: Jørgensen, The Theory of Dispersion Models (1997), chapter 4, for the deviance.
"""

from __future__ import annotations

import math

from likely._math import special
from likely._math.atoms import Atom, register
from likely._math.graph import Expression, Node, exp, expm1, polynomial, where

#: The polynomials in v serve below, and the series of ``_weight_2`` below the other.
_NEAR, _NEAR_2 = 1.0, 1.4
_TERMS = 22


def _powers_of(v: Expression, a: Expression) -> Node:
    """Σ (−v)ⁿ/n! times the second derivative of 1 + a + … + aⁿ⁻² in a, n ≥ 2."""
    total: Node | float = 0.0
    found: list[tuple[float, Node | float]] = []
    p: list[Node | float] = [1.0, 0.0, 0.0]
    for n in range(2, _TERMS + 2):
        found.append(((-1.0) ** n / math.factorial(n), p[2]))
        p = [1.0 + a * p[0], p[0] + a * p[1], 2.0 * p[1] + a * p[2]]
    for coefficient, value in reversed(found):
        total = total * v + coefficient * value
    return v * v * total


def _positive(z: Expression) -> Node:
    """z, or 1 where 1/z² has left the range"""
    return where(z > 1e-150, z, 1.0)


def _inverse(z: Expression) -> Node:
    return 1.0 / _positive(z)


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


class _Parts:
    """What c and its derivatives in v and a share, a + b = 1, v ≥ 0."""

    def __init__(self, v: Expression, a: Expression, b: Expression) -> None:
        self.first, self.near = a < b, v < _NEAR
        self.sign = where(self.first, -1.0, 1.0)
        self.s, self.larger = where(self.first, a, b), where(self.first, b, a)
        self.z = self.s * v
        self.small = self.z < _NEAR
        # e^(−s v) and the other factor of e⁻ᵛ, of which one is e⁻ᵃᵛ
        self.of_s, self.of_larger = exp(-self.z), exp(-(self.larger * v))
        self.of_v = self.of_s * self.of_larger
        self.decay = where(self.first, self.of_s, self.of_larger)
        self.beside = where(self.first, 1.0, self.of_v)
        # near 0: w, s w, and m of both
        self.w = self.sign * where(self.near, v, 0.0)
        self.sw = self.sign * where(self.small, self.z, 0.0)
        self.m, self.m_s = (polynomial(x, special.EXP_REST) for x in (self.w, self.sw))
        # (1 − e^(−s v))/(s v), or e⁻ᵃᵛ times that
        apart = where(self.first, 1.0, self.of_larger) * (1.0 - self.of_s) * self.inverse
        self.mean = where(self.small, self.beside * _mean_of_exp(self.sw, self.m_s), apart)

    @property
    def inverse(self) -> Node:
        return 1.0 / where(self.small, 1.0, self.z)

    @property
    def of_slope(self) -> Node:
        """Of the derivative of (1 − s) c in a what ``mean`` is of c: (``mean`` − e⁻ᵃᵛ)/(s v), or minus that."""
        near = self.beside * (0.5 + self.sw * (0.5 - (1.0 - self.sw) * self.m_s))
        return where(self.small, near, self.sign * (self.decay - self.mean) * self.inverse)


def _mean_of_exp(x: Expression, m: Expression) -> Node:
    """(eˣ − 1)/x, of m(x)"""
    return 1.0 + x * (0.5 + x * m)


def _divergence(v: Expression, a: Expression, b: Expression) -> Node:
    """c"""
    p = _Parts(v, a, b)
    near = v * v * p.beside * (0.5 * p.larger + p.w * (p.m - p.s * p.s * p.m_s))
    apart = p.sign * (1.0 - p.of_v - v * p.mean)
    return where(p.near, near, apart) * (1.0 / p.larger)


def _slope(v: Expression, a: Expression, b: Expression) -> Node:
    """Its derivative in v, (e⁻ᵃᵛ − e⁻ᵛ)/b; also 1 − e⁻ᵛ − a c."""
    p = _Parts(v, a, b)
    near = v * _mean_of_exp(p.w, p.m) - a * _divergence(v, a, b)
    apart = p.decay * (1.0 - p.of_larger) * (1.0 / p.larger)
    return where(p.first, where(p.near, near, apart), v * p.mean)


def _cross(v: Expression, a: Expression, b: Expression) -> Node:
    """The derivative of that in a."""
    return -exp(-(a * v)) * (v * v * _remainder(b * v))


def _weight(v: Expression, a: Expression, b: Expression) -> Node:
    """The derivative of c in a, where b = 1 − a."""
    p = _Parts(v, a, b)
    inverse = 1.0 / p.larger
    taken = p.s * (p.m_s + p.larger * (0.5 - (2.0 - p.sw) * p.m_s))
    near = v * v * v * p.beside * (taken - p.m) * inverse
    apart = p.sign * (v * v * p.of_slope - _divergence(v, a, b))
    return where(p.near, near, apart) * inverse


def _weight_2(v: Expression, a: Expression, b: Expression) -> Node:
    """The second derivative of c in a."""
    near = v < _NEAR_2
    twice = 2.0 * _weight(v, a, b)
    by_a = -(exp(-(a * v)) * (v * v * v * _fourth(b * v)) + twice) / a
    by_b = (v * v * v * _third(a * v) + twice) / b
    series = _powers_of(where(near, v, 0.0), a)
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
