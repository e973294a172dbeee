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
from dataclasses import dataclass, replace

import numpy as np

from likely.families.base import Specification
from likely.fitting import ConvergenceWarning, Design, FitResult, Status
from likely.predictors.maxima.model import Array, LinearModel
from likely.predictors.standard import mean_and_std

#: Rows that these fits look at, or so many for each coefficient.
ROWS, EACH = 5000, 20
#: The sizes of the skewness that are tried on either side: beyond the last it makes no difference to any row.
SIZES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0, 100.0, 1e3, 1e5)
#: So many nats behind the best, a side is given up; of a row of weight 1.
BEHIND = 30.0


def leaning_start(model: LinearModel, start: Array) -> Array | None:
    """Coefficients (P,) to start from; None where the family or its links do not ask for them.

    ``start`` (k,) is where the rest begins inside a modifier, where moments of y say little.
    """
    specification = model.loss.specification
    leaning = _leaning(specification)
    if leaning is None:
        return None
    order = [slot.of for slot in model.loss.free]
    links = {slot.of: slot.link.name for slot in model.loss.free}
    if leaning.leans_by not in order or (links.get("loc"), links.get("scale")) != (
        "identity",
        "log",
    ):
        return None
    at = order.index(leaning.leans_by)
    if not model.designs[at].intercept:
        return None
    some = model.some_rows(max(ROWS, EACH * sum(map(model.slopes, range(len(order))))))
    y, weight = some.response.y, some.response.weight
    if weight is not None and not weight.any():
        return None
    if leaning is specification:
        mean, std = mean_and_std(y, weight)
        if std == 0:
            return None
        start = np.array([{"loc": mean}.get(of, np.log(std)) for of in order])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return _best(_Profile(some, at), start)


@dataclass(frozen=True)
class _Held:
    """The fit with one raw column held: ``raw`` is its value, ``result`` has no coefficients there."""

    raw: float
    result: FitResult


@dataclass(frozen=True)
class _Profile:
    """A model of which the raw column ``at`` is held, or is not."""

    model: LinearModel
    at: int

    def held(self, raw: float, start: Array, coefficients: Array | None) -> _Held:
        """The fit with the column held at a raw value."""
        model, response = self.model, self.model.response
        designs = list(model.designs)
        designs[self.at] = Design((), False)
        shape = (model.loss.columns, model.X.shape[0])
        offset = np.zeros(shape) if response.offset is None else response.offset.copy()
        offset[self.at] = raw
        held = replace(model, designs=designs, response=replace(response, offset=offset))
        return _Held(raw, held.fitted_from(start, coefficients=coefficients))

    def all(self, held: _Held) -> Array:
        """All coefficients at a fit, those of the column that was held too."""
        mine = np.r_[held.raw, np.zeros(self.model.slopes(self.at))]
        place = held.result.parts[self.at].start
        return np.concatenate(
            [held.result.parameters[:place], mine, held.result.parameters[place:]]
        )

    def free(self, held: _Held, start: Array) -> FitResult:
        """The fit of all coefficients from there."""
        return self.model.fitted_from(start, coefficients=self.all(held))


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
    link = profile.model.loss.free[profile.at].link
    middle = profile.held(0.0, start, None)
    if middle.result.status is not Status.converged:
        return None
    least, best = np.inf, None
    weight = profile.model.response.weight
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
