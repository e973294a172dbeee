"""Other starts of a direction that depends on x by the wrap link: each number of turns has a maximum of its own.

A direction that turns with x has many maxima, and of all slopes no largest: with enough turns every y is hit, whatever
it is (Fisher and Lee, Regression Models for an Angular Response, 1992). So slopes of up to half a turn for a standard
deviation of their column are tried; and as one of m of them is likelier by log m nats in noise alone, a maximum among
them counts only where it is larger by more than that than the one that the fit from constants comes to. With one
concentration the likelihood grows with the length R of Σ w·exp(i(y − loc)), so R tells on a grid of slopes where the
other fits should begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import FitResult, Status
from likely.predictors.maxima.model import Array, LinearModel

#: Rows that are looked at, evenly spaced; of more columns no windings are tried.
ROWS, COLUMNS = 500, 3
#: Slopes that are tried, in radians for a standard deviation of the column: R falls by 3 % within half a step.
SLOPES = np.linspace(-np.pi, np.pi, 13)
#: Points this many steps apart are of one maximum.
APART = 2
#: Fits that are tried, where R is at least this share of that of the maximum that is known.
TRIED, NEARLY = 4, 0.9
#: Steps of a fit.
STEPS = 50


def wound_maximum(model: LinearModel, found: FitResult) -> Array | None:
    """Coefficients (P,) at a maximum that is larger than ``found`` by more than noise explains; None without one."""
    order = [(slot.parameter, slot.link.name) for slot in model.loss.free]
    if ("loc", "wrap") not in order or found.status is not Status.converged:
        return None
    loc = order.index(("loc", "wrap"))
    width = len(model.chosen(loc))
    if not 0 < width <= COLUMNS:
        return None
    starts = []
    for block in _starts(model, found.parameters[found.parts[loc]], loc):
        starts.append(found.parameters.copy())
        starts[-1][found.parts[loc]] = block
    return model.largest(starts, found.objective - width * np.log(SLOPES.size), STEPS)


def _starts(model: LinearModel, block: Array, loc: int) -> list[Array]:
    """Coefficients of loc where R is about as large as at those that are known, the largest R first."""
    kept, y, weight, offset = model.counted
    design = model.designs[loc]
    some = slice(None, None, -(-kept.size // ROWS))
    rows = model.X[kept[some]][:, list(model.chosen(loc))]
    rows = rows.toarray() if issparse(rows) else np.asarray(rows, dtype=np.float64)
    with np.errstate(all="ignore"):  # columns may be beyond what has squares
        spread = rows.std(axis=0)
    vary = (spread > 0.0) & np.isfinite(spread)
    first = int(design.intercept)
    known = (block[first:] * spread)[vary]
    arrows = weight[some] * np.exp(
        1j * ((y - offset[loc])[some] - rows[:, ~vary] @ block[first:][~vary])
    )
    turned = _Turned(arrows, rows[:, vary] / spread[vary], design.intercept)
    enough, starts = NEARLY * turned.length(turned.sum_at(known)), []
    for slopes in turned.peaks(known):
        total = turned.sum_at(slopes)
        if turned.length(total) >= enough:
            start = block.copy()
            start[first:][vary] = slopes / spread[vary]
            if design.intercept:
                start[0] = np.angle(total)
            starts.append(start)
    return starts


@dataclass(frozen=True)
class _Turned:
    """Arrows (n,) in the complex plane, turned back by slopes on columns x (n, p) of standard deviation 1."""

    arrows: NDArray[np.complex128]
    x: Array
    intercept: bool

    def length(self, total: Any) -> Any:
        """R, from the sum of arrows: without an intercept what points forward counts."""
        return np.abs(total) if self.intercept else np.real(total)

    def sum_at(self, slopes: Array) -> Any:
        """The sum of the arrows."""
        return self.arrows @ np.exp(-1j * (self.x @ slopes))

    def peaks(self, known: Array) -> list[Array]:
        """The slopes of the largest R, the largest first, apart from each other and from those that are known."""
        if not known.size:
            return []
        lengths = self._grid()
        order = np.argsort(-lengths, axis=None, kind="stable")
        near, found = (APART + 0.5) * (SLOPES[1] - SLOPES[0]), [known]
        for slopes in SLOPES[np.stack(np.unravel_index(order, lengths.shape), axis=1)]:
            if all(np.abs(slopes - one).max() > near for one in found):
                found.append(slopes)
            if len(found) > TRIED:
                break
        return found[1:]

    def _grid(self) -> Array:
        """R at all combinations of slopes, an axis a column."""
        phases = [np.exp(-1j * np.outer(SLOPES, column)) for column in self.x.T]
        turned = self.arrows[None]
        for one in phases[:-1]:
            turned = (turned[:, None] * one).reshape(-1, self.arrows.size)
        return np.asarray(self.length(turned @ phases[-1].T)).reshape([SLOPES.size] * len(phases))
