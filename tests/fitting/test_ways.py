"""Many ways down one loss, of which the rows are evaluated together."""

import numpy as np
import pytest

from likely import Gamma, Normal, predicted
from likely.fitting import Design, Response, approaching, together
from likely.fitting.ways import alone

RNG = np.random.default_rng(5)
X = RNG.normal(size=(30, 2))
Y = RNG.gamma(3.0, np.exp(0.5 * X[:, 0]) / 3.0)
DESIGNS = [Design(), Design(())]
WEIGHTS = [None, np.where(np.arange(30) % 3, 2.0, 0.0), np.full(30, 1e-9)]
STARTS = [0.4 * RNG.normal(size=4) for _ in range(12)]


class Counted:
    """A loss that counts how often it is evaluated."""

    def __init__(self, loss):
        self.loss, self.calls = loss, 0

    def __getattr__(self, name):
        return getattr(self.loss, name)

    def evaluate(self, y, raw, order, kind="observed"):
        self.calls += 1
        return self.loss.evaluate(y, raw, order, kind)


def ways(loss, alpha=None):
    offset = RNG.normal(size=(2, 30)) if alpha is not None else None
    return [
        (loss, X, DESIGNS, Response(Y, weight, offset), start, alpha)
        for start in STARTS
        for weight in WEIGHTS
    ]


def begun(loss, X, designs, response, start, alpha):
    return approaching(loss, X, designs, response, start, alpha=alpha, steps=30, enough=1e-9)


@pytest.mark.parametrize("alpha", [None, np.array([0.5, 0.0])])
def test_they_end_where_each_ends_alone(alpha):
    every = ways(Gamma().loss(), alpha)
    for one, end in zip(every, together(begun(*way) for way in every), strict=True):
        own = alone(begun)(*one)
        np.testing.assert_allclose(end.coefficients, own.coefficients, rtol=1e-9, atol=1e-9)
        assert end.objective == pytest.approx(own.objective, rel=1e-12)


def test_they_take_as_many_evaluations_as_the_longest():
    loss = Counted(Gamma().loss())
    longest = 0
    for way in ways(loss):
        before = loss.calls
        alone(begun)(*way)
        longest = max(longest, loss.calls - before)
    loss.calls = 0
    together(begun(*way) for way in ways(loss))
    assert loss.calls <= longest


def test_one_that_begins_outside_the_domain_stops_no_other():
    loss = Normal(scale=predicted("identity")).loss()
    starts = [np.array([0.0, 0.0, 0.0, scale]) for scale in (1.0, -1.0, 2.0)]
    found = together(begun(loss, X, DESIGNS, Response(Y), start, None) for start in starts)
    assert [end is None for end in found] == [False, True, False]
    assert found[0].objective == pytest.approx(found[2].objective, rel=1e-9)


def test_a_formula_that_ends_on_one_way_stops_no_other():
    class Ends(Counted):
        """A loss that is NaN where a raw prediction is 2 exactly."""

        def evaluate(self, y, raw, order, kind="observed"):
            nll, *rest = self.loss.evaluate(y, raw, order, kind)
            return np.where(raw[1] == 2.0, np.nan, nll), *rest

    starts = [np.array([0.0, 0.0, 0.0, shape]) for shape in (0.5, 2.0, 1.0)]
    found = together(
        begun(Ends(Gamma().loss()), X, DESIGNS, Response(Y), start, None) for start in starts
    )
    assert [end is None for end in found] == [False, True, False]
