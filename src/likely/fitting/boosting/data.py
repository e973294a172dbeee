"""X in LightGBM's bins: made once, shared by every column's trees, with parts taken out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

#: LightGBM takes values up to this as 0, and ends with an error of its own where a whole X is 0.
ZERO = float(np.float32(1e-35))


class Data:
    """The binned X of training, with what is needed to bin other rows in the same way.

    ``parameters`` are LightGBM's (``max_bin`` and the like); ``categorical`` the indices of columns that
    hold codes of categories. ValueError: every value of X is 0 to LightGBM.
    """

    def __init__(
        self, X: Any, parameters: Mapping[str, Any], categorical: Sequence[int] = ()
    ) -> None:
        from lightgbm import Dataset

        values = X.data if issparse(X) else X
        if (np.abs(values) <= ZERO).all():
            raise ValueError(
                f"X has nothing to split on: all its values are within {ZERO:.0e} of 0, which LightGBM takes as 0. "
                "Multiply X by a power of ten, or use Constant(...), which needs no X"
            )
        self.parameters = dict(parameters)
        self.rows = X.shape[0]
        self.binned = Dataset(
            X, params=dict(parameters), categorical_feature=list(categorical), free_raw_data=True
        ).construct()

    def part(self, rows: NDArray[np.intp] | None) -> Any:
        """The bins of some rows; None for all."""
        if rows is None:
            return self.binned
        return self.binned.subset(np.sort(rows).tolist(), params=dict(self.parameters)).construct()

    def other(self, X: Any) -> Any:
        """Other rows in the same bins."""
        return self.binned.create_valid(X, params=dict(self.parameters)).construct()
