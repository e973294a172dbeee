"""Losses with a kink at y = loc (Laplace): |y − loc|/scale + log(2·scale).

At a given scale the loc coefficients are weighted least absolute deviations, a linear programme; at
given residuals the scale coefficients are a smooth problem for Newton's method. The two alternate
until neither moves. A scale that all rows share does not weigh rows, so then one round is enough. A
point where both are optimal is stationary for the whole: rows of residual 0 have no slope in scale.

Standard errors of loc: Σw·d·dᵀ/scale² inverted, times s²/4, where s = 1/f(0) is the sparsity of the
standardised residuals, estimated by a difference of quantiles at Hall and Sheather's (1988)
bandwidth. Were the residuals Laplace, s would be 2: that is the "expected" covariance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from likely.fitting.absolute import Deviations, least_deviations, weighted_median
from likely.fitting.basis import Basis, orthogonal_basis, scaled_bases
from likely.fitting.linear import fit_smooth
from likely.fitting.newton import GRADIENT, Factor
from likely.fitting.problem import Array, Loss, Response
from likely.fitting.result import FitResult, Status, listing
from likely.fitting.task import Task

#: Alternations between loc and scale.
ALTERNATIONS = 200
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


def fit_absolute(task: Task, covariances: tuple[str, ...]) -> FitResult:
    """Fit a loss with columns "loc" and, where it is not fixed, a scale."""
    names = list(task.loss.column_names)
    if "loc" not in names:
        return fit_smooth(task, covariances)
    at = names.index("loc")
    scale = 1 - at if len(names) == 2 else None
    weight = task.response.weight
    index = np.arange(task.source.shape[0]) if weight is None else np.flatnonzero(weight)
    w = np.ones(index.size) if weight is None else weight[index]
    offset = task.response.offset
    y = np.asarray(task.response.y, dtype=np.float64)[index]
    if offset is not None:
        y = y - offset[at, index]
    loc = _Loc(task, _loc_basis(task, at), index)

    scale_task = None if scale is None else _scale_task(task, scale)
    sigma = _scales(task, scale, np.full(index.size, 0.0 if scale is None else task.start[scale]))
    _check_identity(task, at, y)
    found: Deviations | None = None
    scaled: FitResult | None = None
    settled = scale_task is None
    alternation = 0
    while alternation < ALTERNATIONS:
        alternation += 1
        start = found
        found = _deviations(loc, y, w / sigma)
        if scale_task is None or scale is None:
            break
        if start is not None and _same(start, found):
            settled = True
            break
        residuals = np.zeros(task.source.shape[0])
        residuals[index] = found.residuals
        scaled = fit_smooth(
            replace(scale_task, response=replace(scale_task.response, y=residuals)), ("observed",)
        )
        if scaled.status is not Status.converged:
            break
        sigma = _scales(task, scale, _raw_scale(scale_task, scaled, index))
        if _shared(task, scale):
            settled = True
            break
    assert found is not None
    return _result(task, at, scale, loc, w, sigma, found, scaled, settled, alternation)


def _deviations(loc: _Loc, y: Array, costs: Array) -> Deviations:
    if loc.basis.columns.size == 0 and loc.basis.intercept:
        return weighted_median(y, costs)
    return least_deviations(y, costs, loc.rows, lambda beta: y - loc.times(beta), loc.width)


def _same(one: Deviations, other: Deviations) -> bool:
    """Whether two optima pass through the same rows."""
    if one.basis.size and np.array_equal(one.basis, other.basis):
        return True
    return np.array_equal(one.coefficients, other.coefficients)


def _shared(task: Task, scale: int) -> bool:
    """Whether one scale serves all rows, so that it does not weigh them."""
    columns = task.designs[scale].columns
    return columns is not None and not columns and task.response.offset is None


def _loc_basis(task: Task, at: int) -> Basis:
    (basis,), _ = scaled_bases(
        task.source, (task.designs[at],), task.response, task.threads, task.names
    )
    if basis.columns.size == 0:
        return basis
    return orthogonal_basis(basis, task.source, task.response, 0.0, task.threads)


def _scale_task(task: Task, scale: int) -> Task:
    offset = task.response.offset
    return replace(
        task,
        loss=ScaleLoss(task.loss, scale),
        designs=(task.designs[scale],),
        start=task.start[scale : scale + 1],
        penalties=np.zeros(1),
        response=Response(
            task.response.y,
            task.response.weight,
            None if offset is None else offset[scale : scale + 1],
        ),
    )


def _raw_scale(task: Task, fit: FitResult, index: Any) -> Array:
    """The scale's raw predictions."""
    raw = np.full(index.size, fit.intercepts[0])
    columns = np.asarray(task.columns_of(task.designs[0]), dtype=np.intp)
    if columns.size:
        for first in range(0, index.size, 8192):
            part = index[first : first + 8192]
            buffer = np.empty(part.size * columns.size)
            raw[first : first + 8192] += (
                task.source.dense(part, None, columns, buffer) @ fit.slopes[0]
            )
    return raw


def _scales(task: Task, scale: int | None, raw: Array) -> Array:
    """The scale of every row, whatever its link: the loss at y = loc is log(2·scale)."""
    both = np.zeros((task.loss.columns, raw.size))
    if scale is not None:
        offset = task.response.offset
        both[scale] = raw
        if offset is not None:
            weight = task.response.weight
            both[scale] += offset[scale] if weight is None else offset[scale, weight > 0.0]
    nll = task.loss.evaluate(np.zeros(raw.size), both, 0)[0]
    return 0.5 * np.exp(nll)


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


def sparsity(standardised: Array, weight: Array) -> float:
    """1/f(0) of the residuals' density f: a quantile difference at Hall and Sheather's bandwidth.

    h = n^(−1/3)·z^(2/3)·(1.5·φ(0)²)^(1/3) with z the 97.5 % quantile of the Normal and n the sum of
    weights; NaN where ½ ± h leaves (0, 1), which is below 8 rows.
    """
    n = float(weight.sum())
    h = n ** (-1 / 3) * float(ndtri(0.975)) ** (2 / 3) * (1.5 / (2.0 * np.pi)) ** (1 / 3)
    if h >= 0.5:
        return float("nan")
    order = np.argsort(standardised)
    shares = (np.cumsum(weight[order]) - 0.5 * weight[order]) / n
    low, high = np.interp([0.5 - h, 0.5 + h], shares, standardised[order])
    return float((high - low) / (2.0 * h))


def _result(
    task: Task,
    at: int,
    scale: int | None,
    loc: _Loc,
    w: Array,
    sigma: Array,
    found: Deviations,
    scaled: FitResult | None,
    settled: bool,
    alternations: int,
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
        information += d.T @ (d * (w[part] / sigma[part] ** 2)[:, None])
    factor = Factor(information)
    inverse = factor.inverse() if factor.positive else np.full_like(information, np.nan)
    expected = np.zeros((size, size))
    expected[parts[at], parts[at]] = matrix @ inverse @ matrix.T
    robust = expected * (0.5 * sparsity(found.residuals / sigma, w)) ** 2
    lost = [i + int(loc.basis.intercept) + parts[at].start for i in loc.basis.dropped]
    if scaled is not None and scale is not None:
        parameters[parts[scale]] = scaled.parameters
        expected[parts[scale], parts[scale]] = scaled.covariance
        robust[parts[scale], parts[scale]] = scaled.covariance
    for covariance in (expected, robust):
        covariance[lost] = np.nan
        covariance[:, lost] = np.nan
    status = _status(found, scaled, settled, bool(lost))
    message = scaled.message if scaled is not None and status is scaled.status else status.value
    if lost:
        names = [f"{task.terms()[i][1]} of {task.terms()[i][0]}" for i in lost]
        message += f". Redundant: {listing(names)}"
    loss = float(w @ (np.abs(found.residuals) / sigma + np.log(2.0 * sigma)))
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
        objective=loss,
        gradient_norm=max(found.gap, 0.0 if scaled is None else scaled.gradient_norm),
        decrement=0.0 if scaled is None else scaled.decrement,
        iterations=alternations,
        condition=factor.condition,
        n_rows=n_rows,
        weight=weight,
        engine="linear programme",
    )


def _status(found: Deviations, scaled: FitResult | None, settled: bool, lost: bool) -> Status:
    if scaled is not None and scaled.status is not Status.converged:
        return scaled.status
    if not settled or found.gap > GAP or (scaled is not None and scaled.gradient_norm > GRADIENT):
        return Status.max_iter
    return Status.rank_deficient if lost else Status.converged
