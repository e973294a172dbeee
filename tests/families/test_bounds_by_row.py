"""Bounds that every row has of its own: truncation, and delayed entry of censored times."""

from itertools import product

import numpy as np
import pytest
from mpmath import mp
from scipy import optimize, stats

import likely
from likely import (
    Censored,
    Constant,
    Exponential,
    Gamma,
    GeneralisedExtremeValue,
    GeneralisedPareto,
    Gumbel,
    Hurdle,
    Independent,
    InverseGaussian,
    JohnsonSU,
    Linear,
    Logistic,
    LogLogistic,
    LogNormal,
    Mixture,
    Network,
    Normal,
    StudentT,
    Transformed,
    Trees,
    Truncated,
    Weibull,
    ZeroInflated,
    censored,
    truncated,
)
from oracles import engines, grid, numeric
from oracles.contract import check
from oracles.modified import points, tried
from oracles.plain import Amounts

INF = np.inf
#: Families that know how their survival falls from an entry on, and have a textbook.
LATER = (
    "Normal", "LogNormal", "JohnsonSU", "Logistic", "LogLogistic", "Gumbel", "Exponential", "Weibull",
    "InverseGaussian",
)  # fmt: skip
QUICK = {"random_state": 0, "verbose": False}


def study(n=2500, seed=0):
    """Times of those who were still there when they were first seen, some of them censored later."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    t = np.exp(0.5 + 0.6 * X[:, 0]) * rng.weibull(1.5, n)
    entry, end = rng.exponential(0.8, n), rng.exponential(2.0, n)
    there = t > entry
    X, t, entry, end = X[there], t[there], entry[there], (entry + end)[there]
    return X, t, np.minimum(t, end), t <= end, entry


# --- The loss --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *(f"{inside} seen" for inside in LATER),
        *(f"{inside} censored" for inside in LATER),
    ],
)
def test_numerics_contract(name):
    name = f"Truncated({name.replace(' ', ') ')}"
    report = check(grid.combination(name), points(name, tried(name)), engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize(
    ("inside", "point"),
    [
        ("Logistic", (11.03638323514327, 0.0, -1.0)),
        ("Logistic", (1.001, 1.0, 30.0)),
        ("LogNormal", (1.0, -12.27281156306492, -6.327266035912142)),
        ("Gumbel", (11.03638323514327, 0.0, -1.0)),
        ("JohnsonSU", (10686474581527.463, 3.0, 30.0, 3.0, 30.0)),
        ("InverseGaussian", (9.0, 0.0, 9.0)),
        ("InverseGaussian", (1000.25, -3.0, -20.0)),
    ],
)
def test_censored_soon_after_entry_far_out_in_a_tail(inside, point):
    """Where the slopes at both are nearly equal, and where the loss is nearly 0."""
    c = grid.combination(f"Truncated({inside}) censored")
    report = check(c, [point], engines.numpy_engine)
    assert report.passed, report.failures()


def test_seen_after_entry_under_a_large_shape():
    """There the slope in the scale is nearly 0, and with it what log y and log scale may have lost."""
    c = grid.combination("Truncated(Weibull) seen")
    point = (1421497613.1177979, 21.074976769493418, 18.421920434519265)
    report = check(c, [point], engines.numpy_engine)
    assert report.passed, report.failures()


def extreme_later(gap):
    """log P(Y > y − gap) − log P(Y > y) of GeneralisedExtremeValue."""

    def loss(loc, log_scale, shape, y):
        def log_above(v):
            h = (1 + shape * (v - loc) / mp.exp(log_scale)) ** (-1 / shape)
            small = mp.fsum((-1) ** j * h ** (j + 1) / mp.factorial(j + 1) for j in range(9))
            return mp.log(1 - mp.exp(-h) if h > 1e-15 else small)

        return log_above(y - gap) - log_above(y)

    return loss


def pareto_later(gap):
    def loss(log_scale, shape, y):
        above, before = (1 + shape * v / mp.exp(log_scale) for v in (y, y - gap))
        return mp.log(above / before) / shape

    return loss


@pytest.mark.parametrize("gap", [2.0**-20, 0.5, 4.0])
@pytest.mark.parametrize(
    ("family", "true", "place"),
    [(GeneralisedExtremeValue(), extreme_later, (0.25,)), (GeneralisedPareto(), pareto_later, ())],
    ids=["GeneralisedExtremeValue", "GeneralisedPareto"],
)
def test_censored_after_entry_where_the_support_ends_with_the_shape(family, true, place, gap):
    points = [
        (*place, log_scale, shape, sum(place) + y)
        for log_scale, shape, y in product((-2.0, 0.3, 6.0), (-0.2, 1e-3, 1.4), (0.625, 4.5, 40.0))
        if 1.0 + shape * y * np.exp(-log_scale) > 1e-3 and (gap < y or place)
        if 1.0 + shape * (y - gap) * np.exp(-log_scale) > 1e-3
    ]
    assert len(points) > 10
    loss, y = Censored(Truncated(family)).loss(), np.array(points)[:, -1]
    none = np.full(y.size, INF)
    raw = np.ascontiguousarray(np.array(points)[:, : loss.columns].T)
    found = loss.evaluate(np.stack([y, none, y - gap, none], axis=1), raw, 2)
    for part in numeric.ratios(found, true(gap), points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


def passage_earlier(log_mean, log_shape, y, high):
    """log P(Y ≤ high) − log P(Y ≤ y) of InverseGaussian."""

    def log_below(v):
        k, ratio = mp.exp(log_shape), v / mp.exp(log_mean)
        ends = [mp.sqrt(k / v) * (ratio - 1), -mp.sqrt(k / v) * (ratio + 1)]
        first, beyond = (mp.erfc(-end / mp.sqrt(2)) / 2 for end in ends)
        return mp.log(first + mp.exp(2 * k / mp.exp(log_mean)) * beyond)

    return log_below(high) - log_below(y)


def test_below_a_bound_of_what_has_to_arrive_earlier():
    """Far out on the left, narrow and not, and where nearly all lies below both."""
    points = [
        (-1.2810538531703612, 9.45068508869136, 0.0017189681668976992, 0.0017189689317254064),
        (0.0, 3.0, 0.5, 0.6),
        (0.0, -5.0, 0.5, 0.500001),
        (0.0, 5.0, 1.5, 1.500001),
        (0.0, -5.0, 30.0, 31.0),
        (0.0, 2.0, 0.3, 0.9),
    ]
    log_mean, log_shape, y, high = np.array(points).T
    none = np.full(y.size, -INF)
    loss = Censored(Truncated(InverseGaussian())).loss()
    found = loss.evaluate(np.stack([none, y, none, high], 1), np.stack([log_mean, log_shape]), 2)
    for part in numeric.ratios(found, passage_earlier, points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


def test_where_the_mass_between_the_bounds_is_beyond_float64():
    """A hazard that overflows before the entry: infinite loss, not NaN, so that a fit steps back."""
    raw = [[-7.2, 12.7]]
    assert Censored(Truncated(Weibull())).nll([[2.0, INF, 1.0, INF]], raw)[0] == INF
    assert Truncated(Weibull()).nll([[2.0, 1.0, INF]], raw)[0] == INF


@pytest.mark.parametrize(
    ("low", "high"), [(0.4, INF), (-INF, 2.5), (0.4, 2.5)], ids=["low", "high", "both"]
)
@pytest.mark.parametrize("inside", [Normal(), LogNormal(), Weibull(), Exponential()], ids=repr)
def test_the_same_bounds_in_all_rows(inside, low, high):
    rng = np.random.default_rng(1)
    k = len(inside.raw_columns)
    y, raw = rng.uniform(0.5, 2.4, 40), rng.normal(size=(40, k))
    given = {name: v for name, v in (("low", low), ("high", high)) if np.isfinite(v)}
    fixed, by_row = Truncated(inside, **given), Truncated(inside)
    rows = truncated(y, low, high)
    for order in range(2):
        ours = by_row.nll_and_gradient(rows, raw)[order]
        np.testing.assert_allclose(ours, fixed.nll_and_gradient(y, raw)[order], rtol=1e-12)
    bounds = np.repeat([[low, high]], 40, axis=0)
    seen = np.column_stack([y, np.where(y < 1.5, y, INF)])
    np.testing.assert_allclose(
        Censored(by_row).nll(np.hstack([seen, bounds]), raw),
        Censored(fixed).nll(seen, raw),
        rtol=1e-12,
    )


def test_rows_without_bounds_are_the_family_itself():
    rng = np.random.default_rng(2)
    y, raw = rng.normal(size=30), rng.normal(size=(30, 2))
    np.testing.assert_array_equal(Truncated(Normal()).nll(truncated(y), raw), Normal().nll(y, raw))
    seen = np.column_stack([y, np.where(y < 0.3, y, INF)])
    none = np.repeat([[-INF, INF]], 30, axis=0)
    np.testing.assert_allclose(
        Censored(Truncated(Normal())).nll(np.hstack([seen, none]), raw),
        Censored(Normal()).nll(seen, raw),
        rtol=1e-13,
    )


def test_what_a_row_can_be_between_its_bounds_sums_to_one():
    raw = np.tile([[0.3, 0.2]], (4, 1))
    cuts = np.array([-INF, 0.9, 1.4, 2.0, INF])
    rows = np.column_stack([cuts[:-1], cuts[1:], np.full((4, 1), 0.5), np.full((4, 1), 3.0)])
    assert np.exp(-Censored(Truncated(Weibull())).nll(rows, raw)).sum() == pytest.approx(
        1.0, rel=1e-13
    )
    early = [[0.2, INF, 0.5, INF]]  # censored before it could have been seen: it says nothing
    value, gradient = Censored(Truncated(Weibull())).nll_and_gradient(early, raw[:1])
    assert value[0] == 0.0
    assert (gradient == 0.0).all()


@pytest.mark.parametrize("inside", [Exponential(), Weibull(), Logistic(), Gumbel()], ids=repr)
def test_kernels_and_other_libraries(inside):
    import jax
    import torch

    _, t, time, event, entry = study(300)
    for family, y in (
        (Truncated(inside), truncated(t, low=entry)),
        (Censored(Truncated(inside)), censored(time, event, entry=entry)),
    ):
        raw = np.random.default_rng(3).normal(0.0, 0.4, size=(t.size, len(family.raw_columns)))
        value, gradient = family.nll_and_gradient(y, raw)
        if inside == Exponential():  # compiling the other one takes long
            invalid = []
            compiled, slopes, _ = family.loss().compiled.evaluate(
                y, raw.T.copy(), 1, invalid=invalid
            )
            np.testing.assert_allclose(compiled, value, rtol=1e-11, atol=1e-13)
            np.testing.assert_allclose(slopes.T, gradient, rtol=1e-10, atol=1e-12)
            broken = y.copy()
            broken[3, -2] = t[3] + 50.0  # bounds that begin after the end
            family.loss().compiled.evaluate(broken, raw.T.copy(), 1, invalid=invalid)
            assert invalid == [0, 1]
            continue
        tensor = torch.tensor(raw, requires_grad=True)
        family.nll(torch.tensor(y), tensor).sum().backward()
        np.testing.assert_allclose(tensor.grad.numpy(), gradient, rtol=1e-10, atol=1e-12)
        with jax.enable_x64(True):
            ours = family.nll_and_gradient(jax.numpy.array(y), jax.numpy.array(raw))
            np.testing.assert_allclose(ours[0], value, rtol=1e-11, atol=1e-13)
            np.testing.assert_allclose(ours[1], gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("inside", [JohnsonSU(), InverseGaussian()], ids=repr)
def test_bounds_of_formulas_of_their_own_on_pytorch(inside):
    import torch

    _, t, _, _, entry = study(60)
    y = truncated(
        t,
        low=np.where(np.arange(t.size) % 3, entry, -INF),
        high=np.where(np.arange(t.size) % 2, INF, t + 1.0),
    )
    raw = np.random.default_rng(3).normal(0.0, 0.4, size=(t.size, len(inside.raw_columns)))
    value, gradient = Truncated(inside).nll_and_gradient(y, raw)
    tensor = torch.tensor(raw, requires_grad=True)
    loss = Truncated(inside).nll(torch.tensor(y), tensor)
    loss.sum().backward()
    np.testing.assert_allclose(loss.detach().numpy(), value, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(tensor.grad.numpy(), gradient, rtol=1e-10, atol=1e-12)


# --- Fits ------------------------------------------------------------------------------------------


def best(nll, start):
    found = optimize.minimize(nll, start, method="BFGS", options={"gtol": 1e-9})
    return optimize.minimize(
        nll, found.x, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13}
    )


def test_left_truncated_weibull_regression_by_scipy():
    X, _, time, event, entry = study()
    model = Linear(Censored(Truncated(Weibull()))).fit(X, censored(time, event, entry=entry))
    design = np.column_stack([np.ones(len(X)), X])

    def nll(p):
        law = stats.weibull_min(np.exp(p[3]), scale=np.exp(design @ p[:3]))
        return -(np.where(event, law.logpdf(time), law.logsf(time)) - law.logsf(entry)).mean()

    found = best(nll, np.array([0.3, 0.3, 0.0, 0.3]))
    ours = np.r_[model.intercept_["scale"], model.coef_["scale"], model.intercept_["shape"]]
    np.testing.assert_allclose(ours, found.x, atol=2e-6)
    assert model.score(X, censored(time, event, entry=entry)) == pytest.approx(
        -found.fun, rel=1e-10
    )
    assert abs(model.coef_["scale"][0] - 0.6) < 0.1  # the truth
    naive = Linear(Censored(Weibull())).fit(X, censored(time, event))
    assert (
        naive.intercept_["shape"] > model.intercept_["shape"] + 0.1
    )  # as if nobody had left early


def test_bounds_on_both_sides_by_scipy():
    rng = np.random.default_rng(4)
    y = rng.normal(1.0, 2.0, 4000)
    low = np.where(rng.random(4000) < 0.3, -INF, rng.normal(-1.0, 1.0, 4000))
    high = np.where(rng.random(4000) < 0.3, INF, low + rng.exponential(4.0, 4000))
    high = np.where(np.isnan(high) | np.isneginf(low), rng.normal(3.0, 1.0, 4000), high)
    kept = (low <= y) & (y <= high)
    y, low, high = y[kept], low[kept], high[kept]
    found = Truncated(Normal()).fit(truncated(y, low, high)).parameters

    def nll(p):
        law = stats.norm(p[0], np.exp(p[1]))
        return -(law.logpdf(y) - np.log(law.cdf(high) - law.cdf(low))).mean()

    loc, log_scale = best(nll, np.array([1.0, 0.5])).x
    assert found["loc"] == pytest.approx(loc, abs=1e-6)
    assert found["scale"] == pytest.approx(np.exp(log_scale), rel=1e-6)


def test_the_exponential_rate_is_events_over_time_under_observation():
    _, _, time, event, entry = study()
    found = Censored(Truncated(Exponential())).fit(censored(time, event, entry=entry))
    assert found.parameters["mean"] == pytest.approx((time - entry).sum() / event.sum(), rel=1e-8)


def test_one_entry_for_all_is_a_shifted_beginning():
    """Without memory, an exponential begins anew."""
    t = 2.0 + np.random.default_rng(5).exponential(3.0, 400)
    here = Truncated(Exponential()).fit(truncated(t, low=2.0)).parameters["mean"]
    assert here == pytest.approx((t - 2.0).mean(), rel=1e-9)


def test_of_mixtures_and_of_functions_of_y():
    _, t, _, _, entry = study()
    y = truncated(t, low=entry)
    logs = Truncated(Transformed(Normal(), "log")).fit(y).parameters
    assert logs == pytest.approx(Truncated(LogNormal()).fit(y).parameters, rel=1e-8)
    d = Truncated(Mixture(Normal(), 2), low=0.0).at(
        loc1=-1.0, scale1=1.0, loc2=3.0, scale2=0.7, odds2=1.0
    )
    at, step = np.linspace(0.0, 12.0, 20001, retstep=True)
    assert d.prob(at).sum() * step == pytest.approx(1.0, abs=1e-4)
    assert d.cdf(d.quantile(0.3)) == pytest.approx(0.3)


def test_trees_and_networks_learn_them():
    X, t, time, event, entry = study(1500)
    for family, y in (
        (Truncated(Weibull()), truncated(t, low=entry)),
        (Censored(Truncated(Weibull())), censored(time, event, entry=entry)),
    ):
        flat = Constant(family).fit(X, y).score(X, y)
        assert Trees(family, max_iter=40, **QUICK).fit(X, y).score(X, y) > flat + 0.05
        network = Network(family, max_epochs=15, **QUICK).fit(X, y)
        assert network.score(X, y) > flat + 0.05
        assert repr(network.predict_dist(X[:2])).startswith("<Weibull 2")


def test_bounds_travel_through_cross_validation_and_files(tmp_path):
    from sklearn.model_selection import cross_val_score

    X, _, time, event, entry = study(600)
    y = censored(time, event, entry=entry)
    model = Linear(Censored(Truncated(Weibull()))).fit(X, y)
    assert np.isfinite(cross_val_score(model, X, y, cv=3)).all()
    model.save(tmp_path / "m")
    back = likely.load(tmp_path / "m")
    assert back.family_ == model.family_
    assert back.score(X, y) == model.score(X, y)


# --- Predictions -----------------------------------------------------------------------------------


def test_new_rows_have_no_bounds_unless_they_are_given():
    X, t, _, _, entry = study(800)
    model = Linear(Truncated(Weibull())).fit(X, truncated(t, low=entry))
    params = model.predict_params(X[:5])
    whole = Weibull().at(**params)
    np.testing.assert_allclose(model.predict(X[:5], point="mean"), whole.mean())
    low, high = entry[:5], np.array([INF, INF, 9.0, INF, 7.0])
    given = model.predict_dist(X[:5], low=low, high=high)
    levels = np.array([0.1, 0.5, 0.95])
    for i in range(5):
        ends = {"low": low[i]} | ({} if np.isinf(high[i]) else {"high": high[i]})
        one = Truncated(Weibull(), **ends).at(**{name: v[i] for name, v in params.items()})
        for method in ("mean", "var", "median", "mode", "entropy"):
            assert getattr(given[i], method)() == pytest.approx(getattr(one, method)(), rel=1e-9)
        np.testing.assert_allclose(given[i].quantile(levels), one.quantile(levels), rtol=1e-10)
        np.testing.assert_allclose(
            given[i].cdf([0.0, 1.5, 9.5]), one.cdf([0.0, 1.5, 9.5]), atol=1e-14
        )
        np.testing.assert_allclose(given[i].log_prob([1e-9, 2.5]), one.log_prob([1e-9, 2.5]))
    # Who has lived to his entry lives on: S(t)/S(entry).
    np.testing.assert_allclose(
        model.predict_dist(X[:5], low=low).sf(3.0), whole.sf(3.0) / whole.sf(low), rtol=1e-12
    )
    far = model.predict_dist(
        X[:5], low=[300.0, 1.0, 400.0, 1.0, 1.0]
    )  # of which float64 has no mass left
    assert (far.quantile(0.5)[[0, 2]] > [300.0, 400.0]).all()
    assert (far.sample(200, 0)[[0, 2]] < [[310.0], [410.0]]).all()


MOMENTS = [
    (Weibull(), {"scale": 2.0, "shape": 0.7}),
    (Normal(), {"loc": 1.0, "scale": 2.0}),
    (LogLogistic(), {"scale": 2.0, "shape": 1.3}),  # without a variance
    (GeneralisedPareto(), {"scale": 1.0, "shape": 0.8}),
    (Gamma(), {"mean": 2.0, "shape": 0.4}),
    (StudentT(), {"loc": 0.0, "scale": 1.0, "df": 3.0}),
    (GeneralisedExtremeValue(), {"loc": 1.0, "scale": 0.5, "shape": 0.1}),
    (Mixture(Normal(), 2), {"loc1": -1.0, "scale1": 1.0, "loc2": 3.0, "scale2": 0.5, "odds2": 1.0}),
]


@pytest.mark.parametrize(("inside", "values"), MOMENTS, ids=lambda v: repr(v)[:30])
def test_moments_between_bounds(inside, values):
    """Without bounds those of the family, in closed form where it has one; between two, by quadrature."""
    rng = np.random.default_rng(6)
    model = Constant(Truncated(inside)).fit(
        np.zeros((300, 1)), truncated(np.abs(inside.at(**values).sample(300, rng)) + 0.1, low=0.05)
    )
    d = model.predict_dist(np.zeros((3, 1)), low=[-INF, 0.3, 0.3], high=[INF, 2.5, INF])
    whole = inside.at(**{name: v[0] for name, v in model.predict_params(np.zeros((1, 1))).items()})
    for method in ("mean", "var", "entropy", "mode"):
        ours, own = getattr(d, method)(), getattr(whole, method)()
        assert ours[0] == pytest.approx(own, rel=1e-8, abs=1e-9), method
        assert np.isinf(ours[2]) == np.isinf(own)
    y, step = np.linspace(0.3, 2.5, 200_001, retstep=True)
    p = d[1].prob(y) * step
    p[[0, -1]] *= 0.5
    assert p.sum() == pytest.approx(1.0, abs=1e-8)
    mean = (p * y).sum()
    assert d.mean()[1] == pytest.approx(mean, rel=1e-7)
    assert d.var()[1] == pytest.approx((p * (y - mean) ** 2).sum(), rel=1e-6)
    assert d.entropy()[1] == pytest.approx(-(p * np.log(p / step)).sum(), rel=1e-5, abs=1e-7)
    assert d.mode()[1] == pytest.approx(y[p.argmax()], abs=1e-4)


def test_delayed_entry_of_a_family_whose_tails_have_no_closed_form():
    rng = np.random.default_rng(7)
    y, entry = rng.gamma(3.0, 1.0, 3000), rng.exponential(1.5, 3000)
    y, entry = y[y > entry], entry[y > entry]
    found = Truncated(Gamma()).fit(truncated(y, low=entry)).parameters

    def nll(p):
        law = stats.gamma(np.exp(p[1]), scale=np.exp(p[0] - p[1]))
        return -(law.logpdf(y) - law.logsf(entry)).mean()

    log_mean, log_shape = best(nll, np.array([1.0, 1.0])).x
    assert found["mean"] == pytest.approx(np.exp(log_mean), rel=1e-5)
    assert found["shape"] == pytest.approx(np.exp(log_shape), rel=1e-5)


def test_delayed_entry_of_families_whose_bounds_have_formulas_of_their_own():
    rng = np.random.default_rng(8)
    t, entry = rng.wald(2.0, 3.0, 3000), rng.exponential(1.0, 3000)
    t, entry = t[t > entry], entry[t > entry]
    found = Truncated(InverseGaussian()).fit(truncated(t, low=entry)).parameters

    def passage(p):
        law = stats.invgauss(np.exp(p[0] - p[1]), scale=np.exp(p[1]))
        return -(law.logpdf(t) - law.logsf(entry)).mean()

    log_mean, log_shape = best(passage, np.array([1.0, 1.0])).x
    assert found["mean"] == pytest.approx(np.exp(log_mean), rel=1e-5)
    assert found["shape"] == pytest.approx(np.exp(log_shape), rel=1e-5)

    y, first, end = (
        rng.logistic(3.0, 1.0, 3000),
        rng.normal(1.0, 1.5, 3000),
        rng.normal(5.0, 2.0, 3000),
    )
    there = (y > first) & (end > first)
    y, first, end = y[there], first[there], end[there]
    seen, time = y <= end, np.minimum(y, end)
    late = censored(time, seen, entry=first)
    found = Censored(Truncated(Logistic())).fit(late).parameters

    def logistic(p):
        law = stats.logistic(p[0], np.exp(p[1]))
        return -(np.where(seen, law.logpdf(time), law.logsf(time)) - law.logsf(first)).mean()

    loc, log_scale = best(logistic, np.array([3.0, 0.0])).x
    assert found["loc"] == pytest.approx(loc, abs=1e-5)
    assert found["scale"] == pytest.approx(np.exp(log_scale), rel=1e-5)


def test_bounds_of_censored_models_too():
    X, _, time, event, entry = study(800)
    model = Linear(Censored(Truncated(Weibull()))).fit(X, censored(time, event, entry=entry))
    assert (model.predict_dist(X[:3], low=4.0).median() > 4.0).all()
    assert repr(model.predict_dist(X[:3])).startswith("<Weibull 3")


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"low": 3.0, "high": 1.0}, r"low must be below high.*rows 0, 1, 2.*\[3.0, 1.0\]"),
        ({"high": -1.0}, r"a part of \(0, ∞\) between them"),
        ({"low": [1.0, 2.0]}, r"low must be a number or have shape \(3,\), got shape \(2,\)"),
        ({"low": np.nan}, "low must be below high"),
    ],
)
def test_bounds_of_predictions_that_cannot_be(bounds, message):
    X, t, _, _, entry = study(300)
    model = Linear(Truncated(Weibull())).fit(X, truncated(t, low=entry))
    with pytest.raises(ValueError, match=message):
        model.predict_dist(X[:3], **bounds)
    with pytest.raises(
        TypeError, match=r"whose y brings bounds along, such as Truncated\(Weibull\(\)\)"
    ):
        Linear(Weibull()).fit(X, t).predict_dist(X[:3], low=1.0)


# --- Mistakes --------------------------------------------------------------------------------------

SEEN, LATE = Truncated(Weibull()), Censored(Truncated(Weibull()))


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        (SEEN, [1.0, 2.0], r"3 columns, y, low and high; got shape \(2,\). likely.truncated\(y, low"),
        (SEEN, [[1.0, 0.0, INF], [2.0, 3.0, INF]], r"outside its own bounds in row 1 \(value \[2.0, 3.0, inf"),
        (SEEN, [[1.0, 2.0, 1.0]], "lower bound is not below the upper one in row 0"),
        (SEEN, [[1.0, 0.0, np.nan]], "NaN in row 0 .*where there is no bound it is -inf or inf"),
        (SEEN, [[-1.0, -2.0, 3.0]], r"impossible under Truncated\(Weibull\), which lies in \(0, ∞\), in row 0"),
        (LATE, [[1.0, 2.0]], r"4 columns.*likely.censored\(time, event, entry=...\)"),
        (LATE, [[2.0, 1.0, 0.0, INF]], "low is above high in row 0"),
        (LATE, [[1.0, 1.0, 0.0, INF], [0.5, 0.5, 1.0, INF]], "outside its own bounds in row 1"),
        (LATE, [[1.0, INF, 0.0, 0.5]], "outside its own bounds in row 0"),
        (LATE, [[-3.0, -1.0, -5.0, INF]], r"impossible under .*in row 0"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be(family, y, message):
    with pytest.raises(ValueError, match=message):
        family.fit(y)
    with pytest.raises(ValueError, match=message):
        Linear(family).fit(np.zeros((len(y), 1)), y)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: truncated([1.0, 2.0], low=[0.0, 3.0]), r"between low and high.* row 1 \(value \[2.0, 3.0, inf\]\)"),
        (lambda: truncated([1.0], high=np.nan), "high is NaN in row 0"),
        (lambda: truncated([1.0, 2.0], low=[1.0]), r"low must be a number or have shape \(2,\)"),
        (lambda: truncated([[1.0]]), "one value a row"),
        (lambda: censored([1.0, 2.0], [1, 0], entry=[0.0, 2.0]), r"entry must be before time.*row 1"),
    ],
)  # fmt: skip
def test_the_helpers_name_rows(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Truncated(Amounts()), "no formula for log_cdf and log_sf"),
        (lambda: Truncated(ZeroInflated(Gamma())), r"ZeroInflated\(Truncated\(...\)\)"),
        (lambda: ZeroInflated(SEEN), "bounds that are the same in all rows can be given inside"),
        (lambda: Hurdle(SEEN), "brings its bounds along"),
        (lambda: Mixture(SEEN, 2), r"write Truncated\(Mixture\(...\)\)"),
        (lambda: Truncated(SEEN), "brings its bounds along"),
        (lambda: Censored(LATE), "censored already"),
        (lambda: Independent(SEEN, Normal()), "rows of several columns"),
    ],
)  # fmt: skip
def test_what_is_not_defined(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_explained():
    told = str(LATE.explain())
    assert "only bounds of y are known" in told
    assert "ℓ(y) + log(F(b) − F(a))" in told
    assert "ℓ(y) + log(F(b) − F(a))" in str(SEEN.explain())


@pytest.mark.parametrize("gap", [1e-9, 0.01, 2.0])
@pytest.mark.parametrize("family", [Normal(), JohnsonSU(), LogNormal()], ids=repr)
def test_below_a_bound_is_above_it_the_other_way_round(family, gap):
    """Left-censored and truncated above is right-censored with an entry, of −y or 1/y."""
    rng = np.random.default_rng(8)
    end = np.array([-3.0, -0.4, 0.0, 1.5, 8.0])
    raw = rng.normal(0.0, 0.4, (5, len(family.raw_columns)))
    mirrored = raw.copy()
    names = list(family.parameters)
    flipped = [names.index(name) for name in ("loc", "skewness") if name in names]
    mirrored[:, flipped] *= -1.0
    none = np.full(5, np.inf)
    below = np.column_stack([-none, end - gap, -none, end])
    above = np.column_stack([gap - end, none, -end, none])
    if isinstance(family, LogNormal):
        above, below = np.exp(above), np.exp(below)
        above[:, [1, 3]], below[:, [0, 2]] = np.inf, -np.inf
    law = Censored(Truncated(family))
    found, expected = law.nll_and_gradient(below, raw), law.nll_and_gradient(above, mirrored)
    expected[1][:, flipped] *= -1.0
    # of the logarithm of 1/y nine digits are rounded
    rtol = 1e-5 if isinstance(family, LogNormal) and gap < 1e-6 else 1e-9
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol)
