"""Fitting one estimator for the command line: names, warnings, and counts that turn out Poisson."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.catalogue import family_class
from likely.cli.errors import UserError, library_errors
from likely.cli.model import as_design
from likely.cli.request import Request, Response
from likely.data.codes import CodeEncoder
from likely.data.encoder import TableEncoder
from likely.predictors.interrupted import TrainingInterrupted

#: From so many rows, trees stop by a tenth of them held out: five folds would be four times the wait.
_MANY_ROWS, _FRACTION = 5_000, 0.1


@dataclass
class Trained:
    """A fitted estimator, the family it ended with, and what was said on the way."""

    estimator: Any
    family: Any
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def status(self) -> str | None:
        """How the fit ended, for predictors that seek a maximum; None for those that stop early."""
        result = getattr(self.estimator, "result_", None)
        return None if result is None else result.status.name


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrices of a few dozen columns are too small for BLAS threads, which spin beside ours."""
    from threadpoolctl import threadpool_limits

    import likely.predictors.linear  # noqa: F401  what it loads is what there is to limit

    with threadpool_limits(limits=1, user_api="blas"):
        yield


def train(
    request: Request,
    family: Any,
    matrix: NDArray[np.float64],
    response: Response,
    encoder: TableEncoder,
) -> Trained:
    """Fit what was asked for.

    Counts that vary more than their mean may do so only because the mean depends on x. Where the
    family was ours to propose and the NegativeBinomial's size runs away to infinity, the Poisson is
    what the data say, and it is fitted instead.
    """
    estimator, said = _fit(request, family, matrix, response, encoder)
    trained = Trained(estimator, family, [], said)
    runaway = trained.status == "boundary"
    if request.family == "auto" and family.specification.name == "NegativeBinomial" and runaway:
        poisson = family_class("Poisson")()
        estimator, said = _fit(request, poisson, matrix, response, encoder)
        note = "given the columns, the counts vary no more than Poisson's (size → ∞)"
        return Trained(estimator, poisson, [note], said)
    return trained


def _fit(
    request: Request,
    family: Any,
    matrix: NDArray[np.float64],
    response: Response,
    encoder: TableEncoder,
) -> tuple[Any, list[str]]:
    names = encoder.column_names
    estimator = _estimator(request, family, encoder, len(matrix))
    with warnings.catch_warnings(record=True) as caught, library_errors():
        warnings.simplefilter("always")
        estimator.fit(
            as_design(matrix),
            response.y,
            sample_weight=response.weight,
            feature_names=names or None,
            **response.given,
        )
    if any(issubclass(w.category, TrainingInterrupted) for w in caught):
        # In Python a model of the rounds so far is of use; a file in the place of another is not.
        raise KeyboardInterrupt("interrupted in training; no model was written")
    # Only what the library says to its users; a deprecation somewhere below is not theirs to mend.
    kinds = (UserWarning, RuntimeWarning)
    said = [str(w.message) for w in caught if issubclass(w.category, kinds)]
    return estimator, list(dict.fromkeys(said))


def _estimator(request: Request, family: Any, encoder: TableEncoder, rows: int) -> Any:
    if request.predictor == "constant":
        from likely.predictors.constant import Constant

        return Constant(family)
    if not encoder.column_names:
        raise UserError(
            "no column is left to predict from; --predictor constant fits the target alone"
        )
    if isinstance(encoder, CodeEncoder):
        codes = encoder.categorical or None
        if request.predictor == "trees":
            from likely.predictors.trees import Trees

            return Trees(
                family,
                categorical_features=codes,
                validation=_FRACTION if rows >= _MANY_ROWS else None,
                random_state=request.seed,
            )
        from likely.predictors.network import Network

        return Network(family, categorical_features=codes, random_state=request.seed)
    from likely.predictors.linear import Linear

    return Linear(family, alpha=request.alpha)
