"""What only GeneralisedGamma has: families inside it, tails at any shape, and maxima at infinity."""

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import optimize, special, stats

from likely import Constant, Exponential, Gamma, GeneralisedGamma, Linear, LogNormal, Weibull
from likely.fitting import ConvergenceWarning

Y = np.array([1e-3, 0.2, 0.9, 1.0, 1.7, 6.0, 40.0])


@pytest.mark.parametrize(
    ("inside", "values"),
    [
        (LogNormal().at(loc=0.3, scale=0.8), (0.3, 0.8, 0.0)),
        (Weibull().at(scale=np.exp(0.3), shape=1.25), (0.3, 0.8, 1.0)),
        (Gamma().at(mean=np.exp(0.3), shape=1.0 / 0.64), (0.3, 0.8, 0.8)),
        (Exponential().at(mean=np.exp(0.3)), (0.3, 1.0, 1.0)),
    ],
)
def test_the_families_inside(inside, values):
    d = GeneralisedGamma().at(**dict(zip(("loc", "scale", "shape"), values, strict=True)))
    np.testing.assert_allclose(d.log_prob(Y), inside.log_prob(Y), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(d.cdf(Y), inside.cdf(Y), rtol=1e-12)
    np.testing.assert_allclose(d.sf(Y), inside.sf(Y), rtol=1e-11)
    np.testing.assert_allclose(
        d.quantile([1e-9, 0.3, 0.99]), inside.quantile([1e-9, 0.3, 0.99]), rtol=1e-12
    )
    for what in ("mean", "var", "mode", "entropy"):
        assert getattr(d, what)() == pytest.approx(getattr(inside, what)(), rel=1e-12)


def lower(w, q):
    """P(W ≤ w) with many digits, from the density where the incomplete gamma function takes long."""
    with mp.workdps(60):
        w, q = mpf(w), mpf(q)
        n = 1 / q**2
        if n < 1000:
            x = n * mp.exp(q * w)
            ends = (0, x) if q > 0 else (x, mp.inf)
            return float(mp.gammainc(n, *ends, regularized=True))
        error = mp.loggamma(n) - (n - 0.5) * mp.log(n) + n - mp.log(2 * mp.pi) / 2

        def log_f(t):
            return -n * (mp.expm1(q * t) - q * t) - error - mp.log(2 * mp.pi) / 2

        ends = [w - (mpf(2) ** k - 1) / (1 + abs(w)) for k in range(10)][::-1]
        top = log_f(w)
        return float(mp.exp(top) * mp.quad(lambda t: mp.exp(log_f(t) - top), ends))


@pytest.mark.parametrize(
    "q", [1e-9, -1e-4, 6.9e-3, -6.9e-3, 7.1e-3, -7.1e-3, 0.3, -1.0, 3.0, -20.0]
)
def test_both_tails_at_any_shape(q):
    w = np.array([-12.0, -3.0, -0.1])
    true = np.array([lower(v, q) for v in w])
    seen = true > 1e-290
    d = GeneralisedGamma().at(loc=0.0, scale=1.0, shape=q)
    twin = GeneralisedGamma().at(loc=0.0, scale=1.0, shape=-q)  # of 1/y
    np.testing.assert_allclose(d.cdf(np.exp(w))[seen], true[seen], rtol=2e-11)
    np.testing.assert_allclose(twin.sf(np.exp(-w))[seen], true[seen], rtol=2e-11)
    np.testing.assert_allclose(np.log(d.quantile(true[seen])), w[seen], rtol=1e-11)
    np.testing.assert_allclose(np.log(twin.isf(true[seen])), -w[seen], rtol=1e-11)


@pytest.mark.parametrize("q", [-1000.0, 1000.0])
def test_tails_of_which_the_incomplete_gamma_function_is_one_power(q):
    d = GeneralisedGamma().at(loc=0.3, scale=0.05, shape=q)
    level = np.array([1e-5, 0.1, 0.5, 0.9])
    y = (d.isf(level) if q < 0 else d.quantile(level)).ravel()
    near, far = (d.sf, d.cdf) if q < 0 else (d.cdf, d.sf)
    seen = (y > 0.0) & (y < np.inf)  # others are beyond the range of numbers
    assert seen.any()
    assert near(y)[seen] == pytest.approx(level[seen], rel=1e-10)
    assert far(y)[seen] == pytest.approx(1.0 - level[seen], rel=1e-10)


def test_the_smallest_quantiles_of_a_large_shape_are_not_lost():
    d = GeneralisedGamma().at(loc=0.0, scale=0.1, shape=3.0)
    q = np.array([1e-200, 1e-60, 1e-5])
    np.testing.assert_allclose(d.cdf(d.quantile(q)), q, rtol=1e-11)
    assert (d.quantile(q) > 0.0).all()


@pytest.mark.parametrize("q", [1e-8, -1e-8, 1e-3, 0.0])
def test_moments_near_the_log_normal(q):
    d = GeneralisedGamma().at(loc=0.4, scale=0.5, shape=q)
    inside = LogNormal().at(loc=0.4, scale=0.5)
    with mp.workdps(40):
        if q:
            n, s = mpf(q) ** -2, mpf(0.5)
            b = s / mpf(q)
            moments = [
                mp.exp(r * mpf(0.4) + mp.loggamma(n + r * b) - mp.loggamma(n) - r * b * mp.log(n))
                for r in (1, 2)
            ]
            mean, var = float(moments[0]), float(moments[1] - moments[0] ** 2)
        else:
            mean, var = inside.mean(), inside.var()
    assert d.mean() == pytest.approx(mean, rel=1e-13)
    assert d.var() == pytest.approx(var, rel=1e-12)


def test_moments_that_do_not_exist():
    d = GeneralisedGamma().at(loc=0.0, scale=[1.0, 1.0, 0.4], shape=[-1.0, -0.6, -1.0])
    np.testing.assert_array_equal(np.isinf(d.mean()), [True, False, False])
    np.testing.assert_array_equal(np.isinf(d.var()), [True, True, False])


@pytest.mark.parametrize("shape", [-1.0, -0.3, 0.0, 0.5, 1.0, 2.0])
def test_constant_finds_the_maximum(shape):
    truth = GeneralisedGamma().at(loc=1.0, scale=0.7, shape=shape)
    y = truth.quantile((np.arange(200) + 0.5) / 200)
    fitted = GeneralisedGamma().fit(y)
    found = np.array([fitted.parameters[p] for p in ("loc", "scale", "shape")])

    def loss(t):
        q, w = t[2], (np.log(y) - t[0]) / t[1]
        if abs(q) < 1e-2:  # its series: the formula below cancels
            rest = -0.5 * w**2 - q * w**3 / 6 - q**2 * (w**4 / 24 + 1 / 12)
            return -np.sum(rest - 0.5 * np.log(2 * np.pi) - np.log(t[1] * y))
        n = q**-2
        rest = n * np.log(n) - special.gammaln(n) + n * (q * w - np.exp(q * w))
        return -np.sum(np.log(abs(q) / t[1] / y) + rest)

    best = min(
        optimize.minimize(loss, [1.0, 0.7, s], method="Nelder-Mead", tol=1e-9).fun
        for s in (-1.5, 0.5, 1.5)
    )
    assert -fitted.log_prob(y).sum() <= best + 1e-6
    np.testing.assert_allclose(found, [1.0, 0.7, shape], atol=0.1)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_power_law_is_at_infinity(side):
    y = (1.0 + stats.lomax.ppf((np.arange(150) + 0.5) / 150, 2.0)) ** side
    with pytest.warns(
        ConvergenceWarning, match="boundary.* intercept of scale, intercept of shape"
    ):
        model = Constant(GeneralisedGamma()).fit(np.zeros((y.size, 1)), y)
    assert model.result_.status.name == "boundary"
    assert side * model.intercept_["shape"] < -100.0
    power = np.abs(np.log(y))
    limit = -y.size * (1.0 + np.log((power - power.min()).mean())) - np.log(y).sum()
    assert limit - 0.1 < model.log_likelihood_ <= limit


def test_a_regression():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2000, 1))
    w = np.log(rng.gamma(4.0, 0.25, 2000)) / 0.5
    y = np.exp(1.0 + 0.5 * x[:, 0] + np.exp(-0.5 + 0.2 * x[:, 0]) * w)
    model = Linear(GeneralisedGamma()).fit(x, y)
    assert model.result_.status.name == "converged"
    for row, true in zip(model.summary().rows, (1.0, 0.5, -0.5, 0.2, 0.5), strict=True):
        assert abs(row.estimate - true) < 4.0 * row.std_error


@pytest.mark.parametrize("shape", [0.0, 1e-8, -0.3, 2.0, 100.0])
def test_draws(shape):
    d = GeneralisedGamma().at(loc=0.3, scale=0.1, shape=shape)
    y = d.sample(20_000, np.random.default_rng(0))
    assert stats.kstest(y, d.cdf).pvalue > 1e-3
