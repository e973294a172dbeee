"""Losses for LightGBM: objective, metric, start values, and predictive distributions from its raw scores.

With its own training call:

>>> import lightgbm
>>> import numpy as np
>>> from likely import Normal
>>> from likely.lightgbm import Objective
>>> rng = np.random.default_rng(0)
>>> X = rng.normal(size=(500, 2))
>>> y = X[:, 0] + np.exp(X[:, 1]) * rng.normal(size=500)
>>> loss = Objective(Normal(), y)
>>> data = lightgbm.Dataset(X, y, init_score=loss.init_score(500))
>>> booster = lightgbm.train({**loss.params, "verbosity": -1}, data, 20, feval=loss.metric)
>>> low, high = loss.predict_dist(booster.predict(X)).interval(0.9)

With its scikit-learn and Dask estimators: ``LGBMRegressor(objective=loss.sklearn_objective,
**loss.sklearn_params)``, ``fit(X, y, init_score=loss.init_score(n), eval_metric=loss.sklearn_metric)``. LightGBM's
workers cannot add up what a shared parameter needs, so on a cluster it must be fixed or predicted.
"""

from __future__ import annotations

import sys
from typing import Any

from likely.adapters.boosters import Array, BoostingObjective


class Objective(BoostingObjective):  # noqa: D101
    __doc__ = f"LightGBM's objective and metric. {BoostingObjective.__doc__}"

    def _total(self, sums: Array) -> Array:
        """These rows' own; ValueError on a worker of Dask, which has a part of them and no way to the others."""
        if _on_a_worker():
            first = self.loss.free[self.loss.column_slots[self._shared[0]]].parameter
            raise ValueError(
                f"{self._shared_names} is shared, and a worker of Dask sees a part of the rows only, which LightGBM "
                "gives no way to add up with the others': predict it, use XGBoost, or fix it, such as "
                f"{self.loss.specification.name}({first}=2.0)"
            )
        return sums

    @property
    def params(self) -> dict[str, Any]:
        """Parameters for ``lightgbm.train``: the objective itself, and no metric but ours."""
        return {"objective": self.objective, **self.sklearn_params}

    @property
    def sklearn_params(self) -> dict[str, Any]:
        """Parameters for LightGBM's estimators beside ``objective``."""
        return {"num_class": len(self.columns), "metric": "none"}

    def objective(self, scores: Any, data: Any) -> tuple[Array, Array]:
        """Gradient and curvature for ``lightgbm.train``."""
        return self.steps(data.get_label(), scores, data.get_weight())

    def metric(self, scores: Any, data: Any) -> tuple[str, float, bool]:
        """Mean nll for ``lightgbm.train(feval=…)``: lower is better."""
        return "nll", self.mean_nll(data.get_label(), scores, data.get_weight()), False

    def sklearn_objective(self, y: Any, scores: Any, weight: Any) -> tuple[Array, Array]:
        """Gradient and curvature for ``LGBMRegressor(objective=…)`` and its relatives."""
        return self.steps(y, scores, weight)

    def sklearn_metric(self, y: Any, scores: Any, weight: Any) -> tuple[str, float, bool]:
        """Mean nll for ``fit(eval_metric=…)``."""
        return "nll", self.mean_nll(y, scores, weight), False


def _on_a_worker() -> bool:
    """Whether this is a task on a Dask worker."""
    if "distributed" not in sys.modules:
        return False
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:  # how Dask says no
        return False
    return True
