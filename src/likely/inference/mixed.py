"""Mixtures: sums over components, and quantiles between the components' own."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

from likely.inference.modified import Array, Rows, insides, quantile_of_counts
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.summation import DiscreteSums

#: Steps of the bisection: a quantile then has all digits of its bracket.
HALVINGS = 200


class _Components:
    """Weights (K, n) and the distributions of the components."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)  # type: ignore[call-arg]
        self.loss, self.raw = loss, raw
        self.components = insides(loss, raw)
        own = [f"odds{j}" for j in range(2, len(self.components) + 1)]
        logs = np.array([np.zeros(raw.shape[1]), *(loss.parameter(n, raw, "log") for n in own)])
        logs = logs - logs.max(axis=0)
        self.weights = np.exp(logs) / np.exp(logs).sum(axis=0)

    def total(self, values: Any) -> Array:
        """Σ w_j v_j"""
        return np.asarray((self.weights * np.array(values)).sum(axis=0))

    def tails(self, y: Array, rows: Rows) -> tuple[Array, Array]:
        """cdf and sf: weighted sums, each accurate where it is small."""
        weights = self.weights[:, rows]
        return tuple(
            (weights * np.array([getattr(c[rows], name)(y) for c in self.components])).sum(axis=0)
            for name in ("cdf", "sf")
        )

    def mean(self) -> Array:
        """Σ w_j m_j"""
        return self.total([c.mean() for c in self.components])

    def var(self) -> Array:
        """Σ w_j (v_j + (m_j − m)²)"""
        mean = self.mean()
        return self.total([c.var() + (c.mean() - mean) ** 2 for c in self.components])


class MixedCounts(_Components, DiscreteSums):
    """A mixture of counts."""

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up."""
        return quantile_of_counts(self, p, rows, upper=upper)


class MixedAmounts(_Components, ContinuousIntegrals):
    """A mixture of continuous families."""

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """Bisection between the smallest and the largest quantile of a component."""
        ends = np.array([c._inverse(p, rows, upper=upper) for c in self.components])
        low, high = ends.min(axis=0), ends.max(axis=0)
        active = np.flatnonzero(low < high)
        for _ in range(HALVINGS):
            if not active.size:
                break
            a, b = low[active], high[active]
            middle = 0.5 * a + 0.5 * b
            inside = (middle > a) & (middle < b)
            active, middle = active[inside], middle[inside]
            cdf, sf = self.tails(middle, rows[active])
            before = sf > p[active] if upper else cdf < p[active]
            low[active[before]] = middle[before]
            high[active[~before]] = middle[~before]
        return high

    def entropy(self) -> Array:
        """Σ w_j E_j[−log p], each expectation over the component's own quantiles."""
        t = np.linspace(-9.0, 9.0, 721)
        weight = np.exp(-0.5 * t * t)
        weight /= weight.sum()
        n = self.raw.shape[1]
        rows = np.repeat(np.arange(n), t.size)
        upper = np.tile(t > 0.0, n)
        level = np.tile(ndtr(-np.abs(t)), n)
        expected = []
        for component in self.components:
            y = np.empty(rows.size)
            for side in (False, True):
                mine = upper == side
                y[mine] = component._inverse(level[mine], rows[mine], upper=side)
            nll = self.loss.evaluate(y, np.ascontiguousarray(self.raw[:, rows]), 0)[0]
            expected.append(nll.reshape(n, t.size) @ weight)
        return self.total(expected)
