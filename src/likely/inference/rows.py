"""Rows: those that are equal are computed once, and many of them in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.rows import distinct

Array = NDArray[np.float64]


def once(function: Callable[[Array], Any], raw: Array) -> Any:
    """``function(raw)``, whose result has rows first, computed on distinct rows only."""
    few, inverse = distinct(raw)
    value = function(few)
    return value if inverse is None else value[inverse]


def parameters_at(loss: Any, raw: Array) -> str:
    """``loc = 0, scale = 1``: the parameters of one row, raw (k,), for a message."""
    return ", ".join(
        f"{name} = {float(loss.formula(name, raw)):.4g}" for name in loss.specification.parameters
    )


def blocks(count: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most so many rows: what is kept for each of them takes bounded memory."""
    return (slice(first, first + size) for first in range(0, count, size))
