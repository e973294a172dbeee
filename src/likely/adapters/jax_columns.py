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


def by_columns(loss: Any, y: Any, raw: Any, _order: int) -> tuple[Any, Any]:
    """nll per row and its gradient in raw (…, k), for y (…, d)."""
    work = jax.dtypes.canonicalize_dtype(jnp.float64)
    y = jax.lax.stop_gradient(jnp.asarray(y).astype(work))
    key = loss.key
    _losses.setdefault(key, loss)
    nll, gradient = _value(key, y, raw.astype(work))
    return nll.astype(raw.dtype), gradient.astype(raw.dtype)


#: Losses by what a compiled function is remembered by.
_losses: dict[Any, Any] = {}


@partial(jax.jit, static_argnums=0)
def _value(key: Any, y: Any, raw: Any) -> tuple[Any, Any]:
    found: tuple[Any, Any] = _pair(key, y, raw)
    return found


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _pair(key: Any, y: Any, raw: Any) -> tuple[Any, Any]:
    rows = _rows(key, y, raw, 1)
    return rows.nll(), jnp.stack(rows.gradient(), axis=-1)


@_pair.defjvp
def _pair_jvp(key: Any, primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    y, raw = primals
    moved = tangents[1]
    rows = _rows(key, y, raw, 2)
    product = jnp.stack(rows.curvature_product(_columns(moved)), axis=-1)
    gradient = jnp.stack(rows.gradient(), axis=-1)
    return (rows.nll(), gradient), ((gradient * moved).sum(axis=-1), product)


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
