"""The loss of a composition with its gradient, for Numba: as plain Python it is only read, and never run.

Block by block: the numbers of the rows are transposed, so that every loop is over rows and vectorises; then come the
shares, the terms of each part, the row, and the gradient. See ``losses/compositions.py`` for the formulas.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from likely._math.backends.primitives import exp, log1p

#: Written by ``compositions.py``: the formulas of this family, and what a row must be.
part: Any = None
row: Any = None
head: Any = None
number: Any = None
total_of: Any = None
HEADS = SUMS = 0
ORDER = 0


def gradient(table_all, raw_all, places, values, own, first, rest, start, stop, rows):
    """Rows start … stop of y (n, K) and raw (k, n), of any layout → how many are invalid.

    ``first`` (n,) gets nll, and ``rest`` (k, n) its gradient, of order 1. ``places`` (K,) are the raw columns of the
    log ratios, −1 for those that are fixed to ``values`` (K,), and ``own`` that of the precision, or −1.
    """
    parts, columns = table_all.shape[1], raw_all.shape[0]
    y, share, logs = np.empty((parts, rows)), np.empty((parts, rows)), np.empty((parts, rows))
    out = np.empty((parts, SUMS + 2, rows))
    heads = np.empty((HEADS, rows))
    sums = np.zeros((SUMS + 2, rows))
    found = np.empty((2, rows))
    work = np.empty((7, rows))
    which = np.empty(rows, np.int64)
    invalid = 0
    for begin in range(start, stop, rows):
        n = min(rows, stop - begin)
        top, others, total, raw, valid, slopes, count = (
            work[0, :n], work[1, :n], work[2, :n], work[3, :n], work[4, :n], work[5, :n], work[6, :n],
        )  # fmt: skip
        total[:] = 0.0
        valid[:] = 1.0
        raw[:] = 0.0
        count[:] = parts
        for j in range(parts):
            column = y[j, :n]
            for i in range(n):
                column[i] = table_all[begin + i, j]
            for i in range(n):
                total[i] += column[i]
                valid[i] = valid[i] if number(column[i]) else 0.0
        for j in range(columns):
            for i in range(n):
                logs[0, i] = raw_all[j, begin + i]
            for i in range(n):
                valid[i] = valid[i] if abs(logs[0, i]) < np.inf else 0.0
        for i in range(n):
            valid[i] = valid[i] if total_of(total[i]) else 0.0
        for i in range(n):
            invalid += 0 if valid[i] == 1.0 else 1
        if own >= 0:
            for i in range(n):
                raw[i] = raw_all[own, begin + i]
        for j in range(parts):
            if places[j] >= 0:
                for i in range(n):
                    logs[j, i] = raw_all[places[j], begin + i]
            else:
                logs[j, :n] = values[j]
        top[:] = logs[0, :n]
        which[:n] = 0
        for j in range(1, parts):
            column = logs[j, :n]
            for i in range(n):
                higher = column[i] > top[i]
                top[i] = column[i] if higher else top[i]
                which[i] = j if higher else which[i]
        others[:] = 0.0
        for j in range(parts):
            column, shares = logs[j, :n], share[j, :n]
            for i in range(n):
                column[i] -= top[i]
                shares[i] = exp(column[i])
            for i in range(n):
                others[i] += 0.0 if which[i] == j else shares[i]
        for i in range(n):
            top[i] = log1p(others[i])
        for j in range(parts):
            column, shares = logs[j, :n], share[j, :n]
            for i in range(n):
                column[i] -= top[i]
                shares[i] = shares[i] / (1.0 + others[i])
        if HEADS > 0:
            head(total, raw, heads, n)
        for j in range(parts):
            part(y[j], logs[j], share[j], total, raw, heads, out[j], n)
        sums[:] = 0.0
        for j in range(parts):
            for s in range(SUMS):
                for i in range(n):
                    sums[s, i] += out[j, s, i]
        if ORDER > 0 and own >= 0:
            for j in range(parts):
                for i in range(n):
                    sums[SUMS, i] += out[j, SUMS + 1, i]
        row(sums, total, raw, count, found, n)
        for i in range(n):
            first[begin + i] = found[0, i]
        if ORDER == 0:
            continue
        if own >= 0:
            for i in range(n):
                rest[own, begin + i] = found[1, i]
        # Σ sⱼ without the likeliest part, and with it.
        slopes[:] = 0.0
        for j in range(parts):
            column = out[j, SUMS, :n]
            for i in range(n):
                slopes[i] += 0.0 if which[i] == j else column[i]
                top[i] = column[i] if which[i] == j else top[i]
        for j in range(parts):
            if places[j] >= 0:
                column, shares = out[j, SUMS, :n], share[j, :n]
                for i in range(n):
                    near = column[i] * (others[i] / (1.0 + others[i])) - shares[i] * slopes[i]
                    far = column[i] - shares[i] * (slopes[i] + top[i])
                    column[i] = near if which[i] == j else far
                for i in range(n):
                    rest[places[j], begin + i] = column[i]
    return invalid
