"""The coordinates in which a smooth loss is minimised, and where in them a fit begins."""

from __future__ import annotations

import numpy as np

from likely.fitting.basis import Basis, orthogonal_basis, scaled_bases
from likely.fitting.objective import Objective
from likely.fitting.problem import Array, Response
from likely.fitting.source import Source
from likely.fitting.task import Task

#: From so many rows on, the fit starts at the optimum of THINNED evenly spaced rows.
LARGE = 100_000
THINNED = 25_000
#: It is not worked out which columns depend on others where coefficients times the rows that they could be are more
#: than this: the coordinates would take as many numbers.
MOST_ENTRIES = 10_000_000


def scaling_rows(task: Task) -> tuple[Source, Response]:
    """The rows that decide how columns are centred and scaled: some, where there are many.

    The coordinates need not be exact; where they are not good enough, H is ill-conditioned, and
    then all rows decide.
    """
    if task.source.shape[0] <= LARGE:
        return task.source, task.response
    every = slice(None, None, task.source.shape[0] // THINNED)
    response = task.response.take(every)
    if response.weight is not None and not response.weight.any():
        return task.source, task.response
    return task.source.take(every), response


def bases_of(task: Task) -> tuple[list[Basis], list[int]]:
    """Coordinates to step in, whatever the columns of X: orthogonal ones where scaled columns would mislead."""
    bases, uses = scaled_bases(task.source, task.designs, task.response, task.threads, task.names)
    if any(b.needs_transform for b in bases):
        bases = orthogonal(task, bases, uses)
    return bases, uses


def orthogonal(task: Task, bases: list[Basis], uses: list[int]) -> list[Basis]:
    """Every basis with slopes in orthogonal coordinates."""
    found = []
    for i, basis in enumerate(bases):
        if basis.columns.size == 0:
            found.append(basis)
            continue
        alpha = min(float(task.penalties[j]) for j, u in enumerate(uses) if u == i)
        found.append(orthogonal_basis(basis, task.source, task.response, alpha, task.threads))
    return found


def independent_size(task: Task, bases: list[Basis], uses: list[int]) -> int:
    """How many coefficients there are at most, once columns that depend on others are left out.

    Without a penalty those of a raw column are no more than the rows: then a density may fit every row exactly and have
    no bound, which Newton's method finds out. Probabilities have one, and L-BFGS comes near it in less time.
    """
    n = task.source.shape[0]
    widths = [bases[u].width for u in uses]
    if getattr(task.loss, "discrete", False):
        return sum(widths)
    # and an intercept, which is not among the columns that are looked at
    limits = (n + 1 if a == 0.0 else w for a, w in zip(task.penalties, widths, strict=True))
    independent = sum(min(both) for both in zip(widths, limits, strict=True))
    return sum(widths) if independent * sum(widths) > MOST_ENTRIES else independent


def start_of(task: Task, objective: Objective) -> Array:
    """Where the fit begins, in θ."""
    if task.coefficients is not None:
        return objective.theta(task.coefficients)
    theta = constants(task, objective)
    if getattr(task.loss, "shift_invariant", False):
        columns = theta.reshape(objective.columns, -1)
        return np.ravel(columns - columns.mean(axis=0))
    return theta


def constants(task: Task, objective: Objective) -> Array:
    """The start values as θ, with slopes of 0."""
    theta = np.zeros(objective.size)
    for part, design, value in zip(objective.parts, task.designs, task.start, strict=True):
        if design.intercept:
            theta[part.start] = value
    return theta
