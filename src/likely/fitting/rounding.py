"""What the last digits of raw predictions are worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.fitting.blocks import fold
from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.rows import Rows
from likely.fitting.sums import add, largest

#: Relative rounding of a float64.
ROUNDING = 2.0**-53


def unresolved(objective: Objective, theta: Array, least: float = 1.0) -> bool:
    """Whether the last digit of a raw prediction is so much to its row that no digits of the gradient are left.

    As where a scale is smaller than the last digit of the location: ½·h·δ² > ``least`` for the rounding δ of raw.
    """

    def work(block: int, worker: int) -> Array:
        rows = objective.read(block, worker, theta)
        if rows is None:
            return np.zeros(1)
        curvature = objective.loss.evaluate(rows.y, rows.raw, 2)[2]
        assert curvature is not None
        _, coarse = _coarse(objective, rows, theta)
        diagonal = [h for h, (a, b) in zip(curvature, objective.packed, strict=True) if a == b]
        with np.errstate(over="ignore"):
            return np.array([np.max(0.5 * np.stack(diagonal) * (ROUNDING * coarse) ** 2)])

    return bool(fold(work, objective.blocks, largest, objective.threads)[0] > least)


def loss_rounding(objective: Objective, theta: Array) -> float:
    """A bound on what the rounding of raw predictions may add to the loss, to first order."""

    def work(block: int, worker: int) -> Array:
        rows = objective.read(block, worker, theta)
        if rows is None:
            return np.zeros(1)
        gradient = objective.loss.evaluate(rows.y, rows.raw, 1)[1]
        assert gradient is not None
        _, coarse = _coarse(objective, rows, theta)
        with np.errstate(over="ignore", invalid="ignore"):  # the caller looks at the result
            moved = ROUNDING * (np.abs(gradient) * coarse).sum(axis=0)
            return np.array([moved.sum() if rows.weight is None else rows.weight @ moved])

    return float(fold(work, objective.blocks, add, objective.threads)[0])


def gradient_rounding(objective: Objective, theta: Array) -> Array:
    """A bound (P,) on what the rounding of raw predictions may add to the gradient.

    raw_l of a row is right to u·(|θ₀| + Σ|xⱼ·θⱼ|), which moves the row's gradient in raw_k by |h_kl|
    times that.
    """

    def work(block: int, worker: int) -> Array:
        out = np.zeros(objective.size)
        rows = objective.read(block, worker, theta)
        if rows is None:
            return out
        curvature = objective.loss.evaluate(rows.y, rows.raw, 2)[2]
        assert curvature is not None
        sizes, coarse = _coarse(objective, rows, theta)
        moved = np.zeros_like(coarse)
        for h, (a, b) in zip(np.abs(curvature), objective.packed, strict=True):
            moved[a] += h * coarse[b]
            if a != b:
                moved[b] += h * coarse[a]
        moved *= ROUNDING if rows.weight is None else ROUNDING * rows.weight
        objective.carry(sizes, moved, out)
        return out

    return fold(work, objective.blocks, add, objective.threads)


def _coarse(objective: Objective, rows: Rows, theta: Array) -> tuple[list[Any], Array]:
    """|θ₀| + Σ|xⱼ·θⱼ| (k, rows), and blocks of the sizes |x|: u times it is what raw predictions are right to."""
    sizes = [None if b is None else b.absolute() for b in rows.blocks]
    coarse = np.empty_like(rows.raw)
    objective.predict(sizes, np.abs(theta), coarse)
    return sizes, coarse
