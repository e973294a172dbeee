"""Derive the polynomial of ``_math/compound_poisson_far.py``: prints it as Python.

r(V, c) V/5 is interpolated at Chebyshev's nodes of u = 5/V and 4c in [0, 1], in mpmath's arithmetic; what the terms
that are left out come to, and what their derivatives do, is printed with it.

    python tools/derive_compound_poisson.py
"""

from __future__ import annotations

import mpmath as mp

mp.mp.dps = 34
NEAR = mp.mpf(5)
ROWS, COLUMNS = 15, 19
LEAST = mp.mpf(10) ** -17


def remainder(v: mp.mpf, c: mp.mpf) -> mp.mpf:
    """r by its sum, with a step where the terms are many; ν ≤ 1."""
    half = mp.log(v / (2 * mp.pi)) / 2
    share = (1 - mp.sqrt(1 - 4 * c)) / 2
    nu = share / (1 - share)
    j, x = v / share, v / (1 - share)
    step = mp.mpf(1)
    if j + x > 250:
        step = max(step, mp.sqrt(j / (1 + nu)) / mp.mpf("2.2"))
    middle = max(mp.mpf(1), mp.nint(j))
    total = mp.mpf(0)
    for direction, k in ((1, middle), (-1, middle - step)):
        while k > 0:
            log_term = k * (mp.log(j) + nu * mp.log(x)) - mp.loggamma(k + 1) - mp.loggamma(k * nu)
            if log_term - j - x < -85:
                break
            total += step * mp.exp(log_term - j - x)
            k += direction * step
    return mp.log(total) - half


def nodes(n: int) -> list[mp.mpf]:
    return [(1 + mp.cos(mp.pi * (2 * i + 1) / (2 * n))) / 2 for i in range(n)]


def to_chebyshev(n: int) -> mp.matrix:
    """Values at the nodes → coefficients."""
    found = mp.matrix(n, n)
    for k in range(n):
        for i in range(n):
            value = 2 * mp.cos(k * mp.pi * (2 * i + 1) / (2 * n)) / n
            found[k, i] = value / 2 if k == 0 else value
    return found


def to_powers(n: int) -> list[list[int]]:
    """The coefficients of Tₖ(2v) in v = u − ½."""
    rows = [[1], [0, 2]]
    while len(rows) < n:
        twice = [0] + [4 * c for c in rows[-1]]
        rows.append([a - b for a, b in zip(twice, rows[-2] + [0, 0], strict=True)])
    return rows


if __name__ == "__main__":
    values = mp.matrix(ROWS, COLUMNS)
    for i, u in enumerate(nodes(ROWS)):
        for k, w in enumerate(nodes(COLUMNS)):
            values[i, k] = remainder(NEAR / u, w / 4) / u
    terms = to_chebyshev(ROWS) * values * to_chebyshev(COLUMNS).T
    powers = to_powers(max(ROWS, COLUMNS))
    polynomial = mp.matrix(ROWS, COLUMNS)
    left_out = [mp.mpf(0)] * 3
    for i in range(ROWS):
        for k in range(COLUMNS):
            if abs(terms[i, k]) < LEAST:
                for order in range(3):  # |Tₖ′(2v)| ≤ 2k²
                    left_out[order] += abs(terms[i, k]) * (2 * max(i, k) ** 2) ** order
                continue
            for a, p in enumerate(powers[i]):
                for b, q in enumerate(powers[k]):
                    polynomial[a, b] += terms[i, k] * p * q
    print("# left out, and of derivatives:", *(f"{float(x):.1e}" for x in left_out))
    print("_FAR = (")
    for a in range(ROWS):
        row = [float(polynomial[a, b]) for b in range(COLUMNS)]
        while row and row[-1] == 0.0:
            row.pop()
        if row:
            print("    (", *(f"        {c!r}," for c in row), "    ),", sep="\n")
    print(")")
