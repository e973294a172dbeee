"""Quotients of one divisor, which a processor divides by once.

A division takes as long as seven multiplications, and has one unit where those have two. A quotient that is a product
with the reciprocal is rounded twice. The reciprocal of the largest numbers still has 50 bits; only of divisors below
2⁻¹⁰²⁴, which have fewer bits themselves, there is none. What is exp(x) for quotients alone is exp(−x) to begin with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from likely._math.graph import Node, exp, is_constant, remade, substitute, topological


def by_reciprocals(nodes: Sequence[Node]) -> list[Node]:
    """The same graphs, in which no number but a constant is divided by twice."""
    order = topological(nodes)
    used = Counter(id(arg) for node in order for arg in node.args)
    used.update(id(node) for node in nodes)
    divided = [node for node in order if node.op == "divide" and not is_constant(node.args[1])]
    divides = Counter(id(node.args[1]) for node in divided)
    moved = {
        id(node)
        for node in divided
        if divides[id(node.args[1])] > 1 or _inverted(node.args[1], used, divides)
    }

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if id(node) in moved:
            by = node.args[1]
            if _inverted(by, used, divides):
                return args[0] * exp(-args[1].args[0])
            return args[0] * (1.0 / args[1])
        return remade(node, args)

    return substitute(nodes, rebuild)


def _inverted(by: Node, used: Counter[int], divides: Counter[int]) -> bool:
    """Whether a number is an exponential that nothing but quotients takes."""
    return by.op == "exp" and used[id(by)] == divides[id(by)]
