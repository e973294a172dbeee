"""The textbook of Dirichlet, Multinomial and DirichletMultinomial, and rows far out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from likely._math.atoms import lgamma, trigamma
from likely._math.graph import constant, exp, log
from oracles.vectors import VectorTruth


def textbook(name: str, k: int) -> VectorTruth:
    """−log p of k parts at raw, the log ratios and log κ, as the density is printed, and Fisher's information."""

    def theta(raw):
        weights = [exp(r) for r in raw[: k - 1]] + [constant(1.0)]
        return [w / total(weights) for w in weights], exp(raw[-1])

    def nll(y, raw):
        shares, kappa = theta(raw)
        n = total(y)
        if name == "Dirichlet":
            terms = [
                lgamma(kappa * s) - (kappa * s - 1.0) * log(v)
                for s, v in zip(shares, y, strict=True)
            ]
            return total(terms) - lgamma(kappa)
        chosen = total([lgamma(v + 1.0) for v in y]) - lgamma(n + 1.0)
        if name == "Multinomial":
            return chosen - total([v * log(s) for s, v in zip(shares, y, strict=True)])
        terms = [lgamma(kappa * s) - lgamma(kappa * s + v) for s, v in zip(shares, y, strict=True)]
        return chosen + lgamma(kappa + n) - lgamma(kappa) + total(terms)

    def expected(raw):
        shares, kappa = theta(raw)

        def moved(j, i):  # ∂(κ μⱼ)/∂rawᵢ
            return kappa * shares[j] * ((float(i == j) - shares[i]) if i < k - 1 else 1.0)

        return [
            total([trigamma(kappa * shares[j]) * moved(j, a) * moved(j, b) for j in range(k)])
            - (kappa * kappa * trigamma(kappa) if a == b == k - 1 else 0.0)
            for a in range(k)
            for b in range(a + 1)
        ]

    of_shares = name == "Dirichlet"
    columns = k - 1 + (name != "Multinomial")
    return VectorTruth(nll, k, (False,) * columns, expected if of_shares else None, of_shares)


def total(terms: Sequence[Any]) -> Any:
    return sum(terms[1:], terms[0])


def points(name: str, k: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """y (n, k) and raw: jointly to ±30, one at a time far out, and counts that nearly had to be."""
    rng = np.random.default_rng(k)
    columns = k - 1 + (name != "Multinomial")
    groups = [rng.uniform(-30.0, 30.0, (count, columns)), rng.normal(size=(count, columns))]
    for j, far in product(range(columns), (37.5, -37.5)):
        groups.append(rng.choice([-1.0, 0.0, 1.0], (1, columns)))
        groups[-1][:, j] = far
    if name == "DirichletMultinomial":  # a kind alone where κ is small, and its share near 1
        groups.append(
            np.column_stack([rng.uniform(2.0, 20.0, (4, k - 1)), [-9.0, -25.0, 0.0, 9.0]])
        )
    raw = np.concatenate(groups)
    weights = np.exp(np.column_stack([raw[:, : k - 1], np.zeros(len(raw))]))
    y = []
    for i, share in enumerate(weights / weights.sum(axis=1, keepdims=True)):
        if name == "Dirichlet":
            near = share * np.exp(rng.normal(size=k) * rng.choice([0.0, 1e-8, 1e-3, 1.0]))
            y.append(near / near.sum())
            continue
        n = rng.choice([1, 2, 40, 10**6])
        alone = i % 4 == 0 or i >= len(raw) - 4
        y.append(
            n * np.eye(k)[share.argmax() if alone else rng.integers(k)]
            if i % 4 < 2 or alone
            else rng.multinomial(n, share)
            if i % 4 == 2
            else np.arange(1, k + 1) * n
        )
    return np.array(y, dtype=float), raw
