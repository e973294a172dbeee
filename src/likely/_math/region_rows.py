"""The rows of a block that belong to each region of a program, and how values go from one region to another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.regions import ALL, Region


class RegionRows:
    """The rows of each region that was found, among the n of a block."""

    def __init__(self, n: int) -> None:
        self.size: dict[Hashable, int] = {ALL: n}
        #: Their numbers in the block, ascending; None for all.
        self._numbers: dict[Hashable, NDArray[np.intp] | None] = {ALL: None}
        self._inverse: dict[Hashable, NDArray[np.intp]] = {}
        self._places: dict[tuple[Hashable, Hashable], NDArray[np.intp] | None] = {}

    def find(
        self,
        region: Hashable,
        outer: Hashable,
        sides: Sequence[tuple[Region, bool]],
        conditions: Sequence[NDArray[np.bool_]],
    ) -> None:
        """Of the rows of a region around, those where conditions, each of some region, are on these sides."""
        numbers, size = self._numbers[outer], self.size[outer]
        for (of, side), condition in zip(sides, conditions, strict=True):
            if not size:
                break
            if size < self.size[of]:
                condition = condition[self._within(of, numbers)]
            found = np.flatnonzero(condition if side else ~condition)
            if found.size < size:
                numbers = found if numbers is None else numbers[found]
                size = found.size
        self._numbers[region], self.size[region] = numbers, size

    def places(self, outer: Hashable, inner: Hashable) -> NDArray[np.intp] | None:
        """Where the rows of a region are among those of one around it; None where these are the same."""
        key = outer, inner
        if key not in self._places:
            same = self.size[inner] == self.size[outer]
            self._places[key] = None if same else self._within(outer, self._numbers[inner])
        return self._places[key]

    def _within(self, outer: Hashable, numbers: NDArray[np.intp] | None) -> NDArray[np.intp]:
        assert numbers is not None  # there are fewer than in the region around
        of = self._numbers[outer]
        if of is None:
            return numbers
        if outer not in self._inverse:
            self._inverse[outer] = np.empty(self.size[ALL], dtype=np.intp)
            self._inverse[outer][of] = np.arange(of.size)
        return self._inverse[outer][numbers]


@dataclass(frozen=True)
class Pick:
    """A value of one region for the rows of another inside it: itself where they have the same rows."""

    outer: Region
    inner: Region

    def __call__(self, rows: RegionRows, value: Any, out: NDArray[Any]) -> Any:
        places = rows.places(self.outer, self.inner)
        if places is None or np.ndim(value) == 0:
            return value
        # With "raise", the default, NumPy would fill a copy of its own first.
        return value.take(places, None, out, "clip")


@dataclass(frozen=True)
class Merge:
    """``where`` in a region, of values from regions that have the rows on their side only; None for all rows."""

    region: Region
    condition: int
    sources: tuple[Region | None, Region | None]

    def __call__(
        self, rows: RegionRows, condition: NDArray[np.bool_], a: Any, b: Any, out: NDArray[Any]
    ) -> None:
        for value, source in zip((a, b), self.sources, strict=True):
            if source is None:  # the rows of the other side are written to below
                np.copyto(out, value)
        for value, source, side in zip((a, b), self.sources, (True, False), strict=True):
            if source is not None:
                self._put(rows, condition, value, source, side, out)

    def _put(
        self,
        rows: RegionRows,
        condition: NDArray[np.bool_],
        value: Any,
        source: Region,
        side: bool,
        out: NDArray[Any],
    ) -> None:
        mine = self.region, self.condition, side
        if mine not in rows.size:
            rows.find(mine, self.region, [(self.region, side)], [condition])
        if not rows.size[mine]:
            return
        among, places = rows.places(source, mine), rows.places(self.region, mine)
        found = value if among is None else value[among]
        if places is None:
            np.copyto(out, found)
        else:
            out[places] = found
