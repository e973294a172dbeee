"""Counts between two fixed bounds, so few that their probabilities are added up, as they are to one of them."""

from __future__ import annotations

from functools import reduce
from itertools import accumulate
from typing import Any

from likely._math.atoms import logaddexp, softplus
from likely._math.graph import Node, constant, where
from likely.families.base import Specification
from likely.families.modifiers.base import count

NOTHING = float("-inf")


def levels(inside: Specification, counts: list[float], y: Any, theta: Any) -> list[Any]:
    """log p(k) − log p(y) for each of successive counts k: by steps where the family knows them."""
    if "log_step" not in inside.formulas:
        here = inside.log_density(y, *theta)
        return [inside.log_density(count(k), *theta) - here for k in counts]
    steps = [(k, inside.formulas["log_step"](count(k), *theta)) for k in counts[:-1]]
    # Up from y to k, or down.
    up = [where(y <= k, step, 0.0) for k, step in steps]
    down = [where(y <= k, 0.0, -step) for k, step in reversed(steps)]
    rises = accumulate(up, initial=constant(0.0))
    falls = list(accumulate(down, initial=constant(0.0)))
    return [rise + fall for rise, fall in zip(rises, reversed(falls), strict=True)]


def log_share_of_few(
    inside: Specification, counts: list[float], low: Any, high: Any, *theta: Any
) -> Node:
    """log P(low < Y ≤ high | Y is one of the successive counts): of all other counts over these."""
    # From an end that has others beyond it, which next to it are the likeliest.
    end = where(low < counts[0], high, low + 1.0)
    given = levels(inside, counts, end, theta)
    within, others = [], []
    for k, level in zip(counts, given, strict=True):
        seen = where(low < k, where(high < k, 0.0, 1.0), 0.0) > 0.5
        within.append(where(seen, level, NOTHING))
        others.append(where(seen, NOTHING, level))
    rest, all_ = reduce(logaddexp, others), reduce(logaddexp, within)
    return -softplus(rest - all_)
