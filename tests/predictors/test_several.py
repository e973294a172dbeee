"""The starts of a mixture: the largest maximum that is no spike, in the same order whatever the rows'."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import poisson
from sklearn.mixture import GaussianMixture

from likely import (
    Constant,
    Gamma,
    GeneralisedExtremeValue,
    GeneralisedPareto,
    Linear,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    Truncated,
    Weibull,
    ZeroInflated,
    shared,
)
from likely.fitting import ConvergenceWarning, Response, Status, fit_linear

RNG = np.random.default_rng(3)
#: Two groups, and a narrow one inside a wide one, which the quantiles of y do not show.
APART = np.r_[RNG.normal(2.0, 0.25, 97), RNG.normal(4.3, 0.4, 175)]
INSIDE = np.r_[RNG.normal(0.0, 3.0, 150), RNG.normal(1.0, 0.3, 90)]
#: Small outer groups, far from equal shares.
OUTER = np.r_[RNG.normal(9.7, 0.4, 7), RNG.normal(21.4, 2.2, 72), RNG.normal(33.0, 0.9, 4)]


def _log_likelihood(y, components):
    fits = [
        GaussianMixture(components, reg_covar=0.0, tol=1e-10, max_iter=5000, random_state=seed).fit(
            y[:, None]
        )
        for seed in range(5)
    ]
    return max(fit.score(y[:, None]) for fit in fits) * y.size


@pytest.mark.parametrize(
    ("y", "components"), [(APART, 2), (INSIDE, 2), (OUTER, 3)], ids=["apart", "inside", "outer"]
)
def test_no_smaller_than_the_maximum_of_many_em_starts(y, components):
    found = Mixture(Normal(), components).fit(y)
    assert found.log_prob(y).sum() >= _log_likelihood(y, components) - 1e-5
    model = Constant(Mixture(Normal(), components)).fit(np.zeros((y.size, 1)), y)
    assert model.result_.status is Status.converged
    assert -model.result_.loss == pytest.approx(found.log_prob(y).sum(), abs=1e-6)


@pytest.mark.parametrize("y", [APART, INSIDE, np.round(APART, 1)], ids=["apart", "inside", "ties"])
def test_the_order_of_the_rows_does_not_matter(y):
    family = Mixture(Normal(), 2)
    found = family.fit(y).parameters
    assert found["loc1"] < found["loc2"]
    for seed in range(3):
        again = family.fit(np.random.default_rng(seed).permutation(y)).parameters
        for name, value in found.items():
            assert again[name] == pytest.approx(value, rel=1e-6), name


def test_repeated_values_do_not_hide_the_maximum_beside_them():
    y = np.r_[APART, np.full(12, 3.0)]
    found = Mixture(Normal(), 2).fit(y)
    assert min(found.parameters["scale1"], found.parameters["scale2"]) > 0.1


def test_weights_count_as_repeated_rows():
    weight = np.random.default_rng(4).integers(0, 3, APART.size)
    weighted = Mixture(Normal(), 2).fit(APART, weight.astype(float)).parameters
    repeated = Mixture(Normal(), 2).fit(np.repeat(APART, weight)).parameters
    for name, value in weighted.items():
        assert repeated[name] == pytest.approx(value, rel=1e-6), name


def test_where_there_are_only_spikes_it_is_said():
    y = np.r_[np.full(30, 1.0), np.full(30, 9.0)]
    with pytest.raises(ValueError, match="unbounded"):
        Mixture(Normal(), 2).fit(y)


def test_the_maximum_inside_is_found_beside_spikes():
    """One component too many: the first fit collapses onto rows that X fits exactly, and others begin elsewhere."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=30)
    X = rng.normal(size=(30, 2))
    y = 1.0 + X[:, 0] + z
    model = Linear(Mixture(Normal(), 2)).fit(X, y)
    assert model.result_.status is Status.converged
    assert model.log_likelihood_ > Linear(Normal()).fit(X, y).log_likelihood_
    scales = np.exp([model.intercept_[f"scale{i}"] + X @ model.coef_[f"scale{i}"] for i in (1, 2)])
    assert scales.max(axis=0).min() > 1e-3


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("counts", [False, True], ids=["Normal", "Poisson"])
def test_lines_that_cross(counts, seed):
    """Groups of y, or of distances from one line, do not tell them apart; the fit is as good as from the truth."""
    rng = np.random.default_rng(seed)
    x, sign = rng.normal(size=(40, 1)), rng.choice([-1.0, 1.0], 40)
    mean = 1.5 * sign * x[:, 0]
    if counts:
        family, y = Mixture(Poisson(), 2), rng.poisson(np.exp(1.0 + mean)).astype(float)
    else:
        family, y = Mixture(Normal(scale=shared), 2), mean + 0.3 * rng.normal(size=40)
    model = Linear(family).fit(x, y)
    assert model.result_.status is Status.converged
    one = [1.0 if counts else 0.0, 1.5] + ([] if counts else [np.log(0.3)])
    other = [*one[:1], -1.5, *one[2:]]
    loss = family.loss()
    truth = fit_linear(
        loss, x, model._designs(loss, 1), Response(y), start=np.zeros(loss.columns),
        coefficients=np.array([*one, *other, 0.0]),
    )  # fmt: skip
    assert truth.status is Status.converged
    assert model.result_.objective <= truth.objective + 1e-8


def test_counts_of_which_one_is_far_from_all_others():
    """The fit from constants comes to a lesser maximum at the edge of what the odds may be."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(30, 2))
    y = rng.poisson(np.exp(0.7 + 0.5 * x[:, 0])).astype(float)
    y[0] = 1e3
    model = Linear(Mixture(Poisson(), 2)).fit(x, y)
    alone = Linear(Poisson()).fit(x[1:], y[1:])
    # One component for the row alone, with probability 1/30, and the others' own maximum.
    apart = (
        alone.log_likelihood_ + 29 * np.log(29 / 30) + np.log(1 / 30) + poisson.logpmf(1000, 1000)
    )
    assert model.log_likelihood_ > apart - 1e-6


def test_sizes_without_a_finite_estimate_stay_told():
    """The largest maximum of two negative binomials is of two Poissons: from there on, no slope in a size is left."""
    x = np.array([-0.1, 0.2, -1.1, -0.7, -0.7, 0.3, -0.9, -0.1, 2.1, -0.5, -0.3, -1.2])
    y = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 3.0, 0.0, 10.0, 6.0, 0.0, 1.0])
    with pytest.warns(ConvergenceWarning, match="size1 goes to ∞, size2 goes to ∞"):
        model = Linear(Mixture(NegativeBinomial(), 2)).fit(x[:, None], y)
    assert model.result_.status is Status.boundary

    def loss(theta):
        first, second = (poisson.pmf(y, np.exp(a + b * x)) for a, b in (theta[:2], theta[2:4]))
        share = 1.0 / (1.0 + np.exp(theta[4]))
        return -np.log(share * first + (1.0 - share) * second).sum()

    names = ("mean1", "mean2")
    means = [v for name in names for v in (model.intercept_[name], model.coef_[name][0])]
    least = minimize(loss, [*means, model.intercept_["odds2"]], method="BFGS")
    assert model.result_.loss == pytest.approx(least.fun, abs=1e-6)


def test_zeros_are_a_component_of_counts():
    """One of which the mean goes to 0: the ZeroInflated family, which has a larger maximum than two means above 0."""
    y = np.array([0.0, 3.0, 4.0, 4.0, 5.0, 5.0, 5.0, 7.0, 9.0, 9.0, 12.0, 13.0])
    nothing = np.zeros((y.size, 1))
    inflated = Constant(ZeroInflated(Poisson())).fit(nothing, y)
    with pytest.warns(ConvergenceWarning, match="mean1 goes to 0"):
        model = Constant(Mixture(Poisson(), 2)).fit(nothing, y)
    assert model.result_.status is Status.boundary
    assert model.log_likelihood_ > inflated.log_likelihood_ - 1e-8


def test_few_counts_of_which_two_are_far_away():
    """Each component takes one of them and some of the others: EM leaves the starts that lead there."""
    x = np.array(
        [-0.284, 0.076, -0.396, 1.94, 1.048, 1.92, -0.679, -0.666, -0.699, -1.156, -1.024, -2.383]
    )
    y = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 16.0, 155.0])
    family = Mixture(Poisson(), 2)
    model = Linear(family).fit(x[:, None], y)
    known = fit_linear(
        family.loss(), x[:, None], model._designs(family.loss(), 1), Response(y), start=np.zeros(3),
        coefficients=np.array([-3.391, -3.538, -5.729, -8.303, -0.28]),
    )  # fmt: skip
    assert model.result_.status is Status.converged
    assert model.result_.objective <= known.objective + 1e-8


def test_a_component_too_many_is_said_to_be_another_one():
    y = np.repeat(np.arange(8.0), [47, 46, 18, 13, 5, 10, 3, 2])
    nothing = np.zeros((y.size, 1))
    two = Constant(Mixture(Poisson(), 2)).fit(nothing, y)
    with pytest.warns(ConvergenceWarning, match="boundary"):
        three = Constant(Mixture(Poisson(), 3)).fit(nothing, y)
    assert three.result_.status is Status.boundary
    assert three.log_likelihood_ == pytest.approx(two.log_likelihood_, abs=1e-8)
    with pytest.warns(ConvergenceWarning, match="boundary"):
        found = Mixture(Poisson(), 3).fit(y)
    assert found.log_prob(y).sum() == pytest.approx(two.log_likelihood_, abs=1e-8)


def test_degrees_of_freedom_without_an_estimate_stay_told():
    """Trials stop early enough on the way to infinity that the fit still sees where it leads."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(60, 1))
    y = np.where(rng.random(60) < 0.5, 4.0 + x[:, 0], -x[:, 0]) + rng.uniform(-1.0, 1.0, 60)
    with pytest.warns(ConvergenceWarning, match="df1 goes to ∞, df2 goes to ∞"):
        model = Linear(Mixture(StudentT(scale=shared, df=shared), 2)).fit(x, y)
    normal = Linear(Mixture(Normal(scale=shared), 2)).fit(x, y)
    assert model.log_likelihood_ == pytest.approx(normal.log_likelihood_, abs=1e-4)


@pytest.mark.parametrize(
    "family", [Mixture(Poisson(), 2), Mixture(Normal(scale=shared), 2)], ids=repr
)
@pytest.mark.parametrize("seed", range(3))
def test_given_x_neither_the_order_of_rows_matters_nor_whether_they_are_repeated(family, seed):
    """The same maximum with the same component first."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 1))
    mean = np.exp(np.where(rng.random(40) < 0.5, 2.0, 0.5) + 0.4 * x[:, 0])
    y = rng.poisson(mean).astype(float)
    if "Normal" in repr(family):
        y = mean + 0.5 * rng.normal(size=40)
    weight = rng.integers(1, 4, 40)
    model = Linear(family).fit(x, y, sample_weight=weight.astype(float))
    rows = rng.permutation(np.repeat(np.arange(40), weight))
    again = Linear(family).fit(x[rows], y[rows])
    assert again.result_.objective == pytest.approx(model.result_.objective, abs=1e-8)
    np.testing.assert_allclose(
        again.result_.parameters, model.result_.parameters, rtol=1e-5, atol=1e-7
    )


def test_more_components_than_can_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="at most 100 components, got 1,000,000"):
        Mixture(Weibull(), 10**6)
    with pytest.raises(ValueError, match="at most 100 components, got 101"):
        Mixture(*[Weibull()] * 101)
    with pytest.raises(ValueError, match="5 components to be learned from 4 rows"):
        Mixture(Poisson(), 5).fit([0.0, 1.0, 2.0, 7.0])
    with pytest.raises(ValueError, match="3 components to be learned from 2 rows"):
        Linear(Truncated(Mixture(Normal(), 3), low=0.0)).fit(
            np.arange(4.0)[:, None],
            np.arange(1.0, 5.0),
            sample_weight=np.array([1.0, 0.0, 1.0, 0.0]),
        )
    assert (
        len(Mixture(Normal(loc=0.0, scale=1.0), Normal()).fit([0.1, 2.0, 2.5, 3.0]).parameters) == 5
    )


def test_few_counts_whose_components_few_starts_lead_to():
    x = np.array(
        [-0.668, 0.161, 0.251, 1.902, -1.302, 0.996, -0.168, 1.356, 0.373, 1.689, -0.136, -0.465]
    )
    y = np.array([4.0, 6.0, 4.0, 3.0, 4.0, 1.0, 1.0, 0.0, 4.0, 2.0, 0.0, 2.0])
    model = Linear(Mixture(Poisson(), 2)).fit(x[:, None], y)
    assert model.result_.status is Status.converged
    coefficients = np.array([-1.901, -5.06, 1.162, -0.178, 1.409])
    first, second = (np.exp(a + b * x) for a, b in coefficients[:4].reshape(2, 2))
    second_share = 1.0 / (1.0 + np.exp(-coefficients[4]))
    known = -np.log(
        (1.0 - second_share) * poisson.pmf(y, first) + second_share * poisson.pmf(y, second)
    ).sum()
    assert known < 22.49
    assert model.result_.objective <= known + 1e-8


def test_a_row_of_weight_2_is_two_rows():
    with pytest.warns(ConvergenceWarning, match="boundary"):
        twice = Mixture(Poisson(), 2).fit([3.0, 3.0])
    with pytest.warns(ConvergenceWarning, match="boundary"):
        heavy = Mixture(Poisson(), 2).fit([3.0], sample_weight=[2.0])
    for name, value in twice.parameters.items():
        assert heavy.parameters[name] == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("family", [GeneralisedPareto(), GeneralisedExtremeValue()], ids=str)
def test_components_that_come_to_the_end_of_their_support(family):
    """Rounding leads across it: that trial is none, and the fit says how it ends."""
    rng = np.random.default_rng([4, len(str(family)) - 2])
    x = rng.normal(size=(12, 1))
    y = rng.gamma(2, 1, 12) if "Pareto" in str(family) else rng.standard_t(2, 12)
    with pytest.warns(ConvergenceWarning, match="unbounded"):
        model = Linear(Mixture(family, 2), max_iter=60).fit(x, y)
    assert model.result_.status is Status.unbounded


@pytest.mark.parametrize("families", [(Gamma(), Normal()), (Normal(), Gamma())], ids=repr)
def test_a_row_outside_the_support_of_a_component_is_none_of_its_own(families):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 1))
    own = rng.random(200) < 0.5
    amounts, errors = rng.gamma(2.0, np.exp(0.5 * x[:, 0]) / 2.0), rng.normal(x[:, 0] - 1.0, 0.5)
    model = Linear(Mixture(*families)).fit(x, np.where(own, amounts, errors))
    assert model.result_.status is Status.converged
    at = {type(family).__name__: str(j) for j, family in enumerate(families, 1)}
    assert model.coef_["mean" + at["Gamma"]] == pytest.approx(0.5, abs=0.15)
    assert model.coef_["loc" + at["Normal"]] == pytest.approx(1.0, abs=0.15)
