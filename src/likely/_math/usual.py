"""Formulas that are long for the sake of few rows: kernels of a graph for the usual rows, without what only those need.

A kernel computes both sides of every choice. So conditions that are marked as ``seldom`` are left out of its graph,
which also says of each row whether one of them holds where the row looks at it. Such rows are computed again by the
whole graph on NumPy, where every branch is computed for the rows that take it alone (``regions.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

from likely._math.graph import Node, constant, remade, substitute, topological, where
from likely._math.series import sides


def for_most(outputs: Sequence[Node]) -> tuple[list[Node], Node | None]:
    """The outputs where nothing that is seldom holds, and whether something does, 1 or 0; None where nothing can."""
    if not any(node.op == "seldom" for node in topological(outputs)):
        return list(outputs), None
    looked_at, conditions = sides(_with(outputs, constant(math.nan)))
    flags = []
    for node in [c for c in conditions.values() if c.op == "seldom"]:
        flag = where(node.args[0], 1.0, 0.0)
        for digest, side in sorted(looked_at[id(node)]):
            other = conditions[digest]
            if other.op != "seldom":
                flag = where(other, flag, 0.0) if side else where(other, 0.0, flag)
        flags.append(flag)
    any_ = reduce(lambda a, b: where(a > 0.0, a, b), flags)
    *found, flag = _with([*outputs, any_], None)
    return found, flag


def _with(outputs: Sequence[Node], instead: Node | None) -> list[Node]:
    """The outputs with ``instead`` for what is computed where something that is seldom holds, or without the choice."""

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "where" and args[0].op == "seldom":
            return args[2] if instead is None else where(args[0], instead, args[2])
        return remade(node, args)

    return substitute(outputs, rebuild)
