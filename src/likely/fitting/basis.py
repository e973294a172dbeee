"""Coordinates in which a design is well scaled: centred and scaled columns, or orthogonal ones.

Newton's method is invariant under a linear change of coefficients, but its arithmetic is not. Steps
are therefore computed in the coordinates of a ``Basis`` and mapped back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
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
#: Columns of a size between 1/this and this can be multiplied with each other and with curvature.
MODERATE = 1e60
#: Beyond, a spread or its inverse leaves the numbers that exist.
LARGEST = 1e300


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
    #: Positions of columns that repeat the intercept: they do not vary beyond rounding.
    constant: tuple[int, ...] = ()

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

    def theta(self, flat: Array) -> Array:
        """θ of which ``flat`` are the coefficients, or which comes nearest where some of the columns are left out."""
        if self.transform is not None:
            return np.asarray(np.linalg.lstsq(self.matrix(), flat, rcond=None)[0])
        slopes = flat[int(self.intercept) :]
        inner = slopes * self.scale
        return np.r_[flat[0] + self.centre @ slopes, inner] if self.intercept else inner

    def penalty(self, alpha: Array) -> Array:
        """What ½·βᵀ diag(alpha) β is in the internal slopes: a diagonal (r,), or a matrix (r, r)."""
        if self.transform is None:
            return alpha / self.scale**2
        return self.transform.T @ (alpha[:, None] * self.transform)

    @property
    def needs_transform(self) -> bool:
        """Whether products of scaled columns would mislead: they hold a constant, or overflow."""
        extreme = (self.scale < 1.0 / MODERATE) | (self.scale > MODERATE)
        return self.transform is None and bool(self.constant or extreme.any())

    def selector(self) -> NDArray[np.intp] | None:
        """What picks the columns from a block of X; None where that is all of them."""
        return None if self.all_columns else self.columns


def scaled_bases(
    source: Source,
    designs: tuple[Design, ...],
    response: Response,
    threads: int,
    names: Sequence[str] | None = None,
) -> tuple[list[Basis], list[int]]:
    """The distinct bases of the designs, and which of them each raw column uses.

    One pass over X: means and spreads of all columns, by blocks and Chan's merge. ValueError names
    a column whose spread, or its inverse, float64 cannot hold.
    """
    p = source.shape[1]
    needed = any(d.columns is None or d.columns for d in designs) and p > 0
    mean, spread = (
        _column_moments(source, response, threads, names) if needed else (np.zeros(p), np.ones(p))
    )
    bases: list[Basis] = []
    keys: dict[Design, int] = {}
    for design in designs:
        if design in keys:
            continue
        columns = np.asarray(design.chosen(p), dtype=np.intp)
        centred = design.intercept and not source.sparse_products
        centre, scale, constant = _centre_and_scale(mean[columns], spread[columns], centred)
        keys[design] = len(bases)
        bases.append(
            Basis(
                columns,
                design.columns is None,
                design.intercept,
                centre,
                scale,
                spread=scale,
                constant=constant,
            )
        )
    return bases, [keys[design] for design in designs]


def _centre_and_scale(
    mean: Array, spread: Array, centred: bool
) -> tuple[Array, Array, tuple[int, ...]]:
    """What to subtract from columns, what to divide them by (standard deviations, or sizes), and
    which of them are constant where they are centred."""
    scale = spread if centred else np.hypot(spread, mean)
    # A constant column has only the rounding of its mean: it is collinear with the intercept.
    constant = scale <= COLLINEAR * np.abs(mean)
    scale = np.where(constant, 1.0, scale)
    return (
        mean if centred else np.zeros(mean.size),
        scale,
        tuple(int(i) for i in np.flatnonzero(constant)) if centred else (),
    )


def _column_moments(
    source: Source, response: Response, threads: int, names: Sequence[str] | None = None
) -> tuple[Array, Array]:
    """Weighted mean and standard deviation of every column, of any size.

    Deviations are squared in units of a power of two, and merged by ``hypot``: neither overflows.
    """
    n, p = source.shape
    rows = block_rows(p)
    buffers = [np.empty(rows * p) for _ in range(threads)]

    def work(block: int, worker: int) -> tuple[Array, Array, float]:
        part = slice(block * rows, min((block + 1) * rows, n))
        x = source.dense(part, None, None, buffers[worker])
        if response.weight is None:
            total = float(x.shape[0])
            w = np.full(x.shape[0], 1.0 / total)
        else:
            w = np.asarray(response.weight[part], dtype=np.float64)
            total = float(w.sum())
            if total == 0.0:
                return np.zeros(p), np.zeros(p), 0.0
            w = w / total
        mean = w @ x
        x -= mean
        unit = power_of_two(np.maximum(x.max(axis=0), -x.min(axis=0)))
        x /= unit
        return mean, unit * np.sqrt(np.einsum("i,ij,ij->j", w, x, x)), total

    def merge(a: Any, b: Any) -> tuple[Array, Array, float]:
        weight = a[2] + b[2]
        if weight == 0.0:
            return a
        share = b[2] / weight
        delta = b[0] - a[0]
        within = np.hypot(np.sqrt(1.0 - share) * a[1], np.sqrt(share) * b[1])
        between = np.sqrt(share * (1.0 - share)) * delta
        return a[0] + share * delta, np.hypot(within, between), weight

    with np.errstate(over="ignore", invalid="ignore"):  # checked below
        if source.sparse_products:
            mean, spread = _sparse_column_moments(source, response)
        else:
            mean, spread, _ = fold(work, -(-n // rows), merge, threads)
    size = np.hypot(spread, mean)
    bad = ~(size <= LARGEST) | ((spread > 0.0) & (spread < 1.0 / LARGEST))
    if bad.any():
        j = int(np.flatnonzero(bad)[0])
        name = f"x{j}" if names is None else names[j]
        raise ValueError(
            f"column {name} of X has mean {mean[j]:.1e} and standard deviation {spread[j]:.1e}, "
            f"beyond what float64 can fit (1e-300 to 1e300): rescale it"
        )
    return mean, spread


def power_of_two(size: Array) -> Array:
    """The largest 2ᵏ that is not above a size, so that division by it is exact; ½ for a size of 0."""
    return np.asarray(np.ldexp(1.0, np.frexp(size)[1] - 1))


def _sparse_column_moments(source: Source, response: Response) -> tuple[Array, Array]:
    """The same from the entries that are stored, and the weight of those that are not."""
    n, p = source.shape
    X = source.X
    w = np.ones(n) if response.weight is None else np.asarray(response.weight, dtype=np.float64)
    w = w / w.sum()
    weights = np.repeat(w, np.diff(X.indptr))
    largest = np.zeros(p)
    np.maximum.at(largest, X.indices, np.abs(X.data))
    unit = power_of_two(largest)
    values = X.data / unit[X.indices]
    mean = np.bincount(X.indices, weights * values, minlength=p)
    deviations = values - mean[X.indices]
    squares = np.bincount(X.indices, weights * deviations * deviations, minlength=p)
    full = np.bincount(X.indices, weights > 0.0, minlength=p) == np.count_nonzero(w)
    absent = np.where(full, 0.0, 1.0 - np.bincount(X.indices, weights, minlength=p))
    return mean * unit, unit * np.sqrt(squares + absent * mean * mean)


def without_constants(basis: Basis) -> Basis:
    """The same coordinates, in which a constant column does not count: its coefficient is 0."""
    scale = basis.scale.copy()
    scale[list(basis.constant)] = np.inf
    return replace(basis, scale=scale, dropped=basis.constant)


def orthogonal_basis(
    basis: Basis, source: Source, response: Response, alpha: float, threads: int
) -> Basis:
    """The same design in orthogonal coordinates, without columns that are collinear with others.

    R of the weighted, centred, scaled design [√w·Z; √alpha/scale] is folded from the R of blocks (a
    merge of two is the R of one on top of the other), so its condition is that of Z and not its
    square. Then D = Z R⁻¹. The ridge rows of ``alpha`` > 0 make any design full rank.
    """
    p = basis.columns.size
    means, spreads = _column_moments(source, response, threads)
    centre, scale, constant = _centre_and_scale(
        means[basis.columns], spreads[basis.columns], basis.intercept
    )
    weight = float(source.shape[0] if response.weight is None else response.weight.sum())
    n = source.shape[0]
    rows = min(max(block_rows(p), 2 * p), n)
    buffers = [np.empty(rows * source.shape[1]) for _ in range(threads)]

    def work(block: int, worker: int) -> Array:
        part = slice(block * rows, min((block + 1) * rows, n))
        z = source.dense(part, None, basis.selector(), buffers[worker])
        z = (z - centre) / scale
        z[:, constant] = 0.0
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
        basis,
        centre=centre,
        scale=np.ones(kept.size),
        transform=transform,
        dropped=dropped,
        spread=np.where(np.isin(np.arange(p), constant), 1.0, scale),
        constant=constant,
    )


def independent_columns(triangle: Array) -> NDArray[np.intp]:
    """Columns to keep, in order: of collinear ones the first, as in R.

    A pivoted QR says how many are independent; an unpivoted sweep says which come first.
    """
    p = triangle.shape[1]
    units = power_of_two(np.abs(triangle).max(axis=0, initial=0.0))
    lengths = units * np.sqrt(((triangle / units) ** 2).sum(axis=0))
    unit = triangle / np.where(lengths > 0.0, lengths, 1.0)
    if triangle.shape[0] and p:
        pivots = np.abs(np.diag(dgeqp3(unit)[0]))
        if pivots.size == p and pivots[-1] > COLLINEAR * pivots[0] and lengths.min() > 0.0:
            return np.arange(p)
    kept: list[int] = []
    basis = np.zeros((triangle.shape[0], 0))
    for j in range(p):
        if len(kept) == triangle.shape[0]:
            break
        rest = unit[:, j].copy()
        for _ in range(2):  # twice is enough for orthogonality to rounding
            rest -= basis @ (basis.T @ rest)
        length = float(np.sqrt(rest @ rest))
        if length > COLLINEAR:
            kept.append(j)
            basis = np.column_stack([basis, rest / length])
    return np.asarray(kept, dtype=np.intp)
