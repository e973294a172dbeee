"""Small tables and a way to run the command line inside the test process."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from likely.cli.app import app


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run("fit", …)`` in an empty folder; the result has exit_code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def _run(*arguments):
        return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)

    return _run


@pytest.fixture
def mistake(run):
    """Run a command that must end with exit code 1 and one message; returns the message."""

    def _mistake(*arguments):
        result = run(*arguments)
        assert result.exit_code == 1, result.output
        assert result.stdout == ""
        lines = [line for line in result.stderr.splitlines() if not line.startswith("·")]
        assert len(lines) == 1
        assert lines[0].startswith("error: ")
        return lines[0].removeprefix("error: ")

    return _mistake


def frame(n=400, seed=0):
    """A table with a target of each kind: count, label, class, amount."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    place = rng.choice(["north", "south", "west"], n)
    size = 0.5 + 0.4 * x + 0.6 * (place == "south")
    return pd.DataFrame(
        {
            "x": x.round(4),
            "place": place,
            "years": rng.uniform(0.5, 2.0, n).round(3),
            "unit": rng.integers(0, 40, n),
            "count": rng.poisson(np.exp(size)),
            "bought": np.where(rng.random(n) < 1 / (1 + np.exp(-2 * x)), "yes", "no"),
            "colour": rng.choice(["red", "green", "blue"], n),
            "amount": rng.gamma(2.0, np.exp(size)).round(5),
        }
    )


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.csv"
    frame().to_csv(path, index=False)
    return path
