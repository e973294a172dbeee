"""Losses for XGBoost: objective, metric, start values, and predictive distributions from its margins.

With its own training call:

>>> import numpy as np
>>> from likely import Normal
>>> from likely.xgboost import Objective
>>> import xgboost
>>> rng = np.random.default_rng(0)
>>> X = rng.normal(size=(500, 2))
>>> y = X[:, 0] + np.exp(X[:, 1]) * rng.normal(size=500)
>>> loss = Objective(Normal(), y)
>>> data = xgboost.DMatrix(X, y, base_margin=loss.init_score(500))
>>> booster = xgboost.train(loss.params, data, 20, obj=loss.objective, custom_metric=loss.metric)
>>> added = booster.predict(xgboost.DMatrix(X), output_margin=True)    # without a base_margin
>>> low, high = loss.predict_dist(added).interval(0.9)

With its scikit-learn and Dask estimators: ``XGBRegressor(objective=loss.sklearn_objective,
eval_metric=loss.sklearn_metric, **loss.params)``, ``fit(X, y, base_margin=loss.init_score(n))``. XGBoost keeps labels,
weights and margins as float32.

On a cluster shared parameters are learned from the sums of all workers, on the workers; ``loss.learn_shared(y, added)``
brings them here.
"""

from __future__ import annotations

from typing import Any

from likely.adapters.boosters import Array, BoostingObjective


class Objective(BoostingObjective):  # noqa: D101
    __doc__ = f"XGBoost's objective and metric. {BoostingObjective.__doc__}"

    def _total(self, sums: Array) -> Array:
        """Added up over the workers of a cluster, of which XGBoost knows in the midst of a training."""
        from xgboost import collective

        if collective.get_world_size() == 1:
            return sums
        return collective.allreduce(sums, collective.Op.SUM)

    @property
    def params(self) -> dict[str, Any]:
        """Parameters for ``xgboost.train`` and the estimators: outputs, and no default metric or base score."""
        found: dict[str, Any] = {"base_score": 0.0, "disable_default_eval_metric": True}
        return found | ({"num_class": len(self.columns)} if len(self.columns) > 1 else {})

    def objective(self, margins: Any, data: Any) -> tuple[Array, Array]:
        """Gradient and curvature for ``xgboost.train(obj=…)``."""
        return self.steps(data.get_label(), margins, data.get_weight())

    def metric(self, margins: Any, data: Any) -> tuple[str, float]:
        """Mean nll for ``xgboost.train(custom_metric=…)``: lower is better."""
        return "nll", self.mean_nll(data.get_label(), margins, data.get_weight())

    def sklearn_objective(
        self, y: Any, margins: Any, sample_weight: Any = None
    ) -> tuple[Array, Array]:
        """Gradient and curvature for ``XGBRegressor(objective=…)`` and its relatives."""
        return self.steps(y, margins, sample_weight)

    def sklearn_metric(self, y: Any, margins: Any, sample_weight: Any = None) -> float:
        """Mean nll for ``XGBRegressor(eval_metric=…)``."""
        return self.mean_nll(y, margins, sample_weight)
