"""Some of Newton's steps, without a certificate."""

import numpy as np
import pytest

from likely import Gamma, Normal, predicted
from likely.fitting import Design, Response, approaching, fit_linear, together

RNG = np.random.default_rng(11)
X = RNG.normal(size=(80, 2))
Y = RNG.gamma(3.0, np.exp(0.5 * X[:, 0]) / 3.0)
DESIGNS = [Design(), Design(())]


def approach(*args, **kwargs):
    """Where one way leads alone."""
    return together([approaching(*args, **kwargs)])[0]


def test_steps_lead_to_the_maximum_and_stop_where_enough_is_reached():
    loss = Gamma().loss()
    best = fit_linear(loss, X, DESIGNS, Response(Y), start=np.zeros(2))
    begun = np.zeros(4)
    near = approach(loss, X, DESIGNS, Response(Y), begun, steps=30)
    np.testing.assert_allclose(near.coefficients, best.parameters, atol=1e-6)
    assert near.objective == pytest.approx(best.objective, abs=1e-9)
    early = approach(loss, X, DESIGNS, Response(Y), begun, steps=30, enough=0.1)
    assert best.objective < early.objective < best.objective + 0.2
    assert early.left <= 0.1
    one = approach(loss, X, DESIGNS, Response(Y), begun, steps=1)
    assert one.left > early.left


@pytest.mark.parametrize("unit", [1e-12, 1e6])
def test_weights_of_any_size(unit):
    loss, weight = Gamma().loss(), np.full(Y.size, unit)
    plain = approach(loss, X, DESIGNS, Response(Y), np.zeros(4), steps=30)
    found = approach(loss, X, DESIGNS, Response(Y, weight), np.zeros(4), steps=30)
    np.testing.assert_allclose(found.coefficients, plain.coefficients, atol=1e-6)
    assert found.objective == pytest.approx(unit * plain.objective, rel=1e-9)


def test_columns_that_depend_on_each_other():
    twice = np.column_stack([X, X[:, 0] + X[:, 1], np.ones(80)])
    loss = Gamma().loss()
    best = approach(loss, X, DESIGNS, Response(Y), np.zeros(4), steps=30)
    found = approach(loss, twice, DESIGNS, Response(Y), np.zeros(6), steps=30)
    assert found.objective == pytest.approx(best.objective, abs=1e-6)


def test_a_start_outside_the_domain_leads_nowhere():
    loss = Normal(scale=predicted("identity")).loss()
    assert approach(loss, X, DESIGNS, Response(Y), np.array([0.0, 0.0, 0.0, -1.0]), steps=5) is None
