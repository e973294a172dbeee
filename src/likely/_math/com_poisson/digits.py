"""Conway and Maxwell's Poisson by its mean with as many digits as mpmath is set to, for what is printed and checked.

The sums run over whole numbers; where these are too many, with steps over a peak of which 0 is no part, or over places
that are whole numbers near 0 and grow from there (``_math/com_poisson/atoms.py``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp

#: More whole numbers than this are not summed one by one where steps will do, or where places that grow are fewer.
_MANY, _MOST = 500, 4000
_NEWTON = 100
#: What Newton's method in float64 leaves to the one with many digits.
_CLOSE = 1e-13
#: The share of half of the digits that the last step has, of which places are many standard deviations away.
_LAST = 1e-3
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
    low = -min(mp.ceil(spread * mp.sqrt(2 * depth)) + 3, k)
    peak = mass > depth + 10
    step = mp.mpf(1)
    if high - low > (_MANY if peak else _MOST):
        step = spread * mp.sqrt(2) * mp.pi / mp.sqrt(depth) if peak else mp.mpf(0)
    if step:
        first = mp.ceil(low / step)
        terms = _equal(k, n, step, first, int(high / step - first) + 1, precision)
    else:
        terms = _grown(k, n, *_rule(m, mass, k + high, depth), precision)
    places, log_factorials, _, weights = terms
    away = [k + a - m for a in places]
    beyond = next(i for i, v in enumerate(away) if v > 0)
    tau = _near(terms, away, -mp.log1p(1 / m) if n < 2 else mp.mpf(0))
    # On the logarithms of both sides of the mean, which are nearly linear in τ.
    for _ in range(_NEWTON):
        p = _tilted(places, step, weights, tau)
        moments = _times(p, away)
        lines = _times(moments, places)
        down, up = sum(moments[:beyond]), sum(moments[beyond:])
        value = mp.log(-up / down)
        change = value / (sum(lines[beyond:]) / up - sum(lines[:beyond]) / down)
        tau -= change
        if abs(value) < _LAST * mp.sqrt(mp.eps):
            break
    # What is left is a straight line.
    p = [w - w * (a * change) for w, a in zip(p, places, strict=True)]
    moments, total = _times(p, away), sum(p)
    log_rate = tau + n * mp.log(x)
    return Sums(
        log_rate,
        mp.log(total * (step or 1)) + k * log_rate,
        sum(_times(p, log_factorials)) / total,
        sum(_times(moments, away)) / total,
        sum(_times(moments, log_factorials)) / total,
    )


def _times(one: list[Any], other: list[Any]) -> list[Any]:
    return [a * b for a, b in zip(one, other, strict=True)]


def _tilted(places: list[Any], step: Any, weights: list[Any], tau: Any) -> list[Any]:
    """The weights times e^(τa); where places are equally far from each other by products, which are far cheaper."""
    if not step:
        return [w * mp.exp(a * tau) for a, w in zip(places, weights, strict=True)]
    factor, power = mp.exp(step * tau), mp.exp(places[0] * tau)
    found = []
    for w in weights:
        found.append(w * power)
        power *= factor
    return found


def _near(terms: _Terms, away: list[Any], tau: Any) -> Any:
    """τ to the digits of float64, where those hold it; else as given."""
    a, apart, logs = (
        np.array([float(v) for v in column]) for column in (terms.places, away, terms.logs)
    )
    found = float(tau)
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON):
            heights = a * found + logs
            side = np.exp(heights - heights.max()) * apart
            up, down = side[apart > 0.0], -side[apart < 0.0]
            value = np.log(up.sum() / down.sum())
            rise = (up * a[apart > 0.0]).sum() / up.sum()
            found -= value / (rise - (down * a[apart < 0.0]).sum() / down.sum())
            if abs(value) < _CLOSE:
                break
    return mp.mpf(found) if np.isfinite(found) else tau


class _Terms(NamedTuple):
    """What of a sum's terms does not depend on τ: places less k, log j!, and weights and their logarithms."""

    places: list[Any]
    log_factorials: list[Any]
    logs: list[Any]
    weights: list[Any]


@lru_cache(maxsize=16)
def _equal(k: Any, n: Any, step: Any, first: Any, count: int, precision: int) -> _Terms:
    """Places equally far from each other."""
    places = [(first + i) * step for i in range(count)]
    log_factorials = [_log_factorial(k + a, precision) for a in places]
    logs = [n * g for g in _falls(k, places, log_factorials)]
    return _Terms(places, log_factorials, logs, [mp.exp(v) for v in logs])


@lru_cache(maxsize=8)
def _grown(k: Any, n: Any, rate: Any, grown: Any, count: int, precision: int) -> _Terms:
    """The places j(u) = u + C(eʳᵘ − 1), with their widths."""
    places, log_factorials, falls, widths = _places(k, rate, grown, count, precision)
    logs = [n * g + w for g, w in zip(falls, widths, strict=True)]
    return _Terms(places, log_factorials, logs, [mp.exp(v) for v in logs])


@lru_cache(maxsize=4)
def _places(k: Any, rate: Any, grown: Any, count: int, precision: int) -> tuple[list[Any], ...]:
    """The same less k, log j!, the logarithms of what ν is the power of, and of widths."""
    growth = [grown * mp.exp(rate * u) for u in range(count)]
    places = [u + g - grown - k for u, g in enumerate(growth)]
    log_factorials = [mp.loggamma(k + a + 1) for a in places]
    widths = [mp.log1p(rate * g) for g in growth]
    return places, log_factorials, _falls(k, places, log_factorials), widths


def _falls(k: Any, places: list[Any], log_factorials: list[Any]) -> list[Any]:
    log_x = mp.log(k + 1)
    return [a * log_x - f for a, f in zip(places, log_factorials, strict=True)]


def _rule(m: Any, mass: Any, far: Any, depth: Any) -> tuple[Any, Any, int]:
    """r, C and how many places there are: r is right for e^−37 and C lost beside it.

    Of nearly equal means and ν they are the same, as those of differences, so that these share what is computed.
    """
    mass, m = mp.ldexp(1, int(mp.ceil(mp.log(mass, 2)))), mp.ldexp(1, mp.mag(m) - 1)
    rate = 1 / (mp.mpf("4.6") + mp.mpf("1.3") * mp.exp(mp.mpf("0.47") * mp.log(mass)))
    rate *= 37 / depth
    grown = mp.exp(-depth) * m / rate
    return rate, grown, int(mp.log(far / grown + 1) / rate) + 2


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
