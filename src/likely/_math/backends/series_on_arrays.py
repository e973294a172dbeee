"""Series on arrays: the terms on an axis of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from likely._math.evaluate import Table, compile_program, expand
from likely._math.series import Series
from likely._math.single import in_single

#: Numbers in a temporary on NumPy: it stays in a core's cache.
_CHUNK = 32768
#: Rows at a time at most.
_ROWS = 2048


class Summed:
    """A series as a function of one array library; ``together(names)`` is several over the same terms."""

    def __init__(self, name: str, together: Callable[[Sequence[str]], Any]) -> None:
        self._alone, self.together = together([name]), together

    def __call__(self, *arguments: Any) -> Any:
        return self._alone(*arguments)[0]


class _Programs:
    """The graphs of series over the same terms, to be run on arrays of one float type."""

    def __init__(self, several: Sequence[Series], table: Table, single: bool) -> None:
        def program(nodes: Any) -> Any:
            expanded = expand(nodes, table)
            return compile_program(in_single(expanded) if single else expanded, table)

        self.terms = several[0].terms
        self.wanted = list(dict.fromkeys(what for one in several for what in one.wanted))
        self._rule = program(self.terms.rules)
        self._terms = program([self.terms.term(what) for what in self.wanted])
        self._results = program([one.results for one in several])
        if powers := self.terms.powers:
            self._powers = program([v for pair in powers.of(self.terms.symbols) for v in pair])
        groups = self.terms.carried_together(self.wanted)
        self._gains = [(list(gains), program(list(gains.values()))) for gains in groups]
        if equation := self.terms.equation:
            self._kept = program([self.terms.term(what) for what in equation.kept])
            self._balance = program([self.terms.term(what) for what in equation.wanted])
            self._first, self._update = (program(self.terms.update(first=f)) for f in (True, False))

    def rule(self, arguments: Any) -> dict[str, Any]:
        found = self._rule(dict(zip(self.terms.arguments, arguments, strict=True)))
        return dict(zip(self.terms.fields, found, strict=True))

    def results(self, rule: Mapping[str, Any], index: Any) -> Sequence[Any]:
        """``rule`` holds arrays (n,), and numbers; ``index`` is (m,)."""
        kept: dict[str, Any] = {"index": index}
        if self.terms.equation:
            rule = self._solved(rule, kept)
        sums = _totals(self.wanted, self._terms({**self._on_axis(rule, index), **kept}))
        found: Sequence[Any] = self._results({**rule, **sums})
        return found

    def _on_axis(self, rule: Mapping[str, Any], index: Any) -> dict[str, Any]:
        """The rule, and the powers and running sums that it makes."""
        found = _on_axis(rule)
        if powers := self.terms.powers:
            numbers = iter(self._powers(found))
            for name, first, ratio in zip(powers.names, numbers, numbers, strict=True):
                found[name] = first * ratio**index
        for names, gains in self._gains:
            made = gains({**found, "index": index})
            found |= {name: gain.cumsum(-1) for name, gain in zip(names, made, strict=True)}
        return found

    def _solved(self, rule: Mapping[str, Any], kept: dict[str, Any]) -> Mapping[str, Any]:
        """The rule with what was unknown found; what does not depend on that goes to ``kept``."""
        equation = self.terms.equation
        assert equation
        kept |= zip(equation.kept, self._kept({**_on_axis(rule), **kept}), strict=True)
        still: Any = None
        for k in range(equation.most):
            there = self._on_axis(rule, kept["index"])
            sums = _totals(equation.wanted, self._balance({**there, **kept}))
            update = self._update if k else self._first
            *found, still = update({**rule, **sums, "open": still})
            rule = {**rule, **dict(zip(equation.unknown, found, strict=True))}
            if isinstance(still, np.ndarray) and not still.any():
                break
        return rule


def _on_axis(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value[..., None] if np.ndim(value) else value for name, value in rule.items()}


def _totals(names: Sequence[str], terms: Sequence[Any]) -> dict[str, Any]:
    return {f"sum_{what}": value.sum(-1) for what, value in zip(names, terms, strict=True)}


def on_arrays(
    series: Mapping[str, Series], table: Table, indices: Callable[[int, Any], Any]
) -> dict[str, Summed]:
    """The series as functions of one array library; ``indices(n, like)`` gives 0, 1, …, n − 1."""

    def together(names: Sequence[str]) -> Any:
        return _summed([series[name] for name in names], table, indices)

    return {name: Summed(name, together) for name in series}


def _summed(
    several: Sequence[Series], table: Table, indices: Callable[[int, Any], Any]
) -> Callable[..., Sequence[Any]]:
    programs: dict[bool, _Programs] = {}

    def run(*arguments: Any) -> Sequence[Any]:
        like = next(a for a in arguments if not isinstance(a, (int, float)))
        # Numbers become arrays without an axis, so that they change no type and every function takes them.
        zero = indices(1, like)[0]
        given = [zero + a if isinstance(a, (int, float)) else a for a in arguments]
        single = "float32" in str(like.dtype)
        if single not in programs:
            programs[single] = _Programs(several, table, single)
        chosen = programs[single]
        return chosen.results(chosen.rule(given), indices(chosen.terms.longest, like))

    return run


def on_numpy(series: Mapping[str, Series], table: Table) -> dict[str, Summed]:
    """The series on NumPy arrays: rows that need it, some at a time, and of those no more terms than they need."""

    def together(names: Sequence[str]) -> Any:
        return _in_chunks([series[name] for name in names], table)

    return {name: Summed(name, together) for name in series}


def _in_chunks(several: Sequence[Series], table: Table) -> Callable[..., Sequence[Any]]:
    programs: list[_Programs] = []

    def run(*arguments: Any) -> Sequence[Any]:
        if not programs:
            programs.append(_Programs(several, table, single=False))
        given = np.broadcast_arrays(*arguments)
        needed = np.flatnonzero(np.ravel(given[0]) == 1.0)
        columns, back = _distinct(np.stack([np.ravel(a)[needed] for a in given]))
        size = columns.shape[1]
        rule = {
            name: np.broadcast_to(value, (size,))
            for name, value in programs[0].rule(columns).items()
        }
        count = rule[programs[0].terms.fields[0]]
        found = np.empty((len(several), size))
        # Rows of about as many terms together; NaN, which needs none, is last.
        order = np.argsort(count)
        first = 0
        while first < order.size:
            ahead = order[first : first + _ROWS]
            rows = ahead[: max(1, int(_CHUNK // np.fmax.reduce(count[ahead], initial=1.0)))]
            first += rows.size
            index = np.arange(float(np.fmax.reduce(count[rows], initial=1.0)))
            part = {name: value[rows] for name, value in rule.items()}
            for row, value in zip(found, programs[0].results(part, index), strict=True):
                row[rows] = value
        results = np.full((len(several), given[0].size), np.nan)
        results[:, needed] = found[:, back]
        return [row.reshape(given[0].shape) for row in results]

    return run


def _distinct(columns: Any) -> tuple[Any, Any]:
    """The rows without those that are repeated, and where each row is among them."""
    n = columns.shape[1]
    first, group = np.zeros(min(n, 1), dtype=np.intp), np.zeros(n, dtype=np.intp)
    for column in columns:
        values, inside = np.unique(column, return_inverse=True)
        if values.size > 1:
            both = group * values.size + inside
            _, first, group = np.unique(both, return_index=True, return_inverse=True)
        if first.size == n:
            return columns, slice(None)
    return columns[:, first], group
