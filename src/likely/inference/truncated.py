"""The part of a distribution between two bounds."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from likely.inference.modified import Array, Rows, insides, quantile_of_counts
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.predictive import Predictive
from likely.inference.summation import DiscreteSums

#: A part with less of the probability than this is integrated from the density.
LEAST = 1e-290


class _Part:
    """Masses of the family inside, each from the tails in which it keeps its digits."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)  # type: ignore[call-arg]
        self.loss, self.raw = loss, raw
        (self.inside,) = insides(loss, raw)
        support = loss.specification.support
        # Of counts the first one seen is above the bound.
        self.first = support.low - 1.0 if support.integer else support.low
        self.last = support.high

    @cached_property
    def seen(self) -> Array:
        """P(first < Y ≤ last) of the family inside."""
        n = self.raw.shape[1]
        return between(self.inside, np.full(n, self.first), np.full(n, self.last))

    def shares(self, y: Array, rows: Rows) -> tuple[Array, Array]:
        """The shares of the mass up to y, and beyond it."""
        inside = self.inside[rows]
        first, last = np.full(y.shape, self.first), np.full(y.shape, self.last)
        with np.errstate(divide="ignore", invalid="ignore"):
            lower = between(inside, first, y) / self.seen[rows]
            upper = between(inside, y, last) / self.seen[rows]
        return lower, upper


def between(law: Predictive, low: Array, high: Array) -> Array:
    """P(low < Y ≤ high), (n,), a difference of the smaller tails."""
    f, s = [law.cdf(y) for y in (low, high)], [law.sf(y) for y in (low, high)]
    middle = 1.0 - f[0] - s[1]
    return np.where(f[1] < 0.5, f[1] - f[0], np.where(s[0] < 0.5, s[0] - s[1], middle))


class TruncatedCounts(_Part, DiscreteSums):
    """Counts above a bound, up to another."""

    def tails(self, k: Array, rows: Rows) -> tuple[Array, Array]:
        """cdf and sf at whole numbers k."""
        return self.shares(k, rows)

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up."""
        return quantile_of_counts(self, p, rows, upper=upper)


class TruncatedAmounts(_Part, ContinuousIntegrals):
    """A continuous family between bounds."""

    def tails(self, y: Array, rows: Rows) -> tuple[Array, Array]:
        """cdf and sf at y inside the bounds."""
        lower, upper = self.shares(y, rows)
        lost = self.seen[rows] < LEAST
        if lost.any():
            lower[lost], upper[lost] = super().tails(y[lost], rows[lost])
        return lower, upper

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside, counted from the tail that it is in."""
        out = np.empty(p.shape)
        lost = self.seen[rows] < LEAST
        if lost.any():
            out[lost] = super().quantile(p[lost], rows[lost], upper=upper)
        n = self.raw.shape[1]
        below = self.inside.cdf(np.full(n, self.first))[rows]
        above = self.inside.sf(np.full(n, self.last))[rows]
        up, down = (p, 1.0 - p) if upper else (1.0 - p, p)
        lower, higher = below + down * self.seen[rows], above + up * self.seen[rows]
        for is_upper, level in ((False, lower), (True, higher)):
            mine = ~lost & ((lower > 0.5) == is_upper)
            out[mine] = self.inside._inverse(level[mine], rows[mine], upper=is_upper)
        return np.clip(out, self.first, self.last)
