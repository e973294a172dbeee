"""Rows: those that are equal are computed once, and many of them in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def distinct(raw: Array) -> tuple[Array, NDArray[np.intp] | None]:
    """Raw columns (k, u) without repeats, and the index of each row in them; None: kept as they are.

    Looks for repeats only where that is quick: all rows equal, or one column that varies.
    """
    n = raw.shape[1]
    if n < 2:
        return raw, None
    varying = [j for j in range(raw.shape[0]) if (raw[j] != raw[j, 0]).any()]
    if not varying:
        return raw[:, :1], np.zeros(n, dtype=np.intp)
    if len(varying) > 1:
        return raw, None
    _, first, inverse = np.unique(raw[varying[0]], return_index=True, return_inverse=True)
    if first.size * 2 > n:
        return raw, None
    return raw[:, first], inverse


def once(function: Callable[[Array], Any], raw: Array) -> Any:
    """``function(raw)``, whose result has rows first, computed on distinct rows only."""
    few, inverse = distinct(raw)
    value = function(few)
    return value if inverse is None else value[inverse]


def blocks(count: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most so many rows: what is kept for each of them takes bounded memory."""
    return (slice(first, first + size) for first in range(0, count, size))
