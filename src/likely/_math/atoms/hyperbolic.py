"""sinh and cosh, with the relative accuracy of sinh kept at 0."""

from __future__ import annotations

from likely._math.atoms import Atom, register
from likely._math.graph import Expression, Node, abs_, exp, expm1, sign


def _sinh(x: Expression) -> Node:
    """½ (eˣ − e⁻ˣ), from e^|x| − 1."""
    e = expm1(abs_(x))
    return sign(x) * ((0.5 * e) * (1.0 + 1.0 / (1.0 + e)))


def _cosh(x: Expression) -> Node:
    """½ (eˣ + e⁻ˣ)"""
    e = exp(abs_(x))
    return 0.5 * (e + 1.0 / e)


sinh: Atom = register("sinh", lambda x, out: (cosh(x),), lambda x: 0.5 * (exp(x) - exp(-x)), _sinh)
cosh: Atom = register("cosh", lambda x, out: (sinh(x),), lambda x: 0.5 * (exp(x) + exp(-x)), _cosh)
