"""Moments and entropy of a part of a family, by panels between a few of its quantiles.

E f(Y) = ∫ f(y(t)) g(t) dt, with t as in ``Line`` and g the density of the whole family in t over the mass of the part,
which is found once a row. Distances in t from the median are taken as w sinh s, linear within the width w of the peak
and logarithmic beyond, so that exponential and power-law tails are both smooth in s; quantiles further out come in only
where something is left of the integral there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.families.modifiers.base import contains
from likely.inference import panels
from likely.inference.line import Line
from likely.inference.mixed import MixedAmounts
from likely.inference.modified import LEAST, Array, Rows, highest

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
#: A tail that holds less of an integral is left out.
_LITTLE = 1e-14
#: A power of u so near −1 that the integral of a moment which the family does not have diverges.
_ENDLESS = 1e-6

#: ``f(log p, y, rows)``
Function = Callable[[Array, Array, Rows], Array]


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
    def _whole(self) -> Line:
        """The density of the family inside."""
        return Line(self.inside.loss, self.inside.raw)

    def _expected(self, function: Function, inside: Array) -> Array:
        """E f(Y); ``inside`` is the same of the whole family, not finite where the tail of an end may diverge."""
        n = self.raw.shape[1]
        out = np.empty(n)
        for start in range(0, n, _ROWS):
            rows = np.arange(start, min(start + _ROWS, n))
            out[rows] = _Block(self, rows).expected(function, np.isfinite(inside[rows]))
        return out

    @property
    def one_peak(self) -> bool:
        """Whether the density is smooth between quantiles; between the components of a mixture it may not be."""
        return not several_peaks(self.inside)

    @cached_property
    def _mean(self) -> Array:
        return self._expected(lambda _, y, rows: y, np.asarray(self.inside.mean()))

    def mean(self) -> Array:
        """E Y"""
        return self._mean if self.one_peak else self._other("mean")

    def var(self) -> Array:
        """E (Y − mean)²; ∞ where the mean is infinite, NaN where there is none."""
        if not self.one_peak:
            return self._other("var")
        mean = self.mean()
        about = np.where(np.isfinite(mean), mean, 0.0)
        found = self._expected(
            lambda _, y, rows: (y - about[rows]) ** 2, np.asarray(self.inside.var())
        )
        return np.where(np.isnan(mean), np.nan, found)

    def entropy(self) -> Array:
        """−E log p(Y)"""
        if not self.one_peak:
            return self._other("entropy")
        return self._expected(lambda log_p, y, rows: -log_p, np.zeros(self.raw.shape[1]))

    def mode(self) -> Array:
        """Where the density is largest: of one peak, as close to it as the bounds allow, or one of these.

        Those of a mixture are looked for from every peak.
        """
        if not self.one_peak:
            return self._other("mode")
        inside = np.clip(self.inside.mode(), self.first, self.last)
        return highest(self, np.sort([self.first, inside, self.last], axis=0))

    def _other(self, method: str) -> Array:
        """The same by the components of a mixture that is seen, or by the class beside this one."""
        mixture = contains(self.inside.loss.specification, "Mixture")
        mixture &= bool((self.seen >= LEAST).all())
        law = MixedAmounts(self.loss, self.raw) if mixture else super()
        found: Array = getattr(law, method)()
        return found


class _Block:
    """Panels of some rows: distances (2, levels + 1, n) of quantiles from the median, in t, below and above it."""

    def __init__(self, law: OverQuantiles, rows: Rows) -> None:
        self.law, self.line, self.rows = law, law._whole, rows
        n = rows.size
        middle = law.quantile(np.full(n, 0.5), rows, upper=False)
        self.centre = np.clip(self.line.t_of(middle), -self._edge(False), self._edge(True))
        moved = (self.centre == -self._edge(False)) | (self.centre == self._edge(True))
        middle[moved] = self.line.y_of(self.centre[moved])
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
        for j in range(ALWAYS):
            for upper in (False, True):
                self._reach(np.arange(n), upper, j)

    def _reach(self, at: Rows, upper: bool, j: int) -> None:
        """The quantiles of this level, of some rows of the block."""
        y = self.law.quantile(np.full(at.shape, LEVELS[j]), self.rows[at], upper=upper)
        found = np.abs(self.line.t_of(y) - self.centre[at])
        end = self._end(at, upper)
        gone = np.isinf(found) & np.isinf(end)
        if gone.any() and np.isfinite(self.line.low):
            # y has left the floating-point numbers, its logarithm t has not: there g falls exponentially.
            rows, mass = at[gone], LEVELS[j - 1] if j else 0.5
            before = self.distance[int(upper), j, rows]
            log_g = self.density(self._t(before, rows, upper), rows)[1]
            found[gone] = before + np.log(mass / LEVELS[j]) * mass / np.exp(log_g)
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

    def _rest(self, function: Function, at: Rows, upper: bool) -> Array:
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
        log_p, _, y = self.density(before, at)
        earlier = function(log_p, y, self.rows[at])
        with np.errstate(all="ignore"):
            fall = np.exp(log_g) * unit / mass
            rest = np.where(mass > 0.0, mass * (here + (here - earlier) / fall), 0.0)
            endless = line & (np.log(here / earlier) >= fall)
        return np.where(endless, np.copysign(np.inf, here), rest)

    def _t(self, distance: Array, at: Rows, upper: bool) -> Array:
        return self.centre[at] + (distance if upper else -distance)

    def density(self, t: Array, at: Rows) -> tuple[Array, Array, Array]:
        """log p(y), log of the density in t, and y, at t of rows of the block."""
        log_f, log_g, y = self.line.density(t, self.rows[at])
        log_mass = self.log_mass[at].reshape(-1, *(1,) * (t.ndim - 1))
        return log_f - log_mass, log_g - log_mass, y

    def expected(self, function: Function, known: NDArray[np.bool_]) -> Array:
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

        add(np.arange(n), [float(j) for j in range(-ALWAYS, ALWAYS)])
        for upper in (False, True):
            at, j = np.arange(n), ALWAYS
            cut = self.cut[int(upper)]
            total[cut] += self._rest(function, at[cut], upper)
            at = at[~cut]
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
