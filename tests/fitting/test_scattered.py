"""Few rows, and rows seen in part: several maxima, limits that are none, valleys without positive curvature."""

import warnings

import numpy as np
import pytest

from likely import (
    Censored,
    Constant,
    Discretised,
    GeneralisedGamma,
    Gumbel,
    JohnsonSU,
    Linear,
    Logistic,
    LogNormal,
    NegativeBinomial,
    Normal,
    Poisson,
    Truncated,
    VonMises,
    ZeroInflated,
    censored,
    predicted,
    shared,
)
from likely.fitting import ConvergenceWarning, Status


def fitted(model, X, y, weight=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, sample_weight=weight).result_


def loss_at(family, X, y, weight, coefficients):
    """Σ w·nll at known coefficients of a location and a scale."""
    design = np.c_[np.ones(len(X)), X]
    raw = np.stack([design @ half for half in np.split(np.array(coefficients), 2)])
    nll = family.loss().evaluate(np.asarray(y, dtype=float), raw, 0)[0]
    return float(nll.sum() if weight is None else nll @ weight)


INTERVALS = (
    Censored(LogNormal()),
    [
        [1.0, -0.76], [2.0, 0.15], [2.0, -0.95], [0.0, -0.36], [2.0, 0.36], [0.0, 0.06], [1.0, 0.45],
        [0.0, -2.1], [0.0, -0.37], [0.0, -0.39], [0.0, -1.06], [0.0, 1.73],
    ],
    [
        [21.04, 57.21], [4.42, np.inf], [3.0, 5.73], [4.11, 24.95], [13.34, np.inf], [1.63, 4.62], [13.66, 67.35],
        [0.54, 2.17], [1.02, 3.87], [2.73, 3.76], [0.5, 2.31], [0.22, 0.22],
    ],
    None,
    [0.8385, 2.3928, -1.3599, -4.6334, 0.5431, -5.4074],
)  # fmt: skip
TIMES = (
    Censored(Gumbel()),
    [[-0.2], [1.2], [1.47], [-0.2], [0.94], [-0.6], [1.94], [0.25]],
    [
        [1.21, 1.21], [1.79, 1.79], [2.24, np.inf], [0.91, 0.91], [1.91, 1.91], [0.2, 0.2], [2.08, np.inf],
        [1.78, 1.78],
    ],
    None,
    [1.3074, 1.8394, -2.1169, 2.4146],
)  # fmt: skip
ROUNDED = (
    Discretised(Gumbel()),
    [[-0.42], [1.88], [1.48], [-1.23], [-0.79], [0.16], [0.34], [-0.16]],
    [1.0, 2.0, 3.0, 1.0, 0.0, 1.0, 1.0, 1.0],
    [1.0, 1.0, 1.0, 3.0, 3.0, 1.0, 3.0, 1.0],
    [0.4999, -0.0001, -7.4327, 5.0862],
)
#: A fit that goes to the Exponential, which a Logistic far below its bound is, where a maximum inside is larger.
CUT_OFF = (
    Truncated(Logistic(), low=0.775),
    [
        [1.22, 0.02, -0.52], [0.25, -0.88, -1.84], [1.81, 0.69, 1.64], [0.23, 0.98, -1.98], [2.56, -0.27, 1.34],
        [0.3, -2.09, -0.88], [-0.18, -1.53, -0.43], [-0.01, 1.21, -0.33], [0.53, 0.12, 0.77], [2.27, 0.04, -1.64],
        [-1.56, 0.91, -1.1], [0.57, 0.24, -1.1], [1.28, 1.54, 0.01], [1.52, -0.39, 1.92], [0.68, -0.23, -0.3],
        [0.43, -0.15, 0.05], [1.12, 1.09, -0.56], [0.86, -0.41, -0.26], [0.85, 0.9, -1.23], [-0.02, -1.19, 0.32],
        [0.52, 0.68, -0.37], [1.53, -1.15, -0.93], [1.04, -0.37, 1.16], [1.32, 0.28, -0.6], [0.31, -0.99, -0.45],
        [0.08, -0.58, -0.83], [1.96, 0.75, -1.52], [1.58, 0.58, -0.17], [1.08, 0.24, -1.87], [-0.46, -0.95, -0.05],
    ],
    [
        100.0, 1.5, 2.4, 3.8, 3.2, 3.7, 4.7, 2.3, 2.3, 7.5, 1.1, 4.7, 4.7, 2.8, 1.6, 3.1, 3.2, 1.8, 3.5, 1.6, 1.3,
        7.6, 1.1, 9.3, 1.5, 0.9, 4.7, 0.8, 2.6, 2.3,
    ],
    None,
    [-17.6302, -14.0051, -14.4742, 5.3927, -0.6119, 1.7803, 0.9729, -0.6223],
)  # fmt: skip


@pytest.mark.parametrize(
    ("family", "X", "y", "weight", "known"),
    [INTERVALS, TIMES, ROUNDED, CUT_OFF],
    ids=["intervals", "times", "rounded", "cut off"],
)
def test_of_several_maxima_the_largest(family, X, y, weight, known):
    """``known`` is where the best of thirty quasi-Newton descents from random starts ended."""
    result = fitted(Linear(family), np.array(X), np.array(y), weight)
    assert result.status is Status.converged
    assert result.loss <= loss_at(family, X, y, weight, known) + 1e-6


ZEROS = (
    ZeroInflated(Poisson(), inflation=predicted),
    [0.12, 13.44, -0.42, 1.5, -0.29, -17.37, -8.64, -1.35, -0.91, 0.34, -0.35, -0.76],
    [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0],
    5.7387058,
)
COUNTS = (
    NegativeBinomial(size=predicted),
    [-0.13, -0.38, 0.32, -0.53, -0.92, -0.25, 0.19, -1.05],
    [0, 2, 0, 1, 0, 0, 3, 1],
    8.7166156,
)
DIRECTIONS = (
    VonMises(concentration=predicted),
    [
        0.16, -1.75, -0.86, 0.38, 0.81, -0.46, 0.26, -0.77, 0.02, 1.17, -1.37, -0.15, -0.26, -0.11, 0.67, -1.19, 0.93,
        0.17, -0.24, -0.99, -0.66, -0.54, -0.61, -2.69,
    ],
    [
        0.88, -0.98, -0.1, -2.76, 1.52, 0.18, -3.08, -1.51, -2.12, 0.39, 0.11, 0.13, -0.27, 1.24, 0.16, 0.93, 0.15,
        2.23, 0.91, 2.03, -0.49, -0.28, -0.96, -0.05,
    ],
    35.0352811,
)  # fmt: skip
#: Excretion of two steroids by 27 patients (Cushing's syndrome; Aitchison & Dunsmore, 1975).
SHAPED = (
    JohnsonSU(),
    [
        11.7, 1.3, 0.1, 0.04, 1.1, 0.4, 1, 0.2, 0.6, 1.2, 0.6, 3.6, 1.6, 0.4, 0.4, 1.6, 6.4,
        7.9, 3.1, 2.5, 7.6, 0.4, 5, 0.8, 0.1, 0.1, 0.8,
    ],
    [
        3.1, 3, 1.9, 3.8, 4.1, 1.9, 8.3, 3.8, 3.9, 7.8, 9.1, 15.4, 7.7, 6.5, 5.7, 13.6, 10.2, 9.2, 9.6, 53.8,
        15.8, 5.1, 12.9, 13, 2.6, 30, 20.5,
    ],
    85.3448137,
)  # fmt: skip


@pytest.mark.parametrize(
    ("family", "x", "y", "known"),
    [ZEROS, COUNTS, DIRECTIONS, SHAPED],
    ids=["zeros", "counts", "directions", "shaped"],
)
def test_of_few_rows_the_largest_maximum(family, x, y, known):
    """Beside the one that Newton's method comes to from the marginal fit there is a larger one, by 0.2 to 2.5 nats."""
    result = fitted(Linear(family), np.array(x)[:, None], y)
    assert result.status in (Status.converged, Status.boundary)
    assert result.objective <= known + 1e-6


def test_a_valley_in_which_the_curvature_is_not_positive():
    """One row far out and one that the scale makes sharp: steps of a thousandth of the curvature would creep."""
    X = np.array([
        [1.62, -0.45], [-0.89, -0.21], [-0.53, -0.05], [-0.73, 1.33], [1.19, 0.73], [0.89, 0.18], [-1.75, 2.37],
        [0.4, -0.25], [-1.38, 0.46], [-1.31, -0.1], [1.64, -0.32], [1.19, 0.96], [1.04, -0.18], [-0.93, -0.03],
        [0.65, -0.39], [-0.36, 0.89], [1.18, 0.99], [-0.9, -0.03], [0.35, -0.2], [-0.77, 0.67],
    ])  # fmt: skip
    time = np.array([
        -1000.0, 0.33, 0.07, -0.64, 3.23, 1.57, -3.07, 2.3, -1.31, -1.31, 3.62, 2.11, 1.84, -0.88, 2.21, 0.59, 2.25,
        -0.24, 0.47, -0.53,
    ])  # fmt: skip
    y = censored(time, event=time != 1.84)
    result = fitted(Linear(Censored(Logistic())), X, y)
    assert result.status is Status.converged
    known = [1.4261, 1.8146, -0.5571, 0.6682, 1.9835, -3.2662]
    assert result.loss <= loss_at(Censored(Logistic()), X, y, None, known) + 1e-6


def test_probabilities_are_never_unbounded():
    """Rows of whole numbers whose location is known to its last digit have a probability of at most 1."""
    rng = np.random.default_rng(12)
    for _ in range(2):
        X = rng.normal(size=(12, 2))
        y = np.round(2.0 * X[:, 0] + 0.3 * rng.gumbel(size=12))
        weight = rng.pareto(1.0, 12) + 0.05
        assert fitted(Linear(Discretised(Gumbel())), X, y, weight).status is not Status.unbounded


@pytest.mark.parametrize("seed", [22, 23])
def test_a_normal_above_a_bound_beside_an_outlier_is_not_unbounded(seed):
    """Its location goes to −∞ until digits end, where it is an Exponential: no density without bound."""
    rng = np.random.default_rng(seed)
    y = np.r_[1e6, np.abs(rng.normal(size=200))]
    result = fitted(Constant(Truncated(Normal(), low=0.0)), np.zeros((201, 1)), y)
    assert result.status is not Status.unbounded
    assert result.loss <= 201 * (1.0 + np.log(y.mean())) + 1e-3


def test_a_descent_to_where_a_formula_ends_costs_no_fit():
    """With a mean of e⁴⁴⁴ and a size of e³⁸⁴ the tail of a count is NaN: that start is left out."""
    rng = np.random.default_rng([0, 16])
    X, y = rng.normal(size=(14, 1)), rng.poisson(3.0, 14).astype(float)
    y = np.c_[y, np.where(rng.random(14) < 0.4, np.inf, y)]
    family = Censored(NegativeBinomial(size=predicted))
    assert fitted(Linear(family, max_iter=60), X, y).status is Status.boundary


#: White cells and weeks, of 17 with an antigen and 16 without: Feigl and Zelen (1965), doi:10.2307/2528247.
WHITE = [
    2300, 750, 4300, 2600, 6000, 10500, 10000, 17000, 5400, 7000, 9400, 32000, 35000, 100000, 100000, 52000, 100000,
    4400, 3000, 4000, 1500, 9000, 5300, 10000, 19000, 27000, 28000, 31000, 26000, 21000, 79000, 100000, 100000,
]  # fmt: skip
WEEKS = [
    65, 156, 100, 134, 16, 108, 121, 4, 39, 143, 56, 26, 22, 1, 1, 5, 65,
    56, 65, 17, 7, 16, 22, 3, 4, 2, 3, 8, 4, 3, 30, 4, 43,
]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "limit"),
    [(GeneralisedGamma(scale=shared), 142.37169), (GeneralisedGamma(), 139.28844)],
    ids=str,
)
def test_a_shape_that_grows_for_ever(family, limit):
    """Scale and 1/shape go to 0 together, along a valley as narrow as they are; a predicted scale hides it."""
    X = np.c_[np.arange(33) < 17, np.log(WHITE)].astype(float)
    y = censored(np.array(WEEKS, dtype=float), event=np.ones(33, dtype=bool))
    result = fitted(Linear(Censored(family)), X, y)
    assert result.status is Status.boundary
    assert "shape goes to ∞" in result.message
    assert result.loss <= limit + 2e-5


def test_beyond_all_numbers_a_tail_is_none():
    """e^(qw) overflows where w is far on the side on which a GeneralisedGamma's density falls the faster."""
    y = np.array([[16.0, np.inf]])
    for scale in (-8.989373, -6.0, -4.0):
        raw = np.array([[16.989655], [scale], [-0.156801]])
        nll, slopes, _ = Censored(GeneralisedGamma()).loss().evaluate(y, raw, 1)
        np.testing.assert_array_equal(np.abs(nll), 0.0)
        np.testing.assert_array_equal(np.abs(slopes), 0.0)
