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
from numpy.typing import NDArray

from likely.catalogue import family_class
from likely.fitting import ConvergenceWarning, Design, Response, Status, fit_linear
from likely.recipe import predicted

Array = NDArray[np.float64]

#: Rows that these fits look at, or so many for each coefficient.
ROWS, EACH = 5000, 20


def zeros_start(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    start: Array,
    alpha: Array | None = None,
) -> Array | None:
    """Coefficients (P,) to start from; None where the constants ``start`` (k,) are as good.

    Only ZeroInflated over counts, with an inflation that depends on x, asks for them.
    """
    at = _inflation(loss, designs)
    if at is None:
        return None
    width = sum(1 + len(d.chosen(X.shape[1])) for d in designs)
    every = slice(None, None, max(1, X.shape[0] // max(ROWS, EACH * width)))
    X, response = X[every], response.take(every)
    if response.weight is not None and not response.weight.any():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        halves = _halves(loss, at, X, designs, response, start, alpha)
        if halves is None:
            return None
        first, second = (
            fit_linear(
                loss, X, designs, response,
                start=start, coefficients=coefficients, alpha=alpha, covariances=(),
            )
            for coefficients in (None, halves)
        )  # fmt: skip
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


def _halves(
    loss: Any,
    at: int,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    start: Array,
    alpha: Array | None,
) -> Array | None:
    """The coefficients (P,) of the counts, as if none were additional, and of y = 0; None where one has no maximum."""
    ((counts, mine),) = loss.parts
    zeros = family_class("Bernoulli")(probs=predicted(loss.free[at].link.name)).loss()
    share = np.average(response.y == 0.0, weights=response.weight)
    if not 0.0 < share < 1.0:
        return None
    begun = start.copy()
    begun[at] = zeros.free[0].link.link(share)
    found: dict[int, Array] = {}
    for half, y, columns in ((counts, response.y, mine), (zeros, 1.0 * (response.y == 0.0), [at])):
        offset = None if response.offset is None else response.offset[columns]
        result = fit_linear(
            half, X, [designs[j] for j in columns], Response(y, response.weight, offset),
            start=begun[columns], alpha=None if alpha is None else alpha[columns], covariances=(),
        )  # fmt: skip
        if result.status is not Status.converged:
            return None
        found |= {j: result.parameters[part] for j, part in zip(columns, result.parts, strict=True)}
    return np.concatenate([found[j] for j in sorted(found)])
