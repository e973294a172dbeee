"""Programs on blocks of NumPy arrays that allocate nothing: a thread keeps the buffers of their temporaries.

A block's temporaries would otherwise go back to the system after every block and be asked for, page by
page, for the next one: measured, up to ten times the cost of the arithmetic.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.evaluate import Program, Together

#: Rows at a time of programs with many steps: their temporaries stay in a core's cache.
BLOCK = 8192
_CONDITIONS = (np.less, np.less_equal, np.equal)


_TYPES = {"number": np.float64, "condition": np.bool_}


class _Buffers(threading.local):
    """The buffers of one thread, by what they hold."""

    def __init__(self) -> None:
        self.of: dict[str, list[NDArray[Any]]] = {kind: [] for kind in _TYPES}

    def views(self, kind: str, count: int, n: int) -> list[NDArray[Any]]:
        buffers = self.of[kind]
        if len(buffers) < count or any(buffer.size < n for buffer in buffers[:count]):
            buffers[:count] = [np.empty(max(n, BLOCK), dtype=_TYPES[kind]) for _ in range(count)]
        return [buffer[:n] for buffer in buffers[:count]]


_buffers = _Buffers()


class BlockProgram:
    """A program whose inputs and results have shape (n,), n about ``BLOCK``.

    Every step writes to a place that nothing reads any more. Places are numbered: what is given
    (inputs and constants), the results, buffers of numbers, buffers of conditions.
    """

    def __init__(self, program: Program) -> None:
        self._given = [payload for function, _, payload, _ in program.steps if function is None]
        direct = {step: r for r, step in reversed(list(enumerate(program.results)))}
        free: dict[str, list[int]] = {kind: [] for kind in _TYPES}
        self._counts = dict.fromkeys(_TYPES, 0)
        self._lists = 0
        homes: list[tuple[str, int]] = []  # of every step's value: the kind of place, and which
        truths: list[bool] = []  # whether the value is a condition
        steps = []
        given = 0
        for i, (function, args, payload, done) in enumerate(program.steps):
            if function is None:
                truths.append(isinstance(payload, (bool, np.bool_)))
                homes.append(("given", given))
                given += 1
                continue
            if isinstance(function, Together):
                truths.append(False)
                homes.append(("list", self._lists))
                self._lists += 1
                steps.append((_filling(function), args, i))
                continue
            chosen = function is np.where and all(truths[j] for j in args[1:])
            truths.append(chosen or function in _CONDITIONS)
            kind = "condition" if truths[i] else "number"
            if i in direct:
                homes.append(("result", direct[i]))
            elif free[kind]:
                homes.append((kind, free[kind].pop()))
            else:
                homes.append((kind, self._counts[kind]))
                self._counts[kind] += 1
            steps.append((_writing(function), args, i))
            for kind, number in (homes[j] for j in done):
                if kind in free:
                    free[kind].append(number)
        results = len(program.results)
        first = {"given": 0, "result": given, "number": given + results}
        first["condition"] = first["number"] + self._counts["number"]
        first["list"] = first["condition"] + self._counts["condition"]
        place = [first[kind] + number for kind, number in homes]
        self._steps = [(f, (*(place[j] for j in args), place[i])) for f, args, i in steps]
        self._copies = [
            (place[step], r) for r, step in enumerate(program.results) if place[step] != given + r
        ]

    def __call__(self, inputs: Mapping[str, Any], out: Sequence[NDArray[np.float64]]) -> None:
        """Write the results for ``inputs``, numbers or arrays (n,), to the arrays of ``out`` (n,)."""
        n = out[0].shape[0]
        values = [inputs[v] if isinstance(v, str) else v for v in self._given]
        values += out
        for kind, count in self._counts.items():
            values += _buffers.views(kind, count, n)
        values += [[] for _ in range(self._lists)]
        for function, places in self._steps:
            function(*[values[j] for j in places])
        for place, r in self._copies:
            np.copyto(out[r], values[place])


def _writing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the array that it writes to as its last argument."""
    if function in (np.maximum, np.minimum):  # these two alone want their output by name
        return lambda a, b, out: function(a, b, out=out)
    if isinstance(function, np.ufunc):
        return function
    if function is np.where:
        return _select
    return lambda *args: np.copyto(args[-1], function(*args[:-1]))


def _filling(function: Together) -> Callable[..., Any]:
    """The function with the list that it fills as its last argument."""
    return lambda *args: args[-1].extend(function(*args[:-1]))


def _select(condition: Any, a: Any, b: Any, out: NDArray[Any]) -> None:
    np.copyto(out, b)
    np.copyto(out, a, where=condition)
