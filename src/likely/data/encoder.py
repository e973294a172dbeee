"""From a table to a numeric matrix, with every decision said in a line of text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from likely.data.dependence import Dependence, find_dependences
from likely.data.errors import DataError, listing, nearest, option, spoken
from likely.data.levels import LevelPlan, plan_levels
from likely.data.numbers import NumberPlan, plan_number
from likely.data.table import Column, Table

VERSION = 1
#: Whole numbers with at most this many distinct values are categories, unless named as numeric.
MAX_INTEGER_LEVELS = 32
_MAX_BYTES = 8 << 30

Unseen = Literal["error", "nearest"]


@dataclass(frozen=True)
class Encoded:
    """The matrix, and what had to be decided for these rows."""

    matrix: NDArray[np.float64]
    notes: tuple[str, ...] = ()


@dataclass
class TableEncoder:
    """Learns from a table how to write its columns as numbers.

    Text, booleans and whole numbers of few distinct values become categories with their most
    frequent level as reference; levels under ``min_rows`` rows are merged; missing values get an
    indicator or a level of their own; columns that are constant, or follow exactly from the
    others, are left out. ``notes`` says each of these decisions in one line.
    """

    kind: ClassVar[str] = "columns"
    plan_types: ClassVar[tuple[type, ...]] = (NumberPlan, LevelPlan)

    numeric: tuple[str, ...] = ()
    min_rows: int = 10
    plans: list[Any] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fit(self, table: Table) -> TableEncoder:
        """Decide how to encode each column of ``table``."""
        if table.rows == 0:
            raise DataError(f"{table.source} has no rows")
        for name in self.numeric:
            if table.column(name, "the numeric column").is_labels:
                raise DataError(_not_numbers(table.column(name), table.source))
        self.plans, self.left_out, self.notes = [], [], []
        plain = []
        for column in table.columns.values():
            plan, notes = self._plan(column)
            self.notes += notes
            if plan is None:
                self.left_out.append(column.name)
                continue
            self.plans.append(plan)
            if isinstance(plan, NumberPlan) and not notes:
                plain.append(column.name)
        if plain:
            self.notes.insert(0, f"numbers as they are: {listing(map(spoken, plain), 30)}")
        self._check_size(table.rows)
        self._leave_out_dependent(table)
        return self

    def transform(self, table: Table, unseen: Unseen = "error") -> Encoded:
        """The matrix of ``table``, which must have the columns that the encoder was fitted on.

        A level that was not there at fit counts as 'other' where that exists. Where it does not,
        ``unseen="error"`` raises with the value and its row, and ``"nearest"`` takes the reference
        level and says so.
        """
        self._check_columns(table)
        notes: list[str] = []
        blocks = []
        for plan in self.plans:
            column = table.columns[plan.name]
            if plan.holds_numbers and column.is_labels and len(column.levels):
                raise DataError(_not_numbers(column, table.source, plan.kind))
            block, said = plan.encode(column, unseen)
            blocks.append(block)
            notes += said
        full = np.column_stack(blocks) if blocks else np.empty((table.rows, 0))
        return Encoded(np.ascontiguousarray(full[:, self.kept]), tuple(notes))

    @property
    def column_names(self) -> tuple[str, ...]:
        """The name of each matrix column: ``temp``, ``hr[17]``, ``hum is missing``."""
        every = self._all_names()
        return tuple(every[j] for j in self.kept)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Columns to be read as text, whatever the new rows look like."""
        return tuple(p.name for p in self.plans if not p.holds_numbers and p.kind == "text")

    # --- Fitting ----------------------------------------------------------------------------------

    def _plan(self, column: Column) -> tuple[Any, list[str]]:
        if not column.is_labels and (column.kind != "integer" or column.name in self.numeric):
            return plan_number(column, self.min_rows)
        if column.kind != "integer":
            return plan_levels(column, self.min_rows)
        given = column.values[~column.missing]
        distinct = len(np.unique(given))
        if distinct > MAX_INTEGER_LEVELS:
            return plan_number(column, self.min_rows)
        if distinct > 1 and len(given) < distinct * self.min_rows:
            plan, notes = plan_number(column, self.min_rows)
            return plan, [
                f"{spoken(column.name)}: {distinct} distinct whole numbers, but under {self.min_rows} "
                f"rows each "
                "on average: taken as a number",
                *notes,
            ]
        return plan_levels(column, self.min_rows)

    def _all_names(self) -> list[str]:
        return [name for plan in self.plans for name in plan.column_names]

    def _check_size(self, rows: int) -> None:
        width = len(self._all_names())
        if rows * width * 8 > _MAX_BYTES:
            widest = max(self.plans, key=lambda plan: len(plan.column_names))
            raise DataError(
                f"{width:,} columns after encoding are too many for {rows:,} rows in memory; "
                f"{widest.name!r} alone has {len(widest.column_names):,}: leave it out with "
                f"{option('--drop', widest.name)}"
            )

    def _leave_out_dependent(self, table: Table) -> None:
        self.kept = list(range(len(self._all_names())))
        matrix = self.transform(table).matrix
        sources = [plan.name for plan in self.plans for _ in plan.column_names]
        names = self._all_names()
        lost: set[int] = set()
        for found in find_dependences(matrix, sources):
            lost |= set(found.columns)
            if found.whole:
                self.left_out.append(found.source)
                # How it would have been encoded is of no interest any more.
                start = f"{spoken(found.source)}: "
                self.notes = [note for note in self.notes if not note.startswith(start)]
            self.notes.append(_dependence_note(found, names))
        offsets = np.cumsum([0, *(len(plan.column_names) for plan in self.plans)])
        whole = set(self.left_out)
        kept, shift = [], 0
        for plan, start in zip(self.plans, offsets[:-1].tolist(), strict=True):
            width = len(plan.column_names)
            if plan.name in whole:
                shift += width
                continue
            kept += [j - shift for j in range(start, start + width) if j not in lost]
        self.plans = [plan for plan in self.plans if plan.name not in whole]
        self.kept = kept

    # --- Checking new tables ----------------------------------------------------------------------

    def _check_columns(self, table: Table) -> None:
        missing = [plan.name for plan in self.plans if plan.name not in table.columns]
        if missing:
            known = {plan.name for plan in self.plans} | set(self.left_out)
            extra = [name for name in table.names if name not in known]
            hint = nearest(missing[0], extra) if len(missing) == 1 else ""
            raise DataError(
                f"{table.source} lacks the column{'s' if len(missing) > 1 else ''} "
                f"{listing(map(repr, missing), 10)}, which the model was fitted on{hint}"
            )

    def extra_columns(self, table: Table) -> tuple[str, ...]:
        """Columns of ``table`` that the encoder never saw."""
        known = {plan.name for plan in self.plans} | set(self.left_out)
        return tuple(name for name in table.names if name not in known)

    # --- Plain state ------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The encoder as plain JSON."""
        return {
            "version": VERSION,
            "kind": self.kind,
            "numeric": list(self.numeric),
            "min_rows": self.min_rows,
            "plans": [{"type": type(plan).__name__, **asdict(plan)} for plan in self.plans],
            "kept": self.kept,
            "left_out": self.left_out,
            "notes": self.notes,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> TableEncoder:
        """The encoder that ``to_dict`` wrote; DataError where the state is not one."""
        if not isinstance(state, dict) or state.get("version") != VERSION:
            version = state.get("version") if isinstance(state, dict) else state
            raise DataError(
                f"the encoder's state has version {version!r}; this likely reads {VERSION}"
            )
        types: dict[str, Any] = {plan.__name__: plan for plan in cls.plan_types}
        try:
            plans = []
            for entry in state["plans"]:
                values: dict[str, Any] = {
                    k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()
                }
                plans.append(types[values.pop("type")](**values))
            return cls(
                tuple(state["numeric"]), state["min_rows"], plans, list(state["kept"]),
                list(state["left_out"]), list(state["notes"]),
            )  # fmt: skip
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"the encoder's state is damaged ({error})") from None


def _dependence_note(found: Dependence, names: Iterable[str]) -> str:
    names = list(names)
    if not found.others:
        how = "does not vary"
    elif found.whole and len(found.columns) == 1 and len(found.others) == 1:
        how = f"repeats {spoken(found.others[0])}"
    else:
        verb = "follow" if not found.whole and len(found.columns) > 1 else "follows"
        how = f"{verb} exactly from {listing(map(spoken, found.others), 8)}"
    what = (
        spoken(found.source)
        if found.whole
        else listing((spoken(names[j]) for j in found.columns), 8)
    )
    return f"{what}: {how}; left out"


def _not_numbers(column: Column, source: str, kind: str = "number") -> str:
    """Names the first cells that keep a column from being numbers, or dates."""
    fits, wanted = (
        (_is_date, "dates such as 2024-12-31") if kind == "date" else (_is_number, "numbers")
    )
    bad = [i for i, level in enumerate(column.levels) if not fits(level)]
    rows = np.flatnonzero(np.isin(column.values, bad))
    shown = listing((f"{column.levels[column.values[r]]!r} in row {r + 1}" for r in rows), 3)
    return f"{source}: column {column.name!r} should hold {wanted}, but holds {shown}"


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
