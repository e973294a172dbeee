"""Linear: identities that hold whatever the data, and fits that other software can confirm."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from scipy.optimize import least_squares, minimize
from scipy.special import gammaln
from sklearn.datasets import load_iris

from likely import (
    Bernoulli,
    Categorical,
    Constant,
    ConvergenceWarning,
    Exponential,
    Gamma,
    Laplace,
    Linear,
    LogNormal,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    load,
    predicted,
    shared,
)
from likely.fitting import Status
from likely.predictors.base import ModeWarning

N = 160


@pytest.fixture(scope="module")
def X():  # noqa: N802, the design matrix everywhere
    return np.random.default_rng(11).normal(size=(N, 3))


@pytest.fixture(scope="module")
def real_y(X):
    noise = np.random.default_rng(12).standard_t(5, N)
    return 2.0 + X @ [1.0, -0.5, 0.0] + np.exp(0.3 * X[:, 2]) * noise


@pytest.fixture(scope="module")
def counts(X):
    mean = np.exp(0.5 + X @ [0.3, -0.2, 0.1])
    return np.random.default_rng(13).negative_binomial(3.0, 3.0 / (3.0 + mean)).astype(float)


@pytest.fixture(scope="module")
def targets(X, real_y, counts):
    """A target for each family, by name."""
    rng = np.random.default_rng(14)
    amounts = rng.gamma(2.0, np.exp(X @ [0.3, 0.1, 0.0]) / 2.0)
    return {
        "normal": real_y,
        "laplace": real_y,
        "studentt": real_y,
        "lognormal": amounts,
        "gamma": amounts,
        "exponential": amounts,
        "beta": rng.beta(2.0, 3.0, N),
        "bernoulli": rng.random(N) < 1 / (1 + np.exp(-X[:, 0])),
        "categorical": np.array(["a", "b", "c"])[rng.integers(0, 3, N)],
        "poisson": counts,
        "negativebinomial": counts,
    }


def flat(model):
    return model.result_.parameters


def close_fits(one, other, rtol=1e-6):
    """The same optimum: coefficients within a small part of their standard errors."""
    errors = one.result_.std_errors
    np.testing.assert_array_less(np.abs(flat(one) - flat(other)), 1e-6 * errors + 1e-12)
    np.testing.assert_allclose(other.result_.std_errors, errors, rtol=rtol)
    assert other.log_likelihood_ == pytest.approx(one.log_likelihood_, rel=1e-10)


FAMILIES = (
    "normal",
    "laplace",
    "studentt",
    "lognormal",
    "gamma",
    "exponential",
    "beta",
    "bernoulli",
    "categorical",
    "poisson",
    "negativebinomial",
)


# --- Weights, rows, scales ---------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("estimator", [Linear, Constant])
def test_weights_are_frequencies(estimator, family, X, targets):
    y = targets[family]
    weight = np.random.default_rng(1).integers(0, 4, N)
    one = estimator(family).fit(X, y, sample_weight=weight)
    repeated = estimator(family).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    if family == "laplace":  # a linear programme: the optimum need not be unique to the digit
        assert one.log_likelihood_ == pytest.approx(repeated.log_likelihood_, rel=1e-9)
        return
    close_fits(one, repeated)
    assert one.aic_ == pytest.approx(repeated.aic_, rel=1e-10)
    assert one.bic_ == pytest.approx(repeated.bic_, rel=1e-10)
    np.testing.assert_allclose(
        one.result_.covariances["robust"],
        repeated.result_.covariances["robust"],
        rtol=1e-5,
        atol=1e-10,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_weight_zero_is_a_row_that_is_absent(family, X, targets):
    y, keep = targets[family], np.arange(N) % 3 > 0
    one = Linear(family).fit(X, y, sample_weight=keep.astype(float))
    absent = Linear(family).fit(X[keep], y[keep])
    assert one.result_.n_rows == absent.result_.n_rows == keep.sum()
    assert one.bic_ == pytest.approx(absent.bic_, rel=1e-9)
    if family != "laplace":
        close_fits(one, absent)


@pytest.mark.parametrize("family", FAMILIES)
def test_permuting_rows_changes_nothing(family, X, targets):
    y, order = targets[family], np.random.default_rng(2).permutation(N)
    one, other = Linear(family).fit(X, y), Linear(family).fit(X[order], y[order])
    if family == "laplace":
        assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, rel=1e-9)
        return
    close_fits(one, other)
    np.testing.assert_allclose(one.predict(X, point="mean") if family not in
                               ("bernoulli", "categorical") else one.predict_proba(X),
                               other.predict(X, point="mean") if family not in
                               ("bernoulli", "categorical") else other.predict_proba(X),
                               rtol=1e-6)  # fmt: skip


@pytest.mark.parametrize("scale", [1e-6, 1e9])
@pytest.mark.parametrize("family", [Normal(), Normal(scale=shared), StudentT(), Laplace()], ids=str)
def test_scale_of_y_for_location_and_scale(family, scale, X, real_y):
    one, other = Linear(family).fit(X, real_y), Linear(family).fit(X, scale * real_y)
    exact = isinstance(family, Laplace)
    tolerance = {"rtol": 1e-4 if exact else 1e-6, "atol": 1e-6}
    assert other.result_.status is one.result_.status
    np.testing.assert_allclose(other.coef_["loc"] / scale, one.coef_["loc"], **tolerance)
    assert other.intercept_["loc"] / scale == pytest.approx(one.intercept_["loc"], rel=1e-6)
    np.testing.assert_allclose(other.coef_["scale"], one.coef_["scale"], **tolerance)
    shift = other.intercept_["scale"] - one.intercept_["scale"]
    assert shift == pytest.approx(np.log(scale), rel=1e-7)
    assert other.log_likelihood_ == pytest.approx(one.log_likelihood_ - N * np.log(scale), rel=1e-9)
    if not exact:
        z, scaled_z = ([row.z for row in m.summary().rows] for m in (one, other))
        np.testing.assert_allclose(scaled_z[:4], z[:4], rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-6, 1e9])
@pytest.mark.parametrize("family", [Gamma(), Gamma(shape=predicted), LogNormal(), Exponential()])
def test_scale_of_y_for_amounts(family, scale, X, targets):
    y = targets["gamma"]
    one, other = Linear(family).fit(X, y), Linear(family).fit(X, scale * y)
    first = family.parameters[0]
    shift = other.intercept_[first] - one.intercept_[first]
    assert shift == pytest.approx(np.log(scale), rel=1e-7)
    np.testing.assert_allclose(other.coef_[first], one.coef_[first], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other.result_.std_errors, one.result_.std_errors, rtol=1e-5)


# --- Least squares and other published identities ----------------------------------------------


def test_normal_with_shared_scale_is_least_squares(X, real_y):
    model = Linear(Normal(scale=shared)).fit(X, real_y)
    design = np.column_stack([np.ones(N), X])
    beta, rss, *_ = np.linalg.lstsq(design, real_y, rcond=None)
    np.testing.assert_allclose(np.r_[model.intercept_["loc"], model.coef_["loc"]], beta, rtol=1e-9)
    scale = model.predict_params(X)["scale"]
    np.testing.assert_allclose(scale**2, rss[0] / N, rtol=1e-9)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * rss[0] / N)
    np.testing.assert_allclose(model.result_.std_errors[:4], errors, rtol=1e-7)
    assert model.log_likelihood_ == pytest.approx(
        -0.5 * N * (np.log(2 * np.pi * rss[0] / N) + 1.0), rel=1e-12
    )
    assert model.aic_ == pytest.approx(2 * 5 - 2 * model.log_likelihood_)
    assert model.bic_ == pytest.approx(np.log(N) * 5 - 2 * model.log_likelihood_)


def test_fixed_scale_is_least_squares_too(X, real_y):
    one = Linear(Normal(scale=shared)).fit(X, real_y)
    other = Linear(Normal(scale=2.0)).fit(X, real_y)
    np.testing.assert_allclose(other.coef_["loc"], one.coef_["loc"], rtol=1e-9)
    assert set(other.coef_) == {"loc"}
    assert other.predict_params(X[:1]).keys() >= {"loc"}
    design = np.column_stack([np.ones(N), X])
    errors = 2.0 * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    np.testing.assert_allclose(other.result_.std_errors, errors, rtol=1e-9)


def test_laplace_minimises_absolute_deviations(X, real_y):
    model = Linear(Laplace(scale=shared)).fit(X, real_y)
    deviations = np.abs(real_y - model.predict(X))
    assert model.predict_params(X)["scale"][0] == pytest.approx(deviations.mean(), rel=1e-8)
    rng = np.random.default_rng(0)
    for _ in range(30):
        nearby = model.intercept_["loc"] + X @ (model.coef_["loc"] + 0.02 * rng.normal(size=3))
        assert np.abs(real_y - nearby).sum() >= deviations.sum()


def test_variance_as_square_and_as_log(X, real_y):
    """variance = scale², so a log link on either gives one model; the lecture's square another."""
    by_scale = Linear(Normal()).fit(X, real_y)
    by_variance = Linear(Normal(variance=predicted)).fit(X, real_y)
    assert by_variance.log_likelihood_ == pytest.approx(by_scale.log_likelihood_, rel=1e-10)
    np.testing.assert_allclose(
        by_variance.coef_["variance"], 2.0 * by_scale.coef_["scale"], rtol=1e-5
    )
    lecture = Linear(Normal(variance=predicted("square"))).fit(X, real_y)
    f2 = lecture.intercept_["variance"] + X @ lecture.coef_["variance"]
    mean = lecture.intercept_["loc"] + X @ lecture.coef_["loc"]
    loss = 0.5 * np.log(2 * np.pi * f2**2) + (real_y - mean) ** 2 / (2 * f2**2)
    assert lecture.log_likelihood_ == pytest.approx(-loss.sum(), rel=1e-12)
    np.testing.assert_allclose(lecture.predict_dist(X).var(), f2**2, rtol=1e-12)
    shared_one = Linear(Normal(variance=shared("square"))).fit(X, real_y)
    assert shared_one.log_likelihood_ == pytest.approx(
        Linear(Normal(scale=shared)).fit(X, real_y).log_likelihood_, rel=1e-10
    )


def test_inverse_link_of_gamma_is_its_canonical_fit(X):
    rng = np.random.default_rng(5)
    slopes = np.array([0.3, 0.2, 0.0])
    inside = np.abs(X)
    y = rng.gamma(4.0, 1.0 / (0.5 + inside @ slopes) / 4.0)
    model = Linear(Gamma(mean=predicted("inverse"))).fit(inside, y)
    assert model.result_.status is Status.converged
    raw = model.intercept_["mean"] + inside @ model.coef_["mean"]
    assert (raw > 0).all()
    np.testing.assert_allclose(model.predict(inside, point="mean"), 1.0 / raw, rtol=1e-12)
    # The canonical link's equations: the residuals y − mean are orthogonal to X.
    design = np.column_stack([np.ones(N), inside])
    scale = np.abs(design).T @ y
    np.testing.assert_allclose(design.T @ (y - 1.0 / raw) / scale, 0.0, atol=1e-8)


def test_prediction_outside_a_partial_link_is_refused(X):
    inside = np.abs(X)
    y = np.random.default_rng(5).gamma(4.0, 1.0 / (0.5 + inside @ [0.3, 0.2, 0.0]) / 4.0)
    model = Linear(Gamma(mean=predicted("inverse"))).fit(inside, y)
    with pytest.raises(
        ValueError, match=r"leaves the domain of a partial link in 1 rows, first row 1"
    ):
        model.predict(np.array([[0.0, 0.0, 0.0], [-1e6, -1e6, 0.0]]))


@pytest.mark.parametrize("alpha", [5.0, {"loc": 5.0}, {"loc": 0.5, "scale": 20.0}], ids=str)
def test_penalised_objective_is_the_documented_one(alpha, X, real_y):
    weight = np.random.default_rng(6).integers(1, 4, N)
    model = Linear(Normal(), alpha=alpha).fit(X, real_y, sample_weight=weight)
    by_name = alpha if isinstance(alpha, dict) else dict.fromkeys(("loc", "scale"), alpha)

    def objective(b):
        loc, log_scale = b[0] + X @ b[1:4], b[4] + X @ b[5:]
        z = (real_y - loc) / np.exp(log_scale)
        nll = 0.5 * z * z + log_scale + 0.5 * np.log(2 * np.pi)
        penalty = by_name.get("loc", 0.0) * (b[1:4] @ b[1:4])
        penalty += by_name.get("scale", 0.0) * (b[5:] @ b[5:])
        return weight @ nll + 0.5 * penalty

    best = minimize(objective, np.zeros(8), method="BFGS", options={"gtol": 1e-4})
    found = np.r_[
        model.intercept_["loc"],
        model.coef_["loc"],
        model.intercept_["scale"],
        model.coef_["scale"],
    ]
    np.testing.assert_allclose(found, best.x, atol=1e-5)
    assert model.result_.objective == pytest.approx(objective(found), rel=1e-12)
    assert model.result_.objective <= best.fun * (1 + 1e-12)


def test_alpha_zero_and_large(X, real_y):
    plain = Linear(Normal(scale=shared)).fit(X, real_y)
    tiny = Linear(Normal(scale=shared), alpha=1e-12).fit(X, real_y)
    np.testing.assert_allclose(tiny.coef_["loc"], plain.coef_["loc"], rtol=1e-8)
    huge = Linear(Normal(scale=shared), alpha=1e12).fit(X, real_y)
    np.testing.assert_allclose(huge.coef_["loc"], 0.0, atol=1e-8)
    assert huge.intercept_["loc"] == pytest.approx(real_y.mean(), rel=1e-6)  # intercepts are free


# --- Offsets and exposure ----------------------------------------------------------------------


def test_offset_of_every_form(X, real_y):
    first, second = X[:, 0] * 0.7, np.linspace(-0.5, 0.5, N)
    both = np.column_stack([first, second])
    model = Linear(Normal())
    expected = flat(model.fit(X, real_y, offset=both)).copy()
    p = model.predict(X, offset=both)
    for form in (
        pd.DataFrame({"scale": second, "loc": first}),
        {"loc": first, "scale": second},
        pl.DataFrame({"loc": first, "scale": second}),
        both.tolist(),
    ):
        np.testing.assert_array_equal(flat(model.fit(X, real_y, offset=form)), expected)
        np.testing.assert_array_equal(model.predict(X, offset=form), p)
    alone = flat(model.fit(X, real_y, offset=first)).copy()
    np.testing.assert_array_equal(flat(model.fit(X, real_y, offset={"loc": first})), alone)
    zero = np.column_stack([first, np.zeros(N)])
    np.testing.assert_array_equal(flat(model.fit(X, real_y, offset=zero)), alone)


def test_offset_shifts_a_location(X, real_y):
    offset = 3.0 * X[:, 1] + 1.0
    one = Linear(Normal()).fit(X, real_y, offset=offset)
    other = Linear(Normal()).fit(X, real_y - offset)
    np.testing.assert_allclose(one.coef_["loc"], other.coef_["loc"], atol=1e-8)
    assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, rel=1e-12)
    np.testing.assert_allclose(one.predict(X, offset=offset), other.predict(X) + offset, atol=1e-8)
    # In units of offset columns among X, the slope moves by the offset's.
    plain = Linear(Normal()).fit(X, real_y)
    np.testing.assert_allclose(one.coef_["loc"], plain.coef_["loc"] - [0.0, 3.0, 0.0], atol=1e-6)


@pytest.mark.parametrize("family", [Poisson(), NegativeBinomial(), Exponential()], ids=str)
@pytest.mark.parametrize("estimator", [Linear, Constant])
def test_exposure_is_an_offset_of_its_log(estimator, family, X, counts):
    exposure = np.exp(0.5 * np.random.default_rng(7).normal(size=N))
    one = estimator(family).fit(X, counts, exposure=exposure)
    other = estimator(family).fit(X, counts, offset=np.log(exposure))
    np.testing.assert_array_equal(flat(one), flat(other))
    rate = one.predict(X, point="mean", exposure=1.0)
    np.testing.assert_allclose(
        one.predict(X, point="mean", exposure=exposure), rate * exposure, rtol=1e-12
    )
    assert one.score(X, counts, exposure=exposure) == pytest.approx(one.log_likelihood_ / N)


def test_poisson_rate_is_counts_by_exposure(counts):
    exposure = np.linspace(0.5, 2.0, N)
    model = Constant(Poisson()).fit(np.zeros((N, 1)), counts, exposure=exposure)
    rate = model.predict(np.zeros((1, 1)), point="mean", exposure=1.0)
    assert rate[0] == pytest.approx(counts.sum() / exposure.sum(), rel=1e-10)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (
            Poisson(mean=predicted("identity")),
            "needs the log link; Poisson's mean has the identity",
        ),
        (Normal(), "Normal has no predicted mean. Use offset instead"),
    ],
    ids=str,
)
def test_exposure_needs_a_mean_with_the_log_link(family, message, X, counts):
    with pytest.raises(ValueError, match=message):
        Linear(family).fit(X, counts, exposure=np.ones(N))


def test_offset_at_fit_is_needed_at_predict(X, counts):
    for given in ({"offset": X[:, 0]}, {"exposure": np.ones(N)}):
        model = Linear(Poisson()).fit(X, counts, **given)
        for predict in (model.predict, model.predict_dist, model.predict_params):
            with pytest.raises(ValueError, match="fitted with an offset or exposure"):
                predict(X)
        with pytest.raises(ValueError, match="fitted with an offset or exposure"):
            model.score(X, counts)
    plain = Linear(Poisson()).fit(X, counts)
    np.testing.assert_allclose(
        plain.predict(X, point="mean", offset=np.log(2.0)), 2.0 * plain.predict(X, point="mean")
    )


# --- Columns and roles by parameter --------------------------------------------------------------


def test_columns_by_name_and_by_index(X, real_y):
    frame = pd.DataFrame(X, columns=["age", "size", "rate"])
    named = Linear(columns={"scale": ["rate"], "loc": ["age", "size"]}).fit(frame, real_y)
    for columns in ({"scale": [2], "loc": [0, 1]}, {"scale": [-1], "loc": [0, "size"]}):
        numbered = Linear(columns=columns).fit(frame, real_y)
        np.testing.assert_array_equal(flat(numbered), flat(named))
    assert named.coef_["loc"].shape == named.coef_["scale"].shape == (3,)
    assert named.coef_["loc"][2] == 0.0
    np.testing.assert_array_equal(named.coef_["scale"][:2], 0.0)
    assert [(r.parameter, r.term) for r in named.summary().rows] == [
        ("loc", "intercept"),
        ("loc", "age"),
        ("loc", "size"),
        ("scale", "intercept"),
        ("scale", "rate"),
    ]


def test_no_columns_is_shared(X, real_y):
    empty = Linear(columns={"scale": []}).fit(X, real_y)
    homoscedastic = Linear(Normal(scale=shared)).fit(X, real_y)
    np.testing.assert_array_equal(flat(empty), flat(homoscedastic))
    nothing = Linear(columns={"loc": [], "scale": []}).fit(X, real_y)
    constant = Constant().fit(X, real_y)
    np.testing.assert_allclose(flat(nothing), flat(constant), rtol=1e-9)
    assert constant.intercept_["loc"] == pytest.approx(real_y.mean())
    assert np.exp(constant.intercept_["scale"]) == pytest.approx(real_y.std())


def test_a_parameter_not_named_sees_every_column(X, real_y):
    model = Linear(columns={"scale": [1]}).fit(X, real_y)
    assert np.count_nonzero(model.coef_["loc"]) == 3
    assert np.count_nonzero(model.coef_["scale"]) == 1


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"size": [0]}, r"columns names 'size', but the parameters are loc, scale"),
        ({"scale": ["hieght"]}, r"columns asks for 'hieght', which X does not have; did you mean 'height'\?"),
        ({"scale": [5]}, r"columns asks for column 5, but X has 3"),
    ],
)  # fmt: skip
def test_columns_that_do_not_exist(columns, message, X, real_y):
    frame = pd.DataFrame(X, columns=["height", "size", "rate"])
    with pytest.raises(ValueError, match=message):
        Linear(columns=columns).fit(frame, real_y)


def test_shared_parameters_have_no_columns(X, real_y):
    with pytest.raises(ValueError, match=r"scale is shared.*make it predicted, Normal\(scale=pred"):
        Linear(Normal(scale=shared), columns={"scale": [0]}).fit(X, real_y)


@pytest.mark.parametrize("alpha", [-1.0, float("nan"), {"loc": -1.0}])
def test_alpha_must_be_positive(alpha, X, real_y):
    with pytest.raises(ValueError, match=r"alpha must be finite and ≥ 0"):
        Linear(alpha=alpha).fit(X, real_y)


def test_alpha_of_a_parameter_that_is_not_there(X, real_y):
    with pytest.raises(ValueError, match=r"alpha names 'shape', but the parameters are loc, scale"):
        Linear(alpha={"shape": 1.0}).fit(X, real_y)


# --- Kinds of input --------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["normal", "negativebinomial", "categorical"])
def test_sparse_is_dense(family, X, targets):
    y = targets[family]
    holes = np.where(np.abs(X) > 0.8, X, 0.0)
    dense = Linear(family).fit(holes, y)
    for form in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        model = Linear(family).fit(form(holes), y)
        close_fits(dense, model)
        np.testing.assert_allclose(
            model.predict_dist(form(holes)).log_prob(y), dense.predict_dist(holes).log_prob(y),
            rtol=1e-6, atol=1e-8,
        )  # fmt: skip


def test_memory_map_is_the_array(X, real_y, tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, X)
    mapped = np.load(path, mmap_mode="r")
    one, other = Linear().fit(X, real_y), Linear().fit(mapped, real_y)
    np.testing.assert_array_equal(flat(one), flat(other))
    np.testing.assert_array_equal(one.predict(X), other.predict(mapped))


def test_float32_and_order_and_lists(X, real_y):
    single = X.astype(np.float32)
    one = Linear().fit(single, real_y)
    other = Linear().fit(single.astype(np.float64), real_y)
    close_fits(one, other)
    fortran = Linear().fit(np.asfortranarray(X), real_y)
    strided = Linear().fit(np.repeat(X, 2, axis=0)[::2], real_y[::-1][::-1])
    plain = Linear().fit(X.tolist(), real_y.tolist())
    np.testing.assert_allclose(flat(fortran), flat(plain), rtol=1e-12)
    np.testing.assert_allclose(flat(strided), flat(plain), rtol=1e-12)


def test_tables_of_every_library(X, real_y):
    names = ["age", "height", "rate"]
    data = {name: X[:, j] for j, name in enumerate(names)}
    plain = Linear().fit(X, real_y)
    for table in (pd.DataFrame(data), pl.DataFrame(data), pa.table(data)):
        for y in (real_y, pd.Series(real_y), pl.Series(real_y), pa.array(real_y)):
            model = Linear().fit(table, y)
            np.testing.assert_array_equal(flat(model), flat(plain))
        assert list(model.feature_names_in_) == names
        assert [row.term for row in model.summary().rows][:4] == ["intercept", *names]
        np.testing.assert_array_equal(model.predict(table), plain.predict(X))
    assert not hasattr(plain, "feature_names_in_")
    assert [row.term for row in plain.summary().rows][:4] == ["intercept", "x0", "x1", "x2"]


def test_integer_and_boolean_columns(real_y):
    flags = pd.DataFrame({"n": np.arange(N) % 7, "flag": np.arange(N) % 2 == 0})
    model = Linear().fit(flags, real_y)
    other = Linear().fit(flags.to_numpy(dtype=float), real_y)
    np.testing.assert_array_equal(flat(model), flat(other))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, object])
def test_counts_of_any_type(dtype, X, counts):
    model = Linear(Poisson()).fit(X, counts.astype(dtype))
    np.testing.assert_array_equal(flat(model), flat(Linear(Poisson()).fit(X, counts)))


# --- Classes ---------------------------------------------------------------------------------------

BINARY = {
    "bool": [False, True],
    "int": [0, 1],
    "signed": [-1, 1],
    "float": [1.0, 2.0],
    "string": ["no", "yes"],
    "object": np.array(["no", "yes"], dtype=object),
}


@pytest.mark.parametrize("labels", BINARY.values(), ids=BINARY)
@pytest.mark.parametrize("family", [Bernoulli(), Categorical()], ids=str)
def test_labels_of_any_type(family, labels, X):
    labels = np.asarray(labels)
    hit = np.random.default_rng(8).random(N) < 1 / (1 + np.exp(-1.5 * X[:, 0]))
    model = Linear(family).fit(X, labels[hit.astype(int)])
    codes = Linear(family).fit(X, hit)
    np.testing.assert_array_equal(model.classes_, labels)
    np.testing.assert_array_equal(flat(model), flat(codes))
    predicted_labels = model.predict(X)
    assert set(np.unique(predicted_labels)) == set(labels)
    p = model.predict_proba(X)
    assert p.shape == (N, 2)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(predicted_labels, labels[p.argmax(axis=1)])
    assert model.score(X, labels[hit.astype(int)]) == pytest.approx(
        np.log(p[np.arange(N), hit.astype(int)]).mean(), rel=1e-12
    )


@pytest.mark.parametrize(
    "labels",
    [np.array(["x", "y", "z"]), np.array([10, 20, 30]), pd.Categorical(["lo", "mid", "up"])],
    ids=["strings", "numbers", "pandas"],
)
def test_three_labels(labels, X):
    codes = np.random.default_rng(9).integers(0, 3, N)
    model = Linear(Categorical()).fit(X, labels[codes])
    assert list(model.classes_) == list(labels)
    assert model.coef_["probs"].shape == (3, 3)
    assert model.intercept_["probs"].shape == (3,)
    np.testing.assert_allclose(model.coef_["probs"].sum(axis=0), 0.0, atol=1e-10)
    assert set(model.predict(X)) <= set(labels)


def test_softmax_of_two_is_bernoulli(X):
    hit = np.random.default_rng(8).random(N) < 1 / (1 + np.exp(-X[:, 0]))
    two, one = Linear(Categorical()).fit(X, hit), Linear(Bernoulli()).fit(X, hit)
    difference = two.coef_["probs"][1] - two.coef_["probs"][0]
    np.testing.assert_allclose(difference, one.coef_["probs"], rtol=1e-6, atol=1e-9)
    shift = two.intercept_["probs"][1] - two.intercept_["probs"][0]
    assert shift == pytest.approx(one.intercept_["probs"], rel=1e-6)
    assert two.log_likelihood_ == pytest.approx(one.log_likelihood_, rel=1e-12)
    assert two.aic_ == pytest.approx(one.aic_, rel=1e-12)
    contrast = two.summary(reference=0).rows
    for mine, its in zip(contrast, one.summary().rows, strict=True):
        assert mine.term == its.term
        assert mine.estimate == pytest.approx(its.estimate, rel=1e-6, abs=1e-9)
        assert mine.std_error == pytest.approx(its.std_error, rel=1e-6)
    np.testing.assert_allclose(two.predict_proba(X), one.predict_proba(X), rtol=1e-6)


def test_reference_is_the_same_whichever_class(X, targets):
    model = Linear(Categorical()).fit(X, targets["categorical"])
    first, last = model.summary(reference=0).rows, model.summary(reference=2).rows
    assert len(first) == len(last) == 8
    # log p₂/p₀ and log p₀/p₂
    assert first[4].estimate == pytest.approx(-last[0].estimate)
    assert first[4].std_error == pytest.approx(last[0].std_error)
    by_label = model.summary(reference="c").rows  # text labels have positions too
    assert [r.estimate for r in by_label] == [r.estimate for r in last]
    numbers = Linear(Categorical()).fit(
        X, np.searchsorted(["a", "b", "c"], targets["categorical"]) + 1
    )
    assert [r.estimate for r in numbers.summary(reference=3).rows] == [r.estimate for r in last]
    with pytest.raises(ValueError, match=r"reference must be one of the classes 1, 2, 3, got 0"):
        numbers.summary(reference=0)
    with pytest.raises(ValueError, match=r"reference must be one of the classes a, b, c, got 3"):
        model.summary(reference=3)
    with pytest.raises(ValueError, match=r"reference is for Categorical"):
        Linear().fit(X, X[:, 0] + np.arange(N)).summary(reference=0)


def test_unseen_class(X):
    y = np.random.default_rng(9).integers(0, 2, N)
    with pytest.warns(ConvergenceWarning, match=r"^(boundary|separated)"):
        model = Linear(Categorical(3)).fit(X, y)
    p = model.predict_proba(X)
    assert p.shape == (N, 3)
    assert (p[:, 2] < 1e-3).all()
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    seen = Linear(Categorical()).fit(X, y)
    np.testing.assert_allclose(p[:, :2], seen.predict_proba(X), atol=1e-3)
    with pytest.raises(
        ValueError, match=r"y must be a class 0, …, 2 of Categorical\(3\); .*row 0 "
    ):
        Linear(Categorical(3)).fit(X, np.r_[7, y[1:]])


# --- The coefficient table -------------------------------------------------------------------------


def test_summary_rows_and_text(X, real_y):
    model = Linear(Normal(scale=shared)).fit(pd.DataFrame(X, columns=["a", "b", "c"]), real_y)
    table = model.summary(level=0.9)
    row = table.rows[1]
    assert (row.parameter, row.term) == ("loc", "a")
    assert row.estimate == model.coef_["loc"][0]
    assert row.std_error == model.result_.std_errors[1]
    assert row.z == pytest.approx(row.estimate / row.std_error)
    assert row.high - row.estimate == pytest.approx(1.6448536269514722 * row.std_error)
    assert row.low - row.estimate == pytest.approx(-1.6448536269514722 * row.std_error)
    assert table.rows[3].p > 0.05 > table.rows[1].p
    text = str(table)
    assert text.startswith("Linear(Normal(scale=shared))\n")
    assert "90 % interval" in text
    assert f"{row.estimate:.5g}" in text
    assert f"log-likelihood {model.log_likelihood_:.6g}" in text
    assert f"AIC {model.aic_:.6g}" in text
    assert "rows 160" in text
    assert "converged: max |gradient|·std.err." in text
    assert repr(table) == text
    assert len({len(line) for line in text.split("\n")[3:9]}) == 1  # columns line up


def test_robust_covariance_is_the_sandwich(X, real_y):
    weight = np.random.default_rng(6).integers(0, 3, N)
    model = Linear(Normal()).fit(X, real_y, sample_weight=weight)
    design = np.column_stack([np.ones(N), X])
    raw = np.column_stack(
        [model.intercept_[k] + X @ model.coef_[k] for k in ("loc", "scale")]
    )  # fmt: skip
    _, gradient = Normal().nll_and_gradient(real_y, raw)
    curvature = Normal().curvature(real_y, raw, kind="observed")
    scores = np.hstack([gradient[:, [j]] * design for j in range(2)])
    hessian = np.einsum("n,nij,na,nb->iajb", weight, curvature, design, design).reshape(8, 8)
    bread = np.linalg.inv(hessian)
    np.testing.assert_allclose(model.result_.covariances["observed"], bread, rtol=1e-7, atol=1e-12)
    sandwich = bread @ (scores.T * weight) @ scores @ bread
    np.testing.assert_allclose(model.result_.covariances["robust"], sandwich, rtol=1e-6, atol=1e-12)
    errors = [row.std_error for row in model.summary(cov="robust").rows]
    np.testing.assert_allclose(errors, np.sqrt(np.diag(sandwich)), rtol=1e-6)
    assert "robust covariance" in str(model.summary(cov="robust"))
    with pytest.raises(ValueError, match=r"cov must be one of observed, robust"):
        model.summary(cov="hc3")


# --- Fits without a maximum ------------------------------------------------------------------------


def warned(text):
    return pytest.warns(ConvergenceWarning, match=text)


def nan_terms(model):
    return [(r.parameter, r.term) for r in model.summary().rows if np.isnan(r.std_error)]


def test_separation(X):
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    with warned(r"^separated: columns of X predict the response perfectly.*a of probs"):
        model = Linear(Bernoulli()).fit(frame, X[:, 0] > 0.1)
    assert model.result_.status is Status.separated
    assert ("probs", "a") in nan_terms(model)
    assert model.log_likelihood_ == pytest.approx(0.0, abs=1e-4)
    assert (model.predict(frame) == (X[:, 0] > 0.1)).all()
    assert "separated" in str(model.summary())
    assert "–" in str(model.summary())
    penalised = Linear(Bernoulli(), alpha=0.1).fit(frame, X[:, 0] > 0.1)
    assert penalised.result_.status is Status.converged


@pytest.mark.parametrize("reference", [None, 0, 1])
def test_one_class_apart_from_others_that_are_not(reference):
    """The sepals of Iris setosa are told from those of the others, which move farther and stay mixed."""
    sepals, species = load_iris(return_X_y=True)
    sepals = sepals[:, :2]
    with warned(r"^separated: columns of X predict the response perfectly in some rows"):
        model = Linear(Categorical(reference=reference)).fit(sepals, species)
    mixed = Linear(Bernoulli()).fit(sepals[species > 0], species[species > 0])
    assert model.log_likelihood_ == pytest.approx(mixed.log_likelihood_, rel=1e-8)
    if reference == 1:  # the terms between those two have finite estimates
        rows = [row for row in model.summary().rows if row.parameter == "probs[2]"]
        for row, known in zip(rows, mixed.summary().rows, strict=True):
            assert row.estimate == pytest.approx(known.estimate, abs=1e-6 * known.std_error)
            assert row.std_error == pytest.approx(known.std_error, rel=1e-6)


@pytest.mark.parametrize("estimator", [Linear, Constant])
def test_constant_target(estimator, X):
    with warned(r"^unbounded: the likelihood grows without limit.*constant"):
        model = estimator(Normal()).fit(X, np.full(N, 5.0))
    assert model.result_.status is Status.unbounded
    np.testing.assert_allclose(model.predict(X), 5.0, rtol=1e-6)
    with pytest.raises(ValueError, match=r"Normal\(\) has no maximum-likelihood fit to this y"):
        Normal().fit(np.full(N, 5.0))
    assert Normal(scale=1.0).fit(np.full(N, 5.0)).mean() == pytest.approx(5.0)


@pytest.mark.parametrize("family", [Poisson(), NegativeBinomial()], ids=str)
@pytest.mark.parametrize("estimator", [Linear, Constant])
def test_counts_that_are_all_zero(estimator, family, X):
    with warned(r"^boundary: .*a rate of 0"):
        model = estimator(family).fit(X, np.zeros(N))
    assert model.result_.status is Status.boundary
    assert (model.predict_dist(X).mean() < 1e-3).all()
    assert np.isnan(model.result_.std_errors).any()


def test_collinear_columns(X, real_y):
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(twice=2.0 * X[:, 1])
    model = Linear(Normal(scale=shared))
    with warned(r"^rank_deficient: columns of X are linear combinations.*Redundant: twice of loc"):
        model.fit(frame, real_y)
    assert model.result_.status is Status.rank_deficient
    assert nan_terms(model) == [("loc", "twice")]
    assert model.coef_["loc"][3] == 0.0
    full = Linear(Normal(scale=shared)).fit(frame[["a", "b", "c"]], real_y)
    np.testing.assert_allclose(
        model.predict(frame), full.predict(frame[["a", "b", "c"]]), rtol=1e-8
    )
    np.testing.assert_allclose(model.result_.std_errors[:4], full.result_.std_errors[:4], rtol=1e-6)


def test_fewer_rows_than_coefficients(counts):
    wide = np.random.default_rng(1).normal(size=(4, 6))
    with warned(r"there are fewer rows than coefficients.*\(4 rows for 7 coefficients\)"):
        model = Linear(Poisson()).fit(wide, [1.0, 3.0, 2.0, 5.0])
    assert model.result_.status is Status.rank_deficient
    np.testing.assert_allclose(model.predict(wide, point="mean"), [1.0, 3.0, 2.0, 5.0], rtol=1e-6)


def test_max_iter(X, targets):
    with warned(r"^max_iter: .*After 1 iterations"):
        model = Linear(NegativeBinomial(), max_iter=1).fit(X, targets["negativebinomial"])
    assert model.result_.status is Status.max_iter


# --- Predicting ------------------------------------------------------------------------------------


def test_score_is_the_mean_log_likelihood(X, counts):
    model = Linear(Poisson()).fit(X, counts)
    mean = np.exp(model.intercept_["mean"] + X @ model.coef_["mean"])
    logs = counts * np.log(mean) - mean - gammaln(counts + 1.0)
    assert model.score(X, counts) == pytest.approx(logs.mean(), rel=1e-12)
    assert model.score(X, counts) * N == pytest.approx(model.log_likelihood_, rel=1e-12)
    weight = np.arange(N) % 3
    assert model.score(X, counts, weight) == pytest.approx(np.average(logs, weights=weight))


def test_points(X, targets):
    model = Linear(Gamma()).fit(X, targets["gamma"] + 0.0)
    theta = model.predict_params(X)
    mean, shape = theta["mean"], theta["shape"]
    assert shape[0] > 1.0
    np.testing.assert_allclose(model.predict(X), mean * (1.0 - 1.0 / shape), rtol=1e-12)
    np.testing.assert_allclose(model.predict(X, point="mean"), mean, rtol=1e-12)
    distribution = model.predict_dist(X)
    for point, level in (("median", 0.5), (0.9, 0.9), (0.01, 0.01)):
        np.testing.assert_allclose(
            distribution.cdf(model.predict(X, point=point)), level, rtol=1e-9
        )
    by_default = Linear(Gamma(), point=0.9).fit(X, targets["gamma"])
    np.testing.assert_array_equal(by_default.predict(X), model.predict(X, point=0.9))
    np.testing.assert_array_equal(
        by_default.predict(X, point="mean"), model.predict(X, point="mean")
    )
    for wrong in ("mid", 0.0, 1.0, 1.5, None.__class__):
        with pytest.raises(
            ValueError, match=r'point must be "mode", "mean", "median" or a level in'
        ):
            model.predict(X, point=wrong)


def test_modes_at_the_edge_are_remarked_on(X, targets):
    model = Linear(Exponential()).fit(X, targets["gamma"])
    with pytest.warns(
        ModeWarning, match=r'160 of 160 .* edge .*\[0, ∞\); predict\(X, point="mean"\)'
    ):
        np.testing.assert_array_equal(model.predict(X), 0.0)
    # Asked for by name, or for another point: no remark.
    model.predict(X, point="mode")
    model.predict(X, point="mean")
    Linear(Exponential(), point="mean").fit(X, targets["gamma"]).predict(X)


def test_no_rows_to_predict(X, real_y, targets):
    model = Linear().fit(X, real_y)
    for point in ("mode", "mean", "median", 0.9):
        assert model.predict(X[:0], point=point).shape == (0,)
    assert model.predict_params(X[:0])["scale"].shape == (0,)
    classes = Linear(Categorical()).fit(X, targets["categorical"])
    assert classes.predict(X[:0]).shape == (0,)
    assert classes.predict_proba(X[:0]).shape == (0, 3)
    binary = Linear(Bernoulli()).fit(X, targets["bernoulli"])
    assert binary.predict(X[:0]).shape == (0,)
    assert binary.predict_proba(X[:0]).shape == (0, 2)


def test_predict_proba_is_for_classes(X, real_y):
    model = Linear().fit(X, real_y)
    assert not hasattr(model, "predict_proba")
    with pytest.raises(AttributeError, match="predict_proba"):
        model.predict_proba(X)


def test_n_jobs_changes_nothing(X, real_y):
    np.testing.assert_array_equal(
        flat(Linear(n_jobs=1).fit(X, real_y)), flat(Linear(n_jobs=2).fit(X, real_y))
    )


def test_feature_names_for_an_array_without_names(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    model = Linear(Normal(), columns={"scale": ["size"]})
    model.fit(X, y, feature_names=["age", "size"])
    assert [row.term for row in model.summary().rows] == [
        "intercept",
        "age",
        "size",
        "intercept",
        "size",
    ]
    assert not hasattr(model, "feature_names_in_")  # prediction asks for no names either
    model.save(tmp_path / "m.likely")
    again = load(tmp_path / "m.likely")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    named = Linear(Normal()).fit(sparse.csr_matrix(X), y, feature_names=["age", "size"])
    assert named.summary().rows[1].term == "age"
    assert Linear().fit(X, y).summary().rows[1].term == "x0"
    with pytest.raises(ValueError, match=r"feature_names has 1 names, but X has 2 columns"):
        Linear().fit(X, y, feature_names=["age"])
    with pytest.raises(ValueError, match=r"X names its columns itself"):
        Linear().fit(pd.DataFrame(X, columns=["a", "b"]), y, feature_names=["age", "size"])


@pytest.mark.parametrize(
    ("family", "size"),
    [
        (Normal(scale=shared), 1.0),
        (Normal(scale=shared), 1e9),  # fitted less its mean
        (Normal(), 1e-60),  # fitted in another unit
        (Gamma(mean=predicted("inverse")), 1e3),  # raw predictions of 0 are outside
        (NegativeBinomial(), 1e3),
        (Poisson(mean=predicted("identity")), 1e3),
        (Categorical(), 1.0),
    ],
)
def test_a_column_for_each_group_takes_the_place_of_the_intercept(family, size):
    rng = np.random.default_rng(5)
    group = np.repeat([0, 1, 2], 30)
    drawn = rng.gamma(2.0, size=90) * (1.0 + group)
    y = (drawn * 1.5 % 3.0).astype(int) if family == Categorical() else size + drawn * size**0.5
    if size == 1e-60:
        y = size * drawn
    elif not isinstance(family, (Normal, Gamma)):
        y = np.floor(y)
    one = np.eye(3)[group]
    contrasts = Linear(family).fit(one[:, 1:], y)
    means = Linear(family, fit_intercept=False).fit(one, y)
    assert means.result_.status is Status.converged
    assert means.log_likelihood_ == pytest.approx(contrasts.log_likelihood_, rel=1e-12)
    assert not np.any(means.intercept_[family.parameters[0]])
    first = np.atleast_2d(means.coef_[family.parameters[0]])[:, 0]
    assert first == pytest.approx(
        np.atleast_1d(contrasts.intercept_[family.parameters[0]]), rel=1e-6
    )
    assert means.predict_dist(one[:1]).log_prob(y[:1]) == pytest.approx(
        contrasts.predict_dist(one[:1, 1:]).log_prob(y[:1]), rel=1e-6
    )


def test_least_squares_through_the_origin(X, tmp_path):
    x, offset = X[:, :1], X[:, 1]
    y = 5.0 + 2.0 * x[:, 0] + offset
    model = Linear(Normal(scale=shared), fit_intercept={"loc": False}).fit(x, y, offset=offset)
    slope = (x[:, 0] @ (y - offset)) / (x[:, 0] @ x[:, 0])
    assert model.coef_["loc"] == pytest.approx([slope], rel=1e-10)
    left = y - offset - slope * x[:, 0]
    row = model.summary().rows[0]
    assert row.std_error == pytest.approx(np.sqrt(np.mean(left**2) / (x[:, 0] @ x[:, 0])), rel=1e-8)
    assert model.intercept_["loc"] == 0.0
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.fit_intercept == {"loc": False}
    np.testing.assert_array_equal(again.predict(x, offset=0.0), model.predict(x, offset=0.0))


def test_intercepts_that_cannot_be_left_out_are_named(X):
    y = X[:, 0]
    with pytest.raises(ValueError, match=r"fit_intercept names 'mean', but the parameters are loc"):
        Linear(Normal(), fit_intercept={"mean": False}).fit(X, y)
    with pytest.raises(ValueError, match=r"scale is shared.*its intercept: fix it instead"):
        Linear(Normal(scale=shared), fit_intercept={"scale": False}).fit(X, y)


def test_the_inverse_of_a_location_is_nonlinear_least_squares():
    """A mean of 1/(a + bx), as gaussian(link = "inverse") has it in R."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 4.0, 200)
    y = 1.0 / (0.3 + 0.5 * x) + 0.05 * rng.normal(size=200)
    model = Linear(Normal(loc=predicted("inverse"), scale=shared)).fit(x[:, np.newaxis], y)
    found = least_squares(
        lambda b: 1.0 / (b[0] + b[1] * x) - y, [0.3, 0.5], xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    ours = [model.intercept_["loc"], model.coef_["loc"][0]]
    np.testing.assert_allclose(ours, found.x, rtol=1e-6)
    scale = np.sqrt(2.0 * found.cost / 200)
    assert model.predict_params(x[:1, np.newaxis])["scale"][0] == pytest.approx(scale, rel=1e-8)
