"""Expected logarithms that entropies are made of: values only, on NumPy."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, legendre
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Beyond this the exponential integral is its asymptotic series,
_FAR = 50.0
#: of so many terms, the last below rounding.
_TERMS = 24


@np.errstate(all="ignore")
def exponential_integral(x: Any, log_x: Any) -> Array:
    """eˣE₁(x), the mean of 1/(x + T) with T exponential, for x > 0; −γ − log x where x is next to 0."""
    from scipy.special import exp1

    series: Any = 1.0
    for k in range(_TERMS, 0, -1):
        series = 1.0 - k / x * series
    near = np.exp(np.minimum(x, _FAR)) * exp1(x)
    found: Array = np.where(x > _FAR, series / x, near)
    return np.where(x < 1e-17, -np.euler_gamma - log_x, found)


#: The degree of the series in the angle arctan |a|, from 0 to a right one.
_DEGREE = 40
#: How far out, in deviations, anything is left of a Normal's density; nodes and weights there.
_REACH = 9.0
_AT, _SHARE = legendre.leggauss(60)
_HALF_LINE, _LENGTHS = 0.5 * _REACH * (1.0 + _AT), 0.5 * _REACH * _SHARE


def mean_log_skew(a: Any) -> Array:
    """E log Φ(aZ) of a standard skew normal Z of skewness a."""
    angle = np.arctan(np.abs(a))
    return -np.asarray(chebyshev.chebval(4.0 / np.pi * angle - 1.0, _skew_series()))


@cache
def _skew_series() -> Array:
    """The mean of −log Φ(aZ), by u = 4/π arctan a − 1."""
    places = chebyshev.chebpts1(_DEGREE + 1)
    return np.asarray(chebyshev.chebfit(places, _mean_choice(places), _DEGREE))


def _mean_choice(u: Array) -> Array:
    """2 ∫ φ(z) H(Φ(az)) dz over z > 0, z and −z together, with H(p) = −p log p − (1 − p) log(1 − p)."""
    from scipy.special import log_ndtr

    # In s = z (1 + a²)^½ both factors fall off over the same length: z = s cos θ and az = s sin θ.
    angle = 0.25 * np.pi * (1.0 + u[:, None])
    z, w = _HALF_LINE * np.cos(angle), _HALF_LINE * np.sin(angle)
    choice = -sum(np.exp(log_p) * log_p for log_p in (log_ndtr(w), log_ndtr(-w)))
    density = np.exp(-0.5 * z * z) * np.sqrt(2.0 / np.pi)
    found: Array = np.cos(angle[:, 0]) * ((density * choice) @ _LENGTHS)
    return found


#: Rows at a time: the temporaries stay in the cache.
_CHUNK = 1 << 12
#: Evenly spaced places at which the sum of a Normal's density times a smooth function is its mean.
_PLACES = np.arange(-36.0, 37.0) / 4.0
_DENSITY = 0.25 / np.sqrt(2.0 * np.pi) * np.exp(-0.5 * _PLACES * _PLACES)
#: Panels of the half-line over which log(1 + e^(−2x)) falls to nothing.
_ENDS = np.array([0.0, 1.0, 2.5, 5.0, 10.0, 20.0])


def mean_log_cosh(a: Any, b: Any) -> Array:
    """E log cosh(aZ + b) of a standard Normal Z, for a > 0."""
    a, b = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (a, b)))
    scale, shift = a.ravel(), np.abs(b.ravel())  # cosh is even, and so is the Normal
    found = np.empty(scale.shape)
    for first in range(0, scale.size, _CHUNK):
        block = np.arange(first, min(first + _CHUNK, scale.size))
        for rows, mean in (
            (block[scale[block] <= 1.0], _mean_smooth),
            (block[scale[block] > 1.0], _mean_wide),
        ):
            found[rows] = mean(scale[rows], shift[rows])
    return found.reshape(a.shape)


def _mean_smooth(a: Array, b: Array) -> Array:
    """Of log cosh that is smooth over the Normal's length: its singularities are π/2a away."""
    x = np.abs(a[:, None] * _PLACES + b[:, None])
    found: Array = (x + np.log1p(np.exp(-2.0 * x))) @ _DENSITY
    return found - np.log(2.0)


def _mean_wide(a: Array, b: Array) -> Array:
    """|x| − log 2 + log(1 + e^(−2|x|)) under a Normal that is smooth over the length of the last."""
    from scipy.special import erf

    centre = b / a
    mean = a * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * centre * centre) + b * erf(
        centre / np.sqrt(2.0)
    )
    x, values = _near_zero()
    density = sum(
        np.exp(-0.5 * ((x + side * b[:, None]) / a[:, None]) ** 2) for side in (-1.0, 1.0)
    )
    near: Array = (density @ values) / (a * np.sqrt(2.0 * np.pi))
    return mean - np.log(2.0) + near


@cache
def _near_zero() -> tuple[Array, Array]:
    """Places x > 0, and log(1 + e^(−2x)) there times their weights."""
    at, share = legendre.leggauss(16)
    half = 0.5 * np.diff(_ENDS)[:, None]
    x = (_ENDS[:-1, None] + half * (1.0 + at)).ravel()
    return x, (half * share).ravel() * np.log1p(np.exp(-2.0 * x))
