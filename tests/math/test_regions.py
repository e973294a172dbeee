"""Steps of a program on blocks of rows, done for the rows that look at them: the same values, and no other rows."""

import numpy as np
import pytest

import likely
from likely._math import regions as module
from likely._math.backends import numpy_backend
from likely._math.evaluate import compile_program
from likely._math.graph import exp, symbol, where
from likely._math.regions import ALL, FIND, regions
from likely._math.workspace import BlockProgram

LONG = 3 * FIND


def long(x):
    for _ in range(LONG):
        x = exp(-x)
    return x


@pytest.fixture
def counted():
    """A table whose exponential tells of how many rows it was asked for, and the list of what it told."""
    sizes = []

    def counting(x):
        sizes.append(np.size(x))
        return np.exp(x)

    return {**numpy_backend.TABLE, "exp": counting}, sizes


def run(program, **inputs):
    out = [np.full(len(next(iter(inputs.values()))), np.nan) for _ in program.results]
    BlockProgram(program)(inputs, out)
    return out


@pytest.mark.parametrize("positive", [0, 1, 3, 7])
def test_a_branch_is_computed_for_its_rows(counted, positive):
    table, sizes = counted
    y = np.r_[np.linspace(0.5, 1.0, positive), -np.ones(7 - positive)]
    (found,) = run(compile_program([where(symbol("y") > 0.0, long(symbol("y")), 2.0)], table), y=y)
    assert sizes == ([positive] * LONG if positive else [])
    wanted = y.copy()
    for _ in range(LONG):
        wanted = np.exp(-wanted)
    np.testing.assert_allclose(found, np.where(y > 0.0, wanted, 2.0), rtol=1e-14)


def test_branches_in_branches_and_what_they_share(counted):
    table, sizes = counted
    y, z = symbol("y"), symbol("z")
    shared = long(y + z)  # by the rows of both branches, which are those of the first condition
    inner = where(long(z) > 0.4, shared * long(2.0 * y), shared)
    outputs = [where(y > 0.0, inner, z), where(y > 0.0, shared, 1.0) + z]
    program = compile_program(outputs, table)
    assert len(set(regions(program).of)) == 3
    rng = np.random.default_rng(0)
    y, z = rng.normal(size=(2, 50))
    found = run(program, y=y, z=z)
    assert set(sizes) <= {(y > 0.0).sum(), ((y > 0.0) & (found[0] != found[1])).sum()}
    for one, whole in zip(found, program({"y": y, "z": z}), strict=True):
        np.testing.assert_allclose(one, whole, rtol=1e-14)


def test_a_short_branch_is_not_worth_it():
    y = symbol("y")
    program = compile_program([where(y > 0.0, exp(exp(-y)), y)], numpy_backend.TABLE)
    assert set(regions(program).of) == {ALL}


FAMILIES = {
    "Censored(Gamma)": (likely.Censored("gamma"), [0.0, 0.3, 2.0, 4.0], [np.inf, 0.3, 2.5, np.inf]),
    "Discretised(Normal)": (likely.Discretised("normal"), [-40.0, -1.0, 0.0, 3.0], None),
    "ConwayMaxwellPoisson": (likely.ConwayMaxwellPoisson(), [0.0, 1.0, 7.0, 100.0], None),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_losses_are_what_the_whole_program_says(name, monkeypatch):
    for cost in ("FIND", "PICK", "MERGE"):  # more regions than are worth it
        monkeypatch.setattr(module, cost, 1)
    family, low, high = FAMILIES[name]
    loss, rng = family.loss(), np.random.default_rng(0)
    rows = rng.integers(0, len(low), 300)
    y = np.array(low)[rows] if high is None else np.column_stack([low, high])[rows]
    raw = rng.normal(size=(loss.columns, 300))
    program = loss.program(2)
    assert len(set(regions(program).of)) > 1
    inputs = loss.specification.support.split(y) | {f"raw{j}": r for j, r in enumerate(raw)}
    with np.errstate(all="ignore"):
        found, whole = run(program, **inputs), program(inputs)
    for one, other in zip(found, whole, strict=True):
        np.testing.assert_allclose(one, np.broadcast_to(other, one.shape), rtol=1e-13)
