"""The compiled softmax cross-entropy: the numbers of the NumPy body, whatever the layout and float type."""

import numpy as np
import pytest
from scipy.special import logsumexp

from likely import Categorical
from likely.losses import categorical
from likely.losses.kernels.softmax import ENTRIES, FEW, softmax


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("k", [2, 3, FEW, FEW + 1, 100, 257])
def test_equals_the_numpy_body(k, order, dtype):
    rng = np.random.default_rng(k)
    n = 203
    raw = rng.normal(scale=8.0, size=(n, k)).astype(dtype)
    raw[::7] *= 40.0  # exponentials that underflow
    raw[::5] = 0.25  # ties
    y = rng.integers(0, k, n)
    y[::2] = raw[::2].argmax(axis=1)
    raw = np.asarray(raw, order=order)
    nll, gradient = np.empty(n, dtype), np.empty_like(raw)
    softmax(y, raw, nll, gradient)
    value, slope = categorical._cross_entropy(y, raw.astype(np.float64).T)
    tight = {"rtol": 2e-13, "atol": 0.0} if dtype == np.float64 else {"rtol": 4e-5, "atol": 1e-37}
    np.testing.assert_allclose(nll, value, **tight)
    np.testing.assert_allclose(gradient, slope.T, **tight)


@pytest.mark.parametrize("k", [3, FEW + 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_many_rows_take_the_kernel_and_keep_their_type(dtype, k):
    rng = np.random.default_rng(0)
    n = ENTRIES // k + 1
    raw = rng.normal(size=(n, k)).astype(dtype)
    y = rng.integers(0, k, n)
    nll, gradient = Categorical(k).nll_and_gradient(y, raw)
    few = Categorical(k).nll_and_gradient(y[:50], raw[:50])
    assert nll.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(nll[:50], few[0], rtol=1e-5)
    np.testing.assert_allclose(gradient[:50], few[1], rtol=1e-5)
    largest = np.full_like(raw, np.finfo(dtype).max)  # whose sum is not finite
    assert np.isfinite(Categorical(k).nll(y, largest)).all()
    for value in (-np.inf, np.inf, np.nan, -np.nan):
        raw[n // 2, 1] = value
        with pytest.raises(ValueError, match=rf"raw must be finite; it is not in row {n // 2} "):
            Categorical(k).nll_and_gradient(y, raw)
    with pytest.raises(
        ValueError, match=rf"row 7 \(value {k}.0\); each must be a class 0, …, {k - 1}"
    ):
        Categorical(k).nll_and_gradient(np.where(np.arange(n) == 7, k, y), np.ones_like(raw))


def test_pytorch_tensors_take_the_kernel_too():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    raw = rng.normal(size=(ENTRIES // 4 + 1, 4))
    y = torch.tensor(rng.integers(0, 4, len(raw)))
    rows = torch.tensor(raw, requires_grad=True)
    Categorical(4).nll(y, rows).sum().backward()
    expected = torch.tensor(raw, requires_grad=True)
    torch.nn.functional.cross_entropy(expected, y, reduction="sum").backward()
    np.testing.assert_allclose(rows.grad.numpy(), expected.grad.numpy(), rtol=1e-9, atol=1e-15)
    with pytest.raises(ValueError, match=r"y must hold class codes 0, …, 3"):
        Categorical(4).nll(y + 4, rows)


@pytest.mark.parametrize(("n", "k"), [(80_003, 7), (9_001, 129), (57, 50_021)])
def test_slices_of_threads_make_up_all_rows(n, k):
    """More entries than one thread takes, and no multiple of anything."""
    rng = np.random.default_rng(k)
    raw, codes = rng.normal(size=(n, k)), rng.integers(0, k, n)
    first, rest = np.full(n, np.nan), np.full((n, k), np.nan)
    assert softmax(codes, raw, first, rest) == 0
    expected = logsumexp(raw, axis=1) - raw[np.arange(n), codes]
    np.testing.assert_allclose(first, expected, rtol=1e-12)
    np.testing.assert_allclose(rest.sum(axis=1), 0.0, atol=1e-12)
