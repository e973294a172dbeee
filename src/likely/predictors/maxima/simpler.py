"""Other starts where parameters beside the first depend on x, for few rows: the fit in which they do not.

The likelihood of a mean and a dispersion that both depend on x may have several maxima, of which a fit that begins
at constants may reach one that is lower than that of the simpler model inside. From the maximum of the simpler model
a fit cannot: the likelihood only rises on its way. Others begin there with the other parameters leaning to either side.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from likely.fitting import ConvergenceWarning, Design, FitResult, Status
from likely.predictors.maxima.lesser import loc_and_scale
from likely.predictors.maxima.model import Array, LinearModel, standardised

#: With more rows for each coefficient these starts lead to the same maximum.
EACH = 8
#: Steps of a fit.
STEPS = 50
#: By how much other parameters lean, for a standard deviation of a column; of more columns none are tried.
LEAN, MOST_COLUMNS = 2.0, 6


def simpler_maximum(model: LinearModel, found: FitResult, start: Array) -> Array | None:
    """Coefficients (P,) at a maximum that is larger than the one ``found``; None where none is known.

    ``start`` (k,) is where the simpler fit begins.
    """
    loss, designs = model.loss, model.designs
    if not loss.smooth or loss.specification.vector is not None:
        return None
    slopes = any(model.chosen(j) for j in range(1, len(designs)))
    if not slopes or not all(d.intercept for d in designs):
        return None
    if model.equal_rows > EACH * found.parameters.size:
        return None
    constants = [Design((), True) for _ in designs[1:]]
    inner = replace(model, designs=[*designs[:1], *constants])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        simple = inner.fitted_from(start, STEPS, to_edges=False)
    if simple.status is not Status.converged:
        return None
    return model.largest(_starts(model, simple, found.parts), model.below(found.objective), STEPS)


def _starts(model: LinearModel, simple: FitResult, parts: Sequence[slice]) -> Iterator[Array]:
    """The simpler fit's coefficients (P,), and those with one slope of another parameter."""
    first = np.zeros(parts[-1].stop)
    for part, mine in zip(parts, simple.parts, strict=True):
        values = simple.parameters[mine]
        first[part.start : part.start + values.size] = values
    yield first
    # Slopes of a scale beside a location are gone through elsewhere, by least squares.
    others = range(1, len(parts))
    if loc_and_scale(model.loss) or sum(len(model.chosen(j)) for j in others) > MOST_COLUMNS:
        return
    for other in others:
        with np.errstate(all="ignore"):  # columns may be beyond what has squares
            centre, inverse = standardised(model.columns(other))
        place = parts[other].start
        for j in np.flatnonzero(inverse):
            for slope in (LEAN * inverse[j], -LEAN * inverse[j]):
                leaning = first.copy()
                leaning[place] -= centre[j] * slope
                leaning[place + 1 + j] = slope
                if model.objective_at(leaning) < np.inf:
                    yield leaning
