"""Kernels of compositions: ``compositions_body.py`` with the formulas of a family, and formulas alone.

What a part's formula takes from the row alone (the precision, the logarithm of the sum) is computed once a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.graph import Node, make, substitute, symbol, topological
from likely._math.pool import fold_slices
from likely.losses.kernels.build import load
from likely.losses.kernels.emit import inside, loop_source, primitive, primitives_text

Array = NDArray[np.float64]
#: Numbers of y in a block, and the fewest rows: its buffers stay in a core's second-level cache.
BLOCK = 4096
FEWEST = 64
#: What the modules of formulas alone are called.
FORMULA = ("composition", "formula")


def run(loss: Any, y: Array, raw: Array, nll: Array, gradient: Array | None) -> int:
    """Fill nll (n,) and, where it is wanted, its gradient (k, n), from y (n, K) and raw (k, n) of any layout.

    Returns in how many rows y is outside the support or raw is not finite.
    """
    order = 0 if gradient is None else 1
    kernel = _module(loss, order).gradient
    places = np.array([-1 if j is None else j for j, _ in loss.ratios])
    values = np.array([value for _, value in loss.ratios])
    own = -1 if loss.own is None else loss.own
    rest = np.empty((0, 0)) if gradient is None else gradient
    rows, size = max(FEWEST, BLOCK // loss.size), loss.size
    invalid: list[int] = []

    def work(start: int, stop: int) -> None:
        # Slices of numbers, so that few rows of many parts are worth threads too.
        begin, end = start // size, stop // size
        invalid.append(kernel(y, raw, places, values, own, nll, rest, begin, end, rows))

    fold_slices(work, nll.shape[0] * size)
    return sum(invalid)


def evaluate(formula: Any, arrays: Sequence[Array]) -> list[Array]:
    """The values of a formula at arrays that broadcast to the shape of the first."""
    if "kernel" not in formula.made:
        formula.made["kernel"] = load(*FORMULA, formula_source(formula)).values
    shape = arrays[0].shape
    rows = np.empty((len(arrays), *shape))
    for row, array in zip(rows, arrays, strict=True):
        row[:] = array
    out = np.empty((len(formula.nodes), *shape))
    size = rows[0].size
    formula.made["kernel"](rows.reshape(-1, size), out.reshape(-1, size), size)
    return list(out)


def formula_source(formula: Any) -> str:
    """The text of the module for the values of a formula."""
    places = {name: f"rows_all[{i}]" for i, name in enumerate(formula.names)}
    loop = loop_source("values", primitive(formula.nodes), ["rows_all"], places)
    return _text("Composition formula", [loop], "")


def file_part(order: int) -> str:
    """What the module of nll (order 0), or of its gradient too (1), is called."""
    return ("loss", "gradient")[order]


def title(loss: Any) -> str:
    """``Dirichlet log``: what the kernels of a loss are called, whatever its number of parts."""
    kind, own = loss.specification.structure.kind, loss.slots[loss.size - 1 :]
    return " ".join([kind, *(s.link.name if s.link else f"fixed{s.value!r}" for s in own)])


def source(loss: Any, order: int) -> str:
    """The text of the module for one order: primitives, the formulas, and the body."""
    nodes, heads = _hoisted(primitive(loss.part(order).nodes))
    of_row = loss.row(order)
    own = {name: f"{name}_all" for name in ("log_share", "share", "total", "raw", "parts")}
    of_heads = {f"head{i}": f"heads[{i}]" for i in range(len(heads))}
    sums = {name: f"rows_all[{i}]" for i, name in enumerate(of_row.names[: loss.sums + 1])}
    loops = [
        loop_source("head", heads, ["rows_all", "raw_all"], own | {"total": "rows_all"}),
        loop_source(
            "part",
            nodes,
            ["rows_all", "log_share_all", "share_all", "total_all", "raw_all", "heads"],
            own | of_heads | {"y": "rows_all"},
        ),
        loop_source(
            "row",
            primitive(of_row.nodes),
            ["rows_all", "total_all", "raw_all", "parts_all"],
            own | sums,
        ),
    ]
    support = loss.specification.support
    total = f"abs(total - 1.0) <= {support.tolerance!r}"
    conditions = (
        f"def number(value):\n    return {' & '.join(inside(support.parts[0], 'value'))}\n\n\n"
        f"def total_of(total):\n    return {'total > 0.0' if support.whole else total}\n\n\n"
        f"HEADS = {len(heads)}\nSUMS = {loss.sums}\nORDER = {order}\n"
    )
    body = Path(__file__).with_name("compositions_body.py").read_text(encoding="utf-8")
    return _text(title(loss), loops, conditions + body.split("ORDER = 0\n", 1)[1])


def _text(name: str, loops: Sequence[tuple[str, set[str]]], rest: str) -> str:
    used = frozenset({"exp", "log1p"}.union(*(called for _, called in loops)))
    parts = [
        f'"""{name}\n\nGenerated by likely.losses.kernels.compositions: do not edit."""',
        "import math\n\nimport numpy as np",
        primitives_text(used),
        *(text for text, _ in loops),
        rest,
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _hoisted(nodes: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """The nodes of a part with symbols head0, … for what depends on the row alone, and what those are.

    The share, which is the exponential of its logarithm, is a symbol too.
    """
    log_share = symbol("log_share")
    own = {id(symbol("y")), id(log_share)}
    for node in topological(nodes):
        if any(id(arg) in own for arg in node.args):
            own.add(id(node))
    users = [node.args for node in topological(nodes) if id(node) in own]
    heads: dict[int, Node] = {}
    for node in (arg for args in [*users, nodes] for arg in args):
        if id(node) not in own and node.args:
            heads[id(node)] = node
    places = {key: symbol(f"head{i}") for i, key in enumerate(heads)}

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if id(node) in places:
            return places[id(node)]
        if node.op == "exp" and node.args[0] is log_share:
            return symbol("share")
        return make(node.op, *args) if node.args else node

    return substitute(nodes, rebuild), list(heads.values())


def _module(loss: Any, order: int) -> Any:
    formula = loss.part(order)
    if "module" not in formula.made:
        text = source(loss, order)
        formula.made["module"] = load(title(loss), file_part(order), text)
    return formula.made["module"]
