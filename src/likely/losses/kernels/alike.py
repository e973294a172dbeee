"""The loops of kernels over series of which rows are alike: those of one number together, in order of their terms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from likely._math.backends.primitives import LANES
from likely._math.graph import Node, constant, replaced, symbol, topological
from likely._math.series import Equation, Powers, Series, Terms
from likely._math.sums import SUMS
from likely.losses.kernels.statements import indented, named_once, primitive, statements
from likely.losses.kernels.vector_statements import in_vectors, no_vectors

#: Rows that a group has: fewer would wait for each other's results.
_TOGETHER = 32
#: By how many terms rows may differ in so large a group.
_ABOUT = 2
#: Rows of a group in which they differ by more.
_APART = 2 * LANES


def alike_function(function: str, names: Sequence[str], rows: int, used: set[str]) -> str:
    """A function that writes the results of series over the same terms, of ``size`` rows, ``rows`` at most."""
    return _Alike(function, [SUMS[name] for name in names], rows, used).text()


class _Alike:
    def __init__(self, function: str, series: Sequence[Series], rows: int, used: set[str]) -> None:
        terms = series[0].terms
        assert terms.alike
        self.function, self.series, self.rows, self.used = function, series, rows, used
        self.terms: Terms = terms
        self.alike = terms.alike
        #: What does not depend on an equation's unknown, and what its sums are.
        self.kept, self.balance = (
            (terms.equation.kept, terms.equation.wanted) if terms.equation else ((), ())
        )
        self.wanted = list(dict.fromkeys(what for one in series for what in one.wanted))
        self.results = [f"result{k}" for k in range(len(series))]
        #: Rows that are needed are all that there are.
        self.arguments = terms.arguments[1:]
        #: The fields that differ among the rows of a group.
        self.fields = [name for name in terms.fields[1:] if name != self.alike.field]
        #: Powers, each before its ratio.
        self.powers = [
            text
            for name in (terms.powers.names if terms.powers else ())
            for text in (name, f"{name}_ratio")
        ]
        #: How many numbers are the same for rows of a group; how many of these an index says, and the lines for that.
        self.common = self.tabled = 0
        self.by_index: list[str] = []

    @cached_property
    def _planes(self) -> list[str]:
        """What is kept of every term, and what that is made of."""
        return list(dict.fromkeys([*self.kept, *(name for _, name in self._looked_up[1].values())]))

    @property
    def _same(self) -> list[str]:
        """The fields that are one number for a group."""
        return [name for name in (self.terms.fields[0], self.alike.field) if name]

    def _number(self, rules: Mapping[str, Node]) -> Node:
        return rules[self.alike.field] if self.alike.field else constant(0.0)

    def text(self) -> str:
        self.used |= {"float64", "int64"}
        arguments, keys = self.arguments, self.alike.count * self.terms.longest
        needed = self.terms.arguments[0]
        lanes = [
            *dict.fromkeys((*arguments, *self.fields, *self.powers)),
            *(f"sum_{what}" for what in dict.fromkeys((*self.balance, *self.wanted))),
            *self.results,
        ]
        arrays = [f"{name}_rows" for name in (needed, *arguments, *self.results)]
        kept, group = len(self._planes), self._group()
        lines = [
            "aligned_frame()",
            f"kept = np.empty({self.rows}, np.uint32)",
            "active = int64(0)",
            "for i in range(size):",
            "    kept[active] = i",
            f"    active += 1 if {needed}_rows[i] > 0.0 else 0",
            "if active == 0:",
            "    return",
            f"given = np.empty(({len(arguments)}, {self.rows + 8}))",
            f"for k, rows in enumerate(({', '.join(f'{name}_rows' for name in arguments)})):",
            "    here = given[k]",
            "    for i in range(active):",
            "        here[i] = rows[kept[i]]",
            *(f"{name}_here = given[{k}]" for k, name in enumerate(arguments)),
            f"key_of, rank = np.empty({self.rows}, np.uint32), np.empty({self.rows}, np.uint32)",
            "for i in range(active):",
            *indented(self._key(keys), 1),
            f"starts = np.zeros({keys + 2}, np.int64)",
            f"least, most = np.uint32({keys}), np.uint32(0)",
            "for i in range(active):",
            "    rank[i] = starts[key_of[i] + 1]",
            "    starts[key_of[i] + 1] += 1",
            "    least, most = min(least, key_of[i]), max(most, key_of[i])",
            f"used = min(int64(most) + 1, {keys})",
            "for key in range(int64(least), used):",
            "    starts[key + 1] += starts[key]",
            f"order = np.empty({self.rows}, np.uint32)",
            "for i in range(active):",
            "    order[starts[key_of[i]] + rank[i]] = i",
            *([f"stored = np.empty(({kept}, {self.terms.longest}, {_TOGETHER}))"] if kept else []),
            f"lanes = np.empty(({len(lanes)}, {_TOGETHER}))",
            *(f"{name}_lanes = lanes[{k}]" for k, name in enumerate(lanes)),
            f"tabled = np.empty(({self.tabled}, {self.terms.longest}))",
            f"first_number = int64(least) // {self.terms.longest}",
            f"for number in range(first_number, (used + {self.terms.longest - 1}) // {self.terms.longest}):",
            f"    first_key = number * {self.terms.longest}",
            f"    stop = starts[min(first_key + {self.terms.longest}, used)]",
            "    end = starts[first_key]",
            "    if end == stop:",
            "        continue",
            *([f"    {self.alike.field} = float64(number)"] if self.alike.field else []),
            # The last row has the most terms.
            "    for k in range(int64(key_of[order[stop - 1]]) - first_key + 1):",
            *indented(["index = float64(k)", *self.by_index], 2),
            "    while end < stop:",
            *indented(group, 2),
        ]
        head = f"def {self.function}({', '.join(arrays)}, size):"
        return "\n".join([head, *indented(named_once(lines), 1)]) + "\n"

    def _statements(
        self,
        nodes: Sequence[Node],
        known: Sequence[tuple[Node, str]] = (),
        *,
        vectors: bool = False,
    ) -> tuple[list[str], list[str], list[str]]:
        """Lines that compute what is one number for a group, those of every row, and what the nodes are called there.

        ``known`` are nodes that have names already, and are such numbers.
        """
        several = primitive([*nodes, *(node for node, _ in known)])
        pairs = zip(several[len(nodes) :], (name for _, name in known), strict=True)
        given = {id(node): name for node, name in pairs}
        order = topological(several[: len(nodes)], given)
        common = {"index", *self._same}
        varies: set[int] = set()
        for node in order:
            own = node.op == "symbol" and node.value not in common
            if own or any(id(arg) in varies for arg in node.args):
                varies.add(id(node))
        asked = {id(arg): arg for node in order if id(node) in varies for arg in node.args}
        # Of a result that is a look-up, too: a loop with one is not made of vectors.
        asked |= {id(node): node for node in several[: len(nodes)]}
        once = [n for n in asked.values() if n.args and id(n) not in varies and id(n) not in given]
        before, names = statements(once, self.used, given)
        for node, name in zip(once, names, strict=True):
            before.append(f"common{self.common} = {name}")
            given[id(node)] = f"common{self.common}"
            self.common += 1
        write = in_vectors if vectors else statements
        return before, *write(several[: len(nodes)], self.used, given)

    def _by_index(self, before: Sequence[str]) -> list[str]:
        """The lines that read what is the same for all rows of a place, by index; ``before`` computes it."""
        names = [line.split(" ")[0] for line in before if line.startswith("common")]
        assert not any(_reads(before, name) for name in (self.terms.fields[0], *self.fields))
        first = self.tabled
        self.tabled += len(names)
        self.by_index += before
        self.by_index += [f"tabled[{first + k}, k] = {name}" for k, name in enumerate(names)]
        return [f"{name} = tabled[{first + k}, k]" for k, name in enumerate(names)]

    def _key(self, keys: int) -> list[str]:
        """What rows of a group have in common; those beyond what there is, and NaN, come last."""
        rules = dict(zip(self.terms.fields, self.terms.rules, strict=True))
        loop, (count, number) = statements(
            primitive([self.terms.rules[0], self._number(rules)]), self.used
        )
        longest, most = self.terms.longest, self.alike.count
        known = f"({count} >= 1.0) & ({count} <= {longest}.0) & ({number} >= 0.0) & ({number} < {most}.0)"
        return [
            *(f"{name} = {name}_here[i]" for name in self.arguments),
            *loop,
            f"known = {known}",
            f"key = {number} * {longest}.0 + ({count} - 1.0)",
            f"key_of[i] = np.uint32(np.int32(key if known else {keys}.0))",
        ]

    def _group(self) -> list[str]:
        rules = dict(zip(self.terms.fields, self.terms.rules, strict=True))
        common = [(rules[name], name) for name in self._same]
        before, loop, names = self._statements([rules[name] for name in self.fields], common)
        loop = [*(f"{name} = {name}_lanes[i]" for name in self.arguments), *loop]
        loop += [f"{f}_lanes[i] = {name}" for f, name in zip(self.fields, names, strict=True)]
        gather = [f"{name}_lanes[i] = {name}_here[at]" for name in self.arguments]
        after, results, found = self._statements([one.results for one in self.series])
        results = [*self._read(), *self._sums(self.wanted), *results]
        results += [f"{r}_lanes[i] = {name}" for r, name in zip(self.results, found, strict=True)]
        return [
            "begin, more = end, stop - end",
            f"last_key = key_of[order[min(end + {_TOGETHER}, stop) - 1]]",
            f"wide = last_key <= key_of[order[begin]] + {_ABOUT}",
            f"width = min({_TOGETHER} if wide else {_APART}, (more + {LANES - 1}) // {LANES} * {LANES})",
            "end = min(begin + width, stop)",
            # The last row has the most terms.
            "last = int64(key_of[order[end - 1]]) - first_key + 1",
            f"{self.terms.fields[0]} = float64(last)",
            *self._lanes(["at = order[min(begin + i, end - 1)]", *gather]),
            *before,
            *self._lanes(loop),
            *(self._keep() if self.kept else []),
            *(self._solve(self.terms.equation) if self.terms.equation else []),
            *self._add(self.wanted),
            *after,
            *self._lanes(results),
            "for i in range(end - begin):",
            "    at = kept[order[begin + i]]",
            *(f"    {name}_rows[at] = {name}_lanes[i]" for name in self.results),
        ]

    @staticmethod
    def _lanes(lines: Sequence[str]) -> list[str]:
        return ["for i in range(width):", *indented(_needed(lines), 1)]

    def _read(self) -> list[str]:
        return [f"{name} = {name}_lanes[i]" for name in self.fields]

    @staticmethod
    def _sums(wanted: Sequence[str]) -> list[str]:
        return [f"sum_{what} = sum_{what}_lanes[i]" for what in wanted]

    def _keep(self) -> list[str]:
        """The loops over the terms that keep what does not depend on an equation's unknown.

        Vectors are made of what has been looked up before.
        """
        self.used |= {"loaded", "put"}
        nodes, plane = self._looked_up
        found = [node for node, _ in plane.values()]
        before, loop, values = self._statements(found)
        names = [name for _, name in plane.values()]
        write = [f"{name}_lanes[i] = {value}" for name, value in zip(names, values, strict=True)]
        look = ["index = float64(k)", *self._views(names), *before]
        look += self._lanes([*self._read(), *loop, *write])
        made = {
            what: node for what, node in zip(self.kept, nodes, strict=True) if what not in names
        }
        symbols = [(node, symbol(name)) for node, name in plane.values()]
        before, loop, values = self._statements(replaced([*made.values()], symbols), vectors=True)
        read = self._by_index(before)
        held = [name for name in self.fields if _reads(loop, name)]
        looked = [name for name in names if _reads(loop, name)]

        body = [*self._views([*looked, *made]), *read]
        body += [f"{name} = loaded({name}_lanes, here)" for name in looked]
        body += loop
        body += [f"put({what}_lanes, here, {v})" for what, v in zip(made, values, strict=True)]
        return [
            "for k in range(last):",
            *indented(look, 1),
            f"for here in range(0, width, {LANES}):",
            *(f"    {name} = loaded({name}_lanes, here)" for name in held),
            "    for k in range(last):",
            *indented(body, 2),
        ]

    @cached_property
    def _looked_up(self) -> tuple[list[Node], dict[int, tuple[Node, str]]]:
        """What is kept, and by id what of it no vectors can be made of, with its name."""
        nodes = primitive([self.terms.inside(what) for what in self.kept])
        names = {id(node): what for what, node in zip(self.kept, nodes, strict=True)}
        found = no_vectors(nodes)
        return nodes, {
            id(node): (node, names.get(id(node), f"looked_up{k}")) for k, node in enumerate(found)
        }

    def _views(self, names: Sequence[str]) -> list[str]:
        """The arrays of what is kept of a term."""
        return [f"{name}_lanes = stored[{self._planes.index(name)}, k]" for name in names]

    def _add(self, wanted: Sequence[str]) -> list[str]:
        """The loop over the terms that adds them to their sums, which are in registers."""
        lines = self._begin(self.terms.powers) if self.terms.powers else []
        terms = [self.terms.inside(what) for what in wanted]
        before, loop, found = self._statements(terms, vectors=True)
        read = self._by_index(before)
        self.used |= {"loaded", "put", "multiply_add"}
        powers = self.powers
        kept = [what for what in self.kept if _reads(loop, what)]
        held = [*(name for name in self.fields if _reads(loop, name)), *powers]
        body = [*self._views(kept), *read]
        body += [f"{what} = loaded({what}_lanes, here)" for what in kept]
        body += loop
        for what, name in zip(wanted, found, strict=True):
            body.append(f"sum_{what} = multiply_add({name}, 1.0, sum_{what})")
        for name, ratio in zip(powers[::2], powers[1::2], strict=True):
            body.append(f"{name} = multiply_add({name}, {ratio}, 0.0)")
        return [
            *lines,
            f"for here in range(0, width, {LANES}):",
            *(f"    {name} = loaded({name}_lanes, here)" for name in held),
            *(f"    sum_{what} = multiply_add({held[0]}, 0.0, 0.0)" for what in wanted),
            "    for k in range(last):",
            *indented(body, 2),
            *(f"    put(sum_{what}_lanes, here, sum_{what})" for what in wanted),
        ]

    def _begin(self, powers: Powers) -> list[str]:
        """The first powers, and their ratios."""
        pairs = powers.of(self.terms.symbols)
        _, first, values = self._statements([value for pair in pairs for value in pair])
        named = zip(self.powers, values, strict=True)
        write = [f"{name}_lanes[i] = {value}" for name, value in named]
        return self._lanes([*self._read(), *first, *write])

    def _solve(self, equation: Equation) -> list[str]:
        """The steps that find what is unknown of the rows of a group."""
        assert self.alike.steps
        _, loop, names = self._statements(self.terms.changed()[0])
        pairs = zip(equation.unknown, names, strict=True)
        step = [*self._read(), *self._sums(equation.wanted), *loop]
        step += [f"{name}_lanes[i] = {value}" for name, value in pairs]
        body = [*self._add(equation.wanted), *self._lanes(step)]
        return [f"for _ in range(min(last, {self.alike.steps})):", *indented(body, 1)]


def _reads(lines: Sequence[str], name: str) -> bool:
    return any(re.search(rf"\b{name}\b", line.partition("=")[2]) for line in lines)


def _needed(lines: Sequence[str]) -> list[str]:
    """The lines without those that read a lane for nothing: each takes time to compile."""
    read = {name for line in lines for name in re.findall(r"\b\w+\b", line.partition("=")[2])}
    return [
        line for line in lines if not line.endswith("_lanes[i]") or line.split(" ", 1)[0] in read
    ]
