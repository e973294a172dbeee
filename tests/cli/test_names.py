"""Columns with commas and spaces in their names, in options, reports and hints."""

import json

import numpy as np
import pandas as pd
import pytest

from likely.cli.request import columns_named
from likely.data.errors import option, spoken
from likely.data.read import from_frame


@pytest.fixture
def odd(tmp_path):
    rng = np.random.default_rng(0)
    n = 80
    first = rng.normal(size=n).round(3)
    path = tmp_path / "odd names.csv"
    pd.DataFrame(
        {
            "first name": first,
            "a, b": rng.normal(size=n).round(3),
            "c": rng.normal(size=n).round(3),
            "my kind": rng.choice(["u v", "w"], n),
            "week day": rng.integers(0, 3, n),
            "how many": rng.poisson(np.exp(0.5 * first)),
        }
    ).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(("items", "names"), [
    (["a, b"], ("a, b",)),
    (["a,b"], ("a", "b")),
    (["c", "a, b"], ("c", "a, b")),
    (["c,a, b"], ("c", "a, b")),
    (["a, b,c"], ("a, b", "c")),
    (["c, b ,"], ("c", "b")),
    (["c", "c"], ("c",)),
])  # fmt: skip
def test_an_option_names_columns_with_commas(items, names):
    table = from_frame(pd.DataFrame({"a": [1], "b": [1], "c": [1], "a, b": [1]}))
    assert columns_named(items, table) == names


def test_fit_and_predict(run, odd):
    result = run("fit", odd, "--target", "how many", "--drop", "a, b", "--numeric", "week day,c",
                 "--json")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["columns"] == ["first name", "c", "my kind[u v]", "week day"]
    result = run("predict", "odd names.likely", odd, "--keep", "a, b", "--keep", "c,first name")
    assert result.stdout.splitlines()[0].startswith('"a, b",c,first name,mode')


def test_the_report_quotes_names_that_would_run_into_the_words(run, odd):
    text = run("fit", odd, "--target", "how many", "--drop", "a, b").stdout
    assert "target 'how many'\n" in text
    assert "'how many' holds whole numbers" in text
    assert "left out as asked: 'a, b'" in text
    assert "numbers as they are: 'first name', c" in text
    assert "- 'my kind': 2 categories" in text
    assert "(--numeric 'week day': as a number)" in text
    assert "1 choose   'how many' ~ Poisson(mean)" in text
    assert "next: likely predict 'odd names.likely' NEW_ROWS.csv" in text


def test_names_in_sentences_and_in_a_shell():
    assert [spoken(n) for n in ("hr", "first name", "a,b", "")] == [
        "hr",
        "'first name'",
        "'a,b'",
        "''",
    ]
    assert option("--drop", "hr") == "--drop hr"
    assert option("--drop", "it's here") == """--drop 'it'"'"'s here'"""
