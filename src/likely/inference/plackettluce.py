"""The predictive distribution of rankings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from likely.inference.distributions import Array
from likely.inference.vectors import VectorPredictive
from likely.losses.categorical import probabilities


class PlackettLucePredictive(VectorPredictive):
    """n distributions of rankings of m items; or a single one. Values are ranks by item, 1 for the first.

    ``log_prob`` takes rankings that break off too: NaN is an item that came after all that were ranked.
    """

    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("cdf", "sf", "quantile", "isf", "interval", "median", "var", "std", "entropy"),
        "rankings are no numbers",
    )
    instead: ClassVar[str] = (
        "Use mode(), mean() (of each item's rank), probabilities() (of coming first), beats() or sample(m)"
    )

    def _missing(self, values: Array) -> NDArray[np.bool_]:
        return np.zeros(values.shape, dtype=bool)  # NaN is an item without a rank

    def probabilities(self) -> Array:
        """The probability of each item to come first, (n, m) or (m,): the worths."""
        return probabilities(self.raw).T

    def beats(self, item: int, other: int) -> Any:
        """The probability that one item comes before another."""
        difference = self._raw2[item] - self._raw2[other]
        value = np.exp(-np.logaddexp(0.0, -difference))
        return value if self.shape else value[0]

    def mean(self) -> Any:
        """The mean rank of each item: 1 and the probabilities of those before it, (n, m)."""
        raw = self._raw2
        before = np.exp(-np.logaddexp(0.0, raw[:, None] - raw[None]))  # [i, j]: j before i
        return self._shaped(0.5 + before.sum(axis=1))  # the item itself counts ½ in the sum

    def mode(self) -> Any:
        """The most probable ranking: the items by worth; of ties the first item."""
        return self._shaped(_ranks(-self._raw2))

    def _draw(self, m: int, rng: np.random.Generator) -> Array:
        items, n = self._raw2.shape
        # The order of Gumbel variables about the log worths is the ranking.
        noisy = -self._raw2[:, None] - rng.gumbel(size=(items, m, n))
        return np.moveaxis(_ranks(noisy), 0, -1).swapaxes(0, 1)


def _ranks(values: Array) -> Array:
    """1, 2, … along the first axis, 1 for the smallest."""
    order = np.argsort(values, axis=0, kind="stable")
    found = np.empty(values.shape)
    ranks = np.arange(1.0, values.shape[0] + 1.0).reshape(-1, *(1,) * (values.ndim - 1))
    np.put_along_axis(found, order, np.broadcast_to(ranks, values.shape), axis=0)
    return found
