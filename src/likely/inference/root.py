"""Where a function that rises in y is 0, of many rows at once."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: The smallest positive number.
SMALLEST = np.nextafter(0.0, 1.0)
#: A root is settled when a step changes it by less, relative to itself, or, around 0, to the first bracket's side.
_NEAR, _TINY = 1.2e-16, 1e-30
#: Further from 0 the excess is no straight line, however steep it is here: next to a pole of a density it may be steep
#: for less than a digit of y.
_STRAIGHT = 0.5
#: A bracket around 0 of which one side is shorter than the other by this is divided there.
_UNEVEN = 1e-3


class Rising(Protocol):
    """A function of y of every row, and its derivative."""

    #: Of every row, what the excess is not told apart from 0 by: its own rounding.
    rounding: Array

    def excess(self, y: Array, at: Rows) -> Array:
        """Its values at y, for the rows ``at``: negative below the root."""

    def slope(self, y: Array, at: Rows) -> Array:
        """Its derivative there."""


def root(problem: Rising, low: Array, high: Array, start: Array | None = None) -> Array:
    """Where the excess is 0 in [low, high]: Newton's steps from ``start``, and bisection where those fail."""
    # Around 0 there is no last digit: there the shorter side of the first bracket is the measure.
    side = np.minimum(-low, high)
    found, at = _middle(low, high), np.arange(low.size)
    if start is not None:
        found = np.where((start > low) & (start < high), start, found)
    moved, steady = np.full(low.shape, np.inf), np.zeros(low.shape, dtype=bool)
    while at.size:
        y = found[at]
        over = problem.excess(y, at)
        low[at], high[at] = np.where(over < 0.0, y, low[at]), np.where(over < 0.0, high[at], y)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = problem.slope(y, at)
            newton = y - over / np.where(np.isinf(slope), np.nan, slope)
            # A tail that is a power of y is straight in log y.
            by = newton / y - 1.0
            power = (low[at] >= 0.0) & (abs(by) > 0.5)
            newton = np.where(power, y * np.exp(by), newton)
        inside = (newton > low[at]) & (newton < high[at])
        around = (low[at] < 0.0) & (high[at] > 0.0)
        near = np.maximum(_NEAR * abs(y), np.where(around, _TINY * side[at], 0.0))
        middle = _middle(low[at], high[at])
        settled = (
            (abs(over) <= problem.rounding[at])
            | ((abs(newton - y) <= near) & (abs(over) <= _STRAIGHT))
            | (high[at] - low[at] <= near)
        )
        settled |= middle == y  # no number is left in between
        # Newton's steps are to halve each time; where they do not, the bracket is halved.
        step = abs(newton - y)
        follow = inside & (step < 0.5 * moved[at])
        # The next of Newton's steps would be about the cube of this one over the square of the last.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            last = follow & steady[at] & (step * (step / moved[at]) ** 2 <= near)
        next_ = np.where(follow, newton, middle)
        moved[at], steady[at] = abs(next_ - y), follow & ~power
        found[at] = np.where(settled, y, next_)
        at = at[~(settled | last)]
    return found


def _middle(low: Array, high: Array) -> Array:
    """The mean, or where both have one sign and are far apart the geometric mean, which bisects exponents.

    Of different signs and sizes it is 0, which tells the sign.
    """
    sign = np.where(high <= 0.0, -1.0, 1.0)
    near, beyond = np.where(sign < 0.0, -high, low), np.where(sign < 0.0, -low, high)
    least = np.maximum(near, SMALLEST)
    far = (near >= 0.0) & (beyond > 4.0 * least)
    root = np.sqrt(least) * np.sqrt(np.where(far, beyond, 1.0))
    short, long = np.minimum(-low, high), np.maximum(-low, high)
    uneven = (short > 0.0) & (short < _UNEVEN * long)
    return np.where(far, sign * root, np.where(uneven, 0.0, 0.5 * low + 0.5 * high))
