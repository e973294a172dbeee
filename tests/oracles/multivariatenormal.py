"""The textbook of MultivariateNormal, and rows far out."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from likely._math.graph import PI, constant, exp, log
from oracles.vectors import VectorTruth


def matrices(raw: Any, d: int) -> Any:
    """L and Σ⁻¹ (by cofactors, d ≤ 3) as nested lists of nodes."""
    places = [(i, j) for i in range(d) for j in range(i + 1)]
    zero = constant(0.0)
    factor = [[zero] * d for _ in range(d)]
    for (i, j), r in zip(places, raw[d:], strict=True):
        factor[i][j] = exp(r) if i == j else r
    sigma = [
        [sum((factor[i][m] * factor[k][m] for m in range(d)), zero) for k in range(d)]
        for i in range(d)
    ]
    determinant = constant(1.0)
    for i in range(d):
        determinant = determinant * factor[i][i] * factor[i][i]

    def minor(i, k):
        left = [r for r in range(d) if r != i]
        right = [c for c in range(d) if c != k]
        if d == 2:
            return sigma[left[0]][right[0]]
        (a, b), (c, e) = left, right
        return sigma[a][c] * sigma[b][e] - sigma[a][e] * sigma[b][c]

    inverse = [
        [minor(k, i) * (1.0 if (i + k) % 2 == 0 else -1.0) / determinant for k in range(d)]
        for i in range(d)
    ]
    return places, factor, inverse, determinant


def textbook(d: int) -> VectorTruth:
    """−log p of y (d symbols), as the density is printed, and Fisher's information."""

    def nll(y, raw):
        _, _, inverse, determinant = matrices(raw, d)
        r = [y[i] - raw[i] for i in range(d)]
        square = sum(
            (r[i] * inverse[i][k] * r[k] for i in range(d) for k in range(d)), constant(0.0)
        )
        return 0.5 * (square + log(determinant) + d * log(2.0 * PI))

    def expected(raw):
        """½·tr(Σ⁻¹ ∂Σ Σ⁻¹ ∂Σ) for the covariance, Σ⁻¹ for the location."""
        places, factor, inverse, _ = matrices(raw, d)
        k = d + len(places)
        zero = constant(0.0)

        def moved(place):
            i, j = place
            step = factor[i][i] if i == j else constant(1.0)
            change = [[zero] * d for _ in range(d)]  # dL Lᵀ + L dLᵀ
            for m in range(d):
                change[i][m] = change[i][m] + step * factor[m][j]
                change[m][i] = change[m][i] + step * factor[m][j]
            return [
                [sum((inverse[a][b] * change[b][c] for b in range(d)), zero) for c in range(d)]
                for a in range(d)
            ]

        shapes = [moved(place) for place in places]
        out = []
        for a in range(k):
            for b in range(a + 1):
                if a < d:
                    out.append(inverse[a][b])
                elif b < d:
                    out.append(zero)
                else:
                    one, other = shapes[a - d], shapes[b - d]
                    out.append(
                        0.5
                        * sum((one[i][m] * other[m][i] for i in range(d) for m in range(d)), zero)
                    )
        return out

    identity = (True,) * d + tuple(i != j for i in range(d) for j in range(i + 1))
    return VectorTruth(nll, d, identity, expected)


def points(d: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """y (n, d) and raw (n, k): jointly to ±30, one logarithm at a time far out, y at and about loc."""
    rng = np.random.default_rng(d)
    k = d * (d + 3) // 2
    diagonal = [d + i * (i + 3) // 2 for i in range(d)]
    groups = [rng.uniform(-30, 30, (count, k)), rng.normal(0, 1, (count, k))]
    for j, far in product(diagonal, (37.5, -37.5, 300.0, -300.0)):
        rows = rng.choice([-1.0, 0.0, 1.0], (2, k))
        rows[:, j] = far
        groups.append(rows)
    raw = np.concatenate(groups)
    y = raw[:, :d] + rng.normal(0, 1, (len(raw), d)) * rng.choice([0.0, 1.0, 30.0], (len(raw), 1))
    y[::3] = raw[::3, :d] * (1.0 + rng.choice([0.0, 2.0**-52, 1e-8, 1e-3], (len(raw[::3]), 1)))
    return y, raw
