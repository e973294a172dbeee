"""y of any unit and origin gives the same fit, or an error that says what to do."""

import warnings

import numpy as np
import pytest

from likely import (
    Constant,
    Exponential,
    Gamma,
    Laplace,
    Linear,
    LogNormal,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    predicted,
    shared,
)
from likely.fitting import ConvergenceWarning, Status
from likely.predictors.standard import mean_and_std

REAL = [Normal(), Normal(scale=shared), Laplace(), StudentT(df=4.0), Normal(variance=predicted)]
POSITIVE = [Gamma(), LogNormal(), Exponential(), Gamma(mean=predicted("identity"))]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture(name="X")
def design(rng):
    return rng.normal(size=(500, 2))


@pytest.fixture(name="z")
def noise(rng):
    return rng.standard_t(4, 500) + 0.5


def response(family, z):
    return z if family in REAL else np.exp(0.3 * z)


@pytest.mark.parametrize("size", [1e200, 1e-200, 1e300, 1e-300, 1e100])
@pytest.mark.parametrize("family", REAL + POSITIVE, ids=str)
def test_the_unit_of_y_does_not_matter(family, size, X, z):
    if family == Normal(variance=predicted) and not 1e-120 < size < 1e120:
        pytest.skip("float64 cannot hold this variance")
    y = response(family, z)
    offset = 0.1 * X[:, 0] if family == Gamma() else None
    one = Linear(family).fit(X, y, offset=offset)
    other = Linear(family).fit(X, y * size, offset=offset)
    assert other.result_.status is Status.converged
    jacobian = 500 * np.log(size)
    assert -other.log_likelihood_ == pytest.approx(-one.log_likelihood_ + jacobian, rel=1e-12)
    offset = None if offset is None else offset[:5]
    np.testing.assert_allclose(
        other.predict_dist(X[:5], offset=offset).quantile(0.3) / size,
        one.predict_dist(X[:5], offset=offset).quantile(0.3),
        rtol=1e-9,
    )
    alone, constant = family.fit(y * size), Constant(family).fit(X, y * size)
    np.testing.assert_allclose(alone.quantile(0.3), size * family.fit(y).quantile(0.3), rtol=1e-9)
    np.testing.assert_allclose(
        constant.predict_dist(X[:1]).quantile(0.3), alone.quantile(0.3), rtol=1e-8
    )


@pytest.mark.parametrize("family", REAL, ids=str)
def test_the_origin_of_y_does_not_matter(family, X, z):
    y = np.round(z * 1024.0) / 1024.0  # so that 2³⁰ + y is exact
    one, other = Linear(family).fit(X, y), Linear(family).fit(X, 2.0**30 + y)
    assert other.result_.status is Status.converged
    np.testing.assert_allclose(other.coef_["loc"], one.coef_["loc"], rtol=1e-7)
    np.testing.assert_allclose(other.result_.std_errors, one.result_.std_errors, rtol=1e-7)
    assert other.log_likelihood_ == pytest.approx(one.log_likelihood_, rel=1e-12)
    assert family.fit(2.0**30 + y).mean() - 2.0**30 == pytest.approx(family.fit(y).mean(), abs=1e-6)


@pytest.mark.parametrize("family", [*REAL, *POSITIVE, Normal(scale=predicted("softplus"))], ids=str)
def test_seconds_since_1970(family, X, rng):
    y = 1.7e9 + 10.0 * rng.standard_t(4, 500)
    if family == Exponential():
        pytest.skip("an exponential has no spread of its own")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for model in (Linear(family).fit(X, y), Constant(family).fit(X, y)):
            assert model.result_.status is Status.converged
            assert model.result_.gradient_norm < 1e-6
        assert family.fit(y).mean() == pytest.approx(y.mean(), abs=2.0)


def test_the_same_answer_as_least_squares_where_digits_are_few(X, rng):
    # The prediction is a billion times the residuals: its last digit is seen in the gradient.
    y = 1e9 * X[:, 0] + rng.normal(size=500)
    model = Linear(Normal(scale=shared)).fit(X, y)
    assert model.result_.status is Status.converged
    assert model.result_.gradient_norm < 1e-5
    design = np.c_[np.ones(500), X]
    known = np.linalg.lstsq(design, y - 1e9 * X[:, 0])[0]
    np.testing.assert_allclose(model.intercept_["loc"], known[0], atol=1e-5)
    np.testing.assert_allclose(model.coef_["loc"][1], known[2], atol=1e-5)


def test_what_fits_to_the_last_digit_is_unbounded(X):
    with pytest.warns(ConvergenceWarning, match="unbounded: .* fitted to their last digits"):
        model = Linear(Normal(scale=shared)).fit(X, 1.0 + 2.0 * X[:, 0])
    assert model.result_.status is Status.unbounded
    np.testing.assert_allclose(model.coef_["loc"], [2.0, 0.0], atol=1e-12)


def test_one_value_far_from_all_others(X, z):
    z[7] = 1e200
    found = Normal().fit(z)
    assert found.parameters["loc"] == pytest.approx(2e197)
    assert found.parameters["scale"] == pytest.approx(1e200 / np.sqrt(500), rel=2e-3)


def test_moments_of_any_size(rng):
    y, w = rng.normal(size=50), rng.integers(0, 3, 50).astype(float)
    mean = np.average(y, weights=w)
    std = np.sqrt(np.average((y - mean) ** 2, weights=w))
    for size in (1.0, 1e-300, 1e300):
        np.testing.assert_allclose(mean_and_std(size * y, w), (size * mean, size * std), rtol=1e-13)
    assert mean_and_std(np.zeros(3), None) == (0.0, 0.0)


def test_variances_that_float64_cannot_hold_are_named(X, z):
    model = Linear(Normal()).fit(X, z * 1e200)
    assert np.isnan(model.result_.std_errors[:3]).all()
    assert np.isfinite(model.result_.std_errors[3:]).all()
    assert "Variances that float64 cannot hold" in model.result_.message


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        (Normal(scale=predicted("softplus")), 1e200, "too large for float64, and with these links"),
        (Normal(scale=predicted("softplus")), 1e-200, "too small for float64"),
        (Poisson(), 1e200, "counts up to .*, beyond 2⁵³"),
        (NegativeBinomial(), 1e200, "counts up to .*, beyond 2⁵³"),
    ],
    ids=str,
)
def test_what_cannot_be_fitted_is_refused(family, y, message, X):
    values = np.round(np.linspace(1.0, 3.0, 500) * 4.0) * y
    with pytest.raises(ValueError, match=message):
        Linear(family).fit(X, values)
    with pytest.raises(ValueError, match=message):
        family.fit(values)


def test_a_penalty_in_the_unit_of_y(X, z):
    one = Linear(Normal(), alpha=4.0).fit(X, z)
    other = Linear(Normal(), alpha={"loc": 4.0 / 1e80, "scale": 4.0}).fit(X, 1e40 * z)
    np.testing.assert_allclose(other.coef_["loc"] / 1e40, one.coef_["loc"], rtol=1e-8)
    with pytest.raises(ValueError, match="alpha = 1 on slopes for a y of size"):
        Linear(Normal(), alpha=1.0).fit(X, z * 1e200)
