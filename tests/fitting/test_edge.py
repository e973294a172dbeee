"""Maxima at the edge of a partial link: found, certified by their multipliers, and in few iterations."""

import numpy as np
import pytest
from scipy.optimize import minimize

from likely import NegativeBinomial, Poisson, predicted
from likely.fitting import ConvergenceWarning, Design, Response, Status, fit_linear

ALL, SHARED = Design(), Design(())


def problem(case):
    rng = np.random.default_rng(case)
    X = rng.uniform(size=(200, 1 + case % 3))
    X[0] = 0.0
    y = rng.poisson(3.0 * X[:, 0] ** 2 * X[:, -1])
    return (
        X,
        y.astype(float),
        (rng.integers(0, 3, 200) if case == 4 else np.ones(200)).astype(float),
    )


@pytest.mark.parametrize("case", range(6))
def test_the_best_point_of_the_domain(case, losses):
    X, y, w = problem(case)
    with pytest.warns(ConvergenceWarning, match=r"boundary: .* reach the edge of .*: .*row.* \d"):
        found = fit_linear(losses.IdentityPoisson(), X, [ALL], Response(y, w), start=[y.mean()])
    assert found.status is Status.boundary
    assert found.iterations < 40
    assert np.isnan(found.std_errors).all()
    design = np.c_[np.ones(200), X]
    mean = design @ found.parameters
    assert mean[w > 0].min() > 0.0
    # Karush, Kuhn, Tucker: the gradient is a sum of active rows with weights that are not negative.
    gradient = design.T @ (w * (1.0 - y / mean))
    active = (mean < 1e-6) & (w > 0)
    assert active.any()
    multipliers, *_ = np.linalg.lstsq(design[active].T, gradient)
    np.testing.assert_allclose(design[active].T @ multipliers, gradient, atol=1e-4)
    assert multipliers.min() > -1e-6

    def loss(beta):
        inside = np.maximum(design @ beta, 1e-300)
        return w @ (inside - y * np.log(inside))

    bounds = [{"type": "ineq", "fun": lambda b: (design @ b)[w > 0] - 1e-9}]
    other = minimize(loss, found.parameters + np.r_[0.1, np.zeros(X.shape[1])], constraints=bounds)
    assert loss(found.parameters) <= other.fun + 1e-6


def test_a_maximum_inside_is_not_mistaken():
    # The start is so far off that the first steps lead out of the domain.
    rng = np.random.default_rng(1)
    X = rng.uniform(size=(300, 2))
    y = rng.poisson(0.3 + 3.0 * X[:, 0]).astype(float)
    loss = Poisson(mean=predicted("identity")).loss()
    known = fit_linear(loss, X, [ALL], Response(y), start=[y.mean()])
    for start in (1e-3, 0.1, 30.0, 1000.0):
        found = fit_linear(loss, X, [ALL], Response(y), start=[start])
        assert found.status is Status.converged
        np.testing.assert_allclose(found.parameters, known.parameters, rtol=1e-6)


def test_two_parameters(losses):
    X, y, _ = problem(3)
    loss = NegativeBinomial(mean=predicted("identity")).loss()
    with pytest.warns(ConvergenceWarning, match="boundary"):
        found = fit_linear(loss, X, [ALL, SHARED], Response(y), start=[y.mean(), 0.0])
    assert found.iterations < 60
    limit = Poisson(mean=predicted("identity")).loss()
    with pytest.warns(ConvergenceWarning, match="boundary"):
        other = fit_linear(limit, X, [ALL], Response(y), start=[y.mean()])
    assert found.loss <= other.loss + 1e-6
