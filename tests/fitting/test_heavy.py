"""StudentT of few rows: several maxima inside, of which Linear and Constant come to the largest."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln

from likely import Constant, Linear, Normal, StudentT, shared
from likely.fitting import ConvergenceWarning, Status

#: Vapour pressure of mercury in mm at 0, 20, … 360 °C (Weast, Handbook of Chemistry and Physics; R's ``pressure``).
PRESSURE = np.array(
    [
        0.0002,
        0.0012,
        0.006,
        0.03,
        0.09,
        0.27,
        0.75,
        1.85,
        4.2,
        8.8,
        17.3,
        32.1,
        57.0,
        96.0,
        157.0,
        247.0,
        376.0,
        558.0,
        806.0,
    ]
)


def largest_inside(design, y):
    """The smallest −log-likelihood at a minimum with a curvature, from locations through rows."""
    columns = design.shape[1]

    def loss(theta):
        half, z = 0.5 * np.exp(theta[-1]), (y - design @ theta[:-2]) * np.exp(-theta[-2])
        constant = gammaln(half + 0.5) - gammaln(half) - 0.5 * np.log(2.0 * np.pi * half)
        tails = (half + 0.5) * np.log1p(z * z / (2.0 * half)).sum()
        return float(tails - y.size * (constant - theta[-2]))

    best = np.inf
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for some in list(combinations(range(y.size), columns))[:: 1 if columns == 1 else 9]:
            some = list(some)
            through = np.linalg.lstsq(design[some], y[some], rcond=None)[0]
            away = np.delete(np.abs(y - design @ through), some)
            start = np.r_[through, np.log(np.quantile(away, 0.4)), -1.0]
            found = minimize(loss, start, method="BFGS", options={"gtol": 1e-4, "maxiter": 100})
            if np.abs(found.jac).max() < 1e-3 and np.exp(found.x[-1]) > 0.125:
                best = min(best, found.fun)
    return best


@pytest.mark.parametrize(
    "family", [StudentT(df=shared, scale=shared), StudentT(scale=shared)], ids=str
)
def test_beside_a_spike_the_maximum_inside(family):
    """Through two of 19 rows the likelihood has no bound with df < 2/17; with more it has a maximum."""
    x = np.arange(0.0, 361.0, 20.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model = Linear(family).fit(x[:, None], PRESSURE)
    assert model.result_.status is Status.converged
    assert np.exp(model.intercept_["df"]) > 2.0 / 17.0
    others = largest_inside(np.c_[np.ones(x.size), x], PRESSURE)
    assert model.result_.loss <= others + 1e-6


@pytest.mark.parametrize(
    "y", [[-0.01, 0.0, 0.03, 2.32, -2.28, 0.99], [0.0, -0.02, 0.02, -0.86, -1.27, 2.03]]
)
def test_constants_of_few_rows(y):
    """Next to a Normal is one maximum, about rows that are close to each other another."""
    y = np.array(y)
    model = Constant(StudentT()).fit(np.zeros((y.size, 1)), y)
    assert model.result_.status is Status.converged
    assert model.result_.loss <= largest_inside(np.ones((y.size, 1)), y) + 1e-6
    assert model.result_.loss < 0.5 * y.size * np.log(2.0 * np.pi * np.e * y.var())


def test_a_maximum_inside_beside_rows_fitted_exactly():
    """Through three of eight rows the likelihood has no bound with df < 3/5, but inside it has a maximum."""
    rng = np.random.default_rng([6, 8, 1])
    X = rng.normal(size=(8, 2))
    y = 0.6 * X[:, 0] + rng.standard_t(2, size=8)
    model = Linear(StudentT(scale=shared)).fit(X, y)
    assert model.result_.status is Status.converged
    assert model.result_.loss <= largest_inside(np.c_[np.ones(8), X], y) + 1e-6


@pytest.mark.parametrize("rows", [1, 2])
def test_a_location_through_all_rows_has_no_maximum(rows):
    """Nor is there one to be tried, whether the others are not there or have weight 0."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 2)), rng.normal(size=6)
    for n, weight in ((rows, None), (6, np.r_[np.ones(rows), np.zeros(6 - rows)])):
        with pytest.warns(ConvergenceWarning):
            model = Linear(StudentT(scale=shared)).fit(X[:n], y[:n], sample_weight=weight)
        assert model.result_.status is not Status.converged
    with pytest.warns(ConvergenceWarning):
        assert Constant(StudentT()).fit(X[:1], y[:1]).result_.status is not Status.converged


def test_rows_of_weight_0_are_not_there():
    y = np.array([-0.01, 0.0, 0.03, 2.32, -2.28, 0.99])
    alone = Constant(StudentT()).fit(np.zeros((6, 1)), y)
    rows, weight = np.r_[y, np.full(50, 7.0)], np.r_[np.ones(6), np.zeros(50)]
    among = Constant(StudentT()).fit(np.zeros((56, 1)), rows, sample_weight=weight)
    assert among.result_.loss == pytest.approx(alone.result_.loss, rel=1e-9)


def test_a_location_through_rows_far_out_leads_to_no_bound():
    """Over x of five powers of ten the fit from constants ends where two rows are fitted exactly."""
    rng = np.random.default_rng(3)
    x = np.exp(2.5 * rng.normal(size=62))
    y = np.exp(0.8 * np.log(x) + 0.7 * rng.normal(size=62) + 1.0)
    model = Linear(StudentT(scale=shared)).fit(x[:, None], y)
    assert model.result_.status is Status.converged
    assert model.log_likelihood_ > -195.26


def test_an_edge_is_not_left_for_rows_that_are_fitted_exactly():
    """Grades from 1 to 4: a location through many of one grade has no bound, and is no maximum."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(100, 2)), rng.integers(1, 5, 100).astype(float)
    with pytest.warns(ConvergenceWarning, match="df goes to ∞"):
        model = Linear(StudentT()).fit(X, y)
    known = Linear(Normal()).fit(X, y).log_likelihood_
    assert model.log_likelihood_ == pytest.approx(known, abs=1e-8)
