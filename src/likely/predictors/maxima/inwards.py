"""Other starts where a shared parameter has gone to the edge of its domain: back inside.

The edge, as infinite degrees of freedom, may be the likeliest place on the way there, and yet not the largest maximum:
where three rows of ten are those of another kind, a location between both kinds leaves no heavy tails to see, and one
that passes them by has few degrees of freedom. Of many rows some are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from likely.fitting import FitResult, Status
from likely.predictors.maxima.model import Array, LinearModel

#: Rows that are looked at, or up to twice as many.
ROWS = 1000
#: Raw values from which fits begin, in turn.
INSIDE = (-2.0, -1.0, 0.0, 1.0, 3.0)
#: Steps of a fit.
STEPS = 50


def inward_maximum(model: LinearModel, found: FitResult) -> Array | None:
    """Coefficients (P,) that lead to a maximum larger than the edge ``found``; None where none are known."""
    column = _gone(model, found)
    if column is None or not model.loss.smooth or model.counted[0].size <= found.parameters.size:
        return None
    if model.X.shape[0] < 2 * ROWS:
        starts = _starts(model, found, column)
        return model.largest(starts, model.below(found.objective), STEPS)
    some = model.some_rows(ROWS)
    inner = some.largest(_starts(some, found, column), some.objective_at(found.parameters), STEPS)
    # Of some rows another maximum is always a little larger.
    better = inner is not None and model.objective_at(inner) < model.below(found.objective)
    return inner if better else None


def _gone(model: LinearModel, found: FitResult) -> int | None:
    """Where the only coefficient without an estimate is, if it is a parameter that all rows share; else None."""
    if found.status is not Status.boundary:
        return None
    lost = np.flatnonzero(np.isnan(found.std_errors))
    if lost.size != 1:
        return None
    shared = [
        part.start
        for design, part in zip(model.designs, found.parts, strict=True)
        if design.intercept and part.stop == part.start + 1
    ]
    return int(lost[0]) if lost[0] in shared else None


def _starts(model: LinearModel, found: FitResult, column: int) -> Iterator[Array]:
    """The coefficients (P,) on the edge, with the parameter that has no estimate at some values inside."""
    for value in INSIDE:
        inside = found.parameters.copy()
        inside[column] = value
        if model.objective_at(inside) < np.inf:
            yield inside
