"""Tweedie: densities and fits of other programs, and maxima that are at the edge or do not exist."""

import numpy as np
import pytest
from sklearn.linear_model import TweedieRegressor

from likely import Constant, Linear, Trees, Tweedie, ZeroInflated
from likely.fitting.result import ConvergenceWarning, Status


def simulated(n=400):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 2))
    mean, dispersion, power = np.exp(1.0 + 0.5 * x[:, 0] - 0.3 * x[:, 1]), 1.5, 1.6
    number = rng.poisson(mean ** (2.0 - power) / (dispersion * (2.0 - power)))
    shape = (2.0 - power) / (power - 1.0)
    unit = dispersion * (power - 1.0) * mean ** (power - 1.0)
    return x, np.where(number > 0, rng.gamma(np.maximum(number, 1) * shape) * unit, 0.0)


X, Y = simulated()


def test_densities_of_mgcv():
    """ldTweedie of mgcv 1.8-41, which sums the series of Dunn and Smyth (2005)."""
    y = [0.0, 0.1, 1.0, 5.0, 40.0]
    told = {
        (1.0, 1.0, 1.5): [
            -2.0,
            -0.6199605907267,
            -1.0286152203420,
            -5.2262863548067,
            -60.4025036751656,
        ],
        (2.0, 0.3, 1.2): [
            -7.254588027468,
            -4.705279526603,
            -1.275013740403,
            -5.592701180414,
            -191.673115165695,
        ],
        (10.0, 4.0, 1.8): [
            -1.981116490576,
            -1.085082353677,
            -2.454157712420,
            -3.412941679464,
            -5.813253635080,
        ],
    }
    for (mean, dispersion, power), expected in told.items():
        found = Tweedie().at(mean=mean, dispersion=dispersion, power=power).log_prob(y)
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_fit_of_mgcv():
    """The same likelihood, maximised in R by optim over ldTweedie of mgcv 1.8-41."""
    model = Linear(Tweedie()).fit(X, Y)
    assert model.result_.status is Status.converged
    np.testing.assert_allclose(model.coef_["mean"], [0.4982430045, -0.3863134325], rtol=1e-6)
    found = [model.intercept_[name] for name in ("mean", "dispersion", "power")]
    np.testing.assert_allclose(found, [0.9104062857, 0.3519671184, 0.4166486282], rtol=1e-6)
    assert -model.score(X, Y) * len(Y) == pytest.approx(837.1352623048, abs=1e-8)


def test_the_mean_is_that_of_scikit_learn_at_a_fixed_power():
    """The mean's estimate does not depend on the dispersion."""
    model = Linear(Tweedie(power=1.5)).fit(X, Y)
    other = TweedieRegressor(power=1.5, alpha=0.0, link="log", tol=1e-10, max_iter=1000).fit(X, Y)
    np.testing.assert_allclose(model.coef_["mean"], other.coef_, rtol=1e-6)
    assert model.intercept_["mean"] == pytest.approx(other.intercept_, rel=1e-6)


def test_coverage_counts_the_zeros():
    model = Linear(Tweedie()).fit(X, Y)
    low, high = model.predict_dist(X).interval(0.9)
    assert np.mean((low <= Y) & (high >= Y)) == pytest.approx(0.9, abs=0.05)
    assert (low[model.predict_dist(X).prob(0.0) > 0.05] == 0.0).all()


def test_trees_learn_the_shared_power():
    model = Trees(Tweedie(), random_state=0).fit(X, Y)
    power = model.predict_params(X)["power"]
    assert power.min() == power.max() == pytest.approx(1.6, abs=0.1)


def test_amounts_in_whole_units_have_no_maximum():
    """As p → 1 the density becomes a comb of peaks, one for each number of events."""
    y = 3.7 * np.random.default_rng(1).poisson(2.0, 400)
    with pytest.warns(ConvergenceWarning):
        model = Constant(Tweedie()).fit(np.zeros((400, 1)), y)
    assert model.result_.status in (Status.unbounded, Status.max_iter)


def test_rounded_amounts_stay_at_the_maximum_of_amounts():
    """Claims in whole units: the likelihood has no bound as p → 1, and the maximum that is meant is another."""
    rng = np.random.default_rng(2)
    exact = np.where(rng.random(500) < 0.7, 0.0, rng.gamma(2.0, 300.0, 500))
    fits = [Constant(Tweedie()).fit(np.zeros((500, 1)), y) for y in (exact, np.round(exact))]
    assert all(fit.result_.status is Status.converged for fit in fits)
    power, rounded = (fit.predict_params(np.zeros((1, 1)))["power"][0] for fit in fits)
    assert rounded == pytest.approx(power, abs=1e-3)


def test_without_zeros_the_fit_goes_to_the_gamma_and_says_so():
    y = np.exp(np.random.default_rng(3).normal(size=300))
    with pytest.warns(ConvergenceWarning, match="boundary"):
        found = Constant(Tweedie()).fit(np.zeros((300, 1)), y)
    assert found.result_.status is Status.boundary
    assert found.predict_params(np.zeros((1, 1)))["power"][0] > 1.99


def test_modifiers_refuse_a_family_with_a_probability_of_its_own():
    with pytest.raises(TypeError, match="gives y = 0 a probability of its own"):
        ZeroInflated(Tweedie())
