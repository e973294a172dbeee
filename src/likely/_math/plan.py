"""Where the values of a program's steps are while it runs on a block of rows, region by region.

Every step writes to a place that nothing reads any more, in the buffers of its region.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from likely._math.evaluate import Program, Together
from likely._math.region_rows import Merge, Pick
from likely._math.regions import ALL, Region, Regions, regions

_CONDITIONS = (np.less, np.less_equal, np.equal)
#: What buffers hold.
NUMBER, CONDITION = BUFFERS = ("number", "condition")

#: A value: a step's, or what of it was picked for a region.
Value = int | tuple[int, Region]
#: A place: what is there, of which region, and its number among these.
Place = tuple[str, Region, int]
#: The place of what is known of the rows.
ROWS: Place = ("rows", ALL, 0)


@dataclass(frozen=True)
class Entry:
    """Which rows a region has: those of one around it where conditions, each of some region, are on their sides."""

    outer: Region
    sides: list[tuple[Region, bool]]


class Work(NamedTuple):
    """One thing to do in a region: ``function`` of what is at ``places``, the last of which it may write to.

    What it returns is kept at the place ``own``, if there is one. An ``Entry`` is the first work in its region.
    """

    region: Region
    function: Any
    places: tuple[Place, ...]
    own: Place | None = None


class _Task(NamedTuple):
    """Work whose places are not known yet: the value that is made, if any, and those that are used."""

    region: Region
    value: Value | None
    function: Any
    uses: tuple[Value, ...]


class Plan:
    """What a program does: ``work``, in this order, with so many places of each kind and region: ``counts``."""

    def __init__(self, program: Program) -> None:
        self._steps = program.steps
        self._direct = {step: r for r, step in reversed(list(enumerate(program.results)))}
        self._truths: dict[Value, bool] = {
            i: isinstance(payload, (bool, np.bool_)) for i, (_, _, payload, _) in enumerate(self._steps)
        }  # fmt: skip
        self.counts: dict[tuple[str, Region], int] = {}
        #: Where values are, and the buffers of those that have a place of their own.
        self.homes: dict[Value, Place] = {}
        self._buffers: dict[Value, Place] = {}
        self._free: dict[tuple[str, Region], list[Place]] = {}
        for i, (function, _, _, _) in enumerate(self._steps):
            if function is None:
                self.homes[i] = self._place("given", ALL)
        tasks = list(self._tasks(regions(program)))
        self.work = []
        for task, gone in zip(tasks, _last_used(tasks), strict=True):
            self.work.append(self._placed(task))
            for value in gone:
                kind, region, _ = place = self._buffers.get(value, self.homes[value])
                if kind in BUFFERS:
                    self._free[kind, region].append(place)

    def _tasks(self, found: Regions) -> Iterator[_Task]:
        of = [
            ALL if step[0] is None else region
            for step, region in zip(self._steps, found.of, strict=True)
        ]
        entered, picked = {ALL: True}, set()  # in the order in which they are entered
        constants = {
            j
            for j, (function, _, payload, _) in enumerate(self._steps)
            if function is None and not isinstance(payload, str)
        }
        for i in found.order:
            function, args, _, _ = self._steps[i]
            here = of[i]
            outside = ~here
            if here not in entered:
                outer = max((r for r in entered if not r & outside), key=int.bit_count)
                known = found.within(outer)
                sides = [side for side in found.within(here) if side not in known]
                entry = Entry(outer, [(of[step], side) for step, side in sides])
                yield _Task(here, None, entry, tuple(step for step, _ in sides))
                entered[here] = True
            uses: list[Value] = []
            inner = False
            for j in args:
                there = of[j]
                if there == here or j in constants:
                    uses.append(j)
                elif there & outside:
                    inner = True
                    uses.append(j)
                else:
                    if (j, here) not in picked:
                        yield _Task(here, (j, here), Pick(there, here), (j,))
                        picked.add((j, here))
                    uses.append((j, here))
            if inner:
                sources = [of[j] if of[j] & outside else None for j in args]
                function = Merge(here, args[0], (sources[1], sources[2]))
            yield _Task(here, i, function, tuple(uses))

    def _placed(self, task: _Task) -> Work:
        places = tuple(map(self.homes.__getitem__, task.uses))
        region, value, function = task.region, task.value, task.function
        if value is None:
            return Work(region, function, places)
        if isinstance(function, Together):
            self.homes[value] = self._place("own", ALL)
            self._truths[value] = False
            return Work(region, function, places, self.homes[value])
        if isinstance(function, Pick):
            is_truth = self._truths[task.uses[0]]
        elif function is np.where or isinstance(function, Merge):
            is_truth = all(self._truths[one] for one in task.uses[1:])
        else:
            is_truth = function in _CONDITIONS
        self._truths[value] = is_truth
        if isinstance(function, (Merge, Pick)):
            places = (ROWS, *places)
        if value in self._direct:
            self.homes[value] = "result", ALL, self._direct[value]
            return Work(region, function, (*places, self.homes[value]))
        kind = CONDITION if is_truth else NUMBER
        free = self._free.setdefault((kind, region), [])
        buffer = free.pop() if free else self._place(kind, region)
        if isinstance(function, Pick):
            self._buffers[value], self.homes[value] = buffer, self._place("own", ALL)
            return Work(region, function, (*places, buffer), self.homes[value])
        self.homes[value] = buffer
        return Work(region, function, (*places, buffer))

    def _place(self, kind: str, region: Region) -> Place:
        number = self.counts.get((kind, region), 0)
        self.counts[kind, region] = number + 1
        return kind, region, number


def _last_used(tasks: Sequence[_Task]) -> list[list[Value]]:
    """The values that each task is the last to use."""
    last: dict[Value, int] = {}
    for when, task in enumerate(tasks):
        last |= dict.fromkeys(task.uses, when)
    for task in reversed(tasks):
        if isinstance(task.function, Pick):  # it may be its source itself
            assert task.value is not None
            (source,) = task.uses
            last[source] = max(last[source], last[task.value])
    found: list[list[Value]] = [[] for _ in tasks]
    for value, when in last.items():
        found[when].append(value)
    return found
