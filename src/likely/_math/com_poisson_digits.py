"""Conway and Maxwell's Poisson by its mean with as many digits as mpmath is set to, for what is printed and checked.

The sums run over whole numbers, or with steps over a peak of which 0 is no part (``_math/com_poisson.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from mpmath import mp

#: More whole numbers than this are not summed one by one where steps will do.
_MANY = 2000
_NEWTON = 100


class Sums(NamedTuple):
    """log λ, log Σ λ^j/(j!)^ν, E log y!, the variance of y and its covariance with log y!."""

    log_rate: Any
    log_total: Any
    mean_log: Any
    variance: Any
    covariance: Any


def sums(m: Any, n: Any) -> Sums:
    """What the mean m and ν decide."""
    return _sums(m, n, mp.prec)


@lru_cache(maxsize=64)
def _sums(m: Any, n: Any, precision: int) -> Sums:
    k, depth = mp.floor(m), (mp.dps + 5) * mp.log(10)
    x = k + 1
    mass, spread = n * x, mp.sqrt(x / n)
    share = depth / mass
    above = x * (share / 3 + mp.sqrt(share * share / 9 + 2 * share))
    high = mp.ceil(min(above, depth / mp.log1p(1 / m))) + 3
    back = mp.ceil(spread * mp.sqrt(2 * depth)) + 3
    step = mp.mpf(1)
    if high + min(back, k) > _MANY and mass > depth + 10:
        step = spread * mp.sqrt(2) * mp.pi / mp.sqrt(depth)
    places = range(-int(min(back, k) / step), int(high / step) + 1)
    rows = []
    for i in places:
        a = i * step
        log_factorial = _log_factorial(k + a, mp.prec)
        rows.append((a, k + a - m, log_factorial, n * (log_factorial - a * mp.log(x))))
    tau = -mp.log1p(1 / m) if n < 2 else mp.mpf(0)
    for _ in range(
        _NEWTON
    ):  # on the logarithms of both sides of the mean, which are nearly linear in τ
        heights = [a * tau - fall for a, _, _, fall in rows]
        top = max(heights)
        p = [mp.exp(h - top) for h in heights]
        up = mp.fsum(w * away for w, (_, away, _, _) in zip(p, rows, strict=True) if away > 0)
        down = -mp.fsum(w * away for w, (_, away, _, _) in zip(p, rows, strict=True) if away < 0)
        slopes = [
            mp.fsum(
                w * away * a for w, (a, away, _, _) in zip(p, rows, strict=True) if side * away > 0
            )
            for side in (1, -1)
        ]
        value = mp.log(up / down)
        tau -= value / (slopes[0] / up + slopes[1] / down)
        if abs(value) < mp.sqrt(mp.eps):
            break
    p = [step * mp.exp(a * tau - fall) for a, _, _, fall in rows]
    total = mp.fsum(p)

    def mean(values: Iterable[Any]) -> Any:
        return mp.fsum(w * value for w, value in zip(p, values, strict=True)) / total

    log_rate = tau + n * mp.log(x)
    return Sums(
        log_rate,
        mp.log(total) + k * log_rate,
        mean(log_factorial for _, _, log_factorial, _ in rows),
        mean(away * away for _, away, _, _ in rows),
        mean(away * log_factorial for _, away, log_factorial, _ in rows),
    )


@lru_cache(maxsize=1 << 14)
def _log_factorial(j: Any, precision: int) -> Any:
    return mp.loggamma(j + 1)


def loss(y: Any, m: Any, n: Any, log_m: Any, log_n: Any) -> Any:
    """−log p(y)"""
    found = sums(m, n)
    return n * mp.loggamma(y + 1) + found.log_total - y * found.log_rate
