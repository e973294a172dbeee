"""Views: what a traced body sees of a parameter, or of y.

A view acts as the value and offers ``.log``, ``.log1m`` (log(1 − θ)), ``.complement`` (1 − θ) and ``.excess`` (θ − 1),
each of which the link supplies in the form that stays accurate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from likely._math.atoms import log1mexp, log1mexp_of
from likely._math.graph import (
    Expression,
    Node,
    as_node,
    is_constant,
    log,
    log1p,
    remade,
    substitute,
)


class View(Expression):
    """A parameter, or y, inside a traced body."""

    __slots__ = ("_forms", "_value", "name")

    def __init__(self, name: str, value: Node, forms: Mapping[str, Callable[[], Any]]) -> None:
        self.name = name
        self._value = value
        self._forms = forms

    @property
    def node(self) -> Node:
        return self._value

    @property
    def log(self) -> Node:
        """log θ"""
        return self._forms["log"]() if "log" in self._forms else log(self._value)

    @property
    def log1m(self) -> Node:
        """log(1 − θ)"""
        return self._forms["log1m"]() if "log1m" in self._forms else log1p(-self._value)

    @property
    def complement(self) -> Node:
        """1 − θ"""
        return self._forms["complement"]() if "complement" in self._forms else 1.0 - self._value

    @property
    def excess(self) -> View:
        """θ − 1, as a view of its own: of a θ in (1, 2) its complement is 2 − θ."""
        return self._forms["excess"]() if "excess" in self._forms else self._less_1()

    def _less_1(self) -> View:
        return View(self.name, self._value - 1.0, {})

    def __repr__(self) -> str:
        return self.name

    def _without(self, name: str) -> str:
        near = get_close_matches(name, VIEWS, n=1)
        hint = f"; did you mean {self.name}.{near[0]}?" if near else "."
        return f"{self.name} has no view {name!r}{hint} There are {', '.join(VIEWS)}"


#: What a view offers beside its value.
VIEWS = ("log", "log1m", "complement", "excess")


def plain_view(name: str, value: Any) -> View:
    """A view whose other forms follow from its value."""
    return View(name, as_node(value), {})


def recognise(formula: Node, views: Iterable[View]) -> Node:
    """The formula, where what is written of a view's value is the view's own form.

    ``log(y)`` is ``y.log``, ``1 - y`` is ``y.complement``, ``log(1 - y)`` and ``log1p(-y)`` are
    ``y.log1m``: either spelling keeps the digits that the value alone has lost. So does
    ``log(1 - exp(u))``, which is ``log1mexp(-u)``, and log1mexp of an exp(v) is v where that is none of the numbers.
    """
    own: dict[int, tuple[Node, Node]] = {}  # by identity; the node beside its form keeps it alive
    for view in views:
        value = view.node
        if not value.args:  # a symbol or a number: its forms are computed from it
            continue
        for node, form in (
            (log(value), view.log),
            (1.0 - value, view.complement),
            (log(1.0 - value), view.log1m),
            (log1p(-value), view.log1m),
        ):
            if form is not node:
                own[id(node)] = (node, form)

    def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
        if id(node) in own:
            return own[id(node)][1]
        if node.op == "log" and args[0].op == "subtract":
            one, power = args[0].args
            if is_constant(one, 1.0) and power.op == "exp":
                return _log1mexp(-power.args[0])
        if node.op == "log1mexp":
            return _log1mexp(args[0])
        return remade(node, args)

    return substitute([formula], rebuild)[0]


def _log1mexp(x: Node) -> Node:
    """log(1 − e⁻ˣ), which is v for x = exp(v) below the smallest number."""
    return log1mexp_of(x, x.args[0]) if x.op == "exp" else log1mexp(x)
