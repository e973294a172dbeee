"""Modifiers: families made of other families, such as ``ZeroInflated(Poisson())``.

Each is a :class:`~likely.recipe.Family` like any other. The specification comes from
``likely.families.modifiers``; roles and links of the families inside are kept.
"""

from likely.modifiers.base import ModifiedFamily
from likely.modifiers.bounds import Censored, Truncated
from likely.modifiers.discretised import Discretised
from likely.modifiers.several import Independent, Mixture
from likely.modifiers.transformed import TRANSFORMS, Transformed
from likely.modifiers.zeros import Hurdle, Inflated, ZeroInflated

__all__ = [
    "MODIFIERS",
    "TRANSFORMS",
    "Censored",
    "Discretised",
    "Hurdle",
    "Independent",
    "Inflated",
    "Mixture",
    "ModifiedFamily",
    "Transformed",
    "Truncated",
    "ZeroInflated",
]

#: The modifiers by name.
MODIFIERS: dict[str, type[ModifiedFamily]] = {
    cls.__name__: cls
    for cls in (
        ZeroInflated,
        Inflated,
        Hurdle,
        Truncated,
        Censored,
        Mixture,
        Transformed,
        Discretised,
        Independent,
    )
}
