"""A family as a user types it: ``gamma``, or with roles, ``Normal(scale=shared)``."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from likely.cli.errors import UserError, library_errors
from likely.recipe import Family, Role, family_class, predicted, shared

_ROLES = {"shared": shared, "predicted": predicted}


def parse_family(text: str, links: Iterable[str] = ()) -> Family:
    """The family that ``text`` and ``PARAMETER=LINK`` items mean; nothing is evaluated."""
    name, roles, positional = _parse(text)
    with library_errors():
        cls: Any = family_class(name)
    for item in links:
        parameter, equals, value = item.partition("=")
        if not equals or not parameter.strip() or not value.strip():
            raise UserError(f"--link {item!r}: write PARAMETER=LINK, such as scale=softplus")
        roles[parameter.strip()] = _role(cls, parameter.strip(), value.strip())
    with library_errors():
        return cls(*positional, **roles)


def _role(cls: Any, parameter: str, value: str) -> Role | float:
    if value in _ROLES:
        return _ROLES[value]
    try:
        return float(value)
    except ValueError:
        known = cls.specification.parameters
        is_shared = parameter in known and known[parameter].shared
        return (shared if is_shared else predicted)(value)


def _parse(text: str) -> tuple[str, dict[str, Role | float], list[int]]:
    if "(" not in text:
        return text.strip(), {}, []
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise UserError(f"cannot read the family {text!r}; {_HELP}")
    roles: dict[str, Role | float] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise UserError(f"cannot read the family {text!r}; {_HELP}")
        roles[keyword.arg] = _value(keyword.value, text)
    positional = [_value(item, text) for item in call.args]
    if not all(isinstance(item, float) and item.is_integer() for item in positional):
        raise UserError(f"cannot read the family {text!r}; {_HELP}")
    return call.func.id, roles, [int(item) for item in positional if isinstance(item, float)]


_HELP = "write a name such as gamma, or roles such as 'Normal(scale=predicted(\"softplus\"))'"


def _value(node: ast.expr, text: str) -> Role | float:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _value(node.operand, text)
        if isinstance(value, float):
            return -value
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in _ROLES:
        return _ROLES[node.id]
    is_role = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    if is_role and node.func.id in _ROLES and len(node.args) == 1 and not node.keywords:  # type: ignore[attr-defined]
        link = node.args[0]  # type: ignore[attr-defined]
        if isinstance(link, ast.Constant) and isinstance(link.value, str):
            return _ROLES[node.func.id](link.value)  # type: ignore[attr-defined]
    raise UserError(f"cannot read the family {text!r}; {_HELP}")
