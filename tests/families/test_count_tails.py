"""Counts that are cut off anywhere, or known by bounds: against exact sums with many digits, and SciPy's likelihood."""

import numpy as np
import pytest
from mpmath import mp
from scipy import optimize, stats
from scipy.special import gammaln

from likely import (
    BetaBinomial,
    Binomial,
    Censored,
    Constant,
    ConwayMaxwellPoisson,
    GeneralisedPoisson,
    Geometric,
    Hurdle,
    Linear,
    NegativeBinomial,
    NegativeBinomial1,
    Poisson,
    Truncated,
    censored,
)
from likely.inference.predictive import Predictive
from oracles import com_poisson, numeric
from oracles.count_sums import first_probabilities
from oracles.plain import Numbers

INF = np.inf
FAMILIES = {
    "poisson": Poisson,
    "geometric": Geometric,
    "negativebinomial": NegativeBinomial,
    "negativebinomial1": NegativeBinomial1,
    "generalisedpoisson": GeneralisedPoisson,
}


def loss_by_sums(name, low, high):
    """−log P(low ≤ Y ≤ high), the bounds fixed."""

    def loss(*raw):
        p = first_probabilities(
            name, [mp.exp(r) for r in raw], int(low if np.isinf(high) else high)
        )
        start = max(int(max(low, 0.0)), 0)
        return -mp.log(1 - mp.fsum(p[:start]) if np.isinf(high) else mp.fsum(p[start:]))

    return loss


def contract(name, low, high, points):
    """Error over tolerance of nll, gradient and curvature of rows (low, high)."""
    raw = np.ascontiguousarray(np.array(points).T)
    found = Censored(name).loss().evaluate(np.tile([low, high], (len(points), 1)), raw, 2)
    return numeric.ratios(found, loss_by_sums(name, low, high), points)


@pytest.mark.parametrize("name", FAMILIES)
def test_numerics_contract(name):
    """Below, beyond and between, at means from far below to far above the bounds."""
    bounds = [
        (3.0, np.inf),
        (-np.inf, 0.0),
        (0.0, 7.0),
        (1.0, 4.0),
        (40.0, np.inf),
        (-np.inf, 90.0),
    ]
    sizes = [(), *[()] * 5]
    if name == "negativebinomial":
        sizes = [(-3.0,), (0.0,), (0.7,), (1.62,), (5.0,), (20.0,)]
    if name == "negativebinomial1":  # log dispersion
        sizes = [(-12.0,), (-2.0,), (0.0,), (1.3,), (4.0,)]
    if name == "generalisedpoisson":
        sizes = [(-12.0,), (0.0,), (4.0,)]
    for low, high in bounds:
        for log_size in dict.fromkeys(sizes):
            points = [(float(v), *log_size) for v in (-9.0, -0.5, 1.1, 3.7, 4.6, 8.0)]
            if low == 40.0:  # 1 less the sum has no digits left
                points = points[1:]
            for part in contract(name, low, high, points):
                assert part.max() <= 1.0, (low, high, part.max(), points[part.argmax()])


@pytest.mark.parametrize(("low", "high"), [(-INF, 0.0), (-INF, 3.0), (2.0, 4.0), (3.0, INF)])
def test_a_mean_and_a_size_whose_squares_are_beyond_float64(low, high):
    """The slope of the tail, s (m − c)/(s + m), has no square there."""
    points = [(444.0, 384.0), (384.0, 444.0), (600.0, 600.0), (300.0, 384.0)]
    value, gradient, _ = contract("negativebinomial", low, high, points)
    assert value.max() <= 1.0
    assert gradient.max() <= 1.0


def test_curvature_of_few_clusters():
    """The probability of some is nearly proportional to the mean, and the curvature as small as the size."""
    points = [(mean, d) for mean in (-20.0, -9.0, -2.0) for d in (-12.0, -2.0, 1.3, 4.0)]
    for part in contract("negativebinomial1", 3.0, np.inf, points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize(("low", "high"), [(1.0, 3.0), (3.0, 40.0)])
def test_curvature_between_bounds_where_nearly_all_are_zeros(low, high):
    """The rate is a factor of all probabilities, and of what is left of their slopes."""
    points = [(-15.0, 4.0), (-17.0, 10.0), (2.0, 12.0), (-3.0, -12.0)]
    for part in contract("generalisedpoisson", low, high, points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


#: Log sizes and logarithms of mean over size, from where tails are the size times a logarithm to where they are not.
FEW_BETWEEN = [
    (-22.58, 22.58),
    (-32.4, 18.8),
    (-31.2, 33.8),
    (-9.0, 4.0),
    (-5.6, 33.2),
    (-2.2, 9.0),
    (-33.3, 1.52),
    (-20.0, -1.0),
]


@pytest.mark.parametrize(("low", "high"), [(1, 3), (7, 8), (3, 40), (50, 55)])
@pytest.mark.parametrize("name", ["negativebinomial", "negativebinomial1"])
def test_few_large_clusters_between_bounds(name, low, high):
    """Each tail is the size times the logarithm of the largest counts, which two bounds leave nothing of."""
    own = 0 if name == "negativebinomial" else 1
    points = [(size + ratio, (size, ratio)[own]) for size, ratio in FEW_BETWEEN]
    for part in contract(name, float(low), float(high), points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize(("y", "low", "high"), [(2, 1, 3), (9, 2, 40), (52, 49, 55), (2, 1, 400)])
@pytest.mark.parametrize("name", ["negativebinomial", "negativebinomial1"])
def test_few_large_clusters_of_which_only_some_are_seen(name, y, low, high):
    """Neither the size nor the mean of so few moves what is seen of them."""
    own = 0 if name == "negativebinomial" else 1
    points = [(size + ratio, (size, ratio)[own]) for size, ratio in [*FEW_BETWEEN, (0.9, 33.5)]]

    def loss(*raw):
        p = first_probabilities(name, [mp.exp(r) for r in raw], high)
        return mp.log(mp.fsum(p[low + 1 :])) - mp.log(p[y])

    raw = np.ascontiguousarray(np.array(points).T)
    row = np.tile([float(y), float(low), float(high)], (len(points), 1))
    for part in numeric.ratios(Truncated(name).loss().evaluate(row, raw, 2), loss, points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize(("y", "low", "high"), [(2, 1, 5), (9, 3, 40), (3, 0, 12)])
@pytest.mark.parametrize("fixed", [True, False], ids=["fixed", "by row"])
def test_generalised_poisson_of_which_only_some_are_seen(y, low, high, fixed):
    """Where each event sets off nearly one other, what is seen of few hardly depends on either parameter."""
    points = [(0.4, 17.4), (-9.0, 4.0), (29.0, 30.0), (2.0, 20.0), (5.0, 28.0), (0.5, -1.0)]
    raw = np.ascontiguousarray(np.array(points).T)

    def loss(*raw):
        p = first_probabilities("generalisedpoisson", [mp.exp(r) for r in raw], high)
        return mp.log(mp.fsum(p[low + 1 :])) - mp.log(p[y])

    bounds = {"low": low, "high": high} if fixed else {}
    row = np.tile([float(y)] if fixed else [float(y), float(low), float(high)], (len(points), 1))
    seen = Truncated(GeneralisedPoisson(), **bounds).loss()
    found = seen.evaluate(row[:, 0].copy() if fixed else row, raw, 2)
    for part in numeric.ratios(found, loss, points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


#: Log means, with log sizes or log dispersions, of counts of which next to none is not 0, and those are large.
FEW_AND_LARGE = {
    "negativebinomial": [(16.0, -19.0), (30.0, -30.0), (-5.0, -30.0), (37.5, -1.0), (1.0, -7.0)],
    "negativebinomial1": [(0.9, 19.1), (-4.6, 19.5), (5.0, 30.0), (-6.3, 19.7), (2.7, 18.9)],
    "generalisedpoisson": [(2.0, 12.0), (-9.0, 10.0), (5.0, 8.0)],
}


@pytest.mark.parametrize("name", FEW_AND_LARGE)
def test_few_clusters_that_are_large(name):
    points = FEW_AND_LARGE[name]
    raw = np.ascontiguousarray(np.array(points).T)
    for low, y in ((1, 2), (2, 3), (2, 30)):

        def loss(*raw, low=low, y=y):
            p = first_probabilities(name, [mp.exp(r) for r in raw], y)
            return mp.log(1 - mp.fsum(p[: low + 1])) - mp.log(p[y])

        seen = Truncated(name, low=low).loss()
        found = seen.evaluate(np.full(len(points), float(y)), raw, 2)
        for part in numeric.ratios(found, loss, points):
            assert part.max() <= 1.0, (low, y, part.max(), points[part.argmax()])
    for part in contract(name, 3.0, np.inf, points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize(
    ("mean", "size", "count"),
    [(3.6e7, 2.5e-5, 9.5e11), (3.6e7, 2.5e-5, 9.5e9), (1e10, 1e-3, 1e13), (3.6e3, 2.5e-3, 1e6)],
)
def test_counts_far_above_a_mean_of_hardly_any_clusters(mean, size, count):
    """Over smaller means P(Y ≥ c) ends like e^−eᵛ, long before its beginning would say."""
    m, s, c = map(mp.mpf, (mean, size, count))
    with mp.workdps(40):
        binomial = mp.loggamma(c + s) - mp.loggamma(s) - mp.loggamma(c)

        def slope(v):  # c p(c) at the mean m e^−v
            few = m * mp.exp(-v)
            return mp.exp(binomial + c * mp.log(few / (s + few)) + s * mp.log(s / (s + few)))

        above = mp.quad(slope, [0, 0.5, *range(1, 11), 12, 16])
        truth = float(-mp.log(above)), float(-slope(0) / above)
    for family, second in ((NegativeBinomial(), size), (NegativeBinomial1(), mean / size)):
        loss, raw = Censored(family).loss(), np.log([[mean], [second]])
        (value,), gradient, _ = loss.evaluate(np.array([[count, np.inf]]), raw, 1)
        assert value == pytest.approx(truth[0], rel=1e-12)
        if second == size:
            assert gradient[0, 0] == pytest.approx(truth[1], rel=1e-10)


@pytest.mark.parametrize("name", FAMILIES)
def test_counts_above_a_bound_are_a_distribution(name):
    for low in (1, 5):
        family = Truncated(name, low=low)
        d = Predictive(family.loss(), np.array([1.3, 0.4][: family.loss().columns]))
        k = np.arange(3000.0)
        p = d.prob(k)
        assert p.sum() == pytest.approx(1.0, abs=1e-12)
        assert (p[: low + 1] == 0.0).all()
        np.testing.assert_allclose(d.cdf(k[:40]), np.cumsum(p)[:40], rtol=1e-10)
        assert d.mean() == pytest.approx((p * k).sum(), rel=1e-10)
    wide = Truncated(name, low=2, high=400).loss()
    narrow = Truncated(name, low=2, high=150).loss()
    raw = np.array([[1.0], [-1.5 if name == "generalisedpoisson" else 0.5]])[: wide.columns]
    np.testing.assert_allclose(wide.evaluate(np.array([5.0]), raw, 1)[1],
                               narrow.evaluate(np.array([5.0]), raw, 1)[1], rtol=1e-9)  # fmt: skip


def test_a_small_mean_leaves_nothing_but_the_first_count():
    """−log p(3 | y > 2) is m/4 − … for a small mean m, and so is its slope."""
    found = Truncated(Poisson(), low=2).loss().evaluate(np.array([3.0]), np.array([[-20.0]]), 1)
    assert found[0][0] == pytest.approx(np.exp(-20.0) / 4.0, rel=1e-8)
    assert found[1][0, 0] == pytest.approx(np.exp(-20.0) / 4.0, rel=1e-8)


# --- Fits. ------------------------------------------------------------------------------------------


def survey(rng, n=500):
    """Numbers of visits, of which 6 and more are one answer, by a Negative Binomial regression."""
    X = rng.normal(size=(n, 1))
    mean = np.exp(1.0 + 0.5 * X[:, 0])
    return X, rng.poisson(rng.gamma(1.5, mean / 1.5)).astype(float)


def maximum(loss, start):
    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 5000}
    found = optimize.minimize(loss, start, method="Nelder-Mead", options=options)
    return -found.fun, found.x


def test_a_survey_with_a_top_code():
    X, y = survey(np.random.default_rng(0))
    model = Linear(Censored(NegativeBinomial())).fit(X, censored(np.minimum(y, 6.0), y < 6.0))

    def loss(p):
        mean, size = np.exp(p[0] + p[1] * X[:, 0]), np.exp(p[2])
        d = stats.nbinom(size, size / (size + mean))
        return -np.where(y >= 6.0, d.logsf(5), d.logpmf(y)).sum()

    best, at = maximum(loss, [1.0, 0.5, 0.0])
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-7)
    assert model.coef_["mean"][0] == pytest.approx(at[1], abs=1e-5)
    assert model.intercept_["size"] == pytest.approx(at[2], abs=1e-4)


def test_a_survey_in_bands():
    """Of Poisson counts only 0, 1–2, 3–5, 6–10 or more is known."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 1))
    y = rng.poisson(np.exp(1.0 + 0.5 * X[:, 0]))
    low, high = np.array([0.0, 1.0, 3.0, 6.0, 11.0]), np.array([0.0, 2.0, 5.0, 10.0, np.inf])
    band = np.searchsorted(high, y)
    model = Linear(Censored(Poisson())).fit(X, np.column_stack([low[band], high[band]]))

    def loss(p):
        d = stats.poisson(np.exp(p[0] + p[1] * X[:, 0]))
        return -np.log(d.cdf(high[band]) - d.cdf(low[band] - 1.0)).sum()

    best, at = maximum(loss, [1.0, 0.5])
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-7)
    assert model.coef_["mean"][0] == pytest.approx(at[1], abs=1e-5)


def test_counts_that_begin_above_a_bound():
    _, y = survey(np.random.default_rng(2), 1500)
    y = y[y > 2.0]

    def loss(p):
        size, mean = np.exp(p)
        d = stats.nbinom(size, size / (size + mean))
        return -(d.logpmf(y) - d.logsf(2)).sum()

    found = Truncated(NegativeBinomial(), low=2).fit(y)
    best, _ = maximum(loss, [0.0, 1.0])
    assert found.log_prob(y).sum() == pytest.approx(best, abs=1e-6)
    # Failures forget: the excess over the bound has the Geometric's own mean.
    geometric = Truncated(Geometric(), low=2).fit(y)
    assert geometric.parameters["mean"] == pytest.approx(y.mean() - 3.0, rel=1e-9)
    # Of an exponential family the mean of what is seen is that of the data.
    assert Truncated(Poisson(), low=2).fit(y).mean() == pytest.approx(y.mean(), rel=1e-9)


def test_clusters_of_two_and_more():
    """Sizes of clusters: none is seen below 2, and of those of 8 or more no more is known."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(700, 1))
    law = GeneralisedPoisson().at(mean=np.exp(0.8 + 0.4 * X[:, 0]), dispersion=np.full(700, 0.9))
    y = law.sample(1, rng)[:, 0]
    seen = y >= 2.0
    X, y = X[seen], y[seen]
    rows = censored(np.minimum(y, 8.0), y < 8.0)
    model = Linear(Censored(Truncated(GeneralisedPoisson(), low=1))).fit(X, rows)
    k = np.arange(8.0)

    def loss(p):
        mean, d = np.exp(p[0] + p[1] * X[:, 0])[:, np.newaxis], np.exp(p[2])
        rate, branch = mean / (1.0 + d), d / (1.0 + d)
        total = rate + branch * k
        first = np.exp(np.log(rate) + (k - 1.0) * np.log(total) - total - gammaln(k + 1.0))
        left = 1.0 - first.sum(axis=1)
        exact = first[np.arange(y.size), np.minimum(y, 7.0).astype(int)]
        return -np.log(np.where(y < 8.0, exact, left) / (1.0 - first[:, :2].sum(axis=1))).sum()

    best, at = maximum(loss, [0.8, 0.4, 0.0])
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-6)
    assert model.coef_["mean"][0] == pytest.approx(at[1], abs=1e-4)
    assert model.intercept_["dispersion"] == pytest.approx(at[2], abs=1e-3)


def test_exact_rows_alone_are_the_family_itself():
    y = np.random.default_rng(3).poisson(2.5, 200).astype(float)
    seen = Constant(Censored(Poisson())).fit(np.zeros((200, 1)), np.column_stack([y, y]))
    assert np.exp(seen.intercept_["mean"]) == pytest.approx(y.mean(), rel=1e-10)


# --- What cannot be. --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.5, 3.0], r"whole numbers or infinite"),
        ([1.0, 2.5], r"whole numbers or infinite"),
        ([-3.0, -1.0], r"impossible under Censored\(Poisson\)"),
        ([1.5, 1.5], r"of an exact row low = high, a whole number"),
    ],
)
def test_bounds_that_are_no_counts_are_named(row, message):
    with pytest.raises(ValueError, match=message):
        Censored(Poisson()).fit([[1.0, 1.0], row])
    invalid = []
    loss = Censored(Poisson()).loss()
    loss.compiled.evaluate(np.array([[1.0, 1.0], row]), np.zeros((1, 2)), 0, invalid=invalid)
    assert invalid[0] > 0


def above_two(family, points, y):
    """Error over tolerance of nll, gradient and curvature at y, where only counts above 2 are seen."""

    def loss(*raw):
        p = first_probabilities(family.__name__.lower(), [mp.exp(r) for r in raw], y)
        return -mp.log(p[y] / (1 - mp.fsum(p[:3])))

    row = np.full(len(points), float(y))
    raw = np.ascontiguousarray(np.array(points).T)
    return numeric.ratios(Truncated(family(), low=2).loss().evaluate(row, raw, 2), loss, points)


@pytest.mark.parametrize("family", [GeneralisedPoisson, NegativeBinomial, NegativeBinomial1])
@pytest.mark.parametrize("y", [3, 4, 30])
def test_clusters_that_are_rarely_so_large(family, y):
    """Above a bound far beyond the mean, where what is left of the loss is as small as the mean."""
    points = [(mean, d) for mean in (-20.0, -0.5, 3.7) for d in (-2.0, 1.3)]
    points += [(-20.0, -12.0), (-20.0, 4.0), (-9.0, -12.0), (-9.0, 4.0)]
    for part in above_two(family, points, y):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


def test_what_has_no_tails_is_refused_by_name():
    with pytest.raises(
        TypeError,
        match=r"families that have both: .*GeneralisedPoisson, Geometric, NegativeBinomial, .*Poisson",
    ):
        Censored(Numbers())
    with pytest.raises(TypeError, match="needs low=0 or a finite high"):
        Truncated(Numbers(), low=2)


def test_a_thousand_counts_on_the_way():
    """Places that grow add up to what all counts do, below and above, and what is left out is nothing."""
    law = GeneralisedPoisson()
    for mean, dispersion in ((500.0, 0.05), (3000.0, 4.0), (2000.0, 20.0)):
        raw = np.log([[mean, dispersion]])
        k = np.arange(1e5)
        p = np.exp(-law.nll(k, raw.repeat(k.size, axis=0)))
        moved = p[:, np.newaxis] * law.nll_and_gradient(k, raw.repeat(k.size, axis=0))[1]
        for c in (300, 700, 2500, 5000):
            for row, part in (([-np.inf, c - 1.0], slice(None, c)), ([c, np.inf], slice(c, None))):
                value, slope = Censored(law).nll_and_gradient(np.array([row]), raw)
                total = p[part].sum()
                if total > 1e-250:
                    assert value[0] == pytest.approx(-np.log(total), rel=1e-10, abs=1e-11)
                    np.testing.assert_allclose(
                        slope[0], moved[part].sum(axis=0) / total, rtol=1e-9, atol=1e-9
                    )


def test_the_functions_are_printed_by_their_names():
    assert "P(3, m)" in str(Truncated(Poisson(), low=2).explain())
    assert "I(3, s, m/(m + s))" in str(Truncated(NegativeBinomial(), low=2).explain())
    assert "S(m, d, 3)" in str(Truncated(GeneralisedPoisson(), low=2).explain())
    assert "−log(F(high) − F(low − 1))" in str(Censored(Poisson()).explain())


@pytest.mark.parametrize("family", [Binomial(trials=12), BetaBinomial(trials=12)], ids=repr)
def test_few_counts_are_added_up(family):
    """Successes among known trials: bounds against sums of the probabilities, and slopes against differences."""
    loss = Censored(family).loss()
    raw = np.array([[0.4], [1.0]])[: loss.columns]
    p = Predictive(family.loss(), raw[:, 0]).prob(np.arange(13.0))
    for low, high in [(9.0, np.inf), (-np.inf, 2.0), (3.0, 5.0), (0.0, 12.0), (12.0, np.inf)]:
        inside = p[int(max(low, 0.0)) : int(min(high, 12.0)) + 1].sum()
        row = np.array([[low, high]])
        value, gradient, _ = loss.evaluate(row, raw, 2)
        assert value[0] == pytest.approx(-np.log(inside), abs=1e-12)
        for j in range(loss.columns):
            step = 1e-5 * (np.arange(loss.columns) == j)[:, np.newaxis]
            up, down = (loss.evaluate(row, raw + s * step, 0)[0][0] for s in (1.0, -1.0))
            assert gradient[j, 0] == pytest.approx((up - down) / 2e-5, abs=1e-8)


def test_a_test_of_which_a_perfect_score_is_a_bound():
    """Scores of 12 questions; who has 10 or more passed, and no more is known."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(400, 1))
    y = rng.binomial(12, 1.0 / (1.0 + np.exp(-0.8 - X[:, 0]))).astype(float)
    model = Linear(Censored(Binomial(trials=12))).fit(X, censored(np.minimum(y, 10.0), y < 10.0))

    def loss(p):
        d = stats.binom(12, 1.0 / (1.0 + np.exp(-p[0] - p[1] * X[:, 0])))
        return -np.where(y >= 10.0, d.logsf(9), d.logpmf(y)).sum()

    best, at = maximum(loss, [0.5, 0.5])
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-7)
    assert model.coef_["probs"][0] == pytest.approx(at[1], abs=1e-5)


@pytest.mark.parametrize(("low", "high"), [(1, 2), (2, 3), (3, 40)])
def test_few_large_clusters_beyond_a_hurdle(low, high):
    """What is between two bounds of the counts above 0: the mean of few clusters is no part of it."""
    points = [(-29.9, 10.3, 0.3), (4.3, 27.5, 0.3), (-9.8, 27.5, -2.0), (2.0, 1.0, 0.3)]

    def loss(log_mean, log_dispersion, logit_zero):
        p = first_probabilities(
            "negativebinomial1", [mp.exp(log_mean), mp.exp(log_dispersion)], high
        )
        return mp.log1p(mp.exp(logit_zero)) - mp.log(mp.fsum(p[low:]) / (1 - p[0]))

    raw = np.ascontiguousarray(np.array(points).T)
    row = np.tile([float(low), float(high)], (len(points), 1))
    found = Censored(Hurdle(NegativeBinomial1())).loss().evaluate(row, raw, 2)
    for part in numeric.ratios(found, loss, points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


# --- Shares of what is between two bounds, far out. ---------------------------------------------------------------

#: Raw predictions far out to both sides, and where a difference of probabilities has lost what is left of them.
SHARES = {
    "poisson": [(-30.0,), (-3.0,), (16.0,), (30.0,), (37.5,)],
    "geometric": [(-30.0,), (1.2,), (16.0,), (30.0,), (37.5,)],
    "negativebinomial": [(-3.0, -30.0), (1.2, -30.0), (16.0, -1.0), (16.0, 20.0), (30.0, 30.0)],
    "negativebinomial1": [(-30.0, -1.0), (-30.0, 9.0), (-30.0, -12.0), (16.0, -30.0), (30.0, 9.0)],
    "generalisedpoisson": [(-30.0, 30.0), (-16.0, 20.0), (-30.0, -1.0), (16.0, -30.0), (30.0, -1.0)],
    "conwaymaxwellpoisson": [(-30.0, 0.0), (1.2, 0.0), (16.0, 0.0), (30.0, 0.0)],
}  # fmt: skip


@pytest.mark.parametrize("low", [-1, 0])
@pytest.mark.parametrize("name", SHARES)
def test_shares_between_bounds_far_out(name, low):
    high, points = 6, SHARES[name]
    # Of ν = 1 it is the Poisson: the value and the slope in the mean.
    like = "poisson" if name == "conwaymaxwellpoisson" else name
    known = [point[:1] for point in points] if like != name else points
    loss = Censored(Truncated(name, low=low, high=high)).loss()
    raw = np.ascontiguousarray(np.array(points).T)
    for first, last in ((-INF, 3.0), (3.0, INF), (5.0, 6.0), (-INF, 5.0), (1.0, 4.0)):
        row = np.tile([first, last], (len(points), 1))
        value, gradient, curvature = loss.evaluate(row, raw, 2)

        def truth(*raw, first=first, last=last):
            p = first_probabilities(like, [mp.exp(r) for r in raw], high)
            seen = p[int(max(first, low + 1)) : int(min(last, high)) + 1]
            return mp.log(mp.fsum(p[low + 1 :])) - mp.log(mp.fsum(seen))

        found = value, gradient[: len(known[0])], curvature
        for part in numeric.ratios(found, truth, known)[:2]:
            assert part.max() <= 1.0, (first, last, part.max(), points[part.argmax()])


@pytest.mark.parametrize("row", [[3.0, INF], [-INF, 3.0], [2.0, 4.0]])
def test_shares_of_counts_that_vary_less_or_more(row):
    low, high, points = 0, 6, [(5.0, 0.7), (1.5, 2.5), (3.0, -1.0)]

    def truth(log_mean, log_nu):
        n = mp.exp(log_nu)
        rate = com_poisson.state(mp.exp(log_mean), n, 30).log_rate
        p = [mp.exp(k * rate - n * mp.log(mp.factorial(k))) for k in range(high + 1)]
        seen = p[int(max(row[0], low + 1)) : int(min(row[1], high)) + 1]
        return mp.log(mp.fsum(p[low + 1 :])) - mp.log(mp.fsum(seen))

    loss = Censored(Truncated(ConwayMaxwellPoisson(), low=low, high=high)).loss()
    raw = np.ascontiguousarray(np.array(points).T)
    value, gradient, _ = loss.evaluate(np.tile(row, (len(points), 1)), raw, 1)
    with mp.workdps(60):
        for i, point in enumerate(points):
            exact = numeric.Differences(truth, point)
            assert value[i] == pytest.approx(float(exact()), rel=1e-10)
            for j in range(2):
                assert gradient[j, i] == pytest.approx(float(exact(j)), rel=1e-10)


def test_a_row_that_tells_nothing_of_what_can_be_seen():
    """P(0 < Y ≤ 6 | 0 < Y ≤ 6) is 1, and moves with nothing."""
    loss = Censored(Truncated(NegativeBinomial(), low=0, high=6)).loss()
    rows, raw = np.array([[-INF, INF], [1.0, 6.0], [0.0, 9.0]]), np.full((2, 3), 3.0)
    for part in loss.evaluate(rows, raw, 2):
        assert (part == 0.0).all()
