"""What predictive distributions over K classes share: labels, probabilities, draws, the mode."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely.inference.asked import generator_for
from likely.inference.batch import Batch
from likely.inference.distributions import Array
from likely.inference.labels import codes_of


class ClassPredictive(Batch):
    """n distributions over K classes, one a row; or a single one, of shape ().

    ``raw`` is (k, n), or (k,); ``labels`` (K,) are what the classes are called, 0, …, K − 1 by default. Shapes and
    indexing as for ``Predictive``.
    """

    instead: ClassVar[str] = "Use probabilities(), mode(), log_prob(y), prob(y) or entropy()"

    def __init__(self, loss: Any, raw: ArrayLike, labels: ArrayLike | None = None) -> None:
        super().__init__(loss, raw)
        k = loss.size
        self.labels = np.arange(k) if labels is None else np.asarray(labels)
        if self.labels.shape != (k,):
            raise ValueError(f"{k} classes need {k} labels, got shape {self.labels.shape}")

    def _of(self, raw: Array) -> Self:
        return type(self)(self.loss, raw, self.labels)

    def __repr__(self) -> str:
        name = self.loss.specification.name
        labels = ", ".join(map(str, self.labels[:5].tolist())) + (
            ", …" if len(self.labels) > 5 else ""
        )
        if self.shape:
            return f"<{name} {len(self)} distributions over {len(self.labels)} classes: {labels}>"
        shown = ", ".join(f"{p:.6g}" for p in self.probabilities()[:5])
        return f"<{name} distribution over {labels}: probs=[{shown}]>"

    # --- Probability ------------------------------------------------------------------------------

    def log_prob(self, y: ArrayLike) -> Any:
        """log p(y) of labels y.

        ValueError names the rows where y is missing or none of the labels.
        """
        codes = codes_of(y, self.labels)
        n = self._raw2.shape[1]
        if not self.shape:
            shape = codes.shape
            raw = np.broadcast_to(self._raw2, (self.raw.shape[0], codes.size))
            flat = codes.ravel()
        else:
            if codes.ndim == 0:
                codes = np.full(n, codes)
            if codes.shape != (n,):
                raise ValueError(
                    f"y has shape {codes.shape}, but there are {n} distributions: give one label or ({n},)"
                )
            shape, raw, flat = (n,), self._raw2, codes
        return self._log_prob(flat, raw).reshape(shape)[()]

    def _log_prob(self, codes: Array, raw: Array) -> Array:
        found: Array = -self.loss.evaluate(codes, raw, 0)[0]
        return found

    def prob(self, y: ArrayLike) -> Any:
        """p(y) of labels y."""
        return np.exp(self.log_prob(y))

    def probabilities(self) -> Array:
        """The probability of each class in the order of ``labels``, (n, K) or (K,)."""
        found: Array = np.exp(self.loss.log_probabilities(self._raw2)).T
        return found if self.shape else found[0]

    def sample(self, m: int, rng: np.random.Generator | int | None = None) -> NDArray[Any]:
        """m labels a row, (n, m), or (m,) from a single distribution; ``rng`` a Generator or a seed."""
        generator = generator_for(m, rng)
        cumulative = np.cumsum(np.exp(self.loss.log_probabilities(self._raw2)), axis=0)
        n = cumulative.shape[1]
        uniform = generator.random((n, m)) * cumulative[-1][:, None]
        codes = np.zeros((n, m), dtype=np.intp)
        for step in cumulative[:-1]:
            codes += uniform >= step[:, None]
        drawn: NDArray[Any] = self.labels[codes]
        return drawn if self.shape else drawn[0]

    # --- Summaries --------------------------------------------------------------------------------

    def mode(self) -> Any:
        """The label of the most probable class; of ties the first."""
        codes = self.loss.log_probabilities(self._raw2).argmax(axis=0)
        return self.labels[codes if self.shape else codes[0]]

    def entropy(self) -> Any:
        """−Σ p log p, in nats."""
        log_p = self.loss.log_probabilities(self._raw2)
        with np.errstate(invalid="ignore"):
            p = np.exp(log_p)
            value = -np.where(p > 0.0, p * log_p, 0.0).sum(axis=0)
        value = np.maximum(value, 0.0)
        return value if self.shape else value[0]
