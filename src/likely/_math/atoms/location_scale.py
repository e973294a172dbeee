"""Atoms of location-scale families: −log density as a function of z = d/s, with d = y − loc.

Of g(z) the loss needs g′/s, z g′, g″/s², g′ + z g″ and z (g′ + z g″): each is an atom of its own, so that
nothing is multiplied out that would cancel, a z that has overflowed never meets a 0, and a g″ that has vanished no
small s. They take d, s and log s; the derivative in the scale goes through log s alone. Through links other than
the logarithm (``connection``) g″ + a g′ and z² g″ + a z g′ come in, whose terms may both be infinite. Families of a
positive y whose logarithm has the density use them with d = log y − log scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from likely._math.atoms import Atom, Rule, log1p_fraction, register
from likely._math.connection import Connection, Covariant, along
from likely._math.graph import Expression, Node, abs_, equal, exp, expm1, log, sign, where

Function = Callable[[Expression], Node]
Sum = Callable[[Expression, Expression], Node]


@dataclass(frozen=True)
class Standard:
    """A standard density by its g = −log density (up to a constant): textbook and accurate forms.

    ``textbook`` are g, g′ and g″ as printed; the others are what is computed.
    """

    textbook: tuple[Function, Function, Function]
    value: Function  # g
    slope: Function  # g′
    scale: Function  # z g′
    bend: Sum  # of z and a: g″ eᵃ
    cross: Function  # g′ + z g″
    scale_2: Function  # z (g′ + z g″)
    bend_and: Sum  # of z and a: g″ + a g′
    turn_and: Sum  # z² g″ + a z g′


def location_scale(name: str, standard: Standard) -> Atom:
    """Register ``name(d, s, log_s)`` and the atoms of its first and second derivatives."""
    g, g1, g2 = standard.textbook

    def atom(
        suffix: str,
        definition: Function,
        expansion: Function,
        rule: Rule | None = None,
        covariant: Covariant | None = None,
    ) -> Atom:
        return register(
            name + suffix,
            rule,
            lambda d, s, log_s: definition(d / s),
            lambda d, s, log_s: expansion(d / s),
            covariant,
        )

    def with_share(suffix: str, definition: Sum, expansion: Sum) -> Atom:
        return register(
            name + suffix,
            None,
            lambda d, s, log_s, a: definition(d / s, a),
            lambda d, s, log_s, a: expansion(d / s, a),
        )

    bend_and = with_share("_bend_and", lambda z, a: g2(z) + a * g1(z), standard.bend_and)
    turn_and = with_share(
        "_turn_and", lambda z, a: z * z * g2(z) + a * z * g1(z), standard.turn_and
    )

    def pull_form(d: Node, s: Node, log_s: Node, out: Node, slope: Node, gamma: Connection) -> Node:
        return bend_and(d, s, log_s, -gamma.node * s) / s / s

    def scale_form(
        d: Node, s: Node, log_s: Node, out: Node, slope: Node, gamma: Connection
    ) -> Node:
        return -turn_and(d, s, log_s, gamma.plus(1.0).node)

    bend = register(
        name + "_bend",
        None,
        lambda d, s, log_s: g2(d / s) / (s * s),
        lambda d, s, log_s: standard.bend(d / s, -2.0 * log_s),
    )
    cross = atom("_cross", lambda z: g1(z) + z * g2(z), standard.cross)
    scale_2 = atom("_scale_2", lambda z: z * (g1(z) + z * g2(z)), standard.scale_2)
    pull = register(
        name + "_pull",
        lambda d, s, log_s, out: (bend(d, s, log_s), 0.0, -cross(d, s, log_s) / s),
        lambda d, s, log_s: g1(d / s) / s,
        lambda d, s, log_s: standard.slope(d / s) / s,
        along(0, pull_form),
    )
    scale = atom(
        "_scale",
        lambda z: z * g1(z),
        standard.scale,
        lambda d, s, log_s, out: (cross(d, s, log_s) / s, 0.0, -scale_2(d, s, log_s)),
        along(2, scale_form, (1,)),
    )
    return atom(
        "_kernel",
        g,
        standard.value,
        lambda d, s, log_s, out: (pull(d, s, log_s), 0.0, -scale(d, s, log_s)),
    )


def _below(bound: float, z: Expression) -> Node:
    """z, or 0 from the bound on, where what it multiplies has underflowed."""
    return where(z < bound, z, 0.0)


# --- Logistic: g = z + 2 log(1 + e⁻ᶻ), even in z. -------------------------------------------------


def _logistic_density(z: Expression, a: Expression | float = 0.0) -> Node:
    # 2 e/(1 + e)², twice the density, times eᵃ
    t = 1.0 / (1.0 + exp(-abs_(z)))
    return 2.0 * (exp(a - abs_(z)) * t) * t


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
        value=lambda z: abs_(z) + 2.0 * log1p_fraction(1.0 + expm1(-abs_(z))),
        slope=lambda z: sign(z) * _half_tanh(z),
        scale=lambda z: abs_(z) * _half_tanh(z),
        bend=_logistic_density,
        cross=lambda z: sign(z) * (_half_tanh(z) + _below(1e3, abs_(z)) * _logistic_density(z)),
        scale_2=lambda z: (
            abs_(z) * _half_tanh(z)
            + _below(1e3, abs_(z)) * (_below(1e3, abs_(z)) * _logistic_density(z))
        ),
        bend_and=lambda z, a: _logistic_density(z) + a * (sign(z) * _half_tanh(z)),
        turn_and=lambda z, a: (
            _below(1e3, abs_(z)) * (_below(1e3, abs_(z)) * _logistic_density(z))
            + a * (abs_(z) * _half_tanh(z))
        ),
    ),
)


# --- Gumbel: g = z + e⁻ᶻ. ------------------------------------------------------------------------
#
# Both terms of every sum have one sign. Far left e⁻ᶻ is all there is of g; beside z, 1 + expm1(−z) has its digits.
def _gumbel_bend_and(z: Expression, a: Expression) -> Node:
    # Far left (1 − a) e⁻ᶻ + a, where nothing is infinite of which there is none.
    share = 1.0 - a
    far = where(equal(share, 0.0), 0.0, exp(-z)) * share + a
    return where(z < -1.0, far, exp(-z) - a * expm1(-z))


def _gumbel_turn_and(z: Expression, a: Expression) -> Node:
    e = exp(-z)
    near = _below(1e3, z) * (_below(1e3, z) * e) - a * (z * expm1(-z))
    return where(z < -1.0, z * (e * (z - a) + a), near)


gumbel_kernel = location_scale(
    "gumbel",
    Standard(
        (lambda z: z + exp(-z), lambda z: 1.0 - exp(-z), lambda z: exp(-z)),
        value=lambda z: where(z < -700.0, 0.0, z) + (1.0 + expm1(-z)),
        slope=lambda z: -expm1(-z),
        scale=lambda z: -z * expm1(-z),
        bend=lambda z, a: exp(a - z),
        cross=lambda z: _below(1e3, z) * exp(-z) - expm1(-z),
        scale_2=lambda z: _below(1e3, z) * (_below(1e3, z) * exp(-z)) - z * expm1(-z),
        bend_and=_gumbel_bend_and,
        turn_and=_gumbel_turn_and,
    ),
)
