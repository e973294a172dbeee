"""Losses on JAX arrays: the values and derivatives of NumPy, under jit, vmap, grad and hessian."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from likely import (
    Bernoulli,
    Categorical,
    NegativeBinomial,
    Normal,
    Ordinal,
    Poisson,
    ZeroInflated,
)

jax.config.update("jax_enable_x64", True)

RTOL = 1e-11  # the order of a sum, and exp and log of another library


def agree(array, wanted, rtol=RTOL):
    np.testing.assert_allclose(np.asarray(array), wanted, rtol=rtol, atol=1e-13)


def arrays(case):
    return jnp.asarray(case.y), jnp.asarray(case.raw)


# --- Value and derivatives ------------------------------------------------------------------------


def test_value_and_gradient_are_those_of_numpy(case):
    value, gradient = case.family.nll_and_gradient(case.y, case.raw)
    y, raw = arrays(case)

    def total(r):
        rows = case.family.nll(y, r)
        return rows.sum(), rows

    slope, rows = jax.jit(jax.grad(total, has_aux=True))(raw)
    agree(rows, value)
    agree(slope, gradient)
    both = jax.jit(case.family.nll_and_gradient)(y, raw)
    agree(both[0], value)
    agree(both[1], gradient)
    assert both[1].shape == raw.shape


def test_hessian_is_the_observed_curvature(case):
    wanted = case.family.curvature(case.y, case.raw, kind="observed")
    y, raw = arrays(case)
    found = jax.jit(jax.vmap(jax.hessian(lambda r, t: case.family.nll(t, r))))(raw, y)
    agree(found, wanted, 1e-9)


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        (Normal(), "observed"),
        (NegativeBinomial(), "expected"),
        (ZeroInflated(Poisson()), "complete"),
        (Categorical(3), "expected"),
        (Ordinal(3), "observed"),
    ],
    ids=repr,
)
def test_curvature_is_numpys(family, kind):
    rng = np.random.default_rng(0)
    y, raw = rng.integers(0, 3, 12).astype(float), rng.normal(size=(12, len(family.raw_columns)))
    wanted = family.curvature(y, raw, kind)
    found = jax.jit(lambda t, r: family.curvature(t, r, kind))(jnp.asarray(y), jnp.asarray(raw))
    assert found.dtype == raw.dtype
    agree(found, wanted, 1e-9)
    agree(jax.vmap(lambda t, r: family.curvature(t, r, kind))(y, raw), wanted, 1e-9)


def test_curvature_that_is_not_known_says_so():
    y, raw = jnp.zeros(2), jnp.zeros((2, 2))
    with pytest.raises(ValueError, match="Normal declares no complete_information"):
        Normal().curvature(y, raw, "complete")
    with pytest.raises(NotImplementedError, match="of Ordinal is computed on NumPy arrays"):
        Ordinal(2).curvature(y, raw, "expected")


def test_extreme_raws_give_no_nan(extreme):
    value, gradient = extreme.family.nll_and_gradient(extreme.y, extreme.raw)
    y, raw = arrays(extreme)
    agree(extreme.family.nll(y, raw), value)
    agree(jax.grad(lambda r: extreme.family.nll(y, r).sum())(raw), gradient)


def test_y_has_a_gradient_too():
    rng = np.random.default_rng(0)
    y, raw = jnp.asarray(rng.normal(size=4)), jnp.asarray(rng.normal(size=(4, 2)))
    check_grads(Normal().nll, (y, raw), order=2)


# --- Categorical ----------------------------------------------------------------------------------


def test_a_class_that_is_nearly_certain_keeps_its_digits():
    def loss(raw):
        return Categorical(2).nll(jnp.array(0), raw)

    raw, small = jnp.array([40.0, 0.0]), np.exp(-40.0)
    np.testing.assert_allclose(loss(raw), small, rtol=1e-14)
    np.testing.assert_allclose(jax.grad(loss)(raw), [-small, small], rtol=1e-14)
    wanted = [[small, -small], [-small, small]]
    np.testing.assert_allclose(jax.hessian(loss)(raw), wanted, rtol=1e-14)


# --- Types and shapes -----------------------------------------------------------------------------


def test_float32_without_float64(case):
    raw = case.raw.astype(np.float32)
    value, gradient = case.family.nll_and_gradient(case.y, raw.astype(float))
    with jax.enable_x64(False):
        found = case.family.nll_and_gradient(jnp.asarray(case.y), jnp.asarray(raw))
    assert found[0].dtype == found[1].dtype == np.float32
    agree(found[0], value, 1e-4)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-4, atol=1e-6)


def test_float32_is_computed_in_float64_where_there_is_one(gumbel):
    raw = gumbel.raw.astype(np.float32)
    value, gradient = gumbel.family.nll_and_gradient(gumbel.y, raw.astype(float))
    found = gumbel.family.nll_and_gradient(jnp.asarray(gumbel.y), jnp.asarray(raw))
    assert found[0].dtype == found[1].dtype == np.float32
    np.testing.assert_allclose(found[0], value, rtol=1e-6)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-6)


def test_one_column_needs_no_axis():
    y, raw = jnp.array([0.0, 1.0]), jnp.array([0.3, -0.2])
    agree(Bernoulli().nll(y, raw), Bernoulli().nll(y, raw[:, None]))
    assert Bernoulli().nll_and_gradient(y, raw)[1].shape == (2,)
    assert Bernoulli().nll_and_gradient(y, raw[:, None])[1].shape == (2, 1)


def test_y_may_be_numpy_or_integers():
    raw = jnp.array([0.1, -0.5, 1.0])
    for y in (np.array([0, 3, 7]), jnp.array([0, 3, 7])):
        agree(Poisson().nll(y, raw), Poisson().nll(np.array([0, 3, 7]), np.asarray(raw)))


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"raw has shape \(4,\).*needs \(4, 2\).*loc, scale"):
        Normal().nll(jnp.zeros(4), jnp.zeros(4))
    with pytest.raises(TypeError, match="floating-point array, got int64"):
        Bernoulli().nll(jnp.zeros(2), jnp.zeros(2, dtype=int))
