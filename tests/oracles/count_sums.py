"""Probabilities of the first counts in mpmath, from the one of 0 on: what is between two bounds is a sum of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mpmath import mp


def first_probabilities(name: str, theta: Sequence[Any], most: int) -> list[Any]:
    """p(0), …, p(most)"""
    m = theta[0]
    if name == "generalisedpoisson":
        rate, branch = m / (1 + theta[1]), theta[1] / (1 + theta[1])
        found, power = [], mp.exp(-rate)  # e^(−λ − θj)/j!
        for j in range(most + 1):
            found.append(rate * (rate + branch * j) ** (j - 1) * power)
            power *= mp.exp(-branch) / (j + 1)
        return found
    if name == "poisson":
        p, step = mp.exp(-m), lambda j: m / j
    elif name == "geometric":
        p, step = 1 / (1 + m), lambda j: m / (1 + m)
    else:
        s = theta[1] if name == "negativebinomial" else m / theta[1]
        p, step = (s / (s + m)) ** s, lambda j: m / (s + m) * (s + j - 1) / j
    found = [p]
    for j in range(1, most + 1):
        found.append(found[-1] * step(j))
    return found


def above(name: str, theta: Sequence[Any], low: int) -> Any:
    """P(Y > low): 1 less the others, or where that has lost its digits the sum of all of which anything is left."""
    whole = 1 - mp.fsum(first_probabilities(name, theta, low))
    if whole > mp.mpf(10) ** (-mp.dps // 2):
        return whole
    more = 60
    while True:
        p = first_probabilities(name, theta, low + more)[low + 1 :]
        if p[-1] < mp.eps * p[0]:
            return mp.fsum(p)
        more *= 2
