"""Losses written for columns of any library, on JAX arrays: their own derivatives, not JAX's.

See ``torch_columns.py``: the same columns, told to JAX.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp


def by_columns(loss: Any, y: Any, raw: Any, _order: int) -> tuple[Any, Any]:
    """nll per row and its gradient in raw (…, k), for y (…, d)."""
    work = jax.dtypes.canonicalize_dtype(jnp.float64)
    y = jax.lax.stop_gradient(jnp.asarray(y).astype(work))
    key = (loss.specification.name, loss.size)
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
    rows = _rows(key, y, raw)
    return rows.nll(), jnp.stack(rows.gradient(), axis=-1)


@_pair.defjvp
def _pair_jvp(key: Any, primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    y, raw = primals
    moved = tangents[1]
    rows = _rows(key, y, raw)
    product = jnp.stack(rows.curvature_product(_columns(moved)), axis=-1)
    gradient = jnp.stack(rows.gradient(), axis=-1)
    return (rows.nll(), gradient), ((gradient * moved).sum(axis=-1), product)


def _rows(key: Any, y: Any, raw: Any) -> Any:
    return _losses[key].rows(jnp, _columns(y), _columns(raw))


def _columns(array: Any) -> list[Any]:
    return [array[..., j] for j in range(array.shape[-1])]
