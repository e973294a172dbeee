"""Components of a mixture that have become one: as good as fewer components, with odds that nothing determines.

Where fewer components reach the supremum, it is that of more for any odds between two that are the same. There the
gradient is 0 and the Hessian singular, so that Newton's method finds no certificate however long it goes on.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from likely.fitting import FitResult, Status

#: Coefficients are the same where they differ by less than this, of coefficients of 1.
SAME = 1e-6
#: At rest a step promises to lower the loss by less than this, relative to it.
AT_REST = 1e-12


def coinciding(loss: Any, found: FitResult) -> FitResult:
    """The result; told as one on an edge where two components are the same and the loss cannot be lowered."""
    structure = loss.specification.structure
    if structure is None or structure.kind != "Mixture" or found.status is not Status.max_iter:
        return found
    if not abs(found.decrement) <= AT_REST * max(1.0, abs(found.loss)):
        return found
    parts = [
        (number, inside, np.concatenate([found.parameters[found.parts[j]] for j in columns]))
        for number, (inside, columns) in enumerate(loss.parts, 1)
        if columns
    ]
    for (i, one, first), (j, other, second) in combinations(parts, 2):
        if one is other and first.shape == second.shape and _close(first, second):
            told = (
                f"{Status.boundary.value}. Components {i} and {j} are the same, so that nothing determines the odds "
                "between them: fewer components fit as well"
            )
            return replace(found, status=Status.boundary, message=told)
    return found


def _close(first: Any, second: Any) -> bool:
    return bool((np.abs(first - second) <= SAME * np.maximum(1.0, np.abs(first))).all())
