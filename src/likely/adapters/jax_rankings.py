"""PlackettLuce's loss on JAX arrays; see ``losses/plackettluce.py`` for the formula.

JAX differentiates it well: in log(1 + exp(L − raw)) and in the cumulative log-sum-exp no 1 − p appears.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def plackett_luce(_loss: Any, y: Any, raw: Any, _order: int) -> tuple[Any, Any]:
    """nll per row and its gradient in raw (…, m), for ranks y (…, m), NaN for what was not ranked."""
    work = raw.astype(jax.dtypes.canonicalize_dtype(jnp.float64))
    ranked = ~jnp.isnan(y)
    order = jnp.argsort(jnp.where(ranked, y, jnp.inf), axis=-1, stable=True)
    r = jnp.take_along_axis(work, order, axis=-1)
    left = jax.lax.cumlogsumexp(r, axis=r.ndim - 1, reverse=True)
    given = jnp.arange(raw.shape[-1] - 1) < ranked.sum(axis=-1, keepdims=True)
    nll = jnp.where(given, jax.nn.softplus(left[..., 1:] - r[..., :-1]), 0.0).sum(axis=-1)
    missed = jnp.where(given, jnp.exp(left[..., 1:] - left[..., :-1]), 0.0)
    lowest = jnp.finfo(work.dtype).min
    before = jax.lax.cumlogsumexp(jnp.where(given, -left[..., :-1], lowest), axis=r.ndim - 1)
    shares = jnp.exp(r[..., 1:] + before)
    zero = jnp.zeros_like(r[..., :1])
    by_place = jnp.concatenate([zero, shares], axis=-1) - jnp.concatenate([missed, zero], axis=-1)
    back = jnp.argsort(order, axis=-1)
    gradient = jnp.take_along_axis(by_place, back, axis=-1)
    return nll.astype(raw.dtype), gradient.astype(raw.dtype)
