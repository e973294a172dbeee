"""Softmax cross-entropy: the negative log-likelihood of Categorical, written for K columns at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.losses import check
from likely.losses.kernels.softmax import ENTRIES, softmax
from likely.losses.nll import BLOCK
from likely.losses.vector import Array, VectorLoss, class_codes, class_counts, last_length


class CategoricalLoss(VectorLoss):
    r"""−log λ_y with λ = softmax(raw), per row, in nats; raw has shape (K, n), y the class codes.

    With r_j = raw_j − raw_y and L = log Σ_{j≠y} exp(r_j), the loss is log(1 + e^L). The chosen class is left
    out of the sum, so that a loss near 0 keeps its digits: the textbook's logsumexp(raw) − raw_y is
    exactly 0 from raw_y − raw_j = 37 on.
    """

    #: Adding a constant to all raw columns changes nothing: only their differences are determined.
    shift_invariant = True
    canonical = True
    single = True
    counts_invalid = True

    @property
    def symmetric(self) -> CategoricalLoss:
        """The loss over all K columns: itself."""
        return self

    def logits(self, raw: Array) -> Array:
        """raw (K, …) of all classes: themselves."""
        return raw

    @staticmethod
    def size_of(columns: int) -> int:
        """K columns, one a class."""
        return columns

    def widths(self) -> tuple[int, ...]:
        """One column a class."""
        return (self.size,)

    def response(self, y: Any) -> Array:
        """Class codes 0, …, K − 1 as float64 (n,)."""
        return class_codes(y, self)

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed", invalid: Any = None
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (K, n), packed curvature (K(K+1)/2, n), up to ``order``.

        Observed and expected curvature are the same: the softmax is the canonical link. The result has the
        float type of raw; many float32 entries are computed in float32, to 1e-6.
        """
        k, n = raw.shape
        nll = np.empty(n, dtype=raw.dtype)
        gradient = np.empty_like(raw)
        if n * k >= ENTRIES:
            bad = softmax(y, raw.T, nll, gradient.T)
        else:
            bad = 0 if invalid is None or np.isfinite(raw).all() else n
            for first in range(0, n, BLOCK):
                rows = slice(first, min(first + BLOCK, n))
                wide = raw[:, rows].astype(np.float64, copy=False)
                with np.errstate(invalid="ignore"):  # of raw that the caller refuses
                    nll[rows], gradient[:, rows] = _cross_entropy(y[rows].astype(np.intp), wide)
        if invalid is not None:
            invalid.append(bad)
        if order < 2:
            return nll, gradient if order else None, None
        curvature = np.empty((k * (k + 1) // 2, n))
        for first in range(0, n, BLOCK):
            rows = slice(first, min(first + BLOCK, n))
            p = gradient[:, rows].copy()
            p[y[rows].astype(np.intp), np.arange(p.shape[1])] = np.exp(-nll[rows])
            curvature[:, rows] = _curvature(p)
        return nll, gradient, curvature

    def curvature_product(self, y: Array, raw: Array, v: Array) -> Array:
        """Curvature times v, (K, n), without forming K × K matrices: p ∘ (v − pᵀv)."""
        p = probabilities(raw)
        return p * (v - (p * v).sum(axis=0))

    def log_probabilities(self, raw: Array) -> Array:
        """log p of every class, (K, n)."""
        top = raw.argmax(axis=0)
        rows = np.arange(raw.shape[1])
        with np.errstate(invalid="ignore"):
            shifted = raw - raw[top, rows]
            others = np.exp(shifted)
            others[top, rows] = 0.0  # log Σ is log1p of these: nothing is lost where they are tiny
            log_p: Array = shifted - np.log1p(others.sum(axis=0))
        return log_p

    def natural(self, raw: Array) -> dict[str, Array]:
        """probs (K, n)."""
        return {"probs": probabilities(raw)}

    @staticmethod
    def size_of_parameters(parameters: Mapping[str, Any]) -> int:
        """K, from the length of probs."""
        return last_length(parameters, "probs")

    def raw_of(self, parameters: Mapping[str, Any]) -> Array:
        """raw (K,) or (K, n) of probs (K,) or (n, K)."""
        probs = check.numeric(parameters["probs"], "probs")
        if probs.ndim not in (1, 2) or probs.shape[-1] != self.size:
            k = self.size
            raise ValueError(f"probs must have shape ({k},) or (n, {k}), got {probs.shape}")
        rows = np.atleast_2d(probs)
        wrong = ~((rows >= 0).all(axis=1) & (np.abs(rows.sum(axis=1) - 1.0) <= 1e-9))
        if wrong.any():
            raise ValueError(
                f"probs must be ≥ 0 and sum to 1; they do not in {check.rows_and_values(wrong, rows)}"
            )
        with np.errstate(divide="ignore"):
            return np.log(probs).T

    def start(self, y: Array, weight: Array | None) -> Array:
        """The marginal frequencies, a class that was not seen counting as half a row."""
        raw = np.log(np.maximum(class_counts(y, weight, self.size), 0.5))
        centred: Array = raw - raw.mean()
        return centred

    def maximum(self, y: Array, weight: Array | None) -> Array:
        """The marginal frequencies; −∞ for a class that has none."""
        counts = class_counts(y, weight, self.size)
        with np.errstate(divide="ignore"):
            raw: Array = np.log(counts / counts.sum())
        return raw


def _cross_entropy(y: NDArray[np.intp], raw: Array) -> tuple[Array, Array]:
    """nll (n,) and gradient (K, n), with one exponential an entry; see ``kernels/softmax_body.py``."""
    rows = np.arange(y.size)
    top = raw.max(axis=0)
    behind = top - raw[y, rows]
    e = np.exp(raw - top)
    mine = e[y, rows]
    e[y, rows] = 0.0
    total = e.sum(axis=0)
    excess = np.where(mine == 1.0, total, (total + mine) - 1.0)
    e[y, rows] = -total
    return behind + np.log1p(excess), e / (1.0 + excess)


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
