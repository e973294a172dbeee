"""Write a loss as the source of a fused kernel: one pass over the rows, everything in registers.

The module that comes out stands alone: the primitives it calls are copied into it as text, because Numba's
cache does not notice when a function that a kernel calls has changed. Its functions are plain Python
until ``build.py`` compiles them.
"""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from likely._math import collector, differences
from likely._math.domains import Bounded, Composition, Domain, Intervals, Product, Trials, ZeroOr
from likely._math.graph import Node, topological
from likely._math.single import in_single
from likely._math.tables import COEFFICIENTS, TABLES
from likely.losses.kernels.divisions import by_reciprocals
from likely.losses.kernels.patches import table_parts
from likely.losses.kernels.polynomials import side_by_side
from likely.losses.kernels.stages import ROWS, has_series, staged
from likely.losses.kernels.statements import (
    BINARY,
    UNARY,
    indented,
    named_once,
    number,
    primitive,
    statements,
)

#: Statements beyond which a kernel takes too long to compile; the NumPy program serves as well. With gradient, the
#: 4,201 of Censored(Truncated(Normal())) took two minutes, and were then 1.7 times as fast as NumPy's program.
_LONGEST = 1500


#: Numbers of a table that are written out.
_WRITTEN = 500


def compilable(outputs: Sequence[Node]) -> bool:
    """Whether a kernel of these outputs is short enough to be worth its compilation."""
    return len(topological(primitive(outputs))) <= _LONGEST


#: What a kernel in single precision may be made of: elementary functions, and one of y alone.
_SIMPLE = {
    *(BINARY.keys() - {"arctan2"}),
    *UNARY,
    *("where", "sign", "maximum", "minimum", "exp", "log", "log1p", "log1p_fraction"),
    *("sigmoid", "softplus", "check_loss", "relative_entropy_of", "count_error"),
}


def simple(outputs: Sequence[Node]) -> bool:
    """Whether the outputs are elementary, so that in float32 they lose no more than float32 must."""
    return all(not node.args or node.op in _SIMPLE for node in topological(outputs))


def kernel_source(
    name: str, outputs: Sequence[Node], columns: int, support: Domain, single: bool = False
) -> tuple[str, set[str]]:
    """A function ``name(y, raw, first, rest, start, stop, shift)``, and the primitives it calls.

    It reads rows start … stop of y (n,) and raw (columns, n), and writes the first output to the array
    ``first`` and the others to the rows of ``rest``, ``shift`` rows further on: a block that was copied
    to a buffer is read from its start and written to its place. It returns in how many rows y is outside
    the support, raw is not finite, or a difference is to be taken more exactly (``_math/differences.py``): a count in
    the same pass, not a scan. All arrays are contiguous.
    Every row becomes a slice of its own: with 1-d slices from 0, LLVM sees unit strides and vectorises
    (a loop from start to stop over the 2-d arrays it does not).

    A ``single`` kernel computes in float32, and does not count: those who call it look at y beforehand.
    """
    nodes = primitive(outputs)
    nodes = by_reciprocals(side_by_side(in_single(nodes) if single else nodes))
    apart = None if single else differences.apart(outputs, support)
    used = {"aligned_frame"}
    several = len(support.columns) > 1
    ys = ("ys" if several else "y") + ("32_all" if single else "_all")
    head = [f"def {name}({ys}, raw_all, first, rest, start, stop, shift):", "    aligned_frame()"]
    if several:
        head += [f"    {y}_rows = {ys}[{j}][start:stop]" for j, y in enumerate(support.columns)]
    else:
        head += [f"    y_rows = {ys}[start:stop]"]
    inputs = [*support.columns, *(f"raw{j}" for j in range(columns))]
    head += [f"    raw{j}_rows = raw_all[{j}][start:stop]" for j in range(columns)]
    head += ["    out0 = first[start + shift : stop + shift]"]
    head += [
        f"    out{r} = rest[{r - 1}][start + shift : stop + shift]" for r in range(1, len(nodes))
    ]
    head += ["    invalid = 0"]
    flag = [] if apart is None else primitive([apart])
    # What it takes comes first, and is counted as soon as it is known: then it needs no register any more.
    flagged, names = statements(flag, used)
    count = [*flagged, f"valid = {' & '.join([_valid(support, columns), *names])}"]
    count += ["invalid += 0 if valid else 1"]
    helpers: list[str] = []
    if has_series(nodes):
        loop, helpers = staged(nodes, inputs, [f"out{r}" for r in range(len(nodes))], count, used)
        head += indented(named_once(loop), 1)
        helpers.insert(0, f"#: Rows that are taken at a time.\nROWS = {ROWS}\n")
    else:
        lines, names = statements([*flag, *nodes], used, single=single)
        row = [f"{name} = {name}_rows[i]" for name in inputs]
        row += [] if single else count
        row += [
            *lines[len(flagged) :],
            *(f"out{r}[i] = {name}" for r, name in enumerate(names[len(flag) :])),
        ]
        head += ["    for i in range(stop - start):", *indented(row, 2)]
    text = "\n".join([*head, "    return invalid"]) + "\n"
    return "\n\n".join([*helpers, text]), used


def loop_source(
    name: str, nodes: Sequence[Node], parameters: Sequence[str], places: Mapping[str, str]
) -> tuple[str, set[str]]:
    """A function ``name(*parameters, out, size)``, and the primitives it calls.

    ``places`` says where among the parameters, which are arrays, the rows of a symbol are. Of ``size`` rows the
    function writes the nodes, which are primitive, to the rows of ``out``.
    """
    used = {"aligned_frame"}
    lines, names = statements(nodes, used)
    read = [node.value for node in topological(nodes) if node.op == "symbol"]
    head = [f"def {name}({', '.join(parameters)}, out, size):", "    aligned_frame()"]
    head += [f"    {symbol}_rows = {places[symbol]}[:size]" for symbol in read]
    head += [f"    out{r} = out[{r}][:size]" for r in range(len(nodes))]
    head += ["    for i in range(size):"]
    head += [f"        {symbol} = {symbol}_rows[i]" for symbol in read]
    tail = [f"        out{r}[i] = {name}" for r, name in enumerate(names)]
    return "\n".join([*head, *indented(lines, 2), *tail]) + "\n", used


def _valid(support: Domain, columns: int) -> str:
    """The condition for a row to be valid; ``&`` rather than ``and``, which would branch."""
    conditions = [f"(abs(raw{j}) < math.inf)" for j in range(columns)]
    if isinstance(support, Bounded):
        return " & ".join([*conditions, _between_bounds(support)])
    if isinstance(support, Intervals):
        exact = " & ".join(["(y_low == y_high)", *inside(support, "y_low")])
        equal = "=" if support.integer else ""
        overlap = (
            f"(y_low < y_high) & (y_high >{equal} {number(support.low)}) "
            f"& (y_low <{equal} {number(support.high)})"
        )
        if support.integer:
            overlap += " & (y_low == np.floor(y_low)) & (y_high == np.floor(y_high))"
        return " & ".join([*conditions, f"(({exact}) | ({overlap}))"])
    if isinstance(support, Trials):
        successes = [*inside(support, "successes"), "(successes <= trials)"]
        return " & ".join([*conditions, *successes, *inside(support, "trials")])
    if isinstance(support, Product):
        for y, part in zip(support.columns, support.parts, strict=True):
            conditions += inside(part, y)
        if isinstance(support, Composition) and not support.whole:
            total = " + ".join(support.columns)
            conditions.append(f"(abs({total} - 1.0) <= {support.tolerance!r})")
        return " & ".join(conditions)
    return " & ".join([*conditions, *inside(support, "y")])


def _between_bounds(support: Bounded) -> str:
    """The condition of ``Bounded`` or ``BoundedIntervals``."""
    y = support.columns[0]
    bounds = _overlap(support, ["y_from"], ["y_to"])
    after = "<" if support.integer else "<="
    exact = [*inside(support, y), f"(y_from {after} {y})", f"({y} <= y_to)", *bounds]
    if y == "y":
        return " & ".join(exact)
    # Of counts both ends belong to an interval.
    low = "(y_low - 1.0)" if support.integer else "y_low"
    seen = ["(y_low < y_high)", *_overlap(support, [low, "y_from"], ["y_high", "y_to"])]
    return f"(({' & '.join(['(y_low == y_high)', *exact])}) | ({' & '.join(seen)}))"


def _overlap(support: Domain, lows: list[str], highs: list[str]) -> list[str]:
    """That the intersection of intervals has a part of the support inside."""
    within = [f"({low} < {high})" for low in lows for high in highs]
    end = ">=" if support.integer else ">"
    within += [f"({high} {end} {number(support.low)})" for high in highs]
    within += [f"({low} < {number(support.high)})" for low in lows]
    if support.integer:
        within += [f"({end} == np.floor({end}))" for end in (*lows, *highs)]
    return within


def inside(support: Domain, y: str) -> list[str]:
    """The conditions for a number called y to be in the support."""
    conditions = [f"(abs({y}) < math.inf)"]
    if support.low > -math.inf:
        conditions.append(f"({y} {'>=' if support.closed_low else '>'} {support.low!r})")
    if support.high < math.inf:
        conditions.append(f"({y} {'<=' if support.closed_high else '<'} {support.high!r})")
    if support.integer:
        conditions.append(f"({y} == np.floor({y}))")
    if isinstance(support, ZeroOr):
        conditions.append(f"(({y} == 0.0) | ({y} >= {support.above!r}))")
    return conditions


@collector.at_rest()
def module_source(
    title: str,
    name: str,
    outputs: Sequence[Node],
    columns: int,
    support: Domain,
    single: bool = False,
) -> str:
    """A whole module: the primitives that its kernel needs, then the kernel."""
    body, used = kernel_source(name, outputs, columns, support, single)
    parts = [
        f'"""{title}\n\nGenerated by likely.losses.kernels.emit: do not edit."""\n',
        "import math\n\nimport numpy as np\n",
        primitives_text(frozenset({*used, "float32"} if single else used), single),
        *map(_table, sorted(used & TABLES.keys())),
        *map(_coefficients, sorted(used & COEFFICIENTS.keys())),
        body,
    ]
    return "\n\n".join(part.strip("\n") + "\n" for part in parts if part)


def _table(name: str) -> str:
    table = TABLES[name]
    if table.size <= _WRITTEN:
        return f"{name} = np.array({table.tolist()!r})"
    return _imported("TABLES", table) + f"{name} = TABLES[{name!r}]"


def _coefficients(name: str) -> str:
    lines = [f"{name} = COEFFICIENTS[{name!r}]()"]
    parts = table_parts(name)
    if len(parts) > 1:
        lines += [f"{part} = {name}[{first}:{end}]" for part, first, end in parts]
    return _imported("COEFFICIENTS", COEFFICIENTS[name]()) + "\n".join(lines)


def _imported(tables: str, values: NDArray[np.float64]) -> str:
    """Lines before a table too long for text; its digest makes kernels of another table other files."""
    digest = hashlib.sha256(values.tobytes()).hexdigest()
    return f"from likely._math.tables import {tables}\n\n# {digest}\n"


@cache
def _primitives_tree(single: bool) -> tuple[str, ast.Module]:
    file = "primitives_single.py" if single else "primitives.py"
    text = (Path(__file__).parents[2] / "_math" / "backends" / file).read_text(encoding="utf-8")
    return text, ast.parse(text)


def primitives_text(wanted: frozenset[str], single: bool = False) -> str:
    """The text of the wanted primitives and of everything they refer to, in file order."""
    text, tree = _primitives_tree(single)
    defined: dict[str, ast.stmt] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            defined[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    defined[target.id] = statement
        elif isinstance(statement, ast.ImportFrom) and statement.module != "__future__":
            for alias in statement.names:
                defined[alias.asname or alias.name] = statement
    needed: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in needed or name not in defined:
            continue
        needed.add(name)
        waiting += [n.id for n in ast.walk(defined[name]) if isinstance(n, ast.Name)]
    chosen = {id(defined[name]) for name in needed}
    lines = text.splitlines()
    parts = [
        "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        for statement in tree.body
        if id(statement) in chosen
    ]
    # What is the same in every precision stands in the one file.
    if single and (rest := wanted - needed):
        parts.append(primitives_text(rest))
    return "\n\n".join(parts)
