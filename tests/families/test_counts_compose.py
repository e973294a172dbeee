"""Counts cut off, censored, with zeros of their own, and all of it at once: by sums of probabilities, and R's fits."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from likely import (
    Binomial,
    Censored,
    Constant,
    ConwayMaxwellPoisson,
    Discretised,
    GeneralisedPoisson,
    Geometric,
    Hurdle,
    Linear,
    Mixture,
    NegativeBinomial,
    NegativeBinomial1,
    Normal,
    Poisson,
    Truncated,
    Weibull,
    ZeroInflated,
    censored,
    truncated,
)
from test_parity import LEARNERS

INF = np.inf
PAPERS = Path(__file__).parents[1] / "data" / "fits" / "reg_zip_biochemists.csv"


def papers():
    """Articles of 915 biochemists and who they are (Long, 1990), as R's pscl has them."""
    with PAPERS.open() as file:
        rows = list(csv.DictReader(file))
    names = ("femWomen", "marMarried", "kid5", "phd", "ment")
    X = np.array([[float(row[name]) for name in names] for row in rows])
    return X, np.array([float(row["y"]) for row in rows])


# --- R's figures: 4.2.2 with VGAM 1.1-7 and pscl 1.5.5, all with y ~ fem + mar + kid5 + phd + ment. ----------------


def test_zero_truncated_by_vgam():
    """vglm(…, posnegbinomial), of those who wrote any."""
    X, y = papers()
    X, y = X[y > 0.0], y[y > 0.0]
    model = Linear(Truncated(NegativeBinomial(), low=0)).fit(X, y)
    assert model.log_likelihood_ == pytest.approx(-1027.31851015, abs=1e-7)
    assert model.intercept_["mean"] == pytest.approx(0.35512451880608, abs=1e-6)
    assert model.intercept_["size"] == pytest.approx(0.60347503633615, abs=1e-6)
    known = [-0.24467120916, 0.10341720656, -0.15325933066, -0.00293354522, 0.02373822007]
    np.testing.assert_allclose(model.coef_["mean"], known, atol=1e-6)


def test_zero_truncated_in_every_row_by_vgam():
    """vglm(…, pospoisson), with the bound in every row."""
    X, y = papers()
    X, y = X[y > 0.0], y[y > 0.0]
    model = Linear(Truncated(Poisson())).fit(X, truncated(y, low=0.0))
    assert model.log_likelihood_ == pytest.approx(-1080.03361305, abs=1e-7)
    known = [-0.22858261664, 0.09648497516, -0.14218724488, -0.01272656562, 0.01874550258]
    np.testing.assert_allclose(model.coef_["mean"], known, atol=1e-6)


def test_right_censored_by_vgam():
    """vglm(SurvS4(pmin(y, 4), y < 4, type = "right") ~ …, cens.poisson)"""
    X, y = papers()
    model = Linear(Censored(Poisson())).fit(X, censored(np.minimum(y, 4.0), y < 4.0))
    assert model.log_likelihood_ == pytest.approx(-1401.54264714, abs=1e-7)
    known = [-0.1550621850887, 0.1428232191584, -0.1558526636171, 0.0415164007293, 0.0230107452530]
    np.testing.assert_allclose(model.coef_["mean"], known, atol=1e-6)


@pytest.mark.parametrize(
    "family",
    [Hurdle(NegativeBinomial()), Hurdle(Truncated(NegativeBinomial(), low=0))],
    ids=["plain", "truncated"],
)
def test_hurdle_by_pscl(family):
    """hurdle(…, dist = "negbin"), whose zero_ coefficients are those of not being 0."""
    model = Linear(family).fit(*papers())
    assert model.log_likelihood_ == pytest.approx(-1552.59659121, abs=1e-6)
    assert np.exp(model.intercept_["size"]) == pytest.approx(1.82846135219, rel=1e-5)
    known = [
        0.25115112861801,
        -0.32623358361298,
        0.28524871578515,
        -0.02221939709896,
        -0.080121354687,
    ]
    np.testing.assert_allclose(model.coef_["zero"], known, atol=1e-6)


# --- What a row can be sums to 1, and is what sums of probabilities say. ------------------------------------------

NB = NegativeBinomial()
AT = {"mean": 1.6, "size": 1.3}
LAW = stats.nbinom(1.3, 1.3 / 2.9)


def likelihood(family, rows, **parameters):
    """e^−nll of the rows."""
    values = {**AT, **parameters}
    raw = family.loss().columns * [0.0]
    for j, name in enumerate(family.parameters):
        raw[j] = np.log(values[name] / (1.0 - values[name]) if name in parameters else values[name])
    return np.exp(-family.nll(np.array(rows), np.tile(raw, (len(rows), 1))))


def test_censored_and_cut_off():
    seen = LAW.sf(0)
    found = likelihood(Censored(Truncated(NB, low=0)), [[3, INF], [1, 2], [2, 2], [-INF, 4]])
    np.testing.assert_allclose(
        found * seen, [LAW.sf(2), LAW.pmf([1, 2]).sum(), LAW.pmf(2), LAW.cdf(4) - LAW.pmf(0)], rtol=1e-12
    )  # fmt: skip
    seen = LAW.pmf(np.arange(2, 10)).sum()
    rows = [[3, INF], [-INF, 2], [5, 12]]
    found = likelihood(Censored(Truncated(NB, low=1, high=9)), rows)
    sums = [LAW.pmf(np.arange(a, b)).sum() for a, b in ((3, 10), (2, 3), (5, 10))]
    np.testing.assert_allclose(found * seen, sums, rtol=1e-12)


def test_bounds_of_every_row():
    """low < y ≤ high, as where the bounds are the same in all rows."""
    rows = [[3, 0, INF], [2, -INF, 7], [2, 1, 2], [4, -INF, INF], [4, 2, 9]]
    seen = [LAW.sf(0), LAW.cdf(7), LAW.pmf(2), 1.0, LAW.cdf(9) - LAW.cdf(2)]
    found = likelihood(Truncated(NB), rows)
    np.testing.assert_allclose(found * seen, LAW.pmf([3, 2, 2, 4, 4]), rtol=1e-12)
    rows = [[3, INF, 0, INF], [1, 2, -INF, 7], [2, 5, 1, 4], [4, 4, -INF, INF], [0, INF, 2, INF]]
    found = likelihood(Censored(Truncated(NB)), rows)
    inside = [LAW.sf(2), LAW.pmf([1, 2]).sum(), LAW.pmf([2, 3, 4]).sum(), LAW.pmf(4), LAW.sf(2)]
    seen = [LAW.sf(0), LAW.cdf(7), LAW.pmf([2, 3, 4]).sum(), 1.0, LAW.sf(2)]
    np.testing.assert_allclose(found * seen, inside, rtol=1e-12)


@pytest.mark.parametrize(
    "inside",
    [Poisson(), NegativeBinomial(), Mixture(Geometric(), 2), Discretised(Weibull())],
    ids=repr,
)
def test_the_same_bounds_in_all_rows(inside):
    rng = np.random.default_rng(1)
    raw = rng.normal(0.5, 0.5, size=(30, len(inside.raw_columns)))
    y = rng.integers(3, 9, 30).astype(float)
    for low, high in ((2.0, INF), (-INF, 9.0), (2.0, 9.0)):
        given = {k: v for k, v in (("low", low), ("high", high)) if np.isfinite(v)}
        fixed, by_row = Truncated(inside, **given), Truncated(inside)
        ours = by_row.nll_and_gradient(truncated(y, low, high), raw)
        for a, b in zip(ours, fixed.nll_and_gradient(y, raw), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
        seen = np.column_stack([y, np.where(y < 6.0, y, INF)])
        bounds = np.tile([low, high], (30, 1))
        ours = Censored(by_row).nll_and_gradient(np.hstack([seen, bounds]), raw)
        for a, b in zip(ours, Censored(fixed).nll_and_gradient(seen, raw), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def test_zeros_of_their_own():
    z = 0.3
    found = likelihood(Censored(ZeroInflated(NB)), [[0, 2], [-INF, 0], [3, INF]], inflation=z)
    by_sums = [z + (1 - z) * LAW.cdf(2), z + (1 - z) * LAW.pmf(0), (1 - z) * LAW.sf(2)]
    np.testing.assert_allclose(found, by_sums, rtol=1e-12)
    found = likelihood(Censored(Hurdle(NB)), [[0, 2], [0, 0], [3, INF], [1, 4], [0, INF]], zero=z)
    part = [LAW.cdf(2) - LAW.pmf(0), 0.0, LAW.sf(2), LAW.cdf(4) - LAW.pmf(0), LAW.sf(0)]
    by_sums = np.array([z, z, 0.0, 0.0, z]) + (1 - z) * np.array(part) / LAW.sf(0)
    np.testing.assert_allclose(found, by_sums, rtol=1e-12)


def test_hurdle_of_counts_that_begin_later():
    """0, or 3 and more: an order has a least size."""
    family = Hurdle(Truncated(NB, low=2))
    assert family.specification.support.symbol == "{0} ∪ {3, 4, …}"
    d = family.at(**AT, zero=0.3)
    k = np.arange(200.0)
    p = d.prob(k)
    above = np.where(k > 2.0, LAW.pmf(k) / LAW.sf(2), 0.0)
    np.testing.assert_allclose(p, np.where(k == 0.0, 0.3, 0.7 * above), rtol=1e-10)
    np.testing.assert_allclose(d.cdf(k), np.cumsum(p), rtol=1e-10)
    assert d.mean() == pytest.approx((k * p).sum(), rel=1e-9)
    assert d.var() == pytest.approx((k * k * p).sum() - (k * p).sum() ** 2, rel=1e-9)
    y = d.sample(400, 0)
    assert set(np.unique(y)).isdisjoint({1.0, 2.0})
    fitted = family.fit(y)
    assert fitted.parameters["zero"] == pytest.approx((y == 0.0).mean(), rel=1e-8)
    alone = Truncated(NB, low=2).fit(y[y > 0.0])
    assert fitted.parameters["mean"] == pytest.approx(alone.parameters["mean"], rel=1e-5)
    with pytest.raises(ValueError, match=r"each must be 0 or a whole number ≥ 3"):
        family.fit([0.0, 4.0, 2.0])
    invalid = []
    short = Hurdle(Truncated(Geometric(), low=2)).loss().compiled
    for y in ([0.0, 3.0, 4.0], [0.0, 3.0, 2.0]):
        short.evaluate(np.array(y), np.zeros((2, 3)), 0, invalid=invalid)
    assert invalid == [0, 1]


@pytest.mark.parametrize(
    "family",
    [
        Hurdle(Truncated(NegativeBinomial(), high=6)),
        ZeroInflated(Truncated(Poisson(), high=6)),
        Truncated(Mixture(Poisson(), 2), low=0),
        Truncated(Discretised(Weibull()), low=0),
        Truncated(Binomial(trials=12), low=0, high=9),
        Hurdle(Truncated(Poisson(), low=0, high=300)),
    ],
    ids=repr,
)
def test_compositions_are_distributions(family):
    rng = np.random.default_rng(2)
    censored_family = Censored(family)
    raw = rng.normal(0.0, 0.4, (1, len(family.raw_columns)))
    low = family.specification.support.low
    ends = [low, low + 1.0, low + 3.0]
    rows = [[-INF, ends[0]], [ends[1], ends[1]], [ends[1] + 1.0, ends[2]], [ends[2] + 1.0, INF]]
    parts = np.exp(-censored_family.nll(np.array(rows), np.tile(raw, (4, 1))))
    assert parts.sum() == pytest.approx(1.0, rel=1e-12)
    exact = np.exp(-family.nll([low, low + 1.0], np.tile(raw, (2, 1))))
    np.testing.assert_allclose(parts[:2], exact, rtol=1e-11)


# --- Predictions. -------------------------------------------------------------------------------------------------


def test_predictions_between_bounds():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 1))
    y = rng.poisson(rng.gamma(1.5, np.exp(1.0 + 0.3 * X[:, 0]) / 1.5)).astype(float)
    low = rng.integers(-1, 2, 300).astype(float)
    kept = y > low
    model = Linear(Truncated(NegativeBinomial(size=1.5))).fit(
        X[kept], truncated(y[kept], low[kept])
    )
    params = model.predict_params(X[:4])
    np.testing.assert_allclose(model.predict(X[:4], point="mean"), params["mean"], rtol=1e-12)
    given = model.predict_dist(X[:4], low=[-INF, 0.0, 2.0, 1.0], high=[INF, INF, 9.0, 40.0])
    whole = NB.at(mean=params["mean"], size=np.full(4, 1.5))
    k = np.arange(400.0)
    for i, (a, b) in enumerate([(-1.0, INF), (0.0, INF), (2.0, 9.0), (1.0, 40.0)]):
        p = np.where((k > a) & (k <= b), whole[i].prob(k), 0.0)
        p /= p.sum()
        np.testing.assert_allclose(given[i].prob(k), p, rtol=1e-10, atol=1e-300)
        np.testing.assert_allclose(given[i].cdf(k), np.cumsum(p), atol=1e-13)
        mean = (p * k).sum()
        assert given[i].mean() == pytest.approx(mean, rel=1e-10)
        assert given[i].var() == pytest.approx((p * (k - mean) ** 2).sum(), rel=1e-9)
        assert given[i].mode() == p.argmax()
        assert given[i].quantile(0.7) == np.searchsorted(np.cumsum(p), 0.7)
    with pytest.raises(ValueError, match=r"low must be below high.*whole numbers"):
        model.predict_dist(X[:2], low=1.5)
    rate = np.where(rng.uniform(size=300) < 0.5, 0.05, 0.5)
    wide = rng.geometric(rate) - 1.0
    two = Constant(Truncated(Mixture(Geometric(), 2))).fit(np.zeros((300, 1)), truncated(wide))
    d = two.predict_dist(np.zeros((1, 1)), low=1.0, high=8.0)[0]
    assert d.mode() == d.prob(k).argmax()
    assert d.mean() == pytest.approx((d.prob(k) * k).sum(), rel=1e-10)


# --- What cannot be. ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        (Truncated(NB), [[2.0, 2.0, INF]], r"outside its own bounds, low < y ≤ high, in row 0"),
        (Truncated(NB), [[3.0, 0.5, INF]], "whole numbers or infinite"),
        (Truncated(NB), [[3.5, 0.0, INF]], "y is a whole number ≥ 0"),
        (Censored(Truncated(NB)), [[1.0, 2.0, 2.0, INF]], "outside its own bounds"),
        (Censored(Truncated(NB, low=2)), [[1.0, 2.0]], r"impossible under .*\{3, 4, …\}"),
    ],
)
def test_rows_that_cannot_be(family, y, message):
    with pytest.raises(ValueError, match=message):
        Constant(family).fit(np.zeros((1, 1)), y)
    invalid = []
    raw = np.zeros((family.loss().columns, 1))
    family.loss().compiled.evaluate(np.array(y), raw, 0, invalid=invalid)
    assert invalid[0] > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ZeroInflated(Truncated(NB, low=0)), r"without 0; Hurdle\(Truncated\("),
        (lambda: Truncated(Discretised(Normal()), high=3), "may be any whole number"),
        (lambda: Truncated(Hurdle(NB), low=0), r"truncate the family inside, Hurdle\(Truncated"),
        (lambda: Truncated(Binomial()), "brings its trials along"),
        (lambda: Hurdle(Binomial(trials=3)), "needs counts from 0"),
    ],
)
def test_what_is_not_defined(make, message):
    with pytest.raises(TypeError, match=message):
        make()


# --- The same from every learner and library. ---------------------------------------------------------------------

SOME = np.random.default_rng(4).negative_binomial(2, 0.4, 60).astype(float)
TOP = censored(np.minimum(SOME, 5.0), SOME < 5.0)
ENTRY = np.where(SOME % 2.0 == 0.0, -INF, np.maximum(TOP[:, 0] - 2.0, -1.0))
LATE = np.column_stack([TOP, ENTRY, np.full(60, INF)])
COMPOSED = {
    "rows": (Truncated(Geometric()), LATE[:, [0, 2, 3]]),
    "late": (Censored(Truncated(Geometric())), LATE),
    "censored hurdle": (Censored(Hurdle(Geometric())), TOP),
    "censored zeros": (Censored(ZeroInflated(Geometric())), TOP),
    "hurdle of later": (Hurdle(Truncated(Geometric(), low=2)), np.where(SOME < 3.0, 0.0, SOME)),
    "units": (Censored(Truncated(Discretised(Weibull()), low=0)), np.maximum(TOP, 1.0)),
    "linear variance": (Censored(NegativeBinomial1()), TOP),
    "clusters": (Censored(GeneralisedPoisson()), TOP),
    "clutches": (Censored(ConwayMaxwellPoisson()), TOP),
}  # fmt: skip


@pytest.mark.parametrize("learner", ["Constant", "Linear", "Trees", "Network", "PyTorch", "JAX"])
@pytest.mark.parametrize("name", COMPOSED)
def test_one_family_one_nll(name, learner):
    if name in ("linear variance", "clusters", "clutches") and learner not in (
        "Constant",
        "PyTorch",
    ):
        pytest.skip("its tails take long")
    family, y = COMPOSED[name]
    rng = np.random.default_rng(5)
    given = rng.uniform(-0.5, 0.5, (60, len(family.raw_columns)))
    raw, found = LEARNERS[learner](family, rng.normal(size=(60, 2)), y, given)
    assert found == pytest.approx(family.nll(y, raw).mean(), rel=1e-10)


@pytest.mark.parametrize("name", ["rows", "late", "hurdle of later"])
def test_compiled(name):
    """Short losses have kernels: the same numbers, and rows that cannot be are counted."""
    family, y = COMPOSED[name]
    raw = np.random.default_rng(6).uniform(-0.5, 0.5, (len(family.raw_columns), 60))
    invalid = []
    found = family.loss().compiled.evaluate(y, raw, 0, invalid=invalid)[0]
    np.testing.assert_allclose(found, family.loss().evaluate(y, raw, 0)[0], rtol=1e-12, atol=1e-14)
    wrong = y.copy()
    wrong[7] = 1.5
    family.loss().compiled.evaluate(wrong, raw, 0, invalid=invalid)
    assert invalid == [0, 1]
