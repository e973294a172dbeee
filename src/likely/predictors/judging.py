"""Rows that judge early stopping: the user's own, or some that are held out."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np

from likely.catalogue import as_family
from likely.fitting import Response
from likely.fitting.boosting import Plan, folds, held_out
from likely.losses import check
from likely.predictors.response import observe, offsets


def judging_rows(estimator: Any, loss: Any, eval_set: Any) -> tuple[Any, Response]:
    """X and response of ``eval_set``: (X, y), or with a dict of sample_weight, offset and exposure.

    ValueError says what is wrong with it.
    """
    try:
        X, y, *more = eval_set
        extra: dict[str, Any] = dict(*more)
    except (TypeError, ValueError):
        raise ValueError(
            "eval_set must be (X, y) or (X, y, {'sample_weight': …, 'offset': …, 'exposure': …})"
        ) from None
    unknown = set(extra) - {"sample_weight", "offset", "exposure"}
    if unknown:
        raise ValueError(f"eval_set knows sample_weight, offset and exposure, not {unknown}")
    X = estimator._validate(X, reset=False)
    y = observe(as_family(estimator.family).learned(y), y, getattr(estimator, "classes_", None)).y
    if y.shape[0] != X.shape[0]:
        raise ValueError(f"eval_set: X has {X.shape[0]} rows, y {y.shape[0]}: they must match")
    weight = check.weights(extra.get("sample_weight"), y.shape[0])
    offset = offsets(loss, y.shape[0], extra.get("offset"), extra.get("exposure"))
    if estimator._has_offset and offset is None:
        raise ValueError(
            "eval_set needs an offset or exposure too, since the training rows have one: "
            "(X, y, {'offset': …})"
        )
    return X, Response(y, weight, offset)


def hold_out(given: float, y: Any, rng: np.random.Generator) -> Plan:
    """``given`` is a fraction of the rows, or a number of folds; too few rows are not divided."""
    n = y.shape[0]
    if isinstance(given, Integral) and not isinstance(given, bool) and given >= 2:
        # Fewer rows than two a fold judge nothing; one row cannot be held out of itself.
        return folds(y, min(int(given), n // 2), rng) if n >= 4 else Plan()
    if isinstance(given, Real) and not isinstance(given, bool) and 0.0 < float(given) < 1.0:
        return held_out(n, float(given), rng) if n >= 4 else Plan()
    raise ValueError(
        f"validation must be a fraction in (0, 1) or a number of folds ≥ 2, got {given!r}"
    )
