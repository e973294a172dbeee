"""Points at the ends of a continuous family: the likelihood is a product of three, and each is a fit of its own."""

import numpy as np
import pytest
from scipy import optimize, stats

from likely import (
    Bernoulli,
    Beta,
    Categorical,
    Constant,
    ConvergenceWarning,
    Exponential,
    Gamma,
    Hurdle,
    Inflated,
    InverseGaussian,
    Linear,
    Mixture,
    Network,
    Normal,
    Poisson,
    Transformed,
    Trees,
    Truncated,
    VonMises,
    ZeroInflated,
    load,
    predicted,
)

BOTH = Inflated(Beta(), at=(0, 1))
ALL = Inflated(Beta(precision=predicted), at=(0, 1), inflation=predicted, upper_share=predicted)


def rows(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))

    def probability(eta):
        return 1.0 / (1.0 + np.exp(-eta))

    mean = probability(0.4 + 0.6 * X[:, 0])
    y = rng.beta(6.0 * mean, 6.0 * (1.0 - mean))
    at_end = rng.random(n) < probability(-0.8 + 0.7 * X[:, 1])
    return X, np.where(at_end, rng.random(n) < probability(1.2 * X[:, 0]), y)


def test_a_fit_is_three_fits():
    """Whether a row is at an end, at which end, and the proportions inside."""
    X, y = rows()
    at_end = (y == 0.0) | (y == 1.0)
    model = Linear(ALL).fit(X, y)
    which = Linear(Bernoulli()).fit(X, at_end)
    upper = Linear(Bernoulli()).fit(X[at_end], y[at_end] == 1.0)
    inside = Linear(Beta(precision=predicted)).fit(X[~at_end], y[~at_end])
    for name, other, of in (
        ("inflation", which, "probs"),
        ("upper_share", upper, "probs"),
        ("mean", inside, "mean"),
        ("precision", inside, "precision"),
    ):
        np.testing.assert_allclose(model.coef_[name], other.coef_[of], rtol=1e-7, atol=1e-9)
    total = y.size * which.score(X, at_end) + inside.score(X[~at_end], y[~at_end]) * (~at_end).sum()
    total += upper.score(X[at_end], y[at_end] == 1.0) * at_end.sum()
    assert model.score(X, y) * y.size == pytest.approx(total, rel=1e-12)


def test_the_constant_is_shares_and_a_beta_by_scipy():
    _, y = rows()
    found = BOTH.fit(y).parameters
    inside = y[(y > 0.0) & (y < 1.0)]
    a, b = optimize.minimize(
        lambda p: -stats.beta.logpdf(inside, *np.exp(p)).mean(), [0.5, 0.5], method="BFGS",
        options={"gtol": 1e-9},
    ).x  # fmt: skip
    a, b = np.exp(a), np.exp(b)
    assert found["mean"] == pytest.approx(a / (a + b), rel=1e-5)
    assert found["precision"] == pytest.approx(a + b, rel=1e-5)
    assert found["inflation"] == pytest.approx(1.0 - inside.size / y.size, rel=1e-12)
    assert found["upper_share"] == pytest.approx((y == 1).sum() / (y.size - inside.size), rel=1e-12)
    shares = Categorical(3).fit(np.where(y == 0.0, 0, np.where(y == 1.0, 2, 1)))
    d = BOTH.at(**found)
    np.testing.assert_allclose(
        [d.prob(0.0), found["inflation"], d.prob(1.0)],
        [shares.prob(0), 1.0 - shares.prob(1), shares.prob(2)],
    )


def test_one_point_at_zero_is_zero_inflation():
    _, y = rows()
    y = y[y < 1.0]
    raw = np.random.default_rng(1).normal(size=(y.size, 3))
    one, other = Inflated(Beta(), at=0), ZeroInflated(Beta())
    np.testing.assert_array_equal(one.nll(y, raw), other.nll(y, raw))
    np.testing.assert_array_equal(one.curvature(y, raw), other.curvature(y, raw))
    assert Inflated(Gamma(), at=0).parameters == ZeroInflated(Gamma()).parameters


def test_the_ends_are_alike():
    """Reflected, the upper end takes the place of the lower one."""
    _, y = rows()
    for family in (BOTH, Inflated(Beta(), at=1)):
        here = family.fit(y if family is BOTH else y[y > 0.0]).parameters
        other = BOTH if family is BOTH else Inflated(Beta(), at=0)
        there = other.fit(1.0 - (y if family is BOTH else y[y > 0.0])).parameters
        assert there["mean"] == pytest.approx(1.0 - here["mean"], rel=1e-8)
        assert there["inflation"] == pytest.approx(here["inflation"], rel=1e-12)
        if family is BOTH:
            assert there["upper_share"] == pytest.approx(1.0 - here["upper_share"], rel=1e-12)


def test_the_distribution_jumps_at_the_ends():
    d = BOTH.at(mean=0.5, precision=2.0, inflation=0.6, upper_share=2.0 / 3.0)  # flat inside
    np.testing.assert_allclose(d.prob([0.0, 0.5, 1.0]), [0.2, 0.4, 0.4])
    np.testing.assert_allclose(
        d.cdf([-0.1, 0.0, 0.25, 0.999999, 1.0]), [0.0, 0.2, 0.3, 0.5999996, 1.0]
    )
    np.testing.assert_allclose(d.sf([-0.1, 0.0, 0.25, 1.0]), [1.0, 0.8, 0.7, 0.0])
    np.testing.assert_allclose(
        d.quantile([0.0, 0.1, 0.2, 0.3, 0.59, 0.61, 1.0]), [0.0, 0.0, 0.0, 0.25, 0.975, 1.0, 1.0]
    )
    np.testing.assert_allclose(
        d.isf([1.0, 0.81, 0.7, 0.41, 0.39, 0.0]), [0.0, 0.0, 0.25, 0.975, 1.0, 1.0]
    )
    assert d.mean() == pytest.approx(0.6)
    assert d.var() == pytest.approx(0.2 * 0.36 + 0.4 * 0.16 + 0.4 * (1.0 / 12.0 + 0.01))
    drawn = d.sample(20_000, 0)
    assert (drawn == 0.0).mean() == pytest.approx(0.2, abs=0.012)
    assert (drawn == 1.0).mean() == pytest.approx(0.4, abs=0.015)
    modes = [
        BOTH.at(mean=0.5, precision=2.0, inflation=0.6, upper_share=s).mode()
        for s in (0.4, 0.5, 0.6)
    ]
    assert modes == [0.0, 0.0, 1.0]


def test_no_ones_are_on_the_boundary():
    X, y = rows()
    y = np.where(y == 1.0, 0.0, y)
    with pytest.warns(ConvergenceWarning, match="upper_share"):
        model = Linear(BOTH).fit(X, y)
    assert model.result_.status.name == "boundary"
    assert model.predict_params(X[:1])["upper_share"][0] < 1e-6
    only = Linear(Inflated(Beta(), at=0)).fit(X, y)
    assert model.score(X, y) == pytest.approx(only.score(X, y), rel=1e-9)
    np.testing.assert_allclose(model.coef_["mean"], only.coef_["mean"], rtol=1e-6)


def test_neither_zeros_nor_ones():
    X, y = rows()
    inside = (y > 0.0) & (y < 1.0)
    X, y = X[inside], y[inside]
    given = Inflated(Beta(), at=(0, 1), upper_share=0.5)  # nothing tells which end is likelier
    with pytest.warns(ConvergenceWarning, match="intercept of inflation"):
        model = Constant(given).fit(X, y)
    assert model.result_.status.name == "boundary"
    assert model.score(X, y) == pytest.approx(Beta().fit(y).log_prob(y).mean())


@pytest.mark.parametrize("estimator", [Constant, Linear])
def test_an_end_without_rows_says_nothing_of_its_share(estimator):
    X, y = rows(400)
    inside = (y > 0.0) & (y < 1.0)
    X, y = X[inside], y[inside]
    with pytest.warns(ConvergenceWarning, match="No row depends on intercept of upper_share"):
        model = estimator(BOTH).fit(X, y)
    assert model.result_.status.name == "boundary"
    assert (
        "Without a finite estimate: intercept of inflation (inflation goes to 0);"
        in model.result_.message
    )
    assert model.result_.iterations < 20
    alone = estimator(Beta()).fit(X, y)
    assert model.log_likelihood_ == pytest.approx(alone.log_likelihood_, abs=1e-6)
    lost = {row.parameter for row in model.summary().rows if np.isnan(row.std_error)}
    assert lost == {"inflation", "upper_share"}
    with pytest.warns(ConvergenceWarning, match="No row depends on intercept of upper_share"):
        known = estimator(Inflated(Beta(), at=(0, 1), inflation=0.1)).fit(X, y)
    assert known.result_.status.name == "rank_deficient"
    np.testing.assert_allclose(known.intercept_["precision"], alone.intercept_["precision"])


@pytest.mark.parametrize(
    ("family", "y", "silent"),
    [
        (BOTH, np.repeat([0.0, 1.0], [30, 20]), "intercept of mean, intercept of precision"),
        (ZeroInflated(Gamma()), np.zeros(30), "intercept of mean, intercept of shape"),
    ],
    ids=str,
)
def test_rows_at_the_ends_alone_say_nothing_of_what_is_between(family, y, silent):
    with pytest.warns(ConvergenceWarning, match=f"No row depends on {silent}"):
        model = Constant(family).fit(np.zeros((y.size, 1)), y)
    assert model.result_.status.name == "boundary"
    assert model.predict_params(np.zeros((1, 1)))["inflation"] == pytest.approx(1.0)
    share = y.mean()
    entropy = share * np.log(share) + (1.0 - share) * np.log(1.0 - share) if share else 0.0
    assert model.log_likelihood_ == pytest.approx(y.size * entropy, abs=1e-6)


def test_other_ends():
    """Scores from 0 to 10, answers on a bounded scale, and a family whose end is in its support already."""
    _, y = rows()
    scores = Inflated(Transformed(Beta(), "affine", factor=10.0), at=(0, 10)).fit(10.0 * y)
    assert scores.parameters["mean"] == pytest.approx(BOTH.fit(y).parameters["mean"], rel=1e-8)
    assert scores.mean() == pytest.approx(10.0 * BOTH.fit(y).mean(), rel=1e-8)
    seen = Inflated(Truncated(Normal(), low=0.0, high=1.0), at=(0, 1)).fit(y)
    assert seen.parameters["inflation"] == pytest.approx(BOTH.fit(y).parameters["inflation"])
    assert Inflated(Exponential(), at=0).at(mean=2.0, inflation=0.25).prob(0.0) == 0.25


def test_trees_and_networks_learn_all_three(tmp_path):
    X, y = rows()
    share = {"random_state": 0, "verbose": False}
    flat = Constant(ALL).fit(X, y).score(X, y)
    linear = Linear(ALL).fit(X, y)
    trees = Trees(ALL, max_iter=60, **share).fit(X, y)
    assert trees.curvature_ == "expected"
    assert trees.score(X, y) > flat + 0.05
    network = Network(ALL, max_epochs=15, **share).fit(X, y)
    assert network.score(X, y) > flat + 0.05
    linear.save(tmp_path / "m")
    back = load(tmp_path / "m")
    assert back.family_ == ALL
    np.testing.assert_array_equal(back.predict(X, point="mean"), linear.predict(X, point="mean"))


def test_explained():
    told = str(BOTH.explain())
    assert "if y = 0" in told
    assert "y in [0, 1]" in told


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Inflated(Beta(), at=2), ValueError, r"for Beta are at 0 and 1; 2 is not one"),
        (lambda: Inflated(Gamma(), at=(0, 1)), ValueError, r"for Gamma are at 0; 1 is not one"),
        (lambda: Inflated(Beta()), ValueError, r"none was given: name them, at=\(0, 1\)"),
        (lambda: Inflated(Gamma(), at=()), ValueError, "none was given: name them, at=0"),
        (lambda: Inflated(Beta(), at="a"), TypeError, "at must be a number"),
        (lambda: Inflated(Normal(), at=0), TypeError, r"Normal lies in ℝ, which has none"),
        (lambda: Inflated(VonMises(), at=0), TypeError, "which has none"),
        (lambda: Inflated(Poisson(), at=0), TypeError, r"ZeroInflated\(\) and Hurdle\(\) are for counts"),
        (lambda: Inflated(Bernoulli(), at=0), TypeError, "y are classes"),
        (lambda: Inflated(ZeroInflated(Beta()), at=1), TypeError, r"name all points in one, at=\(0, 1\)"),
        (lambda: ZeroInflated(Inflated(Beta(), at=1)), TypeError, "modified already"),
        (lambda: Hurdle(Inflated(Beta(), at=1)), TypeError, "needs counts from 0"),
        (lambda: Mixture(BOTH, 2), TypeError, r"inflate the mixture, Inflated\(Mixture"),
        (lambda: Transformed(BOTH, "affine", factor=2.0), TypeError, r"Inflated\(Transformed\(...\)\)"),
        (lambda: Truncated(BOTH, low=0.1), TypeError, r"Inflated\(Truncated\(...\)\)"),
        (lambda: Inflated(Beta(), at=0, upper_share=0.5), TypeError, "no parameter 'upper_share'"),
        (lambda: BOTH.fit([0.0, 0.3, 1.5]), ValueError, r"outside the support \[0, 1\].*row 2"),
        (lambda: Beta().fit([0.0, 0.3, 1.0]), ValueError, r"Inflated\(family, at=\(0, 1\)\)"),
    ],
)  # fmt: skip
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.filterwarnings("error")
def test_the_variance_about_an_infinite_mean_is_infinite():
    """The exponential of an InverseGaussian has a mean where shape > 2 mean² alone."""
    law = Inflated(Transformed(InverseGaussian(), "log"), at=1).at(
        mean=2.0, shape=[1.0, 64.0], inflation=0.5
    )
    assert np.isinf(law.mean()).tolist() == [True, False]
    assert np.isinf(law.var()).tolist() == [True, False]
