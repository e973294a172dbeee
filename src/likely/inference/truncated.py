"""The part of a distribution between two bounds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from likely._math.domains import Bounded
from likely.families.modifiers.truncated import truncated
from likely.inference.modified import Array, Rows, insides, quantile_of_counts
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.predictive import Predictive
from likely.inference.summation import DiscreteSums
from likely.losses.nll import compose

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


def amounts(loss: Any, raw: Array) -> Any:
    """A continuous family between bounds, the same for all rows or by row."""
    by_row = Bounded.known[0] in loss.specification.parameters
    return (TruncatedByRow if by_row else TruncatedAmounts)(loss, raw)


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
        """A quantile of the family inside; where next to nothing of it is seen, of what is seen."""
        out = np.empty(p.shape)
        lost = self.seen[rows] < LEAST
        if lost.any():
            out[lost] = super().quantile(p[lost], rows[lost], upper=upper)
        out[~lost] = self.inverse(p[~lost], rows[~lost], upper=upper)
        return out


class _ByRow:
    """What is known of laws that differ in their bounds: of each pair of bounds the law with these in all rows."""

    def __init__(self, loss: Any, raw: Array) -> None:
        ((self.family, _),) = loss.parts
        self.bounds = raw[-2:]
        self.columns = raw[:-2]

    @cached_property
    def laws(self) -> list[tuple[Rows, Predictive]]:
        """The rows of each pair of bounds, and their distributions."""
        specification = self.family.specification
        low, high = specification.support.low, specification.support.high
        pairs, of = np.unique(self.bounds.T, axis=0, return_inverse=True)
        found = []
        for j, (first, last) in enumerate(pairs):
            rows, loss = np.flatnonzero(of.reshape(-1) == j), self.family
            if first > low or last < high:
                cut = truncated(specification, float(first), float(last))
                loss = compose(cut, self.family.slots)
            found.append((rows, Predictive(loss, self.columns[:, rows])))
        return found

    def of_each(self, method: str) -> Array:
        """A summary of every row."""
        out = np.empty(self.columns.shape[1])
        for rows, law in self.laws:
            out[rows] = getattr(law, method)()
        return out

    def mean(self) -> Array:
        """E[Y | first < Y ≤ last]"""
        return self.of_each("mean")

    def var(self) -> Array:
        """The variance between the bounds."""
        return self.of_each("var")

    def mode(self) -> Array:
        """Where the density is largest between the bounds."""
        return self.of_each("mode")

    def entropy(self) -> Array:
        """−E[log p(Y | first < Y ≤ last)]"""
        return self.of_each("entropy")


class TruncatedByRow(_Part, _ByRow):
    """A continuous family between bounds that every row has of its own."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)
        self.first, self.last = self.bounds

    def tails(self, y: Array, rows: Rows) -> tuple[Array, Array]:
        """cdf and sf at y, 0 and 1 beyond the bounds."""
        within = np.clip(y, self.first[rows], self.last[rows])
        lower, upper = self.shares(within, rows)
        for own, law, index in self._lost(rows):
            lower[own], upper[own] = law[index].cdf(within[own]), law[index].sf(within[own])
        return lower, upper

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside; where next to nothing of it is seen, of what is seen."""
        out = np.empty(p.shape)
        kept = self.seen[rows] >= LEAST
        out[kept] = self.inverse(p[kept], rows[kept], upper=upper)
        for own, law, index in self._lost(rows):
            out[own] = law._inverse(p[own], index, upper=upper)
        return out

    def _lost(self, rows: Rows) -> Iterator[tuple[Rows, Predictive, Rows]]:
        """Of what is asked of rows of which too little is seen: where it is, their law, and their rows in it."""
        lost = self.seen[rows] < LEAST
        if not lost.any():
            return
        for own_rows, law in self.laws:
            asked = np.flatnonzero(lost & np.isin(rows, own_rows))
            if asked.size:
                yield asked, law, np.searchsorted(own_rows, rows[asked])
