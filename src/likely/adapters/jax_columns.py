"""Losses written for columns of any library, on JAX arrays: their own derivatives, not JAX's.

See ``torch_columns.py``: the same columns, told to JAX.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from likely.adapters.graphs import formula_graph


def by_columns(loss: Any, y: Any, raw: Any, order: int) -> tuple[Any, ...]:
    """nll per row and, with order 1, its gradient in raw (…, k), for y (…, d)."""
    work = jax.dtypes.canonicalize_dtype(jnp.float64)
    y = jax.lax.stop_gradient(jnp.asarray(y).astype(work))
    key = loss.key
    _losses.setdefault(key, loss)
    nll, *gradient = _value(key, order, y, raw.astype(work))
    return nll.astype(raw.dtype), *(g.astype(raw.dtype) for g in gradient)


#: Losses by what a compiled function is remembered by.
_losses: dict[Any, Any] = {}


@partial(jax.jit, static_argnums=(0, 1))
def _value(key: Any, order: int, y: Any, raw: Any) -> tuple[Any, ...]:
    nll = _nll(key, y, raw)
    return (nll, _gradient(key, y, raw)) if order else (nll,)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _nll(key: Any, y: Any, raw: Any) -> Any:
    return _rows(key, y, raw, 0).nll()


@_nll.defjvp
def _nll_jvp(key: Any, primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    gradient = _gradient(key, *primals)
    return _nll(key, *primals), (gradient * tangents[1]).sum(axis=-1)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _gradient(key: Any, y: Any, raw: Any) -> Any:
    return jnp.stack(_rows(key, y, raw, 1).gradient(), axis=-1)


@_gradient.defjvp
def _gradient_jvp(key: Any, primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    rows = _rows(key, *primals, 2)
    product = jnp.stack(rows.curvature_product(_columns(tangents[1])), axis=-1)
    return _gradient(key, *primals), product


def _rows(key: Any, y: Any, raw: Any, order: int) -> Any:
    return _losses[key].rows(_LIBRARY, _columns(y), _columns(raw), order)


def _columns(array: Any) -> list[Any]:
    return [array[..., j] for j in range(array.shape[-1])]


def _evaluate(formula: Any, arrays: Sequence[Any]) -> tuple[Any, ...]:
    from likely.adapters.jax_arrays import compiled

    return compiled(formula_graph(formula))(*jnp.broadcast_arrays(*arrays))


#: What the rows of a loss are computed with.
_LIBRARY = SimpleNamespace(
    exp=jnp.exp,
    log1p=jnp.log1p,
    where=jnp.where,
    stack=jnp.stack,
    cumsum=jnp.cumsum,
    top=lambda columns: columns.max(0),
    evaluate=_evaluate,
)
