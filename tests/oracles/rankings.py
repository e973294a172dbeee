"""The textbook of PlackettLuce, and rows far out."""

from __future__ import annotations

import numpy as np

from likely._math.graph import constant, exp, log
from oracles.vectors import VectorTruth

RANKINGS = [
    [1.0, 2.0],
    [3.0, 1.0, 2.0],
    [2.0, 4.0, 1.0, 3.0],
    [np.nan, 1.0, np.nan, 2.0],
    [np.nan, np.nan, 1.0, np.nan],
]


def textbook(ranks: list[float]) -> VectorTruth:
    """The formula for one ranking, whose order is known."""
    order = np.argsort(np.where(np.isnan(ranks), np.inf, ranks), kind="stable")
    places = int(np.isfinite(ranks).sum())

    def nll(_, raw):
        total = constant(0.0)
        for s in range(min(places, len(raw) - 1)):
            left = sum((exp(raw[j]) for j in order[s:]), constant(0.0))
            total = total + log(left) - raw[order[s]]
        return total

    return VectorTruth(nll, 0, (False,) * len(ranks), None, continuous=False)


def points(ranks: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """One ranking y (n, m) at raw (n, m): jointly to ±30, and one worth at a time far out."""
    m = len(ranks)
    rng = np.random.default_rng(m)
    raw = [rng.uniform(-30, 30, (8, m)), rng.normal(0, 1, (8, m)), np.zeros((1, m))]
    for far in (37.5, -37.5, 300.0, -700.0):
        rows = rng.choice([-1.0, 0.0, 1.0], (2, m))
        rows[:, rng.integers(m)] = far
        raw.append(rows)
    every = np.concatenate(raw)
    return np.tile(ranks, (len(every), 1)), every
