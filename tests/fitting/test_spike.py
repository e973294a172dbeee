"""Few rows, and a location and a scale that are both predicted: the likelihood may have no bound on some of them."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.special import log_ndtr

from likely import (
    AsymmetricLaplace,
    Censored,
    Discretised,
    Gumbel,
    Laplace,
    Linear,
    Logistic,
    LogNormal,
    Normal,
    StudentT,
    Truncated,
    censored,
    shared,
)
from likely.fitting import ConvergenceWarning, Status


def unbounded(X):
    """Whether a scale can go to 0 on rows that a location passes through, and by more than it grows on the others."""
    design = np.c_[np.ones(len(X)), X]
    rows, width = design.shape
    for through in combinations(range(rows), width):
        most = np.isin(np.arange(rows), through).astype(float)
        found = linprog(-design.sum(axis=0), A_ub=design, b_ub=most, bounds=(None, None))
        if -found.fun > 1e-6:
            return True
    return False


def fitted(family, X, y, weight=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Linear(family).fit(X, y, sample_weight=weight).result_


@pytest.mark.parametrize("family", [Normal(), Logistic(), Gumbel(), LogNormal()], ids=str)
def test_what_is_called_unbounded_has_no_bound(family):
    """A maximum inside may be found all the same; but no fit may end without saying what it is."""
    told = set()
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(8, 2))
        y = np.exp(0.6 * X[:, 0] + rng.normal(size=8))
        status = fitted(family, X, y).status
        assert status is Status.converged or unbounded(X)
        told.add(status)
    assert Status.unbounded in told


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_a_spike_that_newtons_method_creeps_towards(size):
    """Three rows of which the scale is to go to 0, and e⁵⁰ between their information and that of the others."""
    rng = np.random.default_rng([1, 8, 2, 3])
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    assert unbounded(X)
    result = fitted(Normal(), size * X, size * y)
    assert result.status in (Status.converged, Status.unbounded)


@pytest.mark.parametrize("family", [Normal(), Logistic(), Gumbel()], ids=str)
def test_more_rows_on_one_line_than_it_takes_are_a_spike(family):
    """Six of nine rows are 0: no two of them tell that the scale may shrink on all, and on no other (Siegel, 1982)."""
    x = np.array([-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 12.0])[:, None]
    y = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -5.0, 5.0, 1.0])
    assert fitted(family, x, y).status is Status.unbounded
    line = 0.3 + 0.7 * x[:, 0]  # to rounding alone
    assert fitted(family, x, y + line).status is Status.unbounded


@pytest.mark.parametrize("family", [Laplace(), AsymmetricLaplace()], ids=str)
def test_a_row_far_out_in_x_has_a_scale_of_its_own(family):
    """Its residual is 0 to the last digit, so that nothing stops its scale until numbers overflow."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    y[0], X[-1, 0] = 1e6, 1e4
    result = fitted(family, X, y)
    assert result.status is Status.unbounded
    assert "row 49" in result.message


def test_tails_so_heavy_that_rows_fitted_exactly_outweigh_the_others():
    """Three of eight rows: with df < 3/5 the density of the others falls more slowly than theirs grows."""
    rng = np.random.default_rng([2, 8, 1])
    X = rng.normal(size=(8, 2))
    y = 0.6 * X[:, 0] + rng.standard_t(2, size=8)
    assert fitted(StudentT(scale=shared), X, y).status is Status.unbounded


def smallest(design, y, weight, starts):
    """The least Σ w·(½z² + log scale) that quasi-Newton steps find from the rows of ``starts``."""

    def loss(theta):
        location, slopes = np.split(theta, 2)
        log_scale = design @ slopes
        z = (y - design @ location) * np.exp(-log_scale)
        gradient = [-(weight * z * np.exp(-log_scale)) @ design, (weight * (1.0 - z * z)) @ design]
        return weight @ (0.5 * z * z + log_scale), np.concatenate(gradient)

    with np.errstate(all="ignore"):
        return min(minimize(loss, start, jac=True, method="BFGS").fun for start in starts)


@pytest.mark.parametrize(
    ("rows", "columns", "weighted", "seed"),
    [
        (6, 1, 0, 4),
        (8, 1, 0, 2),
        (8, 1, 0, 8),
        (12, 2, 0, 5),
        (12, 2, 0, 8),
        (12, 1, 1, 7),
    ],
)
@pytest.mark.parametrize("family", [Normal(), LogNormal()], ids=str)
def test_of_several_maxima_the_largest(family, rows, columns, weighted, seed):
    """Which rows the scale makes sharp is not the same in all of them; with weights a few rows may decide."""
    rng = np.random.default_rng([rows, columns, weighted, seed])
    X = rng.normal(size=(rows, columns))
    y = 0.6 * X[:, 0] + rng.normal(size=rows) * np.exp(0.3 * X[:, -1])
    weight = np.exp(3.0 * rng.normal(size=rows)) if weighted else np.ones(rows)
    assert not unbounded(X)
    positive = isinstance(family, LogNormal)
    result = fitted(family, X, np.exp(y) if positive else y, weight)
    assert result.status is Status.converged
    design, starts = np.c_[np.ones(rows), X], []
    for _ in range(40):
        some = rng.permutation(rows)[: rng.integers(columns + 1, rows + 1)]
        location = np.linalg.lstsq(design[some], y[some])[0]
        size = np.log(np.abs(y - design @ location) + 1e-3)
        starts.append(np.r_[location, rng.uniform() * np.linalg.lstsq(design, size)[0]])
    constant = weight @ (0.5 * np.log(2.0 * np.pi) + positive * y)
    others = smallest(design, y, weight, starts) + constant
    assert result.loss <= others + 1e-6 * abs(others)


@pytest.mark.parametrize(("rows", "seed"), [(15, 4), (50, 0)])
def test_a_location_far_below_what_is_seen_is_another_maximum(rows, seed):
    """Of a Normal above 0: on some rows it is next to an Exponential, and the scale leans to the other side."""
    rng = np.random.default_rng([rows, seed, 0, 0, 7])
    X = rng.normal(size=(rows, 1))
    y = np.abs(0.5 * X[:, 0] + rng.normal(size=rows))
    design = np.c_[np.ones(rows), X]

    def loss(theta):
        location, log_scale = design @ theta[:2], design @ theta[2:]
        seen = log_ndtr(location * np.exp(-log_scale))
        return float(np.sum(0.5 * ((y - location) * np.exp(-log_scale)) ** 2 + log_scale + seen))

    starts = np.random.default_rng(0).normal(size=(20, 4)) * [2.0, 2.0, 0.5, 0.5]
    with np.errstate(all="ignore"):
        others = min(minimize(loss, start).fun for start in starts) + 0.5 * rows * np.log(
            2.0 * np.pi
        )
    result = fitted(Truncated(Normal(), low=0.0), X, y)
    assert result.status is Status.converged
    assert result.loss <= others + 1e-6 * abs(others)


def test_a_spike_beside_rows_that_are_seen_in_part():
    """A time that is known to be later than another has no sharp density; the others' have no bound all the same."""
    X = np.array([-0.05, 1.2, 1.8, -0.1, -1.8])[:, None]
    time = np.array([239.0, 239.0, 239.0, 85.0, 239.0])
    y = censored(time, event=np.arange(5) < 4)
    with pytest.warns(ConvergenceWarning, match="unbounded.*x0 of scale"):
        model = Linear(Censored(LogNormal())).fit(X, y)
    assert model.result_.status is Status.unbounded
    # The location passes through the equal rows, and the scale shrinks on those with large x: log p grows for ever.
    losses = []
    for t in (5.0, 10.0, 20.0):
        raw = np.stack([np.full(5, np.log(239.0)), t * (0.0 - X[:, 0]) + 1.0])
        losses.append(Censored(LogNormal()).loss().evaluate(y, raw, 0)[0].sum())
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize("seed", [0, 7])
def test_a_scale_may_shrink_on_rows_that_are_seen_in_part(seed):
    """Where the location lies above the time until which a row was seen, its probability goes to 1."""
    rng = np.random.default_rng([seed, 15, 3])
    X, y = rng.normal(size=(15, 3)), rng.normal(size=15)
    seen = censored(y, event=rng.random(15) < 0.6)
    assert fitted(Censored(Normal()), X, seen).status is Status.unbounded


def test_beside_a_far_outlier_the_fit_comes_into_the_valley_of_the_best_point_that_is_known():
    """Scales of e⁻⁹ to e¹⁴ in one valley that bends; from constants alone it ends 46 nats above.

    The last digits of X decide where on its floor the iterations end: of twelve draws nine within 0.03 nats, one at 10.
    """
    rng = np.random.default_rng([44, 2])
    rows = int(rng.choice([15, 40]))
    X = rng.normal(size=(rows, 3))
    y = np.round(rng.normal(size=rows) * rng.choice([1.0, 3.0, 30.0]) + X[:, 0] * 2.0)
    y[0] = rng.choice([1e3, 1e6])
    design = np.c_[np.ones(rows), X]
    loss = Discretised(Normal()).loss()
    location = design @ [-1.012040327, 1.921173042, -1.259493633, -0.751921938]
    log_scale = design @ [7.028366391, -7.579991972, 1.729668741, 12.113304283]
    known = loss.evaluate(y, np.stack([location, log_scale]), 0)[0].sum()
    assert fitted(Discretised(Normal()), X, y).loss <= known + 20.0
