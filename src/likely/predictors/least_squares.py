"""Least squares of several targets on columns of X, which may be sparse or larger than memory: it is read in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import Design

Array = NDArray[np.float64]

#: Entries of a block, or those of a square one where columns are many.
ENTRIES = 1 << 20


def least_squares(X: Any, design: Design, y: Array, weight: Array) -> tuple[Array, Array] | None:
    """Coefficients (p, d), an intercept first, and what they leave of y (n, d); None where float64 does not hold them.

    By Householder's method, block by block, in columns of one size about their means.
    """
    size = np.zeros(len(design.chosen(X.shape[1])))
    for _, block in blocks(X, design):
        np.maximum(size, np.abs(block).max(axis=0, initial=0.0), out=size)
    with np.errstate(all="ignore"):  # columns may be of any size
        unit = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0.0)
        centre = np.zeros_like(size)
        if design.intercept:
            for rows, block in blocks(X, design):
                centre += weight[rows] @ (block * unit)
            centre /= weight.sum()

        def regressors(block: Array) -> Array:
            scaled = block * unit - centre
            return np.c_[np.ones(len(scaled)), scaled] if design.intercept else scaled

        triangle = np.empty((0, design.intercept + size.size + y.shape[1]))
        for rows, block in blocks(X, design):
            both = np.sqrt(weight[rows])[:, None] * np.c_[regressors(block), y[rows]]
            if not np.isfinite(both).all():
                return None
            triangle = np.asarray(np.linalg.qr(np.vstack([triangle, both]), mode="r"))
        width = triangle.shape[1] - y.shape[1]
        found = np.linalg.lstsq(triangle[:, :width], triangle[:, width:], rcond=None)[0]
        left = np.empty_like(y)
        for rows, block in blocks(X, design):
            left[rows] = y[rows] - regressors(block) @ found
        if design.intercept:
            found[0] -= centre @ found[1:]
        found[int(design.intercept) :] *= unit[:, None]
    return found, left


def blocks(X: Any, design: Design) -> Iterator[tuple[slice, Array]]:
    """Some rows after the others, and their columns of a design."""
    chosen = list(design.chosen(X.shape[1]))
    step = max(len(chosen) + 1, ENTRIES // (len(chosen) + 1))
    for start in range(0, X.shape[0], step):
        rows = slice(start, start + step)
        some = X[rows][:, chosen]
        yield rows, some.toarray() if issparse(some) else np.asarray(some, dtype=np.float64)
