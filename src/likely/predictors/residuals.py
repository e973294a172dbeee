"""Where the fit of a MultivariateNormal begins: at least squares, and at the covariance of what these leave.

With one covariance for all rows, and the same columns for every target, that is the maximum already. From the
covariance of y itself the way to it leads along a narrow valley where targets depend on each other: hundreds of
steps, or thousands, for a dozen of them.
"""

from __future__ import annotations

import numpy as np

from likely.predictors.least_squares import least_squares
from likely.predictors.maxima.model import Array, LinearModel

#: Entries of X up to which all rows are looked at.
ENTRIES = 2_000_000
#: Residuals smaller than this, relative to y, may be its rounding.
ROUNDING = 1e-10


def residual_start(model: LinearModel) -> Array | None:
    """Coefficients (P,) to start from; None for other families, and where the residuals have no covariance."""
    loss, designs, X = model.loss, model.designs, model.X
    if loss.specification.vector != "dimensions" or not model.slopes(0):
        return None
    if not all(design.intercept for design in designs[loss.size :]):
        return None
    every = slice(None, None, 1 + X.shape[0] * (X.shape[1] + 1) // ENTRIES)
    kept, y, weight, offset = model.response.take(every).counted(loss.columns)
    if not y.size:
        return None
    wanted = y - offset[: loss.size].T
    found = least_squares(X[every][kept], designs[0], wanted, weight)  # loc's columns are alike
    if found is None:
        return None
    slopes, residuals = found
    if (np.abs(residuals).max(axis=0) <= ROUNDING * np.abs(y).max(axis=0)).any():
        return None
    try:
        raw = loss.maximum(residuals, weight)
    except ValueError:  # the fit itself says what is dependent
        return None
    if designs[0].intercept:
        slopes[0] += raw[: loss.size]
    factor = raw[loss.size :] - offset[loss.size :].mean(axis=1)
    constants = [np.r_[one, np.zeros(model.slopes(j))] for j, one in enumerate(factor, loss.size)]
    coefficients = np.concatenate([*slopes.T, *constants])
    return coefficients if np.isfinite(coefficients).all() else None
