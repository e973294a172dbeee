"""A likelihood that is the same along a way: y does not tell some parameters apart, so that no point is the largest.

At each point of such a way the gradient is 0 and the Hessian singular, and Newton's method finds no certificate however
long it goes on. As where all that is known of y is on which side of one bound it lies: that is one probability, which
a family of two parameters has along a way.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from likely.fitting.blocks import single_threaded_blas
from likely.fitting.coordinates import bases_of, start_of
from likely.fitting.floor import eigen
from likely.fitting.newton import minimise
from likely.fitting.problem import Array, Design, Loss, OutsideDomainError, Response
from likely.fitting.result import FitResult, Status, blanked, listing
from likely.fitting.source import Source
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task, weighed

#: A direction may be level where the loss is curved by less than this share of the most, in units of the diagonal.
LEVEL = 1e-6
#: How far a coefficient moves along the way, to either side, and in how many steps.
REACH, STEPS = 0.5, 4
#: Newton's steps in the other directions, back to the way.
RETURNS = 12
#: Losses are the same where they differ by so many times their rounding.
SAME = 10.0
#: A coefficient moves where its share of the largest move is this.
SHARE = 1e-3


def told_level(loss: Loss, response: Response, found: FitResult) -> FitResult:
    """The result of a fit of constants; told as one that y does not determine where the loss is the same along a way.

    To its last digits, and to both sides: only where the fit came to no certificate.
    """
    constants = all(part.stop - part.start == 1 for part in found.parts) and all(
        found.has_intercept
    )
    if found.status is not Status.max_iter or not constants or not loss.smooth:
        return found
    response, _ = weighed(response)
    k = loss.columns
    source = Source(np.empty((response.y.shape[0], 0)))
    task = Task(
        loss, source, (Design(()),) * k, response, np.zeros(k), np.zeros(k), None, 1, 1,
        found.parameters,
    )  # fmt: skip
    with single_threaded_blas(), np.errstate(all="ignore"):
        objective = task.objective(*bases_of(task))
        try:
            moves = _moves(Subspace(objective), start_of(task, objective), task.counted()[1])
        except (OutsideDomainError, FloatingPointError):  # the way leads out of what has a loss
            return found
    if moves is None:
        return found
    names = [name for (name, _), one in zip(found.terms, moves, strict=True) if one]
    return replace(
        found,
        status=Status.rank_deficient,
        message=(
            f"rank_deficient: y does not tell {listing(names)} apart: the likelihood is the same, to its last digits, "
            "along a way on which they move together, so that other values fit as well. Fix one of them or choose a "
            "simpler family"
        ),
        covariances={kind: blanked(c.copy(), moves) for kind, c in found.covariances.items()},
    )


def _moves(space: Subspace, theta: Array, rows: float) -> NDArray[np.bool_] | None:
    """Which θ (P,) move along a way on which the loss stays the same; None where there is none."""
    hessian = space.evaluate(theta, 2).hessian
    if hessian is None or not np.isfinite(hessian).all():
        return None
    values, vectors, scale = eigen(hessian)
    level = np.abs(values) <= LEVEL * values[-1]
    if not level.any() or (values[~level] < 0.0).any():
        return None
    steep = scale[:, None] * vectors[:, ~level]

    def floor(point: Array) -> tuple[Array, float, float]:
        """The point in the steep directions where the loss is least, the loss there and what is the same."""
        there = Subspace(space.objective, point, steep)
        stop = minimise(
            there, np.zeros(there.size), RETURNS, rows, False, False,
            patience=RETURNS, edges=False, rough=True,
        )  # fmt: skip
        return there.point(stop.theta), stop.sums.loss, SAME * stop.sums.rounding

    here, lowest, same = floor(theta)
    moves = np.zeros(theta.size, dtype=bool)
    for direction in (scale[:, None] * vectors[:, level]).T:
        step = direction * (REACH / STEPS / np.abs(direction).max())
        for side in (step, -step):
            point = here
            for _ in range(STEPS):
                point, reached, _ = floor(point + side)
                if not abs(reached - lowest) <= same:
                    return None
            moved = np.abs(point - here)
            moves |= moved > SHARE * moved.max()
    return moves
