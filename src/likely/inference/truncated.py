"""The part of a distribution between two bounds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from likely.inference.discrete import quantile_of_counts
from likely.inference.modified import LEAST, Array, Rows, difference, insides
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.over_quantiles import OverQuantiles
from likely.inference.summation import DiscreteSums

#: Where −log p of the likeliest count that is seen is less, its difference to another keeps twelve digits.
FAR_OUT = 1e3


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
        (below, above), (beyond, up_to) = self.cut
        return difference(below, above, up_to, beyond)

    @cached_property
    def cut(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """What the family inside has below the first bound, and above it; above the last, and below it."""
        inside, first, last = self.inside, self.first, self.last
        return (inside.cdf(first), inside.sf(first)), (inside.sf(last), inside.cdf(last))

    def share(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """The share of the mass up to y, or beyond it: a difference of the tails that are the smaller ones."""
        lost, kept = (part[rows] for part in self.cut[upper])
        mass = np.empty(y.shape)
        # The tail on the side of y that is asked for, unless the other one is below a half all the way.
        this = kept >= 0.5
        mass[this] = self.inside._beside(y[this], rows[this], upper=upper)
        small = np.zeros(y.shape, dtype=bool)
        small[this] = mass[this] < 0.5
        mass[small] -= lost[small]
        other = ~small
        beyond = self.inside._beside(y[other], rows[other], upper=not upper)
        mass[other] = np.where(this, 1.0 - lost, kept)[other] - beyond
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(mass / self.seen[rows])

    def inverse(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside, counted from the tail that it is in."""
        out = np.empty(p.shape)
        first, last = self.first[rows], self.last[rows]
        below, above = (lost[rows] for lost, _ in self.cut)
        up, down = (p, 1.0 - p) if upper else (1.0 - p, p)
        lower, higher = below + down * self.seen[rows], above + up * self.seen[rows]
        for is_upper, level in ((False, lower), (True, higher)):
            mine = (lower > 0.5) == is_upper
            out[mine] = self.inside._inverse(level[mine], rows[mine], upper=is_upper)
        return np.clip(out, first, last)


class TruncatedCounts(Part, DiscreteSums):
    """Counts above a bound, up to another."""

    @cached_property
    def _whole(self) -> DiscreteSums:
        """The probabilities of the family inside."""
        return DiscreteSums(self.inside.loss, self.inside.raw)

    @cached_property
    def _log_seen(self) -> Array:
        """log P(first < Y ≤ last) of the family inside, by the probabilities of one count; NaN where it is far out."""
        k = np.clip(self.inside.mode(), self.first + 1.0, self.last)
        part, whole = (law.loss.evaluate(k, law.raw, 0)[0] for law in (self, self.inside))
        with np.errstate(invalid="ignore"):
            return np.where(whole < FAR_OUT, part - whole, np.nan)

    def log_probability(self, k: Array, rows: Rows) -> Array:
        """log p at whole numbers k, (m,) or (m, nodes): that of the family inside less what is seen of it.

        Far out, where that would be a difference of large numbers, by the formula for what is between bounds.
        """
        tail = (slice(None), None) if k.ndim == 2 else (slice(None),)
        log_seen, first, last = (v[rows][tail] for v in (self._log_seen, self.first, self.last))
        found = self._whole.log_probability(k, rows) - log_seen
        far = np.isnan(self._log_seen[rows])
        if far.any():
            found[far] = super().log_probability(k[far], rows[far])
        return np.where((k > first) & (k <= last), found, -np.inf)

    def tail(self, k: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf at whole numbers k, 0 and 1 beyond the bounds."""
        found = self.share(np.clip(k, self.first[rows], self.last[rows]), rows, upper=upper)
        lost = self.seen[rows] < LEAST
        if lost.any():
            found[lost] = DiscreteSums.tail(self, k[lost], rows[lost], upper=upper)
        return found

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up, near the quantile of the family inside."""
        guess = self.inverse(p, rows, upper=upper)
        return quantile_of_counts(self, p, rows, guess, upper=upper)


class TruncatedAmounts(Part, OverQuantiles, ContinuousIntegrals):
    """A continuous family between bounds."""

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf at y inside the bounds."""
        found = self.share(y, rows, upper=upper)
        for mine, law, at in self._hidden(rows):
            found[mine] = law.tail(y[mine], at, upper=upper)
        return found

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside; where next to nothing of it is seen, of what is seen."""
        out = np.empty(p.shape)
        kept = self.seen[rows] >= LEAST
        out[kept] = self.inverse(p[kept], rows[kept], upper=upper)
        for mine, law, at in self._hidden(rows):
            out[mine] = law.quantile(p[mine], at, upper=upper)
        return out

    def _hidden(self, rows: Rows) -> Iterator[tuple[Rows, Any, Rows]]:
        """Which of these rows have next to nothing seen, by what they are computed, and as which rows of that."""
        lost = self.seen[rows] < LEAST
        if lost.any():
            index = np.full(self.seen.shape, -1)
            far, excess = self.excess
            index[far] = np.arange(far.size)
            mine = np.flatnonzero(lost & (index[rows] >= 0))
            yield mine, excess, index[rows[mine]]
            mine = np.flatnonzero(lost & (index[rows] < 0))
            if mine.size:
                self._check_density(rows[mine])
                yield mine, super(), rows[mine]

    def _check_density(self, rows: Rows) -> None:
        """ValueError where the family inside has no density between the bounds."""
        none = np.isneginf(self.line.density(self.line.centre[rows], rows)[1])
        if none.any():
            row = int(rows[none.argmax()])
            raise ValueError(
                f"nothing of {self.inside.loss.specification.name} lies between {self.first[row]:g} and "
                f"{self.last[row]:g} in row {row}, where its density is 0 in floating point: there is no such "
                "part; widen the bounds, or look at the parameters of that row"
            )
