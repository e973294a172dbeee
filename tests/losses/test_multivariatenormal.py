"""MultivariateNormal's loss: the numerics contract, SciPy, and both libraries."""

import numpy as np
import pytest
from scipy import stats

from likely import MultivariateNormal
from oracles.multivariatenormal import points, textbook
from oracles.vectors import worst


@pytest.mark.parametrize(("d", "count"), [(2, 10), (3, 3)])
def test_contract(d, count):
    y, raw = points(d, count)
    found = worst(textbook(d), MultivariateNormal(d).loss(), y, raw)
    for part, (ratio, row) in found.items():
        assert ratio <= 1.0, (part, ratio, y[row], raw[row])


@pytest.mark.parametrize("d", [2, 5, 10])
def test_against_scipy(d):
    rng = np.random.default_rng(d)
    family = MultivariateNormal(d)
    raw = rng.normal(scale=0.3, size=(7, d * (d + 3) // 2))
    y = rng.normal(size=(7, d))
    distribution = family.at(**family_parameters(family, raw))
    for i in range(7):
        loc, covariance = distribution.mean()[i], distribution.cov()[i]
        peer = stats.multivariate_normal(loc, covariance)
        assert family.nll(y, raw)[i] == pytest.approx(-peer.logpdf(y[i]), rel=1e-9)
        assert distribution.entropy()[i] == pytest.approx(peer.entropy(), rel=1e-9)


def family_parameters(family, raw):
    natural = family.loss().natural(raw.T)
    return {name: np.moveaxis(value, -1, 0) for name, value in natural.items()}


def test_curvature_product_is_the_curvature():
    rng = np.random.default_rng(0)
    loss = MultivariateNormal(3).loss()
    y, raw, v = rng.normal(size=(5, 3)), rng.normal(size=(9, 5)), rng.normal(size=(9, 5))
    packed = loss.evaluate(y, raw, 2)[2]
    full = np.empty((5, 9, 9))
    for i in range(9):
        for j in range(i + 1):
            full[:, i, j] = full[:, j, i] = packed[i * (i + 1) // 2 + j]
    np.testing.assert_allclose(
        loss.curvature_product(y, raw, v), np.einsum("nij,jn->in", full, v), rtol=1e-10
    )


def test_many_rows_are_blocks_of_the_same():
    rng = np.random.default_rng(0)
    family = MultivariateNormal(2)
    y, raw = rng.normal(size=(5000, 2)), rng.normal(size=(5000, 5))
    nll, gradient = family.nll_and_gradient(y, raw)
    few = family.nll_and_gradient(y[2040:2060], raw[2040:2060])
    np.testing.assert_array_equal(nll[2040:2060], few[0])
    np.testing.assert_array_equal(gradient[2040:2060], few[1])


@pytest.mark.parametrize(
    ("y", "raw", "message"),
    [
        (np.zeros(3), np.zeros((3, 5)), r"y must have shape \(n, 2\)"),
        (np.zeros((3, 3)), np.zeros((3, 5)), r"y must have shape \(n, 2\)"),
        (np.zeros((3, 2)), np.zeros((3, 6)), r"raw has shape \(3, 6\)"),
        (np.zeros((3, 2)), np.full((3, 5), np.nan), r"raw must be finite"),
        (np.full((3, 2), np.inf), np.zeros((3, 5)), r"y is not finite in rows 0, 1, 2"),
    ],
)
def test_wrong_shapes(y, raw, message):
    with pytest.raises(ValueError, match=message):
        MultivariateNormal(2).nll(y, raw)


def test_dimensions_follow_from_the_raw_columns():
    assert MultivariateNormal().nll(np.zeros((1, 3)), np.zeros((1, 9))).shape == (1,)
    with pytest.raises(ValueError, match=r"raw has 6 columns, but MultivariateNormal has"):
        MultivariateNormal().nll(np.zeros((1, 3)), np.zeros((1, 6)))
