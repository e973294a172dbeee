"""Density estimation: k raw numbers that all rows share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from likely.fitting.linear import fit_linear
from likely.fitting.problem import Array, Design, Loss, Response
from likely.fitting.result import FitResult

#: Counting values pays where the counts are fewer than the rows by this factor.
REPEATS = 8


def fit_constant(
    loss: Loss,
    response: Response,
    *,
    start: Array,
    covariances: Sequence[str] = ("observed", "robust"),
    max_iter: int = 200,
    n_jobs: int | None = None,
    stacklevel: int = 2,
) -> FitResult:
    """Minimise Σ wᵢ·nllᵢ(raw) over raw (k,), the same for all rows.

    Non-negative integers are counted first: rows with the same y and no offset are one row with the
    sum of their weights, which is exact. Otherwise as ``fit_linear``; ``n_rows`` counts the rows
    given.
    """
    n = response.y.shape[0]
    counted = _counted(response)
    result = fit_linear(
        loss,
        np.empty((counted.y.shape[0], 0)),
        [Design((), True)] * loss.columns,
        counted,
        start=start,
        covariances=covariances,
        max_iter=max_iter,
        n_jobs=n_jobs,
        stacklevel=stacklevel + 1,
    )
    if counted is response:
        return result
    from dataclasses import replace

    rows = n if response.weight is None else int(np.count_nonzero(response.weight))
    return replace(result, n_rows=rows)


def _counted(response: Response) -> Response:
    """The distinct values of y with the sums of their weights, where y repeats much."""
    y, n = response.y, response.y.shape[0]
    if response.offset is not None or y.ndim > 1 or n < REPEATS:
        return response
    sample = np.asarray(y[:4096], dtype=np.float64)
    if (sample != np.floor(sample)).any() or sample.min() < 0.0:
        return response
    low, high = float(y.min()), float(y.max())
    if low < 0.0 or not high * REPEATS < n or (y != np.floor(y)).any():
        return response
    sums = np.bincount(y.astype(np.int64), response.weight)
    values = np.flatnonzero(sums)
    return Response(values.astype(np.float64), sums[values].astype(np.float64))
