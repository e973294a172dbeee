"""Quotients of one divisor, which a processor divides by once.

A division takes as long as seven multiplications, and has one unit where those have two. A quotient that is a product
with the reciprocal is rounded twice. The reciprocal of the largest numbers still has 50 bits; only of divisors below
2⁻¹⁰²⁴, which have fewer bits themselves, there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from likely._math.graph import Node, as_node, is_constant, make, substitute, topological


def by_reciprocals(nodes: Sequence[Node]) -> list[Node]:
    """The same graphs, in which no number but a constant is divided by twice."""
    divided = [node for node in topological(nodes) if node.op == "divide"]
    times = Counter(id(node.args[1]) for node in divided if not is_constant(node.args[1]))
    shared = {id(node) for node in divided if times[id(node.args[1])] > 1}

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if id(node) in shared:
            return args[0] * make("divide", as_node(1.0), args[1])
        return make(node.op, *args) if args else node

    return substitute(nodes, rebuild)
