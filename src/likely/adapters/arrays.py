"""The loss on arrays of any library: NumPy in, NumPy out; PyTorch in, PyTorch out; JAX in, JAX out."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.losses import check


def _library(array: Any) -> str:
    """ "torch", "jax" or "numpy"; a library that is not imported cannot have made the array."""
    if "torch" in sys.modules and isinstance(array, sys.modules["torch"].Tensor):
        return "torch"
    if "jax" in sys.modules and isinstance(array, sys.modules["jax"].Array):
        return "jax"
    return "numpy"


def nll(family: Any, y: Any, raw: Any) -> Any:
    """See ``Family.nll``."""
    library = _library(raw)
    if library == "torch":
        from likely.adapters.torch_arrays import nll as torch_nll

        return torch_nll(family, y, raw)
    if library == "jax":
        from likely.adapters.jax_arrays import nll as jax_nll

        return jax_nll(family, y, raw)
    return _evaluate(family, y, raw, 0)[0]


def nll_and_gradient(family: Any, y: Any, raw: Any) -> tuple[Any, Any]:
    """See ``Family.nll_and_gradient``."""
    library = _library(raw)
    if library == "torch":
        from likely.adapters.torch_arrays import nll_and_gradient as torch_both

        return torch_both(family, y, raw)
    if library == "jax":
        from likely.adapters.jax_arrays import nll_and_gradient as jax_both

        return jax_both(family, y, raw)
    value, gradient, _ = _evaluate(family, y, raw, 1)
    return value, gradient


def curvature(family: Any, y: Any, raw: Any, kind: str) -> Any:
    """See ``Family.curvature``."""
    if kind not in ("observed", "expected", "complete"):
        raise ValueError(f'kind must be "observed", "expected" or "complete", got {kind!r}')
    library = _library(raw)
    if library == "torch":
        from likely.adapters.torch_arrays import curvature as torch_curvature

        return torch_curvature(family, y, raw, kind)
    if library == "jax":
        from likely.adapters.jax_arrays import curvature as jax_curvature

        return jax_curvature(family, y, raw, kind)
    return _evaluate(family, y, raw, 2, kind)[2]


def _evaluate(
    family: Any, y: Any, raw: Any, order: int, kind: str = "observed"
) -> tuple[NDArray[Any], Any, Any]:
    given = check.as_array(raw, "raw")
    columns = given if given.dtype == np.float32 else check.numeric(raw, "raw")
    y = check.numbers_of(y, family.specification.support)
    loss = family.loss_of(columns.shape[1]) if columns.ndim == 2 else family.loss()
    check.refuse_order(raw, list(loss.column_names), f"{family!r} takes", "raw")
    if order == 2:
        check.curvature_kind(loss, kind)
    if columns.ndim == 1 and loss.columns == 1:
        columns = columns[:, np.newaxis]
    vector = family.specification.vector is not None
    if not vector:
        check.check_shape(y.shape, loss.specification.support)
    elif y.ndim == 0 or y.shape[1:] != (() if loss.y_columns is None else (loss.y_columns,)):
        needs = (
            "one value a row, shape (n,)"
            if loss.y_columns is None
            else f"shape (n, {loss.y_columns})"
        )
        raise ValueError(f"y must have {needs} for {family!r}; got shape {y.shape}")
    if columns.shape != (y.shape[0], loss.columns):
        raise ValueError(
            f"raw has shape {given.shape}, but {family!r} needs ({y.shape[0]}, {loss.columns}): "
            f"a row per y and a column for each of {', '.join(loss.column_names)}"
        )
    columns = (
        columns if vector and loss.single and order < 2 else columns.astype(np.float64, copy=False)
    )
    if vector:
        y = loss.response(y) if y.size else y
    if vector and not loss.counts_invalid:
        _check_raw(columns)
        value, gradient, packed = loss.evaluate(y, columns.T, order, kind)
    else:
        invalid: list[int] = []
        value, gradient, packed = loss.evaluate(y, columns.T, order, kind, invalid)
        if any(invalid):
            _check_raw(columns)
            if not vector:
                check.refuse(y, loss.specification.support, loss.specification.name)
    dtype = np.float32 if given.dtype == np.float32 else np.float64
    k = loss.columns
    full = None
    if packed is not None:
        full = np.empty((y.shape[0], k, k), dtype=dtype)
        for i in range(k):
            for j in range(i + 1):
                full[:, i, j] = full[:, j, i] = packed[i * (i + 1) // 2 + j]
    if gradient is not None:
        gradient = gradient.T.astype(dtype, copy=False)
    return value.astype(dtype, copy=False), gradient, full


def _check_raw(columns: NDArray[np.float64]) -> None:
    # A finite sum has finite terms; the other way round is looked at only where it is not.
    with np.errstate(all="ignore"):
        finite = np.isfinite(columns.sum())
    if not finite and not np.isfinite(columns).all():
        bad = ~np.isfinite(columns).all(axis=1)
        raise ValueError(f"raw must be finite; it is not in {check.rows_and_values(bad, columns)}")
