"""Sums over an index, where a formula is too long to be written out term by term.

A series is one operation of the graph, whose body is a graph of its own over ``index`` and the operation's
arguments. Kernels run it as a loop; array libraries evaluate the body on an axis of its own, and sum.
The first argument says how many terms a row needs, at most ``longest``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from likely._math.evaluate import Table, compile_program, expand
from likely._math.graph import Node, make, symbol, where
from likely._math.single import in_single

#: Numbers in a temporary on NumPy: it stays in a core's cache.
_CHUNK = 32768
#: Rows at a time at most.
_ROWS = 2048


@dataclass(frozen=True, eq=False)
class Series:
    """Σ body(index, *arguments) over index = 0, 1, …, count − 1; ``arguments`` names them, count the first."""

    name: str
    arguments: tuple[str, ...]
    longest: int
    body: Callable[..., Node]

    def __call__(self, *arguments: Any) -> Node:
        return make(self.name, *arguments)

    @cached_property
    def term(self) -> Node:
        """The body over the symbols ``index`` and the arguments' names."""
        return self.body(symbol("index"), *(symbol(name) for name in self.arguments))

    @cached_property
    def masked(self) -> Node:
        """The same, 0 where a row needs no more terms."""
        return where(symbol("index") < symbol(self.arguments[0]), self.term, 0.0)


class Sums:
    """A series as a function of one array library, ``together(names)`` several over the same terms."""

    def __init__(self, name: str, summed: Callable[[list[str]], Callable[..., list[Any]]]) -> None:
        self._one, self.together = summed([name]), summed

    def __call__(self, *arguments: Any) -> Any:
        return self._one(*arguments)[0]


def on_arrays(
    sums: Mapping[str, Series], table: Table, indices: Callable[[int, Any], Any]
) -> dict[str, Sums]:
    """The series as functions of one array library; ``indices(n, like)`` gives 0, 1, …, n − 1."""

    def summed(names: list[str]) -> Callable[..., list[Any]]:
        return _summed([sums[name] for name in names], table, indices)

    return {name: Sums(name, summed) for name in sums}


def _summed(
    several: list[Series], table: Table, indices: Callable[[int, Any], Any]
) -> Callable[..., list[Any]]:
    first = several[0]
    programs: dict[bool, Any] = {}

    def run(*arguments: Any) -> list[Any]:
        # Numbers stay numbers, so that they change no type.
        given = [a if isinstance(a, (int, float)) else a[..., None] for a in arguments]
        like = next(a for a in arguments if not isinstance(a, (int, float)))
        single = "float32" in str(like.dtype)
        if single not in programs:
            nodes = expand([series.masked for series in several], table)
            programs[single] = compile_program(in_single(nodes) if single else nodes, table)
        inputs = dict(zip(first.arguments, given, strict=True))
        inputs["index"] = indices(first.longest, like)
        return [terms.sum(-1) for terms in programs[single](inputs)]

    return run


def on_numpy(sums: Mapping[str, Series], table: Table) -> dict[str, Sums]:
    """The series on NumPy arrays, some rows at a time, and of those no more terms than they need."""

    def summed(names: list[str]) -> Callable[..., list[Any]]:
        return _in_chunks([sums[name] for name in names], table)

    return {name: Sums(name, summed) for name in sums}


def _in_chunks(several: list[Series], table: Table) -> Callable[..., list[Any]]:
    names = several[0].arguments
    programs: list[Any] = []

    def run(*arguments: Any) -> list[Any]:
        if not programs:
            programs.append(compile_program([series.masked for series in several], table))
        given = np.broadcast_arrays(*arguments)
        flat, back = _distinct(np.stack([np.ravel(a) for a in given]))
        totals = np.zeros((len(several), flat.shape[1]))
        # Rows of about as many terms together; NaN is last.
        order = np.argsort(flat[0])
        first = 0
        while first < order.size:
            ahead = order[first : first + _ROWS]
            rows = ahead[: max(1, int(_CHUNK // np.fmax.reduce(flat[0][ahead], initial=1.0)))]
            first += rows.size
            needed = np.fmax.reduce(flat[0][rows], initial=0.0)
            if needed == 0.0:
                continue
            inputs: dict[str, Any] = dict(zip(names, flat[:, rows, None], strict=True))
            inputs["index"] = np.arange(float(needed))
            for total, terms in zip(totals, programs[0](inputs), strict=True):
                total[rows] = terms.sum(axis=1)
        return [total[back].reshape(given[0].shape) for total in totals]

    return run


def _distinct(columns: Any) -> tuple[Any, Any]:
    """The rows without those that are repeated, and where each row is among them."""
    n = columns.shape[1]
    first, group = np.zeros(min(n, 1), dtype=np.intp), np.zeros(n, dtype=np.intp)
    for column in columns:
        values, inside = np.unique(column, return_inverse=True)
        if values.size > 1:
            both = group * values.size + inside
            _, first, group = np.unique(both, return_index=True, return_inverse=True)
        if first.size == n:
            return columns, slice(None)
    return columns[:, first], group
