"""Polynomials by patches on arrays: every row with coefficients of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from likely._math.backends.series_on_arrays import Summed
from likely._math.evaluate import Table
from likely._math.patches import DERIVATIVES, derivatives

#: Rows at a time on NumPy, whose coefficients stay in a core's cache.
_ROWS = 256


def on_arrays(table: Table) -> dict[str, Summed]:
    """The derivatives as functions of one array library, whose ``table`` looks up coefficients."""
    return {name: Summed(name, lambda names: _of_rows(names, table)) for name in DERIVATIVES}


def on_numpy(table: Table) -> dict[str, Summed]:
    """The same on NumPy arrays: rows that need it, some at a time."""
    return {
        name: Summed(name, lambda names: _in_chunks(_of_rows(names, table), len(names)))
        for name in DERIVATIVES
    }


def _of_rows(names: Sequence[str], table: Table) -> Callable[..., Sequence[Any]]:
    several = [DERIVATIVES[name] for name in names]
    patches, wanted = several[0].patches, [one.order for one in several]

    def run(needed: Any, place: Any, u: Any, t: Any) -> Sequence[Any]:
        return derivatives(table[patches.name](place), patches.powers, u, t, wanted)

    return run


def _in_chunks(of_rows: Callable[..., Sequence[Any]], several: int) -> Callable[..., Sequence[Any]]:
    def run(*arguments: Any) -> Sequence[Any]:
        given = np.broadcast_arrays(*arguments)
        flat = [np.ravel(a) for a in given]
        needed = np.flatnonzero(flat[0] == 1.0)
        results = np.full((several, given[0].size), np.nan)
        for first in range(0, needed.size, _ROWS):
            rows = needed[first : first + _ROWS]
            results[:, rows] = of_rows(*[a[rows] for a in flat])
        return [row.reshape(given[0].shape) for row in results]

    return run
