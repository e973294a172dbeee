"""One distribution a row: the shape and the indexing that every kind of predictive distribution has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely._math.given import given

Array = NDArray[np.float64]


class Distributions:
    """n distributions, one a row; or a single one, of shape (). ``raw`` is (k, n), or (k,)."""

    def __init__(self, loss: Any, raw: ArrayLike) -> None:
        self.loss = loss
        self.raw = np.asarray(raw, dtype=np.float64)
        if self.raw.ndim not in (1, 2) or self.raw.shape[0] != loss.columns:
            raise ValueError(
                f"raw must have shape ({loss.columns},) or ({loss.columns}, n), got {self.raw.shape}"
            )

    def __getstate__(self) -> dict[str, Any]:
        return given(self)

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

    def _of(self, raw: Array) -> Self:
        """The same kind of distributions at other raw predictions."""
        return type(self)(self.loss, raw)

    def __getitem__(self, rows: Any) -> Self:
        if not self.shape:
            raise TypeError("this is a single distribution, which has no rows to select")
        if isinstance(rows, tuple) or rows is None:
            raise IndexError("distributions have one axis: select rows by one index")
        try:
            return self._of(self.raw[:, rows])
        except IndexError:
            n = len(self)
            raise IndexError(
                f"{rows!r} selects none of {n} distributions: give a row from 0 to {n - 1}, a slice, or an array of "
                f"rows or of {n} booleans"
            ) from None

    def __iter__(self) -> Iterator[Self]:
        return (self[row] for row in range(len(self)))
