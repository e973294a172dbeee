"""Where a fit of a user's family begins, of which nobody says which parameter is a scale, a rate or a shape.

Beside a guess far off a likelihood may be level, as where a rate is so large that its part of the density is none, and
what is likely at once need not be where the maximum is. So some of Newton's steps from each of several guesses decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import Design, Response, approaching, together
from likely.predictors.own import credible

Array = NDArray[np.float64]

#: Guesses that are tried, and how far a raw value is from those of the others.
TRIED, APART = 16, 1.5
#: Newton's steps from each, until one promises less than this for each row.
STEPS, ENOUGH = 20, 1e-6


def best_reached(loss: Any, y: Array, ranked: Array) -> Array | None:
    """Raw values (k,) of the largest maximum to which guesses (m, k), the best first, lead.

    Where none leads to one, the first guess at which the density integrates to 1; None where it does nowhere.
    """
    if loss.specification.smooth and loss.columns:
        constants, nothing = [Design((), True)] * loss.columns, np.empty((y.shape[0], 0))
        ends = together(
            approaching(
                loss, nothing, constants, Response(y), raw, steps=STEPS, enough=ENOUGH * y.shape[0]
            )
            for raw in _apart(ranked)
        )
        maxima = [end for end in ends if end is not None and end.left <= ENOUGH * y.shape[0]]
        maxima.sort(key=lambda end: end.objective)
        if maxima:
            found = credible(loss, np.array([end.coefficients for end in maxima]))
            if found is not None:
                return found
    return credible(loss, ranked)


def _apart(ranked: Array) -> list[Array]:
    """The first of those that are alike."""
    kept: list[Array] = []
    for raw in ranked:
        if len(kept) < TRIED and all(np.abs(raw - other).max() > APART for other in kept):
            kept.append(raw)
    return kept
