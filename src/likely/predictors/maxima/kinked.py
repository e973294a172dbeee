"""Other starts of a loss with a kink whose scale depends on x, for few rows: the likelihood has many maxima.

At a given scale the location passes through as many rows as it has coefficients, and at a given location the scale has
one best value; where both are at their best there is a maximum, and others are where the location passes through other
rows. So the slopes of the scale are moved, one by one and to either side, and moved on from what is better.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from likely.fitting import ConvergenceWarning, FitResult, Status
from likely.fitting.absolute import ProgrammeError
from likely.predictors.maxima.model import Array, LinearModel, standardised

#: With more rows for each coefficient the maximum that the fit comes to is the largest, or all but.
EACH = 15
#: More rows, or columns of the scale, are not gone through.
MOST_ROWS, MOST_COLUMNS = 1000, 12
#: By how much a slope is moved, for a standard deviation of its column, and how often all are.
MOVES, ROUNDS = (0.5, -0.5, 1.5, -1.5), 6
#: Steps of a fit.
STEPS = 50


def kinked_maximum(model: LinearModel, found: FitResult) -> Array | None:
    """Coefficients (P,) at a maximum that is larger than the one ``found``; None where none is known."""
    names = [slot.parameter for slot in model.loss.free]
    if model.loss.smooth or "scale" not in names or found.status is not Status.converged:
        return None
    scale = names.index("scale")
    columns = len(model.chosen(scale))
    if not 0 < columns <= MOST_COLUMNS or model.X.shape[0] > MOST_ROWS:
        return None
    if not model.designs[scale].intercept or model.equal_rows > EACH * found.parameters.size:
        return None
    best: Array | None = None
    least, around = model.below(found.objective), found.parameters
    for _ in range(ROUNDS):
        further = None
        for start in _moved(model, around, found.parts[scale], scale):
            other = _fitted(model, start)
            if other is not None and other.objective < least:
                further, least = other.parameters, model.below(other.objective)
        if further is None:
            break
        best = around = further
    return best


def _moved(model: LinearModel, around: Array, part: slice, scale: int) -> Iterator[Array]:
    """The coefficients (P,) with one slope of the scale moved, and the same scale in the middle of its column."""
    with np.errstate(all="ignore"):  # columns may be beyond what has squares
        centre, inverse = standardised(model.columns(scale))
    for j in np.flatnonzero(inverse):
        for slope in np.array(MOVES) * inverse[j]:
            moved = around.copy()
            moved[part.start] -= centre[j] * slope
            moved[part.start + 1 + j] += slope
            yield moved


def _fitted(model: LinearModel, start: Array) -> FitResult | None:
    """The fit from there; None where it comes to no maximum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            other = model.fitted(start, STEPS)
        except (
            ProgrammeError
        ):  # scales so far apart that the linear programme has no digits: one start less
            return None
    return other if other is not None and other.status is Status.converged else None
