"""Derivatives of an expression graph, in forward mode.

Forward mode keeps every tangent on the scale of its value: with z = (y − loc) / scale and
scale = exp(raw), the tangent of z is −z, while a reverse sweep would pass through z²/scale and
overflow. Families have few raw columns, so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from likely._math.atoms import ATOMS
from likely._math.graph import Node, as_node, constant, is_constant, topological


def tangent(outputs: Sequence[Node], variable: Node) -> list[Node]:
    """∂output/∂variable for each output.

    Raises NotImplementedError, naming the atom, where an atom has no derivative rule.
    """
    zero = constant(0.0)
    tangents: dict[int, Node] = {}
    for node in topological(outputs):
        if node is variable:
            tangents[id(node)] = constant(1.0)
        elif not any(not is_constant(tangents[id(arg)], 0.0) for arg in node.args):
            tangents[id(node)] = zero
        else:
            tangents[id(node)] = _chain(node, [tangents[id(arg)] for arg in node.args])
    return [tangents[id(node)] for node in outputs]


def _chain(node: Node, arg_tangents: list[Node]) -> Node:
    if node.op == "divide":
        b, (da, db) = node.args[1], arg_tangents
        return over(da, b) - times(node, over(db, b))
    if node.op == "where":
        condition, (da, db) = node.args[0], arg_tangents[1:]
        return ATOMS["where"](condition, da, db) if da is not db else da
    rule = ATOMS[node.op].derivative
    if rule is None:
        raise NotImplementedError(f"{node.op} has no derivative rule, so it cannot be in a loss")
    total = constant(0.0)
    for partial, darg in zip(rule(*node.args, node), arg_tangents, strict=True):
        term = times(as_node(partial), darg)
        if node.op == "logaddexp" and not is_constant(term):
            # A share of 0 takes nothing from a slope, though that be infinite.
            term = ATOMS["where"](as_node(partial) > 0.0, term, 0.0)
        total = total + term
    return total


def over(a: Node, b: Node) -> Node:
    """a / b for a tangent a: dx/x of x = eʳ is 1, exactly."""
    if a is b:
        return constant(1.0)
    if a.op == "negative":
        return -over(a.args[0], b)
    if a.op == "multiply" and a.args[1] is b:
        return a.args[0]
    if a.op == "multiply" and a.args[0] is b:
        return a.args[1]
    return a / b


def times(partial: Node, darg: Node) -> Node:
    """partial · darg, where (a / b) · b is a: tangents keep the scale of their values."""
    if is_constant(darg, 0.0):
        return darg
    if partial.op == "negative":
        return -times(partial.args[0], darg)
    if darg.op == "negative":
        return -times(partial, darg.args[0])
    if partial.op == "divide":
        a, b = partial.args
        if b is darg:
            return a
        if b.op == "multiply" and any(arg is darg for arg in b.args):
            return a / (b.args[1] if b.args[0] is darg else b.args[0])
        if darg.op == "multiply" and any(arg is b for arg in darg.args):
            return times(a, darg.args[1] if darg.args[0] is b else darg.args[0])
    return partial * darg
