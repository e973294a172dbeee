"""The target in units that suit a network, and how its outputs become raw predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.predictors.marginal import start_values
from likely.predictors.standard import Standard, about_one, mean_and_std

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Target:
    """raw_j = factorⱼ·(startⱼ + stepⱼ·outputⱼ) + moveⱼ, for y′ = (y − shift)/unit.

    With an output of 0 that is the best constant, which is where training begins.
    """

    shift: float
    unit: float
    factor: Array
    move: Array
    start: Array
    step: Array

    @property
    def motion(self) -> Standard:
        """From y′ to y."""
        return Standard(self.shift, self.unit, self.factor, self.move)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For a saved model."""
        return {f"target.{name}": np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Target:
        """What ``arrays`` gave."""
        found = {name: arrays[f"target.{name}"] for name in cls.__dataclass_fields__}
        shift, unit = float(found.pop("shift")), float(found.pop("unit"))
        return cls(shift, unit, **found)


def learn_target(loss: Any, y: Array, weight: Array | None, offset: Array | None) -> Target:
    """Where the loss follows a change of y's unit, as location-scale and scale families do, y becomes about 1 in size.

    Elsewhere, as for counts and classes, y stays as it is; the marginal fit is the start in any case.
    """
    motion = about_one(loss, y, weight)
    moved = y if motion is None else motion.y(y)
    apart = offset if motion is None or offset is None else motion.offset(offset)
    start = start_values(loss, moved, weight, apart, warn=True)
    k = loss.columns
    if motion is None:
        motion = Standard(0.0, 1.0, np.ones(k), np.zeros(k))
    spread = _spreads(loss, moved, weight)
    # A location moves by the spread of y; on other links' scales a unit is a unit whatever y is.
    links = [loss.free[i].link for i in loss.column_slots]
    location = np.array(
        [link is not None and link.name == "identity" for link in links], dtype=bool
    )
    return Target(
        motion.shift,
        motion.unit,
        motion.factor,
        motion.move,
        start,
        np.where(location & (spread > 0.0), spread, 1.0),
    )


def _spreads(loss: Any, y: Array, weight: Array | None) -> Array:
    """Of each raw column the standard deviation of the y that it is about, or 0."""
    found = np.zeros(loss.columns)
    if loss.specification.vector is not None or not y.any():
        return found
    if loss.y_columns is None:
        found[:] = mean_and_std(y, weight)[1]
        return found
    for j, (inside, columns) in enumerate(loss.parts):
        rows, of_rows = loss.specification.structure.rows(j, y, weight)
        found[columns] = _spreads(inside, rows, of_rows)
    return found
