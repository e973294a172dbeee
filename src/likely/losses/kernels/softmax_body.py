"""Softmax cross-entropy with its gradient, for Numba: as plain Python it is only read, and never run.

Both kernels take class codes (n,), raw (n, K) and outputs ``first`` (n,) and ``rest`` (n, K) of any layout, and
compute in the float type of raw. With e_j = exp(raw_j − max) and S = Σ_{j≠y} e_j, the loss is max − raw_y +
log(e_y + S). Where the class seen is the likeliest, that is log1p(S) to the last digit, and 1 − p_y is S over the
sum: the chosen class is never subtracted from 1. One exponential an entry.
"""

from __future__ import annotations

import numpy as np

from likely._math.primitives import exp, log1p

LANES = 16
#: Lanes are added to each other in these steps.
HALVES = (8, 4, 2, 1)


def few_classes(codes_all, raw_all, first, rest, start, stop, rows):
    """Blocks of rows, transposed: the loops over rows vectorise."""
    k = raw_all.shape[1]
    zero, one = raw_all.dtype.type(0.0), raw_all.dtype.type(1.0)
    buffer = np.empty((k, rows), raw_all.dtype)
    work = np.empty((3, rows), raw_all.dtype)
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


def many_classes(codes_all, raw_all, first, rest, start, stop, rows):
    """Row by row: the loops over classes vectorise, sums and maxima in lanes."""
    k = raw_all.shape[1]
    whole = k - k % LANES
    zero, one = raw_all.dtype.type(0.0), raw_all.dtype.type(1.0)
    lanes = np.empty(LANES, raw_all.dtype)
    for i in range(start, stop):
        raw, out = raw_all[i], rest[i]
        lanes[:] = raw[0]
        for j in range(0, whole, LANES):
            part = raw[j : j + LANES]
            for lane in range(LANES):
                lanes[lane] = part[lane] if part[lane] > lanes[lane] else lanes[lane]
        for half in HALVES:
            for lane in range(half):
                other = lanes[lane + half]
                lanes[lane] = other if other > lanes[lane] else lanes[lane]
        top = lanes[0]
        for j in range(whole, k):
            top = raw[j] if raw[j] > top else top
        seen = int(codes_all[i])
        for j in range(k):
            out[j] = exp(raw[j] - top)
        mine = out[seen]
        out[seen] = zero
        lanes[:] = zero
        for j in range(0, whole, LANES):
            part = out[j : j + LANES]
            for lane in range(LANES):
                lanes[lane] += part[lane]
        for half in HALVES:
            for lane in range(half):
                lanes[lane] += lanes[lane + half]
        total = lanes[0]
        for j in range(whole, k):
            total += out[j]
        excess = total if mine == one else (total + mine) - one
        first[i] = (top - raw[seen]) + log1p(excess)
        scale = one / (one + excess)
        out[seen] = -total
        for j in range(k):
            out[j] *= scale
