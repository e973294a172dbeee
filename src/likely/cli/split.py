"""Which rows are held out to judge the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from likely.cli.errors import UserError
from likely.cli.request import Request
from likely.data.errors import count, listing, spoken
from likely.data.table import Column, Table
from likely.data.target import Target

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Split:
    """Training and held-out rows, in file order, and how they were chosen."""

    train: Rows
    test: Rows
    words: str
    groups: NDArray[np.intp] | None = None  # of the held-out rows


def choose_split(request: Request, table: Table, target: Target) -> Split | None:
    """The split that the options ask for; None where nothing is held out."""
    if request.test_fraction == 0:
        return None
    if request.group is not None:
        split = by_group(table.columns[request.group], request.test_fraction, request.seed)
    elif request.time is not None:
        split = by_time(table.columns[request.time], request.test_fraction)
    else:
        split = shuffled(target, request.test_fraction, request.seed)
    if target.is_classes:
        new = np.setdiff1d(target.values[split.test], target.values[split.train])
        if len(new):
            raise UserError(
                f"the classes {listing(new.tolist())} are only among the held-out rows; hold out "
                "other rows, or use --test-fraction 0"
            )
    return split


def shuffled(target: Target, fraction: float, seed: int) -> Split:
    """A seeded shuffle; classes are split one by one, to be in both parts where they can."""
    rng = np.random.default_rng(seed)
    n = len(target.values)
    words = f"{100 * fraction:g} % held out, shuffled with seed {seed}"
    if not target.is_classes:
        test = rng.permutation(n)[: max(round(fraction * n), 1)]
        return _split(n, test, words)
    parts = []
    for label in np.unique(target.values):
        rows = rng.permutation(np.flatnonzero(target.values == label))
        # A class of one row stays in the training part: it cannot be learned from the other.
        parts.append(rows[: min(round(fraction * len(rows)), len(rows) - 1)])
    return _split(n, np.concatenate(parts), f"{words}, class by class")


def by_group(column: Column, fraction: float, seed: int) -> Split:
    """Whole groups are held out, shuffled, until they hold the wanted share of rows."""
    codes, labels = column.as_labels()
    _refuse_missing(column, "group")
    if len(labels) < 2:
        raise UserError(f"--group {column.name}: there is only one group, so none can be held out")
    order = np.random.default_rng(seed).permutation(len(labels))
    sizes = np.bincount(codes)[order]
    # The nearest number of groups to the wanted share, at least one and not all.
    held = 1 + int(np.argmin(np.abs(np.cumsum(sizes)[:-1] - fraction * len(codes))))
    test = np.flatnonzero(np.isin(codes, order[:held]))
    share = 100 * len(test) / len(codes)
    words = (
        f"{share:.3g} % held out, {held:,} of {len(labels):,} groups of {spoken(column.name)} as a whole, "
        f"shuffled with seed {seed}"
    )
    split = _split(len(codes), test, words)
    return Split(split.train, split.test, words, codes[split.test])


def by_time(column: Column, fraction: float) -> Split:
    """The last rows are held out; rows of the same time stay on one side."""
    _refuse_missing(column, "time")
    if column.kind == "text":
        # ISO dates sort as text; anything else would sort by accident.
        raise UserError(
            f"--time {column.name}: the column holds text; write times as numbers or as ISO dates "
            "(2026-01-31)"
        )
    values = np.asarray(column.values, dtype=np.float64)
    ordered = np.sort(values)
    cut = ordered[min(round((1.0 - fraction) * len(values)), len(values) - 1)]
    test = np.flatnonzero(values >= cut)
    if len(test) == len(values):
        test = np.flatnonzero(values > cut)
    if not len(test):
        raise UserError(f"--time {column.name}: all rows have the same time")
    share = 100 * len(test) / len(values)
    return _split(
        len(values), test, f"the last {share:.3g} % held out, in the order of {spoken(column.name)}"
    )


def _split(n: int, test: Rows, words: str) -> Split:
    held = np.zeros(n, dtype=bool)
    held[test] = True
    split = Split(np.flatnonzero(~held), np.flatnonzero(held), words)
    if len(split.train) < 2 or len(split.test) < 1:
        raise UserError(
            f"{count(n, 'row')} are too few to hold some out; use --test-fraction 0 for no "
            f"judgement"
        )
    return split


def _refuse_missing(column: Column, option: str) -> None:
    holes = np.flatnonzero(column.missing)
    if len(holes):
        raise UserError(f"--{option} {column.name}: the column is missing in row {holes[0] + 1}")
