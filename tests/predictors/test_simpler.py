"""A dispersion that depends on x, from few rows: the larger of several maxima, also from the simpler model's on."""

import numpy as np
import pytest

from likely import Gamma, InverseGaussian, Linear, LogLogistic, Weibull, predicted, shared

#: Millions of people in the United States at the censuses of 1790 to 1970: U.S. Bureau of the Census; also R's uspop.
YEAR = np.arange(1790.0, 1971.0, 10.0)
PEOPLE = """
    3.93 5.31 7.24 9.64 12.9 17.1 23.2 31.4 39.8 50.2 62.9 76 92 105.7 122.8 131.7 151.3 179.3 203.2
"""

#: Hours between failures of an air-conditioner in the order of their length: Proschan (1963), Technometrics 5, 375-383.
HOURS = np.array([3.0, 5.0, 7.0, 18.0, 43.0, 85.0, 91.0, 98.0, 100.0, 130.0, 230.0, 487.0])

#: Boiling points of water in °F and pressures in inches of mercury: Forbes (1857), Transactions of the Royal Society of
#: Edinburgh 21, 135-143.
FORBES = """
    194.5 20.79 194.3 20.79 197.9 22.40 198.4 22.67 199.4 23.15 199.9 23.35 200.9 23.89 201.1 23.99 201.4 24.02
    201.3 24.01 203.6 25.14 204.6 26.57 209.5 28.49 208.6 27.76 210.7 29.04 211.9 29.88 212.2 30.06
"""


@pytest.mark.parametrize(
    ("family", "loglik"),
    [
        (Gamma(shape=predicted), -52.513006175),  # R's optim, the best of 60 starts
        (InverseGaussian(shape=predicted), -49.462089224),
        (Weibull(shape=predicted), -52.191327003),
    ],
    ids=str,
)
def test_growth_that_slows_down(family, loglik):
    """Growth as of the first censuses, exact there, beats the average growth by seven nats."""
    model = Linear(family).fit(YEAR[:, None], np.array(PEOPLE.split(), dtype=float))
    assert model.result_.status.name == "converged"
    assert model.log_likelihood_ == pytest.approx(loglik, abs=1e-6)


def test_a_model_is_not_below_the_simpler_one_inside():
    X = np.arange(1.0, 13.0)[:, None]
    shape_of_x = Linear(InverseGaussian(shape=predicted)).fit(X, HOURS)
    one_shape = Linear(InverseGaussian(shape=shared)).fit(X, HOURS)
    assert shape_of_x.result_.status.name == one_shape.result_.status.name == "converged"
    assert shape_of_x.log_likelihood_ > one_shape.log_likelihood_


def test_a_shape_that_leans_to_the_other_side():
    boiling, pressure = np.array(FORBES.split(), dtype=float).reshape(-1, 2).T
    model = Linear(LogLogistic(shape=predicted)).fit(pressure[:, None], boiling)
    assert model.result_.status.name == "converged"
    assert model.log_likelihood_ == pytest.approx(-8.120061714, abs=1e-6)


def test_the_unit_of_the_weights_makes_no_difference():
    people = np.array(PEOPLE.split(), dtype=float)
    model = Linear(InverseGaussian(shape=predicted))
    light = model.fit(YEAR[:, None], people, sample_weight=np.full(people.size, 1e-12))
    assert light.result_.objective == pytest.approx(49.462089224e-12, rel=1e-8)
