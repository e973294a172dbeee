"""One family object, one NLL: the same number to 1e-10 from every learner and library, over the registry.

A learner is a function (family, X, y, raw) → (raw, mean nll): what it says the mean negative log-likelihood of y
is at ``raw`` (n, k), which is the one given or, of a model, its own predictions. NumPy is what they are compared with.
"""

import warnings

import numpy as np
import pytest

import likely
from likely import Constant, Linear, Network, Trees
from likely.catalogue import family_class
from likely.families.registry import public_names

N = 60
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 2))
#: Labels and margins are float32 in some of the libraries.
TARGETS = {
    "real": RNG.normal(size=N).astype("f4").astype(float),
    "positive": RNG.gamma(2.0, 1.0, N).astype("f4").astype(float),
    "nonnegative": RNG.gamma(2.0, 1.0, N).astype("f4").astype(float),
    "unit_interval": RNG.beta(2.0, 3.0, N).astype("f4").astype(float),
    "circular": np.angle(np.exp(1j * RNG.normal(2.5, 0.8, N))).astype("f4").astype(float),
    "counts": RNG.negative_binomial(2, 0.4, N).astype(float),
    "binary": RNG.integers(0, 2, N).astype(float),
    "classes": np.arange(N) % 3.0,
    "ordered_classes": np.arange(N) % 3.0,
    "rankings": np.argsort(RNG.normal(size=(N, 3)), axis=1) + 1.0,
    "vectors": RNG.normal(size=(N, 3)),
}


def model(make):
    """An estimator: its score at its own predictions."""

    def learn(family, X, y, raw):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", likely.ConvergenceWarning)
            fitted = make(family).fit(X, y)
        return fitted.predict_dist(X).raw.T, -fitted.score(X, y)

    return learn


def torch_loss(family, X, y, raw):
    import torch

    return raw, float(family.nll(torch.from_numpy(y), torch.from_numpy(raw)).mean())


def jax_loss(family, X, y, raw):
    import jax

    with jax.enable_x64(True):
        return raw, float(family.nll(jax.numpy.asarray(y), jax.numpy.asarray(raw)).mean())


def booster(library):
    """The metric that the library reports, on its own data structure."""

    def learn(family, X, y, raw):
        loss = getattr(likely, library).Objective(family, y)
        full = np.tile(loss.start, (N, 1))
        outputs = [list(family.loss(3).column_names).index(name) for name in loss.columns]
        full[:, outputs] = raw[:, outputs]
        scores = full[:, outputs] if len(outputs) > 1 else full[:, outputs[0]]
        if library == "lightgbm":
            import lightgbm

            data = lightgbm.Dataset(X, y).construct()
            return full, loss.metric(scores, data)[1]
        if library == "xgboost":
            import xgboost

            return full, loss.metric(scores.astype("f4"), xgboost.DMatrix(X, y))[1]
        metric = loss.metric
        columns = tuple((full - loss.start)[:, outputs].T)  # CatBoost's begin at 0
        labels = loss.labels(y)
        found = metric.get_final_error(*metric.evaluate(columns, labels.T, None))
        shared = [j for j in range(full.shape[1]) if j not in outputs]
        full[:, shared] = loss.start[shared]  # which it moved, having seen the training rows
        return full, found

    return learn


LEARNERS = {
    "Constant": model(Constant),
    "Linear": model(Linear),
    "Trees": model(lambda family: Trees(family, max_iter=5, random_state=0)),
    "Network": model(lambda family: Network(family, max_epochs=2, random_state=0)),
    "PyTorch": torch_loss,
    "JAX": jax_loss,
    "LightGBM": booster("lightgbm"),
    "XGBoost": booster("xgboost"),
    "CatBoost": booster("catboost"),
}


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("name", public_names())
def test_one_family_one_nll(name, learner):
    family = family_class(name)()
    loss = family.loss(3)
    y = TARGETS[family.specification.support.name]
    boosters = ("LightGBM", "XGBoost", "CatBoost")
    if learner in boosters and y.ndim > 1:
        with pytest.raises(TypeError, match=r"a booster's y is one number a row"):
            getattr(likely, learner.lower()).Objective(family, y)
        return
    given = RNG.uniform(-1.0, 1.0, size=(N, loss.columns)).astype("f4").astype(float)
    raw, found = LEARNERS[learner](family, X, y, given)
    expected = family.nll(y, raw).mean()
    assert found == pytest.approx(expected, rel=1e-10)
