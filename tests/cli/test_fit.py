"""``likely fit``: what it says, what it saves, and how it splits."""

import json

import numpy as np
import pandas as pd
import pytest

from likely import Categorical, load
from likely.storage import read_folder

LABELS = "--drop=bought,colour,amount,unit,years"
OTHERS = {
    "bought": "--drop=count,colour,amount,unit",
    "colour": "--drop=count,bought,amount,unit",
    "amount": "--drop=count,bought,colour,unit",
}


def test_the_report(run, data):
    result = run("fit", data, "--target", "count", LABELS)
    assert result.exit_code == 0
    out = result.stdout
    for words in (
        "400 rows; target count",
        "count holds whole numbers ≥ 0",
        "--family overrides",
        "place: 3 categories, reference",
        "numbers as they are: x",
        "left out as asked: bought, colour, amount, unit, years",
        "1 choose   count ~ ",
        "mean = exp(η), η = β₀ + β·x",
        "3 train    β = argmin −Σ log",
        "place[",
        "converged",
        "Held-out judgement (80 rows, by a fit on the other 320)",
        "20 % held out, shuffled with seed 0; the saved model is refitted on all rows",
        "mean NLL    Linear",
        "Constant baseline",
        "better than the baseline",
        "in the 95 % interval",
        "saved to data.likely, refitted on all 400 rows",
    ):
        assert words in out, words
    assert "· encode and fit on all 400 rows" in result.stderr
    assert "replaced the model in data.likely" in run("fit", data, "-t", "count", LABELS).stdout


def test_counts_that_are_poisson_given_the_columns(run, data):
    result = run("fit", data, "--target", "count", LABELS)
    assert "→ NegativeBinomial (count)" in result.stdout
    assert "vary no more than Poisson's (size → ∞) → Poisson" in result.stdout
    assert "1 choose   count ~ Poisson(mean)" in result.stdout
    assert "(NegativeBinomial)" in result.stdout  # the baseline keeps what was proposed
    asked = run("fit", data, "--target", "count", LABELS, "--family", "negativebinomial")
    assert "count ~ NegativeBinomial(mean, size)" in asked.stdout
    assert "! boundary: " in asked.stdout


def test_json_is_one_document(run, data):
    result = run("fit", data, "--target", "count", LABELS, "--family", "poisson", "--json")
    found = json.loads(result.stdout)
    assert found["family"] == "Poisson()"
    assert found["proposal"] is None
    assert found["held_out"]["rows"] == 80
    assert found["held_out"]["gain"] > 2 * found["held_out"]["gain_standard_error"]
    assert found["held_out"]["gain"] == pytest.approx(
        found["held_out"]["baseline_nll"] - found["held_out"]["nll"]
    )
    assert set(found["held_out"]["coverage"]) == {"50", "80", "95"}
    assert [c["term"] for c in found["coefficients"]][:2] == ["intercept", "x"]
    assert found["model"] == "data.likely"


def test_quiet_says_nothing(run, data):
    result = run("fit", data, "--target", "count", LABELS, "-q")
    assert result.output == ""
    assert result.exit_code == 0


def test_the_saved_model_is_fitted_on_all_rows(run, data, tmp_path):
    run("fit", data, "--target", "count", LABELS, "--family", "poisson", "-q")
    model = load(tmp_path / "data.likely")
    table = pd.read_csv(data)
    matrix = np.column_stack(
        [table.x, *(table.place == n.split("[")[1][:-1] for n in model.feature_names_in_[1:])]
    ).astype(float)
    # At the optimum of all rows the mean of the fitted means is the mean of the counts.
    fitted = np.exp(matrix @ model.coef_["mean"] + model.intercept_["mean"])
    assert fitted.mean() == pytest.approx(table["count"].mean(), rel=1e-8)


@pytest.mark.parametrize(
    ("target", "family", "words"),
    [
        ("bought", "Bernoulli", "what is predicted is the chance of 'yes'"),
        ("colour", "Categorical", "3 distinct"),
    ],
)
def test_classes_are_judged_by_accuracy(run, data, target, family, words):
    result = run("fit", data, "--target", target, OTHERS[target])
    assert result.exit_code == 0, result.output
    assert f"→ {family}" in result.stdout
    assert words in result.stdout
    assert "accuracy    " in result.stdout
    assert "log-loss    " in result.stdout
    assert "class by class" in result.stdout


def test_amounts_and_roles(run, data):
    result = run("fit", data, "--target", "amount", OTHERS["amount"])
    assert "→ Gamma (positive)" in result.stdout
    result = run(
        "fit", data, "-t", "amount", OTHERS["amount"], "--family", "LogNormal(scale=shared)"
    )
    assert result.exit_code == 0
    assert "one learned value for all rows" in result.stdout
    assert "scale = " in result.stdout


def test_constant_predictor(run, data):
    result = run("fit", data, "--target", "count", "--predictor", "constant")
    assert result.exit_code == 0
    assert "mean NLL    Constant" in result.stdout
    assert "difference" not in result.stdout


def test_no_judgement_is_said(run, data):
    result = run("fit", data, "--target", "count", LABELS, "--test-fraction", 0)
    assert "nothing is known of how good the model is" in result.stdout


def test_groups_are_held_out_whole_and_time_in_order(run, data):
    columns = "--drop=bought,colour,amount"
    group = run("fit", data, "-t", "count", columns, "--group", "unit", "--json")
    found = json.loads(group.stdout)
    assert "groups of unit as a whole" in found["held_out"]["how"]
    assert "unit: used to hold out whole groups, not a predictor" in found["notes"]
    assert "unit" not in found["columns"]
    time = json.loads(run("fit", data, "-t", "count", columns, "--time", "years", "--json").stdout)
    assert "in the order of years" in time["held_out"]["how"]
    assert time["held_out"]["rows"] == 80


def test_weights_are_frequencies(run, data, tmp_path):
    table = pd.read_csv(data)[["x", "count"]]
    twice = pd.concat([table, table[:100]])
    twice.to_csv(tmp_path / "twice.csv", index=False)
    table["w"] = np.where(np.arange(len(table)) < 100, 2, 1)
    table.to_csv(tmp_path / "weighted.csv", index=False)
    common = ("--target", "count", "--family", "poisson", "--test-fraction", 0, "--json")
    one = json.loads(run("fit", tmp_path / "twice.csv", *common).stdout)
    two = json.loads(run("fit", tmp_path / "weighted.csv", *common, "--weight", "w").stdout)
    for a, b in zip(one["coefficients"], two["coefficients"], strict=True):
        assert a["estimate"] == pytest.approx(b["estimate"], rel=1e-8)
        assert a["std_error"] == pytest.approx(b["std_error"], rel=1e-6)


def test_exposure_is_needed_again_at_predict(run, data, mistake):
    run(
        "fit",
        data,
        "-t",
        "count",
        "--family",
        "poisson",
        LABELS.replace(",years", ""),
        "--exposure",
        "years",
    )
    assert run("predict", "data.likely", data).exit_code == 0
    pd.read_csv(data).drop(columns="years").to_csv("without.csv", index=False)
    assert "the exposure column 'years' is not in without.csv" in mistake(
        "predict", "data.likely", "without.csv"
    )


def test_held_out_rows_may_have_new_levels(run, tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"t": np.arange(200), "x": rng.normal(size=200)})
    table["y"] = table.x + rng.normal(size=200)
    table["phase"] = np.where(table.t < 100, "a", np.where(table.t < 170, "b", "c"))
    table.to_csv(tmp_path / "t.csv", index=False)
    result = run("fit", tmp_path / "t.csv", "-t", "y", "--time", "t")
    assert result.exit_code == 0
    assert "held-out rows: phase: 'c' in 30 rows not seen when fitted" in result.stdout


def test_the_folder_holds_the_table(run, data, tmp_path):
    run("fit", data, "--target", "bought", OTHERS["bought"], "-q", "--out", tmp_path / "deep" / "m")
    manifest, arrays = read_folder(tmp_path / "deep" / "m")
    assert manifest["table"]["target"] == "bought"
    assert manifest["table"]["encoder"]["version"] == 1
    assert not any(array.dtype.hasobject for array in arrays.values())


def test_proportions_with_exact_ends(run, tmp_path):
    rng = np.random.default_rng(2)
    x = rng.normal(size=300)
    y = np.clip(0.5 + 0.3 * x + 0.2 * rng.normal(size=300), 0.0, 1.0)
    pd.DataFrame({"x": x, "y": y}).to_csv("shares.csv", index=False)
    out = run("fit", "shares.csv", "--target", "y").stdout
    assert "y lies between 0 and 1, " in out
    assert (
        "→ Inflated(Beta(), at=(0, 1)) (proportion with exact 0 and 1); --family overrides" in out
    )
    assert "upper_share" in out
    model = load("shares.likely")
    assert model.predict_dist(pd.DataFrame({"x": [3.0]})).prob(1.0)[0] > 0.0


def test_a_column_that_counts_the_rows_is_said(run):
    rng = np.random.default_rng(2)
    year = np.arange(1901, 1941)
    told = pd.DataFrame({"id": year - 1900, "year": year, "y": rng.normal(size=40)})
    told.to_csv("told.csv", index=False)
    out = " ".join(run("fit", "told.csv", "--target", "y").stdout.split())
    assert "id: numbers the rows; if it measures nothing, --drop id" in out
    assert "year: numbers the rows" not in out
    out = run("fit", "told.csv", "--target", "y", "--drop", "id").stdout
    assert "numbers the rows" not in out


def test_a_reference_class_is_named_in_the_family(run, data):
    result = run(
        "fit",
        data,
        "--target",
        "colour",
        "--family",
        'Categorical(reference="green")',
        "--out",
        "m",
    )
    assert result.exit_code == 0, result.output
    assert "η is the log odds against 'green', whose own is 0" in result.output
    assert "probs[red]" in result.output
    assert "probs[green]" not in result.output
    assert "they sum to zero over the classes" not in result.output
    assert load("m").family == Categorical(reference="green")


def test_importances_of_trees_leave_the_reference_class_out(run, data):
    family = 'Categorical(reference="green")'
    result = run(
        "fit", data, "--target", "colour", "--family", family, "--predictor", "trees", "--out", "m"
    )
    assert result.exit_code == 0, result.output
    assert "probs[red]" in result.output
    assert "probs[green]" not in result.output
