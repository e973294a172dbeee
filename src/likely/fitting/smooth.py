"""Losses with curvature: Newton's method from the start values to a certified result, and to infinity where that is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from likely.fitting.basis import Basis, scaled_bases, without_constants
from likely.fitting.coordinates import (
    LARGE,
    THINNED,
    constants,
    independent_size,
    orthogonal,
    scaling_rows,
    start_of,
)
from likely.fitting.creeping import VISITS, find_creep, find_drift, find_plunge, find_profile
from likely.fitting.edge import follow_edge
from likely.fitting.held import Precision
from likely.fitting.many import fit_many, too_many
from likely.fitting.moves import first_outside
from likely.fitting.newton import OutsideDomainError, Stop, minimise
from likely.fitting.objective import Objective
from likely.fitting.pole import (
    at_a_pole,
    at_an_end,
    beside_an_end,
    has_a_pole,
    spikes_at_an_end,
)
from likely.fitting.problem import Array
from likely.fitting.recession import (
    STEPS,
    curveless_step,
    find_growth,
    find_level,
    find_recession,
    find_way,
    fled,
    grown,
    silent_columns,
    spent,
    turns_back,
    without_columns,
    without_noise,
)
from likely.fitting.report import Outcome, fit_result
from likely.fitting.result import FitResult
from likely.fitting.sharp import sharpened_bases
from likely.fitting.spike import find_spike
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task

#: More coefficients, or raw columns, than this: L-BFGS and conjugate gradients instead of Newton.
MANY_COEFFICIENTS = 1500
MANY_COLUMNS = 32
#: Nats that a careful step may promise.
CAREFUL = 1.0
#: Directions to infinity that are followed before the fit is given up.
MOST_RECESSIONS = 8
#: Stops after which a fit that still creeps is asked for a spike.
PATIENT = 8
#: Stops after which one that creeps, and has no curvature to step by, goes on in other coordinates.
SLUGGISH = 16
#: Newton's steps for what is left while one term is held far out.
PROFILE_STEPS = 30
#: Rounding of the gradient that a converged fit may have, in standard errors.
COARSEST = 1e-2
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
        if outcome.stop.reason != "ill_conditioned" and not _blunt(task, outcome):
            return fit_result(task, outcome, covariances)
    objective = task.objective(orthogonal(task, bases, uses), uses)
    outcome = _newton(task, objective, may_orthogonalise=False, may_sharpen=True)
    if _blunt(task, outcome):
        outcome = _sharpened(task, bases, uses, outcome)
    outcome.note = too_many(task, size, len(uses))
    return fit_result(task, outcome, () if outcome.note else covariances)


def _blunt(task: Task, outcome: Outcome) -> bool:
    """Whether the fit comes to no end where its curvature is that of no minimum to the last digit, with steps left."""
    stop = outcome.stop
    singular = stop.factor is None or not stop.factor.positive
    open_end = stop.reason in ("receding", "max_iter") and not outcome.recessions
    return singular and open_end and stop.iterations < task.max_iter


def _sharpened(task: Task, bases: list[Basis], uses: list[int], outcome: Outcome) -> Outcome:
    """From where the fit came to, on in coordinates in which the rows' curvature is even, where there are such."""
    objective, used = outcome.space.objective, outcome.stop.iterations
    rest = replace(task, coefficients=objective.flat(outcome.theta), max_iter=task.max_iter - used)
    even = sharpened_bases(task, bases, uses, objective, outcome.theta)
    if even is not None:
        objective = task.objective(even, list(range(len(even))))
    further = _newton(rest, objective, may_orthogonalise=False)
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
    discrete = getattr(objective.loss, "discrete", False)
    if outcome.stop.reason == "ill_conditioned":
        return outcome
    if outcome.stop.reason == "edge" and task.edged:
        follow_edge(task, outcome)
    visited: list[tuple[Array, float]] = []
    while outcome.stop.reason in ("receding", "max_iter"):
        space, stop = outcome.space, outcome.stop
        if outcome.silent is None:
            outcome.silent = silent_columns(objective, (begun, outcome.theta))
            if outcome.silent.any():
                rest = without_columns(space, stop.theta, outcome.silent)
                if rest.size == 0:
                    break
                _resume(task, outcome, rest, np.zeros(rest.size))
                continue
        level = find_level(space, stop.theta, stop.sums) if outcome.recessions else None
        if level is not None:
            outcome.level.append(space.lift(level))
            rest = space.without(stop.theta, level)
            if rest.size == 0:
                break
            _resume(task, outcome, rest, np.zeros(rest.size))
            continue
        if not task.edged and at_a_pole(space, stop):
            stop.reason = "pole"
            break
        found = find_recession(space, stop.theta, stop.sums, stop.step)
        curveless = curveless_step(stop.sums) if found is None and discrete else None
        if curveless is not None:
            found = find_recession(space, stop.theta, stop.sums, curveless)
        if found is not None and turns_back(space, stop.theta, stop.sums, found):
            found = None
        growth = None
        if found is None:
            growth = find_growth(space, stop.theta, stop.sums, stop.step)
            if growth is None and not outcome.recessions:
                # What is left of a loss after one direction to infinity may be nothing but rounding.
                growth = find_way(space, stop.theta, stop.sums, stop.step)
        if found is None and growth is None:
            visited.append((space.point(stop.theta), stop.sums.loss))
            creep = find_creep(space, visited)
            growth = None if creep is None else (creep, stop.theta)
        if found is None and growth is None:
            endless = find_drift(space, visited, stop.sums.terms) or find_plunge(
                space, visited, begun, stop.reason == "max_iter"
            )
            profile = None
            creeping = len(visited) % VISITS == 0 and not outcome.recessions
            if endless is None and creeping and not beside_an_end(space, stop):
                profile = find_profile(space, visited, stop.sums, partial(_conditional, task))
            if profile is not None:
                endless, there = profile  # where the rest is fitted already
                stop.theta, stop.sums, stop.factor = there, space.evaluate(there, 2), None
                if endless is None and stop.reason == "receding":
                    _resume(task, outcome, space, there, bent=True)
                    continue
                if endless is not None and beside_an_end(space, stop):
                    stop.reason = "pole"
                    break
            if endless is None and (len(visited) == PATIENT or stop.reason == "max_iter"):
                endless = find_spike(space, begun, stop.theta)
            coarse = _coarseness(space, stop) if endless is None else np.inf
            exact = endless is None and spent(space, stop.theta)
            if 1.0 < coarse < np.inf and not exact:
                # No density piles up where digits end: on the way to a limit parameters have become too large for them.
                far = fled(space, begun, stop.theta)
                endless = None if far is None else replace(far, unbounded=False)
            if endless is not None:
                outcome.found_at = outcome.theta
                outcome.precision = Precision(space, stop.factor)
                outcome.recessions.append(endless)
                break
            stop.at_rounding = coarse <= COARSEST
            if coarse > 1.0 and exact:
                stop.reason = "exact"
                # A fit that was begun anew may have begun where digits end already.
                far = fled(space, constants(task, objective), stop.theta)
                outcome.recessions += [] if far is None else [far]
            elif not task.edged and len(visited) > 1:
                if spikes_at_an_end(space, stop, visited[-2][1]):
                    stop.reason = "pole"
                    break
                if at_an_end(space, stop, visited[-2][1]):
                    known = has_a_pole(objective, (begun, outcome.theta))
                    stop.reason = "pole" if known else "end"
                    break
            creeps = len(visited) >= PATIENT or stop.reason == "max_iter"
            if creeps and not stop.certified() and has_a_pole(objective, (begun, outcome.theta)):
                stop.reason = "pole"
                break
            if stop.reason in ("max_iter", "exact") or stop.certified():
                break
            if may_sharpen and len(visited) >= SLUGGISH and _blunt(task, outcome):
                break
            _resume(task, outcome, space, stop.theta, bent=True)
            continue
        if not outcome.recessions:
            outcome.found_at = outcome.theta
            outcome.precision = Precision(space, stop.factor)
            if found is not None:
                # Without the small steps of terms that still converge, if that falls too.
                cleaned = without_noise(space, found.direction)
                found = find_recession(space, stop.theta, stop.sums, cleaned) or found
        if found is not None:
            there = stop.theta + STEPS[-1] * found.direction
        else:
            assert growth is not None
            found, there = growth
        outcome.recessions.append(replace(found, direction=space.lift(found.direction)))
        if found.unbounded or len(outcome.recessions) == MOST_RECESSIONS:
            break
        # Go where the exponentials have vanished, and fit the rest there.
        rest = space.without(there, found.direction)
        if rest.size == 0:
            stop.theta, stop.sums = there, space.evaluate(there, 2)
            break
        if not np.isfinite(space.evaluate(there, 0).loss) or spent(space, there):
            break  # numbers, or their digits, end on the way there: where the fit is is as far as it goes
        _resume(task, outcome, rest, np.zeros(rest.size))
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
    """Whether every row has a probability of 1 to the last digit, which it has at infinity only."""
    stop, objective = outcome.stop, outcome.space.objective
    discrete = getattr(objective.loss, "discrete", False)
    silent = outcome.silent is not None and outcome.silent.all()
    return bool(discrete and not silent and stop.sums.loss <= stop.sums.rounding)


def _coarseness(space: Subspace, stop: Stop) -> float:
    """What rounding adds to the gradient, in standard errors, where the gradient is not above that.

    ∞ where it is above, so that a better point may exist.
    """
    if stop.factor is None or not stop.factor.positive:
        return np.inf
    bound = space.rounding(stop.theta)
    if not (np.abs(stop.sums.gradient) <= bound).all():
        return np.inf
    return float(np.max(bound * stop.factor.std_errors(), initial=0.0))


def _conditional(task: Task, held: Subspace) -> Array:
    """γ after some of Newton's steps in a subspace; 0, where they begin, if the numbers end there."""
    origin = np.zeros(held.size)
    if not held.evaluate(origin, 2).finite:
        return origin
    expected = task.fisher
    return minimise(
        held, origin, PROFILE_STEPS, task.counted()[1], expected, False,
        patience=PROFILE_STEPS, edges=False, bent=True, rough=True,
    ).theta  # fmt: skip


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
        there = minimise(further, origin, PROFILE_STEPS, rows, expected, False, edges=False)
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


def _resume(
    task: Task, outcome: Outcome, space: Subspace, gamma: Array, bent: bool = False
) -> None:
    """Go on in another subspace, or from where the question of a recession interrupted."""
    used = outcome.stop.iterations
    stop = minimise(
        space,
        gamma,
        task.max_iter - used,
        task.counted()[1],
        task.fisher,
        False,
        patience=4,
        edges=task.edged,
        bent=bent,
    )
    stop.iterations += used
    ahead = space.point(stop.theta) + space.lift(stop.step)
    if stop.reason == "edge" and first_outside(space.objective, ahead) is None:
        stop.reason = "max_iter"  # numbers overflowed: no link has an edge there
    outcome.space, outcome.stop = space, stop


def _differences(objective: Objective) -> Array:
    """An orthonormal basis of the θ whose blocks, one per raw column, sum to zero."""
    k, width = objective.columns, objective.size // objective.columns
    centred = np.linalg.qr(np.hstack([np.ones((k, 1)), np.eye(k)]))[0][:, 1:]
    return np.kron(centred, np.eye(width))
