"""Least absolute deviations, exactly: β with Σ cᵢ(|rᵢ| + t·rᵢ) smallest, as a linear programme.

The tilt t in (−1, 1) is 0 for the median and 2τ − 1 for the τ-quantile; rᵢ = yᵢ − dᵢᵀβ. The dual is
solved: maximise Σ aᵢyᵢ with Dᵀa = 0 and cᵢ(t − 1) ≤ aᵢ ≤ cᵢ(t + 1). It has as many constraints as
there are coefficients, and a is the certificate: the sum is Σ aᵢyᵢ at the optimum, and nowhere else.
With many rows the signs of most residuals are known from a sample: their a is at a bound, which leaves a
small programme; signs that were guessed wrong join it until there are none (Portnoy and Koenker 1997,
doi:10.1214/ss/1030037960).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from likely.fitting.problem import Array

#: Up to so many rows the whole programme is solved at once.
SMALL = 5_000
#: A residual is zero below this share of the typical one; the programme's own tolerance is 1e-7.
ZERO = 1e-6
ROUNDS = 50
#: Rows that the optimum passes through determine it where their pivots are above this share.
SINGULAR = 1e-10
#: A duality gap below this is rounding.
OPTIMAL = 1e-12
#: A residual below this, for each coefficient and relative to the terms that it is a difference of, may be rounding.
EXACT = 16 * np.finfo(np.float64).eps
#: Edges that are followed at most.
PIVOTS = 1000
#: Two quantiles weigh the same to this share.
TIE = 1e-12

Rows = Callable[[NDArray[np.intp]], Array]


@dataclass(frozen=True)
class Deviations:
    """The optimum: β, residuals, the dual a, the relative duality gap, the rows of residual 0."""

    coefficients: Array
    residuals: Array
    dual: Array
    gap: float
    rounds: int
    basis: NDArray[np.intp]


class ProgrammeError(RuntimeError):
    """The linear programme could not be solved; its message says why."""


def least_deviations(
    y: Array,
    costs: Array,
    rows: Rows,
    residual: Callable[[Array], Array],
    width: int,
    tilt: float = 0.0,
) -> Deviations:
    """Minimise Σ cᵢ(|rᵢ| + tilt·rᵢ) with r = y − Dβ; y and costs (n,), costs > 0.

    ``rows(index)`` are rows of the design D, of full rank and well scaled; ``residual(β)`` is y −
    Dβ.
    """
    n = y.shape[0]
    if width == 0:
        dual = costs * (np.sign(y) + tilt)
        return Deviations(np.zeros(0), y, dual, 0.0, 0, np.zeros(0, dtype=np.intp))
    near = np.arange(n)
    signs = np.zeros(n)
    if n > SMALL:
        size = int(max(SMALL, min(n, (width * n) ** (2.0 / 3.0))))
        sample = np.arange(0, n, max(1, n // size))
        first = _programme(y[sample], costs[sample], rows(sample), np.zeros(width), tilt)
        assert first is not None
        r = residual(first[0])
        near = np.sort(np.argpartition(np.abs(r), min(n, 2 * size) - 1)[: 2 * size])
        signs = np.sign(r)
        signs[near] = 0.0
    for round_ in range(1, ROUNDS + 1):
        far = np.flatnonzero(signs)
        known = _weighted_sum(rows, far, costs[far] * (signs[far] + tilt), width)
        solved = _programme(y[near], costs[near], rows(near), known, tilt)
        if solved is None:  # the guessed signs cannot be right: guess fewer
            r = y if round_ == 1 else r
            near = np.sort(np.argpartition(np.abs(r), min(n, 2 * near.size) - 1)[: 2 * near.size])
            signs[near] = 0.0
            continue
        beta, dual_near = solved
        r = residual(beta)
        wrong = far[signs[far] * r[far] < 0.0]
        if wrong.size == 0:
            dual = costs * (signs + tilt)
            dual[near] = dual_near
            return _vertex(y, costs, rows, residual, beta, dual, near, round_, tilt)
        signs[wrong] = 0.0
        near = np.union1d(near, wrong)
    raise ProgrammeError(f"least absolute deviations did not settle in {ROUNDS} rounds")


def weighted_quantile(y: Array, costs: Array, tilt: float = 0.0) -> Deviations:
    """Minimise Σ cᵢ(|rᵢ| + tilt·rᵢ) over one number: the middle of the quantiles, if several."""
    order = np.argsort(y, kind="stable")
    below = np.cumsum(costs[order])
    share = 0.5 * (1.0 + tilt) * below[-1]
    # Sums of many costs are shares only to rounding; there the loss is as flat as at the share.
    low = int(np.searchsorted(below, share * (1.0 - TIE)))
    tie = below[low] <= share * (1.0 + TIE) and low + 1 < y.size
    beta = 0.5 * (y[order[low]] + y[order[low + 1]]) if tie else y[order[low]]
    r = y - beta
    dual = costs * (np.sign(r) + tilt)
    zero = np.flatnonzero(r == 0.0)
    if zero.size:  # what is missing for Σ aᵢ = 0, shared in proportion to the bounds
        dual[zero] = 0.0
        dual[zero] = -dual.sum() * costs[zero] / costs[zero].sum()
    return Deviations(np.array([beta]), r, dual, _gap(y, costs, r, dual, tilt), 1, zero)


def _gap(y: Array, costs: Array, r: Array, dual: Array, tilt: float) -> float:
    """The relative duality gap."""
    primal = float(costs @ (np.abs(r) + tilt * r))
    return abs(primal - float(dual @ y)) / primal if primal > 0.0 else 0.0


def _programme(
    y: Array, costs: Array, d: Array, known: Array, tilt: float
) -> tuple[Array, Array] | None:
    """β and a of the dual with Dᵀa = −known; None where no a is feasible."""
    from scipy.optimize import linprog

    size = float(np.abs(y).max()) or 1.0
    unit = float(costs.max())
    found = linprog(
        -y / size,
        A_eq=d.T,
        b_eq=-known / unit,
        bounds=np.column_stack([costs * (tilt - 1.0), costs * (tilt + 1.0)]) / unit,
        method="highs-ds",
    )
    if found.status == 2:
        return None
    if found.status != 0:
        raise ProgrammeError(f"the linear programme stopped: {found.message}")
    return -np.asarray(found.eqlin.marginals) * size, np.asarray(found.x) * unit


def _weighted_sum(rows: Rows, index: NDArray[np.intp], values: Array, width: int) -> Array:
    total = np.zeros(width)
    for first in range(0, index.size, SMALL):
        part = slice(first, first + SMALL)
        total += rows(index[part]).T @ values[part]
    return total


def _vertex(
    y: Array,
    costs: Array,
    rows: Rows,
    residual: Callable[[Array], Array],
    beta: Array,
    dual: Array,
    near: NDArray[np.intp],
    rounds: int,
    tilt: float,
) -> Deviations:
    """The same optimum to rounding: solve for the rows that it passes through."""
    r = residual(beta)
    typical = float(np.median(np.abs(r)))
    inside = np.abs(dual[near] - tilt * costs[near]) < (1.0 - ZERO) * costs[near]
    # Rows inside their bounds come first; ties of residual 0 may complete them.
    zero = np.abs(r[near]) <= ZERO * (typical or 1.0)
    candidates = np.concatenate([near[inside], near[zero & ~inside]])
    d = rows(candidates)
    basis = candidates[:0]
    independent = False
    if candidates.size >= beta.size:
        triangle, order = qr(d.T, mode="r", pivoting=True)
        pivots, order = np.abs(np.diag(triangle)), order[: beta.size]
        independent = bool(pivots[-1] > SINGULAR * pivots[0])
    if independent:
        exact = np.linalg.solve(d[order], y[candidates[order]])
        polished = residual(exact)
        sums = [float(costs @ (np.abs(v) + tilt * v)) for v in (polished, r)]
        if sums[0] <= sums[1] * (1.0 + 1e-9):
            beta, r, basis = exact, polished, np.sort(candidates[order])
            r[basis] = 0.0
    if _is_rounding(y, rows, beta, r):
        # All rows are passed through, and which of them by less than an ulp would take pivots without end.
        return Deviations(beta, np.zeros_like(r), dual, 0.0, rounds, basis)
    gap = _gap(y, costs, r, dual, tilt)
    if basis.size and gap > OPTIMAL:
        better = _descend(y, costs, rows, residual, r, dual, basis, tilt)
        if better is not None:
            beta, r, dual, basis = better
            gap = _gap(y, costs, r, dual, tilt)
    return Deviations(beta, r, dual, gap, rounds, basis)


def _is_rounding(y: Array, rows: Rows, beta: Array, r: Array) -> bool:
    """Whether every residual may be no more than the rounding of its own terms."""
    for first in range(0, y.size, SMALL):
        part = np.arange(first, min(first + SMALL, y.size))
        terms = np.abs(y[part]) + np.abs(rows(part)) @ np.abs(beta)
        if not (np.abs(r[part]) <= EXACT * beta.size * terms).all():
            return False
    return True


def _descend(
    y: Array,
    costs: Array,
    rows: Rows,
    residual: Callable[[Array], Array],
    r: Array,
    dual: Array,
    basis: NDArray[np.intp],
    tilt: float,
) -> tuple[Array, Array, Array, NDArray[np.intp]] | None:
    """From a vertex along edges to the optimum: the programme's tolerance, relative to the largest y, ends before it.

    An edge leaves one row of the basis and keeps the others at residual 0; the sum is smallest on it where another row
    has residual 0 (Barrodale and Roberts 1973, doi:10.1137/0710069). β, residuals, a and the rows of residual 0 that
    determine them; None where ties keep it from ending.
    """
    for _ in range(PIVOTS):
        square = rows(basis)
        beta = np.linalg.solve(square, y[basis])
        a = costs * (np.sign(r) + tilt)
        others = np.setdiff1d(np.flatnonzero(r == 0.0), basis)
        a[others] = dual[others]
        a[basis] = 0.0
        pull = _weighted_sum(rows, np.flatnonzero(a), a[a != 0.0], beta.size)
        a[basis] = -np.linalg.solve(square.T, pull)
        # How far each is out of its bounds is how fast the sum falls along its edge.
        beyond = np.abs(a[basis] - tilt * costs[basis]) / costs[basis] - 1.0
        leaves = int(np.argmax(beyond))
        if not beyond[leaves] > TIE:
            return np.asarray(beta, dtype=np.float64), r, a, basis
        side = -np.sign(
            a[basis[leaves]] - tilt * costs[basis[leaves]]
        )  # to the other side of the row
        edge = np.linalg.solve(square, side * np.eye(basis.size)[leaves])
        speed = _times(rows, y.size, np.asarray(edge, dtype=np.float64))  # r = r − length·speed
        speed[np.delete(basis, leaves)] = 0.0
        speed[basis[leaves]] = side
        # Each row that is passed makes the sum steeper, by what its a changes times its speed; ties are passed first.
        turn = np.sign(r) * speed > 0.0
        turn[others] = speed[others] != 0.0
        crossed = np.flatnonzero(turn)
        crossed = crossed[np.argsort(r[crossed] / speed[crossed], kind="stable")]
        other_side = costs[crossed] * (tilt - np.sign(speed[crossed]))
        slope = costs[basis[leaves]] * -beyond[leaves] + np.cumsum(
            np.abs((a[crossed] - other_side) * speed[crossed])
        )
        at = int(np.searchsorted(slope, 0.0))
        if at == crossed.size:
            break
        dual = a
        dual[crossed[:at]] = other_side[:at]
        dual[basis[leaves]] = costs[basis[leaves]] * (tilt - side)
        basis = np.sort(np.append(np.delete(basis, leaves), crossed[at]))
        r = residual(np.asarray(np.linalg.solve(rows(basis), y[basis]), dtype=np.float64))
        r[basis] = 0.0
    return None


def _times(rows: Rows, count: int, beta: Array) -> Array:
    """Dβ, block by block."""
    out = np.empty(count)
    for first in range(0, count, SMALL):
        part = np.arange(first, min(first + SMALL, count))
        out[part] = rows(part) @ beta
    return out
