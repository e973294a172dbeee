"""A y of several columns of which one is a linear combination of others and of X: its covariance is singular.

Then the likelihood of a MultivariateNormal has no bound. Newton's method comes to where digits end, before it can know,
on a way that bends, so the columns are looked at, and a few steps are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import Design, FitResult, Response, Status

Array = NDArray[np.float64]

#: Of many rows so many for each coefficient are looked at first.
EACH = 20
#: Steps of a fit that has no maximum to come to.
STEPS = 8
#: Rounding of a float64, of which a sum of a few terms has some.
ROUNDING = 64.0 * 2.0**-53


def dependent_columns(
    loss: Any, X: Any, designs: Sequence[Design], response: Response
) -> list[int]:
    """The columns of y that, given X, are linear combinations of those before them; for a covariance that is free."""
    if [slot.parameter for slot in loss.free] != ["loc", "covariance"]:
        return []
    if not all(design.intercept for design in designs[response.y.shape[1] :]):
        return []
    width = designs[0].intercept + len(designs[0].chosen(X.shape[1])) + response.y.shape[1]
    few = slice(None, None, max(1, X.shape[0] // (EACH * width)))
    if few.step > 1 and not _dependent(loss, X[few], designs[0], response.take(few)):
        return []
    return _dependent(loss, X, designs[0], response)


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


def _dependent(loss: Any, X: Any, design: Design, response: Response) -> list[int]:
    """By least squares for the locations, and of what is left of each column on what is left of those before."""
    kept, y, weight, offset = response.counted(loss.columns)
    d, root = y.shape[1], np.sqrt(weight)[:, None]
    chosen = X[kept][:, list(design.chosen(X.shape[1]))]
    columns = chosen.toarray() if issparse(chosen) else np.asarray(chosen, dtype=np.float64)
    columns = np.c_[np.ones((len(y), int(design.intercept))), columns]
    wanted = y - offset[:d].T
    location = np.linalg.lstsq(root * columns, root * wanted, rcond=None)[0]
    residual = wanted - columns @ location
    terms = np.abs(wanted) + np.abs(columns) @ np.abs(location)
    found = []
    for i in range(d):
        before = residual[:, :i]
        slopes = np.linalg.lstsq(root * before, root[:, 0] * residual[:, i], rcond=None)[0]
        left = np.abs(residual[:, i] - before @ slopes)
        if (left <= ROUNDING * (terms[:, i] + terms[:, :i] @ np.abs(slopes))).all():
            found.append(i)
    return found
