"""AsymmetricLaplace: quantile regression by linear programme, its certificate and standard errors."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import linprog

from likely import AsymmetricLaplace, Constant, Linear, predicted, shared
from likely.fitting import ConvergenceWarning, Status
from likely.fitting.absolute import least_deviations

LEVELS = [0.1, 0.5, 0.9]


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 3))
    return X, X @ [1.0, -2.0, 0.5] + (1.0 + X[:, 0] ** 2) * rng.standard_t(3, 300)


def primal(X, y, level):
    """The coefficients, intercept first, of the primal programme: y = Dβ + u − v, u and v ≥ 0."""
    n, p = X.shape
    D = np.column_stack([np.ones(n), X])
    cost = np.r_[np.zeros(p + 1), np.full(n, level), np.full(n, 1.0 - level)]
    A = np.hstack([D, np.eye(n), -np.eye(n)])
    bounds = [(None, None)] * (p + 1) + [(0, None)] * (2 * n)
    return linprog(cost, A_eq=A, b_eq=y, bounds=bounds, method="highs").x[: p + 1]


@pytest.mark.parametrize("level", LEVELS)
def test_coefficients_are_those_of_the_primal_programme(data, level):
    X, y = data
    model = Linear(AsymmetricLaplace(scale=shared, level=level)).fit(X, y)
    assert model.result_.status.name == "converged"
    assert model.result_.gradient_norm < 1e-8
    expected = primal(X, y, level)
    found = np.r_[model.intercept_["loc"], np.ravel(model.coef_["loc"])]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)
    residuals = y - model.predict(X)
    # As many residuals are negative as the level says, up to the rows that are passed through.
    assert abs(np.sum(residuals < 0.0) - level * y.size) <= 4
    loss = np.where(residuals < 0.0, level - 1.0, level) * residuals
    assert model.predict_params(X)["scale"][0] == pytest.approx(loss.mean(), rel=1e-9)
    assert model.log_likelihood_ == pytest.approx(model.predict_dist(X).log_prob(y).sum())


@pytest.mark.parametrize("level", LEVELS)
def test_a_constant_is_the_weighted_quantile(data, level):
    _, y = data
    weight = np.random.default_rng(1).integers(0, 4, y.size)
    fitted = AsymmetricLaplace(level=level).fit(y, sample_weight=weight)
    expected = np.quantile(np.repeat(y, weight), level, method="averaged_inverted_cdf")
    assert fitted.parameters["loc"] == pytest.approx(expected, rel=1e-12)
    assert float(fitted.cdf(expected)) == pytest.approx(level)


@pytest.mark.parametrize("level", LEVELS)
def test_standard_errors_are_those_of_the_sample_quantile(level):
    y = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    model = Constant(AsymmetricLaplace(level=level)).fit(np.zeros((y.size, 1)), y)
    known = np.sqrt(level * (1.0 - level) / y.size) / stats.norm.pdf(stats.norm.ppf(level))
    robust = np.sqrt(model.result_.covariances["robust"][0, 0])
    assert robust == pytest.approx(known, rel=0.02)
    scale = float(model.predict_params(np.zeros((1, 1)))["scale"][0])
    own = scale / np.sqrt(level * (1.0 - level) * y.size)
    assert np.sqrt(model.result_.covariances["expected"][0, 0]) == pytest.approx(own, rel=1e-9)


def test_a_scale_that_is_predicted_weighs_the_rows(data):
    X, y = data
    one = Linear(AsymmetricLaplace(scale=shared, level=0.9)).fit(X, y)
    two = Linear(AsymmetricLaplace(scale=predicted, level=0.9)).fit(X, y)
    assert two.result_.status.name == "converged"
    assert two.log_likelihood_ > one.log_likelihood_


@pytest.mark.parametrize("role", [shared, predicted])
def test_a_level_that_is_not_fixed_is_refused(data, role):
    X, y = data
    with pytest.raises(ValueError, match="loc and a scale to fit, no more: fix level"):
        Linear(AsymmetricLaplace(level=role)).fit(X, y)


@pytest.mark.parametrize("family", [AsymmetricLaplace(level=0.3), AsymmetricLaplace()], ids=str)
@pytest.mark.parametrize("size", [1e6, 1e12])
def test_a_value_far_from_all_others_leaves_them_their_digits(family, size):
    """The programme is solved to a share of the largest y; the way on along edges has no tolerance."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = 1.0 + X[:, 0] + rng.normal(size=300)
    y[150] = size
    for model in (Linear(family), Constant(family)):
        assert model.fit(X, y).result_.status.name == "converged"


@pytest.mark.parametrize("tilt", [0.0, 0.8, -0.5])
def test_no_other_vertex_is_better(tilt):
    """With ties in X and in y, and one row a million times the others."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        D = np.column_stack([np.ones(16), np.round(rng.normal(size=16))])
        y, costs = np.round(rng.normal(size=16)), np.exp(rng.normal(size=16))
        y[3] = 1e9

        def total(beta, D=D, y=y, costs=costs):
            r = y - D @ beta
            return costs @ (np.abs(r) + tilt * r)

        found = least_deviations(
            y, costs, lambda i, D=D: D[i], lambda b, D=D, y=y: y - D @ b, 2, tilt
        )
        pairs = [list(p) for p in combinations(range(16), 2) if np.ptp(D[list(p), 1]) > 0.0]
        best = min(total(np.linalg.solve(D[p], y[p])) for p in pairs)
        assert total(found.coefficients) <= best * (1.0 + 1e-14)
        assert found.gap < 1e-12


@pytest.mark.parametrize("scale", [shared, predicted], ids=str)
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_rows_that_are_all_fitted_exactly(level, scale):
    """To rounding, in which every row differs: pivots among these would have no end."""
    X = np.random.default_rng(3).normal(size=(200, 2))
    with pytest.warns(UserWarning, match="unbounded.*intercept of scale"):
        model = Linear(AsymmetricLaplace(level=level, scale=scale)).fit(X, X @ [1.0, 2.0])
    np.testing.assert_allclose(model.coef_["loc"], [1.0, 2.0], rtol=1e-12)


@pytest.mark.parametrize("unit", [1e-9, 1e-10])
def test_small_residuals_beside_a_row_far_out_are_not_taken_for_rounding(unit):
    y = unit * np.random.default_rng(0).laplace(size=60)
    scale_of_the_others = np.abs(y[1:] - np.median(y[1:])).sum() / 60
    y[0] = 1e6
    model = Linear(AsymmetricLaplace(level=0.5, scale=shared))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = model.fit(np.eye(60, 1), y).result_
    assert result.status is not Status.unbounded
    assert model.intercept_["scale"] == pytest.approx(np.log(0.5 * scale_of_the_others), abs=0.05)


def test_many_equal_y_are_passed_through_as_all_lines_tell():
    """Moving slopes of the scale one by one leads to −2.6330; of the lines through two rows another one is likelier."""
    x = np.array([1.35, 0.193, 1.407, 0.162, -1.019, 0.86, -0.639])
    y = np.array([0.0, 0.5, 0.0, 0.0, 0.0, 0.3, 0.1])
    result = Linear(AsymmetricLaplace(scale=predicted)).fit(x[:, None], y).result_
    losses = []
    for i, j in combinations(range(y.size), 2):
        slope = (y[j] - y[i]) / (x[j] - x[i])
        away = y - y[i] - slope * (x - x[i])
        away[[i, j]] = 0.0
        model = Linear(AsymmetricLaplace(scale=predicted, loc=0.0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            line = model.fit(x[:, None], away).result_
        losses += [line.loss] if line.status is Status.converged else []
    assert result.loss == pytest.approx(min(losses), abs=1e-6)
