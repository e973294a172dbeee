"""Where the fit of a MultivariateNormal begins: at least squares, and at the covariance of what these leave.

With one covariance for all rows, and the same columns for every target, that is the maximum already. From the
covariance of y itself the way to it leads along a narrow valley where targets depend on each other: hundreds of
steps, or thousands, for a dozen of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import Design, Response

Array = NDArray[np.float64]

#: Entries of X up to which all rows are looked at.
ENTRIES = 2_000_000
#: Residuals smaller than this, relative to y, may be its rounding.
ROUNDING = 1e-10


def residual_start(
    loss: Any, X: Any, designs: Sequence[Design], response: Response
) -> Array | None:
    """Coefficients (P,) to start from; None for other families, and where the residuals have no covariance."""
    if loss.specification.vector != "dimensions" or not any(
        len(d.chosen(X.shape[1])) for d in designs[: loss.size]
    ):
        return None
    if not all(design.intercept for design in designs[loss.size :]):
        return None
    every = slice(None, None, 1 + X.shape[0] * (X.shape[1] + 1) // ENTRIES)
    kept, y, weight, offset = response.take(every).counted(loss.columns)
    if not y.size:
        return None
    some = X[every]
    rows = (some.toarray() if issparse(some) else np.asarray(some, dtype=np.float64))[kept]
    residuals, slopes = y - offset[: loss.size].T, []
    for j, design in enumerate(designs[: loss.size]):
        found = _least_squares(
            rows[:, list(design.chosen(rows.shape[1]))], design.intercept, residuals[:, j], weight
        )
        if found is None:
            return None
        location, residuals[:, j] = found
        slopes.append(location)
    if (np.abs(residuals).max(axis=0) <= ROUNDING * np.abs(y).max(axis=0)).any():
        return None
    try:
        raw = loss.maximum(residuals, weight)
    except ValueError:  # the fit itself says what is dependent
        return None
    for location, design, mean in zip(slopes, designs[: loss.size], raw[: loss.size], strict=True):
        location[0] += mean if design.intercept else 0.0
    factor = raw[loss.size :] - offset[loss.size :].mean(axis=1)
    constants = [
        np.r_[one, np.zeros(len(design.chosen(rows.shape[1])))]
        for one, design in zip(factor, designs[loss.size :], strict=True)
    ]
    coefficients = np.concatenate([*slopes, *constants])
    return coefficients if np.isfinite(coefficients).all() else None


def _least_squares(
    rows: Array, intercept: bool, y: Array, weight: Array
) -> tuple[Array, Array] | None:
    """The intercept, if any, and the slopes, and what they leave of y; None where float64 does not hold them."""
    with np.errstate(all="ignore"):  # columns may be of any size
        size = np.abs(rows).max(axis=0, initial=0.0)
        unit = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0.0)
        design = rows * unit
        if intercept:
            design = np.c_[np.ones(y.size), design - np.average(design, axis=0, weights=weight)]
        if not np.isfinite(design).all():
            return None
        root = np.sqrt(weight)
        found = np.linalg.lstsq(root[:, None] * design, root * y)[0]
        left = y - design @ found
        first = int(intercept)
        found[first:] *= unit
        if intercept:
            found[0] -= np.average(rows, axis=0, weights=weight) @ found[1:]
    return found, left
