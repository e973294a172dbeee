"""Numbers by an index, in graphs: operations whose names are those of the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math import whole

TABLES: dict[str, NDArray[np.float64]] = {**whole.TABLES}


def look_up(as_array: Callable[..., Any], where: Callable[..., Any], whole: Any) -> dict[str, Any]:
    """The tables as functions of one array library; ``whole`` makes indices of whole numbers."""

    def function(table: NDArray[np.float64]) -> Callable[[Any], Any]:
        def run(j: Any) -> Any:
            known = (j >= 0.0) & (
                j <= float(table.size - 1)
            )  # NaN, of a row that is NaN, has no place
            return as_array(table, j)[whole(where(known, j, 0.0))]

        return run

    return {name: function(table) for name, table in TABLES.items()}
