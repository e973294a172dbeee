"""Spikes: a density that grows without bound on rows that a location fits exactly, as a scale shrinks on these alone.

With few rows a location with q coefficients passes through q of them; where the columns of the scale tell those rows
from the others, their scale may go to 0 while no other row's does. Towards such a place Newton's method creeps: the
information of some rows is e⁵⁰ times that of others, and float64 holds no matrix with both. So the place is looked for
directly. The rows are those that the fit has come nearest to; a linear programme tells how far their scales can shrink
in sum, while none of the others shrinks; and the loss is followed along that way.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.moves import row_direction
from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.recession import STEPS, Recession, find_recession
from likely.fitting.subspace import Subspace

#: Of more rows no few of them outweigh the others.
MOST_ROWS = 300
#: and of more raw columns there are too many pairs to look at.
MOST_COLUMNS = 4
#: Factors by which a step grows, and how many lead beyond the mode of a row's density; halvings to its last digit.
GROWS, EXPANSIONS, HALVINGS = 8.0, 40, 160
#: A density is sharp where the loss of a row falls by more than this for each unit of the scale's raw prediction.
SHARP = 0.25
#: No density grows by more nats than this for each unit of a scale's raw prediction. A loss that falls by more comes
#: back from a scale that is far from what the tails allow, as those of a fit that has all but reached its Normal limit.
FASTEST = 2.0
#: Rows are dependent where what is left of one is less than this share of it.
DEPENDENT = 1e-8
#: A row is passed through too where it is no further from that than so many of the last digits of what it is made of.
LAST = 64.0
#: A sum of scales that shrinks by less than this is rounding.
SHRINKS = 1e-6


def find_spike(space: Subspace, begun: Array, gamma: Array) -> Recession | None:
    """The direction in which a scale shrinks on rows that are fitted exactly, and the loss falls without bound.

    ``begun`` are start values θ, where the scale is the same in all rows; γ is how far a fit has come.
    None where there is no such direction, or none was found.
    """
    objective = space.objective
    if space.basis is not None or objective.source.shape[0] > MOST_ROWS:
        return None
    if not 2 <= objective.columns <= MOST_COLUMNS:
        return None
    loss = objective.loss
    if getattr(loss, "discrete", False) or getattr(loss, "moving_ends", False):
        return None  # no density is without bound, or it is so where its support ends
    rows = _Rows(objective)
    start, reached = rows.raw(begun), rows.raw(gamma)
    for a, b in permutations(range(objective.columns), 2):
        if _whole_line(loss, b):
            continue  # a location that goes far makes no density sharp
        for sign in (-1.0, 1.0):
            modes = rows.modes(start, a, b, sign)
            if modes is None:
                continue
            distance, sharpness = np.abs(reached[a] - modes), -sign * reached[b]
            for order in (np.argsort(distance), np.argsort(sharpness)):
                found = rows.spike(space, (begun, gamma), modes, order, a, b, sign)
                if found is not None:
                    return found
    return None


def _whole_line(loss: Any, column: int) -> bool:
    """Whether a parameter may be any number; False where the loss does not say."""
    limit = getattr(loss, "limit", None)
    return limit is not None and (limit(column, False), limit(column, True)) == (-np.inf, np.inf)


class _Rows:
    """The rows with weight: y, offsets, and the designs of the raw columns, in θ."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        kept, self.y, self.weight, self.offset = objective.response.counted(objective.columns)
        self.designs = [
            np.stack([row_direction(objective, int(row), j)[part] for row in kept])
            for j, part in enumerate(objective.parts)
        ]

    def raw(self, theta: Array) -> Array:
        """Raw predictions (k, n)."""
        parts = self.objective.parts
        predicted = [d @ theta[part] for d, part in zip(self.designs, parts, strict=True)]
        return np.stack(predicted) + self.offset

    def modes(self, raw: Array, a: int, b: int, sign: float) -> Array | None:
        """Raw values (n,) in column a at which each row's density is largest, once column b is far out to one side.

        NaN where it is not sharp there, as in rows that are seen in part; None where it is so in no row.
        """
        loss, far = self.objective.loss, np.array(raw)
        far[b] += sign * STEPS[-1]

        def slope(at: Array) -> Array:
            far[a] = at
            gradient = loss.evaluate(self.y, far, 1)[1]
            assert gradient is not None
            return gradient[a]

        low, high = raw[a] - 1.0, raw[a] + 1.0
        for k in range(EXPANSIONS):
            below, above = slope(low) < 0.0, slope(high) > 0.0
            if (below & above).all():
                break
            step = GROWS**k
            low, high = np.where(below, low, low - step), np.where(above, high, high + step)
        peaked = below & above
        if not peaked.any():
            return None
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            if ((middle == low) | (middle == high)).all():
                break
            ahead = slope(middle) < 0.0
            low, high = np.where(ahead, middle, low), np.where(ahead, high, middle)
        far[a] = low
        peak = loss.evaluate(self.y, far, 0)[0]
        falls = loss.evaluate(self.y, raw, 0)[0] - peak
        peaked &= falls > SHARP * STEPS[-1]
        return np.where(peaked, low, np.nan) if peaked.any() else None

    def spike(
        self,
        space: Subspace,
        between: tuple[Array, Array],
        modes: Array,
        order: Any,
        a: int,
        b: int,
        sign: float,
    ) -> Recession | None:
        """The direction in which column b goes to one side on the first rows of an order, where the loss falls on.

        Of the rows that have a mode; the others have a scale that does not shrink.
        """
        parts = self.objective.parts
        peaked = np.isfinite(modes)
        through = _independent(self.designs[a], order[peaked[order]])
        inner, wanted = self.designs[a][through], (modes - self.offset[a])[through]
        begun, theta = between[0], between[1].copy()  # tails are as heavy as the fit has made them
        theta[parts[b]] = begun[parts[b]]
        for _ in range(2):  # the second takes off the rounding of the first
            theta[parts[a]] += np.linalg.lstsq(inner, wanted - inner @ theta[parts[a]], rcond=None)[
                0
            ]
        sums = space.evaluate(theta, 0)
        raw = self.raw(theta)
        bound = peaked | ~self.content(raw, b, sign)
        fitted = self.passed(theta, raw, modes, a)
        fitted[through] = True
        for along in _sharpest(self.designs[b], self.weight * peaked, fitted, bound):
            direction = np.zeros(space.size)
            direction[parts[b]] = sign * along
            found = find_recession(space, theta, sums, direction)
            if found is not None and found.unbounded and self.grows(theta, direction, b):
                return found
        return None

    def passed(self, theta: Array, raw: Array, modes: Array, a: int) -> NDArray[np.bool_]:
        """Which rows (n,) have their mode at θ, to the last digits: as those of the same y, or on the same line."""
        size = np.abs(self.designs[a]) @ np.abs(theta[self.objective.parts[a]])
        peaked = np.isfinite(modes)
        terms = np.abs(self.offset[a]) + size + np.where(peaked, np.abs(modes), 0.0)
        away = np.abs(raw[a] - modes)  # NaN, which is not near, without a mode
        return np.asarray(away <= LAST * np.finfo(np.float64).eps * terms.max())

    def grows(self, theta: Array, direction: Array, b: int) -> bool:
        """Whether the loss falls no faster along a direction of column b than the densities of rows that move allow."""
        losses = [self.objective.evaluate(theta + t * direction, 0).loss for t in STEPS[-2:]]
        moved = np.abs(self.designs[b] @ direction[self.objective.parts[b]])
        most = FASTEST * (STEPS[-1] - STEPS[-2]) * float(self.weight @ moved)
        return losses[0] - losses[1] <= most

    def content(self, raw: Array, b: int, sign: float) -> NDArray[np.bool_]:
        """Which rows (n,) do not lose by a scale that shrinks, as one seen in part above which the location lies."""
        far = raw.copy()
        far[b] += sign * STEPS[-1]
        loss = self.objective.loss
        return np.asarray(loss.evaluate(self.y, far, 0)[0] <= loss.evaluate(self.y, raw, 0)[0])


def _independent(design: Array, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """The first rows in this order that are independent of each other: as many as the design's rank."""
    kept: list[int] = []
    basis = np.zeros((design.shape[1], 0))
    for row in order:
        rest = design[row] - basis @ (basis.T @ design[row])
        rest -= basis @ (basis.T @ rest)
        length, whole = np.linalg.norm(rest), np.linalg.norm(design[row])
        if length > DEPENDENT * whole:
            kept.append(int(row))
            basis = np.column_stack([basis, rest / length])
        if len(kept) == design.shape[1]:
            break
    return np.array(kept, dtype=np.intp)


def _sharpest(
    design: Array, weight: Array, through: NDArray[np.bool_], bound: NDArray[np.bool_]
) -> Iterator[Array]:
    """Ways u for the scale to go: with the largest Σ w·(design·u), which is at most 1 on rows passed ``through``.

    On the others it is at most 0; rows that are not ``bound`` may have any. And all rows alike: where tails are heavy
    enough, the density of some outweighs what the others lose.
    """
    from scipy.optimize import linprog

    most = through.astype(np.float64)
    scale = np.abs(design).max(axis=0)
    scale[scale == 0.0] = 1.0
    found = linprog(
        -(weight @ design) / scale,
        A_ub=design[bound] / scale,
        b_ub=most[bound],
        bounds=(None, None),
        method="highs",
    )
    if found.x is not None and -found.fun > SHRINKS * weight.max():
        yield np.asarray(found.x / scale)
    yield np.asarray(np.linalg.lstsq(design, np.ones(design.shape[0]), rcond=None)[0])
