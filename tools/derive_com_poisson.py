"""Derive the polynomials of ``_math/com_poisson/smooth.py``, and write them.

What is smooth of the loss is interpolated at Chebyshev's nodes of each patch, in mpmath's arithmetic; what the terms
that are left out come to, and what their derivatives do, is printed.

    python tools/derive_com_poisson.py
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import mpmath as mp
import numpy as np

import double_double
from double_double import Pair, pair
from likely._math.com_poisson import layout as module
from likely._math.com_poisson.layout import (
    BEND,
    FAR_MASS,
    FAR_NU,
    FIRST,
    LAYOUT,
    LOWEST,
    MEANS,
    OWN_LOWEST,
    OWN_WIDTH,
    PATCHES,
    POWERS,
    WIDTH,
    Means,
)
from patch_polynomials import patch

DIGITS = 34
#: Terms below e to this of the largest are left out.
DEPTH = -60
#: Of terms, after the point; and terms smaller than their sum by a factor of 2 to this are left out.
BITS, LAST = 160, 87
HALF = mp.mpf(1) / 2
#: From this mean on and below this ν many j matter, of which places that grow stand for most.
LONG_MEAN, LONG_NU = 5.0, 0.016


@cache
def falls(nu: mp.mpf) -> list[int]:
    """(j + 1)^−ν in units of 2^−``BITS``, of as many j as have been asked for."""
    return []


def legendre(m: mp.mpf, nu: mp.mpf) -> mp.mpf:
    """Φ = log Σ λ^j/(j!)^ν − m log λ, which no λ makes less: the first digits of log λ are enough."""
    known = falls(nu)
    log_rate = mp.mpf(rough(float(m), float(nu)))
    # The first term is the least of those below the peak: in whole numbers nothing is lost, and they are fast.
    rate, term, total, j = whole(mp.exp(log_rate)), 1 << BITS, 0, 0
    while True:
        total += term
        if j > m and term << LAST < total:
            return mp.log(mp.ldexp(total, -BITS)) - m * log_rate
        if j == len(known):
            known.append(whole(mp.exp(-nu * mp.log(j + 1))))
        term = term * rate * known[j] >> 2 * BITS
        j += 1


def whole(x: mp.mpf) -> int:
    """In units of 2^−``BITS``."""
    return int(mp.ldexp(x, BITS))


def rough(m: float, nu: float) -> float:
    """log λ in float64."""
    j = np.arange(m + 40 * min(np.sqrt((m + 1) / nu) + 1, m + 1))
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(j[1:]))])
    return solved(m, j, -nu * log_factorial, start(m, nu))


def start(m: float, nu: float) -> float:
    """About log λ."""
    return float(np.log(m) - (1 - nu) * np.log(m + 0.5))


def solved(m: float, j: np.ndarray, fixed: np.ndarray, first: float) -> float:
    """log λ, of terms e^(j log λ + fixed), from about where it is."""
    found = first
    for _ in range(50):
        heights = j * found + fixed
        p = np.exp(heights - heights.max())
        up, down = p * np.maximum(j - m, 0.0), p * np.maximum(m - j, 0.0)
        off = np.log(up.sum() / down.sum())
        found -= off / ((j @ up) / up.sum() - (j @ down) / down.sum())
        if abs(off) < 1e-10:  # the step has taken the square of that
            break
    return float(found)


@lru_cache(maxsize=2)
def places(mass: float, low: float, high: float) -> tuple[Pair, Pair, Pair]:
    """j, log j! and the logarithms of widths of places that grow, for νY ≤ mass and means between low and high.

    As in ``_math/com_poisson/digits.py``.
    """
    rate = 1 / (mp.mpf("4.6") + mp.mpf("1.3") * mp.mpf(mass) ** mp.mpf("0.47")) * 37 / -DEPTH
    grown = mp.exp(DEPTH) * low / rate
    count = int(mp.log(1 - 2 * DEPTH * high / grown) / rate) + 2
    growth = [grown * mp.exp(rate * u) for u in range(count)]
    j = [u + g - grown for u, g in enumerate(growth)]
    widths = [mp.log1p(rate * g) for g in growth]
    return pair(j), pair([mp.loggamma(v + 1) for v in j]), pair(widths)


def long_legendre(m: mp.mpf, nu: mp.mpf, *over: float) -> mp.mpf:
    """Φ by places that grow."""
    j, log_factorial, widths = places(*over)
    fixed = log_factorial * pair(-nu) + widths
    log_rate = mp.mpf(solved(float(m), j.high, fixed.high, start(float(m), float(nu))))
    exponents = j * pair(log_rate) + fixed
    top = float(exponents.high.max())
    return mp.log(double_double.exp(exponents + pair(mp.mpf(-top))).total()) + top - m * log_rate


def far(u: mp.mpf, t: mp.mpf) -> mp.mpf:
    """F/u"""
    share = (1 + t) / 2
    nu = mp.sqrt(FAR_MASS / FAR_NU * share / (1 - share))
    y = (FAR_NU * nu + FAR_MASS / nu) / u
    spread = mp.sqrt(y / nu)
    # Whole j, or steps, from the middle outwards: above the peak falls are less steep.
    step = mp.mpf(1) if spread < 4 else spread / 2
    middle = mp.floor(y) if step == 1 else y - HALF
    log_y, places = mp.log(y), []
    for direction, j in ((1, middle), (-1, middle - step)):
        while j >= 0:
            rise = mp.loggamma(j + 1) - (j + HALF) * log_y + y - mp.log(2 * mp.pi) / 2
            if -nu * rise < DEPTH - 20:
                break
            places.append((j + HALF - y, nu * rise))
            j += direction * step
    tau = mp.mpf(0)
    for _ in range(8):
        weights = [mp.exp(a * tau - fall) for a, fall in places]
        total = mp.fsum(weights)
        mean = mp.fsum(w * a for w, (a, _) in zip(weights, places, strict=True)) / total
        square = mp.fsum(w * a * a for w, (a, _) in zip(weights, places, strict=True)) / total
        tau -= mean / (square - mean * mean)
    total = mp.fsum(mp.exp(a * tau - fall) for a, fall in places)
    return (mp.log(step * total) - mp.log(2 * mp.pi * y / nu) / 2) / u


def of_strip(k: int, i: int, u: mp.mpf, t: mp.mpf) -> mp.mpf:
    """G, over u² in the first patch of a strip."""
    nu, top = nu_of(k, t), float(nu_of(k, mp.mpf(1)))
    q = LAYOUT[k].step * (i + u)
    m = mp.expm1(q) / 2
    y = m + HALF
    outside = m * (nu + mp.log(1 / m)) + (1 - nu) * (
        y * mp.log(y) + mp.log(2) / 2 + q * mp.log(2) / 2
    )
    low, high = (float(mp.expm1(LAYOUT[k].step * v) / 2) for v in (i, i + 1))
    if low < LONG_MEAN or top > LONG_NU:
        value = legendre(m, nu) - outside
    else:
        value = long_legendre(m, nu, top * (high + 1.0), low, high) - outside
    return value if i else value / u**2


@lru_cache(maxsize=32)
def weights(k: int, nu: mp.mpf) -> tuple[list[int], list[int]]:
    """e^(−νg) of k, k + 1, … and of k − 1, k − 2, …, with g of ``_math/com_poisson/atoms.py``, where it is 0 of k."""
    sides = []
    for counts, sign in ((range(k + 1, 10 * k), 1), (range(k, 0, -1), -1)):
        side, growth = [], mp.mpf(0)
        for j in counts:
            growth += sign * mp.log(mp.mpf(j) / (k + 1))
            side.append(whole(mp.exp(-nu * growth)))
            if side[-1] >> (BITS - LAST) == 0:
                break
        sides.append(side)
    return [whole(mp.mpf(1)), *sides[0]], sides[1]


def few_legendre(k: int, part: mp.mpf, nu: mp.mpf) -> mp.mpf:
    """Φ of the mean k + part, by counts about it."""
    above, below = weights(k, nu)
    j = np.arange(-len(below), len(above), dtype=float)
    heights = np.log(np.array([*map(float, [*reversed(below), *above])])) - BITS * np.log(2.0)
    tau = solved(float(part), j, heights, 0.0)
    up, down, ups, downs = whole(mp.exp(mp.mpf(tau))), whole(mp.exp(-mp.mpf(tau))), 0, 0
    for weight in reversed(above):
        ups = weight + (ups * up >> BITS)
    for weight in reversed(below):
        downs = (weight + downs) * down >> BITS
    return mp.log(mp.ldexp(ups + downs, -BITS)) - part * tau


def of_means(means: Means, i: int, u: mp.mpf, t: mp.mpf) -> mp.mpf:
    """F of the means of one k."""
    step, piece = divmod(i, means.parts)
    step, k = step + means.begin, means.k
    nu = mp.exp(mp.mpf(OWN_LOWEST) + mp.mpf(OWN_WIDTH) * (step + (1 + t) / 2))
    part = (piece + u) / means.parts
    y = k + part + HALF
    normal = nu * (y * mp.log(y) - y) + (mp.log(nu / y) - (1 - nu) * mp.log(2 * mp.pi)) / 2
    return few_legendre(k, part, nu) - nu * (mp.loggamma(k + 1) + part * mp.log(k + 1)) + normal


def nu_of(k: int, t: mp.mpf) -> mp.mpf:
    """ν of t in a strip."""
    share = (1 + t) / 2
    if k == 0:
        return LOWEST * share
    return mp.lambertw(BEND * mp.exp(FIRST + WIDTH * (k - 1 + share))).real / BEND


@mp.workdps(DIGITS)
def derived(number: int) -> tuple[np.ndarray, list[float]]:
    """Of one patch."""
    if number == 0:
        return patch(far, True, POWERS, lowest=1)
    if number >= MEANS[0].first:
        means = next(m for m in reversed(MEANS) if m.first <= number)
        return patch(lambda u, t: of_means(means, number - means.first, u, t), True, POWERS)
    k = max(k for k, strip in enumerate(LAYOUT) if strip.first <= number)
    i = number - LAYOUT[k].first
    return patch(lambda u, t: of_strip(k, i, u, t), True, POWERS, lowest=0 if i else 2)


if __name__ == "__main__":
    tables = []
    for number in range(PATCHES):
        table, left_out = derived(number)
        tables.append(table)
        print(number, *(f"{x:.1e}" for x in left_out), flush=True)
    np.save(Path(module.__file__).with_suffix(".npy"), np.array(tables))
