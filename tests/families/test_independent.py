"""Independent: the loss is the sum of its parts, wherever it is computed, and the fit that of each by itself."""

import pickle

import numpy as np
import pytest
from scipy import stats

import likely
import likely.lightgbm
from likely import (
    Bernoulli,
    Binomial,
    Categorical,
    Censored,
    Constant,
    Gamma,
    Independent,
    Laplace,
    Linear,
    Mixture,
    MultivariateNormal,
    Network,
    Normal,
    Poisson,
    Trees,
    Truncated,
    VonMises,
    Weibull,
    ZeroInflated,
    predicted,
)
from likely.fitting import Status

RNG = np.random.default_rng(5)
N = 400
X = RNG.uniform(-1.0, 1.0, size=(N, 2))
DIRECTION = np.angle(np.exp(1j * (3.0 + 0.5 * X[:, 0] + RNG.vonmises(0.0, 4.0, N))))
SPEED = np.exp(1.0 + 0.5 * X[:, 1]) * RNG.weibull(2.0, N)
Y = np.column_stack([DIRECTION, SPEED])
WIND = Independent(direction=VonMises(), speed=Weibull())
#: Of every kind of support, with modified families, fixed parameters and other links.
MANY = [
    WIND,
    Independent(Normal(), Gamma(), Poisson()),
    Independent(a=ZeroInflated(Poisson()), b=Bernoulli()),
    Independent(a=Normal(scale=2.0), b=Gamma(mean=predicted("softplus"))),
    Independent(a=Mixture(Normal(), 2), b=Truncated(Normal(), low=0.0)),
    Independent(a="poisson", b="NegativeBinomial"),
]
DRAWS = {
    "real": RNG.normal(size=60),
    "positive": RNG.gamma(2.0, size=60),
    "counts": RNG.poisson(2.0, 60).astype(float),
    "circular": RNG.vonmises(3.0, 2.0, 60),
    "binary": RNG.integers(0, 2, 60).astype(float),
}


def draws(family):
    columns = []
    for one in family.families:
        support = one.specification.support
        y = DRAWS["positive" if support.low == 0.0 and not support.integer else
                  support.name if support.name in DRAWS else "real"]  # fmt: skip
        columns.append(y)
    return np.column_stack(columns)


def raws(family):
    return RNG.normal(0.0, 0.5, (60, len(family.raw_columns)))


@pytest.mark.parametrize("family", MANY, ids=repr)
def test_the_loss_is_the_sum_of_the_parts(family):
    y, raw = draws(family), raws(family)
    value, gradient = family.nll_and_gradient(y, raw)
    total, at = np.zeros(60), 0
    for j, one in enumerate(family.families):
        k = len(one.raw_columns)
        nll, slope = one.nll_and_gradient(y[:, j], raw[:, at : at + k])
        total += nll
        np.testing.assert_allclose(gradient[:, at : at + k], slope, rtol=1e-14, atol=1e-300)
        kind = "expected" if "expected" in family.loss().curvature_kinds else "observed"
        block = family.curvature(y, raw, kind)
        np.testing.assert_allclose(
            block[:, at : at + k, at : at + k],
            one.curvature(y[:, j], raw[:, at : at + k], kind),
            rtol=1e-12,
            atol=1e-300,
        )
        assert (block[:, at : at + k, :at] == 0.0).all()
        at += k
    np.testing.assert_allclose(value, total, rtol=1e-13)


@pytest.mark.parametrize("family", MANY[:3], ids=repr)
def test_kernels_and_other_libraries(family):
    import jax
    import torch

    y, raw = draws(family), raws(family)
    value, gradient = family.nll_and_gradient(y, raw)
    kernel, slopes, _ = family.loss().compiled.evaluate(y, np.ascontiguousarray(raw.T), 1)
    np.testing.assert_allclose(kernel, value, rtol=1e-12)
    np.testing.assert_allclose(slopes.T, gradient, rtol=1e-11, atol=1e-13)
    found = family.nll_and_gradient(torch.from_numpy(y), torch.from_numpy(raw))
    np.testing.assert_allclose(found[0].numpy(), value, rtol=1e-12)
    np.testing.assert_allclose(found[1].numpy(), gradient, rtol=1e-10, atol=1e-14)
    with jax.enable_x64(True):
        rows = jax.numpy.asarray(y), jax.numpy.asarray(raw)
        np.testing.assert_allclose(np.asarray(family.nll(*rows)), value, rtol=1e-12)


def test_a_kernel_counts_rows_outside_the_support():
    loss, y = WIND.loss().compiled, Y.copy()
    y[3, 1], y[5, 0] = -1.0, 9.0
    invalid = []
    loss.evaluate(y, np.zeros((4, N)), 0, invalid=invalid)
    assert invalid == [2]


def test_the_fit_is_that_of_each_by_itself():
    both = Linear(WIND).fit(X, Y)
    one, other = Linear(VonMises()).fit(X, DIRECTION), Linear(Weibull()).fit(X, SPEED)
    assert both.result_.status is Status.converged
    assert both.log_likelihood_ == pytest.approx(one.log_likelihood_ + other.log_likelihood_)
    np.testing.assert_allclose(both.coef_["direction_loc"], one.coef_["loc"], rtol=1e-6)
    np.testing.assert_allclose(both.coef_["speed_scale"], other.coef_["scale"], rtol=1e-6)
    errors = {(r.parameter, r.term): r.std_error for r in both.summary().rows}
    for row in other.summary().rows:
        assert errors[f"speed_{row.parameter}", row.term] == pytest.approx(row.std_error, rel=1e-6)
    assert both.predict(X).shape == (N, 2)
    assert both.score(X, Y) == pytest.approx(both.log_likelihood_ / N)
    fitted = WIND.fit(Y)
    parts = {"direction_": VonMises().fit(DIRECTION), "speed_": Weibull().fit(SPEED)}
    for prefix, part in parts.items():
        for name, value in part.parameters.items():
            assert fitted.parameters[prefix + name] == pytest.approx(value, rel=1e-7)


def test_weights_are_frequencies():
    weight = RNG.integers(0, 3, N)
    one = WIND.fit(Y, sample_weight=weight).parameters
    again = WIND.fit(np.repeat(Y, weight, axis=0)).parameters
    assert one == pytest.approx(again, rel=1e-7)


@pytest.mark.parametrize("learner", [Constant, Trees, Network])
def test_learners(learner, tmp_path):
    settings = {Trees: {"max_iter": 20}, Network: {"max_epochs": 4, "hidden": (8,)}}
    model = learner(WIND, **settings.get(learner, {})).fit(X, Y)
    d = model.predict_dist(X)
    assert -model.score(X, Y) == pytest.approx(WIND.nll(Y, d.raw.T).mean(), rel=1e-10)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(likely.load(tmp_path / "model").predict(X), model.predict(X))


def test_the_distribution():
    values = {"direction_loc": [1.0, 3.0], "direction_concentration": 2.0,
              "speed_scale": [4.0, 5.0], "speed_shape": 2.0}  # fmt: skip
    d = WIND.at(**values)
    assert d.shape == (2,)
    assert {k: v.tolist() for k, v in d.parameters.items()} == {
        k: pytest.approx(np.broadcast_to(v, 2)) for k, v in values.items()
    }
    weibull = stats.weibull_min(2.0, scale=np.array([4.0, 5.0]))
    y = np.array([[0.5, 2.0], [-3.0, 7.0]])
    expected = stats.vonmises(2.0, [1.0, 3.0]).logpdf(y[:, 0]) + weibull.logpdf(y[:, 1])
    np.testing.assert_allclose(d.log_prob(y), expected, rtol=1e-12)
    assert d.log_prob([[9.0, 2.0], [0.5, -1.0]]).tolist() == [-np.inf, -np.inf]
    np.testing.assert_allclose(d.mean(), np.column_stack([[1.0, 3.0], weibull.mean()]), rtol=1e-12)
    np.testing.assert_allclose(d.std()[:, 1], weibull.std(), rtol=1e-12)
    np.testing.assert_allclose(d.median()[:, 1], weibull.median(), rtol=1e-12)
    np.testing.assert_allclose(
        d.entropy(), d.marginal("direction").entropy() + weibull.entropy(), rtol=1e-12
    )
    np.testing.assert_allclose(d.marginal(-1).quantile(0.9), weibull.ppf(0.9), rtol=1e-12)
    sample = d.sample(20_000, 0)
    assert sample.shape == (2, 20_000, 2)
    np.testing.assert_allclose(sample[..., 1].mean(axis=1), weibull.mean(), rtol=0.02)
    single = d[0]
    assert single.mode().shape == (2,)
    assert single.sample(3, 0).shape == (3, 2)
    assert single.marginal("speed").mean() == pytest.approx(weibull.mean()[0])
    with pytest.raises(AttributeError, match=r"quantile is not defined .* Use marginal\(i\)"):
        d.quantile(0.5)
    with pytest.raises(
        ValueError, match=r"no column 'height' of y; there are .*speed.*, or 0 to 1"
    ):
        d.marginal("height")
    with pytest.raises(ValueError, match=r"no column 2 of y; there are .*, or 0 to 1"):
        d.marginal(2)


def test_a_family_is_a_value():
    for family in MANY:
        assert eval(repr(family), {n: getattr(likely, n) for n in dir(likely)}) == family
        assert pickle.loads(pickle.dumps(family)) == family
    assert Independent(Normal(), Gamma()).parameters == (
        "y0_loc",
        "y0_scale",
        "y1_mean",
        "y1_shape",
    )
    assert "speed: Choose a distribution" in str(WIND.explain())
    assert r"\ell" in WIND.explain().latex


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y[:, :1], r"y must have 2 columns, direction, speed; got shape \(400, 1\)"),
        (Y[:, 0], r"y must have 2 columns, direction, speed"),
        (Y[:, ::-1] + 4.0, r"outside the support \(−π, π\] of direction, column 0 of Independent"),
        (Y * [1.0, -1.0], r"outside the support \(0, ∞\) of speed, column 1 of Independent"),
        (Y * [1.0, np.nan], r"y is NaN in rows 0, 1, 2"),
    ],
)
def test_wrong_y(y, message):
    for fit in (WIND.fit, lambda y: Linear(WIND).fit(X, y)):
        with pytest.raises(ValueError, match=message):
            fit(y)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Independent(Normal()), ValueError, "at least two families, got 1"),
        (lambda: Independent(Normal(), b=Gamma()), TypeError, "with names or without, not both"),
        (lambda: Independent(Normal(), Gamma(), names=["a", "a"]), ValueError, "names must be one"),
        (lambda: Independent(Normal(), Categorical()), TypeError, "y of Categorical are classes"),
        (lambda: Independent(Normal(), MultivariateNormal()), TypeError, "of several columns"),
        (lambda: Independent(Normal(), Censored(Weibull())), TypeError, "of several columns"),
        (lambda: Independent(Normal(), Binomial()), TypeError, "of several columns"),
        (lambda: Independent(Normal(), Laplace()), TypeError, "has a kink"),
        (lambda: Independent(WIND, Normal()), TypeError, "of several columns"),
        (lambda: Mixture(WIND, 2), TypeError, "several columns"),
        (lambda: Mixture(VonMises(), 2), TypeError, "not defined for VonMises"),
        (lambda: ZeroInflated(WIND), TypeError, "not defined for Independent"),
        (
            lambda: likely.lightgbm.Objective(WIND, Y),
            TypeError,
            "a booster's y is one number a row",
        ),
        (lambda: Network(WIND, members=2).fit(X, Y), ValueError, "is for one member"),
        (lambda: Network(VonMises(), members=2).fit(X, DIRECTION), ValueError, "for one member"),
    ],
)
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
