"""Sums over an index on arrays: the body of a series on an axis of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from likely._math.evaluate import Table, compile_program, expand
from likely._math.series import Series
from likely._math.single import in_single

#: Numbers in a temporary on NumPy: it stays in a core's cache.
_CHUNK = 32768
#: Rows at a time at most.
_ROWS = 2048


def on_arrays(
    sums: Mapping[str, Series], table: Table, indices: Callable[[int, Any], Any]
) -> dict[str, Callable[..., Any]]:
    """The series as functions of one array library; ``indices(n, like)`` gives 0, 1, …, n − 1."""
    return {name: _summed(series, table, indices) for name, series in sums.items()}


def _summed(series: Series, table: Table, indices: Callable[[int, Any], Any]) -> Callable[..., Any]:
    programs: dict[bool, Any] = {}

    def run(*arguments: Any) -> Any:
        # Numbers stay numbers, so that they change no type.
        given = [a if isinstance(a, (int, float)) else a[..., None] for a in arguments]
        like = next(a for a in arguments if not isinstance(a, (int, float)))
        single = "float32" in str(like.dtype)
        if single not in programs:
            nodes = expand([series.masked], table)
            programs[single] = compile_program(in_single(nodes) if single else nodes, table)
        inputs = dict(zip(series.arguments, given, strict=True))
        inputs["index"] = indices(series.longest, like)
        return programs[single](inputs)[0].sum(-1)

    return run


def on_numpy(sums: Mapping[str, Series], table: Table) -> dict[str, Callable[..., Any]]:
    """The series on NumPy arrays, some rows at a time, and of those no more terms than they need."""
    return {name: _in_chunks(series, table) for name, series in sums.items()}


def _in_chunks(series: Series, table: Table) -> Callable[..., Any]:
    programs: list[Any] = []

    def run(*arguments: Any) -> Any:
        if not programs:
            programs.append(compile_program([series.masked], table))
        given = np.broadcast_arrays(*arguments)
        flat = [np.ravel(a) for a in given]
        total = np.empty(flat[0].shape[0])
        # Rows of about as many terms together; NaN, which needs none, is last.
        order = np.argsort(flat[0])
        first = 0
        while first < total.size:
            ahead = order[first : first + _ROWS]
            rows = ahead[: max(1, int(_CHUNK // np.fmax.reduce(flat[0][ahead], initial=1.0)))]
            first += rows.size
            needed = np.fmax.reduce(flat[0][rows], initial=1.0)
            part = [a[rows, None] for a in flat]
            inputs: dict[str, Any] = dict(zip(series.arguments, part, strict=True))
            inputs["index"] = np.arange(float(needed))
            total[rows] = programs[0](inputs)[0].sum(axis=1)
        return total.reshape(given[0].shape)

    return run
