"""``likely predict``: the columns it writes, and the columns it needs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

DROP = "--drop=bought,colour,amount,unit,years"


@pytest.fixture
def model(run, data):
    run("fit", data, "--target", "count", "--family", "poisson", DROP, "-q")
    return "data.likely"


def test_numbers(run, model, data):
    result = run("predict", model, data, "--out", "p.csv", "--keep", "place,count")
    assert result.exit_code == 0
    found = pd.read_csv("p.csv")
    assert list(found) == ["place", "count", "mode", "mean", "median", "q5", "q25", "q75", "q95"]
    table = pd.read_csv(data)
    assert found.place.tolist() == table.place.tolist()
    assert found["count"].tolist() == table["count"].tolist()
    assert (found.q5 <= found.q25).all()
    assert (found["median"] <= found.q95).all()
    assert found["mean"].mean() == pytest.approx(table["count"].mean(), rel=1e-6)
    assert "written to p.csv" in result.stdout


def test_parquet_and_quantiles(run, model, data):
    assert run("predict", model, data, "--out", "p.parquet", "--quantiles", "2.5,50").exit_code == 0
    found = pq.read_table("p.parquet")
    assert found.column_names == ["mode", "mean", "median", "q2.5", "q50"]
    assert np.array_equal(found["median"].to_numpy(), found["q50"].to_numpy())


def test_stdout_is_csv_alone(run, model, data):
    result = run("predict", model, data)
    assert result.stdout.startswith("mode,mean,median,q5,q25,q75,q95\n")
    assert result.stdout.count("\n") == 401
    assert "· predict 400 rows" in result.stderr


def test_a_header_without_rows_has_predictions_without_rows(run, model, data):
    rows = pd.read_csv(data)
    rows[:0].to_csv("none.csv", index=False)
    rows[:0].to_parquet("none.parquet")
    for file in ("none.csv", "none.parquet"):
        result = run("predict", model, file, "--out", "p.csv", "--keep", "place")
        assert result.exit_code == 0
        assert "has a header but no rows, and so have the predictions" in result.stderr
        assert Path("p.csv").read_text() == "place,mode,mean,median,q5,q25,q75,q95\n"
    Path("short.csv").write_text("place\n")
    assert run("predict", model, "short.csv").exit_code == 1  # columns are missed all the same


def test_quiet_still_prints_what_was_asked_for(run, model, data):
    quiet = run("predict", model, data, "-q")
    assert quiet.stdout == run("predict", model, data).stdout
    assert quiet.stdout.count("\n") == 401
    assert quiet.stderr == ""


def test_json(run, model, data):
    found = json.loads(run("predict", model, data, "--json").stdout)
    assert len(found["predictions"]) == found["rows"] == 400
    found = json.loads(run("predict", model, data, "--json", "--out", "p.csv").stdout)
    assert found["out"] == "p.csv"
    assert "predictions" not in found


@pytest.mark.parametrize(
    ("target", "labels"), [("bought", ["no", "yes"]), ("colour", ["blue", "green", "red"])]
)
def test_classes(run, data, target, labels):
    others = ",".join({"bought", "colour", "amount", "unit", "years", "count"} - {target})
    run("fit", data, "--target", target, f"--drop={others}", "-q")
    assert run("predict", "data.likely", data, "--out", "p.csv").exit_code == 0
    found = pd.read_csv("p.csv")
    columns = [f"probability[{label}]" for label in labels]
    assert list(found) == ["class", *columns]
    assert found[columns].sum(axis=1).to_numpy() == pytest.approx(1.0)
    best = found[columns].to_numpy().argmax(axis=1)
    assert found["class"].tolist() == [labels[k] for k in best]


def test_the_order_of_columns_and_the_file_type_make_no_difference(run, model, data):
    table = pd.read_csv(data)
    run("predict", model, data, "--out", "a.csv")
    table[table.columns[::-1]].to_parquet("reversed.parquet")
    run("predict", model, "reversed.parquet", "--out", "b.csv")
    assert Path("a.csv").read_text() == Path("b.csv").read_text()


def test_columns_are_checked(run, model, data, mistake):
    table = pd.read_csv(data)
    table.rename(columns={"place": "places"}).to_csv("renamed.csv", index=False)
    message = mistake("predict", model, "renamed.csv")
    assert "renamed.csv lacks the column 'place'" in message
    assert "did you mean 'places'?" in message
    with open("twice.csv", "w") as file:
        file.write("x,place,x\n1,north,2\n")
    assert "more than one column called 'x'" in mistake("predict", model, "twice.csv")
    table.assign(place="moon").to_csv("moon.csv", index=False)
    message = mistake("predict", model, "moon.csv")
    assert message.startswith("moon.csv: column 'place': 'moon' in row 1 was not there when")
    table.assign(x="warm").to_csv("warm.csv", index=False)
    assert "column 'x' should hold numbers, but holds 'warm' in row 1" in mistake(
        "predict", model, "warm.csv"
    )


def test_a_column_of_dates_is_checked(run, mistake):
    day = pd.date_range("2026-01-01", periods=60).astype(str)
    y = np.random.default_rng(0).normal(size=60)
    pd.DataFrame({"day": day, "y": y}).to_csv("d.csv", index=False)
    assert run("fit", "d.csv", "--target", "y", "--out", "m").exit_code == 0
    pd.DataFrame({"day": ["2026-02-01", "2026-13-45"]}).to_csv("new.csv", index=False)
    message = "column 'day' should hold dates such as 2024-12-31, but holds '2026-13-45' in row 2"
    assert message in mistake("predict", "m", "new.csv")


def test_extra_columns_are_said(run, model, data):
    pd.read_csv(data).assign(new=1).to_csv("extra.csv", index=False)
    result = run("predict", model, "extra.csv", "--out", "p.csv")
    assert "! not used, since the model was fitted without: new" in result.stderr


def test_modes_at_the_edge_are_remarked(run, data):
    drop = "--drop=bought,colour,count,unit,years"
    run("fit", data, "--target", "amount", "--family", "exponential", drop, "-q")
    result = run("predict", "data.likely", data, "--out", "p.csv")
    assert "! 400 of the modes lie on the edge of [0, ∞): the mean says more" in result.stderr


def test_mistakes(run, model, data, mistake):
    assert "percentages between 0 and 100" in mistake(
        "predict", model, data, "--quantiles", "5,500"
    )
    assert "must end in .csv or .parquet" in mistake("predict", model, data, "--out", "p.xlsx")
    assert "the folder nowhere does not exist" in mistake(
        "predict", model, data, "--out", "nowhere/p.csv"
    )
    assert "did you mean 'place'?" in mistake("predict", model, data, "--keep", "plce")
    assert "no such model" in mistake("predict", "nothing.likely", data)
    assert "nothing.csv: no such file" in mistake("predict", model, "nothing.csv")


def test_quantiles_of_classes_are_refused(run, data, mistake):
    run("fit", data, "--target", "colour", "--drop", "unit,bought,amount", "-q")
    message = mistake("predict", "data.likely", data, "--quantiles", "10,90")
    assert "--quantiles: data.likely predicts classes (Categorical)" in message
    assert run("predict", "data.likely", data).exit_code == 0
