"""Where the fit of a family that leans to one side begins: at the best skewness, the others fitted to each.

At skewness 0 the slope in the skewness vanishes, so that a fit that comes near does not learn to which side it should
go; either side may have a maximum, and so may the family's edge at a skewness of ±∞. For a skewness that is held, the
others have one maximum when y's scale is shared: the loss is then convex in loc/scale and 1/scale (log Φ is concave).
So the fits to a few values of it, from 0 to either side, tell where on the way the likelihood is largest. The same
is done where such a family is the only one inside a modifier.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.families.base import Specification
from likely.fitting import ConvergenceWarning, Design, FitResult, Response, Status, fit_linear
from likely.predictors.standard import mean_and_std

Array = NDArray[np.float64]

#: Rows that these fits look at, or so many for each coefficient.
ROWS, EACH = 5000, 20
#: The sizes of the skewness that are tried on either side: beyond the last it makes no difference to any row.
SIZES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0, 100.0, 1e3, 1e5)
#: So many nats behind the best, a side is given up; of a row of weight 1.
BEHIND = 30.0


def leaning_start(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    start: Array,
    alpha: Array | None = None,
) -> Array | None:
    """Coefficients (P,) to start from; None where the family or its links do not ask for them.

    ``start`` (k,) is where the rest begins inside a modifier, where moments of y say little.
    """
    leaning = _leaning(loss.specification)
    if leaning is None:
        return None
    order = [slot.of for slot in loss.free]
    links = {slot.of: slot.link.name for slot in loss.free}
    if leaning.leans_by not in order or (links.get("loc"), links.get("scale")) != (
        "identity",
        "log",
    ):
        return None
    if not designs[order.index(leaning.leans_by)].intercept:
        return None
    width = sum(len(design.chosen(X.shape[1])) for design in designs)
    every = max(1, X.shape[0] // max(ROWS, EACH * width))
    X, response = X[::every], response.take(slice(None, None, every))
    if response.weight is not None and not response.weight.any():
        return None
    if leaning is loss.specification:
        mean, std = mean_and_std(response.y, response.weight)
        if std == 0:
            return None
        start = np.array([{"loc": mean}.get(of, np.log(std)) for of in order])
    profile = _Profile(loss, X, tuple(designs), response, alpha, order.index(leaning.leans_by))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return _best(profile, start)


@dataclass(frozen=True)
class _Held:
    """The fit with one raw column held: ``raw`` is its value, ``result`` has no coefficients there."""

    raw: float
    result: FitResult


@dataclass(frozen=True)
class _Profile:
    """A problem of which the raw column ``at`` is held, or is not."""

    loss: Any
    X: Any
    designs: tuple[Design, ...]
    response: Response
    alpha: Array | None
    at: int

    def held(self, raw: float, start: Array, coefficients: Array | None) -> _Held:
        """The fit with the column held at a raw value."""
        designs = list(self.designs)
        designs[self.at] = Design((), False)
        n, k = self.X.shape[0], self.loss.columns
        offset = np.zeros((k, n)) if self.response.offset is None else self.response.offset.copy()
        offset[self.at] = raw
        response = Response(self.response.y, self.response.weight, offset)
        result = fit_linear(
            self.loss, self.X, designs, response,
            start=start, coefficients=coefficients, alpha=self.alpha, covariances=(),
        )  # fmt: skip
        return _Held(raw, result)

    def all(self, held: _Held) -> Array:
        """All coefficients at a fit, those of the column that was held too."""
        slopes = len(self.designs[self.at].chosen(self.X.shape[1]))
        mine = np.r_[held.raw, np.zeros(slopes)]
        place = held.result.parts[self.at].start
        return np.concatenate(
            [held.result.parameters[:place], mine, held.result.parameters[place:]]
        )

    def free(self, held: _Held, start: Array) -> FitResult:
        """The fit of all coefficients from there."""
        return fit_linear(
            self.loss, self.X, self.designs, self.response,
            start=start, coefficients=self.all(held), alpha=self.alpha, covariances=(),
        )  # fmt: skip


def _leaning(specification: Specification) -> Specification | None:
    """The family that leans to one side: the specification, or the only one inside it."""
    while specification.leans_by is None:
        structure = specification.structure
        if structure is None or len(structure.parts) != 1:
            return None
        specification = structure.parts[0].specification
    return specification


def _best(profile: _Profile, start: Array) -> Array | None:
    """Coefficients (P,): the best of the maxima that the ways to both sides lead to, None without one."""
    link = profile.loss.free[profile.at].link
    middle = profile.held(0.0, start, None)
    if middle.result.status is not Status.converged:
        return None
    least, best = np.inf, None
    weight = profile.response.weight
    most = BEHIND * (1.0 if weight is None else max(1.0, weight[weight > 0.0].mean()))
    for side in (1.0, -1.0):
        way = [middle]
        for size in SIZES:
            raw = float(link.link(side * size))
            if not np.isfinite(raw):  # a link may know one side only
                break
            way.append(profile.held(raw, start, way[-1].result.parameters))
            behind = way[-1].result.objective - min(least, middle.result.objective)
            if way[-1].result.status is not Status.converged or behind > most:
                way.pop()
                break
        for one in _peaks(way):
            # At the edge the fit itself has to find out that there is no maximum.
            edge = one is way[-1]
            found = one.result if edge else profile.free(one, start)
            if found.objective < least and found.status is Status.converged:
                least, best = found.objective, profile.all(one) if edge else found.parameters
    return best


def _peaks(way: Sequence[_Held]) -> list[_Held]:
    """The fits than which those before and after are no better; the second stands for the first, which has no slope."""
    losses = [np.inf, *(one.result.objective for one in way[1:]), np.inf]
    return [
        way[i]
        for i in range(1, len(way))
        if losses[i] <= losses[i - 1] and losses[i] <= losses[i + 1]
    ]
