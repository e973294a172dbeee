"""Text that was meant as numbers or dates, and how to write those; numbers that only count the rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.data.errors import listing, option, spoken
from likely.data.table import Column

#: The share of distinct cells that may be words in a column of numbers.
FEW = 0.2
#: A day, a month and a year, in any order, and perhaps a time of day.
_DATE = re.compile(r"\s*\d{1,4}([./-])\d{1,2}\1\d{1,4}([ T]\d{1,2}:\d{2}(:\d{2})?)?\s*")
#: Less or more than a number: what an instrument writes that reaches no further.
_LIMIT = re.compile(r"\s*[<>≤≥]=?\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
#: Digits in groups, perhaps with a currency before them or a per cent after them.
_NUMBER = re.compile(r"\s*[-+]?[$€£¥]?\s?[-+]?\d[\d.,'’\s]*[$€£¥%]?\s*")


def looks_like(texts: Sequence[str]) -> str:
    """What all of the texts look like, with the first of them and what to write instead; else nothing."""
    if not texts:
        return ""
    if all(_DATE.fullmatch(text) for text in texts):
        return f"its cells look like dates, such as {texts[0]!r}; write them as 2024-12-31"
    odd = next((text for text in texts if not is_number(text)), None)
    if odd is not None and all(_NUMBER.fullmatch(text) for text in texts):
        return (
            f"its cells look like numbers with commas or signs in them, such as {odd!r}; write them with "
            "a decimal point, without thousands separators and units"
        )
    return ""


def strays(column: Column) -> str:
    """Of a column of text that is numbers but for a few cells: these cells and their rows; else nothing."""
    words = [i for i, level in enumerate(column.levels) if not is_number(level)]
    if not words or not len(words) < FEW * len(column.levels):
        return ""
    rows = np.flatnonzero(np.isin(column.values, words))
    cells = (f"{column.levels[int(column.values[row])]!r} in row {row + 1}" for row in rows)
    return listing(cells, 3)


def limits(column: Column) -> str:
    """Of a column of text that is numbers but for cells such as '<0.3', the first of these; else nothing."""
    words = [level for level in column.levels if not is_number(level)]
    if not words or len(words) == len(column.levels) or not all(map(_LIMIT.fullmatch, words)):
        return ""
    row = int(np.isin(column.values, [column.levels.index(word) for word in words]).argmax())
    return f"{column.levels[int(column.values[row])]!r} in row {row + 1}"


def nearly_numbers(column: Column) -> str:
    """What to do about the ``strays`` of a column; nothing where there are none."""
    found = strays(column)
    return (
        f"read as text because of {found}; correct these cells, or leave them empty"
        if found
        else ""
    )


def nearly_equal(texts: Sequence[str]) -> str:
    """Which of the texts differ only in case or in spaces around them, one group after the other; else nothing."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(text.strip().casefold(), []).append(text)
    found = [" and ".join(map(repr, group)) for group in groups.values() if len(group) > 1]
    if not found:
        return ""
    return f"{listing(found, 4)} differ only in case or spaces, and are kept apart"


def row_numbers(columns: Iterable[Column]) -> list[str]:
    """A note on each column that counts the rows from 0 or 1: it may be a time, or measure nothing."""
    return [
        f"{spoken(column.name)}: numbers the rows; if it measures nothing, {option('--drop', column.name)}"
        for column in columns
        if column.kind == "integer" and len(column.values) > 2 and counts_rows(column.values)
    ]


def counts_rows(values: NDArray[Any]) -> bool:
    """Whether whole numbers are 0, 1, 2, … or 1, 2, 3, …"""
    return bool(np.isin(values[:1], (0, 1)).all() and (np.diff(values) == 1).all())


def is_number(text: str) -> bool:
    """Whether Python reads the text as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
