"""Atoms of location-scale families: −log density as a function of z = d/s, with d = y − loc.

Of g(z) the loss needs g′, z g′, g″, g′ + z g″ and z (g′ + z g″): each is an atom of its own, so that
nothing is multiplied out that would cancel, and a z that has overflowed never meets a 0. They take
d, s and log s; the derivative in the scale goes through log s alone. Families of a positive y whose
logarithm has the density use them with d = log y − log scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from likely._math.atoms import Atom, register
from likely._math.graph import Expression, Node, abs_, exp, expm1, log, log1p, sign, where

Function = Callable[[Expression], Node]


@dataclass(frozen=True)
class Standard:
    """A standard density by its g = −log density (up to a constant): textbook and accurate forms.

    ``textbook`` are g, g′ and g″ as printed; the other six are what is computed.
    """

    textbook: tuple[Function, Function, Function]
    value: Function  # g
    slope: Function  # g′
    scale: Function  # z g′
    bend: Function  # g″
    cross: Function  # g′ + z g″
    scale_2: Function  # z (g′ + z g″)


def location_scale(name: str, standard: Standard) -> Atom:
    """Register ``name(d, s, log_s)`` and the atoms of its first and second derivatives."""
    g, g1, g2 = standard.textbook

    def atom(suffix: str, definition: Function, expansion: Function, rule: object = None) -> Atom:
        return register(
            name + suffix,
            rule,  # type: ignore[arg-type]
            lambda d, s, log_s: definition(d / s),
            lambda d, s, log_s: expansion(d / s),
        )

    bend = atom("_bend", g2, standard.bend)
    cross = atom("_cross", lambda z: g1(z) + z * g2(z), standard.cross)
    scale_2 = atom("_scale_2", lambda z: z * (g1(z) + z * g2(z)), standard.scale_2)
    slope = atom(
        "_slope",
        g1,
        standard.slope,
        lambda d, s, log_s, out: (bend(d, s, log_s) / s, 0.0, out - cross(d, s, log_s)),
    )
    scale = atom(
        "_scale",
        lambda z: z * g1(z),
        standard.scale,
        lambda d, s, log_s, out: (cross(d, s, log_s) / s, 0.0, -scale_2(d, s, log_s)),
    )
    return atom(
        "_kernel",
        g,
        standard.value,
        lambda d, s, log_s, out: (slope(d, s, log_s) / s, 0.0, -scale(d, s, log_s)),
    )


def _below(bound: float, z: Expression) -> Node:
    """z, or 0 from the bound on, where what it multiplies has underflowed."""
    return where(z < bound, z, 0.0)


# --- Logistic: g = z + 2 log(1 + e⁻ᶻ), even in z. -------------------------------------------------


def _logistic_density(z: Expression) -> Node:
    # 2 e/(1 + e)², twice the density
    e = exp(-abs_(z))
    t = 1.0 / (1.0 + e)
    return 2.0 * (e * t) * t


def _half_tanh(z: Expression) -> Node:
    # |tanh(z/2)|
    less = expm1(-abs_(z))
    return -less * (1.0 / (1.0 + (1.0 + less)))


logistic_kernel = location_scale(
    "logistic",
    Standard(
        (
            lambda z: z + 2.0 * log(1.0 + exp(-z)),
            lambda z: (1.0 - exp(-z)) / (1.0 + exp(-z)),
            lambda z: 2.0 * exp(-z) / ((1.0 + exp(-z)) * (1.0 + exp(-z))),
        ),
        value=lambda z: abs_(z) + 2.0 * log1p(1.0 + expm1(-abs_(z))),
        slope=lambda z: sign(z) * _half_tanh(z),
        scale=lambda z: abs_(z) * _half_tanh(z),
        bend=_logistic_density,
        cross=lambda z: sign(z) * (_half_tanh(z) + _below(1e3, abs_(z)) * _logistic_density(z)),
        scale_2=lambda z: (
            abs_(z) * _half_tanh(z)
            + _below(1e3, abs_(z)) * (_below(1e3, abs_(z)) * _logistic_density(z))
        ),
    ),
)

# --- Gumbel: g = z + e⁻ᶻ. ------------------------------------------------------------------------
#
# Both terms of every sum have one sign. Far left e⁻ᶻ is all there is of g; beside z, 1 + expm1(−z) has its digits.
gumbel_kernel = location_scale(
    "gumbel",
    Standard(
        (lambda z: z + exp(-z), lambda z: 1.0 - exp(-z), lambda z: exp(-z)),
        value=lambda z: where(z < -700.0, 0.0, z) + (1.0 + expm1(-z)),
        slope=lambda z: -expm1(-z),
        scale=lambda z: -z * expm1(-z),
        bend=lambda z: exp(-z),
        cross=lambda z: _below(1e3, z) * exp(-z) - expm1(-z),
        scale_2=lambda z: _below(1e3, z) * (_below(1e3, z) * exp(-z)) - z * expm1(-z),
    ),
)
