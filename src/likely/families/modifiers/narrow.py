r"""A window between two bounds in which a density hardly changes, by the slope of its logarithm.

What a density is given such bounds, and the share of the window that a part of it has, are differences of logarithms
that are nearly equal, and so are their derivatives. They depend on nothing but how the density changes inside:

.. math:: \log p(y \mid a < Y \le b) = -\log(b - a) - \log \int_0^1 e^{L(x) - L(x_y)}\, dx, \qquad
          L(x) = \int_a^{a + x (b - a)} \frac{\partial \log p}{\partial t}\, dt

The slope follows from the family's own formula, and is a polynomial over the window, as is its integral.
"""

from __future__ import annotations

import math
from functools import cached_property, reduce
from operator import add
from typing import Any

from likely._math.derive import tangent
from likely._math.graph import (
    Node,
    abs_,
    as_node,
    expm1,
    log,
    log1p,
    make,
    substitute,
    symbol,
    where,
)
from likely._math.quadrature import SHORT
from likely.families.base import Specification
from likely.families.view import View

#: How much the logarithm of the density, and the slope of it, may change over a window times its width, and how long
#: that may be by the distance to an edge: then the polynomial keeps every digit.
SLIGHT = 0.05


def log_density_slope(inside: Specification, t: Node, *theta: Any) -> Node:
    """∂ log p/∂t at y = t, a symbol: the family's own formula, or derived."""
    own = inside.formulas.get("log_density_slope")
    y = View("y", t, {})
    if own is not None:
        return as_node(own(y, *theta))
    return tangent([as_node(inside.log_density(y, *theta))], t)[0]


class Window:
    """low < Y ≤ high of a continuous family."""

    def __init__(self, inside: Specification, low: Any, high: Any, *theta: Any) -> None:
        self.support = inside.support
        self.low, self.high, self.width = low, high, as_node(high - low)
        t = symbol("t")
        slope = log_density_slope(inside, t, *theta)

        def at(x: float) -> Node:
            place = as_node(low + x * self.width)

            def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
                if node is t:
                    return place
                return make(node.op, *args) if args else node

            return substitute([slope], rebuild)[0]

        #: The slope times the width at Gauss and Legendre's nodes, which goes with x from 0 to 1.
        self.slopes = [self.width * at(x) for x, _ in SHORT]

    @cached_property
    def narrow(self) -> Node:
        """Whether the density hardly changes."""
        first, last = self.slopes[0], self.slopes[-1]
        small = [abs_(first), abs_(last), abs_(last - first) / SLIGHT]
        if self.support.low > -math.inf:
            small.append(self.width / (self.low - self.support.low))
        if self.support.high < math.inf:
            small.append(self.width / (self.support.high - self.high))
        conditions = [x < SLIGHT for x in small]
        return reduce(lambda both, one: where(both, one, both), conditions)

    def log_density(self, y: Any) -> Node:
        """log p(y | low < Y ≤ high)"""
        return -log(self.width) - self._log_mean(self.low, self.high, self._height(y))

    def log_share(self, low: Any, high: Any) -> Node:
        """log P(low < Y ≤ high) of a part, given the window."""
        start = self._height(self.low)
        rise = self._log_mean(low, high, start) - self._log_mean(self.low, self.high, start)
        return log((high - low) / self.width) + rise

    @cached_property
    def _coefficients(self) -> list[Node]:
        """Of L in Legendre's polynomials of x on [0, 1], but for a constant, from those of its slope."""
        values = [[1.0, *_legendre(2.0 * x - 1.0)] for x, _ in SHORT]
        found = [as_node(0.0)] * (len(SHORT) + 1)
        for n in range(len(SHORT)):
            terms = [w * v[n] * s for (_, w), v, s in zip(SHORT, values, self.slopes, strict=True)]
            # ∫ Pₙ dx = (Pₙ₊₁ − Pₙ₋₁)/(2 (2n + 1)), and Pₙ has the factor 2n + 1.
            half = 0.5 * reduce(add, terms)
            found[n + 1] = found[n + 1] + half
            if n:
                found[n - 1] = found[n - 1] - half
        return found[1:]

    def _height(self, y: Any) -> Node:
        """L, but for a constant."""
        v = ((y - self.low) - (self.high - y)) / self.width
        terms = [c * p for c, p in zip(self._coefficients, _legendre(v), strict=True)]
        return reduce(add, terms)

    def _log_mean(self, low: Any, high: Any, level: Node) -> Node:
        """log of the mean of exp(L − level) from low to high."""
        length = high - low
        terms = [w * expm1(self._height(low + x * length) - level) for x, w in SHORT]
        return log1p(reduce(add, terms))


def _legendre(v: Any) -> list[Any]:
    """P₁, P₂, … of v from −1 to 1, as many as there are nodes."""
    found = [1.0, v]
    for n in range(1, len(SHORT)):
        found.append(((2.0 * n + 1.0) * v * found[n] - n * found[n - 1]) / (n + 1.0))
    return found[1:]
