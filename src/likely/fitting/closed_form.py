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
    r"""Of m statistics t(y): Σw, the number of rows with weight, the means, and the first one's second moment.

    ``mean`` (m,) is Σw·t/Σw; ``second`` is Σw·(t₀ − mean₀)². ``a + b`` merges the rows of both
    by Chan's formula, M = Mₐ + M_b + δ²·WₐW_b/(Wₐ + W_b), without cancellation.
    """

    weight: float
    count: int
    mean: Array
    second: float

    @property
    def variance(self) -> float:
        """The maximum-likelihood variance of the first statistic, Σw·(t − mean)²/Σw: 1/N, not 1/(N − 1)."""
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
            self.second + other.second + float(delta[0]) ** 2 * (self.weight * share),
        )


def moments(
    y: NDArray[Any],
    weight: Array | None = None,
    statistics: Statistics | None = None,
    count: int = 1,
) -> Moments:
    """The moments of ``count`` statistics of y, by default of y itself.

    ``statistics(rows, out)`` writes them, (rows,) → (count, rows). Rows of weight 0 are not looked at.
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
        if statistics is None:
            return _moments(part[None], w, buffer[-1])
        statistics(part, buffer[:-1])
        return _moments(buffer[:-1], w, buffer[-1])

    return fold(work, -(-n // ROWS), lambda a, b: a + b, 1)


def _moments(values: Array, weight: Array | None, deviation: Array) -> Moments:
    """Of m statistics (m, n) of a block that is in the cache, deviations in the buffer given.

    ``einsum`` rather than a BLAS dot product, which would start threads of its own.
    """
    m, count = values.shape
    if count == 0:
        return Moments(0.0, 0, np.zeros(m), 0.0)
    if weight is None:
        total = float(count)
        mean = np.add.reduce(values, axis=1) / total
        np.subtract(values[0], mean[0], out=deviation)
        second = np.einsum("i,i->", deviation, deviation)
    else:
        total = float(weight.sum())
        mean = np.einsum("i,ji->j", weight, values) / total
        np.subtract(values[0], mean[0], out=deviation)
        second = np.einsum("i,i,i->", weight, deviation, deviation)
    return Moments(total, count, mean, float(second))
