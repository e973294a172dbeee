"""Quantiles of a discrete distribution: the smallest whole number that is far enough up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from likely.inference.rows import blocks

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: A function of whole numbers k (m,) and the rows (m,) they belong to.
OfCounts = Callable[[Array, Rows], Array]
#: Quantiles that are looked for together.
TOGETHER = 1 << 16
#: A tail less a probability is on one side of a level where it is further from it than by this share.
_SURE = 1e-8
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


def quantile_of(
    tail: OfCounts,
    probability: OfCounts,
    p: Array,
    guess: Array,
    low: float,
    high: float,
    *,
    upper: bool,
) -> Array:
    """For each row the smallest whole k in [low, high] with cdf(k) ≥ p, or sf(k) ≤ p where ``upper``.

    ``tail(k, rows)`` is that cdf or sf, and ``probability(k, rows)`` tells what it is at the next number, so that a
    guess that is right, or beside the answer, costs one of either. From others the next is where a line through the
    two meets the level, in normal scores, which are nearly straight in k. Every fourth step halves what is left, or
    doubles the last one.
    """
    sign = -1.0 if upper else 1.0
    with np.errstate(invalid="ignore"):
        k = np.clip(np.rint(np.nan_to_num(guess)), max(low, -LARGEST), min(high, LARGEST))
        goal = sign * ndtri(p)
    end = min(high, 4.0 * LARGEST)
    # The level is reached at ``above`` and not at ``below``, or they are beyond the support.
    below, above = np.full(k.shape, low - 1.0), np.full(k.shape, np.inf)
    stride = np.ones(k.shape)
    for block in blocks(k.shape[0], TOGETHER):
        rows, step = np.arange(k.shape[0])[block], 0
        while rows.size:
            here, level = k[rows], p[rows]
            mass = tail(here, rows)
            hit = mass <= level if upper else mass >= level
            above[rows[hit]], below[rows[~hit]] = here[hit], here[~hit]
            # Down from a number that reaches the level, up from one that does not.
            beside = np.where(hit, here - 1.0, here + 1.0)
            between = probability(np.maximum(here, beside), rows)
            with np.errstate(invalid="ignore"):
                there = mass - sign * np.where(hit, between, -between)
                reached = there <= level if upper else there >= level
                sure = np.abs(there - level) > _SURE * np.maximum(mass, level)
            above[rows[sure & reached]] = np.minimum(above[rows], beside)[sure & reached]
            below[rows[sure & ~reached]] = np.maximum(below[rows], beside)[sure & ~reached]
            a, b = below[rows], above[rows]
            with np.errstate(all="ignore"):
                score = sign * ndtri(mass)
                rise = np.where(hit, score - sign * ndtri(there), sign * ndtri(there) - score)
                straight = here + (goal[rows] - score) / rise
                away = np.where(hit, here - stride[rows], here + stride[rows])
                halfway = np.where(np.isfinite(a) & np.isfinite(b), np.floor(0.5 * (a + b)), away)
                trial = np.where(np.isfinite(straight), np.ceil(straight), halfway)
                trial = halfway if step % 4 == 3 else trial
                trial = np.clip(np.maximum(np.minimum(trial, b - 1.0), a + 1.0), low, end)
            k[rows] = trial
            stride[rows] *= 2.0
            rows = rows[(trial > a) & (trial < b)]
            step += 1
    return np.where(np.isinf(above), high, above) + 0.0  # rounded up to it, 0 is −0


def quantile_of_counts(law: Any, p: Array, rows: Rows, guess: Array, *, upper: bool) -> Array:
    """The same by ``law.tail(k, rows, upper=…)`` and ``law.probability(k, rows)``, of these rows."""

    def tail(k: Array, at: Rows) -> Array:
        found: Array = law.tail(k, rows[at], upper=upper)
        return found

    def probability(k: Array, at: Rows) -> Array:
        found: Array = law.probability(k, rows[at])
        return found

    support = law.loss.specification.support
    return quantile_of(tail, probability, p, guess, support.low, support.high, upper=upper)


def cornish_fisher(p: Array, mean: Array, var: Array, *, upper: bool) -> Array:
    """A start for counts: the normal quantile with the skewness of Poisson and NegativeBinomial.

    Half a count lower, as a start that is one too low costs no more than a right one.
    """
    z = -ndtri(p) if upper else ndtri(p)
    with np.errstate(all="ignore"):
        sd = np.sqrt(var)
        skew = (2.0 * var / mean - 1.0) / sd
        return mean - 0.5 + sd * (z + (z * z - 1.0) * skew / 6.0)
