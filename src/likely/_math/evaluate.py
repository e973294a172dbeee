"""Run an expression graph on arrays.

A backend is a table from primitive to function; atoms are expanded into primitives first (or
replaced by their textbook definitions, for backends that calculate with many digits or with symbols).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likely._math import collector
from likely._math.atoms import ATOMS
from likely._math.graph import Node, make, remade, substitute, topological
from likely._math.series import over_same_terms, sparing

Table = Mapping[str, Callable[..., Any]]


def expand(outputs: Sequence[Node], known: Table, *, textbook: bool = False) -> list[Node]:
    """Rewrite atoms until only operations in ``known`` remain."""
    # What several atoms share is rewritten once.
    done: dict[int, tuple[Node, Node]] = {}

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if not node.args:
            return node
        if node.op in known:
            return node if _same(args, node.args) else make(node.op, *args)
        atom = ATOMS[node.op]
        formula = atom.definition if textbook else atom.expansion
        if formula is None:
            raise NotImplementedError(f"this backend cannot compute {node.op}")
        return substitute([formula(*args)], rebuild, done)[0]

    return substitute(outputs, rebuild, done)


def _same(some: tuple[Node, ...], others: tuple[Node, ...]) -> bool:
    return all(map(operator.is_, some, others))


@dataclass(frozen=True)
class Together:
    """Several operations on the same arguments as one, whose value is a list of theirs."""

    function: Callable[..., list[Any]]

    def __call__(self, *arguments: Any) -> list[Any]:
        return self.function(*arguments)


def _element(values: list[Any], place: float) -> Any:
    return values[int(place)]


def _together(nodes: list[Node], table: Table) -> tuple[list[Node], dict[str, list[str]]]:
    """The nodes with series over the same terms in one operation, where the backend can compute them ``together``.

    The operations that are new have the names of those that they are made of.
    """
    able = {op for op, function in table.items() if hasattr(function, "together")}
    groups = over_same_terms(n for n in topological(nodes) if n.op in able)
    made: dict[str, list[str]] = {}
    places: dict[int, tuple[str, int]] = {}
    for group in groups:
        names = [node.op for node in group]
        name = f"together {' '.join(names)}"
        made[name] = names
        places |= {id(node): (name, place) for place, node in enumerate(group)}

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if id(node) not in places:
            return remade(node, args)
        name, place = places[id(node)]
        return make("element", make(name, *args), float(place))

    return substitute(nodes, rebuild) if made else nodes, made


def _with(table: Table, made: Mapping[str, list[str]]) -> Table:
    """The table with what was made of several of its functions."""
    if not made:
        return table
    several: Any = {name: table[names[0]] for name, names in made.items()}
    together = {name: Together(several[name].together(names)) for name, names in made.items()}
    return {**table, **together, "element": _element}


@dataclass(frozen=True)
class Program:
    """A graph made ready to run: one step per operation, temporaries freed after their last use."""

    steps: tuple[tuple[Callable[..., Any] | None, tuple[int, ...], Any, tuple[int, ...]], ...]
    results: tuple[int, ...]

    def __call__(self, inputs: Mapping[str, Any]) -> list[Any]:
        values: list[Any] = [None] * len(self.steps)
        for i, (function, args, payload, done) in enumerate(self.steps):
            if function is not None:
                values[i] = function(*[values[j] for j in args])
            else:
                values[i] = inputs[payload] if isinstance(payload, str) else payload
            for j in done:
                values[j] = None
        return [values[i] for i in self.results]


@collector.at_rest()
def compile_program(
    outputs: Sequence[Node],
    table: Table,
    *,
    textbook: bool = False,
    fold: Table | None = None,
) -> Program:
    """The steps that compute ``outputs`` with the functions of one backend.

    ``fold`` computes what depends on constants alone, once; by default ``table`` does.
    """
    fold = fold or table
    nodes, made = _together(sparing(expand(outputs, table, textbook=textbook)), table)
    table, fold = _with(table, made), _with(fold, made)
    order = topological(nodes)
    position = {id(node): i for i, node in enumerate(order)}
    results = tuple(position[id(node)] for node in nodes)
    uses = [tuple([position[id(arg)] for arg in node.args]) for node in order]
    last = {j: i for i, args in enumerate(uses) for j in args}
    freed: list[list[int]] = [[] for _ in order]
    for j in last.keys() - {*results}:
        freed[last[j]].append(j)
    steps: list[Any] = []
    fixed: dict[int, Any] = {}
    for i, (node, args) in enumerate(zip(order, uses, strict=True)):
        if node.op == "constant":
            fixed[i] = node.value
        elif node.op != "symbol" and all(map(fixed.__contains__, args)):
            fixed[i] = fold[node.op](*[fixed[j] for j in args])
        elif node.op == "where" and args[0] in fixed:
            # Of what is computed for the other side alone nothing is a part.
            chosen = args[1] if fixed[args[0]] else args[2]
            if chosen in fixed:
                fixed[i] = fixed[chosen]
        if i in fixed:
            steps.append((None, (), fixed[i], tuple(freed[i])))
        elif node.op == "symbol":
            steps.append((None, (), node.value, ()))
        else:
            steps.append((table[node.op], args, None, tuple(freed[i])))
    return Program(tuple(steps), results)
