"""log p(k) − log p(start) of two counts any number of steps apart, for the few rows that need it.

It is a series of a single term, as kernels run series over the rows that need them alone: a formula of hundreds of
operations takes nothing of all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

from likely._math.atoms import Atom, register
from likely._math.derive import tangent
from likely._math.graph import (
    Node,
    as_node,
    constant,
    exp,
    is_constant,
    log,
    log1p,
    replaced,
    symbol,
    where,
)
from likely._math.series import Series, Terms


class _Jump:
    """The formula and its derivatives in the logarithms of the parameters, over symbols; ``name`` begins its atoms'."""

    def __init__(self, name: str, jump: Callable[..., Any], parameters: Sequence[str]) -> None:
        self._name, self._jump, self._parameters = name, jump, parameters
        names = ("k", "start", *parameters, *map("log_{}".format, parameters))
        self._terms = Terms(
            ("needed", *names),
            ("terms", *names),
            1,
            lambda needed, *given: (constant(1.0), *given),
            lambda what, index, *given: self._graphs[what],
        )
        columns = range(len(parameters))
        pairs = list(combinations_with_replacement(columns, 2))
        self._bends = {pair: self._entered(_bend(*pair), None) for pair in pairs}
        self._slopes = [self._entered(f"slope_{p}", self._rule_of_slope(p)) for p in columns]
        self.value = self._entered("value", lambda *given: self._moved(self._slopes, given))

    @cached_property
    def _graphs(self) -> dict[str, Node]:
        variables = [symbol(f"log_{name}") for name in self._parameters]
        values = [exp(v) for v in variables]
        level = as_node(self._jump(symbol("k"), symbol("start"), *values, *variables))
        slopes = [tangent([level], v)[0] for v in variables]
        bends = [tangent([slopes[p]], variables[q])[0] for p, q in self._bends]
        # In float64 a parameter is known better than by its logarithm.
        pairs = zip(values, map(symbol, self._parameters), strict=True)
        found = replaced([level, *slopes, *bends], pairs)
        names = ["value", *(f"slope_{p}" for p in range(len(slopes)))]
        return dict(zip([*names, *(_bend(*pair) for pair in self._bends)], found, strict=True))

    def _entered(self, what: str, rule: Any) -> Atom:
        name = f"{self._name}_jump_{what}"
        of_one = Series(f"{name}_of_one", self._terms, (what,), lambda fields, total: total)
        return register(name, rule, expansion=of_one)

    def _moved(self, atoms: Sequence[Any], given: Sequence[Any]) -> tuple[Any, ...]:
        """Neither the counts nor the parameters' values move: their logarithms do."""
        *of, _ = given
        before = [0.0] * (2 + len(self._parameters))
        return (*before, *(atom(*of) for atom in atoms))

    def _rule_of_slope(self, p: int) -> Any:
        def bend(q: int) -> Any:
            pair = min(p, q), max(p, q)
            graph = self._graphs[_bend(*pair)]
            return (lambda *of: graph) if is_constant(graph) else self._bends[pair]

        return lambda *given: self._moved([bend(q) for q in range(len(self._parameters))], given)


def _bend(p: int, q: int) -> str:
    return f"bend_{p}_{q}"


def register_jump(name: str, jump: Callable[..., Any], parameters: Sequence[str]) -> Atom:
    """``jump(k, start, *parameters, *logarithms of these)`` as an atom; ``name`` begins those of its series."""
    return _Jump(name, jump, parameters).value


def log_widened(base: Any, apart: Any) -> Node:
    """log((base + apart)/base), of which a base next to 0 is a factor that leaves no curvature."""
    return where(apart < base, log1p(apart / base), log(base + apart) - log(base))
