"""Conway and Maxwell's Poisson by its mean with as many digits as mpmath is set to, for what is printed and checked.

The sums run over whole numbers; where these are too many, with steps over a peak of which 0 is no part, or over places
that are whole numbers near 0 and grow from there (``_math/com_poisson/atoms.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp

#: More whole numbers than this are not summed one by one where steps will do, or where places that grow are fewer.
_MANY, _MOST = 500, 4000
_NEWTON = 100
#: What Newton's method in float64 leaves to the one with many digits.
_CLOSE = 1e-13
#: Digits more than asked for.
_GUARD = 12


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
    peak = mass > depth + 10
    if high + min(back, k) <= (_MANY if peak else _MOST):
        places = [(mp.mpf(i), step) for i in range(-int(min(back, k)), int(high) + 1)]
    elif peak:
        step = spread * mp.sqrt(2) * mp.pi / mp.sqrt(depth)
        places = [(i * step, step) for i in range(-int(min(back, k) / step), int(high / step) + 1)]
    else:
        places = _growing(m, k, mass, high, depth)
    rows, widths, log_x = [], [], mp.log(x)
    for a, width in places:
        log_factorial = _log_factorial(k + a, mp.prec)
        rows.append((a, k + a - m, log_factorial, n * (log_factorial - a * log_x)))
        widths.append(width)
    tau = _near(rows, widths, -mp.log1p(1 / m) if n < 2 else mp.mpf(0))
    top = max(a * tau - fall for a, _, _, fall in rows)
    weights = [w * mp.exp(-fall - top) for w, (_, _, _, fall) in zip(widths, rows, strict=True)]
    # On the logarithms of both sides of the mean, which are nearly linear in τ.
    for _ in range(_NEWTON):
        p = _tilted(places, weights, tau)
        moments = [w * away for w, (_, away, _, _) in zip(p, rows, strict=True)]
        up = mp.fsum(v for v in moments if v > 0)
        down = mp.fsum(v for v in moments if v < 0)
        slopes = [
            mp.fsum(v * a for v, (a, _, _, _) in zip(moments, rows, strict=True) if side * v > 0)
            for side in (1, -1)
        ]
        value = mp.log(-up / down)
        tau -= value / (slopes[0] / up - slopes[1] / down)
        if abs(value) < mp.sqrt(mp.eps):
            break
    p = _tilted(places, weights, tau)
    total = mp.fsum(p)

    def mean(values: Iterable[Any]) -> Any:
        return mp.fsum(w * value for w, value in zip(p, values, strict=True)) / total

    log_rate = tau + n * log_x
    return Sums(
        log_rate,
        mp.log(total) + top + k * log_rate,
        mean(log_factorial for _, _, log_factorial, _ in rows),
        mean(away * away for _, away, _, _ in rows),
        mean(away * log_factorial for _, away, log_factorial, _ in rows),
    )


def _tilted(places: list[tuple[Any, Any]], weights: list[Any], tau: Any) -> list[Any]:
    """The weights times e^(τa); where places are equally far from each other by products, which are far cheaper."""
    if len({width for _, width in places}) > 1:
        return [w * mp.exp(a * tau) for (a, _), w in zip(places, weights, strict=True)]
    factor, power = mp.exp(places[0][1] * tau), mp.exp(places[0][0] * tau)
    found = []
    for w in weights:
        found.append(w * power)
        power *= factor
    return found


def _near(rows: list[tuple[Any, ...]], widths: list[Any], tau: Any) -> Any:
    """τ to the digits of float64, where those hold it; else as given."""
    a, away, fall, width = (
        np.array([float(v) for v in column])
        for column in (*([row[i] for row in rows] for i in (0, 1, 3)), widths)
    )
    found = float(tau)
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON):
            heights = a * found - fall
            side = width * np.exp(heights - heights.max()) * away
            up, down = side[away > 0.0], -side[away < 0.0]
            value = np.log(up.sum() / down.sum())
            rise = (up * a[away > 0.0]).sum() / up.sum() - (down * a[away < 0.0]).sum() / down.sum()
            found -= value / rise
            if abs(value) < _CLOSE:
                break
    return mp.mpf(found) if np.isfinite(found) else tau


def _growing(m: Any, k: Any, mass: Any, high: Any, depth: Any) -> list[tuple[Any, Any]]:
    """The places less k, j(u) = u + C(eʳᵘ − 1), and their widths; r is right for e^−37 and C lost beside it."""
    rate = 1 / (mp.mpf("4.6") + mp.mpf("1.3") * mp.exp(mp.mpf("0.47") * mp.log(mass)))
    rate *= 37 / depth
    grown = mp.exp(-depth) * m / rate
    most = int(mp.log((k + high) / grown + 1) / rate) + 2
    growth = [grown * mp.exp(rate * u) for u in range(most)]
    return [(u + g - grown - k, 1 + rate * g) for u, g in enumerate(growth)]


@lru_cache(maxsize=1 << 14)
def _log_factorial(j: Any, precision: int) -> Any:
    return mp.loggamma(j + 1)


def loss(y: Any, m: Any, n: Any, log_m: Any, log_n: Any) -> Any:
    """−log p(y)"""
    # What cancels is of the size of ν log y!; differences of a loss that does not change shall be 0.
    with mp.extradps(_GUARD):
        found = sums(m, n)
        value = n * mp.loggamma(y + 1) + found.log_total - y * found.log_rate
    return +value
