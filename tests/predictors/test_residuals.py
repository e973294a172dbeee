"""Targets that depend on each other: least squares and the covariance of the residuals are where fits begin."""

import warnings

import numpy as np
import pytest
from scipy import sparse

from likely import ConvergenceWarning, Linear, MultivariateNormal, shared


def correlated(rows, targets, ratio, seed=0):
    """X (rows, 3) and y whose errors have standard deviations of 1 to 1/ratio along their axes."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(targets, targets)))[0]
    mix = turn * np.geomspace(1.0, 1.0 / ratio, targets) @ np.linalg.qr(turn + 1.0)[0]
    X = rng.normal(size=(rows, 3))
    y = X @ rng.normal(size=(3, targets)) + 5.0 + rng.normal(size=(rows, targets)) @ mix.T
    return X, y


def least_squares(X, y, weight):
    """Slopes (p, d) and the log-likelihood at its maximum, from formulas."""
    design, root = np.c_[np.ones(len(X)), X], np.sqrt(weight)[:, None]
    slopes = np.linalg.lstsq(root * design, root * y, rcond=None)[0]
    left = root * (y - design @ slopes)
    n, d = weight.sum(), y.shape[1]
    logdet = 2.0 * np.log(np.abs(np.diag(np.linalg.qr(left / np.sqrt(n))[1]))).sum()
    return slopes, -0.5 * n * (d * np.log(2.0 * np.pi) + logdet + d)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("weighted", [False, True])
def test_nine_targets_that_nearly_determine_each_other(kind, weighted):
    X, y = correlated(200, 9, 300.0)
    weight = np.arange(200) % 3.0 if weighted else np.ones(200)
    model = Linear(MultivariateNormal(covariance=shared)).fit(kind(X), y, sample_weight=weight)
    slopes, best = least_squares(X, y, weight)
    assert model.result_.status.name == "converged"
    assert model.result_.iterations <= 2  # from the covariance of y it takes hundreds
    assert model.log_likelihood_ == pytest.approx(best, rel=1e-12)
    np.testing.assert_allclose(model.coef_["loc"], slopes[1:].T, rtol=1e-9)


def test_offsets_are_no_part_of_what_is_left():
    X, y = correlated(100, 3, 10.0)
    family, offset = MultivariateNormal(covariance=shared), np.zeros((100, 9))
    plain = Linear(family).fit(X, y)
    offset[:, :3] = 7.0 * X
    offset[:, [3, 5, 8]] = 0.5  # the logarithms of the factor's diagonal
    moved = Linear(family).fit(X, y, offset=offset)
    assert moved.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-12)
    np.testing.assert_allclose(moved.coef_["loc"], plain.coef_["loc"] - 7.0 * np.eye(3), atol=1e-8)


def test_a_target_that_is_fitted_exactly_is_unbounded():
    X, y = correlated(50, 3, 10.0)
    y[:, 1] = X @ [1.0, -2.0, 0.5] + 3.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = Linear(MultivariateNormal(covariance=shared)).fit(X, y)
    assert model.result_.status.name == "unbounded"
