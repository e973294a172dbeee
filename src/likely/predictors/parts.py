"""Where the fit of a modified family begins: each family inside at its own best, on the rows that are its."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.predictors.several import Fit, best_start
from likely.predictors.start import guesses

Array = NDArray[np.float64]


def by_parts(loss: Any, y: Array, weight: Array | None, fit: Fit) -> Array:
    """Raw values (k,): ``fit(loss, y, weight)`` of the families inside, and the modifier's own guess.

    ValueError where y says nothing about a parameter that is to be learned.
    """
    structure = loss.specification.structure
    raw = np.full(loss.columns, np.nan)
    for index, (inside, columns) in enumerate(loss.parts):
        rows, of_rows = structure.rows(index, y, weight)
        if inside.specification.support.covers(rows):
            raw[columns] = fit(inside, rows, of_rows)
        else:  # none of the rows is of this part, so that any value is as good: the fit says so
            raw[columns] = [guesses(inside, slot, {}, 0.0, 1.0)[0] for slot in inside.free]
    known = structure.own(y, weight)
    for j, slot in enumerate(loss.free):
        if slot.of in known:
            if np.isnan(known[slot.of]):
                raise ValueError(
                    f"y says nothing about the {slot.parameter} of {loss.specification.name}: "
                    f"{structure.silent}; fix it, {slot.parameter}=…, or choose a family without it"
                )
            raw[j] = slot.link.link(known[slot.of])
    if structure.kind == "Mixture":
        return best_start(loss, y, weight, raw, fit)
    return raw
