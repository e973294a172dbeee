"""A family of the user's, in a Python file: ``gumbel.py:Gumbel``."""

from __future__ import annotations

import runpy
from collections.abc import Iterable
from typing import Any

from likely.cli.errors import UserError, library_errors
from likely.cli.family_text import parse_family, with_links
from likely.data.errors import nearest
from likely.recipe import Family


def family_of(text: str, links: Iterable[str] = ()) -> Family:
    """The family that ``text`` means, one that comes along or a class in a file, which is run."""
    path, colon, name = text.rpartition(":")
    if not colon or "(" in text:
        return parse_family(text, links)
    cls = _from_file(path, name)
    with library_errors(f"{path}: "):
        return with_links(cls, links, (), {})


def _from_file(path: str, name: str) -> type[Family]:
    """The class of the family called ``name`` that running the file at ``path`` defines."""
    try:
        with library_errors(f"{path}: "):
            namespace = runpy.run_path(path)
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: {error.msg}") from None
    except ImportError as error:
        raise UserError(f"{path}: {error}") from None
    families = {
        key: value
        for key, value in namespace.items()
        if isinstance(value, type) and issubclass(value, Family) and _of_user(value, namespace)
    }
    if name not in families:
        known = f" It defines: {', '.join(families)}" if families else " It defines none"
        raise UserError(f"{path} defines no family {name!r}{nearest(name, families)}{known}")
    return families[name]


def _of_user(family: type, namespace: dict[str, Any]) -> bool:
    """Whether the user wrote it; one without a formula, in this file, is for its own error to tell."""
    return hasattr(family, "log_density") or family.__module__ == namespace["__name__"]
