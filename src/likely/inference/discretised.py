"""The distribution of whole numbers by a continuous family: its tails are the family's, one unit on."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.families.modifiers.discretised import shift_of
from likely.inference.modified import Array, Rows, insides
from likely.inference.summation import DiscreteSums


class DiscretisedCounts(DiscreteSums):
    """Tails and quantiles of the family inside; moments and the mode are sums and searches."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)
        (self.inside,) = insides(loss, raw)
        self.end = shift_of(self.inside.loss.specification) + 1.0
        #: From here on not every end of a unit is a number of float64.
        self.rounded = 2.0**52 if self.end % 1.0 else 2.0**53
        if self.end % 1.0:
            self.furthest = 2.0**51  # beyond it float64 has no halves, where units would end

    def tail(self, k: Array, rows: Rows, *, upper: bool) -> Array:
        """F or 1 − F at the end of the unit of k."""
        found = self.inside._beside(k + self.end, rows, upper=upper)
        far = np.flatnonzero(np.abs(k) >= self.rounded)
        if far.size:
            name = "log_sf" if upper else "log_cdf"
            found[far] = np.exp(self.loss.formula(name, self.raw[:, rows[far]], k[far]))
        return found

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The unit that the quantile inside lies in; where it lies at an end, the tails decide."""
        x = np.asarray(self.inside._inverse(p, rows, upper=upper))
        near = np.ceil(x - self.end)
        found = np.maximum(near + 1.0, self.low)
        for step in (0.0, -1.0):
            k = np.maximum(near + step, self.low)
            tail = self.tail(k, rows, upper=upper)
            found = np.where(tail <= p if upper else tail >= p, k, found)
        return found

    def _guesses(self) -> list[Array]:
        inside = np.asarray(self.inside.mode())
        return [np.floor(inside + 1.0 - self.end), np.floor(self.inside.median() + 1.0 - self.end)]
