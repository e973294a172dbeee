"""The part of a distribution between two bounds."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from likely.inference.modified import LEAST, Array, Rows, between, insides, quantile_of_counts
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.over_quantiles import OverQuantiles
from likely.inference.summation import DiscreteSums


class Part:
    """Masses of the family inside, each from the tails in which it keeps its digits."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)  # type: ignore[call-arg]
        self.loss, self.raw = loss, raw
        (self.inside,) = insides(loss, raw)
        support = loss.specification.support
        # Of counts the first one seen is above the bound.
        self.first = np.full(raw.shape[1], support.low - 1.0 if support.integer else support.low)
        self.last = np.full(raw.shape[1], support.high)

    @cached_property
    def seen(self) -> Array:
        """P(first < Y ≤ last) of the family inside."""
        return between(self.inside, self.first, self.last)

    def shares(self, y: Array, rows: Rows) -> tuple[Array, Array]:
        """The shares of the mass up to y, and beyond it."""
        inside, first, last = self.inside[rows], self.first[rows], self.last[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            lower = between(inside, first, y) / self.seen[rows]
            upper = between(inside, y, last) / self.seen[rows]
        return lower, upper

    def inverse(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside, counted from the tail that it is in."""
        out = np.empty(p.shape)
        first, last = self.first[rows], self.last[rows]
        below, above = self.inside.cdf(self.first)[rows], self.inside.sf(self.last)[rows]
        up, down = (p, 1.0 - p) if upper else (1.0 - p, p)
        lower, higher = below + down * self.seen[rows], above + up * self.seen[rows]
        for is_upper, level in ((False, lower), (True, higher)):
            mine = (lower > 0.5) == is_upper
            out[mine] = self.inside._inverse(level[mine], rows[mine], upper=is_upper)
        return np.clip(out, first, last)


class TruncatedCounts(Part, DiscreteSums):
    """Counts above a bound, up to another."""

    def tails(self, k: Array, rows: Rows) -> tuple[Array, Array]:
        """cdf and sf at whole numbers k, 0 and 1 beyond the bounds."""
        within = np.clip(k, self.first[rows], self.last[rows])
        lower, upper = self.shares(within, rows)
        lost = self.seen[rows] < LEAST
        if lost.any():
            lower[lost], upper[lost] = DiscreteSums.tails(self, k[lost], rows[lost])
        return lower, upper

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up, near the quantile of the family inside."""
        guess = self.inverse(p, rows, upper=upper)
        return quantile_of_counts(self, p, rows, guess, upper=upper)


class TruncatedAmounts(Part, OverQuantiles, ContinuousIntegrals):
    """A continuous family between bounds."""

    def tails(self, y: Array, rows: Rows) -> tuple[Array, Array]:
        """cdf and sf at y inside the bounds."""
        lower, upper = self.shares(y, rows)
        lost = self.seen[rows] < LEAST
        if lost.any():
            lower[lost], upper[lost] = super().tails(y[lost], rows[lost])
        return lower, upper

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside; where next to nothing of it is seen, of what is seen."""
        out = np.empty(p.shape)
        lost = self.seen[rows] < LEAST
        if lost.any():
            out[lost] = super().quantile(p[lost], rows[lost], upper=upper)
        out[~lost] = self.inverse(p[~lost], rows[~lost], upper=upper)
        return out
