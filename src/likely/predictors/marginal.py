"""The best constant: density estimation, start values, and what Constant predicts."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import (
    ConvergenceWarning,
    Design,
    FitResult,
    Response,
    Status,
    fit_constant,
    moments,
)
from likely.fitting.ridge import told_level
from likely.losses import check
from likely.predictors.coinciding import coinciding
from likely.predictors.leaning import leaning_start
from likely.predictors.maxima.heavy import heavy_maximum
from likely.predictors.maxima.inwards import inward_maximum
from likely.predictors.maxima.limits import limit_maximum
from likely.predictors.maxima.model import LinearModel
from likely.predictors.own import check_own, check_reached
from likely.predictors.parts import by_parts
from likely.predictors.standard import standard
from likely.predictors.start import rough

Array = NDArray[np.float64]

#: Rows of which the size is looked at before a closed form.
_LOOK = 1000


def closed_form(loss: Any, y: Array, weight: Array | None) -> Array | None:
    """Raw values (k,) at the maximum, from sufficient statistics in one pass.

    None where the family has no closed form, where a parameter is fixed, or where the maximum lies on the
    edge of a domain.
    """
    formulas = loss.specification.formulas
    if "maximum_likelihood" not in formulas or any(s.role == "fixed" for s in loss.slots):
        return None
    count = loss.statistics
    statistics = loss.sufficient if count else None
    variances = not loss.specification.means_suffice
    found = moments(y, weight, statistics, max(count, 1), variances)
    if len(loss.slots) > 1 and not (found.second[:1] > 0.0).all():
        return None
    theta = formulas["maximum_likelihood"](found)
    if theta is None:
        return None
    raw = np.empty(loss.columns)
    for j, slot in enumerate(loss.free):
        value = theta[slot.of]
        if slot.parameter != slot.of:
            value = value ** (1.0 / loss.specification.alternatives[slot.parameter].power)
        with np.errstate(all="ignore"):
            raw[j] = slot.link.link(value)
    return raw if np.isfinite(raw).all() and not loss.outside(raw[:, None]).any() else None


def start_values(
    loss: Any,
    y: Array,
    weight: Array | None,
    offset: Array | None,
    guessed: bool = False,
    *,
    warn: bool = False,
) -> Array:
    """The marginal maximum-likelihood raw values, or the best that is finite.

    With ``guessed``, of y in one column, no more than a closed form or a guess: a fit of constants alone goes on from
    there to the same maximum, or finds that there is none, which would be the work done twice.

    ``warn`` is for learners that stop early and so cannot say themselves that the likelihood has no maximum: a
    ConvergenceWarning says so where it has none even without x.
    """
    if loss.columns == 0:
        return np.zeros(0)
    if loss.specification.vector is not None:
        near: Array = loss.start(y, weight)
        if not loss.closed_form:
            return _reached(loss, y, weight, offset, near, warn)
        if warn:
            try:
                loss.maximum(y, weight)
            except ValueError as error:
                warnings.warn(
                    f"{error}: training starts beside it", ConvergenceWarning, stacklevel=4
                )
        return near
    moved = standard(loss, y, weight)
    if moved is not None:
        return moved.raw(_start(loss, moved.y(y), weight, moved.offset(offset), guessed, warn))
    return _start(loss, y, weight, offset, guessed, warn)


def _start(
    loss: Any, y: Array, weight: Array | None, offset: Array | None, guessed: bool, warn: bool
) -> Array:
    raw = closed_form(loss, y, weight) if offset is None else None
    if raw is not None:
        return raw
    guess = _guess(loss, y, weight)
    check_own(loss, guess)
    return guess if guessed else _reached(loss, y, weight, offset, guess, warn)


def _guess(loss: Any, y: Array, weight: Array | None) -> Array:
    """Where the way to the maximum begins; of a modified family, at those of the families inside."""
    if weight is not None:
        y, weight = y[weight > 0], weight[weight > 0]
    if loss.specification.structure is None:
        return rough(loss, y, weight)
    return by_parts(loss, y, weight, partial(start_values, offset=None))


def _reached(
    loss: Any, y: Array, weight: Array | None, offset: Array | None, guess: Array, warn: bool
) -> Array:
    """The marginal maximum, or the guess where there is none within reach of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        marginal = fit_constant(
            loss.for_rows(y.shape[0]),
            Response(y, weight, offset),
            start=guess,
            covariances=(),
            max_iter=50,
        )
    if warn and marginal.status is Status.unbounded:
        warnings.warn(
            "y has no maximum-likelihood fit even without x, so how narrow the distributions come out is decided by "
            f"when training ends: {marginal.message}",
            ConvergenceWarning,
            stacklevel=6,
        )
    reached = marginal.intercepts
    moved = np.abs(reached - guess)
    if loss.specification.vector is None:
        # A location moves in the units of y, which say nothing: one far value takes the mean far from the others.
        moved = moved[[loss.domain(slot).low > -np.inf for slot in loss.free]]
    near = np.isfinite(reached).all() and moved.max(initial=0.0) < 20.0
    return reached if marginal.status is Status.converged and near else guess


def fit_density(family: Any, y: Any, sample_weight: Any) -> Any:
    """See ``Family.fit``."""
    from likely.inference.construct import predictive
    from likely.predictors.response import are_codes, encode_labels, observe

    family = family.learned(y)
    specification = family.specification
    if specification.vector is not None:
        seen = observe(family, y)
        loss = family.loss(seen.size, seen.labels)
        weight = check.weights(sample_weight, seen.y.shape[0])
        raw = loss.maximum(seen.y, weight)
        if raw is None:
            raw = _fitted(family, loss, seen.y, weight, loss.start(seen.y, weight))
        return predictive(loss, raw, seen.labels)
    labels: NDArray[Any] | None = None
    if specification.support.name == "binary" and not are_codes(y):
        labels, values = encode_labels(y, specification.name, None)
    else:
        values = check.response(y, specification.support, specification.name)
    weight = check.weights(sample_weight, values.shape[0])
    loss = family.loss()
    check.refuse_no_trials(values, weight, loss)
    check.refuse_few_rows(values, weight, loss)
    check.refuse_one_side(values, weight, loss)
    # A few rows tell most of what float64 cannot hold, and closed forms take one pass.
    few = values[:: max(1, values.shape[0] // _LOOK)] if not loss.discrete else values
    ordinary = weight is None and standard(loss, few, None) is None
    raw = closed_form(loss, values, weight) if ordinary else None
    if raw is not None:
        return predictive(loss, raw, labels)
    moved = standard(loss, values, weight)
    if moved is None:
        return predictive(loss, _maximum(family, loss, values, weight), labels)
    return predictive(loss, moved.raw(_maximum(family, loss, moved.y(values), weight)), labels)


def _maximum(family: Any, loss: Any, y: Array, weight: Array | None) -> Array:
    """The raw values (k,) at the maximum; ValueError where there is none."""
    raw = closed_form(loss, y, weight)
    if raw is not None:
        return raw
    guess = _guess(loss, y, weight)
    check_own(loss, guess)
    constants, nothing = [Design((), True)] * loss.columns, np.empty((y.shape[0], 0))
    model = LinearModel(loss, nothing, constants, Response(y, weight), None)
    leaning = leaning_start(model, guess)
    guess = guess if leaning is None else leaning
    return _fitted(family, loss, y, weight, guess)


def _fitted(family: Any, loss: Any, y: Array, weight: Array | None, guess: Array) -> Array:
    """The raw values (k,) at the maximum, by Newton's method."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = partial(
            fit_constant, loss.for_rows(y.shape[0]), Response(y, weight), covariances=("observed",)
        )
        result = fit(start=guess)
        model = LinearModel(
            loss, np.empty((y.shape[0], 0)), [Design((), True)] * loss.columns, Response(y, weight), None
        )  # fmt: skip
        if loss.specification.vector is None:
            limit = limit_maximum(model, result, guess)
            result = result if limit is None else fit(start=limit)
            for search in (inward_maximum, heavy_maximum):
                larger = search(model, result)
                result = result if larger is None else fit(start=larger)
    result = told_level(loss, Response(y, weight), coinciding(loss, result))
    check_reached(loss, y, lambda: result.intercepts[:, None])
    _refuse(family, result)
    return result.intercepts


def _refuse(family: Any, result: FitResult) -> None:
    """ValueError where there is no maximum, a warning where the best is on an edge, or not the only one."""
    if result.status is Status.unbounded:
        raise ValueError(f"{family!r} has no maximum-likelihood fit to this y: {result.message}")
    if result.status is Status.max_iter:
        raise ValueError(
            f"no maximum of {family!r} was found for this y within {result.iterations} iterations "
            f"(max |gradient|·std.err. {result.gradient_norm:.1e}): rescale y, fix a parameter, or "
            "choose a simpler family"
            + (
                f"; check_family({family!r}) says where its formula loses digits"
                if family.specification.own
                else ""
            )
        )
    if result.status in (Status.boundary, Status.rank_deficient):
        warnings.warn(result.message, ConvergenceWarning, stacklevel=5)
