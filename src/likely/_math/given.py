"""The state of an object as it was given: what is computed from it on demand stays where it is."""

from __future__ import annotations

from functools import cached_property
from typing import Any


def given(thing: Any) -> dict[str, Any]:
    """The attributes of an object without its cached properties, which are computed again after unpickling."""
    return {
        name: value
        for name, value in vars(thing).items()
        if not isinstance(getattr(type(thing), name, None), cached_property)
    }
