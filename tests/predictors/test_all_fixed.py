"""Families whose parameters are all given: nothing to estimate, and the log-likelihood is the fit."""

import numpy as np
import pytest

from likely import Constant, Linear, Normal, Poisson, load
from likely.catalogue import family_class
from likely.families import registry
from likely.fitting import Status

#: A value inside every domain that a parameter of one number may have.
INSIDE = {"real": 0.3, "positive": 1.7, "circular": 3.0, "unit_interval": 0.4}
NAMES = [
    name
    for name in registry.modules()
    if all(p.domain.name in INSIDE for p in registry.specification(name).parameters.values())
]


@pytest.fixture(name="X")
def design():
    return np.arange(40.0)[:, None]


def fixed(name):
    parameters = registry.specification(name).parameters
    return family_class(name)(**{k: INSIDE[p.domain.name] for k, p in parameters.items()})


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_of_nothing_reports_the_log_likelihood(name, X):
    family = fixed(name)
    truth = family.at()
    y = np.ravel(truth.sample(40, 0))
    y[:2] = y.min(), y.max()  # two classes at least, for Bernoulli
    weight = np.arange(40.0) % 3
    alone = family.fit(y)
    np.testing.assert_allclose(alone.log_prob(y), truth.log_prob(y), rtol=1e-14)
    assert alone.mean() == pytest.approx(truth.mean())
    for predictor in (Constant, Linear):
        model = predictor(family).fit(X, y, sample_weight=weight)
        assert model.result_.status is Status.converged
        assert model.result_.parameters.size == 0
        assert model.log_likelihood_ == pytest.approx(weight @ truth.log_prob(y), rel=1e-13)
        assert model.aic_ == pytest.approx(-2.0 * model.log_likelihood_)
        assert (model.result_.n_rows, model.result_.weight) == (26, weight.sum())
        np.testing.assert_allclose(model.predict(X[:3], point="mean"), np.full(3, truth.mean()))
        assert model.predict_dist(X[:3]).sample(2, 0).shape == (3, 2)
        assert model.predict_dist(X[:3])[1].mean() == pytest.approx(truth.mean())


def test_the_summary_says_so_and_a_saved_model_comes_back(X, tmp_path):
    y = np.linspace(-1.0, 1.0, 40)
    model = Linear(Normal(loc=0.0, scale=1.0)).fit(X, y)
    assert "log-likelihood" in str(model.summary())
    assert "nothing to estimate" in model.result_.message
    model.save(tmp_path / "model")
    assert load(tmp_path / "model").score(X, y) == model.score(X, y)


def test_what_makes_no_sense_is_an_error(X):
    with pytest.raises(ValueError, match="every parameter of this family is fixed"):
        Linear(Poisson(mean=2.0)).fit(X, np.ones(40), exposure=np.ones(40))
    with pytest.raises(ValueError, match="y is too far from them for float64"):
        Normal(loc=0.0, scale=1.0).fit([1e200, 0.0])
