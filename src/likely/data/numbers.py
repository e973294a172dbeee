"""How a column of numbers enters the matrix: as it is, with a mean where it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from likely.data.errors import count, spoken
from likely.data.table import Column


@dataclass(frozen=True)
class NumberPlan:
    """A column of numbers; ``indicator`` adds a column that is 1 where the value is missing."""

    holds_numbers: ClassVar[bool] = True

    name: str
    mean: float
    indicator: bool
    kind: str = "number"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The matrix columns' names."""
        return (self.name, f"{self.name} is missing") if self.indicator else (self.name,)

    def encode(self, column: Column, unseen: str) -> tuple[NDArray[np.float64], list[str]]:
        """(n, 1 or 2) numbers, and a note where values are missing that never were at fit."""
        values = np.asarray(column.values, dtype=np.float64)
        missing = column.missing
        if column.is_labels:  # an empty text column: every value is missing
            values = np.full(len(values), np.nan)
        filled = np.where(missing, self.mean, values)
        if self.indicator:
            return np.column_stack([filled, missing.astype(np.float64)]), []
        notes = []
        if missing.any():
            notes.append(
                f"{spoken(self.name)}: missing in {count(int(missing.sum()), 'row')}; "
                f"the training mean {self.mean:.6g} was used"
            )
        return filled[:, None], notes


def plan_number(column: Column, min_rows: int) -> tuple[NumberPlan | None, list[str]]:
    """The plan for a column of numbers and its notes; None leaves the column out."""
    missing = column.missing
    given = np.asarray(column.values[~missing], dtype=np.float64)
    if not len(given):
        return None, [f"{spoken(column.name)}: every value is missing; left out"]
    holes = int(missing.sum())
    constant = given.min() == given.max()
    if constant and not holes:
        return None, [f"{spoken(column.name)}: always {given[0]:.6g}; left out"]
    notes = []
    if column.kind == "date":
        notes.append(f"{spoken(column.name)}: dates, counted in days since 1970-01-01")
    mean = float(given.mean())
    if not holes:
        return NumberPlan(column.name, mean, False, column.kind), notes
    if constant or holes < min_rows:
        if constant:
            return None, [
                *notes,
                f"{spoken(column.name)}: always {given[0]:.6g} where given; left out",
            ]
        notes.append(
            f"{spoken(column.name)}: missing in {count(holes, 'row')}, filled with the mean {mean:.6g}; "
            f"too few "
            f"(under {min_rows}) for an indicator of their own"
        )
        return NumberPlan(column.name, mean, False, column.kind), notes
    notes.append(
        f"{spoken(column.name)}: missing in {count(holes, 'row')}, filled with the mean {mean:.6g} and "
        f"marked by "
        f"the indicator '{column.name} is missing'"
    )
    return NumberPlan(column.name, mean, True, column.kind), notes
