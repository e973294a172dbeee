"""Expectations under distributions of which quantiles are known, by panels between a few of them.

E f(Y) = ∫ f(y(t)) g(t) dt, with t as in ``Line`` and g the density in t. Distances in t from the median are taken as
w sinh s, linear within the width w of the peak and logarithmic beyond, so that exponential and power-law tails are both
smooth in s; quantiles further out come in only where something is left of the integral there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from likely.inference import panels
from likely.inference.rows import blocks

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Levels of the quantiles on either side of the median; those after the first two only where they are needed.
LEVELS = (1e-3, 1e-16, 1e-50, 1e-120, 1e-200, 1e-280)
ALWAYS = 2
#: Rows that are integrated together.
_ROWS = 2048
#: A distance in t up to which its square is a number, so that densities have no end of their own.
FARTHEST = 1e150
#: t of the smallest positive numbers that have all their digits, where t is a logarithm or a logit.
EDGE = 690.0
#: Next to any other edge: the relative error of the distance of y to it, which has to be small enough itself.
DIGITS = 2.0**-26
#: Where a quantile of the first level has a density larger than the median's by this factor, the peak is far away.
_FAR_PEAK = 10.0
#: A tail that holds less of an integral is left out.
_LITTLE = 1e-14
#: A power of u so near −1 that the integral of a moment which the family does not have diverges.
_ENDLESS = 1e-6

#: ``f(log p, y, rows)``
Function = Callable[[Array, Array, Rows], Array]


class Law(Protocol):
    """A part of the family ``inside``, or the whole of it."""

    loss: Any
    raw: Array
    inside: Any

    @property
    def whole(self) -> Any:
        """A ``Line`` of the family inside, or what has its methods: its log f is what functions of Y are given."""

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The quantile, or with ``upper`` that of the upper tail."""

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf."""

    def peak(self, rows: Rows) -> Array:
        """t near where the density in t is largest."""


def expected(
    law: Law,
    function: Function,
    known: NDArray[np.bool_],
    breaks: Array | None = None,
    rows: Rows | None = None,
) -> Array:
    """E f(Y) of every row, or of ``rows``; ``known`` where the tails of the family inside do not make it diverge.

    ``breaks`` (b, n), if given, are places t at which panels end, where f has features of its own.
    """
    rows = np.arange(law.raw.shape[1]) if rows is None else rows
    out = np.empty(rows.size)
    for b in blocks(rows.size, _ROWS):
        at = None if breaks is None else breaks[:, rows[b]]
        out[b] = _Block(law, rows[b]).expected(function, known[rows[b]], at)
    return out


class _Block:
    """Panels of some rows: distances (2, levels + 1, n) of quantiles from the median, in t, below and above it."""

    def __init__(self, law: Law, rows: Rows) -> None:
        self.law, self.line, self.rows = law, law.whole, rows
        n = rows.size
        middle = law.quantile(np.full(n, 0.5), rows, upper=False)
        self.centre = np.clip(self.line.t_of(middle), -self._edge(False), self._edge(True))
        moved = (self.centre == -self._edge(False)) | (self.centre == self._edge(True))
        beyond = np.flatnonzero(np.abs(self.centre) > FARTHEST)
        if beyond.size:  # a median that no number is
            self.centre[beyond], moved[beyond] = law.peak(rows[beyond]), True
        middle[moved] = self.line.y_of(self.centre[moved])
        # What is seen is the same by any y: one that has not been rounded to an edge.
        ends = np.nextafter([self.line.low, self.line.high], [np.inf, -np.inf])
        middle = np.clip(middle, *ends)
        whole, part = law.inside, law
        nll = [
            one.loss.evaluate(middle, np.ascontiguousarray(one.raw[:, rows]), 0)[0]
            for one in (part, whole)
        ]
        self.log_mass = nll[0] - nll[1]
        self.width = np.exp(-self.density(self.centre, np.arange(n))[1])
        self.distance = np.full((2, len(LEVELS) + 1, n), np.nan)
        self.distance[:, 0] = 0.0
        self.cut = np.zeros((2, n), dtype=bool)
        self._reach_always(np.arange(n))
        if np.isinf(self.line.low) and np.isinf(self.line.high):
            self._begin_at_peaks()

    def _reach_always(self, at: Rows) -> None:
        """The quantiles that every row has, of some rows of the block."""
        for j in range(ALWAYS):
            for upper in (False, True):
                self._reach(at, upper, j)

    def _begin_at_peaks(self) -> None:
        """Distances from the peak where that is a power of the median away, as panels from the median miss it."""
        every = np.arange(self.rows.size)
        beside = [self._t(self.distance[int(upper), 1], every, upper) for upper in (False, True)]
        with np.errstate(over="ignore"):
            highest = np.max([np.exp(self.density(t, every)[1]) for t in beside], axis=0)
        far = np.flatnonzero(highest * self.width > _FAR_PEAK)
        if far.size:
            self.centre[far] = self.law.peak(self.rows[far])
            self.width[far] = np.exp(-self.density(self.centre[far], far)[1])
            self._reach_always(far)

    def _reach(self, at: Rows, upper: bool, j: int) -> None:
        """The quantiles of this level, of some rows of the block."""
        y = self.law.quantile(np.full(at.shape, LEVELS[j]), self.rows[at], upper=upper)
        away = self.line.t_of(y) - self.centre[at]
        # Where the median is rounded to an edge, this quantile may be beyond the centre too.
        found = np.maximum(away if upper else -away, self.distance[int(upper), j, at])
        end = self._end(at, upper)
        gone = np.isinf(found) & np.isinf(end)
        if gone.any() and np.isfinite(self.line.low):
            # y has left the floating-point numbers, its logarithm t has not: there g falls exponentially.
            rows, mass = at[gone], LEVELS[j - 1] if j else 0.5
            before = self.distance[int(upper), j, rows]
            there = self._t(before, rows, upper)
            fall = np.exp(self.density(there, rows)[1]) / mass
            lost = fall == 0.0  # g has left the numbers as well, its slope has not
            slope = self.line.slope(there[lost], self.rows[rows[lost]], of_t=True)
            fall[lost] = -slope if upper else slope
            found[gone] = before + np.log(mass / LEVELS[j]) / fall
        if j < ALWAYS:
            self.cut[int(upper), at] = found >= end
            found = np.minimum(found, end)
        self.distance[int(upper), j + 1, at] = found

    def _edge(self, upper: bool) -> float:
        """|t| next to a finite edge of the family's support, as far as y has all its digits."""
        low, high = self.line.low, self.line.high
        end = high if upper else low
        if np.isinf(end):
            return np.inf
        if end == 0.0 or (low, high) == (0.0, 1.0):
            return EDGE
        wide = np.log(high - low) if np.isfinite(high - low) else 0.0
        return float(wide - np.log(np.spacing(abs(end)) / DIGITS))

    def _end(self, at: Rows, upper: bool) -> Array:
        """How far from the centre panels may reach: to an edge, or where a density on the line overflows."""
        edge, centre = self._edge(upper), self.centre[at]
        line = np.isinf(self.line.low) and np.isinf(self.line.high)
        return np.full(at.shape, FARTHEST) if line else edge - centre if upper else edge + centre

    def _rest(self, function: Function, at: Rows, upper: bool, known: NDArray[np.bool_]) -> Array:
        """∫ f p dy beyond ``_end``: f is linear in t and g falls exponentially; on the line both do so in log |t|."""
        end, sign = self._end(at, upper), 1.0 if upper else -1.0
        line = np.isinf(self._edge(upper))
        unit = end if line else np.ones(at.shape)
        there, before = (
            self.centre[at] + sign * d for d in (end, end / math.e if line else end - unit)
        )
        log_p, log_g, y = self.density(there, at)
        mass = self.law.tail(y, self.rows[at], upper=upper)
        here = function(log_p, y, self.rows[at])
        rounded = y == self.line.high  # no tail is left by y: it is what the slope says
        log_p, _, y = self.density(before, at)
        earlier = function(log_p, y, self.rows[at])
        with np.errstate(all="ignore"):
            fall = np.exp(log_g) * unit / mass
            slope = -sign * self.line.slope(there[rounded], self.rows[at][rounded], of_t=True)
            fall[rounded], mass[rounded] = slope, np.exp(log_g[rounded]) / slope
            rest = np.where(mass > 0.0, mass * (here + (here - earlier) / fall), 0.0)
            endless = line & ~known[at] & (np.log(here / earlier) >= fall)
        return np.where(endless, np.copysign(np.inf, here), rest)

    def _t(self, distance: Array, at: Rows, upper: bool) -> Array:
        return self.centre[at] + (distance if upper else -distance)

    def density(self, t: Array, at: Rows) -> tuple[Array, Array, Array]:
        """log p(y), log of the density in t, and y, at t of rows of the block."""
        log_f, log_g, y = self.line.density(t, self.rows[at])
        log_mass = self.log_mass[at].reshape(-1, *(1,) * (t.ndim - 1))
        return log_f - log_mass, log_g - log_mass, y

    def _starts(self, breaks: Array | None) -> tuple[Rows, Array, Array]:
        """The first panels, in s: each row's, where they start, and their sizes."""
        n = self.rows.size
        edges = np.repeat(np.arange(-ALWAYS, ALWAYS + 1.0)[:, None], n, axis=1)
        if breaks is not None:
            edges = np.sort(np.concatenate([edges, self._s_of(breaks)]), axis=0)
        size = np.diff(edges, axis=0)
        k, at = np.nonzero(size > 0.0)
        return at, edges[k, at], size[k, at]

    def _s_of(self, t: Array) -> Array:
        """s of places t (b, n), those beyond the first panels at their ends."""
        with np.errstate(all="ignore"):
            away, upper = np.abs(t - self.centre), (t > self.centre).astype(np.intp)
            found = np.zeros(t.shape)
            for j in range(ALWAYS):
                inner, outer = (
                    np.arcsinh(self.distance[upper, j + k, np.arange(t.shape[1])] / self.width)
                    for k in (0, 1)
                )
                share = (np.arcsinh(away / self.width) - inner) / (outer - inner)
                found += np.where(outer > inner, np.clip(share, 0.0, 1.0), 1.0)
        return np.where(upper == 1, found, -found)

    def expected(self, function: Function, known: NDArray[np.bool_], breaks: Array | None) -> Array:
        """E f(Y) of every row."""
        n = self.rows.size
        total, absolute = np.zeros(n), np.zeros(n)

        def rule(at: Rows, start: Array, size: Array) -> tuple[Array, Array, Array]:
            middle = start + 0.5 * size
            upper, j = (middle > 0.0).astype(np.intp), np.floor(np.abs(middle)).astype(np.intp)
            inner, outer = (self.distance[upper, j + k, at][:, None] for k in (0, 1))
            x = np.abs(start[:, None] + size[:, None] * panels.LEGENDRE) - j[:, None]
            with np.errstate(all="ignore"):
                width = self.width[at][:, None]
                first, last = np.arcsinh(inner / width), np.arcsinh(outer / width)
                share = np.sinh(first + (last - first) * x)
                distance = width * share
                slope = width * (last - first) * np.sqrt(1.0 + share * share)
                t = self.centre[at][:, None] + np.where(upper[:, None], distance, -distance)
                log_p, log_g, y = self.density(t, at)
                mass = np.exp(log_g) * slope
                values = mass * function(log_p, y, self.rows[at][:, None])
            # Where no mass is left nothing is, whatever the function.
            return panels.legendre_panels(np.where(mass > 0.0, values, 0.0), size)

        def add(at: Rows, starts: list[float]) -> None:
            first = np.repeat(starts, at.size)
            each = np.tile(at, len(starts))
            panels.adaptive(rule, total, absolute, each, first, np.ones(first.shape), 2.0**-40)

        panels.adaptive(rule, total, absolute, *self._starts(breaks), 2.0**-40)
        for upper in (False, True):
            at, j = np.arange(n), ALWAYS
            cut = self.cut[int(upper)]
            total[cut] += self._rest(function, at[cut], upper, known)
            at = self._ending(function, at[~cut], upper, known, total)
            while True:
                here = self._at_level(function, at, upper, j)
                at = at[np.abs(here) * LEVELS[j - 1] > _LITTLE * absolute[at]]
                if not at.size or j == len(LEVELS):
                    break
                self._reach(at, upper, j)
                # At an end that depends on the parameters no number may be left in between.
                at = at[self.distance[int(upper), j + 1, at] > self.distance[int(upper), j, at]]
                far = self.distance[int(upper), j + 1, at] > FARTHEST
                total[at[far]] += self._beyond(function, at[far], upper, j, known)
                at = at[~far]
                j += 1
                add(at, [j - 1.0 if upper else -float(j)])
            total[at] += self._beyond(function, at, upper, j, known)
        return total

    def _ending(
        self, function: Function, at: Rows, upper: bool, known: NDArray[np.bool_], total: Array
    ) -> Rows:
        """The rows whose integral does not diverge by the last levels; the others have their infinite total."""
        unknown = at[~known[at]]
        for j in range(ALWAYS, len(LEVELS)):
            self._reach(unknown, upper, j)
        rest = self._beyond(function, unknown, upper, len(LEVELS), known)
        endless = np.isinf(rest)
        total[unknown[endless]] += rest[endless]
        return np.setdiff1d(at, unknown[endless])

    def _at_level(self, function: Function, at: Rows, upper: bool, j: int) -> Array:
        """The function at the quantiles of the j-th level."""
        log_p, _, y = self.density(self._t(self.distance[int(upper), j, at], at, upper), at)
        with np.errstate(all="ignore"):
            return function(log_p, y, self.rows[at])

    def _beyond(
        self, function: Function, at: Rows, upper: bool, j: int, known: NDArray[np.bool_]
    ) -> Array:
        """∫ f(Q(u)) du beyond the j-th level, where f is a power of u: u f/(1 + power), or infinite."""
        last, before = (self._at_level(function, at, upper, level) for level in (j, j - 1))
        level = LEVELS[j - 1]
        with np.errstate(all="ignore"):
            power = np.log(before / last) / np.log(LEVELS[j - 2] / level)
            rest = last * (level / (1.0 + power))
            endless = ~known[at] & (power < _ENDLESS - 1.0)
            return np.where(endless, np.copysign(np.inf, last), rest)
