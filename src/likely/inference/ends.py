"""Continuous distributions with points at the ends of their support: Inflated, and ZeroInflated amounts."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.inference.modified import Array, Rows, insides, xlogx

#: What a probability p near 0 or 1 is known by: p, log p, 1 − p and log(1 − p).
_VIEWS = ("", "log", "complement", "log1m")


class Ends:
    """Points at one or both ends of the support, and a family inside that has the rest."""

    def __init__(self, loss: Any, raw: Array) -> None:
        self.loss, self.raw = loss, raw
        (self.inside,) = insides(loss, raw)
        self.pi = loss.parameter("inflation", raw)
        self.rest = loss.parameter("inflation", raw, "complement")
        support = loss.specification.support
        self.low, self.high = support.low, support.high
        self.below, self.above = self._masses()

    def _masses(self) -> tuple[Array, Array]:
        """The probabilities of the lower and of the upper end."""
        loss, none = self.loss, np.zeros(self.pi.shape)
        if "upper_share" in loss.specification.parameters:
            shares = [loss.parameter("upper_share", self.raw, view) for view in ("complement", "")]
            return self.pi * shares[0], self.pi * shares[1]
        is_low = loss.specification.structure.points == (self.low,)
        return (self.pi, none) if is_low else (none, self.pi)

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """below + rest F(y) or above + rest (1 − F(y)), y from the lower end to before the upper one."""
        point = self.above if upper else self.below
        return point[rows] + self.rest[rows] * self.inside._beside(y, rows, upper=upper)

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
        return self._of_points(lambda end: end) + self.rest * self.inside.mean()

    def var(self) -> Array:
        """The mean square about the mean."""
        mean, inside = self.mean(), self.inside.mean()
        # About any number it is infinite where the mean is.
        about = np.where(np.isinf(mean), 0.0, mean)
        with np.errstate(over="ignore"):
            within = self.inside.var() + (inside - about) ** 2
            return self._of_points(lambda end: (end - about) ** 2) + self.rest * within

    def _of_points(self, function: Any) -> Array:
        """Σ π_k f(e_k), over ends that may be infinite where they are no points."""
        total = np.zeros(self.rest.shape)
        for end, mass in ((self.low, self.below), (self.high, self.above)):
            if np.isfinite(end):
                total += mass * function(end)
        return total

    def mode(self) -> Array:
        """The likelier point, of ties the lower: no density outweighs a point."""
        return np.where(self.above > self.below, self.high, self.low)

    def entropy(self) -> Array:
        """Of the choice between points and family, of that between the points, and the family's share of its own."""
        chosen = xlogx(self.rest) + self.pi * self.loss.parameter("inflation", self.raw, "log")
        if "upper_share" in self.loss.specification.parameters:
            of = {v: self.loss.parameter("upper_share", self.raw, v) for v in _VIEWS}
            between = of[""] * of["log"] + of["complement"] * of["log1m"]
            chosen = chosen + self.pi * between
        return self.rest * self.inside.entropy() - chosen
