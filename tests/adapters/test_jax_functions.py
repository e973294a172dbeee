"""``likely.jax``: pure functions of raw and y."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from likely import Gamma, Normal
from likely.jax import mean_nll, nll, nll_and_gradient


def test_rows_and_gradients_are_those_of_the_family(case):
    raw, y = jnp.asarray(case.raw), jnp.asarray(case.y)
    # One operation after the other: two programs of XLA's may take those of a sum in two orders.
    with jax.disable_jit():
        value, _ = case.family.nll_and_gradient(y, raw)
        np.testing.assert_array_equal(nll(case.family)(raw, y), value)
    value, gradient = case.family.nll_and_gradient(y, raw)
    both = nll_and_gradient(case.family)(raw, y)
    np.testing.assert_array_equal(both[1], gradient)
    slope = jax.jit(jax.grad(mean_nll(case.family)))(raw, y)
    np.testing.assert_allclose(slope, np.asarray(gradient) / len(case.y), rtol=1e-5, atol=1e-7)


def test_weights_and_vmap():
    raw, y = jnp.zeros((5, 2)), jnp.arange(5.0)
    weight = jnp.array([0.0, 1.0, 2.0, 0.0, 1.0])
    rows = nll(Normal())(raw, y)
    weighted = mean_nll(Normal())(raw, y, weight)
    assert float(weighted) == pytest.approx(float((rows * weight).sum() / 4.0), rel=1e-6)
    each = jax.vmap(nll("normal"))(raw, y)
    np.testing.assert_allclose(each, rows, rtol=1e-6)


def test_training_with_optax():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(400, 1))
    y = rng.gamma(4.0, np.exp(1.0 + x[:, 0]) / 4.0)
    family = Gamma(shape=4.0)
    loss = mean_nll(family)

    def objective(weights):
        return loss(weights[0] + weights[1] * jnp.asarray(x[:, 0]), jnp.asarray(y))

    optimiser = optax.adam(0.1)
    weights = jnp.zeros(2)
    state = optimiser.init(weights)
    step = jax.jit(jax.value_and_grad(objective))
    for _ in range(300):
        _, slope = step(weights)
        update, state = optimiser.update(slope, state)
        weights = optax.apply_updates(weights, update)
    np.testing.assert_allclose(weights, [1.0, 1.0], atol=0.15)


def test_y_is_real():
    with pytest.raises(TypeError, match="y must be real, got complex"):
        nll(Normal())(jnp.zeros((2, 2)), jnp.ones(2) + 0j)
