"""Independent: several targets at once, each with a family of its own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from likely._math.domains import LABELLED, product_of
from likely.families.base import Array, Part, Rows, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base, information

KIND = "Independent"


@made_once
def independent(insides: tuple[Specification, ...], names: tuple[str, ...]) -> Specification:
    r"""Targets that are independent given x: a row of y has one number of each family.

    .. math:: p(y_1, \dots, y_d) = \prod_j p_j(y_j)

    The parameters of a family carry the name of its column, ``speed_scale``.
    """
    for inside in insides:
        _refuse(inside)
    parts = tuple(
        Part(inside, prefix=f"{name}_") for inside, name in zip(insides, names, strict=True)
    )
    parameters, alternatives = base.parameters_of(KIND, parts, {})
    d = len(insides)
    ends = np.cumsum([0, *(len(inside.parameters) for inside in insides)])
    own = [slice(int(a), int(b)) for a, b in pairwise(ends)]

    def log_density(*given):
        y, theta = given[:d], given[d:]
        return sum(
            inside.log_density(value, *theta[at])
            for inside, value, at in zip(insides, y, own, strict=True)
        )

    def complete_information(*given):
        y, theta = given[:d], given[d:]
        found: information.Entries = {}
        for part, value, at in zip(parts, y, own, strict=True):
            found |= information.of_part(part, 1.0, [value], theta[at])
        return found

    def expected_information(*theta):
        # Nothing of it depends on y.
        return complete_information(*([None] * d), *theta)

    return Specification(
        name=f"{KIND}({', '.join(inside.name for inside in insides)})",
        doc="Several targets, independent given x, each with a family of its own.",
        support=product_of(tuple(inside.support for inside in insides), names),
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=information.formulas_of(
            insides, expected=expected_information, complete=complete_information
        ),
        structure=Structure(KIND, parts, _rows, lambda y, weight: {}),
    )


def _rows(part: int, y: Array, weight: Array | None) -> Rows:
    """The column of this part."""
    return np.ascontiguousarray(y[:, part]), weight


def _refuse(inside: Specification) -> None:
    if inside.vector is not None or len(inside.support.columns) > 1:
        what = "classes" if inside.support.name in LABELLED else "rows of several columns"
        raise TypeError(
            f"{KIND} takes families of one number a row, but y of {inside.name} are {what}: fit it by "
            "itself, which comes to the same"
        )
    if not inside.smooth:
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose density has a kink: fit it by itself, which "
            "comes to the same"
        )
