"""Other starts of a location and a scale that both depend on x, for few rows: the likelihood has several maxima.

Given how the scale depends on x, the location and the size of the scale have one best value, or nearly so; the
maxima differ in the rows that the scale makes sharp. So the slopes of the scale are gone through along straight lines
from 0, with weighted least squares for the rest, and the likeliest points on these lines are where other fits begin.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from likely.fitting import FitResult
from likely.predictors.maxima.model import Array, LinearModel, standardised

#: With so many rows for each coefficient there is one maximum; of weighted rows (Σw)²/Σw² count.
EACH = 4
#: More rows, or columns of the scale, are not gone through.
MOST_ROWS, MOST_COLUMNS = 1000, 12
#: Up to so many columns also two or more together, in all combinations of signs.
TOGETHER = 3
#: Slopes that are tried, in standard deviations of the columns.
LENGTHS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
#: Fits that are tried from there, the likeliest.
TRIED = 6
#: Steps of a fit.
STEPS = 50


def larger_maximum(model: LinearModel, found: FitResult) -> Array | None:
    """Coefficients (P,) at a maximum that is larger than the one ``found``; None where none is known."""
    places = loc_and_scale(model.loss)
    if places is None or model.response.y.ndim > 1 or model.X.shape[0] > MOST_ROWS:
        return None
    columns = len(model.chosen(places[1]))
    few = all(model.designs[j].intercept for j in places) and columns <= MOST_COLUMNS
    if not few or not columns or model.equal_rows > EACH * found.parameters.size:
        return None
    return model.largest(
        _Search(model, found, *places).starts(), model.below(found.objective), STEPS
    )


def loc_and_scale(loss: Any) -> tuple[int, int] | None:
    """The raw columns of loc and of log scale; None without."""
    links = {slot.parameter: slot.link.name for slot in loss.free}
    if loss.specification.structure is not None or not loss.smooth:
        return None  # least squares do not see what is cut off
    if (links.get("loc"), links.get("scale")) != ("identity", "log"):
        return None
    order = [slot.parameter for slot in loss.free]
    return order.index("loc"), order.index("scale")


def on_the_line(loss: Any, y: Array) -> Array:
    """y where loc is: its logarithm for a LogNormal."""
    return np.log(y) if loss.specification.support.low == 0.0 else y


class _Search:
    """Points along lines of the scale's slopes."""

    def __init__(self, model: LinearModel, found: FitResult, loc: int, scale: int) -> None:
        self.model, self.found, self.loc, self.scale = model, found, loc, scale
        _, y, self.weight, self.offset = model.counted
        self.on_line = on_the_line(model.loss, y)
        self.x_loc, self.x_scale = model.columns(loc), model.columns(scale)

    def starts(self) -> list[Array]:
        """Coefficients (P,) at the likeliest points, the best first."""
        with np.errstate(all="ignore"):  # columns may be beyond what has squares
            centre, inverse = standardised(self.x_scale)
        vary = inverse > 0.0
        ways = _ways(int(vary.sum()))
        directions = np.zeros((len(ways), vary.size))
        directions[:, vary] = ways
        lines = np.array([length * directions for length in LENGTHS]) * inverse
        origin = self._at(np.zeros(vary.size), centre)
        peaks = []
        for line in lines.swapaxes(0, 1):
            points = [self._at(slopes, centre) for slopes in line]
            losses = np.array([origin[0], *(loss for loss, _ in points), np.inf])
            peaks += [
                point
                for point, before, after in zip(points, losses, losses[2:], strict=False)
                if point[0] < np.inf and point[0] <= min(before, after)
            ]
        peaks.append(origin)
        peaks.sort(key=lambda one: one[0])
        return [coefficients for loss, coefficients in peaks[:TRIED] if loss < np.inf]

    def _at(self, slopes: Array, centre: Array) -> tuple[float, Array]:
        """The objective, and coefficients, with these slopes of the scale."""
        log_scale = (self.x_scale - centre) @ slopes + self.offset[self.scale]
        with np.errstate(all="ignore"):  # columns may fit every row
            root = np.sqrt(self.weight) * np.exp(-log_scale)
            middle, inverse = standardised(self.x_loc)
            design = root[:, None] * np.c_[np.ones(root.size), (self.x_loc - middle) * inverse]
            wanted = root * (self.on_line - self.offset[self.loc])
            if not (np.isfinite(design).all() and np.isfinite(wanted).all()):
                return np.inf, self.found.parameters
            location = np.linalg.lstsq(design, wanted)[0]
            z = wanted - design @ location
            size = 0.5 * np.log((z @ z) / self.weight.sum())
        location[1:] *= inverse
        location[0] -= middle @ location[1:]
        blocks = [self.found.parameters[part].copy() for part in self.found.parts]
        for block, d in zip(blocks, self.model.designs, strict=True):
            block[int(d.intercept) :] = 0.0
        blocks[self.loc] = location
        blocks[self.scale] = np.r_[size - centre @ slopes, slopes]
        coefficients = np.concatenate(blocks)
        return self.model.objective_at(coefficients), coefficients


def _ways(columns: int) -> Array:
    """Directions (m, columns): along each column, and of a few columns along all their diagonals too."""
    if columns > TOGETHER:
        return np.vstack([np.eye(columns), -np.eye(columns)])
    return np.array([way for way in product((-1.0, 0.0, 1.0), repeat=columns) if any(way)])
