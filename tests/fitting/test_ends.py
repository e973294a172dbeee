"""A likelihood without a maximum: the result says which parameter goes where, and numpy warns of nothing."""

import warnings

import numpy as np
import pytest

from likely import (
    Constant,
    Gamma,
    Gumbel,
    Linear,
    Logistic,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    Tweedie,
    ZeroInflated,
    shared,
)
from likely.fitting import ConvergenceWarning, Status


def fitted(model, X, y, **options):
    """The fit, with its ConvergenceWarning and no other."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(X, y, **options)
    assert {one.category for one in said} <= {ConvergenceWarning}
    return model.result_


RNG = np.random.default_rng(3)
NORMAL, UNDER = RNG.uniform(size=300), RNG.binomial(10, 0.5, 300)


@pytest.mark.parametrize(
    ("family", "y", "status", "end"),
    [
        (StudentT(), NORMAL, "boundary", "df goes to ∞"),
        (NegativeBinomial(), UNDER, "boundary", "size goes to ∞"),
        (ZeroInflated(Poisson()), 1 + UNDER, "boundary", "inflation goes to 0"),
        (Poisson(), np.zeros(9), "boundary", "mean goes to 0"),
        (Tweedie(), [1.0, 2.0, 2.0, 2.0, 5.0, 3.0, 4.0, 2.0], "boundary", "power goes to 2"),
        (Tweedie(), [0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 0.0, 4.0], "unbounded", "power goes to 1"),
        (Normal(variance=shared), np.full(9, 3.0), "unbounded", "variance goes to 0"),
        (ZeroInflated(Gamma()), [0.0] * 40 + [2.0], "unbounded", "shape goes to ∞"),
    ],
    ids=str,
)
def test_the_message_names_the_end(family, y, status, end):
    result = fitted(Constant(family), np.zeros((len(y), 1)), np.asarray(y))
    assert result.status is Status[status]
    assert f"({end})" in result.message


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_rows_that_are_fitted_to_the_last_digit_are_unbounded(seed):
    """Six coefficients and eight rows: the scale of some shrinks until the digits of their location end."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    result = fitted(Linear(Logistic()), X, y)
    assert result.status is Status.unbounded
    assert np.isnan(result.std_errors).all()


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_numbers_that_overflow_are_not_the_end_of_a_support(seed):
    """Gumbel's has none; the likelihood has no bound, which there are no digits left to show."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    result = fitted(Linear(Gumbel()), X, y)
    assert result.status in (Status.unbounded, Status.max_iter)
    assert "support ends" not in result.message
