"""Integrals of e^−h over a half-line for convex h that begins at 0: tails, over the density at their start.

Every derivative of such an integral is a mean of derivatives of h under the weight e^−h. Nothing in
these sums is subtracted, so they are as accurate far out as near the mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import add
from typing import Any

from numpy.polynomial.legendre import leggauss

from likely._math.graph import Expression, Node, abs_, exp, sqrt, where

#: h at the end of the reach: e to its negative is below rounding.
DROP = 34.0


#: Where the square of a number is still one.
_ROOT = 1e150


def root_beside(a: Expression, b: Expression | float) -> Node:
    """√(a² + b), where a² alone may be beyond all numbers."""
    large = abs_(a) > _ROOT
    unit = where(large, abs_(a), 1.0)
    inside = where(large, 1.0, a)
    return unit * sqrt(inside * inside + b / unit / unit)


def _nodes(n: int, uniform: float) -> Iterator[tuple[float, float]]:
    """Gauss and Legendre's nodes and weights on [0, 1], moved to its start where the weight lies.

    With s = x (c + (1 − c) x) an exponential, the slowest of all that e^−h may be, becomes nearly a bell.
    """
    for t, weight in zip(*leggauss(n), strict=True):
        x = 0.5 + 0.5 * float(t)
        slope = uniform + 2.0 * (1.0 - uniform) * x
        yield x * (uniform + (1.0 - uniform) * x), 0.5 * float(weight) * slope


#: With so many the relative error of the integral of an exponential or half a bell is 1e-14, that of
#: the variance of h is 2e-12.
NODES = list(_nodes(30, 0.3))
#: For means that cancel: deeper, and so many that the mean and the variance of h keep every digit.
DEEP = 44.0
FINE = list(_nodes(46, 0.3))
#: Of an interval in which |h| < 1.5 these give every digit.
EVEN = list(_nodes(8, 1.0))
#: The same of one whose length is four times the distance to the integrand's singularities.
WIDE = list(_nodes(32, 1.0))
#: The same of an interval that is short by the distance to the integrand's singularities, a sixth of it.
SHORT = list(_nodes(6, 1.0))
#: The same of both ends and two nodes between them, by Lobatto's rule: exact for polynomials of degree 5
#: (Abramowitz and Stegun, 25.4.32).
WITH_ENDS = [
    (0.0, 1.0 / 12.0),
    (0.5 - 0.5 / math.sqrt(5.0), 5.0 / 12.0),
    (0.5 + 0.5 / math.sqrt(5.0), 5.0 / 12.0),
    (1.0, 1.0 / 12.0),
]
#: Of one of length 90 these give every digit where h has steps as e^−s does, from its beginning on.
LONG = list(_nodes(32, 0.2))


class Tail:
    """∫ weight(s) e^−h(s) ds over 0 < s < reach, where h(0) = 0 and what is left out is below e^−``DROP``.

    With the nodes ``FINE`` it is to be below e^−``DEEP``.

    ``first`` is a part of the reach that is integrated apart, where what is ahead is much longer than h is smooth: its
    length, and whether its steps, as e^−s, are at its end and not where it begins.
    """

    def __init__(
        self,
        reach: Expression,
        height: Callable[[Node], Node],
        weight: Callable[[Node], Node] | None = None,
        first: tuple[Expression, Expression] | None = None,
        nodes: Sequence[tuple[float, float]] = NODES,
    ) -> None:
        self._points: list[Node] = [at * reach for at, _ in nodes]
        lengths: list[Any] = [w for _, w in nodes]
        if first is not None:
            length, late = first
            rest = reach - length
            self._points = [length + at * rest for at, _ in nodes]
            self._points += [where(late, 1.0 - at, at) * length for at, _ in LONG]
            share = length / reach
            lengths = [w * (1.0 - share) for w in lengths] + [w * share for _, w in LONG]
        self._heights = [height(s) for s in self._points]
        self._weights = [w * exp(-h) for w, h in zip(lengths, self._heights, strict=True)]
        if weight is not None:
            self._weights = [
                w * weight(s) for w, s in zip(self._weights, self._points, strict=True)
            ]
        self._total = reduce(add, self._weights)
        self._reach = reach

    @property
    def size(self) -> Node:
        """The integral."""
        return self._reach * self._total

    def mean(self, function: Callable[[Node], Node]) -> Node:
        """The mean of function(s) under the integrand."""
        return self._mean([function(s) for s in self._points])

    def variance(self, function: Callable[[Node], Node]) -> Node:
        """The variance of function(s) under the integrand."""
        return self._variance([function(s) for s in self._points])

    @property
    def height(self) -> Node:
        """The mean of h."""
        return self._mean(self._heights)

    @property
    def spread(self) -> Node:
        """The variance of h."""
        return self._variance(self._heights)

    def _mean(self, values: list[Node]) -> Node:
        products = [w * v for w, v in zip(self._weights, values, strict=True)]
        return reduce(add, products) / self._total

    def _variance(self, values: list[Node]) -> Node:
        mean = self._mean(values)
        return self._mean([(v - mean) * (v - mean) for v in values])
