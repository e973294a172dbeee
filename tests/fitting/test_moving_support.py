"""Families whose support depends on the parameters: maxima inside, and likelihoods without a bound."""

import numpy as np
import pytest
from scipy import optimize, stats

from likely import Constant, GeneralisedExtremeValue, GeneralisedPareto, Linear, predicted
from likely.fitting import ConvergenceWarning


def quantiles(shape, n=400):
    """A sample as even as the distribution is, in an order of no meaning."""
    y = stats.genpareto.ppf((np.arange(n) + 0.5) / n, shape, scale=3.0)
    return np.random.default_rng(0).permutation(y)


@pytest.mark.parametrize("shape", [-0.8, -0.45, -0.2, 0.0, 0.2, 0.8, 2.0])
def test_the_maximum_is_inside_the_support(shape):
    y = quantiles(shape)
    fitted = GeneralisedPareto().fit(y)
    found = np.array([fitted.parameters["scale"], fitted.parameters["shape"]])

    def loss(theta):
        return stats.genpareto.nnlf((theta[1], 0.0, theta[0]), y)

    best = optimize.minimize(loss, found * [1.001, 1.0], method="Nelder-Mead", tol=1e-10)
    assert loss(found) <= best.fun + 1e-9
    np.testing.assert_allclose(found, best.x, atol=1e-3)
    assert np.isfinite(fitted.log_prob(y)).all()


def maxima(shape, n=400):
    """The same of the largest of many draws."""
    y = stats.genextreme.ppf((np.arange(n) + 0.5) / n, -shape, loc=10.0, scale=3.0)
    return np.random.default_rng(0).permutation(y)


@pytest.mark.parametrize("shape", [-0.95, -0.8, -0.45, -0.2, 0.0, 0.2, 0.8, 2.0])
def test_the_maximum_with_an_end_on_either_side(shape):
    y = maxima(shape)
    fitted = GeneralisedExtremeValue().fit(y)
    found = np.array([fitted.parameters[p] for p in ("loc", "scale", "shape")])

    def loss(theta):
        return stats.genextreme.nnlf((-theta[2], theta[0], theta[1]), y)

    best = optimize.minimize(loss, found * 1.0001, method="Nelder-Mead", tol=1e-10)
    assert loss(found) <= best.fun + 1e-9
    np.testing.assert_allclose(found, best.x, atol=1e-3)


@pytest.mark.parametrize("shape", [-1.5, -1.2])
def test_a_pole_at_an_end_that_loc_moves_has_no_bound(shape):
    with pytest.warns(ConvergenceWarning, match="the support ends, and the density has a pole"):
        model = Constant(GeneralisedExtremeValue()).fit(np.zeros((400, 1)), maxima(shape))
    assert model.result_.status.name == "unbounded"


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3])
def test_a_trend_of_the_largest_draws(shape):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(3000, 1))
    noise = stats.genextreme.rvs(-shape, size=3000, random_state=rng)
    y = 10.0 + 2.0 * x[:, 0] + np.exp(0.5 + 0.3 * x[:, 0]) * noise
    model = Linear(GeneralisedExtremeValue()).fit(x, y)
    assert model.result_.status.name == "converged"
    for row, true in zip(model.summary().rows, (10.0, 2.0, 0.5, 0.3, shape), strict=True):
        assert abs(row.estimate - true) < 4.0 * row.std_error


@pytest.mark.parametrize("shape", [-1.5, -1.2])
def test_a_pole_at_the_largest_y_has_no_bound(shape):
    with pytest.warns(ConvergenceWarning, match="the support ends, and the density has a pole"):
        model = Constant(GeneralisedPareto()).fit(np.zeros((400, 1)), quantiles(shape))
    assert model.result_.status.name == "unbounded"
    assert np.isnan(model.result_.covariances["observed"]).all()


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3])
def test_a_scale_that_follows_x(shape):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3000, 1))
    y = stats.genpareto.rvs(shape, scale=np.exp(1.0 + 0.5 * x[:, 0]), random_state=rng)
    model = Linear(GeneralisedPareto()).fit(x, y)
    assert model.result_.status.name == "converged"
    rows = model.summary().rows
    for row, true in zip(rows, (1.0, 0.5, shape), strict=True):
        assert abs(row.estimate - true) < 4.0 * row.std_error


def test_outside_the_support_the_loss_is_infinite_and_flat():
    family = GeneralisedPareto()
    y, raw = np.array([1.0, 3.0]), np.tile([0.0, -0.5], (2, 1))
    nll, gradient = family.nll_and_gradient(y, raw)
    assert np.isfinite(nll[0])
    assert nll[1] == np.inf
    np.testing.assert_array_equal(gradient[1], 0.0)
    np.testing.assert_array_equal(family.curvature(y, raw, kind="observed")[1], 0.0)
    d = family.at(scale=1.0, shape=-0.5)
    assert (d.cdf(3.0), d.sf(3.0), d.prob(3.0)) == (1.0, 0.0, 0.0)
    assert d.quantile(1.0 - 1e-16) == pytest.approx(2.0)


def test_the_last_quantile_is_the_end_of_the_support():
    d = GeneralisedPareto().at(scale=2.0, shape=np.array([-0.5, -2.0, 0.0, 0.5]))
    np.testing.assert_allclose(d.quantile(1.0), [4.0, 1.0, np.inf, np.inf])
    np.testing.assert_allclose(d.isf(0.0), d.quantile(1.0))
    np.testing.assert_array_equal(d.quantile(0.0), 0.0)


def test_one_value_far_from_all_others():
    """The mean of y is far from them, and so is where the fit begins; its maximum is beside the others all the same."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=300)
    x = rng.normal(size=(300, 2))
    y = 1.0 + x[:, 0] + noise
    y[150] = 1e6
    alone, model = Constant(GeneralisedExtremeValue()), Linear(GeneralisedExtremeValue())
    for one in (alone, model):
        assert one.fit(x, y).result_.status.name == "converged"
        assert one.intercept_["loc"] == pytest.approx(0.2, abs=0.3)
    assert model.log_likelihood_ > alone.log_likelihood_


def test_a_maximum_close_to_the_pole_is_not_stepped_over():
    """From shape 0 Newton's first step leads to −0.93, behind the maximum at −0.82, and the next ones to the pole."""
    x = np.random.default_rng(30).normal(size=(30, 2))
    rng = np.random.default_rng(130)
    rng.uniform(size=30), rng.standard_cauchy(30)
    y = rng.normal(size=30) + x[:, 0]
    fitted = GeneralisedExtremeValue().fit(y)
    found = np.array([fitted.parameters[p] for p in ("loc", "scale", "shape")])
    assert -1.0 < found[2] < -0.5

    def loss(theta):
        return stats.genextreme.nnlf((-theta[2], theta[0], theta[1]), y)

    best = optimize.minimize(loss, found * 1.0001, method="Nelder-Mead", tol=1e-10)
    np.testing.assert_allclose(found, best.x, atol=1e-3)


@pytest.mark.parametrize("family", [GeneralisedPareto(), GeneralisedExtremeValue()], ids=str)
def test_without_an_intercept_all_rows_are_inside_at_the_start(family):
    """Where raw predictions are all near 0, the shape that fits y as a whole has its end inside y."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(25, 2)), rng.uniform(0.5, 3.0, 25)
    model = Linear(family, fit_intercept=False).fit(X, y)
    raw = X @ model.coef_["scale"]
    assert model.result_.status.name == "converged"
    assert np.isfinite(model.score(X, y))
    assert np.abs(raw).max() < 10.0


def drawn(kind, rows, columns, seed):
    """X, and a y in [0, ∞)."""
    rng = np.random.default_rng([seed, rows, columns])
    X, y = rng.normal(size=(rows, max(columns, 1))), rng.uniform(size=rows)
    if kind == "exponential":
        y = rng.exponential(size=rows)
    if kind == "beta":
        y = rng.beta(1, 2, size=rows)
    return X, y


@pytest.mark.parametrize(
    ("model", "case"),
    [
        (Constant(GeneralisedPareto()), ("exponential", 8, 0, 3)),
        (Linear(GeneralisedPareto(shape=predicted)), ("beta", 15, 5, 0)),
        (Linear(GeneralisedPareto(shape=predicted)), ("uniform", 50, 1, 1)),
        (Linear(GeneralisedExtremeValue()), ("exponential", 8, 1, 0)),
        (Linear(GeneralisedExtremeValue()), ("beta", 20, 5, 3)),
        (Linear(GeneralisedExtremeValue(shape=predicted)), ("beta", 20, 3, 0)),
    ],
    ids=str,
)
def test_a_fit_that_creeps_is_told_that_there_is_a_pole(model, case):
    """Beside a barrier, or with a shape that grows for ever, Newton's method comes to no end."""
    X, y = drawn(*case)
    with pytest.warns(ConvergenceWarning, match="the support ends, and the density has a pole"):
        result = model.fit(X, y).result_
    assert result.status.name == "unbounded"
    assert result.iterations < 100
