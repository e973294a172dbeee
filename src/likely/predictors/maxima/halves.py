"""Another start where rows say nothing of some parameters, as a zero says nothing of the amounts: the rows that do.

Such a row has no part in the likelihood of a mean, and yet in its column of X it may lie far beyond all others: the
expected information there is its own, and steps by it are too short for the others, whose fit is an ordinary one.
"""

from __future__ import annotations

import warnings

import numpy as np

from likely.fitting import ConvergenceWarning, FitResult, Status
from likely.predictors.maxima.model import Array, LinearModel
from likely.predictors.maxima.trials import INSIDE

#: Modifiers of which the family inside has rows of its own.
KINDS = ("ZeroInflated", "Inflated", "Hurdle")
#: Steps of a fit.
STEPS = 100


def halves_maximum(model: LinearModel, found: FitResult, start: Array) -> Array | None:
    """Coefficients (P,) of the family inside, fitted to its own rows, where ``found`` is no maximum inside.

    None where that is one, or has no such rows. ``start`` (k,) are the raw values of the marginal fit.
    """
    structure = model.loss.specification.structure
    if found.status in INSIDE or structure is None or structure.kind not in KINDS:
        return None
    y, weight = model.response.y, model.response.weight
    ((inside, columns),) = model.loss.parts
    points = structure.points or (0.0,)
    own = np.where(np.isin(y, points), 0.0, 1.0 if weight is None else weight)
    if not own.any():
        return None
    half = model.of(inside, columns, np.where(own > 0.0, y, y[own > 0.0][0]), own)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = half.fitted_from(start[columns], STEPS)
    if fitted.status is not Status.converged:
        return None
    blocks = [np.zeros(model.size(j)) for j in range(len(model.designs))]
    for j, design in enumerate(model.designs):
        if design.intercept:
            blocks[j][0] = start[j]
    for j, part in zip(columns, fitted.parts, strict=True):
        blocks[j] = fitted.parameters[part]
    return np.concatenate(blocks)
