"""Short descents from scattered starts: the likelihood of few rows may have several maxima.

The starts lie around two places, the marginal fit and the fit that was found, at distances in the units in which the
loss of one row is curved there. Nothing is random: multiples of square roots of primes, without their whole part, are
everywhere alike. Some of Newton's steps from each tell which are worth a fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from likely.fitting.basis import scaled_bases, without_constants
from likely.fitting.blocks import single_threaded_blas
from likely.fitting.coordinates import constants, start_of
from likely.fitting.newton import descent
from likely.fitting.objective import Objective
from likely.fitting.problem import Array, Design, Loss, Response
from likely.fitting.source import Source
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task, weighed
from likely.fitting.ways import Request, Way, together

#: Starts: so many, and so many more for each coefficient.
STARTS, EACH = 8, 3
#: Their distances, in turn.
DISTANCES = (0.5, 1.0, 2.0)
#: A descent has come to a maximum inside where a step promises less than this.
NEAR = 1e-2
#: Losses closer than this, relative to them, are of one maximum.
SAME = 1e-9


def scattered_descents(
    loss: Loss,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    *,
    start: Array,
    found: Array,
    steps: int,
    alpha: Array | None = None,
) -> list[tuple[float, Array]]:
    """Objectives and coefficients (P,) where descents end, the best first, each maximum once.

    ``start`` (k,) are the raw values of the marginal fit, ``found`` (P,) the coefficients that are known;
    ``steps`` are those of a descent. Of a density that may have no bound only maxima inside count.
    """
    response, unit = weighed(response)
    penalties = np.zeros(loss.columns) if alpha is None else alpha / unit
    task = Task(
        loss, Source(X), tuple(designs), response, start, penalties, None, steps, 1, found
    )  # fmt: skip
    bases, uses = scaled_bases(task.source, task.designs, response, 1)
    objective = task.objective([without_constants(basis) for basis in bases], uses)
    with single_threaded_blas(), np.errstate(all="ignore"):  # far out a density may be none
        starts = list(_starts(objective, task))
    # One start less to compare where a formula ends; the fit that was found is none the worse.
    ends = [end for end in together(_descent(objective, task, one) for one in starts) if end]
    ends.sort(key=lambda one: one[0])
    kept: list[tuple[float, Array]] = []
    for reached, theta in ends:
        if not kept or reached - kept[-1][0] > SAME * max(1.0, abs(reached)):
            kept.append((reached, theta))
    return [(reached * unit, objective.flat(theta)) for reached, theta in kept]


def _starts(objective: Objective, task: Task) -> Iterator[Array]:
    """Where descents begin, θ: around the start values and the coefficients of the task."""
    centres = constants(task, objective), start_of(task, objective)
    places = [(place, unit) for place in centres if (unit := _units(objective, place)).any()]
    roots = np.sqrt(_primes(objective.size))
    for i in range(STARTS + EACH * objective.size if places else 0):
        place, unit = places[i % len(places)]
        distance = DISTANCES[(i // len(places)) % len(DISTANCES)]
        yield place + distance * unit * ndtri((i + 1) * roots % 1.0)


def _units(objective: Objective, theta: Array) -> Array:
    """How far (P,) a coefficient moves where the loss of a row changes by about ½; 0 where that is no number."""
    hessian = objective.evaluate(theta, 2).hessian
    if hessian is None:
        return np.zeros(objective.size)
    unit = np.zeros(objective.size)
    for part in objective.parts:
        curved = np.abs(hessian[part.start, part.start]) / objective.weight()
        if 0.0 < curved < np.inf:
            unit[part] = 1.0 / np.sqrt(curved)
    return unit


def _descent(objective: Objective, task: Task, theta: Array) -> Way[tuple[float, Array] | None]:
    """Loss and θ after some of Newton's steps; None where they lead to no maximum, or begin where there is no loss."""
    space = Subspace(objective)
    if not (yield Request(space, theta, 2)).finite:
        return None
    stop = yield from descent(
        space, theta, task.max_iter, task.counted()[1], task.fisher, False,
        patience=task.max_iter, edges=False, bent=True, rough=True,
    )  # fmt: skip
    positive = stop.factor is not None and stop.factor.positive
    inside = positive and abs(stop.decrement) <= NEAR
    if not (inside or getattr(task.loss, "discrete", False)):
        return None
    return stop.sums.loss, stop.theta


def _primes(count: int) -> Array:
    """The first prime numbers."""
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return np.array(found, dtype=np.float64)
