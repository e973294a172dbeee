"""A row of distributions whose parameters or values have several entries: what all kinds of them share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Batch:
    """n distributions, one a row; or a single one, of shape (). ``raw`` is (k, n), or (k,).

    Shapes and indexing as for ``Predictive``.
    """

    #: Methods that do not exist, and why.
    absent: ClassVar[Mapping[str, str]] = {}
    #: What there is instead.
    instead: ClassVar[str] = ""

    def __init__(self, loss: Any, raw: ArrayLike) -> None:
        self.loss = loss
        self.raw = np.asarray(raw, dtype=np.float64)
        if self.raw.ndim not in (1, 2) or self.raw.shape[0] != loss.columns:
            raise ValueError(
                f"raw must have shape ({loss.columns},) or ({loss.columns}, n), got {self.raw.shape}"
            )

    def __getattr__(self, name: str) -> Any:
        if name in self.absent:
            family = self.loss.specification.name
            raise AttributeError(
                f"{name} is not defined for {family}: {self.absent[name]}. {self.instead}"
            )
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def _refuse_unless_finite(self) -> None:
        bad = ~np.isfinite(self._raw2).all(axis=0)
        if bad.any():
            rows = ", ".join(map(str, np.flatnonzero(bad)[:5]))
            raise ValueError(f"raw must be finite; it is not in row {rows}")

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
        if isinstance(rows, tuple):
            raise IndexError("distributions have one axis: select rows by one index")
        return self._of(self.raw[:, rows])

    def __iter__(self) -> Iterator[Self]:
        return (self[row] for row in range(len(self)))

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, rows first: (n, …), or without n for a single distribution."""
        found = self.loss.natural(self._raw2)
        rows = {name: np.moveaxis(value, -1, 0) for name, value in found.items()}
        return rows if self.shape else {name: value[0] for name, value in rows.items()}
