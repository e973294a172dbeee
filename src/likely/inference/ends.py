"""Continuous distributions with points at the ends of their support: Inflated, and ZeroInflated amounts."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.families.modifiers.inflated import NAMES
from likely.inference.modified import Array, Rows, insides, weights_of, xlogx


class Ends:
    """Points at the ends of the support, of the probabilities ``low`` and ``high``; the family inside has the rest."""

    def __init__(
        self, loss: Any, raw: Array, rest: Array, low: Array | None, high: Array | None
    ) -> None:
        self.loss, self.raw, self.rest = loss, raw, rest
        (self.inside,) = insides(loss, raw)
        none = np.zeros(raw.shape[1])
        self.below, self.above = none if low is None else low, none if high is None else high
        support = loss.specification.support
        self.low, self.high = support.low, support.high
        #: The points that there are, with their probabilities.
        self.points = [(v, m) for v, m in ((self.low, low), (self.high, high)) if m is not None]

    def tails(self, y: Array, rows: Rows) -> tuple[Array, Array]:
        """low + rest F(y) and high + rest (1 − F(y)), y from the lower end to below the upper one."""
        inside, rest = self.inside[rows], self.rest[rows]
        return self.below[rows] + rest * inside.cdf(y), self.above[rows] + rest * inside.sf(y)

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """A point where the level falls on it, and between them a quantile of the family inside."""
        rest = self.rest[rows]
        first, last = self.below[rows], self.above[rows]
        if upper:
            first, last = last, first
        # The mass inside from the end that p counts from, and to the other end.
        near, far = p - first, np.where(last > 0.0, (first + rest) - p, 1.0 - p)
        at_first, at_last = (near < 0.0, far <= 0.0) if upper else (near <= 0.0, far < 0.0)
        out = np.where(at_last if upper else at_first, self.low, self.high)
        within, is_near = ~(at_first | at_last), near <= far
        for side, level, mine in (
            (upper, near, within & is_near),
            (not upper, far, within & ~is_near),
        ):
            out[mine] = self.inside._inverse(level[mine] / rest[mine], rows[mine], upper=side)
        return out

    def mean(self) -> Array:
        """Σ π_k e_k + rest · m"""
        return sum((mass * v for v, mass in self.points), self.rest * self.inside.mean())

    def var(self) -> Array:
        """The mean square about the mean."""
        mean, m = self.mean(), self.inside.mean()
        within = self.rest * (self.inside.var() + (m - mean) ** 2)
        return sum((mass * (v - mean) ** 2 for v, mass in self.points), within)

    def mode(self) -> Array:
        """The likelier point, of ties the lower: no density outweighs a point."""
        values, masses = zip(*self.points, strict=True)
        return np.array(values)[np.argmax(masses, axis=0)]

    def entropy(self) -> Array:
        """That of the choice between points and family, and the family's share of its own."""
        chosen = xlogx(self.rest) + xlogx(self.below) + xlogx(self.above)
        return self.rest * self.inside.entropy() - chosen


def inflated(loss: Any, raw: Array) -> Ends:
    """The distributions of an Inflated family."""
    names = [n for n in NAMES.values() if n in loss.specification.parameters]
    rest, *masses = weights_of(loss, raw, names)
    by_name = dict(zip(names, masses, strict=True))
    return Ends(loss, raw, rest, by_name.get(NAMES["low"]), by_name.get(NAMES["high"]))
