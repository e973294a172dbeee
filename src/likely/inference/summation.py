"""What a discrete family does not declare, from its probabilities alone.

Sums run outwards from a whole number in panels that double in length; a long panel is summed from 16 of its
terms where these say that the rest is smooth, and halved where not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.inference import panels
from likely.inference.discrete import LARGEST, cornish_fisher, quantile_of_counts, smallest
from likely.inference.numerical import COMPLEMENT, MASS_TOLERANCE
from likely.inference.power_tail import FLAT
from likely.inference.rows import blocks, parameters_at

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
Weight = Callable[[Array, Array, Rows], Array]

CHUNK = 1 << 15
#: A sum has settled once its last panel, or what is not known of the rest, is below this share of it.
SETTLED = 1e-9
#: Rows whose sums are taken together.
TOGETHER = 1 << 14
#: Stretches that are summed together.
BATCH = 1024


class DiscreteSums:
    """Sums over the probabilities of each row of ``raw`` (k, n)."""

    #: Panels end here.
    furthest = LARGEST

    def __init__(self, loss: Any, raw: Array) -> None:
        self.loss = loss
        self.raw = raw
        self.rows = np.arange(raw.shape[1])
        self.low, self.high = loss.specification.support.low, loss.specification.support.high

    def log_probability(self, k: Array, rows: Rows) -> Array:
        """log p at whole numbers k (m,) or (m, nodes) of the rows (m,); −∞ outside the support."""
        program = self.loss.program(0)
        out = np.empty(k.shape)
        step = max(CHUNK // (k.shape[1] if k.ndim == 2 else 1), 1)
        tail = (slice(None), None) if k.ndim == 2 else (slice(None),)
        inside = (k >= self.low) & (k <= self.high)
        k = np.where(inside, k, self.low if math.isfinite(self.low) else 0.0)
        with np.errstate(all="ignore"):
            for first in range(0, k.shape[0], step):
                block = slice(first, first + step)
                raw = self.raw[:, rows[block]]
                inputs = {f"raw{j}": row[tail] for j, row in enumerate(raw)}
                out[block] = program({"y": k[block], **inputs})[0]
        return np.where(inside, -out, -np.inf)

    def probability(self, k: Array, rows: Rows) -> Array:
        """p at whole numbers k of the rows (m,); 0 outside the support."""
        return np.exp(self.log_probability(k, rows))

    def _rule(self, k: Array, direction: Array, rows: Rows, weight: Weight | None) -> panels.Rule:
        """The sum of p·weight over panels of whole numbers, outwards from k."""

        def rule(panel_rows: Rows, start: Array, size: Array) -> tuple[Array, Array, Array]:
            value, error, magnitude = (np.empty(size.shape) for _ in range(3))
            for level in np.unique(size):
                mine = size == level
                nodes, weights, lower = panels.integer_rule(int(math.log2(level)))
                r = panel_rows[mine]
                place = k[r][:, None] + direction[r][:, None] * (start[mine][:, None] + nodes)
                log_p = self.log_probability(place, rows[r])
                with np.errstate(all="ignore"):
                    p = np.exp(log_p)
                    terms = p if weight is None else weight(log_p, place, rows[r][:, None])
                value[mine] = terms @ weights
                magnitude[mine] = np.abs(terms) @ weights
                error[mine] = np.abs(value[mine] - terms @ lower)
            error[error < 1e-14 * magnitude] = 0.0
            return value, error, magnitude

        return rule

    def outwards(
        self, k: Array, direction: Array, rows: Rows, weight: Weight | None = None
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Σ p·weight over k, k ± 1, …, and where it did not settle."""
        total, unsettled = np.empty(k.shape), np.empty(k.shape, dtype=bool)
        for b in blocks(k.shape[0], TOGETHER):
            total[b], unsettled[b] = self._outwards(k[b], direction[b], rows[b], weight)
        return total, unsettled

    def _outwards(
        self, k: Array, direction: Array, rows: Rows, weight: Weight | None
    ) -> tuple[Array, NDArray[np.bool_]]:
        """The same of a block of rows."""
        n = k.shape[0]
        rule = self._rule(k, direction, rows, weight)
        total, absolute = np.zeros(n), np.zeros(n)
        every = np.arange(n)
        size = np.full(n, float(panels.TERMS))
        panels.adaptive(rule, total, absolute, every, np.zeros(n), size, panels.TERMS)
        room = np.where(direction > 0, self.high - k, k - self.low)
        start = float(panels.TERMS)
        older = previous = last = absolute
        active = every[room >= start]
        while active.size and start < self.furthest:
            before = absolute.copy()
            ones = np.ones(active.shape[0])
            panels.adaptive(rule, total, absolute, active, start * ones, start * ones, panels.TERMS)
            older, previous, last = previous, last, absolute - before
            start *= 2.0
            active = active[(last[active] > 1e-17 * absolute[active]) & (room[active] >= start)]
        unsettled = np.zeros(n, dtype=bool)
        unsettled[active] = last[active] > SETTLED * absolute[active]
        # Of a tail that falls off as a power such panels are a geometric series, and no other change of their ratio
        # may be seen in what is left: far out no weight changes its sign.
        far = active[unsettled[active]]
        with np.errstate(all="ignore"):
            ratio, before = last[far] / previous[far], previous[far] / older[far]
            left = last[far] * ratio / (1.0 - ratio)
            change = np.abs(ratio - before) / (1.0 - ratio)
            known = (ratio < 1.0 - FLAT) & (change * left <= SETTLED * absolute[far] * ratio)
        total[far[known]] += left[known]
        unsettled[far[known]] = False
        return total, unsettled

    def stretch(
        self, k: Array, count: Array, direction: float, rows: Rows, weight: Weight | None
    ) -> Array:
        """Σ p·weight over so many whole numbers from k on."""
        total, absolute = np.zeros(k.shape), np.zeros(k.shape)
        rule = self._rule(k, np.full(k.shape, direction), rows, weight)
        for batch in range(0, k.size, BATCH):
            each, start, size = _cut(count[batch : batch + BATCH])
            panels.adaptive(rule, total, absolute, batch + each, start, size, panels.TERMS)
        return total

    # --- Where the probabilities are --------------------------------------------------------------

    def mode(self) -> Array:
        """The whole number with the largest probability; of ties, the smallest."""
        return self._mode

    @cached_property
    def _mode(self) -> Array:
        if "mode" in self.loss.specification.formulas:
            return np.asarray(self.loss.formula("mode", self.raw))
        base = self.low if math.isfinite(self.low) else 0.0

        def falls_from(start: Array) -> Callable[[Array, Rows], NDArray[np.bool_]]:
            def falls(k: Array, rows: Rows) -> NDArray[np.bool_]:
                here, after = self.log_probability(k, rows), self.log_probability(k + 1.0, rows)
                rises = _above(after, here)
                # Where both are −∞ they rise towards where it is begun.
                none = np.isneginf(here) & np.isneginf(after)
                return np.where(none, k >= start[rows], ~rises)

            return falls

        best = np.full(self.rows.shape[0], base)
        height = np.full(best.shape, -np.inf)
        for start in (np.full(best.shape, base), *self._guesses()):
            k = smallest(falls_from(start), start, self.low, min(self.high, LARGEST))
            there = self.log_probability(k, self.rows)
            better = (there > height) | ((there == height) & (k < best))
            best, height = np.where(better, k, best), np.where(better, there, height)
            # Where a step up is less than its rounding, none leads to a guess that is higher.
            there = self.log_probability(start, self.rows)
            better = _above(there, height)
            best, height = np.where(better, start, best), np.where(better, there, height)
        return best

    def _guesses(self) -> list[Array]:
        """Values of the parameters that may be near the mode."""
        found = []
        for name, parameter in self.loss.specification.parameters.items():
            if parameter.domain.high == math.inf:
                found.append(np.maximum(np.floor(self.loss.parameter(name, self.raw)), self.low))
        return found

    @cached_property
    def _checked_mode(self) -> Array:
        """The mode, once a user's probabilities have been seen to sum to 1."""
        if not self.loss.specification.own:
            return self._mode
        mass = self.mass()
        wrong = ~(np.abs(mass - 1.0) <= MASS_TOLERANCE)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            more = int(wrong.sum()) - 1
            raise ValueError(
                f"the probabilities of {self.loss.specification.name} sum to {mass[row]:.6g}, not 1, at "
                + parameters_at(self.loss, self.raw[:, row])
                + (f" (and {more} more)" if more else "")
                + ": log_density must be normalised, and keep its digits for large counts and parameters, as "
                "lbeta does where three lgamma cancel; or give the family a cdf and sf"
            )
        return self._mode

    def mass(self) -> Array:
        """Σ p(k) of each row."""
        mode = self._mode
        below, _ = self.outwards(mode, -np.ones_like(mode), self.rows)
        above, _ = self.outwards(mode + 1.0, np.ones_like(mode), self.rows)
        return below + above

    # --- The distribution function ----------------------------------------------------------------

    def tail(self, k: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf at whole numbers k, accurate where it is small."""
        # What lies below a small count is a short sum, whatever the tail above.
        lower = (k < self._checked_mode[rows]) | (k - self.low < panels.TERMS)
        mass = np.where(lower, self._from(k, rows, -1.0, lower), self._from(k, rows, 1.0, ~lower))
        other = lower == upper
        found = np.where(other, 1.0 - mass, mass)
        # Of a skew distribution the other tail may be the smaller one all the same.
        small = other & (found < COMPLEMENT)
        return np.where(small, self._from(k, rows, 1.0 if upper else -1.0, small), found)

    def _from(self, k: Array, rows: Rows, direction: float, wanted: NDArray[np.bool_]) -> Array:
        """The mass up to k, or beyond k, where wanted; NaN elsewhere."""
        out = np.full(k.shape, np.nan)
        at = np.flatnonzero(wanted)
        start = k[at] + 1.0 if direction > 0 else k[at]
        out[at], unsettled = self.outwards(start, np.full(start.shape, direction), rows[at])
        name = "log_sf" if direction > 0 else "log_cdf"
        if unsettled.any() and name in self.loss.specification.formulas:
            far = at[unsettled]
            out[far] = np.exp(self.loss.formula(name, self.raw[:, rows[far]], k[far]))
        return out

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest k with cdf(k) ≥ p, or sf(k) ≤ p where ``upper``."""
        mean, var = (self._known(name)[rows] for name in ("mean", "var"))
        guess = cornish_fisher(p, mean, var, upper=upper)
        return quantile_of_counts(self, p, rows, guess, upper=upper)

    # --- Moments and entropy ----------------------------------------------------------------------

    def _known(self, name: str) -> Array:
        """The family's own mean or var, or what sums say."""
        if name in self.loss.specification.formulas:
            return np.asarray(self.loss.formula(name, self.raw))
        found: Array = getattr(self, name)()
        return found

    def _both(self, weight: Weight) -> tuple[Array, Array, NDArray[np.bool_]]:
        mode = self._checked_mode
        below, wild_below = self.outwards(mode, -np.ones_like(mode), self.rows, weight)
        above, wild_above = self.outwards(mode + 1.0, np.ones_like(mode), self.rows, weight)
        return np.where(wild_below, np.inf, below), np.where(wild_above, np.inf, above), wild_above

    def _moment(self, power: int) -> tuple[Array, Array]:
        origin = self._mode

        def weight(log_p: Array, k: Array, rows: Rows) -> Array:
            return np.exp(log_p) * np.abs(k - origin[rows]) ** power

        below, above, _ = self._both(weight)
        return below, above

    @cached_property
    def _moments(self) -> tuple[Array, Array]:
        below, above = self._moment(1)
        squares = sum(self._moment(2))
        with np.errstate(invalid="ignore"):
            shift = above - below
        # About any number it is infinite where the mean is; where there is no mean it is NaN.
        about = np.where(np.isinf(shift), 0.0, shift)
        return self._mode + shift, squares - about**2

    def mean(self) -> Array:
        """Σ k p(k)"""
        return self._moments[0]

    def var(self) -> Array:
        """Σ (k − mean)² p(k)"""
        return self._moments[1]

    def entropy(self) -> Array:
        """−Σ p log p, in nats."""

        def weight(log_p: Array, k: Array, rows: Rows) -> Array:
            return np.where(np.isneginf(log_p), 0.0, -log_p * np.exp(log_p))

        below, above, _ = self._both(weight)
        return below + above


def _above(after: Array, before: Array) -> NDArray[np.bool_]:
    """Where a log probability is higher than another by more than their rounding."""
    with np.errstate(invalid="ignore"):
        return np.asarray(after - before > 1e-14 * np.maximum(1.0, np.abs(after)))


def _cut(count: Array) -> tuple[Rows, Array, Array]:
    """Panels whose lengths are powers of two, doubling from ``panels.TERMS``, that hold so many terms each row."""
    found: list[tuple[Rows, Array, Array]] = []
    done, size = np.zeros(count.shape), float(panels.TERMS)
    while True:
        rows = np.flatnonzero(done + size <= count)
        if not rows.size:
            break
        found.append((rows, done[rows], np.full(rows.shape, size)))
        done[rows] += size
        if done[rows[0]] > size:
            size *= 2.0
    while size >= 1.0:  # what is left is less than the next one
        rows = np.flatnonzero(done + size <= count)
        found.append((rows, done[rows], np.full(rows.shape, size)))
        done[rows] += size
        size *= 0.5
    each, start, length = (np.concatenate(part) for part in zip(*found, strict=True))
    return each, start, length
