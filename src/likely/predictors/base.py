"""What every estimator shares: checking input, the family's labels, and the four ways to predict."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, validate_data

from likely._math.domains import LABELLED
from likely.catalogue import as_family
from likely.inference.construct import among, between, predictive
from likely.losses import check
from likely.predictors.ensemble import mixed
from likely.predictors.features import (
    refuse_cells,
    refuse_no_table,
    refuse_times,
    repeated_names,
    unusable_cells,
)
from likely.predictors.response import observe, offsets
from likely.recipe import VectorFamily

Array = NDArray[np.float64]

POINTS = ("mode", "mean", "median")

#: What NumPy says of cells that are no numbers.
_CELLS = ("could not convert", "Cannot cast", "float() argument", "setting an array element")


class ModeWarning(UserWarning):
    """Most of the predicted modes lie on the edge of the support, where they say little."""


def _classifies(estimator: Any) -> bool:
    """Whether the family is over classes; the AttributeError says what to use elsewhere."""
    if estimator._support_name() in LABELLED:
        return True
    raise AttributeError(
        f"predict_proba is for classes; {estimator.family!r} is not: "
        "use predict_dist(X).prob(y), .cdf(y) or .interval(0.9)"
    )


class DistributionEstimator(BaseEstimator):
    """An estimator whose prediction is a distribution.

    Subclasses set ``_fit(X, y, weight, offset)`` and ``_raw(X)``; a classifier or a regressor follows
    from the family.
    """

    #: Whether missing values in X are the learner's own business.
    _takes_missing: ClassVar[bool] = False
    _given_names: list[str] | None = None
    #: The family that was fitted, as it was given but for the parts of a composition, which y names.
    _family: Any
    #: The names of the columns of y, where it was a table and the family has no names for them.
    _target_names: tuple[str, ...] = ()
    #: Constructor arguments that a saved model does not hold.
    _not_saved: ClassVar[tuple[str, ...]] = ()

    # --- scikit-learn's conventions ---------------------------------------------------------------

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        support = self._support_name()
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        if support in LABELLED:
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_class=support != "binary")
        else:
            tags.estimator_type = "regressor"
            # score() is a mean log-likelihood, which has no reason to exceed 0.5.
            tags.regressor_tags = RegressorTags(poor_score=True)
            tags.target_tags.positive_only = support in (
                "positive",
                "nonnegative",
                "counts",
                "positive_counts",
            )
            if self._is_vector():
                tags.target_tags.multi_output = True
                tags.target_tags.single_output = False
        return tags

    def _support_name(self) -> str:
        try:
            return as_family(self.family).specification.support.name
        except (TypeError, ValueError):  # a constructor checks nothing: fit says what is wrong
            return "real"

    def _is_vector(self) -> bool:
        """Whether y has several columns."""
        try:
            return as_family(self.family).specification.multivariate
        except (TypeError, ValueError):
            return False

    @property
    def _unrestrained(self) -> bool:
        """Whether every parameter can be moved to whatever the likelihood asks for."""
        return True

    @property
    def _is_classes(self) -> bool:
        return self._family.specification.support.name in LABELLED

    def _check_fitted(self) -> None:
        if not hasattr(self, "_family"):
            raise NotFittedError(
                f"this {type(self).__name__} instance is not fitted yet: call fit(X, y) first"
            )

    # --- Fitting ----------------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        offset: Any = None,
        exposure: Any = None,
        *,
        feature_names: Sequence[str] | None = None,
    ) -> Any:
        """Maximise the likelihood of y given X.

        X (n, p): NumPy array or memory map, SciPy sparse matrix, or a pandas, Polars or Arrow table of
        numbers. y (n,) in the support of the family; labels of any type for classes, (n, d) for vectors.
        ``sample_weight`` (n,) are frequencies: weight 2 is the row twice, weight 0 its absence. ``offset``
        is added to the raw predictions: (n,) for the first parameter, (n, k) or a data frame by name.
        ``exposure`` (n,) multiplies a mean with the log link. ``feature_names`` (p,) are what summaries
        and messages call the columns of an X that has no names, an array or a sparse matrix.

        ValueError names what is wrong with the input, before any work. A maximum that does not exist does
        not raise: ``result_.status`` says so, with a ConvergenceWarning.
        """
        family = as_family(self.family)
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None"
            )
        family = family.learned(y)
        rows = {"y": y, "sample_weight": sample_weight, "offset": offset, "exposure": exposure}
        for what, values in rows.items():
            check.refuse_shuffled(values, what, X, "X")
        X = self._validate(X, reset=True)
        self._given_names = self._checked_names(feature_names)
        for learned in ("classes_", "n_classes_"):
            self.__dict__.pop(learned, None)  # of an earlier fit, to another family
        seen = observe(family, y)
        response, self._size = seen.y, seen.size
        named = len(check.names_of(family.specification.support)) > 1
        self._target_names = () if named else tuple(map(str, check.column_names(y)))
        if seen.labels is not None:
            self.classes_, self.n_classes_ = seen.labels, seen.labels.size
        loss = family.loss(seen.size, seen.labels)
        n = X.shape[0]
        if response.shape[0] != n:
            raise ValueError(
                f"X has {n} rows and y has {response.shape[0]}: inconsistent numbers of samples; "
                "they must match row by row"
            )
        weight = check.weights(sample_weight, n)
        check.refuse_no_trials(response, weight, loss)
        check.refuse_few_rows(response, weight, loss)
        if self._unrestrained:
            check.refuse_one_side(response, weight, loss)
        self._has_offset = offset is not None or exposure is not None
        self._fit(X, loss, response, weight, offsets(loss, n, offset, exposure))
        self._family = family
        return self

    def _checked_names(self, names: Sequence[str] | None) -> list[str] | None:
        if names is None:
            return None
        if isinstance(names, str):
            raise TypeError(f"feature_names must be a list of names, got {names!r}")
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            raise ValueError(
                f"feature_names has {twice[0]!r} more than once: names tell columns apart"
            )
        if len(names) != self.n_features_in_:
            raise ValueError(
                f"feature_names has {len(names)} names, but X has {self.n_features_in_} columns"
            )
        if hasattr(self, "feature_names_in_"):
            raise ValueError("X names its columns itself, so feature_names has nothing to name")
        return [str(name) for name in names]

    def _feature_names(self) -> list[str]:
        """What the columns of X are called: by the table itself, by the caller, or x0, x1, …"""
        for named in (getattr(self, "feature_names_in_", None), self._given_names):
            if named is not None:
                return [str(name) for name in named]
        return [f"x{i}" for i in range(self.n_features_in_)]

    @property
    def family_(self) -> Any:
        """The family with what y taught it: the number of classes or dimensions, the parts, the reference's code.

        NotFittedError, which is an AttributeError, before ``fit``.
        """
        self._check_fitted()
        family = self._family
        return family.sized(self.loss_) if isinstance(family, VectorFamily) else family

    @property
    def loss_(self) -> Any:
        """The composed loss that was minimised."""
        self._check_fitted()
        return self._family.loss(self._size, getattr(self, "classes_", None))

    def _validate(self, X: Any, *, reset: bool) -> Any:
        """X as an array or CSR matrix of floats; at ``predict`` its columns are those of ``fit``."""
        refuse_no_table(X)
        if isinstance(X, (list, tuple, np.ma.MaskedArray)):
            X = check.as_array(X, "X")
        repeated = repeated_names(X)
        if repeated:
            raise ValueError(
                f"X has more than one column called {', '.join(map(repr, repeated))}: "
                "a column's name says which coefficient is its own, so rename or drop one"
            )
        refuse_times(X)
        if getattr(X, "shape", ())[1:] == (0,):
            raise ValueError(
                f"Found array with 0 feature(s) (shape={tuple(X.shape)}) while a minimum of 1 is required by "
                f"{type(self).__name__}; without any x there is family.fit(y)"
            )
        options: dict[str, Any] = {
            "ensure_all_finite": "allow-nan" if self._takes_missing else True,
            "accept_sparse": "csr",
            "dtype": [np.float64, np.float32],
            "ensure_min_samples": int(reset),  # no rows, no predictions: nothing is wrong with that
        }
        try:
            return validate_data(self, X, reset=reset, **options)
        except (TypeError, ValueError) as error:
            if "must be in the same order" in str(error):
                order = ", ".join(map(repr, self.feature_names_in_))
                raise ValueError(
                    f"{str(error).rstrip()}\nThe order is {order}: pass X[model.feature_names_in_]"
                ) from None
            if any(said in str(error) for said in _CELLS):
                refuse_cells(X)
            if "contains NaN" not in str(error) and "contains infinity" not in str(error):
                raise
        values = check_array(X, **{**options, "ensure_all_finite": False})
        names = getattr(self, "feature_names_in_", range(values.shape[1]))
        raise ValueError(unusable_cells(values, list(names), type(self).__name__))

    def _fit(self, X: Any, loss: Any, y: Array, weight: Array | None, offset: Array | None) -> None:
        raise NotImplementedError

    def _raw(self, X: Any) -> Array:
        """Raw predictions (k, n), without offsets."""
        raise NotImplementedError

    # --- Predicting -------------------------------------------------------------------------------

    def predict_dist(
        self,
        X: Any,
        offset: Any = None,
        exposure: Any = None,
        *,
        trials: Any = None,
        low: Any = None,
        high: Any = None,
    ) -> Any:
        """The predictive distribution of every row: a ``Predictive`` of n distributions.

        ``trials``, a whole number or (n,) of them, is for families whose y brings it along, such as
        Binomial(): the successes among so many; among one where it is not given. ``low`` and ``high``, numbers or
        (n,), are for families whose rows bring bounds along, such as Truncated(Weibull()): the distribution of y
        given that it lies between them; without them that of the family inside, not truncated.
        """
        raws = self._moved(X, offset, exposure)
        if trials is not None:
            found = [among(self.loss_, raw, trials) for raw in raws]
        elif low is not None or high is not None:
            found = [between(self.loss_, raw, low, high) for raw in raws]
        else:
            found = [self._predictive(raw) for raw in raws]
        return found[0] if len(found) == 1 else mixed(found)

    def _moved(self, X: Any, offset: Any, exposure: Any) -> list[Array]:
        """Raw predictions (k, n) of each member, offsets added; ValueError where they leave a domain."""
        self._check_fitted()
        for what, values in {"offset": offset, "exposure": exposure}.items():
            check.refuse_shuffled(values, what, X, "X")
        X = self._validate(X, reset=False)
        given = offset is not None or exposure is not None
        if self._has_offset and not given:
            raise ValueError(
                "this model was fitted with an offset or exposure, so prediction needs one too: "
                "pass offset= or exposure= (0 or 1 for the plain parameters)"
            )
        added = offsets(self.loss_, X.shape[0], offset, exposure)
        raws = [raw if added is None else raw + added for raw in self._raws(X)]
        for raw in raws:
            outside = self.loss_.outside(raw)
            if outside.any():
                rows = np.flatnonzero(outside)
                raise ValueError(
                    f"the prediction leaves the domain of a partial link in {rows.size} rows, first row "
                    f"{rows[0]}; use a total link such as log or logit"
                )
        return raws

    def _raws(self, X: Any) -> Sequence[Array]:
        """Raw predictions (k, n) of each member of an ensemble, without offsets; of one, if it is none."""
        return [self._raw(X)]

    def _predictive(self, raw: Array) -> Any:
        """The distributions with these raw predictions (k, n)."""
        return predictive(self.loss_, raw, getattr(self, "classes_", None))

    def predict(
        self,
        X: Any,
        point: str | float | None = None,
        offset: Any = None,
        exposure: Any = None,
    ) -> NDArray[Any]:
        """One value a row: the mode by default, where the distribution is largest.

        ``point`` is "mode", "mean", "median" or a quantile level in (0, 1); None takes the estimator's own.
        A classifier predicts the label of the most probable class. Where more than half of the modes lie on
        the edge of the support, a ModeWarning names the mean.
        """
        self._check_fitted()
        choice = self.point if point is None else point
        distribution = self.predict_dist(X, offset=offset, exposure=exposure)
        if isinstance(choice, str):
            if choice not in POINTS:
                raise ValueError(
                    f'point must be "mode", "mean", "median" or a level in (0, 1), got {choice!r}'
                )
            value = getattr(distribution, choice)()
            if choice == "mode" and point is None:
                self._warn_edges(value)
            return np.asarray(value)
        if not (isinstance(choice, Real) and 0 < float(choice) < 1):
            raise ValueError(
                f'point must be "mode", "mean", "median" or a level in (0, 1), got {choice!r}'
            )
        return np.asarray(distribution.quantile(float(choice)))

    def _warn_edges(self, modes: Any) -> None:
        support = self._family.specification.support
        if self._is_classes or not np.size(modes) or np.ndim(modes) > 1:
            return
        edge = (modes == support.low) | (modes == support.high)
        if edge.mean() > 0.5:
            warnings.warn(
                f"{int(edge.sum())} of {edge.size} predicted modes lie on the edge of the support "
                f'{support.symbol}; predict(X, point="mean") may be what you want',
                ModeWarning,
                stacklevel=3,
            )

    def predict_params(self, X: Any, offset: Any = None, exposure: Any = None) -> dict[str, Array]:
        """The parameters of every row on their natural scale, by name."""
        parameters: dict[str, Array] = self.predict_dist(X, offset, exposure).parameters
        return parameters

    @available_if(_classifies)
    def predict_proba(self, X: Any, offset: Any = None, exposure: Any = None) -> Array:
        """Class probabilities (n, K), columns in the order of ``classes_``; classifiers only."""
        self._check_fitted()
        probabilities: Array = self.predict_dist(X, offset, exposure).probabilities()
        return probabilities

    def score(
        self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, exposure: Any = None
    ) -> float:
        """Mean log-likelihood per row, in nats: higher is better."""
        logs = self.row_scores(X, y, offset, exposure)
        weight = check.weights(sample_weight, logs.shape[0])
        return float(np.average(logs, weights=weight))

    def row_scores(self, X: Any, y: Any, offset: Any = None, exposure: Any = None) -> Array:
        """The log-likelihood of each row, in nats (n,): ``score`` is its mean."""
        self._check_fitted()
        support = self._family.specification.support
        check.refuse_order(y, list(self._target_names), "the model was fitted to")
        check.refuse_shuffled(y, "y", X, "X")
        if len(support.columns) == 1:
            found: Array = self.predict_dist(X, offset, exposure).log_prob(y)
            if found.ndim == 2 and found.shape[1] == 1:  # as fit takes it, a column of a table
                return found[:, 0]
            check.refuse_columns(found.shape)
            return found
        # What was seen of y, rather than y itself; of an ensemble, its mean likelihood.
        seen = check.response(y, support, self._family.specification.name)
        members = [
            -self.loss_.evaluate(seen, raw, 0)[0] for raw in self._moved(X, offset, exposure)
        ]
        logs: Array = np.logaddexp.reduce(members, axis=0) - np.log(len(members))
        return logs

    def save(self, path: Any) -> None:
        """Write the fitted model to a folder of JSON and arrays; ``likely.load`` reads it back."""
        from likely.predictors.saving import save

        self._check_fitted()
        save(self, path)
