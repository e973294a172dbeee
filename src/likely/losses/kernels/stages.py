"""Kernels of formulas with series: some rows at a time, in stages.

A condition may say that rows need no series, as those with y = 0, or, if there is no such condition, no sums, but
polynomials of patches at most. If it compares what is given, rows of which it holds are computed apart from the others.
Else all are computed as if it held, and those of which it does not hold again, apart. A first loop computes what the
series take, each series runs over the rows that need it, and a last loop goes on from there. All are loops over rows,
not a row's sum inside of a loop, because those vectorise: a sum takes rows with about as many terms together, and each
of its terms is a loop over them. What a later stage needs is held in buffers that stay in a core's cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from likely._math.graph import Node, remade, substitute, symbol, topological, where
from likely._math.patches import DERIVATIVES
from likely._math.series import (
    Series,
    Terms,
    for_alike,
    is_series,
    over_same_terms,
    sparing,
    specialised,
    without_series,
    without_sums,
)
from likely._math.sums import SUMS
from likely.losses.kernels.alike import alike_function
from likely.losses.kernels.kinds import (
    APART,
    ROWS,
    TOGETHER,
    buffers,
    counted,
    filled,
    listed,
    of_kind,
)
from likely.losses.kernels.patches import patch_function
from likely.losses.kernels.statements import (
    CONDITIONS,
    indented,
    is_condition,
    named_once,
    primitive,
    statements,
)

#: What a later stage computes again rather than reads: so many operations at most, each of which takes a cycle or less.
_AGAIN = 12
_QUICK = {"add", "subtract", "multiply", "negative", "abs", "minimum", "maximum", "floor", "where"}


def has_series(nodes: Sequence[Node]) -> bool:
    """Whether a kernel of these nodes goes in stages."""
    return any(map(is_series, topological(nodes)))


def staged(
    nodes: Sequence[Node],
    inputs: Sequence[str],
    outputs: Sequence[str],
    first: Sequence[str],
    used: set[str],
) -> tuple[list[str], list[str]]:
    """The lines of a loop over ``stop - start`` rows, and the functions that they call.

    ``inputs`` names the symbols, of which ``…_rows`` are the arrays, and ``outputs`` the arrays to write; ``first`` are
    lines for every row.
    """
    condition = without_series(nodes)
    if condition is None:
        condition = without_sums(nodes)
    body = [f"size = min({ROWS}, stop - start - begin)"]
    body += [f"{name}_part = {name}_rows[begin : begin + size]" for name in inputs]
    body += [f"{name}_part = {name}[begin : begin + size]" for name in outputs]
    lines: list[str] = []
    taken = len(body)
    stages = _Stages(inputs, outputs, used)
    if condition is None:
        body += stages.lines(nodes, first)
    else:
        lines += buffers(len(inputs) + len(outputs))
        without, with_ = (specialised(nodes, condition, side) for side in (True, False))
        at_sight = not any(arg.args for arg in condition.args)
        alone = None
        used.add("int64")
        if at_sight:
            loop, (holds,) = statements([condition], used)
            row = [f"{name} = {name}_part[i]" for name in inputs]
            row += [*first, *loop, f"flags[i] = 0 if {holds} else 1"]
            body += ["for i in range(size):", *indented(row, 1)]
        else:
            body += stages.lines(without, first, condition)
            alone = for_alike(without)
        body += listed(others=at_sight)
        if at_sight:
            others = stages.lines(without, [])
            body += of_kind("others", "other_rows", others, inputs, outputs)
        active = stages.lines(sparing(with_), [])
        body += of_kind("active", "active_rows", active, inputs, outputs)
        if alone is not None:
            only = stages.lines(specialised(without, alone, True), first)
            mixed, body = body[taken:], body[:taken]
            body += [*_all_hold(alone, inputs, used), "if whole == size:", *indented(only, 1)]
            body += ["else:", *indented(mixed, 1)]
    lines += [f"held = np.empty(({stages.buffers}, {APART}))"]
    lines += [f"held{k} = held[{k}]" for k in range(stages.buffers)]
    # What was never written is one page of zeros under many addresses, of which a processor may keep but one at a time,
    # or what others have left there: subnormal numbers, of which each operation takes a hundred times as long.
    lines += [f"{name}[: min({ROWS}, stop - start)] = 0.0" for name in sorted(stages.sparse)]
    lines += [f"for begin in range(0, stop - start, {ROWS}):"]
    return [*lines, *indented(body, 1)], list(stages.functions.values())


def _all_hold(condition: Node, inputs: Sequence[str], used: set[str]) -> list[str]:
    """The lines that find whether a condition holds for the ``whole`` block; most often the first rows tell."""
    loop, (holds,) = statements([condition], used)
    read = {node.value for node in topological([condition]) if node.op == "symbol"}
    names = [name for name in inputs if name in read]
    rows = [f"{name} = {name}_tried[i]" for name in names]
    return [
        "whole, tried = int64(0), int64(0)",
        "while (tried < size) & (whole == tried):",
        f"    end = min(size, {TOGETHER} * tried + {TOGETHER})",
        *(f"    {name}_tried = {name}_part[tried:end]" for name in names),
        "    for i in range(end - tried):",
        *indented([*rows, *loop, f"whole += 1 if {holds} else 0"], 2),
        "    tried = end",
    ]


class _Stages:
    """The stages of formulas that share inputs, outputs, buffers and functions."""

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str], used: set[str]) -> None:
        self.inputs, self.outputs, self.used = inputs, outputs, used
        self.functions: dict[tuple[str, ...], str] = {}
        self.buffers = 0
        #: The buffers of results that only the rows that need them have.
        self.sparse: set[str] = set()

    def lines(
        self, nodes: Sequence[Node], first: Sequence[str], condition: Node | None = None
    ) -> list[str]:
        """The lines for ``size`` rows, of which each begins with ``first``; ``flags`` says where a condition fails."""
        order = topological(nodes)
        level = _levels(order)
        held = _held(order, nodes, level)
        self.buffers = max(self.buffers, len(held))
        place = {key: f"held{k}" for k, key in enumerate(held)}
        last = max(level.values())
        body: list[str] = []
        for stage in range(last + 1):
            groups = over_same_terms(n for n in order if level[id(n)] == stage)
            for group in map(self._in_order, groups):
                arrays = [place[id(node)] for node in (*group[0].args, *group)]
                body.append(f"{self._function(group)}({', '.join(arrays)}, size)")
                self.sparse |= {place[id(node)] for node in group}
            computed = [n for n in held.values() if level[id(n)] == stage and not is_series(n)]
            flagged = [condition] if condition is not None and stage == 0 else []
            wanted = [*computed, *flagged, *(nodes if stage == last else [])]
            known = {
                key: (f"({name}_here > 0.0)" if is_condition(held[key]) else f"{name}_here")
                for key, name in place.items()
                if level[key] < stage or is_series(held[key])
            }
            loop, names = statements(wanted, self.used, known)
            read = {id(arg) for n in topological(wanted, known) for arg in n.args}
            read |= set(map(id, wanted))
            row = [f"{name} = {name}_part[i]" for name in self.inputs]
            # All are read first: of a choice that reads one of two, LLVM would make a branch.
            row += [f"{place[key]}_here = {place[key]}[i]" for key in known if key in read]
            row += [*([] if stage else first), *loop]
            for node, name in zip(computed, names, strict=False):
                value = f"1.0 if {name} else 0.0" if is_condition(node) else name
                row.append(f"{place[id(node)]}[i] = {value}")
            if flagged:
                row.append(f"flags[i] = 0 if {names[len(computed)]} else 1")
            if stage == last:
                results = names[len(computed) + len(flagged) :]
                written = zip(self.outputs, results, strict=True)
                row += [f"{out}_part[i] = {name}" for out, name in written]
            body += ["for i in range(size):", *indented(row, 1)]
        return body

    def _in_order(self, group: Sequence[Node]) -> Sequence[Node]:
        """The same series, as a function takes them that there is already."""
        by_op = {node.op: node for node in group}
        known = (ops for ops in self.functions if by_op.keys() == set(ops))
        return [by_op[op] for op in next(known, tuple(by_op))]

    def _function(self, group: Sequence[Node]) -> str:
        """The name of the function that computes these series over the same terms."""
        ops = tuple(node.op for node in group)
        if ops not in self.functions:
            name = f"sum_{len(self.functions)}"
            if ops[0] in DERIVATIVES:
                self.functions[ops] = patch_function(name, ops, ROWS, self.used)
            elif SUMS[ops[0]].terms.alike:
                self.functions[ops] = alike_function(name, ops, ROWS, self.used)
            else:
                self.functions[ops] = _Sums(name, ops, self.used).text()
        return f"sum_{list(self.functions).index(ops)}"


def _levels(order: Sequence[Node]) -> dict[int, int]:
    """The stage in which a node is known: after as many series, one inside another."""
    level: dict[int, int] = {}
    for node in order:
        inner = max((level[id(arg)] for arg in node.args), default=0)
        level[id(node)] = inner + is_series(node)
    return level


def _held(order: Sequence[Node], nodes: Sequence[Node], level: dict[int, int]) -> dict[int, Node]:
    """What a stage computes for a later one or for a series, and the series."""
    later: dict[int, Node] = {}
    in_array: set[int] = set()
    last = max(level.values())
    for node in order:
        for arg in node.args:
            if is_series(node) or is_series(arg):
                in_array.add(id(arg))
            if id(arg) in in_array or (arg.args and level[id(node)] > level[id(arg)]):
                later[id(arg)] = arg
    for node in nodes:
        if node.args and level[id(node)] < last:
            later[id(node)] = node
    held: dict[int, Node] = {}
    for node in filter(lambda node: id(node) in later, order):
        if id(node) in in_array or not _quick(node, held):
            held[id(node)] = node
    return held


def _quick(node: Node, held: Mapping[int, Node]) -> bool:
    """Whether a few quick operations make the node of what is held, and of inputs."""
    needed = [other for other in topological([node], held) if other.args]
    quick = all(other.op in _QUICK or other.op in CONDITIONS for other in needed)
    return quick and len(needed) <= _AGAIN


@dataclass
class _Sums:
    """A function that writes the results of series over the same terms, of ``size`` rows."""

    function: str
    names: Sequence[str]
    used: set[str]

    @property
    def terms(self) -> Terms:
        """What all of the series are over."""
        return SUMS[self.names[0]].terms

    def text(self) -> str:
        series = [SUMS[name] for name in self.names]
        terms = self.terms
        self.used |= {"float64", "int64"}
        results = [f"result{k}" for k in range(len(series))]
        arrays = [f"{name}_rows" for name in (*terms.arguments, *results)]
        needed = f"{terms.arguments[0]}_rows[i] > 0.0"
        lines = [
            "aligned_frame()",
            *counted(f"1 if {needed} else 0"),
            "if active == 0:",
            "    return",
            f"kept = np.empty({ROWS}, np.int64)",
            *counted(f"1 if {needed} else 0", ["kept[active] = i"]),
            *filled("kept"),
        ]
        wanted = list(dict.fromkeys(what for one in series for what in one.wanted))
        # Gathered first and scattered last: a loop that computes reads and writes in a row.
        buffers = [*terms.arguments, *results]
        lines += [f"given = np.empty(({len(buffers)}, {APART}))"]
        lines += [f"{name}_here = given[{k}]" for k, name in enumerate(buffers)]
        lines += [
            f"for k, rows in enumerate(({', '.join(f'{name}_rows' for name in terms.arguments)})):",
            "    here = given[k]",
            "    for i in range(active):",
            "        here[i] = rows[kept[i]]",
        ]
        given = [f"{name} = {name}_here[i]" for name in terms.arguments]
        lines += self._in_order(series, given, wanted)
        write = [f"{result}_rows[kept[order[i]]] = {result}_here[i]" for result in results]
        lines += ["for i in range(active):", *indented(write, 1)]
        head = f"def {self.function}({', '.join(arrays)}, size):"
        return "\n".join([head, *indented(named_once(lines), 1)]) + "\n"

    def _in_order(
        self, series: Sequence[Series], given: Sequence[str], wanted: Sequence[str]
    ) -> list[str]:
        """The rules of rows, the loops over their terms, and the results."""
        terms, lines = self.terms, []
        loop, names = self._statements(terms.rules)
        every = [*terms.fields, *(f"sum_{what}" for what in wanted)]
        lines += [f"fields = np.empty(({len(every)}, {APART}))"]
        lines += [f"ordered = np.empty(({len(every)}, {APART}))"]
        lines += [f"{name}_all = fields[{k}]" for k, name in enumerate(terms.fields)]
        lines += [f"{name}_ordered = ordered[{k}]" for k, name in enumerate(every)]
        write = [f"{f}_all[i] = {name}" for f, name in zip(terms.fields, names, strict=True)]
        lines += ["for i in range(active):", *indented([*given, *loop, *write], 1)]
        lines += self._loops(terms.fields, terms.longest, wanted)
        loop, names = self._statements([one.results for one in series])
        write = [f"result{r}_here[i] = {name}" for r, name in enumerate(names)]
        read = [f"{name} = {name}_ordered[i]" for name in every]
        lines += ["for i in range(active):", *indented([*read, *loop, *write], 1)]
        return lines

    def _statements(self, nodes: Sequence[Node]) -> tuple[list[str], list[str]]:
        return statements(primitive(nodes), self.used)

    def _loops(self, fields: Sequence[str], longest: int, wanted: Sequence[str]) -> list[str]:
        """Rows in the order of how many terms they have, most first, some together: a loop over the terms."""
        count = f"{fields[0]}_all"
        setup, solve = self._solve() if self.terms.equation else self._started(wanted)
        return [
            *setup,
            f"places = np.zeros({longest + 2}, np.int64)",
            "for i in range(active):",
            # NaN, of a row that is NaN, has no terms.
            f"    places[int({count}[i]) if {count}[i] >= 1.0 else 0] += 1",
            f"for k in range({longest}, -1, -1):",
            "    places[k] += places[k + 1]",
            f"order = np.empty({ROWS}, np.int64)",
            "for i in range(active):",
            f"    k = int({count}[i]) if {count}[i] >= 1.0 else 0",
            "    order[places[k + 1]] = i",
            "    places[k + 1] += 1",
            f"for k in range({len(fields)}):",
            "    here, there = fields[k], ordered[k]",
            "    for i in range(active):",
            "        there[i] = here[order[i]]",
            f"ordered[{len(fields)}:] = 0.0",
            f"for begin in range(0, active, {TOGETHER}):",
            *indented(_lanes(fields), 1),
            f"    most = {fields[0]}_lanes[0]",
            "    last = int64(most) if most >= 1.0 else int64(0)",
            *indented([*solve, *_lanes([f"sum_{what}" for what in wanted]), *self._add(wanted)], 1),
        ]

    def _started(self, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
        """Lines that make the buffers of running sums, and those that begin them for rows taken together."""
        carried = self.terms.carried(wanted)
        if not carried:
            return [], []
        views = [f"{name}_lanes = running[{k}]" for k, name in enumerate(carried)]
        return [f"running = np.empty(({len(carried)}, {TOGETHER}))", *views], ["running[:] = 0.0"]

    def _keep(self, kept: Sequence[str]) -> list[str]:
        """The loop over the terms of rows taken together that keeps what does not depend on an equation's unknown."""
        loop, names = self._statements([self.terms.term(what) for what in kept])
        views = [f"{what}_lanes = stored[{k}, k]" for k, what in enumerate(kept)]
        read = [f"{name} = {name}_lanes[i]" for name in self.terms.fields]
        write = [f"{what}_lanes[i] = {name}" for what, name in zip(kept, names, strict=True)]
        body = ["index = float64(k)", *views, f"for i in range({TOGETHER}):"]
        return [
            "for k in range(last):",
            *indented([*body, *indented([*read, *loop, *write], 1)], 1),
        ]

    def _add(self, wanted: Sequence[str]) -> list[str]:
        """The loop over the terms of rows taken together that adds them to their sums."""
        terms = self.terms
        fields = [f"{name} = {name}_lanes[i]" for name in terms.fields]
        values = [terms.term(what) for what in wanted]
        views: list[str] = []
        every = "last"
        if terms.equation:
            # Two terms at a time: what is left to do of each is little beside reading and writing.
            kept, every = terms.equation.kept, "0, last, 2"
            others = {what: symbol(f"{what}_next") for what in kept}
            others |= {"index": symbol("index") + 1.0}
            values = [a + b for a, b in zip(values, _put(values, others), strict=True)]
            views = [f"{what}_lanes = stored[{j}, k]" for j, what in enumerate(kept)]
            views += [f"{what}_next_lanes = stored[{j}, k + 1]" for j, what in enumerate(kept)]
        carried: dict[str, Node] = {}
        for name, gain in terms.carried(wanted).items():
            carried[name] = symbol(name) + _put([gain], carried)[0]
        values = [*_put(values, carried), *carried.values()]
        loop, names = self._statements(values)
        read = [f"{name} = {name}_lanes[i]" for name in (view.split("_lanes")[0] for view in views)]
        read += [f"{name} = {name}_lanes[i]" for name in carried]
        write = [
            f"sum_{what}_lanes[i] += {name}" for what, name in zip(wanted, names, strict=False)
        ]
        write += [
            f"{name}_lanes[i] = {value}"
            for name, value in zip(carried, names[len(wanted) :], strict=True)
        ]
        body = ["index = float64(k)", *views, f"for i in range({TOGETHER}):"]
        body += indented([*fields, *read, *loop, *write], 1)
        return [f"for k in range({every}):", *indented(body, 1)]

    def _solve(self) -> tuple[list[str], list[str]]:
        """Lines that make the buffers of an equation, and those that solve it for rows taken together."""
        terms, equation = self.terms, self.terms.equation
        assert equation
        buffers = ["open", *(f"sum_{what}" for what in equation.wanted)]
        setup = [
            f"stored = np.empty(({len(equation.kept)}, {terms.longest + 1}, {TOGETHER}))",
            f"solving = np.empty(({len(buffers)}, {TOGETHER}))",
        ]
        loop, (*found, still) = self._statements(terms.update())
        step = [f"{name} = {name}_lanes[i]" for name in (*terms.fields, *buffers)]
        pairs = zip(equation.unknown, found, strict=True)
        step += [*loop, *(f"{name}_lanes[i] = {value}" for name, value in pairs)]
        step += [f"open_lanes[i] = {still}"]
        step += [f"left += 1 if {still} > 0.0 else 0"]
        again = [
            "solving[1:] = 0.0",
            *self._add(equation.wanted),
            "left = int64(0)",
            f"for i in range({TOGETHER}):",
            *indented(step, 1),
            "if left == 0:",
            "    break",
        ]
        solve = [
            *self._keep(equation.kept),
            *(f"{name}_lanes = solving[{k}]" for k, name in enumerate(buffers)),
            "solving[0] = 1.0",
            f"for _ in range({equation.most}):",
            *indented(again, 1),
        ]
        return setup, solve


def _lanes(names: Iterable[str]) -> list[str]:
    """The lines that give rows taken together names of their own."""
    return [f"{name}_lanes = {name}_ordered[begin : begin + {TOGETHER}]" for name in names]


def _put(nodes: Sequence[Node], values: Mapping[str, Node]) -> list[Node]:
    """The nodes with these values for symbols."""

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "symbol":
            return values.get(node.value, node)
        if node.op == "where":
            return where(*args)  # of a condition on numbers one side is left
        return remade(node, args)

    return substitute(nodes, rebuild)
