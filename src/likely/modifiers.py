"""Modifiers: families made of other families, such as ``ZeroInflated(Poisson())``.

Each is a :class:`~likely.recipe.Family` like any other. The specification comes from
``likely.families.modifiers``; roles and links of the families inside are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from likely.families.base import Specification
from likely.recipe import Family, Role, as_family

if TYPE_CHECKING:
    from likely.report.explain import Explanation


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
                if name in roles:
                    raise TypeError(
                        f"{name} is a parameter of {part.specification.name}: give it there, "
                        f"{structure.kind}({part.specification.name}({name}={roles[name]!r}))"
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
            given.append(repr(value) if name == "n" else f"{name}={value!r}")
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


class ZeroInflated(ModifiedFamily):
    r"""A family with additional zeros: p(0) = π + (1 − π) p₀(0), and (1 − π) p₀(y) elsewhere.

    ``inflation`` is π, by default shared by all rows; ``inflation=predicted`` gives it a predictor of its own.
    The parameters of the family keep their names: ``mean`` is the mean of the part that is not inflated. Of
    continuous families on the positive numbers or on proportions, zero becomes a point of
    probability π, which is also the mode, because no density outweighs a point.

    TypeError where it is not defined: for classes, real numbers, and families whose zeros are modified already.

    >>> from likely import Poisson, ZeroInflated, predicted
    >>> ZeroInflated(Poisson()).parameters
    ('mean', 'inflation')
    >>> d = ZeroInflated(Poisson()).at(mean=3.0, inflation=0.4)
    >>> round(float(d.prob(0)), 4), round(float(d.mean()), 4)
    (0.4299, 1.8)
    """

    def __init__(self, family: Family | type[Family] | str, **roles: Role | float) -> None:
        from likely.families.modifiers.zero_inflated import zero_inflated

        inside = as_family(family)
        self._modify(zero_inflated(inside.specification), [inside], roles)


class Hurdle(ModifiedFamily):
    r"""Counts in two steps: zero with probability π, otherwise the family given that it is not zero.

    ``zero`` is π, by default predicted; the parameters of the family keep their names and belong to the
    family before it is cut off at zero. The two halves of the likelihood share nothing, so the fit of
    either does not depend on the other.

    TypeError where it is not defined: y must be counts whose zeros are not modified already.

    >>> from likely import Hurdle, NegativeBinomial
    >>> Hurdle(NegativeBinomial()).parameters
    ('mean', 'size', 'zero')
    >>> float(Hurdle("poisson").at(mean=3.0, zero=0.25).prob(0))
    0.25
    """

    def __init__(self, family: Family | type[Family] | str, **roles: Role | float) -> None:
        from likely.families.modifiers.hurdle import hurdle

        inside = as_family(family)
        self._modify(hurdle(inside.specification), [inside], roles)


#: The modifiers by name.
MODIFIERS: dict[str, type[ModifiedFamily]] = {cls.__name__: cls for cls in (ZeroInflated, Hurdle)}
