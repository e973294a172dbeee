"""Quantiles of the standard skew normal, by Newton's method on the logarithm of the nearer tail."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.atoms import log_ndtr
from likely._math.backends import numpy_backend
from likely._math.evaluate import compile_program
from likely._math.graph import PI, log, symbol
from likely._math.tails.skew_normal import log_skew_lower

Array = NDArray[np.float64]

#: Rows at a time: the temporaries stay in the cache.
_CHUNK = 4096
_STEPS = 100
#: A solution's log F differs from log p by this share of log p, or of 1.
_EXACT = 4e-15


@cache
def _program() -> Any:
    """log F and log f at z and a."""
    z, a = symbol("z"), symbol("a")
    density = 0.5 * log(2.0 / PI) - 0.5 * (z * z) + log_ndtr(a * z)
    return compile_program([log_skew_lower(z, a), density], numpy_backend.TABLE)


def quantile(p: Any, a: Any) -> Array:
    """The z with P(Z ≤ z) = p at skewness a; broadcast."""
    p, a = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (p, a)))
    upper = p > 0.5  # −Z has skewness −a
    level, skewness = np.where(upper, 1.0 - p, p).ravel(), np.where(upper, -a, a).ravel()
    found = np.full(level.shape, -np.inf)
    inside = np.flatnonzero(level > 0.0)
    for first in range(0, inside.size, _CHUNK):
        rows = inside[first : first + _CHUNK]
        found[rows] = _lower(level[rows], skewness[rows])
    return np.where(upper, -found.reshape(p.shape), found.reshape(p.shape))


def _lower(p: Array, a: Array) -> Array:
    """For 0 < p ≤ ½: from below the solution Newton's steps only rise, because log F is concave."""
    z = _below(p, a)
    active = np.arange(p.size)
    for _ in range(_STEPS):
        log_f, log_density = _program()({"z": z[active], "a": a[active]})
        gap = np.log(p[active]) - log_f
        step = gap * np.exp(log_f - log_density)
        z[active] += step
        solved = np.abs(gap) <= _EXACT * np.maximum(1.0, -np.log(p[active]))
        active = active[~solved & (step != 0.0)]
        if not active.size:
            break
    return z


@np.errstate(invalid="ignore", divide="ignore")
def _below(p: Array, a: Array) -> Array:
    """A z that is no larger than the solution: F is at most 2Φ(z), and what is said below."""
    from scipy.special import ndtri

    at_0 = np.arctan2(1.0, a) / np.pi
    # Left of 0 and leaning to the right, F ≤ F(0) e^(−z² (1 + a²)/2); right of it F ≤ 2Φ(z) − 1 + F(0).
    left = -np.sqrt(2.0 * np.log(at_0 / p)) / np.hypot(1.0, a)
    right = ndtri(0.5 * (1.0 + p - at_0))
    return np.where(a < 0.0, ndtri(0.5 * p), np.where(p < at_0, left, right))
