"""Derive the constants of ``_math/backends/primitives.py`` and ``primitives_single.py``; prints them as Python.

The polynomials are minimax (Remez's exchange in mpmath): the largest error *of the function that
they end in*, relative to its value, is as small as it can be before the coefficients are rounded.

    python tools/derive_primitives.py
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp

mp.mp.dps = 60
GRID = 4000
Function = Callable[[mp.mpf], mp.mpf]


def remez(f: Function, weight: Function, low: mp.mpf, high: mp.mpf, degree: int):
    """Coefficients p that minimise the largest |weight (p - f)| on [low, high], and that error."""
    count = degree + 2
    middle, radius = (low + high) / 2, (high - low) / 2
    grid = [middle - radius * mp.cos(mp.pi * i / GRID) for i in range(GRID + 1)]
    values = [(x, f(x), weight(x)) for x in grid]
    # Lopsided at first: never an end nor the middle, where a weight is zero.
    chosen = [int(GRID * (j + 0.7) / count) for j in range(count)]
    for _ in range(30):
        rows = [
            [*(values[i][0] ** k for k in range(degree + 1)), (-1) ** j / values[i][2]]
            for j, i in enumerate(chosen)
        ]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([values[i][1] for i in chosen]))
        p = list(solution[: degree + 1])
        errors = [w * (mp.polyval(p[::-1], x) - y) for x, y, w in values]
        largest = max(map(abs, errors))
        if largest < abs(solution[degree + 1]) * (1 + mp.mpf(2) ** -20):
            break
        chosen = _alternating(errors, count)
    rounded = [mp.mpf(float(c)) for c in p]
    return rounded, max(abs(w * (mp.polyval(rounded[::-1], x) - y)) for x, y, w in values)


def _alternating(errors: list[mp.mpf], count: int) -> list[int]:
    """Where the error is largest in each run of one sign; of too many, those at the ends go."""
    best: list[int] = []
    for i, error in enumerate(errors):
        if best and errors[best[-1]] * error > 0:
            if abs(error) > abs(errors[best[-1]]):
                best[-1] = i
        elif error:
            best.append(i)
    while len(best) > count:
        best.pop(0 if abs(errors[best[0]]) < abs(errors[best[-1]]) else -1)
    return best


def show(name: str, coefficients: list[mp.mpf], error: mp.mpf) -> None:
    print(f"# degree {len(coefficients) - 1}, relative error {float(error):.1e}")
    for i, c in enumerate(coefficients):
        print(f"{name}{i} = {float(c)!r}")


def exponential(r: mp.mpf) -> mp.mpf:
    """(e^r - 1 - r - r^2 / 2) / r^3."""
    return mp.fsum(r**k / mp.factorial(k + 3) for k in range(40))


def logarithm(z: mp.mpf) -> mp.mpf:
    """(log((1 + s) / (1 - s)) - 2 s) / s^3 at z = s^2."""
    return mp.fsum(2 * z**k / (2 * k + 3) for k in range(45))


def main() -> None:
    """Print every constant that is not exact by its formula, for double and then for single precision."""
    for title, bits, degrees in (("double", 42, (9, 6, 9)), ("single", 15, (4, 2, 3))):
        print(f"# --- {title} precision")
        constants(bits, *degrees)


def constants(bits: int, exp_degree: int, log_degree: int, fraction_degree: int) -> None:
    """log 2 with so many bits in its high part, and the coefficients of these degrees."""
    log2 = mp.log(2)
    high = mp.floor(mp.ldexp(log2, bits)) / mp.mpf(2) ** bits
    print(f"LOG2_HIGH = {float(high)!r}")
    print(f"LOG2_LOW = {float(log2 - high)!r}")
    edge = log2 / 2 * mp.mpf("1.0001")
    # r + r^2 (1/2 + r p) is expm1(r), whose relative error is the strictest.
    weight = lambda r: r**3 / mp.expm1(r) if r else mp.mpf(0)
    show("EXP_", *remez(exponential, weight, -edge, edge, exp_degree))
    # s (2 + z p) is log(m) where s = (m - 1) / (m + 1), z = s^2, sqrt(1/2) < m < sqrt(2) or 1 < m < 2.
    weight = lambda z: z / (2 + z * logarithm(z))
    for name, most, degree in (("LOG_", mp.sqrt(2), log_degree), ("FRACTION_", 2, fraction_degree)):
        edge = (mp.mpf(most - 1) / (most + 1)) ** 2 * mp.mpf("1.0001")
        show(name, *remez(logarithm, weight, mp.mpf(0), edge, degree))


if __name__ == "__main__":
    main()
