"""Least absolute deviations with an L2 penalty: the objective is the documented one, and lowest."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

from likely import AsymmetricLaplace, Linear
from likely.fitting import ConvergenceWarning, Design, Response, Status, fit_linear
from likely.fitting.absolute import least_deviations
from likely.fitting.penalised_absolute import penalised_deviations

ALL, SHARED = Design(), Design(())


@pytest.fixture
def rng():
    return np.random.default_rng(8)


@pytest.fixture(name="X")
def design(rng):
    return rng.normal(size=(400, 3)) * [1.0, 5.0, 0.2]


@pytest.fixture(name="y")
def response(X, rng):
    return 1.0 + X @ [0.5, 0.0, -2.0] + rng.standard_t(3, 400)


def objective(X, y, w, alphas, predicted):
    """The penalised negative log-likelihood, written plainly."""
    k = X.shape[1]

    def value(flat):
        loc, slopes = flat[0] + X @ flat[1 : k + 1], flat[1 : k + 1]
        scale, more = flat[k + 1], flat[k + 2 :]
        log_scale = scale + X @ more if predicted else scale
        nll = np.abs(y - loc) * np.exp(-log_scale) + np.log(2.0) + log_scale
        return w @ nll + 0.5 * (alphas[0] * slopes @ slopes + alphas[1] * more @ more)

    return value


@pytest.mark.parametrize(
    "alphas", [(3.0, 0.0), (300.0, 0.0), (0.0, 30.0), (30.0, 30.0), (1e9, 0.0)]
)
@pytest.mark.parametrize("predicted", [False, True])
def test_no_point_near_or_far_is_lower(losses, X, y, rng, alphas, predicted):
    w = rng.integers(0, 3, 400).astype(float)
    designs = [ALL, ALL if predicted else SHARED]
    found = fit_linear(
        losses.Laplace(), X, designs, Response(y, w), start=[0.0, 0.0], alpha=np.array(alphas)
    )
    assert found.status is Status.converged
    assert found.gradient_norm < 1e-8
    assert found.engine == ("quadratic programme" if alphas[0] else "linear programme")
    value = objective(X, y, w, alphas, predicted)
    best = value(found.parameters)
    assert found.objective == pytest.approx(best, rel=1e-13)
    for size in (1.0, 1e-2, 1e-4, 1e-6):
        for direction in size * rng.normal(size=(40, found.parameters.size)):
            assert value(found.parameters + direction) > best
    if not predicted:  # with a predicted scale there may be other local minima
        other = minimize(value, found.parameters + 0.01, method="Powell", options={"ftol": 1e-10})
        assert best <= other.fun


def test_alpha_goes_to_none_and_to_all(losses, X, y):
    arguments = (losses.Laplace(), X, [ALL, SHARED], Response(y))
    free = fit_linear(*arguments, start=[0.0, 0.0])
    weak = fit_linear(*arguments, start=[0.0, 0.0], alpha=[1e-9, 0.0])
    np.testing.assert_allclose(weak.parameters, free.parameters, rtol=1e-7)
    for kind in ("robust", "expected"):
        np.testing.assert_allclose(weak.covariances[kind], free.covariances[kind], atol=1e-8)
    strong = fit_linear(*arguments, start=[0.0, 0.0], alpha=[1e12, 0.0])
    assert np.abs(strong.slopes[0]).max() < 1e-6
    assert strong.intercepts[0] == pytest.approx(np.median(y), abs=1e-2)


def test_penalised_variances_are_smaller(losses, X, y):
    arguments = (losses.Laplace(), X, [ALL, SHARED], Response(y))
    free = fit_linear(*arguments, start=[0.0, 0.0])
    held = fit_linear(*arguments, start=[0.0, 0.0], alpha=[50.0, 0.0])
    assert held.std_errors[3] < 0.5 * free.std_errors[3]
    assert np.linalg.eigvalsh(held.covariance).min() > 0.0


def test_sparse_collinear_and_repeated_weights(losses, X, y):
    twice = np.c_[X, X[:, 0]]
    dense = fit_linear(
        losses.Laplace(), twice, [ALL, SHARED], Response(y), start=[0.0, 0.0], alpha=[5.0, 0.0]
    )
    assert dense.status is Status.converged
    assert dense.slopes[0][0] == pytest.approx(dense.slopes[0][3], rel=1e-6)
    matrix = sparse.csr_matrix(np.repeat(twice, 2, axis=0))
    other = fit_linear(
        losses.Laplace(),
        matrix,
        [ALL, SHARED],
        Response(np.repeat(y, 2), np.full(800, 0.5)),
        start=[0.0, 0.0],
        alpha=[5.0, 0.0],
    )
    np.testing.assert_allclose(other.parameters, dense.parameters, rtol=1e-6, atol=1e-9)
    assert other.loss == pytest.approx(dense.loss, rel=1e-10)


def test_more_columns_than_rows(losses, rng):
    X, y = rng.normal(size=(20, 30)), rng.normal(size=20)
    with pytest.warns(ConvergenceWarning, match="unbounded"):
        found = fit_linear(
            losses.Laplace(), X, [ALL, SHARED], Response(y), start=[0.0, 0.0], alpha=[1.0, 0.0]
        )
    assert np.isnan(found.covariance).all()


def test_the_certificate_sees_a_wrong_answer(rng):
    d, y, c = rng.normal(size=(60, 4)), rng.normal(size=60), rng.uniform(0.5, 2.0, 60)
    arguments = (y, c, lambda i: d[i])
    penalised = penalised_deviations(*arguments, lambda b: d @ b, 30.0 * np.eye(4))
    assert penalised.gap < 1e-12
    plain = least_deviations(*arguments, lambda b: y - d @ b, 4)
    value = c @ np.abs(y - d @ penalised.coefficients)
    assert plain.gap < 1e-12
    assert c @ np.abs(plain.residuals) < value
    # With the guess of another problem, the same optimum.
    again = penalised_deviations(*arguments, lambda b: d @ b, 30.0 * np.eye(4), plain)
    np.testing.assert_allclose(again.coefficients, penalised.coefficients, atol=1e-9)
    assert again.gap < 1e-12
    near = penalised_deviations(*arguments, lambda b: d @ b, 30.1 * np.eye(4), penalised)
    assert near.gap < 1e-12
    assert not np.array_equal(near.coefficients, penalised.coefficients)


@pytest.mark.parametrize("tilt", [-0.8, 0.3])
def test_penalised_quantiles(tilt, rng):
    d, y, c = rng.normal(size=(80, 3)), rng.normal(size=80), rng.uniform(0.5, 2.0, 80)
    penalty = np.diag([0.0, 5.0, 20.0])
    found = penalised_deviations(y, c, lambda i: d[i], lambda b: d @ b, penalty, tilt=tilt)
    assert found.gap < 1e-12

    def value(beta):
        r = y - d @ beta
        return c @ (np.abs(r) + tilt * r) + 0.5 * beta @ penalty @ beta

    best = value(found.coefficients)
    for size in (1.0, 1e-2, 1e-5):
        for direction in size * rng.normal(size=(100, 3)):
            assert value(found.coefficients + direction) > best
    unpenalised = least_deviations(y, c, lambda i: d[i], lambda b: y - d @ b, 3, tilt)
    free = penalised_deviations(y, c, lambda i: d[i], lambda b: d @ b, 1e-9 * np.eye(3), tilt=tilt)
    np.testing.assert_allclose(free.coefficients, unpenalised.coefficients, atol=1e-7)


def test_penalised_quantile_regression_through_the_library(rng, X, y):
    model = Linear(AsymmetricLaplace(), alpha=20.0).fit(X, y)
    assert model.result_.status is Status.converged
    assert model.result_.engine == "quadratic programme"
    loss, flat = AsymmetricLaplace().loss(), model.result_.parameters

    def value(flat):
        loc, scale = flat[0] + X @ flat[1:4], flat[4] + X @ flat[5:]
        nll = loss.evaluate(y, np.stack([loc, scale]), 0)[0].sum()
        return nll + 10.0 * (flat[1:4] @ flat[1:4] + flat[5:] @ flat[5:])

    assert model.result_.objective == pytest.approx(value(flat), rel=1e-12)
    for direction in 1e-4 * rng.normal(size=(100, 8)):
        assert value(flat + direction) > value(flat)
