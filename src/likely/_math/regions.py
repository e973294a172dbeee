"""Which rows look at a step of a program: those where every ``where`` on the way to the results takes its side.

Formulas of intervals, of tails or of mixtures have branches of thousands of steps, and few rows of a block take each.
Rows are told apart by sides of conditions. A *region* is a set of sides; its steps are for the rows where all of them
hold. What a step takes comes from a region with at least its rows, and a ``where`` puts those of two together again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

import numpy as np

from likely._math.evaluate import Program, Together

#: Sides of conditions, as bits. The region of all rows has none.
Region = int
ALL: Region = 0

#: Steps for which rows are told apart: to find them, pick what they take and put them back takes about as long.
LEAST = 32


@dataclass(frozen=True)
class Regions:
    """``of`` every step its region; ``sides`` by bit, a condition's step and what it is there."""

    program: Program
    of: Sequence[Region]
    sides: Sequence[tuple[int, bool]]

    def within(self, region: Region) -> list[tuple[int, bool]]:
        """The sides that hold in a region, each after those without which its condition is not known."""
        left = [bit for bit in range(region.bit_length()) if region >> bit & 1]
        found, known = [], ALL
        while left:
            bit = next(b for b in left if not self.of[self.sides[b][0]] & ~known)
            left.remove(bit)
            found.append(self.sides[bit])
            known |= 1 << bit
        return found

    @cached_property
    def order(self) -> list[int]:
        """The steps, each after what it takes and after the conditions of its region, those of a region together."""
        return list(self._ordered())

    def _ordered(self) -> Iterator[int]:
        steps = self.program.steps
        users: list[list[int]] = [[] for _ in steps]
        waits = [0] * len(steps)
        for i, (function, args, _, _) in enumerate(steps):
            for j in args if function is not None else ():
                if steps[j][0] is not None:
                    users[j].append(i)
                    waits[i] += 1
        asked: dict[Region, set[int]] = {r: {s for s, _ in self.within(r)} for r in set(self.of)}
        ready: dict[Region, list[int]] = {region: [] for region in asked}
        for i, (function, _, _, _) in enumerate(steps):
            if function is not None and not waits[i]:
                heappush(ready[self.of[i]], i)
        here = ALL
        while any(ready.values()):
            if asked[here] or not ready[here]:
                known = (region for region in ready if ready[region] and not asked[region])
                here = max(known, key=lambda region: len(ready[region]))
            step = heappop(ready[here])
            yield step
            for unknown in asked.values():
                unknown.discard(step)
            for user in users[step]:
                waits[user] -= 1
                if not waits[user]:
                    heappush(ready[self.of[user]], user)


def regions(program: Program) -> Regions:
    """The regions of a program: none for fewer than ``LEAST`` steps, but where others are inside it."""
    sides = [
        (condition, side)
        for condition in sorted({s[1][0] for s in program.steps if s[0] is np.where})
        if program.steps[condition][0] is not None
        for side in (True, False)
    ]
    bits = {side: 1 << bit for bit, side in enumerate(sides)}
    chosen = _worthwhile(program, _looked_at(program, bits, None))
    return Regions(program, _looked_at(program, bits, chosen), sides)


def _looked_at(
    program: Program, bits: Mapping[tuple[int, bool], int], chosen: Sequence[Region] | None
) -> list[Region]:
    """By step, what holds wherever it is looked at; with ``chosen``, what of that these regions make up."""
    steps = program.steps
    needed = [-1] * len(steps)  # every side there is
    for step in program.results:
        needed[step] = ALL
    made: dict[Region, Region] = {}
    for i in range(len(steps) - 1, -1, -1):
        function, args, _, _ = steps[i]
        if chosen is not None:
            if needed[i] not in made:
                made[needed[i]] = _union(needed[i], chosen)
            needed[i] = made[needed[i]]
        for place, j in enumerate(args):
            side = bits.get((args[0], place == 1), ALL) if place and function is np.where else ALL
            needed[j] &= needed[i] | side
    for i, (_, args, _, _) in enumerate(steps):
        if args and isinstance(steps[args[0]][0], Together):  # a list has no rows to pick from
            needed[i] = needed[args[0]]
    return needed


def _union(region: Region, chosen: Sequence[Region]) -> Region:
    found = ALL
    for one in chosen:
        found |= one if not one & ~region else ALL
    return found


def _worthwhile(program: Program, needed: Sequence[Region]) -> list[Region]:
    """The regions with steps enough, and those around them; the steps of others go to one around."""
    left: dict[Region, int] = {}
    for (function, _, _, _), region in zip(program.steps, needed, strict=True):
        if function is not None and region != ALL:
            left[region] = left.get(region, 0) + 1
    by_size = sorted(left, key=lambda region: (region.bit_count(), region))
    chosen: list[Region] = []
    around = set()
    for i in range(len(by_size) - 1, -1, -1):
        region = by_size[i]
        parent = next((by_size[j] for j in range(i - 1, -1, -1) if not by_size[j] & ~region), ALL)
        if left[region] >= LEAST or region in around:
            chosen.append(region)
            around.add(parent)
        elif parent != ALL:
            left[parent] += left[region]
    return chosen
