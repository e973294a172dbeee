"""Fit the linear predictors of a loss: from the start values to a certified result."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.basis import Basis, orthogonal_basis, scaled_bases
from likely.fitting.blocks import fold_threads, single_threaded_blas
from likely.fitting.lbfgs import minimise_many
from likely.fitting.newton import Factor, OutsideDomainError, Stop, minimise
from likely.fitting.objective import Objective
from likely.fitting.problem import Array, Design, Loss, Response, check_problem
from likely.fitting.recession import STEPS, Recession, Subspace, find_recession
from likely.fitting.result import ConvergenceWarning, FitResult, Status, listing
from likely.fitting.source import Source

#: From so many rows on, the fit starts at the optimum of THINNED evenly spaced rows.
LARGE = 100_000
THINNED = 25_000
#: More coefficients, or raw columns, than this: L-BFGS and conjugate gradients instead of Newton.
MANY_COEFFICIENTS = 1500
MANY_COLUMNS = 32
#: A term belongs to a diverging direction where its share of the largest (in units of spread) is this.
SHARE = 1e-3
#: Shares below this may be those of terms on their way to a finite optimum.
NOISE = 0.05
#: A supremum is reached where going as far again lowers the loss by no more than this.
FALLING = 1e-6
#: A variance that grows by more than this on the way to infinity is that of a term without information.
GROWTH = 100.0
#: Directions to infinity that are followed before the fit is given up.
MOST_RECESSIONS = 8


def fit_linear(
    loss: Loss,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    *,
    start: Array,
    alpha: Array | None = None,
    names: Sequence[str] | None = None,
    covariances: Sequence[str] = ("observed", "robust"),
    max_iter: int = 100,
    n_jobs: int | None = None,
    stacklevel: int = 2,
) -> FitResult:
    """Minimise Σ wᵢ·nllᵢ + ½·Σⱼ alphaⱼ·‖slopesⱼ‖² over the linear predictors of k raw columns.

    X (n, p): array or memory map, float32 or float64, or SciPy sparse; ``designs``, one per raw column.
    ``start`` (k,) are raw values to start from, such as those of the marginal fit; ``alpha`` (k,) the
    ridge penalties of the raw columns, on slopes in the units of X; ``names`` (p,) name the columns of X
    in messages. ``covariances`` are the ones to compute: "observed", "robust", "expected".

    ValueError where the pieces do not fit together or the loss is infinite at the start. A maximum that
    does not exist does not raise: the result's status says so, with a ConvergenceWarning.
    """
    source = Source(X)
    start = np.asarray(start, dtype=np.float64)
    designs = tuple(designs)
    check_problem(loss, source.shape, designs, response, start)
    penalties = np.zeros(loss.columns) if alpha is None else np.asarray(alpha, dtype=np.float64)
    if not loss.smooth:
        from likely.fitting.nonsmooth import fit_absolute

        if penalties.any():
            raise ValueError("alpha must be 0 for a loss with kinks: the fit is a linear programme")
        fitter: Any = fit_absolute
    else:
        fitter = fit_smooth
    with single_threaded_blas():
        result: FitResult = fitter(
            Task(loss, source, designs, response, start, penalties, names, max_iter, n_jobs),
            tuple(covariances),
        )
    if result.status is not Status.converged:
        warnings.warn(result.message, ConvergenceWarning, stacklevel=stacklevel)
    return result


@dataclass(frozen=True)
class Task:
    """The arguments of a fit."""

    loss: Loss
    source: Source
    designs: tuple[Design, ...]
    response: Response
    start: Array
    penalties: Array
    names: Sequence[str] | None
    max_iter: int
    n_jobs: int | None

    @property
    def threads(self) -> int:
        return fold_threads(self.source.shape[0], self.n_jobs)

    def columns_of(self, design: Design) -> tuple[int, ...]:
        """The columns of X in a design."""
        if design.columns is None:
            return tuple(range(self.source.shape[1]))
        return tuple(design.columns)

    def column_name(self, column: int) -> str:
        return f"x{column}" if self.names is None else str(self.names[column])

    def terms(self) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for name, design in zip(self.loss.column_names, self.designs, strict=True):
            found += [(name, "intercept")] if design.intercept else []
            found += [(name, self.column_name(c)) for c in self.columns_of(design)]
        return tuple(found)

    def parts(self) -> tuple[slice, ...]:
        widths = [int(d.intercept) + len(self.columns_of(d)) for d in self.designs]
        edges = [0, *np.cumsum(widths).tolist()]
        return tuple(slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True))

    def penalty(self) -> Array:
        """alpha per flat coefficient: 0 for intercepts."""
        total = np.zeros(self.parts()[-1].stop)
        for part, design, alpha in zip(self.parts(), self.designs, self.penalties, strict=True):
            total[part.start + int(design.intercept) : part.stop] = alpha
        return total

    def objective(self, bases: Sequence[Basis], uses: Sequence[int]) -> Objective:
        return Objective(
            self.loss, self.source, bases, uses, self.response, self.penalty(), self.threads
        )

    def counted(self) -> tuple[int, float]:
        """Rows with weight, and the sum of the weights."""
        n, w = self.source.shape[0], self.response.weight
        return (n, float(n)) if w is None else (int(np.count_nonzero(w)), float(w.sum()))


@dataclass
class _Outcome:
    """Where the optimiser ended, and the directions to infinity (in θ) that it followed."""

    space: Subspace
    stop: Stop
    recessions: list[Recession] = field(default_factory=list)
    #: Where the first recession was found, and the variances there.
    found_at: Array | None = None
    variances: Array | None = None
    engine: str = "newton"

    @property
    def theta(self) -> Array:
        return self.space.point(self.stop.theta)


def fit_smooth(task: Task, covariances: tuple[str, ...]) -> FitResult:
    bases, uses = scaled_bases(task.source, task.designs, task.response, task.threads)
    objective = task.objective(bases, uses)
    if objective.size > MANY_COEFFICIENTS or objective.columns > MANY_COLUMNS:
        stop = minimise_many(objective, _start(task, objective), task.max_iter)
        return _result(task, _Outcome(Subspace(objective), stop, engine="lbfgs"), ())
    outcome = _newton(task, objective, may_orthogonalise=True)
    if outcome.stop.reason == "ill_conditioned":
        objective = task.objective(_orthogonal(task, bases, uses), uses)
        outcome = _newton(task, objective, may_orthogonalise=False)
    return _result(task, outcome, covariances)


def _orthogonal(task: Task, bases: list[Basis], uses: list[int]) -> list[Basis]:
    """Every basis with slopes in orthogonal coordinates."""
    found = []
    for i, basis in enumerate(bases):
        if basis.columns.size == 0:
            found.append(basis)
            continue
        alpha = min(float(task.penalties[j]) for j, u in enumerate(uses) if u == i)
        ridge = alpha / basis.scale**2
        found.append(orthogonal_basis(basis, task.source, task.response, ridge, task.threads))
    return found


def _start(task: Task, objective: Objective) -> Array:
    theta = np.zeros(objective.size)
    for part, design, value in zip(objective.parts, task.designs, task.start, strict=True):
        if design.intercept:
            theta[part.start] = value
    return theta


def _newton(task: Task, objective: Objective, *, may_orthogonalise: bool) -> _Outcome:
    """Newton's method, following directions to infinity where there is no maximum."""
    gamma = _start(task, objective)
    space = Subspace(objective)
    if getattr(task.loss, "shift_invariant", False):
        # Only differences between raw columns matter: the estimates sum to zero over them.
        space = Subspace(objective, basis=_differences(objective))
        assert space.basis is not None
        gamma = space.basis.T @ gamma
    outcome = _Outcome(space, _minimise(task, space, gamma, may_orthogonalise))
    if outcome.stop.reason == "ill_conditioned":
        return outcome
    while outcome.stop.reason in ("receding", "max_iter"):
        space, stop = outcome.space, outcome.stop
        found = find_recession(space, stop.theta, stop.sums, stop.step)
        if found is None:
            if stop.reason == "max_iter" or stop.certified():
                break
            _resume(task, outcome, space, stop.theta)
            continue
        if not outcome.recessions:
            outcome.found_at = outcome.theta
            outcome.variances = _variances(objective, _inverse(space, stop, []))
            found = _cleaned(space, stop, found)
        outcome.recessions.append(replace(found, direction=space.lift(found.direction)))
        if found.unbounded or len(outcome.recessions) == MOST_RECESSIONS:
            break
        # Go where the exponentials have vanished, and fit the rest there.
        there = stop.theta + STEPS[-1] * found.direction
        rest = space.without(there, found.direction)
        if rest.size == 0:
            stop.theta, stop.sums = there, space.evaluate(there, 2)
            break
        _resume(task, outcome, rest, np.zeros(rest.size))
    return outcome


def _cleaned(space: Subspace, stop: Stop, found: Recession) -> Recession:
    """The direction without the small steps of terms that are still converging, where that falls too."""
    if space.basis is not None:
        return found
    matrix = space.objective.matrix()
    flat = matrix @ found.direction
    share = np.abs(flat) * space.objective.spread()
    flat[share < NOISE * share.max()] = 0.0
    direction = np.linalg.lstsq(matrix, flat, rcond=None)[0]
    return find_recession(space, stop.theta, stop.sums, direction) or found


def _minimise(task: Task, space: Subspace, gamma: Array, may_orthogonalise: bool) -> Stop:
    """Newton's method from γ, or from the optimum of evenly spaced rows where there are many."""
    expected = "expected" in task.loss.curvature_kinds
    rows = task.counted()[1]
    if task.source.shape[0] > LARGE:
        sample = Subspace(
            space.objective.thinned(THINNED, task.penalty()), space.origin, space.basis
        )
        try:
            stop = minimise(sample, gamma, task.max_iter, THINNED, expected, True)
            if stop.reason == "converged":
                return minimise(space, stop.theta, task.max_iter, rows, expected, may_orthogonalise)
        except OutsideDomainError:
            # With a partial link, some rows may lie outside where all others' optimum is; the start
            # values are checked below.
            pass
    return minimise(space, gamma, task.max_iter, rows, expected, may_orthogonalise)


def _resume(task: Task, outcome: _Outcome, space: Subspace, gamma: Array) -> None:
    """Go on in another subspace, or from where the question of a recession interrupted."""
    used = outcome.stop.iterations
    stop = minimise(
        space,
        gamma,
        task.max_iter - used,
        task.counted()[1],
        "expected" in task.loss.curvature_kinds,
        False,
        patience=4,
    )
    stop.iterations += used
    outcome.space, outcome.stop = space, stop


def _differences(objective: Objective) -> Array:
    """An orthonormal basis of the θ whose blocks, one per raw column, sum to zero."""
    k, width = objective.columns, objective.size // objective.columns
    centred = np.linalg.qr(np.hstack([np.ones((k, 1)), np.eye(k)]))[0][:, 1:]
    return np.kron(centred, np.eye(width))


# --- The result -----------------------------------------------------------------------------------


def _result(task: Task, outcome: _Outcome, covariances: tuple[str, ...]) -> FitResult:
    objective, stop = outcome.space.objective, outcome.stop
    matrix = objective.matrix()
    parameters = matrix @ outcome.theta
    terms = task.terms()
    dropped = _dropped(objective)
    directions = [matrix @ r.direction for r in outcome.recessions]
    lost = dropped | _affected(objective, directions) | _unidentified(outcome)
    found = {
        kind: _blank(matrix @ covariance @ matrix.T, lost)
        for kind, covariance in _covariances(outcome, covariances, task.loss).items()
    }
    status = _status(task, outcome, dropped)
    n_rows, weight = task.counted()
    penalty = 0.5 * float(task.penalty() @ parameters**2)
    return FitResult(
        status=status,
        message=_message(task, outcome, status, dropped, lost & ~dropped),
        parameters=parameters,
        terms=terms,
        parts=task.parts(),
        has_intercept=tuple(d.intercept for d in task.designs),
        covariances=found or {"observed": np.full((parameters.size, parameters.size), np.nan)},
        loss=stop.sums.loss - penalty,
        objective=stop.sums.loss,
        gradient_norm=stop.gradient_norm,
        decrement=stop.decrement,
        iterations=stop.iterations,
        condition=stop.factor.condition if stop.factor is not None else np.inf,
        n_rows=n_rows,
        weight=weight,
        engine=outcome.engine,
    )


def _dropped(objective: Objective) -> NDArray[np.bool_]:
    """Which flat coefficients belong to columns that are collinear with others."""
    found: list[bool] = []
    for u in objective.uses:
        basis = objective.bases[u]
        found += [False] * int(basis.intercept)
        found += [i in basis.dropped for i in range(basis.columns.size)]
    return np.array(found)


def _affected(objective: Objective, directions: Sequence[Array]) -> NDArray[np.bool_]:
    """Which flat coefficients move along the directions, compared in units of the columns' spread."""
    spread = objective.spread()
    found = np.zeros(spread.size, dtype=bool)
    for direction in directions:
        share = np.abs(direction) * spread
        found |= share > SHARE * share.max()
    return found


def _variances(objective: Objective, covariance: Array) -> Array:
    """Of the flat coefficients, from the covariance of θ."""
    matrix = objective.matrix()
    return np.einsum("ij,jk,ik->i", matrix, covariance, matrix)


def _unidentified(outcome: _Outcome) -> NDArray[np.bool_]:
    """Which flat coefficients lost their information on the way to infinity.

    All of a raw column, where the loss still falls beyond the point that was reached: then the direction
    is one of many, as with classes that a plane separates. Else those whose variance grew without bound.
    """
    objective, found_at = outcome.space.objective, outcome.found_at
    lost = np.zeros(objective.matrix().shape[0], dtype=bool)
    if outcome.stop.reason == "edge":
        return ~lost  # the gradient is not zero, so the curvature says nothing about precision
    if found_at is None or any(r.unbounded for r in outcome.recessions):
        return lost
    here = objective.evaluate(outcome.theta, 0).loss
    beyond = objective.evaluate(2.0 * outcome.theta - found_at, 0).loss
    if beyond < here - FALLING * max(1.0, abs(here)):
        moved = np.abs(objective.matrix() @ (outcome.theta - found_at)) > 0.0
        for part in _flat_parts(objective):
            lost[part] = moved[part].any()
    elif outcome.variances is not None:
        variances = _variances(objective, _inverse(outcome.space, outcome.stop, outcome.recessions))
        lost = ~(variances <= GROWTH * outcome.variances)
    return lost


def _flat_parts(objective: Objective) -> list[slice]:
    """The flat coefficients of every raw column."""
    sizes = [
        int(b.intercept) + b.columns.size for b in map(objective.bases.__getitem__, objective.uses)
    ]
    edges = [0, *np.cumsum(sizes).tolist()]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _blank(covariance: Array, lost: NDArray[np.bool_]) -> Array:
    covariance[lost, :] = np.nan
    covariance[:, lost] = np.nan
    return covariance


def _covariances(outcome: _Outcome, kinds: tuple[str, ...], loss: Loss) -> dict[str, Array]:
    """The covariances of θ that were asked for."""
    space, stop = outcome.space, outcome.stop
    found: dict[str, Array] = {}
    inverse = _inverse(space, stop, outcome.recessions)
    for kind in kinds:
        if kind == "observed":
            found[kind] = inverse
        elif kind == "robust":
            meat = space.objective.evaluate(outcome.theta, 1, meat=True).meat
            assert meat is not None
            found[kind] = inverse @ meat @ inverse
        elif kind == "expected":
            if kind not in loss.curvature_kinds:
                raise ValueError("this loss has no closed form of its expected information")
            fisher = Factor(_present(space.evaluate(stop.theta, 2, "expected").hessian))
            shape = (space.objective.size,) * 2
            found[kind] = (
                _lifted(space, fisher.inverse()) if fisher.positive else np.full(shape, np.nan)
            )
        else:
            raise ValueError(f'unknown covariance {kind!r}: "observed", "robust" or "expected"')
    return found


def _inverse(space: Subspace, stop: Stop, recessions: list[Recession]) -> Array:
    """H⁻¹ on the subspace, in θ; NaN where H is not positive definite."""
    factor = stop.factor
    if recessions and (factor is None or not factor.positive or stop.reason != "converged"):
        # The last direction is still in the subspace: take it out.
        along = recessions[-1].direction
        gamma = along if space.basis is None else space.basis.T @ along
        if space.size == 1:
            return np.zeros((space.objective.size,) * 2)
        if gamma @ gamma > 0.5 * (along @ along):
            space = space.without(stop.theta, gamma)
            factor = Factor(_present(space.evaluate(np.zeros(space.size), 2).hessian))
    if factor is None or not factor.positive:
        return np.full((space.objective.size,) * 2, np.nan)
    return _lifted(space, factor.inverse())


def _lifted(space: Subspace, covariance: Array) -> Array:
    return covariance if space.basis is None else space.basis @ covariance @ space.basis.T


def _present(value: Array | None) -> Array:
    assert value is not None
    return value


def _status(task: Task, outcome: _Outcome, dropped: NDArray[np.bool_]) -> Status:
    if any(r.unbounded for r in outcome.recessions):
        return Status.unbounded
    if outcome.recessions:
        sloped = [
            np.any(
                np.abs(r.direction[part][int(d.intercept) :]) > SHARE * np.abs(r.direction).max()
            )
            for r in outcome.recessions
            for part, d in zip(outcome.space.objective.parts, task.designs, strict=True)
        ]
        return Status.separated if any(sloped) else Status.boundary
    if outcome.stop.reason == "edge":
        return Status.boundary
    if not outcome.stop.certified():
        return Status.max_iter
    return Status.rank_deficient if dropped.any() else Status.converged


def _message(
    task: Task,
    outcome: _Outcome,
    status: Status,
    dropped: NDArray[np.bool_],
    diverging: NDArray[np.bool_],
) -> str:
    """The status with the names of what it is about."""
    terms = [f"{term} of {name}" for name, term in task.terms()]
    text = status.value
    if status is Status.max_iter:
        norm = outcome.stop.gradient_norm
        text += f". After {outcome.stop.iterations} iterations max |g|·se is {norm:.1e}"
    if outcome.stop.reason == "edge":
        text += (
            ". Here the prediction of some row reaches the edge of a partial link's domain; a total "
            "link such as log has no edge"
        )
    if diverging.any() and outcome.recessions:
        names = [t for t, bad in zip(terms, diverging, strict=True) if bad]
        text += f". Without a finite estimate: {listing(names)}"
        objective = outcome.space.objective
        along = outcome.recessions[-1].direction
        least = 1e-2 * float(objective.reach(along).max())
        count, rows = objective.moved_rows(along, least)
        text += f"; it concerns {count} rows, first {listing([str(r) for r in rows])}"
    if dropped.any():
        names = [t for t, bad in zip(terms, dropped, strict=True) if bad]
        text += f". Redundant: {listing(names)}"
        n_rows = task.counted()[0]
        if n_rows < len(terms):
            text += f" ({n_rows} rows for {len(terms)} coefficients)"
    return text
