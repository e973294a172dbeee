"""The predictive distribution over K classes in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from likely.inference.asked import levels_of
from likely.inference.classes import ClassPredictive
from likely.inference.labels import codes_of


class OrdinalPredictive(ClassPredictive):
    """n distributions over K ordered classes, one a row; or a single one, of shape ().

    ``raw`` (K, n), or (K,), are loc, the first threshold, and the logarithms of the steps between thresholds. Values
    are labels: ``quantile``, ``median`` and ``interval`` give the label of a class.
    """

    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("mean", "var", "std"), "classes have an order, but are not numbers"
    )

    def __init__(self, loss: Any, raw: ArrayLike, labels: ArrayLike | None = None) -> None:
        super().__init__(loss, raw, labels)
        self._refuse_unless_finite()

    def cdf(self, y: ArrayLike) -> Any:
        """P(Y ≤ y) of labels y: a label, one a row (n,), or any shape for a single distribution."""
        return self._tail(y, 0)

    def sf(self, y: ArrayLike) -> Any:
        """P(Y > y) of labels y, with its relative accuracy kept where it is small."""
        return self._tail(y, 1)

    def _tail(self, y: ArrayLike, upper: int) -> Any:
        codes = codes_of(y, self.labels).astype(np.intp)
        end = np.full((1, self._raw2.shape[1]), 0.0 if upper else 1.0)
        tail = np.concatenate([np.exp(self.loss.log_cumulative(self._raw2)[upper]), end])
        if not self.shape:
            return tail[codes, 0][()]
        if codes.shape not in ((), self.shape):
            raise ValueError(
                f"y has shape {codes.shape}, but there are {len(self)} distributions: give one label or "
                f"({len(self)},)"
            )
        return tail[np.broadcast_to(codes, self.shape), np.arange(len(self))]

    def quantile(self, q: ArrayLike) -> Any:
        """The label of the lowest class with cdf ≥ q: (n,) for a level, (n, m) for m levels."""
        return self._levels(q, 0)

    def isf(self, p: ArrayLike) -> Any:
        """The label of the lowest class with sf ≤ p: quantile(1 − p) that stays exact for tiny p."""
        return self._levels(p, 1)

    def _levels(self, levels: ArrayLike, upper: int) -> Any:
        p = levels_of(levels, "p" if upper else "q")
        tail = np.exp(self.loss.log_cumulative(self._raw2)[upper])[..., None]
        short = tail > p.ravel() if upper else tail < p.ravel()
        found = self.labels[short.sum(axis=0)].reshape(-1, *p.shape)
        return found if self.shape else found[0][()]

    def median(self) -> Any:
        """The label of the lowest class with cdf ≥ ½."""
        return self.quantile(0.5)

    def interval(self, coverage: ArrayLike) -> tuple[Any, Any]:
        """The labels (low, high) of the central interval, which covers at least what is asked for."""
        levels = levels_of(coverage, "coverage")
        outside = 0.5 * (1.0 - levels)
        return self.quantile(outside), self.isf(outside)
