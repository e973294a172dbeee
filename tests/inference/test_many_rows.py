"""Quantiles of counts from any guess, and moments of a part of a family, far out and next to its edges."""

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, stats

import likely
from likely import Family, Parameter, counts, positive, real
from likely.inference import numerical, power_tail, summation, weighted
from likely.inference.construct import predictive
from likely.inference.discrete import quantile_of
from likely.math import log, log1p, pi

LEVELS = np.array([1e-300, 1e-40, 1e-9, 0.01, 0.4, 0.5, 0.95, 1.0 - 1e-9])


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("mean", [0.01, 0.7, 30.0, 1e6])
def test_the_smallest_count_is_found_from_any_guess(mean, upper):
    law = stats.poisson(mean)
    right = (law.isf if upper else law.ppf)(0.3)
    guesses = np.array(
        [right, right - 1, right + 1, 0.0, 40 * mean + 50, 1e12, np.nan, np.inf, -5.0]
    )
    p, guess = (a.ravel() for a in np.meshgrid(LEVELS, guesses))

    def tail(k, rows):
        return law.sf(k) if upper else law.cdf(k)

    def probability(k, rows):
        return law.pmf(k)

    k = quantile_of(tail, probability, p, guess, 0.0, np.inf, upper=upper)
    reached = law.sf(k) <= p if upper else law.cdf(k) >= p
    before = law.sf(k - 1) <= p if upper else law.cdf(k - 1) >= p
    assert reached.all()
    assert not before[k > 0].any()


@pytest.mark.parametrize(("off", "cost"), [(0.0, 1), (-1.0, 1), (1.0, 2), (-4.0, 2), (8.0, 2)])
def test_a_good_guess_costs_one_evaluation(off, cost):
    calls = []

    def tail(k, rows):
        calls.append(k.size)
        return stats.poisson.cdf(k, 50.0)

    def probability(k, rows):
        return stats.poisson.pmf(k, 50.0)

    level = np.linspace(0.01, 0.99, 1000)
    right = stats.poisson.ppf(level, 50.0)
    k = quantile_of(tail, probability, level, right + off, 0.0, np.inf, upper=False)
    np.testing.assert_array_equal(k, right)
    assert sum(calls) <= 1.02 * cost * level.size


COUNTS = {
    "truncated": (likely.Truncated(likely.NegativeBinomial(), low=0), {}),
    "band": (likely.Truncated(likely.NegativeBinomial(), low=1, high=40), {}),
    "hurdle": (likely.Hurdle(likely.NegativeBinomial()), {"zero": 0.3}),
    "hurdle above 2": (
        likely.Hurdle(likely.Truncated(likely.NegativeBinomial(), low=2)),
        {"zero": 0.3},
    ),
    "zero-inflated": (likely.ZeroInflated(likely.NegativeBinomial()), {"inflation": 0.2}),
}


@pytest.mark.parametrize("case", COUNTS)
def test_quantiles_of_counts_are_the_smallest_that_reach(case):
    family, own = COUNTS[case]
    rng = np.random.default_rng(0)
    law = family.at(mean=np.exp(rng.normal(size=300)), size=np.exp(rng.normal(size=300)), **own)
    low = family.specification.support.low
    for q in LEVELS[2:]:
        k, far = law.quantile(q), law.isf(1.0 - q if q > 0.5 else q)
        assert (law.cdf(k) >= q).all()
        assert (law.cdf(k - 1.0) < q)[k > low].all()
        p = 1.0 - q if q > 0.5 else q
        assert (law.sf(far) <= p).all()
        assert (law.sf(far - 1.0) > p)[far > low].all()
    # The distribution function's own values are levels that are reached exactly.
    k = law.quantile(0.6)
    np.testing.assert_array_equal(law.quantile(0.6), k)


def truncated_beta(mean, precision, high):
    """Mean, variance and entropy of Beta below ``high``, by mpmath, in t = log y."""
    with mp.workdps(30):
        a, b = mp.mpf(mean) * precision, (1 - mp.mpf(mean)) * precision
        mass = mp.betainc(a, b, 0, mp.mpf(high))

        def log_p(t):
            return (a - 1) * t + (b - 1) * mp.log1p(-mp.exp(t)) - mp.log(mass)

        breaks = [-c / a for c in (80, 40, 20, 10, 5, 2, 1, 0.5)]
        breaks = [t for t in breaks if t < -12] + [-10, -5, -2, -1, mp.log(mp.mpf(high))]
        entropy = mp.quad(lambda t: -log_p(t) * mp.exp(log_p(t) + t), breaks)
        first, second = (mp.betainc(a + k, b, 0, mp.mpf(high)) / mass for k in (1, 2))
        return float(first), float(second - first**2), float(entropy)


@pytest.mark.parametrize(
    ("mean", "precision"), [(0.02, 0.3), (0.5, 0.05), (0.4, 3.0), (0.001, 0.02)]
)
def test_moments_of_a_part_next_to_an_edge(mean, precision):
    """Up to nearly all of y lies where it is too small for a number."""
    law = likely.Truncated(likely.Beta(), high=0.8).at(mean=mean, precision=precision)
    found = law.mean(), law.var(), law.entropy()
    np.testing.assert_allclose(found, truncated_beta(mean, precision, 0.8), rtol=1e-12)


@pytest.mark.parametrize(
    ("mean", "precision"),
    [
        (0.98, 0.3),
        (0.5, 0.05),
        (0.6, 1.5),
        (0.999, 0.02),  # nearly all of y is within an ulp of 1
    ],
)
def test_moments_of_a_part_next_to_the_upper_edge(mean, precision):
    """Where y is rounded to 1: the part above 0.2 is the part below 0.8 turned over."""
    upper = likely.Truncated(likely.Beta(), low=0.2).at(mean=mean, precision=precision)
    first, spread, entropy = truncated_beta(1.0 - mean, precision, 0.8)
    np.testing.assert_allclose(upper.mean(), 1.0 - first, rtol=1e-12)
    np.testing.assert_allclose(upper.var(), spread, rtol=1e-8)
    np.testing.assert_allclose(upper.entropy(), entropy, rtol=1e-9)


def test_moments_of_a_truncated_pareto_are_those_of_its_excess():
    """Beyond a the excess is a Pareto of scale σ + ξa; without moments those are infinite."""
    shape = np.array([-1.2, -0.5, -0.39, 1e-9, 0.3, 0.47, 0.6, 0.97, 1.3])
    law = likely.Truncated(likely.GeneralisedPareto(), low=0.3).at(scale=1.0, shape=shape)
    excess = stats.genpareto(shape, scale=1.0 + shape * 0.3)
    known = shape < 1.0
    mean = np.where(known, 0.3 + (1.0 + shape * 0.3) / (1.0 - shape), np.inf)
    np.testing.assert_allclose(law.mean(), mean, rtol=1e-10)
    var = np.where(
        shape < 0.5, (1.0 + shape * 0.3) ** 2 / ((1 - shape) ** 2 * (1 - 2 * shape)), np.inf
    )
    np.testing.assert_allclose(law.var()[known], var[known], rtol=1e-8)
    np.testing.assert_allclose(law.entropy(), excess.entropy(), rtol=1e-10)


@pytest.mark.parametrize("low", [-40.0, -1.0, 3.0, 30.0])
def test_moments_of_a_truncated_normal_far_out(low):
    """m = φ(a)/Q(a) and 1 + a m − m², with 40 digits where they cancel."""
    with mp.workdps(60):
        a = mp.mpf(low)
        tail = mp.erfc(a / mp.sqrt(2)) / 2
        m = mp.npdf(a) / tail
        entropy = mp.log(mp.sqrt(2 * mp.pi) * tail) + (1 + a * m) / 2
        expected = [float(v) for v in (m, 1 + a * m - m * m, entropy)]
    law = likely.Truncated(likely.Normal(), low=low).at(loc=0.0, scale=1.0)
    np.testing.assert_allclose(
        [law.mean(), law.var(), law.entropy()], expected, rtol=1e-10, atol=1e-13
    )


def test_the_mode_of_a_u_shaped_part_is_its_higher_end():
    family = likely.Truncated(likely.Beta(), low=0.1, high=0.6)
    law = family.at(mean=[0.5, 0.2, 0.8], precision=1.0)
    ends = np.array([0.1, 0.1, 0.6])
    np.testing.assert_array_equal(law.mode(), ends)
    grid = np.linspace(0.1, 0.6, 501)
    assert (law.log_prob(ends)[:, None] >= law.log_prob(np.tile(grid, (3, 1)))).all()


def test_many_rows_stay_in_blocks():
    """Rows do not know of one another, whatever block they are in."""
    rng = np.random.default_rng(3)
    law = likely.Truncated(likely.Gamma(), low=0.2, high=2.5).at(
        mean=np.exp(rng.normal(size=5000)), shape=np.exp(rng.normal(size=5000))
    )
    some = np.array([0, 2047, 2048, 4999])
    np.testing.assert_allclose(law.var()[some], law[some].var(), rtol=1e-12)


def entropy_of_two(first, second, share, density, breaks):
    """−∫ p log p of a mixture of two, with 25 digits; ``density(t, *parameters)`` gives log f and log dy/dt."""
    with mp.workdps(25):

        def integrand(t):
            (one, slope), (two, _) = density(t, *first), density(t, *second)
            p = (1 - mp.mpf(share)) * mp.exp(one) + share * mp.exp(two)
            return -mp.log(p) * p * mp.exp(slope) if p > 0 else mp.mpf(0)

        return float(mp.quad(integrand, breaks))


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [
        ((0.0, 1.0), (0.3, 1e-3), 0.5),
        ((0.0, 1.0), (0.3, 1e-8), 0.01),
        ((0.0, 1.0), (0.1, 1e5), 0.3),
        ((-1.0, 1.0), (40.0, 3.0), 0.5),
    ],
)
def test_entropy_of_a_mixture_sees_narrow_peaks(first, second, share):
    breaks = sorted({m + k * s for m, s in (first, second) for k in (-12, -6, -3, 0, 3, 6, 12)})

    def density(t, loc, scale):
        return -(((t - loc) / scale) ** 2) / 2 - mp.log(scale * mp.sqrt(2 * mp.pi)), 0

    true = entropy_of_two(first, second, share, density, breaks)
    (loc1, scale1), (loc2, scale2) = first, second
    odds = {"odds2": share / (1.0 - share)}
    law = likely.Mixture(likely.Normal(), 2).at(
        loc1=loc1, scale1=scale1, loc2=loc2, scale2=scale2, **odds
    )
    assert law.entropy() == pytest.approx(true, rel=1e-10)


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [
        ((0.5, 1.47), (0.58, 1.43), 0.5),
        ((0.5, 0.05), (0.3, 50.0), 0.2),
        ((0.9, 0.3), (0.02, 30.0), 0.6),
    ],
)
def test_entropy_of_a_mixture_with_mass_next_to_both_edges(first, second, share):
    breaks = [-3000, -1000, -500, -200, -100, -50, -20, -10, -5, *range(-4, 5)]
    breaks = sorted({*breaks, *(-t for t in breaks)})

    def density(t, mean, precision):
        a, b = mp.mpf(mean) * precision, (1 - mp.mpf(mean)) * precision
        y, z = -mp.log1p(mp.exp(-t)), -mp.log1p(mp.exp(t))
        return (a - 1) * y + (b - 1) * z - mp.log(mp.beta(a, b)), y + z

    true = entropy_of_two(first, second, share, density, breaks)
    law = likely.Mixture(likely.Beta(), 2).at(
        mean1=first[0],
        precision1=first[1],
        mean2=second[0],
        precision2=second[1],
        odds2=share / (1.0 - share),
    )
    assert law.entropy() == pytest.approx(true, rel=1e-10)


@pytest.mark.parametrize(
    "families",
    [
        (likely.Normal(), likely.LogNormal()),
        (likely.Gamma(), likely.Beta()),
        (likely.Normal(), likely.Gamma(), likely.Beta()),
    ],
    ids=repr,
)
def test_entropy_of_a_mixture_of_components_that_lie_on_different_lines(families):
    parameters = {
        "Normal": {"loc": -0.3, "scale": 0.5},
        "LogNormal": {"loc": 0.3, "scale": 0.8},
        "Gamma": {"mean": 2.0, "shape": 3.0},
        "Beta": {"mean": 0.3, "precision": 8.0},
    }
    inside = [parameters[family.specification.name] for family in families]
    theta = {f"{n}{j}": v for j, own in enumerate(inside, 1) for n, v in own.items()}
    law = likely.Mixture(*families).at(
        **theta, **{f"odds{j}": 1.0 for j in range(2, 4)[: len(families) - 1]}
    )

    def surprise(y):
        return -law.prob(y) * law.log_prob(y) if law.prob(y) > 0.0 else 0.0

    breaks = [-6.0, 0.0, 0.3, 1.0, 4.0, 40.0, 400.0]
    true = sum(
        integrate.quad(surprise, a, b, epsabs=1e-10, limit=200)[0]
        for a, b in pairwise(breaks)
        if b > law.loss.specification.support.low
    )
    assert law.entropy() == pytest.approx(true, rel=1e-7)


@pytest.mark.parametrize("family", [likely.Beta(), likely.Gamma(), likely.Normal()], ids=str)
def test_quantiles_of_mixtures_invert_their_tails(family):
    mixture = likely.Mixture(family, 2)
    rng = np.random.default_rng(5)
    law = predictive(mixture.loss(), rng.normal(size=(mixture.loss().columns, 200)))
    for p in (1e-200, 1e-12, 0.03, 0.5, 0.9):
        low, high = law.quantile(p), law.isf(p)
        ulps = 4.0 * np.spacing(np.abs([low, high])) * law.prob(np.column_stack([low, high])).T
        there = np.abs([low, high]) > 1e-290  # below, y has lost its digits, as next to 1
        if family == likely.Beta():
            there &= np.array([low, high]) < 1.0 - 1e-6
        assert (np.abs([law.cdf(low) - p, law.sf(high) - p]) <= 1e-12 * p + ulps)[there].all()


@pytest.mark.parametrize("upper", [False, True])
def test_quantiles_of_a_mixture_of_which_one_component_reaches_far_out_on_both_sides(upper):
    """What lies between the components' quantiles, 10⁸⁷ apart, is no measure of the last digit."""
    law = likely.Mixture(likely.Gamma(), likely.StudentT()).at(
        mean1=1.0, shape1=5.0, loc2=-4.0, scale2=14.0, df2=0.1, odds2=0.11
    )
    levels = np.array([1e-9, 1e-6, 1e-3, 0.3])
    y = law.isf(levels) if upper else law.quantile(levels)
    np.testing.assert_allclose(law.sf(y) if upper else law.cdf(y), levels, rtol=1e-12)


def test_quantiles_of_a_mixture_with_a_pole_that_is_steep_for_less_than_a_digit():
    law = likely.Mixture(likely.Beta(), likely.Gumbel()).at(
        mean1=0.0115, precision1=0.0016, loc2=4.0, scale2=11.0, odds2=0.17
    )
    levels = np.array([1e-9, 1e-3, 0.03])
    assert (np.diff(law.quantile(levels)) > 0.0).all()
    np.testing.assert_allclose(law.cdf(law.quantile(levels)), levels, rtol=1e-12)


def test_the_root_of_a_mixture_takes_few_steps(monkeypatch):
    asked = []
    excess = weighted._TailMass.excess

    def counted(self, y, at):
        asked.append(y.size)
        return excess(self, y, at)

    monkeypatch.setattr(weighted._TailMass, "excess", counted)
    mixture = likely.Mixture(likely.Beta(), 2)
    raw = 0.3 * np.random.default_rng(0).normal(size=(mixture.loss().columns, 1000))
    predictive(mixture.loss(), raw).quantile(0.9)
    assert sum(asked) < 4.5 * 1000


def test_the_root_of_a_density_takes_few_steps(monkeypatch):
    asked = []
    beyond = numerical.ContinuousIntegrals._beyond

    def counted(self, t, y, direction, rows):
        asked.append(t.size)
        return beyond(self, t, y, direction, rows)

    monkeypatch.setattr(numerical.ContinuousIntegrals, "_beyond", counted)
    rng = np.random.default_rng(0)
    law = likely.InverseGaussian().at(
        **dict(zip(("mean", "shape"), 10 ** rng.uniform(-3, 3, (2, 1000)), strict=True))
    )
    y = law.quantile(0.3)
    assert sum(asked) < 4.5 * 1000
    np.testing.assert_allclose(law.cdf(y), 0.3, rtol=1e-11)


class OwnAmount(Family):
    """LogNormal, of which only the density is known, with a mass that a parameter may spoil."""

    support = positive
    loc = Parameter(real)
    mass = Parameter(positive)

    def log_density(y, loc, mass):
        z = y.log - loc
        return -0.5 * (z * z) - y.log - 0.5 * log(2.0 * pi) + mass.log


class OwnCount(Family):
    """Geometric, the same."""

    support = counts
    mean = Parameter(positive)
    mass = Parameter(positive)

    def log_density(y, mean, mass):
        return y * (mean.log - log1p(mean)) - log1p(mean) + mass.log


@pytest.mark.parametrize("family", [OwnAmount(), OwnCount()], ids=str)
def test_integrals_of_many_rows_are_taken_in_blocks(family, monkeypatch):
    """The same numbers, and the right row in messages."""
    for module, name in ((numerical, "_PANELS"), (summation, "TOGETHER"), (power_tail, "TOGETHER")):
        monkeypatch.setattr(module, name, 64)
    rng = np.random.default_rng(7)
    first = family.parameters[0]
    values = {first: np.exp(rng.normal(size=200)), "mass": np.exp(1e-9 * rng.normal(size=200))}
    law = family.at(**values)
    for method in ("mean", "var", "mode", "entropy"):
        found = getattr(law, method)()
        for row in (0, 63, 64, 199):
            assert found[row] == pytest.approx(getattr(law[row], method)(), rel=1e-12)
    y = law.quantile(0.3)
    np.testing.assert_allclose(y[150:], law[150:].quantile(0.3), rtol=1e-12)
    np.testing.assert_allclose(law.cdf(y)[150:], law[150:].cdf(y[150:]), rtol=1e-12)
    values["mass"][[117, 170]] = 1.5
    with pytest.raises(
        ValueError, match=r"1\.5, not 1, at \w+ = 0\.424, mass = 1\.5 \(and 1 more\)"
    ):
        family.at(**values).quantile(0.3)


@pytest.mark.parametrize(
    ("rate", "low", "high"),
    [(3.0, 1, 40), (1e-3, 3, 9), (1e9, 10**9, 10**9 + 40), (1.0, 2000, 2050), (50.0, 300, 320)],
)
def test_moments_of_counts_between_bounds(rate, low, high):
    """By their ratios p(k + 1)/p(k) = rate/(k + 1): near, far out, and where little of much is seen."""
    with mp.workdps(40):
        p = [mp.mpf(1)]
        for k in range(low + 1, high):
            p.append(p[-1] * rate / (k + 1))
        total = mp.fsum(p)
        p = [v / total for v in p]
        mean = mp.fsum(j * v for j, v in enumerate(p))
        var = mp.fsum((j - mean) ** 2 * v for j, v in enumerate(p))
        entropy = -mp.fsum(v * mp.log(v) for v in p)
    law = likely.Truncated(likely.Poisson(), low=low, high=high).at(mean=rate)
    assert law.mean() - (low + 1) == pytest.approx(float(mean), rel=1e-9, abs=4e-16 * low)
    assert law.var() == pytest.approx(float(var), rel=1e-9)
    assert law.entropy() == pytest.approx(float(entropy), rel=1e-9)


def half_student(df):
    """The entropy of Student's distribution above its middle, its peak, from which the median is far."""
    with mp.workdps(30):
        rise = mp.digamma(mp.mpf(df + 1) / 2) - mp.digamma(mp.mpf(df) / 2)
        whole = mp.mpf(df + 1) / 2 * rise + mp.log(mp.sqrt(df) * mp.beta(mp.mpf(df) / 2, 0.5))
        return float(whole - mp.log(2))


@pytest.mark.parametrize("df", [0.005, 0.02, 0.1, 1.0, 30.0])
@pytest.mark.filterwarnings("error")
def test_half_a_student_with_few_degrees_of_freedom(df):
    law = likely.Truncated(likely.StudentT(), low=0.0).at(loc=0.0, scale=1.0, df=df)
    assert law.entropy() == pytest.approx(half_student(df), rel=1e-12)
    assert np.isfinite(law.mean()) == (df > 1.0)
    assert np.isfinite(law.var()) == (df > 2.0)
