"""Other starts around the fit, for few rows: the likelihood has several maxima.

Where rows are seen in part and the location lies far outside of what is seen, or a scale that depends on x makes other
rows sharp, another maximum may be larger, also than the limit to which a fit went that came to none. So it may be where
few counts are told from zeros of another kind, or a dispersion is left to few rows, and where a tail or a skewness
explains the rows that a scale explains elsewhere.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from likely._math.domains import circular
from likely.fitting import ConvergenceWarning, FitResult, Status
from likely.fitting.scattered import scattered_descents
from likely.predictors.maxima.model import Array, LinearModel

#: Modifiers that hide rows or parts of what is known of them.
IN_PART = ("Censored", "Truncated", "Discretised")
#: With more rows for each coefficient there is one maximum; of weighted rows (Σw)²/Σw² count. Of rows seen in part,
#: of probabilities and directions, and of densities with a tail or a skewness.
EACH, EACH_BOUNDED, EACH_SHAPED = 15, 10, 5
#: A location and a scale alone are gone through elsewhere.
SHAPED = 3
#: Newton's steps of a descent where rows are seen in part, and elsewhere.
STEPS, FEW_STEPS = 30, 12
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
                steps=STEPS if _in_part(loss) else FEW_STEPS,
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
    each = _each(model.loss) if model.loss.smooth else 0
    if found.status not in KNOWN and found.status is not Status.max_iter:
        return False
    if sum(bool(model.chosen(j)) for j in range(len(model.designs))) < 2:
        return False  # the others have one maximum for every value of the one that depends on x, or nearly so
    few = model.X.shape[0] <= MOST_ROWS and found.parameters.size <= MOST_COEFFICIENTS
    return few and model.equal_rows <= each * found.parameters.size


def _in_part(loss: Any) -> bool:
    """Whether rows, or parts of what is known of them, are hidden."""
    structure = loss.specification.structure
    return structure is not None and structure.kind in IN_PART


def _each(loss: Any) -> int:
    """Up to how many rows for each coefficient there may be several maxima; 0 where there is one, or they are known."""
    if _in_part(loss):
        return EACH
    if loss.specification.vector is not None:
        return 0
    if loss.discrete or loss.specification.support is circular:
        return EACH_BOUNDED
    return EACH_SHAPED if loss.columns >= SHAPED else 0


def _better(model: LinearModel, other: FitResult, found: FitResult) -> bool:
    """Probabilities have a bound, so that the larger likelihood counts however a fit ended."""
    if other.status is Status.converged and _lost(model.loss, found):
        return True
    return (model.loss.discrete or other.status in KNOWN) and other.objective < model.below(
        found.objective
    )


def _lost(loss: Any, found: FitResult) -> bool:
    """Whether the fit came to nothing on a way that may have no end: then any maximum inside is better.

    Where rows are seen in part; elsewhere such ways mostly lead to a limit.
    """
    return found.status is Status.max_iter and not loss.discrete and _in_part(loss)
