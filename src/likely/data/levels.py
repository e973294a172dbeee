"""How a column of categories enters the matrix: one column per level but the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from likely.data.errors import DataError, count, listing, option, spoken
from likely.data.looks import looks_like, nearly_equal, nearly_numbers
from likely.data.table import Column

MISSING = "missing"
OTHER = "other"


@dataclass(frozen=True)
class LevelPlan:
    """A column of categories.

    ``levels[0]`` is the reference. ``labels[i]`` of the data counts as level ``codes[i]``;
    ``other`` is the level of labels never seen, ``missing`` that of missing values, −1 where there
    is none.
    """

    holds_numbers: ClassVar[bool] = False

    name: str
    kind: str
    levels: tuple[str, ...]
    labels: tuple[str, ...]
    codes: tuple[int, ...]
    other: int = -1
    missing: int = -1

    @property
    def column_names(self) -> tuple[str, ...]:
        """The matrix columns' names."""
        return tuple(f"{self.name}[{level}]" for level in self.levels[1:])

    def encode(self, column: Column, unseen: str) -> tuple[NDArray[np.float64], list[str]]:
        """(n, levels − 1) zeros and ones, and notes on labels that were not there at fit."""
        codes, labels = column.as_labels()
        known = dict(zip(self.labels, self.codes, strict=True))
        new = [label for label in labels if label not in known]
        notes = []
        fallback = self.other if self.other >= 0 else 0
        as_what = (
            f"counted as '{self.levels[self.other]}'"
            if self.other >= 0
            else f"counted as the reference '{self.levels[0]}'"
        )
        if new:
            rows = np.flatnonzero(np.isin(codes, [labels.index(label) for label in new]))
            what = f"{listing(map(repr, new))} in {count(len(rows), 'row')}"
            if self.other < 0 and unseen == "error":
                first = int(rows[0])
                raise DataError(
                    f"column {self.name!r}: {labels[codes[first]]!r} in row {first + 1} was not "
                    f"there when "
                    f"the model was fitted; it knows {listing(map(repr, self.labels), 12)}"
                )
            notes.append(f"{spoken(self.name)}: {what} not seen when fitted; {as_what}")
        empty = codes < 0
        level_missing = self.missing
        if empty.any() and self.missing < 0:
            if self.other < 0 and unseen == "error":
                first = int(np.flatnonzero(empty)[0])
                raise DataError(
                    f"column {self.name!r} is missing in row {first + 1}; "
                    "it never was when the model was fitted"
                )
            level_missing = fallback
            notes.append(
                f"{spoken(self.name)}: missing in {count(int(empty.sum()), 'row')}; {as_what}"
            )
        lookup = np.array(
            [*(known.get(label, fallback) for label in labels), level_missing], dtype=np.intp
        )
        level = lookup[codes]
        return (level[:, None] == np.arange(1, len(self.levels))).astype(np.float64), notes


def plan_levels(column: Column, min_rows: int) -> tuple[LevelPlan | None, list[str]]:
    """The plan for a column of categories and its notes; None leaves the column out."""
    codes, labels = column.as_labels()
    sizes = np.bincount(codes[codes >= 0], minlength=len(labels)).astype(int).tolist()
    holes = int((codes < 0).sum())
    if not labels:
        return None, [f"{spoken(column.name)}: every value is missing; left out"]
    if len(labels) == 1 and not holes:
        return None, [f"{spoken(column.name)}: always {labels[0]!r}; left out"]
    # Missing values are a level like the others: it may be the reference, and it may be merged.
    groups = [([i], label, size) for i, (label, size) in enumerate(zip(labels, sizes, strict=True))]
    if holes:
        groups.append(([-1], _free_name(MISSING, labels), holes))
    rare = [group for group in groups if group[2] < min_rows]
    kept = [group for group in groups if group[2] >= min_rows]
    notes, other = [], None
    if rare and not kept:
        return None, [
            f"{spoken(column.name)}: {len(groups):,} distinct values, each in under {min_rows} rows; "
            f"left out{_hint(column)}"
        ]
    if rare:
        other, kept, note = _merge(column.name, rare, kept, min_rows, labels)
        notes.append(note)
        if not kept:
            return None, [*notes, f"{spoken(column.name)}: one level remains; left out"]
        groups = [*kept, other]
    reference = max(range(len(groups)), key=lambda g: (groups[g][2], -g))
    ordered = [groups[reference], *groups[:reference], *groups[reference + 1 :]]
    level_of = {member: k for k, (members, _, _) in enumerate(ordered) for member in members}
    plan = LevelPlan(
        name=column.name,
        kind=column.kind,
        levels=tuple(name for _, name, _ in ordered),
        labels=labels,
        codes=tuple(level_of[i] for i in range(len(labels))),
        other=-1 if other is None else ordered.index(other),
        missing=level_of.get(-1, -1),
    )
    numbers = column.kind == "integer"
    what = "whole numbers as categories" if numbers else "categories"
    said = f"{spoken(column.name)}: {len(labels)} {what}, reference {plan.levels[0]!r}"
    if holes >= min_rows:
        said += f"; missing in {count(holes, 'row')}, which is a level of its own"
    if numbers:
        said += f" ({option('--numeric', column.name)}: as a number)"
    odd = [nearly_equal(labels), nearly_numbers(column)] if column.kind == "text" else []
    return plan, [said, *(f"{spoken(column.name)}: {words}" for words in odd if words), *notes]


def _hint(column: Column) -> str:
    if column.kind != "text":
        return ""
    alike = looks_like(column.levels) or nearly_numbers(column)
    return f" ({alike})" if alike else ""


Group = tuple[list[int], str, int]


def _merge(
    name: str, rare: list[Group], kept: list[Group], min_rows: int, labels: tuple[str, ...]
) -> tuple[Group, list[Group], str]:
    """Rare levels as one 'other'. If even that is too small, it joins the next rarest level: a
    level of one row is fitted exactly, and the likelihood of a predicted scale has then no maximum.
    """
    members = [i for group in rare for i in group[0]]
    size = sum(group[2] for group in rare)
    shown = listing((f"{label!r} ({count(n, 'row')})" for _, label, n in rare), 4)
    what = f"{spoken(name)}: {shown}, under {min_rows} rows"
    if size >= min_rows:
        return (members, _free_name(OTHER, labels), size), kept, f"{what}: merged into '{OTHER}'"
    next_rarest = min(kept, key=lambda group: group[2])
    rest = [group for group in kept if group is not next_rarest]
    joined = f"{next_rarest[1]} or {OTHER}"
    merged = (next_rarest[0] + members, joined, next_rarest[2] + size)
    return merged, rest, f"{what}: merged with the next rarest level into '{joined}'"


def _free_name(name: str, taken: tuple[str, ...]) -> str:
    """A level's name that no label of the data has already."""
    while name in taken:
        name += "*"
    return name
