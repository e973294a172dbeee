"""Maxima on the edge of a partial link's domain, such as a mean of 0 under the identity link.

The domain is a polyhedron: one half-space a·θ > edge per row. The fit goes to the row that stops it, holds that row's
raw prediction just inside, and goes on in what is left; a row whose multiplier shows that the loss falls inwards
is let go. At the end Karush, Kuhn and Tucker's conditions hold: the gradient is a sum of the held rows' directions
with weights that are not negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from likely.fitting.moves import ends_between, first_outside, row_direction
from likely.fitting.newton import Stop, minimise
from likely.fitting.problem import Array
from likely.fitting.report import Outcome
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task

#: Distance from the edge at which a raw prediction is held, in units of its terms.
INSIDE = 1e-9
#: Standard errors from the best point on the edge at which multipliers tell what to do next.
NEAR = 1e-2
#: A multiplier below this share of the gradient is 0.
SMALL = 1e-8


@dataclass(frozen=True)
class Held:
    """A row at the edge: where its raw prediction points to in θ, inwards."""

    row: int
    inwards: Array


def follow_edge(task: Task, outcome: Outcome) -> None:
    """From a stop at the edge to the best point of the domain, as far as the iterations go."""
    start = outcome.space
    held: list[Held] = []
    theta = outcome.theta
    for _ in range(3 * start.size + 20):
        stop = outcome.stop
        if stop.reason == "edge":
            reached = _reach_edge(outcome.space, stop)
            if reached is None:  # numbers overflowed: shorter steps will do
                outcome.stop = _minimise(task, outcome.space, stop.theta, stop.iterations, False)
                return
            theta, one = reached
            held.append(one)
        elif not held:
            return  # the steps led out of the domain, but the maximum is inside
        else:
            theta = outcome.theta
            near = stop.gradient_norm <= NEAR
            released = _release(start, theta, held) if near else None
            if released is not None:
                held.remove(released)
            elif stop.certified():
                outcome.held = [one.row for one in held]
                stop.reason = "edge"
                return
            elif stop.iterations < task.max_iter:
                # Not there yet: what the edge leaves may not be taken for the optimum of all.
                outcome.stop = _minimise(task, outcome.space, stop.theta, stop.iterations, True)
                continue
            else:
                return
        space = _within(start, theta, held)
        used = stop.iterations
        if space.size == 0:
            outcome.space = space
            outcome.stop = Stop(
                "edge", np.zeros(0), space.evaluate(np.zeros(0), 2), None, 0.0, 0.0, used,
                np.zeros(0), at_rounding=True,
            )  # fmt: skip
            outcome.held = [one.row for one in held]
            return
        outcome.space = space
        outcome.stop = _minimise(task, space, np.zeros(space.size), used, True)


def _minimise(task: Task, space: Subspace, gamma: Array, used: int, edges: bool) -> Stop:
    """Newton's method with the iterations that are left."""
    stop = minimise(
        space,
        gamma,
        max(task.max_iter - used, 1),
        task.counted()[1],
        "expected" in task.loss.curvature_kinds,
        False,
        edges=edges,
    )
    stop.iterations += used
    return stop


def _reach_edge(space: Subspace, stop: Stop) -> tuple[Array, Held] | None:
    """θ just inside the edge on the way of the step, and the row that ends it; None for an overflow."""
    here, step = space.point(stop.theta), space.lift(stop.step)
    inside, outside = ends_between(space.objective, here, step)
    found = first_outside(space.objective, here + outside * step)
    if found is None:
        return None
    row, column = found
    ahead = row_direction(space.objective, row, column)
    slope = float(ahead @ step)
    if slope == 0.0:
        return None
    size = float(np.abs(ahead) @ np.abs(here))
    back = INSIDE * size / abs(slope)
    return here + max(inside - back, 0.0) * step, Held(row, -np.sign(slope) * ahead)


def _within(start: Subspace, theta: Array, held: list[Held]) -> Subspace:
    """What does not move the held rows, through θ."""
    basis = np.eye(start.objective.size) if start.basis is None else start.basis
    if not held:
        return Subspace(start.objective, theta, basis)
    across = basis.T @ np.stack([one.inwards for one in held], axis=1)
    rest = np.linalg.qr(across, mode="complete")[0][:, across.shape[1] :]
    return Subspace(start.objective, theta, basis @ rest)


def _release(start: Subspace, theta: Array, held: list[Held]) -> Held | None:
    """The held row whose multiplier is the most negative, if one is."""
    gradient = start.objective.evaluate(theta, 1).gradient
    directions = np.stack([one.inwards for one in held], axis=1)
    if start.basis is not None:
        gradient, directions = start.basis.T @ gradient, start.basis.T @ directions
    lengths = np.sqrt((directions * directions).sum(axis=0))
    multipliers = np.linalg.lstsq(directions / lengths, gradient)[0]
    least = int(np.argmin(multipliers))
    size = float(np.abs(multipliers).max())
    return held[least] if multipliers[least] < -SMALL * size else None
