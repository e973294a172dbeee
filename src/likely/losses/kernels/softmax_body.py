"""Softmax cross-entropy with its gradient, for Numba: as plain Python it is only read, and never run.

Both kernels take class codes (n,), raw (n, K) and outputs ``first`` (n,) and ``rest`` (n, K) of any layout, and
compute in the float type of raw. With e_j = exp(raw_j − max) and S = Σ_{j≠y} e_j, the loss is max − raw_y +
log(e_y + S). Where the class seen is the likeliest, that is log1p(S) to the last digit, and 1 − p_y is S over the
sum: the chosen class is never subtracted from 1. One exponential an entry. They return in how many rows raw may not be
finite: of those the sum is not.
"""

from __future__ import annotations

import math

import numpy as np

from likely._math.backends.primitives import at_rank, exp, log1p, rank


def few_classes(codes_all, raw_all, first, rest, start, stop, rows):
    """Blocks of rows, transposed: the loops over rows vectorise."""
    k = raw_all.shape[1]
    zero, one = raw_all.dtype.type(0.0), raw_all.dtype.type(1.0)
    buffer = np.empty((k, rows), raw_all.dtype)
    work = np.empty((3, rows), raw_all.dtype)
    invalid = 0
    for begin in range(start, stop, rows):
        n = min(rows, stop - begin)
        top, total, mine = work[0, :n], work[1, :n], work[2, :n]
        for i in range(n):
            for j in range(k):
                buffer[j, i] = raw_all[begin + i, j]
        for i in range(n):
            top[i], total[i] = buffer[0, i], zero
        for j in range(k):
            column = buffer[j, :n]
            for i in range(n):
                top[i] = column[i] if column[i] > top[i] else top[i]
                total[i] += column[i]
        for i in range(n):
            invalid += 0 if abs(total[i]) < math.inf else 1
            total[i] = zero
        for j in range(k):
            column = buffer[j, :n]
            for i in range(n):
                column[i] = exp(column[i] - top[i])
        for i in range(n):
            seen = int(codes_all[begin + i])
            mine[i], buffer[seen, i] = buffer[seen, i], zero
            top[i] -= raw_all[begin + i, seen]
        for j in range(k):
            column = buffer[j, :n]
            for i in range(n):
                total[i] += column[i]
        for i in range(n):
            excess = total[i] if mine[i] == one else (total[i] + mine[i]) - one
            top[i] += log1p(excess)
            mine[i] = one / (one + excess)
        for i in range(n):
            first[begin + i] = top[i]
            buffer[int(codes_all[begin + i]), i] = -total[i]
        for i in range(n):
            for j in range(k):
                rest[begin + i, j] = buffer[j, i] * mine[i]
    return invalid


def plus(a, b):
    """a + b, and a loop of them in whatever order vectorises, which ``build.py`` allows here and nowhere else.

    For terms ≥ 0, of which no order recovers the rounding errors, and to see whether numbers are finite.
    """
    return a + b


def many_classes(codes_all, raw_all, first, rest, start, stop, rows):
    """Blocks of rows: the loops over classes vectorise, and over the rows of a block what is left."""
    k = raw_all.shape[1]
    zero, one = raw_all.dtype.type(0.0), raw_all.dtype.type(1.0)
    work = np.empty((3, rows), raw_all.dtype)
    invalid = 0
    for begin in range(start, stop, rows):
        n = min(rows, stop - begin)
        loss, total, mine = work[0, :n], work[1, :n], work[2, :n]
        for i in range(n):
            raw, out = raw_all[begin + i], rest[begin + i]
            # Integers have a maximum without NaN, and so one that vectorises.
            highest, whole = rank(raw[0]), zero
            for j in range(k):
                this = rank(raw[j])
                highest = this if this > highest else highest
                whole = plus(whole, raw[j])
            invalid += 0 if abs(whole) < math.inf else 1
            top = at_rank(highest)
            for j in range(k):
                out[j] = exp(raw[j] - top)
            seen = int(codes_all[begin + i])
            loss[i], mine[i], out[seen] = top - raw[seen], out[seen], zero
            others = zero
            for j in range(k):
                others = plus(others, out[j])
            total[i] = others
        for i in range(n):
            excess = total[i] if mine[i] == one else (total[i] + mine[i]) - one
            loss[i] += log1p(excess)
            mine[i] = one / (one + excess)
        for i in range(n):
            out, scale = rest[begin + i], mine[i]
            first[begin + i] = loss[i]
            out[int(codes_all[begin + i])] = -total[i]
            for j in range(k):
                out[j] *= scale
    return invalid
