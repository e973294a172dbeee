"""The rows in blocks, and the coordinates of the bases: raw predictions of θ, and what is summed carried back to θ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.basis import Basis
from likely.fitting.blocks import block_rows
from likely.fitting.problem import Array, Response
from likely.fitting.source import DenseBlock, Source, SparseBlock
from likely.fitting.sums import consecutive


@dataclass
class Rows:
    """One block: what the loss and the linear predictors need of it."""

    y: Array
    weight: Array | None
    raw: Array
    blocks: list[Any]


class RowBlocks:
    """Reads rows in blocks for ``threads`` threads; buffers are kept per thread."""

    def __init__(
        self,
        source: Source,
        bases: Sequence[Basis],
        uses: Sequence[int],
        response: Response,
        threads: int,
    ) -> None:
        self.source = source
        self.bases = list(bases)
        self.uses = list(uses)
        self.response = response
        self.threads = threads
        self.columns = len(uses)
        widths = [self.bases[u].width for u in uses]
        self.parts = consecutive(widths)
        self.size = sum(widths)
        self.sparse = source.sparse_products and all(b.transform is None for b in self.bases)
        read = sum(b.columns.size for b in self.bases)
        self.rows = source.block_rows(read) if self.sparse else block_rows(read)
        self.blocks = -(-source.shape[0] // self.rows)
        sizes = [0 if self.sparse else self.rows * b.columns.size for b in self.bases]
        self._x = [[np.empty(size) for size in sizes] for _ in range(threads)]
        self._weighted = [np.empty(max(sizes) + 2 * self.rows) for _ in range(threads)]
        self._raw = [np.empty(self.columns * self.rows) for _ in range(threads)]
        self.packed = [(a, b) for a in range(self.columns) for b in range(a + 1)]

    # --- Coordinates ------------------------------------------------------------------------------

    def flat(self, theta: Array) -> Array:
        """The coefficients in X's units: ``matrix() @ theta``, without the matrix."""
        pairs = zip(self.uses, self.parts, strict=True)
        return np.concatenate([self.bases[u].flat(theta[part]) for u, part in pairs])

    def theta(self, flat: Array) -> Array:
        """θ with these coefficients in X's units: column by column, without the matrix."""
        pairs = zip(self.uses, self.flat_parts(), strict=True)
        return np.concatenate([self.bases[u].theta(flat[part]) for u, part in pairs])

    def matrix(self) -> Array:
        """T with coefficients in X's units = T θ, block diagonal over raw columns."""
        blocks = [self.bases[u].matrix() for u in self.uses]
        total = np.zeros((sum(b.shape[0] for b in blocks), self.size))
        at = 0
        for part, block in zip(self.parts, blocks, strict=True):
            total[at : at + block.shape[0], part] = block
            at += block.shape[0]
        return total

    def flat_parts(self) -> tuple[slice, ...]:
        """The coefficients of every raw column, in X's units."""
        bases = [self.bases[u] for u in self.uses]
        return consecutive([int(b.intercept) + b.columns.size for b in bases])

    def spread(self) -> Array:
        """The spread of the column of X that belongs to each coefficient; 1 for intercepts."""
        bases = [self.bases[u] for u in self.uses]
        return np.concatenate([np.r_[np.ones(int(b.intercept)), b.spread] for b in bases])

    def scales(self) -> Array:
        """The scale of every slope in θ, 1 for intercepts."""
        bases = [self.bases[u] for u in self.uses]
        return np.concatenate([np.r_[np.ones(int(b.intercept)), b.scale] for b in bases])

    def left_out(self) -> NDArray[np.bool_]:
        """Which θ belong to columns that were given no part in the fit."""
        return np.isinf(self.scales())

    def weight(self) -> float:
        """Σ w."""
        given = self.response.weight
        return float(self.source.shape[0] if given is None else given.sum())

    # --- A block ----------------------------------------------------------------------------------

    def read(self, block: int, worker: int, theta: Array) -> Rows | None:
        """A block with its raw predictions; None where no row of it has weight."""
        n = self.source.shape[0]
        rows = slice(block * self.rows, min((block + 1) * self.rows, n))
        weight, keep = self.response.weight, None
        y = np.asarray(self.response.y[rows], dtype=np.float64)
        if weight is not None:
            weight = np.asarray(weight[rows], dtype=np.float64)
            if not weight.all():
                keep = np.flatnonzero(weight)
                if keep.size == 0:
                    return None
                y, weight = y[keep], weight[keep]
        m = y.shape[0]
        raw = self._raw[worker][: self.columns * m].reshape(self.columns, m)
        blocks = [
            self.design(basis, rows, keep, self._x[worker][i], worker)
            for i, basis in enumerate(self.bases)
        ]
        self.predict(blocks, theta, raw)
        if self.response.offset is not None:
            offset = self.response.offset[:, rows]
            raw += offset if keep is None else offset[:, keep]
        return Rows(np.ascontiguousarray(y), weight, raw, blocks)

    def design(self, basis: Basis, rows: slice, keep: Any, buffer: Array, worker: int) -> Any:
        """The columns of a basis in some rows; None where it has none."""
        if basis.columns.size == 0:
            return None
        if self.sparse:
            return SparseBlock(self.source.csr(rows, keep, basis.selector()))
        x = self.source.centred(rows, keep, basis.selector(), basis.centre, buffer)
        if basis.transform is not None:
            x = x @ basis.transform
        return DenseBlock(x, self._weighted[worker])

    def kept(self, block: int) -> NDArray[np.intp] | None:
        """The rows of a block that have weight; None where all rows count."""
        if self.response.weight is None:
            return None
        start = block * self.rows
        return np.flatnonzero(self.response.weight[start : start + self.rows])

    def predict(self, blocks: list[Any], theta: Array, raw: Array) -> None:
        """raw (k, rows) = θ₀ + D·(slopes/scale), without offsets."""
        for j, u in enumerate(self.uses):
            basis, part = self.bases[u], theta[self.parts[j]]
            first = int(basis.intercept)
            constant = part[0] if basis.intercept else 0.0
            if blocks[u] is None:
                raw[j] = constant
                continue
            blocks[u].product(part[first:] / basis.scale, raw[j])
            raw[j] += constant

    def moved(self, block: int, worker: int, direction: Array) -> Array | None:
        """How far the raw predictions of a block move, (k, rows)."""
        rows = self.read(block, worker, direction)
        if rows is None:
            return None
        moved = np.empty_like(rows.raw)
        self.predict(rows.blocks, direction, moved)
        return moved

    def carry(self, blocks: list[Any], rows: Array, out: Array) -> None:
        """Σᵢ of the rows' gradients (k, rows), carried to θ."""
        for u, basis in enumerate(self.bases):
            mine = [j for j, used in enumerate(self.uses) if used == u]
            if blocks[u] is not None:
                values = rows if len(mine) == self.columns else rows[mine]
                slopes = blocks[u].transposed(values) / basis.scale[:, None]
                for i, j in enumerate(mine):
                    out[self.parts[j]][int(basis.intercept) :] = slopes[:, i]
            if basis.intercept:
                for j in mine:
                    out[self.parts[j].start] = rows[j].sum()

    def gram(
        self,
        blocks: list[Any],
        packed: Array,
        out: Array,
        gradient: Array | None = None,
        slope: Array | None = None,
    ) -> None:
        """Σᵢ of the rows' (k, k) matrices, packed, carried to θ: the lower triangle of ``out``.

        ``gradient`` (k, rows), summed into ``slope``, shares the products of the diagonal.
        """
        # At once: of constants alone, which fits of densities are, nothing else is left to do.
        totals = packed.sum(axis=1)
        if gradient is not None and slope is not None:
            slopes = gradient.sum(axis=1)
            for j, u in enumerate(self.uses):
                if self.bases[u].intercept:
                    slope[self.parts[j].start] = slopes[j]
        for h, total, (a, b) in zip(packed, totals, self.packed, strict=True):
            first, second = self.bases[self.uses[a]], self.bases[self.uses[b]]
            one, other = blocks[self.uses[a]], blocks[self.uses[b]]
            rows, columns = self.parts[a], self.parts[b]
            i, j = int(first.intercept), int(second.intercept)
            if i and j:
                out[rows.start, columns.start] = total
            if one is None and other is None:
                continue
            target = out[rows, columns]
            more = h[None]
            if a == b and gradient is not None:
                more = np.stack([h, gradient[a]])
            elif not h.any():
                continue  # orthogonal parameters
            if i and a != b and other is not None:
                target[0, j:] = other.transposed(h[None])[:, 0] / second.scale
            if one is None:
                products = np.zeros((0, more.shape[0]))
            elif other is None:
                products = one.transposed(more) / first.scale[:, None]
            else:
                products = one.gram(h, other, more) / first.scale[:, None]
                target[i:, j:] = products[:, : -more.shape[0]] / second.scale
            if j:
                target[i:, 0] = products[:, -more.shape[0]]
            if more.shape[0] == 2 and slope is not None:
                slope[rows][i:] = products[:, -1]
