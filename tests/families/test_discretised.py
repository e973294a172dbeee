"""Discretised: known whole numbers, both conventions, every learner, and what is refused."""

import numpy as np
import pytest

import likely
from likely import (
    Bernoulli,
    Beta,
    Constant,
    Discretised,
    Exponential,
    Family,
    Gamma,
    Geometric,
    Gumbel,
    Hurdle,
    Laplace,
    Linear,
    LogNormal,
    Mixture,
    Network,
    Normal,
    Parameter,
    Poisson,
    Transformed,
    Trees,
    Truncated,
    VonMises,
    Weibull,
    ZeroInflated,
    positive,
)
from oracles import engines, grid
from oracles.contract import check
from oracles.modified import WHOLE, points

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 1))
Y = np.floor(np.exp(1.0 + 0.4 * X[:, 0]) * RNG.weibull(1.4, 150))


def test_a_unit_whose_ends_have_one_logarithm():
    """It is wide beside the scale, and only its width tells that the outer tail has vanished."""
    point = (1e15, 0.0, -300.0)
    assert check(grid.combination("Discretised(LogNormal)"), [point], engines.numpy_engine).passed


@pytest.mark.parametrize("name", WHOLE)
def test_numerics_contract(name):
    found = points(name, 40)
    if name == "Discretised(Normal)":
        found += [(-y, -loc, scale) for y, loc, scale in found]
        # Where float64 has no halves, or not every whole number, and the unit is wide beside the scale, or narrow.
        for y in (2.0**51 + 1.0, 2.0**52 + 1.0, 2.0**53, 2.0**53 + 2.0, -(2.0**53) - 2.0, 2.0**60):
            locs = (y, y - 1.0, y + 2.0, 0.5 * y, 0.0)
            found += [(y, loc, s) for loc in locs for s in (-30.0, -1.0, 0.5, 10.0, 30.0, 37.0)]
    else:
        for y in (2.0**52 + 1.0, 2.0**53, 2.0**53 + 2.0, 2.0**60):
            locs = (np.log(y) + apart for apart in (0.0, -1.0, 30.0))
            found += [(y, loc, s) for loc in locs for s in (-30.0, -20.0, -3.0, 0.0, 30.0)]
    report = check(grid.combination(name), found, engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize("y", [2.0**51 + 1.0, 2.0**52 + 1.0, 2.0**53, -(2.0**53) - 2.0])
@pytest.mark.parametrize("scale", [0.1, 0.5, 3.0])
def test_tails_where_float64_has_no_halves(y, scale):
    near, far = (Discretised(Normal()).at(loc=loc, scale=scale) for loc in (0.0, y))
    k = np.array([-4.0, -2.0, 0.0, 2.0])
    for name in ("log_prob", "cdf", "sf"):
        np.testing.assert_allclose(getattr(far, name)(y + k), getattr(near, name)(k), rtol=1e-12)


@pytest.mark.parametrize("y", [2.0**53, 2.0**53 + 2.0, 2.0**60, 1e20])
def test_a_unit_that_is_less_than_a_digit(y):
    """It has the chance of its density, in parts of half-lines too."""
    amounts = Gamma().at(mean=1e17, shape=1.5)
    units = Discretised(Gamma()).at(mean=1e17, shape=1.5)
    for name in ("log_prob", "cdf", "sf"):
        assert getattr(units, name)(y) == pytest.approx(getattr(amounts, name)(y), rel=1e-12)
    above = Truncated(Discretised(Gamma()), low=1000).at(mean=1e17, shape=1.5)
    assert above.log_prob(y) == pytest.approx(amounts.log_prob(y), rel=1e-12)


def test_the_discrete_exponential_is_geometric():
    d = Discretised(Exponential()).at(mean=3.0)
    e = Geometric().at(mean=1.0 / np.expm1(1.0 / 3.0))
    k = np.arange(0.0, 400.0)
    np.testing.assert_allclose(d.log_prob(k), e.log_prob(k), rtol=1e-12)
    np.testing.assert_allclose(d.sf(k), e.sf(k), rtol=1e-12)
    assert d.mean() == pytest.approx(e.mean(), rel=1e-12)
    found = Discretised(Exponential()).fit(Y).parameters["mean"]
    assert found == pytest.approx(1.0 / np.log1p(1.0 / Y.mean()), rel=1e-8)


@pytest.mark.parametrize("name", ["normal", "gumbel", "logistic"])
@pytest.mark.parametrize("scale", [0.02, 1.5, 40.0])
def test_rounding_on_the_real_line(name, scale):
    inside = likely.catalogue.as_family(name)
    d = Discretised(inside).at(loc=-2.3, scale=scale)
    x = inside.at(loc=-2.3, scale=scale)
    k = np.arange(-4000.0, 4000.0)
    p = d.prob(k)
    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(d.cdf(k), x.cdf(k + 0.5), rtol=1e-13)
    np.testing.assert_allclose(d.sf(k), x.sf(k + 0.5), rtol=1e-13)
    mean = (p * k).sum()
    assert d.mean() == pytest.approx(mean, rel=1e-10)
    assert d.var() == pytest.approx((p * (k - mean) ** 2).sum(), rel=1e-8, abs=1e-12)
    assert d.entropy() == pytest.approx(-(p[p > 0] * np.log(p[p > 0])).sum(), rel=1e-8, abs=1e-12)
    assert d.mode() == k[p.argmax()]
    q = np.array([1e-9, 0.01, 0.3, 0.5, 0.8, 0.999])
    np.testing.assert_array_equal(d.quantile(q), [k[np.argmax(p.cumsum() >= v)] for v in q])
    # Far out the mass is the density's, in logarithms.
    if name == "normal":
        far = np.round(-2.3 + 200.0 * max(scale, 1.0))
        assert np.isfinite(d.log_prob(far))
        assert d.log_prob(far) < -100.0


@pytest.mark.parametrize("scale", [0.4, 1.0, 10.0])
def test_fits_are_the_maximum(scale):
    from scipy.optimize import minimize

    rng = np.random.default_rng(int(10 * scale))
    for n in (12, 200):
        cases = [
            (Discretised(Normal()), np.round(rng.normal(3.3, 2.0 * scale, n))),
            (Discretised(Weibull()), np.floor(rng.weibull(1.3, n) * 4.0 * scale)),
            (Discretised(Gumbel()), np.round(rng.gumbel(-3.0, 2.0 * scale, n))),
        ]
        for family, y in cases:
            fitted = family.fit(y)
            raw = fitted.raw

            def nll(r, family=family, y=y):
                return float(family.nll(y, np.tile(r, (y.size, 1))).mean())

            best = min(
                minimize(nll, raw + step, method="Nelder-Mead", options={"xatol": 1e-9}).fun
                for step in (0.0, 0.7, -0.7)
            )
            assert nll(raw) <= best + 1e-10


def _text(told):
    return getattr(told, "message", told)


@pytest.mark.parametrize("family", [Discretised(Weibull()), Discretised(Normal())], ids=repr)
def test_it_is_explained_with_its_units(family):
    told = family.explain()
    assert str(told).startswith(repr(family))
    assert "−log(F(" in str(told)
    assert "\\begin{align*}" in told.latex


def test_a_first_unit_that_holds_everything_has_no_slope():
    for inside in ("weibull", "exponential", "lognormal", "loglogistic"):
        family = Discretised(inside)
        raw = np.ones((1, family.loss().columns))
        raw[0, 0] = -400.0
        value, gradient = family.nll_and_gradient(np.zeros(1), raw)
        assert value == 0.0, inside
        assert (gradient == 0.0).all(), inside
    value, gradient = Discretised(Weibull()).nll_and_gradient([0.0], np.array([[-2.0, 30.0]]))
    assert value == 0.0
    assert (gradient == 0.0).all()


@pytest.mark.parametrize(
    ("inside", "y"),
    [("normal", [3.0, 3.0, 3.0]), ("normal", [0.0, 1.0, 1.0, 0.0]), ("weibull", [0.0, 0.0, 0.0])],
)
def test_a_spread_that_whole_numbers_do_not_show_is_said(inside, y):
    # Of one or two neighbouring values the likelihood is largest at scale 0.
    import warnings

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            Discretised(inside).fit(y)
        except ValueError as error:
            told.append(error)
    assert any(
        "maximum" in str(one) or "edge of its domain" in str(one) for one in map(_text, told)
    )


@pytest.mark.parametrize("family", [Discretised(Weibull()), Discretised(Normal())], ids=repr)
def test_every_learner_computes_one_loss(family):
    torch = pytest.importorskip("torch")
    jax = pytest.importorskip("jax")
    raw = RNG.normal(size=(150, 2))
    expected = family.nll(Y, raw)
    found = family.nll(torch.from_numpy(Y), torch.from_numpy(raw)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    with jax.enable_x64(True):
        found = np.asarray(family.nll(jax.numpy.asarray(Y), jax.numpy.asarray(raw)))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    boosted = type(family)(*(type(f)(shape=likely.predicted) if "shape" in f.parameters else f
                             for f in family.families))  # fmt: skip
    for library in ("lightgbm", "xgboost", "catboost"):
        pytest.importorskip(library)
        assert getattr(likely, library).Objective(boosted, Y).columns
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


def test_it_composes_with_what_takes_counts():
    a, b = Discretised(LogNormal()), Discretised(Transformed(Normal(), "log"))
    raw = RNG.normal(size=(150, 2))
    np.testing.assert_allclose(a.nll(Y, raw), b.nll(Y, raw), rtol=1e-9)
    inflated = ZeroInflated(a).at(loc=1.0, scale=0.5, inflation=0.3)
    assert inflated.prob(0) == pytest.approx(0.3 + 0.7 * a.at(loc=1.0, scale=0.5).prob(0))
    hurdle = Hurdle(a).at(loc=1.0, scale=0.5, zero=0.3)
    k = np.arange(0.0, 2000.0)
    for d in (inflated, hurdle):
        assert d.prob(k).sum() == pytest.approx(1.0, abs=1e-12)
        assert d.mean() == pytest.approx((d.prob(k) * k).sum(), rel=1e-9)
    two = Mixture(a, 2).at(loc1=0.0, scale1=0.5, loc2=2.0, scale2=0.3, odds2=1.0)
    assert two.prob(k).sum() == pytest.approx(1.0, abs=1e-12)


class Rayleigh(Family):
    """A family of one's own, of which only the density is given."""

    support = positive
    scale = Parameter(positive, r"\sigma")

    def log_density(y, scale):
        z = y / scale
        return y.log - 2.0 * scale.log - 0.5 * (z * z)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Discretised(Poisson()), "whole numbers already"),
        (lambda: Discretised(Bernoulli()), "y are classes"),
        (lambda: Discretised(Rayleigh()), "no formula for log_cdf"),
        (lambda: Discretised(Laplace()), "loss has kinks"),
        (lambda: Discretised(VonMises()), "real line or the positive numbers"),
        (lambda: Discretised(Beta()), "real line or the positive numbers"),
        (lambda: Discretised(Mixture(Normal(), 2)), r"write Mixture\(Discretised\(...\)\)"),
        (lambda: Discretised(Truncated(Normal(), low=0)), "discretise the family alone"),
        (lambda: ZeroInflated(Discretised(Normal())), "may be any whole number"),
    ],
)
def test_what_is_not_defined_is_refused_by_name(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_y_that_is_not_whole_is_named():
    with pytest.raises(ValueError, match=r"ℤ of Discretised\(Normal\) in row 1 \(value 0.5\)"):
        Discretised(Normal()).fit([1.0, 0.5])
    with pytest.raises(ValueError, match=r"in row 0 \(value -1.0\)"):
        Discretised(Weibull()).fit([-1.0, 2.0])
