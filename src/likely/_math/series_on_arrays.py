"""Series on arrays: the terms on an axis of their own."""

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


class _Programs:
    """The three graphs of a series, to be run on arrays of one float type."""

    def __init__(self, series: Series, table: Table, single: bool) -> None:
        def program(nodes: Any) -> Any:
            expanded = expand(nodes, table)
            return compile_program(in_single(expanded) if single else expanded, table)

        self.terms, self.wanted = series.terms, series.wanted
        self._rule = program(self.terms.rules)
        self._terms = program([self.terms.term(what) for what in series.wanted])
        self._result = program([series.results])

    def rule(self, arguments: Any) -> dict[str, Any]:
        found = self._rule(dict(zip(self.terms.arguments, arguments, strict=True)))
        return dict(zip(self.terms.fields, found, strict=True))

    def result(self, rule: Mapping[str, Any], index: Any) -> Any:
        """``rule`` holds arrays (n,), and numbers; ``index`` is (m,)."""
        on_axis = {
            name: value[..., None] if np.ndim(value) else value for name, value in rule.items()
        }
        terms = self._terms({**on_axis, "index": index})
        sums = {f"sum_{what}": t.sum(-1) for what, t in zip(self.wanted, terms, strict=True)}
        return self._result({**rule, **sums})[0]


def on_arrays(
    series: Mapping[str, Series], table: Table, indices: Callable[[int, Any], Any]
) -> dict[str, Callable[..., Any]]:
    """The series as functions of one array library; ``indices(n, like)`` gives 0, 1, …, n − 1."""
    return {name: _summed(one, table, indices) for name, one in series.items()}


def _summed(series: Series, table: Table, indices: Callable[[int, Any], Any]) -> Callable[..., Any]:
    programs: dict[bool, _Programs] = {}

    def run(*arguments: Any) -> Any:
        # Numbers stay numbers, so that they change no type.
        like = next(a for a in arguments if not isinstance(a, (int, float)))
        single = "float32" in str(like.dtype)
        if single not in programs:
            programs[single] = _Programs(series, table, single)
        chosen = programs[single]
        return chosen.result(chosen.rule(arguments), indices(series.terms.longest, like))

    return run


def on_numpy(series: Mapping[str, Series], table: Table) -> dict[str, Callable[..., Any]]:
    """The series on NumPy arrays: rows that need it, some at a time, and of those no more terms than they need."""
    return {name: _in_chunks(one, table) for name, one in series.items()}


def _in_chunks(series: Series, table: Table) -> Callable[..., Any]:
    programs: list[_Programs] = []

    def run(*arguments: Any) -> Any:
        if not programs:
            programs.append(_Programs(series, table, single=False))
        given = np.broadcast_arrays(*arguments)
        flat = [np.ravel(a) for a in given]
        result = np.full(flat[0].shape[0], np.nan)
        needed = np.flatnonzero(flat[0] == 1.0)
        rule = {
            name: np.broadcast_to(value, needed.shape)
            for name, value in programs[0].rule([a[needed] for a in flat]).items()
        }
        count = rule[series.terms.fields[0]]
        # Rows of about as many terms together; NaN, which needs none, is last.
        order = np.argsort(count)
        first = 0
        while first < order.size:
            ahead = order[first : first + _ROWS]
            rows = ahead[: max(1, int(_CHUNK // np.fmax.reduce(count[ahead], initial=1.0)))]
            first += rows.size
            index = np.arange(float(np.fmax.reduce(count[rows], initial=1.0)))
            part = {name: value[rows] for name, value in rule.items()}
            result[needed[rows]] = programs[0].result(part, index)
        return result.reshape(given[0].shape)

    return run
