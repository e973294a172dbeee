"""Linear: every predicted parameter has a linear predictor of its own."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.pool import threads
from likely.fitting import (
    ConvergenceWarning,
    Design,
    FitResult,
    Response,
    Status,
    coefficient_table,
    fit_linear,
)
from likely.fitting.result import Held, carried
from likely.fitting.ridge import told_level
from likely.losses.reference import position
from likely.predictors.arguments import whole
from likely.predictors.base import DistributionEstimator
from likely.predictors.coinciding import coinciding
from likely.predictors.dependent import STEPS, dependent_columns, singular
from likely.predictors.features import listed
from likely.predictors.gauge import (
    fitted_designs,
    fitted_loss,
    fitted_start,
    told,
)
from likely.predictors.leaning import leaning_start
from likely.predictors.marginal import start_values
from likely.predictors.maxima.model import LinearModel
from likely.predictors.maxima.search import largest_maximum
from likely.predictors.origin import slopes_start
from likely.predictors.own import check_reached
from likely.predictors.residuals import residual_start
from likely.predictors.response import by_parameter
from likely.predictors.standard import standard
from likely.predictors.summary import Summary, class_names
from likely.predictors.zeros import zeros_start
from likely.recipe import Family

Array = NDArray[np.float64]

#: Fields of a FitResult that JSON holds as they are.
_PLAIN = (
    "message",
    "loss",
    "objective",
    "gradient_norm",
    "decrement",
    "iterations",
    "condition",
    "n_rows",
    "weight",
    "engine",
)


#: Rows up to which a fit of constants begins at a guess.
_FEW = 10_000
#: Rows at which is looked whether a user's formula has digits left.
_SEEN = 8
#: Entries of X up to which a robust covariance is computed without being asked for.
_SMALL = 2_000_000


class Linear(DistributionEstimator):
    """Maximum likelihood with linear predictors: raw_j = X β_j + intercept_j for every parameter j.

    family: a family such as ``Normal()``, or its name; it decides whether this is a regressor or a
    classifier. columns: which columns of X a parameter sees, by name or index, ``{"scale": ["age"]}``; [] is an
    intercept only, and a parameter not named sees all. alpha: L2 penalty, a number or one by parameter; the
    objective is Σ wᵢ nllᵢ + ½ Σ α ‖β‖², a sum, on X as given, with intercepts and shared parameters free.
    fit_intercept: False leaves the intercepts of predicted parameters out, ``{"loc": False}`` that of one; R's
    ``y ~ 0 + x``. point: what ``predict`` returns, "mode" by default, "mean", "median" or a quantile level.
    max_iter: of Newton's method. n_jobs: threads, all cores by default. robust: whether to compute the sandwich
    covariance too, a pass over the rows; None does where X is small (up to 2 million entries).

    After ``fit``: ``coef_`` and ``intercept_`` by parameter, ``result_`` with the status and its certificate,
    ``log_likelihood_``, ``aic_``, ``bic_``, and ``summary()``.

    >>> import numpy as np
    >>> from likely import Linear, Normal, shared
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> model = Linear(Normal(scale=shared)).fit(X, [1.0, 3.0, 5.0, 8.0])
    >>> model.coef_["loc"].round(6)                          # least squares
    array([2.3])
    """

    def __init__(
        self,
        family: Family | str = "normal",
        *,
        columns: Mapping[str, Any] | None = None,
        alpha: float | Mapping[str, float] = 0.0,
        fit_intercept: bool | Mapping[str, bool] = True,
        point: str | float = "mode",
        max_iter: int = 200,
        n_jobs: int | None = None,
        robust: bool | None = None,
    ) -> None:
        self.family = family
        self.columns = columns
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.robust = robust
        self.point = point
        self.max_iter = max_iter
        self.n_jobs = n_jobs

    @property
    def _unrestrained(self) -> bool:
        return self.alpha == 0.0 and self.fit_intercept is True

    # --- Fitting ----------------------------------------------------------------------------------

    def _fit(self, X: Any, loss: Any, y: Array, weight: Array | None, offset: Array | None) -> None:
        steps = whole("max_iter", self.max_iter)
        threads(self.n_jobs)  # a number that is none is an error in small data too
        penalties, designs = self._penalties(loss), self._designs(loss, X.shape[1])
        moved = standard(loss, y, weight)
        if moved is not None:
            offset = moved.held(offset, [design.intercept for design in designs], y.shape[0])
            y, penalties = moved.y(y), moved.penalties(penalties)
        response = Response(y, weight, offset)
        constants = all(design.columns == () and design.intercept for design in designs)
        few = y.shape[0] <= _FEW  # of more rows, the marginal fit counts those that are alike
        start = fitted_start(loss, start_values(loss, y, weight, offset, constants and few))
        model = LinearModel(loss, X, designs, response, penalties)
        begun = leaning_start(model, start)
        if begun is None:
            begun = zeros_start(model, start)
        if begun is None:
            begun = residual_start(model)
        if begun is None and loss.smooth and loss.gauge is None:
            begun = slopes_start(loss, X, designs, offset, start)
        dependent = dependent_columns(model)
        fit = partial(
            fit_linear,
            fitted_loss(loss, y.shape[0]),
            X,
            fitted_designs(loss, designs),
            response,
            start=start,
            alpha=penalties,
            names=self._feature_names(),
            covariances=self._covariances(X),
            max_iter=min(steps, STEPS) if dependent else steps,
            n_jobs=self.n_jobs,
            tell=None if loss.gauge is None else partial(told, loss),
        )
        found = largest_maximum(model, start, begun, fit)
        found = coinciding(loss, found)
        if loss.gauge is None and not np.any(penalties):
            found = told_level(loss, response, found, X, designs)
        if dependent:
            found = singular(found, dependent)
        self.result_: FitResult = found if moved is None else moved.result(found)
        self.n_iter_ = max(1, self.result_.iterations)
        self._set_coefficients(loss, self.result_)
        if moved is None:
            some = slice(None, None, -(-y.shape[0] // _SEEN))
            offsets = 0.0 if offset is None else offset[:, some]
            check_reached(loss, y, lambda: self._raw(X[some]) + offsets)
        if found.status is not Status.converged:
            warnings.warn(found.message, ConvergenceWarning, stacklevel=3)

    def _covariances(self, X: Any) -> tuple[str, ...]:
        small = X.shape[0] * X.shape[1] <= _SMALL
        wanted = small if self.robust is None else self.robust
        return ("observed", "robust") if wanted else ("observed",)

    def _set_coefficients(self, loss: Any, result: FitResult) -> None:
        """Full coefficient vectors: 0 for the columns that a parameter does not see."""
        designs = self._designs(loss, self.n_features_in_)
        self._slopes = np.zeros((loss.columns, self.n_features_in_))
        for j, (design, slopes) in enumerate(zip(designs, result.slopes, strict=True)):
            self._slopes[j, design.chosen(self.n_features_in_)] = slopes
        self._intercepts = result.intercepts

    def _designs(self, loss: Any, features: int) -> list[Design]:
        given = {} if self.columns is None else self.columns
        if not isinstance(given, Mapping):
            raise TypeError(
                f'columns must be a dict by parameter, such as {{"{loss.free[0].parameter}": [0]}}, got {given!r}'
            )
        names = [slot.parameter for slot in loss.free]
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(
                f"columns names {unknown[0]!r}, but the parameters are {', '.join(names)}"
            )
        designs, has = [], self._intercepts_wanted(loss)
        for slot in loss.free:
            if slot.role == "shared":
                if np.size(given.get(slot.parameter, ())):
                    raise ValueError(
                        f"{slot.parameter} is shared, one value for all rows, so it has no columns: "
                        f"make it predicted, {loss.specification.name}({slot.parameter}=predicted)"
                    )
                design = Design((), True)
            elif slot.parameter in given:
                wanted = self._column_indices(given[slot.parameter], features)
                design = Design(wanted, has[slot.parameter])
            else:
                design = Design(None, has[slot.parameter])
            designs.append(design)
        designs = [designs[i] for i in loss.column_slots]
        return designs if loss.gauge is None else _without_intercept(designs, loss.gauge[0])

    def _intercepts_wanted(self, loss: Any) -> dict[str, bool]:
        """Which predicted parameters have an intercept."""
        predicted = [slot.parameter for slot in loss.free if slot.role != "shared"]
        if not isinstance(self.fit_intercept, (bool, np.bool_, Mapping)):
            raise TypeError(
                'fit_intercept must be True, False, or a dict by parameter such as {"loc": False}, got '
                f"{self.fit_intercept!r}"
            )
        if not isinstance(self.fit_intercept, Mapping):
            return dict.fromkeys(predicted, bool(self.fit_intercept))
        for name, has in self.fit_intercept.items():
            if name not in [slot.parameter for slot in loss.free]:
                known = ", ".join(slot.parameter for slot in loss.free)
                raise ValueError(f"fit_intercept names {name!r}, but the parameters are {known}")
            if name not in predicted and not has:
                raise ValueError(
                    f"{name} is shared, one value for all rows, which is its intercept: fix it instead, "
                    f"{loss.specification.name}({name}=1.0)"
                )
        return {name: bool(self.fit_intercept.get(name, True)) for name in predicted}

    def _column_indices(self, wanted: Any, features: int) -> tuple[int, ...]:
        names = self._feature_names()
        if isinstance(wanted, str) or not isinstance(wanted, Iterable):
            raise TypeError(
                f"columns takes a list for each parameter, [{wanted!r}], got {wanted!r}"
            )
        found = []
        for column in wanted:
            if isinstance(column, (int, np.integer)) and not isinstance(column, bool):
                if not -features <= column < features:
                    raise ValueError(f"columns asks for column {column}, but X has {features}")
                found.append(int(column) % features)
            elif column in names:
                found.append(names.index(column))
            else:
                near = get_close_matches(str(column), names, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else "."
                raise ValueError(
                    f"columns asks for {column!r}, which X does not have{hint} "
                    f"Its columns are {listed(names)}"
                )
        twice = [names[j] for j, times in Counter(found).items() if times > 1]
        if twice:
            raise ValueError(f"columns asks for {twice[0]!r} more than once: once is enough")
        return tuple(found)

    def _penalties(self, loss: Any) -> Array | None:
        names = [slot.parameter for slot in loss.free]
        if isinstance(self.alpha, Mapping):
            unknown = [name for name in self.alpha if name not in names]
            if unknown:
                raise ValueError(
                    f"alpha names {unknown[0]!r}, but the parameters are {', '.join(names)}"
                )
            values = [self.alpha.get(name, 0.0) for name in names]
        else:
            values = [self.alpha] * len(names)
        if not all(isinstance(v, Real) and np.isfinite(v) and v >= 0 for v in values):
            raise ValueError(f"alpha must be finite and ≥ 0, got {self.alpha!r}")
        return np.array([float(values[i]) for i in loss.column_slots])

    # --- Saving -----------------------------------------------------------------------------------

    def _arrays(self) -> dict[str, Array]:
        """The arrays of a saved model."""
        found = {"parameters": self.result_.parameters}
        found |= {f"covariance.{k}": v for k, v in self.result_.covariances.items()}
        held = self.result_.held
        if held is not None:
            found |= {f"held.{k}": v for k, v in held.covariances.items()}
            found["directions"] = held.directions
        return found

    def _state(self) -> dict[str, Any]:
        """The rest of a saved model, as JSON-able data."""
        result = self.result_
        return {
            "status": result.status.name,
            "parts": [[part.start, part.stop] for part in result.parts],
            "has_intercept": list(result.has_intercept),
            "terms": [list(term) for term in result.terms],
            **{name: getattr(result, name) for name in _PLAIN},
        }

    def _restore(self, state: dict[str, Any], arrays: dict[str, Array]) -> None:
        """Become the estimator that was saved."""

        def named(prefix: str) -> dict[str, Array]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        self.result_ = FitResult(
            status=Status[state["status"]],
            parameters=arrays["parameters"],
            covariances=named("covariance."),
            held=Held(named("held."), arrays["directions"]) if "directions" in arrays else None,
            parts=tuple(slice(a, b) for a, b in state["parts"]),
            has_intercept=tuple(state["has_intercept"]),
            terms=tuple((a, b) for a, b in state["terms"]),
            **{name: state[name] for name in _PLAIN},
        )
        self.n_iter_ = max(1, self.result_.iterations)
        self._set_coefficients(self.loss_, self.result_)

    # --- What was learned -------------------------------------------------------------------------

    @property
    def coef_(self) -> dict[str, Array]:
        """Slopes by parameter, (p,); (k, p) for a parameter of k raw columns, as classes have."""
        self._check_fitted()
        return self._by_parameter(self._slopes)

    @property
    def intercept_(self) -> dict[str, Any]:
        """Intercepts by parameter: numbers on the raw scale; (k,) for one of k raw columns."""
        self._check_fitted()
        found = self._by_parameter(self._intercepts)
        return {k: float(v) if np.ndim(v) == 0 else v for k, v in found.items()}

    def _by_parameter(self, rows: Array) -> dict[str, Any]:
        return by_parameter(self.loss_, rows)

    @property
    def log_likelihood_(self) -> float:
        """Σ wᵢ log p(yᵢ), every constant included."""
        self._check_fitted()
        return -self.result_.loss

    @property
    def _counted(self) -> int:
        """Coefficients that the data determine; a softmax has one column fewer than classes."""
        self._check_fitted()
        size = self.result_.parameters.size
        if getattr(self.loss_, "shift_invariant", False):
            size -= size // self.loss_.columns
        return size

    @property
    def aic_(self) -> float:
        """Akaike's criterion, 2·coefficients − 2·log-likelihood."""
        return 2.0 * self._counted - 2.0 * self.log_likelihood_

    @property
    def bic_(self) -> float:
        """Bayesian criterion, log(Σ w)·coefficients − 2·log-likelihood."""
        return self._counted * float(np.log(self.result_.weight)) - 2.0 * self.log_likelihood_

    def _raw(self, X: Any) -> Array:
        raw = self._intercepts[:, None] + np.zeros((1, X.shape[0]))
        used = self._slopes.any(axis=1)
        if used.any():
            raw[used] += np.asarray((X @ self._slopes[used].T).T)
        return raw

    def summary(
        self, cov: str | None = None, level: float = 0.95, reference: Any = None
    ) -> Summary:
        """The coefficient table: estimate, standard error, z, p and interval of every term.

        cov: "observed" (inverse of the observed information; weights read as frequencies), "robust"
        (sandwich), or "expected" for Laplace, whose loss has kinks; None takes the first there is.
        reference: for Categorical and PlackettLuce, the label of the class or number of the item whose
        coefficients are subtracted (or the position of a class, where labels are not numbers); without one they
        are those of the fit, which sum to zero over the classes unless the family has a reference. An ordinal's
        thresholds are told as they are, and not as the logarithms of their steps. Scales are maximum-likelihood
        (1/N, not 1/(N − p)) and intervals use z, so R's ``lm`` prints slightly larger errors.
        """
        self._check_fitted()
        result = self.result_
        cov = next(iter(result.covariances), "observed") if cov is None else cov
        if cov not in result.covariances:
            hint = "; fit with Linear(..., robust=True) for it" if cov == "robust" else ""
            known = ", ".join(result.covariances)
            raise ValueError(f"cov must be one of {known} for this fit, got {cov!r}{hint}")
        estimates, covariance = result.parameters, result.covariances[cov]
        terms = result.terms
        if reference is not None:
            estimates, covariance, terms = self._contrasts(reference, cov)
        elif hasattr(self.loss_, "natural_slope"):
            estimates, covariance = self._natural(covariance)
        named = class_names(self)
        terms = tuple((named.get(parameter, parameter), term) for parameter, term in terms)
        rows = coefficient_table(terms, estimates, covariance, level)
        facts = [
            f"log-likelihood {self.log_likelihood_:.6g}   AIC {self.aic_:.6g}   BIC {self.bic_:.6g}   "
            f"rows {result.n_rows:,}",
            f"{result.status.name}: max |gradient|·std.err. {result.gradient_norm:.1e} "
            f"after {result.iterations} iterations; {cov} covariance, z intervals",
        ]
        if result.status is not Status.converged:
            facts.append(result.message)
        title = f"{type(self).__name__}({self._family!r})"
        return Summary(title, tuple(rows), level, cov, tuple(facts))

    def _natural(self, covariance: Array) -> tuple[Array, Array]:
        """The constants on their natural scale, with their covariance by the delta method."""
        result, loss = self.result_, self.loss_
        constants = [
            part.start for part, has in zip(result.parts, result.has_intercept, strict=True) if has
        ]
        columns = [j for j, has in enumerate(result.has_intercept) if has]
        estimates = result.parameters.copy()
        natural = loss.natural(result.intercepts[:, None])
        estimates[constants] = np.concatenate([np.atleast_2d(v) for v in natural.values()])[
            columns, 0
        ]
        slope = np.eye(estimates.size)
        slope[np.ix_(constants, constants)] = loss.natural_slope(result.intercepts)[
            np.ix_(columns, columns)
        ]
        return estimates, carried(slope, covariance)

    def _contrasts(self, reference: Any, cov: str) -> tuple[Array, Array, Any]:
        """Coefficients less those of the reference class, with their covariance."""
        loss = self.loss_
        base = getattr(loss, "reference", None)
        if base is None and not getattr(loss, "shift_invariant", False):
            raise ValueError(
                "reference is for Categorical and PlackettLuce: other families have no reference"
            )
        names = loss.column_names if base is None else loss.symmetric.column_names
        k = len(names)
        labels: NDArray[Any] = getattr(self, "classes_", np.arange(k))
        at = position(reference, labels)
        contrast = np.eye(k)
        contrast[:, at] -= 1.0
        contrast = np.delete(contrast, at, axis=0)
        if base is not None:  # its coefficients are 0 already
            contrast = np.delete(contrast, base, axis=1)
        width = self.result_.parameters.size // loss.columns
        full = np.kron(contrast, np.eye(width)).astype(np.float64)
        each = [term for _, term in self.result_.terms[:width]]
        terms = [(name, term) for i, name in enumerate(names) if i != at for term in each]
        result = self.result_
        held = result.held
        covariance = (
            carried(full, result.covariances[cov]) if held is None else held.carried(full, cov)
        )
        return full @ result.parameters, covariance, terms


def _without_intercept(designs: list[Design], column: int) -> list[Design]:
    found = list(designs)
    found[column] = replace(found[column], intercept=False)
    return found
