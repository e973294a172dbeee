"""Independent: several targets at once, each with a family of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from likely._math.domains import LABELLED, product_of
from likely.families.base import Specification
from likely.families.modifiers import base

KIND = "Independent"


@cache
def independent(insides: tuple[Specification, ...], names: tuple[str, ...]) -> Specification:
    r"""Targets that are independent given x: a row of y has one number of each family.

    .. math:: p(y_1, \dots, y_d) = \prod_j p_j(y_j)

    The parameters of a family carry the name of its column, ``speed_scale``.
    """
    for inside in insides:
        _refuse(inside)
    parts = tuple(
        base.Part(inside, prefix=f"{name}_") for inside, name in zip(insides, names, strict=True)
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

    def expected_information(*theta):
        found: dict[tuple[str, str], Any] = {}
        for part, at in zip(parts, own, strict=True):
            entries = part.specification.formulas["expected_information"](*theta[at])
            found |= {
                (_coordinate(part, a), _coordinate(part, b)): v for (a, b), v in entries.items()
            }
        return found

    known = all("expected_information" in inside.formulas for inside in insides)
    formulas: Mapping[str, Any] = {"expected_information": expected_information} if known else {}
    return Specification(
        name=f"{KIND}({', '.join(inside.name for inside in insides)})",
        doc="Several targets, independent given x, each with a family of its own.",
        support=product_of(tuple(inside.support for inside in insides), names),
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=formulas,
        structure=base.Structure(KIND, parts, _rows, lambda y, weight: {}),
    )


def _coordinate(part: base.Part, name: str) -> str:
    """The outer name of "loc", "log scale" and the like."""
    view, space, parameter = name.rpartition(" ")
    return f"{view}{space}{part.outer(parameter)}"


def _rows(part: int, y: base.Array, weight: base.Array | None) -> base.Rows:
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
