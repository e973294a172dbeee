"""From a table to a matrix for trees and networks: numbers as they are, categories as codes, gaps left open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from likely.data.encoder import TableEncoder
from likely.data.errors import DataError, count, listing
from likely.data.looks import looks_like, nearly_equal, nearly_numbers
from likely.data.table import Column, Table


@dataclass(frozen=True)
class RawPlan:
    """A column of numbers, as it is; missing values stay missing."""

    holds_numbers: ClassVar[bool] = True

    name: str
    kind: str = "number"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The matrix column's name."""
        return (self.name,)

    def encode(self, column: Column, unseen: str) -> tuple[NDArray[np.float64], list[str]]:
        """(n, 1) numbers, NaN where missing."""
        values = np.asarray(column.values, dtype=np.float64)
        if column.is_labels:  # an empty text column: every value is missing
            values = np.full(len(values), np.nan)
        return values[:, None], []


@dataclass(frozen=True)
class CodePlan:
    """A column of categories, each a code 0, 1, … in the order of ``labels``."""

    holds_numbers: ClassVar[bool] = False

    name: str
    kind: str
    labels: tuple[str, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The matrix column's name."""
        return (self.name,)

    def encode(self, column: Column, unseen: str) -> tuple[NDArray[np.float64], list[str]]:
        """(n, 1) codes, NaN where missing or where the label was not there at fit, which is said."""
        codes, labels = column.as_labels()
        known = {label: float(i) for i, label in enumerate(self.labels)}
        lookup = np.array([*(known.get(label, np.nan) for label in labels), np.nan])
        notes = []
        new = [label for label in labels if label not in known]
        if new:
            rows = np.isin(codes, [labels.index(label) for label in new]).sum()
            what = f"{listing(map(repr, new))} in {count(int(rows), 'row')}"
            notes.append(f"{self.name}: {what} not seen when fitted; counted as missing")
        return lookup[codes][:, None], notes


@dataclass
class CodeEncoder(TableEncoder):
    """Learns which columns are categories: text and booleans. Whole numbers stay numbers.

    Columns that never vary are left out; columns that repeat each other do trees no harm.
    """

    kind: ClassVar[str] = "codes"
    plan_types: ClassVar[tuple[type, ...]] = (RawPlan, CodePlan)

    @property
    def categorical(self) -> list[int]:
        """The matrix columns that hold codes."""
        return [j for j, plan in enumerate(self.plans) if isinstance(plan, CodePlan)]

    def _plan(self, column: Column) -> tuple[RawPlan | CodePlan | None, list[str]]:
        given = column.values[~column.missing]
        if not len(given):
            return None, [f"{column.name}: every value is missing; left out"]
        holes = int(column.missing.sum())
        notes = []
        if column.is_labels:
            codes, labels = column.as_labels()
            used = tuple(labels[i] for i in np.unique(codes[codes >= 0]))
            if len(used) == 1 and not holes:
                return None, [f"{column.name}: always {used[0]!r}; left out"]
            alike = looks_like(column.levels) if column.kind == "text" else ""
            notes.append(f"{column.name}: {len(used)} categories{alike and f' ({alike})'}")
            odd = [nearly_equal(used), nearly_numbers(column)] if column.kind == "text" else []
            notes += [f"{column.name}: {words}" for words in odd if words]
            plan: RawPlan | CodePlan = CodePlan(column.name, column.kind, used)
        else:
            if given.min() == given.max() and not holes:
                return None, [f"{column.name}: always {given[0]:.6g}; left out"]
            if column.kind == "date":
                notes.append(f"{column.name}: dates, counted in days since 1970-01-01")
            plan = RawPlan(column.name, column.kind)
        if holes:
            notes.append(
                f"{column.name}: missing in {count(holes, 'row')}, which is information too"
            )
        return plan, notes

    def _leave_out_dependent(self, table: Table) -> None:
        self.kept = list(range(len(self.plans)))
        if not self.plans:
            raise DataError(f"{table.source} has no column that varies")


def read_encoder(state: Any) -> TableEncoder:
    """The encoder that ``to_dict`` wrote, of whichever kind; DataError where the state is not one."""
    kinds = {encoder.kind: encoder for encoder in (TableEncoder, CodeEncoder)}
    kind = state.get("kind") if isinstance(state, dict) else None
    return kinds.get(kind or TableEncoder.kind, TableEncoder).from_dict(state)
