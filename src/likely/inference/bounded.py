"""Sums over counts that end: their probabilities may be largest at both ends, or in between."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.inference.summation import Array, DiscreteSums, Rows, Weight


def sums_of(loss: Any, raw: Array) -> DiscreteSums:
    """The sums over the probabilities of each row of ``raw`` (k, n)."""
    specification = loss.specification
    bounded = math.isfinite(specification.support.low) and (
        math.isfinite(specification.support.high) or "upper" in specification.formulas
    )
    return BoundedSums(loss, raw) if bounded else DiscreteSums(loss, raw)


class BoundedSums(DiscreteSums):
    """Sums from both ends of every stretch towards its middle: from the first count, the mode and the last.

    Panels are small at each of the three, where the probabilities may change fast, and long in between. No
    stretch is given up for small terms, as larger ones may follow.
    """

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)
        if "upper" in loss.specification.formulas:
            self.ends: Array = np.array(loss.formula("upper", raw))
        else:
            self.ends = np.full(raw.shape[1], self.high)

    def _guesses(self) -> list[Array]:
        return [*super()._guesses(), self.ends]

    def between(self, first: Array, last: Array, rows: Rows, weight: Weight | None = None) -> Array:
        """Σ p·weight over first ≤ y ≤ last, 0 where there is no such y."""
        turn = np.clip(self._mode[rows], first - 1.0, last)
        total = np.zeros(first.shape)
        for low, high in ((first, turn), (turn + 1.0, last)):
            count = np.maximum(high - low + 1.0, 0.0)
            left = np.ceil(0.5 * count)
            total += self.stretch(low, left, 1.0, rows, weight)
            total += self.stretch(high, count - left, -1.0, rows, weight)
        return total

    def mass(self) -> Array:
        """Σ p(k) of each row."""
        return self.between(np.full(self.ends.shape, self.low), self.ends, self.rows)

    def tail(self, k: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf at whole numbers k, accurate where it is small."""
        mode = self._checked_mode[rows]
        k = np.clip(k, self.low - 1.0, self.ends[rows])
        from_mode = k >= mode
        first = np.where(from_mode, k + 1.0, self.low)
        last = np.where(from_mode, self.ends[rows], k)
        mass = self.between(first, last, rows)
        # Of a skew distribution, or one with two peaks, the other tail may be the smaller one.
        large = mass > 0.5
        rest = 1.0 - mass
        other = np.where(from_mode, self.low, k + 1.0), np.where(from_mode, k, self.ends[rows])
        rest[large] = self.between(other[0][large], other[1][large], rows[large])
        mass = np.where(large, 1.0 - rest, mass)
        return np.where(from_mode == upper, mass, rest)

    def _both(self, weight: Weight) -> tuple[Array, Array, NDArray[np.bool_]]:
        mode = self._checked_mode
        below = self.between(np.full(mode.shape, self.low), mode, self.rows, weight)
        above = self.between(mode + 1.0, self.ends, self.rows, weight)
        return below, above, np.zeros(mode.shape, dtype=bool)
