"""Rows that are equal: what takes long is computed once for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def distinct(rows: Array) -> tuple[Array, NDArray[np.intp] | None]:
    """The columns of ``rows`` (k, n) without repeats, (k, u), and the index of each in them; None: kept as they are.

    Repeats are worth it where at most half of the columns differ.
    """
    n = rows.shape[1]
    if n < 2:
        return rows, None
    varying = [row for row in rows if (row != row[0]).any()]
    if not varying:
        return rows[:, :1], np.zeros(n, dtype=np.intp)
    first, inverse = np.empty(0, dtype=np.intp), np.zeros(n, dtype=np.intp)
    for row in varying:
        values, code = np.unique(row, return_inverse=True)
        if 2 * values.size > n:
            return rows, None
        _, first, inverse = np.unique(
            inverse * values.size + code, return_index=True, return_inverse=True
        )
        if 2 * first.size > n:
            return rows, None
    return rows[:, first], inverse
