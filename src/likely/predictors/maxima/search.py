"""From the maximum that a fit came to on to the largest that is known, search by search."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from likely.fitting import ConvergenceWarning, FitResult, Status
from likely.predictors.maxima.groups import inner_maximum
from likely.predictors.maxima.heavy import heavy_maximum
from likely.predictors.maxima.lesser import larger_maximum
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the last fit alone
        found = fit(coefficients=begun)
        inner = inner_maximum(model, found)
        if inner is not None:
            other = fit(coefficients=inner)
            # Of many rows some were looked at: what is larger there may not be so for all.
            better = other.status in INSIDE and other.objective < found.objective
            found = other if better or found.status not in INSIDE else found
        elif found.status is Status.converged:
            larger = larger_maximum(model, found)
            found = found if larger is None else fit(coefficients=larger)
            simpler = simpler_maximum(model, found, start)
            found = found if simpler is None else fit(coefficients=simpler)
            wound = wound_maximum(model, found)
            found = found if wound is None else fit(coefficients=wound)
        found = scattered_maximum(model, found, start, fit)
        heavy = heavy_maximum(model, found)
        return found if heavy is None else fit(coefficients=heavy)
