"""Coordinates for a fit in which few rows are far sharper than all others.

A row far out in X may have a scale e⁻²⁰ times that of the others, and a location that passes through it. Its curvature
is then 10¹⁶ times theirs, and in coordinates that do not know it float64 holds no matrix with both. In those in which
the rows' curvature at hand is even, its own is one coordinate, and the others are left with theirs.
"""

from __future__ import annotations

import numpy as np

from likely.fitting.basis import Basis, orthogonal_basis
from likely.fitting.objective import Objective
from likely.fitting.problem import Array, Response
from likely.fitting.task import Task


def sharpened_bases(
    task: Task, bases: list[Basis], uses: list[int], objective: Objective, theta: Array
) -> list[Basis] | None:
    """A basis for each raw column, orthogonal for the rows' curvature at θ.

    None where that is 0 or no number, or where the columns of X depend on each other in the rows that have some.
    """
    found: list[Basis] = []
    for j, (u, weight) in enumerate(zip(uses, _curvature(objective, theta), strict=True)):
        if not (np.isfinite(weight).all() and weight.any()):
            return None
        if bases[u].columns.size == 0:
            found.append(bases[u])
            continue
        alpha = float(task.penalties[j])
        response = Response(task.response.y, weight)
        basis = orthogonal_basis(bases[u], task.source, response, alpha, task.threads)
        if len(basis.dropped) > len(objective.bases[u].dropped):
            return None
        found.append(basis)
    return found


def _curvature(objective: Objective, theta: Array) -> Array:
    """|∂²(w·nll)/∂raw²| of every row in every raw column, (k, n); 0 for rows without weight."""
    n = objective.source.shape[0]
    found = np.zeros((objective.columns, n))
    for block in range(objective.blocks):
        rows = objective.read(block, 0, theta)
        if rows is None:
            continue
        curvature = objective.loss.evaluate(rows.y, rows.raw, 2)[2]
        assert curvature is not None
        start, kept = block * objective.rows, objective.kept(block)
        at = np.arange(rows.y.shape[0]) if kept is None else kept
        own = [h for h, (a, b) in zip(curvature, objective.packed, strict=True) if a == b]
        weight = 1.0 if rows.weight is None else rows.weight
        found[:, start + at] = np.abs(np.stack(own)) * weight
    return found
