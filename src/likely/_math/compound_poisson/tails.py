r"""The distribution function of a Poisson number of Gamma amounts, and its inverse.

With λ expected amounts, each of shape ν and scale 1,

.. math:: P(Y \le x) = e^{-\lambda} + \sum_{j \ge 1} \frac{\lambda^j e^{-\lambda}}{j!} P(j\nu, x),

where P(a, x) is the regularised incomplete Gamma function, and likewise the other tail with Q = 1 − P. All terms are
positive, so that either tail keeps its digits. Where many j matter the sum is taken with a step, as in
``density.py``; where the amounts hardly vary (ν large), over the j about x/ν alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, gammaincinv

from likely._math.rows import distinct
from likely._math.tails.incomplete import FAR, LARGE

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Probabilities below e to minus this of the largest are left out.
_DEPTH = 40.0
#: e to minus this is 0, and so is what is e to the 55 of it.
_NONE = 800.0
#: The step, in standard deviations of the number given x, where these are at least √2.
_STEP = 0.65
#: The smallest positive number with all its digits.
_LEAST = np.finfo(np.float64).tiny
#: Terms at a time.
_CHUNK = 1 << 15
#: Quantiles that are solved for together.
_TOGETHER = 1 << 16
#: Of a quantile, Halley's and bisection's together.
_STEPS = 200
#: The logarithms of the smallest and the largest x there are.
_LOWEST, _HIGHEST = -744.0, 709.0
#: The longest first step, in log x; later ones are each twice as long.
_FAR = 2.0
#: A tail is the one asked for when it differs by this share of it.
_EXACT = 4e-15
#: A step in log x that changes nothing.
_NOTHING = 1e-17


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


@cache
def _lower_program() -> Any:
    from likely._math.backends import numpy_backend
    from likely._math.evaluate import compile_program
    from likely._math.graph import symbol
    from likely._math.tails.incomplete import gamma_lower

    return compile_program([gamma_lower(symbol("a"), symbol("x"))], numpy_backend.TABLE)


def _share(a: Array, x: Array, *, upper: bool) -> Array:
    """P(a, x), or Q where ``upper``: SciPy's, where it has its digits."""
    found: Array = (gammaincc if upper else gammainc)(a, x)
    far = (a > LARGE) & (x - a < -FAR * np.sqrt(a))
    if far.any():
        lower = _lower_program()({"a": a[far], "x": np.broadcast_to(x, a.shape)[far]})[0]
        found[far] = 1.0 - lower if upper else lower
    return found


def _reach(mean: Array, depth: Array) -> Array:
    """The j > m with j log(j/m) − j + m = depth: a Poisson's falls by e to so much; Newton's method from above."""
    high = mean + np.sqrt(2.0 * depth * mean) + depth / 3.0
    for _ in range(4):
        grown = np.log(high / mean)
        high = high - (high * grown - high + mean - depth) / grown
    return high


def _summed(
    peak: Array,
    high: Array,
    given: Array,
    shape: Array,
    terms: Callable[[Array, Rows], tuple[Array, ...]],
) -> tuple[Array, ...]:
    """Σ terms(j, rows) over 1 ≤ j ≤ high, (n,) each, largest at the peak, in steps where they are smooth in j."""
    low = np.maximum(peak - np.sqrt(2.0 * _DEPTH * peak) - 1.0, 1.0)
    high = np.maximum(high, 1.0) + 2.0
    variance = given / (1.0 + shape)
    wide = (variance >= 2.0) & (low > 1.0)
    step = np.where(wide, _STEP * np.sqrt(variance), 1.0)
    low, high = np.where(wide, low, np.floor(low)), np.ceil(high)
    count = np.floor((high - low) / step) + 1.0
    found: list[tuple[Array, ...]] = []
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
        found.append(tuple((weight * term).sum(axis=1) for term in terms(j, rows)))
    place = np.empty(order.size, dtype=np.intp)
    place[order] = np.arange(order.size)
    return tuple(np.concatenate(part)[place] for part in zip(*found, strict=True))


def _given(x: Array, number: Array, shape: Array) -> Array:
    """The number that is expected given x, about; sums begin at 1, however much smaller it is."""
    log_given = (np.log(number) + shape * (np.log(x) - np.log(shape))) / (1.0 + shape)
    return np.maximum(np.exp(log_given), _LEAST)


@np.errstate(divide="ignore")
def _some(x: Array, number: Array, shape: Array) -> NDArray[np.bool_]:
    """Whether there are as many amounts as x takes: a Poisson's probability of so many, or more, is no 0."""
    many = np.maximum(_given(x, number, shape), number)
    return np.asarray(many * np.log(many / number) - many + number < _NONE)


def _tail(x: Array, number: Array, shape: Array, *, upper: bool) -> Array:
    """Σ_j≥1 p(j) of P(jν, x), or of Q where ``upper``; all (n,), x > 0."""
    if not x.size:
        return x
    given = _given(x, number, shape)
    # About where the terms are largest.
    peak = np.maximum(given, number) if upper else np.minimum(given, number)

    def terms(j: Array, rows: Rows) -> tuple[Array]:
        share = _share(j * shape[rows, None], x[rows, None], upper=upper)
        return (_poisson(j, number[rows, None]) * share,)

    # Beyond x/ν P falls as the density does.
    falls = (given < number) & (not upper)
    high = _reach(peak, np.where(falls, _DEPTH / (1.0 + shape), _DEPTH))
    return _summed(peak, high, np.minimum(given, peak), shape, terms)[0]


def _density(x: Array, number: Array, shape: Array) -> tuple[Array, Array]:
    """The density of t = log x, and its derivative in t; all (n,), x > 0."""
    given = _given(x, number, shape)

    def terms(j: Array, rows: Rows) -> tuple[Array, Array]:
        a, here = j * shape[rows, None], x[rows, None]
        density = _poisson(j, number[rows, None]) * (a * _poisson(a, here))
        return density, density * (a - here)

    # (λ x^ν)ʲ/(j! Γ(jν)) is about the 1 + ν-th power of a Poisson's.
    one, slope = _summed(given, _reach(given, _DEPTH / (1.0 + shape)), given, shape, terms)
    return one, slope


def _prepared(*values: Any) -> tuple[tuple[int, ...], list[Array]]:
    arrays = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in values))
    return arrays[0].shape, [np.ravel(a) for a in arrays]


def cdf(x: Any, number: Any, shape: Any) -> Array:
    """P(Y ≤ x), x ≥ 0; broadcast."""
    out, (x, number, shape) = _prepared(x, number, shape)
    value = np.exp(-number)
    rows = np.flatnonzero(x > 0.0)
    value[rows] += _tail(x[rows], number[rows], shape[rows], upper=False)
    return np.minimum(value, 1.0).reshape(out)


def sf(x: Any, number: Any, shape: Any) -> Array:
    """P(Y > x), x ≥ 0; broadcast."""
    out, (x, number, shape) = _prepared(x, number, shape)
    value = -np.expm1(-number)
    value[x > 0.0] = 0.0
    rows = np.flatnonzero((x > 0.0) & _some(x, number, shape))
    value[rows] = _tail(x[rows], number[rows], shape[rows], upper=True)
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
    """x > 0 of these two tails, or 0 where zero has as much, once for rows that are equal."""
    (below, above, number, shape), inverse = distinct(np.array([below, above, number, shape]))
    zero, some = np.exp(-number), -np.expm1(-number)
    x = np.where(above > 0.0, 0.0, np.inf)
    upper = above < 0.5
    # Of an amount that is not zero: its share of that tail.
    inside = np.where(upper, np.where(above < some, above, 0.0), below - zero)
    for side in (False, True):
        mine = np.flatnonzero((inside > 0.0) & (upper == side))
        goal = inside[mine]
        start = _start(above[mine] / some[mine], number[mine], shape[mine], some[mine])
        for b in range(0, mine.size, _TOGETHER):
            part = slice(b, b + _TOGETHER)
            at = mine[part]
            x[at] = np.exp(_solved(start[part], goal[part], number[at], shape[at], upper=side))
    return x if inverse is None else x[inverse]


@np.errstate(all="ignore")
def _start(above: Array, number: Array, shape: Array, some: Array) -> Array:
    """log x of a Gamma of the same mean and variance, of the amounts that are not zero."""
    m = number * shape / some
    square = number * shape * (1.0 + shape + number * shape)
    spread = square / some - m * m
    t = np.log(gammaincinv(m * m / spread, 1.0 - above) * (spread / m))
    return np.where(np.isfinite(t), t, np.log(m))


@np.errstate(all="ignore")
def _solved(t: Array, goal: Array, number: Array, shape: Array, *, upper: bool) -> Array:
    """log x of this tail: Halley's method on its logarithm, kept inside a bracket."""
    low, high = np.full(t.size, -np.inf), np.full(t.size, np.inf)
    moved, farthest = np.full(t.size, np.inf), np.full(t.size, _FAR)
    sign = -1.0 if upper else 1.0
    active = np.arange(t.size)
    for _ in range(_STEPS):
        here, target, n, nu = t[active], goal[active], number[active], shape[active]
        x = np.exp(here)
        tail = _tail(x, n, nu, upper=upper)
        slope, bend = _density(x, n, nu)
        short = sign * (tail - target) < 0.0
        low[active] = np.where(short, here, low[active])
        high[active] = np.where(short, high[active], here)
        newton = -sign * np.log(tail / target) * (tail / slope)
        by = 1.0 + 0.5 * newton * (bend / slope - sign * slope / tail)
        move = np.where(np.abs(by - 1.0) < 0.5, newton / by, newton)
        # Where the other tail is near 1 the slope says little about the way.
        far = farthest[active]
        step = here + np.where(np.abs(move) < far, move, far * np.sign(move))
        farthest[active] = 2.0 * far
        a, b = low[active], high[active]
        middle = np.where(np.isneginf(a), b - far, np.where(np.isposinf(b), a + far, 0.5 * (a + b)))
        step, middle = (np.clip(v, _LOWEST, _HIGHEST) for v in (step, middle))
        inside = (step > a) & (step < b)
        there = np.where(inside, step, middle)
        done = (np.abs(tail - target) <= _EXACT * target) | (there == here) | (step == here)
        t[active] = np.where(done, here, there)
        # The next step would be about the fourth power of this one over the cube of the last.
        size, last = np.abs(there - here), moved[active]
        done |= inside & (last < _FAR) & (size * (size / last) ** 3 <= _NOTHING)
        moved[active] = np.where(inside, size, np.inf)
        active = active[~done]
        if not active.size:
            break
    return t
