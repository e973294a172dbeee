"""What cannot be asked of distributions, and parameters that cannot be: what was given, where, and the fix."""

import numpy as np
import pytest

from likely import Binomial, Linear, Multinomial, MultivariateNormal, Normal, Ordinal, PlackettLuce


def refused(message, error=ValueError):
    return pytest.raises(error, match=message)


def test_parameters_by_name():
    with refused(r"by name, Normal\(\)\.at\(loc=…, scale=…\); got 0\.5 without one", TypeError):
        Normal().at(0.5, 1.0)


def test_thresholds_out_of_order():
    with refused(r"each above the one before; they are not in row 1 \(value \[1\.0, 1\.0\]\)"):
        Ordinal(3).at(loc=0.0, thresholds=[[0.0, 1.0], [1.0, 1.0]])
    with refused(r"loc must be finite; it is not in row 0 \(value nan\)"):
        Ordinal(3).at(loc=np.nan, thresholds=[0.0, 1.0])


def test_worths_that_are_no_shares():
    with refused(
        r"worth / worth\.sum\(axis=-1, keepdims=True\) does; it does not in row 0 \(value \[1\.0, 2\.0, 1\.0\]\)"
    ):
        PlackettLuce(3).at(worth=[1.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([[1.0, 0.2], [0.3, 1.0]], r"finite and symmetric"),
        ([[1.0, np.nan], [np.nan, 1.0]], r"finite and symmetric"),
        ([[1.0, 0.0], [0.0, -1.0]], r"positive definite, with variances above 0"),
        (
            [[1.0, 2.0], [2.0, 1.0]],
            r"positive definite, so that no linear combination has a variance of 0 or less",
        ),
        (
            [[1.0, 1.0], [1.0, 1.0]],
            r"positive definite, so that no linear combination has a variance of 0 or less",
        ),
    ],
)
def test_covariances_that_are_none(wrong, message):
    loc = np.zeros((2, 2))
    with refused(rf"covariance must be {message}; it is not in row 1 \(value \[\[1\.0, "):
        MultivariateNormal(2).at(loc=loc, covariance=[np.eye(2), wrong])
    with refused(rf"covariance must be {message}; it is not in row 0"):
        MultivariateNormal(2).at(loc=loc[0], covariance=wrong)


@pytest.mark.parametrize("rows", [3, -4, [0, 7], "a", 1.5, np.array([True, False])], ids=str)
def test_rows_that_are_not_there(rows):
    with refused(r"selects none of 3 distributions: give a row from 0 to 2, a slice", IndexError):
        Normal().at(loc=np.zeros(3), scale=1.0)[rows]


def test_one_axis():
    with refused(r"one axis", IndexError):
        Normal().at(loc=np.zeros(3), scale=1.0)[None]


def test_the_entropy_of_counts_of_several_kinds():
    with refused(
        r"entropy is not defined for Multinomial\(3\): it is a sum over all counts", AttributeError
    ):
        Multinomial(3).at(log_ratio_y0=0.0, log_ratio_y1=0.0).entropy()


def test_missing_y_in_many_rows():
    distributions = Normal().at(loc=np.zeros(7), scale=1.0)
    with refused(r"y is NaN in rows 0, 1, 2, 3, 4, … 7 in all: drop or impute"):
        distributions.log_prob(np.full(7, np.nan))
    with refused(r"y is NaN in row 2: drop or impute"):
        distributions.cdf([0.0, 0.0, np.nan, 0.0, 0.0, 0.0, 0.0])


def test_no_trials_at_all():
    for use in (Binomial().fit, lambda y: Linear(Binomial()).fit(np.arange(3.0)[:, None], y)):
        with refused(r"y has 0 trials in every row, of which Binomial learns nothing"):
            use(np.zeros((3, 2)))
