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

from likely._math.atoms import seldom
from likely._math.derive import tangent
from likely._math.graph import (
    Node,
    abs_,
    as_node,
    expm1,
    log,
    log1p,
    replaced,
    symbol,
    where,
)
from likely._math.quadrature import SHORT
from likely.families.base import Specification
from likely.families.view import View

#: How much the logarithm of the density, and the slope of it, may change over a window times its width, and how long
#: that may be by the distance to an edge: then the polynomial keeps every digit.
SLIGHT = 0.05


def log_density_slope(inside: Specification, y: View, *theta: Any) -> Node:
    """∂ log p/∂y: the family's own formula, or derived."""
    own = inside.formulas.get("log_density_slope")
    if own is not None:
        return as_node(own(y, *theta))
    t = symbol("t")
    slope = tangent([as_node(inside.log_density(View("y", t, {}), *theta))], t)[0]
    return replaced([slope], [(t, y.node)])[0]


class Window:
    """low < Y ≤ high of a continuous family."""

    def __init__(self, inside: Specification, low: Any, high: Any, *theta: Any) -> None:
        self.support = inside.support
        self.low, self.high, self.width = low, high, as_node(high - low)
        #: ∂L/∂x at Gauss and Legendre's nodes.
        self.slopes = [
            self.width * log_density_slope(inside, View("y", low + x * self.width, {}), *theta)
            for x, _ in SHORT
        ]

    @cached_property
    def narrow(self) -> Node:
        """Whether the density hardly changes."""
        first, last = self.slopes[0], self.slopes[-1]
        small = [abs_(first), abs_(last), abs_(last - first) / SLIGHT]
        # The density may have a pole at an open edge, and nowhere else is it known not to be smooth.
        if self.support.low > -math.inf and not self.support.closed_low:
            small.append(self.width / (self.low - self.support.low))
        if self.support.high < math.inf and not self.support.closed_high:
            small.append(self.width / (self.support.high - self.high))
        conditions = [x < SLIGHT for x in small]
        return seldom(reduce(lambda both, one: where(both, one, both), conditions))

    def log_density(self, y: Any) -> Node:
        """log p(y | low < Y ≤ high)"""
        level = self._height(y)
        heights = [self._height(self.low + x * self.width) for x, _ in SHORT]
        rises = [w * expm1(h - level) for (_, w), h in zip(SHORT, heights, strict=True)]
        return -log(self.width) - log1p(reduce(add, rises))

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


def _legendre(v: Any) -> list[Any]:
    """P₁, P₂, … of v from −1 to 1, as many as there are nodes."""
    found = [1.0, v]
    for n in range(1, len(SHORT)):
        found.append(((2.0 * n + 1.0) * v * found[n] - n * found[n - 1]) / (n + 1.0))
    return found[1:]
