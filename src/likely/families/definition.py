"""What can be seen to be wrong with a family in the moment it is written.

A user's class body is traced once, on symbols. Built-in families are not looked at here, so that
importing the library stays light: the tests do it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from likely._math.derive import tangent
from likely._math.graph import Expression, Node, as_node, is_constant, symbol, topological
from likely.families.base import FORMULAS, Specification
from likely.families.view import View, plain_view

#: Operations that a formula may be bent at: their own second derivative is zero everywhere.
_KINKS = {"abs", "sign", "where", "maximum", "minimum", "floor"}
#: Names that mean something else in a class body or in a call.
_WORDS = {"y", "raw", "self", "support", "log_density", "smooth", "scipy", "common_names"}


def check_definition(specification: Specification, taken: Collection[str]) -> None:
    """TypeError says what is wrong with the formula; ``taken`` are the names of a family's methods."""
    name = specification.name
    _check_names(specification, {*taken, *_WORDS, *FORMULAS} - {"mean"})
    if not specification.parameters:
        raise TypeError(f"{name} declares no Parameter, so there is nothing to learn from data")
    y = plain_view("y", symbol("y"))
    views = {p: plain_view(p, symbol(p)) for p in specification.parameters}
    density = _traced(specification, views, y)
    used = {node.value for node in topological([density]) if node.op == "symbol"}
    if not used:
        raise TypeError(f"{name}.log_density is a constant: it uses neither y nor the parameters")
    if "y" not in used:
        raise TypeError(f"{name}.log_density does not use y, so every y would be equally likely")
    idle = [p for p in views if p not in used]
    if idle:
        raise TypeError(
            f"{name}.log_density does not use the parameter {', '.join(idle)}, which no data could then "
            "tell: use it, or leave it out of the family"
        )
    bent = [p for p, view in views.items() if _has_kink(density, view.node)]
    if bent and specification.smooth:
        raise TypeError(
            f"{name}.log_density has a kink in {', '.join(bent)} (abs, sign or where), and no curvature "
            "beside it, so Newton's method cannot fit it: say smooth = False in the class. A density "
            "with its kink at a parameter called loc, like Laplace's, is then fitted by a linear "
            "programme"
        )


def _check_names(specification: Specification, taken: set[str]) -> None:
    name = specification.name
    for parameter in (*specification.parameters, *specification.alternatives):
        if parameter in taken or parameter.startswith("_"):
            raise TypeError(
                f"{name}: a parameter cannot be called {parameter!r}, which means something else in a "
                "family; give it another name"
            )
    for alternative, of in ((a, v.of) for a, v in specification.alternatives.items()):
        if of not in specification.parameters:
            raise TypeError(
                f"{name}.{alternative} is an Alternative of {of!r}, which is not among the parameters "
                f"{', '.join(specification.parameters)}"
            )


def _traced(specification: Specification, views: dict[str, View], y: View) -> Node:
    name = specification.name
    value: Any = specification.trace(specification.log_density, views, y)
    if value is None:
        raise TypeError(f"{name}.log_density returns nothing: end it with return ...")
    if not isinstance(value, Expression) and not isinstance(value, (int, float)):
        raise TypeError(
            f"{name}.log_density must return one expression in y and the parameters, got {value!r}"
        )
    return as_node(value)


def _has_kink(density: Node, parameter: Node) -> bool:
    """Whether the density changes with the parameter, in straight pieces that meet at an angle."""
    try:
        (slope,) = tangent([density], parameter)
        (bend,) = tangent([slope], parameter)
    except NotImplementedError:  # an atom without a rule: the loss will say so, and which
        return False
    straight = is_constant(bend, 0.0) and not is_constant(slope, 0.0)
    return straight and any(node.op in _KINKS for node in topological([slope]))
