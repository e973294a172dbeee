"""Where a function that rises in y is 0, of many rows at once."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: A root is settled when a step changes it by less, relative to itself, or, around 0, to its first bracket.
_NEAR, _TINY = 4e-16, 1e-30


class Rising(Protocol):
    """A function of y of every row, and its derivative."""

    #: Of every row, what the excess is not told apart from 0 by: its own rounding.
    rounding: Array

    def excess(self, y: Array, at: Rows) -> Array:
        """Its values at y, for the rows ``at``: negative below the root."""

    def slope(self, y: Array, at: Rows) -> Array:
        """Its derivative there."""


def root(problem: Rising, low: Array, high: Array) -> Array:
    """Where the excess is 0 in [low, high]: Newton's steps, and bisection where those fail."""
    size = high - low
    found, at = _middle(low, high), np.arange(low.size)
    moved = np.full(low.shape, np.inf)
    while at.size:
        y = found[at]
        over = problem.excess(y, at)
        low[at], high[at] = np.where(over < 0.0, y, low[at]), np.where(over < 0.0, high[at], y)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = problem.slope(y, at)
            newton = y - over / np.where(np.isinf(slope), np.nan, slope)
        inside = (newton > low[at]) & (newton < high[at])
        # Around 0 there is no last digit: there the first bracket is the measure.
        around = (low[at] < 0.0) & (high[at] > 0.0)
        near = np.maximum(_NEAR * abs(y), np.where(around, _TINY * size[at], 0.0))
        middle = _middle(low[at], high[at])
        settled = (
            (abs(over) <= problem.rounding[at])
            | (abs(newton - y) <= near)
            | (high[at] - low[at] <= near)
        )
        settled |= middle == y  # no number is left in between
        # Newton's steps are to halve each time; where they do not, the bracket is halved.
        follow = np.where(inside & (2.0 * abs(newton - y) < moved[at]), newton, middle)
        moved[at] = abs(follow - y)
        found[at] = np.where(settled, y, follow)
        at = at[~settled]
    return found


def _middle(low: Array, high: Array) -> Array:
    """The mean, or where both are positive and far apart the geometric mean, which bisects exponents."""
    far = (low > 0.0) & (high > 4.0 * low)
    root = np.sqrt(np.where(far, low, 1.0)) * np.sqrt(np.where(far, high, 1.0))
    return np.where(far, root, 0.5 * low + 0.5 * high)
