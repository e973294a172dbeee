"""The table of the numerics contract: every kind of family is in it, and PyTorch's own beside those that it has."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from benchmarks.losses import data
from benchmarks.torch_peers import OF_ROWS, PEERS

import likely
from oracles import engines, grid, vector_cases

TOOL = Path(__file__).parent.parent / "tools" / "accuracy.py"


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("accuracy_table", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.mark.parametrize(
    ("family", "peer"),
    [
        ("Geometric", True),
        ("GeneralisedPareto", True),
        ("Categorical", True),
        ("Binomial(trials=7)", True),
        ("Mixture(Poisson, 2)", False),
        ("Censored(JohnsonSU) right", False),
        ("Truncated(Logistic) seen", False),
        ("Multinomial(3)", True),
        ("PlackettLuce(2)", False),
    ],
)
def test_a_line_for_every_kind_of_family(table, capsys, family, peer):
    assert table(["--family", family, "--points", "3", "--torch-peer"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert family in lines[0]
    assert lines[0].count("100.00 %") >= 3
    assert any("torch.distributions" in text for text in lines) == peer


def test_links_are_told_apart(table, capsys):
    assert table(["--family", "Poisson", "--points", "3", "--links", "others"]) == 0
    out = capsys.readouterr().out
    assert "Poisson(mean: softplus)" in out
    assert "Poisson(mean: log)" not in out
    assert "Truncated" not in out


@pytest.mark.parametrize("name", [name for name in PEERS if name != "Binomial"])
def test_what_is_compared_with_computes_the_same_loss(name):
    family, y, raw = data(name, 40, np.random.default_rng(0))
    value, gradient = family.nll_and_gradient(y, raw)
    c = grid.combination(name)
    assert engines.has_torch_peer(c)
    found, slopes, _ = engines.torch_peer(c, y, np.ascontiguousarray(raw.T), "observed")
    # PyTorch's Bessel functions have seven digits.
    np.testing.assert_allclose(found, value, rtol=1e-7)
    np.testing.assert_allclose(slopes.T, gradient, rtol=1e-6, atol=1e-7)


def test_every_family_of_rows_that_pytorch_has_is_compared_with_it():
    found = {type(case.family).__name__ for case in vector_cases.cases()}
    assert OF_ROWS.keys() <= found
    rng = np.random.default_rng(0)
    for family, y in (
        (likely.MultivariateNormal(2), rng.normal(size=(5, 2))),
        (likely.Dirichlet(3, precision=likely.predicted), rng.dirichlet(np.ones(3), 5)),
        (likely.Multinomial(3), rng.multinomial(7, np.ones(3) / 3, 5).astype(float)),
    ):
        raw = rng.normal(scale=0.5, size=(5, len(family.raw_columns)))
        value, gradient = family.nll_and_gradient(y, raw)
        found, slopes = engines.torch_rows(type(family).__name__, y, raw)
        np.testing.assert_allclose(found, value, rtol=1e-10)
        np.testing.assert_allclose(slopes.T, gradient, rtol=1e-9, atol=1e-12)
