"""Few rows, and a location and a scale that are both predicted: the likelihood may have no bound on some of them."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from likely import (
    AsymmetricLaplace,
    Gumbel,
    Laplace,
    Linear,
    Logistic,
    LogNormal,
    Normal,
    StudentT,
    shared,
)
from likely.fitting import ConvergenceWarning, Status


def unbounded(X):
    """Whether a scale can go to 0 on rows that a location passes through, and by more than it grows on the others."""
    design = np.c_[np.ones(len(X)), X]
    rows, width = design.shape
    for through in combinations(range(rows), width):
        most = np.isin(np.arange(rows), through).astype(float)
        found = linprog(-design.sum(axis=0), A_ub=design, b_ub=most, bounds=(None, None))
        if -found.fun > 1e-6:
            return True
    return False


def fitted(family, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Linear(family).fit(X, y).result_


@pytest.mark.parametrize("family", [Normal(), Logistic(), Gumbel(), LogNormal()], ids=str)
def test_what_is_called_unbounded_has_no_bound(family):
    """A maximum inside may be found all the same; but no fit may end without saying what it is."""
    told = set()
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(8, 2))
        y = np.exp(0.6 * X[:, 0] + rng.normal(size=8))
        status = fitted(family, X, y).status
        assert status is Status.converged or unbounded(X)
        told.add(status)
    assert Status.unbounded in told


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_a_spike_that_newtons_method_creeps_towards(size):
    """Three rows of which the scale is to go to 0, and e⁵⁰ between their information and that of the others."""
    rng = np.random.default_rng([1, 8, 2, 3])
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    assert unbounded(X)
    result = fitted(Normal(), size * X, size * y)
    assert result.status in (Status.converged, Status.unbounded)


@pytest.mark.parametrize("family", [Laplace(), AsymmetricLaplace()], ids=str)
def test_a_row_far_out_in_x_has_a_scale_of_its_own(family):
    """Its residual is 0 to the last digit, so that nothing stops its scale until numbers overflow."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    y[0], X[-1, 0] = 1e6, 1e4
    result = fitted(family, X, y)
    assert result.status is Status.unbounded
    assert "row 49" in result.message


@pytest.mark.parametrize("seed", [2, 6])
def test_tails_so_heavy_that_rows_fitted_exactly_outweigh_the_others(seed):
    """Three of eight rows: with df < 3/5 the density of the others falls more slowly than theirs grows."""
    rng = np.random.default_rng([seed, 8, 1])
    X = rng.normal(size=(8, 2))
    y = 0.6 * X[:, 0] + rng.standard_t(2, size=8)
    assert fitted(StudentT(scale=shared), X, y).status is Status.unbounded
