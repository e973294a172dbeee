"""Network: every family through the registry, and each promise of the estimator by itself."""

import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_matrix
from torch import nn

import likely.predictors.networks.train as train
from likely import (
    Bernoulli,
    Categorical,
    Constant,
    ConvergenceWarning,
    Family,
    Gamma,
    Network,
    Normal,
    Parameter,
    Poisson,
    StudentT,
    load,
    positive,
    predicted,
    real,
    shared,
)
from likely.families.registry import public_names, specification
from likely.fitting import Status
from likely.inference.mixture import Mixture
from likely.math import exp
from likely.storage import ModelFileError

N = 400
RNG = np.random.default_rng(0)
X = RNG.uniform(-1.0, 1.0, size=(N, 3))
ETA = np.where(X[:, 0] > 0.0, 1.0, -1.0) + X[:, 1]
Z = RNG.normal(size=N)
TARGETS = {
    "real": ETA + 0.3 * Z,
    # Of tails light enough for a family that has none.
    "positive": np.exp(0.6 * ETA) * RNG.gamma(3.0, 1.0 / 3.0, N) ** 0.6,
    "nonnegative": np.exp(2.0 * ETA) * RNG.exponential(size=N),
    "unit_interval": RNG.beta(4.0 / (1.0 + np.exp(-ETA)), 4.0 / (1.0 + np.exp(ETA))),
    "circular": np.angle(np.exp(1j * (ETA + 2.5 + 0.5 * Z))),
    "counts": RNG.poisson(np.exp(ETA) * RNG.gamma(3.0, 1.0, N)).astype(float),
    "positive_counts": 1.0 + np.random.default_rng(1).poisson(np.exp(ETA)),
    "binary": np.array(["no", "yes"])[(2.0 * ETA + Z > 0.0).astype(int)],
    "classes": np.array(["red", "green", "blue"])[
        (ETA + Z > 0.0).astype(int) + (ETA + Z > 1.0).astype(int)
    ],
    "rankings": np.argsort(
        np.argsort(np.outer(ETA, [2.0, 0.0, -2.0]) + RNG.gumbel(size=(N, 3)), axis=1), axis=1
    )
    + 1.0,
    "ordered_classes": (ETA + Z > 0.0).astype(int) + (ETA + Z > 1.0).astype(int),
    "vectors": np.column_stack([ETA, -ETA]) + 0.5 * RNG.normal(size=(N, 2)),
}
Y = TARGETS["real"]
#: Small and short: what is tested is not how well it fits.
QUICK = {"max_epochs": 6, "hidden": (16,), "random_state": 0, "validation": 0.25}


class Gumbel(Family):
    """Largest values; no expected information is declared."""

    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -z - exp(-z) - scale.log


def two_layers(width, outputs):
    return nn.Sequential(nn.Linear(width, 8), nn.Tanh(), nn.Linear(8, outputs))


# --- Every family ----------------------------------------------------------------------------------


# The constant to beat may be at an edge: the degrees of freedom of light tails.
@pytest.mark.filterwarnings("ignore::likely.fitting.result.ConvergenceWarning")
@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("name", public_names())
def test_beats_the_best_constant(name, members, tmp_path):
    y = TARGETS[specification(public_names()[name]).support.name]
    if specification(public_names()[name]).point is not None:
        y = np.where(np.arange(N) % 4 == 0, 0.0, y)
    train_rows, test_rows = slice(0, 300), slice(300, N)
    model = Network(name, members=members, **QUICK | {"max_epochs": 12})
    single = {
        "rankings": "members=2: a mixture of rankings has no most probable",
        "circular": "members=2: what directions, .* of a mixture are at best",
    }
    support = specification(public_names()[name]).support.name
    if members > 1 and support in single:
        with pytest.raises(ValueError, match=single[support]):
            model.fit(X, y)
        return
    model.fit(X[train_rows], y[train_rows])
    constant = Constant(name).fit(X[train_rows], y[train_rows])
    assert model.score(X[test_rows], y[test_rows]) > constant.score(X[test_rows], y[test_rows])
    model.save(tmp_path / "model")
    twin = load(tmp_path / "model")
    one, other = model.predict_dist(X), twin.predict_dist(X)
    np.testing.assert_array_equal(one.log_prob(y), other.log_prob(y))
    np.testing.assert_array_equal(twin.losses_, model.losses_)


@pytest.mark.parametrize("family", [Gumbel(), Gumbel(scale=shared("softplus"))], ids=repr)
def test_a_users_family(family, tmp_path):
    model = Network(family, **QUICK).fit(X, Y)
    assert model.score(X, Y) > Constant(family).fit(X, Y).score(X, Y)
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(
        load(tmp_path / "m", families=[Gumbel]).predict(X), model.predict(X)
    )


def test_every_role_and_link():
    for family in (
        Normal(scale=2.0),
        Normal(loc=shared),
        Normal(scale=predicted("softplus")),
        Normal(variance=predicted("square")),
        StudentT(df=predicted),
        Gamma(shape=predicted),
        Categorical(3),
    ):
        y = np.where(Y > 0.0, 2, 0) if family == Categorical(3) else TARGETS[
            family.specification.support.name
        ]  # fmt: skip
        model = Network(family, **QUICK).fit(X, y)
        assert np.isfinite(model.score(X, y))
    only = Network(Normal(loc=shared, scale=shared), **QUICK).fit(X, Y)
    found = only.predict_params(X[:1])
    assert found["loc"][0] == pytest.approx(Y.mean(), abs=0.05)
    assert found["scale"][0] == pytest.approx(Y.std(), rel=0.05)
    assert isinstance(only.module_.shared, nn.Parameter)
    fixed = Network(Normal(loc=0.0, scale=1.0), **QUICK).fit(X, Y)
    assert fixed.score(X, Y) == pytest.approx(Normal().at(loc=0.0, scale=1.0).log_prob(Y).mean())


def test_links_that_a_network_could_leave_are_refused():
    with pytest.raises(ValueError, match="a network may predict any raw number"):
        Network(Gamma(mean=predicted("identity"))).fit(X, TARGETS["positive"])


# --- What is learned -------------------------------------------------------------------------------


def test_location_and_scale_are_found():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1.0, 1.0, size=(3000, 4))
    loc, scale = np.sin(3.0 * x[:, 0]), np.exp(x[:, 1])
    y = loc + scale * rng.normal(size=3000)
    model = Network(Normal(), random_state=0, max_epochs=30, validation=0.1).fit(x, y)
    found = model.predict_params(x)
    assert np.corrcoef(found["loc"], loc)[0, 1] > 0.9
    assert np.corrcoef(np.log(found["scale"]), np.log(scale))[0, 1] > 0.95
    low, high = model.predict_dist(x).interval(0.9)
    assert 0.87 < ((low <= y) & (y <= high)).mean() < 0.93


def test_training_starts_at_the_best_constant():
    for name in public_names():
        y = TARGETS[specification(public_names()[name]).support.name]
        model = Network(name, **QUICK | {"max_epochs": 1, "learning_rate": 1e-12}).fit(X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            constant = Constant(name).fit(X, y)
        # A constant at an edge, such as df = ∞, is no start.
        if constant.result_.status is Status.converged:
            assert model.score(X, y) == pytest.approx(constant.score(X, y), rel=1e-3), name


@pytest.mark.parametrize("scale", [1e9, 1e-9])
def test_units_of_y_make_no_difference(scale):
    one = Network(Normal(), **QUICK).fit(X, Y)
    other = Network(Normal(), **QUICK).fit(X, scale * Y + 3.0 * scale)
    a, b = one.predict_params(X), other.predict_params(X)
    np.testing.assert_allclose(b["loc"], scale * (a["loc"] + 3.0), rtol=1e-3)
    np.testing.assert_allclose(b["scale"], scale * a["scale"], rtol=1e-3)
    # Losses are those of y in its own unit.
    np.testing.assert_allclose(other.losses_, one.losses_ + np.log(scale), atol=1e-3)


def test_the_mean_of_a_positive_y_is_learned_in_its_own_unit():
    y = TARGETS["positive"]
    one = Network(Gamma(), **QUICK).fit(X, y).predict_params(X)
    other = Network(Gamma(), **QUICK).fit(X, 1e12 * y).predict_params(X)
    np.testing.assert_allclose(other["mean"], 1e12 * one["mean"], rtol=1e-3)


def test_noise_leaves_the_constant():
    noise = np.random.default_rng(6).normal(size=200)
    model = Network(Normal(), random_state=0, max_epochs=40, patience=10, hidden=(32,))
    model.fit(X[:200], noise)
    constant = Constant(Normal()).fit(X[:200], noise)
    assert model.score(X[:200], noise) == pytest.approx(constant.score(X[:200], noise), abs=0.1)
    assert model.best_epoch_[0] <= 5


# --- Robust training --------------------------------------------------------------------------------


def test_location_first_leaves_the_scale():
    family = Normal()
    settings = QUICK | {"early_stopping": False, "averaging": 0.0}
    model = Network(family, location_first=6, **settings).fit(X, Y)
    scale = model.predict_params(X)["scale"]
    np.testing.assert_allclose(scale, Y.std(), rtol=1e-6)
    assert np.corrcoef(model.predict_params(X)["loc"], Y)[0, 1] > 0.5
    assert np.ptp(
        Network(family, location_first=3, **settings).fit(X, Y).predict_params(X)["scale"]
    )


def test_beta_weights_rows_by_their_variance():
    """With β = 1 the location's gradient is that of least squares; with β = 0 nothing is changed."""
    from likely.predictors.networks.fit import _emphasis

    loss = Normal().loss()
    raw = torch.tensor([[0.3, 0.7], [1.0, -2.0]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.0, -1.0], dtype=torch.float64)
    weight = _emphasis(loss, 1.0)(y, raw.detach())
    (weight * Normal().nll(y, raw)).sum().backward()
    np.testing.assert_allclose(raw.grad[:, 0], raw.detach()[:, 0] - y, rtol=1e-12)
    assert _emphasis(loss, 0.0) is None
    half = _emphasis(loss, 0.5)(y, raw.detach())
    np.testing.assert_allclose(half, np.exp([0.7, -2.0]), rtol=1e-12)
    plain = Network(Normal(), **QUICK).fit(X, Y)
    weighted = Network(Normal(), beta=0.5, **QUICK).fit(X, Y)
    assert not np.array_equal(plain.predict(X), weighted.predict(X))
    assert weighted.score(X, Y) > Constant().fit(X, Y).score(X, Y)
    with pytest.raises(ValueError, match="Poisson needs an identity link"):
        Network(Poisson(), beta=0.5).fit(X, TARGETS["counts"])
    with pytest.raises(ValueError, match="Gumbel needs"):
        Network(Gumbel(), beta=0.5).fit(X, Y)


# --- Weights, offsets, exposure ---------------------------------------------------------------------


def test_weight_zero_is_absence():
    weight = (np.arange(N) % 3 > 0).astype(float)
    one = Network(**QUICK).fit(X, Y, sample_weight=weight)
    other = Network(**QUICK).fit(X[weight > 0], Y[weight > 0])
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-6)


def test_weights_act_in_start_training_and_stopping():
    weight = np.where(X[:, 2] > 0.0, 1e-6, 1.0)
    y = np.where(X[:, 2] > 0.0, 100.0, Y)
    model = Network(Normal(), **QUICK | {"max_epochs": 20}).fit(X, y, sample_weight=weight)
    low = X[:, 2] < 0.0
    only = Network(Normal(), **QUICK | {"max_epochs": 20}).fit(X[low], Y[low])
    assert model.losses_.min() == pytest.approx(only.losses_.min(), abs=0.3)
    assert np.abs(model.predict(X[low]) - ETA[low]).mean() < 0.5
    # The unit of the weights does not matter.
    twice = Network(Normal(), **QUICK).fit(X, Y, sample_weight=np.full(N, 2.0))
    np.testing.assert_allclose(
        twice.predict(X), Network(Normal(), **QUICK).fit(X, Y).predict(X), rtol=1e-6
    )


def test_offset_moves_the_response():
    offset = np.linspace(-5.0, 5.0, N)
    settings = QUICK | {"early_stopping": False}
    one = Network(Normal(scale=1.0), **settings).fit(X, Y + offset, offset=offset)
    other = Network(Normal(scale=1.0), **settings).fit(X, Y)
    assert one.score(X, Y + offset, offset=offset) == pytest.approx(other.score(X, Y), rel=1e-2)
    with pytest.raises(ValueError, match="fitted with an offset"):
        one.predict(X)


def test_exposure_multiplies_the_mean():
    rng = np.random.default_rng(5)
    exposure = rng.uniform(0.1, 10.0, N)
    y = rng.poisson(np.exp(ETA) * exposure).astype(float)
    model = Network(Poisson(), random_state=0, max_epochs=40, validation=0.2)
    model.fit(X, y, exposure=exposure)
    rate = model.predict_params(X, exposure=np.ones(N))["mean"]
    assert np.corrcoef(np.log(rate), ETA)[0, 1] > 0.95


# --- Early stopping ---------------------------------------------------------------------------------


def test_the_best_epoch_is_kept():
    noisy = np.where(X[:, 0] > 0.0, 1.0, -1.0) + RNG.normal(size=N)
    model = Network(
        Normal(), hidden=(64,), dropout=0.0, max_epochs=100, patience=4, validation=0.25,
        learning_rate=2e-2, averaging=0.0, random_state=0,
    ).fit(X, noisy)  # fmt: skip
    assert model.losses_.size < 100
    assert model.losses_.argmin() + 1 == model.best_epoch_[0] == model.losses_.size - 4


def test_eval_set_judges():
    judge = (X[300:], Y[300:])
    model = Network(Normal(), **QUICK).fit(X[:300], Y[:300], eval_set=judge)
    assert -model.score(*judge) == pytest.approx(model.losses_.min(), rel=1e-6)
    weight = np.arange(100.0)
    weighted = Network(Normal(), **QUICK).fit(
        X[:300], Y[:300], eval_set=(*judge, {"sample_weight": weight})
    )
    assert -weighted.score(*judge, sample_weight=weight) == pytest.approx(
        weighted.losses_.min(), rel=1e-6
    )
    moved = Network(Normal(), **QUICK).fit(
        X[:300], Y[:300], offset=np.ones(300), eval_set=(*judge, {"offset": np.ones(100)})
    )
    assert -moved.score(*judge, offset=np.ones(100)) == pytest.approx(moved.losses_.min(), rel=1e-6)
    with pytest.raises(ValueError, match="eval_set must be"):
        Network().fit(X, Y, eval_set=3)


def test_folds_say_when_to_stop_and_all_rows_train():
    settings = QUICK | {"validation": 4, "max_epochs": 8, "members": 2}
    model = Network(Normal(), **settings).fit(X, Y)
    assert model.losses_.size == 8
    assert model.best_epoch_.tolist() == [model.losses_.argmin() + 1] * 2
    with pytest.raises(ValueError, match="validation must be"):
        Network(validation=1.5).fit(X, Y)


def test_each_member_keeps_its_own_best_epoch():
    settings = QUICK | {"members": 3, "max_epochs": 25, "learning_rate": 2e-2, "averaging": 0.0}
    model = Network(Normal(), **settings).fit(X, Y)
    assert len(set(model.best_epoch_)) > 1
    assert isinstance(model.predict_dist(X), Mixture)
    parts = model.predict_dist(X).members
    assert not np.array_equal(parts[0].raw, parts[1].raw)


def test_without_early_stopping_every_epoch_counts():
    model = Network(Normal(), **QUICK | {"early_stopping": False}).fit(X, Y)
    assert model.best_epoch_.tolist() == [6]
    assert model.losses_[-1] < model.losses_[0]  # of the training rows


# --- Interruption, checkpoints, reproducibility -------------------------------------------------------


def interrupt_after(monkeypatch, epochs):
    whole = train._State.epoch

    def epoch(self, data):
        if epoch.left == 0:
            raise KeyboardInterrupt
        epoch.left -= 1
        return whole(self, data)

    epoch.left = epochs
    monkeypatch.setattr(train._State, "epoch", epoch)
    return epoch


def test_interrupted_training_keeps_the_best_epoch(monkeypatch):
    whole = Network(Normal(), **QUICK).fit(X, Y)
    epoch = interrupt_after(monkeypatch, 4)
    with pytest.warns(UserWarning, match="interrupted after 4 epochs"):
        model = Network(Normal(), **QUICK).fit(X, Y)
    np.testing.assert_allclose(model.losses_, whole.losses_[:4])
    epoch.left = 0
    with pytest.raises(KeyboardInterrupt):  # nothing to keep
        Network(Normal(), **QUICK).fit(X, Y)


@pytest.mark.parametrize(("validation", "after"), [(0.25, 3), (3, 3), (3, 8)])
def test_resumed_training_ends_where_it_would_have(monkeypatch, tmp_path, validation, after):
    """Killed after some epochs, in the folds or after them, and started again: not a bit is different."""
    settings = QUICK | {"validation": validation, "members": 2, "schedule": "cosine"}
    whole = Network(Normal(scale=shared), **settings).fit(X, Y)
    monkeypatch.setattr(train, "SECONDS", 0.0)
    folder = tmp_path / "state"

    class Killed(BaseException):
        pass

    epochs = train._State.epoch

    def killed(self, data):
        killed.left -= 1
        if killed.left < 0:
            raise Killed
        return epochs(self, data)

    killed.left = after
    monkeypatch.setattr(train._State, "epoch", killed)
    with pytest.raises(Killed):
        Network(Normal(scale=shared), checkpoint=folder, **settings).fit(X, Y)
    assert folder.exists()
    killed.left = 100
    resumed = Network(Normal(scale=shared), checkpoint=folder, **settings).fit(X, Y)
    np.testing.assert_array_equal(resumed.losses_, whole.losses_)
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))
    # Nothing is left to resume.
    assert not folder.exists()


def test_a_checkpoint_of_other_data_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(train, "SECONDS", 0.0)
    interrupt_after(monkeypatch, 2)
    with pytest.warns(UserWarning, match="interrupted"):
        Network(checkpoint=tmp_path / "c", **QUICK).fit(X, Y)
    with pytest.raises(ValueError, match="is of a fit to other data or with other settings"):
        Network(checkpoint=tmp_path / "c", **QUICK).fit(X, Y + 1.0)


def test_reproducible_and_apart_from_the_users_random_numbers():
    one = Network(Normal(), members=2, **QUICK)
    torch.manual_seed(3)
    before = torch.rand(1)
    torch.manual_seed(3)
    a = one.fit(X, Y).predict(X)
    assert torch.rand(1) == before
    np.testing.assert_array_equal(one.fit(X, Y).predict(X), a)
    assert not np.array_equal(one.set_params(random_state=1).fit(X, Y).predict(X), a)


def test_threads_are_as_before():
    before = torch.get_num_threads()
    Network(Normal(), n_jobs=1, **QUICK).fit(X, Y)
    assert torch.get_num_threads() == before


# --- Modules of the user's ----------------------------------------------------------------------------


def test_a_module_of_the_users(tmp_path):
    own = two_layers(3, 2)
    first = own[0].weight.detach().clone()
    model = Network(Normal(), module=own, **QUICK | {"learning_rate": 1e-2}).fit(X, Y)
    assert torch.equal(own[0].weight, first)  # the user's own is left as it was
    assert model.score(X, Y) > Constant().fit(X, Y).score(X, Y)
    model.save(tmp_path / "m")
    for again in (own, two_layers):
        twin = load(tmp_path / "m", module=again)
        np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    with pytest.raises(ModelFileError, match="load it with load"):
        load(tmp_path / "m")
    with pytest.raises(ModelFileError, match="do not fit the module"):
        load(tmp_path / "m", module=nn.Linear(3, 2))


def test_members_of_a_module_are_made_by_a_function():
    model = Network(Normal(), module=two_layers, members=2, max_norm=1.0, **QUICK).fit(X, Y)
    raws = [part.raw for part in model.predict_dist(X).members]
    assert not np.array_equal(*raws)
    with pytest.raises(ValueError, match="would all start alike"):
        Network(Normal(), module=two_layers(3, 2), members=2).fit(X, Y)


def test_beta_is_a_number_from_0_to_1():
    with pytest.raises(ValueError, match=r"beta must be a number in \[0, 1\], got 1.5"):
        Network(Normal(), beta=1.5, **QUICK).fit(X, Y)
    assert np.isfinite(Network(Normal(), beta=1.0, **QUICK).fit(X, Y).score(X, Y))


def test_buffers_of_a_module_are_kept(tmp_path):
    own = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    model = Network(Normal(), module=own, **QUICK).fit(X, Y)
    assert -model.score(X, Y) < 2.0
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m", module=own).predict(X), model.predict(X))


def test_a_module_of_the_wrong_shape_is_named():
    with pytest.raises(ValueError, match="make its last layer 2 wide"):
        Network(Normal(), module=nn.Linear(3, 3), **QUICK).fit(X, Y)
    with pytest.raises(TypeError, match="module must be"):
        Network(Normal(), module=lambda width, outputs: 3, **QUICK).fit(X, Y)
    with pytest.raises(
        TypeError, match=r"module must be a torch.nn.Module, or a function .*; got 5 of type int"
    ):
        Network(Normal(), module=5, **QUICK).fit(X, Y)
    with pytest.raises(ValueError, match=r"device must be one that PyTorch has, .* got 'moon'"):
        Network(Normal(), device="moon", **QUICK).fit(X, Y)
    with pytest.raises(ValueError, match=r"does not take X .*float32 of shape \(\d+, 3\): mat1"):
        Network(Normal(), module=nn.Linear(4, 2), **QUICK).fit(X, Y)
    with pytest.raises(ValueError, match="no parameters to learn"):
        Network(Normal(), module=nn.Identity(), **QUICK).fit(X[:, :2], Y)
    narrow = Network(Poisson(), module=nn.Sequential(nn.Linear(3, 1), nn.Flatten(0)), **QUICK)
    assert np.isfinite(narrow.fit(X, TARGETS["counts"]).score(X, TARGETS["counts"]))


# --- Ensembles ------------------------------------------------------------------------------------


def test_members_of_classes_mix_their_probabilities():
    for family, name in ((Bernoulli(), "binary"), (Categorical(), "classes")):
        y = TARGETS[name]
        model = Network(family, members=3, **QUICK).fit(X, y)
        raws = model._raws(model._validate(X, reset=False))
        parts = [model._predictive(raw).probabilities() for raw in raws]
        np.testing.assert_allclose(model.predict_proba(X), np.mean(parts, axis=0), rtol=1e-9)
        assert (model.predict(X) == y).mean() > 0.6


def test_an_ensemble_is_the_mixture_of_its_members():
    model = Network(Normal(), members=3, **QUICK).fit(X, Y)
    mixture = model.predict_dist(X)
    by_hand = np.mean([part.prob(Y) for part in mixture.members], axis=0)
    np.testing.assert_allclose(mixture.prob(Y), by_hand)
    assert model.predict_params(X)["loc"].shape == (N, 3)
    assert model.predict(X, point="mean").shape == (N,)
    assert model.predict(X, point=0.3).shape == (N,)


# --- X ----------------------------------------------------------------------------------------------


def test_missing_values_say_something():
    x = X.copy()
    missing = np.arange(N) % 2 == 0
    x[missing, 2] = np.nan
    y = Y + 5.0 * missing
    model = Network(Normal(), **QUICK | {"max_epochs": 30}).fit(x, y)
    assert model.predict(x)[missing].mean() - model.predict(x)[~missing].mean() > 3.0
    with pytest.raises(ValueError, match="X is missing in column 0"):
        model.predict(np.full((1, 3), np.nan))


def test_categories_of_a_frame(tmp_path):
    colours = np.array(["red", "green", "blue"])[np.arange(N) % 3]
    frame = pd.DataFrame({"size": X[:, 0], "colour": colours, "flag": np.arange(N) % 2 == 0})
    y = np.select([colours == "red", colours == "green"], [0.0, 4.0], 8.0) + 0.1 * Z
    model = Network(Normal(), **QUICK | {"max_epochs": 40, "hidden": (32,)}).fit(frame, y)
    assert np.abs(model.predict(frame) - y).mean() < 1.0
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict(frame), model.predict(frame))
    strange = frame.assign(colour="violet")  # never seen: an embedding of its own
    assert np.isfinite(model.predict(strange)).all()


def test_categorical_codes_and_sparse_rows():
    codes = (np.arange(N) % 4).astype(float)
    x = np.column_stack([X[:, 0], codes])
    y = np.array([0.0, 3.0, -3.0, 6.0])[codes.astype(int)] + 0.1 * Z
    settings = QUICK | {"max_epochs": 40}
    model = Network(Normal(), categorical_features=[1], **settings).fit(x, y)
    assert np.abs(model.predict(x) - y).mean() < 1.0
    sparse = Network(Normal(), categorical_features=[1], **settings).fit(csr_matrix(x), y)
    np.testing.assert_allclose(sparse.predict(csr_matrix(x)), model.predict(x), rtol=1e-6)
    with pytest.raises(ValueError, match="must hold codes 0, 1"):
        Network(categorical_features=[0]).fit(x, y)


def test_columns_of_any_size():
    x = np.column_stack([X[:, 0], 1e300 * X[:, 1], 1e-300 * X[:, 2], np.full(N, 1e8)])
    model = Network(Normal(), **QUICK).fit(x, Y)
    assert model.score(x, Y) > Constant().fit(x, Y).score(x, Y)
    far = model.predict(np.array([[1e200, 0.0, 0.0, 1e8]]))  # an outlier is no catastrophe
    assert abs(far[0]) < 10.0


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_rows(n):
    y = Y[:n] + np.arange(n)
    model = Network(Normal(scale=1.0), **QUICK).fit(X[:n], y)
    assert np.isfinite(model.predict(X[:n])).all()


def test_a_constant_response_is_no_disaster():
    with pytest.warns(ConvergenceWarning, match=r"no maximum-likelihood fit even without x"):
        model = Network(Normal(), **QUICK).fit(X, np.full(N, 7.0))
    np.testing.assert_allclose(model.predict(X), 7.0, rtol=1e-3)


def test_weights_that_run_away_are_refused():
    settings = {**QUICK, "learning_rate": 1e4, "early_stopping": False, "max_epochs": 30}
    with pytest.raises(
        FloatingPointError, match=r"weights are no longer finite numbers after \d+ "
    ):
        Network(Normal(), **settings).fit(X, Y)


# --- Settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_epochs": 0}, "max_epochs must be a whole number ≥ 1, got 0"),
        ({"members": 1.5}, "members must be a whole number ≥ 1, got 1.5"),
        ({"learning_rate": 0.0}, r"learning_rate must be a number in \(0, inf\), got 0.0"),
        ({"weight_decay": -1.0}, r"weight_decay must be a number in \[0, inf\)"),
        ({"dropout": 1.0}, r"dropout must be a number in \[0, 1\), got 1.0"),
        ({"averaging": 1.0}, "averaging must be"),
        ({"max_norm": 0.0}, "max_norm must be"),
        ({"hidden": 64}, "hidden must be the widths"),
        ({"hidden": (0,)}, "hidden must be a whole number"),
        ({"schedule": "linear"}, "schedule must be 'constant', 'cosine' or a function"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"patience": 0}, "patience must be"),
        ({"beta": 1.5}, "beta must be a number"),
        ({"location_first": -1}, "location_first must be a whole number ≥ 0"),
        ({"point": "best"}, "point must be"),
    ],
)
def test_errors_name_what_is_wrong(settings, message):
    with pytest.raises(ValueError, match=message):
        Network(**{**QUICK, **settings}).fit(X, Y).predict(X)


def test_schedules_and_clipping_act():
    plain = Network(Normal(), **QUICK).fit(X, Y).predict(X)
    for settings in (
        {"schedule": "cosine"},
        {"schedule": lambda done: 1.0 - done},
        {"max_norm": 1e-3},
        {"batch_size": 100},
        {"mixed_precision": True},
    ):
        model = Network(Normal(), **{**QUICK, **settings}).fit(X, Y)
        assert np.isfinite(model.score(X, Y))
        assert not np.array_equal(model.predict(X), plain)
    stopped = Network(Normal(), **QUICK, schedule=lambda done: 0.0 * done).fit(X, Y)
    assert np.ptp(stopped.predict(X)) == 0.0  # the best constant


def test_a_long_step_is_shortened_member_by_member():
    steps = {}
    for norm in (1e9, 1e-9):
        settings = QUICK | {"max_epochs": 1, "early_stopping": False, "averaging": 0.0}
        model = Network(Normal(), max_norm=norm, weight_decay=0.0, **settings).fit(X, Y)
        steps[norm] = np.ptp(model.predict(X))
    plain = Network(Normal(), weight_decay=0.0, **settings).fit(X, Y)
    assert steps[1e9] == np.ptp(plain.predict(X))
    assert steps[1e-9] != steps[1e9]


def test_progress_bar(capsys):
    Network(Normal(), verbose=True, **QUICK).fit(X, Y)
    assert "Network Normal" in capsys.readouterr().err
    Network(Normal(), **QUICK).fit(X, Y)
    assert capsys.readouterr().err == ""


def test_without_pytorch_the_error_says_what_to_install(monkeypatch):
    import likely.predictors.network as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install likely\[torch\]"):
        Network(Normal()).fit(X, Y)


def test_importing_network_loads_no_pytorch():
    import subprocess

    code = "import sys; from likely import Network, Normal; Network(Normal()); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
