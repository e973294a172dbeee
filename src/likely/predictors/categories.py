"""Columns of a data frame that hold categories, written as codes for learners that take those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from likely.predictors.features import refuse_nested, refuse_no_table, refuse_times, table_of

Levels = Mapping[str, list[str]]


def learn_levels(X: Any) -> dict[str, list[str]]:
    """The sorted levels of every column that holds text, categories or booleans; {} where X is no table."""
    frame = _frame(X)
    if frame is None:
        return {}
    refuse_times(X)
    levels = {}
    for column in frame.iter_columns():
        if not _numeric(column):
            refuse_nested(column.name, column.to_list())
            found = column.drop_nulls().to_list()
            levels[column.name] = sorted({str(value) for value in found if value == value})
    return levels


def write_codes(X: Any, levels: Levels) -> Any:
    """X with those columns as codes 0, 1, …; levels that were not there at ``fit`` count as missing."""
    frame = _frame(X)
    if not levels or frame is None:
        return X
    import narwhals as nw

    written = []
    for name, known in levels.items():
        if name not in frame.columns:
            continue  # scikit-learn's check of the names says so
        code = {level: float(i) for i, level in enumerate(known)}
        values = [code.get(str(value), np.nan) for value in frame.get_column(name).to_list()]
        written.append(
            nw.new_series(name, values, nw.Float64, backend=nw.get_native_namespace(frame))
        )
    return frame.with_columns(*written).to_native()


def _frame(X: Any) -> Any:
    refuse_no_table(X)
    if isinstance(X, np.ndarray) or (not hasattr(X, "__dataframe__") and not hasattr(X, "columns")):
        return None
    return table_of(X)


def _numeric(column: Any) -> bool:
    import narwhals as nw

    if column.dtype.is_numeric():
        return True
    if column.dtype == nw.Object:  # pandas keeps any Python values in such columns
        return all(isinstance(v, (int, float)) for v in column.drop_nulls().to_list())
    return False
