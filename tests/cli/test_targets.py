"""Targets of several columns, successes among trials, and times with events."""

import json

import numpy as np
import pandas as pd
import pytest

import likely
from likely import Binomial, Censored, Dirichlet, Linear, Weibull, censored


def ranked(worth):
    """The rank of each item, 1 that of the largest."""
    return np.argsort(np.argsort(-worth, axis=1), axis=1) + 1


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 240
    x = rng.normal(size=n).round(3)
    logs = np.column_stack([0.5 + x, -0.3 * x, np.zeros(n)])
    shares = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    soil = np.array([rng.dirichlet(20.0 * row) for row in shares])
    votes = np.array([rng.multinomial(30, row) for row in shares])
    sown = rng.integers(5, 40, n)
    time, end = rng.weibull(1.5, n) * np.exp(1.0 + 0.5 * x), rng.exponential(4.0, n)
    return pd.DataFrame(
        {
            "x": x,
            "place": rng.choice(["north", "south"], n),
            **dict(zip(("sand", "silt", "clay"), soil.T, strict=True)),
            **dict(zip(("red", "blue", "green"), votes.T, strict=True)),
            "sown": sown,
            "sprouted": rng.binomial(sown, 1.0 / (1.0 + np.exp(-x))),
            "days": np.minimum(time, end),
            "failed": time <= end,
            "u": rng.normal(size=n) + x,
            "v": rng.normal(size=n) - x,
            **dict(
                zip(
                    ("first", "second", "third"),
                    ranked(rng.gumbel(size=(n, 3)) + logs).T,
                    strict=True,
                )
            ),
        }
    )


@pytest.fixture
def fit(run, table, tmp_path):
    """Fit with x and place as the only columns; the report as JSON, and the model's folder."""

    def _fit(target, *options):
        used = {*target.split(","), "x", "place", *options}
        table[[c for c in table.columns if c in used]].to_csv(tmp_path / "d.csv", index=False)
        result = run("fit", "d.csv", "--target", target, *options, "--out", "m", "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout), tmp_path / "m"

    return _fit


def predicted(run, *options):
    result = run("predict", "m", "d.csv", "--out", "p.csv", "--quiet", *options)
    assert result.exit_code == 0, result.output
    return pd.read_csv("p.csv")


def estimates(report):
    return np.array([row["estimate"] for row in report["coefficients"]])


def test_shares(fit, run, table):
    report, folder = fit("sand,silt,clay")
    assert report["family"] == "Dirichlet(['sand', 'silt', 'clay'])"
    assert report["proposal"]["domain"] == "shares of a whole"
    assert report["held_out"]["gain"] > 0.5
    assert "coverage" not in report["held_out"]
    columns = predicted(run, "--quantiles", "10,90")
    assert list(columns)[:5] == [
        "mode[sand]",
        "mean[sand]",
        "median[sand]",
        "q10[sand]",
        "q90[sand]",
    ]
    assert np.allclose(columns[[f"mean[{c}]" for c in ("sand", "silt", "clay")]].sum(axis=1), 1.0)
    inside = (columns["q10[sand]"] < table.sand) & (table.sand < columns["q90[sand]"])
    assert 0.7 < inside.mean() < 0.9
    assert likely.load(folder).family_ == Dirichlet(["sand", "silt", "clay"])


@pytest.mark.parametrize("predictor", ["linear", "trees", "constant"])
def test_counts_of_several_kinds(fit, run, predictor):
    report, _ = fit("red,blue,green", "--predictor", predictor)
    assert report["proposal"]["domain"] == "counts of several kinds"
    columns = predicted(run, "--trials", "30")
    assert (columns[[f"mode[{c}]" for c in ("red", "blue", "green")]].sum(axis=1) == 30).all()


def test_vectors(fit, run):
    report, _ = fit("u,v")
    assert report["family"] == "MultivariateNormal()"
    named = {row["parameter"] for row in report["coefficients"]}
    assert {"loc[u]", "loc[v]", "covariance[u,u]", "covariance[v,u]"} <= named
    assert {"mean[u]", "q5[v]"} <= set(predicted(run))


def test_rankings(fit, run):
    report, _ = fit("first,second,third")
    assert report["family"] == "PlackettLuce()"
    named = {row["parameter"] for row in report["coefficients"]}
    assert named == {"worth[first]", "worth[second]", "worth[third]"}
    columns = predicted(run)[["mode[first]", "mode[second]", "mode[third]"]]
    np.testing.assert_array_equal(np.sort(columns, axis=1)[0], [1, 2, 3])


@pytest.mark.parametrize("text", ["u=Normal(), days=Weibull()", "u=Normal, days=Weibull"])
def test_targets_with_a_family_each(fit, text):
    report, _ = fit("u,days", "--family", f"Independent({text})")
    assert report["family"] == "Independent(u=Normal(), days=Weibull())"
    assert {"u_loc", "days_scale"} <= {row["parameter"] for row in report["coefficients"]}


def test_a_transform_needs_no_quotes(fit):
    report, _ = fit("days", "--family", "Transformed(Normal, log)")
    assert report["family"] == "Transformed(Normal(), 'log')"


def test_a_baseline_at_an_edge_is_not_remarked(run, table, tmp_path):
    table[["x", "first"]].to_csv(tmp_path / "d.csv", index=False)  # no zeros: none are inflated
    done = run(
        "fit", "d.csv", "-t", "first", "--family", "ZeroInflated(Poisson(), inflation=predicted)"
    )
    assert "Constant(family)" not in done.output + done.stderr


def test_successes_among_trials(fit, run, table):
    report, _ = fit("sprouted", "--trials", "sown")
    design = np.column_stack([table.x, table.place == "north"])
    model = Linear(Binomial()).fit(design, table[["sprouted", "sown"]])
    ours = np.concatenate([[model.intercept_["probs"]], model.coef_["probs"]])
    np.testing.assert_allclose(estimates(report), ours, rtol=1e-8)
    assert 0.9 < report["held_out"]["coverage"]["95"] <= 1.0
    mean = model.predict(design, point="mean")
    np.testing.assert_allclose(predicted(run)["mean"], mean * table.sown, rtol=1e-8)
    np.testing.assert_allclose(predicted(run, "--trials", "10")["mean"], 10.0 * mean, rtol=1e-8)
    table[["x", "place"]].to_csv("d.csv", index=False)
    result = run("predict", "m", "d.csv", "--out", "p.csv", "--json")
    assert any("no column 'sown'" in note for note in json.loads(result.stdout)["notes"])


@pytest.mark.parametrize("family", ["auto", "weibull", "Censored(Weibull)"])
def test_times_with_events(fit, run, table, family):
    report, _ = fit("days", "--event", "failed", "--family", family)
    assert report["family"] == "Censored(Weibull())"
    design = np.column_stack([table.x, table.place == "north"])
    model = Linear(Censored(Weibull())).fit(design, censored(table.days, table.failed))
    np.testing.assert_allclose(
        estimates(report)[:3], [model.intercept_["scale"], *model.coef_["scale"]], rtol=1e-6
    )
    assert (predicted(run)["median"] > 0.0).all()


def test_bounds_of_which_an_empty_cell_is_not_known(run, table, tmp_path):
    low = table.days
    high = low.where(table.failed)
    pd.DataFrame({"x": table.x, "low": low, "high": high}).to_csv(tmp_path / "d.csv", index=False)
    result = run("fit", "d.csv", "-t", "low,high", "--family", "Censored(Weibull)", "--json")
    model = Linear(Censored(Weibull())).fit(table[["x"]], censored(table.days, table.failed))
    ours = [model.intercept_["scale"], *model.coef_["scale"], model.intercept_["shape"]]
    np.testing.assert_allclose(estimates(json.loads(result.stdout)), ours, rtol=1e-6)


def test_what_people_read(run, table, tmp_path):
    table[["x", "place", "sand", "silt", "clay"]].to_csv(tmp_path / "d.csv", index=False)
    text = run("fit", "d.csv", "-t", "sand,silt,clay").stdout
    assert "target (sand, silt, clay)" in text
    assert "(sand, silt, clay) ~ Dirichlet(log_ratio_sand, log_ratio_silt, precision)" in text
    table[["x", "sown", "sprouted"]].to_csv(tmp_path / "d.csv", index=False)
    text = run("fit", "d.csv", "-t", "sprouted", "--trials", "sown").stdout
    assert "sown: the number of trials, not a predictor" in text
    assert "p(y) = C(n, y)" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["-t", "days", "--family", "Truncated(Normal())"],
            "needs the bounds of each row: name their columns too, --target days,low,high",
        ),
        (
            ["-t", "first,second,sown", "--family", "plackettluce"],
            "first, second, sown: the ranking is no ranking in rows",
        ),
        (["-t", "sand,slit,clay"], "target 'slit' is not in d.csv; did you mean 'silt'?"),
        (["-t", "sand,place"], "column 'place' holds text ('north', 'south')"),
        (["-t", "sand,u", "--family", "dirichlet"], "but Dirichlet needs a number strictly between 0 and 1"),
        (["-t", "sand,silt", "--family", "dirichlet"], "sand, silt do not sum to 1 in rows 1, 2"),
        (["-t", "u,v", "--family", "gamma"], "--target u,v names 2 columns, but Gamma is over one"),
        (["-t", "sand", "--family", "dirichlet"], "Dirichlet is over several columns: name them with commas"),
        (["-t", "sprouted", "--family", "binomial"], "name its column with --trials"),
        (["-t", "sown", "--trials", "sprouted"], "sown is larger than sprouted in rows"),
        (["-t", "sprouted", "--trials", "sowm"], "the trials column 'sowm' is not in d.csv; did you mean 'sown'?"),
        (["-t", "sprouted", "--trials", "sown", "--family", "poisson"], "Poisson has no trials"),
        (["-t", "days", "--event", "x"], "the event column 'x' must hold 1 (seen) or 0 (not yet), but there is"),
        (["-t", "days", "--event", "place"], "the event column 'place' holds text"),
        (["-t", "days", "--event", "failed", "--family", "laplace"], "--event failed: Censored is not defined"),
        (["-t", "days", "--family", "Censored(Weibull)"], "name a column of 1 and 0 with --event"),
        (["-t", "days", "--event", "failed", "--trials", "sown"], "give one of them"),
        (["-t", "u,v", "--drop", "v"], "--drop v: that is one of the targets"),
        (["-t", "u,u"], "a column is named twice"),
        (["-t", "red,blue", "--family", "Multinomial(3)"], "names 2 columns, but Multinomial(3) has 3"),
        (["-t", "days,u", "--family", "Independent(u=Normal(), days=Gamma())"], "takes the columns in the order u"),
        (["-t", "red,blue", "--trials", "sown"], "--trials goes with a target of one column"),
    ],
)  # fmt: skip
def test_mistakes(mistake, table, tmp_path, options, message):
    table.to_csv(tmp_path / "d.csv", index=False)
    assert message in mistake("fit", "d.csv", *options)


def test_a_wrong_number_of_trials(fit, mistake):
    fit("sprouted", "--trials", "sown")
    assert "trials must be a whole number ≥ 1" in mistake("predict", "m", "d.csv", "--trials", "0")
    assert "'nope' is not in d.csv" in mistake("predict", "m", "d.csv", "--trials", "nope")
    pd.DataFrame({"x": 1.0, "place": "north", "sown": [3.0, 2.5]}).to_csv("half.csv", index=False)
    assert "holds no whole number in row 2" in mistake("predict", "m", "half.csv")


def test_shares_of_a_hundred_are_named(run, table):
    """Taken as vectors, they would have a covariance without an inverse."""
    soil = (100.0 * table[["sand", "silt", "clay"]]).round(1)
    table[["x"]].join(np.maximum(soil, 0.1)).to_csv("d.csv", index=False)
    result = run("fit", "d.csv", "--target", "sand,silt,clay", "--out", "m")
    assert result.exit_code == 1
    assert (
        "sand, silt, clay are above 0 and sum to 100 in every row: they are shares of a whole"
        in result.stderr
    )


def test_shares_of_which_some_are_0_are_named(run, table):
    soil = table[["sand", "silt", "clay"]].round(4)
    soil.iloc[3] = [0.7, 0.3, 0.0]
    table[["x"]].join(soil).to_csv("d.csv", index=False)
    result = run("fit", "d.csv", "--target", "sand,silt,clay", "--out", "m")
    assert result.exit_code == 1
    assert "sum to 1 in every row: they are shares of a whole" in result.stderr
    assert "clay is 0 in row 4. Merge a part that may be 0" in result.stderr
    result = run("fit", "d.csv", "-t", "sand,silt,clay", "--family", "dirichlet", "--out", "m")
    assert "target 'clay' has 0 in row 4" in result.stderr
    assert "Merge a part that may be 0" in result.stderr


def test_amounts_for_a_family_of_shares_are_named_by_their_sum(run, table):
    soil = 100.0 * table[["sand", "silt", "clay"]]
    table[["x"]].join(soil).to_csv("d.csv", index=False)
    result = run("fit", "d.csv", "-t", "sand,silt,clay", "--family", "dirichlet", "--out", "m")
    assert "sand, silt, clay do not sum to 1 in rows 1, 2" in result.stderr
    assert "divide each row by its sum" in result.stderr


def test_bounds_that_nobody_named_are_remarked(run, table):
    high = table.days.where(table.failed, table.days + 1.0)
    pd.DataFrame({"x": table.x, "low": table.days, "high": high}).to_csv("d.csv", index=False)
    assert "--family 'Censored(Normal)'" in run("fit", "d.csv", "-t", "low,high").stdout


def test_rankings_with_faults_are_named_by_the_rows_of_the_file(run, table):
    """Of the shuffled rows that a fit gets nobody knows the numbers."""
    ranks = table[["first", "second", "third"]].copy()
    ranks.iloc[[4, 200], :] = [1, 1, 2]
    table[["x"]].join(ranks).to_csv("d.csv", index=False)
    asked = ["fit", "d.csv", "-t", "first,second,third", "--out", "m"]
    result = run(*asked, "--family", "plackettluce")
    assert "has ties, two items of one rank, in rows 5, 201: PlackettLuce has none" in result.stderr
    assert "if they are ranks, each has to be there once in a row" in run(*asked).stdout
    ranks.iloc[[4, 200], :] = [1, 3, 2]
    table[["x"]].join(ranks - 1).to_csv("d.csv", index=False)
    assert "if they are ranks, 1 has to be the first: add 1 to each" in run(*asked).stdout


def test_empty_cells_are_items_without_a_rank_or_bounds_that_there_are_not(run, table):
    ranks = table[["first", "second", "third"]].astype(float)
    table[["x"]].join(ranks.where(ranks < 3.0)).to_csv("d.csv", index=False)
    done = run("fit", "d.csv", "-t", "first,second,third", "--json", "--out", "m")
    assert json.loads(done.stdout)["family"] == "PlackettLuce()"
    high = table.days.where(table.failed)
    pd.DataFrame({"x": table.x, "low": table.days, "high": high}).to_csv("d.csv", index=False)
    done = run("fit", "d.csv", "-t", "low,high", "--out", "n")
    assert done.exit_code == 1
    assert "say --family 'Censored(Weibull)'" in done.stderr


def test_a_time_of_0_that_was_not_the_event_says_nothing(run, table):
    days = table.days.copy()
    row = int((~table.failed).to_numpy().argmax())
    days.iloc[row] = 0.0
    told = table[["x", "failed"]].assign(days=days)
    told.to_csv("d.csv", index=False)
    asked = ["fit", "d.csv", "-t", "days", "--event", "failed", "--out", "m"]
    assert "Censored(Weibull)" in run(*asked).stdout
    told.assign(failed=True).to_csv("d.csv", index=False)
    text = run(*asked).stdout
    assert "Censored(Normal)" in text
    assert f"0 in row {row + 1} is no positive number" in text


def test_rankings_by_names_are_told_how_to_be_written(mistake):
    pd.DataFrame(
        {"x": range(40), "first": ["fig", "plum"] * 20, "second": ["plum", "fig"] * 20}
    ).to_csv("d.csv", index=False)
    message = mistake("fit", "d.csv", "-t", "first,second")
    assert "hold the same names in some order in every row" in message
    assert "a column for each of 'fig', 'plum' with its rank" in message


def test_words_of_the_recipe(run, table):
    """Names keep their capital inside a modifier, and the worths of a ranking are those of items."""
    table[["x", "days", "failed", "first", "second", "third"]].to_csv("d.csv", index=False)
    ranks = "first,second,third"
    report = run(
        "fit", "d.csv", "--target", "days", "--event", "failed", "--drop", ranks, "--out", "m"
    )
    assert "(scale, shape): Weibull, of which some rows are known by bounds alone" in report.stdout
    report = run("fit", "d.csv", "--target", ranks, "--drop", "days,failed", "--out", "m")
    assert "they sum to zero over the items" in report.stdout
