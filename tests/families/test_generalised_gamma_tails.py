"""GeneralisedGamma cut off or seen in part: many digits, the Normal at shape 0, published fits, SciPy's likelihood."""

import json
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp
from scipy import optimize, stats

from likely import Censored, Discretised, Gamma, GeneralisedGamma, Linear, Truncated, censored
from oracles import numeric

FITS = Path(__file__).parents[1] / "data" / "fits"


def masses(w, q):
    """P(W ≤ w) and P(W > w)"""
    n = 1 / q**2
    at = n * mp.exp(q * w)
    found = [mp.gammainc(n, *ends, regularized=True) for ends in ((0, at), (at, mp.inf))]
    return found if q > 0 else found[::-1]


def true_loss(side, width):
    """−log of the probability of a row, by loc, raw scale, shape and the bound."""

    def loss(loc, log_scale, q, low):
        below, above = masses((mp.log(low) - loc) / mp.exp(log_scale), q)
        if side == "interval":
            return -mp.log(masses((mp.log(low + width) - loc) / mp.exp(log_scale), q)[0] - below)
        return -mp.log(above if side == "right" else below)

    return loss


@pytest.mark.parametrize(
    ("side", "width"), [("left", 0.0), ("right", 0.0), ("interval", 0.5), ("interval", 2.0**-20)]
)
def test_numerics_contract(side, width):
    """Both tails and the middle, where the shape's own integral serves and where Gamma's does."""
    points = [
        (0.3, float(np.log(0.5)), q, float(np.exp(0.3 + 0.5 * z)))
        for q in (-3.0, -1.0, -0.5, 0.2, 0.99, 2.0)
        for z in (-8.0, -1.0, 0.0, 3.0)
        if abs(q * z) < (6.0 if not width else 4.0)
    ]
    points = [p for p in points if not width or 1e-9 < width / p[3] < 1e9]
    assert len(points) > 12
    array = np.array(points)
    ends = {"left": (-np.inf, 0.0), "right": (0.0, np.inf), "interval": (0.0, width)}[side]
    y = np.column_stack([array[:, 3] + end for end in ends])
    raw = np.ascontiguousarray(array[:, :3].T)
    found = Censored(GeneralisedGamma()).loss().evaluate(y, raw, 2)
    for part in numeric.ratios(found, true_loss(side, width), points):
        assert part.max() <= 1.0, (part.max(), points[part.argmax()])


@pytest.mark.parametrize("shape", [0.0, 1e-13])
def test_shape_zero_is_smooth(shape):
    """Φ, and in the shape (z² + 2)/6 times the hazard: the mean of z³/6 beyond z. 1e-13 is next to it."""
    z = np.array([-30.0, -2.0, -0.1, 0.0, 1.0, 4.0, 35.0])
    raw = np.stack([0.0 * z, 0.0 * z, shape + 0.0 * z])
    row = np.column_stack([np.exp(z), np.full(z.shape, np.inf)])
    value, gradient, packed = Censored(GeneralisedGamma()).loss().evaluate(row, raw, 2)
    hazard = np.exp(stats.norm.logpdf(z) - stats.norm.logsf(z))
    np.testing.assert_allclose(value, -stats.norm.logsf(z), rtol=2e-9)
    np.testing.assert_allclose(gradient[0], -hazard, rtol=2e-9)
    np.testing.assert_allclose(gradient[2], (z**2 + 2.0) * hazard / 6.0, rtol=2e-9)
    # −E[−z⁴/12 − 1/6] − Var[z³/6], where no digits are lost in it
    fourth, third = (z**3 + 3.0 * z) * hazard + 3.0, (z**2 + 2.0) * hazard
    sixth = (z**5 + 5.0 * z**3 + 15.0 * z) * hazard + 15.0
    curve = fourth / 12.0 + 1.0 / 6.0 - (sixth - third**2) / 36.0
    np.testing.assert_allclose(packed[5, 2:6], curve[2:6], rtol=1e-9)


@pytest.mark.parametrize(
    ("case", "shape"), [("surv_weibull_lung", 1.0), ("surv_lognormal_lung", 0.0)]
)
def test_special_cases_of_survreg(case, shape):
    """Lung cancer by R's ``survreg``: the Weibull is shape 1, the LogNormal shape 0."""
    info = json.loads((FITS / f"{case}.json").read_text())
    columns = np.genfromtxt(FITS / f"{case}.csv", delimiter=",", names=True)
    terms = [t for t in info["params"]["loc"]["terms"] if t != "Intercept"]
    X = np.column_stack([columns[t] for t in terms])
    y = censored(columns["time"], columns["event"])
    model = Linear(Censored(GeneralisedGamma(shape=shape)), columns={"scale": []}).fit(X, y)
    assert model.log_likelihood_ == pytest.approx(info["loglik"], abs=1e-6)
    for term, coefficient in zip(terms, model.coef_["loc"], strict=True):
        known = info["mle"]["loc"][term]
        assert coefficient == pytest.approx(known["value"], abs=1e-5 * known["se"])


def test_censored_regression_by_scipy():
    """The shape is learned, from a start at 0; SciPy's gengamma has a = 1/q² and c = q/scale."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 1))
    t = np.exp(1.0 + 0.5 * X[:, 0]) * rng.gamma(2.0, 0.5, 600) ** 0.8
    end = rng.exponential(5.0, 600)
    seen, time = t <= end, np.minimum(t, end)
    family = Censored(GeneralisedGamma())
    model = Linear(family, columns={"scale": []}).fit(X, censored(time, seen))

    def loss(p):
        q, s = p[3], np.exp(p[2])
        loc = p[0] + p[1] * X[:, 0]
        d = stats.gengamma(1.0 / q**2, q / s, scale=np.exp(loc + s * 2.0 * np.log(abs(q)) / q))
        return -np.where(seen, d.logpdf(time), d.logsf(time)).sum()

    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 5000}
    found = optimize.minimize(loss, [1.0, 0.5, -0.3, 0.5], method="Nelder-Mead", options=options)
    assert model.log_likelihood_ == pytest.approx(-found.fun, abs=1e-7)
    assert model.intercept_["shape"] == pytest.approx(found.x[3], abs=1e-4)
    assert model.coef_["loc"][0] == pytest.approx(found.x[1], abs=1e-5)


def test_truncated_and_discretised():
    """With shape = scale it is a Gamma of shape 1/scale²."""
    rng = np.random.default_rng(1)
    t = rng.gamma(2.5, 1.2, 300)
    raw = np.array([0.9, np.log(0.7), 0.7])
    at = {"mean": np.exp(0.9), "shape": 1.0 / 0.49}
    for modifier, y in (
        (lambda f: Truncated(f, low=1.0), t[t > 1.0]),
        (lambda f: Truncated(f, low=1.0, high=4.0), t[(t > 1.0) & (t < 4.0)]),
        (Discretised, np.floor(t)),
    ):
        ours = modifier(GeneralisedGamma()).nll(y, np.tile(raw, (y.size, 1)))
        gamma = modifier(Gamma()).nll(y, np.tile(np.log(list(at.values())), (y.size, 1)))
        np.testing.assert_allclose(ours, gamma, rtol=1e-11)


def test_the_functions_are_printed_by_their_names():
    assert "S(q, −μ/σ)" in str(Truncated(GeneralisedGamma(), low=1.0).explain())
