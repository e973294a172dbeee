"""Nothing to estimate: every parameter is fixed, and the fit is the log-likelihood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from likely.fitting.blocks import BLOCK, fold, fold_threads
from likely.fitting.problem import Array, Loss, Response
from likely.fitting.result import FitResult, Status


def fit_fixed(
    loss: Loss, response: Response, covariances: Sequence[str], n_jobs: int | None
) -> FitResult:
    """Σ wᵢ·nllᵢ of a loss without raw columns, as the result of a fit without coefficients.

    ValueError where the sum is infinite: then the fixed values are too far from y for float64.
    """
    n = response.y.shape[0]

    def work(block: int, _: int) -> Array:
        rows = slice(block * BLOCK, min((block + 1) * BLOCK, n))
        y = np.asarray(response.y[rows], dtype=np.float64)
        weight = np.ones(y.size) if response.weight is None else response.weight[rows]
        kept = np.flatnonzero(weight)
        nll = loss.evaluate(np.ascontiguousarray(y[kept]), np.empty((0, kept.size)), 0)[0]
        return np.array([weight[kept] @ nll, weight.sum(), kept.size])

    total, weight, rows = fold(work, -(-n // BLOCK), lambda a, b: a + b, fold_threads(n, n_jobs))
    if not np.isfinite(total):
        raise ValueError(
            f"the negative log-likelihood of the fixed parameters is {total}: y is too far from "
            "them for float64; fix other values, or let the fit learn them"
        )
    return FitResult(
        status=Status.converged,
        message="converged: every parameter is fixed, so there is nothing to estimate",
        parameters=np.zeros(0),
        terms=(),
        parts=(),
        has_intercept=(),
        covariances={kind: np.zeros((0, 0)) for kind in covariances},
        loss=float(total),
        objective=float(total),
        gradient_norm=0.0,
        decrement=0.0,
        iterations=0,
        condition=1.0,
        n_rows=int(rows),
        weight=float(weight),
        engine="none",
    )
