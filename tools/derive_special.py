"""Derive the polynomial coefficients of ``_math/special/``, ``atoms/circle.py`` and ``atoms/bessel.py``.

Prints them as Python.

Each polynomial minimises the squared relative error at Chebyshev nodes, in mpmath's arithmetic,
which is within a small factor of the smallest possible largest error. The comment above each name
gives the largest relative error of the rounded coefficients, and how much rounding can grow in
Horner's rule (sum of |terms| over |value|; 1 is perfect). Powers of x - centre keep that low.

    python tools/derive_special.py
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp

mp.mp.dps = 50
CHECKS = 300


def fit(f: Callable[[mp.mpf], mp.mpf], low: float, high: float, degree: int, centre: float = 0.0):
    """Coefficients in x - centre of the best polynomial at Chebyshev nodes of [low, high]."""
    low, high = mp.mpf(low), mp.mpf(high)

    def nodes(n: int) -> list[mp.mpf]:
        return [
            (low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * n))
            for k in range(n)
        ]

    points = nodes(4 * (degree + 1))
    rows = [[(x - centre) ** j / f(x) for j in range(degree + 1)] for x in points]
    solution = mp.lu_solve(mp.matrix(rows), mp.matrix([1] * len(points)))
    coefficients = [float(c) for c in solution]
    error = growth = mp.mpf(0)
    for x in nodes(CHECKS):
        terms = [mp.mpf(c) * (x - centre) ** j for j, c in enumerate(coefficients)]
        error = max(error, abs(mp.fsum(terms) / f(x) - 1))
        growth = max(growth, mp.fsum(map(abs, terms)) / abs(f(x)))
    return coefficients, float(error), float(growth)


def stirling(order: int) -> Callable[[mp.mpf], mp.mpf]:
    """u -> (-1)^order S^(order)(1/u) / u^(order+1), a smooth function on [0, 1]."""

    def direct(z: mp.mpf) -> mp.mpf:
        if order == 0:
            return mp.loggamma(z) - (z - 0.5) * mp.log(z) + z - mp.log(2 * mp.pi) / 2
        if order == 1:
            return mp.digamma(z) - mp.log(z) + 1 / (2 * z)
        if order == 2:
            return mp.psi(1, z) - 1 / z - 1 / (2 * z**2)
        return mp.psi(2, z) + 1 / z**2 + 1 / z**3

    return lambda u: (-1) ** order * direct(1 / u) / u ** (order + 1)


def count_half(v: mp.mpf) -> mp.mpf:
    """S½/v of x = y + ½ = 1/v: see ``special.count_half_error``."""
    x = 1 / v
    return x * (mp.loggamma(x + 0.5) - x * mp.log(x) + x - mp.log(2 * mp.pi) / 2)


def stirling_bend(u: mp.mpf) -> mp.mpf:
    """-(2x S'(x) + x^2 S''(x))/u^3 at x = 1/u, in which the leading terms cancel."""
    return (2 * stirling(1)(u) - stirling(2)(u)) / u**2


def erfcx(x: mp.mpf) -> mp.mpf:
    if x > 1e4:
        terms = [(-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(8)]
        return mp.fsum(terms) / (x * mp.sqrt(mp.pi))
    return mp.exp(x * x) * mp.erfc(x)


def expm1mx(x: mp.mpf) -> mp.mpf:
    return (mp.expm1(x) - x) / x**2 if abs(x) > 1e-9 else mp.mpf(0.5) + x / 6


def digamma_rise(y: mp.mpf) -> mp.mpf:
    return (mp.digamma(1 + y) + mp.euler) / y if y > 1e-12 else mp.zeta(2) - mp.zeta(3) * y


def bessel_ratio(x: mp.mpf) -> mp.mpf:
    return mp.besseli(1, x) / mp.besseli(0, x)


def bessel_slope(x: mp.mpf) -> mp.mpf:
    ratio = bessel_ratio(x)
    return 1 - ratio / x - ratio**2


K = mp.mpf(3)  # about the smallest error


def erfcx_rest(t: mp.mpf) -> mp.mpf:
    """p of (x + k) erfcx(x) = k + t p(t), t = x/(x + k)."""
    x = K * t / (1 - t)
    return ((x + K) * erfcx(x) - K) / t


FITS = {
    "STIRLING": (stirling(0), 0, 1, 20, 0.5),
    "STIRLING_1": (stirling(1), 0, 1, 22, 0.5),
    "STIRLING_FROM_2": (stirling(0), 0, 0.5, 14, 0.25),
    "STIRLING_1_FROM_2": (stirling(1), 0, 0.5, 16, 0.25),
    "STIRLING_2": (stirling(2), 0, 1, 24, 0.5),
    "STIRLING_3": (stirling(3), 0, 1, 23, 0.5),
    "STIRLING_BEND": (stirling_bend, 0, 1, 24, 0.5),
    "COUNT_HALF": (count_half, 0, mp.mpf(2) / 3, 16, 0.25),
    "LOG_FACTORIAL": (lambda y: mp.loggamma(1 + y) / y + 1, 0, 1, 18, 0.5),
    "DIGAMMA_RISE": (digamma_rise, 0, 1, 20, 0.5),
    "ATANH": (lambda w: (mp.atanh(mp.sqrt(w)) / mp.sqrt(w) - 1) / w, 0, 0.04, 6),
    "EXPM1MX": (
        lambda x: (mp.expm1(x) - x) / x**2 if abs(x) > 1e-9 else mp.mpf(0.5) + x / 6,
        -0.26,
        0.26,
        8,
    ),
    "EXP_REST": (lambda x: mp.fsum(x**k / mp.factorial(k + 3) for k in range(40)), -1, 1, 12),
    "EXPM1": (lambda x: mp.expm1(-x) / -x, 0, 0.7, 9),
    "SIN": (lambda w: mp.sin(mp.sqrt(w)) / mp.sqrt(w), 0, mp.pi**2 / 4, 8),
    "COS": (lambda w: (1 - mp.cos(mp.sqrt(w))) / w, 0, mp.pi**2 / 4, 7),
    "I0": (lambda w: (mp.hyp0f1(1, w / 4) - 1) / w, 0, 256, 19),
    "I1": (lambda w: mp.hyp0f1(2, w / 4) / 2, 0, 256, 19),
    "I0E": (lambda t: mp.exp(-1 / t) * mp.besseli(0, 1 / t) / mp.sqrt(t), 0, 1 / 16, 12, 1 / 32),
    "GAP": (lambda t: (1 - bessel_ratio(1 / t)) / t, 0, 1 / 16, 12, 1 / 32),
    "SLOPE": (lambda t: bessel_slope(1 / t) / t**2, 0, 1 / 16, 13, 1 / 32),
    "ERFCX": (erfcx_rest, 0, 1, 20, 0.5),
}

if __name__ == "__main__":
    for name, arguments in FITS.items():
        coefficients, error, growth = fit(*arguments)
        print(f"# degree {len(coefficients) - 1}, relative error {error:.1e}, growth {growth:.2g}")
        print(f"{name} = (", *(f"    {c!r}," for c in coefficients), ")", sep="\n", flush=True)
