"""Other starts of a location and a scale that both depend on x, for few rows: the likelihood has several maxima.

Given how the scale depends on x, the location and the size of the scale have one best value, or nearly so; the
maxima differ in the rows that the scale makes sharp. So the slopes of the scale are gone through along straight lines
from 0, with weighted least squares for the rest, and the likeliest points on these lines are where other fits begin.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import ConvergenceWarning, Design, FitResult, Response, Status, fit_linear

Array = NDArray[np.float64]

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
#: Losses closer than this, relative to them, are of one maximum.
SAME = 1e-9


def larger_maximum(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    alpha: Array | None,
    found: FitResult,
) -> Array | None:
    """Coefficients (P,) at a maximum that is larger than the one ``found``; None where none is known."""
    places = loc_and_scale(loss)
    if places is None or response.y.ndim > 1 or X.shape[0] > MOST_ROWS:
        return None
    loc, scale = places
    columns = designs[scale].chosen(X.shape[1])
    few = designs[loc].intercept and designs[scale].intercept and len(columns) <= MOST_COLUMNS
    if not few or not columns or equal_rows(response) > EACH * found.parameters.size:
        return None
    search = _Search(loss, X, designs, response, found, loc, scale)
    best, least = None, found.objective - SAME * max(1.0, abs(found.objective))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for coefficients in search.starts():
            other = fit_linear(
                loss, X, designs, response, start=np.zeros(loss.columns),
                coefficients=coefficients, alpha=alpha, covariances=(), max_iter=50,
            )  # fmt: skip
            if other.status is Status.converged and other.objective < least:
                best, least = other.parameters, other.objective
    return best


def equal_rows(response: Response) -> float:
    """How many rows of one weight tell as much."""
    w = response.weight
    return float(response.y.shape[0]) if w is None else float(w.sum() ** 2 / (w @ w))


def loc_and_scale(loss: Any) -> tuple[int, int] | None:
    """The raw columns of loc and of log scale; None without."""
    links = {slot.parameter: slot.link.name for slot in loss.free}
    if loss.specification.structure is not None or not loss.smooth:
        return None  # least squares do not see what is cut off
    if (links.get("loc"), links.get("scale")) != ("identity", "log"):
        return None
    order = [slot.parameter for slot in loss.free]
    return order.index("loc"), order.index("scale")


def _on_the_line(loss: Any, y: Array) -> Array:
    """y where loc is: its logarithm for a LogNormal."""
    return np.log(y) if loss.specification.support.low == 0.0 else y


class _Search:
    """Points along lines of the scale's slopes."""

    def __init__(
        self,
        loss: Any,
        X: Any,
        designs: Sequence[Design],
        response: Response,
        found: FitResult,
        loc: int,
        scale: int,
    ) -> None:
        self.loss, self.found, self.loc, self.scale = loss, found, loc, scale
        self.designs = designs
        kept, self.y, self.weight, self.offset = response.counted(loss.columns)
        rows = (X.toarray() if issparse(X) else np.asarray(X, dtype=np.float64))[kept]
        self.on_line = _on_the_line(loss, self.y)
        self.rows = [rows[:, list(d.chosen(rows.shape[1]))] for d in designs]

    def starts(self) -> list[Array]:
        """Coefficients (P,) at the likeliest points, the best first."""
        with np.errstate(all="ignore"):  # columns may be beyond what has squares
            centre, inverse = standardised(self.rows[self.scale])
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
        """The loss, and coefficients, with these slopes of the scale."""
        log_scale = (self.rows[self.scale] - centre) @ slopes + self.offset[self.scale]
        with np.errstate(all="ignore"):  # columns may fit every row
            root = np.sqrt(self.weight) * np.exp(-log_scale)
            middle, inverse = standardised(self.rows[self.loc])
            design = (
                root[:, None] * np.c_[np.ones(root.size), (self.rows[self.loc] - middle) * inverse]
            )
            wanted = root * (self.on_line - self.offset[self.loc])
            if not (np.isfinite(design).all() and np.isfinite(wanted).all()):
                return np.inf, self.found.parameters
            location = np.linalg.lstsq(design, wanted)[0]
            z = wanted - design @ location
            size = 0.5 * np.log((z @ z) / self.weight.sum())
        location[1:] *= inverse
        location[0] -= middle @ location[1:]
        blocks = [self.found.parameters[part].copy() for part in self.found.parts]
        for block, d in zip(blocks, self.designs, strict=True):
            block[int(d.intercept) :] = 0.0
        blocks[self.loc] = location
        blocks[self.scale] = np.r_[size - centre @ slopes, slopes]
        coefficients = np.concatenate(blocks)
        return self._loss(coefficients), coefficients

    def _loss(self, coefficients: Array) -> float:
        return loss_at(
            self.loss, self.rows, self.y, self.weight, self.offset, self.designs, self.found.parts,
            coefficients,
        )  # fmt: skip


def loss_at(
    loss: Any,
    rows: Sequence[Array],
    y: Array,
    weight: Array,
    offset: Array,
    designs: Sequence[Design],
    parts: Sequence[slice],
    coefficients: Array,
) -> float:
    """Σ w·nll, given the columns (n, …) of each design; ∞ where that is no number."""
    raw = offset.copy()
    for row, d, x, part in zip(raw, designs, rows, parts, strict=True):
        first = part.start + int(d.intercept)
        row += (coefficients[part.start] if d.intercept else 0.0) + x @ coefficients[
            first : part.stop
        ]
    with np.errstate(all="ignore"):  # far out a density may be none
        total = float(weight @ loss.evaluate(y, raw, 0)[0])
    return total if np.isfinite(total) else np.inf


def standardised(x: Array) -> tuple[Array, Array]:
    """The columns' means, and one over their standard deviations: 0 where there is none."""
    spread = x.std(axis=0)
    vary = (spread > 0.0) & np.isfinite(spread)
    return x.mean(axis=0), np.divide(1.0, spread, out=np.zeros_like(spread), where=vary)


def _ways(columns: int) -> Array:
    """Directions (m, columns): along each column, and of a few columns along all their diagonals too."""
    if columns > TOGETHER:
        return np.vstack([np.eye(columns), -np.eye(columns)])
    return np.array([way for way in product((-1.0, 0.0, 1.0), repeat=columns) if any(way)])
