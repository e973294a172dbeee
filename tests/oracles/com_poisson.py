"""Conway and Maxwell's Poisson with a given mean, with many digits.

``com_poisson_moment(m, ν, a, b)`` is E (y − m)^a (log y! − E log y!)^b: a derivative of such a moment is others
of them, and so are those of log λ, of the logarithm of Σ λ^j/(j!)^ν and of E log y!. Where the sum would take too
many terms it is taken with steps, or over places that grow, and to fewer digits, yet so that they grow with
those that are asked for: that they agree says that the steps are small enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mpmath import mp, mpf

from likely._math.atoms import register
from likely._math.graph import make

#: The most whole numbers that are summed one by one.
_MOST = 2500


def moment(m: Any, n: Any, a: int, b: int) -> Any:
    """The node of a central moment; those that are 0 or 1 are numbers."""
    if a + b == 1:
        return 0.0
    return 1.0 if a + b == 0 else make("com_poisson_moment", m, n, a, b)


def _moment_rule(m: Any, n: Any, a: Any, b: Any, out: Any) -> tuple[Any, ...]:
    a, b = int(a.value), int(b.value)
    v, c = moment(m, n, 2, 0), moment(m, n, 1, 1) / moment(m, n, 2, 0)
    by_m = moment(m, n, a + 1, b) / v
    by_n = c * moment(m, n, a + 1, b) - moment(m, n, a, b + 1)
    if a:
        by_m = by_m - a * moment(m, n, a - 1, b)
    if b:
        lower = b * moment(m, n, a, b - 1)
        by_m = by_m - c * lower
        by_n = by_n + (moment(m, n, 0, 2) - c * moment(m, n, 1, 1)) * lower
    return by_m, by_n, 0.0, 0.0


def log_rate(m: Any, n: Any) -> Any:
    """log λ"""
    return make("com_poisson_log_rate", m, n)


def log_total(m: Any, n: Any) -> Any:
    """log Σ λ^j/(j!)^ν"""
    return make("com_poisson_log_total", m, n)


def _mean_log(m: Any, n: Any) -> Any:
    return make("com_poisson_mean_log", m, n)


def _slope(m: Any, n: Any) -> Any:
    return moment(m, n, 1, 1) / moment(m, n, 2, 0)


register("com_poisson_moment", _moment_rule)
register("com_poisson_log_rate", lambda m, n, out: (1.0 / moment(m, n, 2, 0), _slope(m, n)))
register(
    "com_poisson_log_total",
    lambda m, n, out: (m / moment(m, n, 2, 0), m * _slope(m, n) - _mean_log(m, n)),
)
register(
    "com_poisson_mean_log",
    lambda m, n, out: (_slope(m, n), _slope(m, n) * moment(m, n, 1, 1) - moment(m, n, 0, 2)),
)


@dataclass(frozen=True)
class State:
    """One mean and ν: probabilities, with weights, of places less the mean and of log y! less its mean."""

    log_rate: mpf
    log_total: mpf
    mean_log: mpf
    terms: list[tuple[mpf, mpf, mpf]]


def _places(m: mpf, n: mpf) -> tuple[list[tuple[mpf, mpf]], int]:
    """(place, weight), and to how many digits their sum is right."""
    k = mp.floor(m)
    x, depth = k + 1, (mp.dps + 8) * mp.log(10)

    def ahead(mass: mpf, depth: mpf) -> mpf:
        share = depth / mass
        return share / 3 + mp.sqrt(share * share / 9 + 2 * share)

    def ends(depth: mpf) -> tuple[mpf, mpf]:
        low = max(mpf(0), k - mp.ceil(x * mp.sqrt(2 * depth / (n * x))) - 3)
        return low, k + mp.ceil(min(x * ahead(n * x, depth), depth / mp.log1p(1 / m))) + 3

    low, high = ends(depth)
    if high - low <= _MOST:
        return [(low + i, mpf(1)) for i in range(int(high - low) + 1)], mp.dps
    digits = 40 + mp.dps // 6
    depth = (digits + 8) * mp.log(10)
    low, high = ends(depth)
    spread = mp.sqrt(x / n)
    if n * x > depth + 10:
        step = spread * mp.sqrt(2) * mp.pi / mp.sqrt(depth)
        back = min(mp.floor((m - low) / step), mp.floor(m / step))
        count = int(back + mp.ceil((high - m) / step))
        return [(m + (i - back) * step, step) for i in range(count + 1)], digits
    rate = min(mp.pi**2 / depth, mp.sqrt(2) * mp.pi / mp.sqrt(depth * n * x))
    grown = mpf(10) ** (-digits - 8) * m
    found, u = [], 0
    while not found or found[-1][0] < high:
        e = grown * mp.exp(rate * u)
        found.append((u + e - grown, 1 + rate * e))
        u += 1
    return found, digits


@lru_cache(maxsize=8)
def state(m: mpf, n: mpf, digits: int) -> State:
    """The sums, to the digits that mpmath is set to."""
    places, right = _places(m, n)
    c = mp.floor(m)
    base, log_c = mp.loggamma(c + 1), mp.log(c + 1)
    rows = []
    for j, weight in places:
        log_factorial = mp.loggamma(j + 1)
        away = j - c
        rows.append((away, n * (log_factorial - base - away * log_c), weight, j - m, log_factorial))
    tau = -mp.log1p(1 / m) if n < 2 else mpf(0)
    for _ in range(200):
        weighted = [(r, r[2] * mp.exp(r[0] * tau - r[1])) for r in rows]
        up = mp.fsum(r[3] * t for r, t in weighted if r[3] > 0)
        down = -mp.fsum(r[3] * t for r, t in weighted if r[3] < 0)
        slope = mp.fsum(r[0] * r[3] * t for r, t in weighted if r[3] > 0) / up
        slope += mp.fsum(r[0] * r[3] * t for r, t in weighted if r[3] < 0) / down
        value = mp.log(up / down)
        tau -= value / slope
        if abs(value) < mpf(10) ** (-right // 2 - 2):
            break
    else:
        raise ArithmeticError(f"no solution at a mean of {m} and ν = {n}")
    weighted = [(r, r[2] * mp.exp(r[0] * tau - r[1])) for r in rows]
    total = mp.fsum(t for _, t in weighted)
    mean_log = mp.fsum(t * r[4] for r, t in weighted) / total
    rate = tau + n * log_c
    return State(
        rate,
        mp.log(total) + c * rate - n * base,
        mean_log,
        [(t / total, r[3], r[4] - mean_log) for r, t in weighted],
    )


def _moment(m: mpf, n: mpf, a: mpf, b: mpf) -> mpf:
    a, b = int(a), int(b)
    return mp.fsum(p * away**a * rest**b for p, away, rest in state(m, n, mp.dps).terms)


TABLE = {
    "com_poisson_moment": _moment,
    "com_poisson_log_rate": lambda m, n: state(m, n, mp.dps).log_rate,
    "com_poisson_log_total": lambda m, n: state(m, n, mp.dps).log_total,
    "com_poisson_mean_log": lambda m, n: state(m, n, mp.dps).mean_log,
}
