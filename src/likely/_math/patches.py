"""Polynomials in two variables by patches, with coefficients in a table.

Of functions whose singularities in u and t together are about as far away as in each alone, a product of powers counts
for as much as one power of their sum: the higher a power of u, the fewer powers of t are beside it. Coefficients of a
patch stand in a row as Horner's rule takes them, highest power of u first, then 0 for all that there are not.

The derivative of order i in u and j in t, of the polynomial of the patch that ``place`` says, is one operation of the
graph. As of the series of ``series.py``, its first argument is 1 where a row needs it, and those over the same patches
are computed together: kernels take rows of the same patch at a time (``losses/kernels/patches.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.graph import Node, constant, make

ARGUMENTS = ("needed", "place", "u", "t")
#: Orders in u and in t.
Order = tuple[int, int]
#: All derivatives that have been made, by their names.
DERIVATIVES: dict[str, Derivative] = {}


@dataclass(frozen=True, eq=False)
class Patches:
    """The patches of which ``tables.COEFFICIENTS`` has the coefficients by this name.

    ``powers`` says how many powers of t there are beside each power of u.
    """

    name: str
    powers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Derivative:
    """One derivative of the polynomials of patches."""

    patches: Patches
    order: Order

    def __post_init__(self) -> None:
        DERIVATIVES[self.name] = self

    @property
    def name(self) -> str:
        return "{}_{}{}".format(self.patches.name, *self.order)

    def __call__(self, place: Any, u: Any, t: Any) -> Node:
        return make(self.name, constant(1.0), place, u, t)


def places(powers: Sequence[int]) -> NDArray[np.int64]:
    """Where the coefficient of u^a t^b stands among those of a patch."""
    found = np.full((len(powers), max(powers)), sum(powers))
    for a, count in enumerate(powers):
        found[a, :count] = sum(powers[a + 1 :]) + np.arange(count)
    return found


def in_a_row(table: NDArray[np.float64], powers: Sequence[int]) -> NDArray[np.float64]:
    """The coefficients of a patch, by power of u and of t and 0 where there are none, as they stand in a row."""
    found = np.zeros(sum(powers) + 1)
    found[places(powers)] = table
    return found


def highest(wanted: Sequence[Order]) -> list[int]:
    """Of each order in t that takes part in what is wanted, the highest order in u beside it."""
    most = max(j for _, j in wanted)
    return [max((i for i, k in wanted if k == j), default=0) for j in range(most + 1)]


def derivatives(
    coefficients: Any, powers: Sequence[int], u: Any, t: Any, wanted: Sequence[Order]
) -> list[Any]:
    """By Horner's rule, from arrays of coefficients (…, count), u (…) and t (…)."""
    beside = highest(wanted)
    coefficients = coefficients[..., places(powers)]
    by_t = [coefficients[..., b] for b in range(max(powers))]
    inner = _horner(by_t, t[..., None], len(beside) - 1)
    outer = [
        _horner([row[..., a] for a in range(len(powers))], u, most)
        for row, most in zip(inner, beside, strict=True)
    ]
    return [float(math.factorial(i) * math.factorial(j)) * outer[j][i] for i, j in wanted]


def _horner(coefficients: Sequence[Any], x: Any, most: int) -> list[Any]:
    """The value and the derivatives up to an order, each over its factorial."""
    found = [coefficients[-1], *(0.0 * coefficients[-1] for _ in range(most))]
    for c in reversed(coefficients[:-1]):
        for order in range(most, 0, -1):
            found[order] = found[order] * x + found[order - 1]
        found[0] = found[0] * x + c
    return found
