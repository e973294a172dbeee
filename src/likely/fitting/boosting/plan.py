"""Which rows are trained on, and which judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Plan:
    """The parts that train, each with the rows that judge it.

    ``train`` has one entry per part: its rows, or None for all. ``judge`` likewise; with several parts
    the judges are the folds, which together are every row once.
    """

    train: tuple[Rows | None, ...] = (None,)
    judge: tuple[Rows, ...] = ()

    @property
    def crossed(self) -> bool:
        """Whether every row is judged by trees that did not see it."""
        return len(self.train) > 1


def folds(y: NDArray[np.float64], count: int, rng: np.random.Generator) -> Plan:
    """``count`` folds with nearly the same distribution of y: rows sorted by y are dealt out in random order."""
    n = y.shape[0]
    shuffled = rng.permutation(n)
    # Rows of several numbers by the last one first, so that censored ones are dealt out as well.
    order = shuffled[np.lexsort(np.atleast_2d(y[shuffled].T))]
    fold = np.empty(n, dtype=np.intp)
    for first in range(0, n, count):
        dealt = order[first : first + count]
        fold[dealt] = rng.permutation(count)[: dealt.size]
    parts = [np.flatnonzero(fold == k) for k in range(count)]
    rest = [np.flatnonzero(fold != k) for k in range(count)]
    used = [k for k in range(count) if parts[k].size]
    return Plan(tuple(rest[k] for k in used), tuple(parts[k] for k in used))


def held_out(n: int, fraction: float, rng: np.random.Generator) -> Plan:
    """A random ``fraction`` of the rows judges, the others train."""
    count = min(max(1, round(fraction * n)), n - 1)
    chosen = np.zeros(n, dtype=bool)
    chosen[rng.choice(n, count, replace=False)] = True
    return Plan((np.flatnonzero(~chosen),), (np.flatnonzero(chosen),))
