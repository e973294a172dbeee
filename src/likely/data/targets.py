"""Targets of several columns: numbers that are predicted together, successes with trials, times with events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import Composition, Domain, Intervals, Product, Trials
from likely.data.errors import DataError, count, listing, rows_words, spoken
from likely.data.table import Column
from likely.data.target import Proposal, Target, refuse_dates, refuse_missing
from likely.losses.check import composition_hint, way_out
from likely.losses.plackettluce import are_rankings, fault_of

Array = NDArray[np.float64]


def propose_several(columns: Sequence[Column]) -> Proposal:
    """The family that the values of several targets suggest."""
    names = listing((spoken(column.name) for column in columns), 4)
    y = numbers(columns, gaps=True)
    # An empty cell is an item without a rank, or an end that is not known.
    if np.isnan(y).any() and are_rankings(y).all():
        reason = f"{names} hold ranks, 1 the first, and empty cells where an item has none"
        return Proposal("PlackettLuce", "rankings", reason)
    if np.isnan(y).any() and _are_bounds(y):
        raise DataError(
            f"{names} miss values, and elsewhere {names} are in order or equal: if they are bounds of one target, "
            "with an empty cell where there is none, say --family 'Censored(Weibull)', or another family inside"
        )
    y = numbers(columns)
    if (y > 0.0).all() and (np.abs(y.sum(axis=1) - 1.0) <= Composition.tolerance).all():
        reason = f"{names} are above 0 and sum to 1 in every row: shares of a whole"
        return Proposal("Dirichlet", "shares of a whole", reason)
    if (np.sort(y, axis=1) == np.arange(1.0, len(columns) + 1.0)).all():
        reason = f"{names} hold the ranks from 1 to {len(columns)} in every row, 1 the first"
        return Proposal("PlackettLuce", "rankings", reason)
    if (y >= 0.0).all() and (y == np.floor(y)).all() and (y.sum(axis=1) > 0.0).all():
        reason = (
            f"{names} hold whole numbers ≥ 0, taken as counts of {len(columns)} kinds; where the shares vary "
            "more than the columns explain, compare --family dirichletmultinomial"
        )
        if (np.sort(y, axis=1) == np.arange(0.0, len(columns))).all():
            reason += "; if they are ranks, 1 has to be the first: add 1 to each in the file"
        elif are_rankings(y).mean() > 0.5:
            reason += "; if they are ranks, each has to be there once in a row: correct the others"
        return Proposal("Multinomial", "counts of several kinds", reason)
    total = _same_total(y)
    if total is not None and (y == 0.0).any():
        raise DataError(
            f"{names} are never below 0 and sum to {total:g} in every row: they are shares of a whole, which Dirichlet "
            f"takes where all of them are above 0. {_zeros(columns, y)}. Merge a part that may be 0 with another "
            "one; --family multivariatenormal takes them as they are"
        )
    if total is not None:
        raise DataError(
            f"{names} are above 0 and sum to {total:g} in every row: they are shares of a whole, which Dirichlet "
            "takes as numbers that sum to 1. Divide each row by its sum in the file; --family multivariatenormal "
            "takes them as they are"
        )
    bounds = ""
    if _are_bounds(y):
        bounds = (
            "; if they are bounds of one target, equal where it was seen: --family 'Censored(Normal)', "
            "or another family inside"
        )
    return Proposal("MultivariateNormal", "vector", f"{names} hold real numbers{bounds}")


def _are_bounds(y: Array) -> bool:
    """Whether two columns may be bounds of one target, NaN where there is none."""
    equal = y[:, 0] == y[:, -1]
    in_order = (y[:, 0] <= y[:, -1]) | np.isnan(y).any(axis=1)
    return bool(y.shape[1] == 2 and in_order.all() and _SEEN < equal.mean() < 1.0)


def _zeros(columns: Sequence[Column], y: Array) -> str:
    """Which of the columns is 0 first, and where."""
    row, j = np.argwhere(y == 0.0)[0]
    return f"{spoken(columns[j].name)} is 0 in row {row + 1}"


#: Two columns that are equal in more of the rows than this are bounds of one target, perhaps.
_SEEN = 0.05
#: Shares of 100 are rounded, to whole percents perhaps.
_ROUNDED = 0.02


def _same_total(y: Array) -> float | None:
    """What all rows of numbers ≥ 0 sum to, but for rounding; None where their sums differ."""
    sums = y.sum(axis=1)
    total = float(np.median(sums))
    alike = total > 0.0 and (y >= 0.0).all() and (np.abs(sums - total) <= _ROUNDED * total).all()
    return float(f"{total:.3g}") if alike else None


def propose_trials(columns: Sequence[Column]) -> Proposal:
    """Successes among known numbers of trials."""
    successes, trials = columns
    y = numbers(columns)
    reason = (
        f"{spoken(successes.name)} of {spoken(trials.name)} (from {y[:, 1].min():g} to {y[:, 1].max():g}): "
        "successes among known numbers of trials"
    )
    return Proposal("Binomial", "successes among trials", reason)


def propose_censored(time: Column, event: Column) -> Proposal:
    """Times, or amounts, of which some are known to be larger."""
    values, seen = numbers([time])[:, 0], events(event)
    share = 100.0 * (1.0 - seen.mean())
    reason = f"{spoken(time.name)}: in {share:.3g} % of the rows only a lower bound, where {spoken(event.name)} is 0"
    # What was not seen by a time of 0 says nothing.
    positive = bool((values >= 0.0).all() and (values[seen == 1.0] > 0.0).all())
    inside = "Weibull" if positive else "Normal"
    if not positive:
        row = int(np.flatnonzero((values < 0.0) | ((values == 0.0) & (seen == 1.0)))[0])
        reason += f"; {values[row]:g} in row {row + 1} is no positive number, as Weibull would need"
    return Proposal(f"Censored({inside})", "positive" if positive else "real", reason)


def numbers(columns: Sequence[Column], *, gaps: bool = False) -> Array:
    """The columns side by side, (n, d); DataError where one holds text or, without ``gaps``, misses a value."""
    for column in columns:
        if column.is_labels:
            _refuse_orders(columns)
            shown = listing((repr(level) for level in column.levels), 3)
            raise DataError(
                f"column {column.name!r} holds text ({shown}), but the target needs numbers"
            )
        refuse_dates(column)
        if not gaps:
            refuse_missing(column)
    return np.column_stack([np.asarray(column.values, dtype=np.float64) for column in columns])


def _refuse_orders(columns: Sequence[Column]) -> None:
    """DataError where every row has the same names in some order."""
    if len(columns) > 1 and all(column.is_labels for column in columns):
        cells = np.array([np.array(column.levels)[column.values] for column in columns])
        rows = np.sort(cells, axis=0)
        if (rows == rows[:, :1]).all() and len(set(rows[:, 0])) == len(columns):
            items = listing(map(repr, rows[:, 0].tolist()), 4)
            raise DataError(
                f"columns {listing((spoken(column.name) for column in columns), 4)} hold the same names in some order "
                f"in every row: for a ranking write a column for each of {items} with its rank in that row, 1 for the "
                "first"
            )


def events(column: Column) -> Array:
    """1 where the event was seen and 0 where not, of a column of 0 and 1, or true and false."""
    refuse_missing(column, "the event column")
    if column.kind == "text":
        raise DataError(
            f"the event column {column.name!r} holds text ({listing(map(repr, column.levels), 3)}); write 1 "
            "where the event was seen and 0 where it was not"
        )
    values = np.asarray(column.values, dtype=np.float64)
    wrong = np.flatnonzero(~np.isin(values, (0.0, 1.0)))
    if len(wrong):
        raise DataError(
            f"the event column {column.name!r} must hold 1 (seen) or 0 (not yet), but there is "
            f"{values[wrong[0]]:.6g} in {rows_words(wrong.tolist())}"
        )
    return values


def prepare_targets(columns: Sequence[Column], support: Domain, family: str) -> Target:
    """The target of several columns for ``family``; DataError names column and rows outside its support."""
    names = tuple(column.name for column in columns)
    intervals, rankings = isinstance(support, Intervals), support.name == "rankings"
    y = numbers(columns, gaps=intervals or rankings)
    if intervals:
        _refuse_columns(names, 2, "the lower and the upper bound", family)
        # An end that is not known is an empty cell.
        y = np.where(np.isnan(y), (-np.inf, np.inf), y)
        _refuse_rows(y[:, 0] > y[:, 1], f"{names[0]} is above {names[1]}", family, support)
    elif isinstance(support, Trials):
        _refuse_columns(names, 2, "successes and trials", family)
        more = y[:, 0] > y[:, 1]
        _refuse_rows(more, f"{names[0]} is larger than {names[1]}", family, support)
    elif isinstance(support, Composition) and not support.whole and (y > 0.0).all():
        pass  # amounts may be made shares: what is wrong with them is their sum
    elif isinstance(support, Product):
        hint = composition_hint(y, support) if isinstance(support, Composition) else None
        for name, part, values in zip(names, support.parts, y.T, strict=False):
            _refuse_values(name, values, part, family, hint)
    elif rankings:
        bad, what, fix = fault_of(y)
        shown = f"{listing(map(spoken, names), 4)}: the ranking {what}"
        if bad.any():
            where = rows_words(np.flatnonzero(bad).tolist())
            fix = fix.format(family=family, missing="empty")
            raise DataError(f"{shown} in {where}: {fix}")
    else:
        for name, values in zip(names, y.T, strict=True):
            if (values == values[0]).all():
                raise DataError(
                    f"target {name!r} is always {values[0]:g}: a constant, and nothing to learn"
                )
    if isinstance(support, Composition):
        said = f"{listing(map(spoken, names), 4)} do not sum to 1"
        fix = "; divide each row by its sum in the file"
        _refuse_rows(~support.contains(y), said, family, support, fix)
    elif isinstance(support, (Intervals, Trials)):
        outside = ~support.contains(y)
        _refuse_rows(outside, f"{names[0]}, {names[1]} are impossible", family, support)
    return Target(", ".join(names), y, False)


def _refuse_columns(names: Sequence[str], wanted: int, what: str, family: str) -> None:
    if len(names) != wanted:
        raise DataError(
            f"{family} needs {wanted} target columns, {what}; got {count(len(names), 'column')}: "
            f"{listing(map(spoken, names))}"
        )


def _refuse_rows(
    bad: NDArray[np.bool_], what: str, family: str, support: Domain, fix: str = ""
) -> None:
    rows: Any = np.flatnonzero(bad)
    if len(rows):
        raise DataError(
            f"{what} in {rows_words(rows.tolist())}: {family} needs {support.words}{fix}"
        )


def _refuse_values(
    name: str, values: Array, support: Domain, family: str, hint: str | None = None
) -> None:
    outside = np.flatnonzero(~support.contains(values))
    if len(outside):
        shown = listing((f"{values[r]:.6g} in row {r + 1}" for r in outside), 3)
        fix = way_out(support, values) if hint is None else hint
        raise DataError(f"target {name!r} has {shown}, but {family} needs {support.words}{fix}")
