"""Bad input to ``likely fit``: one message that says where, exit code 1, nothing written."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from likely import storage

DROP = "--drop=bought,colour,amount,unit,years"

X = list(range(1, 41))
TABLES = {
    "missing y": (
        {"x": X, "y": [None, None, *X[2:]]},
        "y",
        (),
        "'y' is missing in 2 rows: rows 1, 2",
    ),
    "infinite y": ({"x": X, "y": [*X[:39], "inf"]}, "y", (), "column 'y' is infinite in row 40"),
    "text in y": (
        {"x": X, "y": ["a", "b", "c", "d"] * 10},
        "y",
        ("--family", "normal"),
        "holds text ('a' in row 1",
    ),
    "outside": (
        {"x": X, "y": [-1, *X[1:]]},
        "y",
        ("--family", "poisson"),
        "has -1 in row 1, but Poisson needs a whole number ≥ 0",
    ),
    "zeros": (
        {"x": X, "y": [0.0, *np.array(X[1:]) + 0.5]},
        "y",
        ("--family", "gamma"),
        "has 0 in row 1, but Gamma needs a number > 0. Exact zeros need a family that allows them: Tweedie()",
    ),
    "dates": (
        {"x": X, "y": [f"2024-02-{1 + i % 28:02}" for i in range(40)]},
        "y",
        (),
        "target 'y' holds dates, such as 2024-02-01 in row 1, which are no numbers yet: write the days since",
    ),
    "dates among the targets": (
        {"x": X, "y": [f"2024-02-{1 + i % 28:02}" for i in range(40)]},
        "x,y",
        (),
        "target 'y' holds dates",
    ),
    "one class": ({"x": X, "y": ["a"] * 40}, "y", (), "there is only one class"),
    "constant": ({"x": X, "y": [2.5] * 40}, "y", (), "a constant, and nothing to learn"),
    "three classes": (
        {"x": X, "y": ["a", "b", "c", "d"] * 10},
        "y",
        ("--family", "bernoulli"),
        "has 4 classes",
    ),
    "no target": (
        {"x": X, "target": X},
        "tarket",
        (),
        "'tarket' is not in bad.csv; did you mean 'target'?",
    ),
    "family": (
        {"x": X, "y": X},
        "y",
        ("--family", "poison"),
        "unknown family 'poison'; did you mean 'Poisson'?",
    ),
    "role": ({"x": X, "y": X}, "y", ("--family", "Normal(sale=shared)"), "has no parameter 'sale'"),
    "fixed": (
        {"x": X, "y": X},
        "y",
        ("--family", "Normal(scale=-1)"),
        "Normal's scale must be a number > 0, got -1.0",
    ),
    "quoted commas": (
        {"x": X + X, "y": [f"{i},5" for i in range(80)]},
        "y",
        (),
        "its cells look like numbers with commas or signs in them, such as '0,5'; write them with a decimal",
    ),
    "thousands": (
        {"x": X + X, "y": [f"1,{i + 100}.50" for i in range(80)]},
        "y",
        (),
        "its cells look like numbers with commas or signs in them, such as '1,100.50'; write them with",
    ),
    "limits of detection": (
        {"x": X, "y": ["<0.3", *[f"{i}.5" for i in range(39)]]},
        "y",
        (),
        "holds bounds among its numbers, such as '<0.3' in row 1: write two columns, low and high, equal where",
    ),
    "limits for a family": (
        {"x": X, "y": [*[f"{i}.5" for i in range(39)], "> 1e3"]},
        "y",
        ("--family", "gamma"),
        "holds bounds among its numbers, such as '> 1e3' in row 40",
    ),
    "percentages": (
        {"x": X, "y": [0.0, 100.0, *[i + 0.25 for i in range(38)]]},
        "y",
        ("--family", "Inflated(Beta(), at=(0, 1))"),
        "Percentages are proportions after y / 100",
    ),
    "days of other countries": (
        {"x": X + X, "y": [f"{i % 28 + 1}.{i % 12 + 1}.2024" for i in range(80)]},
        "y",
        (),
        "its cells look like dates, such as '1.1.2024'; write them as 2024-12-31",
    ),
    "dropped, with a space": (
        {"x": X, "y": X, "first name": X},
        "y",
        ("--drop", "first nam"),
        "column 'first nam' is not in bad.csv; did you mean 'first name'?",
    ),
    "predictor": ({"x": X, "y": X}, "y", ("--predictor", "liner"), "did you mean 'linear'?"),
    "no columns": ({"y": X}, "y", (), "no column is left to predict from"),
    "dropped": ({"x": X, "y": X}, "y", ("--drop", "z"), "column 'z' is not in bad.csv"),
    "weight": (
        {"x": X, "y": X, "w": [-1.5, *X[1:]]},
        "y",
        ("--weight", "w"),
        "is negative in row 1 (-1.5): a weight says how often a row counts, 0 or more",
    ),
    "exposure": (
        {"x": X, "y": X, "e": [0.0, *X[1:]]},
        "y",
        ("--exposure", "e"),
        "not > 0 in row 1: it has 0",
    ),
    "no log mean": (
        {"x": X, "y": X, "e": X},
        "y",
        ("--exposure", "e", "--family", "normal"),
        "no predicted mean",
    ),
    "two splits": ({"x": X, "y": X}, "y", ("--group", "x", "--time", "x"), "give one of them"),
    "one group": ({"x": X, "y": X, "g": ["a"] * 40}, "y", ("--group", "g"), "only one group"),
    "two rows": (
        {"x": [1.5, 2.5], "y": [1, 2]},
        "y",
        ("--family", "poisson"),
        "2 rows are too few",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_bad_tables(mistake, tmp_path, case):
    columns, target, options, words = TABLES[case]
    pd.DataFrame(columns).to_csv(tmp_path / "bad.csv", index=False)
    assert words in mistake("fit", "bad.csv", "--target", target, *options)
    assert [p.name for p in tmp_path.iterdir()] == ["bad.csv"]


def test_a_malformed_csv_names_the_line(mistake, tmp_path):
    (tmp_path / "bad.csv").write_text("x,y\n1,2\n3,4,5\n")
    message = mistake("fit", "bad.csv", "--target", "y")
    assert message == "bad.csv, line 3: 3 cells, but the header has 2"


def test_infinity_in_x(mistake, tmp_path):
    (tmp_path / "bad.csv").write_text("x,y\n1.5,2\n-inf,3\n")
    assert "column 'x' is infinite in row 2" in mistake("fit", "bad.csv", "--target", "y")


def test_usage_errors_have_code_2(run):
    assert run("fit").exit_code == 2
    assert run("fit", "x.csv", "--target", "y", "--unknown").exit_code == 2
    assert run("fit", "x.csv", "--target", "y", "--seed", "many").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_a_folder_that_is_no_model_is_refused_before_any_work(mistake, data, tmp_path):
    (tmp_path / "data.likely").mkdir()
    (tmp_path / "data.likely" / "notes.txt").write_text("mine")
    assert "will not be overwritten" in mistake("fit", data, "--target", "count")
    assert (tmp_path / "data.likely" / "notes.txt").read_text() == "mine"


def test_no_permission(mistake, data, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "no permission to write in" in mistake("fit", data, "--target", "count")


FAULTS = {
    OSError(errno.ENOSPC, "No space left on device"): (1, "no space left on device"),
    PermissionError(errno.EACCES, "Permission denied"): (1, "permission denied"),
    KeyboardInterrupt(): (130, "interrupted; no file was left half-written"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda e: type(e).__name__)
def test_a_write_that_fails_leaves_nothing(run, data, tmp_path, monkeypatch, fault):
    def fsync(handle):
        raise fault

    monkeypatch.setattr(storage.os, "fsync", fsync)
    result = run("fit", data, "--target", "count", DROP, "--test-fraction", 0)
    code, words = FAULTS[fault]
    assert result.exit_code == code
    assert words in result.stderr
    assert code == 130 or "data.likely" in result.stderr or ".npz" in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["data.csv"]


def test_a_prediction_that_fails_leaves_the_old_file(run, data, tmp_path, monkeypatch):
    run("fit", data, "--target", "count", DROP, "-q")
    Path("p.csv").write_text("old")

    def fsync(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", fsync)
    assert run("predict", "data.likely", data, "--out", "p.csv").exit_code == 1
    assert Path("p.csv").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.csv", "data.likely", "p.csv"]


def test_damaged_models_are_refused(run, data, mistake):
    run("fit", data, "--target", "count", DROP, "-q")
    manifest = Path("data.likely/model.json")
    text = manifest.read_text()
    manifest.write_text(text[:200])
    assert "truncated or not JSON" in mistake("predict", "data.likely", data)
    manifest.write_text(text.replace('"target": "count"', '"target": "other"'))
    assert "was altered" in mistake("predict", "data.likely", data)
    manifest.write_text(json.dumps({**json.loads(text), "version": 99}))
    assert "upgrade with pip install --upgrade likely" in mistake("predict", "data.likely", data)
    manifest.write_text('{"format": "other"}')
    assert "was not written by likely" in mistake("predict", "data.likely", data)
    manifest.write_text(text)
    arrays = next(Path("data.likely").glob("*.npz"))
    arrays.write_bytes(arrays.read_bytes()[:-10])
    assert "truncated or was altered" in mistake("predict", "data.likely", data)


def test_a_model_from_python_has_no_table(data, tmp_path, mistake):
    from likely import Linear

    rng = np.random.default_rng(0)
    Linear("normal").fit(rng.normal(size=(50, 1)), rng.normal(size=50)).save(tmp_path / "m.likely")
    assert "saved from Python and knows no table" in mistake("predict", "m.likely", data)
