r"""The von Mises distribution's arcs: their probability, and the arc of a given probability.

By quadrature of the density :math:`f(d) = e^{-2\kappa \sin^2(d/2)} / (2\pi e^{-\kappa} I_0(\kappa))`
outwards from the point of the arc that is nearest to the mode. Nothing is subtracted, so a tail keeps its
digits. Angles d are measured from the mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.rows import distinct

Array = NDArray[np.float64]

#: Gauss's nodes of a panel, on (0, 1), and their weights.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_NODES, _WEIGHTS = 0.5 + 0.5 * _NODES, 0.5 * _WEIGHTS
#: Panels double in length: after this many the density has fallen by e^−60, or the circle has ended.
_PANELS = 7
_EDGES = 2.0 ** np.arange(_PANELS + 1.0) - 1.0
#: A panel is left out where the density has fallen by e to this since the first one began.
_DEPTH = -50.0
#: Rows at a time.
_CHUNK = 2048
#: Quantiles that are solved for together.
_TOGETHER = 1 << 16
#: Of a quantile, Halley's and bisection's together.
_STEPS = 200
#: An arc has the probability asked for when it differs by this share of it.
_EXACT = 4e-15
#: and is near where it differs by this share: so much it may lose of the digits of its steps.
_NEAR = 1.0


@cache
def _normaliser_program() -> Any:
    from likely._math.atoms import bessel
    from likely._math.backends import numpy_backend
    from likely._math.evaluate import compile_program
    from likely._math.graph import log, symbol

    x = symbol("x")
    return compile_program([bessel.log_bessel_i0e(x, log(x))], numpy_backend.TABLE)


def _constant(kappa: Array) -> Array:
    """2π e^−κ I₀(κ)"""
    value: Array = 2.0 * np.pi * np.exp(_normaliser_program()({"x": kappa})[0])
    return value


def _outwards(
    near: Array, far: Array, kappa: Array, weight: Callable[[Array], Array] | None = None
) -> Array:
    """∫ weight(d) exp(−2κ sin²(d/2)) dd for 0 ≤ near ≤ d ≤ far ≤ π, all (n,); a weight of 1 is left out."""
    total = np.zeros(near.shape)
    for first in range(0, near.size, _CHUNK):
        rows = np.arange(first, min(first + _CHUNK, near.size))
        # The length over which the density falls by a factor of about e.
        length = 1.0 / (1.0 + np.sqrt(kappa[rows]) + kappa[rows] * np.abs(np.sin(near[rows])))
        for inner, outer in pairwise(_EDGES):
            a, b, k = near[rows], far[rows], kappa[rows]
            start = a + length * inner
            # −2κ (sin²(start/2) − sin²(a/2))
            fall = -2.0 * k * np.sin(0.5 * (start + a)) * np.sin(0.5 * (start - a))
            left = (start < b) & (fall > _DEPTH)
            if not left.any():
                break
            rows, length, start, b, k = rows[left], length[left], start[left], b[left], k[left]
            size = np.minimum(length * (outer - inner), b - start)
            d = start[:, None] + size[:, None] * _NODES
            sine = np.sin(0.5 * d)
            values = np.exp(-2.0 * k[:, None] * sine * sine)
            if weight is not None:
                values = values * weight(d)
            total[rows] += (values @ _WEIGHTS) * size
    return total


def mass(lower: Any, upper: Any, kappa: Any) -> Array:
    """P(lower < D ≤ upper) for −2π ≤ lower ≤ upper ≤ 2π, at most once around; broadcast."""
    lower, upper, kappa = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (lower, upper, kappa))
    )
    shape = lower.shape
    low, high, k = lower.ravel(), upper.ravel(), kappa.ravel()
    total = np.zeros(low.size)
    # Between the mode and the point opposite the density is monotone.
    for turn, sign in ((-2.0 * np.pi, 1.0), (0.0, -1.0), (0.0, 1.0), (2.0 * np.pi, -1.0)):
        # Here the distance from the nearest mode is sign·(d − turn).
        start, stop = (turn, turn + np.pi) if sign > 0 else (turn - np.pi, turn)
        p, q = np.maximum(low, start), np.minimum(high, stop)
        rows = np.flatnonzero(q > p)
        if rows.size:
            near, far = sign * (p[rows] - turn), sign * (q[rows] - turn)
            if sign < 0:
                near, far = far, near
            total[rows] += _outwards(near, far, k[rows])
    return (total / _constant(k)).reshape(shape)


def variance(kappa: Any) -> Array:
    """E[D²], of the angle D from the mode the shorter way."""
    k = np.asarray(kappa, dtype=np.float64)
    flat = k.ravel()
    half = _outwards(np.zeros(flat.size), np.full(flat.size, np.pi), flat, lambda d: d * d)
    value: Array = (2.0 * half / _constant(flat)).reshape(k.shape)
    return value


def quantile(p: Any, loc: Any, kappa: Any) -> Array:
    """The y in [−π, π] with P(−π < Y ≤ y) = p, where Y is about loc in [−π, π]; broadcast."""
    p, loc, kappa = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (p, loc, kappa)))
    upper = p > 0.5  # from the other end, where 1 − p is the smaller
    level, place = np.where(upper, 1.0 - p, p), np.where(upper, -loc, loc)
    found = _lower_quantile(level.ravel(), place.ravel(), kappa.ravel())
    return np.where(upper.ravel(), -found, found).reshape(p.shape)


def _lower_quantile(p: Array, loc: Array, kappa: Array) -> Array:
    """The same for p ≤ ½, (n,), once for rows that are equal."""
    (p, loc, kappa), inverse = distinct(np.array([p, loc, kappa]))
    y = np.full(p.shape, -np.pi)
    for first in range(0, p.size, _TOGETHER):
        rows = first + np.flatnonzero(p[first : first + _TOGETHER] > 0.0)
        y[rows] = _solved(p[rows], loc[rows], kappa[rows])
    return y if inverse is None else y[inverse]


@np.errstate(all="ignore")
def _solved(p: Array, loc: Array, kappa: Array) -> Array:
    """Halley's method on log P, with bisection where it leaves the bracket.

    P is integrated from the end of the circle until it is near, and from then on from one step to the next.
    """
    low, high = np.full(p.shape, -np.pi), np.full(p.shape, np.pi)
    y, constant = _start(p, loc, kappa), _constant(kappa)
    below = mass(-np.pi - loc, y - loc, kappa)
    active = np.arange(p.size)
    for _ in range(_STEPS):
        here, target, k, centre = y[active], p[active], kappa[active], loc[active]
        found, d = below[active], here - centre
        density = np.exp(-2.0 * k * np.sin(0.5 * d) ** 2) / constant[active]
        newton = -np.log(found / target) * (found / density)
        bend = 1.0 - 0.5 * newton * (k * np.sin(d) + density / found)
        move = np.where(np.abs(bend - 1.0) < 0.5, newton / bend, newton)
        step = here + np.where(found > 0.0, move, (target - found) / density)
        short = found < target
        low[active] = np.where(short, here, low[active])
        high[active] = np.where(short, high[active], here)
        a, b = low[active], high[active]
        there = np.where((step > a) & (step < b), step, 0.5 * (a + b))
        done = (np.abs(found - target) <= _EXACT * target) | (there == here) | (step == here)
        left = ~done
        active, here, there, centre, k = (v[left] for v in (active, here, there, centre, k))
        if not active.size:
            return y
        near = np.abs(found - target)[left] <= _NEAR * target[left]
        start = np.where(near, np.minimum(here, there), -np.pi)
        arc = mass(start - centre, np.where(near, np.maximum(here, there), there) - centre, k)
        below[active] = np.where(near, found[left] + np.copysign(arc, there - here), arc)
        y[active] = there
    return y


def _start(p: Array, loc: Array, kappa: Array) -> Array:
    """As if sin(d/2) were Normal between −1 and 1, with variance 1/4κ."""
    from scipy.special import ndtr, ndtri

    root = 2.0 * np.sqrt(kappa)
    beyond = ndtr(-root)
    share = 1.0 - 2.0 * beyond
    # What the arc from opposite the mode has before the end of the circle, or beyond it.
    end = (ndtr(-root * np.cos(0.5 * loc)) - beyond) / share
    after = loc > 0.0
    level = np.where(after, p - end, p + end)
    turned = level < 0.0
    level = np.where(turned, 1.0 + level, level)
    d = 2.0 * np.arcsin(np.clip(ndtri(beyond + level * share) / root, -1.0, 1.0))
    return np.clip(np.where(turned, loc - 2.0 * np.pi, loc) + d, -np.pi, np.pi)


@cache
def _ratio_program() -> Any:
    from likely._math.atoms import bessel
    from likely._math.backends import numpy_backend
    from likely._math.evaluate import compile_program
    from likely._math.graph import symbol

    x = symbol("x")
    parts = [bessel.bessel_ratio(x), bessel.bessel_gap(x), bessel.bessel_slope(x)]
    return compile_program(parts, numpy_backend.TABLE)


def concentration(ratio: float, gap: float) -> float:
    """The κ with I₁(κ)/I₀(κ) = ratio = 1 − gap, 0 < ratio < 1, by Newton's method on log κ.

    From κ ≈ R(2 − R²)/(1 − R²) (Banerjee, Dhillon, Ghosh and Sra, Clustering on the Unit
    Hypersphere using von Mises–Fisher Distributions, 2005).
    """
    kappa = ratio * (2.0 - ratio * ratio) / (gap * (1.0 + ratio))
    for _ in range(50):
        one, rest, slope = (float(v) for v in _ratio_program()({"x": np.array(kappa)}))
        # From the one of the two that has more digits.
        step = (ratio - one if ratio < gap else rest - gap) / (slope * kappa)
        kappa *= math.exp(min(max(step, -1.0), 1.0))
        if abs(step) < 1e-14:
            break
    return kappa
