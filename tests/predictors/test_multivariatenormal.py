"""MultivariateNormal in the learners: several targets travel together, with their covariance."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import is_regressor
from sklearn.model_selection import cross_val_score

from likely import (
    Constant,
    Linear,
    MultivariateNormal,
    Network,
    Normal,
    Trees,
    load,
    predicted,
    shared,
)
from likely.inference.vectormixture import VectorMixture

N = 300
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, 2))
NOISE = RNG.normal(size=(N, 3)) @ np.array([[1.0, 0.0, 0.0], [0.6, 0.5, 0.0], [-0.3, 0.2, 2.0]]).T
Y = X @ np.array([[1.0, 0.0, 2.0], [0.5, -1.0, 0.0]]) + [10.0, 0.0, -3.0] + NOISE


def least_squares():
    design = np.column_stack([np.ones(N), X])
    beta = np.linalg.lstsq(design, Y, rcond=None)[0]
    residuals = Y - design @ beta
    return beta, residuals.T @ residuals / N


def test_a_shared_covariance_is_least_squares():
    model = Linear(MultivariateNormal(covariance=shared)).fit(X, Y)
    beta, covariance = least_squares()
    assert model.result_.status.name == "converged"
    np.testing.assert_allclose(model.coef_["loc"], beta[1:].T, atol=1e-8)
    np.testing.assert_allclose(model.intercept_["loc"], beta[0], rtol=1e-8)
    np.testing.assert_allclose(model.predict_params(X[:1])["covariance"][0], covariance, rtol=1e-7)
    exact = stats.multivariate_normal(np.zeros(3), covariance)
    residuals = Y - np.column_stack([np.ones(N), X]) @ beta
    assert model.log_likelihood_ == pytest.approx(exact.logpdf(residuals).sum(), rel=1e-12)
    # The standard errors of one column on its own.
    single = Linear(Normal(scale=shared)).fit(X, Y[:, 1])
    mine = [r.std_error for r in model.summary().rows if r.parameter == "loc[1]"]
    theirs = [r.std_error for r in single.summary().rows if r.parameter == "loc"]
    np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_predicts_everything():
    model = Linear(MultivariateNormal()).fit(X, Y)
    assert model.result_.status.name == "converged"
    assert is_regressor(model)
    plain = Linear(MultivariateNormal(covariance=shared)).fit(X, Y)
    assert model.log_likelihood_ > plain.log_likelihood_
    d = model.predict_dist(X)
    assert d.mean().shape == d.std().shape == model.predict(X).shape == (N, 3)
    assert d.sample(4, 0).shape == (N, 4, 3)
    assert d.cov().shape == (N, 3, 3)
    np.testing.assert_allclose(d.cov(), model.predict_params(X)["covariance"])
    assert model.score(X, Y) == pytest.approx(model.log_likelihood_ / N)
    np.testing.assert_array_equal(d.log_prob(np.stack([Y, Y], axis=1))[:, 1], d.log_prob(Y))
    assert d[3].log_prob(Y[3]) == d.log_prob(Y)[3]
    low, high = d.marginal(2).interval(0.9)
    assert 0.85 < ((low <= Y[:, 2]) & (Y[:, 2] <= high)).mean() < 0.95
    np.testing.assert_allclose(d.marginal(-1).mean(), d.mean()[:, 2])
    for none in (3, "y3", 0.0):
        with pytest.raises(ValueError, match=f"no column {none!r} of y; there are 0 to 2"):
            d.marginal(none)
    with pytest.raises(AttributeError, match=r"quantile is not defined .* Use marginal\(i\)"):
        d.quantile(0.5)


def test_draws_have_the_moments():
    d = MultivariateNormal().at(loc=[1.0, -2.0], covariance=[[2.0, -0.9], [-0.9, 0.5]])
    draws = d.sample(200_000, 1)
    np.testing.assert_allclose(draws.mean(axis=0), d.mean(), atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T), d.cov(), atol=0.02)
    assert d.prob(draws[:5]).shape == (5,)
    assert -d.log_prob(draws).mean() == pytest.approx(d.entropy(), abs=0.01)


def test_fit_and_constant_are_the_moments():
    weight = RNG.integers(0, 3, N).astype(float)
    covariance = np.cov(Y.T, fweights=weight.astype(int), bias=True)
    for d in (
        MultivariateNormal().fit(Y, sample_weight=weight),
        Constant(MultivariateNormal()).fit(X, Y, weight).predict_dist(X)[0],
    ):
        np.testing.assert_allclose(d.mean(), np.average(Y, axis=0, weights=weight), rtol=1e-9)
        np.testing.assert_allclose(d.cov(), covariance, rtol=1e-9, atol=1e-12)


def test_many_dimensions_fit_without_the_hessian():
    y = RNG.normal(size=(N, 8)) @ RNG.normal(size=(8, 8)) + X[:, :1]
    model = Linear(MultivariateNormal(covariance=shared)).fit(X, y)
    assert model.result_.status.name == "converged"
    beta = np.linalg.lstsq(np.column_stack([np.ones(N), X]), y, rcond=None)[0]
    np.testing.assert_allclose(model.coef_["loc"], beta[1:].T, atol=1e-6)


def test_saved_and_loaded(tmp_path):
    model = Linear(MultivariateNormal(3)).fit(pd.DataFrame(X, columns=["a", "b"]), pd.DataFrame(Y))
    model.save(tmp_path / "m")
    twin = load(tmp_path / "m")
    frame = pd.DataFrame(X, columns=["a", "b"])
    np.testing.assert_array_equal(twin.predict(frame), model.predict(frame))
    assert twin.family_ == MultivariateNormal(3)
    assert str(twin.summary()) == str(model.summary())


def test_cross_validation():
    assert np.isfinite(cross_val_score(Linear(MultivariateNormal()), X, Y, cv=3)).all()


def test_trees_and_networks():
    trees = Trees(MultivariateNormal(), max_iter=30, random_state=0).fit(X, Y)
    assert trees.predict(X).shape == (N, 3)
    network = Network(MultivariateNormal(), members=2, max_epochs=5, random_state=0).fit(X, Y)
    mixture = network.predict_dist(X)
    assert isinstance(mixture, VectorMixture)
    assert network.predict(X).shape == (N, 3)
    assert network.score(X, Y) == pytest.approx(mixture.log_prob(Y).mean())


def test_the_mixture_of_ensembles():
    one = MultivariateNormal().at(loc=[[0.0, 0.0]] * 2, covariance=np.eye(2))
    other = MultivariateNormal().at(loc=[[1.0, 0.0], [9.0, 0.0]], covariance=0.5 * np.eye(2))
    mixed = VectorMixture([one, other])
    y = np.array([[0.4, 0.2], [8.0, 1.0]])
    np.testing.assert_allclose(mixed.prob(y), 0.5 * (one.prob(y) + other.prob(y)))
    draws = mixed.sample(100_000, 0)
    np.testing.assert_allclose(draws.mean(axis=1), mixed.mean(), atol=0.05)
    np.testing.assert_allclose(np.cov(draws[1].T, bias=True), mixed.cov()[1], atol=0.3)
    mode = mixed.mode()
    for step in 1e-4 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]):
        assert (mixed.log_prob(mode + step) < mixed.log_prob(mode)).all()
    np.testing.assert_allclose(mode[1], [9.0, 0.0], atol=1e-6)  # the narrower of two apart
    assert mixed.marginal(0).cdf(0.5).shape == (2,)
    assert mixed[1].mean().shape == (2,)


def outside():
    missing = Y.copy()
    missing[7, 1] = np.nan
    dependent = np.column_stack([Y[:, 0], 2.0 * Y[:, 0]])
    return {
        "one column": (Y[:, 0], r"y must have shape \(n, dimensions\).*at least 2 columns"),
        "NaN": (missing, r"y is not finite in row 7 .*contains NaN"),
        "too few rows": (Y[:10], r"X has 300 rows and y has 10"),
        "dependent": (dependent, None),
    }


@pytest.mark.parametrize("kind", outside())
def test_bad_y(kind):
    y, message = outside()[kind]
    if message is not None:
        with pytest.raises(ValueError, match=message):
            Linear(MultivariateNormal()).fit(X, y)
    else:
        with pytest.raises(ValueError, match=r"no maximum-likelihood fit .*linearly dependent"):
            MultivariateNormal().fit(y)


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"y must have shape \(n, 2\) for MultivariateNormal"):
        Linear(MultivariateNormal(2)).fit(X, Y)
    with pytest.raises(TypeError, match=r"loc must be predicted or shared, got 0.0"):
        MultivariateNormal(loc=0.0)
    with pytest.raises(ValueError, match=r"loc has the identity link and no other"):
        MultivariateNormal(loc=predicted("log"))
    with pytest.raises(ValueError, match=r"covariance must be positive definite"):
        MultivariateNormal().at(loc=[0.0, 0.0], covariance=[[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(ValueError, match=r"covariance must be finite and symmetric"):
        MultivariateNormal().at(loc=[0.0, 0.0], covariance=[[1.0, 0.2], [0.1, 1.0]])
    with pytest.raises(ValueError, match=r"loc must have shape \(2,\)"):
        MultivariateNormal(2).at(loc=[0.0], covariance=[[1.0]])
    d = MultivariateNormal().at(loc=[0.0, 0.0], covariance=np.eye(2))
    with pytest.raises(ValueError, match=r"y must have 2 columns"):
        d.log_prob([1.0, 2.0, 3.0])
    assert d.log_prob([np.inf, 0.0]) == -np.inf


def test_columns_of_y_in_another_order_than_the_fits(tmp_path):
    """Numbers go by place: a table with the same names at other places is refused, after saving too."""
    table = pd.DataFrame(Y, columns=["a", "b", "c"])
    model = Linear(MultivariateNormal(covariance=shared)).fit(X, table)
    model.save(tmp_path / "model")
    for fitted in (model, load(tmp_path / "model")):
        assert fitted.score(X, table) == fitted.score(X, Y)
        with pytest.raises(
            ValueError, match=r"'b', 'a', 'c', but the model was fitted to 'a', 'b', 'c'.* give y\["
        ):
            fitted.score(X, table[["b", "a", "c"]])


@pytest.mark.parametrize("covariance", [shared, predicted], ids=str)
@pytest.mark.parametrize("way", ["others", "others and X", "constant", "few rows"])
def test_dependent_columns_have_no_maximum(covariance, way):
    rng = np.random.default_rng(1)
    rows = 4 if way == "few rows" else 30
    x, y = rng.normal(size=(rows, 2)), rng.normal(size=(rows, 3))
    if way != "few rows":
        y[:, 2] = 7.0 if way == "constant" else y[:, 0] - 2.0 * y[:, 1] + 3.0
    if way == "others and X":
        y[:, 2] += x @ [0.3, -50.0]
    with pytest.warns(UserWarning, match=r"unbounded.*of y \(counting from 0\).*singular"):
        result = Linear(MultivariateNormal(covariance=covariance), max_iter=20).fit(x, y).result_
    assert result.status.name == "unbounded"
    said = "Columns 1, 2 of y (counting from 0) are" if way == "few rows" else "Column 2 of y"
    assert said in result.message


@pytest.mark.parametrize("covariance", [shared, predicted], ids=str)
def test_dependent_columns_are_found_at_once(covariance):
    """Their covariance is singular by rounding alone: no eigenvalue of it is below 0, and yet it has no factor."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
    y[:, 2] = y[:, 0] + y[:, 1] + 3.0
    with pytest.warns(UserWarning, match="unbounded.*Column 2 of y .* is .* singular"):
        result = Linear(MultivariateNormal(covariance=covariance)).fit(x, y).result_
    assert result.status.name == "unbounded"
    assert result.iterations < 20
    assert np.isfinite(result.parameters).all()
    assert np.isnan(result.std_errors).all()


def test_columns_that_nearly_depend_have_a_maximum():
    y = RNG.normal(size=(50, 2))
    y = np.c_[y, y.sum(axis=1) + 1e-4 * RNG.normal(size=50)]
    result = Constant(MultivariateNormal()).fit(np.zeros((50, 1)), y).result_
    assert result.status.name == "converged"
    exact = stats.multivariate_normal(y.mean(axis=0), np.cov(y.T, bias=True))
    assert -result.loss == pytest.approx(exact.logpdf(y).sum(), rel=1e-8)


@pytest.mark.parametrize("seed", range(20))
def test_dependent_columns_are_refused_however_they_round(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(30, 4))
    y[:, 3] = y[:, :3] @ rng.normal(size=3)
    with pytest.raises(ValueError, match="linearly dependent"):
        MultivariateNormal().fit(y)
