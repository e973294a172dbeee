"""Other starts of a loss with a kink whose scale depends on x, for few rows: the likelihood has many maxima.

At a given scale the location passes through as many rows as it has coefficients, and at a given location the scale has
one best value; where both are at their best there is a maximum, and others are where the location passes through other
rows. So locations that pass through as many rows as they have coefficients are tried, each with its best scale, and the
slopes of the scale are moved, one by one and to either side, and moved on from what is better.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from math import comb

import numpy as np

from likely.fitting import ConvergenceWarning, FitResult, Response, Status, together
from likely.fitting.absolute import ProgrammeError
from likely.fitting.nonsmooth import ScaleLoss
from likely.predictors.maxima.heavy import LOCATIONS, subsets
from likely.predictors.maxima.model import Array, LinearModel, standardised

#: With more rows for each coefficient the maximum that the fit comes to is the largest, or all but.
EACH = 15
#: More rows, or columns of the scale, are not gone through.
MOST_ROWS, MOST_COLUMNS = 1000, 12
#: By how much a slope is moved, for a standard deviation of its column, and how often all are.
MOVES, ROUNDS = (0.5, -0.5, 1.5, -1.5), 6
#: Steps of a fit.
STEPS = 50
#: Locations through rows from which fits begin; their scale is at its best where a step promises no more nats, of a row
#: of weight 1.
TRIED, AT_REST = 6, 1e-5
#: What a sum of so few products is right to, relative to its terms.
ROUNDING = 2.0**-50


def kinked_maximum(model: LinearModel, found: FitResult) -> Array | None:
    """Coefficients (P,) at a maximum that is larger than the one ``found``; None where none is known."""
    names = [slot.parameter for slot in model.loss.free]
    if model.loss.smooth or "scale" not in names or found.status is not Status.converged:
        return None
    scale = names.index("scale")
    columns = len(model.chosen(scale))
    if not 0 < columns <= MOST_COLUMNS or model.X.shape[0] > MOST_ROWS:
        return None
    if not model.designs[scale].intercept or model.equal_rows > EACH * found.parameters.size:
        return None
    best: Array | None = None
    least, around = model.below(found.objective), found.parameters
    for turn in range(ROUNDS):
        further = None
        starts = [*_moved(model, around, found.parts[scale], scale)]
        if turn == 0 and "loc" in names:
            starts += _through_rows(model, found.parts, names.index("loc"), scale)
        for start in starts:
            other = _fitted(model, start)
            if other is not None and other.objective < least:
                further, least = other.parameters, model.below(other.objective)
        if further is None:
            break
        best = around = further
    return best


def _moved(model: LinearModel, around: Array, part: slice, scale: int) -> Iterator[Array]:
    """The coefficients (P,) with one slope of the scale moved, and the same scale in the middle of its column."""
    with np.errstate(all="ignore"):  # columns may be beyond what has squares
        centre, inverse = standardised(model.columns(scale))
    for j in np.flatnonzero(inverse):
        for slope in np.array(MOVES) * inverse[j]:
            moved = around.copy()
            moved[part.start] -= centre[j] * slope
            moved[part.start + 1 + j] += slope
            yield moved


def _through_rows(
    model: LinearModel, parts: Sequence[slice], loc: int, scale: int
) -> Iterator[Array]:
    """Coefficients (P,) of the locations through rows, each with its best scale where it has one, the likeliest.

    Where they are few enough to try all: of more rows hardly any maximum is missed by moving slopes.
    """
    kept, y, weight, offset = model.counted
    size = model.size(loc)
    if not model.designs[loc].intercept or size >= y.size or comb(y.size, size) > LOCATIONS:
        return
    design, wanted = np.c_[np.ones(y.size), model.columns(loc)], y - offset[loc]
    ways, locations = [], []
    for some in subsets(np.argsort(y, kind="stable"), size):
        location, _, rank, _ = np.linalg.lstsq(design[some], wanted[some], rcond=None)
        if rank < size:
            continue  # these rows leave the location open
        away = wanted - design @ location
        # A row that is passed through is away from it by rounding.
        away[np.abs(away) <= ROUNDING * (np.abs(wanted) + np.abs(design) @ np.abs(location))] = 0.0
        left = np.abs(away)
        if not left.any():
            continue
        rest = LinearModel(
            ScaleLoss(model.loss, scale), model.X[kept], [model.designs[scale]],
            Response(away, weight, offset[scale : scale + 1]),
            None if model.alpha is None else model.alpha[scale : scale + 1],
        )  # fmt: skip
        begun = np.zeros(model.size(scale))
        begun[0] = np.log(np.average(left, weights=weight))
        ways.append(rest.approaching(begun, STEPS, AT_REST * model.unit))
        locations.append(location)
    ends = [
        (end.objective, location, end.coefficients)
        for end, location in zip(together(ways), locations, strict=True)
        if end and end.left <= AT_REST * model.unit
    ]
    ends.sort(key=lambda one: one[0])
    for _, location, scales in ends[:TRIED]:
        coefficients = np.zeros(parts[-1].stop)
        coefficients[parts[loc]], coefficients[parts[scale]] = location, scales
        yield coefficients


def _fitted(model: LinearModel, start: Array) -> FitResult | None:
    """The fit from there; None where it comes to no maximum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            other = model.fitted(start, STEPS)
        except (
            ProgrammeError
        ):  # scales so far apart that the linear programme has no digits: one start less
            return None
    return other if other is not None and other.status is Status.converged else None
