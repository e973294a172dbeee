"""Coordinates in which a design is well scaled: centred and scaled columns, or orthogonal ones.

Newton's method is invariant under a linear change of coefficients, but its arithmetic is not. Steps
are therefore computed in the coordinates of a ``Basis`` and mapped back exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dgeqp3

from likely.fitting.blocks import block_rows, fold
from likely.fitting.problem import Array, Design, Response
from likely.fitting.source import Source

#: A column is collinear with others where less than this share of its length is its own. Rounding
#: leaves 1e-16 to 1e-14; a raw polynomial of degree 6 has 1e-6 to 1e-8.
COLLINEAR = 1e-11


@dataclass(frozen=True)
class Basis:
    """Internal coefficients θ of one design: linear predictor = θ₀ + D·(θ₁ …/scale).

    D = X[:, columns] − centre, times ``transform`` (p, r) where the design had to be made
    orthogonal; then ``scale`` is 1. ``dropped`` are positions of columns that the others already
    contain.
    """

    columns: NDArray[np.intp]
    all_columns: bool
    intercept: bool
    centre: Array
    scale: Array
    transform: Array | None = None
    dropped: tuple[int, ...] = ()
    #: The spread of the columns of X, whatever the coordinates.
    spread: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def slopes(self) -> int:
        """Internal slopes: one per column, or one per direction of the transform."""
        return self.columns.size if self.transform is None else self.transform.shape[1]

    @property
    def width(self) -> int:
        """Internal coefficients, the intercept included."""
        return int(self.intercept) + self.slopes

    def matrix(self) -> Array:
        """T with (intercept, slopes in X's units) = T θ, shape (intercept + p, width)."""
        slopes = np.diag(1.0 / self.scale) if self.transform is None else self.transform
        if not self.intercept:
            return slopes
        p, r = slopes.shape
        full = np.zeros((1 + p, 1 + r))
        full[0, 0] = 1.0
        full[0, 1:] = -(self.centre @ slopes)
        full[1:, 1:] = slopes
        return full

    def flat(self, theta: Array) -> Array:
        """T θ, without T: the intercept, then the slopes in X's units."""
        inner = theta[int(self.intercept) :]
        slopes = inner / self.scale if self.transform is None else self.transform @ inner
        return np.r_[theta[0] - self.centre @ slopes, slopes] if self.intercept else slopes

    def penalty(self, alpha: Array) -> Array:
        """What ½·βᵀ diag(alpha) β is in the internal slopes: a diagonal (r,), or a matrix (r, r)."""
        if self.transform is None:
            return alpha / self.scale**2
        return self.transform.T @ (alpha[:, None] * self.transform)

    def selector(self) -> NDArray[np.intp] | None:
        """What picks the columns from a block of X; None where that is all of them."""
        return None if self.all_columns else self.columns


def scaled_bases(
    source: Source, designs: tuple[Design, ...], response: Response, threads: int
) -> tuple[list[Basis], list[int]]:
    """The distinct bases of the designs, and which of them each raw column uses.

    One pass over X: means and centred second moments of all columns, by blocks and Chan's merge.
    """
    n, p = source.shape
    needed = any(d.columns is None or d.columns for d in designs) and p > 0
    mean, second, weight = (
        _column_moments(source, response, threads)
        if needed
        else (np.zeros(p), np.ones(p), float(n))
    )
    bases: list[Basis] = []
    keys: dict[Design, int] = {}
    for design in designs:
        if design in keys:
            continue
        chosen = range(p) if design.columns is None else design.columns
        columns = np.asarray(chosen, dtype=np.intp)
        centred = design.intercept and not source.sparse_products
        centre, scale = _centre_and_scale(mean[columns], second[columns], weight, centred)
        keys[design] = len(bases)
        bases.append(
            Basis(columns, design.columns is None, design.intercept, centre, scale, spread=scale)
        )
    return bases, [keys[design] for design in designs]


def _centre_and_scale(
    mean: Array, second: Array, weight: float, centred: bool
) -> tuple[Array, Array]:
    """What to subtract from columns and to divide them by: standard deviations, or sizes."""
    scale = np.sqrt(second / weight if centred else second / weight + mean * mean)
    # A constant column has only the rounding of its mean: it is collinear with the intercept.
    scale[(scale <= COLLINEAR * np.abs(mean)) | (scale == 0.0)] = 1.0
    return (mean if centred else np.zeros(mean.size)), scale


def _column_moments(source: Source, response: Response, threads: int) -> tuple[Array, Array, float]:
    """Weighted mean and Σw·(x − mean)² of every column, and Σw."""
    n, p = source.shape
    if source.sparse_products:
        return _sparse_column_moments(source, response)
    rows = block_rows(p)
    buffers = [np.empty(rows * p) for _ in range(threads)]

    def work(block: int, worker: int) -> tuple[Array, Array, float]:
        part = slice(block * rows, min((block + 1) * rows, n))
        x = source.dense(part, None, None, buffers[worker])
        if response.weight is None:
            total = float(x.shape[0])
            mean = np.full(x.shape[0], 1.0 / total) @ x
            x -= mean
            return mean, np.einsum("ij,ij->j", x, x), total
        w = np.asarray(response.weight[part], dtype=np.float64)
        total = float(w.sum())
        if total == 0.0:
            return np.zeros(p), np.zeros(p), 0.0
        mean = (w / total) @ x
        x -= mean
        return mean, np.einsum("i,ij,ij->j", w, x, x), total

    def merge(a: Any, b: Any) -> tuple[Array, Array, float]:
        weight = a[2] + b[2]
        if weight == 0.0:
            return a
        delta, share = b[0] - a[0], b[2] / weight
        return a[0] + share * delta, a[1] + b[1] + delta * delta * (a[2] * share), weight

    return fold(work, -(-n // rows), merge, threads)


def _sparse_column_moments(source: Source, response: Response) -> tuple[Array, Array, float]:
    """The same from the entries that are stored; they only scale columns, so no digit matters."""
    n = source.shape[0]
    w = np.ones(n) if response.weight is None else np.asarray(response.weight, dtype=np.float64)
    weight = float(w.sum())
    mean = np.asarray(w @ source.X) / weight
    squares = np.asarray(w @ source.X.multiply(source.X))
    return mean, np.maximum(squares - weight * mean * mean, 0.0), weight


def orthogonal_basis(
    basis: Basis, source: Source, response: Response, alpha: float, threads: int
) -> Basis:
    """The same design in orthogonal coordinates, without columns that are collinear with others.

    R of the weighted, centred, scaled design [√w·Z; √alpha/scale] is folded from the R of blocks (a
    merge of two is the R of one on top of the other), so its condition is that of Z and not its
    square. Then D = Z R⁻¹. The ridge rows of ``alpha`` > 0 make any design full rank.
    """
    p = basis.columns.size
    means, seconds, weight = _column_moments(source, response, threads)
    centre, scale = _centre_and_scale(
        means[basis.columns], seconds[basis.columns], weight, basis.intercept
    )
    rows = max(block_rows(p), 2 * p)
    n = source.shape[0]
    buffers = [np.empty(rows * source.shape[1]) for _ in range(threads)]

    def work(block: int, worker: int) -> Array:
        part = slice(block * rows, min((block + 1) * rows, n))
        z = source.dense(part, None, basis.selector(), buffers[worker])
        z = (z - centre) / scale
        if response.weight is not None:
            z *= np.sqrt(response.weight[part])[:, None]
        return np.asarray(np.linalg.qr(z, mode="r"))

    def merge(a: Array, b: Array) -> Array:
        return np.asarray(np.linalg.qr(np.vstack([a, b]), mode="r"))

    triangle = fold(work, -(-n // rows), merge, threads)
    if alpha > 0.0:
        triangle = merge(triangle, np.diag(np.sqrt(alpha) / scale))
    kept = independent_columns(triangle)
    r = np.linalg.qr(triangle[:, kept], mode="r")
    transform = np.zeros((p, kept.size))
    transform[kept] = solve_triangular(r, np.eye(kept.size)) * np.sqrt(weight)
    transform /= scale[:, None]
    dropped = tuple(int(i) for i in np.setdiff1d(np.arange(p), kept))
    return replace(
        basis, centre=centre, scale=np.ones(kept.size), transform=transform, dropped=dropped
    )


def independent_columns(triangle: Array) -> NDArray[np.intp]:
    """Columns to keep, in order: of collinear ones the first, as in R.

    A pivoted QR says how many are independent; an unpivoted sweep says which come first.
    """
    p = triangle.shape[1]
    lengths = np.sqrt((triangle * triangle).sum(axis=0))
    unit = triangle / np.where(lengths > 0.0, lengths, 1.0)
    if triangle.shape[0] and p:
        pivots = np.abs(np.diag(dgeqp3(unit)[0]))
        if pivots.size == p and pivots[-1] > COLLINEAR * pivots[0] and lengths.min() > 0.0:
            return np.arange(p)
    kept: list[int] = []
    basis = np.zeros((triangle.shape[0], 0))
    for j in range(p):
        rest = unit[:, j].copy()
        for _ in range(2):  # twice is enough for orthogonality to rounding
            rest -= basis @ (basis.T @ rest)
        length = float(np.sqrt(rest @ rest))
        if length > COLLINEAR and lengths[j] > COLLINEAR * lengths.max():
            kept.append(j)
            basis = np.column_stack([basis, rest / length])
    return np.asarray(kept, dtype=np.intp)
