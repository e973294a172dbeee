"""What the complete data would tell: its mean over y in closed form, its bound on the Fisher information, and trees."""

import numpy as np
import pytest
from scipy.stats import norm

from likely import (
    Censored,
    Discretised,
    Gamma,
    Hurdle,
    Independent,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    Transformed,
    Trees,
    Truncated,
    Weibull,
    ZeroInflated,
    predicted,
)

K = np.arange(400.0)


def information(family, raw):
    (matrix,) = family.curvature([1.0], np.atleast_2d(raw), "expected")
    return matrix


def means(family, raw, y, mass):
    """E[complete] and E[observed], over y of these probabilities."""
    rows = np.repeat(np.atleast_2d(raw), y.size, axis=0)
    each = [family.curvature(y, rows, kind) for kind in ("complete", "observed")]
    assert np.linalg.eigvalsh(each[0]).min() > -1e-12
    return [np.einsum("n,nij->ij", mass, one) for one in each]


def assert_bounds(complete, fisher):
    """What is unseen takes information away, never adds any."""
    assert np.linalg.eigvalsh(complete - fisher).min() > -1e-9


def probabilities(family, raw):
    return np.exp(-family.nll(K, np.repeat(np.atleast_2d(raw), K.size, axis=0)))


def test_of_inflated_counts():
    family, raw = ZeroInflated(NegativeBinomial(size=2.0)), np.array([0.4, -0.7])
    complete, fisher = means(family, raw, K, probabilities(family, raw))
    pi = 1.0 / (1.0 + np.exp(0.7))
    wanted = np.diag(
        [(1.0 - pi) * information(NegativeBinomial(size=2.0), [0.4])[0, 0], pi * (1.0 - pi)]
    )
    np.testing.assert_allclose(complete, wanted, rtol=1e-10, atol=1e-14)
    assert_bounds(complete, fisher)


def test_of_a_hurdle_counts_the_zeros_that_were_not_let_through():
    family, raw = Hurdle(Poisson()), np.array([-0.3, 0.2])
    complete, fisher = means(family, raw, K, probabilities(family, raw))
    pi, mean = 1.0 / (1.0 + np.exp(-0.2)), np.exp(-0.3)
    wanted = np.diag([(1.0 - pi) * mean / -np.expm1(-mean), pi * (1.0 - pi)])
    np.testing.assert_allclose(complete, wanted, rtol=1e-10, atol=1e-14)
    assert_bounds(complete, fisher)


def test_of_a_mixture():
    family = Mixture(Normal(), 3)
    raw = np.array([-1.0, 0.2, 0.5, -0.3, 2.0, 0.1, 0.4, -0.8])
    y, step = np.linspace(-25.0, 25.0, 20001, retstep=True)
    mass = np.exp(-family.nll(y, np.repeat(raw[None], y.size, axis=0))) * step
    complete, fisher = means(family, raw, y, mass)
    w = np.exp([0.0, 0.4, -0.8])
    w /= w.sum()
    wanted = np.zeros((8, 8))
    for j in range(3):
        at = slice(2 * j, 2 * j + 2)
        wanted[at, at] = w[j] * information(Normal(), raw[at])
    wanted[6:, 6:] = (np.diag(w) - np.outer(w, w))[1:, 1:]
    np.testing.assert_allclose(complete, wanted, rtol=1e-9, atol=1e-12)
    assert_bounds(complete, fisher)


def test_a_row_tells_of_a_component_as_much_as_it_is_likely_to_be_its():
    raw = np.array([[0.0, 0.0, 3.0, 0.0, 0.5]])
    found = Mixture(Normal(), 2).curvature([1.2], raw, "complete")[0]
    densities = np.array([1.0, np.exp(0.5)]) * norm.pdf([1.2, 1.2], [0.0, 3.0])
    shares = densities / densities.sum()
    np.testing.assert_allclose(np.diag(found)[:4], np.outer(shares, [1.0, 2.0]).ravel())


def test_modifiers_of_modified_families():
    """Inflated mixtures, mixtures of inflated counts, several targets, and functions of y."""
    inner, raw = Mixture(Poisson(), 2), np.array([[0.1, 1.5, 0.3, -0.5]])
    family = ZeroInflated(inner)
    complete, fisher = means(family, raw, K, probabilities(family, raw))
    pi, rest = 1.0 / (1.0 + np.exp(0.5)), 1.0 / (1.0 + np.exp(-0.5))
    inside = means(inner, raw[:, :3], K, probabilities(inner, raw[:, :3]))[0]
    np.testing.assert_allclose(complete[:3, :3], rest * inside, rtol=1e-10)
    np.testing.assert_allclose(complete[3, 3], pi * rest)
    assert_bounds(complete, fisher)

    both = Independent(a=family, b=Normal())
    found = both.curvature([[0.0, 2.0]], np.hstack([raw, [[0.3, 0.2]]]), "complete")
    np.testing.assert_allclose(found[0, :4, :4], family.curvature([0.0], raw, "complete")[0])
    np.testing.assert_allclose(found[0, 4:, 4:], information(Normal(), [0.3, 0.2]))

    odds = np.array([[0.1, 0.2, 0.8, -0.3, 0.3]])
    np.testing.assert_allclose(
        Transformed(Mixture(Normal(), 2), "log").curvature([2.0], odds, "complete"),
        Mixture(Normal(), 2).curvature([np.log(2.0)], odds, "complete"),
    )


def test_expected_where_it_has_a_closed_form():
    """Zeros among amounts are seen to be inflated: nothing is unseen."""
    family, raw = ZeroInflated(Gamma()), np.array([[0.3, 0.8, -0.4]])
    y, step = np.linspace(-30.0, 6.0, 20001, retstep=True)
    y = np.exp(y)
    mass = np.exp(-family.nll(y, np.repeat(raw, y.size, axis=0))) * y * step
    observed = family.curvature(np.r_[0.0, y], np.repeat(raw, y.size + 1, axis=0), "observed")
    zero = np.exp(-family.nll([0.0], raw))
    wanted = np.einsum("n,nij->ij", np.r_[zero, mass], observed)
    np.testing.assert_allclose(information(family, raw[0]), wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("family", [Censored(Weibull()), Discretised(Weibull())], ids=repr)
def test_of_bounds_is_that_of_the_number_between_them(family):
    raw = np.array([[0.5, 0.2]])
    y = [[1.0, np.inf]] if isinstance(family, Censored) else [3.0]
    np.testing.assert_allclose(
        family.curvature(y, raw, "complete")[0], information(Weibull(), raw[0])
    )


@pytest.mark.parametrize(
    ("family", "kind", "message"),
    [
        (Mixture(Normal(), 2), "expected", r'no expected_information.* use kind="complete"'),
        (Normal(), "complete", r'no complete_information.* use kind="expected"'),
        (Truncated(Normal(), low=0.0), "complete", r'no complete_information.* use kind="observed"'),
        (Censored(Mixture(Weibull(), 2)), "complete", r'use kind="observed"'),
        (Normal(), "fisher", r'kind must be "observed", "expected" or "complete", got \'fisher\''),
    ],
)  # fmt: skip
def test_what_a_family_does_not_have(family, kind, message):
    y = [[1.0, 2.0]] if isinstance(family, Censored) else [1.0]
    with pytest.raises(ValueError, match=message):
        family.curvature(y, np.zeros((1, len(family.raw_columns))), kind)


QUICK = {"random_state": 0, "verbose": False, "max_iter": 120}


@pytest.mark.parametrize(
    ("family", "draw"),
    [
        (Mixture(Normal(), 2), lambda r, eta: np.where(r.random(eta.size) < 0.35,
         1.5 * eta - 2.0 + 0.5 * r.normal(size=eta.size), eta + 3.0 + r.normal(size=eta.size))),
        (ZeroInflated(Poisson(), inflation=predicted),
         lambda r, eta: r.poisson(np.exp(eta)) * (r.random(eta.size) < 0.6)),
        (Hurdle(Poisson()), lambda r, eta: np.maximum(1, r.poisson(np.exp(eta))) * (r.random(eta.size) < 0.6)),
    ],
    ids=["mixture", "inflated", "hurdle"],
)  # fmt: skip
def test_trees_learn_more_from_curvature_by_row(family, draw):
    """New rows are likelier than under one curvature for all rows."""
    rng = np.random.default_rng(4)
    X = rng.uniform(-2.0, 2.0, size=(1600, 2))
    y = draw(rng, 0.5 + 0.7 * np.sin(2.0 * X[:, 0]) + 0.3 * X[:, 1])
    model = Trees(family, **QUICK).fit(X[:800], y[:800])
    assert model.curvature_ == "complete"
    other = Trees(family, curvature="empirical", **QUICK).fit(X[:800], y[:800])
    assert model.score(X[800:], y[800:]) > other.score(X[800:], y[800:]) + 0.003


def test_boosters_follow_the_same_rule():
    from likely.catboost import Objective as CatBoost
    from likely.lightgbm import Objective as LightGBM

    y = np.random.default_rng(5).normal(size=50)
    family = Mixture(Normal(), 2, odds2=predicted)
    assert LightGBM(family, y).curvature == CatBoost(family, y).curvature == "complete"
    assert LightGBM(Truncated(Normal(), low=-9.0), y).curvature == "empirical"
    assert LightGBM("normal", y).curvature == "expected"
    with pytest.raises(ValueError, match="curvature must be one of auto, expected, complete"):
        LightGBM("normal", y, curvature="fisher")
    with pytest.raises(ValueError, match=r'no expected_information.*use curvature="complete"'):
        LightGBM(family, y, curvature="expected")
