"""Few rows: the likelihood may be larger at an edge than at the maximum inside, and the fit is at the edge."""

import warnings

import numpy as np
import pytest
from scipy.optimize import linprog

from likely import Constant, GeneralisedGamma, Linear
from likely.fitting import ConvergenceWarning, Status


def fitted(model, x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x[:, None], y).result_


def rows(count, seed):
    """A column and log-normal y."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=count), np.exp(0.5 * rng.normal(size=count))


def limit(x, y, side):
    """The loss of a power of y that ends at e^(a + b x), above all y or below them, and as near as can be."""
    log_y, design = side * np.log(y), np.c_[np.ones(x.size), x]
    ends = linprog(design.sum(axis=0), -design, -log_y, bounds=(None, None))
    return x.size * (1.0 + np.log((design @ ends.x - log_y).mean())) + np.log(y).sum()


@pytest.mark.parametrize(
    ("count", "seed", "side"), [(8, 0, 1.0), (8, 2, -1.0), (10, 8, -1.0), (20, 8, 1.0)]
)
def test_a_power_that_ends_at_an_extreme_y(count, seed, side):
    """The shape goes to ±∞; from a LogNormal on Newton's method comes to a maximum inside."""
    x, y = rows(count, seed)
    result = fitted(Constant(GeneralisedGamma()), x, y)
    assert result.status is Status.boundary
    assert f"shape goes to {'∞' if side > 0.0 else '−∞'}" in result.message
    assert result.loss == pytest.approx(limit(0.0 * x, y, side), abs=1e-6)


@pytest.mark.parametrize(
    ("count", "seed", "side"), [(9, 4, -1.0), (10, 6, 1.0), (12, 5, -1.0), (14, 11, 1.0)]
)
def test_a_power_that_ends_at_a_line(count, seed, side):
    """The ends lie on a line of x, above or below all rows."""
    x, y = rows(count, seed)
    result = fitted(Linear(GeneralisedGamma(), columns={"scale": []}), x, y)
    assert result.status is Status.boundary
    assert result.loss == pytest.approx(limit(x, y, side), abs=1e-6)


def test_a_power_that_depends_on_x_too():
    """No location that is level, or has the slope of the maximum inside, leads to the largest."""
    rng = np.random.default_rng(8007)
    x = rng.normal(size=8)
    y = rng.gamma(2.0, 0.5 * np.exp(0.5 + 0.4 * x))
    result = fitted(Linear(GeneralisedGamma()), x, y)
    near = fitted(Linear(GeneralisedGamma(shape=10.0)), x, y)
    assert result.status is Status.boundary
    assert result.loss < near.loss < 12.0
