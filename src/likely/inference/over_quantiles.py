"""Moments and entropy of a part of a family, by panels between a few of its quantiles.

The density is that of the whole family over the mass of the part, which is found once a row.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.families.modifiers.base import contains
from likely.inference.between_quantiles import LEVELS, Function, expected
from likely.inference.far_out import Excess
from likely.inference.line import Line
from likely.inference.mixed import MixedAmounts
from likely.inference.modified import LEAST, Array, Rows, highest


def several_peaks(inside: Any) -> bool:
    """Whether a distribution may have more than one peak: of a mixture, or a user's own."""
    specification = inside.loss.specification
    return bool(specification.own or contains(specification, "Mixture"))


class OverQuantiles:
    """Moments and entropy of a part of the family ``inside``, by ``quantile``."""

    loss: Any
    raw: Array
    inside: Any
    seen: Any
    quantile: Any
    tail: Any
    first: Array
    last: Array

    @cached_property
    def whole(self) -> Line:
        """The density of the family inside."""
        return Line(self.inside.loss, self.inside.raw)

    @cached_property
    def excess(self) -> tuple[Rows, Excess]:
        """The rows of which only a far tail is seen, and what that is."""
        rows = np.flatnonzero((self.seen < LEAST) & self.one_peak)
        found = self._excess(rows)
        return rows[found.far], self._excess(rows[found.far])

    def _excess(self, rows: Rows) -> Excess:
        return Excess(self.whole, self.first[rows], self.last[rows], rows)

    def _expected(self, method: str, function: Function, inside: Array) -> Array:
        """E f(Y), of far tails by their ``method``.

        ``inside`` is the same of the whole family, not finite where the tail of an end may diverge.
        """
        far, excess = self.excess
        near = np.delete(np.arange(self.seen.size), far)
        found = np.empty(self.seen.shape)
        found[near] = expected(self, function, np.isfinite(inside), rows=near)
        found[far] = getattr(excess, method)()
        return found

    @property
    def one_peak(self) -> bool:
        """Whether the density is smooth between quantiles; between the components of a mixture it may not be."""
        return not several_peaks(self.inside)

    @cached_property
    def _mean(self) -> Array:
        inside = np.asarray(self.inside.mean())
        found = self._expected("mean", lambda _, y, rows: y, inside)
        return self._on_line("mean", found, np.isinf(found) & np.isfinite(inside))

    def _on_line(self, method: str, found: Array, lost: NDArray[np.bool_]) -> Array:
        """What is found, of ``lost`` rows by the class beside this one: y² or y is no number where it matters."""
        rows = np.flatnonzero(lost)
        if rows.size:
            law = type(self)(self.loss, np.ascontiguousarray(self.raw[:, rows]))  # type: ignore[call-arg]
            found[rows] = getattr(super(OverQuantiles, law), method)()
        return found

    def mean(self) -> Array:
        """E Y"""
        return self._mean if self.one_peak else self._other("mean")

    def var(self) -> Array:
        """E (Y − mean)²; ∞ where the mean is infinite, NaN where there is none."""
        if not self.one_peak:
            return self._other("var")
        mean = self.mean()
        about = np.where(np.isfinite(mean), mean, 0.0)
        inside = np.asarray(self.inside.var())
        found = self._expected("var", lambda _, y, rows: (y - about[rows]) ** 2, inside)
        # A mean far beyond all but next to nothing of y: the square falls before it rises.
        rare, every = np.full(about.shape, LEVELS[1]), np.arange(about.size)
        low, high = (self.quantile(rare, every, upper=upper) for upper in (False, True))
        outside = (low < high) & (np.maximum(low - about, about - high) > high - low)
        found = self._on_line("var", found, outside | (np.isinf(found) & np.isfinite(inside)))
        return np.where(np.isnan(mean), np.nan, found)

    def entropy(self) -> Array:
        """−E log p(Y)"""
        if not self.one_peak:
            return self._other("entropy")
        return self._expected("entropy", lambda log_p, y, rows: -log_p, np.zeros(self.raw.shape[1]))

    def mode(self) -> Array:
        """Where the density is largest: of one peak, as close to it as the bounds allow, or one of these.

        Those of a mixture are looked for from every peak.
        """
        if not self.one_peak:
            return self._other("mode")
        inside = np.asarray(self.inside.mode())
        clipped = np.clip(inside, self.first, self.last)
        ends = highest(self, np.sort([self.first, clipped, self.last], axis=0))
        # Nothing is higher than the highest place of all, which is no end of the part where it is a rounded pole.
        return np.where(clipped == inside, inside, ends)

    def peak(self, rows: Rows) -> Array:
        """t as close to the peak of the family inside as the bounds allow."""
        centre = Line(self.inside.loss, self.inside.raw[:, rows]).centre
        ends = (self.whole.t_of(bound[rows]) for bound in (self.first, self.last))
        return np.clip(centre, *ends)

    def _other(self, method: str) -> Array:
        """The same by the components of a mixture that is seen, or by the class beside this one."""
        mixture = contains(self.inside.loss.specification, "Mixture")
        mixture &= bool((self.seen >= LEAST).all())
        law = MixedAmounts(self.loss, self.raw) if mixture else super()
        found: Array = getattr(law, method)()
        return found
