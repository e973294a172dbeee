"""The coordinates in which a fit works, where they are not the raw columns.

Of an ordinal's location and first threshold only the difference counts: the fit gives its constant to the
location, so that the columns of X can be centred, and pins the threshold; estimates are told the other way round,
a location without an intercept. And it works with the thresholds themselves, in which the loss is convex, instead
of the logarithms of their steps.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from likely.fitting import Design, FitResult
from likely.fitting.problem import Array
from likely.fitting.result import carried

#: From more raw columns than this on there is no Hessian to step with, and crossing thresholds cost more
#: than a loss that is not convex.
FEW = 32


def fitted_loss(loss: Any, rows: int) -> Any:
    """The loss to minimise over so many rows."""
    return loss.fitted if _own(loss) else loss.for_rows(rows)


def _own(loss: Any) -> bool:
    """Whether the fit has coordinates of its own."""
    return hasattr(loss, "fitted") and loss.columns <= FEW


def fitted_designs(loss: Any, designs: list[Design]) -> list[Design]:
    """The designs that are fitted: the constant moved from the pinned raw column to the free one."""
    if loss.gauge is None:
        return designs
    free, pinned = loss.gauge
    found = list(designs)
    found[free] = replace(found[free], intercept=True)
    found[pinned] = Design((), False)
    return found


def fitted_start(loss: Any, start: Array) -> Array:
    """Start values with the same meaning."""
    if loss.gauge is None:
        return start
    free, pinned = loss.gauge
    found = start.copy()
    if _own(loss):  # thresholds relative to the first
        found[pinned:] = loss.natural(start[:, None])["thresholds"][:, 0] - start[pinned]
    found[free], found[pinned] = start[free] - start[pinned], 0.0
    return found


def told(loss: Any, result: FitResult) -> FitResult:
    """The result in the raw columns, its constant in the pinned one."""
    if loss.gauge is None:
        return result
    return _regauged(loss, _in_raw(result) if _own(loss) else result)


def _in_raw(result: FitResult) -> FitResult:
    """Logarithms of steps, from thresholds relative to the first: constants but for loc's own."""
    places = [p.start for p, has in zip(result.parts, result.has_intercept, strict=True) if has]
    others = np.array(places[1:], dtype=np.intp)
    steps = np.diff(result.parameters[others], prepend=0.0)
    parameters = result.parameters.copy()
    parameters[others] = np.log(steps)
    slope = np.eye(parameters.size)
    slope[others, others] = 1.0 / steps
    slope[others[1:], others[:-1]] = -1.0 / steps[1:]
    covariances = {k: carried(slope, c) for k, c in result.covariances.items()}
    return replace(result, parameters=parameters, covariances=covariances)


def _regauged(loss: Any, result: FitResult) -> FitResult:
    """The constant moved from the free raw column to the pinned one, with its sign changed."""
    free, pinned = loss.gauge
    # ``pinned`` has no coefficients and comes after ``free``.
    first, place = result.parts[free].start, result.parts[pinned].start - 1
    size = result.parameters.size
    order = [i for i in range(size) if i != first]
    order.insert(place, first)
    matrix = np.eye(size)[order]
    matrix[place] *= -1.0
    before, after = result.terms[first], (loss.column_names[pinned], "intercept")
    widths = [part.stop - part.start for part in result.parts]
    widths[free] -= 1
    widths[pinned] = 1
    edges = np.cumsum([0, *widths]).tolist()
    has = list(result.has_intercept)
    has[free], has[pinned] = False, True
    return replace(
        result,
        parameters=matrix @ result.parameters,
        covariances={k: carried(matrix, c) for k, c in result.covariances.items()},
        terms=tuple(after if i == first else result.terms[i] for i in order),
        parts=tuple(slice(a, b) for a, b in pairwise(edges)),
        has_intercept=tuple(has),
        message=result.message.replace(f"{before[1]} of {before[0]}", f"{after[1]} of {after[0]}"),
    )
