"""Scores by their formulas, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

import likely
from likely.inference.categorical import CategoricalPredictive
from likely.inference.predictive import Predictive
from likely.scoring import accuracy, brier, coverage, log_loss, mean_nll

RNG = np.random.default_rng(0)


def test_mean_nll_weighs_rows_as_frequencies():
    d = likely.Normal().at(loc=[0.0, 1.0, 2.0], scale=1.0)
    y = np.array([0.5, 1.0, 0.0])
    assert mean_nll(d, y) == pytest.approx(-d.log_prob(y).mean())
    twice = likely.Normal().at(loc=[0.0, 0.0, 2.0], scale=1.0)
    assert mean_nll(d, y, [2, 0, 1]) == pytest.approx(mean_nll(twice, [0.5, 0.5, 0.0]))


def test_an_impossible_row_costs_infinity_unless_it_is_not_there():
    d = likely.Gamma().at(mean=[1.0, 1.0], shape=[2.0, 2.0])
    assert mean_nll(d, [1.0, -1.0]) == np.inf
    assert np.isfinite(mean_nll(d, [1.0, -1.0], [1.0, 0.0]))


def test_coverage_is_the_level_for_a_calibrated_family():
    d = likely.StudentT().at(loc=RNG.normal(size=4000), scale=2.0, df=3.0)
    y = d.sample(1, 1)[:, 0]
    for level in (0.5, 0.8, 0.95):
        assert coverage(d, y, level) == pytest.approx(level, abs=0.025)
    counts = likely.Poisson().at(mean=np.exp(RNG.normal(size=4000)))
    assert coverage(counts, counts.sample(1, 2)[:, 0], 0.8) > 0.8
    assert coverage(d, y, 0.8, np.arange(4000) < 10) == pytest.approx(coverage(d[:10], y[:10], 0.8))


def test_scores_of_classes_are_scikit_learn_s():
    raw = RNG.normal(size=(3, 200))
    labels = np.array(["a", "b", "c"])
    d = CategoricalPredictive(likely.Categorical(3).loss(), raw, labels)
    y = labels[RNG.integers(0, 3, 200)]
    w = RNG.random(200)
    p = d.probabilities()
    assert accuracy(d, y, w) == pytest.approx(metrics.accuracy_score(y, d.mode(), sample_weight=w))
    assert log_loss(d, y, w) == pytest.approx(metrics.log_loss(y, p, sample_weight=w))
    assert brier(d, y) == pytest.approx(((p - (y[:, None] == labels)) ** 2).sum(axis=1).mean())


def test_scores_of_two_classes():
    d = Predictive(likely.Bernoulli().loss(), RNG.normal(size=(1, 100)))
    y = RNG.integers(0, 2, 100)
    p = d.probabilities()
    assert brier(d, y) == pytest.approx(2 * metrics.brier_score_loss(y, p[:, 1]))
    assert log_loss(d, y) == pytest.approx(metrics.log_loss(y, p))
    assert accuracy(d, y) == pytest.approx(((p[:, 1] > 0.5) == y).mean())


def test_scores_need_rows():
    d = likely.Normal().at(loc=[0.0, 1.0], scale=1.0)
    with pytest.raises(ValueError, match="n ≥ 1 rows"):
        mean_nll(d[:0], [])
    with pytest.raises(ValueError, match="sample_weight"):
        mean_nll(d, [0.0, 1.0], [1.0, -1.0])
