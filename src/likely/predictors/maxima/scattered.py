"""Other starts of a family of which rows are seen in part, for few rows: the likelihood has several maxima.

Where the location lies far outside of what is seen, or a scale that depends on x makes other rows sharp, another
maximum may be larger, also than the limit to which a fit went that came to none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from likely.fitting import ConvergenceWarning, FitResult, Status
from likely.fitting.scattered import scattered_descents
from likely.predictors.maxima.model import Array, LinearModel

#: Modifiers that hide rows or parts of what is known of them.
IN_PART = ("Censored", "Truncated", "Discretised")
#: With more rows for each coefficient there is one maximum; of weighted rows (Σw)²/Σw² count.
EACH = 15
#: More rows, or coefficients, are not gone through.
MOST_ROWS, MOST_COEFFICIENTS = 1000, 60
#: Fits from the likeliest ends of descents; and how often descents begin around what is better.
TRIED, ROUNDS = 3, 2
#: Fits that know the largest value of the likelihood, or that of a maximum inside.
KNOWN = (Status.converged, Status.boundary, Status.separated)


def scattered_maximum(
    model: LinearModel, found: FitResult, start: Array, on_from: Callable[[Array], FitResult | None]
) -> FitResult:
    """The largest of the maxima that descents lead to, or ``found``; ``on_from`` fits from coefficients.

    ``start`` (k,) is the marginal fit.
    """
    loss = model.loss
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(ROUNDS):
            if not _several(model, found):
                return found
            before = found
            ends = scattered_descents(
                loss, model.X, model.designs, model.response,
                start=start, found=found.parameters, alpha=model.alpha,
            )  # fmt: skip
            for reached, coefficients in ends[:TRIED]:
                if _lost(loss, found) or reached < model.below(found.objective):
                    other = on_from(coefficients)
                    found = other if other and _better(model, other, found) else found
            if found is before or found.status is Status.max_iter:
                return found
    return found


def _several(model: LinearModel, found: FitResult) -> bool:
    """Whether other maxima are looked for."""
    structure = model.loss.specification.structure
    if structure is None or structure.kind not in IN_PART or not model.loss.smooth:
        return False
    if found.status not in KNOWN and found.status is not Status.max_iter:
        return False
    if sum(bool(model.chosen(j)) for j in range(len(model.designs))) < 2:
        return False  # the others have one maximum for every value of the one that depends on x, or nearly so
    few = model.X.shape[0] <= MOST_ROWS and found.parameters.size <= MOST_COEFFICIENTS
    return few and model.equal_rows <= EACH * found.parameters.size


def _better(model: LinearModel, other: FitResult, found: FitResult) -> bool:
    """Probabilities have a bound, so that the larger likelihood counts however a fit ended."""
    if other.status is Status.converged and _lost(model.loss, found):
        return True
    return (model.loss.discrete or other.status in KNOWN) and other.objective < model.below(
        found.objective
    )


def _lost(loss: Any, found: FitResult) -> bool:
    """Whether the fit came to nothing on a way that may have no end: then any maximum inside is better."""
    return found.status is Status.max_iter and not loss.discrete
