"""Rows of X, block by block: dense arrays and memory maps, or SciPy sparse matrices.

A block answers the three questions that a linear predictor asks of its design: Xb, Xᵀg and
Xᵀdiag(h)X.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.blocks import BLOCK, block_rows

Array = NDArray[np.float64]

#: A sparse block is made dense where that is faster: more than one entry in eight, or few columns.
DENSE_SHARE = 0.125
DENSE_COLUMNS = 16


class DenseBlock:
    """Some rows of a design, as an array (rows, columns)."""

    def __init__(self, rows: Array, buffer: Array) -> None:
        self.rows = rows
        self.buffer = buffer

    def product(self, slopes: Array, out: Array) -> Array:
        """Xb, (rows,)."""
        return np.matmul(self.rows, slopes, out=out)

    def transposed(self, values: Array) -> Array:
        """Xᵀv for v (m, rows): (columns, m)."""
        return self.rows.T @ values.T

    def squared(self) -> DenseBlock:
        """The same with its entries squared."""
        return DenseBlock(self.rows * self.rows, self.buffer)

    def absolute(self) -> DenseBlock:
        """The same with the sizes of its entries."""
        return DenseBlock(np.abs(self.rows), self.buffer)

    def gram(self, weights: Array, other: DenseBlock, more: Array) -> Array:
        """Xᵀ [diag(weights) other, moreᵀ], more (m, rows): one product reads X once."""
        rows, columns = other.rows.shape
        width = columns + more.shape[0]
        weighted = self.buffer[: rows * width].reshape(rows, width)
        # Slopes and curvatures on the way to a spike may be infinite; the fit says what became of it.
        with np.errstate(invalid="ignore"):
            np.multiply(other.rows, weights[:, None], out=weighted[:, :columns])
            weighted[:, columns:] = more.T
            return self.rows.T @ weighted


class SparseBlock:
    """Some rows of a design, as a CSR matrix."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def product(self, slopes: Array, out: Array) -> Array:
        """Xb, (rows,)."""
        out[:] = self.rows @ slopes
        return out

    def transposed(self, values: Array) -> Array:
        """Xᵀv for v (m, rows): (columns, m)."""
        return np.asarray(self.rows.T @ values.T)

    def squared(self) -> SparseBlock:
        """The same with its entries squared."""
        return SparseBlock(self.rows.multiply(self.rows).tocsr())

    def absolute(self) -> SparseBlock:
        """The same with the sizes of its entries."""
        return SparseBlock(abs(self.rows))

    def gram(self, weights: Array, other: SparseBlock, more: Array) -> Array:
        """Xᵀ [diag(weights) other, moreᵀ], more (m, rows), dense."""
        weighted = other.rows.copy()
        weighted.data *= np.repeat(weights, np.diff(weighted.indptr))
        return np.hstack([(self.rows.T @ weighted).toarray(), self.transposed(more)])


class Source:
    """X (n, p), read a few rows at a time; nothing of the size of X is ever made.

    A CSC matrix is converted to CSR once, and entries given in several parts are summed.
    """

    def __init__(self, X: Any) -> None:
        self.is_sparse = not isinstance(X, np.ndarray)
        self.X = _canonical(X) if self.is_sparse else X
        self.shape: tuple[int, int] = X.shape
        n, p = self.shape
        #: Whether products are done on CSR blocks; otherwise blocks are dense and centred.
        self.sparse_products = (
            self.is_sparse and p > DENSE_COLUMNS and self.X.nnz < DENSE_SHARE * n * p
        )

    @property
    def entries(self) -> int:
        """Entries that a pass multiplies."""
        return int(self.X.nnz) if self.sparse_products else self.shape[0] * self.shape[1]

    def block_rows(self, columns: int) -> int:
        """Rows per block, given how many columns of X the designs read."""
        if not self.sparse_products:
            return block_rows(columns)
        return block_rows(-(-self.X.nnz // max(1, self.shape[0])), 4 * BLOCK)

    def dense(self, rows: slice, keep: Any, columns: Any, out: Array) -> Array:
        """A block as float64 in ``out``; ``keep`` picks rows of the block, ``columns`` columns."""
        block = self._pick(rows, keep, columns)
        target = out[: block.size].reshape(block.shape)
        np.copyto(target, block)
        return target

    def centred(self, rows: slice, keep: Any, columns: Any, centre: Array, out: Array) -> Array:
        """``dense`` minus ``centre``, in one go."""
        block = self._pick(rows, keep, columns)
        target = out[: block.size].reshape(block.shape)
        return np.subtract(block, centre, out=target, dtype=np.float64)

    def _pick(self, rows: slice, keep: Any, columns: Any) -> Any:
        if self.is_sparse:
            return self.csr(rows, keep, columns).toarray()
        block = self.X[rows]
        if keep is not None:
            block = block[keep]
        return block if columns is None else block[:, columns]

    def csr(self, rows: slice, keep: Any, columns: Any) -> Any:
        """A block as CSR."""
        block = self.X[rows]
        if keep is not None:
            block = block[keep]
        if columns is not None:
            block = block[:, columns]
        return block

    def take(self, rows: slice) -> Source:
        """Some rows, in memory."""
        part = self.X[rows]
        return Source(part if self.is_sparse else np.array(part, dtype=np.float64))


def _canonical(X: Any) -> Any:
    """CSR with one entry per cell, leaving X as it is."""
    csr = X.tocsr()
    if csr.has_canonical_format:
        return csr
    csr = csr.copy()
    csr.sum_duplicates()
    return csr
