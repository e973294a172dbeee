"""What every modifier is: a family with the roles and links of the families inside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from likely.families.base import Specification
from likely.recipe import Family, Role

if TYPE_CHECKING:
    from likely.report.explanation import Explanation


class ModifiedFamily(Family):
    """A family made of other families; its subclasses are the modifiers."""

    #: The families inside.
    families: tuple[Family, ...]

    def _modify(
        self,
        specification: Specification,
        families: Sequence[Family],
        roles: Mapping[str, Role | float],
        **arguments: Any,
    ) -> None:
        """Become the family of this specification, with the roles of the families inside.

        ``roles`` are those of the modifier's own parameters, ``arguments`` what the ``repr`` says beside
        the families.
        """
        structure = specification.structure
        assert structure is not None
        # Of one family repeated, every part has its roles.
        inside = families if len(families) > 1 else list(families) * len(structure.parts)
        merged: dict[str, Role | float] = {}
        for part, family in zip(structure.parts, inside, strict=True):
            for name in (*part.specification.parameters, *part.specification.alternatives):
                given = next((k for k in (name, part.outer(name)) if k in roles), None)
                if given is not None:
                    raise TypeError(
                        f"{given} is a parameter of {part.specification.name}: give it there, "
                        f"{structure.kind}({part.specification.name}({name}={roles[given]!r}))"
                    )
            merged |= {part.outer(name): role for name, role in family._roles.items()}
        self.specification = specification
        self.families = tuple(families)
        self._own = dict(roles)
        self._arguments = arguments
        super().__init__(**merged, **roles)

    def __repr__(self) -> str:
        given = [repr(family) for family in self.families]
        for name, value in self._arguments.items():
            given.append(repr(value) if name in ("n", "transform") else f"{name}={value!r}")
        given += [f"{name}={role!r}" for name, role in self._own.items()]
        return f"{type(self).__name__}({', '.join(given)})"

    def explain(self) -> Explanation:
        """The recipe for this family step by step, derived from its formula."""
        from likely.report.explain import explain

        return explain(self.loss(), repr(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.families, self._arguments, self._own)


def _rebuild(
    cls: Any,
    families: Sequence[Family],
    arguments: Mapping[str, Any],
    own: Mapping[str, Role | float],
) -> ModifiedFamily:
    made: ModifiedFamily = cls(*families, **arguments, **own)
    return made


def number(value: Any, name: str, several: str = "") -> float:
    """The number that an argument is, the same for all rows; TypeError or ValueError where it is none.

    ``several``: what to do with one for each row.
    """
    from likely.losses.check import said

    got = said(value)
    try:
        found = float(value) if np.ndim(value) == 0 else None
    except (TypeError, ValueError):
        found, several = None, ""
    if found is None:
        raise TypeError(f"{name} must be a number, the same for all rows, got {got}{several}")
    if math.isnan(found):
        raise ValueError(f"{name} must be a number, got {value!r}")
    return found
