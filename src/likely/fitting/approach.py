"""Some of Newton's steps, and nothing about where they lead: for searches that compare many places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from likely.fitting.coordinates import bases_of, start_of
from likely.fitting.newton import descent
from likely.fitting.problem import Array, Design, Loss, Response
from likely.fitting.source import Source
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task, weighed
from likely.fitting.ways import Way


class Reached(NamedTuple):
    """Where some steps lead: coefficients (P,), the objective there, and what the next step promises to lower it by."""

    coefficients: Array
    objective: float
    left: float


def approaching(
    loss: Loss,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    coefficients: Array,
    *,
    alpha: Array | None = None,
    steps: int,
    enough: float = 0.0,
    promise: float = np.inf,
) -> Way[Reached]:
    """The way of at most so many of Newton's steps from ``coefficients`` (P,), for ``together`` with others.

    No further than to where a step promises to lower the objective, Σ w·nll + ½ Σ α‖β‖², by less than ``enough``, and
    with steps that promise ``promise`` and not more: short ones lead to a maximum that is near, where longer ones may
    pass it. Arguments as those of ``fit_linear``, ``alpha`` (k,), which asks whether there is a maximum; the loss of a
    smooth family. The way ends in an error where the loss is not finite at its start, or a formula ends.
    """
    response, unit = weighed(response)
    penalties = np.zeros(loss.columns) if alpha is None else alpha / unit
    source = Source(X)
    task = Task(
        loss, source, tuple(designs), response, np.zeros(loss.columns), penalties, None, steps, 1,
        coefficients,
    )  # fmt: skip
    objective = task.objective(*bases_of(task))
    stop = yield from descent(
        Subspace(objective), start_of(task, objective), steps, task.counted()[1], False, False,
        patience=steps, edges=False, promise=promise / unit, rough=True, enough=enough / unit,
    )  # fmt: skip
    return Reached(objective.flat(stop.theta), stop.sums.loss * unit, abs(stop.decrement) * unit)
