"""Long polynomials in four parts, which a processor evaluates side by side.

Horner's rule is a chain: each step waits for the one before. In powers of x⁴ there are four chains of a quarter of the
length, for three multiplications more. The terms, and so how rounding grows, are the same. A chain of which other nodes
use the sums on the way, as divided differences do, stays: in four parts each of these sums would be computed anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from likely._math.graph import Node, polynomial, remade, substitute, topological

#: The fewest coefficients of a polynomial that is taken apart.
_LONG = 8


def side_by_side(nodes: Sequence[Node]) -> list[Node]:
    """The same graphs, without long chains."""
    done: dict[int, tuple[Node, Node]] = {}
    shared = _shared(nodes)

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        for by in _factors(node):
            coefficients = _horner(node, by, shared)
            if len(coefficients) >= _LONG:
                (x,) = substitute([by], rebuild, done)
                return _in_four(x, coefficients)
        return remade(node, args)

    return substitute(nodes, rebuild, done)


def _shared(nodes: Sequence[Node]) -> set[int]:
    """What several nodes use, by id."""
    uses = Counter(id(arg) for node in topological(nodes) for arg in node.args)
    return {at for at, count in uses.items() if count > 1}


def _factors(node: Node) -> Sequence[Node]:
    """What may be the x of a polynomial p x + c."""
    step, _ = _step(node)
    return () if step is None else [arg for arg in step.args if arg.args or arg.op == "symbol"]


def _step(node: Node) -> tuple[Node | None, float]:
    """The product and the constant of a sum of the two."""
    if node.op == "add":
        for product, c in (node.args, node.args[::-1]):
            if product.op == "multiply" and c.op == "constant":
                return product, c.value
    return None, 0.0


def _horner(node: Node, x: Node, shared: Collection[int]) -> list[float]:
    """The coefficients in powers of x, if the node is a polynomial by Horner's rule of its own; else none."""
    coefficients: list[float] = []
    while node.op != "constant":
        product, c = _step(node)
        if product is None or not any(arg is x for arg in product.args):
            return []
        coefficients.append(c)
        node = product.args[1] if product.args[0] is x else product.args[0]
        if node.op != "constant" and id(node) in shared:
            return []
    return [*coefficients, node.value]


def _in_four(x: Node, coefficients: Sequence[float]) -> Node:
    square = x * x
    fourth = square * square
    first, second, third, last = (polynomial(fourth, coefficients[k::4]) for k in range(4))
    return (last * x + third) * square + (second * x + first)
