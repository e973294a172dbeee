"""Trees that are grown on ranks are trees of X."""

import lightgbm
import numpy as np
import pytest

from likely.fitting.boosting.ranks import Ranks

RNG = np.random.default_rng(0)
N = 600


def column(kind):
    x = RNG.normal(size=N)
    return {
        "plain": x,
        "ties": np.round(x, 1),
        "missing": np.where(RNG.uniform(size=N) < 0.2, np.nan, x),
        "mostly missing": np.where(RNG.uniform(size=N) < 0.9, np.nan, x),
        "often zero": np.where(RNG.uniform(size=N) < 0.5, 0.0, x),
        "beyond floats of LightGBM": np.where(np.abs(x) < 0.5, 1e-300 * x, x),
        "over all magnitudes": np.sign(x) * 10.0 ** (50 * x),
        "negative": -np.abs(x),
        "positive": np.abs(x),
        "two neighbours": np.where(x < 0.0, -1.0, np.nextafter(-1.0, 0.0)),
    }[kind]


KINDS = (
    "plain",
    "ties",
    "missing",
    "mostly missing",
    "often zero",
    "beyond floats of LightGBM",
    "over all magnitudes",
    "negative",
    "positive",
    "two neighbours",
)


def trained(X, y):
    settings = {"objective": "l2", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    return lightgbm.train(settings, lightgbm.Dataset(X, y, params={"verbosity": -1}), 20)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_ranks_becomes_one_of_x(kind):
    X = np.column_stack([column(kind), column("plain")])
    y = np.where(np.isnan(X[:, 0]), 1.0, np.arctan(X[:, 0]) + np.sin(2.0 * X[:, 1]))
    ranks = Ranks(X)
    assert (0 in ranks.edges) == (kind != "positive")
    of_ranks = trained(ranks.of(X), y)
    model = lightgbm.Booster(model_str=ranks.in_units(of_ranks.model_to_string()))
    np.testing.assert_array_equal(model.predict(X), of_ranks.predict(ranks.of(X)))
    new = np.column_stack([RNG.choice(X[:, 0], 300), 2.0 * RNG.normal(size=300)])
    new[::7, 1] = np.nan  # where none was before
    new[1::7, 0] += 1e-3
    np.testing.assert_array_equal(model.predict(new), of_ranks.predict(ranks.of(new)))


def test_bins_are_made_of_the_order_alone():
    X = np.round(2.0 * np.tanh(column("plain")))[:, None] / 2.0
    y = np.sin(3.0 * X[:, 0]) + 0.1 * RNG.normal(size=N)
    ranks = Ranks(X)
    model = lightgbm.Booster(model_str=ranks.in_units(trained(ranks.of(X), y).model_to_string()))
    np.testing.assert_allclose(model.predict(X), trained(X, y).predict(X), rtol=1e-12)


def test_each_tree_is_where_the_text_says():
    X = column("plain")[:, None]
    ranks = Ranks(X)
    text = ranks.in_units(trained(ranks.of(X), X[:, 0]).model_to_string())
    start = text.index("Tree=0")
    for number, size in enumerate(text.partition("tree_sizes=")[2].partition("\n")[0].split()):
        assert text[start:].startswith(f"Tree={number}\n")
        start += int(size)
    assert text[start:].startswith("end of trees")
    with pytest.raises(ValueError, match="a tree without thresholds"):
        ranks.in_units(text.replace("threshold=", "edge="))


def test_what_is_left_stays():
    X = np.column_stack([column("plain"), column("plain")])
    found = Ranks(X, left=[1]).of(X)
    assert found[:, 0].min() == 1.0
    assert found[:, 0].max() == N
    np.testing.assert_array_equal(found[:, 1], X[:, 1])
    positive = np.abs(X)
    assert Ranks(positive).of(positive) is positive
