"""Which of several starts of a mixture leads to the largest maximum inside.

From every start some steps are taken. Where they come to rest there is a maximum, or an edge of a domain; where they do
not, a component may be on its way to rows that it fits exactly, where the likelihood has no bound. So those that rest
come first, the likeliest before the others, and the first of them that a fit confirms is the one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from likely.fitting import ConvergenceWarning, FitResult, Reached, Status, together
from likely.predictors.coinciding import coinciding
from likely.predictors.maxima.model import Array, LinearModel

#: Newton's steps from each start: those that lead to a maximum inside need fewer.
STEPS = 30
#: Iterations of a fit that confirms.
ITERATIONS = 60
#: Steps have come to rest where the next one promises less than so many nats, of a row of weight 1; and losses that
#: differ by less are of one maximum.
AT_REST, SAME = 1e-5, 1e-4
#: Where none comes to rest steps were too long, perhaps: then they promise no more than so many nats.
SHORT = 3.0
#: Fits that are tried, of those that rest and of the others.
RESTING, OTHERS = 6, 2
#: From so many starts steps are taken where rows are few, and where they are more, from so many for each row.
MOST, ROWS = 40, 4000
#: Statuses of fits whose coefficients are a maximum.
INSIDE = (Status.converged, Status.boundary, Status.rank_deficient)


class Trial(NamedTuple):
    """Where a start leads: coefficients (P,) that lead on to the maximum, and its objective."""

    coefficients: Array
    objective: float


def best_trial(
    model: LinearModel, starts: Iterable[Array], unit: float, least: float = np.inf
) -> Trial | None:
    """The largest maximum inside to which starts (P,) lead; None where none is below the objective ``least``.

    ``unit`` is what a row weighs.
    """
    rest, same = AT_REST * unit, SAME * unit
    begun = list(starts)

    def ends_of(promise: float) -> list[Reached]:
        ends = together(model.approaching(start, STEPS, rest, promise) for start in begun)
        return [end for end in ends if end is not None and np.isfinite(end.objective)]

    ends = ends_of(np.inf)
    if not any(end.left <= rest for end in ends):
        ends += ends_of(SHORT * unit)
    resting = [end for end in ends if end.left <= rest]
    others = [end for end in ends if end.left > rest]
    best: Trial | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for some, tried in ((resting, RESTING), (others, OTHERS)):
            some.sort(key=lambda end: end.objective)
            known: list[float] = []
            for reached in some:
                if len(known) == tried or not reached.objective < least + same:
                    break
                if any(abs(reached.objective - one) <= same for one in known):
                    continue
                known.append(reached.objective)
                found = _confirmed(model, reached.coefficients)
                if found is not None and found.objective < least:
                    # Where some coefficients have no finite estimate, the way there tells which.
                    finite = found.status is Status.converged
                    there = found.parameters if finite else reached.coefficients
                    best, least = Trial(there, found.objective), found.objective
    return best


def _confirmed(model: LinearModel, coefficients: Array) -> FitResult | None:
    """The fit that goes on from there; None where it comes to no maximum inside."""
    found = model.fitted(coefficients, ITERATIONS)
    if found is None:
        return None
    found = coinciding(model.loss, found)
    return found if found.status in INSIDE else None


def as_many(least: int, rows: int) -> int:
    """How many starts to try: more than the least where rows are few, as steps then take little time."""
    return max(least, min(MOST, ROWS // rows))
