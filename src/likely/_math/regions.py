"""Which rows look at a step of a program: those where every ``where`` on the way to the results takes its side.

Formulas of intervals, of tails or of mixtures have branches of thousands of steps, and few rows of a block take each.
Rows are told apart by sides of conditions. A *region* is a set of sides; its steps are for the rows where all of them
hold. What a step takes comes from a region with at least its rows, and a ``where`` puts those of two together again.

Of ``where(y > 0, where(z > 0, f, g), h)`` with long f, g and h that share nothing, the steps of f are for the rows with
y > 0 and z > 0, those of z > 0 for the rows with y > 0, and y > 0 is for all. A step that f and g share is for the rows
with y > 0, as these are the sides that both have; one that f and h share is for all. A branch that is too short to be
worth its bookkeeping joins the region around it, whose rows are more: then its values are computed and not chosen.

Here regions are chosen and steps put in order; ``plan.py`` says where values are, ``region_rows.py`` finds the rows and
moves values from one region to another, and ``workspace.py`` runs it all on a block.
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

#: What it takes to tell rows apart, in steps: to find them, to pick a value for them, to put one back among the others.
#: More than measured (about 20, 2 and 3), because rows may take a branch after all, and then nothing is saved.
FIND, PICK, MERGE = 100, 6, 12


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
        asked_by: dict[int, list[Region]] = {}
        for region, conditions in asked.items():
            for step in conditions:
                asked_by.setdefault(step, []).append(region)
        ready: dict[Region, list[int]] = {region: [] for region in asked}
        for i, (function, _, _, _) in enumerate(steps):
            if function is not None and not waits[i]:
                heappush(ready[self.of[i]], i)
        here = ALL
        for _ in range(sum(function is not None for function, _, _, _ in steps)):
            if asked[here] or not ready[here]:
                known = (region for region in ready if ready[region] and not asked[region])
                here = max(known, key=lambda region: len(ready[region]))
            step = heappop(ready[here])
            yield step
            for region in asked_by.get(step, ()):
                asked[region].discard(step)
            for user in users[step]:
                waits[user] -= 1
                if not waits[user]:
                    heappush(ready[self.of[user]], user)


def regions(program: Program) -> Regions:
    """The regions of a program that are worth it."""
    sides = [
        (condition, side)
        for condition in sorted({s[1][0] for s in program.steps if s[0] is np.where})
        if program.steps[condition][0] is not None
        for side in (True, False)
    ]
    bits = {side: 1 << bit for bit, side in enumerate(sides)}
    chosen = _large(program, _looked_at(program, bits, None))
    while True:
        of = _looked_at(program, bits, chosen)
        kept = _worthwhile(program, of, chosen)
        if len(kept) == len(chosen):
            return Regions(program, of, sides)
        chosen = kept


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
        here = needed[i]
        if function is np.where:
            condition, a, b = args
            needed[condition] &= here
            needed[a] &= here | bits.get((condition, True), ALL)
            needed[b] &= here | bits.get((condition, False), ALL)
            continue
        for j in args:
            needed[j] &= here
    for i, (_, args, _, _) in enumerate(steps):
        if args and isinstance(steps[args[0]][0], Together):  # a list has no rows to pick from
            needed[i] = needed[args[0]]
    return needed


def _union(region: Region, chosen: Sequence[Region]) -> Region:
    found = ALL
    for one in chosen:
        found |= one if not one & ~region else ALL
    return found


def _large(program: Program, needed: Sequence[Region]) -> list[Region]:
    """The regions with steps enough to look at, and those around them; the steps of others go to one around."""
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
        if left[region] >= FIND or region in around:
            chosen.append(region)
            around.add(parent)
        elif parent != ALL:
            left[parent] += left[region]
    return chosen


def _worthwhile(program: Program, of: Sequence[Region], chosen: Sequence[Region]) -> list[Region]:
    """The regions without those that have none inside and take longer to tell apart than what that saves."""
    steps = program.steps
    saved = dict.fromkeys(of, -FIND)
    picked = set()
    for (function, args, _, _), here in zip(steps, of, strict=True):
        if function is None:
            continue
        saved[here] += 1
        for j in args:
            given = steps[j][0] is None
            there = ALL if given else of[j]
            if there & ~here:
                saved[there] -= MERGE
            elif there != here and not (given and not isinstance(steps[j][2], str)):
                picked.add((j, here))
    for _, here in picked:
        saved[here] -= PICK
    around = {a for a in saved for b in saved if a != b and not a & ~b}
    lost = [one for one in saved if one not in around and one != ALL and saved[one] < 0]
    # A region may be made up of several: those that nothing else needs.
    kept = [one for one in saved if one not in lost]
    return [one for one in chosen if any(not one & ~region for region in kept)]
