"""A family between bounds that every row has of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from likely._math.domains import Bounded
from likely.families.modifiers.base import contains
from likely.families.modifiers.truncated import truncated
from likely.inference.mixed import MixedCounts
from likely.inference.modified import LEAST, Array, Rows
from likely.inference.over_quantiles import several_peaks
from likely.inference.predictive import Predictive
from likely.inference.truncated import PartOfAmounts, TruncatedAmounts, TruncatedCounts
from likely.losses.nll import NegativeLogLikelihood


def amounts(loss: Any, raw: Array) -> Any:
    """A continuous family between bounds, the same for all rows or by row."""
    by_row = Bounded.known[0] in loss.specification.parameters
    return (TruncatedByRow if by_row else TruncatedAmounts)(loss, raw)


def counts(loss: Any, raw: Array) -> Any:
    """A family of counts between bounds, the same for all rows or by row."""
    if Bounded.known[0] in loss.specification.parameters:
        return CountsByRow(loss, raw)
    mixture = contains(loss.specification, "Mixture")
    return (MixedCounts if mixture else TruncatedCounts)(loss, raw)


class _Bounds:
    """The bounds of every row, and the law that has them in all rows where that is needed."""

    def __init__(self, loss: Any, raw: Array) -> None:
        ((self.family, _),) = loss.parts
        self.bounds, self.columns = raw[-2:], raw[:-2]

    def laws(self, rows: Rows) -> Iterator[tuple[Rows, Predictive]]:
        """Which of these rows have a pair of bounds, and their distributions; 20 ms a pair, for rows that need it."""
        specification = self.family.specification
        pairs, of = np.unique(self.bounds[:, rows].T, axis=0, return_inverse=True)
        for j, (first, last) in enumerate(pairs):
            own, loss = np.flatnonzero(of.reshape(-1) == j), self.family
            if first > specification.support.low or last < specification.support.high:
                cut = truncated(specification, float(first), float(last))
                loss = NegativeLogLikelihood.of(cut, self.family.slots)
            yield own, Predictive(loss, self.columns[:, rows[own]])

    def mean(self) -> Array:
        """The mean of every row's law."""
        return self._of_laws("mean")

    def var(self) -> Array:
        """The variance of every row's law."""
        return self._of_laws("var")

    def entropy(self) -> Array:
        """The entropy of every row's law."""
        return self._of_laws("entropy")

    def _of_laws(self, method: str) -> Array:
        out = np.empty(self.columns.shape[1])
        for own, law in self.laws(np.arange(out.size)):
            out[own] = getattr(law, method)()
        return out


class TruncatedByRow(PartOfAmounts, _Bounds):
    """A continuous family between bounds that every row has of its own."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)
        self.first, self.last = self.bounds

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf at y, 0 and 1 beyond the bounds."""
        within = np.clip(y, self.first[rows], self.last[rows])
        found, _ = self.share(within, rows, upper=upper)
        lost = np.flatnonzero(self.seen[rows] < LEAST)
        for own, law in self.laws(rows[lost]):
            at = lost[own]
            found[at] = law._beside(within[at], np.arange(at.size), upper=upper)
        return found

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside; where next to nothing of it is seen, of what is seen."""
        out = np.empty(p.shape)
        kept = self.seen[rows] >= LEAST
        out[kept] = self.inverse(p[kept], rows[kept], upper=upper)
        lost = np.flatnonzero(~kept)
        for own, law in self.laws(rows[lost]):
            out[lost[own]] = law._inverse(p[lost[own]], np.arange(own.size), upper=upper)
        return out

    def _other(self, method: str) -> Array:
        """The same of every row's law, for densities of several peaks."""
        return self._of_laws(method)


class CountsByRow(TruncatedCounts, _Bounds):
    """Counts between bounds that every row has of its own: the first is the last count below them."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)
        _Bounds.__init__(self, loss, raw)
        self.first, self.last = np.maximum(raw[-2], self.low - 1.0), np.minimum(raw[-1], self.high)

    def mean(self) -> Array:
        """A sum over the counts, of several peaks that of every row's law."""
        return self._of_laws("mean") if several_peaks(self.inside) else super().mean()

    def var(self) -> Array:
        """A sum over the counts, of several peaks that of every row's law."""
        return self._of_laws("var") if several_peaks(self.inside) else super().var()

    def entropy(self) -> Array:
        """A sum over the counts, of several peaks that of every row's law."""
        return self._of_laws("entropy") if several_peaks(self.inside) else super().entropy()

    @cached_property
    def _mode(self) -> Array:
        """Of one peak, as close to it as the bounds allow."""
        if np.isfinite(self.high) or several_peaks(self.inside):
            return self._of_laws("mode")
        return np.clip(self.inside.mode(), self.first + 1.0, self.last)
