"""A likelihood that is the same along a way: y does not tell some parameters apart."""

import numpy as np
import pytest

from likely import (
    Censored,
    Constant,
    Discretised,
    Gamma,
    Gumbel,
    Hurdle,
    Linear,
    Logistic,
    LogNormal,
    Mixture,
    Normal,
    Poisson,
    Weibull,
)
from likely.fitting import ConvergenceWarning, Response, Status, fit_constant
from likely.fitting.ridge import told_level

#: Of 60 rows 14 lie below 4, and nothing else is known.
BELOW = 14
SIDES = np.array([[0.0, 3.0]] * BELOW + [[4.0, np.inf]] * (60 - BELOW))


def test_only_the_side_of_one_bound_is_known():
    family = Censored(Discretised(Weibull()))
    with pytest.warns(ConvergenceWarning, match="does not tell scale, shape apart"):
        found = Constant(family, max_iter=30).fit(np.zeros((60, 1)), SIDES).result_
    assert found.status is Status.rank_deficient
    assert np.isnan(found.std_errors).all()
    # One probability is all there is to learn, and with any shape some scale has it.
    share = BELOW / 60
    largest = 60 * (share * np.log(share) + (1 - share) * np.log1p(-share))
    assert -found.loss == pytest.approx(largest, rel=1e-12)
    fixed = Constant(Censored(Discretised(Weibull(shape=1.0)))).fit(np.zeros((60, 1)), SIDES)
    assert -fixed.result_.loss == pytest.approx(largest, rel=1e-12)


def test_a_density_is_fitted_with_a_warning():
    with pytest.warns(ConvergenceWarning, match="does not tell scale, shape apart"):
        found = Censored(Discretised(Weibull())).fit(SIDES)
    assert found.cdf(3.0) == pytest.approx(BELOW / 60, rel=1e-9)


def test_the_zeros_of_two_hurdles():
    rng = np.random.default_rng(0)
    y = np.where(rng.random(200) < 0.1, 0, rng.poisson(np.where(rng.random(200) < 0.5, 2, 8)))
    with pytest.warns(ConvergenceWarning, match="does not tell zero1, zero2, odds2 apart"):
        found = (
            Constant(Mixture(Hurdle(Poisson()), 2), max_iter=30).fit(np.zeros((200, 1)), y).result_
        )
    assert found.status is Status.rank_deficient


def test_a_fit_that_has_not_come_to_its_maximum_is_not_told_so():
    y = np.random.default_rng(1).gamma(3.0, size=50)
    with pytest.warns(ConvergenceWarning):
        early = fit_constant(Gamma().loss(), Response(y), start=np.array([3.0, -3.0]), max_iter=1)
    assert early.status is Status.max_iter
    assert told_level(Gamma().loss(), Response(y), early) is early


@pytest.mark.parametrize("family", [Weibull, Normal, Logistic], ids=lambda one: one.__name__)
def test_slopes_beside_one_bound_for_all_rows(family):
    """Ten rows lie below 3 and thirty above: location and scale move in proportion, whatever x is."""
    low = 0.0 if family is Weibull else -np.inf
    y = np.array([[low, 3.0]] * 10 + [[3.0, np.inf]] * 30)
    X = np.random.default_rng(3).normal(size=(40, 1))
    with pytest.warns(ConvergenceWarning, match="y does not (tell|determine) .*scale"):
        found = Linear(Censored(family())).fit(X, y).result_
    assert found.status is Status.rank_deficient


def test_a_shape_so_large_that_only_last_digits_change():
    """The mean lies next to the bound, and what its last digit is worth hides what the shape still changes."""
    y = np.array([[0.0, 3.0]] * 10 + [[3.0, np.inf]] * 30)
    X = np.random.default_rng(4).normal(size=(40, 1))
    with pytest.warns(ConvergenceWarning, match="y does not determine shape"):
        found = Linear(Censored(Gamma())).fit(X, y).result_
    assert found.status is Status.rank_deficient
    assert np.isnan(found.std_errors[-1])


def test_a_singular_certificate_does_not_hide_it():
    """Newton's method converged, with standard errors of thousands: only its last digits made the Hessian positive."""
    y = np.array([[0.0, 3.0]] * 10 + [[3.0, np.inf]] * 30)
    with pytest.warns(ConvergenceWarning, match="does not tell scale, shape apart"):
        found = Constant(Censored(Weibull())).fit(np.zeros((40, 1)), y).result_
    assert np.isnan(found.std_errors).all()


@pytest.mark.parametrize("family", [Gumbel, LogNormal], ids=lambda one: one.__name__)
def test_one_interval_for_all_rows(family):
    """Every row becomes certain as the scale goes to 0: the loss of all is 1e-12, and so is its slope."""
    with pytest.warns(ConvergenceWarning, match="boundary"):
        found = Constant(Censored(family())).fit(np.zeros((40, 1)), np.tile([2.0, 4.0], (40, 1)))
    assert np.isnan(found.result_.std_errors).all()


def test_columns_that_are_nearly_collinear_are_no_way():
    rng = np.random.default_rng(5)
    x = rng.normal(size=60)
    X = np.c_[x, x + 1e-5 * rng.normal(size=60)]
    found = Linear(Poisson()).fit(X, rng.poisson(np.exp(0.5 * x))).result_
    assert found.status is Status.converged
