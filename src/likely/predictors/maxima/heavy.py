"""Other starts of a location with heavy tails, for few rows: the likelihood has several maxima, and may have no bound.

With few degrees of freedom a location that passes near some rows outweighs the others, and which rows these are is not
the same in all maxima; with many, all rows count, as a Normal's. So locations that pass through as many rows as they
have coefficients are tried with some scales and degrees of freedom, and the likeliest are where other fits begin.
"""

from __future__ import annotations

import warnings
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import ConvergenceWarning, FitResult, Status
from likely.predictors.maxima.model import Array, LinearModel
from likely.predictors.maxima.trials import INSIDE

#: With more rows for each coefficient the maximum that the fit comes to is the largest, but for odd rows.
EACH = 8
#: A fit that comes to none inside is helped up to so many.
MOST_ROWS = 1000
#: Of more coefficients of the location none are tried: that many rows are hardly ever without an odd one.
MOST_COEFFICIENTS = 100
#: Locations that are tried,
LOCATIONS = 100
#: with the scale at these quantiles of the distances from them, and these degrees of freedom.
QUANTILES = (0.25, 0.5, 0.75)
DEGREES = (0.2, 0.5, 1.0, 3.0)
#: Fits, of so many steps, from the likeliest that are at most so many nats, of a row of weight 1, behind the maximum
#: that is known.
TRIED, STEPS = 6, 30
BEHIND = 2.0


def heavy_maximum(model: LinearModel, found: FitResult) -> Array | None:
    """Coefficients (P,) that lead to a maximum larger than the one ``found``; None where none are known."""
    places = _places(model.loss)
    if places is None or model.response.y.ndim > 1:
        return None
    outside = found.status in (Status.unbounded, Status.boundary)
    if model.counted[0].size > (MOST_ROWS if outside else EACH * found.parameters.size):
        return None
    if not all(model.designs[j].intercept for j in places):
        return None
    if model.size(places[0]) > MOST_COEFFICIENTS:
        return None
    if found.status not in INSIDE and model.chosen(places[1]):
        return None  # a scale that differs from row to row has no bound from anywhere
    best, least = None, np.inf
    if found.status in INSIDE:
        least = model.below(found.objective)
    # Another edge than the one that is known may be where rows are fitted exactly.
    ends = (Status.converged,) if found.status is Status.boundary else INSIDE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for reached, coefficients in _starts(model, places):
            if reached > least + BEHIND * model.unit:
                break
            other = model.fitted(coefficients, STEPS, to_edges=Status.boundary in ends)
            if other is not None and other.status in ends and other.objective < least:
                best, least = coefficients, model.below(other.objective)
    return best


def _places(loss: Any) -> tuple[int, int, int] | None:
    """The raw columns of loc, log scale and degrees of freedom; None without."""
    links = {slot.parameter: slot.link.name for slot in loss.free}
    if not loss.smooth or (links.get("loc"), links.get("scale")) != ("identity", "log"):
        return None
    if "df" not in links:
        return None
    order = [slot.parameter for slot in loss.free]
    return order.index("loc"), order.index("scale"), order.index("df")


def _starts(model: LinearModel, places: tuple[int, int, int]) -> list[tuple[float, Array]]:
    """Losses, and coefficients (P,), at the likeliest points, the best first; of each location the best."""
    loc, scale, df = places
    loss = model.loss
    _, y, weight, offset = model.counted
    if model.size(loc) >= y.size:  # a location through all rows leaves no scale
        return []
    design = np.c_[np.ones(y.size), model.columns(loc)]
    wanted = y - offset[loc]
    tails = [float(loss.free[df].link.link(one)) for one in DEGREES]
    found = []
    for some in subsets(np.argsort(y, kind="stable"), design.shape[1]):
        location = np.linalg.lstsq(design[some], wanted[some], rcond=None)[0]
        away = np.abs(wanted - design @ location)
        # A row that is passed through is away from it by rounding.
        size = np.quantile(np.delete(away, some), QUANTILES)
        sizes = np.log(size[size > 0.0])
        grid = [(one, tail) for one in sizes for tail in tails]
        if not grid:  # the location passes through all rows
            continue
        raw = np.repeat(offset[:, None, :], len(grid), axis=1)
        raw[loc] += design @ location
        raw[[scale, df]] += np.array(grid).reshape(-1, 2).T[:, :, None]
        nll = loss.evaluate(np.tile(y, len(grid)), raw.reshape(loss.columns, -1), 0)[0]
        losses = nll.reshape(len(grid), -1) @ weight
        at = int(np.argmin(losses))
        found.append((float(losses[at]), location, *grid[at]))
    found.sort(key=lambda one: one[0])
    starts = []
    for reached, location, size, tail in found[:TRIED]:
        blocks = [np.zeros(model.size(j)) for j in range(len(model.designs))]
        blocks[loc], blocks[scale][0], blocks[df][0] = location, size, tail
        if np.isfinite(reached):
            starts.append((reached, np.concatenate(blocks)))
    return starts


def subsets(order: NDArray[np.intp], size: int) -> Array:
    """Some of the rows (m, size), all where they are few; nothing is random."""
    every = comb(order.size, size)
    if every <= LOCATIONS:
        return order[np.array(list(combinations(range(order.size), size)))]
    # Multiples of √2, without their whole part, are everywhere alike.
    at = np.arange(LOCATIONS * size) * np.sqrt(2.0)
    return order[((at % 1.0) * order.size).astype(int)].reshape(LOCATIONS, size)
