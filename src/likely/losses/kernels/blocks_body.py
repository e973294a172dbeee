"""A kernel on arrays of any strides and float types, for Numba: as plain Python it is only read, and never run.

Block by block, everything passes through contiguous float64 buffers that stay in the first-level cache, which is what
a kernel takes. The copies are loops of their own, so that they and the kernel's are vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: Given to the module that is made of this text.
kernel: Any = None
ROWS = 1024
LANES = 8


def blocks(rows_all, raw_all, first, rest, scale, start, stop):
    """Rows start … stop of y and raw (k, n) → how many are invalid, and Σ nll.

    nll goes to ``first``, unless that is empty, and the other outputs times ``scale`` to ``rest`` (m, n).
    """
    columns, outputs = raw_all.shape[0], rest.shape[0]
    y = np.empty((*rows_all.shape[1:], ROWS))
    raw, nll = np.empty((columns, ROWS)), np.empty(ROWS)
    others, lanes = np.empty((outputs, ROWS)), np.zeros(LANES)
    invalid = 0
    for begin in range(start, stop, ROWS):
        size = min(ROWS, stop - begin)
        copy_column(rows_all[begin : begin + size], y)
        for j in range(columns):
            copy_column(raw_all[j, begin : begin + size], raw[j])
        invalid += kernel(y, raw, nll, others, 0, size, 0)
        if first.shape[0] > 0:
            copy_column(nll[:size], first[begin : begin + size])
        else:
            add(nll[:size], lanes)
        for j in range(outputs):
            copy_scaled(others[j, :size], scale, rest[j, begin : begin + size])
    return invalid, lanes.sum()


def copy_column(given, to):
    """A row of numbers as it is."""
    for i in range(given.shape[0]):
        to[i] = given[i]


def copy_columns(given, to):
    """Numbers (n, m) of several columns, a row each."""
    for i in range(given.shape[0]):
        for j in range(given.shape[1]):
            to[j, i] = given[i, j]


def copy_scaled(given, scale, to):
    """A row of numbers, each times ``scale``."""
    for i in range(given.shape[0]):
        to[i] = given[i] * scale


def add(given, lanes):
    """Add numbers to as many sums as can be added to at once."""
    whole = given.shape[0] // LANES * LANES
    for i in range(0, whole, LANES):
        for lane in range(LANES):
            lanes[lane] += given[i + lane]
    for i in range(whole, given.shape[0]):
        lanes[0] += given[i]
