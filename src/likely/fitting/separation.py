"""Classes that columns of X tell apart: the direction in which all that can be told is, by a linear programme.

A row's class becomes more certain beside another as the difference of their logits grows. In a direction in which no
such difference shrinks the likelihood rises for ever; where several classes are told from each other and others are
not, Newton's steps show such a direction badly, for they still lead the mixed ones to their maximum. The programme
finds the one in which most differences grow at once (Albert and Anderson 1984, doi:10.1093/biomet/71.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.recession import STEPS, Recession
from likely.fitting.subspace import Subspace

#: Differences, times coefficients, that are looked at.
MOST = 500_000
#: Beyond this a difference of logits is worth less than the last digit of a probability of 1.
SURE = 40.0
#: A direction in which differences change by less than this share of the most they can is one in which they do not.
LEVEL = 1e-9


@dataclass(frozen=True)
class Separation:
    """The way in θ on which differences grow, the point in γ where they are sure, and what goes on from there.

    In ``level``, directions in θ, none of the differences that are left changes.
    """

    recession: Recession
    ahead: Array
    level: list[Array]
    rest: Subspace


def find_separation(space: Subspace, gamma: Array) -> Separation | None:
    """The separation of classes by X; None where there is none, or more rows than a programme is quick for."""
    objective = space.objective
    logits = getattr(objective.loss, "logits", None)
    if logits is None or objective.penalty_diagonal().any():
        return None
    others = getattr(objective.loss, "classes", 1) - 1
    if objective.source.shape[0] * others * space.size > MOST:
        return None
    axes = space.lift(np.eye(space.size)).T
    grows = np.column_stack([_differences(objective, axis, moved=True) for axis in axes])
    unit = np.abs(grows).max(axis=0)
    unit[unit == 0.0] = 1.0
    grows /= unit
    found = _most(grows)
    if found is None:
        return None
    along, told = found
    level = _unseen(grows[~told])
    along = level @ (level.T @ along)
    rises = grows[told] @ along
    if not rises.min() > 0.5:
        return None  # they are apart by less than digits tell
    now = _differences(objective, space.point(gamma))[told]
    length = max(STEPS[-1], float(np.max((SURE - now) / rises)))
    direction, level = along / unit, level / unit[:, None]
    ahead = gamma + length * direction
    both = np.linalg.qr(np.column_stack([direction, level]))[0][:, : level.shape[1]]
    return Separation(
        Recession(space.lift(direction), False),
        ahead,
        [space.lift(one) for one in both.T[1:]],
        space.without(ahead, *level.T),
    )


def _most(grows: Array) -> tuple[Array, NDArray[np.bool_]] | None:
    """The way with the largest sum of min(difference, 1) on which none shrinks, and which grow; None if none do."""
    from scipy.optimize import linprog
    from scipy.sparse import hstack, identity

    pairs, size = grows.shape
    found = linprog(
        np.concatenate([np.zeros(size), -np.ones(pairs)]),
        A_ub=hstack([-grows, identity(pairs)], format="csr"),
        b_ub=np.zeros(pairs),
        bounds=[(None, None)] * size + [(0.0, 1.0)] * pairs,
        method="highs",
    )
    if found.x is None:
        return None
    told = found.x[size:] > 0.5
    return (found.x[:size], told) if told.any() else None


def _differences(objective: Objective, theta: Array, moved: bool = False) -> Array:
    """By how much the logit of each row's class is above those of the others at θ, or moves so along it."""
    found = []
    for block in range(objective.blocks):
        rows = objective.read(block, 0, theta)
        if rows is None:
            continue
        raw = objective.moved(block, 0, theta) if moved else rows.raw
        logits: Any = objective.loss.logits(raw)  # type: ignore[attr-defined]
        own = rows.y.astype(np.intp)
        others = np.arange(logits.shape[0])[:, None] != own
        above = logits[own, np.arange(own.size)] - logits
        found.append(above.T[others.T])
    return np.concatenate(found)


def _unseen(rows: Array) -> Array:
    """An orthonormal basis of what none of the rows sees."""
    size = rows.shape[1]
    _, values, vectors = np.linalg.svd(np.vstack([rows, np.zeros((size, size))]))
    return np.asarray(vectors[values <= LEVEL * values[0]].T if values[0] > 0.0 else np.eye(size))
