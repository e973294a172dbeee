"""A small expression graph: what a family's formula becomes when it is traced.

A node is an operation and its arguments. Nodes are hash-consed: writing the same
expression twice gives the same node, so common sub-expressions are shared without a pass of
their own. The order of operations stays as written, because the parentheses of a stable formula carry
its stability; the only rewriting is what floating-point arithmetic does exactly
(``1 * x``, ``x + 0``, ``a - (-b)``), ``0 * x``, and a choice between numbers that are known.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Container, Iterable, Sequence
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

__all__ = [
    "PI",
    "Expression",
    "FormulaError",
    "NoViewError",
    "Node",
    "abs_",
    "arctan2",
    "as_node",
    "constant",
    "equal",
    "exp",
    "expm1",
    "floor",
    "log",
    "log1p",
    "make",
    "maximum",
    "minimum",
    "polynomial",
    "remade",
    "replaced",
    "sign",
    "sqrt",
    "symbol",
    "tan",
    "topological",
    "where",
]


class FormulaError(TypeError):
    """Something in a formula that cannot be traced.

    Where that is a function of another library, ``foreign`` is its name.
    """

    foreign: str = ""


class NoViewError(AttributeError):
    """An attribute that an expression does not have."""


class Expression:
    """Arithmetic for everything that stands for a node: nodes, and views of a parameter."""

    __slots__ = ()
    __hash__ = object.__hash__

    @property
    def node(self) -> Node:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what protocols ask for
            raise AttributeError(name)
        raise NoViewError(self._without(name))

    def _without(self, name: str) -> str:
        """What to say where there is no such attribute."""
        return f"{name} belongs to y or a parameter, not to what is computed from them: write log(x), 1.0 - x, …"

    def __add__(self, other: Any) -> Node:
        return add(self, other)

    def __radd__(self, other: Any) -> Node:
        return add(other, self)

    def __sub__(self, other: Any) -> Node:
        return subtract(self, other)

    def __rsub__(self, other: Any) -> Node:
        return subtract(other, self)

    def __mul__(self, other: Any) -> Node:
        return multiply(self, other)

    def __rmul__(self, other: Any) -> Node:
        return multiply(other, self)

    def __truediv__(self, other: Any) -> Node:
        return divide(self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return divide(other, self)

    def __neg__(self) -> Node:
        return negative(self)

    def __abs__(self) -> Node:
        return abs_(self)

    def __pow__(self, power: Any) -> Node:
        if not isinstance(power, (int, float)):
            raise FormulaError(
                f"the exponent of ** must be a number, got {power!r}; "
                "write x to the power p as exp(p * log(x)) (or exp(p * x.log) on a parameter)"
            )
        return _power(as_node(self), power)

    def __lt__(self, other: Any) -> Node:
        return make("less", self, other)

    def __le__(self, other: Any) -> Node:
        return make("less_equal", self, other)

    def __gt__(self, other: Any) -> Node:
        return make("less", other, self)

    def __ge__(self, other: Any) -> Node:
        return make("less_equal", other, self)

    def __eq__(self, other: object) -> Node:  # type: ignore[override]
        return equal(self, other)

    def __rpow__(self, base: Any) -> Node:
        raise FormulaError(f"write {base!r} to the power x as exp(x * log({base!r}))")

    def __and__(self, other: Any) -> Node:
        raise FormulaError(
            "conditions are not joined by & or |: write where(a, where(b, x, z), z) for a and b, "
            "where(a, x, where(b, x, z)) for a or b"
        )

    __or__ = __rand__ = __ror__ = __and__

    def __invert__(self) -> Node:
        raise FormulaError("there is no ~ of a condition: write where(condition, b, a)")

    def __mod__(self, other: Any) -> Node:
        raise FormulaError(
            "there is no % and no // in a formula: write floor(x / d), x - d * floor(x / d)"
        )

    __floordiv__ = __mod__

    def __index__(self) -> int:
        raise FormulaError(
            "a formula is traced, so y and parameters are no numbers that a loop could count to: write sums "
            "and products in closed form, such as lgamma(y + 1)"
        )

    def __bool__(self) -> bool:
        raise FormulaError(
            "a formula is traced, so it has no truth value here: "
            "write where(condition, a, b) instead of if, and/or or a chained comparison"
        )

    def __float__(self) -> float:
        raise FormulaError(
            "a formula is traced, so it has no number here: use the functions of likely.math "
            "(exp, log, where, ...) instead of math.* or numpy.*"
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Node:
        # NumPy numbers ask here: np.float64(2) * node is arithmetic like any other.
        name = "divide" if ufunc.__name__ == "true_divide" else ufunc.__name__
        if method == "__call__" and name in _ARITHMETIC and not kwargs:
            return _ARITHMETIC[name](*inputs)
        error = FormulaError(f"numpy.{ufunc.__name__} cannot take a formula, which is traced")
        error.foreign = ufunc.__name__
        raise error

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise FormulaError(
            "a formula is traced, so NumPy cannot take it: use the functions of likely.math "
            "(exp, log, log1p, where, ...) instead of numpy.*"
        )


class Node(Expression):
    """One operation of an expression graph; made by :func:`make`, never directly."""

    __slots__ = ("__weakref__", "args", "digest", "op", "value")

    def __init__(self, op: str, args: tuple[Node, ...], value: Any, digest: bytes) -> None:
        self.op = op
        self.args = args
        self.value = value
        self.digest = digest

    @property
    def node(self) -> Node:
        return self

    def __repr__(self) -> str:
        if self.op in ("constant", "symbol"):
            return f"{self.value}"
        return f"{self.op}({', '.join(map(repr, self.args))})"


#: By operation and what identifies its arguments, which live as long as the node, or a leaf's value.
_table: WeakValueDictionary[tuple[Any, ...], Node] = WeakValueDictionary()
_COMMUTATIVE = frozenset({"add", "multiply"})


def _intern(op: str, args: tuple[Node, ...]) -> Node:
    # a + b and b + a round alike, so they are one node; the order by digest is the same in every
    # process, which generated code depends on.
    if op in _COMMUTATIVE and args[1].digest < args[0].digest:
        args = (args[1], args[0])
    key = (op, *map(id, args))
    node = _table.get(key)
    if node is None:
        digest = _digest(op, None, args)
        node = _table[key] = Node(op, args, None, digest)
    return node


def _leaf(op: str, value: Any) -> Node:
    # repr tells 0.0 from -0.0, which compare equal, and a NaN equals nothing.
    key = (op, value if value and value == value else repr(value))
    node = _table.get(key)
    if node is None:
        node = _table[key] = Node(op, (), value, _digest(op, value, ()))
    return node


def _digest(op: str, value: Any, args: tuple[Node, ...]) -> bytes:
    text = f"{op}:{value!r}".encode()
    return blake2b(text + b"".join([arg.digest for arg in args]), digest_size=16).digest()


def constant(value: float) -> Node:
    return _leaf("constant", float(value))


def symbol(name: str) -> Node:
    """A named input of the graph: y, or one raw column."""
    return _leaf("symbol", name)


def as_node(value: Any) -> Node:
    if isinstance(value, Node):
        return value
    if isinstance(value, Expression):
        return value.node
    if getattr(value, "ndim", 0):
        raise FormulaError(
            f"an array of shape {value.shape} cannot be in a formula, which is of one row: only numbers, y, "
            "parameters and likely.math; what differs by row is a parameter, an offset or a column of X"
        )
    if isinstance(value, (bool, int, float)) or hasattr(value, "__float__"):
        return constant(float(value))
    raise FormulaError(
        f"cannot use {value!r} in a formula: only numbers, y, parameters and likely.math"
    )


def is_constant(node: Node, value: float | None = None) -> bool:
    return node.op == "constant" and (value is None or node.value == value)


def make(op: str, *args: Any) -> Node:
    """A node for any operation by name, without rewriting."""
    return _intern(op, tuple(map(as_node, args)))


def add(a: Any, b: Any) -> Node:
    a, b = as_node(a), as_node(b)
    if is_constant(a, 0.0):
        return b
    if is_constant(b, 0.0):
        return a
    if is_constant(a) and is_constant(b):
        return constant(a.value + b.value)
    if b.op == "negative":
        return subtract(a, b.args[0])
    if a.op == "negative":
        return subtract(b, a.args[0])
    return _intern("add", (a, b))


def subtract(a: Any, b: Any) -> Node:
    a, b = as_node(a), as_node(b)
    if is_constant(b, 0.0):
        return a
    if is_constant(a, 0.0):
        return negative(b)
    if is_constant(a) and is_constant(b):
        return constant(a.value - b.value)
    if b.op == "negative":
        return add(a, b.args[0])
    if a.op == "negative":
        return negative(add(a.args[0], b))
    return _intern("subtract", (a, b))


def multiply(a: Any, b: Any) -> Node:
    a, b = as_node(a), as_node(b)
    if is_constant(a, 0.0) or is_constant(b, 0.0):
        return constant(0.0)
    if is_constant(a) and is_constant(b):
        return constant(a.value * b.value)
    if is_constant(b):
        a, b = b, a
    if is_constant(a, 1.0):
        return b
    if is_constant(a, -1.0):
        return negative(b)
    if a.op == "negative":
        return negative(multiply(a.args[0], b))
    if b.op == "negative":
        return negative(multiply(a, b.args[0]))
    return _intern("multiply", (a, b))


def divide(a: Any, b: Any) -> Node:
    a, b = as_node(a), as_node(b)
    if is_constant(a, 0.0):
        return constant(0.0)
    if is_constant(b, 1.0):
        return a
    if (
        is_constant(a) and is_constant(b) and b.value != 0.0
    ):  # what is over 0 is for the backend to say
        return constant(a.value / b.value)
    if a.op == "negative":
        return negative(divide(a.args[0], b))
    if b.op == "negative":
        return negative(divide(a, b.args[0]))
    if is_constant(b) and math.frexp(b.value)[0] == 0.5:  # a power of two: exact
        return multiply(constant(1.0 / b.value), a)
    return _intern("divide", (a, b))


def negative(a: Any) -> Node:
    a = as_node(a)
    if a.op == "negative":
        return a.args[0]
    if is_constant(a):
        return constant(-a.value)
    if a.op == "subtract":
        return _intern("subtract", (a.args[1], a.args[0]))
    return _intern("negative", (a,))


_ARITHMETIC: dict[str, Callable[..., Node]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "divide": divide,
    "negative": negative,
    "less": lambda a, b: make("less", a, b),
    "less_equal": lambda a, b: make("less_equal", a, b),
    "greater": lambda a, b: make("less", b, a),
    "greater_equal": lambda a, b: make("less_equal", b, a),
}


def _power(base: Node, power: float) -> Node:
    if power == 0.5:
        return sqrt(base)
    if power < 0:
        return divide(1.0, _power(base, -power))
    if power != int(power):
        return exp(power * log(base))
    result, square, n = constant(1.0), base, int(power)
    while n:
        if n & 1:
            result = multiply(result, square)
        n >>= 1
        if n:
            square = multiply(square, square)
    return result


def _unary(op: str, doc: str) -> Callable[[Any], Node]:
    def function(x: Any) -> Node:
        return make(op, x)

    function.__name__ = function.__qualname__ = op
    function.__doc__ = doc
    return function


exp = _unary("exp", "eˣ")
expm1 = _unary("expm1", "eˣ − 1, accurate near 0")
log = _unary("log", "Natural logarithm.")
log1p = _unary("log1p", "log(1 + x), accurate near 0")
sqrt = _unary("sqrt", "Square root.")
tan = _unary("tan", "Tangent.")
sign = _unary("sign", "−1, 0 or 1.")
floor = _unary("floor", "The largest integer ≤ x.")


def abs_(x: Any) -> Node:
    """|x|; its derivative at 0 is taken as 0."""
    node = as_node(x)
    while node.op == "negative":  # |−x| is |x|, exactly: σ(x) and σ(−x) share their exponential
        node = node.args[0]
    return make("abs", node)


#: π, exactly: each backend knows it to its own number of digits.
PI = make("pi")


def maximum(a: Any, b: Any) -> Node:
    """The larger of a and b."""
    return make("maximum", a, b)


def minimum(a: Any, b: Any) -> Node:
    """The smaller of a and b."""
    return make("minimum", a, b)


def arctan2(a: Any, b: Any) -> Node:
    """The angle of the point (b, a) in (−π, π]."""
    return make("arctan2", a, b)


def equal(a: Any, b: Any) -> Node:
    """The condition a == b, for :func:`where`."""
    return make("equal", a, b)


def where(condition: Any, a: Any, b: Any) -> Node:
    """a where the condition holds, else b; both sides are computed."""
    condition, a, b = as_node(condition), as_node(a), as_node(b)
    if condition.op in _HOLDS and all(is_constant(arg) for arg in condition.args):
        return a if _HOLDS[condition.op](*[arg.value for arg in condition.args]) else b
    return a if a is b else make("where", condition, a, b)


_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
}


def polynomial(x: Any, coefficients: Sequence[Any]) -> Node:
    """c₀ + c₁x + c₂x² + …, by Horner's rule."""
    result = as_node(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        result = result * x + c
    return result


def topological(outputs: Iterable[Node], known: Container[int] = ()) -> list[Node]:
    """Every node that the outputs need, arguments before their users; ``known`` ones, by id, are left out."""
    order: list[Node] = []
    seen: set[int] = set()
    opened: set[int] = set()  # their arguments lie above them on the stack
    stack = list(outputs)[::-1]
    while stack:
        node = stack[-1]
        key = id(node)
        if key in seen or key in known:
            stack.pop()
        elif key in opened or not node.args:
            stack.pop()
            seen.add(key)
            order.append(node)
        else:
            opened.add(key)
            stack += [arg for arg in node.args[::-1] if id(arg) not in seen]
    return order


def substitute(
    outputs: Sequence[Node],
    rebuild: Callable[[Node, tuple[Node, ...]], Node],
    done: dict[int, tuple[Node, Node]] | None = None,
) -> list[Node]:
    """The outputs with every node remade by ``rebuild(node, new_arguments)``.

    ``done`` holds nodes by id, each beside what it was remade into: they are not remade again, and it gets more.
    """
    done = {} if done is None else done
    for node in topological(outputs, done):
        if id(node) in done:  # by a rebuild that went on inside
            continue
        done[id(node)] = node, rebuild(node, tuple([done[id(arg)][1] for arg in node.args]))
    return [done[id(node)][1] for node in outputs]


def remade(node: Node, args: tuple[Node, ...]) -> Node:
    """The node's operation on these arguments, without rewriting; a leaf is itself."""
    return _intern(node.op, args) if args else node


def replaced(outputs: Sequence[Node], pairs: Iterable[tuple[Node, Node]]) -> list[Node]:
    """The outputs with the second node of each pair wherever the first stood."""
    return substitute(outputs, remade, {id(old): (old, new) for old, new in pairs})
