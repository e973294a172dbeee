"""Transformed: the families that it gives under other names, every learner, and what is refused."""

import numpy as np
import pytest
from mpmath import mp

import likely
from likely import (
    Bernoulli,
    Censored,
    Constant,
    Gamma,
    Gumbel,
    Laplace,
    Linear,
    LogNormal,
    Mixture,
    Network,
    Normal,
    Poisson,
    StudentT,
    Transformed,
    Trees,
    Truncated,
    VonMises,
    Weibull,
    ZeroInflated,
    censored,
    predicted,
)
from oracles import numeric

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 1))
Y = np.exp(1.0 + 0.3 * X[:, 0] + 0.4 * RNG.normal(size=120))
LOG = Transformed(Normal(), "log")


@pytest.mark.parametrize(
    ("family", "same"),
    [
        (LOG, LogNormal()),
        (Censored(LOG), Censored(LogNormal())),
        (ZeroInflated(LOG), ZeroInflated(LogNormal())),
        (Mixture(LOG, 2), Mixture(LogNormal(), 2)),
        (Transformed(LOG, "affine"), LogNormal()),
    ],
    ids=repr,
)
def test_the_logarithm_of_normal_is_lognormal(family, same):
    y = Y
    if isinstance(family, Censored):
        y = np.column_stack([Y, np.where(Y > 3.0, np.inf, np.where(X[:, 0] > 1.0, Y + 0.1, Y))])
    if isinstance(family, ZeroInflated):
        y = np.where(X[:, 0] > 1.0, 0.0, Y)
    raw = RNG.normal(size=(120, family.loss().columns))
    np.testing.assert_allclose(family.nll(y, raw), same.nll(y, raw), rtol=1e-12, atol=1e-12)
    if not isinstance(family, (Censored, Mixture)):
        given = dict(zip(family.parameters, (0.3, 0.7, 0.2), strict=False))
        d, e = family.at(**given), same.at(**given)
        for method in ("mean", "var", "mode", "median", "entropy"):
            assert getattr(d, method)() == pytest.approx(getattr(e, method)(), rel=1e-9)


@pytest.mark.parametrize("factor", [2.0, -0.5])
@pytest.mark.parametrize(
    ("inside", "given"),
    [
        (Gumbel(), {"loc": 0.4, "scale": 1.5}),
        (Gamma(), {"mean": 2.0, "shape": 0.3}),
        (StudentT(), {"loc": -1.0, "scale": 2.0, "df": 5.0}),
        (Truncated(Normal(), low=0.0, high=2.0), {"loc": 0.4, "scale": 1.5}),
    ],
    ids=repr,
)
def test_affine_moves_everything_along(inside, given, factor):
    shift = 5.0
    x = inside.at(**given)
    y = Transformed(inside, "affine", shift=shift, factor=factor).at(**given)
    assert y.mean() == shift + factor * x.mean()
    assert y.mode() == shift + factor * x.mode()
    assert y.var() == pytest.approx(factor**2 * x.var(), rel=1e-14)
    assert y.entropy() == pytest.approx(x.entropy() + np.log(abs(factor)), rel=1e-12)
    q = np.array([1e-6, 0.2, 0.5, 0.9])
    other = x.quantile(q) if factor > 0 else x.isf(q)
    np.testing.assert_array_equal(y.quantile(q), shift + factor * other)
    at = x.quantile(np.array([0.1, 0.5, 0.9]))
    np.testing.assert_allclose(
        y.log_prob(shift + factor * at), x.log_prob(at) - np.log(abs(factor)), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("power", [0.5, 0.3, 2.0, -1.0])
def test_a_box_cox_density_integrates_to_one(power):
    edge = {"low": -1.0 / power} if power > 0 else {"high": -1.0 / power}
    family = Transformed(Truncated(Normal(), **edge), "box-cox", power=power)
    assert family.specification.support is likely.positive
    d = family.at(loc=0.2, scale=0.6)
    t, step = np.linspace(-60.0, 60.0, 200001, retstep=True)
    y = np.exp(t)
    assert (d.prob(y) * y).sum() * step == pytest.approx(1.0, abs=1e-9)
    np.testing.assert_allclose(d.cdf(d.quantile([1e-9, 0.1, 0.5, 0.99])), [1e-9, 0.1, 0.5, 0.99])
    x = np.expm1(power * np.log(d.median())) / power
    assert Truncated(Normal(), **edge).at(loc=0.2, scale=0.6).cdf(x) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("power", "factor", "y"),
    [(-1.0, -2.0, [1e3, 1e10, 1e16, 1e17, 1e100, 1e300]), (0.5, 3.0, [1e-300, 1e-40, 1e-20, 1e-9])],
)
def test_next_to_the_end_of_a_power(power, factor, y):
    """1 − 1/y is 1 in float64 from y = 1e16 on, but 1/y is what the family inside is told."""
    inside = Transformed(Weibull(), "affine", shift=-1.0 / power, factor=factor)
    family = Transformed(inside, "box-cox", power=power)
    points = [(a, b, v) for a, b in ((0.0, 0.0), (-3.0, 0.4), (2.0, -1.5)) for v in y]

    def loss(log_scale, log_shape, v):
        shape = mp.exp(log_shape)
        x = v ** mp.mpf(power) / power / factor
        log_ratio = mp.log(x) - log_scale
        inner = log_shape - log_scale + (shape - 1) * log_ratio - mp.exp(shape * log_ratio)
        return mp.log(abs(mp.mpf(factor))) - (power - 1) * mp.log(v) - inner

    rows = np.array(points)
    found = family.loss().evaluate(rows[:, 2], np.ascontiguousarray(rows[:, :2].T), 2)
    # Relative steps in y: the loss moves with its logarithm.
    logs = [(a, b, np.log(v)) for a, b, v in points]
    for part in numeric.ratios(found, lambda a, b, u: loss(a, b, mp.exp(u)), logs):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


def test_the_likelihood_of_powers_is_that_of_y():
    # Of the powers, the one that made the data.
    rng = np.random.default_rng(1)
    x = rng.normal(3.0, 1.0, 4000)
    y = (1.0 + 0.5 * x[x > -2.0]) ** 2.0
    fits = {
        power: -Transformed(Truncated(Normal(), low=-1.0 / power), "box-cox", power=power)
        .fit(y).log_prob(y).mean()
        for power in (0.25, 0.5, 1.0)
    }  # fmt: skip
    assert min(fits, key=fits.get) == 0.5
    found = Transformed(Truncated(Normal(), low=-2.0), "box-cox", power=0.5).fit(y).parameters
    assert found["loc"] == pytest.approx(3.0, abs=0.06)
    assert found["scale"] == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize("n", [5, 20, 400])
def test_fits_are_those_of_the_transformed_y(n):
    rng = np.random.default_rng(n)
    for _ in range(8):
        y = 5.0 - 2.0 * rng.gumbel(rng.normal(0, 20.0), np.exp(rng.normal(0, 2)), n)
        family = Transformed(Gumbel(), "affine", shift=5.0, factor=-2.0)
        here, there = family.fit(y).parameters, Gumbel().fit((5.0 - y) / 2.0).parameters
        for name in here:
            assert here[name] == pytest.approx(there[name], rel=1e-6)


def test_the_effect_of_x_is_that_on_the_transformed_y():
    ours, theirs = Linear(LOG).fit(X, Y), Linear(Normal()).fit(X, np.log(Y))
    for name in ("loc", "scale"):
        np.testing.assert_allclose(ours.coef_[name], theirs.coef_[name], rtol=1e-6, atol=1e-9)
    t = censored(np.minimum(Y, 4.0), Y <= 4.0)
    both = [Linear(Censored(f)).fit(X, t) for f in (LOG, LogNormal())]
    np.testing.assert_allclose(both[0].coef_["loc"], both[1].coef_["loc"], rtol=1e-6)


FAMILIES = [
    LOG,
    Transformed(Truncated(Normal(), low=-2.0), "box-cox", power=0.5),
    Transformed(Weibull(shape=predicted), "affine", shift=-1.0, factor=2.0),
]


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_every_learner_computes_one_loss(family):
    torch = pytest.importorskip("torch")
    jax = pytest.importorskip("jax")
    raw = RNG.normal(size=(120, 2))
    expected = family.nll(Y, raw)
    found = family.nll(torch.from_numpy(Y), torch.from_numpy(raw)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    with jax.enable_x64(True):
        found = np.asarray(family.nll(jax.numpy.asarray(Y), jax.numpy.asarray(raw)))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    for library in ("lightgbm", "xgboost", "catboost"):
        pytest.importorskip(library)
        assert getattr(likely, library).Objective(family, Y).columns
    models = [
        Constant(family),
        Linear(family),
        Trees(family, max_iter=5, random_state=0),
        Network(family, max_epochs=2, random_state=0),
    ]
    for model in models:
        model.fit(X, Y)
        mine = family.nll(Y, model.predict_dist(X).raw.T).mean()
        assert -model.score(X, Y) == pytest.approx(mine, rel=1e-10)


def test_a_model_is_saved_and_loaded(tmp_path):
    model = Linear(FAMILIES[1]).fit(X, Y)
    model.save(tmp_path / "m")
    back = likely.load(tmp_path / "m")
    assert back.family_ == model.family_
    np.testing.assert_array_equal(back.predict(X, point="mean"), model.predict(X, point="mean"))


def test_it_can_be_typed_at_the_command_line():
    pytest.importorskip("typer")
    from likely.cli.family_text import parse_family

    for family in FAMILIES[:2]:
        assert parse_family(repr(family)) == family


def test_a_function_of_y_can_be_cut_off():
    values = {"loc": 0.3, "scale": 0.8}
    cut, same = Truncated(LOG, low=1.0).at(**values), Truncated(LogNormal(), low=1.0).at(**values)
    y = np.array([1.0, 1.7, 9.0])
    np.testing.assert_allclose(cut.log_prob(y), same.log_prob(y), rtol=1e-12)
    np.testing.assert_allclose(cut.sf(y), same.sf(y), rtol=1e-12)
    assert cut.mean() == pytest.approx(same.mean(), rel=1e-10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Transformed(Poisson(), "log"), "y are counts"),
        (lambda: Transformed(Bernoulli(), "log"), "y are classes"),
        (lambda: Transformed(VonMises(), "log"), "y are angles"),
        (lambda: Transformed(Laplace(), "log"), "loss has kinks"),
        (lambda: Transformed(Censored(Normal()), "log"), r"Censored\(Transformed\(...\)\)"),
        (lambda: Transformed(ZeroInflated(Gamma()), "log"), r"ZeroInflated\(Transformed\(...\)\)"),
        (
            lambda: Transformed(Normal(), "box-cox", power=0.3),
            r"would not integrate to 1.*Truncated\(Normal\(\), low=-3.3333333333333335\)",
        ),
        (lambda: Transformed(Normal(), "box-cox", power=-2), r"high=0.5"),
        (lambda: Transformed(Normal(), "log", power=2), "takes no numbers, not power"),
        (lambda: Transformed(Normal(), "box-cox"), "needs its power"),
        (lambda: Transformed(Normal(), "affine", scale=2.0), "scale is a parameter of Normal"),
    ],
)
def test_what_is_not_defined_is_refused_by_name(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("transform", "given", "message"),
    [
        ("sqrt", {}, "one of log, box-cox, affine"),
        ("box-cox", {"power": 0}, '"log" is the limit at 0'),
        ("affine", {"factor": 0.0}, "other than 0"),
        ("affine", {"shift": np.inf}, "finite"),
    ],
)
def test_numbers_that_cannot_be(transform, given, message):
    with pytest.raises(ValueError, match=message):
        Transformed(Normal(), transform, **given)


def test_y_outside_is_named():
    with pytest.raises(ValueError, match=r"outside the support \(0, ∞\).*row 1"):
        LOG.fit([1.0, -2.0])
    with pytest.raises(ValueError, match=r"outside the support \(5, ∞\)"):
        Transformed(Gamma(), "affine", shift=5.0).fit([6.0, 4.0])
