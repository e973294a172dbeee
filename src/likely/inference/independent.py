"""The predictive distribution of several targets that are independent given x."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from likely.inference.distributions import Array
from likely.inference.predictive import Predictive
from likely.inference.vectors import NamedPredictive


class IndependentPredictive(NamedPredictive):
    """n distributions of rows of d numbers, the product of those of the columns; or a single one, of shape ().

    Points have a column each, (n, d); ``marginal`` is the distribution of one column.
    """

    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("cdf", "sf", "quantile", "isf", "interval"), "it has several columns"
    )
    instead: ClassVar[str] = "Use marginal(i), the distribution of one of them"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters on their natural scale by public name, (n,) each; fixed ones included."""
        return {
            part.outer(name): value
            for j, part in enumerate(self.loss.specification.structure.parts)
            for name, value in self.marginal(j).parameters.items()
        }

    def marginal(self, column: int | str) -> Predictive:
        """The distribution of one column of y, by its place or name."""
        inside, columns = self.loss.parts[self._place(column)]
        return Predictive(inside, self.raw[columns])

    def _marginals(self) -> list[Predictive]:
        return [self.marginal(j) for j in range(len(self.names))]

    def _stacked(self, what: str) -> Any:
        return np.stack([getattr(one, what)() for one in self._marginals()], axis=-1)

    def mean(self) -> Any:
        """The mean of each column, (n, d)."""
        return self._stacked("mean")

    def median(self) -> Any:
        """The median of each column, (n, d)."""
        return self._stacked("median")

    def mode(self) -> Any:
        """Where the density or probability is largest, (n, d): at the modes of the columns."""
        return self._stacked("mode")

    def var(self) -> Any:
        """The variance of each column, (n, d)."""
        return self._stacked("var")

    def std(self) -> Any:
        """The standard deviation of each column, (n, d)."""
        return self._stacked("std")

    def entropy(self) -> Any:
        """The sum of the entropies of the columns, in nats."""
        return sum(one.entropy() for one in self._marginals())

    def _draw(self, m: int, rng: np.random.Generator) -> Array:
        draws = [np.reshape(one.sample(m, rng), (-1, m)) for one in self._marginals()]
        return np.stack(draws, axis=-1)
