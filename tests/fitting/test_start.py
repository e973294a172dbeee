"""A fit that begins at coefficients: in whatever coordinates, they are where it begins."""

import numpy as np
import pytest

from likely import Normal
from likely.fitting import Design, Response
from likely.fitting.coordinates import bases_of, start_of
from likely.fitting.source import Source
from likely.fitting.task import Task

N = 60
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, 3))
FAR = np.c_[1e9 + 1e6 * X[:, 0], X[:, 1], X[:, 0] + X[:, 1]]


@pytest.mark.parametrize("x", [X, FAR], ids=["even", "far"])
@pytest.mark.parametrize("intercept", [True, False])
def test_coefficients_are_where_it_begins(x, intercept):
    designs = (Design(None, intercept), Design((1,), True))
    y, loss = RNG.normal(size=N), Normal().loss()
    coefficients = np.r_[np.ones(int(intercept)), 1e-6, -2.0, 0.5, 0.3, 0.1]
    task = Task(
        loss, Source(x), designs, Response(y), np.zeros(2), np.zeros(2), None, 1, 1, coefficients
    )
    objective = task.objective(*bases_of(task))
    theta = start_of(task, objective)
    raw = np.stack([x @ coefficients[-5:-2], coefficients[-2] + x[:, 1] * coefficients[-1]])
    raw[0] += float(intercept)
    there = loss.evaluate(y, raw, 0)[0].sum()
    assert objective.evaluate(theta, 0).loss == pytest.approx(there, rel=1e-6)


def test_of_many_coefficients_no_matrix_is_made(monkeypatch):
    x = RNG.normal(size=(N, 50))
    coefficients = RNG.normal(size=51)
    task = Task(
        Normal(scale=1.0).loss(), Source(x), (Design(),), Response(X[:, 0]), np.zeros(1), np.zeros(1),
        None, 1, 1, coefficients,
    )  # fmt: skip
    objective = task.objective(*bases_of(task))
    monkeypatch.setattr(type(objective), "matrix", lambda self: pytest.fail("a matrix is made"))
    np.testing.assert_allclose(objective.flat(start_of(task, objective)), coefficients, rtol=1e-12)
