"""A family as a user types it: ``gamma``, or with roles, ``Normal(scale=shared)``."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from likely.catalogue import family_class
from likely.cli.errors import UserError, library_errors
from likely.modifiers import MODIFIERS, TRANSFORMS
from likely.recipe import Family, Role, predicted, shared

_ROLES = {"shared": shared, "predicted": predicted}


def parse_family(text: str, links: Iterable[str] = ()) -> Family:
    """The family that ``text`` and ``PARAMETER=LINK`` items mean; nothing is evaluated."""
    name, roles, positional = _parse(text)
    with library_errors():
        return with_links(_class(name), links, positional, roles)


def with_links(cls: Any, links: Iterable[str], positional: Iterable[Any], roles: Any) -> Family:
    """The family of a class, of what is given in brackets and of ``PARAMETER=LINK`` items."""
    roles = dict(roles)
    for item in links:
        parameter, equals, value = item.partition("=")
        if not equals or not parameter.strip() or not value.strip():
            raise UserError(f"--link {item!r}: write PARAMETER=LINK, such as scale=softplus")
        roles[parameter.strip()] = _role(cls, parameter.strip(), value.strip())
    made: Family = cls(*positional, **roles)
    return made


def _class(name: str) -> Any:
    """The class of a family, or of a modifier such as ``ZeroInflated``."""
    modifiers = {known.lower(): modifier for known, modifier in MODIFIERS.items()}
    return modifiers.get(name.replace("_", "").lower()) or family_class(name)


def _is_known(name: str) -> bool:
    """Whether there is a family, or a modifier, of this name."""
    try:
        _class(name)
    except ValueError:
        return False
    return True


def _role(cls: Any, parameter: str, value: str) -> Role | float:
    if value in _ROLES:
        return _ROLES[value]
    try:
        return float(value)
    except ValueError:
        known = getattr(cls, "specification", None)
        if known is None:
            raise UserError(
                f"--link {parameter}={value}: write the links of a modified family in brackets, as in "
                "'ZeroInflated(Poisson(mean=predicted(\"softplus\")))'"
            ) from None
        known = known.parameters
        is_shared = parameter in known and known[parameter].shared
        return (shared if is_shared else predicted)(value)


def _parse(text: str) -> tuple[str, dict[str, Any], list[Any]]:
    if "(" not in text:
        return text.strip(), {}, []
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        call = None
    return _read(call, text)


def _read(call: Any, text: str) -> tuple[str, dict[str, Any], list[Any]]:
    """A call's name, its keywords, and what it is called with: whole numbers, or families."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise UserError(f"cannot read the family {text!r}; {_HELP}")
    roles: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise UserError(f"cannot read the family {text!r}; {_HELP}")
        several = isinstance(keyword.value, (ast.Tuple, ast.List))
        items = keyword.value.elts if several else [keyword.value]  # type: ignore[attr-defined]
        values = [_keyword(keyword.arg, item, text) for item in items]
        roles[keyword.arg] = values if several else values[0]
    return call.func.id, roles, [_positional(item, text) for item in call.args]


def _positional(node: ast.expr, text: str) -> int | str | list[Any] | Family:
    """A number of classes, their labels in order (``["low", "high"]``), a transform's name, or a family."""
    if isinstance(node, ast.Constant) and node.value in TRANSFORMS:
        return str(node.value)
    if isinstance(node, ast.List) and all(isinstance(item, ast.Constant) for item in node.elts):
        return [item.value for item in node.elts]  # type: ignore[attr-defined]
    if isinstance(node, ast.Name) and node.id in TRANSFORMS:
        return node.id
    if _is_family(node):
        return _inside(node, text)
    value = _value(node, text)
    if not (isinstance(value, float) and value.is_integer()):
        raise UserError(f"cannot read the family {text!r}; {_HELP}")
    return int(value)


def _is_family(node: ast.expr) -> bool:
    """Whether it is a name or a call, and none of a role."""
    name = node.func if isinstance(node, ast.Call) else node
    return isinstance(node, (ast.Name, ast.Call)) and getattr(name, "id", None) not in _ROLES


def _inside(node: ast.expr, text: str) -> Family:
    """The family that is inside another one."""
    bare = isinstance(node, ast.Name)
    name, roles, positional = (node.id, {}, []) if bare else _read(node, text)  # type: ignore[attr-defined]
    with library_errors():
        made: Family = _class(name)(*positional, **roles)
    return made


_HELP = "write a name such as gamma, or roles such as 'Normal(scale=predicted(\"softplus\"))'"


def _keyword(name: str, node: ast.expr, text: str) -> Any:
    """The value of a keyword: a role, a number, the label of a class, or a family with a name of its own."""
    # A name that is no family's is a role that was misspelt.
    if _is_family(node) and not (isinstance(node, ast.Name) and not _is_known(node.id)):
        return _inside(node, text)
    if name == "reference" and isinstance(node, ast.Constant):
        return node.value
    return _value(node, text)


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
