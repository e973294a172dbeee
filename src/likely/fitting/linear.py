"""Fit the linear predictors of a loss: from the start values to a certified result."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from likely.fitting.blocks import single_threaded_blas
from likely.fitting.fixed import fit_fixed
from likely.fitting.nonsmooth import fit_absolute
from likely.fitting.problem import Array, Design, Loss, Response, check_problem
from likely.fitting.result import ConvergenceWarning, FitResult, Status
from likely.fitting.smooth import fit_smooth
from likely.fitting.source import Source
from likely.fitting.task import Task, weighed


def fit_linear(
    loss: Loss,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    *,
    start: Array,
    coefficients: Array | None = None,
    alpha: Array | None = None,
    names: Sequence[str] | None = None,
    covariances: Sequence[str] = ("observed", "robust"),
    max_iter: int = 200,
    n_jobs: int | None = None,
    stacklevel: int = 2,
    tell: Callable[[FitResult], FitResult] | None = None,
    to_edges: bool = True,
) -> FitResult:
    """Minimise Σ wᵢ·nllᵢ + ½·Σⱼ alphaⱼ·‖slopesⱼ‖² over the linear predictors of k raw columns.

    X (n, p): array or memory map, float32 or float64, or SciPy sparse; ``designs``, one per raw
    column. ``start`` (k,) are raw values to start from, such as those of the marginal fit, unless there are
    ``coefficients`` (P,), as in a result, to start from;
    ``alpha`` (k,) the ridge penalties of the raw columns, on slopes in the units of X; ``names``
    (p,) name the columns of X in messages. ``covariances`` are the ones to compute: "observed",
    "robust", "expected". ``tell`` says the result in other coordinates than those of the fit. Without ``to_edges``
    valleys that bend to infinity are not followed, for a trial that only asks for a maximum inside.

    ValueError where the pieces do not fit together or the loss is infinite at the start. A maximum
    that does not exist does not raise: the result's status says so, with a ConvergenceWarning.
    """
    source = Source(X)
    start = np.asarray(start, dtype=np.float64)
    designs = tuple(designs)
    check_problem(loss, source.shape, designs, response, start, coefficients)
    if loss.columns == 0:
        return fit_fixed(loss, response, covariances, n_jobs)
    penalties = np.zeros(loss.columns) if alpha is None else np.asarray(alpha, dtype=np.float64)
    fitter = fit_smooth if loss.smooth else fit_absolute
    response, unit = weighed(response)
    # On the way to infinity steps, sums and variances overflow: each is looked at before it is used, and variances that
    # float64 cannot hold are named in the message.
    with single_threaded_blas(), np.errstate(over="ignore", invalid="ignore"):
        result = fitter(
            Task(
                loss,
                source,
                designs,
                response,
                start,
                penalties / unit,
                names,
                max_iter,
                n_jobs,
                coefficients,
                to_edges,
            ),
            tuple(covariances),
        )
    result = result if unit == 1.0 else result.weighed(unit)
    result = result if tell is None else tell(result)
    if result.status is not Status.converged:
        warnings.warn(result.message, ConvergenceWarning, stacklevel=stacklevel)
    return result
