"""The built-in families by name, whichever module their class is in."""

from __future__ import annotations

from functools import cache

from likely.classes import CLASSES
from likely.compositions import COMPOSITIONS
from likely.families.base import Specification
from likely.families.registry import lookup, plain
from likely.recipe import Family, VectorFamily
from likely.trials import TRIALS

#: By plain name, the families with a class of their own; those of the others are made from their specifications.
_OWN: dict[str, type[Family]] = {
    name.lower(): cls for name, cls in {**CLASSES, **TRIALS, **COMPOSITIONS}.items()
}


#: Those of them that the list of families' files does not have.
_ELSEWHERE = {name.lower(): name for name in (*TRIALS, *COMPOSITIONS)}


def family_class(name: str) -> type[Family]:
    """The public class of a built-in family; ValueError suggests the nearest name."""
    return _OWN.get(plain(name)) or _facade(lookup(name, _ELSEWHERE))


@cache
def _facade(specification: Specification) -> type[Family]:
    base = Family if specification.vector is None else VectorFamily
    namespace = {
        "__doc__": specification.doc,
        "__module__": "likely",
        "specification": specification,
    }
    return type(specification.name, (base,), namespace)


def as_family(family: Family | type[Family] | str) -> Family:
    """A family from what a user may write: an instance, a class, or a name such as ``"gamma"``."""
    if isinstance(family, Family):
        return family
    if isinstance(family, type) and issubclass(family, Family):
        return family()
    if isinstance(family, str):
        return family_class(family)()
    raise TypeError(
        f"family must be a family such as Normal(), or its name, got {family!r} "
        f"of type {type(family).__name__}"
    )
