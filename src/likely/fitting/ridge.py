"""A likelihood that is the same along a way: y does not tell some parameters apart, so that no point is the largest.

At each point of such a way the gradient is 0 and the Hessian singular, and Newton's method finds no certificate however
long it goes on. As where all that is known of y is on which side of one bound it lies: that is one probability, which
a family of two parameters has along a way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.blocks import single_threaded_blas
from likely.fitting.coordinates import bases_of, start_of
from likely.fitting.floor import eigen
from likely.fitting.newton import minimise
from likely.fitting.problem import Array, Design, Loss, OutsideDomainError, Response
from likely.fitting.recession import with_ends
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
#: Losses are the same where they differ by so many times their rounding, or by what the last digits of raw predictions
#: are worth.
SAME = 10.0
#: A coefficient moves where its share of the largest move is this.
SHARE = 1e-3


def told_level(
    loss: Loss, response: Response, found: FitResult, X: Any = None, designs: Sequence[Design] = ()
) -> FitResult:
    """The result; told as one that y does not determine where the loss is the same along a way.

    To its last digits, and to both sides: only where the fit came to no certificate, or to one by a Hessian that is
    all but singular. Without ``X`` and ``designs`` the fit is one of constants.
    """
    uncertain = found.status is Status.max_iter or (
        found.status is Status.converged and found.condition * LEVEL > 1.0
    )
    if not uncertain or not loss.smooth or not all(found.has_intercept):
        return found
    response, _ = weighed(response)
    k = loss.columns
    designs = tuple(designs) or (Design(()),) * k
    source = Source(np.empty((response.y.shape[0], 0)) if X is None else X)
    task = Task(
        loss, source, designs, response, np.zeros(k), np.zeros(k), None, 1, 1, found.parameters
    )
    with single_threaded_blas(), np.errstate(all="ignore"):
        objective = task.objective(*bases_of(task))
        try:
            moves = _moves(Subspace(objective), start_of(task, objective), task.counted()[1])
        except (OutsideDomainError, FloatingPointError):  # the way leads out of what has a loss
            return found
    if moves is None:
        return found
    names = list(dict.fromkeys(t[0] for t, one in zip(found.terms, moves, strict=True) if one))
    several = len(names) > 1
    said = f"tell {listing(names)} apart" if several else f"determine {names[0]}"
    moving = "they move together" if several else "it moves"
    fix = "one of them" if several else "it"
    return replace(
        found,
        status=Status.rank_deficient,
        message=(
            f"rank_deficient: y does not {said}: the likelihood is the same, to its last digits, along a way on which "
            f"{moving}, so that other values fit as well. Fix {fix} or choose a simpler family"
        ),
        covariances={kind: blanked(c.copy(), moves) for kind, c in found.covariances.items()},
    )


def _moves(space: Subspace, theta: Array, rows: float) -> NDArray[np.bool_] | None:
    """Which flat coefficients move along a way on which the loss stays the same; None where there is none.

    Some of them of parameters with an end, so that how far they move does not hang on the unit of y.
    """
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
        same = max(SAME * stop.sums.rounding, there.noise(stop.theta))
        return there.point(stop.theta), stop.sums.loss, same

    here, lowest, same = floor(theta)
    objective, ends = space.objective, with_ends(space.objective)
    moves = np.zeros(objective.spread().size, dtype=bool)
    for direction in (scale[:, None] * vectors[:, level]).T:
        size = np.abs(direction).max() if ends is None else np.abs(direction[ends]).max(initial=0.0)
        if size == 0.0:
            return None
        step = direction * (REACH / STEPS / size)
        for side in (step, -step):
            point = here
            for _ in range(STEPS):
                point, reached, _ = floor(point + side)
                if not abs(reached - lowest) <= same:
                    return None
            moved = np.abs(objective.flat(point - here)) * objective.spread()
            moves |= moved > SHARE * moved.max()
    return moves
