"""Fits of many coefficients: L-BFGS, then what can be said about the optimum without a Hessian on the way.

Up to DENSE coefficients the Hessian is made once, at the optimum: it gives standard errors, and tells whether the
coefficients are determined. A direction to infinity is recognised, but not followed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from likely.fitting.lbfgs import minimise_many
from likely.fitting.newton import Factor, Stop, line_search
from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.recession import STEPS, Recession, find_recession
from likely.fitting.report import Outcome, fit_result
from likely.fitting.result import FitResult
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task

#: Coefficients and raw columns up to which there are standard errors,
DENSE = 4000
DENSE_COLUMNS = 64
#: and multiplications that their matrix may cost: about a minute.
WORK = 2e12
#: Steps with one Hessian.
POLISHED = 4
#: What rounding leaves of a direction in which H, of unit diagonal, vanishes.
VANISHED = 1e-13
#: A coefficient takes part in a redundancy where its share of it is this.
SHARE = 1e-6


def fit_many(
    task: Task,
    objective: Objective,
    theta: Array,
    differences: Callable[[Objective], Array] | None,
    covariances: tuple[str, ...],
) -> FitResult:
    """Minimise from θ by L-BFGS; ``differences`` gives the θ that matter where only some do."""
    space = Subspace(objective)
    stop = minimise_many(objective, theta, task.max_iter)
    outcome = Outcome(space, stop, engine="lbfgs")
    if not stop.certified():
        # Where classes are separated, L-BFGS may have gone far along the way it came.
        for step in (stop.step, stop.theta - theta):
            found = find_recession(space, stop.theta, stop.sums, step, True)
            if found is not None:
                return _receding(task, outcome, found)
        if stop.reason == "receding":
            stop = minimise_many(objective, stop.theta, task.max_iter, patience=task.max_iter)
            outcome.stop = stop
    outcome.note = too_many(task, objective.size, objective.columns)
    if not stop.certified():
        outcome.note = "No standard errors: there are none away from an optimum"
    if outcome.note:
        return fit_result(task, outcome, ())
    hessian, meat = objective.squares(stop.theta, "robust" in covariances)
    origin, basis = None, None
    if differences is not None:
        basis = differences(objective)
    else:
        outcome.ambiguous, kept = _ambiguous(hessian)
        outcome.ambiguous &= ~objective.left_out()
        if kept.size < objective.size:
            basis = np.eye(objective.size)[:, kept]
            origin = np.where(np.isin(np.arange(objective.size), kept), 0.0, stop.theta)
        if outcome.ambiguous.any():
            outcome.note = (
                "The fit of so many coefficients leaves none of them out: of all values that fit "
                "equally well, one is reported"
            )
    outcome.space = space = Subspace(objective, origin, basis)
    stop.theta = stop.theta if basis is None else basis.T @ stop.theta
    stop.sums = space.restricted(stop.sums._replace(hessian=hessian))
    _polish(space, stop)
    if not stop.certified():
        found = find_recession(space, stop.theta, stop.sums, stop.step, True)
        if found is not None:
            return _receding(task, outcome, replace(found, direction=space.lift(found.direction)))
    stop.sums = stop.sums._replace(meat=meat)  # in θ, as its use is
    return fit_result(task, outcome, covariances)


def _receding(task: Task, outcome: Outcome, found: Recession) -> FitResult:
    """What is known where the loss falls for ever."""
    objective, theta = outcome.space.objective, outcome.theta
    outcome.space = Subspace(objective)
    outcome.recessions.append(found)
    outcome.stop.theta = theta if found.unbounded else theta + STEPS[-1] * found.direction
    outcome.stop.sums = objective.evaluate(outcome.stop.theta, 1)
    outcome.stop.factor = None
    outcome.note = (
        "No standard errors: a fit of so many coefficients stops at the first direction without a "
        "maximum, so the other coefficients are not at their limits either"
    )
    return fit_result(task, outcome, ())


def _polish(space: Subspace, stop: Stop) -> None:
    """Newton's steps with the Hessian at hand, and its standard errors as the measure of gradients."""
    hessian = stop.sums.hessian
    assert hessian is not None
    stop.factor = factor = Factor(hessian)
    if not factor.positive:
        return
    errors = factor.std_errors()
    for _ in range(POLISHED):
        gradient = stop.sums.gradient
        stop.step = -factor.solve(gradient)
        stop.decrement = -0.5 * float(gradient @ stop.step)
        stop.gradient_norm = float(np.max(np.abs(gradient) * errors))
        if stop.certified():
            return
        trial = line_search(space, stop.theta, stop.sums, stop.step, 1)
        if trial is None:
            return
        stop.theta, sums = trial
        stop.sums = sums._replace(hessian=hessian)
        stop.iterations += 1


def too_many(task: Task, size: int, columns: int) -> str:
    """Why there are no standard errors of so many coefficients in so many raw columns, or nothing."""
    if size > DENSE or columns > DENSE_COLUMNS:
        return (
            f"No standard errors: {size:,} coefficients in {columns} raw columns, and they are "
            f"computed for up to {DENSE:,} in {DENSE_COLUMNS}"
        )
    work = float(task.source.entries) * size
    if work > WORK:
        return (
            f"No standard errors: their matrix takes {work:.0e} multiplications, and up to "
            f"{WORK:.0e} are done"
        )
    return ""


def _ambiguous(hessian: Array) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Which θ take part in a direction in which H vanishes, and θ that determine all predictions.

    From a pivoted Cholesky factor of H with a unit diagonal.
    """
    size = hessian.shape[0]
    diagonal = np.diag(hessian)
    empty = diagonal <= 0.0
    scale = 1.0 / np.sqrt(np.where(empty, 1.0, diagonal))
    factor, pivots, rank, _ = dpstrf(hessian * scale * scale[:, None], tol=VANISHED, lower=0)
    found, order = empty.copy(), np.asarray(pivots, dtype=np.intp) - 1
    if rank < size:
        null = solve_triangular(factor[:rank, :rank], factor[:rank, rank:])
        found[order[rank:]] = True
        found[order[:rank]] |= np.abs(null).max(axis=1) > SHARE
    return found, np.sort(order[:rank])
