"""Other starts where a fit has come to no maximum inside: beside the families that the family has at its edge.

Towards such an edge Newton's method creeps along a valley that bends until digits end, and which way it takes hangs on
the last of them. From beside the limits themselves the edge is one direction of the raw predictions.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from likely.fitting import ConvergenceWarning, FitResult, Status
from likely.predictors.maxima.model import Array, LinearModel
from likely.predictors.maxima.trials import INSIDE
from likely.predictors.standard import mean_and_std
from likely.predictors.start import guesses

#: Of one of these fits.
STEPS = 200


def limit_maximum(model: LinearModel, found: FitResult, start: Array) -> Array | None:
    """Coefficients (P,) that lead to a maximum at an edge, where ``found`` is none inside and none that is larger.

    ``start`` (k,) are raw values of the parameters that a modifier adds.
    """
    if found.status not in (Status.boundary, Status.max_iter):
        return None
    if not all(design.intercept for design in model.designs):
        return None
    best, least = None, model.below(found.objective)
    if found.status is Status.max_iter:  # which may be as near to a limit as digits go
        least = 2.0 * found.objective - least
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for raw in _limits(model.loss, model.response.y, model.response.weight, start):
            coefficients = np.zeros(found.parameters.size)
            coefficients[[part.start for part in found.parts]] = raw
            other = model.fitted(coefficients, STEPS)
            if other is not None and other.status in INSIDE and other.objective < least:
                best, least = coefficients, model.below(other.objective)
    return best


def _limits(loss: Any, y: Array, weight: Array | None, start: Array) -> Iterator[Array]:
    """Raw values (k,) beside the limits of the family, or of the only one inside; of others none."""
    structure = loss.specification.structure
    if structure is not None:
        if len(loss.parts) != 1:
            return
        ((inside, columns),) = loss.parts
        rows, of_rows = structure.rows(0, y, weight)
        if inside.specification.support.covers(rows):
            for raw in _limits(inside, rows, of_rows, start[columns]):
                all_ = start.copy()
                all_[columns] = raw
                yield all_
        return
    limits = loss.specification.formulas.get("limits")
    if limits is None or {slot.of for slot in loss.free} != set(loss.specification.parameters):
        return
    mean, std = mean_and_std(y, weight)
    for known in limits(mean, std) if 0.0 < std < np.inf else ():
        yield np.array([guesses(loss, slot, known, mean, std)[0] for slot in loss.free])
