"""Derivatives of an expression graph, in forward mode.

Forward mode keeps every tangent on the scale of its value: with z = (y − loc) / scale and
scale = exp(raw), the tangent of z is −z, while a reverse sweep would pass through z²/scale and
overflow. Families have few raw columns, so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from likely._math.atoms import ATOMS
from likely._math.connection import Connection, Moving
from likely._math.graph import Node, as_node, constant, is_constant, log, make, topological


def tangent(outputs: Sequence[Node], variable: Node) -> list[Node]:
    """∂output/∂variable for each output.

    Raises NotImplementedError, naming the atom, where an atom has no derivative rule.
    """
    tangents = _tangents(outputs, variable)
    return [tangents[id(node)] for node in outputs]


def _tangents(outputs: Sequence[Node], variable: Node) -> dict[int, Node]:
    """∂node/∂variable by the id of every node that the outputs need."""
    zero = constant(0.0)
    tangents: dict[int, Node] = {}
    for node in topological(outputs):
        if node is variable:
            tangents[id(node)] = constant(1.0)
        elif not any(not is_constant(tangents[id(arg)], 0.0) for arg in node.args):
            tangents[id(node)] = zero
        else:
            tangents[id(node)] = _chain(node, [tangents[id(arg)] for arg in node.args])
    return tangents


def _chain(node: Node, arg_tangents: list[Node]) -> Node:
    if node.op == "divide":
        b, (da, db) = node.args[1], arg_tangents
        return over(da, b) - times(node, over(db, b))
    if node.op == "where":
        condition, (da, db) = node.args[0], arg_tangents[1:]
        return ATOMS["where"](condition, da, db) if da is not db else da
    atom = ATOMS[node.op]
    rule, tangent_of = atom.derivative, atom.tangent
    if tangent_of is not None:
        return tangent_of(node, arg_tangents)
    if rule is None:
        raise NotImplementedError(f"{node.op} has no derivative rule, so it cannot be in a loss")
    total = constant(0.0)
    for partial, darg in zip(rule(*node.args, node), arg_tangents, strict=True):
        term = times(as_node(partial), darg)
        if atom.fades and not is_constant(darg):
            # A slope of 0 takes nothing from another, though that be infinite.
            term = ATOMS["where"](ATOMS["equal"](partial, 0.0), 0.0, term)
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
    if a.op == "divide" and a.args[0] is b:
        return 1.0 / a.args[1]
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
    if partial.op == "multiply":
        for a, b in (partial.args, partial.args[::-1]):
            if a.op == "divide" and a.args[1] is darg:
                return a.args[0] * b
    if darg.op == "divide" and is_constant(darg.args[0], 1.0) and darg.args[1].op == "symbol":
        # A raw prediction may be so small that its inverse is infinite.
        return over(partial, darg.args[1])
    if darg.op == "multiply" and _alike(*darg.args):
        # A square leaves the range of numbers before its root does.
        return times(times(partial, darg.args[0]), darg.args[1])
    return partial * darg


def _alike(a: Node, b: Node) -> bool:
    """Whether two factors are one, or one and what is 1 more: where they are large, their product is a square."""
    return a is b or _beside_1(a) is b or _beside_1(b) is a


def _beside_1(node: Node) -> Node | None:
    """The x of 1 + x."""
    if node.op != "add":
        return None
    one, x = node.args if is_constant(node.args[0], 1.0) else node.args[::-1]
    return x if is_constant(one, 1.0) else None


def per(node: Node, b: Node) -> Node:
    """node / b for a symbol b, which is taken out of those terms that have it as a factor.

    There node may be below all numbers, or have lost its digits, where node / b is not.
    """
    if node is b:
        return constant(1.0)
    if not _has_factor(node, b, any):
        return over(node, b)
    if node.op == "negative":
        return -per(node.args[0], b)
    if node.op == "add":
        return per(node.args[0], b) + per(node.args[1], b)
    if node.op == "subtract":
        return per(node.args[0], b) - per(node.args[1], b)
    if node.op == "where":
        condition, x, y = node.args
        return ATOMS["where"](condition, per(x, b), per(y, b))
    if node.op == "multiply":
        # Another factor than b's own that is divided is one that may be 0.
        orders = (node.args, node.args[::-1])
        own = [(x, y) for x, y in orders if _has_factor(x, b, all)]
        given = [(x, y) for x, y in orders if x.op == "symbol"]
        some = [(x, y) for x, y in orders if _has_factor(x, b, any)]
        x, y = (own or given or some)[0]
        return per(x, b) * y
    x, y = node.args
    if _has_factor(x, b, any):
        return per(x, b) / y
    return x / (times(y.args[0], b) + times(y.args[1], b))


def _has_factor(node: Node, b: Node, of: Callable[[Iterable[bool]], bool]) -> bool:
    """Whether b is a factor of all terms of a node, or of any, however small the node is."""
    if node is b:
        return True
    if is_constant(node, 0.0):
        return of(())
    if node.op == "negative":
        return _has_factor(node.args[0], b, of)
    if node.op == "multiply":
        return any(_has_factor(arg, b, of) for arg in node.args)
    if node.op == "divide":
        x, y = node.args
        under = y.op == "add" and any(arg.op == "divide" and arg.args[1] is b for arg in y.args)
        return under or _has_factor(x, b, of)
    if node.op in ("add", "subtract"):
        return of(_has_factor(arg, b, of) for arg in node.args)
    return node.op == "where" and of(_has_factor(arg, b, of) for arg in node.args[1:])


def covariant(output: Node, variable: Node, gamma: Connection) -> Node:
    """∂output/∂variable − Γ·output, of a derivative of a loss by the logarithm of a parameter.

    What of the output grows like e^(q·variable) contributes q − Γ times itself: see ``connection``.
    """
    return _Covariant(output, variable)(output, gamma)


class _Covariant:
    """∂node/∂variable − Γ·node for the nodes of one output, each with the Γ that reaches it."""

    def __init__(self, output: Node, variable: Node) -> None:
        self.variable = variable
        self.slopes = _tangents([output], variable)
        self.degrees: dict[int, float | None] = {}
        for node in topological([output]):
            self.degrees[id(node)] = self._degree(node)
        self.known: dict[tuple[int, float, float], Node] = {}

    def __call__(self, node: Node, gamma: Connection) -> Node:
        key = id(node), gamma.scale, gamma.shift
        if key not in self.known:
            self.known[key] = self._found(node, gamma)
        return self.known[key]

    def _degree(self, node: Node) -> float | None:
        """q where the node is proportional to e^(q·variable), None where it is not known to be."""
        if is_constant(self.slopes[id(node)], 0.0):
            return 0.0
        if node is self.variable:
            return None
        below = [self.degrees[id(arg)] for arg in node.args]
        rule = _DEGREES.get(node.op)
        if rule is not None:
            return None if None in below else rule(*below)
        if node.op == "where":
            return below[1] if below[1] == below[2] else None
        if node.op == "exp":
            slope = self.slopes[id(node.args[0])]
            return slope.value if is_constant(slope) else None
        powers = ATOMS[node.op].degrees
        if powers is None:
            return None
        total = 0.0
        for arg, power in zip(node.args, powers, strict=True):
            slope = self.slopes[id(arg)]
            if power is None:
                if not is_constant(slope, 0.0):
                    return None
            elif power:
                if not is_constant(slope):
                    return None
                total += power * slope.value
        return total

    def _found(self, node: Node, gamma: Connection) -> Node:
        degree = self.degrees[id(node)]
        if degree is not None:
            return _in_proportion(gamma.plus(-degree).over(-1.0), node)
        parts = self._parts(node, gamma)
        if parts is not None:
            return parts
        rule = None if node is self.variable else ATOMS[node.op].covariant
        slope, slopes = self.slopes[id(node)], [self.slopes[id(arg)] for arg in node.args]
        found = None if rule is None else rule(Moving(node, slope, slopes), gamma)
        return slope - gamma.node * node if found is None else found

    def _parts(self, node: Node, gamma: Connection) -> Node | None:
        """By the parts of a sum, a choice, a product or a quotient, of which a factor may have a degree."""
        if node.op == "add":
            return self(node.args[0], gamma) + self(node.args[1], gamma)
        if node.op == "subtract":
            return self(node.args[0], gamma) - self(node.args[1], gamma)
        if node.op == "negative":
            return -self(node.args[0], gamma)
        if node.op == "where":
            condition, a, b = node.args
            return ATOMS["where"](condition, self(a, gamma), self(b, gamma))
        if node.op == "multiply":
            for a, b in (node.args, node.args[::-1]):
                degree = self.degrees[id(a)]
                if degree is not None:
                    return times(self(b, gamma.plus(-degree)), a)
            a, b = node.args
            if self._ruled(a) and not self._ruled(b):
                a, b = b, a
            power = self._carried(a)
            grown = self(b, gamma.plus(-power))
            return times(self(a, gamma.fixed(power)), b) + times(a, grown)
        if node.op == "divide":
            a, b = node.args
            degree = self.degrees[id(b)]
            if degree is not None:
                return over(self(a, gamma.plus(degree)), b)
            share = self._share(node, gamma)
            if share is not None:
                return share
            return over(self(a, gamma), b) - times(node, over(self.slopes[id(b)], b))
        return None

    def _carried(self, node: Node) -> float:
        """The degree of those factors of a product that have one."""
        degree = self.degrees[id(node)]
        if degree is not None:
            return degree
        if node.op not in ("multiply", "divide", "negative"):
            return 0.0
        signs = (1.0, -1.0) if node.op == "divide" else (1.0, 1.0)
        return sum(sign * self._carried(arg) for sign, arg in zip(signs, node.args, strict=False))

    def _ruled(self, node: Node) -> bool:
        """Whether what Γ takes off a product reaches an atom that has a rule for it."""
        if node.op == "multiply":
            return any(self._ruled(arg) for arg in node.args)
        if node.op in ("divide", "negative"):
            return self._ruled(node.args[0])
        moves = self.degrees[id(node)] is None and node is not self.variable
        return moves and ATOMS[node.op].covariant is not None

    def _share(self, node: Node, gamma: Connection) -> Node | None:
        """Of a/(1 + x): −a/(1 + x)·(q x/(1 + x) + Γ), with x of degree q, a constant."""
        a, b = node.args
        x = _beside_1(b)
        if self.degrees[id(a)] != 0.0 or x is None:
            return None
        degree = self.degrees[id(x)]
        if degree is None:
            return None
        if gamma.known == -degree:
            return degree * (node / b)
        return -node * (degree / (1.0 + 1.0 / x) + gamma.node)


def _in_proportion(share: Connection, node: Node) -> Node:
    """share · node; where that is 1 − Γ > 0, which may bring the node into range, by what it is proportional to."""
    powers = ATOMS[node.op].degrees if node.args else None
    if powers is None or 0.0 not in powers or share.known is not None or not share.complementary:
        return share.node * node
    value, logarithm = powers.index(0.0), powers.index(1.0)
    args = list(node.args)
    args[value], args[logarithm] = share.node * args[value], args[logarithm] + log(share.node)
    return make(node.op, *args)


_DEGREES: dict[str, Callable[..., float | None]] = {
    "add": lambda a, b: a if a == b else None,
    "subtract": lambda a, b: a if a == b else None,
    "negative": lambda a: a,
    "multiply": lambda a, b: a + b,
    "divide": lambda a, b: a - b,
    "sqrt": lambda a: 0.5 * a,
}
