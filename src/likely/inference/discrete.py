"""Quantiles of a discrete distribution: the smallest whole number that is far enough up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Whole numbers beyond this are not told apart by float64.
LARGEST = 2.0**53


def smallest(
    reached: Callable[[Array, Rows], NDArray[np.bool_]], guess: Array, low: float, high: float
) -> Array:
    """For each row the smallest whole k in [low, high] with ``reached(k, rows)``, which is monotone in k.

    Gallops from ``guess`` in doubling steps until the answer is bracketed, then bisects: a guess that is
    right costs two evaluations. ``high`` is the answer where nothing below it reaches.
    """
    with np.errstate(invalid="ignore"):
        k = np.clip(np.rint(np.nan_to_num(guess)), max(low, -LARGEST), min(high, LARGEST))
    every = np.arange(k.shape[0])
    here = reached(k, every)
    # reached(above) holds and reached(below) does not, or they are outside [low, high].
    above = np.where(here, k, np.inf)
    below = np.where(here, low - 1.0, k)
    step = np.ones_like(k)
    rows = every
    while rows.size:
        down = here[rows]
        trial = np.where(down, above[rows] - step[rows], below[rows] + step[rows])
        trial = np.clip(trial, low, min(high, 4 * LARGEST))
        hit = reached(trial, rows)
        above[rows[hit]] = trial[hit]
        below[rows[~hit]] = np.maximum(below[rows[~hit]], trial[~hit])
        step[rows] *= 2.0
        edge = np.where(down, trial <= low, trial >= min(high, 4 * LARGEST))
        rows = rows[(hit == down) & ~edge]
    above = np.where(np.isinf(above), high, above)
    rows = every[np.isfinite(above)]
    while rows.size:
        middle = np.floor(0.5 * (above[rows] + below[rows]))
        between = (middle > below[rows]) & (middle < above[rows])
        rows, middle = rows[between], middle[between]
        hit = reached(middle, rows)
        above[rows[hit]] = middle[hit]
        below[rows[~hit]] = middle[~hit]
    return above


def cornish_fisher(z: Array, mean: Array, var: Array) -> Array:
    """A start for counts: the normal quantile with the skewness of Poisson and NegativeBinomial."""
    with np.errstate(all="ignore"):
        sd = np.sqrt(var)
        skew = (2.0 * var / mean - 1.0) / sd
        return mean + sd * (z + (z * z - 1.0) * skew / 6.0)
