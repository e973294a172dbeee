"""A kernel on arrays of any strides and float types, for Numba: as plain Python it is only read, and never run.

Block by block, what a kernel does not take as it is passes through contiguous buffers that stay in the first-level
cache, in the kernel's own float type. The copies are loops of their own, so that they and the kernel's are vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: Given to the module that is made of this text.
kernel: Any = None
real: Any = None
#: Stands in the text for one of ``as_it_is``, ``one_column`` and ``several_columns``.
taken: Any = None
#: Stands for one of ``column_by_column`` and ``from_rows``.
apart: Any = None
#: Rows of a block; written into the text, as is the next, so that a cached module goes with its number.
ROWS: int = 0
#: Columns of raw.
COLUMNS: int = 0


def copied(rows_all, raw_all, first, rest, scale, start, stop):
    """Rows start … stop of y, (n,) or (m, n), and raw (k, n) → how many are invalid, and Σ nll.

    nll goes to ``first``, unless that is empty, and the other outputs times ``scale`` to ``rest`` (m, n).
    """
    outputs = rest.shape[0]
    y = np.empty((*rows_all.shape[:-1], ROWS), real)
    raw, nll = np.empty((raw_all.shape[0], ROWS), real), np.empty(ROWS, real)
    others = np.empty((outputs, ROWS), real)
    invalid, found = 0, 0.0
    for begin in range(start, stop, ROWS):
        size = min(ROWS, stop - begin)
        apart(raw_all, begin, size, raw)
        invalid += kernel(taken(rows_all, begin, size, y), raw, nll, others, 0, size, 0)
        if first.shape[0] > 0:
            copy_column(nll[:size], first[begin : begin + size])
        else:
            found += total(nll, size)
        for j in range(outputs):
            copy_scaled(others[j, :size], scale, rest[j, begin : begin + size])
    return invalid, found


def written(rows_all, raw_all, first, rest, start, stop):
    """The same without copies of the outputs, for ``first`` and ``rest`` that a kernel writes as they are."""
    y = np.empty((*rows_all.shape[:-1], ROWS), real)
    raw = np.empty((raw_all.shape[0], ROWS), real)
    invalid = 0
    for begin in range(start, stop, ROWS):
        size = min(ROWS, stop - begin)
        apart(raw_all, begin, size, raw)
        invalid += kernel(taken(rows_all, begin, size, y), raw, first, rest, 0, size, begin)
    return invalid


def sums(rows_all, raw_all, rest, scale, start, stop):
    """The same without copies of y and raw, which a kernel takes as they are, and without a place for nll."""
    outputs = rest.shape[0]
    nll, others = np.empty(ROWS, real), np.empty((outputs, ROWS), real)
    invalid, found = 0, 0.0
    for begin in range(start, stop, ROWS):
        size = min(ROWS, stop - begin)
        invalid += kernel(rows_all, raw_all, nll, others, begin, begin + size, -begin)
        found += total(nll, size)
        for j in range(outputs):
            copy_scaled(others[j, :size], scale, rest[j, begin : begin + size])
    return invalid, found


def as_it_is(rows_all, begin, size, buffer):
    """y (n,) that a kernel takes as it is."""
    return rows_all[begin : begin + size]


def one_column(rows_all, begin, size, buffer):
    """Other y (n,)."""
    copy_column(rows_all[begin : begin + size], buffer)
    return buffer


def several_columns(rows_all, begin, size, buffer):
    """y (m, n), whose blocks are not contiguous."""
    for j in range(rows_all.shape[0]):
        copy_column(rows_all[j, begin : begin + size], buffer[j])
    return buffer


def column_by_column(raw_all, begin, size, raw):
    """raw (k, n) of any strides."""
    for j in range(raw_all.shape[0]):
        copy_column(raw_all[j, begin : begin + size], raw[j])


def from_rows(raw_all, begin, size, raw):
    """raw (k, n) of which the numbers of a row are neighbours: one pass, which vectorises as k is known."""
    flat = raw_all.T[begin : begin + size].ravel()
    for i in range(size):
        for j in range(COLUMNS):
            raw[j, i] = flat[COLUMNS * i + j]


def copy_column(given, to):
    """A row of numbers as it is."""
    for i in range(given.shape[0]):
        to[i] = given[i]


def copy_scaled(given, scale, to):
    """A row of numbers, each times ``scale``."""
    for i in range(given.shape[0]):
        to[i] = given[i] * scale


def total(given, size):
    """The sum of the first numbers of a buffer, by halves: as exact as it is fast. The buffer is used up."""
    for i in range(size, ROWS):
        given[i] = 0.0
    half = ROWS // 2
    while half > 0:
        low, high = given[:half], given[half : 2 * half]
        for i in range(half):
            low[i] += high[i]
        half //= 2
    return float(given[0])
