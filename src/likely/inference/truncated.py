"""The part of a distribution between two bounds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.inference.discrete import quantile_of_counts
from likely.inference.modified import LEAST, Array, Rows, insides
from likely.inference.near_bound import LOST, mass_between, place_of
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.over_quantiles import OverQuantiles
from likely.inference.predictive import Predictive
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
        return self.mass_from_bound(self.last, np.arange(self.last.size), upper=False)[0]

    @cached_property
    def cut(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """What the family inside has below the first bound, and above it; above the last, and below it."""
        inside, first, last = self.inside, self.first, self.last
        return (inside.cdf(first), inside.sf(first)), (inside.sf(last), inside.cdf(last))

    def mass_from_bound(
        self, y: Array, rows: Rows, *, upper: bool
    ) -> tuple[Array, NDArray[np.bool_]]:
        """What the family inside has between the first bound and y, or y and the last, and where it lost its digits.

        It is a difference of the tails that are the smaller ones.
        """
        lost, kept = (part[rows] for part in self.cut[upper])
        larger, smaller = np.where(kept < 0.5, kept, 1.0 - lost), lost.copy()
        # The tail on the side of y that is asked for, unless the other one is below a half all the way.
        this = np.flatnonzero(kept >= 0.5)
        tail = self.inside._beside(y[this], rows[this], upper=upper)
        here = np.zeros(y.shape, dtype=bool)
        here[this] = tail < 0.5
        larger[here] = tail[tail < 0.5]
        smaller[~here] = self.inside._beside(y[~here], rows[~here], upper=not upper)
        mass = larger - smaller
        return mass, mass < LOST * larger

    def share(self, y: Array, rows: Rows, *, upper: bool) -> tuple[Array, NDArray[np.bool_]]:
        """The share of the mass up to y, or beyond it, and where tails do not say what it is."""
        mass, lost = self.mass_from_bound(y, rows, upper=upper)
        seen = self.seen[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(mass / seen), lost | (seen < LEAST)

    def levels(self, p: Array, rows: Rows, *, upper: bool) -> tuple[Array, Array]:
        """The two tails of the family inside at a quantile."""
        below, above = (lost[rows] for lost, _ in self.cut)
        up, down = (p, 1.0 - p) if upper else (1.0 - p, p)
        return below + down * self.seen[rows], above + up * self.seen[rows]

    def inverse(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside, counted from the tail that it is in."""
        out = np.empty(p.shape)
        lower, higher = self.levels(p, rows, upper=upper)
        for is_upper, level in ((False, lower), (True, higher)):
            mine = (lower > 0.5) == is_upper
            out[mine] = self.inside._inverse(level[mine], rows[mine], upper=is_upper)
        return np.clip(out, self.first[rows], self.last[rows])


class PartOfAmounts(Part, OverQuantiles):
    """Of a continuous family, whose density says what lies so near to a bound that tails do not."""

    def mass_from_bound(
        self, y: Array, rows: Rows, *, upper: bool
    ) -> tuple[Array, NDArray[np.bool_]]:
        """With the digits of the distance from the bound; of several peaks one may be too narrow for that."""
        mass, lost = super().mass_from_bound(y, rows, upper=upper)
        lost &= self.one_peak
        at = np.flatnonzero(lost)
        bound = (self.last if upper else self.first)[rows[at]]
        mass[at] = mass_between(self.whole, bound, y[at], rows[at])
        return mass, np.zeros_like(lost)

    def inverse(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A quantile of the family inside, or, so near to a bound that tails hardly differ, by the density."""
        out = super().inverse(p, rows, upper=upper)
        lower, higher = self.levels(p, rows, upper=upper)
        mass = p * self.seen[rows]
        near = mass < LOST * np.where(lower > 0.5, higher, lower)
        at = np.flatnonzero(near & self.one_peak)
        bound = (self.last if upper else self.first)[rows[at]]
        out[at] = place_of(self.whole, bound, -1.0 if upper else 1.0, mass[at], rows[at])
        return out


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
        within = np.clip(k, self.first[rows], self.last[rows])
        found, lost = self.share(within, rows, upper=upper)
        if lost.any():
            found[lost] = DiscreteSums.tail(self, k[lost], rows[lost], upper=upper)
        return found

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up, near the quantile of the family inside."""
        guess = self.inverse(p, rows, upper=upper)
        return quantile_of_counts(self, p, rows, guess, upper=upper)


class TruncatedAmounts(PartOfAmounts, ContinuousIntegrals):
    """A continuous family between bounds."""

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf at y inside the bounds."""
        found, _ = self.share(y, rows, upper=upper)
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

    def mode(self) -> Array:
        """Where the density of what is seen is largest."""
        far, _ = self.excess
        lost = np.flatnonzero(self.seen < LEAST)
        self._check_density(np.setdiff1d(lost, far))
        return super().mode()

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
            # Rows that are alike are computed once: their number here says nothing.
            of = Predictive(self.inside.loss, self.inside.raw[:, row]).parameters
            values = ", ".join(f"{name}={value:g}" for name, value in of.items())
            raise ValueError(
                f"nothing of {self.inside.loss.specification.name} lies between {self.first[row]:g} and "
                f"{self.last[row]:g} in the rows with {values}, where its density is 0 in floating point: there is no "
                "such part; widen the bounds, or select the other rows, as distribution[mask] does"
            )
