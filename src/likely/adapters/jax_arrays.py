"""The loss on JAX arrays: grad, jit, vmap and hessian work through it, on any device.

Computed in float64 where ``jax_enable_x64`` allows it, whatever the type of ``raw``. Without it
float32 carries the loss: good to 1e-4 for |raw| ≤ 30, but for the gradient of a negative binomial's
size at means and sizes of e⁻²⁸ and e²⁸, where its parts are below float32's range.
Nothing is checked but shapes, because values do not exist yet while JAX traces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from likely._math.backends.jax_backend import TABLE
from likely.adapters.graphs import (
    Graph,
    check_by_hand,
    check_shapes,
    curvature_graph,
    loss_graph,
    square,
)
from likely.adapters.jax_vector import vector_function
from likely.losses.check import curvature_kind


def nll(family: Any, y: Any, raw: Any) -> Any:
    """See ``Family.nll``."""
    return _outputs(family, y, raw, 0)[0]


def nll_and_gradient(family: Any, y: Any, raw: Any) -> tuple[Any, Any]:
    """See ``Family.nll_and_gradient``."""
    value, *slopes = _outputs(family, y, raw, 1)
    if len(slopes) == 1:  # one column, or all of them together
        return value, slopes[0].reshape(raw.shape)
    return value, jnp.stack(slopes, axis=-1) if slopes else jnp.zeros_like(raw)


def curvature(family: Any, y: Any, raw: Any, kind: str) -> Any:
    """See ``Family.curvature``."""
    y, loss, columnar = _composed(family, y, raw)
    curvature_kind(loss, kind)
    k, rows = loss.columns, raw.shape[:-1] if columnar else raw.shape
    if loss.by_hand is None:
        columns = [raw[..., j] for j in range(k)] if columnar else [raw]
        packed = compiled(curvature_graph(loss, kind))(y.astype(raw.dtype), *columns)
        return (
            jnp.stack(square(packed, k), axis=-1).reshape(*rows, k, k)
            if k
            else jnp.zeros((*rows, 0, 0))
        )
    check_by_hand(loss, kind)
    function = vector_function(loss.by_hand)
    wide = raw.reshape(*rows, k)
    slopes = [
        jax.jvp(
            lambda r: function(loss, y, r, 1)[1], (wide,), (jnp.broadcast_to(unit, wide.shape),)
        )[1]
        for unit in jnp.eye(k, dtype=raw.dtype)
    ]
    return jnp.stack(slopes, axis=-1)


def _outputs(family: Any, y: Any, raw: Any, order: int) -> tuple[Any, ...]:
    """nll and, with order 1, its derivative in each raw column (or in all, for Categorical)."""
    y, loss, columnar = _composed(family, y, raw)
    if loss.by_hand is not None:
        return vector_function(loss.by_hand)(loss, y, raw, order)
    columns = [raw[..., j] for j in range(loss.columns)] if columnar else [raw]
    return compiled(loss_graph(loss, order))(y.astype(raw.dtype), *columns)


def _composed(family: Any, y: Any, raw: Any) -> tuple[Any, Any, bool]:
    """y, the loss over the columns of raw, and whether raw has an axis for them."""
    if not jnp.issubdtype(raw.dtype, jnp.floating):
        raise TypeError(f"raw must be a floating-point array, got {raw.dtype}")
    y = jnp.asarray(y)
    if jnp.issubdtype(y.dtype, jnp.complexfloating):
        raise TypeError(f"y must be real, got {y.dtype}")
    loss = family.loss_of(raw.shape[-1]) if raw.ndim else family.loss()
    return y, loss, check_shapes(family, loss, y.shape, raw.shape)


def compiled(graph: Graph) -> Callable[..., tuple[Any, ...]]:
    """A compiled function of y and the raw columns that evaluates the graph."""
    if "jax" not in graph.compiled:
        graph.compiled["jax"] = jax.jit(_differentiable(graph))
    return graph.compiled["jax"]


def _differentiable(graph: Graph) -> Callable[..., tuple[Any, ...]]:
    def evaluate(y: Any, *columns: Any) -> tuple[Any, ...]:
        like = columns[0] if columns else y if len(graph.response) == 1 else y[..., 0]
        work = jax.dtypes.canonicalize_dtype(jnp.float64)
        program = graph.program(TABLE, single=work == jnp.float32)
        values = program(graph.inputs(y.astype(work), [c.astype(work) for c in columns]))
        return tuple(jnp.broadcast_to(jnp.asarray(v, like.dtype), like.shape) for v in values)

    def rule(primals: tuple[Any, ...], moves: tuple[Any, ...]) -> tuple[Any, Any]:
        # A y that does not move must not be differentiated: some formulas have no rule for it.
        moved = tuple(j for j, t in enumerate(moves) if not isinstance(t, SymbolicZero))
        values = compiled(graph)(*primals)
        found: list[Any] = [None] * len(values)
        tangents, pairs = graph.tangents(tuple(range(len(values))), moved)
        slopes = compiled(tangents)(*primals) if pairs else ()
        for (i, j), slope in zip(pairs, slopes, strict=True):
            part = slope * moves[j]
            found[i] = part if found[i] is None else found[i] + part
        return values, tuple(
            jnp.zeros_like(v) if f is None else f for f, v in zip(found, values, strict=True)
        )

    function = jax.custom_jvp(evaluate)
    function.defjvp(rule, symbolic_zeros=True)
    return function
