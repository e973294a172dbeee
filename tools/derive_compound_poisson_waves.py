r"""Derive the series of ``_math/compound_poisson/waves.py``, exactly, and print it.

The integral of ``density.py`` over real j = J (1 + t) is, with (1 + t) log(1 + t) − t = s²/2 and V/c = (1 + ν) J,

.. math:: \Big(\frac{V}{2\pi}\Big)^{1/2} \Big(\frac{V}{2\pi c}\Big)^{1/2} \int e^{-s^2 V/2c}
          \exp(-S(j) - S(j\nu)) \frac{dt}{ds}\, ds.

S is a series in odd powers of 1/j. Of 1/J and 1/(νJ) the sum is 1/V and the product c/V²; the mean of s²ⁱ is
1 · 3 · … · (2i − 1) (c/V)ⁱ.

    python tools/derive_compound_poisson_waves.py
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

#: The last power of 1/V.
LAST = 7

#: Coefficients by the powers of s, of 1/V and of c. A power of s counts as half of one of 1/V, as its mean does.
Terms = dict[tuple[int, int, int], Fraction]
ONE: Terms = {(0, 0, 0): Fraction(1)}


def plus(a: Terms, b: Terms, factor: Fraction = Fraction(1)) -> Terms:
    found = dict(a)
    for powers, value in b.items():
        found[powers] = found.get(powers, Fraction(0)) + factor * value
    return {powers: value for powers, value in found.items() if value}


def times(a: Terms, b: Terms) -> Terms:
    found: Terms = {}
    for (n, i, k), x in a.items():
        for (m, j, l), y in b.items():
            if n + m + 2 * (i + j) <= 2 * LAST:
                powers = n + m, i + j, k + l
                found[powers] = found.get(powers, Fraction(0)) + x * y
    return found


def composed(a: Terms, coefficients: list[Fraction]) -> Terms:
    """Σ cₙ aⁿ"""
    found: Terms = {}
    for c in reversed(coefficients):
        found = plus(times(found, a), ONE, c)
    return found


def of_s(coefficients: list[Fraction]) -> Terms:
    return {(n, 0, 0): c for n, c in enumerate(coefficients) if c}


def moved() -> list[Fraction]:
    """t as a series in s, of t′ log(1 + t) = s: t and log(1 + t) side by side."""
    t, log = [Fraction(0), Fraction(1)], [Fraction(0), Fraction(1)]
    for n in range(2, 2 * LAST + 2):
        # (1 + t) (log(1 + t))′ = t′ and t′ log(1 + t) = s, but for what is new in each.
        known = sum(((i + 1) * log[i + 1] * t[n - 1 - i] for i in range(n - 1)), Fraction(0)) / n
        product = sum(((i + 1) * t[i + 1] * log[n - i] for i in range(1, n - 1)), Fraction(0))
        t.append((known - product) / (n + 1))
        log.append(t[n] - known)
    return t


def stirling() -> list[Fraction]:
    """B₂ₖ/(2k (2k − 1)) of k = 1, 2, …"""
    bernoulli = [Fraction(1)]
    for m in range(1, LAST + 2):
        below = sum((comb(m + 1, k) * bernoulli[k] for k in range(m)), Fraction(0))
        bernoulli.append(-below / (m + 1))
    return [bernoulli[k] / (k * (k - 1)) for k in range(2, LAST + 2, 2)]


def derived() -> list[list[Fraction]]:
    """Of each power of 1/V from the first the coefficients of 1, c, c², …"""
    t = moved()
    shrunk = composed(of_s(t[: 2 * LAST + 1]), [Fraction((-1) ** n) for n in range(2 * LAST + 1)])
    # J⁻ⁿ + (νJ)⁻ⁿ from the two before
    sums: list[Terms] = [{(0, 0, 0): Fraction(2)}, {(0, 1, 0): Fraction(1)}]
    for _ in range(LAST):
        product = times({(0, 2, 1): Fraction(1)}, sums[-2])
        sums.append(plus(times({(0, 1, 0): Fraction(1)}, sums[-1]), product, Fraction(-1)))
    exponent: Terms = {}
    power = shrunk
    for k, value in enumerate(stirling()):
        exponent = plus(exponent, times(sums[2 * k + 1], power), -value)
        power = times(times(power, shrunk), shrunk)
    factorials = [Fraction(1)]
    for n in range(1, LAST + 1):
        factorials.append(factorials[-1] / n)
    slope = of_s([(n + 1) * t[n + 1] for n in range(2 * LAST + 1)])
    mean: Terms = {}
    for (n, i, k), value in times(composed(exponent, factorials), slope).items():
        if n % 2 == 0:
            for odd in range(1, n, 2):
                value *= odd
            mean = plus(mean, {(0, i + n // 2, k + n // 2): value})
    logarithm = composed(
        plus(mean, ONE, Fraction(-1)),
        [Fraction(0), *(Fraction((-1) ** (n + 1), n) for n in range(1, LAST + 1))],
    )
    zero = Fraction(0)
    return [[logarithm.get((0, m, k), zero) for k in range(m + 1)] for m in range(1, LAST + 1)]


if __name__ == "__main__":
    for coefficients in derived():
        print(f"    ({', '.join(repr(float(c)) for c in coefficients)}),")
