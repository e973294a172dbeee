"""A likelihood without a maximum: the result says which parameter goes where, and numpy warns of nothing."""

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from likely import (
    Censored,
    Constant,
    ConwayMaxwellPoisson,
    Discretised,
    Gamma,
    GeneralisedExtremeValue,
    GeneralisedGamma,
    Gumbel,
    JohnsonSU,
    Linear,
    Logistic,
    NegativeBinomial,
    Normal,
    Poisson,
    SkewNormal,
    StudentT,
    Tweedie,
    Weibull,
    ZeroInflated,
    censored,
    predicted,
    shared,
)
from likely.fitting import ConvergenceWarning, Design, Response, Status, fit_linear
from likely.fitting.coordinates import bases_of
from likely.fitting.recession import find_recession
from likely.fitting.source import Source
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task
from likely.predictors.leaning import leaning_start
from likely.predictors.marginal import start_values
from likely.predictors.maxima.model import LinearModel


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
        (GeneralisedGamma(), np.full(9, 2.0), "unbounded", "scale goes to 0"),
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


@pytest.mark.parametrize("size", [4.0, 2e-3])
def test_the_normal_that_a_family_has_at_its_edge(size):
    """JohnsonSU's tails vanish along a way that bends, on which scale and tail grow together for ever."""
    y = size * np.random.default_rng(0).uniform(size=11)
    result = fitted(Constant(JohnsonSU()), np.zeros((11, 1)), y)
    assert result.status is Status.boundary
    assert "tail goes to ∞" in result.message or "skewness goes to" in result.message
    assert result.loss <= 11 * (0.5 * np.log(2.0 * np.pi * y.var()) + 0.5) + 1e-8


def log_normal_from_a_threshold(y):
    """The least −log-likelihood of one, from below or above; where the threshold is far it is the Normal."""

    def shifted(log_gap, side):
        away = np.log(side * y - (side * y).min() + np.exp(log_gap))
        return y.size * (0.5 * np.log(2.0 * np.pi * away.var()) + 0.5) + away.sum()

    options = {"bounds": (0.0, 8.0), "method": "bounded", "options": {"xatol": 1e-9}}
    return min(minimize_scalar(shifted, args=(side,), **options).fun for side in (1.0, -1.0))


def two_heaps(seed):
    """Tails lighter than the Normal's, and hardly a skewness."""
    rng = np.random.default_rng(seed)
    if seed:
        return (
            rng.choice([-1.0, 1.0], 300) + rng.uniform(-1.0, 1.0, 300) + 0.3 * rng.normal(size=300)
        )
    X = rng.uniform(-1.0, 1.0, size=(400, 3))
    return (np.where(X[:, 0] > 0.0, 1.0, -1.0) + X[:, 1] + 0.3 * rng.normal(size=400))[:300]


@pytest.mark.parametrize("seed", [0, 3])
def test_the_way_to_an_edge_is_not_judged_by_noise(seed):
    """Far off it JohnsonSU's location swamps y and its tail magnifies the last digits: any loss may come of that.

    Which way Newton's method goes depends on the last digits of y, and some ways end at the Normal, which is less.
    """
    y, rng = two_heaps(seed), np.random.default_rng(seed)
    best = log_normal_from_a_threshold(y)
    assert best < 300 * (0.5 * np.log(2.0 * np.pi * y.var()) + 0.5) - 0.01
    for _ in range(8):
        moved = y * (1.0 + 1e-13 * rng.normal(size=300))
        result = fitted(Constant(JohnsonSU()), np.zeros((300, 1)), moved)
        assert result.status is Status.boundary
        assert result.loss == pytest.approx(best, abs=1e-6)


def test_a_density_is_that_of_the_log_normal_at_the_edge():
    y = two_heaps(3)
    with pytest.warns(ConvergenceWarning, match="edge"):
        found = JohnsonSU().fit(y)
    assert -found.log_prob(y).sum() == pytest.approx(log_normal_from_a_threshold(y), abs=1e-6)


@pytest.mark.parametrize("rows", [8, 12, 30])
def test_a_scale_far_too_small_for_its_tail_is_no_spike(rows):
    """Beside the Normal a smaller scale costs 10¹² nats, and a still smaller one less: a skewness makes up for it."""
    y = np.random.default_rng(rows).exponential(size=rows)
    tail, beyond = 11.0, 5.0
    begun = np.array(
        [y.mean() + beyond * y.std(), tail + np.log(y.std()), beyond * np.exp(-tail), tail]
    )
    loss, designs = JohnsonSU().loss(), [Design((), True)] * 4
    with pytest.warns(ConvergenceWarning):
        found = fit_linear(
            loss, np.empty((rows, 0)), designs, Response(y), start=begun, coefficients=begun, max_iter=0
        )  # fmt: skip
    assert found.status is not Status.unbounded


def test_rounded_values_have_the_better_of_two_limits():
    """Newton's method creeps towards the Normal; a log-normal from a threshold on is the more likely."""
    y = np.round(np.random.default_rng(0).normal(size=200))
    result = fitted(Constant(JohnsonSU()), np.zeros((200, 1)), y)
    assert result.status is Status.boundary
    assert result.loss == pytest.approx(log_normal_from_a_threshold(y), abs=1e-6)


def test_equal_amounts_are_unbounded():
    result = fitted(Constant(Weibull()), np.zeros((50, 1)), np.full(50, 0.7))
    assert result.status is Status.unbounded


@pytest.mark.parametrize("count", [0.0, 1.0, 2.0, 5.0])
def test_equal_counts_have_a_probability_of_1_in_the_end(count):
    result = fitted(Constant(ConwayMaxwellPoisson()), np.zeros((50, 1)), np.full(50, count))
    assert result.status is Status.boundary
    assert result.loss == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize("family", [Poisson(), NegativeBinomial()], ids=str)
def test_the_sandwich_of_equal_rows_is_zero_and_held(family):
    """Their scores do not vary; the model's own errors are those of a Poisson."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = Constant(family).fit(np.zeros((50, 1)), np.full(50, 2.0)).result_
    assert "cannot hold" not in result.message
    assert result.covariances["robust"][0, 0] == pytest.approx(0.0, abs=1e-20)
    assert result.std_errors[0] == pytest.approx(0.1, rel=1e-9)


@pytest.mark.parametrize("seed", [0, 2])
def test_a_shape_that_grows_for_ever_is_unbounded(seed):
    """A generalised extreme value whose support ends ever nearer to the least y has no bound."""
    y = np.random.default_rng(seed).gumbel(size=8)
    y[:2] = 1e3, 2e3
    result = fitted(Constant(GeneralisedExtremeValue()), np.zeros((8, 1)), y)
    assert result.status is Status.unbounded
    assert "where the support ends" in result.message


#: Azzalini and Capitanio (1999), doi:10.1111/1467-9868.00194: from SkewNormal(0, 1, 5), with an infinite estimate.
FRONTIER = """
0.1169 1.7311 0.0144 0.4881 2.3877 -0.0853 0.0522 0.7226 0.8718 3.0415 0.6363 1.3590 1.5958 0.4567 0.9885 1.7001 1.0380
1.0195 0.3528 1.4249 0.3170 1.3276 -0.1032 1.1568 0.0699 1.6802 0.2470 0.4147 1.6882 0.7256 1.3568 1.1091 0.0500 2.2886
1.4985 2.7261 1.8443 -0.0687 0.9441 0.6872 0.5258 0.4743 0.4240 0.7349 0.4428 0.1880 0.4642 0.2786 0.2742 0.5678
"""


def test_frontier_data_are_half_normal():
    y = np.array(FRONTIER.split(), dtype=float)
    result = fitted(Constant(SkewNormal()), np.zeros((50, 1)), y)
    assert result.status is Status.boundary
    assert "(skewness goes to ∞)" in result.message
    square = np.mean((y - y.min()) ** 2)
    limit = 25.0 * (np.log(2.0 * np.pi * square) + 1.0) - 50.0 * np.log(2.0)
    assert limit < result.loss < limit + 2e-5


@pytest.mark.parametrize(
    ("family", "seed"),
    [(Gumbel(), 34), (Gumbel(), 52), (Discretised(Normal()), 27), (Discretised(Normal()), 53)],
    ids=str,
)
def test_a_location_far_out_is_not_on_its_way_to_infinity(family, seed):
    """A step of a million leads past all rows, so that the loss falls on for 25 units of y and rises far beyond."""
    rng = np.random.default_rng([seed, 8])
    X, y = rng.normal(size=(8, 1)), rng.normal(size=8)
    y[0] = -1e6
    weight = rng.pareto(0.8, 8) + 0.01
    y = np.round(y) if isinstance(family, type(Discretised(Normal()))) else y
    assert fitted(Linear(family), X, y, sample_weight=weight).status is Status.converged


def test_a_fit_that_begins_where_digits_end_names_what_went_there():
    y, X, designs = np.full(9, 2.0), np.zeros((9, 0)), [Design((), True)] * 3
    loss, found = GeneralisedGamma().loss(), None
    for _ in range(4):
        with pytest.warns(ConvergenceWarning, match="unbounded"):
            found = fit_linear(
                loss, X, designs, Response(y), start=np.zeros(3),
                coefficients=None if found is None else found.parameters,
            )  # fmt: skip
        assert found.status is Status.unbounded
        assert np.isfinite(found.parameters).all()
        # Not the shape, which is what still moved in the second.
        assert "(scale goes to 0)" in found.message
    assert found.iterations == 0
    assert "last digits" in found.message


#: Rousseeuw and Leroy (1987), R's MASS::Animals: body weight in kg and brain weight in g.
ANIMALS = """
1.35 8.1 465 423 36.33 119.5 27.66 115 1.04 5.5 11700 50 2547 4603 187.1 419 521 655 10 115 3.3 25.6 529 680 207 406
62 1320 6654 5712 9400 70 6.8 179 35 56 0.12 1 0.023 0.4 2.5 12.1 55.5 175 100 157 52.16 440 0.28 1.9 87000 154.5
0.122 3 192 180
"""


def test_a_row_far_out_is_fitted_to_more_digits_than_there_are():
    """Brachiosaurus: its scale falls below the last digit of its location, where no step leads any further."""
    body, brain = np.array(ANIMALS.split(), dtype=float).reshape(-1, 2).T
    result = fitted(Linear(GeneralisedGamma()), body[:, None], brain)
    assert result.status is Status.unbounded
    assert "last digits" in result.message


def test_a_shape_grows_on_beside_a_direction_in_which_the_loss_is_level():
    rng = np.random.default_rng([0, 10])
    X, y = rng.normal(size=(14, 1)), rng.standard_t(2, 14)
    y = np.c_[y, np.where(rng.random(14) < 0.4, np.inf, y)]
    loss, designs = Censored(SkewNormal(skewness=predicted)).loss(), [Design()] * 3
    start = start_values(loss, y, None, None)
    leaning = leaning_start(LinearModel(loss, X, designs, Response(y), np.zeros(3)), start)
    with pytest.warns(ConvergenceWarning, match="intercept of skewness, x0 of skewness"):
        found = fit_linear(
            loss, X, designs, Response(y), start=start, coefficients=leaning, max_iter=60
        )
    assert found.status is Status.boundary


def test_what_lies_beyond_a_ridge_did_not_lead_here():
    """Log y is exponential above its least value at a GeneralisedGamma's edge. A little further numbers overflow.

    25 steps back the loss is higher, and falls for 22 of them; then it rises by 500 nats before it falls to the edge.
    """
    y = 50.0 + 0.1 * np.random.default_rng(0).normal(size=20)
    limit = np.quantile(y, 0.7)
    response = Response(censored(np.minimum(y, limit), event=y <= limit))
    source, designs = Source(np.empty((20, 0))), (Design((), True),) * 3
    loss, zeros = Censored(GeneralisedGamma()).loss(), np.zeros(3)
    task = Task(loss, source, designs, response, zeros, zeros, None, 10, 1)
    space = Subspace(task.objective(*bases_of(task)))
    here = np.array([np.log(y.min()), -17.873, -176346.0])
    with np.errstate(all="ignore"):
        sums = space.evaluate(here, 0)
        assert np.isfinite(sums.loss)
        assert find_recession(space, here, sums, np.array([0.3078, -0.9996, 1.0])) is None


@pytest.mark.parametrize("seed", [2, 13, 17, 53])
def test_a_valley_that_bends_all_the_way_to_the_normal(seed):
    """JohnsonSU whose scale depends on x: scale and tail grow for ever, and the skewness shrinks as they do."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.0, 10.0, 40)
    y = 2.0 + 0.3 * x + (x / 10.0) ** 2 + np.exp(-0.5 - 0.1 * x) * rng.uniform(-1.0, 1.0, 40)
    found = fitted(Linear(JohnsonSU()), x[:, None], y)
    assert found.status is Status.boundary
