"""Ordinal in Constant, Linear and family.fit: order, gauge, thresholds, predictions, errors."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from likely import Bernoulli, Categorical, Constant, Linear, Ordinal, load, predicted
from likely.fitting import ConvergenceWarning

N = 400
RNG = np.random.default_rng(3)
X = RNG.normal([5.0, 0.0], 1.0, size=(N, 2))
LATENT = 1.5 * (X[:, 0] - 5.0) - X[:, 1]
NOISE = {"logit": RNG.logistic(size=N), "probit": RNG.normal(size=N)}
NOISE["cloglog"] = np.log(RNG.exponential(size=N))
NOISE["loglog"] = -NOISE["cloglog"]
CUTS = np.array([-1.0, 0.3, 1.8])
NAMES = np.array(["never", "rarely", "often", "always"])


def codes(link="logit"):
    return np.digitize(LATENT + NOISE[link], CUTS)


@pytest.mark.parametrize("link", NOISE)
def test_finds_what_generated_the_data(link):
    model = Linear(Ordinal(loc=predicted(link))).fit(X, codes(link))
    assert model.result_.status.name == "converged"
    rows = {(r.parameter, r.term): r for r in model.summary(level=0.999).rows}
    truth = {("loc", "x0"): 1.5, ("loc", "x1"): -1.0}
    truth |= {(f"thresholds[{i}]", "intercept"): c + 7.5 for i, c in enumerate(CUTS)}
    assert rows.keys() == truth.keys()
    for term, value in truth.items():
        assert rows[term].low < value < rows[term].high


def test_log_log_is_the_complementary_one_from_above():
    y = codes("loglog")
    up = Linear(Ordinal(loc=predicted("loglog"))).fit(X, y)
    down = Linear(Ordinal(loc=predicted("cloglog"))).fit(X, 3 - y)
    rows = [{(r.parameter, r.term): r for r in m.summary().rows} for m in (up, down)]
    for term in ("x0", "x1"):
        one, other = (found["loc", term] for found in rows)
        np.testing.assert_allclose(
            [one.estimate, one.std_error], [-other.estimate, other.std_error], rtol=1e-6
        )
    cuts = [[found[f"thresholds[{i}]", "intercept"].estimate for i in range(3)] for found in rows]
    np.testing.assert_allclose(cuts[0], -np.array(cuts[1])[::-1], rtol=1e-6)
    np.testing.assert_allclose(
        up.predict_proba(X[:9]), down.predict_proba(X[:9])[:, ::-1], rtol=1e-7
    )


@pytest.mark.parametrize("link", NOISE)
def test_standard_errors_of_thresholds_by_differences(link):
    """The delta method against a Hessian of the likelihood in loc and thresholds themselves."""
    y = codes(link)
    model = Linear(Ordinal(loc=predicted(link))).fit(X, y)
    family = model.family_.__class__(4, loc=predicted(link))

    def total(p):
        raw = family.at(loc=X @ p[:2], thresholds=np.tile(p[2:], (N, 1))).raw
        return family.nll(y, raw.T).sum()

    at = np.array([r.estimate for r in model.summary().rows])
    h = 1e-4 * np.eye(5)
    hessian = np.array(
        [
            [
                (total(at + a + b) - total(at + a - b) - total(at - a + b) + total(at - a - b))
                / 4e-8
                for b in h
            ]
            for a in h
        ]
    )
    np.testing.assert_allclose(
        [r.std_error for r in model.summary().rows],
        np.sqrt(np.diag(np.linalg.inv(hessian))),
        rtol=1e-5,
    )


def test_two_classes_are_bernoulli():
    y = codes() > 1
    one, two = Linear(Bernoulli()).fit(X, y), Linear(Ordinal()).fit(X, y)
    assert two.log_likelihood_ == pytest.approx(one.log_likelihood_, rel=1e-13)
    np.testing.assert_allclose(two.coef_["loc"], one.coef_["probs"], rtol=1e-8)
    assert two.intercept_["thresholds"][0] == pytest.approx(-one.intercept_["probs"], rel=1e-8)
    assert two.aic_ == pytest.approx(one.aic_)
    np.testing.assert_allclose(two.predict_proba(X), one.predict_proba(X), rtol=1e-10)


def test_the_order_of_labels():
    y = codes()
    plain = Linear(Ordinal()).fit(X, y)
    given = Linear(Ordinal(list(NAMES))).fit(X, NAMES[y])
    frame = pd.Series(pd.Categorical(NAMES[y], categories=NAMES, ordered=True))
    learned = Linear(Ordinal()).fit(X, frame)
    for model in (given, learned):
        np.testing.assert_array_equal(model.classes_, NAMES)
        np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
        np.testing.assert_array_equal(model.predict(X), NAMES[plain.predict(X)])
        assert model.score(X, NAMES[y]) == plain.score(X, y)
    enum = pl.Series(NAMES[y]).cast(pl.Enum(list(NAMES)))
    assert Linear(Ordinal()).fit(X, enum).classes_.tolist() == NAMES.tolist()
    with pytest.raises(ValueError, match="do not say their order: give it"):
        Linear(Ordinal()).fit(X, pl.Series(NAMES[y]).cast(pl.Categorical))
    unordered = r"y holds the labels 'always', 'never', .* do not say their order: give it"
    with pytest.raises(ValueError, match=unordered):
        Linear(Ordinal()).fit(X, NAMES[y])
    with pytest.raises(ValueError, match=r"not among the classes never, rarely"):
        Linear(Ordinal(["never", "rarely"])).fit(X, NAMES[y])
    with pytest.raises(ValueError, match=r"the classes of Ordinal must differ"):
        Ordinal(["a", "a"])
    with pytest.raises(TypeError, match=r"Categorical takes a number of classes"):
        Categorical(["a", "b"])


def test_thresholds_are_shared():
    with pytest.raises(TypeError, match=r"thresholds must be shared"):
        Ordinal(thresholds=predicted)
    with pytest.raises(ValueError, match=r"thresholds is shared, one value for all rows"):
        Linear(Ordinal(), columns={"thresholds": [0]}).fit(X, codes())


def test_the_origin_of_x_moves_the_thresholds_alone():
    y = codes()
    near, far = (Linear(Ordinal()).fit(X + shift, y) for shift in (0.0, 1e8))
    np.testing.assert_allclose(far.coef_["loc"], near.coef_["loc"], rtol=1e-6)
    np.testing.assert_allclose(far.predict_proba(X + 1e8), near.predict_proba(X), rtol=1e-6)
    assert near.intercept_["loc"] == 0.0


def test_predictions_are_labels():
    model = Linear(Ordinal(list(NAMES)), point="median").fit(X, NAMES[codes()])
    d = model.predict_dist(X)
    p = model.predict_proba(X)
    np.testing.assert_array_equal(model.predict(X, point="mode"), NAMES[p.argmax(axis=1)])
    np.testing.assert_array_equal(model.predict(X), NAMES[(p.cumsum(axis=1) < 0.5).sum(axis=1)])
    np.testing.assert_array_equal(model.predict(X, point=0.9), d.quantile(0.9))
    np.testing.assert_allclose(d.cdf("rarely"), p[:, :2].sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(d.sf("rarely"), p[:, 2:].sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(d.cdf("always"), 1.0)
    low, high = d.interval(0.8)
    inside = [(np.arange(4) >= list(NAMES).index(a)) & (np.arange(4) <= list(NAMES).index(b))
              for a, b in zip(low, high, strict=True)]  # fmt: skip
    assert ((p * inside).sum(axis=1) >= 0.8 - 1e-12).all()
    np.testing.assert_allclose(d.entropy(), -(p * np.log(p)).sum(axis=1), rtol=1e-10)
    share = (d[:1].sample(20_000, 0)[0][:, None] == NAMES).mean(axis=0)
    np.testing.assert_allclose(share, p[0], atol=0.015)
    with pytest.raises(AttributeError, match=r"mean is not defined for Ordinal: classes have"):
        d.mean()


def test_offset_moves_loc():
    y = codes()
    model = Linear(Ordinal()).fit(X, y, offset=0.7 * X[:, 0])
    plain = Linear(Ordinal()).fit(X, y)
    np.testing.assert_allclose(model.coef_["loc"] + [0.7, 0.0], plain.coef_["loc"], rtol=1e-7)


def test_constant_and_fit_are_the_frequencies():
    y = codes()
    share = np.bincount(y) / N
    np.testing.assert_allclose(Ordinal().fit(y).probabilities(), share, rtol=1e-12)
    model = Constant(Ordinal()).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X[:1])[0], share, rtol=1e-8)
    with pytest.raises(ValueError, match=r"class 2 of 3 does not occur in y"):
        Ordinal(3).fit([0, 1, 1])


def test_separation_names_what_has_no_estimate():
    x = np.arange(30.0)[:, None]
    with pytest.warns(ConvergenceWarning, match=r"separated: .*x0 of loc"):
        model = Linear(Ordinal()).fit(x, np.digitize(x[:, 0], [10, 20]))
    assert model.result_.status.name == "separated"
    # Of a class that does not occur, the constant of the first threshold runs away.
    with pytest.warns(ConvergenceWarning, match=r"boundary: .*of thresholds\[0\]"):
        Linear(Ordinal(3)).fit(X, 1 + (codes() > 1))
    with pytest.warns(ConvergenceWarning, match=r"boundary: .*two thresholds meet"):
        model = Linear(Ordinal(3)).fit(X, 2 * (codes() > 1))
    assert model.predict_proba(X)[:, 1].max() < 1e-6


def test_at_and_its_errors():
    d = Ordinal().at(loc=[0.0, 1.0], thresholds=[-1.0, 0.0, 2.0])
    below = 1.0 / (1.0 + np.exp(-(np.array([-1.0, 0.0, 2.0]) - np.array([[0.0], [1.0]]))))
    np.testing.assert_allclose(d.probabilities().cumsum(axis=1)[:, :3], below, rtol=1e-12)
    np.testing.assert_allclose(d.parameters["thresholds"], [[-1.0, 0.0, 2.0]] * 2, rtol=1e-12)
    with pytest.raises(
        ValueError,
        match=r"thresholds must be finite and each above the one before; they are not in row 0 \(value \[",
    ):
        Ordinal().at(loc=0.0, thresholds=[1.0, 0.0])
    with pytest.raises(TypeError, match=r"takes loc, thresholds: missing loc"):
        Ordinal().at(thresholds=[0.0])


def test_saved_with_the_order(tmp_path):
    model = Linear(Ordinal(list(NAMES), loc=predicted("probit"))).fit(X, NAMES[codes()])
    model.save(tmp_path / "m")
    twin = load(tmp_path / "m")
    assert twin.family_ == model.family_
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    assert str(twin.summary()) == str(model.summary())


def test_many_classes_fit_without_the_hessian():
    y = np.digitize(LATENT + NOISE["logit"], np.linspace(-4, 4, 39))
    model = Linear(Ordinal()).fit(X, y)
    assert model.result_.status.name == "converged"
    assert model.result_.engine == "lbfgs"
    assert model.coef_["loc"][0] == pytest.approx(1.5, abs=0.2)
