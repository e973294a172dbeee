"""Losses with a kink at y = loc, linear on either side: Laplace and AsymmetricLaplace.

At a given scale the loc coefficients are weighted least absolute deviations, or a weighted quantile
regression where the two sides differ in slope: a linear programme. At given residuals the scale
coefficients are a smooth problem for Newton's method. The two alternate until neither moves. A scale
that all rows share does not weigh rows, so then one round is enough. A point where both are optimal is
stationary for the whole: rows of residual 0 have no slope in scale. With a penalty on loc the programme is
quadratic, and a shared scale weighs rows against the penalty.

Standard errors of loc: with v the sum of the two slopes and τ the share of the upper one, M = Σw·v²·τ(1 − τ)·d·dᵀ
is the variance of the score and H = Σw·v²·d·dᵀ/s + P its slope, where s = 1/f(0) is the sparsity of the
residuals times v, estimated by a difference of quantiles at Hall and Sheather's (1988) bandwidth, and P the
penalty. H⁻¹MH⁻¹ is the "robust" covariance. Were the residuals as the loss has them, s would be 1/(τ(1 − τ)):
then (M + P)⁻¹ is the "expected" one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from likely.fitting.absolute import Deviations, least_deviations, weighted_quantile
from likely.fitting.basis import Basis, orthogonal_basis, scaled_bases
from likely.fitting.newton import GRADIENT, Factor
from likely.fitting.penalised_absolute import penalised_deviations
from likely.fitting.problem import Array, Design, Loss, Response
from likely.fitting.recession import STEPS
from likely.fitting.result import FitResult, Status, listing
from likely.fitting.smooth import fit_smooth
from likely.fitting.task import Task

#: Alternations between loc and scale.
ALTERNATIONS = 200
#: Quantiles of standardised residuals that are closer than this are equal but for rounding.
EQUAL = 1e-9
#: A duality gap below this is rounding.
GAP = 1e-9


class ScaleLoss:
    """The loss of the residuals as a function of the scale's raw column alone."""

    columns = 1
    smooth = True
    curvature_kinds: tuple[str, ...] = ("observed",)
    kernel_kinds = curvature_kinds
    column_names: tuple[str, ...]

    def __init__(self, loss: Loss, scale: int) -> None:
        self.loss = loss
        self.scale = scale
        self.column_names = (loss.column_names[scale],)

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed"
    ) -> tuple[Array, Array | None, Array | None]:
        """As ``Loss.evaluate``, with y the residuals."""
        both = np.zeros((2, y.shape[0]))
        both[self.scale] = raw[0]
        nll, gradient, curvature = self.loss.evaluate(y, both, order, kind)
        s = self.scale
        return (
            nll,
            None if gradient is None else gradient[s : s + 1],
            None if curvature is None else curvature[2 * s : 2 * s + 1],
        )


@dataclass(frozen=True)
class _Loc:
    """The design D of loc in orthogonal coordinates, for the rows with weight."""

    task: Task
    basis: Basis
    index: Any

    @property
    def width(self) -> int:
        return self.basis.width

    def rows(self, index: Any) -> Array:
        """Rows of D."""
        where = self.index[index]
        parts = [np.ones((where.size, 1))] if self.basis.intercept else []
        if self.basis.columns.size:
            source = self.task.source
            buffer = np.empty(where.size * self.basis.columns.size)
            x = source.centred(where, None, self.basis.selector(), self.basis.centre, buffer)
            assert self.basis.transform is not None
            parts.append(x @ self.basis.transform)
        return np.hstack(parts) if parts else np.zeros((where.size, 0))

    def times(self, beta: Array) -> Array:
        """Dβ, block by block."""
        out = np.empty(self.index.size)
        for first in range(0, out.size, 8192):
            part = np.arange(first, min(first + 8192, out.size))
            out[part] = self.rows(part) @ beta
        return out


@dataclass(frozen=True)
class _Sides:
    """nll = lowest + slopes·(|r| + tilt·r) of the residuals r: tilt is 0 for Laplace, 2τ − 1 for quantiles."""

    slopes: Array
    tilt: float
    lowest: Array


def fit_absolute(task: Task, covariances: tuple[str, ...]) -> FitResult:
    """Fit a loss with columns "loc" and, where it is not fixed, a scale.

    ValueError where loc is not on the identity link, or the slopes on its two sides have no common ratio.
    """
    names = list(task.loss.column_names)
    if "loc" not in names:
        return fit_smooth(task, covariances)
    if len(names) > 2:
        others = " and ".join(n for n in names if n not in ("loc", "scale"))
        raise ValueError(f"a loss with a kink has loc and a scale to fit, no more: fix {others}")
    at = names.index("loc")
    scale = 1 - at if len(names) == 2 else None
    weight = task.response.weight
    index = np.arange(task.source.shape[0]) if weight is None else np.flatnonzero(weight)
    w = np.ones(index.size) if weight is None else weight[index]
    offset = task.response.offset
    y = np.asarray(task.response.y, dtype=np.float64)[index]
    if offset is not None:
        y = y - offset[at, index]
    alpha = float(task.penalties[at])
    loc = _Loc(task, _loc_basis(task, at, alpha), index)
    penalty = _penalty(loc.basis, alpha)

    scale_task = None if scale is None else _scale_task(task, scale)
    start_raw = _start_raw(task, scale, index)
    sides = _sides(task, scale, start_raw)
    _check_identity(task, at, y)
    found: Deviations | None = None
    scaled: FitResult | None = None
    settled = scale_task is None
    shrunk = False  # so far that rows are fitted exactly
    alternation = 0
    while alternation < ALTERNATIONS:
        alternation += 1
        start = found
        found = _deviations(loc, y, w * sides.slopes, sides.tilt, penalty, start)
        if scale_task is None or scale is None:
            break
        if start is not None and not alpha and _same(start, found):
            settled = True
            break
        residuals = np.zeros(task.source.shape[0])
        residuals[index] = found.residuals
        scaled = fit_smooth(
            replace(scale_task, response=replace(scale_task.response, y=residuals)), ("observed",)
        )
        if scaled.status is not Status.converged:
            break
        before = sides.slopes
        sides = _sides(
            task,
            scale,
            _raw(scale_task, scale_task.designs[0], scaled.intercepts[0], scaled.slopes[0], index),
        )
        still = np.abs(np.log(sides.slopes / before)).max() * np.sqrt(w.sum()) <= GRADIENT
        if still if alpha else _shared(task, scale):
            settled = True
            break
        away = np.abs(found.residuals[found.residuals != 0.0])
        shrunk = bool(np.log(sides.slopes * np.median(away)).max(initial=0.0) > STEPS[-1])
        if shrunk:
            break
    assert found is not None
    return _result(
        task, at, scale, loc, w, sides, found, scaled, settled, shrunk, alternation, penalty
    )


def _penalty(basis: Basis, alpha: float) -> Array:
    """P with ½·βᵀPβ the penalty of loc: 0 for its intercept."""
    first = int(basis.intercept)
    total = np.zeros((basis.width, basis.width))
    if basis.columns.size:
        total[first:, first:] = basis.penalty(np.full(basis.columns.size, alpha))
    return total


def _deviations(
    loc: _Loc, y: Array, costs: Array, tilt: float, penalty: Array, guess: Deviations | None
) -> Deviations:
    if penalty.any():
        return penalised_deviations(y, costs, loc.rows, loc.times, penalty, guess, tilt)
    if loc.basis.columns.size == 0 and loc.basis.intercept:
        return weighted_quantile(y, costs, tilt)
    return least_deviations(y, costs, loc.rows, lambda beta: y - loc.times(beta), loc.width, tilt)


def _same(one: Deviations, other: Deviations) -> bool:
    """Whether two optima pass through the same rows."""
    if one.basis.size and np.array_equal(one.basis, other.basis):
        return True
    return np.array_equal(one.coefficients, other.coefficients)


def _shared(task: Task, scale: int) -> bool:
    """Whether one scale serves all rows, so that it does not weigh them."""
    columns = task.designs[scale].columns
    return columns is not None and not columns and task.response.offset is None


def _loc_basis(task: Task, at: int, alpha: float) -> Basis:
    (basis,), _ = scaled_bases(
        task.source, (task.designs[at],), task.response, task.threads, task.names
    )
    if basis.columns.size == 0:
        return basis
    return orthogonal_basis(basis, task.source, task.response, alpha, task.threads)


def _scale_task(task: Task, scale: int) -> Task:
    offset = task.response.offset
    return replace(
        task,
        loss=ScaleLoss(task.loss, scale),
        designs=(task.designs[scale],),
        start=task.start[scale : scale + 1],
        penalties=task.penalties[scale : scale + 1],
        response=Response(
            task.response.y,
            task.response.weight,
            None if offset is None else offset[scale : scale + 1],
        ),
    )


def _start_raw(task: Task, scale: int | None, index: Any) -> Array:
    """The scale's raw predictions, without offsets, where the fit begins; 0 without one."""
    if scale is None or task.coefficients is None:
        return np.full(index.size, 0.0 if scale is None else task.start[scale])
    design, block = task.designs[scale], task.coefficients[task.parts()[scale]]
    first = int(design.intercept)
    return _raw(task, design, float(block[:first].sum()), block[first:], index)


def _raw(task: Task, design: Design, intercept: float, slopes: Array, index: Any) -> Array:
    """Raw predictions of one design, without offsets, for the rows ``index``."""
    raw = np.full(index.size, intercept)
    columns = np.asarray(task.columns_of(design), dtype=np.intp)
    if columns.size:
        for first in range(0, index.size, 8192):
            part = index[first : first + 8192]
            buffer = np.empty(part.size * columns.size)
            raw[first : first + 8192] += task.source.dense(part, None, columns, buffer) @ slopes
    return raw


def _sides(task: Task, scale: int | None, raw: Array) -> _Sides:
    """The two sides of every row's loss, whatever the scale's link."""
    both = np.zeros((task.loss.columns, raw.size))
    at = 0
    if scale is not None:
        at = 1 - scale
        offset = task.response.offset
        both[scale] = raw
        if offset is not None:
            weight = task.response.weight
            both[scale] += offset[scale] if weight is None else offset[scale, weight > 0.0]
    above, below = (_slope(task, at, np.full(raw.size, side), both) for side in (1.0, -1.0))
    slopes = 0.5 * (above - below)
    tilts = 0.5 * (above + below) / slopes
    if not np.allclose(tilts, tilts[0], rtol=0.0, atol=1e-9):
        raise ValueError("a loss with a kink needs one quantile level for all rows: fix it")
    return _Sides(slopes, float(tilts[0]), task.loss.evaluate(np.zeros(raw.size), both, 0)[0])


def _slope(task: Task, at: int, y: Array, raw: Array) -> Array:
    """The slope of the loss in y − loc."""
    gradient = task.loss.evaluate(y, raw, 1)[1]
    assert gradient is not None
    return -gradient[at]


def _check_identity(task: Task, at: int, y: Array) -> None:
    """ValueError where the loss is not one of y − loc."""
    few = np.resize(y, 2) + np.array([0.0, 1.0])
    raw = np.repeat(task.start[:, None], 2, axis=1)
    shifted = raw.copy()
    shifted[at] = 0.0
    one = task.loss.evaluate(few, raw, 0)[0]
    other = task.loss.evaluate(few - raw[at], shifted, 0)[0]
    if not np.allclose(one, other, rtol=1e-8, atol=1e-8):
        raise ValueError(
            "a loss with a kink is fitted by a linear programme, which needs loc on the identity "
            "link"
        )


def sparsity(standardised: Array, weight: Array, level: float = 0.5) -> float:
    """1/f(0) of the residuals' density f: a quantile difference at Hall and Sheather's bandwidth.

    h = n^(−1/3)·z^(2/3)·(1.5·φ(x)²/(2x² + 1))^(1/3) with z the 97.5 % quantile of the Normal, x its quantile
    at the level τ, and n the sum of weights; NaN where τ ± h leaves (0, 1): below 8 rows at the median.
    """
    n = float(weight.sum())
    x = float(ndtri(level))
    bend = 1.5 * np.exp(-x * x) / (2.0 * np.pi) / (2.0 * x * x + 1.0)
    h = n ** (-1 / 3) * float(ndtri(0.975)) ** (2 / 3) * bend ** (1 / 3)
    if h >= min(level, 1.0 - level):
        return float("nan")
    order = np.argsort(standardised)
    # A row of weight 3 is three rows: its first and its last are half a row from where it begins and ends.
    ends, half = np.cumsum(weight[order]), 0.5 * np.minimum(weight[order], 1.0)
    shares = np.column_stack([ends - weight[order] + half, ends - half]).ravel() / n
    low, high = np.interp([level - h, level + h], shares, np.repeat(standardised[order], 2))
    return float((high - low) / (2.0 * h))


def _result(
    task: Task,
    at: int,
    scale: int | None,
    loc: _Loc,
    w: Array,
    sides: _Sides,
    found: Deviations,
    scaled: FitResult | None,
    settled: bool,
    shrunk: bool,
    alternations: int,
    penalty: Array,
) -> FitResult:
    parts = task.parts()
    size = parts[-1].stop
    parameters = np.zeros(size)
    matrix = loc.basis.matrix()
    parameters[parts[at]] = matrix @ found.coefficients
    information = np.zeros((loc.width, loc.width))
    for first in range(0, w.size, 8192):
        part = np.arange(first, min(first + 8192, w.size))
        d = loc.rows(part)
        information += d.T @ (d * (w[part] * sides.slopes[part] ** 2)[:, None])
    spread = 1.0 - sides.tilt**2  # 4τ(1 − τ), and the slopes are v/2
    factor = Factor(spread * information + penalty)
    expected, robust = np.zeros((size, size)), np.zeros((size, size))
    expected[parts[at], parts[at]] = matrix @ _inverse(factor) @ matrix.T
    middle = sparsity(found.residuals * sides.slopes, w, 0.5 * (1.0 + sides.tilt))
    # As many equal residuals as that have no density: then there is no estimate of it.
    slope = information * (2.0 / middle if middle > EQUAL else np.nan) + penalty
    bread = matrix @ _inverse(Factor(slope))
    robust[parts[at], parts[at]] = bread @ (spread * information) @ bread.T
    lost = [i + int(loc.basis.intercept) + parts[at].start for i in loc.basis.dropped]
    if scaled is not None and scale is not None:
        parameters[parts[scale]] = scaled.parameters
        expected[parts[scale], parts[scale]] = scaled.covariance
        robust[parts[scale], parts[scale]] = scaled.covariance
    status = Status.unbounded if shrunk else _status(found, scaled, settled, bool(lost))
    for covariance in (expected, robust):
        blank = slice(None) if status is Status.unbounded else lost
        covariance[blank] = np.nan
        covariance[:, blank] = np.nan
    message = scaled.message if scaled is not None and status is scaled.status else status.value
    if lost:
        names = [f"{task.terms()[i][1]} of {task.terms()[i][0]}" for i in lost]
        message += f". Redundant: {listing(names)}"
    r = found.residuals
    loss = float(w @ (sides.lowest + sides.slopes * (np.abs(r) + sides.tilt * r)))
    pull = 0.5 * float(np.sum((np.sqrt(task.penalty()) * parameters) ** 2))
    n_rows, weight = task.counted()
    return FitResult(
        status=status,
        message=message,
        parameters=parameters,
        terms=task.terms(),
        parts=parts,
        has_intercept=tuple(d.intercept for d in task.designs),
        covariances={"robust": robust, "expected": expected},
        loss=loss,
        objective=loss + pull,
        gradient_norm=max(found.gap, 0.0 if scaled is None else scaled.gradient_norm),
        decrement=0.0 if scaled is None else scaled.decrement,
        iterations=alternations,
        condition=factor.condition,
        n_rows=n_rows,
        weight=weight,
        engine="quadratic programme" if penalty.any() else "linear programme",
    )


def _inverse(factor: Factor) -> Array:
    size = factor.size
    return factor.inverse() if factor.positive else np.full((size, size), np.nan)


def _status(found: Deviations, scaled: FitResult | None, settled: bool, lost: bool) -> Status:
    if scaled is not None and scaled.status is not Status.converged:
        return scaled.status
    if not settled or found.gap > GAP or (scaled is not None and scaled.gradient_norm > GRADIENT):
        return Status.max_iter
    return Status.rank_deficient if lost else Status.converged
