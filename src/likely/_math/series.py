"""Sums over an index, where a formula is too long to be written out term by term.

A series is one operation of the graph, whose body is a graph of its own over ``index`` and the operation's
arguments. Kernels run it as a loop; array libraries evaluate the body on an axis of its own, and sum
(``series_on_arrays.py``). The first argument says how many terms a row needs, at most ``longest``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from likely._math.graph import Node, make, substitute, symbol, topological, where

#: The names of all series.
_NAMES: set[str] = set()


@dataclass(frozen=True, eq=False)
class Series:
    """Σ body(index, *arguments) over index = 0, 1, …, count − 1; ``arguments`` names them, count the first."""

    name: str
    arguments: tuple[str, ...]
    longest: int
    body: Callable[..., Node]

    def __post_init__(self) -> None:
        _NAMES.add(self.name)

    def __call__(self, *arguments: Any) -> Node:
        return make(self.name, *arguments)

    @cached_property
    def term(self) -> Node:
        """The body over the symbols ``index`` and the arguments' names."""
        return self.body(symbol("index"), *(symbol(name) for name in self.arguments))

    @cached_property
    def masked(self) -> Node:
        """The same, 0 where a row needs no more terms."""
        return where(symbol("index") < symbol(self.arguments[0]), self.term, 0.0)


def sparing(outputs: Sequence[Node]) -> list[Node]:
    """The same graph, in which a sum takes no terms where every ``where`` that it goes into takes the other side."""
    order = topological(outputs)
    if not any(node.op in _NAMES for node in order):
        return list(outputs)
    # Of every node, what holds wherever it is looked at: sides of conditions.
    needed: dict[int, frozenset[tuple[bytes, bool]]] = {id(node): frozenset() for node in outputs}
    conditions: dict[bytes, Node] = {}
    for node in reversed(order):
        for place, arg in enumerate(node.args):
            there = needed[id(node)]
            if node.op == "where" and place:
                conditions[node.args[0].digest] = node.args[0]
                there = there | {(node.args[0].digest, place == 1)}
            needed[id(arg)] = needed.get(id(arg), there) & there
    with_sums: set[int] = set()
    for node in order:
        if node.op in _NAMES or any(id(arg) in with_sums for arg in node.args):
            with_sums.add(id(node))
    # Sums over the same terms stay together.
    together: dict[tuple[int, ...], frozenset[tuple[bytes, bool]]] = {}
    for node in order:
        if node.op in _NAMES:
            key = tuple(map(id, node.args))
            together[key] = together.get(key, needed[id(node)]) & needed[id(node)]

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if not node.args:
            return node
        if node.op not in _NAMES:
            return make(node.op, *args)
        terms = args[0]
        for digest, side in sorted(together[tuple(map(id, node.args))]):
            condition = conditions[digest]
            if id(condition) not in with_sums:
                terms = where(condition, terms, 0.0) if side else where(condition, 0.0, terms)
        return make(node.op, terms, *args[1:])

    return substitute(outputs, rebuild)
