"""No bound is so far out that a slope is NaN where the loss is a number: a tail has vanished there, or is all there is.

Like ``tests/losses/test_no_nan.py`` this needs no truth, and asks every family that can be seen in part. There
(y − loc)/scale is beyond all numbers at the bound, and what it is multiplied by is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import likely
from likely.families.modifiers.bounds import TAILS
from likely.families.registry import modules, specification
from oracles import engines, grid, modified
from oracles.contract import check

INF = np.inf
FAR = (0.0, *(s * r for r in (1.0, 20.67, 30.0, 300.0) for s in (1.0, -1.0)))
NEAR = (-1.0, 0.0, 1.0)
#: Rows by what is known of them: of y and a step away from it, the columns of the modified family's y.
ROWS: dict[str, tuple[Callable[[Any], Any], Callable[[float, float], tuple[float, ...]]]] = {
    "left": (likely.Censored, lambda y, w: (-INF, y)),
    "right": (likely.Censored, lambda y, w: (y, INF)),
    "interval": (likely.Censored, lambda y, w: (y, y + w)),
    "above": (likely.Truncated, lambda y, w: (y + w, y, INF)),
    "below": (likely.Truncated, lambda y, w: (y, -INF, y + w)),
    "within": (likely.Truncated, lambda y, w: (y, y - w, y + w)),
    "late": (lambda f: likely.Censored(likely.Truncated(f)), lambda y, w: (y + w, INF, y, INF)),
}
NAMES = [s.name for s in map(specification, modules()) if set(TAILS) <= set(s.formulas)]


def far_out(columns: int) -> np.ndarray:
    """Raw predictions (k, n), one of them far out."""
    rest = list(product(NEAR, repeat=min(columns - 1, 2)))
    beside = [(*few, *[1.0] * (columns - 1 - len(few))) for few in rest]
    rows = [np.insert(others, j, r) for j in range(columns) for others in beside for r in FAR]
    return np.array(rows).T


def bounds(support: Any, rows: Callable[[float, float], tuple[float, ...]]) -> np.ndarray:
    """Rows of bounds, near and far, that the support has."""
    if support.integer:
        ends, steps = [0.0, 1.0, 2.0, 30.0, 1e6], (1.0, 3.0)
    else:
        ends, steps = [0.0, 1e-300, 1e-9, 0.5, 30.0, 1e8, 1e300], (2.0**-20, 0.5, 3.0, 1e200)
        if support.low < 0.0:
            ends += [-y for y in ends if y]
    found = [rows(y, w) for y, w in product(ends, steps) if y + w > y and y - w < y]
    inside = [all(np.isinf(v) or support.contains(np.array([v]))[0] for v in row) for row in found]
    return np.array([row for row, kept in zip(found, inside, strict=True) if kept])


def not_numbers(name: str, kind: str) -> tuple[int, int]:
    """Of how many rows the loss is NaN, and of how many whose loss is a number a slope."""
    modifier, rows = ROWS[kind]
    loss = modifier(getattr(likely, name)()).loss()
    y, raw = bounds(specification(name.lower()).support, rows), far_out(loss.columns)
    assert len(y) > 0
    every = np.tile(y, (raw.shape[1], 1)), np.repeat(raw, len(y), axis=1)
    with np.errstate(all="ignore"):
        value, gradient, _ = loss.evaluate(*every, 1)
    slopes = np.isnan(gradient).any(0) & np.isfinite(value)
    return int(np.isnan(value).sum()), int(slopes.sum())


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("name", NAMES)
def test_no_slope_is_nan(name: str, kind: str) -> None:
    assert not_numbers(name, kind) == (0, 0)


#: y and raw predictions with which (y − loc)/scale is beyond all numbers.
BEYOND = [
    (y, *raw)
    for y in (1e300, -1e300)
    for raw in ((-13.636221440000806, -20.672650585988016), (1.0, -37.5), (0.0, -300.0))
]
ON_THE_LINE = [
    name for name, spec in modified.CENSORED.items() if spec.support.low < 0 and " by " not in name
]


@pytest.mark.parametrize("name", ON_THE_LINE)
def test_contract_at_a_bound_beyond_float64(name: str) -> None:
    c = grid.combination(name)
    rest = [0.0] * (c.columns - 2)
    points = [
        (*point, *rest) for point in BEYOND if "Gumbel" not in name or _is_no_tower(name, point)
    ]
    report = check(c, points, engines.numpy_engine, parts=("value", "gradient"))
    assert report.passed, report.failures()


def _is_no_tower(name: str, point: tuple[float, ...]) -> bool:
    """Not where Gumbel's cumulative hazard is e to the power of a number beyond float64, which no digits hold."""
    return point[0] > 0.0
