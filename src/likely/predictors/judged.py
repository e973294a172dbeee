"""Estimators that stop early: rows that are held out, or the user's own, judge when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import Response
from likely.fitting.boosting import Plan
from likely.predictors.base import DistributionEstimator
from likely.predictors.categories import learn_levels, write_codes
from likely.predictors.judging import hold_out, judging_rows

Array = NDArray[np.float64]

#: Below this many rows early stopping is judged by folds, which use every row to train and to judge.
FOLDED_ROWS = 10_000
FOLDS = 5
FRACTION = 0.1


class JudgedEstimator(DistributionEstimator):
    """Trained by rounds or epochs, on tables that may hold categories and missing values."""

    early_stopping: bool
    validation: float | None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        offset: Any = None,
        exposure: Any = None,
        eval_set: Any = None,
        *,
        feature_names: Sequence[str] | None = None,
    ) -> Any:
        """Maximise the likelihood of y given X; see ``Linear.fit`` for the arguments.

        ``eval_set`` is (X, y), or (X, y, {"sample_weight": …, "offset": …, "exposure": …}): rows that judge
        early stopping, so that none of X are held out for it.

        ValueError names what is wrong with the input, before any work; ImportError says what to install. Ctrl-C
        ends training and keeps the best model so far, with a warning, once there is one.
        """
        self.levels_ = learn_levels(X)
        self._eval_set = eval_set
        try:
            return super().fit(X, y, sample_weight, offset, exposure, feature_names=feature_names)
        finally:
            del self._eval_set

    def _validate(self, X: Any, *, reset: bool) -> Any:
        return super()._validate(write_codes(X, self.levels_), reset=reset)

    def _plan(self, y: Array, rng: np.random.Generator, *, foldable: bool = True) -> Plan:
        """How rows are held out; ``foldable``, whether the default may train once for every fold."""
        if not self.early_stopping or self._eval_set is not None:
            return Plan()
        given = self.validation
        if given is None:
            given = FOLDS if y.shape[0] < FOLDED_ROWS and foldable else FRACTION
        return hold_out(given, y, rng)

    def _judge(self, loss: Any) -> tuple[Any, Response] | None:
        """The user's own rows for early stopping."""
        if self._eval_set is None or not self.early_stopping:
            return None
        return judging_rows(self, loss, self._eval_set)

    def _restore_levels(self, state: dict[str, Any]) -> None:
        self.levels_ = {str(name): list(known) for name, known in state["levels"].items()}


def with_weight(X: Any, response: Response) -> tuple[Any, Response]:
    """The rows whose weight is not 0."""
    weight = response.weight
    if weight is None or weight.all():
        return X, response
    used = np.flatnonzero(weight)
    return X[used], response.take(used)
