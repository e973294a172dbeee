"""Sums over an index, where a formula is too long to be written out term by term.

A series is one operation of the graph. From the operation's arguments a *rule* follows, once a row: how many terms it
has and what each of them takes. Sums over the terms, and the rule, give the *result*. All three are graphs, and several
series may share the terms. Kernels run them over the rows that need them (``losses/kernels/stages.py``); array
libraries evaluate the terms on an axis of their own (``backends/series_on_arrays.py``).

The first argument of every series is 1 where a row needs it, and 0 elsewhere, where the result has no meaning.

Some of the fields may be unknown, until sums over the terms are solved for them before those that are wanted are taken:
an *equation*. What of a term does not depend on these is computed once and kept.

Terms may be made of *powers*, each a first number times a ratio as often as the index says: a kernel multiplies from
one term to the next. And rows of which a field is the same whole number may be *alike*: kernels take them together,
apart from others, so that what is looked up by that field and the index is one number for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from likely._math.graph import (
    Node,
    constant,
    is_constant,
    make,
    minimum,
    remade,
    substitute,
    symbol,
    topological,
    where,
)
from likely._math.patches import DERIVATIVES

#: All series that have been made, by their names.
SERIES: dict[str, Series] = {}


@dataclass(frozen=True, eq=False)
class Equation:
    """What makes unknown the fields of these names, in which the rule has put a first guess.

    The terms' values that are ``kept`` do not depend on them. ``step(fields, *sums)`` gives, from the sums that are
    ``wanted``, by how much each of them is to change, and how far off they were; from ``close`` on that step is the
    last one, and there are ``most``.
    """

    unknown: tuple[str, ...]
    kept: tuple[str, ...]
    wanted: tuple[str, ...]
    step: Callable[..., Sequence[Node]]
    close: float
    most: int


@dataclass(frozen=True, eq=False)
class Powers:
    """Numbers by these names, of which ``of(fields)`` gives the first and the ratio of each to the one before."""

    names: tuple[str, ...]
    of: Callable[[Sequence[Node]], Sequence[tuple[Node, Node]]]


@dataclass(frozen=True, eq=False)
class Running:
    """Sums by these names over the terms so far, 0 at the first.

    ``of(index, *fields, *sums)`` is what each gains at a later one, of the sums before it as they are with this term.
    """

    names: tuple[str, ...]
    of: Callable[..., Sequence[Node]]


@dataclass(frozen=True, eq=False)
class Alike:
    """The field of that name is one of 0, 1, …, ``count`` − 1, the same in rows that are taken together.

    Without a field those are together that have about as many terms.
    ``alone`` says that it is worth a loop of their own where there are no other rows. An equation is solved in as many
    ``steps`` as a row has terms, but no more than that: where an end is known beforehand, nobody waits to see it.
    """

    field: str | None = None
    count: int = 1
    alone: bool = False
    steps: int = 0


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms of index 0, 1, …, count − 1, at most ``longest``.

    ``rule(*arguments)`` gives the numbers that ``fields`` names, count the first; ``value(what, index, *fields)`` is
    what is summed. Where there is an equation, values take what it keeps, too, and then the powers and running sums.
    """

    arguments: tuple[str, ...]
    fields: tuple[str, ...]
    longest: int
    rule: Callable[..., Sequence[Node]]
    value: Callable[..., Node]
    equation: Equation | None = None
    powers: Powers | None = None
    alike: Alike | None = None
    running: Running | None = None

    def __post_init__(self) -> None:
        # Of these symbols are the terms, too.
        assert not {"index", "open"} & {*self.fields, *self.arguments}

    @cached_property
    def rules(self) -> list[Node]:
        """The rule over the symbols of the arguments."""
        return list(self.rule(*map(symbol, self.arguments)))

    @cached_property
    def symbols(self) -> list[Node]:
        """Those of the fields."""
        return [symbol(name) for name in self.fields]

    def term(self, what: str) -> Node:
        """What is summed over the symbols ``index`` and those of fields and of what is kept; 0 beyond the last term."""
        return where(symbol("index") < self.symbols[0], self.inside(what), 0.0)

    def inside(self, what: str) -> Node:
        """The same of an index that is known to be below the count."""
        more = self.equation.kept if self.equation else ()
        more += self.powers.names if self.powers else ()
        so_far = [symbol(n) if n in self._gains else constant(0.0) for n in self._running]
        return self.value(what, symbol("index"), *self.symbols, *map(symbol, more), *so_far)

    @property
    def _running(self) -> tuple[str, ...]:
        return self.running.names if self.running else ()

    @cached_property
    def _gains(self) -> dict[str, Node]:
        """Of the running sums that are not 0 throughout: what each gains at a term."""
        if not self.running:
            return {}
        index = symbol("index")
        found = self.running.of(index, *self.symbols, *map(symbol, self._running))
        gains = zip(self._running, found, strict=True)
        return {n: where(index > 0.0, g, 0.0) for n, g in gains if not is_constant(g, 0.0)}

    def carried(self, wanted: Iterable[str]) -> dict[str, Node]:
        """The running sums that what is ``wanted`` needs: what each gains at a term.

        Over the symbols ``index``, those of the fields, and of sums before it.
        """
        read = _symbols(map(self.term, wanted))
        for name, gain in reversed(self._gains.items()):
            if name in read:
                read |= _symbols([gain])
        return {name: gain for name, gain in self._gains.items() if name in read}

    def carried_together(self, wanted: Iterable[str]) -> list[dict[str, Node]]:
        """The same in groups, of which none reads a sum of its own group."""
        groups: list[dict[str, Node]] = [{}]
        for name, gain in self.carried(wanted).items():
            if _symbols([gain]) & groups[-1].keys():
                groups.append({})
            groups[-1][name] = gain
        return groups

    def changed(self) -> tuple[list[Node], Node]:
        """The next values of what is unknown, and by how much it is off.

        Over the symbols of the fields, and ``sum_…`` of what the equation wants.
        """
        assert self.equation
        wanted = (symbol(f"sum_{what}") for what in self.equation.wanted)
        *changes, off = self.equation.step(self.symbols, *wanted)
        pairs = zip(self.equation.unknown, changes, strict=True)
        return [symbol(name) + change for name, change in pairs], off

    def update(self, *, first: bool = False) -> list[Node]:
        """The next values of what is unknown, and whether it is to change again: 0 of a row that was not ``open``.

        Over the symbols of what is ``changed``, and ``open``, which at ``first`` all are.
        """
        assert self.equation
        found, off = self.changed()
        left = off - self.equation.close
        if not first:
            is_open = symbol("open")
            pairs = zip(found, map(symbol, self.equation.unknown), strict=True)
            found = [where(is_open > 0.0, after, value) for after, value in pairs]
            left = minimum(is_open, left)
        return [*found, where(left > 0.0, 1.0, 0.0)]


@dataclass(frozen=True, eq=False)
class Series:
    """``result(fields, *sums)`` with the sums that are ``wanted``."""

    name: str
    terms: Terms
    wanted: tuple[str, ...]
    result: Callable[..., Node]

    def __post_init__(self) -> None:
        SERIES[self.name] = self

    def __call__(self, *arguments: Any) -> Node:
        return make(self.name, constant(1.0), *arguments)

    @cached_property
    def results(self) -> Node:
        """The result over the symbols of the fields, and ``sum_…`` of what is wanted."""
        return self.result(self.terms.symbols, *(symbol(f"sum_{what}") for what in self.wanted))


def _symbols(nodes: Iterable[Node]) -> set[str]:
    """The names of those that the nodes are over."""
    return {node.value for node in topological(nodes) if node.op == "symbol"}


def is_series(node: Node) -> bool:
    """Whether the node is a series, or the polynomials of patches, which are as such."""
    return node.op in SERIES or node.op in DERIVATIVES


def over_same_terms(nodes: Iterable[Node]) -> list[list[Node]]:
    """The series among the nodes, those over the same terms together."""
    groups: dict[tuple[int, ...], list[Node]] = {}
    for node in filter(is_series, nodes):
        groups.setdefault(_key(node), []).append(node)
    return list(groups.values())


def _key(node: Node) -> tuple[int, ...]:
    """Equal for series over the same terms."""
    over = SERIES[node.op].terms if node.op in SERIES else DERIVATIVES[node.op].patches
    return id(over), *map(id, node.args)


def sides(
    outputs: Sequence[Node],
) -> tuple[dict[int, frozenset[tuple[bytes, bool]]], dict[bytes, Node]]:
    """By id of every node what holds wherever it is looked at, as sides of conditions, and the conditions by digest."""
    needed: dict[int, frozenset[tuple[bytes, bool]]] = {id(node): frozenset() for node in outputs}
    conditions: dict[bytes, Node] = {}
    for node in reversed(topological(outputs)):
        for place, arg in enumerate(node.args):
            there = needed[id(node)]
            if node.op == "where" and place:
                conditions[node.args[0].digest] = node.args[0]
                there = there | {(node.args[0].digest, place == 1)}
            needed[id(arg)] = needed.get(id(arg), there) & there
    return needed, conditions


def sparing(outputs: Sequence[Node]) -> list[Node]:
    """The same graph, in which no series is needed where every ``where`` that it goes into takes the other side."""
    order = topological(outputs)
    if not any(map(is_series, order)):
        return list(outputs)
    needed, conditions = sides(outputs)
    within: set[int] = set()
    for node in order:
        if is_series(node) or any(id(arg) in within for arg in node.args):
            within.add(id(node))
    # Series over the same terms stay together.
    together: dict[tuple[int, ...], frozenset[tuple[bytes, bool]]] = {}
    for node in filter(is_series, order):
        together[_key(node)] = together.get(_key(node), needed[id(node)]) & needed[id(node)]

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if not node.args:
            return node
        if not is_series(node):
            return make(node.op, *args)
        here = args[0]
        for digest, side in sorted(together[_key(node)]):
            condition = conditions[digest]
            if id(condition) not in within:
                here = where(condition, here, 0.0) if side else where(condition, 0.0, here)
        return make(node.op, here, *args[1:])

    return substitute(outputs, rebuild)


def without_series(outputs: Sequence[Node]) -> Node | None:
    """A condition that, where it holds, leaves no series in the outputs, if there is one."""
    return _without(outputs, is_series)


def without_sums(outputs: Sequence[Node]) -> Node | None:
    """The same, but for polynomials of patches and sums of rows that are alike, which are quick and may be left."""
    return _without(outputs, lambda node: node.op in SERIES and not SERIES[node.op].terms.alike)


def for_alike(outputs: Sequence[Node]) -> Node | None:
    """A condition that, where it holds, leaves no series but those of rows that are to be alone, if there is one."""

    def other(node: Node) -> bool:
        alike = SERIES[node.op].terms.alike if node.op in SERIES else None
        return is_series(node) and not (alike and alike.alone)

    if all(map(other, filter(is_series, topological(outputs)))):
        return None
    return _without(outputs, other)


def _without(outputs: Sequence[Node], which: Callable[[Node], bool]) -> Node | None:
    order = topological(outputs)
    conditions = {n.args[0].digest: n.args[0] for n in order if n.op == "where"}
    for _, condition in sorted(conditions.items()):
        inside = topological([condition])
        left = topological(specialised(outputs, condition, True))
        if not any(map(which, inside)) and not any(map(which, left)):
            return condition
    return None


def specialised(outputs: Sequence[Node], condition: Node, side: bool) -> list[Node]:
    """The outputs where a condition is known to hold, or not to."""

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "where" and node.args[0] is condition:
            return args[1] if side else args[2]
        return remade(node, args)

    return substitute(outputs, rebuild)
