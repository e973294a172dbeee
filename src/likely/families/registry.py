"""The families that come with the library, found by listing this folder."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from likely.families.base import Distribution, Specification

_NOT_FAMILIES = {
    "base",
    "compositions",
    "definition",
    "made",
    "modifiers",
    "registry",
    "trials",
    "view",
}


@cache
def modules() -> tuple[str, ...]:
    """The module names of all families, sorted."""
    found = (m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(sorted(set(found) - _NOT_FAMILIES))


@cache
def public_names() -> dict[str, str]:
    """``{"NegativeBinomial": "negativebinomial", …}``: class names as the files declare them."""
    return {specification(module).name: module for module in modules()}


@cache
def specification(module: str) -> Specification:
    """The specification that a family's file declares."""
    namespace = vars(import_module(f"likely.families.{module}"))
    (found,) = (
        value
        for value in namespace.values()
        if isinstance(value, type) and issubclass(value, Distribution) and value is not Distribution
    )
    return found.specification


def plain(name: str) -> str:
    """A name without what people write differently: case, and marks between words."""
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


def lookup(name: str, more: Mapping[str, str] = MappingProxyType({})) -> Specification:
    """The family called ``name``, whatever its case and underscores; ValueError suggests the nearest.

    ``more`` are those that are made elsewhere, plain name → public name, to be suggested as well.
    """
    key = plain(name)
    if key in modules():
        return specification(key)
    bare = key.partition("(")[0]
    if bare in modules() or bare in more:
        raise ValueError(
            f"{name!r} is text: a name alone stands for a family with its usual roles; for others give the family "
            f"itself, from likely import {more.get(bare) or specification(bare).name}"
        )
    if bare != key:
        raise ValueError(
            f"{name!r} is text: a name alone stands for a family with its usual roles, and a modified family is given "
            f"as an object, likely.{name.strip()}"
        )
    known = {m: specification(m).name for m in modules()} | dict(more)
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"; did you mean {known[near[0]]!r}?" if near else "."
    raise ValueError(
        f"unknown family {name!r}{hint} The families are: {', '.join(sorted(known.values()))}"
    )
