"""Sums over the number of Gamma amounts in a compound Poisson total, with many digits.

``gamma_amounts(log z, ν, a, b, c, d)`` is Σ_j z^j/(j! Γ(jν)) · j^a ψ(jν)^b ψ′(jν)^c ψ″(jν)^d: a derivative of such a
sum is others of them. Where the sum would take too many terms it is taken with a step: of a function as
smooth as this, with standard deviation σ, a sum with step s differs from the integral by e^(−2π²σ²/s²).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mpmath import mp, mpf

from likely._math.atoms import register
from likely._math.graph import make

#: Σ over whole j of (1 + ν) J up to this many times the digits; beyond it with steps.
_ALL = 2.4


def gamma_amounts(
    log_z: Any, nu: Any, a: float = 0, b: float = 0, c: float = 0, d: float = 0
) -> Any:
    """The node of the sum."""
    return make("gamma_amounts", log_z, nu, a, b, c, d)


def _rule(log_z: Any, nu: Any, a: Any, b: Any, c: Any, d: Any, out: Any) -> tuple[Any, ...]:
    a, b, c, d = (v.value for v in (a, b, c, d))
    slope = -gamma_amounts(log_z, nu, a + 1, b + 1, c, d)
    if b:
        slope = slope + b * gamma_amounts(log_z, nu, a + 1, b - 1, c + 1, d)
    if c:
        slope = slope + c * gamma_amounts(log_z, nu, a + 1, b, c - 1, d + 1)
    if d:
        raise NotImplementedError("a fourth derivative")
    return gamma_amounts(log_z, nu, a + 1, b, c, d), slope, 0.0, 0.0, 0.0, 0.0


register("gamma_amounts", _rule)


def evaluate(log_z: mpf, nu: mpf, a: mpf, b: mpf, c: mpf, d: mpf) -> mpf:
    """The sum itself, to the digits that mpmath is set to."""
    powers = [int(v) for v in (a, b, c, d)]
    total = mpf(0)
    for weight, *factors in _terms(log_z, nu, mp.dps):
        for factor, power in zip(factors, powers, strict=True):
            weight *= factor**power
        total += weight
    return total


@lru_cache(maxsize=4)
def _terms(log_z: mpf, nu: mpf, digits: int) -> list[tuple[mpf, ...]]:
    """(z^j/(j! Γ(jν)) times the step, j, ψ(jν), ψ′(jν), ψ″(jν)) outwards from the largest."""
    if not (mp.isfinite(log_z) and nu > 0):
        return []
    peak = mp.exp((log_z - nu * mp.log(nu)) / (1 + nu))
    step = mpf(1)
    if (1 + nu) * peak > _ALL * digits:
        step = max(step, mp.sqrt(peak / (1 + nu)) / (mpf("0.36") * mp.sqrt(digits)))
    start = max(mpf(1), mp.nint(peak))
    smallest = -(digits + 8) * mp.log(10)
    found, largest = [], None
    for direction, j in ((1, start), (-1, start - step)):
        while j > 0:
            x = j * nu
            log_term = j * log_z - mp.loggamma(j + 1) - mp.loggamma(x)
            largest = log_term if largest is None else max(largest, log_term)
            if log_term < largest + smallest:
                break
            found.append((step * mp.exp(log_term), j, *_polygammas(x)))
            j += direction * step
    return found


def _polygammas(x: mpf) -> tuple[mpf, mpf, mpf]:
    """ψ(x), ψ′(x), ψ″(x) together: the sums to a large argument, and there Stirling's series."""
    scale = mp.prec + 20
    whole = max(0, int(0.5 * mp.dps) + 2 - int(min(x, mp.dps)))
    sums = [0, 0, 0]
    first = int(mp.ldexp(x, scale))
    for i in range(1, whole):  # in whole numbers of 2^−scale
        one = (1 << 2 * scale) // (first + (i << scale))
        two = (one * one) >> scale
        for k, term in enumerate((one, two, (two * one) >> scale)):
            sums[k] += term
    zero, one_, two_ = (mp.ldexp(mpf(v), -scale) for v in sums)
    if whole:
        zero, one_, two_ = zero + 1 / x, one_ + 1 / x**2, two_ + 1 / x**3
    z = x + whole
    scale *= 2  # Bernoulli's numbers grow as the powers fall
    power = u = int(mp.ldexp(1 / (z * z), scale))
    series = [0, 0, 0]
    for n, b in enumerate(_bernoulli(scale), 1):  # B₂ₙ z^(−2n), times 1/2n, 1 and 2n + 1
        term = (b * power) >> scale
        if abs(term) >> (scale // 2) == 0:
            break
        for k, factor in enumerate((term // (2 * n), term, (2 * n + 1) * term)):
            series[k] += factor
        power = (power * u) >> scale
    a, b_, c = (mp.ldexp(mpf(v), -scale) for v in series)
    return (
        mp.log(z) - 1 / (2 * z) - a - zero,
        1 / z + 1 / (2 * z * z) + b_ / z + one_,
        -(1 / z**2 + 1 / z**3 + c / z**2) - 2 * two_,
    )


@lru_cache(maxsize=16)
def _bernoulli(scale: int) -> list[int]:
    with mp.workprec(scale + 64):
        return [int(mp.ldexp(mp.bernoulli(2 * n), scale)) for n in range(1, scale // 4)]
