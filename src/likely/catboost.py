"""Losses for CatBoost: objective, metric, start values, and predictive distributions from its raw values.

>>> import numpy as np
>>> from likely import Normal
>>> from likely.catboost import Objective
>>> import catboost
>>> rng = np.random.default_rng(0)
>>> X = rng.normal(size=(200, 2))
>>> y = X[:, 0] + np.exp(X[:, 1]) * rng.normal(size=200)
>>> loss = Objective(Normal(), y)
>>> model = catboost.CatBoost({**loss.params, "iterations": 10, "verbose": False}).fit(X, loss.labels(y))
>>> low, high = loss.predict_dist(model.predict(X)).interval(0.9)

The objective adds the start values itself. An offset of one output goes in as
``catboost.Pool(..., baseline=loss.init_score(n, offset))``; predictions are made without it, and
``loss.predict_dist(model.predict(X), offset)`` adds it.

CatBoost asks for one row at a time where there are several outputs, which is slow in any Python objective. A shared
parameter is learned between rounds by the metric, which sees all training rows after each: leave ``eval_metric`` and
``metric_period`` as they are. It keeps labels as float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.adapters.boosters import BoostingObjective

try:
    from catboost import MultiTargetCustomMetric, MultiTargetCustomObjective
except ImportError as error:
    raise ImportError("likely.catboost needs CatBoost: pip install 'likely[catboost]'") from error


class Objective(BoostingObjective):  # noqa: D101
    __doc__ = f"CatBoost's objective and metric. {BoostingObjective.__doc__}"

    _unlearned = "train with loss.params in this process, whose eval_metric learns it"

    def __init__(self, family: Any, y: Any, **more: Any) -> None:
        super().__init__(family, y, **more)
        #: How CatBoost will show the training rows, and their scores when it last did.
        self._labels, self._seen = np.asarray(y, dtype=np.float32), np.empty(0)

    def _judged(self, y: Any, scores: Any, weight: Any) -> float:
        """The metric of a round; its first call with the training rows ends the round for shared parameters.

        An eval_set of the training rows is seen from its scores, which are the same.
        """
        if (
            self._shared
            and np.array_equal(y, self._labels)
            and not np.array_equal(scores, self._seen)
        ):
            self._seen = np.array(scores)  # a copy: CatBoost writes the next ones over them
            self._share(y, scores, weight)
        return self.mean_nll(y, scores, weight)

    def init_score(self, n: int, offset: Any = None, exposure: Any = None) -> Any:
        """The baseline (n,) of one output: its offset. None without one, as the objective adds the start values.

        ValueError for offsets of several outputs, which have no way in.
        """
        begin = super().init_score(n, offset, exposure)
        if offset is None and exposure is None:
            return None
        if begin.ndim > 1:
            raise ValueError(
                "CatBoost takes no baseline for several outputs, so offset and exposure have no way in: fix the "
                "other parameters, or use LightGBM or XGBoost"
            )
        return begin - self.start[self._predicted]

    def _begun(self, scores: Any) -> Any:
        return np.asarray(scores) + self.start[self._predicted]

    @property
    def params(self) -> dict[str, Any]:
        """Parameters for ``catboost.CatBoost``: the objective and the metric."""
        if self.curvature == "empirical":
            raise ValueError(
                "the empirical curvature is a mean over rows, and CatBoost shows its objective one row at a "
                'time: use curvature="expected", "complete" or "observed"'
            )
        return {
            "loss_function": _Several(self) if len(self.columns) > 1 else _One(self),
            "eval_metric": self.metric,
            "leaf_estimation_method": "Newton",
            "leaf_estimation_iterations": 1,
            "boost_from_average": False,
        }

    @property
    def metric(self) -> Any:
        """Mean nll as CatBoost's custom metric: lower is better."""
        return _SeveralMetric(self) if len(self.columns) > 1 else _OneMetric(self)

    def labels(self, y: Any) -> Any:
        """y as CatBoost wants it: once per output."""
        column = np.asarray(y, dtype=np.float64)
        several = len(self.columns) > 1
        return np.repeat(column[:, None], len(self.columns), axis=1) if several else column


class _One:
    """Objective of one output: CatBoost maximises, hence the signs."""

    no_jit = True  # it calls the library, which CatBoost cannot compile

    def __init__(self, loss: Objective) -> None:
        self.loss = loss

    def calc_ders_range(self, scores: Any, y: Any, weight: Any) -> list[tuple[float, float]]:
        g, h = self.loss._gradients(y, self.loss._begun(scores), weight)
        return list(zip((-g).tolist(), (-h).tolist(), strict=True))


class _OneMetric:
    """Mean nll of one output."""

    no_jit = True  # it calls the library, which CatBoost cannot compile

    def __init__(self, loss: Objective) -> None:
        self.loss = loss

    def is_max_optimal(self) -> bool:
        return False

    def evaluate(self, scores: Any, y: Any, weight: Any) -> tuple[float, float]:
        w = np.ones(len(y)) if weight is None else np.asarray(weight)
        (column,) = scores
        return self.loss._judged(np.asarray(y), self.loss._begun(column), w) * w.sum(), w.sum()

    def get_final_error(self, error: float, weight: float) -> float:
        return error / weight


class _Several(MultiTargetCustomObjective):
    """Objective of several outputs."""

    no_jit = True  # it calls the library, which CatBoost cannot compile

    def __init__(self, loss: Objective) -> None:
        self.loss = loss

    def calc_ders_multi(self, scores: Any, y: Any, weight: Any) -> tuple[list[float], Any]:
        at = self.loss._begun([scores])
        g, h = self.loss._gradients([y[0]], at, [weight])
        return (-g[0]).tolist(), np.diag(-h[0]).tolist()


class _SeveralMetric(MultiTargetCustomMetric):
    """Mean nll of several outputs."""

    no_jit = True  # it calls the library, which CatBoost cannot compile

    def __init__(self, loss: Objective) -> None:
        self.loss = loss

    def is_max_optimal(self) -> bool:
        return False

    def evaluate(self, scores: Any, y: Any, weight: Any) -> tuple[float, float]:
        w = np.ones(len(y[0])) if weight is None else np.asarray(weight)
        at = self.loss._begun(np.stack(scores, axis=1))
        return self.loss._judged(np.asarray(y[0]), at, w) * w.sum(), w.sum()

    def get_final_error(self, error: float, weight: float) -> float:
        return error / weight
