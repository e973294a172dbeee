"""Shapes, indexing, errors, labels; a user's family through the fallbacks."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))
import likely
from families import ON_A_LINE, predictive
from likely import Family, Parameter, counts, positive, real
from likely.inference.categorical import CategoricalPredictive
from likely.inference.panels import integer_rule
from likely.inference.predictive import Predictive
from likely.math import exp, log, log1p


class Gumbel(Family):
    """Largest of many draws."""

    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -z - exp(-z) - scale.log


class Geometric(Family):
    """Failures before the first success."""

    support = counts
    mean = Parameter(positive)

    def log_density(y, mean):
        return -y * log1p(1.0 / mean) - log1p(mean)


class Unnormalised(Family):
    """A density whose integral is 2."""

    support = real
    loc = Parameter(real)

    def log_density(y, loc):
        return -0.5 * (y - loc) ** 2 - 0.5 * log(0.5 * 3.141592653589793)


def test_a_user_s_gumbel_against_scipy():
    loc, scale = np.array([0.0, 5.0, -1e4]), np.array([1.0, 1e-3, 30.0])
    d = Gumbel().at(loc=loc, scale=scale)
    theirs = stats.gumbel_r(loc[:, None], scale[:, None])
    y = loc[:, None] + scale[:, None] * np.array([-4.0, -1.0, 0.0, 0.5, 3.0, 30.0, 200.0])
    np.testing.assert_allclose(d.cdf(y), theirs.cdf(y), rtol=1e-8)
    np.testing.assert_allclose(d.sf(y), theirs.sf(y), rtol=1e-8)
    levels = np.array([1e-100, 1e-6, 0.1, 0.5, 0.99, 1 - 1e-9])
    np.testing.assert_allclose(d.quantile(levels), theirs.ppf(levels), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(d.isf(levels), theirs.isf(levels), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(d.mode(), loc, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(d.mean(), theirs.mean()[:, 0], rtol=1e-10)
    np.testing.assert_allclose(d.var(), theirs.var()[:, 0], rtol=1e-9)
    np.testing.assert_allclose(d.entropy(), theirs.entropy()[:, 0], rtol=1e-9)
    for row, draws in enumerate(d.sample(300, 0)):
        assert stats.kstest(draws, stats.gumbel_r(loc[row], scale[row]).cdf).pvalue > 1e-3


def test_a_user_s_counts_against_scipy():
    mean = np.array([0.01, 2.0, 1e6])
    d = Geometric().at(mean=mean)
    theirs = stats.geom(1 / (1 + mean[:, None]), loc=-1)
    levels = np.array([1e-6, 0.3, 0.5, 0.999])
    np.testing.assert_array_equal(d.quantile(levels)[:2], theirs.ppf(levels)[:2])
    k = np.array([[0.0, 3.0, 50.0], [0.0, 3.0, 50.0], [10.0, 1e6, 2e7]])
    np.testing.assert_allclose(d.cdf(k), theirs.cdf(k), rtol=1e-8)
    np.testing.assert_allclose(d.sf(k), theirs.sf(k), rtol=1e-8)
    np.testing.assert_allclose(d.var(), mean + mean**2, rtol=1e-9)
    np.testing.assert_array_equal(d.mode(), 0)
    np.testing.assert_allclose(
        d.entropy(), (1 + mean) * np.log1p(mean) - mean * np.log(mean), rtol=1e-9
    )


def test_a_density_that_is_not_normalised_is_refused():
    d = Unnormalised().at(loc=[0.0, 1.0])
    with pytest.raises(
        ValueError, match=r"Unnormalised integrates to 2, not 1, at loc = 0 \(and 1 more\)"
    ):
        d.cdf(0.0)
    np.testing.assert_allclose(d.mode(), [0, 1], atol=1e-12)


def test_sums_over_integers_from_sixteen_of_them():
    for level in (3, 4, 6, 10, 14, 20):
        nodes, weights, _ = integer_rule(level)
        k = np.arange(2.0**level) / 2**level
        for f in (np.exp, lambda x: 1 / (2 + x), lambda x: x**15):
            assert f(nodes / 2**level) @ weights == pytest.approx(f(k).sum(), rel=1e-12)


# --- Shapes and indexing -------------------------------------------------------------------------


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("name", ON_A_LINE)
def test_shapes(name, bare):
    d = predictive(name, bare=bare)
    n = len(d)
    assert d.shape == (n,)
    for what in ("mean", "median", "mode", "var", "std", "entropy"):
        assert getattr(d, what)().shape == (n,)
    y = d.median()
    for what in ("log_prob", "prob", "cdf", "sf"):
        assert getattr(d, what)(y).shape == (n,)
        assert getattr(d, what)(0.5).shape == (n,)
        assert getattr(d, what)(np.column_stack([y, y, y])).shape == (n, 3)
    assert d.quantile(0.3).shape == (n,)
    assert d.quantile([0.3]).shape == (n, 1)
    low, high = d.interval([0.5, 0.9])
    assert low.shape == high.shape == (n, 2)
    assert (low <= high).all()
    assert d.sample(4, 0).shape == (n, 4)
    assert all(v.shape == (n,) for v in d.parameters.values())

    one = d[1]
    assert one.shape == ()
    for what in ("mean", "median", "mode", "var", "std", "entropy"):
        assert getattr(one, what)() == pytest.approx(getattr(d, what)()[1], nan_ok=True)
    assert np.ndim(one.log_prob(y[1])) == 0
    assert one.cdf(np.zeros((2, 3))).shape == (2, 3)
    assert np.ndim(one.quantile(0.3)) == 0
    assert one.quantile([0.3, 0.4]).shape == (2,)
    assert one.sample(4, 0).shape == (4,)
    assert len(d[1:]) == n - 1
    mask = np.arange(n) % 2 == 0
    np.testing.assert_array_equal(d[mask].mode(), d.mode()[mask])
    # Solved from the density, a row's sums are taken in an order that the other rows decide.
    two = d[[2, 0]]
    # The last digits of a median that is 0 are those of the scale.
    ulps = np.spacing(np.abs(two.median()) + two.quantile(0.75) - two.quantile(0.25))
    assert (np.abs(two.median() - d.median()[[2, 0]]) <= (4.0 * ulps if bare else 0.0)).all()
    assert len([row.mode() for row in d]) == n
    empty = d[:0]
    assert empty.mode().shape == empty.cdf(0.5).shape == empty.quantile(0.5).shape == (0,)
    assert empty.sample(3, 0).shape == (0, 3)


def test_what_a_single_distribution_refuses():
    d = likely.Normal().at(loc=0.0, scale=2.0)
    assert d.cdf(0.0) == pytest.approx(0.5, rel=1e-14)
    for wrong in (lambda: len(d), lambda: d[0], lambda: list(d)):
        with pytest.raises(TypeError, match="single distribution"):
            wrong()
    assert repr(d) == "<Normal distribution: loc=0, scale=2>"
    many = likely.Normal().at(loc=[0.0, 1, 2, 3], scale=2.0)
    assert repr(many) == "<Normal 4 distributions: loc=[0, 1, 2, …], scale=[2, 2, 2, …]>"


def test_parameters_have_their_public_names():
    assert likely.Normal(variance=likely.predicted("square")).at(
        loc=1.0, variance=9.0
    ).parameters == {"loc": 1.0, "variance": 9.0}
    d = likely.Normal(scale=2.0).at(loc=[1.0, 2.0])
    np.testing.assert_array_equal(d.parameters["scale"], [2, 2])


def test_outside_the_support_is_impossible_and_nan_is_an_error():
    d = predictive("gamma", mean=[1, 2, 3], shape=[2, 2, 2])
    np.testing.assert_array_equal(d.log_prob([-1.0, 0.0, np.inf]), -np.inf)
    np.testing.assert_array_equal(d.prob([-1.0, 0.0, np.inf]), 0.0)
    np.testing.assert_array_equal(d.cdf([-1.0, 0.0, np.inf]), [0, 0, 1])
    np.testing.assert_array_equal(d.sf([-1.0, 0.0, np.inf]), [1, 1, 0])
    with pytest.raises(ValueError, match="NaN in row 1"):
        d.log_prob([1.0, np.nan, 1.0])
    with pytest.raises(ValueError, match=r"shape \(2,\), but there are 3"):
        d.cdf([1.0, 2.0])
    counts = predictive("poisson", mean=[2.0])
    assert counts.prob(1.5)[0] == 0.0
    assert counts.cdf(1.5)[0] == counts.cdf(1.0)[0]
    assert counts.cdf(-0.5)[0] == 0.0


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan, [0.5, 2.0]])
def test_levels_lie_between_0_and_1(bad):
    d = predictive("normal")
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        d.quantile(bad)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        d.interval(bad)


@pytest.mark.parametrize("name", ON_A_LINE)
def test_levels_0_and_1_are_the_edges_of_the_support(name):
    d = predictive(name)
    support = d.loss.specification.support
    ends = {"lower": np.full(len(d), support.low), "upper": np.full(len(d), support.high)}
    for name, tail, outwards in (("lower", d.cdf, -1e-9), ("upper", d.sf, 1e-9)):
        if name in d.loss.specification.formulas:
            end = ends[name] = d.loss.formula(name, d.raw)
            finite = np.isfinite(end)
            step = np.where(finite, outwards * np.abs(end), 0.0)
            assert (tail(end + step) == 0.0).all()
            assert np.isfinite(d.log_prob(np.where(finite, end - 1e3 * step, d.median()))).all()
    np.testing.assert_array_equal(d.quantile([0.0, 1.0]).T, list(ends.values()))
    low, high = d.interval(1.0)
    np.testing.assert_array_equal(low, ends["lower"])
    np.testing.assert_array_equal(high, ends["upper"])


def test_an_extreme_interval_stays_exact():
    low, high = likely.Normal().at(loc=0.0, scale=1.0).interval(1 - 1e-12)
    assert high == pytest.approx(-low, rel=1e-14)
    counts = likely.Poisson().at(mean=[0.1, 4.0, 300.0])
    for level in (0.1, 0.5, 0.9, 0.999):
        low, high = counts.interval(level)
        assert (counts.cdf(high) - counts.cdf(low - 1) >= level).all()


def test_shared_parameters_are_solved_once_for_many_rows():
    d = predictive("negativebinomial", mean=np.full(100_000, 3.0), size=np.full(100_000, 2.0))
    assert (d.quantile(0.9) == d[0].quantile(0.9)).all()
    assert (d.entropy() == d[0].entropy()).all()


@settings(max_examples=60, deadline=None)
@given(
    s.floats(-20, 20), s.floats(-8, 8), s.lists(s.floats(1e-12, 1 - 1e-12), min_size=2, max_size=5)
)
def test_counts_quantiles_are_monotone_and_minimal(log_mean, log_size, levels):
    levels = np.sort(levels)
    d = predictive("negativebinomial", mean=[np.exp(log_mean)], size=[np.exp(log_size)])
    q = d.quantile(levels)[0]
    assert (np.diff(q) >= 0).all()
    assert (d.cdf(q[None])[0] >= levels).all()
    assert ((d.cdf(q[None] - 1)[0] < levels) | (q == 0)).all()


@settings(max_examples=40, deadline=None)
@given(s.floats(-3, 8), s.floats(-3, 8), s.floats(1e-9, 1 - 1e-9))
def test_gamma_from_its_density_alone(log_mean, log_shape, q):
    values = {"mean": [np.exp(log_mean)], "shape": [np.exp(log_shape)]}
    d, bare = predictive("gamma", **values), predictive("gamma", bare=True, **values)
    y = d.quantile(q)
    if y[0] > 1e-290:
        np.testing.assert_allclose(bare.cdf(y), d.cdf(y), rtol=1e-8)
        np.testing.assert_allclose(bare.sf(y), d.sf(y), rtol=1e-8)
        np.testing.assert_allclose(bare.quantile(q), y, rtol=1e-8)


# --- Labels and classes --------------------------------------------------------------------------


def test_bernoulli_with_labels():
    loss = likely.Bernoulli().loss()
    raw = np.array([[-1.0, 2.0, 0.0]])
    d = Predictive(loss, raw, labels=np.array(["no", "yes"]))
    assert d.mode().tolist() == ["no", "yes", "no"]
    assert d.probabilities().shape == (3, 2)
    np.testing.assert_allclose(d.prob(["yes", "no", "yes"]), 1 / (1 + np.exp([1.0, 2.0, 0.0])))
    with pytest.raises(
        ValueError, match=r"^y is 'maybe', .* none of the labels\. They are 'no', 'yes'$"
    ):
        d.log_prob("maybe")
    with pytest.raises(ValueError, match=r"^y is 'yess' in row 1, .*; did you mean 'yes'\?"):
        d.prob(["no", "yess", "no"])
    assert set(d.sample(20, 0).ravel()) == {"no", "yes"}
    for absent in ("mean", "median", "cdf", "interval"):
        assert not hasattr(d, absent)
    with pytest.raises(AttributeError, match="labels"):
        d.mean()
    with pytest.raises(ValueError, match=r"^y is 0 in row 0, .* They are 'no', 'yes'$"):
        d.log_prob([0, 1, 0])
    codes = Predictive(loss, raw, labels=np.array([0, 1]))
    np.testing.assert_allclose(codes.cdf(0.5), codes.prob(0))
    with pytest.raises(ValueError, match=r"^y is 2, .* They are 0, 1$"):
        codes.prob(2)
    truth = Predictive(loss, raw, labels=np.array([False, True]))
    assert truth.mode().tolist() == [False, True, False]
    assert truth.mean()[2] == 0.5
    assert truth[1].mode()
    assert truth[1].probabilities().shape == (2,)
    with pytest.raises(AttributeError, match="probabilities"):
        predictive("normal").probabilities()


def test_classes():
    raw = np.array([[0.0, 40.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
    d = CategoricalPredictive(likely.Categorical(3).loss(), raw, labels=["a", "b", "c"])
    assert d.mode().tolist() == ["a", "a", "a"]  # ties go to the first
    np.testing.assert_allclose(d.probabilities().sum(axis=1), 1.0)
    assert d.parameters["probs"].shape == (3, 3)
    np.testing.assert_allclose(d.log_prob(["c", "a", "b"])[:2], [-np.log(3), -2 * np.exp(-40.0)])
    np.testing.assert_allclose(d.entropy()[:2], [np.log(3), 82 * np.exp(-40.0)], rtol=1e-10)
    assert d[0].prob("b") == pytest.approx(1 / 3)
    assert d[0].mode() == "a"
    assert len(d[1:]) == 2
    with pytest.raises(ValueError, match=r"^y is 'z', which is none of the labels"):
        d.log_prob("z")
    draws = d.sample(6000, 0)
    share = [(draws[0] == label).mean() for label in "abc"]
    np.testing.assert_allclose(share, 1 / 3, atol=0.03)
    for absent in ("cdf", "quantile", "mean", "median", "interval", "std"):
        assert not hasattr(d, absent)
    with pytest.raises(AttributeError, match="no order"):
        d.cdf(1)
    assert "3 classes" in repr(d)


def test_a_class_that_cannot_be():
    d = likely.Categorical(3).at(probs=[0.25, 0.75, 0.0])
    assert d.log_prob(2) == -np.inf
    assert d.prob(1) == pytest.approx(0.75)
    assert d.entropy() == pytest.approx(stats.entropy([0.25, 0.75]))
    assert d.mode() == 1


@pytest.mark.parametrize("name", ["Gamma", "GeneralisedGamma", "SkewNormal", "Normal", "Poisson"])
def test_next_to_the_median_an_interval_has_its_ends_in_order(name):
    """Of no coverage both ends are the median, each by a tail of its own."""
    family = getattr(likely, name)()
    columns = family.loss().columns
    raw = np.random.default_rng(0).uniform(-2.0, 2.0, (500, columns))
    low, high = Predictive(family.loss(), raw.T).interval([0.0, 1e-15, 0.1])
    assert (low <= high).all()
    np.testing.assert_allclose(low[:, 0], high[:, 0], rtol=1e-12, atol=1e-12)
