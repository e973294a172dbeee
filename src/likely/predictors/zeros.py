"""Where a fit begins whose share of additional zeros depends on x.

The likelihood may have several maxima, one of them without additional zeros in any row, and constants may lead there.
The counts alone and the zeros alone have maxima that tell what x says about either: that is a second start. Of the
two, the one that leads to the larger likelihood counts.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from likely.catalogue import family_class
from likely.fitting import ConvergenceWarning, Design, Status
from likely.predictors.maxima.model import Array, LinearModel
from likely.recipe import predicted

#: Rows that these fits look at, or so many for each coefficient.
ROWS, EACH = 5000, 20


def zeros_start(model: LinearModel, start: Array) -> Array | None:
    """Coefficients (P,) to start from; None where the constants ``start`` (k,) are as good.

    Only ZeroInflated over counts, with an inflation that depends on x, asks for them.
    """
    at = _inflation(model.loss, model.designs)
    if at is None:
        return None
    width = sum(1 + model.slopes(j) for j in range(len(model.designs)))
    some = model.some_rows(max(ROWS, EACH * width))
    if some.response.weight is not None and not some.response.weight.any():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        halves = _halves(some, at, start)
        if halves is None:
            return None
        first, second = (
            some.fitted_from(start, coefficients=coefficients) for coefficients in (None, halves)
        )
    best, begun = (first, None) if first.objective <= second.objective else (second, halves)
    return best.parameters if best.status is Status.converged else begun


def _inflation(loss: Any, designs: Sequence[Design]) -> int | None:
    """The raw column of an inflation of counts that depends on x; None without one."""
    structure = loss.specification.structure
    if structure is None or structure.kind != "ZeroInflated" or not loss.discrete:
        return None
    for j, (slot, design) in enumerate(zip(loss.free, designs, strict=True)):
        if slot.of == "inflation" and design.columns != ():
            return j
    return None


def _halves(model: LinearModel, at: int, start: Array) -> Array | None:
    """The coefficients (P,) of the counts, as if none were additional, and of y = 0; None where one has no maximum."""
    ((counts, mine),) = model.loss.parts
    y, weight = model.response.y, model.response.weight
    zeros = family_class("Bernoulli")(probs=predicted(model.loss.free[at].link.name)).loss()
    share = np.average(y == 0.0, weights=weight)
    if not 0.0 < share < 1.0:
        return None
    begun = start.copy()
    begun[at] = zeros.free[0].link.link(share)
    found: dict[int, Array] = {}
    for half, seen, columns in ((counts, y, mine), (zeros, 1.0 * (y == 0.0), [at])):
        result = model.of(half, columns, seen, weight).fitted_from(begun[columns])
        if result.status is not Status.converged:
            return None
        found |= {j: result.parameters[part] for j, part in zip(columns, result.parts, strict=True)}
    return np.concatenate([found[j] for j in sorted(found)])
