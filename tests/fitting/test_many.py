"""Fits by L-BFGS say as much as those by Newton's method: made to take small problems here."""

import numpy as np
import pytest
from scipy import sparse

from likely import Normal
from likely.fitting import (
    ConvergenceWarning,
    Design,
    Response,
    Status,
    fit_linear,
    many,
    smooth,
)

ALL, SHARED = Design(), Design(())


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture(name="X")
def design(rng):
    return rng.normal(size=(900, 4)) * [1.0, 3.0, 0.1, 1.0] + [0.0, 5.0, 0.0, 0.0]


@pytest.fixture
def both(monkeypatch):
    """The fit by Newton's method, and by L-BFGS."""

    def fit(*args, **options):
        newton = fit_linear(*args, **options)
        monkeypatch.setattr(smooth, "MANY_COEFFICIENTS", 1)
        found = fit_linear(*args, **options)
        assert (newton.engine, found.engine) == ("newton", "lbfgs")
        return newton, found

    return fit


@pytest.mark.parametrize("kind", ["dense", "weighted", "sparse", "penalised", "classes"])
def test_the_same_standard_errors(kind, both, losses, X, rng):
    y, loss, designs, options = rng.poisson(2.0, 900).astype(float), losses.Poisson(), [ALL], {}
    start, weight = [0.5], None
    if kind == "weighted":
        weight = rng.integers(0, 3, 900).astype(float)
    if kind == "sparse":
        X = sparse.random(900, 40, 0.05, random_state=2, format="csr")
    if kind == "penalised":
        loss, designs, start = losses.Normal(), [ALL, Design((1, 2))], [2.0, 0.0]
        options["alpha"] = [5.0, 50.0]
    if kind == "classes":
        y, loss, designs, start = (
            rng.integers(0, 3, 900),
            losses.Categorical(3),
            [ALL] * 3,
            [0.0] * 3,
        )
    newton, found = both(loss, X, designs, Response(y, weight), start=start, **options)
    assert found.status is Status.converged
    assert found.gradient_norm < 1e-8
    np.testing.assert_allclose(
        (found.parameters - newton.parameters) / newton.std_errors, 0.0, atol=1e-7
    )
    for name in ("observed", "robust"):
        expected = newton.covariances[name]
        size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        np.testing.assert_allclose((found.covariances[name] - expected) / size, 0.0, atol=1e-6)


def test_separation_is_recognised(both, losses, X):
    y = (X[:, 0] > 0.1).astype(float)
    with pytest.warns(ConvergenceWarning, match="separated"):
        _, found = both(losses.Bernoulli(), X, [ALL], Response(y), start=[0.0])
    assert found.status is Status.separated
    assert np.isnan(found.std_errors).all()
    assert "No standard errors" in found.message


def test_one_separating_column_is_named(both, losses, X, rng):
    y = (rng.random(900) < 0.5).astype(float)
    dummy = (np.arange(900) % 40 == 7).astype(float)
    y[dummy == 1] = 1.0
    with pytest.warns(ConvergenceWarning, match=r"x4 of probs; it concerns 23 rows, the first 7, "):
        _, found = both(losses.Bernoulli(), np.c_[X, dummy], [ALL], Response(y), start=[0.0])
    assert found.status is Status.separated


def test_an_unbounded_likelihood(both, X):
    y = np.zeros(900)
    with pytest.warns(ConvergenceWarning, match="unbounded"):
        _, found = both(Normal().loss(), X, [ALL, SHARED], Response(y), start=[0.0, 0.0])
    assert found.status is Status.unbounded


def test_more_coefficients_than_rows_are_named(monkeypatch, rng):
    monkeypatch.setattr(smooth, "MANY_COEFFICIENTS", 1)
    X, y = rng.normal(size=(60, 120)), Response(rng.normal(size=60))
    with pytest.warns(ConvergenceWarning, match="There are 121 coefficients of loc for 60 rows"):
        found = fit_linear(Normal().loss(), X, [ALL, ALL], y, start=[0.0, 0.0], max_iter=3)
    assert found.status is Status.max_iter


def test_redundant_columns(both, losses, X, rng):
    y = rng.poisson(2.0, 900).astype(float)
    wide = np.c_[X, X[:, 0] - X[:, 2], np.full(900, 3.0)]
    with pytest.warns(ConvergenceWarning, match="rank_deficient"):
        newton, found = both(losses.Poisson(), wide, [ALL], Response(y), start=[0.5])
    assert found.status is Status.rank_deficient
    assert "one is reported" in found.message
    assert found.loss == pytest.approx(newton.loss, rel=1e-13)
    lost = [t for t, e in zip(found.terms, found.std_errors, strict=True) if np.isnan(e)]
    assert {("mean", f"x{i}") for i in (0, 2, 4, 5)} <= set(lost)
    for i in (2, 4):  # x1 and x3 are nobody's combination
        assert found.std_errors[i] == pytest.approx(newton.std_errors[i], rel=1e-6)
        assert found.parameters[i] == pytest.approx(newton.parameters[i], rel=1e-6)


def test_a_constant_column_alone_leaves_the_others_their_errors(both, losses, X, rng):
    y = rng.poisson(2.0, 900).astype(float)
    with pytest.warns(ConvergenceWarning, match="Redundant: x4 of mean"):
        newton, found = both(
            losses.Poisson(), np.c_[X, np.full(900, 3.0)], [ALL], Response(y), start=[0.5]
        )
    np.testing.assert_allclose(found.std_errors[:5], newton.std_errors[:5], rtol=1e-6)
    np.testing.assert_allclose(found.parameters, newton.parameters, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("limit", ["DENSE", "DENSE_COLUMNS", "WORK"])
def test_without_standard_errors_the_result_says_why(limit, both, losses, X, rng, monkeypatch):
    monkeypatch.setattr(many, limit, 0)
    y = rng.poisson(2.0, 900).astype(float)
    _, found = both(losses.Poisson(), X, [ALL], Response(y), start=[0.5])
    assert found.status is Status.converged
    assert np.isnan(found.std_errors).all()
    assert "No standard errors: " in found.message
