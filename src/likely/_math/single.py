"""Expanded graphs for float32: constants that name the format of float64 become those of float32."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from likely._math import special
from likely._math.graph import Node, constant, make, substitute

_FORMAT = {
    special.SMALLEST_NORMAL: 2.0**-126,
    special.ABOVE_MINUS_1: -1.0 + 2.0**-24,
    special.SPLIT: 1.5 * 2.0**17,  # 12 of 24 digits remain below 40
}
_LARGEST = float(np.finfo(np.float32).max)


def in_single(nodes: Sequence[Node]) -> list[Node]:
    """The same graphs, to be run in float32."""
    return substitute(nodes, _rebuild)


def _rebuild(node: Node, args: tuple[Node, ...]) -> Node:
    if node.op == "constant":
        value = _FORMAT.get(node.value, node.value)
        if _LARGEST < abs(value) < math.inf:
            # A threshold near the end of float64's range stands at the same place in float32's.
            value = math.copysign(abs(value) ** 0.125, value)
        return constant(value)
    return make(node.op, *args) if args else node
