"""Levels and numbers of draws that cannot be: errors that name the argument, its value and the fix."""

import numpy as np
import pytest

from likely import (
    Binomial,
    Categorical,
    Censored,
    Dirichlet,
    MultivariateNormal,
    Normal,
    Ordinal,
    Weibull,
)
from likely.inference.construct import predictive
from likely.inference.mixture import Mixture
from likely.inference.vectormixture import VectorMixture


def of(family):
    loss = family.loss()
    return predictive(loss, np.zeros((loss.columns, 2)))


NUMBERS = [
    of(Normal()),
    of(Ordinal(3)),
    Mixture([of(Normal()), Normal().at(loc=[1.0, 2.0], scale=1.0)]),
]
ALL = [*NUMBERS, of(Categorical(3)), of(Dirichlet(3)), of(MultivariateNormal(2))]
ALL.append(VectorMixture([ALL[-1], ALL[-1]]))


@pytest.mark.parametrize("d", NUMBERS, ids=repr)
@pytest.mark.parametrize(
    ("method", "what"), [("quantile", "q"), ("isf", "p"), ("interval", "coverage")]
)
def test_levels(d, method, what):
    ask = getattr(d, method)
    for given, words in {
        "a": f"{what} must be numbers, got 'a': give a number in [0, 1], such as 0.9",
        2: f"{what} must lie in [0, 1], such as 0.9, got 2; 2 % is 0.02",
        -0.5: f"{what} must lie in [0, 1], such as 0.9, got -0.5",
        (0.5, 90): "got (0.5, 90); 90 % is 0.9",
        ((0.5,),): f"{what} must be a number in [0, 1] or m of them, shape (m,), got shape (1, 1)",
        None: f"{what} must be numbers, got None: give a number in [0, 1], such as 0.9",
    }.items():
        with pytest.raises(ValueError, match=f"^{what} must be|^{what} must lie") as caught:
            ask(given)
        assert words in str(caught.value)


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_draws(d):
    assert d.sample(np.int64(0), 1).shape[:2] == (2, 0)
    for given, error, words in (
        ((-1,), ValueError, "m, the number of draws a row, must be at least 0, got -1"),
        ((2.5,), TypeError, "m, the number of draws a row, must be a whole number, got 2.5"),
        ((True,), TypeError, "must be a whole number, got True"),
        (
            (3, "a"),
            TypeError,
            "rng must be a numpy.random.Generator, a seed (a whole number of at ",
        ),
        ((3, -3), ValueError, "or None, got -3"),
    ):
        with pytest.raises(error) as caught:
            d.sample(*given)
        assert words in str(caught.value)


def test_rows_of_several_columns():
    # Such a table is what the family is fitted to, so each of its numbers would be read as a y of its own.
    censored, trials = of(Censored(Weibull())), of(Binomial(trials=3))
    for name in ("cdf", "sf", "log_prob", "prob"):
        with pytest.raises(ValueError, match=r"shape \(2, 2\), as rows of y_low, y_high have"):
            getattr(censored, name)([[1.0, np.inf], [2.0, 2.0]])
        with pytest.raises(ValueError, match="as rows of y_low, y_high have"):
            getattr(censored[0], name)([[1.0, np.inf]])
        assert getattr(censored, name)([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]).shape == (2, 3)
        assert getattr(censored[0], name)([1.0, 2.0]).shape == (2,)
        assert getattr(trials, name)([[1.0, 2.0], [0.0, 3.0]]).shape == (2, 2)
