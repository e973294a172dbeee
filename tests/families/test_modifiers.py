"""Modified families: the numerics contract, and their distributions against sums and quadrature."""

import numpy as np
import pytest

from likely import (
    Discretised,
    Exponential,
    Gamma,
    GeneralisedPareto,
    Hurdle,
    LogNormal,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    Transformed,
    Truncated,
    Weibull,
    ZeroInflated,
)
from likely.inference.predictive import Predictive
from likely.inference.summation import DiscreteSums
from oracles import engines, grid
from oracles.contract import PARTS, check
from oracles.modified import SAMPLE, points, tried

DISCRETE = [name for name, family in SAMPLE.items() if family.specification.support.integer]
CONTINUOUS = [name for name in SAMPLE if name not in DISCRETE]
LEVELS = np.array([1e-12, 1e-3, 0.05, 0.3, 0.5, 0.77, 0.9, 0.999, 1.0 - 1e-9])


#: One a modifier: compiling takes longer than everything else here.
COMPILED = (
    "ZeroInflated(Gamma)", "Hurdle(Poisson)", "Truncated(Normal, low=-1, high=2)",
    "Truncated(Poisson, low=0, high=5)", "Mixture(Normal, 2)",
)  # fmt: skip


@pytest.mark.parametrize("name", SAMPLE)
def test_numerics_contract(name):
    c = grid.combination(name)
    found = points(name, tried(name))
    report = check(c, found, engines.numpy_engine, parts=PARTS)
    assert report.passed, report.failures()


def alike(name, n):
    """Points (y, raw…) of components that differ by 1e-15 to 1, y about their mean, with odds of any size."""
    rng = np.random.default_rng(7)
    for _ in range(n):
        apart, odds = 10.0 ** rng.uniform(-15.0, 0.0), rng.choice([-30.0, -3.0, 0.0, 3.0, 30.0])
        log_size, z = rng.uniform(-10.0, 10.0), rng.choice([0.0, 1.0, rng.exponential(), 10.0])
        size = np.exp(log_size)
        if name == "Mixture(Normal, 2)":
            loc, (a, b) = 3.0 * rng.normal(), apart * rng.normal(size=2)
            yield loc + z * size, loc, log_size, loc + a * size, log_size + b, odds
        else:
            y = size * z if name == "Mixture(Exponential, 2)" else np.floor(size + z * size**0.5)
            for value in (y, size * (name == "Mixture(Exponential, 2)")):
                yield value, log_size, log_size + apart * rng.normal(), odds


@pytest.mark.parametrize(
    "name", ["Mixture(Normal, 2)", "Mixture(Exponential, 2)", "Mixture(Poisson, 2)"]
)
def test_components_that_are_alike(name):
    """What the odds do to the loss is then far smaller than the logarithms of both densities."""
    points = [tuple(map(float, p)) for p in alike(name, 60)]
    if name == "Mixture(Normal, 2)":
        points.append((10686474581527.463, 3.0, 30.0, -3.0, 30.0, -3.0))
    report = check(grid.combination(name), points, engines.numpy_engine)
    assert report.passed, report.failures()


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("Mixture(Poisson, 2)", (41.0, -30.0, -30.0, 0.0)),
        ("Mixture(Poisson, 2)", (155.0, 3.0, 3.0, 0.0)),
        ("Mixture(Normal, 2)", (17.085536923187668, -3.0, 3.0, -3.0, 3.0, -3.0)),
        ("Mixture(Exponential, 2)", (0.0, 3.0, 3.0, 0.0)),
    ],
)
def test_components_that_are_equal(name, point):
    """Then the odds do nothing to the loss, but as soon as a component moves they do."""
    report = check(grid.combination(name), [point], engines.numpy_engine)
    assert report.passed, report.failures()


def test_two_of_a_truncated_generalised_poisson():
    """For large dispersions the mean moves the count and the chance of a 0 alike."""
    c = grid.combination("Truncated(GeneralisedPoisson, low=0)")
    points = [(2.0, 0.4481916326716302, 17.379943947592224), (2.0, -9.0, 4.0), (2.0, 29.0, 30.0)]
    points += [(2.0, mean, dispersion) for mean in (-9.0, 0.4) for dispersion in (-0.01, 0.0, 0.01)]
    report = check(c, points, engines.numpy_engine)
    assert report.passed, report.failures()


def test_counts_of_which_hardly_any_is_not_the_last():
    """Of large means and sizes each count is far rarer than the next: both slopes of how rare cancel."""
    points = [(y, mean, size) for y in (2.0, 3.0) for mean in (20.0, 25.8) for size in (0.7, 22.3)]
    report = check(
        grid.combination("Truncated(NegativeBinomial, high=3)"), points, engines.numpy_engine
    )
    assert report.passed, report.failures()


@pytest.mark.parametrize("name", COMPILED)
def test_kernels_compute_what_numpy_does(name):
    loss = SAMPLE[name].loss()
    rng = np.random.default_rng(1)
    raw = rng.normal(size=(loss.columns, 200))
    y = np.array([float(Predictive(loss, r).sample(1, rng)[0]) for r in raw.T])
    value, gradient, _ = loss.evaluate(y, raw, 1)
    compiled, slopes, _ = loss.compiled.evaluate(y, raw, 1)
    np.testing.assert_allclose(compiled, value, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-10, atol=1e-12)


def distributions(name, n=6):
    """Single distributions at drawn parameters of ordinary size."""
    loss = SAMPLE[name].loss()
    rng = np.random.default_rng(2)
    return [Predictive(loss, rng.normal(0.3, 0.8, loss.columns)) for _ in range(n)]


@pytest.mark.parametrize("name", DISCRETE)
def test_counts_against_sums(name):
    for d in distributions(name):
        k = np.arange(5000.0)
        p = np.exp(d.log_prob(k))
        assert p.sum() == pytest.approx(1.0, abs=1e-12)
        cdf = np.cumsum(p)
        np.testing.assert_allclose(d.cdf(k[:60]), cdf[:60], rtol=1e-11, atol=0)
        tail = p[::-1].cumsum()[::-1]
        np.testing.assert_allclose(d.sf(k[:30]), tail[1:31], rtol=1e-9, atol=0)
        assert (d.cdf([-1.0, -0.5]) == 0.0).all()
        mean = (p * k).sum()
        assert d.mean() == pytest.approx(mean, rel=1e-11)
        assert d.var() == pytest.approx((p * (k - mean) ** 2).sum(), rel=1e-9)
        known = p[p > 0.0]
        assert d.entropy() == pytest.approx(-(known * np.log(known)).sum(), rel=1e-9)
        assert d.mode() == k[p.argmax()]
        reached = np.array([k[np.argmax(cdf >= q)] for q in LEVELS[:-1]])
        np.testing.assert_array_equal(d.quantile(LEVELS[:-1]), reached)
        np.testing.assert_array_equal(d.isf(0.25), k[np.argmax(tail - p <= 0.25)])


def line(support):
    """Values y on a fine grid of a line without edges, and dy/dt times its step."""
    t, step = np.linspace(-600.0, 600.0, 60001, retstep=True)
    if np.isinf(support.low) and np.isinf(support.high):
        return 5.0 * np.sinh(t / 100.0), np.cosh(t / 100.0) * step / 20.0
    if np.isinf(support.low):
        return support.high - np.exp(-t / 2.0), np.exp(-t / 2.0) * step / 2.0
    if np.isinf(support.high):
        return support.low + np.exp(t / 2.0), np.exp(t / 2.0) * step / 2.0
    width, share = support.high - support.low, 1.0 / (1.0 + np.exp(-t))
    return support.low + width * share, width * share / (1.0 + np.exp(t)) * step


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_against_quadrature(name):
    for d in distributions(name):
        support = d.loss.specification.support
        y, weight = line(support)
        points = {v: float(d.prob(v)) for v in points_of(name)}
        low, high = points.get(support.low, 0.0), points.get(support.high, 0.0)
        keep = support.contains(y) & ~np.isin(y, list(points))
        y, weight = y[keep], weight[keep]
        logs = d.log_prob(y)
        mass = np.exp(logs) * weight
        # Float64 has no numbers between 1 − 2⁻⁵³ and 1, where a proportion may have some mass.
        exact = 3e-5 if support.high == 1.0 else 1e-9
        assert low + high + mass.sum() == pytest.approx(1.0, abs=exact)
        mean = (mass * y).sum() + sum(p * v for v, p in points.items())
        assert d.mean() == pytest.approx(mean, rel=exact, abs=exact)
        var = (mass * (y - mean) ** 2).sum() + sum(p * (v - mean) ** 2 for v, p in points.items())
        assert d.var() == pytest.approx(var, rel=100 * exact)
        entropy = -(mass * np.where(mass > 0.0, logs, 0.0)).sum()
        entropy -= sum(p * np.log(p) for p in points.values())
        assert d.entropy() == pytest.approx(entropy, rel=100 * exact, abs=100 * exact)
        if points:
            assert points[float(d.mode())] == max(points.values())
        elif support.contains(np.array(d.mode())):
            assert d.log_prob(d.mode()) >= logs.max() - 1e-9
        else:  # an open edge, towards which the density grows
            assert d.mode() == support.low
            assert logs.argmax() == 0
        rest = 1.0 - low - high
        middle = d.quantile(low + 0.5 * rest)
        i = np.searchsorted(y, middle)
        assert d.cdf(y[i]) == pytest.approx(low + mass[:i].sum() + 0.5 * mass[i], abs=1e-4)
        assert d.cdf(middle) + d.sf(middle) == pytest.approx(1.0, abs=1e-12)
        reached = LEVELS[(low < LEVELS) & (1.0 - high > LEVELS)]
        np.testing.assert_allclose(d.cdf(d.quantile(reached)), reached, rtol=1e-8, atol=1e-15)
        rare = high + (0.05 if support.high == 1.0 or high else 1e-9) * rest
        np.testing.assert_allclose(d.sf(d.isf(rare)), rare, rtol=1e-6)
        assert (d.quantile(LEVELS[low > LEVELS]) == support.low).all()
        assert (d.quantile(LEVELS[1.0 - high < LEVELS]) == support.high).all()
        assert (d.isf(LEVELS[high > LEVELS]) == support.high).all()


def points_of(name):
    """The ends of y that have a probability."""
    return list(SAMPLE[name].specification.structure.points) if "Inflated" in name else []


@pytest.mark.parametrize("name", SAMPLE)
def test_samples_follow_the_cdf(name):
    for d in distributions(name, 2):
        drawn = d.sample(4000, 3)
        at = np.unique(d.quantile(np.array([0.1, 0.3, 0.5, 0.7, 0.9])))
        share = np.array([(drawn <= y).mean() for y in at])
        np.testing.assert_allclose(share, d.cdf(at), atol=0.035)  # 4.4 standard errors


@pytest.mark.parametrize("name", SAMPLE)
def test_rows_are_what_single_distributions_are(name):
    loss = SAMPLE[name].loss()
    raw = np.random.default_rng(4).normal(size=(loss.columns, 5))
    rows = Predictive(loss, raw)
    for method in ("mean", "var", "mode", "median", "entropy"):
        single = [getattr(Predictive(loss, r), method)() for r in raw.T]
        np.testing.assert_allclose(getattr(rows, method)(), single, rtol=1e-10, err_msg=method)
    levels = np.array([0.1, 0.5, 0.9])
    single = [Predictive(loss, r).quantile(levels) for r in raw.T]
    np.testing.assert_allclose(rows.quantile(levels), single, rtol=1e-9)
    assert rows.sample(3, 0).shape == (5, 3)


@pytest.mark.parametrize("name", SAMPLE)
def test_fit_recovers_what_was_drawn_and_has_no_slope_left(name):
    family = SAMPLE[name]
    loss = family.loss()
    apart = name.startswith("Mixture")  # equal components could not be told from each other
    truth = Predictive(
        loss, np.arange(loss.columns) * 0.9 - 0.5 if apart else np.full(loss.columns, 0.4)
    )
    y = truth.sample(3000, 5)
    found = family.fit(y)
    raw = np.repeat(found.raw[:, np.newaxis], y.size, 1)
    value, gradient, _ = loss.evaluate(y, raw, 1)
    assert np.abs(gradient.mean(axis=1)).max() < 1e-7
    assert value.mean() <= -truth.log_prob(y).mean()


# --- Several peaks -----------------------------------------------------------------------------------

TWO_NORMALS = {"loc1": 0.0, "scale1": 0.05, "loc2": 8.0, "scale2": 0.05, "odds2": 1.0}


@pytest.mark.parametrize(
    ("family", "given"),
    [
        (Mixture(Weibull(), 2), (1.41, 101.3, 0.81, 8.36, 4.446)),
        (Mixture(Gamma(), 2), (0.61, 4.8, 2.27, 37.6, 4.35)),
        (Mixture(LogNormal(), 2), (1.5, 8.5, 0.19, 0.157, 1.07)),
        (Transformed(Mixture(Normal(), 2), "log"), (0.0, 0.5, 2.0, 0.03, 1.5)),
        (
            Transformed(Truncated(Mixture(Normal(), 2), low=-1.9), "box-cox", power=0.5),
            (0.0, 0.5, 2.0, 0.3, 1.5),
        ),
        (Truncated(Mixture(Gamma(), 2), low=0.5, high=6.0), (0.6, 4.8, 2.3, 38.0, 3.0)),
    ],
    ids=repr,
)
def test_the_mode_is_the_highest_of_the_peaks(family, given):
    d = family.at(**dict(zip(family.parameters, given, strict=True)))
    top = d.log_prob(d.mode())
    beside = d.quantile(np.linspace(1e-6, 1.0 - 1e-6, 3001))
    assert top >= d.log_prob(beside).max() - 1e-9
    assert top >= d.log_prob(d.mode() * np.array([1.0 - 1e-4, 1.0 + 1e-4])).max()


def test_the_mode_of_equal_peaks_is_the_lower_one():
    d = Mixture(Normal(), 2).at(loc1=3.0, scale1=0.5, loc2=-3.0, scale2=0.5, odds2=1.0)
    assert d.mode() == pytest.approx(-3.0, abs=1e-6)


def test_moments_of_peaks_far_from_each_other():
    squared = np.exp(0.05**2)
    each = np.sqrt(squared) * np.exp([0.0, 8.0])
    d = Transformed(Mixture(Normal(), 2), "log").at(**TWO_NORMALS)
    assert d.mean() == pytest.approx(each.mean(), rel=1e-12)
    assert d.var() == pytest.approx((each**2 * squared).mean() - each.mean() ** 2, rel=1e-12)
    # log y is log 2 nats of which peak, a Normal's entropy, and what the change of unit adds.
    normal = 0.5 * np.log(2.0 * np.pi * np.e) + np.log(0.05)
    assert d.entropy() == pytest.approx(np.log(2.0) + normal + 4.0, rel=1e-8)
    cut = Truncated(Mixture(Normal(), 2), low=0.0).at(**TWO_NORMALS)
    half = 0.05 * np.sqrt(2.0 / np.pi)  # of the first peak one half is seen
    assert cut.mean() == pytest.approx((half + 2.0 * 8.0) / 3.0, rel=1e-9)
    squares = (0.05**2 + 2.0 * (64.0 + 0.05**2)) / 3.0
    assert cut.var() == pytest.approx(squares - ((half + 16.0) / 3.0) ** 2, rel=1e-9)


def test_a_component_without_a_mean():
    d = Mixture(GeneralisedPareto(), Exponential()).at(scale1=1.0, shape1=2.0, mean2=2.0, odds2=0.5)
    assert d.mean() == np.inf
    assert d.var() == np.inf


def test_a_quantile_of_a_mixture_below_the_smallest_number():
    d = Mixture(Gamma(), 2).at(mean1=1.0, shape1=1e-3, mean2=3.0, shape2=4.0, odds2=1.0)
    tiny = d.quantile([1e-5, 0.1, 0.2])
    assert (tiny >= 0.0).all()
    assert (tiny < 1e-315).all()
    np.testing.assert_allclose(d.cdf(d.quantile([0.3, 0.7])), [0.3, 0.7], rtol=1e-12)


def test_an_end_that_one_component_alone_has():
    # At 0 an Exponential has a density and a Gamma, whatever its shape, has none: y > 0.
    family = Mixture(Exponential(), Gamma())
    theta = {"mean1": 2.0, "mean2": 3.0, "shape2": 0.5, "odds2": 3.0}
    assert family.at(**theta).prob(0.0) == pytest.approx(0.25 * 0.5, rel=1e-15)
    y = np.r_[0.0, np.random.default_rng(0).gamma(2.0, size=99)]
    fitted = family.fit(y)
    assert fitted.log_prob(y).mean() > Gamma().fit(y[1:]).log_prob(y[1:]).mean() - 0.1


def test_counts_beyond_a_bound_that_next_to_nothing_reaches():
    # P(Y > 200) is about 10⁻⁹⁷⁵; beyond the bound the counts fall by 1e-3/202, 1e-3/203, …
    d = Truncated(Poisson(), low=200).at(mean=1e-3)
    first, second = 1e-3 / 202.0, 1e-3 / 202.0 * (1e-3 / 203.0)
    assert d.sf(201.0) == pytest.approx((first + second) / (1.0 + first + second), rel=1e-9)
    assert d.cdf(201.0) == pytest.approx(1.0 / (1.0 + first + second), rel=1e-12)
    np.testing.assert_array_equal(d.quantile([0.5, 1.0 - 1e-6]), [201.0, 202.0])


@pytest.mark.parametrize(
    "family",
    [
        Truncated(NegativeBinomial(), low=2),
        Hurdle(Truncated(NegativeBinomial(), low=2)),
        ZeroInflated(Discretised(Weibull())),
        Mixture(NegativeBinomial(), 2),
    ],
    ids=repr,
)
def test_quantiles_of_counts_ask_for_no_sums_over_all_counts(family, monkeypatch):
    def refuse(self):
        raise AssertionError("a moment was asked for")

    loss = family.loss()
    d = Predictive(loss, np.random.default_rng(7).normal(size=(loss.columns, 40)))
    for name in ("mean", "var"):
        monkeypatch.setattr(DiscreteSums, name, refuse)
    for q in (1e-6, 0.2, 0.5, 0.9, 1.0 - 1e-6):
        k = d.quantile(q)
        assert (d.cdf(k) >= q).all()
        low = family.specification.support.low
        assert ((d.cdf(np.maximum(k - 1.0, low)) < q) | (k == low)).all()
