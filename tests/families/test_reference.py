"""Categorical with a reference class: the same distributions, coefficients that are log odds against it."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import likely
from likely import Bernoulli, Categorical, Constant, Linear, Network, Normal, Trees

DATA = Path(__file__).parents[1] / "data" / "fits"
COLOURS = np.array(["blue", "green", "red"])


@pytest.fixture(scope="module")
def colours():
    """X (n, 2), labels, and their codes."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 2))
    eta = X @ np.array([[1.0, -0.5, 0.0], [0.0, 0.7, -0.4]]) + np.array([0.3, 0.0, -0.2])
    codes = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    return X, COLOURS[codes], codes


@pytest.mark.parametrize("at", range(4))
def test_loss_is_that_of_softmax_with_a_logit_of_zero(at):
    rng = np.random.default_rng(at)
    raw = np.vstack([rng.normal(size=(50, 3)), [[30, 0, -30], [-700, 700, 1], [0, 0, 0]]])
    y = rng.integers(0, 4, raw.shape[0])
    full = np.insert(raw, at, 0.0, axis=1)
    kept = np.delete(np.arange(4), at)
    plain, family = Categorical(4), Categorical(4, reference=at)
    value, gradient = family.nll_and_gradient(y, raw)
    whole, slope = plain.nll_and_gradient(y, full)
    np.testing.assert_array_equal(value, whole)
    np.testing.assert_array_equal(gradient, slope[:, kept])
    for kind in ("observed", "expected"):
        np.testing.assert_array_equal(
            family.curvature(y, raw, kind), plain.curvature(y, full, kind)[:, kept][:, :, kept]
        )
    loss, v = family.loss(), rng.normal(size=raw.T.shape)
    matrices = family.curvature(y, raw)
    np.testing.assert_allclose(
        loss.curvature_product(y, raw.T, v), np.einsum("nij,jn->in", matrices, v), atol=1e-12
    )
    assert loss.column_names == tuple(f"probs[{k}]" for k in kept)


def test_published_multinomial_fit_is_told_as_it_was_published():
    """R's nnet::multinom of the Copenhagen housing data, reference class 0."""
    info = json.loads((DATA / "mn_logit_housing.json").read_text())
    table = pd.read_csv(DATA / "mn_logit_housing.csv")
    terms = info["params"]["logits"]["terms"][1:]
    model = Linear(Categorical(reference=info["reference_class"])).fit(
        table[terms], table["y"], sample_weight=table["weight"]
    )
    assert model.log_likelihood_ == pytest.approx(info["loglik"], abs=1e-6)
    rows = {(row.parameter, row.term): row for row in model.summary().rows}
    assert len(rows) == 14
    for k in (1, 2):
        for term, published in info["mle"][f"logits_class{k}"].items():
            row = rows[f"probs[{k}]", "intercept" if term == "Intercept" else term]
            assert row.estimate == pytest.approx(published["value"], abs=1e-6)
            assert row.std_error == pytest.approx(published["se"], rel=1e-4)


@pytest.mark.parametrize("reference", COLOURS)
def test_coefficients_are_contrasts_of_the_symmetric_fit(colours, reference):
    X, y, _ = colours
    at = COLOURS.tolist().index(reference)
    symmetric = Linear(Categorical()).fit(X, y)
    model = Linear(Categorical(reference=reference)).fit(X, y)
    assert model.log_likelihood_ == pytest.approx(symmetric.log_likelihood_, abs=1e-10)
    assert model.aic_ == pytest.approx(symmetric.aic_, abs=1e-9)
    assert model.bic_ == pytest.approx(symmetric.bic_, abs=1e-9)
    slopes = symmetric.coef_["probs"]
    np.testing.assert_allclose(
        model.coef_["probs"], np.delete(slopes - slopes[at], at, axis=0), atol=1e-9
    )
    np.testing.assert_allclose(model.predict_proba(X), symmetric.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(model.predict(X), symmetric.predict(X))
    for other in COLOURS:  # the table against any class, its own or another
        ours, theirs = (m.summary(reference=other).rows for m in (model, symmetric))
        assert [r[:2] for r in map(_row, ours)] == [r[:2] for r in map(_row, theirs)]
        np.testing.assert_allclose([_row(r)[2:] for r in ours], [_row(r)[2:] for r in theirs])
    assert list(map(_row, model.summary().rows)) == list(
        map(_row, model.summary(reference=reference).rows)
    )


def _row(row):
    return row.parameter, row.term, row.estimate, row.std_error


def test_two_classes_are_a_bernoulli(colours):
    X, y, _ = colours
    hit = y == "red"
    one, two = Linear(Bernoulli()).fit(X, hit), Linear(Categorical(reference=False)).fit(X, hit)
    np.testing.assert_allclose(two.coef_["probs"][0], one.coef_["probs"], atol=1e-9)
    family, raw = Categorical(2, reference=0), np.array([0.3, -2.0])
    np.testing.assert_allclose(family.nll([0, 1], raw), Bernoulli().nll([0, 1], raw))


def test_labels_positions_and_numbers(colours):
    X, y, codes = colours
    by_label, by_position = (Linear(Categorical(reference=r)).fit(X, y) for r in ("green", 1))
    np.testing.assert_array_equal(by_label.coef_["probs"], by_position.coef_["probs"])
    # The number 1 is the class 1, the first of 1, 2, 3.
    numbered = Linear(Categorical(reference=1)).fit(X, codes + 1)
    assert numbered.loss_.column_names == ("probs[1]", "probs[2]")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda X, y: Categorical(3, reference=3), "0, 1, 2, got 3"),
        (lambda X, y: Categorical(3, reference="red"), "0, 1, 2, got 'red'"),
        (lambda X, y: Linear(Categorical(reference="pink")).fit(X, y), "blue, green, red, got 'pink'"),
        (lambda X, y: Trees(Categorical(reference=3)).fit(X, y), "blue, green, red, got 3"),
        (lambda X, y: Categorical(reference="pink").fit(y), "blue, green, red, got 'pink'"),
        (lambda X, y: Categorical(reference="red").nll([0, 1], np.zeros((2, 2))), "0, 1, 2, got 'red'"),
    ],
)  # fmt: skip
def test_what_is_no_class_is_refused_with_the_classes(colours, make, message):
    with pytest.raises(ValueError, match=f"reference must be one of the classes {message}"):
        make(*colours[:2])


def test_a_reference_class_without_rows_has_no_finite_odds():
    with pytest.raises(ValueError, match="reference class 2 are infinite, because y has no row"):
        Categorical(3, reference=2).fit([0, 1, 1])
    found = Categorical(3, reference=0).fit([0, 1, 1])
    np.testing.assert_allclose(found.probabilities(), [1 / 3, 2 / 3, 0.0])
    with pytest.raises(ValueError, match="probs gives it the probability 0"):
        Categorical(reference=0).at(probs=[0.0, 0.4, 0.6])
    at = Categorical(reference=1).at(probs=[0.1, 0.4, 0.5])
    np.testing.assert_allclose(at.probabilities(), [0.1, 0.4, 0.5])


def test_other_families_have_no_reference(colours):
    with pytest.raises(TypeError, match="Ordinal has no parameter 'reference'"):
        likely.Ordinal(3, reference=0)
    with pytest.raises(ValueError, match="reference is for Categorical"):
        Linear(Normal()).fit(colours[0], colours[0][:, 0] ** 2).summary(reference=0)


def test_it_is_a_value():
    family = Categorical(3, reference=np.int64(1))
    assert repr(family) == "Categorical(3, reference=1)"
    assert eval(repr(family)) == family == pickle.loads(pickle.dumps(family))
    assert len({family, Categorical(3, reference=0), Categorical(3)}) == 3
    assert family.raw_columns == ("probs[0]", "probs[2]")
    assert "fᵣ = 0" in str(family.explain())
    assert "Categorical(3, reference=1)" in str(family.explain())
    assert family.explain().name == "softmax cross-entropy"


@pytest.mark.parametrize(
    "estimator",
    [
        Constant(Categorical(reference="green")),
        Linear(Categorical(reference="green"), alpha=1.0),
        Trees(Categorical(reference="green"), max_iter=20, random_state=0),
        Network(Categorical(reference="green"), max_epochs=20, random_state=0),
    ],
    ids=lambda e: type(e).__name__,
)
def test_predictors_learn_and_are_saved(colours, estimator, tmp_path):
    X, y, _ = colours
    estimator.fit(X, y)
    _, counts = np.unique(y, return_counts=True)
    entropy = counts / y.size @ np.log(counts / y.size)
    assert (
        estimator.score(X, y) > entropy + (0.0 if isinstance(estimator, Constant) else 0.05) - 1e-9
    )
    assert estimator.predict_proba(X).shape == (y.size, 3)
    estimator.save(tmp_path / "model")
    read = likely.load(tmp_path / "model")
    np.testing.assert_array_equal(read.predict_proba(X), estimator.predict_proba(X))
    assert read.family_ == estimator.family_


def test_ensembles_mix_the_probabilities(colours):
    X, y, _ = colours
    family = Categorical(reference="green")
    model = Network(family, max_epochs=5, members=2, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


def test_a_booster_has_an_output_for_each_other_class(colours):
    lightgbm = pytest.importorskip("lightgbm")
    from likely.lightgbm import Objective

    X, _, codes = colours
    loss = Objective(Categorical(reference=1), codes)
    assert loss.columns == ("probs[0]", "probs[2]")
    assert loss.params["num_class"] == 2
    data = lightgbm.Dataset(X, codes, init_score=loss.init_score(codes.size))
    booster = lightgbm.train({**loss.params, "verbosity": -1}, data, 10)
    assert (loss.predict_dist(booster.predict(X)).mode() == codes).mean() > 0.6


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("at", range(3))
def test_on_torch(at):
    torch = pytest.importorskip("torch")
    from likely.torch import Head, NLLLoss

    rng = np.random.default_rng(0)
    raw, y = rng.normal(size=(20, 2)), rng.integers(0, 3, 20)
    for family in (Categorical(3, reference=at), Categorical(reference=at)):
        value, gradient = family.nll_and_gradient(y, raw)
        tensor = torch.tensor(raw, requires_grad=True)
        found = family.nll(torch.tensor(y), tensor)
        np.testing.assert_allclose(found.detach(), value, rtol=1e-13)
        found.sum().backward()
        np.testing.assert_allclose(tensor.grad, gradient, rtol=1e-12)
        both = family.nll_and_gradient(torch.tensor(y), torch.tensor(raw))
        np.testing.assert_allclose(both[1], gradient, rtol=1e-12)
        matrices = torch.func.vmap(torch.func.hessian(lambda r, t, f=family: f.nll(t, r)))(
            torch.tensor(raw), torch.tensor(y)
        )
        np.testing.assert_allclose(matrices, family.curvature(y, raw), atol=1e-12)
    loss = NLLLoss(Categorical(3, reference=at))
    head = Head(4, loss)
    head.start(torch.tensor(y))
    out = head(torch.zeros(20, 4))
    assert out.shape == (20, 2)
    np.testing.assert_allclose(
        loss.predict_dist(out).probabilities()[0], np.bincount(y, minlength=3) / 20, rtol=1e-6
    )
    single = Categorical(2, reference=0)
    np.testing.assert_allclose(
        single.nll(torch.tensor([0, 1]), torch.tensor([0.3, -2.0], dtype=torch.float64)),
        single.nll([0, 1], np.array([0.3, -2.0])),
    )


@pytest.mark.parametrize("at", range(3))
def test_on_jax(at):
    jax = pytest.importorskip("jax")
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    raw, y = rng.normal(size=(20, 2)), rng.integers(0, 3, 20)
    family = Categorical(3, reference=at)
    value, gradient = family.nll_and_gradient(y, raw)
    found = family.nll_and_gradient(jnp.array(y), jnp.array(raw))
    np.testing.assert_allclose(found[0], value, rtol=1e-5)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-4, atol=1e-6)
    slope = jax.grad(lambda r: family.nll(jnp.array(y), r).sum())(jnp.array(raw))
    np.testing.assert_allclose(slope, gradient, rtol=1e-4, atol=1e-6)


def test_summary_names_the_classes(colours):
    X, labels, _ = colours
    rows = Linear(Categorical(reference="green")).fit(X, labels).summary().rows
    assert [row.parameter for row in rows] == ["probs[blue]"] * 3 + ["probs[red]"] * 3
    rows = Linear(Categorical()).fit(X, labels).summary(reference="red").rows
    assert [row.parameter for row in rows] == ["probs[blue]"] * 3 + ["probs[green]"] * 3
