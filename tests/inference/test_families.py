"""Every family's predictive distribution against scipy.stats, and the fallbacks against the closed forms."""

import sys
import warnings
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))
import likely
from families import GRID, LEVELS, ON_A_LINE, oracle, predictive
from likely.families import registry

NAMES = sorted(GRID)
COUNTS = {name for name in NAMES if registry.specification(name).support.integer}


def test_every_family_of_numbers_is_here():
    known = {m: registry.specification(m) for m in registry.modules()}
    # SciPy knows no probability at an edge of y: Tweedie's is in math/test_compound_poisson.py, against exact sums.
    scalar = {m for m, s in known.items() if s.vector is None and s.point is None}
    assert set(GRID) == scalar


def values_of(name):
    """Values of y in the bulk and far out, (n, m)."""
    levels = [1e-12, 1e-3, 0.3, 0.5, 0.9, 0.99999]
    return np.asarray(oracle(name).ppf(levels))


@pytest.mark.parametrize("name", NAMES)
def test_density_and_distribution_function_are_scipy_s(name):
    d, y = predictive(name), values_of(name)
    theirs = oracle(name)
    log_p = theirs.logpmf(y) if name in COUNTS else theirs.logpdf(y)
    # What the links round off the parameters moves y by this many standard deviations.
    np.testing.assert_allclose(d.log_prob(y), log_p, rtol=1e-8, atol=1e-7)
    np.testing.assert_allclose(d.prob(y), np.exp(d.log_prob(y)), rtol=0)
    with np.errstate(over="ignore"):  # SciPy computes both sides of a kink everywhere
        cdf, sf = theirs.cdf(y), theirs.sf(y)
    # y has no digits for its distance from an edge that is not 0.
    slack = 0.0 if name in ON_A_LINE else 2.0**-51 * np.abs(y) * d.prob(y)
    assert (np.abs(d.cdf(y) - cdf) <= 2e-9 * cdf + slack).all()
    assert (np.abs(d.sf(y) - sf) <= 2e-9 * sf + slack + 1e-300).all()


@pytest.mark.parametrize("name", NAMES)
def test_moments_are_scipy_s(name):
    d, theirs = predictive(name), oracle(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy stops its sum early at a mean of 10⁴ …
        entropy = np.ravel(theirs.entropy())
    if name in COUNTS and name != "bernoulli":
        np.testing.assert_allclose(d.entropy()[:4], entropy[:4], rtol=1e-8)
        m = np.exp(30.0)  # … and the sum of ours may be long: ½ log(2πem) − 1/(12m)
        far = predictive("poisson", mean=[1e5, m]).entropy()
        means = np.array([1e5, m])
        normal = 0.5 * np.log(2 * np.pi * np.e * means) - 1 / (12 * means)
        np.testing.assert_allclose(far, normal, rtol=1e-8)
    else:
        np.testing.assert_allclose(d.entropy(), entropy, rtol=1e-9, atol=1e-9)
    if name != "studentt":
        np.testing.assert_allclose(d.mean(), np.ravel(theirs.mean()), rtol=1e-12)
        np.testing.assert_allclose(d.var(), np.ravel(theirs.var()), rtol=1e-9)
        np.testing.assert_allclose(d.std() ** 2, d.var(), rtol=1e-12)


def test_moments_of_student_t_exist_where_they_do():
    d = predictive("studentt", loc=[1, 1, 1], scale=[2, 2, 2], df=[1.0, 2.0, 4.0])
    np.testing.assert_array_equal(np.isnan(d.mean()), [True, False, False])
    np.testing.assert_allclose(d.var(), [np.nan, np.inf, 8.0])


@pytest.mark.parametrize("name", NAMES)
def test_quantile_inverts_the_distribution_function(name):
    d = predictive(name)
    q, i = d.quantile(LEVELS), d.isf(LEVELS)
    assert q.shape == i.shape == (len(d), LEVELS.size)
    if name in COUNTS:
        assert (d.cdf(q) >= LEVELS).all()
        assert (d.cdf(q - 1) < LEVELS).all()
        assert (d.sf(i) <= LEVELS).all()
        assert (d.sf(i - 1) > LEVELS).all()
        return
    with np.errstate(invalid="ignore"):
        slack = np.abs(q) * d.prob(q) * 1e-15 / LEVELS  # one ulp of y
        assert (np.abs(d.cdf(q) / LEVELS - 1) <= 1e-10 + slack)[
            ((q > d.loss.specification.support.low) & (np.abs(q) > 1e-300))
        ].all()
        slack = np.abs(i) * d.prob(i) * 1e-15 / LEVELS
        end = d.isf(5e-324)[:, None]  # no later than that of the support
        inside = (i < end) & (i > 0 if name in ("gamma", "beta") else True)
        assert (np.abs(d.sf(i) / LEVELS - 1) <= 1e-10 + slack)[inside].all()


@pytest.mark.parametrize("name", ON_A_LINE)
def test_the_density_alone_gives_what_the_closed_forms_give(name):
    d, bare = predictive(name), predictive(name, bare=True)
    for what in ("mean", "var", "entropy"):
        ours, theirs = getattr(bare, what)(), getattr(d, what)()
        same = np.isclose(ours, theirs, rtol=1e-9, atol=1e-13) | (np.isnan(ours) & np.isnan(theirs))
        if name == "studentt" and what != "entropy":
            same |= GRID[name]["df"] == np.float64(1.1)  # too slow a tail for quadrature
        assert same.all(), (what, ours, theirs)
    y = d.quantile(LEVELS)
    inside = y > d.loss.specification.support.low - (name in COUNTS)
    np.testing.assert_allclose(bare.cdf(y)[inside], d.cdf(y)[inside], rtol=1e-8)
    np.testing.assert_allclose(bare.sf(y), d.sf(y), rtol=1e-8)
    for what in ("quantile", "isf"):
        ours, theirs = getattr(bare, what)(LEVELS), getattr(d, what)(LEVELS)
        spread = np.abs(d.quantile(0.75) - d.quantile(0.25))[:, None]
        np.testing.assert_array_less(
            np.abs(ours - theirs), 1e-9 * (np.abs(theirs) + spread) + 1e-290, err_msg=what
        )


@pytest.mark.parametrize("name", ON_A_LINE)
def test_the_mode_found_is_the_mode_declared(name):
    d, bare = predictive(name), predictive(name, bare=True)
    np.testing.assert_allclose(bare.mode(), d.mode(), rtol=1e-8, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "values", "mode"),
    [
        ("gamma", {"mean": [2, 2, 2], "shape": [0.5, 1, 4]}, [0, 0, 1.5]),
        ("beta", {"mean": [0.5, 0.3, 0.8, 0.5], "precision": [2, 1, 1, 10]}, [0, 0, 1, 0.5]),
        ("poisson", {"mean": [3, 0.3, 1, 100, 2.5]}, [2, 0, 0, 99, 2]),
        ("negativebinomial", {"mean": [6, 6, 6], "size": [0.5, 2, 3]}, [0, 2, 3]),
        ("bernoulli", {"probs": [0.5, 0.51, 0.4]}, [0, 1, 0]),
        ("exponential", {"mean": [4.0]}, [0]),
    ],
)
def test_modes_at_edges_and_ties(name, values, mode):
    for bare in (False, True):
        np.testing.assert_allclose(predictive(name, bare=bare, **values).mode(), mode, rtol=1e-9)


@pytest.mark.parametrize("name", ["poisson", "negativebinomial"])
def test_modes_of_counts_by_brute_force(name):
    rng = np.random.default_rng(0)
    mean = np.exp(rng.uniform(-2, 4, 60))
    values = {"mean": mean} | ({"size": np.exp(rng.uniform(-2, 4, 60))} if "n" in name[:1] else {})
    d = predictive(name, **values)
    log_p = d.log_prob(np.tile(np.arange(400.0), (60, 1)))
    np.testing.assert_array_equal(d.mode(), log_p.argmax(axis=1))


# --- Where SciPy itself is wrong: many digits as the truth. --------------------------------------


@pytest.mark.parametrize(("a", "z"), [(1e5, -6), (1e6, -7), (1e8, -20)])
def test_the_lower_tail_of_gamma_at_large_shapes(a, z):
    # P(a, x) by its power series in 40 digits, of which SciPy sums 2000 terms.
    d = predictive("gamma", mean=[a], shape=[a])
    with mp.workdps(40):
        shape = mp.mpf(float(d.parameters["shape"][0]))
        y = float(a + z * a**0.5)
        x = mp.mpf(y) * shape / mp.mpf(float(d.parameters["mean"][0]))
        total = term = mp.mpf(1)
        for n in range(1, int(60 * a**0.5 / abs(z)) + 100):
            term *= x / (shape + n)
            total += term
        truth = mp.exp(shape * mp.log(x) - x - mp.loggamma(shape + 1)) * total
        assert abs(float(d.cdf(y)[0] / truth) - 1) < 5e-10
    assert d.quantile(float(truth))[0] == pytest.approx(y, rel=1e-12)


@pytest.mark.parametrize(("a", "b", "q"), [(2, 1998, 1e-200), (6, 1.5, 2e-107), (9, 3e5, 1e-150)])
def test_beta_quantiles_far_out(a, b, q):
    # SciPy: NaN, 36 orders of magnitude off, NaN.
    d = predictive("beta", mean=[a / (a + b)], precision=[a + b])
    mirrored = predictive("beta", mean=[b / (a + b)], precision=[a + b])
    with mp.workdps(40):
        truth = mp.findroot(
            lambda t: mp.log(mp.betainc(a, b, 0, mp.exp(t), regularized=True) / q),
            mp.log(q * a * mp.beta(a, b)) / a,
        )
        assert np.log(d.quantile(q)[0]) == pytest.approx(float(truth), rel=1e-12)
    assert mirrored.isf(q)[0] == pytest.approx(1 - float(mp.exp(truth)), rel=1e-15)


def test_student_t_far_out():
    # One term of the tail: F(−z) → ½ (ν/z²)^a / (a B(a, ½)), a = ν/2.
    for df, p in ((1.0, 1e-200), (2.5, 1e-200), (3.3, 1e-300)):
        d = predictive("studentt", loc=[0], scale=[1], df=[df])
        with mp.workdps(40):
            a = mp.mpf(df) / 2
            z = mp.sqrt(mp.mpf(df) / (2 * mp.mpf(p) * a * mp.beta(a, 0.5)) ** (1 / a))
            assert d.quantile(p)[0] == pytest.approx(-float(z), rel=1e-10)
            assert d.isf(p)[0] == pytest.approx(float(z), rel=1e-10)
            assert d.cdf(-float(z))[0] == pytest.approx(p, rel=1e-10)


def test_negative_binomial_near_poisson():
    nb = predictive("negativebinomial", mean=[1e-3, 5.0], size=[1e14, 1e14])
    poisson = predictive("poisson", mean=[1e-3, 5.0])
    y = np.array([[0.0, 1, 4, 20]] * 2)
    np.testing.assert_allclose(nb.cdf(y), poisson.cdf(y), rtol=1e-9)
    np.testing.assert_allclose(nb.sf(y), poisson.sf(y), rtol=1e-9)


def test_bernoulli_far_out_keeps_the_small_probability():
    family = likely.Bernoulli()
    from likely.inference.predictive import Predictive

    d = Predictive(family.loss(), np.array([[40.0, -800.0, 800.0]]))
    np.testing.assert_allclose(d.log_prob([0, 1, 1]), [-40.0, -800.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(d.cdf(0.0), [np.exp(-40.0), 1.0, 0.0])
    np.testing.assert_allclose(d.entropy(), [41 * np.exp(-40.0), 0.0, 0.0], rtol=1e-10)
    np.testing.assert_allclose(d.probabilities()[0], [np.exp(-40.0), 1.0])


@pytest.mark.parametrize("name", NAMES)
def test_draws_follow_the_distribution(name):
    d = predictive(name)
    n = 4000
    draws = d.sample(n, np.random.default_rng(1))
    assert draws.shape == (len(d), n)
    support = d.loss.specification.support
    assert support.contains(draws).all()
    u = np.random.default_rng(2).random(draws.shape)
    # The randomised transform of counts is uniform too.
    below = d.cdf(draws - 1) if name in COUNTS else d.cdf(draws)
    uniform = below + u * (d.cdf(draws) - below)
    for row in uniform:
        assert stats.kstest(row, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("name", ["gamma", "poisson"])
def test_draws_from_the_density_alone(name):
    d = predictive(name, bare=True, **{k: v[2:4] for k, v in GRID[name].items()})
    draws = d.sample(500, 3)
    below = d.cdf(draws - 1) if name in COUNTS else d.cdf(draws)
    uniform = below + np.random.default_rng(2).random(draws.shape) * (d.cdf(draws) - below)
    for row in uniform:
        assert stats.kstest(row, "uniform").pvalue > 1e-4
