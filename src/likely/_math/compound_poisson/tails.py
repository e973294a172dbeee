r"""The distribution function of a Poisson number of Gamma amounts, and its inverse.

With λ expected amounts, each of shape ν and scale 1,

.. math:: P(Y \le x) = e^{-\lambda} + \sum_{j \ge 1} \frac{\lambda^j e^{-\lambda}}{j!} P(j\nu, x),

where P(a, x) is the regularised incomplete Gamma function, and likewise the other tail with Q = 1 − P. All terms are
positive, so that either tail keeps its digits. Where many j matter the sum is taken with a step, as in
``density.py``; where the amounts hardly vary (ν large), over the j about x/ν alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, gammaincinv

Array = NDArray[np.float64]

#: Standard deviations of the number, and numbers beside, beyond which nothing is left to add.
_REACH, _MARGIN = 11.0, 25.0
#: The step, in standard deviations of the number given x, where these are at least √2.
_STEP = 0.65
#: Terms at a time.
_CHUNK = 1 << 15
#: Of a quantile, Newton's and bisection's together.
_STEPS = 200
#: The longest step, in log x.
_FAR = 2.0
#: A tail is the one asked for when it differs by this share of it.
_EXACT = 4e-15


@cache
def _pmf_program() -> Any:
    from likely._math import special
    from likely._math.backends import numpy_backend
    from likely._math.evaluate import compile_program
    from likely._math.graph import PI, exp, sqrt, symbol

    k, m = symbol("k"), symbol("m")
    apart = special.relative_entropy_term(k, m, k - m) + special.stirling_error(k)
    return compile_program([exp(-apart) / sqrt(2.0 * PI * k)], numpy_backend.TABLE)


def _poisson(k: Array, mean: Array) -> Array:
    """mean^k e^−mean/Γ(k + 1), k > 0: of a Gamma of shape k the density at mean, times mean/k."""
    value: Array = _pmf_program()({"k": k, "m": mean})[0]
    return value


def _sums(x: Array, number: Array, shape: Array, *, upper: bool) -> tuple[Array, Array]:
    """Σ_j≥1 p(j) of P(jν, x), or of Q where ``upper``, and x times the density; all (n,), x > 0."""
    # The number expected given x, and about where the terms of this tail are largest.
    given = np.exp((np.log(number) + shape * np.log(x / shape)) / (1.0 + shape))
    peak = np.maximum(given, number) if upper else np.minimum(given, number)
    other = np.minimum(given, number) if upper else np.maximum(given, number)
    reach = _REACH * np.sqrt(peak) + _MARGIN
    low, high = np.maximum(peak - reach, 1.0), peak + reach
    # The density's terms lie about ``given``, and the tail's come near them.
    low = np.maximum(np.minimum(low, given - _REACH * np.sqrt(given) - _MARGIN), 1.0)
    high = np.maximum(high, np.minimum(other, given) + _REACH * np.sqrt(given) + _MARGIN)
    variance = np.minimum(given, peak) / (1.0 + shape)
    wide = (variance >= 2.0) & (low > 1.0)
    step = np.where(wide, _STEP * np.sqrt(variance), 1.0)
    low, high = np.where(wide, low, np.floor(low)), np.ceil(high)
    count = np.floor((high - low) / step) + 1.0
    tail, density = np.empty(x.size), np.empty(x.size)
    order = np.argsort(count)
    first = 0
    while first < order.size:
        # Rows of about as many terms together.
        most = float(count[order[min(first + 255, order.size - 1)]])
        rows = order[first : first + max(1, min(256, int(_CHUNK / most)))]
        first += rows.size
        at = np.arange(float(count[rows].max()))
        j = low[rows, None] + step[rows, None] * at
        weight = np.where(at < count[rows, None], step[rows, None], 0.0)
        weight = weight * _poisson(j, number[rows, None])
        a, here = j * shape[rows, None], x[rows, None]
        tail[rows] = (weight * (gammaincc if upper else gammainc)(a, here)).sum(axis=1)
        density[rows] = (weight * a * _poisson(a, here)).sum(axis=1)
    return tail, density


def _prepared(*values: Any) -> tuple[tuple[int, ...], list[Array]]:
    arrays = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in values))
    return arrays[0].shape, [np.ravel(a) for a in arrays]


def cdf(x: Any, number: Any, shape: Any) -> Array:
    """P(Y ≤ x), x ≥ 0; broadcast."""
    out, (x, number, shape) = _prepared(x, number, shape)
    value = np.exp(-number)
    rows = np.flatnonzero(x > 0.0)
    value[rows] += _sums(x[rows], number[rows], shape[rows], upper=False)[0]
    return np.minimum(value, 1.0).reshape(out)


def sf(x: Any, number: Any, shape: Any) -> Array:
    """P(Y > x), x ≥ 0; broadcast."""
    out, (x, number, shape) = _prepared(x, number, shape)
    value = -np.expm1(-number)
    rows = np.flatnonzero(x > 0.0)
    value[rows] = _sums(x[rows], number[rows], shape[rows], upper=True)[0]
    return np.minimum(value, 1.0).reshape(out)


def quantile(q: Any, number: Any, shape: Any) -> Array:
    """The smallest x with P(Y ≤ x) ≥ q; broadcast."""
    out, (q, number, shape) = _prepared(q, number, shape)
    return _solve(q, 1.0 - q, number, shape).reshape(out)


def isf(q: Any, number: Any, shape: Any) -> Array:
    """The smallest x with P(Y > x) ≤ q; broadcast."""
    out, (q, number, shape) = _prepared(q, number, shape)
    return _solve(1.0 - q, q, number, shape).reshape(out)


def _solve(below: Array, above: Array, number: Array, shape: Array) -> Array:
    """x > 0 of these two tails, or 0 where zero has as much: Newton's method on the smaller one's logarithm."""
    some = -np.expm1(-number)
    x = np.where(above > 0.0, 0.0, np.inf)
    rows = np.flatnonzero((above < some) & (above > 0.0))
    upper = above[rows] < 0.5
    # Of an amount that is not zero: its share of that tail, and a Gamma of the same mean and variance.
    inside = np.where(upper, above[rows], below[rows] - np.exp(-number[rows]))
    kept = inside > 0.0
    rows, upper, inside = rows[kept], upper[kept], inside[kept]
    m = number[rows] * shape[rows] / some[rows]
    square = number[rows] * shape[rows] * (1.0 + shape[rows] + number[rows] * shape[rows])
    spread = square / some[rows] - m * m
    share = 1.0 - above[rows] / some[rows]
    with np.errstate(all="ignore"):
        t = np.log(gammaincinv(m * m / spread, share) * (spread / m))
    low, high = np.full(rows.size, -np.inf), np.full(rows.size, np.inf)
    t = np.where(np.isfinite(t), t, np.log(m))
    active = np.arange(rows.size)
    for _ in range(_STEPS):
        here, at, target = t[active], rows[active], inside[active]
        tail, slope = np.empty(active.size), np.empty(active.size)
        for side in (False, True):
            mine = upper[active] == side
            if mine.any():
                tail[mine], slope[mine] = _sums(
                    np.exp(here[mine]), number[at[mine]], shape[at[mine]], upper=side
                )
        sign = np.where(upper[active], -1.0, 1.0)
        short = sign * (tail - target) < 0.0
        low[active] = np.where(short, here, low[active])
        high[active] = np.where(short, high[active], here)
        with np.errstate(all="ignore"):
            move = -sign * np.log(tail / target) * (tail / slope)
            # Where the other tail is near 1 the slope says little about the way.
            step = here + np.where(np.abs(move) < _FAR, move, _FAR * np.sign(move))
        a, b = low[active], high[active]
        with np.errstate(invalid="ignore"):
            middle = np.where(
                np.isneginf(a), b - 1.0, np.where(np.isposinf(b), a + 1.0, 0.5 * (a + b))
            )
        t[active] = np.where((step > a) & (step < b), step, middle)
        done = (np.abs(tail - target) <= _EXACT * target) | (t[active] == here)
        t[active[done]] = here[done]
        active = active[~done]
        if not active.size:
            break
    x[rows] = np.exp(t)
    return x
