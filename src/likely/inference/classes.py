"""What predictive distributions over K classes share: rows, labels, probabilities, draws, the mode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely.inference.labels import codes_of

Array = NDArray[np.float64]


class ClassPredictive:
    """n distributions over K classes, one a row; or a single one, of shape ().

    ``raw`` is (k, n), or (k,); ``labels`` (K,) are what the classes are called, 0, …, K − 1 by default. Shapes and
    indexing as for ``Predictive``.
    """

    #: Methods that do not exist, and why.
    absent: ClassVar[Mapping[str, str]] = {}

    def __init__(self, loss: Any, raw: ArrayLike, labels: ArrayLike | None = None) -> None:
        self.loss = loss
        self.raw = np.asarray(raw, dtype=np.float64)
        k = loss.size
        if self.raw.ndim not in (1, 2) or self.raw.shape[0] != loss.columns:
            raise ValueError(
                f"raw must have shape ({loss.columns},) or ({loss.columns}, n), got {self.raw.shape}"
            )
        self.labels = np.arange(k) if labels is None else np.asarray(labels)
        if self.labels.shape != (k,):
            raise ValueError(f"{k} classes need {k} labels, got shape {self.labels.shape}")

    def __getattr__(self, name: str) -> Any:
        if name in self.absent:
            family = self.loss.specification.name
            raise AttributeError(
                f"{name} is not defined for {family}: {self.absent[name]}. Use probabilities(), mode(), "
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

    def __getitem__(self, rows: Any) -> Self:
        if not self.shape:
            raise TypeError("this is a single distribution, which has no rows to select")
        if isinstance(rows, tuple):
            raise IndexError("distributions have one axis: select rows by one index")
        return type(self)(self.loss, self.raw[:, rows], self.labels)

    def __iter__(self) -> Iterator[Self]:
        return (self[row] for row in range(len(self)))

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, rows first: (n, …), or without n for a single distribution."""
        found = self.loss.natural(self._raw2)
        rows = {name: np.moveaxis(value, -1, 0) for name, value in found.items()}
        return rows if self.shape else {name: value[0] for name, value in rows.items()}

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
        generator = np.random.default_rng(rng)
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
