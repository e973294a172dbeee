"""Where there is no maximum the status says so, and only the terms at fault lose errors."""

import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.optimize import minimize_scalar

from likely import (
    Bernoulli,
    Categorical,
    Censored,
    Constant,
    Discretised,
    Exponential,
    GeneralisedPareto,
    GeneralisedPoisson,
    Gumbel,
    InverseGaussian,
    JohnsonSU,
    Linear,
    Mixture,
    NegativeBinomial,
    NegativeBinomial1,
    Normal,
    Poisson,
    StudentT,
    Weibull,
    censored,
    load,
)
from likely.fitting import ConvergenceWarning, Design, Response, Status, fit_constant, fit_linear
from likely.fitting.coordinates import bases_of
from likely.fitting.moves import felt_reach
from likely.fitting.source import Source
from likely.fitting.task import Task

FITS = Path(__file__).parents[1] / "data" / "fits"
ALL, SHARED = Design(), Design(())


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture(name="X")
def design(rng):
    return rng.standard_normal((1500, 2))


def warned(text, *args, **options):
    with pytest.warns(ConvergenceWarning, match=text):
        return fit_linear(*args, **options)


def nan_terms(result):
    return {t for t, e in zip(result.terms, result.std_errors, strict=True) if np.isnan(e)}


def test_complete_separation(losses, X):
    y = (X[:, 0] > 0.1).astype(float)
    result = warned("separated", losses.Bernoulli(), X, [ALL], Response(y), start=[0.0])
    assert result.status is Status.separated
    assert len(nan_terms(result)) == 3
    assert result.loss < 0.01 * 1500 * np.log(2.0)
    assert result.iterations < 60


def test_quasi_separation_names_the_column(losses, X, rng):
    y = (rng.random(1500) < 0.5).astype(float)
    dummy = (np.arange(1500) % 40 == 7).astype(float)
    y[dummy == 1] = 1.0
    result = warned(
        r"winter of probs; it concerns 38 rows, the first 7, .* \(counting from 0\)",
        losses.Bernoulli(),
        np.c_[X, dummy],
        [ALL],
        Response(y),
        start=[0.0],
        names=["a", "b", "winter"],
    )
    assert result.status is Status.separated
    assert nan_terms(result) == {("probs", "winter")}
    rest = fit_linear(
        losses.Bernoulli(), X[dummy == 0], [ALL], Response(y[dummy == 0]), start=[0.0]
    )
    np.testing.assert_allclose(result.parameters[:3], rest.parameters, atol=1e-6)
    np.testing.assert_allclose(result.std_errors[:3], rest.std_errors, rtol=1e-5)
    assert result.loss == pytest.approx(rest.loss, rel=1e-9)


def test_two_separating_columns(losses, X, rng):
    y = (rng.random(1500) < 0.5).astype(float)
    one = (np.arange(1500) % 40 == 7).astype(float)
    two = (np.arange(1500) % 50 == 8).astype(float)
    y[one == 1], y[two == 1] = 1.0, 0.0
    both = one * two
    assert not both.any()
    result = warned(
        "separated", losses.Bernoulli(), np.c_[X, one, two], [ALL], Response(y), start=[0.0]
    )
    assert nan_terms(result) == {("probs", "x2"), ("probs", "x3")}
    assert result.slopes[0][2] > 10.0
    assert result.slopes[0][3] < -10.0


def test_one_of_three_classes_is_separated(rng):
    x = rng.normal(size=(900, 1))
    y = np.where(x[:, 0] > 0.3, 0.0, rng.integers(1, 3, 900))
    result = warned("separated", Categorical(3).loss(), x, [ALL] * 3, Response(y), start=[0.0] * 3)
    assert result.status is Status.separated


def test_all_zero_counts(losses, X):
    y = np.zeros(1500)
    result = warned("boundary", losses.Poisson(), X, [ALL], Response(y), start=[-1.0])
    assert result.status is Status.boundary
    with pytest.warns(ConvergenceWarning, match="boundary"):
        constant = fit_constant(losses.Poisson(), Response(y), start=[-1.0])
    assert constant.intercepts[0] < -25.0
    assert np.isnan(constant.std_errors).all()


def test_a_group_of_zero_counts(losses, X, rng):
    group = np.arange(1500) < 30
    y = np.where(group, 0, rng.poisson(3.0, 1500)).astype(float)
    result = warned(
        "x2 of mean", losses.Poisson(), np.c_[X, group], [ALL], Response(y), start=[1.0]
    )
    assert nan_terms(result) == {("mean", "x2")}


def test_constant_target_is_unbounded(losses, X):
    y = np.full(1500, 5.3)
    for start in ([5.3, 0.0], [0.0, 1.0]):
        result = warned("unbounded", losses.Normal(), X, [ALL, SHARED], Response(y), start=start)
        assert result.status is Status.unbounded
        # A scale of 0 leaves no precision to speak of anywhere.
        assert nan_terms(result) == set(result.terms)
        assert "Without a finite estimate: intercept of scale;" in result.message
        assert result.intercepts[0] == pytest.approx(5.3, rel=1e-9)


def test_a_row_of_its_own_is_unbounded(losses, X, rng):
    y = 1.0 + X[:, 0] + rng.standard_normal(1500)
    single = (np.arange(1500) == 17).astype(float)
    result = warned(
        r"x2 of scale; it concerns row 17 \(counting from 0\)",
        losses.Normal(),
        np.c_[X, single],
        [ALL, ALL],
        Response(y),
        start=[y.mean(), np.log(y.std())],
    )
    assert result.status is Status.unbounded
    assert nan_terms(result) == {("loc", "x2"), ("scale", "x2")}


def test_underdispersed_counts_reach_the_edge(losses, X, rng):
    y = rng.binomial(20, 0.4, 1500).astype(float)
    # The library's own: the textbook form above has no digits left at such sizes.
    loss, start = NegativeBinomial().loss(), [np.log(8.0), 1.0]
    result = warned("size", loss, X, [ALL, SHARED], Response(y), start=start)
    assert result.status is Status.boundary
    assert nan_terms(result) == {("size", "intercept")}
    limit = fit_linear(losses.Poisson(), X, [ALL], Response(y), start=[np.log(8.0)])
    np.testing.assert_allclose(result.slopes[0], limit.slopes[0], atol=1e-4)


def test_collinear_columns_are_named(losses, X, rng):
    y = rng.poisson(np.exp(0.2 * X[:, 0])).astype(float)
    redundant = np.c_[X, X[:, 0] - 3.0 * X[:, 1], np.full(1500, 2.0)]
    result = warned(
        "Redundant: sum of mean, two of mean",
        losses.Poisson(),
        redundant,
        [ALL],
        Response(y),
        start=[0.0],
        names=["a", "b", "sum", "two"],
    )
    assert result.status is Status.rank_deficient
    assert nan_terms(result) == {("mean", "sum"), ("mean", "two")}
    known = fit_linear(losses.Poisson(), X, [ALL], Response(y), start=[0.0])
    np.testing.assert_allclose(result.parameters[:3], known.parameters, rtol=1e-9)
    np.testing.assert_allclose(result.std_errors[:3], known.std_errors, rtol=1e-9)
    assert result.loss == pytest.approx(known.loss, rel=1e-13)
    penalised = fit_linear(
        losses.Poisson(), redundant, [ALL], Response(y), start=[0.0], alpha=[1.0]
    )
    assert penalised.status is Status.converged


def test_one_hot_with_an_intercept_of_each_predictor(losses, rng):
    groups = rng.integers(0, 4, 1500)
    X = np.eye(4)[groups]
    y = groups + rng.standard_normal(1500)
    result = warned(
        "rank_deficient",
        losses.Normal(),
        X,
        [ALL, ALL],
        Response(y),
        start=[y.mean(), np.log(y.std())],
    )
    assert nan_terms(result) == {("loc", "x3"), ("scale", "x3")}
    means = result.intercepts[0] + result.slopes[0]
    np.testing.assert_allclose(means, [y[groups == g].mean() for g in range(4)], rtol=1e-9)


def test_fewer_rows_than_coefficients(losses, rng):
    X = rng.standard_normal((4, 6))
    y = np.array([1.0, 0.0, 2.0, 3.0])
    result = warned(
        "4 rows for 7 coefficients", losses.Poisson(), X, [ALL], Response(y), start=[0.0]
    )
    assert result.status in (Status.rank_deficient, Status.separated)


def test_max_iter(losses, X, rng):
    y = rng.poisson(np.exp(X[:, 0])).astype(float)
    result = warned("max_iter", losses.Poisson(), X, [ALL], Response(y), start=[3.0], max_iter=2)
    assert result.status is Status.max_iter
    assert result.gradient_norm > 1e-8


@pytest.mark.parametrize("constant", [1.0, 5.0, 0.1, 1e-8, 1e9, 0.0])
@pytest.mark.parametrize("first", [True, False])
def test_a_constant_column_beside_the_intercept_is_redundant(losses, X, rng, constant, first):
    y = rng.poisson(np.exp(0.3 * X[:, 0])).astype(float)
    column = np.full(1500, constant)
    wide = np.c_[column, X] if first else np.c_[X, column]
    result = warned("rank_deficient", losses.Poisson(), wide, [ALL], Response(y), start=[0.0])
    assert result.status is Status.rank_deficient
    assert nan_terms(result) == {("mean", "x0" if first else "x2")}
    known = fit_linear(losses.Poisson(), X, [ALL], Response(y), start=[0.0])
    np.testing.assert_allclose(
        np.sort(result.slopes[0][result.slopes[0] != 0.0]), np.sort(known.slopes[0]), rtol=1e-9
    )
    assert result.intercepts[0] == pytest.approx(known.intercepts[0], rel=1e-9)
    assert result.loss == pytest.approx(known.loss, rel=1e-13)


def test_several_constant_columns(losses, X, rng):
    y = X[:, 0] + rng.standard_normal(1500)
    wide = np.c_[np.full(1500, 3.3), X, np.full(1500, 0.7), np.zeros(1500)]
    result = warned(
        "Redundant: x0 of loc, x3 of loc, x4 of loc",
        losses.Normal(),
        wide,
        [ALL, SHARED],
        Response(y),
        start=[0.0, 0.0],
    )
    assert nan_terms(result) == {("loc", "x0"), ("loc", "x3"), ("loc", "x4")}
    alone = warned(
        "rank_deficient", losses.Normal(), wide[:, :1], [ALL, SHARED], Response(y), start=[0.0, 0.0]
    )
    assert alone.intercepts[0] == pytest.approx(y.mean(), rel=1e-12)


def test_a_column_that_varies_by_rounding_alone_is_constant(losses, X, rng):
    y = rng.poisson(np.exp(0.3 * X[:, 0])).astype(float)
    wide = np.c_[X, 1e3 * (1.0 + 2e-16 * rng.integers(-3, 4, 1500))]
    result = warned("rank_deficient", losses.Poisson(), wide, [ALL], Response(y), start=[0.0])
    assert nan_terms(result) == {("mean", "x2")}


def test_constant_columns_of_a_sparse_design(losses, rng):
    X = sparse.random(2000, 60, 0.05, random_state=0, format="csr")
    wide = sparse.hstack([X, np.full((2000, 1), 3.3), np.full((2000, 1), 0.7)]).tocsr()
    y = rng.poisson(2.0, 2000).astype(float)
    for weight in (None, rng.integers(0, 3, 2000).astype(float)):
        response = Response(y, weight)
        result = warned("rank_deficient", losses.Poisson(), wide, [ALL], response, start=[0.7])
        assert nan_terms(result) == {("mean", "x60"), ("mean", "x61")}
        known = fit_linear(losses.Poisson(), X, [ALL], response, start=[0.7])
        np.testing.assert_allclose(result.parameters[:61], known.parameters, atol=1e-9)


def test_constant_in_the_rows_that_scale_alone(losses, rng):
    # The column varies in a row that the evenly spaced ones leave out.
    n = 120_000
    X = np.c_[rng.standard_normal(n), np.full(n, 2.0)]
    y = rng.poisson(1.0, n).astype(float)
    result = warned("rank_deficient", losses.Poisson(), X, [ALL], Response(y), start=[0.0])
    assert nan_terms(result) == {("mean", "x1")}
    X[1::10, 1] = 3.0
    assert fit_linear(losses.Poisson(), X, [ALL], Response(y), start=[0.0]).status is (
        Status.converged
    )


@pytest.mark.parametrize("size", [1e200, 1e-200, 1e120, 1e-120])
@pytest.mark.parametrize("some", [True, False])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_the_unit_of_a_column_does_not_matter(losses, X, rng, size, some, kind):
    y = X[:, 0] + rng.standard_normal(1500)
    unit = np.array([size, 1.0 if some else size])
    scaled = X * unit if kind == "dense" else sparse.csr_matrix(X * unit)
    start, designs = [0.0, 0.0], [ALL, SHARED]
    known = fit_linear(losses.Normal(), X, designs, Response(y), start=start)
    result = fit_linear(losses.Normal(), scaled, designs, Response(y), start=start)
    assert result.status is Status.converged
    np.testing.assert_allclose(result.slopes[0] * unit, known.slopes[0], rtol=1e-8)
    assert result.loss == pytest.approx(known.loss, rel=1e-12)
    if 1e-150 < size < 1e150:
        np.testing.assert_allclose(result.std_errors[1:3] * unit, known.std_errors[1:3], rtol=1e-8)
    else:  # their squares leave the numbers that exist, and the message says so
        beyond = ("loc", "x0") in nan_terms(result)
        assert beyond
        assert "Variances that float64 cannot hold" in result.message


def test_a_column_that_float64_cannot_fit_is_named(losses, X):
    for size in (1e-305, 1e305):
        with pytest.raises(ValueError, match="column b of X has mean"):
            fit_linear(
                losses.Poisson(),
                X * np.array([1.0, size]),
                [ALL],
                Response(np.ones(1500)),
                start=[0.0],
                names=["a", "b"],
            )


@pytest.mark.parametrize("rows", [60, 300])
def test_a_bounded_likelihood_is_never_called_unbounded(rows):
    # With rows close to the separating plane the loss goes on falling for a long way.
    for seed in range(40):
        q = np.random.default_rng(seed).normal(size=(rows, 3))
        y = (q[:, 0] > 0).astype(float)
        result = warned("separated", Bernoulli().loss(), q, [ALL], Response(y), start=[0.0])
        assert result.status is Status.separated
        assert result.loss < 1e-3
        assert nan_terms(result) == set(result.terms)


def test_the_unbounded_density_at_zero_is_explained():
    with pytest.raises(ValueError, match="a mean of 0 where y is 0"):
        Exponential().fit([0.0] * 20)


def test_a_dispersion_that_diverges_for_a_group_is_at_the_boundary(rng):
    group = np.arange(400) % 2
    y = np.where(group, rng.binomial(20, 0.3, 400), rng.negative_binomial(2, 0.3, 400))
    result = warned(
        r"boundary: .* x0 of size; it concerns 200 rows, the first 1, 3, 5, 7, 9 ",
        NegativeBinomial().loss(),
        group[:, None].astype(float),
        [ALL, ALL],
        Response(y.astype(float)),
        start=[1.0, 1.0],
    )
    assert result.status is Status.boundary
    assert nan_terms(result) == {("size", "x0")}


def test_degrees_of_freedom_without_bound_are_at_the_boundary(X, rng):
    y = X[:, 0] + rng.uniform(-1.0, 1.0, 1500)
    loss = StudentT().loss()
    result = warned("boundary", loss, X, [ALL, ALL, SHARED], Response(y), start=[0.0, -0.5, 2.0])
    assert nan_terms(result) == {("df", "intercept")}


def test_standard_errors_far_from_any_maximum_are_blank(losses, X, rng):
    y = 1.0 + X[:, 0] + rng.standard_normal(1500)
    start = [y.mean() + 5.0, np.log(y.std())]
    result = warned(
        "max_iter", losses.Normal(), X, [ALL, SHARED], Response(y), start=start, max_iter=1
    )
    assert result.status is Status.max_iter
    assert result.gradient_norm > 0.01
    assert nan_terms(result) == set(result.terms)


@pytest.mark.parametrize("family", [GeneralisedPoisson, NegativeBinomial1])
def test_counts_less_spread_than_poisson_have_no_dispersion(rng, family):
    y = rng.binomial(10, 0.4, 500).astype(float)
    with pytest.warns(ConvergenceWarning, match="Without a finite estimate: .*dispersion"):
        result = fit_constant(family().loss(), Response(y), start=[1.0, 0.0])
    assert result.status is Status.boundary
    limit = fit_constant(Poisson().loss(), Response(y), start=[1.0])
    assert result.loss == pytest.approx(limit.loss, rel=1e-12)
    assert result.parameters[0] == pytest.approx(np.log(y.mean()), abs=1e-9)


@pytest.mark.parametrize(
    ("family", "share"), [(Gumbel(), 1.0), (JohnsonSU(), 0.7), (StudentT(), 0.7)], ids=str
)
def test_a_density_that_piles_up_on_rows_of_the_same_y_is_unbounded(family, share, rng):
    """Its location goes to them as fast as its scale to 0, so that no line leads there."""
    y = np.where(np.arange(300) < 300 * share, 0.1, rng.normal(size=300))
    with pytest.warns(ConvergenceWarning, match="unbounded"):
        model = Constant(family).fit(np.zeros((300, 1)), y)
    assert model.result_.status is Status.unbounded
    assert "intercept of scale" in model.result_.message
    assert np.isnan(model.result_.std_errors).all()


def test_a_loss_near_zero_has_the_digits_of_its_terms(losses, rng):
    """Densities around 1: the terms of the sum cancel, and so do not say how far it is rounded."""
    y = rng.normal(size=1000)
    y *= np.exp(-0.5 - 0.5 * np.log(2.0 * np.pi)) / y.std()
    result = fit_constant(losses.Normal(), Response(y), start=[0.5, 1.0])
    assert abs(result.loss) < 1e-9
    assert result.status is Status.converged


def test_a_scale_that_two_whole_numbers_do_not_determine_is_on_the_boundary(rng):
    y = (np.arange(200) % 5 < 2).astype(float)
    with pytest.warns(ConvergenceWarning, match="boundary.*intercept of loc, intercept of scale"):
        model = Constant(Discretised(Normal())).fit(np.zeros((200, 1)), y)
    assert model.result_.status is Status.boundary
    best = 80 * np.log(0.4) + 120 * np.log(0.6)
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-7)
    assert model.predict_dist(np.zeros((1, 1))).prob(1.0)[0] == pytest.approx(0.4)


def test_rows_of_one_y_at_the_end_of_the_support_are_uniform(rng):
    """Up to the largest y at shape −1, where the fit stops: from there on the density has a pole."""
    y = np.repeat([1.0, 2.5], [30, 50])
    with pytest.warns(
        ConvergenceWarning, match="where the support ends, and the density has a pole"
    ):
        model = Constant(GeneralisedPareto()).fit(np.zeros((80, 1)), y)
    assert model.result_.status is Status.unbounded
    assert model.intercept_["shape"] == pytest.approx(-1.0, abs=1e-5)
    assert model.log_likelihood_ == pytest.approx(-80 * np.log(2.5), abs=1e-4)
    assert np.isnan(model.result_.std_errors).all()


@pytest.mark.parametrize("case", ["even", "random"])
def test_a_limit_at_the_end_of_a_valley_that_bends(case):
    """JohnsonSU's log-normal: its scale goes as the exponential of its skewness, and its location with both."""
    rows = 300
    z = stats.norm.ppf((np.arange(rows) + 0.5) / rows)
    random = np.random.default_rng(0).normal(size=3 * rows)
    y, lean = {
        "even": (z - 0.15 * z * z, -1.0),
        "random": (1.0 + random[:rows] + random[rows::2], 1.0),
    }[case]
    with pytest.warns(ConvergenceWarning, match="boundary.*intercept of scale, intercept of skew"):
        model = Constant(JohnsonSU()).fit(np.zeros((rows, 1)), y)
    assert model.result_.status is Status.boundary

    def shifted(log_gap):
        """The log-normal from a threshold on, which is this far from the nearest y."""
        away = np.log(lean * y - (lean * y).min() + np.exp(log_gap))
        return rows * (0.5 * np.log(2.0 * np.pi * away.var()) + 0.5) + away.sum()

    best = minimize_scalar(shifted, bounds=(-2.0, 8.0), method="bounded", options={"xatol": 1e-9})
    assert model.log_likelihood_ == pytest.approx(-best.fun, abs=1e-6)


@pytest.mark.parametrize("size", [1e-9, 1e-200])
@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_the_size_of_weights_does_not_matter(size, alpha, rng):
    """Nor whether there is a maximum: the loss of weights of 1e-9 is as small as differences that say nothing."""
    X = rng.normal(size=(200, 1))
    for y in (rng.binomial(8, 0.4, 200), rng.poisson(rng.gamma(2.0, 2.0, 200))):
        one = Linear(NegativeBinomial(), alpha=alpha)
        other = Linear(NegativeBinomial(), alpha=alpha * size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            one, other = one.fit(X, y), other.fit(X, y, sample_weight=np.full(200, size))
        assert other.result_.status is one.result_.status
        np.testing.assert_allclose(other.coef_["mean"], one.coef_["mean"], rtol=1e-7)
        assert other.log_likelihood_ == pytest.approx(one.log_likelihood_ * size, rel=1e-10)
        np.testing.assert_allclose(
            other.result_.std_errors[:2] * np.sqrt(size), one.result_.std_errors[:2], rtol=1e-6
        )


def test_a_spike_is_told_by_the_status_alone():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(150, 2))
    rng.negative_binomial(2, 0.3, 150)
    time = rng.gamma(2.0, 1.0, 150)
    y = censored(np.minimum(time, 2.0), event=time < 2.0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = Linear(Censored(Mixture(Weibull(), 2))).fit(X, y)
    assert model.result_.status.name == "unbounded"
    assert {warning.category for warning in told} == {ConvergenceWarning}


def test_far_more_columns_than_rows(losses, rng):
    """Every row is fitted exactly and the scale goes to 0: Newton's method in as many coordinates as rows sees it."""
    x, y = rng.normal(size=(60, 1600)), rng.normal(size=60)
    result = warned("unbounded", losses.Normal(), x, [ALL, SHARED], Response(y), start=[0.0, 0.0])
    assert result.status is Status.unbounded
    assert result.iterations < 100


def test_more_coefficients_than_have_standard_errors(losses, rng):
    """No more independent columns than rows all the same: Newton's method, and the message says what there is not."""
    x, y = rng.normal(size=(20, 4100)), rng.normal(size=20)
    result = warned(
        "unbounded.*No standard errors",
        losses.Normal(),
        x,
        [ALL, SHARED],
        Response(y),
        start=[0.0, 0.0],
    )
    assert result.status is Status.unbounded
    assert result.iterations < 100


def test_rows_of_one_class_leave_the_others_alone(rng):
    """They are certain in the end, and tell nothing of how far the other classes are from each other there."""
    X, y = rng.normal(size=(60, 2)), rng.integers(0, 3, 60)
    only = np.arange(60) % 10 == 3
    y[only] = 2
    with pytest.warns(ConvergenceWarning, match="separated"):
        model = Linear(Categorical()).fit(np.c_[X, only], y)
    rest = Linear(Categorical()).fit(X[~only], y[~only])
    assert model.result_.iterations < 30
    assert model.log_likelihood_ == pytest.approx(rest.log_likelihood_, rel=1e-10)
    for reference in (0, 2):
        rows = {(r.parameter, r.term): r.std_error for r in model.summary(reference=reference).rows}
        for row in rest.summary(reference=reference).rows:
            assert rows.pop((row.parameter, row.term)) == pytest.approx(row.std_error, rel=1e-5)
        assert {term for _, term in rows} == {"x2"}
        assert np.isnan(list(rows.values())).all()


@pytest.mark.parametrize("family", [Categorical(), Categorical(reference=0)], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_classes_that_stay_mixed_keep_their_contrasts(family, seed, tmp_path):
    """A plane tells the third class from the others: these are told from each other by their own rows alone."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 2)) * [1.0, 1e4], rng.integers(0, 2, 60)
    y[X[:, 0] > 0.8] = 2
    with pytest.warns(ConvergenceWarning, match="separated"):
        model = Linear(family).fit(X, y)
    rest = Linear(Categorical()).fit(X[y < 2], y[y < 2])
    model.save(tmp_path / "model")
    for one in (model, load(tmp_path / "model")):
        for reference, cov in product((0, 1), ("observed", "robust")):
            rows = one.summary(cov, reference=reference).rows
            wanted = rest.summary(cov, reference=reference).rows
            told = [row for row in rows if row.parameter == wanted[0].parameter]
            for found, true in zip(told, wanted, strict=True):
                assert found.estimate == pytest.approx(true.estimate, rel=1e-6)
                assert found.std_error == pytest.approx(true.std_error, rel=1e-6)
            others = [r.std_error for r in rows if r.parameter != wanted[0].parameter]
            assert np.isnan(others).all()
        assert np.isnan([r.std_error for r in one.summary(reference=2).rows]).all()


def test_species_that_are_separated_and_sexes_that_are_not():
    """200 crabs by carapace and rear width and frontal lobe: Campbell and Mahon (1974), Aust. J. Zool. 22.

    The species are told apart by a plane, and the sexes of the orange one too; those of the blue one are not. R's
    ``glm`` has the contrasts and errors of these alone, with epsilon = 1e-14.
    """
    y, *columns = np.loadtxt(FITS / "sep_crabs.csv", delimiter=",", skiprows=1).T
    with pytest.warns(ConvergenceWarning, match="separated"):
        model = Linear(Categorical()).fit(np.column_stack(columns), y)
    assert model.result_.iterations < 40
    assert model.log_likelihood_ == pytest.approx(-9.648899919, abs=1e-7)
    rows = [r for r in model.summary(reference=0).rows if r.parameter == "probs[2.0]"]
    known = [11.994062488, 3.924853519, -12.448223140, 0.235449302]
    errors = [5.15942221683, 1.71072189187, 4.98851561000, 2.81813169973]
    assert [r.estimate for r in rows] == pytest.approx(known, rel=1e-6)
    assert [r.std_error for r in rows] == pytest.approx(errors, rel=1e-6)
    others = [r for r in model.summary(reference=0).rows if r.parameter != "probs[2.0]"]
    assert np.isnan([r.std_error for r in others]).all()


@pytest.mark.parametrize("seed", range(8))
def test_what_tells_classes_apart_is_found_whatever_the_last_digits(seed):
    """Newton's steps are half noise where the crabs of one species are certain and the other's sexes mixed."""
    y, *columns = np.loadtxt(FITS / "sep_crabs.csv", delimiter=",", skiprows=1).T
    X = np.column_stack(columns)
    X *= 1.0 + 1e-14 * np.random.default_rng(seed).normal(size=X.shape)
    with pytest.warns(ConvergenceWarning, match="separated"):
        model = Linear(Categorical()).fit(X, y)
    assert model.result_.iterations < 40
    assert model.log_likelihood_ == pytest.approx(-9.648899919, abs=1e-7)


@pytest.mark.parametrize(("seed", "known"), [(0, -185.16), (1, -199.23)])
def test_means_beyond_all_numbers_have_a_maximum(seed, known):
    """Rows far out in X have a mean of e¹⁰⁰⁰, or e⁵⁰⁰⁰⁰: on the way there it is no number, and the loss is one."""
    rng = np.random.default_rng(seed)
    x = np.exp(2.5 * rng.normal(size=62))
    y = np.exp(0.8 * np.log(x) + 0.7 * rng.normal(size=62) + 1.0)
    model = Linear(InverseGaussian()).fit(x[:, None], y)
    assert model.result_.status is Status.converged
    assert (x * model.coef_["mean"]).max() > 1000.0
    assert model.log_likelihood_ > known + 8.0  # where a way without end was seen


def test_rows_that_have_nothing_left_to_say_do_not_tell_how_far_a_way_leads():
    """A mean of e⁶⁰⁰ in one row: a step of 1 there is next to none in the others."""
    x, y = np.array([0.0, 0.1, 0.2, 0.3, 600.0]), np.array([1.0, 2.0, 1.0, 3.0, 2.0])
    nothing, slope = np.zeros(2), np.array([0.0, 1.0, 0.0])
    task = Task(
        InverseGaussian().loss(), Source(x[:, None]), (Design((0,)), Design(())), Response(y),
        nothing, nothing, None, 1, 1, slope,
    )  # fmt: skip
    objective = task.objective(*bases_of(task))
    theta = objective.theta(slope)
    assert felt_reach(objective, theta, -theta) == pytest.approx(0.3, rel=1e-9)
