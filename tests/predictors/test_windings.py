"""Directions that turn with x: Linear finds the turns, and takes none that noise alone would show."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import i0e

from likely import Linear, VonMises, predicted


def made(columns, rows, seed, concentration, size):
    """Standard normal columns, directions around a line in them, and its slopes."""
    rng = np.random.default_rng([columns, rows, seed])
    x = rng.normal(size=(rows, columns))
    slopes = rng.normal(size=columns)
    slopes *= size / np.linalg.norm(slopes)
    y = 1.0 + x @ slopes + rng.vonmises(0.0, concentration, rows)
    return x, np.angle(np.exp(1j * y)), slopes


def loss(theta, x, y):
    """Σ −log p of von Mises distributions with one concentration."""
    kappa = np.exp(theta[-1])
    away = np.cos(y - theta[0] - x @ theta[1:-1])
    return float((kappa * (1.0 - away) + np.log(2.0 * np.pi * i0e(kappa))).sum())


def largest(x, y):
    """The smallest loss from a fine grid of slopes of up to half a turn for a standard deviation."""
    axis = np.linspace(-np.pi, np.pi, 33 if x.shape[1] == 2 else 65)
    grid = np.array(list(product(axis, repeat=x.shape[1]))) / x.std(axis=0)
    total = np.exp(1j * (y - grid @ x.T)).sum(axis=1)
    best = np.inf
    for k in np.argsort(-np.abs(total))[:4]:
        start = np.r_[np.angle(total[k]), grid[k], 1.0]
        best = min(best, minimize(loss, start, (x, y), method="BFGS").fun)
    return best


@pytest.mark.parametrize(
    ("columns", "rows", "seed"), [(1, 15, 0), (1, 50, 1), (1, 200, 3), (2, 50, 0), (2, 200, 5)]
)
def test_slopes_of_half_a_turn_are_found(columns, rows, seed):
    x, y, slopes = made(columns, rows, seed, 5.0, 2.8)
    model = Linear(VonMises()).fit(x, y)
    assert model.result_.status.name == "converged"
    assert model.result_.loss == pytest.approx(largest(x, y), abs=1e-6)
    np.testing.assert_allclose(model.coef_["loc"], slopes, atol=0.6)


def test_with_weights_and_an_offset():
    x, y, slopes = made(2, 60, 1, 5.0, 2.8)
    given, weight = np.linspace(-2.0, 2.0, 60), np.tile([1.0, 2.0, 0.0], 20)
    turned = np.angle(np.exp(1j * (y + given)))
    model = Linear(VonMises()).fit(x, turned, sample_weight=weight, offset=given)
    kept = np.repeat(np.arange(60), weight.astype(int))
    assert model.result_.loss == pytest.approx(largest(x[kept], y[kept]), abs=1e-6)
    np.testing.assert_allclose(model.coef_["loc"], slopes, atol=0.3)


def test_without_an_intercept_beside_a_constant_column():
    x, y, slopes = made(2, 50, 3, 5.0, 2.8)
    given = np.c_[x, np.full(50, 0.5)]
    model = Linear(VonMises(), fit_intercept={"loc": False}).fit(given, y)
    np.testing.assert_allclose(model.coef_["loc"], np.r_[slopes, 2.0], atol=0.5)
    both = VonMises(concentration=predicted)
    np.testing.assert_allclose(Linear(both).fit(x, y).coef_["loc"], slopes, atol=0.3)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_turns_that_noise_shows_are_not_taken(columns):
    """Directions that x says nothing about have a larger maximum at some slopes far from 0: the fit stays near 0."""
    larger = 0
    for seed in range(6):
        x, y, _ = made(columns, 20, seed, 1.0, 1e-9)
        model = Linear(VonMises()).fit(x, y)
        assert np.abs(model.coef_["loc"] * x.std(axis=0)).max() < 1.6
        larger += columns < 3 and largest(x, y) < model.result_.loss - 1e-6
    assert columns == 3 or larger
