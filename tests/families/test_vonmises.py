"""Directions: what differs on a circle from numbers on a line."""

import numpy as np
import pytest
from scipy import stats

import likely
from likely import Constant, Linear, VonMises, shared
from likely.fitting import Status
from likely.scoring import coverage

RNG = np.random.default_rng(7)
X = RNG.normal(size=(400, 2))
#: Directions on both sides of ±π.
Y = np.angle(np.exp(1j * (3.0 + 0.4 * X[:, 0] - 0.2 * X[:, 1] + RNG.vonmises(0.0, 8.0, 400))))


def turned(angle):
    return np.angle(np.exp(1j * angle))


def test_a_fit_turns_with_the_directions():
    here, there = (VonMises().fit(turned(Y + turn)).parameters for turn in (0.0, 2.5))
    assert turned(there["loc"] - here["loc"]) == pytest.approx(2.5, abs=1e-12)
    assert there["concentration"] == pytest.approx(here["concentration"], rel=1e-12)


@pytest.mark.parametrize("turn", [0.0, 0.14, 1.0, -2.0])
def test_a_regression_knows_no_seam(turn):
    model = Linear(VonMises()).fit(X, turned(Y + turn))
    assert model.result_.status is Status.converged
    np.testing.assert_allclose(model.coef_["loc"], [0.4, -0.2], atol=0.06)
    plain = Linear(VonMises()).fit(X, Y)
    np.testing.assert_allclose(model.coef_["loc"], plain.coef_["loc"], rtol=1e-7)
    assert model.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-12)


def test_concentration_may_be_predicted():
    x = RNG.uniform(-1.0, 1.0, (2000, 1))
    y = RNG.vonmises(np.pi, np.exp(1.0 + x[:, 0]))
    model = Linear(VonMises(concentration=likely.predicted)).fit(x, y)
    assert model.coef_["concentration"][0] == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("kappa", [1e-3, 0.5, 20.0, 1e6, 1e13])
@pytest.mark.parametrize("loc", [-np.pi, 0.0, 1.0, 3.14])
def test_the_fit_is_a_root_of_the_score(loc, kappa):
    y = VonMises().at(loc=loc, concentration=kappa).sample(500, 0)
    found = VonMises().fit(y)
    raw = np.repeat(found.raw[:, None], y.size, 1)
    gradient = VonMises().nll_and_gradient(y, raw.T)[1]
    information = VonMises().curvature(y, raw.T).sum(axis=0)
    errors = 1.0 / np.sqrt(np.diagonal(information))
    assert np.abs(gradient.sum(axis=0) * errors).max() < 1e-6


def test_uniform_directions_are_the_edge_of_the_family():
    y = np.linspace(-np.pi, np.pi, 101)[1:]
    with pytest.warns(likely.ConvergenceWarning, match="boundary"):
        model = Constant(VonMises()).fit(X[:100], y)
    assert model.log_likelihood_ == pytest.approx(-100.0 * np.log(2.0 * np.pi), rel=1e-12)


@pytest.mark.parametrize("value", [0.3, np.pi])
def test_one_direction_has_no_maximum(value):
    with pytest.raises(ValueError, match="unbounded"):
        VonMises().fit(np.full(20, value))


def test_degrees_are_refused_with_the_fix():
    degrees = np.array([10.0, 180.0, 350.0])
    with pytest.raises(ValueError, match=r"outside the support \(−π, π\].*np.deg2rad\(degrees\)"):
        VonMises().fit(degrees)
    radians = np.angle(np.exp(1j * np.deg2rad(degrees)))
    assert VonMises().fit(radians).parameters["concentration"] > 0.0


def test_south_in_float32_is_on_the_circle():
    south = np.array([np.pi, -np.pi], dtype=np.float32)
    raw = np.array([[0.3, 1.0]] * 2, dtype=np.float32)
    np.testing.assert_allclose(
        VonMises().nll(south, raw), VonMises().nll(south.astype(float) * 0 + np.pi, raw), rtol=1e-6
    )


def test_intervals_are_arcs():
    d = VonMises().at(loc=[3.0, -3.0, 0.0], concentration=[5.0, 5.0, 0.2])
    low, high = d.interval(0.9)
    half = stats.vonmises.ppf(0.95, np.array([5.0, 5.0, 0.2]))
    np.testing.assert_allclose(low, turned(np.array([3.0, -3.0, 0.0]) - half), rtol=1e-9)
    np.testing.assert_allclose(high, turned(np.array([3.0, -3.0, 0.0]) + half), rtol=1e-9)
    assert (low > high).tolist() == [True, True, False]
    one, many = d[0].interval(0.9), d.interval([0.5, 0.9])
    assert one == (low[0], high[0])
    assert many[0].shape == many[1].shape == (3, 2)
    np.testing.assert_array_equal(many[0][:, 1], low)
    rows = VonMises().at(loc=np.full(4000, 3.0), concentration=5.0)
    assert coverage(rows, rows.sample(1, 1)[:, 0], 0.9) == pytest.approx(0.9, abs=0.015)


def test_mean_median_and_mode_are_the_mean_direction():
    d = VonMises().at(loc=[3.1, -2.0], concentration=2.0)
    for what in ("mean", "median", "mode"):
        np.testing.assert_array_equal(getattr(d, what)(), [3.1, -2.0])
    draws = d.sample(100_000, 0)
    away = turned(draws - d.mean()[:, None])
    np.testing.assert_allclose(np.mean(away**2, axis=1), d.var(), rtol=0.02)


def test_links_of_loc_agree():
    wrapped = Constant(VonMises(loc=shared("wrap"))).fit(X, turned(Y - 2.0))
    tangent = Constant(VonMises(loc=shared("half_tangent"))).fit(X, turned(Y - 2.0))
    assert wrapped.log_likelihood_ == pytest.approx(tangent.log_likelihood_, rel=1e-12)
    turns = VonMises().nll(Y, np.column_stack([Y * 0 + 1.0, X[:, 0]]))
    more = VonMises().nll(Y, np.column_stack([Y * 0 + 1.0 + 20.0 * np.pi, X[:, 0]]))
    np.testing.assert_allclose(more, turns, rtol=1e-12)
