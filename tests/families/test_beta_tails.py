"""Beta cut off or seen in part: against the incomplete beta function with many digits, and SciPy's likelihood."""

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import optimize, stats

from likely import (
    Beta,
    Censored,
    Constant,
    Linear,
    Mixture,
    Truncated,
    censored,
    truncated,
)
from oracles import numeric
from test_parity import LEARNERS

INF = np.inf


def fraction(a, b, x):
    """P(Y ≤ x) by a continued fraction, for x < (a + 1)/(a + b + 2) (DLMF 8.17.22)."""
    product, c, d, m, step = mpf(1), mpf(1), mpf(0), 0, mpf(0)
    while abs(step - 1) > mpf(10) ** (3 - mp.dps):
        for term in (
            -(a + m) * (a + b + m) / ((a + 2 * m) * (a + 2 * m + 1)),
            (m + 1) * (b - m - 1) / ((a + 2 * m + 1) * (a + 2 * m + 2)),
        ):
            d = 1 / (1 + term * x * d)
            c = 1 + term * x / c
            step = c * d
            product *= step
        m += 1
    constant = mp.loggamma(a + b) - mp.loggamma(a + 1) - mp.loggamma(b)
    return mp.exp(a * mp.log(x) + b * mp.log(1 - x) + constant) / product


def masses(y, mean, precision):
    """P(Y ≤ y) and P(Y > y)"""
    a, b = mean * precision, (1 - mean) * precision
    if y < (a + 1) / (a + b + 2):
        below = fraction(a, b, y)
        return below, 1 - below
    above = fraction(b, a, 1 - y)
    return 1 - above, above


def true_loss(side, width=0.0):
    """−log of the probability of a row, by the raw mean, the raw precision and the bound."""

    def loss(raw_mean, raw_precision, low):
        at = 1 / (1 + mp.exp(-raw_mean)), mp.exp(raw_precision)
        below, above = masses(low, *at)
        if side == "interval":
            end = masses(low + width, *at)
            return -mp.log(end[0] - below if end[0] < 0.5 else above - end[1])
        return -mp.log(above if side == "right" else below)

    return loss


def contract(points, side, width=0.0):
    """Error over tolerance of nll, gradient and curvature at points (raw mean, raw precision, bound)."""
    array = np.array(points)
    low = array[:, 2]
    ends = {"left": (-INF, low), "right": (low, INF), "interval": (low, low + width)}[side]
    y = np.stack(np.broadcast_arrays(*ends), axis=1)
    raw = np.ascontiguousarray(array[:, :2].T)
    found = Censored(Beta()).loss().evaluate(y, raw, 2)
    return numeric.ratios(found, true_loss(side, width), points)


@pytest.mark.parametrize("side", ["left", "right"])
def test_numerics_contract(side):
    """U-shaped, J-shaped, flat and narrow; both tails, the middle, and where the method changes."""
    points = [
        *((-0.4, precision, 0.5) for precision in (-13.8, 0.7, 1.6, 3.0, 6.6)),
        *((-12.0, precision, 1e-6) for precision in (-13.8, 1.6, 6.6)),
        *((0.0, precision, 0.5) for precision in (-3.0, 3.0)),
        *((1.0, precision, 0.93) for precision in (-13.8, 0.7, 3.0)),
    ]
    # where short tails and integrals meet: a = 1, κy = 1
    points += [(0.0, np.log(2.0) + e, 0.5 + e) for e in (-1e-9, 1e-9)]
    points += [(-37.5, 0.7, 0.3), (37.5, 0.7, 0.3), (0.3, -37.5, 0.58), (0.3, 9.0, 0.58)]
    for part in contract(points, side):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize("width", [0.25, 2.0**-20])
def test_numerics_contract_of_intervals(width):
    points = [
        *((0.0, precision, 0.5) for precision in (-13.8, -0.5, 3.0, 6.6)),
        *((-6.0, precision, 0.001) for precision in (-13.8, 6.6)),
    ]
    for part in contract(points, "interval", width):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize("side", ["left", "right"])
def test_curvature_of_a_mean_at_the_edge(side):
    """What is beyond a bound is nearly proportional to the mean, and the curvature on the logit as small as it."""
    points = [(-30.0, 3.0, 0.6), (-12.0, 0.7, 0.001), (30.0, -13.8, 0.3), (37.5, 0.7, 0.6)]
    for part in contract(points, side):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize(
    ("width", "points"),
    [
        (0.25, [(-37.5, 0.7, 0.3), (37.5, 0.7, 0.3), (-20.0, 1.9, 0.6), (-1.0, 2.4, 0.3)]),
        (0.875, [(-37.5, -2.3, 0.1), (-17.4, -5.6, 0.12), (5.3, -8.4, 0.005), (0.3, -3.0, 0.01)]),
    ],
)
def test_intervals_and_a_mean_at_the_edge(width, points):
    """All that is in the interval is proportional to the mean, and where κ is small, to κ."""
    for part in contract(points, "interval", width):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize("z", [-30.0, -1.0, 0.3, 5.0])
def test_tends_to_normal(z):
    """A precision of 1e14: the tails are Φ's, and move with the mean as Φ does."""
    mean, precision = 0.3, 1e14
    spread = np.sqrt(mean * (1.0 - mean) / precision)
    raw = np.array([[np.log(mean / (1.0 - mean))], [np.log(precision)]])
    row = np.array([[mean + z * spread, INF]])
    value, gradient, _ = Censored(Beta()).loss().evaluate(row, raw, 2)
    assert value[0] == pytest.approx(-stats.norm.logsf(z), rel=2e-4)
    hazard = np.exp(stats.norm.logpdf(z) - stats.norm.logsf(z))
    assert gradient[0, 0] == pytest.approx(-hazard * spread * precision, rel=2e-4)
    assert gradient[1, 0] == pytest.approx(0.5 * z * hazard, rel=2e-4)


# --- Fits, against the maximum of SciPy's likelihood. ---------------------------------------------------


def maximum(loss, start):
    options = {"maxiter": 4000, "xatol": 1e-8, "fatol": 1e-10}
    found = optimize.minimize(loss, start, method="Nelder-Mead", options=options)
    return -found.fun, found.x


def beta(raw_mean, raw_precision):
    mean, precision = 1.0 / (1.0 + np.exp(-raw_mean)), np.exp(raw_precision)
    return stats.beta(mean * precision, (1.0 - mean) * precision)


def shares(n, rng):
    X = rng.normal(size=(n, 1))
    return X, beta(-0.5 + 0.8 * X[:, 0], 1.2).rvs(random_state=rng)


def test_censored_regression():
    """Shares of which no more is known above 0.6, nor below 0.05."""
    X, y = shares(400, np.random.default_rng(0))
    rows = np.column_stack([np.where(y < 0.05, -INF, y), np.where(y > 0.6, INF, y)])
    rows[y < 0.05, 1], rows[y > 0.6, 0] = 0.05, 0.6
    model = Linear(Censored(Beta())).fit(X, rows)

    def loss(p):
        d = beta(p[0] + p[1] * X[:, 0], p[2])
        ends = np.where(y > 0.6, d.logsf(0.6), d.logcdf(0.05))
        return -np.where((y > 0.6) | (y < 0.05), ends, d.logpdf(y)).sum()

    best, at = maximum(loss, [-0.5, 0.8, 1.0])
    assert model.log_likelihood_ == pytest.approx(best, abs=1e-7)
    assert model.coef_["mean"][0] == pytest.approx(at[1], abs=1e-5)
    assert model.intercept_["precision"] == pytest.approx(at[2], abs=1e-5)


@pytest.mark.parametrize("bounds", [{"low": 0.2}, {"high": 0.4}, {"low": 0.1, "high": 0.7}])
def test_truncated(bounds):
    _, y = shares(800, np.random.default_rng(1))
    low, high = bounds.get("low", 0.0), bounds.get("high", 1.0)
    y = y[(y > low) & (y < high)]

    def loss(p):
        d = beta(*p)
        return -(d.logpdf(y) - np.log(d.cdf(high) - d.cdf(low))).sum()

    best, at = maximum(loss, [-0.5, 1.0])
    found = Truncated(Beta(), **bounds).fit(y)
    assert found.log_prob(y).sum() == pytest.approx(best, abs=1e-7)
    assert np.log(found.parameters["precision"]) == pytest.approx(at[1], abs=1e-4)
    rows = truncated(y, low=bounds.get("low"), high=bounds.get("high"))
    by_row = Constant(Truncated(Beta())).fit(np.zeros((y.size, 1)), rows)
    assert by_row.log_likelihood_ == pytest.approx(best, abs=1e-7)


@pytest.mark.parametrize(
    "family", [Truncated(Beta(), low=0.2, high=0.9), Mixture(Beta(), 2), Mixture(Beta(), Beta(precision=2.0))], ids=repr
)  # fmt: skip
def test_what_a_row_can_be_has_probability_1(family):
    ends = np.array([-INF, 0.3, 0.31, 0.7, INF])
    raw = np.random.default_rng(2).normal(0.0, 0.5, (1, len(family.raw_columns)))
    rows = np.column_stack([ends[:-1], ends[1:]])
    parts = np.exp(-Censored(family).nll(rows, np.tile(raw, (4, 1))))
    assert parts.sum() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("learner", ["Constant", "Linear", "Trees", "PyTorch"])
def test_one_family_one_nll(learner):
    rng = np.random.default_rng(3)
    X, y = shares(60, rng)
    family, rows = Censored(Beta()), censored(np.minimum(y, 0.5), y < 0.5)
    raw, found = LEARNERS[learner](family, X, rows, rng.uniform(-0.5, 0.5, (60, 2)))
    assert found == pytest.approx(family.nll(rows, raw).mean(), rel=1e-10)


def test_the_functions_are_printed_by_their_names():
    assert "I(κ μ, κ (1 − μ), ¼)" in str(Truncated(Beta(), high=0.25).explain())
    assert "I(κ (1 − μ), κ μ, ¾)" in str(Truncated(Beta(), low=0.25).explain())
