"""A fit that ended without a maximum is not judged as if it had one, and says so even to the quiet."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def exact(tmp_path):
    """One level whose single row a predicted scale fits exactly."""
    rng = np.random.default_rng(0)
    n = 60
    x = rng.normal(size=n)
    path = tmp_path / "exact.csv"
    pd.DataFrame({"x": x, "y": 2.0 * x + 1.0}).to_csv(path, index=False)
    return path


def test_no_verdict_and_no_standard_errors(run, exact):
    result = run("fit", exact, "--target", "y")
    assert result.exit_code == 0
    assert "no verdict, because the fit has no maximum" in result.stdout
    assert "better than the baseline" not in result.stdout
    rows = json.loads(run("fit", exact, "--target", "y", "--json").stdout)["coefficients"]
    assert [row["std_error"] for row in rows] == [None] * 4


def test_quiet_keeps_the_warning(run, exact, data):
    result = run("fit", exact, "--target", "y", "-q")
    assert result.stdout == ""
    assert "! held-out fit: " in result.stderr
    result = run("fit", data, "--target", "amount", "--drop", "unit", "-q")
    assert (result.stdout, result.stderr) == ("", "")


def test_one_held_out_row_has_no_standard_error(run, tmp_path):
    y = [1.2, 3.4, 2.2, 5.0, 4.4, 6.1]
    pd.DataFrame({"x": np.arange(6) + 0.5, "y": y}).to_csv(tmp_path / "six.csv", index=False)
    text = run("fit", "six.csv", "--target", "y").stdout
    assert "(1 row, by a fit on the other 5)" in text
    assert "no verdict, because so few rows have no standard error" in text
    assert "nan" not in text
