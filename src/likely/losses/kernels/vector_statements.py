"""Nodes as statements on whole vectors of rows: what the loops of ``alike.py`` are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from likely._math.graph import Node, topological
from likely.losses.kernels.statements import number

#: Operations on vectors and numbers: sums and products each as one of which a product is a part.
_IN_VECTORS = {
    "add": "multiply_add({0}, 1.0, {1})",
    "subtract": "multiply_add({1}, -1.0, {0})",
    # Nothing is added by −0, where 0 would make another number of −0: a product alone, or part of a sum.
    "multiply": "multiply_add({0}, {1}, -0.0)",
    "negative": "multiply_add({0}, -1.0, -0.0)",
    "exp": "exponential({0})",
}


def in_vectors(
    nodes: Sequence[Node], used: set[str], given: Mapping[int, str]
) -> tuple[list[str], list[str]]:
    """The lines that compute the nodes, which are made of such operations, of vectors."""
    names = dict(given)
    lines: list[str] = []
    for node in topological(nodes, names):
        if not node.args:
            names[id(node)] = node.value if node.op == "symbol" else number(node.value)
            continue
        text = _IN_VECTORS[node.op].format(*(names[id(arg)] for arg in node.args))
        used.add(text.partition("(")[0])
        names[id(node)] = f"t{len(lines)}"
        lines.append(f"t{len(lines)} = {text}")
    return lines, [names[id(node)] for node in nodes]


def no_vectors(nodes: Sequence[Node]) -> list[Node]:
    """Of what the nodes are made of that which vectors read, and is not arithmetic on vectors."""
    order = topological(nodes)
    #: What no vectors are made of, and what that is made of.
    scalar = {id(node) for node in order if node.args and node.op not in _IN_VECTORS}
    for node in reversed(order):
        if id(node) in scalar:
            scalar.update(id(arg) for arg in node.args)
    read = {id(node): node for node in nodes}
    read |= {id(arg): arg for node in order if id(node) not in scalar for arg in node.args}
    return [node for key, node in read.items() if node.args and key in scalar]
