"""Polynomials in two variables by patches, with coefficients in a table.

A series as those of ``series.py``, whose terms are the powers: of the polynomial of a patch in u and t, what is wanted
is ``"ij"``, its derivative of order i in u and j in t. Kernels take rows of the same patch together
(``losses/kernels/patches.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: Of patches, the table in ``tables.py``; the arguments of every derivative.
ARGUMENTS = ("needed", "place", "u", "t")


@dataclass(frozen=True, eq=False)
class Patches:
    """The patches whose coefficients, by patch, power of t and power of u, ``tables.COEFFICIENTS`` has by this name."""

    name: str
    arguments: tuple[str, ...] = ARGUMENTS


def orders(wanted: Sequence[str]) -> list[tuple[int, int]]:
    """The orders (i, j) of what is wanted."""
    return [(int(i), int(j)) for i, j in wanted]


def highest(wanted: Sequence[str]) -> list[int]:
    """Of each order in t that takes part in what is wanted, the highest order in u beside it."""
    found = orders(wanted)
    most = max(j for _, j in found)
    return [max((i for i, k in found if k == j), default=0) for j in range(most + 1)]


def derivatives(coefficients: Any, u: Any, t: Any, wanted: Sequence[str]) -> list[Any]:
    """By Horner's rule, from arrays of coefficients (…, powers of t, powers of u), u (…) and t (…)."""
    beside = highest(wanted)
    _, powers_t, powers_u = coefficients.shape[-3:]
    inner = _horner(
        [coefficients[..., b, :] for b in range(powers_t)], t[..., None], len(beside) - 1
    )
    outer = [
        _horner([row[..., a] for a in range(powers_u)], u, most)
        for row, most in zip(inner, beside, strict=True)
    ]
    return [
        float(math.factorial(i) * math.factorial(j)) * outer[j][i] for i, j in orders(wanted)
    ]


def _horner(coefficients: Sequence[Any], x: Any, most: int) -> list[Any]:
    """The value and the derivatives up to an order, each over its factorial."""
    found = [coefficients[-1], *(0.0 * coefficients[-1] for _ in range(most))]
    for c in reversed(coefficients[:-1]):
        for order in range(most, 0, -1):
            found[order] = found[order] * x + found[order - 1]
        found[0] = found[0] * x + c
    return found
