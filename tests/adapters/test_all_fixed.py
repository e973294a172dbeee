"""Families whose parameters are all given: the loss has no raw column, and is a constant of y."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from likely import Censored, Independent, Mixture, Normal, Poisson
from likely.jax import mean_nll
from likely.torch import NLLLoss

NORMAL = Normal(loc=0.0, scale=1.0)
CASES = [
    (NORMAL, np.array([0.3, -0.4])),
    (NORMAL, np.linspace(-1.0, 1.0, 600)),  # so many that a kernel takes them
    (Poisson(mean=2.0), np.array([1, 2])),
    (Mixture(NORMAL, Normal(loc=1.0, scale=2.0), odds2=1.0), np.array([0.3, -0.4])),
    (Censored(NORMAL), np.array([[1.0, 2.0], [2.0, np.inf]])),
    (Independent(a=NORMAL, b=Poisson(mean=2.0)), np.array([[1.0, 2.0], [2.0, 3.0]])),
]
cases = pytest.mark.parametrize(("family", "y"), CASES, ids=lambda value: str(value)[:30])


@cases
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_on_pytorch(family, y, dtype):
    raw = torch.zeros((len(y), 0), dtype=dtype, requires_grad=True)
    wanted = family.nll(y, np.zeros((len(y), 0)))
    rtol = 1e-6 if dtype is torch.float32 else 1e-13
    for found in (
        family.nll(torch.tensor(y), raw),
        family.nll(torch.tensor(y), raw.detach()),
        family.nll_and_gradient(torch.tensor(y), raw)[0],
    ):
        assert found.dtype == dtype
        np.testing.assert_allclose(found.detach().numpy(), wanted, rtol=rtol)
    assert family.nll_and_gradient(torch.tensor(y), raw)[1].shape == raw.shape
    mean = NLLLoss(family)(raw, torch.tensor(y))
    assert mean.item() == pytest.approx(wanted.mean(), rel=rtol)
    mean.backward()
    assert raw.grad.shape == raw.shape


def test_what_y_tells_is_still_there():
    y = torch.tensor([0.3, -0.4], dtype=torch.float64, requires_grad=True)
    NORMAL.nll(y, torch.zeros((2, 0), dtype=torch.float64)).sum().backward()
    assert y.grad.tolist() == [0.3, -0.4]  # of ½y²


@cases
def test_on_jax(family, y):
    wanted = family.nll(y, np.zeros((len(y), 0)))
    raw = jnp.zeros((len(y), 0))
    value, gradient = family.nll_and_gradient(jnp.asarray(y), raw)
    for found in (value, jax.vmap(family.nll)(jnp.asarray(y), raw)):
        assert found.dtype == raw.dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert gradient.shape == raw.shape
    assert jax.grad(mean_nll(family))(raw, jnp.asarray(y)).shape == raw.shape
