"""Constant: the recipe without x. Every row gets the same distribution: the honest baseline."""

from __future__ import annotations

from typing import Any

from likely.fitting import Design
from likely.predictors.linear import Linear
from likely.recipe import Family


class Constant(Linear):
    """Density estimation as an estimator: every parameter is one learned value.

    family: a family such as ``Normal()``, or its name. point: what ``predict`` returns, "mode" by
    default, "mean", "median" or a quantile level.

    >>> import numpy as np
    >>> from likely import Constant, Poisson
    >>> model = Constant(Poisson()).fit(np.zeros((4, 1)), [0, 1, 2, 5])
    >>> model.predict_params(np.zeros((1, 1)))["mean"].round(6)
    array([2.])
    """

    def __init__(
        self,
        family: Family | str = "normal",
        *,
        point: str | float = "mode",
        max_iter: int = 200,
        n_jobs: int | None = None,
    ) -> None:
        self.family = family
        self.point = point
        self.max_iter = max_iter
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if tags.classifier_tags is not None:
            tags.classifier_tags.poor_score = True  # it knows the frequencies of the classes only
        return tags

    @property
    def _unrestrained(self) -> bool:
        return True

    def _designs(self, loss: Any, features: int) -> list[Design]:
        pinned = None if loss.gauge is None else loss.gauge[0]
        return [Design((), j != pinned) for j in range(loss.columns)]

    def _covariances(self, X: Any) -> tuple[str, ...]:
        return ("observed", "robust")

    def _penalties(self, loss: Any) -> None:
        return None
