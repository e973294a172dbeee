"""The predictive distribution of several real targets with a covariance."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import log, pi
from typing import Any, ClassVar

import numpy as np

from likely.families.registry import specification
from likely.inference.distributions import Array
from likely.inference.predictive import Predictive
from likely.inference.vectors import VectorPredictive


class MultivariateNormalPredictive(VectorPredictive):
    """n Normal distributions of d columns; or a single one, of shape ()."""

    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("cdf", "sf", "quantile", "isf", "interval", "median"), "it has several columns"
    )
    instead: ClassVar[str] = "Use marginal(i), the distribution of one of them"

    @cached_property
    def _factor(self) -> Array:
        factor: Array = self.loss.factor(self._raw2)
        return factor

    def mean(self) -> Any:
        """E[Y] = loc, (n, d)."""
        return self._shaped(self._raw2[: self.loss.size].copy())

    def mode(self) -> Any:
        """Where the density is largest: loc, (n, d)."""
        return self.mean()

    def cov(self) -> Any:
        """The covariance matrix, (n, d, d)."""
        return self._shaped(self.loss.natural(self._raw2)["covariance"])

    def var(self) -> Any:
        """The variance of each column, (n, d)."""
        variance = np.einsum("nij,nij->ni", self._factor, self._factor)
        return variance if self.shape else variance[0]

    def std(self) -> Any:
        """The standard deviation of each column, (n, d)."""
        return np.sqrt(self.var())

    def entropy(self) -> Any:
        """½·log |2πe·Σ|, in nats."""
        d = self.loss.size
        diagonal = [d + i * (i + 3) // 2 for i in range(d)]
        value = self._raw2[diagonal].sum(axis=0) + 0.5 * d * (1.0 + log(2.0 * pi))
        return value if self.shape else value[0]

    def marginal(self, column: int) -> Predictive:
        """The distribution of one column of y: Normal, with quantiles, intervals and the rest.

        ValueError where y has no such column.
        """
        i = self._place(column)
        std = np.sqrt(np.einsum("nj,nj->n", self._factor[:, i], self._factor[:, i]))
        return self._of_one(specification("normal"), np.stack([self._raw2[i], np.log(std)]))

    def _draw(self, m: int, rng: np.random.Generator) -> Array:
        n, d = self._raw2.shape[1], self.loss.size
        noise = rng.standard_normal((n, m, d))
        draws: Array = self._raw2[:d].T[:, None] + noise @ self._factor.transpose(0, 2, 1)
        return draws
