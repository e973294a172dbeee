"""The predictive distribution over K classes without order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely.inference.labels import codes_of
from likely.losses.categorical import probabilities

Array = NDArray[np.float64]

#: What classes have no order, or no arithmetic, for.
_ABSENT = {
    "cdf": "classes have no order",
    "sf": "classes have no order",
    "quantile": "classes have no order",
    "isf": "classes have no order",
    "interval": "classes have no order",
    "median": "classes have no order",
    "mean": "classes are not numbers",
    "var": "classes are not numbers",
    "std": "classes are not numbers",
}


class CategoricalPredictive:
    """n distributions over K classes, one a row; or a single one, of shape ().

    ``raw`` (K, n), or (K,), are logits: probabilities are their softmax. ``labels`` (K,) are what the
    classes are called, 0, …, K − 1 by default. Shapes and indexing as for ``Predictive``; ``cdf``, ``mean``
    and others that need an order or numbers do not exist.
    """

    def __init__(self, loss: Any, raw: ArrayLike, labels: ArrayLike | None = None) -> None:
        self.loss = loss
        self.raw = np.asarray(raw, dtype=np.float64)
        if self.raw.ndim not in (1, 2) or self.raw.shape[0] < 2:
            raise ValueError(f"raw must have shape (K,) or (K, n), got {self.raw.shape}")
        k = self.raw.shape[0]
        self.labels = np.arange(k) if labels is None else np.asarray(labels)
        if self.labels.shape != (k,):
            raise ValueError(f"{k} classes need {k} labels, got shape {self.labels.shape}")
        top = self._raw2.max(axis=0)
        if np.isnan(top).any() or np.isinf(top).any():
            bad = np.flatnonzero(~np.isfinite(top))
            raise ValueError(f"raw has no finite maximum in row {', '.join(map(str, bad[:5]))}")

    def __getattr__(self, name: str) -> Any:
        if name in _ABSENT:
            raise AttributeError(
                f"{name} is not defined for Categorical: {_ABSENT[name]}. Use probabilities(), mode(), "
                "log_prob(y), prob(y) or entropy()"
            )
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    # --- A row of distributions -------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """(n,), or () for a single distribution."""
        return self.raw.shape[1:]

    @property
    def _raw2(self) -> Array:
        return self.raw if self.raw.ndim == 2 else self.raw[:, None]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("this is a single distribution, which has no length")
        return self.shape[0]

    def __getitem__(self, rows: Any) -> CategoricalPredictive:
        if not self.shape:
            raise TypeError("this is a single distribution, which has no rows to select")
        if isinstance(rows, tuple):
            raise IndexError("distributions have one axis: select rows by one index")
        return CategoricalPredictive(self.loss, self.raw[:, rows], self.labels)

    def __iter__(self) -> Iterator[CategoricalPredictive]:
        return (self[row] for row in range(len(self)))

    @property
    def parameters(self) -> dict[str, Any]:
        """``{"probs": …}``: (n, K), or (K,) for a single distribution."""
        return {"probs": self.probabilities()}

    def __repr__(self) -> str:
        labels = ", ".join(map(str, self.labels[:5].tolist())) + (
            ", …" if len(self.labels) > 5 else ""
        )
        if self.shape:
            return (
                f"<Categorical {len(self)} distributions over {len(self.labels)} classes: {labels}>"
            )
        shown = ", ".join(f"{p:.6g}" for p in self.probabilities()[:5])
        return f"<Categorical distribution over {labels}: probs=[{shown}]>"

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
        out = np.full(flat.shape, -np.inf)
        # A class whose logit is −∞ cannot be.
        possible = raw[flat.astype(np.intp), np.arange(flat.size)] > -np.inf
        if possible.any():
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                out[possible] = -self.loss.evaluate(flat[possible], raw[:, possible], 0)[0]
        return out.reshape(shape)[()]

    def prob(self, y: ArrayLike) -> Any:
        """p(y) of labels y."""
        return np.exp(self.log_prob(y))

    def probabilities(self) -> Array:
        """The probability of each class in the order of ``labels``, (n, K) or (K,): softmax(raw)."""
        return probabilities(self.raw).T

    def sample(self, m: int, rng: np.random.Generator | int | None = None) -> NDArray[Any]:
        """m labels a row, (n, m), or (m,) from a single distribution; ``rng`` a Generator or a seed."""
        generator = np.random.default_rng(rng)
        cumulative = np.cumsum(probabilities(self._raw2), axis=0)
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
        return self.labels[self.raw.argmax(axis=0)]

    def entropy(self) -> Any:
        """−Σ p log p, in nats."""
        top = self._raw2.argmax(axis=0)
        rows = np.arange(top.size)
        shifted = self._raw2 - self._raw2[top, rows]
        others = np.exp(shifted)
        others[top, rows] = 0.0  # log Σ is log1p of these: nothing is lost where they are tiny
        with np.errstate(invalid="ignore"):
            log_p = shifted - np.log1p(others.sum(axis=0))
            p = np.exp(log_p)
            value = -np.where(p > 0.0, p * log_p, 0.0).sum(axis=0)
        value = np.maximum(value, 0.0)
        return value if self.shape else value[0]
