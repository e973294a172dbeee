"""A mark on conditions that hold in few rows, so that kernels may leave out what is computed where they do."""

from likely._math.atoms.registry import register
from likely._math.graph import Node


def _itself(condition: Node) -> Node:
    return condition


#: The condition itself; see ``_math/usual.py``.
seldom = register("seldom", lambda condition, out: (1.0,), _itself, _itself)
