"""A family's formula at a number and a shift, where float64 has no digits for their sum.

Beyond 2⁵² there are no halves, and from 2⁵³ on not every whole number: the ends of a unit are rounded, and its width
may be 0. Of two ends the difference is that of the numbers and that of the shifts, and of an end and anything else the
number less that, and then the shift; only where an end stands alone it is their sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from likely._math.graph import Node, as_node, remade, substitute, symbol
from likely.families.view import View


def at_shifted(formula: Callable[..., Any], ends: Sequence[tuple[Any, float]], *theta: Any) -> Node:
    """``formula(*ends, *theta)``, each of the ends a number and what is to be added to it."""
    known = {f"end {j}": (as_node(number), shift) for j, (number, shift) in enumerate(ends)}
    views = [View(name, symbol(name), {}) for name in known]

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "symbol" and node.value in known:
            number, shift = known[node.value]
            return number + shift
        if node.op == "subtract":
            # Of what is no end, itself less nothing.
            places = [known.get(of.value) for of in node.args]
            if any(places):
                (a, up), (b, down) = (
                    place or (arg, 0.0) for place, arg in zip(places, args, strict=True)
                )
                return (a - b if a is not b else as_node(0.0)) + (up - down)
        return remade(node, args)

    return substitute([as_node(formula(*views, *theta))], rebuild)[0]
