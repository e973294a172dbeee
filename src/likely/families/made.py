"""Specifications remember the call that made them, so that they pickle without their formulas."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from operator import attrgetter
from typing import Any, ParamSpec

from likely.families.base import Specification, remember

P = ParamSpec("P")


def made_once(make: Callable[P, Specification]) -> Callable[P, Specification]:
    """A function of a module that makes a specification: called once for equal arguments, which are remembered."""

    @cache
    @wraps(make)
    def once(*given: Any) -> Specification:
        found = make(*given)  # type: ignore[call-arg]
        if found.made is None:
            remember(found, once, *given)
        plain = None if found.structure is None else found.structure.plain
        if plain is not None and plain.made is None:
            remember(plain, attrgetter("structure.plain"), found)
        return found

    return once  # type: ignore[return-value]
