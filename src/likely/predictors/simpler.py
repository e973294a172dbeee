"""Other starts where parameters beside the first depend on x, for few rows: the fit in which they do not.

The likelihood of a mean and a dispersion that both depend on x may have several maxima, of which a fit that begins
at constants may reach one that is lower than that of the simpler model inside. From the maximum of the simpler model
a fit cannot: the likelihood only rises on its way. Others begin there with the other parameters leaning to either side.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import ConvergenceWarning, Design, FitResult, Response, Status, fit_linear
from likely.predictors.lesser import (
    SAME,
    equal_rows,
    loc_and_scale,
    loss_at,
    standardised,
)

Array = NDArray[np.float64]

#: With more rows for each coefficient these starts lead to the same maximum.
EACH = 8
#: Steps of a fit.
STEPS = 50
#: By how much other parameters lean, for a standard deviation of a column; of more columns none are tried.
LEAN, MOST_COLUMNS = 2.0, 6


def simpler_maximum(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    start: Array,
    alpha: Array | None,
    found: FitResult,
) -> Array | None:
    """Coefficients (P,) at a maximum that is larger than the one ``found``; None where none is known."""
    if not loss.smooth or loss.specification.vector is not None:
        return None
    slopes = any(len(d.chosen(X.shape[1])) for d in designs[1:])
    if not slopes or not all(d.intercept for d in designs):
        return None
    if equal_rows(response) > EACH * found.parameters.size:
        return None
    inner = [*designs[:1], *(Design((), True) for _ in designs[1:])]
    best, least = None, found.objective - SAME * max(1.0, abs(found.objective))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        simple = fit_linear(
            loss, X, inner, response, start=start, alpha=alpha, covariances=(), max_iter=STEPS
        )
        if simple.status is not Status.converged:
            return None
        for coefficients in _starts(loss, X, designs, response, simple, found.parts):
            other = fit_linear(
                loss, X, designs, response, start=start,
                coefficients=coefficients, alpha=alpha, covariances=(), max_iter=STEPS,
            )  # fmt: skip
            if other.status is Status.converged and other.objective < least:
                best, least = other.parameters, other.objective
    return best


def _starts(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    simple: FitResult,
    parts: Sequence[slice],
) -> Iterator[Array]:
    """The simpler fit's coefficients (P,), and those with one slope of another parameter."""
    kept, y, weight, offset = response.counted(loss.columns)
    dense = (X.toarray() if issparse(X) else np.asarray(X, dtype=np.float64))[kept]
    rows = [dense[:, list(d.chosen(dense.shape[1]))] for d in designs]
    first = np.zeros(parts[-1].stop)
    for part, mine in zip(parts, simple.parts, strict=True):
        values = simple.parameters[mine]
        first[part.start : part.start + values.size] = values
    yield first
    # Slopes of a scale beside a location are gone through elsewhere, by least squares.
    if loc_and_scale(loss) or sum(x.shape[1] for x in rows[1:]) > MOST_COLUMNS:
        return
    for part, x in zip(parts[1:], rows[1:], strict=True):
        with np.errstate(all="ignore"):  # columns may be beyond what has squares
            centre, inverse = standardised(x)
        for j in np.flatnonzero(inverse):
            for slope in (LEAN * inverse[j], -LEAN * inverse[j]):
                leaning = first.copy()
                leaning[part.start] -= centre[j] * slope
                leaning[part.start + 1 + j] = slope
                if loss_at(loss, rows, y, weight, offset, designs, parts, leaning) < np.inf:
                    yield leaning
