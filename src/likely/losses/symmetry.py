r"""How raw predictions move when y is shifted or given another unit.

Where −log p(b·y | raw) = −log p(y | raw′) + log b for all y, with raw_j = bᵈʲ·raw′_j + c_j·log b, a fit to y is
one to y/b in other numbers; likewise with raw_j = raw′_j + e_j·a where y is shifted by a. Both are asked of the
formula itself: along such a motion the derivative of the loss vanishes, so c, d and e solve linear equations

.. math:: y\,\frac{\partial\ell}{\partial y} + \sum_j (c_j + d_j\,\mathrm{raw}_j) \frac{\partial\ell}{\partial
   \mathrm{raw}_j} = 1, \qquad
   \frac{\partial\ell}{\partial y} + \sum_j e_j \frac{\partial\ell}{\partial \mathrm{raw}_j} = 0

at more points than unknowns, and the finite motion is then checked at those points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.backends import numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import compile_program
from likely._math.graph import symbol

Array = NDArray[np.float64]

POINTS = 60
#: Equations hold to this, relative to their terms.
EXACT = 1e-8
#: Links are powers and logarithms: every coefficient is a multiple of a twelfth.
TWELFTH = 12.0


@dataclass(frozen=True)
class Symmetry:
    """``shift`` is e (k,), ``unit`` is (c, d), each (k,); None where y cannot be moved like that."""

    shift: Array | None
    unit: tuple[Array, Array] | None


def symmetry(loss: Any) -> Symmetry:
    """The motions of y that a composed loss follows; none for classes, counts and bounded y."""
    support = loss.specification.support
    wide = np.isinf(support.high) and support.low in (0.0, -np.inf) and not support.integer
    if not wide or loss.columns == 0 or not hasattr(loss, "loss"):
        return Symmetry(None, None)
    y, raw = _points(loss, support.low == 0.0)
    try:
        slope = tangent([loss.loss], symbol("y"))
    except NotImplementedError:  # an atom that nothing but y enters need not know its derivative
        return Symmetry(None, None)
    inputs = {"y": y} | {f"raw{j}": row for j, row in enumerate(raw)}
    with np.errstate(all="ignore"):  # in branches that are not selected
        of_y = np.broadcast_to(compile_program(slope, numpy_backend.TABLE)(inputs)[0], y.shape)
    nll, gradient, _ = loss.evaluate(y, raw, 1)
    k = loss.columns
    shift = unit = None
    if support.low == -np.inf:
        e = _solve(gradient, -of_y)
        if e is not None and _same(loss, y + 0.75, raw + 0.75 * e[:, None], nll):
            shift = e
    both = _solve(np.vstack([gradient, raw * gradient]), 1.0 - y * of_y)
    if both is not None:
        c, d = both[:k, None], both[k:, None]
        if _same(loss, 3.0 * y, 3.0**d * raw + c * np.log(3.0), nll + np.log(3.0)):
            unit = both[:k], both[k:]
    return Symmetry(shift, unit)


def _points(loss: Any, positive: bool) -> tuple[Array, Array]:
    """y and raw at ordinary places, inside the domain of every link."""
    rng = np.random.default_rng(0)
    y, raw = rng.normal(size=POINTS), rng.normal(size=(loss.columns, POINTS))
    y = np.exp(y) if positive else y
    raw = raw if loss.valid is None else np.exp(raw)
    inside = ~loss.outside(raw)
    inside &= np.isfinite(loss.evaluate(y, raw, 0)[0])  # a support may end before y
    return y[inside], np.ascontiguousarray(raw[:, inside])


def _solve(columns: Array, target: Array) -> Array | None:
    """x with Σ xⱼ·columnsⱼ = target, in twelfths; None where there is none, or more than one."""
    if columns.shape[1] < 2 * columns.shape[0] or not np.isfinite(columns).all():
        return None
    x, _, rank, _ = np.linalg.lstsq(columns.T, target)
    x = np.round(TWELFTH * x) / TWELFTH
    size = 1.0 + np.abs(target) + np.abs(columns * x[:, None]).sum(axis=0)
    exact = np.abs(x @ columns - target) <= EXACT * size
    return x if rank == columns.shape[0] and exact.all() else None


def _same(loss: Any, y: Array, raw: Array, nll: Array) -> bool:
    moved = loss.evaluate(y, np.ascontiguousarray(raw), 0)[0]
    return bool((np.abs(moved - nll) <= EXACT * (1.0 + np.abs(nll))).all())
