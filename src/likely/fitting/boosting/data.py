"""X in LightGBM's bins: made once, shared by every column's trees, with parts taken out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting.boosting.ranks import Ranks


class Data:
    """The binned X of training, with what is needed to bin other rows in the same way.

    ``parameters`` are LightGBM's (``max_bin`` and the like); ``categorical`` the indices of columns that
    hold codes of categories. ``ranked``: whether LightGBM may get ranks, which costs a copy of X, see ``Ranks``.
    """

    def __init__(
        self,
        X: Any,
        parameters: Mapping[str, Any],
        categorical: Sequence[int] = (),
        *,
        ranked: bool = False,
    ) -> None:
        from lightgbm import Dataset

        self.parameters = dict(parameters)
        self.rows = X.shape[0]
        self.ranks = Ranks(X, categorical) if ranked else None
        if self.ranks is not None:
            X = self.ranks.of(X)
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
        if self.ranks is not None:
            X = self.ranks.of(X)
        return self.binned.create_valid(X, params=dict(self.parameters)).construct()

    def in_units(self, text: str) -> str:
        """LightGBM's text of a model that was trained here, for X as it was given."""
        return text if self.ranks is None else self.ranks.in_units(text)
