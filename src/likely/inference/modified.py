"""What a modified family's distribution follows from: the distributions of the families inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import Domain
from likely.inference.predictive import Predictive

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: A part with less of the probability than this is integrated from the density, or summed.
LEAST = 1e-290


def insides(loss: Any, raw: Array) -> list[Predictive]:
    """The distributions of the families inside, a row each."""
    return [Predictive(inside, raw[columns]) for inside, columns in loss.parts]


def between(law: Predictive, low: Array, high: Array) -> Array:
    """P(low < Y ≤ high), (n,)."""
    return difference(law.cdf(low), law.sf(low), law.cdf(high), law.sf(high))


def difference(cdf_low: Array, sf_low: Array, cdf_high: Array, sf_high: Array) -> Array:
    """P(low < Y ≤ high) by the tails at both ends: the difference of the smaller ones."""
    middle = 1.0 - cdf_low - sf_high
    return np.where(
        cdf_high < 0.5, cdf_high - cdf_low, np.where(sf_low < 0.5, sf_low - sf_high, middle)
    )


def xlogx(x: Array) -> Array:
    """x log x, 0 at 0."""
    return np.where(x > 0.0, x * np.log(np.where(x > 0.0, x, 1.0)), 0.0)


def highest(law: Any, candidates: Array) -> Array:
    """Of candidates (c, n), ascending, each row's with the largest density; of ties the first."""
    best = np.argmax(log_densities(law, candidates), axis=0)
    return candidates[best, np.arange(candidates.shape[1])]


def log_densities(law: Any, y: Array) -> Array:
    """log p at y (c, n); at an edge that is not in the support, where a density may grow, next to it."""
    places = off_edges(law.loss.specification.support, y)
    return np.array([Predictive(law.loss, law.raw).log_prob(row) for row in places])


def off_edges(support: Domain, y: Array) -> Array:
    """y, but for the edges that do not belong to the support the number next to them inside.

    Next to 0 it is one of which a share is a number, too.
    """
    for edge, closed, other in (
        (support.low, support.closed_low, np.inf),
        (support.high, support.closed_high, -np.inf),
    ):
        if np.isfinite(edge) and not closed:
            beside = np.nextafter(edge, other) if edge else np.copysign(LEAST, other)
            y = np.where(y == edge, beside, y)
    return y


def next_to(y: Array) -> Array:
    """Places (3, …): y, and a few of its last digits below and above, where it may be a pole, rounded."""
    by = 2.0**-50 * y
    return np.array([y, y - by, y + by])
