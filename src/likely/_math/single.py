"""Expanded graphs for float32: constants that name the format of float64 become those of float32, and polynomials
that would give 17 digits become those that give 8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from likely._math import special
from likely._math.graph import Node, constant, is_constant, polynomial, remade, substitute

_FORMAT = {
    special.SMALLEST_NORMAL: 2.0**-126,
    special.ABOVE_MINUS_1: -1.0 + 2.0**-24,
    special.SPLIT: 1.5 * 2.0**17,  # 12 of 24 digits remain below 40
}
_LARGEST = float(np.finfo(np.float32).max)


#: Largest error of a shortened polynomial, relative to its largest value: a fourth of float32's own.
_ERROR = 2.0**-26


def in_single(nodes: Sequence[Node]) -> list[Node]:
    """The same graphs, to be run in float32."""
    return substitute(nodes, _rebuild)


def _rebuild(node: Node, args: tuple[Node, ...]) -> Node:
    if node.op == "constant":
        value = _FORMAT.get(node.value, node.value)
        if _LARGEST < abs(value) < math.inf:
            # A threshold near the end of float64's range stands at the same place in float32's.
            value = math.copysign(abs(value) ** 0.125, value)
        return constant(value)
    if (found := _powers(node)) is not None:
        x, coefficients = found
        short = _shortened(coefficients, x.args[1].value)
        if len(short) < len(coefficients):
            return polynomial(substitute([x], _rebuild)[0], short)
    return remade(node, args)


def _powers(node: Node) -> tuple[Node, tuple[float, ...]] | None:
    """x and the coefficients, if this is what ``special`` writes for a polynomial in x.

    There x = u − ½ for 0 ≤ u ≤ 1, or x = u − ¼ for 0 ≤ u ≤ ½.
    """
    coefficients: list[float] = []
    x: Node | None = None
    while node.op == "add":
        (rest, c) = node.args if node.args[1].op == "constant" else node.args[::-1]
        if c.op != "constant" or rest.op != "multiply":
            return None
        inner, by = rest.args if _centred(rest.args[1]) else rest.args[::-1]
        if not _centred(by) or (x is not None and by is not x):
            return None
        coefficients.append(c.value)
        x, node = by, inner
    if x is None or node.op != "constant":
        return None
    return x, (*coefficients, node.value)


def _centred(node: Node) -> bool:
    return node.op == "subtract" and any(is_constant(node.args[1], c) for c in (0.25, 0.5))


def _shortened(coefficients: tuple[float, ...], half: float) -> tuple[float, ...]:
    """The shortest polynomial this close on [−half, half]: Chebyshev's terms are left out from the last one on."""
    terms = Polynomial(coefficients).convert(kind=Chebyshev, domain=[-half, half])
    left_out = np.cumsum(np.abs(terms.coef)[::-1])[::-1]
    kept = int((left_out > _ERROR * np.abs(terms.coef[0])).sum())
    short = Chebyshev(terms.coef[:kept], terms.domain).convert(kind=Polynomial)
    return tuple(float(c) for c in short.coef)
