"""What only SkewNormal has: tails without Owen's function, maxima at infinity, and a side to lean to."""

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import optimize, special, stats

from likely import Constant, Linear, Normal, SkewNormal
from likely.fitting import ConvergenceWarning


def below(z, a):
    """P(Z ≤ −z), z > 0, with 30 digits: Owen's integral from a to infinity, by tangents."""
    with mp.workdps(30):
        z, a = mpf(z), mpf(a)
        first = mp.exp(-z * z * (1 + a * a) / 2) if a > 0 else mp.exp(-z * z / 2)
        angle = mp.atan2(1, a)
        ends = [angle * (1 - mpf(2) ** -k) for k in range(40)]

        def integrand(t):
            tangent = mp.cot(angle - t)
            return mp.exp(-z * z * (1 + tangent * tangent) / 2) / first

        return first * mp.quad(integrand, ends) / mp.pi


@pytest.mark.parametrize("a", [0.0, 1e-8, 0.3, 1.0, 3.0, 50.0, -0.3, -3.0, -50.0])
def test_both_tails_keep_their_digits(a):
    z = np.array([1e-9, 1e-3, 0.2, 0.99, 1.01, 3.0, 6.0])
    true = np.array([float(below(v, a)) for v in z])
    lower = SkewNormal().at(loc=0.0, scale=1.0, skewness=a)
    upper = SkewNormal().at(loc=0.0, scale=1.0, skewness=-a)
    np.testing.assert_allclose(lower.cdf(-z), true, rtol=3e-13, atol=1e-300)
    np.testing.assert_allclose(upper.sf(z), true, rtol=3e-13, atol=1e-300)
    np.testing.assert_allclose(upper.cdf(z), 1.0 - true, rtol=3e-13, atol=1e-300)


def test_beside_the_edge_of_a_half_normal_the_probability_is_not_a_difference():
    d = SkewNormal().at(loc=0.0, scale=1.0, skewness=1e15)
    z = np.array([1e-12, 1e-6, 1e-3])
    np.testing.assert_allclose(d.cdf(z), special.erf(z / np.sqrt(2.0)), rtol=1e-14)
    np.testing.assert_allclose(d.quantile(d.cdf(z)), z, rtol=1e-12)


@pytest.mark.parametrize("a", [0.0, 1e-9, 0.5, 2.0, 300.0, 1e8, -2.0])
def test_the_mode_is_where_the_slope_vanishes(a):
    z = SkewNormal().at(loc=0.0, scale=1.0, skewness=a).mode()
    with mp.workdps(40):
        w = mpf(a) * mpf(float(z))
        slope = z - a * mp.npdf(w) / mp.ncdf(w)
        bend = 1 + a * a * mp.npdf(w) / mp.ncdf(w) * (w + mp.npdf(w) / mp.ncdf(w))
    assert abs(float(slope / bend)) <= 1e-14 * abs(z)


def half_normal(n=60):
    return 3.0 + 2.0 * stats.halfnorm.ppf((np.arange(n) + 0.5) / n)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_the_maximum_at_infinity_is_the_half_normal(side):
    y = side * half_normal()
    with pytest.warns(
        ConvergenceWarning, match="boundary.* finite estimate: intercept of skewness"
    ):
        model = Constant(SkewNormal()).fit(np.zeros((y.size, 1)), y)
    assert model.result_.status.name == "boundary"
    assert side * model.intercept_["skewness"] > 100.0
    above = side * y - (side * y).min()
    limit = stats.halfnorm.logpdf(above, scale=np.sqrt(np.mean(above**2))).sum()
    assert limit - 0.2 < model.log_likelihood_ <= limit
    errors = [row.std_error for row in model.summary().rows]
    assert np.isnan(errors[2])
    assert np.isfinite(errors[:2]).all()


@pytest.mark.parametrize("a", [-5.0, -1.0, 0.4, 3.0])
def test_constant_finds_the_maximum(a):
    y = stats.skewnorm.ppf((np.arange(200) + 0.5) / 200, a, loc=10.0, scale=3.0)
    fitted = SkewNormal().fit(y)
    found = np.array([fitted.parameters[p] for p in ("loc", "scale", "skewness")])

    def loss(t):
        return -stats.skewnorm.logpdf(y, t[2], t[0], t[1]).sum()

    best = min(
        optimize.minimize(loss, [y.mean(), y.std(), s], method="Nelder-Mead", tol=1e-9).fun
        for s in (-2.0, 2.0)
    )
    assert loss(found) <= best + 1e-8


@pytest.mark.parametrize("a", [-4.0, 4.0])
def test_linear_leans_to_the_side_of_the_residuals(a):
    rng = np.random.default_rng(2)
    x = np.exp(rng.normal(size=(400, 1)))  # y itself leans to the right
    y = 1.0 + 3.0 * x[:, 0] + stats.skewnorm.rvs(a, size=400, random_state=rng)
    model = Linear(SkewNormal(), columns={"scale": []}).fit(x, y)
    assert model.result_.status.name == "converged"
    for row, true in zip(model.summary().rows, (1.0, 3.0, 0.0, a), strict=True):
        assert abs(row.estimate - true) < 4.0 * row.std_error


def test_without_skewness_it_is_the_normal():
    y = stats.norm.ppf((np.arange(100) + 0.5) / 100)
    normal, skew = Normal().fit(y), SkewNormal().fit(y)
    assert abs(skew.parameters["skewness"]) < 0.05
    assert skew.log_prob(y).sum() >= normal.log_prob(y).sum() - 1e-6


def test_draws():
    d = SkewNormal().at(loc=1.0, scale=2.0, skewness=-3.0)
    y = d.sample(20_000, np.random.default_rng(0))
    assert stats.kstest(y, d.cdf).pvalue > 1e-3


def profile(y, X):
    """The largest log-likelihood with a skewness held, over many of them, by another optimiser."""
    sizes = np.geomspace(0.3, 1e6, 12)
    best = -np.inf
    for side in (1.0, -1.0):
        begin = np.r_[np.linalg.lstsq(X, y, rcond=None)[0] / y.std(), 1.0 / y.std()]
        for a in side * sizes:

            def loss(t, a=a):
                # Convex in loc/scale and 1/scale.
                z = y * t[-1] - X @ t[:-1]
                w = a * np.exp(-0.5 * (a * z) ** 2 - special.log_ndtr(a * z)) / np.sqrt(2 * np.pi)
                value = 0.5 * z @ z - special.log_ndtr(a * z).sum() - y.size * np.log(t[-1])
                slope = z - w
                return value, np.r_[-X.T @ slope, slope @ y - y.size / t[-1]]

            bounds = [(None, None)] * X.shape[1] + [(1e-6, None)]
            found = optimize.minimize(
                loss, begin, jac=True, bounds=bounds, method="L-BFGS-B",
                options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 200},
            )  # fmt: skip
            begin = found.x
            best = max(best, y.size * 0.5 * np.log(2.0 / np.pi) - found.fun)
    return best


@pytest.mark.filterwarnings("ignore::likely.fitting.ConvergenceWarning")
@pytest.mark.parametrize(
    ("seed", "n", "a", "slopes"),
    [(3, 52, 8.0, 0), (4, 50, -4.0, 1), (6, 50, 0.0, 0)],
)  # fmt: skip
def test_few_rows_end_at_the_largest_maximum(seed, n, a, slopes):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))[:, :slopes]
    y = 1.0 + x.sum(axis=1) + stats.skewnorm.rvs(a, size=n, random_state=rng)
    X = np.c_[np.ones(n), x]
    if slopes:
        model = Linear(SkewNormal(), columns={"scale": []}).fit(x, y)
    else:
        model = Constant(SkewNormal()).fit(np.zeros((n, 1)), y)
    # At a half-normal what is reported lies below the supremum by what rounding lets one see.
    assert model.log_likelihood_ >= profile(y, X) - 1e-3
    edge = abs(model.intercept_["skewness"]) > 1e4
    assert model.result_.status.name == ("boundary" if edge else "converged")
    if not slopes:
        fitted = SkewNormal().fit(y)
        assert fitted.log_prob(y).sum() == pytest.approx(model.log_likelihood_, abs=1e-3)
