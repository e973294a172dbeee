"""A y of several columns of which one is a linear combination of others and of X: its covariance is singular.

Then the likelihood of a MultivariateNormal has no bound. Newton's method comes to where digits end, before it can know,
on a way that bends, so the columns are looked at, and a few steps are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from likely.fitting import Design, FitResult, Status
from likely.predictors.least_squares import blocks, least_squares
from likely.predictors.maxima.model import LinearModel

#: Of many rows so many for each coefficient are looked at first.
EACH = 4
#: With more columns than this it is only seen which columns of y depend on each other: least squares on so many of X
#: would take longer than the fit.
MOST = 1500
#: Steps of a fit that has no maximum to come to.
STEPS = 8
#: Rounding of a float64, of which a sum of a few terms has some.
ROUNDING = 64.0 * 2.0**-53


def dependent_columns(model: LinearModel) -> list[int]:
    """The columns of y that, given X, are linear combinations of those before them; for a covariance that is free."""
    if [slot.parameter for slot in model.loss.free] != ["loc", "covariance"]:
        return []
    targets = model.response.y.shape[1]
    if not all(design.intercept for design in model.designs[targets:]):
        return []
    design, width = model.designs[0], model.size(0) + targets
    if width > MOST:
        design, width = Design((), design.intercept), design.intercept + targets
    few = model.some_rows(EACH * width)
    if few.X.shape[0] < model.X.shape[0] and not _dependent(few, design):
        return []
    return _dependent(model, design)


def singular(result: FitResult, columns: Sequence[int]) -> FitResult:
    """The result, whose message names the columns: without a bound, however far the fit went."""
    text = result.message if result.status is Status.unbounded else Status.unbounded.value
    several = len(columns) > 1
    text += (
        f". Column{'s' if several else ''} {', '.join(map(str, columns))} of y (counting from 0) "
    )
    text += "are" if several else "is"
    text += (
        " in every row a linear combination of the columns of y before "
        f"{'them' if several else 'it'} and of X, so that the covariance is singular: leave "
        f"{'them' if several else 'it'} out of y, or use more rows than coefficients"
    )
    return replace(result, status=Status.unbounded, message=text)


def _dependent(model: LinearModel, design: Design) -> list[int]:
    """By least squares for the locations, and of what is left of each column on what is left of those before."""
    kept, y, weight, offset = model.counted
    X = model.X if kept.size == model.X.shape[0] else model.X[kept]
    wanted = y - offset[: y.shape[1]].T
    found = least_squares(X, design, wanted, weight)
    if found is None:
        return []
    location, residual = found
    terms = np.abs(wanted)
    if design.intercept:
        terms += np.abs(location[0])
    for rows, block in blocks(X, design):
        terms[rows] += np.abs(block) @ np.abs(location[int(design.intercept) :])
    root, dependent = np.sqrt(weight)[:, None], []
    for i in range(y.shape[1]):
        before = residual[:, :i]
        slopes = np.linalg.lstsq(root * before, root[:, 0] * residual[:, i], rcond=None)[0]
        left = np.abs(residual[:, i] - before @ slopes)
        if (left <= ROUNDING * (terms[:, i] + terms[:, :i] @ np.abs(slopes))).all():
            dependent.append(i)
    return dependent
