"""Adaptive quadrature and summation of many rows at once: a work list of panels.

A panel is a stretch of one row's line. All open panels are evaluated together; those whose error is not
negligible beside their row's total are halved and go back to the list.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.polynomial import chebyshev, legendre
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: ``rule(rows, start, size) → (integral, error, integral of the absolute value)``, one a panel.
Rule = Callable[[Rows, Array, Array], tuple[Array, Array, Array]]

#: A panel is good once its error is below this share of its row's total.
TOLERANCE = 1e-12
#: Panels a row may use: what is not smooth by then is rounding noise of the density.
BUDGET = 400


def adaptive(
    rule: Rule, total: Array, absolute: Array, rows: Rows, start: Array, size: Array, least: float
) -> None:
    """Add the integral over the panels ``(rows, start, size)`` to ``total`` and ``absolute``, in place.

    Panels of size ``least`` or smaller are never halved.
    """
    used = np.zeros(total.shape[0], dtype=np.intp)
    while rows.size:
        value, error, magnitude = rule(rows, start, size)
        # The scale of a row is what it has so far and what is on the list now.
        scale = absolute + np.bincount(rows, magnitude, total.shape[0])
        used += np.bincount(rows, minlength=total.shape[0])
        good = ~(error > TOLERANCE * scale[rows]) | (size <= least) | (used[rows] > BUDGET)
        total += np.bincount(rows[good], value[good], total.shape[0])
        absolute += np.bincount(rows[good], magnitude[good], total.shape[0])
        bad = ~good
        half = 0.5 * size[bad]
        rows = np.repeat(rows[bad], 2)
        start = np.column_stack([start[bad], start[bad] + half]).ravel()
        size = np.repeat(half, 2)


# --- The rules: Gauss and Kronrod for integrals, interpolation at integers for sums. -------------

_KRONROD_NODES = np.array([
    0.0, 0.207784955007898467600689403773245, 0.405845151377397166906606412076961,
    0.586087235467691130294144691693259, 0.741531185599394439863864773280788,
    0.864864423359769072789712788640926, 0.949107912342758524526189684047851,
    0.991455371120812639206854697526329,
])  # fmt: skip
_KRONROD = np.array([
    0.209482141084727828012999174891714, 0.204432940075298892414161999234649,
    0.190350578064785409913256402421014, 0.169004726639267902826583426598550,
    0.140653259715525918745189590510238, 0.104790010322250183839876322541518,
    0.063092092629978553290700663189204, 0.022935322010529224963732008058970,
])  # fmt: skip
_GAUSS = np.array([
    0.417959183673469387755102040816327, 0.0, 0.381830050505118944950369775488975, 0.0,
    0.279705391489276667901467771423780, 0.0, 0.129484966168869693270611432679082, 0.0,
])  # fmt: skip

#: Nodes on (0, 1), their weights, and the weights of the embedded Gauss rule.
NODES = 0.5 + 0.5 * np.concatenate([-_KRONROD_NODES[:0:-1], _KRONROD_NODES])
WEIGHTS = 0.5 * np.concatenate([_KRONROD[:0:-1], _KRONROD])
EMBEDDED = 0.5 * np.concatenate([_GAUSS[:0:-1], _GAUSS])


def gauss_kronrod(values: Array, size: Array) -> tuple[Array, Array, Array]:
    """The integral of panels from values at ``NODES``, (panels, 15); QUADPACK's estimate of the error."""
    integral = values @ WEIGHTS
    magnitude = np.abs(values) @ WEIGHTS
    spread = np.abs(values - integral[:, None]) @ WEIGHTS
    difference = np.abs(integral - values @ EMBEDDED)
    with np.errstate(divide="ignore", invalid="ignore"):
        sharper = spread * np.minimum(1.0, (200.0 * difference / spread) ** 1.5)
    error = np.where(spread > 0.0, sharper, difference)
    # Below this the difference of the two rules is rounding.
    error = np.where(error > 50 * np.finfo(float).eps * magnitude, error, 0.0)
    return integral * size, error * size, magnitude * size


#: Gauss and Legendre's nodes on (0, 1), their weights, and what makes coefficients of a series in their polynomials of
#: values there.
_POINTS = 20
_AT, _TWICE = legendre.leggauss(_POINTS)
LEGENDRE, LEGENDRE_WEIGHTS = 0.5 + 0.5 * _AT, 0.5 * _TWICE
LEGENDRE_SERIES = LEGENDRE_WEIGHTS[:, None] * legendre.legvander(_AT, _POINTS - 1)
LEGENDRE_SERIES *= 2.0 * np.arange(_POINTS) + 1.0
_SERIES = LEGENDRE_SERIES[:, [_POINTS // 2 - 2, _POINTS // 2 - 1, _POINTS - 2, _POINTS - 1]]


def legendre_panels(values: Array, size: Array) -> tuple[Array, Array, Array]:
    """The integral of panels from values at ``LEGENDRE``, (panels, 20).

    The rule is exact for twice as many terms of the series as are seen. What is left by then is as much smaller
    than the last ones as these are than those in the middle: about so if they fall as a power, else more so.
    """
    magnitude = np.abs(values) @ LEGENDRE_WEIGHTS
    # An infinite integrand is no reason to look closer.
    with np.errstate(invalid="ignore", divide="ignore"):
        middle, last = np.abs(values @ _SERIES).reshape(-1, 2, 2).sum(axis=2).T
        error = np.where(last > 0.0, last * np.minimum(1.0, last / middle), 0.0)
    return (values @ LEGENDRE_WEIGHTS) * size, error * size, magnitude * size


#: Integers of one panel that is summed term by term.
TERMS = 16


@cache
def integer_rule(level: int) -> tuple[Array, Array, Array]:
    """Nodes among 0, …, 2^level − 1, weights that sum polynomials over all of them, and lower ones.

    A sum over 2^level integers from 16 of them: exact for polynomials of degree 15, as Gauss's rule is for
    an integral, but the function is never asked between the integers.
    """
    count = 2**level
    if count <= TERMS:
        ones = np.ones(count)
        return np.arange(float(count)), ones, ones
    angle = np.pi * (np.arange(TERMS) + 0.5) / TERMS
    nodes = np.rint((count - 1) * 0.5 * (1.0 - np.cos(angle)))
    u = (2.0 * nodes + 1.0 - count) / count
    basis = chebyshev.chebvander(u, TERMS - 1).T
    sums = np.array([_chebyshev_sum(degree, count) for degree in range(TERMS)])
    weights = np.linalg.solve(basis, sums)
    low = TERMS - 6
    lower = np.linalg.lstsq(basis[:low], sums[:low], rcond=None)[0]
    return nodes, weights, lower


def _chebyshev_sum(degree: int, count: int) -> float:
    """Σ T_degree(u) over the ``count`` midpoints u of equal cells of [−1, 1]."""
    series = np.eye(degree + 1)[degree]
    if count <= 4096:
        u = (2.0 * np.arange(count) + 1.0 - count) / count
        return float(chebyshev.chebval(u, series).sum())
    step = 2.0 / count
    whole = chebyshev.chebint(series)
    total = _rise(whole) / step
    # Euler and Maclaurin's corrections of the midpoint rule.
    for order, factor in ((1, -1 / 24), (3, 7 / 5760), (5, -31 / 967680)):
        total += factor * step**order * _rise(chebyshev.chebder(series, order))
    return float(total)


def _rise(series: Array) -> float:
    return float(chebyshev.chebval(1.0, series) - chebyshev.chebval(-1.0, series))
