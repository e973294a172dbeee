"""What a network reads: the columns of X in units that suit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Standard deviations from the mean up to which a column is nearly as it was given; none gets far beyond.
REACH = 3.0


@dataclass(frozen=True)
class Inputs:
    r"""Numbers, then marks of missing ones, then codes of categories: (n, width) in float32.

    A number becomes :math:`z/\sqrt{1 + (z/3)^2}` with z = (x − centre)/unit, which is z in the middle and bounded
    by ±3, so that one outlier cannot carry a prediction away; a missing one becomes 0. A category becomes its code + 1,
    and 0 where it is missing or was not there at ``fit``.

    Source: Holzmüller, Grinsztajn & Steinwart (2024), arXiv:2407.04491.
    """

    numbers: NDArray[np.intp]
    centre: Array
    unit: Array
    marked: NDArray[np.intp]  #: columns that had missing values at fit
    codes: NDArray[np.intp]
    levels: NDArray[np.intp]  #: how many codes each of those columns has

    @property
    def width(self) -> int:
        """How many columns the network reads."""
        return int(self.numbers.size + self.marked.size + self.codes.size)

    def __call__(self, X: Any) -> NDArray[np.float32]:
        """X (n, p) as the network reads it; ValueError where a number is missing in a column that had all."""
        out = np.empty((X.shape[0], self.width), dtype=np.float32)
        numbers = _dense(X, self.numbers)
        missing = np.isnan(numbers)
        marks = np.isin(self.numbers, self.marked)
        if missing[:, ~marks].any():
            column = self.numbers[~marks][missing[:, ~marks].any(axis=0)][0]
            raise ValueError(
                f"X is missing in column {column}, where no row was at fit: the network has not learned "
                "what that means. Impute those cells"
            )
        z = (numbers - self.centre) / self.unit
        # hypot does not overflow where a square would.
        z = z / np.hypot(1.0, z / REACH)
        z[missing] = 0.0
        first, second = self.numbers.size, self.numbers.size + self.marked.size
        out[:, :first] = z
        out[:, first:second] = missing[:, marks]
        codes = _dense(X, self.codes)
        known = (codes >= 0) & (codes < self.levels) & (codes == np.floor(codes))
        out[:, second:] = np.where(known, codes + 1.0, 0.0)
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For a saved model."""
        return {f"inputs.{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Inputs:
        """What ``arrays`` gave."""
        return cls(**{name: arrays[f"inputs.{name}"] for name in cls.__dataclass_fields__})


def learn_inputs(X: Any, weight: Array | None, levels: Mapping[int, int]) -> Inputs:
    """The inputs for X (n, p) with row weights; ``levels`` are the sizes of its columns of codes."""
    codes = np.array(sorted(levels), dtype=np.intp)
    numbers = np.setdiff1d(np.arange(X.shape[1]), codes)
    values = _dense(X, numbers)
    present = ~np.isnan(values)
    counts = present if weight is None else present * weight[:, None]
    total = counts.sum(axis=0)
    share = np.divide(counts, total, out=np.zeros_like(values), where=total > 0.0)
    # In units of the largest, so that no square overflows.
    largest = np.max(np.abs(values), axis=0, initial=0.0, where=present)
    largest[largest == 0.0] = 1.0
    scaled = np.where(present, values, 0.0) / largest
    mean = (share * scaled).sum(axis=0)
    spread = np.sqrt((share * (scaled - mean) ** 2).sum(axis=0))
    # The rounding of a constant column is no spread.
    constant = spread <= 1e-12 * np.abs(mean)
    return Inputs(
        numbers,
        centre=mean * largest,
        unit=np.where(constant | (spread == 0.0), largest, spread * largest),
        marked=numbers[~present.all(axis=0)],
        codes=codes,
        levels=np.array([levels[int(c)] for c in codes], dtype=np.intp),
    )


def _dense(X: Any, columns: NDArray[np.intp]) -> Array:
    part = X[:, columns]
    return np.asarray(part.toarray() if hasattr(part, "toarray") else part, dtype=np.float64)
