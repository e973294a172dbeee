"""Losses with curvature: Newton's method from the start values to a certified result, and to infinity where that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from likely.fitting.basis import Basis, scaled_bases, without_constants
from likely.fitting.coordinates import (
    LARGE,
    THINNED,
    independent_size,
    orthogonal,
    scaling_rows,
    start_of,
)
from likely.fitting.edge import follow_edge
from likely.fitting.many import fit_many, too_many
from likely.fitting.newton import Stop, minimise
from likely.fitting.objective import Objective
from likely.fitting.problem import Array, OutsideDomainError
from likely.fitting.pursuit import PROFILE_STEPS, Pursuit, blunt
from likely.fitting.recession import grown
from likely.fitting.report import Outcome, fit_result
from likely.fitting.result import FitResult
from likely.fitting.sharp import sharpened_bases
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task

#: More coefficients, or raw columns, than this: L-BFGS and conjugate gradients instead of Newton.
MANY_COEFFICIENTS = 1500
MANY_COLUMNS = 32
#: Nats that a careful step may promise.
CAREFUL = 1.0
#: A certificate is relative to a loss of 1 at least: where all rows together have less than this, whatever the slope is
#: passes for none. Nothing but probabilities that are all next to 1 adds up to so little, and they are 1 at infinity.
ALL_CERTAIN = 1e-10
#: How often the way is doubled on which the loss still falls by FALLING, relative to the loss.
DOUBLINGS = 6
FALLING = 1e-6


def fit_smooth(task: Task, covariances: tuple[str, ...]) -> FitResult:
    """Fit a loss with curvature: Newton's method, or L-BFGS where the coefficients are many."""
    source, response = scaling_rows(task)
    bases, uses = scaled_bases(source, task.designs, response, task.threads, task.names)
    if source is not task.source and any(b.constant for b in bases):
        # Constant in some rows: only all of them tell.
        bases, uses = scaled_bases(
            task.source, task.designs, task.response, task.threads, task.names
        )
    size = sum(bases[u].width for u in uses)
    if independent_size(task, bases, uses) > MANY_COEFFICIENTS or len(uses) > MANY_COLUMNS:
        objective = task.objective([without_constants(b) for b in bases], uses)
        invariant = getattr(task.loss, "shift_invariant", False)
        return fit_many(
            task,
            objective,
            start_of(task, objective),
            _differences if invariant else None,
            covariances,
        )
    if size <= MANY_COEFFICIENTS and not any(b.needs_transform for b in bases):
        outcome = _newton(task, task.objective(bases, uses), may_orthogonalise=True)
        if outcome.stop.reason != "ill_conditioned" and not blunt(outcome, task.max_iter):
            return fit_result(task, outcome, covariances)
    objective = task.objective(orthogonal(task, bases, uses), uses)
    outcome = _newton(task, objective, may_orthogonalise=False, may_sharpen=True)
    if blunt(outcome, task.max_iter):
        outcome = _sharpened(task, bases, uses, outcome)
    outcome.note = too_many(task, size, len(uses))
    return fit_result(task, outcome, () if outcome.note else covariances)


def _sharpened(task: Task, bases: list[Basis], uses: list[int], outcome: Outcome) -> Outcome:
    """From where the fit came to, on in coordinates in which the rows' curvature is even, where there are such."""
    objective, used = outcome.space.objective, outcome.stop.iterations
    rest = replace(task, coefficients=objective.flat(outcome.theta), max_iter=task.max_iter - used)
    even = sharpened_bases(task, bases, uses, objective, outcome.theta)
    if even is not None:
        objective = task.objective(even, list(range(len(even))))
    try:
        further = _newton(rest, objective, may_orthogonalise=False)
    except OutsideDomainError:
        return outcome  # so near the end of a support that the other coordinates' rounding leads across
    further.stop.iterations += used
    return further


def _newton(
    task: Task,
    objective: Objective,
    *,
    may_orthogonalise: bool,
    may_sharpen: bool = False,
    promise: float = np.inf,
) -> Outcome:
    """Newton's method, following directions to infinity where there is no maximum.

    Where it creeps and ``may_sharpen``, it is left to coordinates for the curvature where it is (``_sharpened``).

    Where that ends at the end of a support, a maximum inside may have been stepped over: shorter steps may find it.
    """
    gamma = start_of(task, objective)
    space = Subspace(objective)
    if getattr(task.loss, "shift_invariant", False):
        # Only differences between raw columns matter: the estimates sum to zero over them.
        space = Subspace(objective, basis=_differences(objective))
        assert space.basis is not None
        gamma = space.basis.T @ gamma
    begun = space.point(gamma)
    outcome = Outcome(space, _minimise(task, space, gamma, may_orthogonalise, promise))
    if outcome.stop.reason == "ill_conditioned":
        return outcome
    if outcome.stop.reason == "edge" and task.edged:
        follow_edge(task, outcome)
    Pursuit(task, outcome, begun, may_sharpen).follow()
    if not outcome.recessions and _certain(outcome):
        outcome.stop.reason = "certain"
    if outcome.stop.reason in ("pole", "end") and promise == np.inf:
        inner = _newton(task, objective, may_orthogonalise=may_orthogonalise, promise=CAREFUL)
        return inner if inner.stop.reason == "converged" and not inner.recessions else outcome
    bounded = not any(r.unbounded for r in outcome.recessions)
    if outcome.recessions and bounded and outcome.stop.reason != "edge":
        _go_on(outcome)
        grows = outcome.recessions[0].grows
        if grows is not None and len(outcome.recessions) == 1:
            _grow_on(task, outcome, grows)
    return outcome


def _certain(outcome: Outcome) -> bool:
    """Whether every row has a probability of 1, to ten digits or to the last one, which it has at infinity only."""
    stop, objective = outcome.stop, outcome.space.objective
    if stop.sums.terms <= ALL_CERTAIN and not objective.penalty_diagonal().any():
        return outcome.silent is None or not outcome.silent.all()
    discrete = getattr(objective.loss, "discrete", False)
    silent = outcome.silent is not None and outcome.silent.all()
    return bool(discrete and not silent and stop.sums.loss <= stop.sums.rounding)


def _go_on(outcome: Outcome) -> None:
    """Go twice as far from where the recession was found, as long as that lowers the loss.

    With classes that a plane separates, rows close to it are still far from their supremum.
    """
    assert outcome.found_at is not None
    space, stop = outcome.space, outcome.stop
    for _ in range(DOUBLINGS):
        beyond = space.origin + (outcome.theta - outcome.found_at)
        further = Subspace(space.objective, beyond, space.basis)
        sums = further.evaluate(stop.theta, 0)
        if not sums.loss < stop.sums.loss - FALLING * max(1.0, abs(stop.sums.loss)):
            return
        outcome.falling = True
        space = outcome.space = further
        stop.sums = further.evaluate(stop.theta, 2)
        stop.factor = None


def _grow_on(task: Task, outcome: Outcome, grows: int) -> None:
    """Let the term that grows be e times as large, and fit the rest there, as long as that lowers the loss.

    Where a shape grows on the identity scale the rest is as far from its limit as 1/shape is from 0.
    """
    for _ in range(DOUBLINGS):
        space, stop = outcome.space, outcome.stop
        if stop.reason != "converged":
            return
        further = grown(space.objective, outcome.theta, grows, outcome.level)
        if further is None:
            return
        origin = np.zeros(further.size)
        if not further.evaluate(origin, 2).finite:
            return
        expected = task.fisher
        rows = task.counted()[1]
        there = minimise(
            further, origin, PROFILE_STEPS, rows, expected, False,
            patience=PROFILE_STEPS, edges=False,
        )  # fmt: skip
        if there.reason != "converged" or not there.sums.loss < stop.sums.loss - stop.sums.rounding:
            return
        there.iterations += stop.iterations
        outcome.space, outcome.stop = further, there


def _minimise(
    task: Task, space: Subspace, gamma: Array, may_orthogonalise: bool, promise: float
) -> Stop:
    """Newton's method from γ, or from the optimum of evenly spaced rows where there are many."""
    expected = task.fisher
    rows = task.counted()[1]
    if task.source.shape[0] > LARGE:
        sample = Subspace(
            space.objective.thinned(THINNED, task.penalty()), space.origin, space.basis
        )
        try:
            stop = minimise(sample, gamma, task.max_iter, THINNED, expected, True)
            if stop.reason == "converged" and stop.factor is not None:
                # The sample's Hessian is right to a few per cent: one gradient of all rows takes the
                # sample's optimum most of the way to theirs.
                gradient = space.evaluate(stop.theta, 1).gradient
                step = stop.factor.solve(gradient) * (sample.objective.weight() / rows)
                there = stop.theta - step
                return minimise(
                    space, there, task.max_iter, rows, expected, may_orthogonalise, edges=task.edged
                )
        except OutsideDomainError:
            # With a partial link, some rows may lie outside where all others' optimum is; the start
            # values are checked below.
            pass
    return minimise(
        space, gamma, task.max_iter, rows, expected, may_orthogonalise,
        edges=task.edged, promise=promise,
    )  # fmt: skip


def _differences(objective: Objective) -> Array:
    """An orthonormal basis of the θ whose blocks, one per raw column, sum to zero."""
    k, width = objective.columns, objective.size // objective.columns
    centred = np.linalg.qr(np.hstack([np.ones((k, 1)), np.eye(k)]))[0][:, 1:]
    return np.kron(centred, np.eye(width))
