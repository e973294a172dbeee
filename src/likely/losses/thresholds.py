"""Ordinal's loss in the thresholds themselves, for fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.losses.vector import Array


class ThresholdLoss:
    """Ordinal's loss as a function of loc and the thresholds themselves, (K, n): +∞ where two cross.

    It is convex, so that a likelihood without a maximum recedes along a straight line.
    """

    smooth = True
    discrete = True
    edge_words = "two thresholds meet, because the class between them has no rows"
    curvature_kinds = ("observed",)
    kernel_kinds = curvature_kinds

    def __init__(self, loss: Any) -> None:
        self.core = loss.core
        self.columns, self.column_names = loss.columns, loss.column_names

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed"
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (K, n), packed observed curvature, up to ``order``."""
        k, n = raw.shape
        codes, every = y.astype(np.intp), np.arange(n)
        middle = (codes > 0) & (codes < k - 1)
        below = np.where(codes == 0, 1, codes)  # the raw column of the edge
        above = np.where(middle, codes + 1, below)
        gap = np.where(middle, raw[above, every] - raw[below, every], 1.0)
        if not (np.diff(raw[1:], axis=0) > 0.0).all():
            return np.full(n, np.inf), None, None
        which = (codes == k - 1).astype(np.float64) - (codes == 0)
        pair = np.stack([raw[below, every] - raw[0], np.log(gap)])
        nll, slope, bend = self.core.evaluate(which, pair, order)
        if slope is None:
            return nll, None, None
        # From (edge, log gap) to the thresholds below and above.
        inside = np.where(middle, 1.0 / gap, 0.0)
        up = slope[1] * inside
        first = np.stack([-slope[0], slope[0] - up, up])
        places = np.stack([np.zeros(n, dtype=np.intp), below, above])
        gradient = np.zeros((k, n))
        for place, value in zip(places, first, strict=True):
            gradient[place, every] += value
        if bend is None:
            return nll, gradient, None
        cross, twice = bend[1] * inside, (bend[2] - slope[1]) * inside * inside
        second = {
            (0, 0): bend[0],
            (1, 0): cross - bend[0],
            (2, 0): -cross,
            (1, 1): bend[0] - 2.0 * cross + twice,
            (2, 1): cross - twice,
            (2, 2): twice,
        }
        packed = np.zeros((k * (k + 1) // 2, n))
        for (i, j), value in second.items():
            high, low = np.maximum(places[i], places[j]), np.minimum(places[i], places[j])
            # Where the class is an end, above and below are one column, and above has no part in it.
            packed[high * (high + 1) // 2 + low, every] += value
        return nll, gradient, packed
