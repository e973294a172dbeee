"""Recognising what the target is, and proposing a family with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import LABELLED, Domain
from likely.data.errors import DataError, count, listing, rows_words, spoken
from likely.data.looks import limits, looks_like, strays
from likely.data.table import Column, number_label
from likely.losses.check import way_out

#: Text with more distinct values than this is no set of classes.
MAX_CLASSES = 50

#: Values that span at least this share of a turn, and no more than one, may be directions.
AROUND = 0.9
#: Up to so many values are shown to be put in order, or may be grades.
MAX_ORDERED = 10


@dataclass(frozen=True)
class Proposal:
    """A family's name, and why it fits this target."""

    family: str
    domain: str
    reason: str


@dataclass(frozen=True)
class Target:
    """The target ready for a fit: numbers, or labels of classes as they are in the file."""

    name: str
    values: NDArray[Any]
    is_classes: bool

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, sorted; none for numbers."""
        return tuple(map(_shown, np.unique(self.values))) if self.is_classes else ()


def propose(column: Column) -> Proposal:
    """The family that the values of ``column`` suggest."""
    refuse_missing(column)
    refuse_dates(column)
    name = spoken(column.name)
    codes, labels = column.as_labels()
    distinct = len(labels)
    if distinct < 2:
        raise DataError(_constant(column, labels))
    if distinct == 2:
        what = f"{name} has two distinct values, {labels[0]!r} and {labels[1]!r}"
        said = f"{what}: what is predicted is the chance of {labels[1]!r}"
        return Proposal("Bernoulli", "binary", said)
    if column.is_labels:
        _refuse_limits(column)
        _refuse_wide_text(column, distinct)
        smallest = int(np.bincount(codes).min())
        reason = f"{name} is text with {distinct} distinct values, the rarest in {count(smallest, 'row')}"
        if distinct <= MAX_ORDERED:
            reason += (
                f'; where they have an order, lowest first: --family "Ordinal({list(labels)})"'
            )
        return Proposal("Categorical", f"one of {distinct} classes", reason)
    y = np.asarray(column.values, dtype=np.float64)
    proposal = _propose_number(name, y, distinct)
    return replace(proposal, reason=proposal.reason + _directions(y))


def _directions(y: NDArray[np.float64]) -> str:
    """What to do where y goes all round a circle, and might be angles; else nothing."""
    whole = bool((y == np.floor(y)).all())
    turns = {360.0: "directions in degrees: as radians (times π/180)"}
    if not whole:
        turns[2.0 * np.pi] = "directions"
    low, high = float(y.min()), float(y.max())
    for turn, what in turns.items():
        start = 0.0 if low >= 0.0 else -0.5 * turn
        if start <= low and high <= start + turn and high - low >= AROUND * turn:
            return f"; if they are {what}, --family vonmises"
    return ""


def _propose_number(name: str, y: NDArray[np.float64], distinct: int) -> Proposal:
    low, high, mean, variance = float(y.min()), float(y.max()), float(y.mean()), float(y.var())
    span = f"from {low:.6g} to {high:.6g}"
    if (y == np.floor(y)).all() and low >= 0:
        return _propose_count(name, len(y), distinct, span, mean, variance)
    if low > 0 and high < 1:
        return Proposal(
            "Beta", "proportion (0, 1)", f"{name} lies strictly between 0 and 1 ({span})"
        )
    zeros, ones = int((y == 0.0).sum()), int((y == 1.0).sum())
    between = np.unique(y[(y > 0.0) & (y < 1.0)]).size
    if low >= 0 and high <= 1 and between > 1 and max(zeros, ones) > 1:
        found = [f"{n:,} exactly {v}" for v, n in ((0, zeros), (1, ones)) if n]
        points = "(0, 1)" if zeros and ones else "0" if zeros else "1"
        return Proposal(
            f"Inflated(Beta(), at={points})",
            "proportion with exact " + " and ".join(w for w, n in (("0", zeros), ("1", ones)) if n),
            f"{name} lies between 0 and 1, {' and '.join(found)}",
        )
    skewness = _skewness(y)
    zeros = int((y == 0).sum())
    per_cent = ""
    if low >= 0 and high == 100.0 and int((y == 100.0).sum()) > 1:
        per_cent = (
            "; if these are percentages, divide them by 100: proportions have families of their own"
        )
    if low == 0 and high > 1:
        reason = (
            f"{name} is never negative ({span}) and exactly 0 in {count(zeros, 'row')}, which Gamma cannot "
            f"hold; a model of its own for the zeros is --family 'ZeroInflated(Gamma())'{per_cent}"
        )
        return Proposal("Tweedie", "non-negative with exact zeros", reason)
    if low > 0 and skewness > 0.5:
        reason = f"{name} is always positive ({span}) and skewed to the right (skewness {skewness:.2f}){per_cent}"
        return Proposal("Gamma", "positive", reason)
    said = f"{name} holds real numbers {span}"
    if low == 0 and high <= 1:
        said += ", among them exact 0, which Beta cannot hold"
    elif high == 1 and low >= 0:
        said += ", among them exact 1, which Beta cannot hold"
    elif low > 0:
        said += f", positive but hardly skewed (skewness {skewness:.2f}){per_cent}"
    tails = float(np.mean((y - mean) ** 4) / variance**2) - 3.0
    if tails > 3:
        said += f"; the tails are heavy (excess kurtosis {tails:.1f}): compare --family studentt"
    return Proposal("Normal", "real", said)


def _propose_count(
    name: str, n: int, distinct: int, span: str, mean: float, variance: float
) -> Proposal:
    ratio = variance / mean
    what = f"{name} holds whole numbers ≥ 0 ({span}): counts"
    numbers = f"variance {variance:.4g} against mean {mean:.4g}"
    labels = (
        "; if they are class labels, use --family categorical, or ordinal where they are grades"
        if distinct <= MAX_ORDERED
        else ""
    )
    # The standard error of the variance-to-mean ratio of a Poisson sample is √(2/n).
    if ratio > 1.25 and (ratio - 1.0) > 3.0 * np.sqrt(2.0 / n):
        reason = f"{what}, overdispersed ({numbers}, {ratio:.3g} times)"
        return Proposal("NegativeBinomial", "count", reason + labels)
    if ratio < 0.5:
        reason = (
            f"{what}, underdispersed ({numbers}): Poisson will be too wide, compare --family "
            "conwaymaxwellpoisson"
        )
        return Proposal("Poisson", "count", reason + labels)
    return Proposal("Poisson", "count", f"{what}, not overdispersed ({numbers})" + labels)


def prepare_target(column: Column, support: Domain, family: str) -> Target:
    """The target for ``family``; DataError names the rows where y is outside its support."""
    refuse_missing(column)
    refuse_dates(column)
    _, labels = column.as_labels()
    if support.name in LABELLED:
        return _prepare_classes(column, labels, support.name == "binary", family)
    if column.kind == "text":
        _refuse_limits(column)
        shown = listing(
            (f"{_label(column, r)!r} in row {r + 1}" for r in range(len(column.values))), 3
        )
        raise DataError(
            f"target {column.name!r} holds text ({shown}), but {family} needs {support.words}; "
            "for classes use --family categorical"
        )
    y = np.asarray(column.values, dtype=np.float64)
    outside = np.flatnonzero(~support.contains(y))
    if len(outside):
        shown = listing((f"{y[r]:.6g} in row {r + 1}" for r in outside), 3)
        raise DataError(
            f"target {column.name!r} has {shown}, but {family} needs {support.words}{way_out(support, y)}"
        )
    if len(labels) < 2:
        raise DataError(_constant(column, labels))
    return Target(column.name, y, False)


def _prepare_classes(column: Column, labels: tuple[str, ...], two: bool, family: str) -> Target:
    if len(labels) < 2:
        raise DataError(_constant(column, labels))
    if two and len(labels) > 2:
        raise DataError(
            f"target {column.name!r} has {len(labels):,} classes ({listing(labels)}), but "
            f"{family} needs "
            "two; use --family categorical"
        )
    if column.kind == "text":
        _refuse_wide_text(column, len(labels))
        return Target(column.name, np.array(column.levels)[column.values], True)
    if column.kind == "boolean":
        return Target(column.name, column.values.astype(bool), True)
    y = column.values
    if len(labels) > MAX_CLASSES:
        raise DataError(
            f"target {column.name!r} has {len(labels):,} distinct numbers, which are hardly "
            f"classes; "
            "use a family for numbers"
        )
    return Target(column.name, y.astype(np.int64) if (y == np.floor(y)).all() else y, True)


def refuse_missing(column: Column, what: str = "target") -> None:
    """DataError where a value is missing."""
    rows = np.flatnonzero(column.missing)
    if len(rows):
        raise DataError(
            f"{what} {column.name!r} is missing in {count(len(rows), 'row')}: "
            f"{rows_words(rows.tolist())}; a model cannot learn from them, so remove or correct "
            f"them"
        )


def refuse_dates(column: Column) -> None:
    """DataError where a target is a day or a time, which are no numbers of their own."""
    if column.kind == "date":
        first = np.datetime64(round(float(column.values[0]) * 86_400), "s")
        raise DataError(
            f"target {column.name!r} holds dates, such as {str(first).replace('T00:00:00', '')} in row 1, which are "
            "no numbers yet: write the days since some day, or the time until an event, into a column and predict that"
        )


def _refuse_limits(column: Column) -> None:
    """DataError for numbers among which are bounds: to leave these out would move every estimate."""
    found = limits(column) if column.kind == "text" else ""
    if found:
        raise DataError(
            f"target {column.name!r} holds bounds among its numbers, such as {found}: write two columns, low and "
            "high, equal where it was measured, with an empty cell where there is no bound, and fit --target low,high "
            "--family 'Censored(LogNormal)', or another family inside"
        )


def _refuse_wide_text(column: Column, distinct: int) -> None:
    if distinct <= MAX_CLASSES:
        return
    alike = looks_like(column.levels)
    if alike:
        raise DataError(f"target {column.name!r} is read as text: {alike}")
    shown = strays(column)
    if shown:
        raise DataError(
            f"target {column.name!r} is read as text because of {shown}; correct these cells, or leave "
            "them empty and remove the rows"
        )
    raise DataError(
        f"target {column.name!r} is text with {distinct:,} distinct values; up to {MAX_CLASSES} "
        f"can be "
        "classes. Is it an identifier?"
    )


def _constant(column: Column, labels: tuple[str, ...]) -> str:
    value = f"{labels[0]!r}" if labels else "nothing"
    kind = "there is only one class" if column.is_labels else "a constant"
    return f"target {column.name!r} is always {value}: {kind}, and nothing to learn"


def _label(column: Column, row: Any) -> str:
    return (
        column.levels[column.values[row]] if column.is_labels else number_label(column.values[row])
    )


def _shown(value: Any) -> str:
    if isinstance(value, np.bool_):
        return "true" if value else "false"
    return str(value)


def _skewness(y: NDArray[np.float64]) -> float:
    deviation = y - y.mean()
    return float(np.mean(deviation**3) / np.mean(deviation**2) ** 1.5)
