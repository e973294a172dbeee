"""Labels of any type: accepted wherever classes are learned, and named as their user wrote them."""

import numpy as np
import pandas as pd
import pytest

from likely import Bernoulli, Categorical, Constant, Linear

X = np.arange(8.0)[:, None]
TEXT = ["a", "b", "a", "b", "b", "a", "b", "b"]


def test_bernoulli_fits_labels_like_the_estimators():
    found = Bernoulli().fit(TEXT)
    model = Constant("bernoulli").fit(X, TEXT)
    assert found.labels.tolist() == ["a", "b"] == model.classes_.tolist()
    np.testing.assert_allclose(found.prob("b"), 5 / 8)
    np.testing.assert_allclose(found.probabilities(), model.predict_proba(X[:1])[0])
    assert found.mode() == "b"
    assert Bernoulli().fit([1, 2, 2]).prob(2) == pytest.approx(2 / 3)
    assert Bernoulli().fit(pd.Series(["x", "y"], dtype="category")).prob("x") == pytest.approx(0.5)
    weighted = Bernoulli().fit(["a", "b"], sample_weight=[3, 1])
    assert weighted.prob("a") == pytest.approx(0.75)


def test_zeros_and_ones_stay_numbers():
    for y in ([0, 1, 1], [0.0, 1.0, 1.0], [False, True, True]):
        found = Bernoulli().fit(y)
        assert found.labels is None
        assert found.mean() == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"outside the support .* in row 1 \(value 0\.5\)"):
        Bernoulli().fit([0, 0.5, 1])


@pytest.mark.parametrize("fit", [
    lambda y: Bernoulli().fit(y),
    lambda y: Categorical().fit(y),
    lambda y: Linear("bernoulli").fit(X[: len(y)], y),
])  # fmt: skip
def test_messages_name_labels_as_they_were_written(fit):
    with pytest.raises(ValueError, match=r"only one class, 'a':"):
        fit(["a", "a"])
    with pytest.raises(ValueError, match=r"missing labels in row 1 \(value None\)"):
        fit(np.array(["a", None, "b"], dtype=object))
    with pytest.raises(ValueError, match=r"missing labels in row 1 \(value <NA>\)"):
        fit(pd.array(["a", pd.NA, "b"], dtype="string"))


@pytest.mark.parametrize("family", [Bernoulli(), Categorical()])
def test_an_unknown_label_is_an_error_that_names_the_known(family):
    found = family.fit(TEXT)
    with pytest.raises(
        ValueError, match=r"^y is 'maybe', which is none of the labels\. They are 'a', 'b'$"
    ):
        found.prob("maybe")
    model = Linear(family, alpha=1.0).fit(X, TEXT)
    with pytest.raises(ValueError, match=r"^y is 'c' in row 7, .* They are 'a', 'b'$"):
        model.score(X, [*TEXT[:7], "c"])


def test_three_labels_for_bernoulli():
    with pytest.raises(ValueError, match=r"3 classes, but Bernoulli is for two.*Categorical\(\)"):
        Bernoulli().fit(["a", "b", "c"])


def test_labels_in_a_loss_are_refused_without_circular_advice():
    with pytest.raises(ValueError, match=r"got 'a'") as caught:
        Bernoulli().nll(["a", "b"], [0.0, 0.0])
    assert "use a family for classes" not in str(caught.value)
    with pytest.raises(
        ValueError, match=r"got 'a'; for labels use a family for classes \(Bernoulli"
    ):
        Linear("normal").fit(X[:2], ["a", "b"])


@pytest.mark.parametrize("estimator", [Constant, Linear])
def test_booleans_of_pandas_stay_booleans(estimator):
    y = pd.Series([True, False] * 4, dtype="boolean")
    model = estimator("bernoulli").fit(X, y)
    assert model.classes_.dtype == bool
    assert model.predict(X[:2]).dtype == bool
    with pytest.raises(ValueError, match="y has missing labels in row 0"):
        estimator("bernoulli").fit(X, pd.Series([pd.NA, *y[1:]], dtype="boolean"))


def test_labels_of_several_types_are_named():
    with pytest.raises(ValueError, match=r"such as 'a' in row 1 and 1 in row 0: write all .* text"):
        Linear("categorical").fit(X, np.array([1, "a", 2, "b"] * 2, dtype=object))
