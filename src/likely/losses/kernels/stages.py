"""Kernels of formulas with sums over an index: some rows at a time, in stages.

A loop over the rows computes what the first sums take, as any kernel does; then each sum runs over the rows that need
terms, and a loop over all rows goes on from there. Loops, not a row's sum inside of a loop, because those vectorise: a sum takes
rows with about as many terms together, and each of its terms is a loop over them. What a later stage
needs is held in buffers that stay in a core's cache.
"""

from __future__ import annotations

from collections.abc import Sequence

from likely._math.compound_poisson import SUMS
from likely._math.graph import Node, topological
from likely.losses.kernels.statements import indented, is_condition, primitive, statements

#: Rows at a time, and of these how many a sum takes together.
_ROWS, _TOGETHER = 1024, 64


def has_sums(nodes: Sequence[Node]) -> bool:
    return any(node.op in SUMS for node in topological(nodes))


def staged(
    nodes: Sequence[Node],
    inputs: Sequence[str],
    outputs: Sequence[str],
    first: Sequence[str],
    used: set[str],
) -> tuple[list[str], list[str]]:
    """The lines of a loop over ``stop - start`` rows, and the functions that they call.

    ``inputs`` names the symbols, of which ``…_rows`` are the arrays, and ``outputs`` the arrays to write; ``first`` are
    lines for each row of the first stage.
    """
    order = topological(nodes)
    level = _levels(order)
    held = _held(order, nodes, level)
    place = {key: f"held{k}" for k, key in enumerate(held)}
    last = max(level.values())
    functions: list[str] = []
    lines = [f"held = np.empty(({len(held)}, {_ROWS}))"]
    lines += [f"held{k} = held[{k}]" for k in range(len(held))]
    lines += [f"for begin in range(0, stop - start, {_ROWS}):"]
    body = [f"size = min({_ROWS}, stop - start - begin)"]
    body += [f"{name}_part = {name}_rows[begin : begin + size]" for name in inputs]
    body += [f"{name}_part = {name}[begin : begin + size]" for name in outputs]
    for stage in range(last + 1):
        if stage:
            for group in _groups(order, level, stage):
                function = f"sum_{len(functions)}"
                arrays = [
                    *(place[id(arg)] for arg in group[0].args),
                    *(place[id(s)] for s in group),
                ]
                body.append(f"{function}({', '.join(arrays)}, size)")
                functions.append(_sum(function, [node.op for node in group], used))
        final = stage == last
        computed = [n for n in held.values() if level[id(n)] == stage and n.op not in SUMS]
        wanted = [*computed, *(nodes if final else [])]
        known = {
            key: (f"({name}[i] > 0.0)" if is_condition(node) else f"{name}[i]")
            for (key, node), name in zip(held.items(), place.values(), strict=True)
            if level[key] < stage or node.op in SUMS
        }
        loop, names = statements(wanted, used, known)
        body.append("for i in range(size):")
        row = [f"{name} = {name}_part[i]" for name in inputs]
        row += first if stage == 0 else []
        row += loop
        for node, name in zip(computed, names, strict=False):
            value = f"1.0 if {name} else 0.0" if is_condition(node) else name
            row.append(f"{place[id(node)]}[i] = {value}")
        if final:
            results = names[len(computed) :]
            row += [f"{out}_part[i] = {name}" for out, name in zip(outputs, results, strict=True)]
        body += indented(row, 1)
    return [*lines, *indented(body, 1)], functions


def _levels(order: Sequence[Node]) -> dict[int, int]:
    """The stage in which a node is known: after as many sums, one inside another."""
    level: dict[int, int] = {}
    for node in order:
        inner = max((level[id(arg)] for arg in node.args), default=0)
        level[id(node)] = inner + (node.op in SUMS)
    return level


def _held(order: Sequence[Node], nodes: Sequence[Node], level: dict[int, int]) -> dict[int, Node]:
    """What a stage computes for a later one or for a sum, and the sums."""
    held: dict[int, Node] = {}
    last = max(level.values())
    for node in order:
        for arg in node.args:
            later = node.op in SUMS or level[id(node)] > level[id(arg)]
            if arg.op in SUMS or (later and arg.args) or (node.op in SUMS and not arg.args):
                held[id(arg)] = arg
    for node in nodes:
        if node.args and level[id(node)] < last:
            held[id(node)] = node
    return held


def _groups(order: Sequence[Node], level: dict[int, int], stage: int) -> list[list[Node]]:
    """The sums of a stage: those over the same terms together."""
    groups: dict[tuple[int, ...], list[Node]] = {}
    for node in order:
        if node.op in SUMS and level[id(node)] == stage:
            groups.setdefault(tuple(map(id, node.args)), []).append(node)
    return list(groups.values())


def _sum(function: str, wanted: Sequence[str], used: set[str]) -> str:
    """The text of a function that writes the wanted sums of ``size`` rows."""
    series = [SUMS[name] for name in wanted]
    lines, names = statements(primitive([s.term for s in series]), used)
    arguments = series[0].arguments
    count, longest = arguments[0], series[0].longest
    totals = [f"total{k}" for k in range(len(series))]
    every = [*arguments, *totals]
    used.add("float64")
    text = [f"def {function}({', '.join(f'{name}_rows' for name in every)}, size):"]
    setup = [
        "# Rows in the order of how many terms they need, most first; those without any are left out.",
        f"places = np.zeros({longest + 2}, np.int64)",
        "for i in range(size):",
        f"    {count} = {count}_rows[i]",
        f"    places[int({count}) if {count} >= 1.0 else 0] += 1",
        "active = size - places[0]",
        f"for k in range({longest}, -1, -1):",
        "    places[k] += places[k + 1]",
        f"order = np.empty({_ROWS}, np.int64)",
        "for i in range(size):",
        f"    {count} = {count}_rows[i]",
        f"    k = int({count}) if {count} >= 1.0 else 0",
        "    order[places[k + 1]] = i",
        "    places[k + 1] += 1",
    ]
    setup += [f"    {total}_rows[i] = 0.0" for total in totals]
    setup += [f"packed = np.empty(({len(every)}, {_TOGETHER}))"]
    setup += [f"{name}_lanes = packed[{k}]" for k, name in enumerate(every)]
    setup += [
        f"for begin in range(0, active, {_TOGETHER}):",
        f"    lanes = min({_TOGETHER}, active - begin)",
        "    for i in range(lanes):",
        "        row = order[begin + i]",
        *(f"        {name}_lanes[i] = {name}_rows[row]" for name in arguments),
        *(f"        {total}_lanes[i] = 0.0" for total in totals),
        f"    for k in range(int({count}_lanes[0])):",
        "        index = float64(k)",
        "        for i in range(lanes):",
        *(f"            {name} = {name}_lanes[i]" for name in arguments),
        *indented(lines, 3),
        *(
            f"            {total}_lanes[i] += {name} if index < {count} else 0.0"
            for total, name in zip(totals, names, strict=True)
        ),
        "    for i in range(lanes):",
        "        row = order[begin + i]",
        *(f"        {total}_rows[row] = {total}_lanes[i]" for total in totals),
    ]
    return "\n".join([*text, *indented(setup, 1)]) + "\n"
