"""Where a fit begins whose predictions have no intercept: at the slopes that come nearest to a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import Design

Array = NDArray[np.float64]

#: Rows that are looked at.
ROWS = 5000
#: From more coefficients than this on, the fit begins at slopes of 0.
MOST = 1500


def slopes_start(
    loss: Any, X: Any, designs: Sequence[Design], offset: Array | None, start: Array
) -> Array | None:
    """Coefficients (P,) whose raw predictions come nearest to ``start`` (k,); None where intercepts do that.

    A start at slopes of 0 would be at a raw prediction of 0, where a mean with the identity link has no likelihood.
    A shape that says where the support ends begins at 0, where it has no end: the others are not at their best, with
    which it would hold all of y.
    """
    if getattr(loss, "moving_ends", False):
        shapes = [loss.domain(s).low == -np.inf and s.of != "loc" for s in loss.free]
        start = np.where([shapes[i] for i in loss.column_slots], 0.0, start)
    widths = [len(d.chosen(X.shape[1])) for d in designs]
    if all(design.intercept for design in designs) or sum(widths) > MOST:
        return None
    every = slice(None, None, max(1, X.shape[0] // ROWS))
    found = []
    for j, (design, value) in enumerate(zip(designs, start, strict=True)):
        columns = slice(None) if design.columns is None else list(design.columns)
        few = X[every][:, columns]
        if design.intercept:
            found.append(np.r_[value, np.zeros(few.shape[1])])
            continue
        dense = few.toarray() if issparse(few) else few
        wanted = value - (np.zeros(dense.shape[0]) if offset is None else offset[j, every])
        found.append(np.linalg.lstsq(dense, wanted, rcond=None)[0])
    return np.concatenate(found)
