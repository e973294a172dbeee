"""Censored: rows of (low, high) in losses, kernels, fits, scores and other libraries' arrays."""

import numpy as np
import pytest
from mpmath import mp

import likely
from likely import (
    Censored,
    Constant,
    Exponential,
    GeneralisedExtremeValue,
    GeneralisedPareto,
    Linear,
    LogNormal,
    Normal,
    Weibull,
    censored,
)
from likely.inference.predictive import Predictive
from oracles import engines, grid
from oracles.contract import check
from oracles.modified import MET, points, tried

INSIDE = (
    "normal",
    "lognormal",
    "exponential",
    "weibull",
    "gumbel",
    "logistic",
    "loglogistic",
    "gamma",
    "studentt",
    "johnsonsu",
    "inversegaussian",
    "skewnormal",
)


@pytest.mark.parametrize("name", MET)
def test_numerics_contract(name):
    report = check(grid.combination(name), points(name, tried(name)), engines.numpy_engine)
    assert report.passed, report.failures()


def rows(family, n=60):
    """Rows of every kind of one family, and raw predictions for them."""
    rng = np.random.default_rng(0)
    loss = family.loss()
    raw = rng.normal(0.2, 0.5, size=(loss.columns, n))
    y = Predictive(loss, raw).sample(1, rng)[:, 0]
    low, high = y - np.abs(0.3 * y), y + 0.5
    kind = np.arange(n) % 4
    first = np.select([kind == 0, kind == 1, kind == 2], [y, y, np.full(n, -np.inf)], low)
    second = np.select([kind == 0, kind == 1, kind == 2], [y, np.full(n, np.inf), y], high)
    return np.column_stack([first, second]), raw


@pytest.mark.parametrize("inside", INSIDE)
def test_every_kind_of_row_against_the_distribution(inside):
    family = Censored(inside)
    y, raw = rows(family)
    d = Predictive(family.loss(), raw)
    kind = np.arange(len(y)) % 4
    expected = np.select(
        [kind == 0, kind == 1, kind == 2],
        [d.log_prob(y[:, 0]), np.log(d.sf(np.where(kind == 1, y[:, 0], 1.0))),
         np.log(d.cdf(np.where(kind == 2, y[:, 1], 1.0)))],
        np.log(d.cdf(np.where(kind == 3, y[:, 1], 1.0)) - d.cdf(np.where(kind == 3, y[:, 0], 0.0))),
    )  # fmt: skip
    np.testing.assert_allclose(-family.nll(y, raw.T), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("inside", INSIDE)
def test_gradient_and_curvature_against_differences(inside):
    loss = Censored(inside).loss()
    y, raw = rows(Censored(inside))
    h = 1e-4
    _, gradient, packed = loss.evaluate(y, raw, 2)
    for j in range(loss.columns):
        step = np.zeros((loss.columns, 1))
        step[j] = h
        (up, slope_up, _), (down, slope_down, _) = (
            loss.evaluate(y, np.ascontiguousarray(raw + s * step), 1) for s in (1, -1)
        )
        np.testing.assert_allclose((up - down) / (2 * h), gradient[j], rtol=1e-5, atol=1e-6)
        for i in range(j, loss.columns):
            found = packed[i * (i + 1) // 2 + j]
            difference = (slope_up[i] - slope_down[i]) / (2 * h)
            np.testing.assert_allclose(difference, found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("inside", ["normal", "weibull"])
def test_kernels_compute_what_numpy_does(inside):
    loss = Censored(inside).loss()
    y, raw = rows(Censored(inside))
    value, gradient, _ = loss.evaluate(y, raw, 1)
    compiled, slopes, _ = loss.compiled.evaluate(y, raw, 1)
    np.testing.assert_allclose(compiled, value, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-11, atol=1e-13)
    invalid = []
    loss.compiled.evaluate(y[:, ::-1], raw, 0, invalid=invalid)
    assert invalid[0] == (y[:, 0] < y[:, 1]).sum()


def test_nothing_known_adds_nothing():
    y = np.array([[-np.inf, np.inf], [1.0, 1.0]])
    value, gradient = Censored(Normal()).nll_and_gradient(y, np.zeros((2, 2)))
    assert value[0] == 0.0
    assert (gradient[0] == 0.0).all()
    # Before the support nothing is known either.
    assert Censored(Exponential()).nll(np.array([[-3.0, np.inf]]), np.zeros((1, 1)))[0] == 0.0


def test_the_exponential_rate_is_events_over_time():
    rng = np.random.default_rng(1)
    t, c = rng.exponential(3.0, 500), rng.exponential(4.0, 500)
    y = censored(np.minimum(t, c), t <= c)
    found = Censored(Exponential()).fit(y).parameters["mean"]
    assert found == pytest.approx(np.minimum(t, c).sum() / (t <= c).sum(), rel=1e-8)


def test_without_censored_rows_it_is_the_family_itself():
    y = np.random.default_rng(2).normal(3.0, 2.0, 200)
    plain = Normal().fit(y)
    seen = Censored(Normal()).fit(np.column_stack([y, y]))
    assert seen.parameters["loc"] == pytest.approx(plain.parameters["loc"], rel=1e-9)
    assert seen.parameters["scale"] == pytest.approx(plain.parameters["scale"], rel=1e-9)


def test_rounded_values_as_intervals():
    rng = np.random.default_rng(3)
    y = np.round(rng.normal(0.3, 0.6, 4000))
    found = Censored(Normal()).fit(np.column_stack([y - 0.5, y + 0.5]))
    assert found.parameters["scale"] == pytest.approx(0.6, abs=0.03)
    assert y.std() > 0.64  # which the rounded values themselves overstate


def test_it_travels_through_cross_validation_scores_and_files(tmp_path):
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(4)
    X = rng.normal(size=(300, 2))
    t = np.exp(1.0 + 0.5 * X[:, 0]) * rng.weibull(1.5, 300)
    y = censored(np.minimum(t, 4.0), t <= 4.0)
    model = Linear(Censored(Weibull())).fit(X, y, sample_weight=np.ones(300))
    assert model.coef_["scale"][0] == pytest.approx(0.5, abs=0.15)
    value = -Censored(Weibull()).nll(y, model.predict_dist(X).raw.T).mean()
    assert model.score(X, y) == pytest.approx(value, rel=1e-12)
    assert model.score(X, y) == pytest.approx(model.log_likelihood_ / 300, rel=1e-12)
    assert np.isfinite(cross_val_score(model, X, y, cv=3)).all()
    assert repr(model.predict_dist(X[:2])).startswith("<Weibull 2 distributions")
    model.save(tmp_path / "m")
    back = likely.load(tmp_path / "m")
    assert back.family_ == model.family_
    assert back.score(X, y) == model.score(X, y)
    baseline = Constant(Censored(Weibull())).fit(X, y)
    assert baseline.log_likelihood_ < model.log_likelihood_


def test_arrays_of_other_libraries():
    torch = pytest.importorskip("torch")
    jax = pytest.importorskip("jax")
    family = Censored(Weibull())
    y, raw = rows(family, 12)
    value, gradient = family.nll_and_gradient(y, raw.T)
    tensor = torch.tensor(np.ascontiguousarray(raw.T), requires_grad=True)
    loss = family.nll(torch.tensor(y), tensor)
    loss.sum().backward()
    np.testing.assert_allclose(loss.detach().numpy(), value, rtol=1e-11)
    np.testing.assert_allclose(tensor.grad.numpy(), gradient, rtol=1e-10, atol=1e-12)
    with jax.enable_x64(True):
        ours = family.nll_and_gradient(jax.numpy.array(y), jax.numpy.array(raw.T))
        np.testing.assert_allclose(ours[0], value, rtol=1e-11)
        np.testing.assert_allclose(ours[1], gradient, rtol=1e-10, atol=1e-12)
    with pytest.raises(TypeError, match="no derivative in the bounds"):
        family.nll(torch.tensor(y, requires_grad=True), tensor)


# --- Mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1.0, 2.0], r"y must have 2 columns, low and high.*likely.censored\(time, event\)"),
        ([[1.0, 2.0, 3.0]], "y must have 2 columns"),
        ([[1.0, 2.0], [3.0, 2.0]], "low is above high in row 1"),
        (
            [[1.0, 2.0], [np.nan, 2.0]],
            "y is NaN in row 1 .*an end that is not known is -inf or inf",
        ),
        ([[1.0, 2.0], [-2.0, -1.0]], r"impossible under Censored\(Weibull\).*row 1"),
        ([[1.0, 2.0], [-1.0, -1.0]], r"of an exact row low = high, a number > 0"),
        ([[1.0, 1.0], [np.inf, np.inf]], "impossible under"),
    ],
)
def test_rows_that_cannot_be(y, message):
    with pytest.raises(ValueError, match=message):
        Censored(Weibull()).fit(y)
    with pytest.raises(ValueError, match=message):
        Linear(Censored(Weibull())).fit(np.zeros((len(y), 1)), y)


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([1.0, 2.0], [1, 2], "event must be 1"),
        ([1.0, 2.0], [1], "one value a row"),
        ([1.0, np.nan], [1, 0], "time must be finite; it is not in row 1"),
    ],
)
def test_times_that_do_not_fit_their_events(time, event, message):
    with pytest.raises(ValueError, match=message):
        censored(time, event)
    with pytest.raises(ValueError, match="side must be"):
        censored([1.0], [1], side="both")


@pytest.mark.parametrize("raw", [(-2.0, 30.0), (-300.0, 2.0), (-2.0, 5.0)])
def test_a_bound_far_beyond_everything_says_nothing(raw):
    """Where all probability is below the bound the loss is 0, and so are its slopes."""
    found = Censored(Weibull()).loss().evaluate(np.array([[0.0, 3.0]]), np.array([raw]).T, 2)
    for part in found:
        np.testing.assert_array_equal(np.abs(part), 0.0)


@pytest.mark.parametrize("shape", [0.0, 1e-9, -1e-5, 0.3, -0.3, 1.5, -0.7])
@pytest.mark.parametrize("width", [1e-9, 1e-3, 1.0, 30.0])
@pytest.mark.parametrize("family", [GeneralisedExtremeValue(), GeneralisedPareto()], ids=repr)
def test_intervals_where_the_support_ends_with_the_shape(family, width, shape):
    loc = 0.0 if isinstance(family, GeneralisedPareto) else 0.3
    lows = loc + np.array([0.0, 0.2, 1.0, 3.0] if loc == 0.0 else [-4.0, -1.0, 0.0, 1.0, 4.0])
    y = np.stack([lows, lows + width], axis=1)
    raw = [0.0, shape] if loc == 0.0 else [loc, 0.0, shape]
    found = Censored(family).nll(y, np.tile(raw, (len(y), 1)))

    def below(at):
        """F, or F − 1 where that is the smaller of the two."""
        with mp.workdps(400):
            c, z = mp.mpf(shape), mp.mpf(float(at)) - mp.mpf(loc)
            if c and 1 + c * z <= 0:
                return mp.mpf(0) if c > 0 or loc == 0.0 else mp.mpf(1)
            tail = mp.exp(-z) if not c else (1 + c * z) ** (-1 / c)
            return -tail if loc == 0.0 else mp.exp(-tail)

    with mp.workdps(400):
        mass = [below(high) - below(low) for low, high in y]
        true = [float(-mp.log(p)) if p else np.inf for p in mass]
    np.testing.assert_allclose(found, true, rtol=1e-10)


# --- Bounds on one side only -----------------------------------------------------------------------


@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("family", [Normal(), Weibull(), LogNormal(), Exponential()], ids=repr)
def test_bounds_on_one_side_have_no_maximum(family, side):
    bound = np.random.default_rng(0).gamma(2.0, size=30)
    y = censored(bound, np.zeros(30), side="right" if side == "above" else "left")
    x = np.arange(30.0)[:, None]
    words = (
        rf"every row of y is only known to lie {side} some bound, so the likelihood of Censored\("
    )
    for use in (Censored(family).fit, lambda y: Linear(Censored(family)).fit(x, y)):
        with pytest.raises(ValueError, match=words):
            use(y)
    seen = np.arange(30) == 7
    some = np.where(seen[:, None], bound[:, None], y)
    with pytest.raises(ValueError, match=words):
        Censored(family).fit(some, sample_weight=~seen)
    Censored(family).nll(y, np.zeros((30, len(family.raw_columns))))  # a loss it is, all the same


def test_bounds_on_one_side_may_have_a_maximum_where_something_is_held():
    y = censored([0.25, 2.0] * 10, np.zeros(20))
    held = Censored(Weibull(scale=1.0)).fit(y).parameters["shape"]
    assert 0.25**held * np.log(0.25) == pytest.approx(-(2.0**held) * np.log(2.0))
    x = np.array([-1.0, 1.0] * 10)[:, None]
    assert Linear(Censored(Normal()), alpha=1.0, fit_intercept=False).fit(x, y).result_.status
