"""Atoms of a tail that is computed and of its complement, with their derivatives in two coordinates.

One coordinate is a location, in which one of the tails grows and the other falls; the other a shape. A tail has

    value    log P
    slope    its derivative in the location, up to the sign
    shape    its derivative in the shape
    pull     the derivative of log(slope) in the location
    rise     the derivative of log(slope) in the shape
    shape_2  the second derivative in the shape
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from likely._math.atoms import Atom, Formula, Rule, bose, log1mexp, register
from likely._math.graph import Node, where


class Recent:
    """Things made of nodes, of which the last few are kept: the atoms of one tail ask for it in turn."""

    def __init__(self, make: Callable[..., Any], most: int = 8) -> None:
        self._make, self._most = make, most
        self._known: dict[tuple[bytes, ...], Any] = {}

    def __call__(self, *args: Any) -> Any:
        """What is made of these nodes."""
        key = tuple(arg.node.digest for arg in args)
        found = self._known.get(key)
        if found is None:
            found = self._make(*args)
            # A new dictionary, as other threads may be reading this one.
            kept = list(self._known.items())[1 - self._most :]
            self._known = {**dict(kept), key: found}
        return found


class TwoTails:
    """The parts of both tails, from those of the one that ``computed`` gives."""

    #: Whether the tail that is computed is the growing one.
    grows: Node

    @cached_property
    def _parts(self) -> dict[str, Node]:
        return {}

    def compute(self, part: str) -> Node:
        """A part of the tail that is computed."""
        raise NotImplementedError

    def computed(self, part: str) -> Node:
        """The same, made once."""
        if part not in self._parts:
            self._parts[part] = self.compute(part)
        return self._parts[part]

    def _complement(self, part: str) -> Node:
        if part == "value":
            return log1mexp(-self.computed("value"))
        odds = bose(-self.computed("value"))
        slope, shape = self.computed("slope"), self.computed("shape")
        # A tail that has vanished takes nothing from the other one, though its own slopes be infinite.
        left = odds > 0.0
        if part == "slope":
            return where(left, odds * slope, 0.0)
        if part == "pull":
            more = (1.0 + odds) * slope
            return where(left, self.computed("pull") + where(self.grows, more, -more), 0.0)
        if part == "rise":
            return where(left, self.computed("rise") + (1.0 + odds) * shape, 0.0)
        if part == "shape":
            return where(left, -odds * shape, 0.0)
        # In this order: the square alone may overflow.
        square = (1.0 + odds) * ((odds * shape) * shape)
        return where(left, -(odds * self.computed("shape_2") + square), 0.0)

    def part(self, part: str, growing: bool) -> Node:
        """A part of the growing tail, or of the falling one."""
        computed, complement = self.computed(part), self._complement(part)
        return where(self.grows, *((computed, complement) if growing else (complement, computed)))


def register_tail(
    name: str,
    tails: Callable[..., TwoTails],
    growing: bool,
    place: Callable[[Any, Any], tuple[Any, ...]],
    definition: Formula | None,
    pull_rule: Rule | None = None,
    rise_rule: Rule | None = None,
) -> tuple[Atom, Atom]:
    """The atoms ``log_name`` and ``name_slope``, and those of their derivatives.

    ``place(location, shape)`` puts the two partial derivatives where the atom's arguments have them, with
    zeros elsewhere. The two rules are for those who differentiate the slope twice.
    """

    def expansion(part: str) -> Formula:
        return lambda *args: tails(*args).part(part, growing)

    def signed(node: Any) -> Any:
        return node if growing else -node

    pull = register(f"{name}_pull", pull_rule, expansion=expansion("pull"))
    rise = register(f"{name}_rise", rise_rule, expansion=expansion("rise"))
    shape_2 = register(f"{name}_shape_2", expansion=expansion("shape_2"))
    slope = register(
        f"{name}_slope",
        lambda *args: place(args[-1] * pull(*args[:-1]), args[-1] * rise(*args[:-1])),
        expansion=expansion("slope"),
    )
    shape = register(
        f"{name}_shape",
        lambda *args: place(signed(slope(*args[:-1])) * rise(*args[:-1]), shape_2(*args[:-1])),
        expansion=expansion("shape"),
    )
    log_tail = register(
        f"log_{name}",
        lambda *args: place(signed(slope(*args[:-1])), shape(*args[:-1])),
        definition,
        expansion("value"),
    )
    return log_tail, slope
