"""The loss as pure functions for JAX: they work under ``grad``, ``jit`` and ``vmap``.

>>> import jax, jax.numpy as jnp
>>> from likely import Poisson
>>> from likely.jax import nll, mean_nll
>>> loss = mean_nll(Poisson())
>>> raw, y = jnp.zeros(3), jnp.array([0.0, 1.0, 2.0])
>>> [round(g, 4) for g in jax.jit(jax.grad(loss))(raw, y).tolist()]
[0.3333, 0.0, -0.3333]
>>> nll(Poisson())(raw, y).shape
(3,)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    import jax.numpy as jnp
except ImportError as error:
    raise ImportError("likely.jax needs JAX: pip install 'likely[jax]'") from error

from likely.adapters import jax_arrays
from likely.catalogue import as_family
from likely.recipe import Family

__all__ = ["mean_nll", "nll", "nll_and_gradient"]


def nll(family: Family | type[Family] | str) -> Callable[[Any, Any], Any]:
    """``f(raw, y)``: −log p(y | raw) in nats, (…,); raw (…, k), a column for each of ``family.raw_columns``.

    Where there is one column, raw (…,) will do. Values are not checked; outside the support the loss is
    undefined. ValueError for shapes that do not fit.
    """
    known = as_family(family)
    return lambda raw, y: jax_arrays.nll(known, y, jnp.asarray(raw))


def nll_and_gradient(family: Family | type[Family] | str) -> Callable[[Any, Any], tuple[Any, Any]]:
    """``f(raw, y)``: nll (…,) and its gradient in raw, of the shape of raw, in one pass."""
    known = as_family(family)
    return lambda raw, y: jax_arrays.nll_and_gradient(known, y, jnp.asarray(raw))


def mean_nll(family: Family | type[Family] | str) -> Callable[..., Any]:
    """``f(raw, y, weight=None)``: the mean over rows, Σwᵢ·nllᵢ/Σwᵢ; what ``jax.grad`` takes."""
    rows = nll(family)

    def mean(raw: Any, y: Any, weight: Any = None) -> Any:
        values = rows(raw, y)
        if weight is None:
            return jnp.mean(values)
        return jnp.sum(weight * values) / jnp.sum(jnp.broadcast_to(weight, values.shape))

    return mean
