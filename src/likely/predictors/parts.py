"""Where the fit of a modified family begins: each family inside at its own best, on the rows that are its."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import Design, Response

Array = NDArray[np.float64]


def by_parts(loss: Any, y: Array, weight: Array | None) -> Array:
    """Raw values (k,): the marginal fits of the families inside, and the modifier's own guess.

    ValueError where y says nothing about a parameter that is to be learned.
    """
    from likely.predictors.leaning import leaning, leaning_start
    from likely.predictors.marginal import start_values

    structure = loss.specification.structure
    raw = np.full(loss.columns, np.nan)
    for index, (inside, columns) in enumerate(loss.parts):
        rows, of_rows = structure.rows(index, y, weight)
        raw[columns] = start_values(inside, rows, of_rows, None)
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
        from likely.predictors.several import best_start

        return best_start(loss, y, weight, raw)
    if leaning(loss.specification) is not None:
        # What is seen of y may lean to the other side than y does.
        none = np.empty((y.shape[0], 0))
        designs = [Design((), True)] * loss.columns
        return leaning_start(loss, none, designs, Response(y, weight), raw, None)
    return raw
