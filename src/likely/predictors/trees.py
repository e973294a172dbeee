"""Trees: the recipe with gradient-boosted trees for every parameter, on LightGBM."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from likely._math.pool import threads
from likely.fitting import Response
from likely.fitting.boosting import (
    Data,
    Ensembles,
    Settings,
    boost,
    chosen_curvature,
)
from likely.predictors.arguments import whole
from likely.predictors.interrupted import TrainingInterrupted
from likely.predictors.judged import JudgedEstimator, with_weight
from likely.predictors.lightgbm_options import lightgbm_options
from likely.predictors.marginal import start_values
from likely.predictors.progress import rounds_bar
from likely.predictors.response import by_parameter
from likely.predictors.standard import about_one
from likely.predictors.tree_settings import categorical_columns, column_settings
from likely.recipe import Family

Array = NDArray[np.float64]

#: So many rounds over the rows are worth the compilation of a loss as one look at that many more rows.
ROUNDS = 64
#: Below this many cells threads grow a tree each, which is faster than to share every tree.
SMALL_CELLS = 400_000
#: LightGBM's ways to go through its bins.
_LAYOUTS = {"force_row_wise", "force_col_wise"}


class Trees(JudgedEstimator):
    """Maximum likelihood with boosted trees: one ensemble for every raw column, all trained together.

    In each round every parameter gets one tree, a Newton step on the family's gradient and curvature; shared
    parameters get an exact Newton step of their own. Missing values are allowed in X; text, category and boolean
    columns of a data frame are categories.

    family: a family such as ``Normal()``, or its name. max_iter: the most rounds. learning_rate,
    max_leaf_nodes, max_depth, min_samples_leaf, l2_regularization: of the trees, one value or a dict by
    parameter. None is the default: 0.05, 16, unlimited, 10 and 1 for the first parameter, and for the others,
    of which a row tells less, 0.02, 4, unlimited, 20 and 5. l2_regularization counts rows of average curvature
    that say "no change" in every leaf.
    monotonic_cst: −1, 0 or 1 per feature, or a dict by its name, or a dict by parameter of either, for raw
    predictions that only fall or only rise with it. categorical_features: names or indices of columns of codes
    0, 1, …, beside the categories of a data frame.

    early_stopping: whether the round is kept at which held-out rows have the best likelihood, training ending
    after n_iter_no_change rounds without a better one. validation: how rows are held out: a fraction, or a number
    of folds; None means 5 folds below 10,000 rows and a tenth of the rows from there on. With folds the model is
    the mean of one ensemble a fold, and each parameter learns from the others' predictions for rows they did not
    see. ``fit(..., eval_set=(X, y))`` holds out nothing of X.

    curvature: "expected", "complete", "observed" (ValueError where negative) or "empirical"; "auto" is the first of
    expected, complete and empirical that the family has, see ``Family.curvature``. natural_gradient: use all of the
    curvature matrix of a row.
    point: what ``predict`` returns. random_state: of the held-out rows and of LightGBM. n_jobs: threads.
    verbose: a progress bar, None where the output is a terminal. lightgbm: further LightGBM parameters, such as
    ``{"feature_fraction": 0.8}``.

    After ``fit``: ``best_iteration_``, ``n_iter_``, ``losses_`` (held-out mean nll after each round; without held-out
    rows, training nll before it), ``curvature_``, ``feature_importances_`` by parameter.

    >>> import numpy as np
    >>> from likely import Normal, Trees
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(400, 1))
    >>> y = np.where(X[:, 0] < 0.5, 0.0, 3.0) + rng.normal(size=400) * np.where(X[:, 0] < 0.5, 0.1, 1.0)
    >>> model = Trees(Normal(), random_state=0).fit(X, y)
    >>> params = model.predict_params([[0.25], [0.75]])
    >>> loc, scale = params["loc"], params["scale"]
    >>> bool(abs(loc[1] - 3.0) < 0.2), bool(scale[1] > 5 * scale[0])
    (True, True)

    Sources: Friedman (2001), doi:10.1214/aos/1013203451; Ke et al. (2017), LightGBM; Duan et al. (2020), NGBoost.
    """

    _takes_missing = True

    def __init__(
        self,
        family: Family | str = "normal",
        *,
        max_iter: int = 1000,
        learning_rate: float | Mapping[str, float] | None = None,
        max_leaf_nodes: int | Mapping[str, int] | None = None,
        max_depth: int | Mapping[str, int | None] | None = None,
        min_samples_leaf: int | Mapping[str, int] | None = None,
        l2_regularization: float | Mapping[str, float] | None = None,
        monotonic_cst: Any = None,
        categorical_features: Any = None,
        early_stopping: bool = True,
        validation: float | None = None,
        n_iter_no_change: int = 50,
        curvature: str = "auto",
        natural_gradient: bool = False,
        point: str | float = "mode",
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool | None = None,
        lightgbm: Mapping[str, Any] | None = None,
    ) -> None:
        self.family = family
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.monotonic_cst = monotonic_cst
        self.categorical_features = categorical_features
        self.early_stopping = early_stopping
        self.validation = validation
        self.n_iter_no_change = n_iter_no_change
        self.curvature = curvature
        self.natural_gradient = natural_gradient
        self.point = point
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.lightgbm = lightgbm

    # --- Fitting ----------------------------------------------------------------------------------

    def _fit(self, X: Any, loss: Any, y: Array, weight: Array | None, offset: Array | None) -> None:
        names = self._feature_names()
        columns = column_settings(self, loss, names)
        categorical = categorical_columns(self.categorical_features, names, list(self.levels_))
        self.curvature_ = chosen_curvature(loss, self.curvature, loss.specification.name)
        X, response = with_weight(X, Response(y, weight, offset))
        rng = check_random_state(self.random_state)
        seed = int(rng.randint(2**31 - 1 - 1000))
        plan = self._plan(response.y, np.random.default_rng(seed))
        judge = self._judge(loss)
        moved = about_one(loss, response.y, response.weight)
        if moved is not None:
            response = moved.response(response)
            judge = None if judge is None else (judge[0], moved.response(judge[1]))
        count = threads(self.n_jobs)
        grown = len(plan.train) * sum(not column.shared for column in columns)
        # Each thread grows trees of its own where X is small, or where all have equally many.
        alone = _small(X.shape) or grown % count == 0
        settings = Settings(
            columns,
            rounds=whole("max_iter", self.max_iter),
            patience=whole("n_iter_no_change", self.n_iter_no_change)
            if plan.judge or judge is not None
            else None,
            curvature=self.curvature_,
            natural=self._natural(loss),
            seed=seed,
            common=self._common(X.shape, alone),
            workers=count if alone else 1,
        )
        with rounds_bar(f"Trees {loss.specification.name}", self.max_iter, self.verbose) as report:
            found = boost(
                loss.for_rows(y.shape[0] * settings.rounds // ROUNDS),
                Data(X, self._common(X.shape, _small(X.shape)), categorical),
                response,
                plan,
                settings,
                start=start_values(loss, response.y, response.weight, response.offset, warn=True),
                features=X.shape[1],
                judge=judge,
                report=report,
            )
        self.ensembles_: Ensembles = found.ensembles
        self.losses_ = np.array(found.losses)
        if moved is not None:
            self.ensembles_ = self.ensembles_.moved(moved.factor, moved.move)
            self.losses_ += np.log(moved.unit)
        self.best_iteration_, self.n_iter_ = found.best_round, max(1, found.rounds)
        if found.interrupted:
            warnings.warn(
                f"training was interrupted after {found.rounds} rounds; the model is that of round "
                f"{found.best_round}",
                TrainingInterrupted,
                stacklevel=4,
            )

    def _natural(self, loss: Any) -> bool:
        if self.natural_gradient and getattr(loss, "shift_invariant", False):
            raise ValueError(
                f"natural_gradient is not for {loss.specification.name}: adding a number to all its raw "
                "columns changes nothing, so their curvature matrix has no inverse"
            )
        return self.natural_gradient

    def _common(self, shape: tuple[int, int], alone: bool) -> dict[str, Any]:
        """LightGBM's parameters for every column; ``alone``: without threads of its own."""
        given = lightgbm_options(self.lightgbm)
        # The trees are the same; rows take a copy of the bins, and a single thread 1–8 % less time.
        layout = "force_row_wise" if _small(shape) else "force_col_wise"
        found = {
            "verbosity": -1,
            "deterministic": True,
            "feature_pre_filter": False,
            "num_threads": 1 if alone else threads(self.n_jobs),
            **given,
        }
        return found if found.keys() & _LAYOUTS else {layout: True, **found}

    # --- Saving -----------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, Array]:
        """The arrays of a saved model; every ensemble as LightGBM's own text."""
        found = self.ensembles_
        names = self.loss_.column_names
        texts = {f"trees.{m}.{names[j]}": np.array(t) for (m, j), t in found.texts().items()}
        return {
            "constants": found.constants,
            "units": found.units,
            "losses": self.losses_,
            **texts,
        }

    def _state(self) -> dict[str, Any]:
        """The rest of a saved model, as JSON-able data."""
        return {
            "levels": self.levels_,
            "curvature": self.curvature_,
            "best_iteration": self.best_iteration_,
            "n_iter": self.n_iter_,
        }

    def _restore(self, state: dict[str, Any], arrays: dict[str, Array]) -> None:
        """Become the estimator that was saved."""
        texts = {
            (m, j): str(arrays[f"trees.{m}.{name}"])
            for m in range(arrays["constants"].shape[0])
            for j, name in enumerate(self.loss_.column_names)
            if f"trees.{m}.{name}" in arrays
        }
        self.ensembles_ = Ensembles.from_texts(
            texts, arrays["constants"], arrays["units"], self.n_features_in_
        )
        self.losses_ = arrays["losses"]
        self._restore_levels(state)
        self.curvature_ = str(state["curvature"])
        self.best_iteration_, self.n_iter_ = int(state["best_iteration"]), int(state["n_iter"])

    # --- Predicting -------------------------------------------------------------------------------

    def _threads(self, X: Any) -> int:
        return 1 if _small(X.shape) else threads(self.n_jobs)

    def _raw(self, X: Any) -> Array:
        return self.ensembles_.raw(X, self._threads(X))

    def shap_values(self, X: Any) -> dict[str, Array]:
        """What each feature adds to each raw prediction, by parameter: (n, p + 1), the last is the mean.

        Rows sum to the raw predictions without offsets; for classes (K, n, p + 1).
        """
        self._check_fitted()
        X = self._validate(X, reset=False)
        return self._by_parameter(self.ensembles_.contributions(X, self._threads(X)))

    @property
    def feature_importances_(self) -> dict[str, Array]:
        """Each feature's share in the likelihood that the trees gained, by parameter; zeros without trees."""
        self._check_fitted()
        gain = self.ensembles_.importance("gain")
        total = gain.sum(axis=1, keepdims=True)
        return self._by_parameter(np.divide(gain, total, out=np.zeros_like(gain), where=total > 0))

    def _by_parameter(self, rows: Array) -> dict[str, Any]:
        return by_parameter(self.loss_, rows)


def _small(shape: tuple[int, int]) -> bool:
    """Whether X is so small that one thread grows a tree fastest."""
    return shape[0] * shape[1] < SMALL_CELLS
