"""What y teaches about a family: ``family_`` has it after ``fit``, and the family that was given does not change."""

import numpy as np
import pytest

from likely import Categorical, Constant, Linear, MultivariateNormal, Ordinal, PlackettLuce, load

N = 60
RNG = np.random.default_rng(4)
X = RNG.normal(size=(N, 2))
CLASSES = np.arange(N) % 3
NAMES = np.array(["blue", "green", "red"])[CLASSES]
LEARNED = {
    "classes": (Categorical(), NAMES, ("probs[0]", "probs[1]", "probs[2]")),
    "reference": (Categorical(reference="green"), NAMES, ("probs[0]", "probs[2]")),
    "numbers": (Categorical(reference=1), CLASSES + 1, ("probs[1]", "probs[2]")),
    "order": (Ordinal(), CLASSES, ("loc", "thresholds[0]", "thresholds[1]")),
    "items": (
        PlackettLuce(),
        np.argsort(RNG.normal(size=(N, 3)), axis=1) + 1,
        ("worth[0]", "worth[1]", "worth[2]"),
    ),
    "dimensions": (
        MultivariateNormal(),
        RNG.normal(size=(N, 2)),
        ("loc[0]", "loc[1]", "covariance[0,0]", "covariance[1,0]", "covariance[1,1]"),
    ),
}


@pytest.mark.parametrize(("family", "y", "columns"), LEARNED.values(), ids=LEARNED)
@pytest.mark.parametrize("predictor", [Linear, Constant])
def test_the_raw_columns_are_known_after_fit(predictor, family, y, columns, tmp_path):
    model = predictor(family).fit(X, y)
    model.save(tmp_path / "m")
    with pytest.raises(ValueError, match="is not known yet"):
        _ = family.raw_columns
    for one in (model, load(tmp_path / "m")):
        assert one.family == family
        assert one.family_.raw_columns == one.loss_.column_names == columns


def test_the_learned_family_has_the_loss_that_was_minimised():
    model = Linear(Categorical(reference="green")).fit(X, NAMES)
    raw = np.c_[X, X[:, :1]][:, :2]
    np.testing.assert_array_equal(
        model.family_.nll(CLASSES, raw), model.loss_.evaluate(CLASSES.astype(float), raw.T, 0)[0]
    )


def test_a_model_that_was_read_can_be_fitted_to_other_classes(tmp_path):
    Linear(Categorical()).fit(X, NAMES).save(tmp_path / "m")
    other = load(tmp_path / "m").fit(X, np.arange(N) % 5)
    assert other.family_ == Categorical(5)
