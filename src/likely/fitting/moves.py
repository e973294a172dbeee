"""Which rows move along a direction of θ, how far, and where that leaves the support."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.blocks import fold
from likely.fitting.objective import LARGEST_RAW, Objective
from likely.fitting.problem import Array
from likely.fitting.sums import add, largest

#: Halvings that find where the loss ends to rounding.
HALVINGS = 60
#: A row whose share in a slope is below this share of the largest has next to no part in it.
FELT = 1e-3


def reach_along(objective: Objective, direction: Array) -> Array:
    """max over rows of |change of raw| when θ moves along ``direction``, (k,)."""

    def work(block: int, worker: int) -> Array:
        moved = objective.moved(block, worker, direction)
        return np.zeros(objective.columns) if moved is None else np.abs(moved).max(axis=1)

    return fold(work, objective.blocks, largest, objective.threads)


def felt_reach(objective: Objective, theta: Array, direction: Array) -> float:
    """max over rows and raw columns of |change of raw| along ``direction``, of those with a part in the slope at θ.

    A row that says nothing of a raw column, or has nothing left to say, may move a thousand times as far as all others
    where it lies far out in X: how far it moves does not tell how far the loss was followed. Of all rows where none
    has a part.
    """

    def parts(block: int, worker: int) -> tuple[Array, Array] | None:
        moved = objective.moved(block, worker, direction)
        rows = objective.read(block, worker, theta)  # to where what moved was read to: after it
        if moved is None or rows is None:
            return None
        gradient = objective.loss.evaluate(rows.y, rows.raw, 1)[1]
        assert gradient is not None
        share = np.abs(gradient * moved)
        return np.abs(moved), share if rows.weight is None else share * rows.weight

    if objective.blocks == 1:  # they are read once
        known = parts(0, 0)
        return 0.0 if known is None else _felt(*known, known[1].max(axis=1))

    def most(block: int, worker: int) -> Array:
        found = parts(block, worker)
        return np.zeros(objective.columns) if found is None else found[1].max(axis=1)

    shares = fold(most, objective.blocks, largest, objective.threads)

    def felt(block: int, worker: int) -> Array:
        found = parts(block, worker)
        return np.array([0.0 if found is None else _felt(*found, shares)])

    return float(fold(felt, objective.blocks, largest, objective.threads)[0])


def _felt(moved: Array, share: Array, shares: Array) -> float:
    """max |moved| where the share in the slope is one of the larger of a raw column; of all where there is none."""
    least = FELT * shares[:, None]
    felt = (share >= least) | ~((least > 0.0) & (least < np.inf))
    return float(np.max(moved, where=felt, initial=0.0))


def moved_rows(objective: Objective, direction: Array, least: float) -> tuple[int, list[int]]:
    """How many rows move by at least ``least``, and the first five of them."""

    def work(block: int, worker: int) -> tuple[int, list[int]]:
        moved = objective.moved(block, worker, direction)
        if moved is None:
            return 0, []
        found = np.flatnonzero(np.abs(moved).max(axis=0) >= least)
        kept = objective.kept(block)
        rows = found if kept is None else kept[found]
        return found.size, [int(r) + block * objective.rows for r in rows[:5]]

    def merge(a: Any, b: Any) -> tuple[int, list[int]]:
        return a[0] + b[0], (a[1] + b[1])[:5]

    return fold(work, objective.blocks, merge, objective.threads)


def moved_loss(objective: Objective, theta: Array, direction: Array, share: float) -> Array:
    """The mean |nll| at θ of the rows that move along ``direction``, for every class; one number where y is none.

    Those are the rows that move by at least this ``share`` of what a row of their class does at most; ∞ where
    none moves.
    """
    count = getattr(objective.loss, "classes", 1)

    def moves(block: int, worker: int) -> tuple[NDArray[np.intp], Array] | None:
        moved, rows = (
            objective.moved(block, worker, direction),
            objective.read(block, worker, theta),
        )
        if moved is None or rows is None:
            return None
        kind = rows.y.astype(np.intp) if count > 1 else np.zeros(moved.shape[1], dtype=np.intp)
        return kind, np.abs(moved).max(axis=0)

    def farthest(block: int, worker: int) -> Array:
        most, found = np.zeros(count), moves(block, worker)
        if found is not None:
            np.maximum.at(most, *found)
        return most

    most = fold(farthest, objective.blocks, largest, objective.threads)

    def work(block: int, worker: int) -> Array:
        found, rows = moves(block, worker), objective.read(block, worker, theta)
        if found is None or rows is None:
            return np.zeros((2, count))
        kind, by = found
        nll = np.abs(objective.loss.evaluate(rows.y, rows.raw, 0)[0])
        w = ((by > 0.0) & (by >= share * most[kind])).astype(np.float64)
        w = w if rows.weight is None else w * rows.weight
        return np.array([np.bincount(kind, v, count) for v in (w * nll, w)])

    total, weight = fold(work, objective.blocks, add, objective.threads)
    return np.divide(total, weight, out=np.full(count, np.inf), where=weight > 0.0)


def first_outside(objective: Objective, theta: Array) -> tuple[int, int] | None:
    """The first row, and its raw column, whose loss is infinite at a raw prediction that is not.

    None where there is none: then an exponential overflowed, or all is well.
    """
    for block in range(objective.blocks):
        rows = objective.read(block, 0, theta)
        if rows is None:
            continue
        bad = ~np.isfinite(objective.loss.evaluate(rows.y, rows.raw, 0)[0])
        bad &= (np.abs(rows.raw) <= LARGEST_RAW).all(axis=0)
        if not bad.any():
            continue
        at = int(np.flatnonzero(bad)[0])
        kept = objective.kept(block)
        row = block * objective.rows + (at if kept is None else int(kept[at]))
        column = _culprit(objective, rows.y[at : at + 1], rows.raw[:, at : at + 1])
        return row, column
    return None


def _culprit(objective: Objective, y: Array, raw: Array) -> int:
    """The raw column whose change of sign makes a row's loss finite."""
    for column in range(objective.columns):
        changed = np.ascontiguousarray(raw.copy())
        changed[column] = np.abs(changed[column]) + 1.0
        if np.isfinite(objective.loss.evaluate(y, changed, 0)[0]).all():
            return column
    return 0


def row_direction(objective: Objective, row: int, column: int) -> Array:
    """a with raw of this row and raw column = a·θ, without its offset."""
    rows = slice(row, row + 1)
    basis = objective.bases[objective.uses[column]]
    direction, part = np.zeros(objective.size), objective.parts[column]
    if basis.columns.size:
        one = objective.design(basis, rows, None, np.empty(basis.columns.size), 0)
        slopes = one.transposed(np.ones((1, 1)))[:, 0] / basis.scale
        direction[part.start + int(basis.intercept) : part.stop] = slopes
    if basis.intercept:
        direction[part.start] = 1.0
    return direction


def ends_between(objective: Objective, here: Array, step: Array) -> tuple[float, float]:
    """Shares of a step out of where the loss is finite: the last at which it is, and the first at which it is not."""
    inside, outside = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (inside + outside)
        if np.isfinite(objective.evaluate(here + middle * step, 0).loss):
            inside = middle
        else:
            outside = middle
    return inside, outside
