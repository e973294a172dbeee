"""Softmax cross-entropy: the negative log-likelihood of Categorical, written for K columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.families.base import Specification
from likely.losses.nll import BLOCK, Slot

Array = NDArray[np.float64]


class CategoricalLoss:
    r"""−log λ_y with λ = softmax(raw), per row, in nats; raw has shape (K, n), y the class codes.

    With r_j = raw_j − raw_y and L = log Σ_{j≠y} exp(r_j), the loss is log(1 + e^L). The chosen class is left
    out of the sum, so that a loss near 0 keeps its digits: the textbook's logsumexp(raw) − raw_y is
    exactly 0 from raw_y − raw_j = 37 on.
    """

    smooth = True
    #: p is a probability, so the loss of a row is never below 0.
    discrete = True
    #: Adding a constant to all raw columns changes nothing: only their differences are determined.
    shift_invariant = True
    curvature_kinds = ("observed", "expected")
    kernel_kinds = curvature_kinds

    def __init__(
        self, specification: Specification, classes: int | None, slots: Sequence[Slot]
    ) -> None:
        self.specification = specification
        self.slots = tuple(slots)
        self.free = self.slots
        self.classes = classes

    def for_rows(self, n: int) -> CategoricalLoss:
        """The loss to use for work that folds n rows in blocks: itself."""
        return self

    @property
    def columns(self) -> int:
        """The number of classes K, one raw column each; ValueError while it is unknown."""
        if self.classes is None:
            raise ValueError(
                "the number of classes is not known yet: give it, Categorical(3), or fit to y first"
            )
        return self.classes

    @property
    def column_names(self) -> tuple[str, ...]:
        """The name of each raw column."""
        return tuple(f"probs[{k}]" for k in range(self.columns))

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed", invalid: Any = None
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (K, n), packed curvature (K(K+1)/2, n), up to ``order``.

        Observed and expected curvature are the same: the softmax is the canonical link.
        """
        k, n = raw.shape
        if invalid is not None and n:
            last = replace(self.specification.support, high=k - 1, closed_high=True)
            good = last.covers(y) and np.isfinite(raw).all()
            invalid.append(0 if good else n)
            if not good:
                return np.full(n, np.nan), None, None
        nll = np.empty(n)
        gradient = np.empty((k, n)) if order >= 1 else None
        curvature = np.empty((k * (k + 1) // 2, n)) if order >= 2 else None
        for first in range(0, n, BLOCK):
            rows = slice(first, min(first + BLOCK, n))
            nll[rows], p, miss = _cross_entropy(y[rows].astype(np.intp), raw[:, rows])
            if gradient is not None:
                gradient[:, rows] = p
                gradient[y[rows].astype(np.intp), np.arange(rows.start, rows.stop)] = -miss
            if curvature is not None:
                curvature[:, rows] = _curvature(p)
        return nll, gradient, curvature

    def curvature_product(self, y: Array, raw: Array, v: Array) -> Array:
        """Curvature times v, (K, n), without forming K × K matrices: p ∘ (v − pᵀv)."""
        p = probabilities(raw)
        return p * (v - (p * v).sum(axis=0))

    def outside(self, raw: Array) -> NDArray[np.bool_]:
        """No raw is outside the domain: the softmax is total."""
        return np.zeros(raw.shape[1:], dtype=bool)


def _cross_entropy(y: NDArray[np.intp], raw: Array) -> tuple[Array, Array, Array]:
    """nll (n,), probabilities (K, n), and 1 − the probability of the class seen (n,)."""
    rows = np.arange(y.shape[0])
    r = raw - raw[y, rows]
    others = r.copy()
    others[y, rows] = -np.inf
    top = others.max(axis=0)
    total = np.exp(others - top).sum(axis=0)
    rest = top + np.log(total)  # log of the odds against the class seen
    nll = np.maximum(rest, 0.0) + np.log1p(np.exp(-np.abs(rest)))
    e = np.exp(-np.abs(rest))
    miss = np.where(rest > 0.0, 1.0, e) / (1.0 + e)
    return nll, np.exp(r - nll), miss


def _curvature(p: Array) -> Array:
    """δᵢⱼ pᵢ − pᵢ pⱼ, packed; 1 − pᵢ is the sum of the others where pᵢ is near 1."""
    k, n = p.shape
    packed = np.empty((k * (k + 1) // 2, n))
    top = p.argmax(axis=0)
    rest = p.copy()
    rest[top, np.arange(n)] = 0.0
    complement = 1.0 - p
    complement[top, np.arange(n)] = rest.sum(axis=0)
    row = 0
    for i in range(k):
        for j in range(i):
            packed[row] = -p[i] * p[j]
            row += 1
        packed[row] = p[i] * complement[i]
        row += 1
    return packed


def probabilities(raw: Any) -> Array:
    """softmax over the first axis, (K, …) → (K, …)."""
    shifted = np.exp(raw - raw.max(axis=0))
    return np.asarray(shifted / shifted.sum(axis=0))
