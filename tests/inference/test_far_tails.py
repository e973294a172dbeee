"""Tails, quantiles and draws at parameters of many orders: what SciPy's functions or sums lose."""

import warnings

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

import likely
from likely._math.rows import distinct
from likely._math.tails import von_mises
from likely.inference.mixture import Mixture


def lower_gamma(a, x):
    """P(a, x) by its power series, with 30 digits."""
    with mp.workdps(40):
        a, x = mp.mpf(a), mp.mpf(x)
        total = term = mp.mpf(1)
        n = 0
        while term > total * mp.mpf(10) ** -30:
            n += 1
            term *= x / (a + n)
            total += term
        return total * mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1))


@pytest.mark.parametrize("shape", [3391969.41, 1e7])
@pytest.mark.parametrize("z", [-5.5, -2.0])
def test_gamma_and_poisson_of_large_shapes(shape, z):
    """SciPy's Q(a, x) is 1e-7 off five standard deviations below a = 1e8, and 1e-9 at 1e7."""
    y = shape + z * shape**0.5
    gamma = likely.Gamma().at(mean=shape, shape=shape)
    below = lower_gamma(shape, y)
    assert gamma.sf(y) == pytest.approx(float(1 - below), rel=4e-16)
    assert gamma.cdf(y) == pytest.approx(float(below), rel=1e-11)
    k = np.floor(shape)
    mean = k + 1.0 + z * k**0.5
    counts = likely.Poisson().at(mean=mean)
    above = lower_gamma(k + 1.0, mean)
    assert counts.cdf(k) == pytest.approx(float(1 - above), rel=4e-16)
    assert counts.sf(k) == pytest.approx(float(above), rel=1e-11)


def test_the_upper_tail_of_counts_without_end():
    """Of these a share lies beyond 2⁵³, where sums end."""
    law = likely.GeneralisedPoisson().at(mean=2381.77, dispersion=5.65e7)
    y = np.array([4.0e10, 4.1e14])
    log_sf = law.loss.formula("log_sf", law._raw2, y)
    np.testing.assert_allclose(law.sf(y), np.exp(log_sf), rtol=1e-10)


def test_tails_of_com_poisson_that_hardly_falls():
    law = likely.ConwayMaxwellPoisson().at(mean=8.2792934e4, nu=5.41178546e-05)
    k = np.arange(28161.0)
    assert law.cdf(28160.0) == pytest.approx(law.prob(k).sum(), rel=1e-10)


@pytest.mark.parametrize(("mean", "size"), [(0.3, 5.0), (7.0, 0.4), (40.0, 100.0), (3e4, 1e-3)])
def test_both_tails_of_the_negative_binomial(mean, size):
    law, k = likely.NegativeBinomial().at(mean=mean, size=size), np.arange(0.0, 60.0)
    scipy = stats.nbinom(size, size / (size + mean))
    np.testing.assert_allclose(law.sf(k), scipy.sf(k), rtol=1e-11, atol=1e-290)
    np.testing.assert_allclose(law.cdf(k), scipy.cdf(k), rtol=1e-11)
    other = likely.NegativeBinomial1().at(mean=mean, dispersion=mean / size)
    np.testing.assert_allclose(other.sf(k), law.sf(k), rtol=1e-11, atol=1e-290)
    np.testing.assert_allclose(other.cdf(k), law.cdf(k), rtol=1e-11)


@pytest.mark.parametrize("y", [1e-12, 1e-3, 0.3, 0.5, 0.7, 1.0 - 1e-9])
@pytest.mark.parametrize(("a", "b"), [(0.3, 0.02), (0.02, 0.3), (3.0, 500.0), (2.0, 2.0)])
def test_the_upper_tail_of_beta(a, b, y):
    law = likely.Beta().at(mean=a / (a + b), precision=a + b)
    with mp.workdps(30):
        p, q = (v * mp.mpf(a + b) for v in (a / (a + b), 1 - mp.mpf(a / (a + b))))
        true = mp.betainc(q, p, 0, 1 - mp.mpf(y), regularized=True)
    assert law.sf(y) == pytest.approx(float(true), rel=1e-12, abs=1e-300)


def test_directions_of_every_concentration():
    rng = np.random.default_rng(0)
    loc, concentration = rng.uniform(-np.pi, np.pi, 400), np.exp(rng.uniform(-18.0, 18.0, 400))
    law = likely.VonMises().at(loc=loc, concentration=concentration)
    for p in (1e-100, 1e-12, 0.05, 0.5, 0.9, 1.0 - 1e-12):
        y, far = law.quantile(p), law.isf(p)
        ulps = 8.0 * np.spacing(np.pi) * np.array([law.prob(y), law.prob(far)])
        assert (np.abs([law.cdf(y) - p, law.sf(far) - p]) <= 2e-14 * p + ulps).all()


def test_a_direction_costs_one_arc_and_short_ones(monkeypatch):
    asked = []
    arcs = von_mises._outwards

    def counted(near, *rest):
        asked.append(near.size)
        return arcs(near, *rest)

    monkeypatch.setattr(von_mises, "_outwards", counted)
    rng = np.random.default_rng(0)
    loc, concentration = rng.uniform(-3.0, 3.0, 1000), np.exp(0.3 * rng.normal(size=1000))
    law = likely.VonMises().at(loc=loc, concentration=concentration)
    law.quantile(0.9)
    assert sum(asked) < 5 * 1000
    asked.clear()
    likely.VonMises().at(loc=np.full(1000, 0.3), concentration=2.0).quantile(0.9)
    assert sum(asked) < 10


def test_equal_rows_of_any_number_of_parameters():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 3, (4, 500)).astype(float)
    few, inverse = distinct(rows)
    assert few.shape[1] == np.unique(rows, axis=1).shape[1]
    np.testing.assert_array_equal(few[:, inverse], rows)
    everything, none = distinct(rng.normal(size=(4, 500)))
    assert none is None
    assert everything.shape == (4, 500)
    few, inverse = distinct(np.ones((2, 5)))
    assert few.shape == (2, 1)
    np.testing.assert_array_equal(inverse, np.zeros(5))


@pytest.mark.parametrize(
    "law",
    [
        likely.GeneralisedGamma().at(loc=3.0, scale=1e6, shape=0.5),
        likely.JohnsonSU().at(loc=0.0, scale=1.0, skewness=0.0, tail=1e-5),
        likely.LogLogistic().at(scale=1.0, shape=1e-5),
        likely.LogNormal().at(loc=0.0, scale=1e5),
    ],
    ids=str,
)
def test_draws_beyond_the_largest_number_are_infinite(law):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draws = law.sample(400, 0)
    assert not np.isnan(draws).any()
    assert np.isinf(draws).any()


def test_a_density_beyond_the_largest_number_is_infinite():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert likely.Gamma().at(mean=1e-320, shape=1.0).prob(1e-321) == np.inf


@pytest.mark.parametrize(
    ("mean", "dispersion", "power"),
    [
        (1.1e7, 2e-8, 1.9999951),  # nearly a Gamma
        (0.063, 3.9e-4, 1.0085),  # zero has e^−168
        (58.4, 2e-4, 1.0000013),  # nearly a Poisson in units of the dispersion
        (9195.5, 0.2, 1.5),
        (3e7, 4e-5, 1.01),  # 1e12 amounts
    ],
)
def test_amounts_that_are_hardly_ever_zero(mean, dispersion, power):
    law = likely.Tweedie().at(mean=mean, dispersion=dispersion, power=power)
    p = np.array([1e-60, 1e-30, 1e-8, 0.01, 0.5, 0.9])
    y, far = law.quantile(p), law.isf(p)
    number = mean ** (2.0 - power) / (dispersion * (2.0 - power))
    # The digits that y and the parameters carry: of the mean, in standard deviations.
    digits = 1e-15 * np.sqrt(number) * np.sqrt(1.0 - 2.0 * np.log(p))
    ulps = 8.0 * np.spacing([y, far]) * np.array([law.prob(y), law.prob(far)])
    assert (np.abs([law.cdf(y) - p, law.sf(far) - p]) <= (1e-12 + 40 * digits) * p + ulps).all()
    assert (y > 0.0).all()


def test_an_amount_costs_two_tails(monkeypatch):
    from likely._math.compound_poisson import tails

    asked = []
    tail = tails._tail

    def counted(x, *rest, upper):
        asked.append(x.size)
        return tail(x, *rest, upper=upper)

    monkeypatch.setattr(tails, "_tail", counted)
    raw = 0.3 * np.random.default_rng(0).normal(size=(3, 500))
    law = likely.Tweedie().at(
        mean=np.exp(raw[0]), dispersion=np.exp(raw[1]), power=1.0 + 1.0 / (1.0 + np.exp(raw[2]))
    )
    law.quantile(0.9)
    assert sum(asked) < 2.5 * 500


def test_variances_are_infinite_where_means_are():
    """Of an ensemble as of its members; of whole numbers as of the amounts they are parts of."""
    heavy = [likely.GeneralisedPareto().at(scale=1.0, shape=s) for s in (1.2, 0.1)]
    mixture = Mixture(heavy)
    assert mixture.mean() == mixture.var() == np.inf
    finite = Mixture([likely.Normal().at(loc=m, scale=1.0) for m in (1e9, 1e9 + 2.0)])
    assert finite.var() == 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        law = likely.Discretised(likely.GeneralisedPareto()).at(scale=1.0, shape=[1.5, 0.1])
        assert law.var()[0] == law.mean()[0] == np.inf
        assert np.isfinite(law.var()[1])


@pytest.mark.parametrize(
    ("law", "size"),
    [
        (likely.NegativeBinomial().at(mean=35.2, size=37.8), lambda mean, size: size),
        (likely.NegativeBinomial1().at(mean=22.7, dispersion=0.96), lambda mean, d: mean / d),
    ],
    ids=["NegativeBinomial", "NegativeBinomial1"],
)
@pytest.mark.parametrize("k", [700.0, 960.0, 1030.0, 1060.0])
def test_a_product_of_factors_that_leave_the_numbers(law, size, k):
    """I_x(a, b) of SciPy is 0 from 1e-268 on, where (1 − x)ᵇ alone is small."""
    with mp.workdps(40):
        mean, other = (mp.mpf(float(v)) for v in law.parameters.values())
        s = size(mean, other)
        q = mean / (mean + s)
        first = mp.binomial(k + s, k + 1) * (1 - q) ** s * q ** (k + 1)
        truth = first * mp.hyp2f1(1, k + 1 + s, k + 2, q)
    assert law.sf(k) == pytest.approx(float(truth), rel=2e-12)
    assert law.isf(float(truth) * (1.0 + 1e-9)) == k


@pytest.mark.parametrize("loc", [0.0, 3.1, -3.1, np.pi - 1e-9, 1e-6 - np.pi])
@pytest.mark.parametrize("concentration", [1e-3, 0.5, 50.0, 1e8])
def test_arcs_across_the_seam(loc, concentration):
    law = likely.VonMises().at(loc=loc, concentration=concentration)
    middle = float(law.parameters["loc"])
    half = float(likely.VonMises().at(loc=0.0, concentration=concentration).quantile(0.9))
    low, high = law.interval(0.8)
    for end, expected in ((low, middle - half), (high, middle + half)):
        assert -np.pi <= end <= np.pi
        assert abs(np.remainder(end - expected + np.pi, 2.0 * np.pi) - np.pi) < 4e-15 + 1e-13 * half
    assert law.mean() == law.median() == law.mode() == middle
