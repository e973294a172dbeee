"""Distributions with a point of its own at zero: ZeroInflated and Hurdle."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from likely.inference.discrete import quantile_of_counts
from likely.inference.ends import Ends
from likely.inference.modified import Array, Rows, highest, insides, xlogx


class _Zeros:
    """A point at zero, of probability π, and a family inside that shares the rest, 1 − π."""

    point: str

    def __init__(self, loss: Any, raw: Array) -> None:
        self.loss, self.raw = loss, raw
        (self.inside,) = insides(loss, raw)
        self.pi = loss.parameter(self.point, raw)
        self.rest = loss.parameter(self.point, raw, "complement")
        self.log_pi = loss.parameter(self.point, raw, "log")


class InflatedCounts(Ends):
    """Counts with additional zeros."""

    def probability(self, k: Array, rows: Rows) -> Array:
        """π at zero, and (1 − π) p₀(k)."""
        return np.where(k == 0.0, self.pi[rows], 0.0) + self.rest[rows] * self.inside[rows].prob(k)

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up, near the quantile of the family inside."""
        guess = super().quantile(p, rows, upper=upper)
        return quantile_of_counts(self, p, rows, guess, upper=upper)

    def mode(self) -> Array:
        """0, or the mode of the family inside."""
        top = np.asarray(self.inside.mode())
        return highest(self, np.array([np.zeros_like(top), top]))

    def entropy(self) -> Array:
        """−p(0) log p(0) and, of the counts above, (1 − π) times the family's, less their log(1 − π)."""
        zero = np.asarray(self.inside.prob(0.0))
        above = self.inside.entropy() + xlogx(zero)
        chosen = (1.0 - zero) * xlogx(self.rest)
        # Near 1 a probability has fewer digits than what it leaves.
        share, others = self.pi + self.rest * zero, self.rest * np.asarray(self.inside.sf(0.0))
        near = share * np.log1p(-np.minimum(others, 0.5))
        return self.rest * above - chosen - np.where(others < 0.5, near, xlogx(share))


class HurdleCounts(_Zeros):
    """Zero with probability π, otherwise the family given that it is not zero."""

    point = "zero"

    @cached_property
    def above(self) -> Array:
        """The probability of the family inside that its count is not zero."""
        return np.asarray(self.inside.sf(0.0))

    @cached_property
    def zero(self) -> Array:
        """The probability of the family inside that its count is zero."""
        return np.asarray(self.inside.cdf(0.0))

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """π + (1 − π) P₀(Y ≤ y | Y > 0) or (1 − π) P₀(Y > y | Y > 0), y ≥ 0."""
        rest, above = self.rest[rows], self.above[rows]
        if upper:
            return rest * (self.inside._beside(y, rows, upper=True) / above)
        share = np.empty(y.shape)
        many = above > 0.5
        at, few = rows[many], rows[~many]
        share[many] = self.inside._beside(y[many], at, upper=False) - self.zero[at]
        share[~many] = self.above[few] - self.inside._beside(y[~many], few, upper=True)
        return self.pi[rows] + rest * (share / above)

    def probability(self, k: Array, rows: Rows) -> Array:
        """π at zero, (1 − π) p₀(k)/P₀(Y > 0) above."""
        above = self.inside[rows].prob(k) / self.above[rows]
        return np.where(k == 0.0, self.pi[rows], self.rest[rows] * above)

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up, near the quantile of the family inside."""
        beyond = (p if upper else 1.0 - p) / self.rest[rows]
        guess = np.zeros(p.shape)
        positive = np.flatnonzero(beyond < 1.0)
        level = beyond[positive] * self.above[rows[positive]]
        guess[positive] = self.inside._inverse(level, rows[positive], upper=True)
        return quantile_of_counts(self, p, rows, guess, upper=upper)

    def mean(self) -> Array:
        """c m with c = (1 − π)/P₀(Y > 0)"""
        return self.rest * (self.inside.mean() / self.above)

    def var(self) -> Array:
        """c v + c (1 − c) m²"""
        c = self.rest / self.above
        return c * (self.inside.var() + (1.0 - c) * self.inside.mean() ** 2)

    def mode(self) -> Array:
        """0, 1, or the mode of the family inside."""
        top = np.maximum(self.inside.mode(), 1.0)
        return highest(self, np.array([np.zeros_like(top), np.ones_like(top), top]))

    def entropy(self) -> Array:
        """That of the choice, and the share of the zero-truncated family's."""
        # A probability near 1 has fewer digits than what it leaves.
        near = (1.0 - self.above) * np.log1p(-np.minimum(self.above, 0.5))
        none = np.where(self.above < 0.5, near, xlogx(self.zero))
        truncated = (self.inside.entropy() + none) / self.above
        truncated = truncated + np.log(self.above)
        return self.rest * truncated - self.pi * self.log_pi - xlogx(self.rest)
