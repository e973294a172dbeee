"""Ordinal's loss on JAX arrays: the graph of an edge and a gap, which are picked from raw here."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from likely.adapters.graphs import loss_graph
from likely.adapters.jax_arrays import compiled


def ordinal(loss: Any, y: Any, raw: Any, order: int) -> tuple[Any, ...]:
    """nll per row and its gradient in raw (…, K); y holds class codes. See ``losses/ordinal.py``."""
    work = raw.astype(jax.dtypes.canonicalize_dtype(jnp.float64))
    codes, last = jnp.asarray(y).astype(jnp.int32), loss.size - 1
    steps = jnp.exp(work[..., 2:])
    thresholds = jnp.cumsum(jnp.concatenate([work[..., 1:2], steps], axis=-1), axis=-1)
    which = (codes == last).astype(work.dtype) - (codes == 0).astype(work.dtype)
    middle = which == 0.0
    edge = _pick(thresholds, jnp.maximum(codes - 1, 0)) - work[..., 0]
    log_gap = jnp.where(middle, _pick(work, jnp.where(middle, codes + 1, 0)), 0.0)
    nll, *slopes = compiled(loss_graph(loss.core, order))(which, edge, log_gap)
    if order == 0:
        return (nll.astype(raw.dtype),)
    by_edge, by_gap = (slope[..., None] for slope in slopes)
    i = jnp.arange(1, last)
    along = jnp.where(codes[..., None] > i, by_edge * steps, 0.0)
    gaps = jnp.where((codes[..., None] == i) & middle[..., None], by_gap, along)
    gradient = jnp.concatenate([-by_edge, by_edge, gaps], axis=-1)
    return nll.astype(raw.dtype), gradient.astype(raw.dtype)


def _pick(values: Any, index: Any) -> Any:
    return jnp.take_along_axis(values, index[..., None], axis=-1)[..., 0]
