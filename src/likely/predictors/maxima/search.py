"""From the maximum that a fit came to on to the largest that is known, search by search."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from likely.fitting import ConvergenceWarning, FitResult, Status
from likely.fitting.problem import OutsideDomainError
from likely.predictors.maxima.groups import inner_maximum
from likely.predictors.maxima.halves import halves_maximum
from likely.predictors.maxima.heavy import heavy_maximum
from likely.predictors.maxima.inwards import inward_maximum
from likely.predictors.maxima.kinked import kinked_maximum
from likely.predictors.maxima.lesser import larger_maximum
from likely.predictors.maxima.limits import limit_maximum
from likely.predictors.maxima.model import Array, LinearModel
from likely.predictors.maxima.scattered import scattered_maximum
from likely.predictors.maxima.simpler import simpler_maximum
from likely.predictors.maxima.trials import INSIDE
from likely.predictors.maxima.windings import wound_maximum


def largest_maximum(
    model: LinearModel, start: Array, begun: Array | None, fit: Callable[..., FitResult]
) -> FitResult:
    """The fit of ``model`` that reaches the largest maximum which the searches know.

    ``fit(coefficients=...)`` fits from coefficients (P,), or from constants where they are None, as they are ``begun``;
    ``start`` (k,) are raw values of the marginal fit.
    """

    def on_from(coefficients: Array | None) -> FitResult | None:
        """The fit that goes on from there; None without, or where rounding leads to where there is no likelihood."""
        try:
            return None if coefficients is None else fit(coefficients=coefficients)
        except OutsideDomainError:
            return None

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the last fit alone
        found = fit(coefficients=begun)
        inner = on_from(inner_maximum(model, found))
        if inner is not None:
            # Of many rows some were looked at: what is larger there may not be so for all.
            larger = inner.objective < found.objective
            known, reached = found.status in INSIDE, inner.status in INSIDE
            found = (
                inner if (reached and (larger or not known)) or (larger and not known) else found
            )
        elif found.status is Status.converged:
            found = on_from(larger_maximum(model, found)) or found
            found = on_from(kinked_maximum(model, found)) or found
            found = on_from(simpler_maximum(model, found, start)) or found
            found = on_from(wound_maximum(model, found)) or found
        found = on_from(halves_maximum(model, found, start)) or found
        found = on_from(inward_maximum(model, found)) or found
        found = scattered_maximum(model, found, start, on_from)
        found = on_from(limit_maximum(model, found, start)) or found
        return on_from(heavy_maximum(model, found)) or found
