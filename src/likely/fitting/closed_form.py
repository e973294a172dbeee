"""Weighted means and variances in one safe, mergeable pass: what closed-form fits need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.blocks import BLOCK, fold

Array = NDArray[np.float64]
Statistics = Callable[[Array, Array], None]

#: Rows at a time: few enough that they stay in a core's cache, and so many that few calls are made.
ROWS = 8 * BLOCK


@dataclass(frozen=True)
class Moments:
    r"""Of m statistics t(y): Σw, the number of rows with weight, means and central moments.

    ``mean`` (m,) is Σw·t/Σw; ``second`` (m,) is Σw·(t − mean)², (0,) where means suffice. ``a + b`` merges
    the rows of both by Chan's formula, M = Mₐ + M_b + δ²·WₐW_b/(Wₐ + W_b), without cancellation.
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
            self.second
            + other.second
            + (delta * delta * (self.weight * share))[: self.second.size],
        )


def moments(
    y: NDArray[Any],
    weight: Array | None = None,
    statistics: Statistics | None = None,
    count: int = 1,
    variances: bool = True,
) -> Moments:
    """The moments of ``count`` statistics of y, by default of y itself.

    ``statistics(rows, out)`` writes them, (rows,) → (count, rows). Rows of weight 0 are not looked at. Without
    ``variances`` there are means only, in less time.
    One thread: NumPy's functions are so quick on a block that two spend their time waiting for each other,
    and a pass over a million rows is over before a thread that slept is awake. ValueError where no row has weight.
    """
    n = y.shape[0]
    if n == 0 or (weight is not None and not np.any(weight)):
        raise ValueError("no row has a positive weight: there is nothing to fit")
    # One row more, for the deviations: a block asks for no memory.
    buffers = np.empty((count + 1, min(ROWS, n)))

    def work(block: int, _worker: int) -> Moments:
        rows = slice(block * ROWS, min((block + 1) * ROWS, n))
        part, w = np.asarray(y[rows], dtype=np.float64), None
        if weight is not None:
            w = np.asarray(weight[rows], dtype=np.float64)
            if not w.all():
                part, w = part[w > 0.0], w[w > 0.0]
        buffer = buffers[:, : part.shape[0]]
        deviation = buffer[-1] if variances else None
        if statistics is None:
            return _moments(part[None], w, deviation)
        statistics(part, buffer[:-1])
        return _moments(buffer[:-1], w, deviation)

    return fold(work, -(-n // ROWS), lambda a, b: a + b, 1)


def _moments(values: Array, weight: Array | None, deviation: Array | None) -> Moments:
    """Of m statistics (m, n) of a block that is in the cache, deviations in the buffer given, if any.

    ``einsum`` rather than a BLAS dot product, which would start threads of its own.
    """
    m, count = values.shape
    if count == 0:
        return Moments(0.0, 0, np.zeros(m), np.zeros(0 if deviation is None else m))
    total = float(count) if weight is None else float(weight.sum())
    sums = np.add.reduce(values, axis=1) if weight is None else np.einsum("i,ji->j", weight, values)
    mean = sums / total
    if deviation is None:
        return Moments(total, count, mean, np.zeros(0))
    second = np.empty(m)
    for j, row in enumerate(values):
        np.subtract(row, mean[j], out=deviation)
        if weight is None:
            second[j] = np.einsum("i,i->", deviation, deviation)
        else:
            second[j] = np.einsum("i,i,i->", weight, deviation, deviation)
    return Moments(total, count, mean, second)
