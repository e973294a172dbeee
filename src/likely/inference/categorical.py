"""The predictive distribution over K classes without order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from likely.inference.classes import ClassPredictive
from likely.inference.distributions import Array
from likely.losses.categorical import probabilities


class CategoricalPredictive(ClassPredictive):
    """n distributions over K classes, one a row; or a single one, of shape ().

    ``raw`` (K, n), or (K,), are logits: probabilities are their softmax. ``cdf``, ``mean`` and others that
    need an order or numbers do not exist.
    """

    absent: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("cdf", "sf", "quantile", "isf", "interval", "median"), "classes have no order"
        ),
        **dict.fromkeys(("mean", "var", "std"), "classes are not numbers"),
    }

    def __init__(self, loss: Any, raw: ArrayLike, labels: ArrayLike | None = None) -> None:
        # With a reference class too, raw is then that of all classes.
        super().__init__(loss.symmetric, loss.logits(np.asarray(raw, dtype=np.float64)), labels)
        top = self._raw2.max(axis=0)
        if np.isnan(top).any() or np.isinf(top).any():
            bad = np.flatnonzero(~np.isfinite(top))
            raise ValueError(f"raw has no finite maximum in row {', '.join(map(str, bad[:5]))}")

    def _log_prob(self, codes: Array, raw: Array) -> Array:
        out = np.full(codes.shape, -np.inf)
        # A class whose logit is −∞ cannot be.
        possible = raw[codes.astype(np.intp), np.arange(codes.size)] > -np.inf
        if possible.any():
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                out[possible] = -self.loss.evaluate(codes[possible], raw[:, possible], 0)[0]
        return out

    def probabilities(self) -> Array:
        """The probability of each class in the order of ``labels``, (n, K) or (K,): softmax(raw)."""
        return probabilities(self.raw).T
