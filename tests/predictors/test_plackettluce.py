"""PlackettLuce in the learners: rankings of items given x."""

from itertools import permutations

import numpy as np
import pytest

from likely import Bernoulli, Constant, ConvergenceWarning, Linear, PlackettLuce, load

N = 400
RNG = np.random.default_rng(7)
X = RNG.normal(size=(N, 2))
BETA = np.array([[1.0, 0.0, -0.5, -0.5], [0.0, 0.8, 0.0, -0.8]])
WORTH = X @ BETA + [0.5, 0.0, 0.0, -0.5]
Y = np.argsort(np.argsort(-WORTH - RNG.gumbel(size=(N, 4)), axis=1), axis=1) + 1.0
TOP = np.where((Y > 2.0) & (np.arange(N) % 2 == 0)[:, None], np.nan, Y)


@pytest.mark.parametrize("y", [Y, TOP], ids=["whole", "top 2 of every other"])
def test_finds_what_generated_the_data(y):
    model = Linear(PlackettLuce()).fit(X, y)
    assert model.result_.status.name == "converged"
    np.testing.assert_allclose(model.coef_["worth"].sum(axis=0), 0.0, atol=1e-10)
    rows = {(r.parameter, r.term): r for r in model.summary(level=0.999).rows}
    for item in range(4):
        for j in range(2):
            row = rows[f"worth[{item}]", f"x{j}"]
            assert row.low < BETA[j, item] < row.high
    contrasts = model.summary(reference=3).rows
    assert [r.parameter for r in contrasts][::3] == ["worth[0]", "worth[1]", "worth[2]"]


def test_two_items_are_bradley_and_terry():
    first = RNG.random(N) < 1.0 / (1.0 + np.exp(-X[:, 0]))
    y = np.where(first[:, None], [1.0, 2.0], [2.0, 1.0])
    rank, yes = Linear(PlackettLuce()).fit(X, y), Linear(Bernoulli()).fit(X, first)
    assert rank.log_likelihood_ == pytest.approx(yes.log_likelihood_, rel=1e-12)
    worth = rank.coef_["worth"]
    np.testing.assert_allclose(worth[0] - worth[1], yes.coef_["probs"], rtol=1e-7)
    assert rank.aic_ == pytest.approx(yes.aic_)
    np.testing.assert_allclose(
        rank.predict_dist(X).beats(0, 1), yes.predict_proba(X)[:, 1], rtol=1e-9
    )


def test_predictions_are_rankings(tmp_path):
    model = Linear(PlackettLuce(4)).fit(X, Y)
    d = model.predict_dist(X)
    ranks = model.predict(X)
    np.testing.assert_array_equal(np.sort(ranks, axis=1), np.tile([1.0, 2, 3, 4], (N, 1)))
    everyone = np.array([np.argsort(p) + 1.0 for p in permutations(range(4))])
    p = d[5].prob(everyone)
    assert p.sum() == pytest.approx(1.0)
    assert d[5].prob(ranks[5]) == p.max()
    np.testing.assert_allclose(d[5].mean(), p @ everyone, rtol=1e-10)
    np.testing.assert_allclose(d[5].probabilities(), p @ (everyone == 1.0), rtol=1e-10)
    draws = d[5].sample(40_000, 0)
    np.testing.assert_allclose(draws.mean(axis=0), d[5].mean(), atol=0.03)
    assert d.sample(3, 0).shape == (N, 3, 4)
    assert model.score(X, Y) == pytest.approx(model.log_likelihood_ / N)
    with pytest.raises(AttributeError, match=r"median is not defined .*: rankings are no numbers"):
        model.predict(X, point="median")
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict(X), ranks)


def test_fit_and_constant_agree():
    fitted = PlackettLuce().fit(TOP)
    constant = Constant(PlackettLuce()).fit(X, TOP)
    np.testing.assert_allclose(
        constant.predict_params(X[:1])["worth"][0], fitted.parameters["worth"], rtol=1e-7
    )
    # Places of the first alone are frequencies.
    first = np.where(Y == 1.0, 1.0, np.nan)
    np.testing.assert_allclose(
        PlackettLuce().fit(first).probabilities(), (Y == 1.0).mean(axis=0), rtol=1e-7
    )


def test_an_item_that_always_wins_has_no_finite_worth():
    y = Y.copy()
    y[:, 0] = 0.5
    y = np.argsort(np.argsort(y, axis=1), axis=1) + 1.0
    with pytest.warns(ConvergenceWarning, match=r"worth\[0\]"):
        model = Linear(PlackettLuce()).fit(X, y)
    assert model.result_.status.name in ("boundary", "separated")
