"""Weighted means and variances in one safe, mergeable pass: what closed-form fits need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.blocks import BLOCK, fold, fold_threads

Array = NDArray[np.float64]
Statistics = Callable[[Array], Array]

#: Rows at a time: the rows, their statistics and the deviations stay in a core's cache.
ROWS = 4 * BLOCK


@dataclass(frozen=True)
class Moments:
    r"""Of m statistics t(y): Σw, the number of rows with weight, means and central moments.

    ``mean`` (m,) is Σw·t/Σw; ``second`` (m,) is Σw·(t − mean)². ``a + b`` merges the rows of both
    by Chan's formula, M = Mₐ + M_b + δ²·WₐW_b/(Wₐ + W_b), without cancellation.
    """

    weight: float
    count: int
    mean: Array
    second: Array

    @property
    def variance(self) -> Array:
        """The maximum-likelihood variance Σw·(t − mean)²/Σw: 1/N, not 1/(N − 1)."""
        return self.second / self.weight

    def __add__(self, other: Moments) -> Moments:
        if other.count == 0:
            return self
        if self.count == 0:
            return other
        weight = self.weight + other.weight
        delta = other.mean - self.mean
        share = other.weight / weight
        return Moments(
            weight,
            self.count + other.count,
            self.mean + delta * share,
            self.second + other.second + delta * delta * (self.weight * share),
        )


def moments(
    y: NDArray[Any],
    weight: Array | None = None,
    statistics: Statistics | None = None,
    n_jobs: int | None = None,
) -> Moments:
    """The moments of ``statistics(y)``, (rows,) → (m, rows), by default of y itself.

    Rows of weight 0 are not looked at. The result has the same bits for any number of threads.
    ValueError where no row has weight.
    """
    n = y.shape[0]

    def work(block: int, _: int) -> Moments:
        rows = slice(block * ROWS, min((block + 1) * ROWS, n))
        part, w = np.asarray(y[rows], dtype=np.float64), None
        if weight is not None:
            w = np.asarray(weight[rows], dtype=np.float64)
            if not w.all():
                part, w = part[w > 0.0], w[w > 0.0]
        values = part[None] if statistics is None else statistics(part)
        return _moments(values, w)

    if n == 0 or (weight is not None and not np.any(weight)):
        raise ValueError("no row has a positive weight: there is nothing to fit")
    return fold(work, -(-n // ROWS), lambda a, b: a + b, fold_threads(n, n_jobs))


def _moments(values: Array, weight: Array | None) -> Moments:
    """Two sweeps over a block (m, rows) that is in the cache.

    ``einsum`` rather than a BLAS dot product, which would start threads of its own.
    """
    m, count = values.shape
    if count == 0:
        return Moments(0.0, 0, np.zeros(m), np.zeros(m))
    mean, second = np.empty(m), np.empty(m)
    total = float(count) if weight is None else float(weight.sum())
    for j, row in enumerate(values):
        if weight is None:
            mean[j] = np.add.reduce(row) / total
            deviation = row - mean[j]
            second[j] = np.einsum("i,i->", deviation, deviation)
        else:
            mean[j] = np.einsum("i,i->", weight, row) / total
            deviation = row - mean[j]
            second[j] = np.einsum("i,i,i->", weight, deviation, deviation)
    return Moments(total, count, mean, second)
