r"""The von Mises distribution's arcs: their probability, and the arc of a given probability.

By quadrature of the density :math:`f(d) = e^{-2\kappa \sin^2(d/2)} / (2\pi e^{-\kappa} I_0(\kappa))`
outwards from the point of the arc that is nearest to the mode. Nothing is subtracted, so a tail keeps its
digits. Angles d are measured from the mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Gauss's nodes of a panel, on (0, 1), and their weights.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_NODES, _WEIGHTS = 0.5 + 0.5 * _NODES, 0.5 * _WEIGHTS
#: Panels double in length: after this many the density has fallen by e^−1000, or the circle has ended.
_PANELS = 10
_EDGES = 2.0 ** np.arange(_PANELS + 1.0) - 1.0
#: Rows at a time.
_CHUNK = 2048
#: Of a quantile, Newton's and bisection's together.
_STEPS = 200
#: An arc has the probability asked for when it differs by this share of it.
_EXACT = 4e-15


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


def _outwards(near: Array, far: Array, kappa: Array, weight: Callable[[Array], Array]) -> Array:
    """∫ weight(d) exp(−2κ sin²(d/2)) dd for 0 ≤ near ≤ d ≤ far ≤ π, all (n,)."""
    total = np.empty(near.shape)
    for first in range(0, near.size, _CHUNK):
        rows = slice(first, first + _CHUNK)
        a, b, k = near[rows, None], far[rows, None], kappa[rows, None]
        # The length over which the density falls by a factor of about e.
        length = 1.0 / (1.0 + np.sqrt(k) + k * np.abs(np.sin(a)))
        edges = np.minimum(a + length * _EDGES, b)
        edges[:, -1] = np.where(edges[:, -1] < b[:, 0], edges[:, -1], b[:, 0])
        size = np.diff(edges, axis=1)[:, :, None]
        d = edges[:, :-1, None] + size * _NODES
        sine = np.sin(0.5 * d)
        values = weight(d) * np.exp(-2.0 * k[:, :, None] * sine * sine)
        total[rows] = ((values @ _WEIGHTS) * size[:, :, 0]).sum(axis=1)
    return total


def _one(d: Array) -> Array:
    return np.ones_like(d)


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
            total[rows] += _outwards(near, far, k[rows], _one)
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
    """The same for p ≤ ½, (n,): Newton's method on log P, with bisection where it leaves the bracket."""
    from scipy.special import ndtri

    low, high = np.full(p.shape, -np.pi), np.full(p.shape, np.pi)
    y = np.where(p > 0.0, 0.0, -np.pi)
    with np.errstate(all="ignore"):
        # That of a normal arc, where it does not lie over the end of the circle.
        sine = 0.5 * ndtri(p) / np.sqrt(kappa)
        normal = loc + 2.0 * np.arcsin(sine)
        y = np.where((p > 0.0) & (np.abs(normal) < np.pi), normal, y)
    constant = _constant(kappa)
    active = np.flatnonzero(p > 0.0)
    for _ in range(_STEPS):
        here, target, k, centre = y[active], p[active], kappa[active], loc[active]
        below = mass(-np.pi - centre, here - centre, k)
        sine = np.sin(0.5 * (here - centre))
        with np.errstate(all="ignore"):
            density = np.exp(-2.0 * k * sine * sine) / constant[active]
            step = here - np.log(below / target) * (below / density)
        low[active] = np.where(below < target, here, low[active])
        high[active] = np.where(below < target, high[active], here)
        a, b = low[active], high[active]
        y[active] = np.where((step > a) & (step < b), step, 0.5 * (a + b))
        done = (np.abs(below - target) <= _EXACT * target) | (y[active] == here)
        y[active[done]] = here[done]
        active = active[~done]
        if not active.size:
            return y
    return y


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
