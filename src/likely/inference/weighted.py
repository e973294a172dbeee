"""Tails and quantiles of a weighted sum of distributions: of the components of a mixture, or members of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.inference.discrete import LARGEST as LARGEST_COUNT
from likely.inference.discrete import quantile_of_counts
from likely.inference.predictive import Predictive
from likely.inference.root import root
from likely.inference.rows import blocks

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Quantiles that are looked for together.
TOGETHER = 1 << 16
#: The largest number.
LARGEST = np.finfo(np.float64).max
#: The relative rounding of a tail that is a sum of others.
ROUNDING = 2.0**-50


class Weighted:
    """Distributions of n rows each, and their weights (K, n); ``loss`` has the support of the sum."""

    def __init__(self, loss: Any, components: Sequence[Predictive], weights: Array) -> None:
        self.loss, self.components, self.weights = loss, list(components), weights

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf: a weighted sum, accurate where it is small."""
        each = np.array([c._beside(y, rows, upper=upper) for c in self.components])
        return np.asarray((self.weights[:, rows] * each).sum(axis=0))

    def probability(self, k: Array, rows: Rows) -> Array:
        """Σ w_j p_j(k)"""
        each = np.array([c[rows].prob(k) for c in self.components])
        return np.asarray((self.weights[:, rows] * each).sum(axis=0))

    def _ends(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The components' own quantiles (K, m), which enclose that of the sum."""
        return np.array([c._inverse(p, rows, upper=upper) for c in self.components])

    def count(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """Of counts, the smallest one far enough up."""
        ends = self._ends(p, rows, upper=upper)
        guess = (self.weights[:, rows] * ends).sum(axis=0)
        found = quantile_of_counts(self, p, rows, guess, upper=upper)
        # Whole numbers that float64 does not tell apart are a line.
        far = np.flatnonzero(np.abs(found) >= LARGEST_COUNT)
        found[far] = self.amount(p[far], rows[far], upper=upper)
        # At the levels 0 and 1 the components' own are the ends of their support.
        found = np.where(p == float(upper), ends.min(axis=0), found)
        return np.where(p == float(not upper), ends.max(axis=0), found)

    def amount(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """Of amounts, where the tail that is the smaller one has the mass asked for."""
        found = np.empty(p.shape)
        for block in blocks(p.size, TOGETHER):
            found[block] = self._amount(p[block], rows[block], upper=upper)
        return found

    def _amount(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        ends = self._ends(p, rows, upper=upper)
        low, high = ends.min(axis=0), ends.max(axis=0)
        within = (p > 0.0) & (p < 1.0)
        gone = np.flatnonzero(within & (low < high) & ~(np.isfinite(low) & np.isfinite(high)))
        if gone.size:
            bounds = self._bounds(p[gone], rows[gone], upper=upper)
            low[gone], high[gone] = bounds
            ends[:, gone] = np.clip(ends[:, gone], *bounds)
        found = np.where(p == float(upper), low, high)
        # Elsewhere the components agree.
        apart = np.flatnonzero(within & (low < high))
        if apart.size:
            problem = _TailMass(self, rows[apart], p[apart], upper=upper)
            start = problem.between(ends[:, apart])
            first, last = (np.clip(end[apart], -LARGEST, LARGEST) for end in (low, high))
            found[apart] = root(problem, first, last, start)
        return found

    def _bounds(self, p: Array, rows: Rows, *, upper: bool) -> tuple[Array, Array]:
        """Between what the quantile lies where a component's is no number, as no tail is less than its share of one.

        On one side of 0, from where bisection finds numbers of any size.
        """
        found = []
        for side, mass in ((True, p if upper else 1.0 - p), (False, 1.0 - p if upper else p)):
            each = []
            for c, weight in zip(self.components, self.weights[:, rows], strict=True):
                y = np.full(p.shape, -np.inf if side else np.inf)
                at = np.flatnonzero(mass < weight)
                y[at] = c._inverse(mass[at] / weight[at], rows[at], upper=side)
                each.append(y)
            found.append(np.max(each, axis=0) if side else np.min(each, axis=0))
        zero = self.tail(np.zeros(p.shape), rows, upper=upper)
        up_to_zero = zero <= p if upper else zero >= p
        below, above = found
        below = np.where(up_to_zero, below, np.maximum(below, 0.0))
        return below, np.where(up_to_zero, np.minimum(above, 0.0), above)


class _TailMass:
    """How far the logarithm of the smaller tail is from that of the mass asked for: rising in y."""

    def __init__(self, law: Weighted, rows: Rows, p: Array, *, upper: bool) -> None:
        self.components = [c[rows] for c in law.components]
        self.weights = law.weights[:, rows]
        self.below = (p <= 0.5) != upper
        self.goal = np.where(p <= 0.5, p, 1.0 - p)
        self.rounding = np.full(p.shape, ROUNDING)

    def between(self, ends: Array) -> Array:
        """Where the mass asked for would be if every component's tail were straight from its own quantile on."""
        slopes = self.weights * [c.prob(y) for c, y in zip(self.components, ends, strict=True)]
        with np.errstate(all="ignore"):
            start: Array = (slopes * ends).sum(axis=0) / slopes.sum(axis=0)
        return start

    def excess(self, y: Array, at: Rows) -> Array:
        """log cdf/p, or log (1 − p)/sf, at y, for the rows ``at``."""
        self.tail = np.empty(y.shape)
        for name, mine in (("cdf", self.below[at]), ("sf", ~self.below[at])):
            self.tail[mine] = self._total(name, y[mine], at[mine])
        with np.errstate(divide="ignore", over="ignore"):
            difference = np.log(self.tail / self.goal[at])
        return np.where(self.below[at], difference, -difference)

    def slope(self, y: Array, at: Rows) -> Array:
        """Its derivative, the density over the tail."""
        return self._total("prob", y, at) / self.tail

    def _total(self, name: str, y: Array, at: Rows) -> Array:
        each = np.array([getattr(c[at], name)(y) for c in self.components])
        total: Array = (self.weights[:, at] * each).sum(axis=0)
        return total
