"""Numbers of 31 digits as sums of two: arrays (…) of what float64 has of them, and of what is left."""

from __future__ import annotations

import math
from typing import NamedTuple

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

_SPLIT = 2.0**27 + 1.0
#: The argument of the exponential's series is at most 2^−``_HALVED`` log 2/2.
_HALVED, _TERMS = 4, 18


class Pair(NamedTuple):
    """high + low, of which high is the nearest."""

    high: NDArray[np.float64]
    low: NDArray[np.float64]

    def __add__(self, other: Pair) -> Pair:  # type: ignore[override]
        high, low = _sum(self.high, other.high)
        return _near(high, low + (self.low + other.low))

    def __mul__(self, other: Pair) -> Pair:  # type: ignore[override]
        high, low = _product(self.high, other.high)
        return _near(high, low + (self.high * other.low + self.low * other.high))

    def scaled(self, factor: float) -> Pair:
        """Times a power of 2."""
        return Pair(self.high * factor, self.low * factor)

    def total(self) -> mp.mpf:
        """The sum of all."""
        return mp.fsum(map(mp.mpf, self.high)) + mp.fsum(map(mp.mpf, self.low))


def pair(values: list[mp.mpf] | mp.mpf) -> Pair:
    """Of numbers with more digits than float64 has."""
    values = values if isinstance(values, list) else [values]
    high = np.array([float(v) for v in values])
    return Pair(high, np.array([float(v - h) for v, h in zip(values, high.tolist(), strict=True)]))


def exp(x: Pair) -> Pair:
    """e^x of x ≤ 0; 0 from −700 on."""
    n = np.round(x.high / math.log(2.0))
    step = pair(-mp.log(2))
    r = x + Pair(n, np.zeros_like(n)) * step
    r = r.scaled(2.0**-_HALVED)
    found = pair(mp.mpf(0))
    for k in range(_TERMS, 0, -1):  # e^r − 1
        found = r * (pair(mp.mpf(1)) + found) * pair(mp.mpf(1) / k)
    for _ in range(_HALVED):
        found = found * (pair(mp.mpf(2)) + found)
    found = found + pair(mp.mpf(1))
    power = np.where(x.high < -700.0, 0.0, np.exp2(np.maximum(n, -1020.0)))
    return Pair(found.high * power, found.low * power)


def _near(high: NDArray[np.float64], low: NDArray[np.float64]) -> Pair:
    total = high + low
    return Pair(total, low - (total - high))


def _sum(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def _product(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    high_a, high_b = ((_SPLIT * v) - (_SPLIT * v - v) for v in (a, b))
    low_a, low_b = a - high_a, b - high_b
    product = a * b
    return product, ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b
