"""Polynomials in two variables, in mpmath's arithmetic: what the tables of ``_math/patches.py`` are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import mpmath as mp
import numpy as np

from likely._math.patches import in_a_row

#: Nodes beyond the terms that are kept: what those would be is the error.
MORE = 3


def nodes(n: int) -> list[mp.mpf]:
    """Chebyshev's in [−1, 1]."""
    return [mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]


@cache
def to_chebyshev(n: int) -> mp.matrix:
    """Values at the nodes → coefficients."""
    found = mp.matrix(n, n)
    for k in range(n):
        for i in range(n):
            value = 2 * mp.cos(k * mp.pi * (2 * i + 1) / (2 * n)) / n
            found[k, i] = value / 2 if k == 0 else value
    return found


@cache
def to_powers(n: int, of_unit: bool) -> list[list[int]]:
    """The coefficients of Tₖ(v), or of Tₖ(2v − 1)."""
    rows = [[1], [-1, 2] if of_unit else [0, 1]]
    while len(rows) < n:
        last = rows[-1]
        moved = [0, *(2 * c for c in last)]
        if of_unit:
            moved = [2 * a - b for a, b in zip(moved, [*(2 * c for c in last), 0], strict=True)]
        rows.append([a - b for a, b in zip(moved, rows[-2] + [0, 0], strict=True)])
    return rows


def patch(
    function: Callable[[mp.mpf, mp.mpf], mp.mpf],
    of_unit: bool,
    powers: Sequence[int],
    lowest: int = 0,
) -> tuple[np.ndarray, list[float]]:
    """The coefficients, in a row, of u to the power ``lowest`` times the function; what is left out.

    u is in [0, 1] or in [−1, 1], and t in [−1, 1]. What is left out is what the terms beyond those of ``powers`` come
    to, and what their first and second derivatives do.
    """
    kept = powers[lowest:]
    n, m = len(kept) + MORE, max(kept) + MORE
    values = mp.matrix(n, m)
    for i, u in enumerate(nodes(n)):
        for k, t in enumerate(nodes(m)):
            values[i, k] = function((1 + u) / 2 if of_unit else u, t)
    terms = to_chebyshev(n) * values * to_chebyshev(m).T
    of_u, of_t = to_powers(len(kept), of_unit), to_powers(max(kept), False)
    found = mp.matrix(len(powers), max(powers))
    left_out = [mp.mpf(0)] * 3
    for i in range(n):
        for k in range(m):
            if i >= len(kept) or k >= kept[i]:
                for order in range(3):
                    largest = max(i, k) ** 2 * (2 if of_unit else 1)
                    left_out[order] += abs(terms[i, k]) * largest**order
                continue
            for a, p in enumerate(of_u[i]):
                for b, q in enumerate(of_t[k]):
                    found[lowest + a, b] += terms[i, k] * p * q
    table = np.array(found.tolist(), dtype=float)
    return in_a_row(table, powers), [float(x) for x in left_out]
