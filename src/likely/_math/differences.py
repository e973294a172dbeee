"""Differences of y and a location of which either was rounded first.

Of log y − θ and y − eʳ, where y is within some ulps of its location, nothing is left but the roundings of log y and of
eʳ: on a scale far below an ulp not even the sign is known. Rows of which that may be so are few. They are computed
again, by the same formulas, with these differences taken from y and the raw predictions themselves, in forty digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.backends import decimal_backend
from likely._math.domains import Domain
from likely._math.evaluate import compile_program
from likely._math.graph import Node, abs_, make, replaced, topological, where
from likely._math.rows import distinct

#: Relative to y's side: what is larger has ten bits of its own, enough that K bounds what roundings do to any loss.
CLOSE = 2.0**-43


def differences(outputs: Sequence[Node]) -> list[Node]:
    """The differences of something of y alone and something of raw predictions alone that may have to be exact.

    None of two sides that are exact, and none that is a mere summand. Where one side is exact, the difference is an ulp
    from the truth at most, and 0 where that is far less than an ulp: of a square, or of another product, K allows it.
    """
    order = topological(outputs)
    use = _uses(order, outputs)
    found = []
    known: dict[int, frozenset[str] | None] = {}  # whose a node is; None of what no decimals know
    for node in order:
        known[id(node)] = _origins(node, [known[id(arg)] for arg in node.args])
        rounded = sum(bool(arg.args) for arg in node.args)
        if node.op == "subtract" and rounded and use[id(node)] > (_SUMMAND, _FACTOR)[rounded == 1]:
            sides = [known[id(arg)] for arg in node.args]
            if sides in (_Y_LESS_RAW, _Y_LESS_RAW[::-1]):
                found.append(node)
    return found


_Y_LESS_RAW = [frozenset({"y"}), frozenset({"raw"})]
#: What becomes of a node: it is a summand of an output, a factor of one, or goes into another function.
_SUMMAND, _FACTOR, _ARGUMENT = 0, 1, 2


def _uses(order: Sequence[Node], outputs: Sequence[Node]) -> dict[int, int]:
    """By id the farthest that any node goes."""
    use = {id(node): _SUMMAND for node in outputs}
    for node in reversed(order):
        here = use[id(node)]
        for place, arg in enumerate(node.args):
            there = _ARGUMENT
            if node.op in ("add", "subtract", "negative") or (node.op == "where" and place):
                there = here
            elif node.op == "multiply" or (node.op == "divide" and not place):
                there = max(here, _FACTOR)
            use[id(arg)] = max(use.get(id(arg), _SUMMAND), there)
    return use


def _origins(node: Node, of_args: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    if node.op == "symbol":
        return frozenset({"raw" if node.value.startswith("raw") else "y"})
    if node.op == "constant":
        return frozenset()
    if node.op not in decimal_backend.TABLE:
        return None
    origins = frozenset[str]()
    for one in of_args:
        if one is None:
            return None
        origins |= one
    return origins


def _size(difference: Node) -> tuple[Node, Node]:
    """|difference|, and the least that is not close."""
    return abs_(difference), CLOSE * abs_(difference.args[0])


def apart(outputs: Sequence[Node], support: Domain) -> Node | None:
    """The condition that no difference is close; None where none can be, or y is a count.

    Of no family of counts does a slope change within an ulp of a mean.
    """
    conditions = [least <= size for size, least in map(_size, differences(outputs))]
    if support.integer or not conditions:
        return None
    return reduce(lambda one, other: where(one, other, one), conditions)


def exactly(outputs: Sequence[Node]) -> tuple[list[Node], dict[str, Callable[..., Any]]]:
    """The outputs with all that is close taken exactly, by operations of which the functions on NumPy arrays follow."""
    functions: dict[str, Callable[..., Any]] = {}
    made: list[tuple[Node, Node]] = []
    for node in differences(outputs):
        name, symbols = f"difference {len(made)}", [n for n in topological([node]) if not n.args]
        symbols = [n for n in symbols if n.op == "symbol"]
        functions[name] = _in_decimals(node, [n.value for n in symbols])
        size, least = _size(node)
        condition = size < least
        made.append((node, where(condition, make(name, condition, *symbols), node)))
    return replaced(outputs, made), functions


def _in_decimals(node: Node, names: Sequence[str]) -> Callable[..., NDArray[np.float64]]:
    with decimal_backend.digits():  # what depends on constants alone is computed here
        program = compile_program([node], decimal_backend.TABLE)

    def run(needed: Any, *columns: Any) -> NDArray[np.float64]:
        rows = np.flatnonzero(needed)
        some, back = distinct(np.stack([column[rows] for column in columns]))
        with decimal_backend.digits():
            found = [program(dict(zip(names, row, strict=True)))[0] for row in some.T.tolist()]
        result = np.full(np.shape(needed), np.nan)
        result[rows] = np.array(found, dtype=np.float64)[slice(None) if back is None else back]
        return result

    return run
