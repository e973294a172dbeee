"""The density of counts given that they are not zero, which Hurdle and Truncated share."""

from __future__ import annotations

from typing import Any

from likely._math.atoms import log1mexp
from likely._math.graph import Node, as_node
from likely.families.base import Specification
from likely.families.modifiers.base import at_zero


def log_positive(inside: Specification, y: Any, *theta: Any) -> Node:
    """log p(y | y > 0) = log p(y) − log(1 − p(0)): the family's own formula where it has one."""
    own = inside.formulas.get("log_positive")
    if own is not None:
        return as_node(own(y, *theta))
    log_p0 = inside.log_density(at_zero(), *theta)
    return as_node(inside.log_density(y, *theta) - log1mexp(-log_p0))
