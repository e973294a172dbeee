"""Numbers by an index, in graphs: operations whose names are those of the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.com_poisson import growth as com_poisson_growth
from likely._math.com_poisson import layout as com_poisson_patches
from likely._math.compound_poisson import layout as compound_poisson_patches
from likely._math.compound_poisson import steps as compound_poisson_steps

TABLES: dict[str, NDArray[np.float64]] = {
    **com_poisson_growth.TABLES,
    **com_poisson_patches.TABLES,
    **compound_poisson_patches.TABLES,
    **compound_poisson_steps.TABLES,
}
#: Tables of which an index takes an array, read on use: of ``patches.py``.
COEFFICIENTS: dict[str, Callable[[], NDArray[np.float64]]] = {
    "com_poisson_patches": com_poisson_patches.coefficients,
    "compound_poisson_patches": compound_poisson_patches.coefficients,
}


def look_up(as_array: Callable[..., Any], where: Callable[..., Any], whole: Any) -> dict[str, Any]:
    """The tables as functions of one array library; ``whole`` makes indices of whole numbers."""

    def function(table: Callable[[], NDArray[np.float64]]) -> Callable[[Any], Any]:
        def run(j: Any) -> Any:
            values = table()
            # NaN, of a row that is NaN, has no place
            known = (j >= 0.0) & (j <= float(len(values) - 1))
            return as_array(values, j)[whole(where(known, j, 0.0))]

        return run

    tables = {name: lambda table=table: table for name, table in TABLES.items()}
    return {name: function(table) for name, table in (tables | COEFFICIENTS).items()}
