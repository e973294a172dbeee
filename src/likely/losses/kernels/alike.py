"""The loops of kernels over series of which rows are alike: those of one number and as many terms together."""

from __future__ import annotations

from collections.abc import Sequence

from likely._math.graph import Node
from likely._math.series import Series, Terms
from likely._math.sums import SUMS
from likely.losses.kernels.statements import indented, primitive, statements

#: Rows that a group has.
_TOGETHER = 16


def alike_function(function: str, names: Sequence[str], rows: int, used: set[str]) -> str:
    """A function that writes the results of series over the same terms, of ``size`` rows, ``rows`` at most."""
    return _Alike(function, [SUMS[name] for name in names], rows, used).text()


class _Alike:
    def __init__(self, function: str, series: Sequence[Series], rows: int, used: set[str]) -> None:
        terms = series[0].terms
        assert terms.equation
        assert terms.powers
        assert terms.alike
        self.function, self.series, self.rows, self.used = function, series, rows, used
        self.terms: Terms = terms
        self.equation, self.powers, self.alike = terms.equation, terms.powers, terms.alike
        self.wanted = list(dict.fromkeys(what for one in series for what in one.wanted))
        self.results = [f"result{k}" for k in range(len(series))]
        #: The fields that differ among the rows of a group.
        self.fields = [name for name in terms.fields[1:] if name != self.alike.field]
        self.ratios = [f"{name}_ratio" for name in self.powers.names]

    def text(self) -> str:
        self.used |= {"float64", "int64"}
        arguments, keys = self.terms.arguments, self.alike.count * self.terms.longest
        lanes = [
            *dict.fromkeys((*arguments, *self.fields, *self.powers.names, *self.ratios, "open")),
            *(f"sum_{what}" for what in dict.fromkeys((*self.equation.wanted, *self.wanted))),
            *self.results,
        ]
        arrays = [f"{name}_rows" for name in (*arguments, *self.results)]
        lines = [
            "aligned_frame()",
            f"kept = np.empty({self.rows}, np.int64)",
            "active = int64(0)",
            "for i in range(size):",
            "    kept[active] = i",
            f"    active += 1 if {arguments[0]}_rows[i] > 0.0 else 0",
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
            "for i in range(active):",
            "    rank[i] = starts[key_of[i] + 1]",
            "    starts[key_of[i] + 1] += 1",
            f"for key in range({keys}):",
            "    starts[key + 1] += starts[key]",
            f"order = np.empty({self.rows}, np.uint32)",
            "for i in range(active):",
            "    order[starts[key_of[i]] + rank[i]] = i",
            f"stored = np.empty(({len(self.equation.kept)}, {self.terms.longest}, {_TOGETHER}))",
            f"lanes = np.empty(({len(lanes)}, {_TOGETHER}))",
            *(f"{name}_lanes = lanes[{k}]" for k, name in enumerate(lanes)),
            f"for key in range({keys}):",
            f"    for begin in range(starts[key], starts[key + 1], {_TOGETHER}):",
            *indented(self._group(), 2),
        ]
        head = f"def {self.function}({', '.join(arrays)}, size):"
        return "\n".join([head, *indented(lines, 1)]) + "\n"

    def _statements(self, nodes: Sequence[Node]) -> tuple[list[str], list[str]]:
        return statements(primitive(nodes), self.used)

    def _key(self, keys: int) -> list[str]:
        """What rows of a group have in common; those beyond what there is, and NaN, come last."""
        rules = dict(zip(self.terms.fields, self.terms.rules, strict=True))
        loop, (count, number) = self._statements([self.terms.rules[0], rules[self.alike.field]])
        longest, most = self.terms.longest, self.alike.count
        known = f"({count} >= 1.0) & ({count} <= {longest}.0) & ({number} >= 0.0) & ({number} < {most}.0)"
        return [
            *(f"{name} = {name}_here[i]" for name in self.terms.arguments),
            *loop,
            f"known = {known}",
            f"key = {number} * {longest}.0 + ({count} - 1.0)",
            f"key_of[i] = int(key) if known else {keys}",
        ]

    def _group(self) -> list[str]:
        rules = dict(zip(self.terms.fields, self.terms.rules, strict=True))
        loop, names = self._statements([rules[name] for name in self.fields])
        loop = [*(f"{name} = {name}_lanes[i]" for name in self.terms.arguments), *loop]
        loop += [f"{f}_lanes[i] = {name}" for f, name in zip(self.fields, names, strict=True)]
        gather = [f"{name}_lanes[i] = {name}_here[at]" for name in self.terms.arguments]
        results, found = self._statements([one.results for one in self.series])
        results = [*self._read(), *self._sums(self.wanted), *results]
        results += [f"{r}_lanes[i] = {name}" for r, name in zip(self.results, found, strict=True)]
        return [
            f"last = key % {self.terms.longest} + 1",
            f"{self.terms.fields[0]} = float64(last)",
            f"{self.alike.field} = float64(key // {self.terms.longest})",
            "end = starts[key + 1]",
            *self._lanes(["at = order[min(begin + i, end - 1)]", *gather]),
            *self._lanes(loop),
            *self._keep(),
            *self._solve(),
            *self._add(self.wanted),
            *self._lanes(results),
            f"for i in range(min({_TOGETHER}, end - begin)):",
            "    at = kept[order[begin + i]]",
            *(f"    {name}_rows[at] = {name}_lanes[i]" for name in self.results),
        ]

    @staticmethod
    def _lanes(lines: Sequence[str]) -> list[str]:
        return [f"for i in range({_TOGETHER}):", *indented(lines, 1)]

    def _read(self) -> list[str]:
        return [f"{name} = {name}_lanes[i]" for name in self.fields]

    @staticmethod
    def _sums(wanted: Sequence[str]) -> list[str]:
        return [f"sum_{what} = sum_{what}_lanes[i]" for what in wanted]

    def _keep(self) -> list[str]:
        """The loop over the terms that keeps what an equation's unknown is no part of."""
        kept = self.equation.kept
        loop, names = self._statements([self.terms.inside(what) for what in kept])
        write = [f"{what}_lanes[i] = {name}" for what, name in zip(kept, names, strict=True)]
        views = [f"{what}_lanes = stored[{j}, k]" for j, what in enumerate(kept)]
        body = ["index = float64(k)", *views, *self._lanes([*self._read(), *loop, *write])]
        return ["for k in range(last):", *indented(body, 1)]

    def _add(self, wanted: Sequence[str]) -> list[str]:
        """The loop over the terms that adds them to their sums."""
        pairs = self.powers.of(self.terms.symbols)
        first, names = self._statements([value for pair in pairs for value in pair])
        begin = [*self._read(), *first]
        for name, ratio, a, b in zip(self.powers.names, self.ratios, names[::2], names[1::2], strict=True):
            begin += [f"{name}_lanes[i] = {a}", f"{ratio}_lanes[i] = {b}"]
        begin += [f"sum_{what}_lanes[i] = 0.0" for what in wanted]
        kept = self.equation.kept
        loop, names = self._statements([self.terms.inside(what) for what in wanted])
        read = [f"{name} = {name}_lanes[i]" for name in (*kept, *self.powers.names)]
        write = [f"sum_{what}_lanes[i] += {name}" for what, name in zip(wanted, names, strict=True)]
        write += [
            f"{name}_lanes[i] = {name} * {ratio}_lanes[i]"
            for name, ratio in zip(self.powers.names, self.ratios, strict=True)
        ]
        views = [f"{what}_lanes = stored[{j}, k]" for j, what in enumerate(kept)]
        body = ["index = float64(k)", *views, *self._lanes([*self._read(), *read, *loop, *write])]
        return [*self._lanes(begin), "for k in range(last):", *indented(body, 1)]

    def _solve(self) -> list[str]:
        """The steps that find the unknown of the rows of a group."""
        loop, (found, still) = self._statements(self.terms.update())
        step = ["open = open_lanes[i]", *self._read(), *self._sums(self.equation.wanted), *loop]
        step += [f"{self.equation.unknown}_lanes[i] = {found}", f"open_lanes[i] = {still}"]
        step += [f"left += 1 if {still} > 0.0 else 0"]
        body = [*self._add(self.equation.wanted), "left = int64(0)", *self._lanes(step)]
        body += ["if left == 0:", "    break"]
        return [
            *self._lanes(["open_lanes[i] = 1.0"]),
            f"for _ in range({self.equation.most}):",
            *indented(body, 1),
        ]
