"""``likely fit --predictor``: trees say what their columns gained, and predict from gaps and new levels."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from likely import load


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    n = 240
    place = rng.choice(["north", "south"], n)
    x = rng.uniform(size=n)
    mean = np.where(place == "north", 2.0, 6.0) * (1.0 + x)
    frame = pd.DataFrame({"place": place, "x": x, "noise": rng.normal(size=n)})
    frame["count"] = rng.poisson(mean)
    frame.loc[::17, "x"] = np.nan
    path = tmp_path / "counts.csv"
    frame.to_csv(path, index=False)
    return path


def test_trees(run, table, tmp_path):
    result = run("fit", table, "-t", "count", "--predictor", "trees", "--family", "poisson")
    assert result.exit_code == 0, result.stderr
    for words in (
        "place: 2 categories",
        "x: missing in 15 rows, which is information too",
        "η = Σ trees(x)",
        "the trees = argmin",
        "Trees (grown on all 240 rows)",
        "mean NLL    Trees",
        "better than the baseline",
    ):
        assert words in result.stdout, words
    new = tmp_path / "new.csv"
    pd.DataFrame({"place": ["north", "east", None], "x": [0.5, None, 0.1], "noise": 0.0}).to_csv(
        new, index=False
    )
    predicted = run("predict", "counts.likely", new, "--json")
    assert predicted.exit_code == 0, predicted.stderr
    assert "'east' in 1 row not seen when fitted; counted as missing" in predicted.stderr
    model = load("counts.likely")
    assert type(model).__name__ == "Trees"


def test_trees_of_classes_as_json(run, table):
    result = run("fit", table, "-t", "place", "--predictor", "trees", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["coefficients"] is None
    shares = document["feature_importances"]["probs"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert max(shares, key=shares.get) in ("count", "x")


@pytest.mark.parametrize(
    ("target", "family", "columns"),
    [
        ("grade", 'Ordinal(["low", "mid", "high"])', ["loc", "thresholds[0]", "thresholds[1]"]),
        ("grade", "categorical", ["probs[high]", "probs[low]", "probs[mid]"]),
        ("x,noise", "multivariatenormal",
         ["loc[0]", "loc[1]", "covariance[0,0]", "covariance[1,0]", "covariance[1,1]"]),
    ],
)  # fmt: skip
def test_trees_of_parameters_with_several_columns(run, table, target, family, columns):
    frame = pd.read_csv(table).dropna()
    frame["grade"] = np.array(["low", "mid", "high"])[np.digitize(frame["count"], [3, 7])]
    frame.drop(columns="count").to_csv("grades.csv", index=False)
    options = ("--predictor", "trees", "--family", family)
    shown = run("fit", "grades.csv", "-t", target, *options)
    assert shown.exit_code == 0, shown.stderr
    assert all(name in shown.stdout for name in columns)
    document = json.loads(run("fit", "grades.csv", "-t", target, *options, "--json").stdout)
    assert list(document["feature_importances"]) == columns


def test_alpha_is_for_linear(run, table):
    result = run("fit", table, "-t", "count", "--predictor", "trees", "--alpha", "1")
    assert result.exit_code != 0
    assert "--alpha is the penalty of --predictor linear; trees has none" in result.stderr


def interrupt_at(monkeypatch, owner, method, number):
    """Ctrl-C at the call of this number, and never again."""
    whole, calls = getattr(owner, method), []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(owner, method, interrupted)


@pytest.mark.parametrize("predictor", ["trees", "network"])
def test_an_interrupted_fit_writes_nothing(run, table, tmp_path, monkeypatch, predictor):
    if predictor == "trees":
        from likely.fitting.boosting.train import _Run as owner

        interrupt_at(monkeypatch, owner, "round", 5)
    else:
        from likely.predictors.networks.train import _State as owner

        interrupt_at(monkeypatch, owner, "epoch", 3)
    result = run("fit", table, "-t", "count", "--predictor", predictor, "--family", "poisson")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1].startswith("error: interrupted")
    assert "best" not in result.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["counts.csv"]


def test_an_interrupted_fit_says_that_no_model_was_written(run, table, monkeypatch):
    from likely.fitting.boosting import train

    interrupt_at(monkeypatch, train._Run, "round", 5)
    result = run("fit", table, "-t", "count", "--predictor", "trees", "--family", "poisson")
    assert "interrupted in training; no model was written" in result.stderr


@pytest.mark.parametrize("predictor", ["linear", "trees"])
def test_levels_that_differ_in_case_or_spaces_only(run, tmp_path, predictor):
    n = 120
    rng = np.random.default_rng(0)
    place = rng.choice(["Zürich", "zürich ", "Bern", "ZÜRICH"], n)
    frame = pd.DataFrame({"place": place, "x": rng.normal(size=n), "y": rng.normal(size=n)})
    frame.to_csv(tmp_path / "towns.csv", index=False)
    result = run("fit", "towns.csv", "-t", "y", "--predictor", predictor, "--test-fraction", 0)
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stdout.split())
    assert "place: 4 categories" in said  # nothing is merged
    assert "'ZÜRICH' and 'Zürich' and 'zürich '" in said
    assert "differ only in case or spaces, and are kept apart" in said


def test_classes_that_differ_in_case_only(run, tmp_path):
    frame = pd.DataFrame({"x": np.arange(60.0) % 7, "y": ["yes", "no", "Yes"] * 20})
    frame.to_csv(tmp_path / "answers.csv", index=False)
    result = run("fit", "answers.csv", "-t", "y", "--test-fraction", 0)
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stdout.split())
    assert "y: 'Yes' and 'yes' differ only in case or spaces, and are kept apart" in said
