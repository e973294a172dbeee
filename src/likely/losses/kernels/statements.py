"""Nodes as statements of Python text: what the loops of kernels are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from likely._math.evaluate import expand
from likely._math.graph import Node, topological
from likely._math.patches import DERIVATIVES
from likely._math.series import sparing
from likely._math.sums import SUMS
from likely._math.tables import TABLES

BINARY = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "less": "{} < {}",
    "less_equal": "{} <= {}",
    "equal": "{} == {}",
    "arctan2": "math.atan2({}, {})",
}
UNARY = {
    "negative": "-{}",
    "sqrt": "math.sqrt({})",
    "abs": "abs({})",
    "floor": "np.floor({})",
}
#: Written in ``_math/backends/primitives.py`` so that LLVM can vectorise them.
_COPIED = ("exp", "expm1", "log", "log1p", "log1p_fraction", "maximum", "minimum")
_KNOWN = {*BINARY, *UNARY, *_COPIED, *SUMS, *DERIVATIVES, *TABLES, "where", "sign", "pi"}
#: Operations whose value is a condition.
CONDITIONS = ("less", "less_equal", "equal")
#: What is known of a row, until the loop over rows ends.
_OF_A_ROW = re.compile(r"\b(t\d+|\w+_here)\b")


def _unused() -> None:
    raise AssertionError("the emitter writes text; nothing is called")


def primitive(nodes: Sequence[Node]) -> list[Node]:
    """The nodes in the operations that a kernel knows."""
    return sparing(expand(nodes, dict.fromkeys(_KNOWN, _unused)))


def is_condition(node: Node) -> bool:
    """Whether the node is true or false."""
    return node.op in CONDITIONS or (
        node.op == "where" and all(is_condition(arg) for arg in node.args[1:])
    )


def statements(
    nodes: Sequence[Node],
    used: set[str],
    given: Mapping[int, str] | None = None,
    *,
    single: bool = False,
) -> tuple[list[str], list[str]]:
    """The lines that compute the nodes, and what the nodes are called there; ``given`` ones, by id, have names.

    The primitives and tables that they need go to ``used``.
    """
    names: dict[int, str] = dict(given or {})
    lines: list[str] = []
    for node in topological(nodes, names):
        if node.op == "constant":
            names[id(node)] = number(node.value, single)
        elif node.op == "symbol":
            names[id(node)] = node.value
        elif node.op == "pi":
            names[id(node)] = "float32(math.pi)" if single else "math.pi"
        else:
            text = _statement(node, [names[id(arg)] for arg in node.args], used, single)
            names[id(node)] = f"t{len(lines)}"
            lines.append(f"t{len(lines)} = {text}")
    return lines, [names[id(node)] for node in nodes]


def named_once(lines: Sequence[str]) -> list[str]:
    """The lines of a function with another name for what ``statements`` and reads of a row name in each of its loops.

    Numba takes a name that is assigned twice apart by a search of its own through the whole function.
    """
    times: dict[str, int] = {}

    def latest(match: re.Match[str]) -> str:
        count = times.get(match[0], 0)
        return f"{match[0]}_{count}" if count > 1 else match[0]

    found = []
    for line in lines:
        head, sign, text = line.partition(" = ")
        if sign and _OF_A_ROW.fullmatch(head.strip()):
            text = _OF_A_ROW.sub(latest, text)
            times[head.strip()] = times.get(head.strip(), 0) + 1
            found.append(_OF_A_ROW.sub(latest, head) + sign + text)
        else:
            found.append(_OF_A_ROW.sub(latest, line))
    return found


def indented(lines: Iterable[str], steps: int) -> list[str]:
    """The lines, so many steps further in."""
    return [f"{'    ' * steps}{line}" for line in lines]


def _statement(node: Node, args: list[str], used: set[str], single: bool) -> str:
    if node.op in BINARY:
        return BINARY[node.op].format(*args)
    if node.op in UNARY:
        return UNARY[node.op].format(*args)
    if node.op in _COPIED:
        used.add(node.op)
        return f"{node.op}({', '.join(args)})"
    used.add("where")
    if node.op == "where":
        return f"where({', '.join(args)})"
    if node.op in TABLES:
        used.add(node.op)
        known = f"({args[0]} >= 0.0) & ({args[0]} <= {float(TABLES[node.op].size - 1)!r})"
        # A whole number that may be below 0, or has 64 bits, would take more operations.
        return f"{node.op}[np.uint32(np.int32(where({known}, {args[0]}, 0.0)))]"
    assert node.op == "sign"
    plus, minus, zero = (number(value, single) for value in (1.0, -1.0, 0.0))
    below = f"where({args[0]} < {zero}, {minus}, {args[0]})"
    return f"where({args[0]} > {zero}, {plus}, {below})"


def number(value: float, single: bool = False) -> str:
    """The number as text."""
    if single:
        return f"float32({number(value)})"
    if value != value:
        return "math.nan"
    if value in (float("inf"), -float("inf")):
        return "math.inf" if value > 0 else "(-math.inf)"
    return repr(value) if value >= 0 and repr(value)[0] != "-" else f"({value!r})"
