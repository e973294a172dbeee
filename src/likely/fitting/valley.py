"""Along the floor of a valley: one term is held ever farther out, and the rest is fitted at each of these places.

Where a family comes to a limit, terms go on in proportion, settle down or grow by factors, each as the others allow: a
tail and a scale go to infinity, and a skewness to 0 as fast as they grow. A straight line along the last steps leaves
such a valley within one unit. Three places that are equally far apart tell by which factor each term's steps shrink
or grow, and so where the next place is, to where a few steps lead back to the floor.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from likely.fitting.problem import Array
from likely.fitting.recession import spent
from likely.fitting.subspace import Subspace

#: How far out the term is held, one place after the other, in units: each as far from the last as two others that are
#: known are from each other, or twice as far.
PLACES = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 20.0, 25.0)
#: Steps that grow by more than this power of e for each unit grow by accident.
FASTEST = 2.0


class Valley:
    """Places on the floor, with the term ``held`` farther out; ``unit`` (P,) is the step there to begin with.

    ``begun`` are θ and loss where it begins; ``fit`` takes a subspace to a better point in it.
    """

    def __init__(
        self,
        space: Subspace,
        held: int,
        begun: tuple[Array, float],
        unit: Array,
        fit: Callable[[Subspace], Array],
    ) -> None:
        self.space, self.held, self.begun, self.unit, self.fit = space, held, begun, unit, fit
        self.axis = np.eye(space.size)[held]
        self.known = {0.0: self._fitted(begun[0])}

    def to(self, far: float, level: float) -> Array | None:
        """The place so many units out; one on the way there where the loss is above ``level``.

        None where rows are fitted to the last digits of raw predictions before the rest is fitted.
        """
        last = max(self.known)
        for place in PLACES:
            if not last < place <= far:
                continue
            start = self._ahead(last, place)
            if spent(self.space, start) and self.space.evaluate(start, 0).loss > level:
                return None
            last, self.known[place] = place, self._fitted(start)
            if not self.space.evaluate(self.known[place], 0).loss <= level + self._noise(place):
                break
        return self.known[last]

    def settled(self, place: float, least: float) -> bool:
        """Whether the rest is fitted there: going on from it lowers the loss by no more than ``least``."""
        before = self.space.evaluate(self.known[place], 0).loss
        self.known[place] = self._fitted(self.known[place])
        return bool(before - self.space.evaluate(self.known[place], 0).loss <= least)

    def _noise(self, place: float) -> float:
        return self.space.noise(self.known[place])

    def _fitted(self, start: Array) -> Array:
        """The floor from there, with the term held."""
        rest = self.space.without(start, self.axis)
        return rest.point(self.fit(rest)) if rest.size else start

    def _ahead(self, last: float, place: float) -> Array:
        """Where the floor leads from the places that are known."""
        here, gap = self.known[last], place - last
        for far in (gap, 0.5 * gap):
            if last - far in self.known and last - 2.0 * far in self.known:
                near, now = self._steps(last, far)
                with np.errstate(all="ignore"):  # a step of 0 has no factor
                    factor = now / near
                steady = (factor > 0.0) & (factor <= np.exp(FASTEST * far))
                factor = np.where(steady, factor, 1.0)
                step = now * factor if far == gap else now * (factor + factor * factor)
                break
        else:
            before = self.known.get(last - gap)
            step = gap * self.unit if before is None else here - before
        ahead = here + step
        ahead[self.held] = here[self.held] + gap * self.unit[self.held]
        return ahead

    def _steps(self, last: float, far: float) -> tuple[Array, Array]:
        """The step before the last, and the last, from place to place."""
        before, between, here = (self.known[last - k * far] for k in (2.0, 1.0, 0.0))
        return between - before, here - between
