"""Derive the polynomials of ``_math/compound_poisson/smooth.py``, and write them.

What is smooth of r is interpolated at Chebyshev's nodes of each patch, in mpmath's arithmetic; what the terms that are
left out come to, and what their derivatives do, is printed.

    python tools/derive_compound_poisson.py
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import mpmath as mp
import numpy as np

from likely._math.compound_poisson import layout as module
from likely._math.compound_poisson.layout import (
    BY_X,
    FAR,
    FAR_PATCHES,
    LAYOUT,
    PATCHES,
    POWERS,
    WIDTH,
)
from patch_polynomials import patch

DIGITS = 34


@cache
def log_gammas(k: mp.mpf, nu: mp.mpf) -> mp.mpf:
    return mp.loggamma(k + 1) + mp.loggamma(k * nu)


def log_sum(log_j: mp.mpf, nu: mp.mpf) -> mp.mpf:
    """log Σ z^j/(j! Γ(jν)) − J − x, with a step where the terms are many."""
    j = mp.exp(log_j)
    log_z = log_j + nu * mp.log(j * nu)
    step = mp.mpf(1)
    if (1 + nu) * j > 250:
        # A power of 2, so that neighbours take the same k.
        widest = mp.sqrt(j / (1 + nu)) / mp.mpf("2.2")
        step = max(step, mp.ldexp(1, int(mp.floor(mp.log(widest, 2)))))
    middle = max(step, step * mp.nint(j / step))
    total, least = mp.mpf(0), None
    for direction, k in ((1, middle), (-1, middle - step)):
        while k > 0:
            log_term = k * log_z - log_gammas(k, nu) - (1 + nu) * j
            least = log_term - 85 if least is None else least
            if log_term < least:
                break
            total += mp.exp(log_term)
            k += direction * step
    return mp.log(step * total)


def remainder(log_j: mp.mpf, nu: mp.mpf) -> mp.mpf:
    """r"""
    log_v = log_j + mp.log(nu / (1 + nu))
    return log_sum(log_j, nu) - (log_v - mp.log(2 * mp.pi)) / 2


def far(number: int, u: mp.mpf, t: mp.mpf) -> mp.mpf:
    """r/u"""
    share = (1 - mp.sqrt(1 - (number + (1 + t) / 2) / FAR_PATCHES)) / 2
    return remainder(mp.log(FAR / u / share), share / (1 - share)) / u


def of_strip(k: int, u: mp.mpf, t: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """ν, and log J less q."""
    nu = mp.expm1(WIDTH * (k + (1 + t) / 2))
    return nu, -mp.log(nu) if k < BY_X else mp.mpf(0)


def below(k: int, u: mp.mpf, t: mp.mpf) -> mp.mpf:
    """log W/(νz) less z, where q is log x, or log W Γ(1 + ν)/(νz) less Stirling's error of ν."""
    nu, shift = of_strip(k, u, t)
    log_j = LAYOUT[k].low + mp.log(u) / (1 + nu) + shift
    log_x = log_j + mp.log(nu)
    j, log_z = mp.exp(log_j), log_j + nu * log_x
    value = log_sum(log_j, nu) + (1 + nu) * j - log_z - mp.log(nu)
    if k < BY_X:
        return value - mp.exp(log_z)
    return value + nu * mp.log(nu) - nu + mp.log(2 * mp.pi * nu) / 2


def between(k: int, i: int, u: mp.mpf, t: mp.mpf) -> mp.mpf:
    """r"""
    nu, shift = of_strip(k, u, t)
    return remainder(LAYOUT[k].low + LAYOUT[k].step * (i + (1 + u) / 2) + shift, nu)


@mp.workdps(DIGITS)
def derived(number: int) -> tuple[np.ndarray, list[float]]:
    """Of one patch."""
    if number < FAR_PATCHES:  # r itself, which u = 0 makes 0
        return patch(lambda u, t: far(number, u, t), True, POWERS, lowest=1)
    k = max(k for k, strip in enumerate(LAYOUT) if strip.first <= number)
    i = number - LAYOUT[k].first - 1
    if i < 0:
        return patch(lambda u, t: below(k, u, t), True, POWERS)
    return patch(lambda u, t: between(k, i, u, t), False, POWERS)


if __name__ == "__main__":
    tables = []
    for number in range(PATCHES):
        table, left_out = derived(number)
        tables.append(table)
        print(number, *(f"{x:.1e}" for x in left_out), flush=True)
    np.save(Path(module.__file__).with_suffix(".npy"), np.array(tables))
