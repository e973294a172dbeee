"""Softmax cross-entropy on JAX arrays; see ``losses/categorical.py`` for the formula.

Each derivative has its own rule, because the difference 1 − p that JAX would form is 0 for a
class that is nearly certain.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def cross_entropy(loss: Any, y: Any, raw: Any, _order: int) -> tuple[Any, Any]:
    """−log softmax(raw)_y over the last axis, and its gradient in raw; y holds class codes."""
    at = getattr(loss, "reference", None)
    if at is None:
        found: tuple[Any, Any] = _cross_entropy(y, raw)
        return found
    columns = raw.reshape(*y.shape, loss.columns)  # one column may have no axis
    nll, gradient = _cross_entropy(y, jnp.insert(columns, at, 0.0, axis=-1))
    return nll, jnp.delete(gradient, at, axis=-1).reshape(raw.shape)


@jax.jit
def _cross_entropy(y: Any, raw: Any) -> tuple[Any, Any]:
    chosen = jnp.arange(raw.shape[-1]) == jnp.asarray(y)[..., jnp.newaxis]
    return _value(chosen, raw)


@jax.custom_jvp
def _value(chosen: Any, raw: Any) -> tuple[Any, Any]:
    r = raw - jnp.sum(jnp.where(chosen, raw, 0.0), axis=-1, keepdims=True)
    others = jnp.where(chosen, -jnp.inf, r)
    top = jnp.max(others, axis=-1)
    rest = top + jnp.log(jnp.sum(jnp.exp(others - top[..., jnp.newaxis]), axis=-1))
    e = jnp.exp(-jnp.abs(rest))
    nll = jnp.maximum(rest, 0.0) + jnp.log1p(e)
    missed = jnp.where(rest > 0.0, 1.0, e) / (1.0 + e)
    gradient = jnp.where(chosen, -missed[..., jnp.newaxis], jnp.exp(r - nll[..., jnp.newaxis]))
    return nll, gradient


@_value.defjvp
def _value_jvp(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    chosen, raw = primals
    moved = tangents[1]
    nll, gradient = _value(chosen, raw)
    return (nll, gradient), (jnp.sum(gradient * moved, axis=-1), _curvature_product(raw, moved))


def _curvature_product(raw: Any, v: Any) -> Any:
    """p ∘ (v − pᵀv), with v measured from the likeliest class: there 1 − p never appears."""
    p = jax.nn.softmax(raw, axis=-1)
    top = jax.nn.one_hot(jnp.argmax(raw, axis=-1), raw.shape[-1], dtype=raw.dtype)
    v = v - jnp.sum(top * v, axis=-1, keepdims=True)
    return p * (v - jnp.sum(p * v, axis=-1, keepdims=True))
