"""What can be wrong with the columns of X, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.losses.reading import TIMES, is_number

_SHOWN = 5


def repeated_names(X: Any) -> list[str]:
    """The names that more than one column of a table has; none where X is no table."""
    names = getattr(X, "column_names", None)  # Arrow
    if names is None:
        names = getattr(X, "columns", None)
    if names is None or callable(names):
        return []
    return [name for name, times in Counter(names).items() if times > 1]


def listed(names: Sequence[Any], limit: int = 20) -> str:
    """``'age', 'size' and 3 more``"""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(repr, names[:limit])) + more


def unusable_cells(values: Any, names: list[Any], estimator: str) -> str:
    """Where X has NaN or infinite cells, by column and row, and what helps."""
    if hasattr(values, "tocoo"):
        cells = values.tocoo()
        rows, columns, numbers = cells.row, cells.col, cells.data
        bad = ~np.isfinite(numbers)
        rows, columns, numbers = rows[bad], columns[bad], numbers[bad]
    else:
        rows, columns = np.nonzero(~np.isfinite(values))
        numbers = values[rows, columns]
    missing = np.isnan(numbers)
    if missing.any():
        return (
            f"Input X contains NaN: {_places(rows[missing], columns[missing], names)}. "
            f"{estimator} needs a number in every cell; impute the missing ones first, for instance "
            f"make_pipeline(SimpleImputer(add_indicator=True), {estimator}(...)) with scikit-learn's "
            "SimpleImputer, or drop those rows"
        )
    return (
        f"Input X contains infinity or a number too large for its type: "
        f"{_places(rows, columns, names)}. Replace or rescale them"
    )


def _places(rows: NDArray[Any], columns: NDArray[Any], names: list[Any]) -> str:
    """``column 'age' (rows 3, 7), column 'size' (row 0)``, at most five of each."""
    found = np.unique(columns)
    parts = []
    for column in found[:_SHOWN]:
        at = np.sort(rows[columns == column])
        listed = ", ".join(str(row) for row in at[:_SHOWN])
        more = f", … {at.size} in all" if at.size > _SHOWN else ""
        parts.append(f"column {names[column]!r} (row{'s' * (at.size > 1)} {listed}{more})")
    more = f" and {found.size - _SHOWN} more columns" if found.size > _SHOWN else ""
    return ", ".join(parts) + more


def table_of(X: Any) -> Any:
    """X as narwhals sees it; None where it is no table (pandas, Polars, Arrow) with distinct names."""
    import narwhals as nw

    if repeated_names(X):
        return None
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    return frame if isinstance(frame, nw.DataFrame) else None


def refuse_no_table(X: Any) -> None:
    """TypeError where X is a plan for a table, whose rows nobody has computed yet, or columns that are no table."""
    from narwhals.dependencies import is_dask_dataframe, is_polars_lazyframe

    if X is None:
        raise TypeError(
            "X is None: it must be a table of numbers (n, p); without any x there is family.fit(y)"
        )
    fields = getattr(getattr(X, "dtype", None), "names", None)
    if fields is not None:
        raise TypeError(
            f"X is a structured array with the fields {listed(fields)}, which is no table yet: pass pandas.DataFrame(X)"
        )
    if isinstance(X, dict) and not hasattr(X, "shape"):  # as SciPy's sparse dok has
        raise TypeError(
            "X is a dict, whose columns have no rows in common yet: pass pandas.DataFrame(X)"
        )
    if is_polars_lazyframe(X) or is_dask_dataframe(X):
        how = "collect" if is_polars_lazyframe(X) else "compute"
        raise TypeError(
            f"X is a lazy table ({type(X).__name__}), whose rows are not there yet: pass X.{how}()"
        )


def refuse_times(X: Any) -> None:
    """ValueError names the first column of times, which would count nanoseconds if taken as numbers."""
    if getattr(getattr(X, "dtype", None), "kind", None) in ("m", "M"):
        raise ValueError(f"X holds times ({X.dtype}), which are no numbers yet: {TIMES}")
    frame = table_of(X)
    for name, kind in {} if frame is None else frame.schema.items():
        if kind.is_temporal() or (not kind.is_numeric() and _of_times(frame[name])):
            raise ValueError(f"column {name!r} holds times ({kind}): {TIMES}")


def _of_times(column: Any) -> bool:
    """Whether the first cell that is there is a date, a duration or a period, in a column of any objects."""
    first = column.drop_nulls().head(1).to_list()
    return bool(first) and (isinstance(first[0], (date, timedelta)) or hasattr(first[0], "freq"))


def refuse_cells(X: Any) -> None:
    """ValueError names the first column that holds text, TypeError one of neither numbers nor text, and what to do."""
    frame = table_of(X)
    if frame is None and getattr(X, "ndim", 0) == 2:
        for j, column in enumerate(np.asarray(X, dtype=object).T):
            _refuse_cells_of(j, column.tolist())
    for name, kind in {} if frame is None else frame.schema.items():
        if kind.is_numeric():
            continue
        _refuse_cells_of(name, frame[name].to_list())


def refuse_nested(name: Any, cells: list[Any]) -> None:
    """TypeError where the cells of a column of categories are lists or the like."""
    for row, cell in enumerate(cells):
        if not isinstance(cell, Hashable):
            raise _strange(name, cell, row)


def _strange(name: Any, cell: Any, row: int) -> TypeError:
    # What scikit-learn asks of the message is that an argument must be of strings or numbers.
    return TypeError(
        f"column {name!r} holds {type(cell).__name__}s, such as {cell!r} in row {row}, but the argument must be of "
        "strings or numbers: make one or more columns of them, or leave the column out"
    )


def _refuse_cells_of(name: Any, cells: list[Any]) -> None:
    for row, cell in enumerate(cells):
        if cell is None or is_number(cell):
            continue
        if not isinstance(cell, (str, bytes)):
            raise _strange(name, cell, row)
        raise ValueError(
            f"column {name!r} holds text, such as {cell!r} in row {row}: write categories as "
            "numbers first, for instance with scikit-learn's OneHotEncoder in "
            f"make_column_transformer((OneHotEncoder(), [{name!r}]), remainder='passthrough'), "
            "or leave the column out"
        )
