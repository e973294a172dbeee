"""From where the optimiser ended to a result: covariances, status, and a message with names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from likely.fitting.held import GROWTH, Precision, scaled
from likely.fitting.moves import moved_loss, moved_rows, reach_along
from likely.fitting.newton import Factor, Stop
from likely.fitting.objective import Objective
from likely.fitting.problem import Array, Loss
from likely.fitting.recession import Recession
from likely.fitting.result import FitResult, Held, Status, blanked, listing, unheld
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task

#: A term belongs to a diverging direction where its share of the largest (in units of spread) is
#: this.
SHARE = 1e-3
#: In rows that columns of X separate the loss is below this: y has a probability of almost 1.
CERTAIN = 1e-3
#: This many standard errors from the maximum, those errors still have two digits.
NEAR = 1e-2


#: What an edge is, unless the loss says something else.
_EDGE = (
    "predictions reach the edge of a partial link's domain (a total link such as log has no edge)"
)


#: What it is where no link has an edge.
_POLE = (
    "a row of y lies where the support ends, and the density has a pole there. What is reported is "
    "the point where the fit stopped"
)


_CERTAIN = "every row has a probability of 1, to ten digits or to the last one"

_END = "a row of y lies where the support ends"


@dataclass
class Outcome:
    """Where the optimiser ended, and the directions to infinity (in θ) that it followed."""

    space: Subspace
    stop: Stop
    recessions: list[Recession] = field(default_factory=list)
    #: Directions (in θ) in which nothing changes any more, once these were followed.
    level: list[Array] = field(default_factory=list)
    #: Where the first recession was found, and the curvature there.
    found_at: Array | None = None
    precision: Precision | None = None
    #: Whether the loss still fell on going on from the last direction.
    falling: bool = False
    #: Rows whose raw prediction is held at the edge of a partial link's domain.
    held: list[int] = field(default_factory=list)
    #: Which θ are not determined, where none was left out.
    ambiguous: NDArray[np.bool_] | None = None
    #: Which raw columns no row depends on.
    silent: NDArray[np.bool_] | None = None
    #: What the message adds.
    note: str = ""
    engine: str = "newton"

    @property
    def theta(self) -> Array:
        """Where it ended, in θ."""
        return self.space.point(self.stop.theta)


def fit_result(task: Task, outcome: Outcome, covariances: tuple[str, ...]) -> FitResult:
    """Coefficients in the units of X, their covariances, the status and its message."""
    objective, stop = outcome.space.objective, outcome.stop
    parameters = objective.flat(outcome.theta)
    terms = task.terms()
    dropped = _dropped(objective) | _undetermined(outcome)
    silent = _silent(outcome) & ~dropped
    moving = [r.direction for r in outcome.recessions]
    directions = [objective.flat(direction) for direction in moving + outcome.level]
    lost = dropped | silent | _affected(objective, directions) | _unidentified(outcome)
    status = _status(task, outcome, dropped | silent)
    unsure = lost | _without_precision(status, stop, terms, lost)
    found: dict[str, Array] = {}
    beyond = np.zeros_like(lost)
    held = None
    if covariances:
        matrix = objective.matrix()
        bread = _inverse(outcome)
        inner = _covariances(outcome, covariances, task.loss, bread)
        found = {kind: matrix @ covariance @ matrix.T for kind, covariance in inner.items()}
        for kind, covariance in inner.items():
            if np.isfinite(covariance).all():
                variance = np.diag(found[kind])
                # The sandwich of rows that are all alike is 0; other variances that are have left float64.
                some = ((matrix != 0.0) @ (np.diag(covariance) > 0.0)) > 0
                beyond |= ~unsure & ~(np.isfinite(variance) & ((variance > 0.0) | ~some))
            found[kind] = blanked(found[kind], unsure | beyond)
        if status in (Status.separated, Status.boundary) and not outcome.falling:
            held = _held(task, outcome, covariances, dropped | silent | beyond)
    n_rows, weight = task.counted()
    penalty = 0.5 * float(np.sum((np.sqrt(task.penalty()) * parameters) ** 2))
    return FitResult(
        status=status,
        message=_message(task, outcome, status, dropped, silent, lost & ~dropped & ~silent, beyond),
        parameters=parameters,
        terms=terms,
        parts=task.parts(),
        has_intercept=tuple(d.intercept for d in task.designs),
        covariances=found,
        held=held,
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


def _silent(outcome: Outcome) -> NDArray[np.bool_]:
    """Which flat coefficients belong to raw columns that no row depends on."""
    objective = outcome.space.objective
    found = np.zeros(objective.flat_parts()[-1].stop, dtype=bool)
    if outcome.silent is not None:
        for part, none in zip(objective.flat_parts(), outcome.silent, strict=True):
            found[part] = none
    return found


def _undetermined(outcome: Outcome) -> NDArray[np.bool_]:
    """Which flat coefficients can move without changing a prediction, in untransformed coordinates."""
    objective = outcome.space.objective
    found = np.zeros(objective.flat_parts()[-1].stop, dtype=bool)
    if outcome.ambiguous is None:
        return found
    for u, flat, part in zip(objective.uses, objective.flat_parts(), objective.parts, strict=True):
        basis = objective.bases[u]
        found[flat] = outcome.ambiguous[part]
        if basis.intercept and basis.centre[found[flat][1:]].any():
            found[flat.start] = True  # it takes up what centring the others took off
    return found


def _affected(objective: Objective, directions: Sequence[Array]) -> NDArray[np.bool_]:
    """Which flat coefficients move along the directions, in units of the columns' spread."""
    spread = objective.spread()
    found = np.zeros(spread.size, dtype=bool)
    for direction in directions:
        share = np.abs(direction) * spread
        found |= share > SHARE * share.max()
    return found


def _variances(objective: Objective, covariance: Array) -> Array:
    """Of the flat coefficients, from the covariance of θ."""
    matrix = objective.matrix()
    with np.errstate(over="ignore", invalid="ignore"):  # used to compare them only
        return np.asarray(((matrix @ covariance) * matrix).sum(axis=1))


def _unidentified(outcome: Outcome) -> NDArray[np.bool_]:
    """Which flat coefficients lost their information on the way to infinity.

    All of a raw column, where the loss still falls beyond the point that was reached: then the
    direction is one of many, as with classes that a plane separates. Else those whose variance grew
    without bound.
    """
    objective, found_at = outcome.space.objective, outcome.found_at
    lost = np.zeros(objective.flat_parts()[-1].stop, dtype=bool)
    blind = outcome.stop.reason == "exact" and not outcome.recessions
    if blind or outcome.stop.reason in ("edge", "pole", "end", "certain"):
        return ~lost  # the gradient is not zero: the curvature says nothing about precision
    if found_at is None or any(r.unbounded for r in outcome.recessions):
        return lost
    if outcome.falling:
        moved = np.abs(objective.flat(outcome.theta - found_at)) > 0.0
        for part in objective.flat_parts():
            lost[part] = moved[part].any()
    elif outcome.precision is not None:
        now = _variances(objective, _inverse(outcome))
        lost = ~(now <= GROWTH * _variances(objective, outcome.precision.covariance()))
    return lost


def _without_precision(
    status: Status, stop: Stop, terms: Sequence[tuple[str, str]], lost: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which coefficients have an estimate, but no standard error that means anything.

    Rows that are fitted exactly have a scale on its way to 0, and with it the errors of all that the
    same columns decide. Far from any maximum the curvature says nothing about precision.
    """
    if status is Status.unbounded:
        names = {term for (_, term), bad in zip(terms, lost, strict=True) if bad}
        every = "intercept" in names
        return np.array([every or term in names for _, term in terms])
    far = status is Status.max_iter and not stop.gradient_norm <= NEAR
    return np.full(lost.size, far)


def _held(
    task: Task, outcome: Outcome, kinds: tuple[str, ...], unknown: NDArray[np.bool_]
) -> Held | None:
    """Covariances with the directions to infinity held; None where no curvature tells which those are."""
    before, now = outcome.precision, _precision(outcome)
    split = None if before is None or now is None else now.split(before)
    if split is None:
        return None
    bread, vanished = split
    objective, matrix = outcome.space.objective, outcome.space.objective.matrix()
    moving = [r.direction for r in outcome.recessions] + outcome.level + vanished
    inner = _covariances(outcome, kinds, task.loss, bread)
    return Held(
        {kind: blanked(matrix @ c @ matrix.T, unknown) for kind, c in inner.items()},
        scaled([objective.flat(direction) for direction in moving], objective.spread()),
    )


def _covariances(
    outcome: Outcome, kinds: tuple[str, ...], loss: Loss, bread: Array
) -> dict[str, Array]:
    """The covariances of θ that were asked for; ``bread`` is the observed one."""
    space, stop = outcome.space, outcome.stop
    found: dict[str, Array] = {}
    for kind in kinds:
        if kind == "observed":
            found[kind] = bread
        elif kind == "robust":
            meat = stop.sums.meat
            if meat is None:
                meat = _present(space.objective.evaluate(outcome.theta, 1, meat=True).meat)
            found[kind] = bread @ meat @ bread
        elif kind == "expected":
            if kind not in loss.curvature_kinds:
                raise ValueError("this loss has no closed form of its expected information")
            fisher = Factor(_present(space.evaluate(stop.theta, 2, "expected").hessian))
            found[kind] = Precision(space, fisher).covariance()
        else:
            raise ValueError(f'unknown covariance {kind!r}: "observed", "robust" or "expected"')
    return found


def _inverse(outcome: Outcome) -> Array:
    """H⁻¹ on the subspace, in θ; NaN where H is not positive definite."""
    precision = _precision(outcome)
    return (
        np.zeros((outcome.space.objective.size,) * 2)
        if precision is None
        else precision.covariance()
    )


def _precision(outcome: Outcome) -> Precision | None:
    """H on the subspace, without the last direction to infinity; None where nothing else is left."""
    space, stop, recessions = outcome.space, outcome.stop, outcome.recessions
    factor = stop.factor
    if recessions and (factor is None or not factor.positive or stop.reason != "converged"):
        # The last direction is still in the subspace: take it out.
        along = recessions[-1].direction
        gamma = along if space.basis is None else space.basis.T @ along
        if space.size == 1:
            return None
        if gamma @ gamma > 0.5 * (along @ along):
            space = space.without(stop.theta, gamma)
            factor = Factor(_present(space.evaluate(np.zeros(space.size), 2).hessian))
    return Precision(space, factor)


def _present(value: Array | None) -> Array:
    assert value is not None
    return value


def _status(task: Task, outcome: Outcome, dropped: NDArray[np.bool_]) -> Status:
    if outcome.stop.reason in ("exact", "pole"):
        return Status.unbounded
    if any(r.unbounded for r in outcome.recessions):
        return Status.unbounded
    if outcome.recessions:
        separated = any(_separates(task, outcome, r.direction) for r in outcome.recessions)
        return Status.separated if separated else Status.boundary
    if outcome.stop.reason in ("edge", "end", "certain"):
        return Status.boundary
    if not outcome.stop.certified():
        return Status.max_iter
    return Status.rank_deficient if dropped.any() else Status.converged


def _limits(task: Task, outcome: Outcome) -> list[str]:
    """``size goes to ∞``, for each parameter that goes to the same end of its domain in all rows."""
    limit = getattr(task.loss, "limit", None)
    if limit is None:
        return []
    objective, found = outcome.space.objective, {}
    spread = objective.spread()
    for direction in (objective.flat(r.direction) for r in outcome.recessions):
        moves = direction * spread
        least = SHARE * np.abs(moves).max()
        for j, part in enumerate(objective.flat_parts()):
            if not task.designs[j].intercept:
                continue
            constant, slopes = moves[part.start], moves[part.start + 1 : part.stop]
            if abs(constant) > least >= np.abs(slopes).max(initial=0):
                found[j] = limit(j, bool(constant > 0.0))
    ends = {np.inf: "∞", -np.inf: "−∞"}
    names = task.loss.column_names
    return [f"{names[j]} goes to {ends.get(end, f'{end:g}')}" for j, end in found.items()]


def _rows(count: int, first: Sequence[int]) -> str:
    """``row 17 (counting from 0)``, or how many there are and the first of them."""
    if count == 1:
        return f"row {first[0]} (counting from 0)"
    numbers = ", ".join(map(str, first))
    return f"{count} rows, {'the first ' if count > len(first) else ''}{numbers} (counting from 0)"


def _separates(task: Task, outcome: Outcome, direction: Array) -> bool:
    """Whether columns of X tell where the response becomes certain along the direction.

    A parameter that goes to the edge of its domain moves rows too, but leaves y at random.
    """
    objective = outcome.space.objective
    largest = SHARE * np.abs(direction).max()
    sloped = any(
        np.any(np.abs(direction[part][int(d.intercept) :]) > largest)
        for part, d in zip(objective.parts, task.designs, strict=True)
    )
    # Of several classes one may be told from the others, which are not told from each other.
    return bool(sloped and (moved_loss(objective, outcome.theta, direction, 0.5) < CERTAIN).any())


def _saturated(task: Task) -> str:
    """What keeps a fit from a maximum where a linear predictor has a coefficient for every row; or nothing."""
    rows = task.counted()[0]
    for name, part, alpha in zip(task.loss.column_names, task.parts(), task.penalties, strict=True):
        width = part.stop - part.start
        if width >= rows and not alpha:
            return (
                f". There are {width:,} coefficients of {name} for {rows:,} rows, so that every row can be "
                "fitted exactly: penalise them (alpha > 0) or drop columns"
            )
    return ""


def _message(
    task: Task,
    outcome: Outcome,
    status: Status,
    dropped: NDArray[np.bool_],
    silent: NDArray[np.bool_],
    diverging: NDArray[np.bool_],
    beyond: NDArray[np.bool_],
) -> str:
    """The status with the names of what it is about."""
    terms = [f"{term} of {name}" for name, term in task.terms()]
    text = status.value
    if status is Status.max_iter:
        norm = outcome.stop.gradient_norm
        text += f". After {outcome.stop.iterations} iterations max |g|·se is {norm:.1e}"
        text += _saturated(task)
    if outcome.stop.reason == "edge":
        rows = f": {_rows(len(outcome.held), sorted(outcome.held)[:5])}" if outcome.held else ""
        text += f". Here {getattr(task.loss, 'edge_words', _EDGE)}{rows}"
    if outcome.stop.reason == "pole":
        text += f". Here {_POLE}"
    if outcome.stop.reason == "end":
        text += f". Here {_END}"
    if outcome.stop.reason == "certain":
        text += f". Here {_CERTAIN}"
    if outcome.stop.reason == "exact":
        text += ". Here rows of y are fitted to their last digits"
    if diverging.any() and outcome.recessions:
        names = [t for t, bad in zip(terms, diverging, strict=True) if bad]
        text += f". Without a finite estimate: {listing(names)}"
        objective = outcome.space.objective
        limits = _limits(task, outcome)
        text += f" ({listing(limits)})" if limits else ""
        along = outcome.recessions[-1].direction
        least = 1e-2 * float(reach_along(objective, along).max())
        count, first = moved_rows(objective, along, least)
        text += f"; it concerns {_rows(count, first)}"
    if dropped.any():
        names = [t for t, bad in zip(terms, dropped, strict=True) if bad]
        text += f". Redundant: {listing(names)}"
        n_rows = task.counted()[0]
        if n_rows < len(terms):
            text += f" ({n_rows} rows for {len(terms)} coefficients)"
    if silent.any():
        names = [t for t, bad in zip(terms, silent, strict=True) if bad]
        text += f". No row depends on {listing(names)}, so that any value fits as well"
    if outcome.note:
        text += f". {outcome.note}"
    return text + unheld(terms, beyond)
