"""Programs on blocks of NumPy arrays that allocate nothing: a thread keeps the buffers of their temporaries.

A block's temporaries would otherwise go back to the system after every block and be asked for, page by
page, for the next one: measured, up to ten times the cost of the arithmetic.

A step is done for the rows that look at its value: see ``regions.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likely._math import collector
from likely._math.evaluate import Program, Together
from likely._math.plan import BUFFERS, CONDITION, NUMBER, ROWS, Entry, Place, Plan
from likely._math.region_rows import Merge, Pick, RegionRows
from likely._math.regions import ALL, Region

#: Rows at a time of programs with many steps: their temporaries stay in a core's cache.
BLOCK = 8192
#: Buffers begin at multiples of so many numbers, a line of the cache.
_LINE = 8
_TYPES = {NUMBER: np.float64, CONDITION: np.bool_}


class _Buffers(threading.local):
    """The memory of one thread, by what it holds, and how much of it is in use."""

    def __init__(self) -> None:
        self._of: dict[str, NDArray[Any]] = {
            kind: np.empty(0, dtype) for kind, dtype in _TYPES.items()
        }
        self.release()

    def release(self) -> None:
        """Nothing is in use any more."""
        self._used = dict.fromkeys(BUFFERS, 0)

    def views(self, kind: str, count: int, n: int) -> list[NDArray[Any]]:
        """So many arrays (n,) that nothing else uses."""
        stride = -(-n // _LINE) * _LINE
        first, size = self._used[kind], count * stride
        if first + size > self._of[kind].size:  # what is in use stays where it is
            more = max(size, 2 * self._of[kind].size, count * BLOCK)
            self._of[kind], first = np.empty(more, dtype=_TYPES[kind]), 0
        self._used[kind] = first + size
        return list(self._of[kind][first : first + size].reshape(count, stride)[:, :n])


_buffers = _Buffers()


class _Part(NamedTuple):
    """Steps of one region, one after the other: functions, what takes their arguments, and places for what they return.

    Where they are the first of the region, also how its rows are found, and the places of the conditions.
    """

    region: Region
    entry: tuple[Entry, list[int]] | None
    steps: list[tuple[Callable[..., Any], Callable[[list[Any]], Sequence[Any]], int]]


class BlockProgram:
    """A program whose inputs and results have shape (n,), n about ``BLOCK``.

    Places are numbered: what is given (inputs and constants), the results, the rows of the regions, values that are
    lists or another region's, by region buffers of numbers and of conditions, and one that nothing reads, for what
    functions return that have written to a buffer.
    """

    @collector.at_rest()
    def __init__(self, program: Program) -> None:
        self._given = [payload for function, _, payload, _ in program.steps if function is None]
        plan = Plan(program)
        first = {("given", ALL): 0, ("result", ALL): len(self._given)}
        first[ROWS[:2]] = at = len(self._given) + len(program.results)
        first["own", ALL] = at = at + 1
        self._size = at + plan.counts.get(("own", ALL), 0)
        #: By region the kind of buffers, the first place of these, and how many there are.
        self._held: dict[Region, list[tuple[str, int, int]]] = {}
        for (kind, region), count in plan.counts.items():
            if kind in BUFFERS:
                first[kind, region] = self._size
                self._held.setdefault(region, []).append((kind, self._size, count))
                self._size += count

        nowhere, self._size = self._size, self._size + 1

        def place(where: Place) -> int:
            return first[where[:2]] + where[2]

        self._parts = []
        for region, group in groupby(plan.work, lambda work: work.region):
            steps, entry = list(group), None
            if isinstance(steps[0].function, Entry):
                entry = steps[0].function, [place(one) for one in steps.pop(0).places]
            run = [
                (
                    _writing(one.function),
                    _taking([place(where) for where in one.places]),
                    nowhere if one.own is None else place(one.own),
                )
                for one in steps
            ]
            self._parts.append(_Part(region, entry, run))
        homes = [plan.homes[step] for step in program.results]
        self._copies = [
            (place(home), r) for r, home in enumerate(homes) if home != ("result", ALL, r)
        ]

    def __call__(self, inputs: Mapping[str, Any], out: Sequence[NDArray[np.float64]]) -> None:
        """Write the results for ``inputs``, numbers or arrays (n,), to the arrays of ``out`` (n,)."""
        rows = RegionRows(out[0].shape[0])
        values = [inputs[v] if isinstance(v, str) else v for v in self._given]
        values += [*out, rows]
        values += [None] * (self._size - len(values))
        _buffers.release()
        self._hold(values, ALL, rows)
        for region, entry, steps in self._parts:
            if entry is not None:
                how, places = entry
                rows.find(region, how.outer, how.sides, [values[j] for j in places])
                self._hold(values, region, rows)
            if rows.size[region]:
                for function, take, own in steps:
                    values[own] = function(*take(values))
        for place, r in self._copies:
            np.copyto(out[r], values[place])

    def _hold(self, values: list[Any], region: Region, rows: RegionRows) -> None:
        """Buffers for the rows of a region."""
        if rows.size[region]:
            for kind, first, count in self._held.get(region, ()):
                values[first : first + count] = _buffers.views(kind, count, rows.size[region])


def _writing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the array that it writes to as its last argument, but where it makes something of its own."""
    if function in (np.maximum, np.minimum):  # these two alone want their output by name
        return lambda a, b, out: function(a, b, out=out)
    if isinstance(function, (np.ufunc, Merge, Pick, Together)):
        return function
    if function is np.where:
        return _select
    return lambda *args: np.copyto(args[-1], function(*args[:-1]))


def _taking(places: Sequence[int]) -> Callable[[list[Any]], Sequence[Any]]:
    """What takes the values at some places; the time of small blocks is the time that this takes."""
    if len(places) > 1:
        return itemgetter(*places)
    (place,) = places
    return lambda values: (values[place],)


def _select(condition: Any, a: Any, b: Any, out: NDArray[Any]) -> None:
    np.copyto(out, b)
    np.copyto(out, a, where=condition)
