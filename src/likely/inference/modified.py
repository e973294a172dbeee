"""What a modified family's distribution follows from: the distributions of the families inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.inference.predictive import Predictive

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: A part with less of the probability than this is integrated from the density, or summed.
LEAST = 1e-290


def insides(loss: Any, raw: Array) -> list[Predictive]:
    """The distributions of the families inside, a row each."""
    return [Predictive(inside, raw[columns]) for inside, columns in loss.parts]


def between(law: Predictive, low: Array, high: Array) -> Array:
    """P(low < Y ≤ high), (n,), a difference of the smaller tails."""
    f, s = [law.cdf(y) for y in (low, high)], [law.sf(y) for y in (low, high)]
    middle = 1.0 - f[0] - s[1]
    return np.where(f[1] < 0.5, f[1] - f[0], np.where(s[0] < 0.5, s[0] - s[1], middle))


def xlogx(x: Array) -> Array:
    """x log x, 0 at 0."""
    return np.where(x > 0.0, x * np.log(np.where(x > 0.0, x, 1.0)), 0.0)


def highest(law: Any, candidates: Array) -> Array:
    """Of candidates (c, n), ascending, each row's with the largest density; of ties the first.

    At an edge that is not in the support, where a density may grow, it is taken next to it.
    """
    support, inner = law.loss.specification.support, candidates
    for edge, closed, other in (
        (support.low, support.closed_low, np.inf),
        (support.high, support.closed_high, -np.inf),
    ):
        if np.isfinite(edge) and not closed:
            inner = np.where(inner == edge, np.nextafter(edge, other), inner)
    logs = [Predictive(law.loss, law.raw).log_prob(y) for y in inner]
    best = np.argmax(np.array(logs), axis=0)
    return candidates[best, np.arange(candidates.shape[1])]
