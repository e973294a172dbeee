"""The primitives on JAX arrays. Constants stay Python numbers, so nothing changes its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from likely._math.backends import patches_on_arrays
from likely._math.backends.series_on_arrays import on_arrays
from likely._math.sums import SUMS
from likely._math.tables import look_up

TABLE: dict[str, Callable[..., Any]] = {
    "pi": lambda: jnp.pi,
    "add": jnp.add,
    "subtract": jnp.subtract,
    "multiply": jnp.multiply,
    "divide": jnp.divide,
    "negative": jnp.negative,
    "where": jnp.where,
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "sqrt": jnp.sqrt,
    "abs": jnp.abs,
    "sign": jnp.sign,
    "floor": jnp.floor,
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "arctan2": jnp.arctan2,
    "tan": jnp.tan,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "less": jnp.less,
    "less_equal": jnp.less_equal,
    "equal": jnp.equal,
}
TABLE |= look_up(
    lambda table, j: jnp.asarray(table, dtype=j.dtype), jnp.where, lambda j: j.astype(int)
)
TABLE |= on_arrays(SUMS, TABLE, lambda n, like: jnp.arange(n, dtype=like.dtype))
TABLE |= patches_on_arrays.on_arrays(TABLE)
