"""fit_linear: the optimum does not depend on how the rows and columns come."""

import warnings

import numpy as np
import pytest
from scipy import sparse

from likely.fitting import ConvergenceWarning, Design, Response, Status, fit_constant, fit_linear

ALL, SHARED = Design(), Design(())


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((3000, 4))
    return X, rng.poisson(np.exp(0.3 + X @ [0.5, -0.2, 0.1, 0.0])).astype(float)


def poisson(losses, X, y, weight=None, offset=None, **options):
    return fit_linear(
        losses.Poisson(), X, [ALL], Response(y, weight, offset), start=[np.log(y.mean())], **options
    )


def distance(one, other):
    """The largest difference of coefficients in standard errors."""
    return np.max(np.abs(one.parameters - other.parameters) / other.std_errors)


def test_certificate(losses, counts):
    result = poisson(losses, *counts)
    assert result.status is Status.converged
    assert result.gradient_norm <= 1e-8
    assert result.decrement <= 1e-12 * abs(result.loss)
    X, y = counts
    raw = result.intercepts[0] + X @ result.slopes[0]
    score = np.c_[np.ones(len(y)), X].T @ (y - np.exp(raw))
    assert np.max(np.abs(score) * result.std_errors) < 1e-8


def test_homoscedastic_normal_is_least_squares(losses, counts):
    X, _ = counts
    rng = np.random.default_rng(2)
    for unit in (1e-6, 1.0, 1e9):
        y = unit * (1.0 + X @ [1.0, 2.0, 3.0, 4.0] + rng.standard_normal(3000))
        result = fit_linear(
            losses.Normal(), X, [ALL, SHARED], Response(y), start=[y.mean(), np.log(y.std())]
        )
        design = np.c_[np.ones(3000), X]
        beta = np.linalg.lstsq(design, y, rcond=None)[0]
        np.testing.assert_allclose(result.parameters[:-1], beta, rtol=1e-11)
        variance = np.mean((y - design @ beta) ** 2)
        assert np.exp(2.0 * result.intercepts[1]) == pytest.approx(variance, rel=1e-10)
        covariance = variance * np.linalg.inv(design.T @ design)
        np.testing.assert_allclose(
            result.covariance[:-1, :-1], covariance, rtol=1e-7, atol=1e-9 * variance
        )


def test_robust_covariance_is_the_sandwich(losses, counts):
    X, y = counts
    result = poisson(losses, X, y, covariances=("observed", "robust", "expected"))
    D = np.c_[np.ones(len(y)), X]
    mean = np.exp(D @ result.parameters)
    bread = np.linalg.inv(D.T @ (D * mean[:, None]))
    meat = D.T @ (D * ((y - mean) ** 2)[:, None])
    np.testing.assert_allclose(result.covariances["robust"], bread @ meat @ bread, rtol=1e-8)
    np.testing.assert_allclose(result.covariances["expected"], bread, rtol=1e-8)


def test_weights_are_frequencies(losses, counts):
    X, y = counts
    weight = np.random.default_rng(3).integers(0, 4, y.size).astype(float)
    weighted = poisson(losses, X, y, weight)
    repeated = poisson(
        losses, np.repeat(X, weight.astype(int), 0), np.repeat(y, weight.astype(int))
    )
    np.testing.assert_allclose(weighted.parameters, repeated.parameters, rtol=1e-10, atol=1e-12)
    for kind in ("observed", "robust"):
        np.testing.assert_allclose(
            weighted.covariances[kind], repeated.covariances[kind], rtol=1e-9, atol=1e-16
        )
    assert weighted.loss == pytest.approx(repeated.loss, rel=1e-12)
    assert weighted.n_rows == np.count_nonzero(weight)
    assert weighted.weight == weight.sum()


def test_rows_of_weight_zero_are_not_looked_at(losses, counts):
    X, y = (a.copy() for a in counts)
    weight = np.ones(y.size)
    weight[::7] = 0.0
    kept = poisson(losses, X[weight > 0], y[weight > 0])
    y[::7], X[::7] = np.nan, 1e300
    start = [np.log(counts[1].mean())]
    # The columns' means are of the rows with weight only where the others are finite.
    X[::7] = 5.0
    result = fit_linear(losses.Poisson(), X, [ALL], Response(y, weight), start=start)
    assert distance(result, kept) < 1e-8


def test_offset(losses, counts):
    X, y = counts
    exposure = np.random.default_rng(4).uniform(1, 3, y.size)
    result = poisson(losses, X, y, offset=np.log(exposure)[None])
    raw = result.intercepts[0] + X @ result.slopes[0]
    score = np.c_[np.ones(len(y)), X].T @ (y - exposure * np.exp(raw))
    assert np.max(np.abs(score) * result.std_errors) < 1e-8


def test_permuting_rows_changes_nothing(losses, counts):
    X, y = counts
    order = np.random.default_rng(5).permutation(y.size)
    one, other = poisson(losses, X, y), poisson(losses, X[order], y[order])
    np.testing.assert_allclose(one.parameters, other.parameters, rtol=1e-12, atol=1e-13)
    assert one.loss == pytest.approx(other.loss, rel=1e-13)


def test_threads_do_not_change_a_bit(losses):
    rng = np.random.default_rng(6)
    X = rng.standard_normal((120_000, 3))
    y = rng.poisson(np.exp(0.2 * X[:, 0])).astype(float)
    results = [poisson(losses, X, y, n_jobs=jobs) for jobs in (1, 2, 3)]
    for result in results[1:]:
        assert np.array_equal(result.parameters, results[0].parameters)
        assert np.array_equal(result.covariance, results[0].covariance)
        assert result.loss == results[0].loss


def test_memory_map_order_and_float32(losses, counts, tmp_path):
    X, y = counts
    X = X.astype(np.float32)
    known = poisson(losses, X.astype(float), y)
    mapped = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=X.shape)
    mapped[:] = X
    for form in (mapped, X, np.asfortranarray(X), np.asfortranarray(X.astype(float))):
        result = poisson(losses, form, y)
        assert np.array_equal(result.parameters, known.parameters)


@pytest.mark.parametrize("columns", [5, 40])
def test_sparse_is_dense(losses, columns):
    rng = np.random.default_rng(7)
    X = rng.standard_normal((4000, columns)) * (rng.random((4000, columns)) < 0.05)
    y = rng.poisson(np.exp(0.5 + X[:, :3].sum(axis=1) * 0.3)).astype(float)
    dense = poisson(losses, X, y)
    for form in (sparse.csr_matrix(X), sparse.csc_array(X)):
        result = poisson(losses, form, y)
        assert result.status is Status.converged
        assert distance(result, dense) < 1e-7
        np.testing.assert_allclose(result.std_errors, dense.std_errors, rtol=1e-6)


def test_badly_scaled_columns(losses, counts):
    X, y = counts
    known = poisson(losses, X, y)
    unit = np.array([1e-3, 1e6, 1.0, 1e-8])
    result = poisson(losses, X * unit + 3e3 * unit, y)
    np.testing.assert_allclose(result.slopes[0] * unit, known.slopes[0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(result.std_errors[1:] * unit, known.std_errors[1:], rtol=1e-7)


def test_raw_polynomial_of_degree_six(losses):
    rng = np.random.default_rng(8)
    x = rng.uniform(10, 20, 2000)
    y = rng.poisson(np.exp(0.1 * x - 0.5)).astype(float)
    raw = poisson(losses, x[:, None] ** np.arange(1, 7), y)
    good = poisson(losses, np.polynomial.legendre.legvander((x - 15) / 5, 6)[:, 1:], y)
    assert raw.status is Status.converged
    assert raw.loss == pytest.approx(good.loss, rel=1e-12)
    # The leading coefficients are multiples of each other, and so are their errors.
    assert raw.parameters[-1] / raw.std_errors[-1] == pytest.approx(
        good.parameters[-1] / good.std_errors[-1], abs=1e-6
    )


def test_ridge_penalises_slopes_in_the_units_of_x(losses, counts):
    X, y = counts
    X = X * [1.0, 10.0, 1.0, 1.0] + 2.0
    result = poisson(losses, X, y, alpha=[50.0])
    mean = np.exp(result.intercepts[0] + X @ result.slopes[0])
    assert abs(np.sum(y - mean)) < 1e-7
    np.testing.assert_allclose(X.T @ (y - mean), 50.0 * result.slopes[0], atol=1e-6)
    assert result.objective == pytest.approx(
        result.loss + 25.0 * np.sum(result.slopes[0] ** 2), rel=1e-12
    )


def test_own_columns_per_parameter_and_no_intercept(losses, counts):
    X, _ = counts
    rng = np.random.default_rng(9)
    y = X @ [1.0, 2.0, 0.0, 0.0] + np.exp(0.3 * X[:, 2]) * rng.standard_normal(3000)
    designs = [Design((0, 1), intercept=False), Design((2,))]
    result = fit_linear(losses.Normal(), X, designs, Response(y), start=[0.0, np.log(y.std())])
    assert result.terms == (
        ("loc", "x0"), ("loc", "x1"), ("scale", "intercept"), ("scale", "x2"),
    )  # fmt: skip
    weight = np.exp(-2.0 * (result.intercepts[1] + result.slopes[1][0] * X[:, 2]))
    D = X[:, :2]
    beta = np.linalg.solve(D.T @ (D * weight[:, None]), D.T @ (weight * y))
    np.testing.assert_allclose(result.slopes[0], beta, rtol=1e-8)
    assert result.status is Status.converged


def test_partial_link_stays_inside_its_domain(losses):
    rng = np.random.default_rng(10)
    x = rng.uniform(0, 1, 500)
    y = rng.poisson(0.3 + 5.0 * x).astype(float)
    result = fit_linear(losses.IdentityPoisson(), x[:, None], [ALL], Response(y), start=[y.mean()])
    assert result.status is Status.converged
    mean = result.intercepts[0] + x * result.slopes[0][0]
    assert mean.min() > 0.0
    assert abs(np.sum(y / mean - 1.0)) < 1e-6
    with pytest.raises(ValueError, match="infinite at the start"):
        fit_linear(losses.IdentityPoisson(), x[:, None], [ALL], Response(y), start=[-1.0])
    y[x < 0.3] = 0.0
    with pytest.warns(ConvergenceWarning, match="edge of a partial link"):
        result = fit_linear(
            losses.IdentityPoisson(), x[:, None], [ALL], Response(y), start=[y.mean()]
        )
    assert result.status is Status.boundary
    assert np.isnan(result.std_errors).all()


def test_many_rows_start_from_a_sample(losses):
    rng = np.random.default_rng(11)
    X = rng.standard_normal((150_000, 3))
    y = rng.poisson(np.exp(0.2 + X @ [0.3, 0.2, 0.1])).astype(float)
    result = poisson(losses, X, y, covariances=("observed",))
    assert result.status is Status.converged
    assert result.iterations <= 4
    D = np.c_[np.ones(y.size), X]
    mean = np.exp(D @ result.parameters)
    errors = np.sqrt(np.diag(np.linalg.inv(D.T @ (D * mean[:, None]))))
    np.testing.assert_allclose(result.std_errors, errors, rtol=1e-7)


def test_softmax_columns_sum_to_zero(losses):
    rng = np.random.default_rng(12)
    X = rng.standard_normal((2000, 2))
    y = (X[:, 0] + rng.logistic(size=2000) > 0).astype(float)
    two = fit_linear(losses.Categorical(2), X, [ALL] * 2, Response(y), start=[0.0, 0.0])
    one = fit_linear(losses.Bernoulli(), X, [ALL], Response(y), start=[0.0])
    assert two.status is Status.converged
    np.testing.assert_allclose(two.slopes[0] + two.slopes[1], 0.0, atol=1e-12)
    np.testing.assert_allclose(two.slopes[1] - two.slopes[0], one.slopes[0], rtol=1e-8)
    contrast = np.hstack([-np.eye(3), np.eye(3)])
    np.testing.assert_allclose(
        contrast @ two.covariance @ contrast.T, one.covariance, rtol=1e-7, atol=1e-12
    )


def test_many_columns_use_lbfgs(losses):
    rng = np.random.default_rng(13)
    X = rng.standard_normal((1500, 3))
    y = rng.integers(0, 40, 1500).astype(float)
    result = fit_linear(losses.Categorical(40), X, [ALL] * 40, Response(y), start=np.zeros(40))
    assert result.engine == "lbfgs"
    assert result.status is Status.converged
    raw = result.intercepts[:, None] + np.stack(result.slopes) @ X.T
    p = losses.Categorical.probs(raw)
    p[y.astype(int), np.arange(1500)] -= 1.0
    assert np.max(np.abs(p @ X)) < 1e-5


def test_constant_counts_repeated_values(losses):
    rng = np.random.default_rng(14)
    y = rng.poisson(2.5, 200_000).astype(float)
    result = fit_constant(losses.Poisson(), Response(y), start=[0.0])
    assert result.n_rows == 200_000
    assert result.intercepts[0] == pytest.approx(np.log(y.mean()), rel=1e-12)
    assert result.std_errors[0] == pytest.approx(1.0 / np.sqrt(y.sum()), rel=1e-10)
    spread = rng.standard_normal(2000)
    result = fit_constant(losses.Normal(), Response(spread), start=[0.0, 0.0])
    np.testing.assert_allclose(result.intercepts, [spread.mean(), np.log(spread.std())], rtol=1e-9)


def test_pieces_that_do_not_fit(losses, counts):
    X, y = counts
    with pytest.raises(ValueError, match="2 designs for 1 raw column"):
        fit_linear(losses.Poisson(), X, [ALL, ALL], Response(y), start=[0.0])
    with pytest.raises(ValueError, match="they must match"):
        poisson(losses, X[:-1], y)
    with pytest.raises(ValueError, match="names column 9"):
        fit_linear(losses.Poisson(), X, [Design((9,))], Response(y), start=[0.0])
    with pytest.raises(ValueError, match="finite numbers"):
        fit_linear(losses.Poisson(), X, [ALL], Response(y), start=[-np.inf])
    with pytest.raises(ValueError, match="nothing to fit"):
        poisson(losses, X, y, np.zeros(y.size))
    with pytest.raises(ValueError, match="unknown covariance"):
        poisson(losses, X, y, covariances=("sandwich",))
    with pytest.raises(FloatingPointError, match="NaN at raw"):
        fit_linear(losses.Poisson(), X, [ALL], Response(y * np.nan), start=[0.0])


def test_no_warning_where_there_is_a_maximum(losses, counts):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        poisson(losses, *counts)


def test_very_many_coefficients_need_no_square_matrix(losses):
    rng = np.random.default_rng(15)
    cells = (rng.integers(0, 3000, 30_000), rng.integers(0, 20_000, 30_000))
    X = sparse.csr_matrix((rng.random(30_000), cells), shape=(3000, 20_000))
    y = rng.poisson(np.exp(0.5 + np.asarray(X[:, :100].sum(axis=1)).ravel())).astype(float)
    result = poisson(losses, X, y, alpha=[1.0])
    assert result.engine == "lbfgs"
    assert result.status is Status.converged
    assert np.isnan(result.std_errors).all()
    mean = np.exp(result.intercepts[0] + X @ result.slopes[0])
    np.testing.assert_allclose(X.T @ (y - mean), result.slopes[0], atol=1e-6)


def test_a_kernel_is_not_looked_for_where_there_is_no_expected_information(losses):
    """Its length takes seconds to find out for a long loss."""
    loss = losses.Poisson()
    kinds = tuple(kind for kind in loss.curvature_kinds if kind != "expected")

    class Observed:
        curvature_kinds = kinds

        def __getattr__(self, name):
            assert name != "kernel_kinds"
            return getattr(loss, name)

    y = np.array([0.0, 1.0, 4.0])
    found = fit_constant(Observed(), Response(y), start=[0.0], covariances=("observed",))
    assert found.status is Status.converged
    assert found.intercepts[0] == pytest.approx(np.log(5.0 / 3.0), rel=1e-7)
