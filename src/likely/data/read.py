"""Reading CSV, Parquet and data frames into a :class:`Table`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from likely.data.csv_faults import first_fault, header, separator, suspicious
from likely.data.errors import DataError
from likely.data.looks import counts_rows, is_number
from likely.data.table import Table, check_names, from_arrow

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = (".parquet", ".pq")
# Up to this size Arrow sees the whole file before it decides on types, so that a column whose first
# megabyte looks like whole numbers may still turn out to hold fractions or text.
_ONE_BLOCK = 1 << 26


def read_table(path: str | Path, text: Iterable[str] = (), *, empty: bool = False) -> Table:
    """The table in a CSV or Parquet file; columns named in ``text`` are not parsed as numbers.

    ``empty``: whether a header alone will do, as where rows are to be predicted and there are none. DataError says
    in one line what is wrong: for a CSV with the line, and for a missing file where it was looked for.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.is_dir():
        raise DataError(f"{path} is a folder; give a CSV or Parquet file")
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if not start:
        raise DataError(f"{path} is empty")
    parquet = path.suffix.lower() in PARQUET or start == b"PAR1"
    table = _read_parquet(path) if parquet else _read_csv(path, frozenset(text))
    if table.rows == 0 and not empty:
        raise DataError(f"{path} has a header but no rows")
    return table


def from_frame(frame: Any, source: str = "the data frame") -> Table:
    """The table in a pandas, Polars or Arrow frame, or whatever else narwhals knows."""
    import narwhals as nw

    try:
        native = nw.from_native(frame)
        if isinstance(native, nw.LazyFrame):
            native = native.collect()
        names = [str(name) for name in native.columns]
        arrow = native.to_arrow()
    except (TypeError, ValueError, nw.exceptions.NarwhalsError) as error:
        raise DataError(
            f"{source} cannot be read as a table: {' '.join(str(error).split())}"
        ) from error
    return from_arrow(arrow.rename_columns(names), source)


def _read_parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        # Not parquet.read_table, which would import the dataset machinery for one file.
        data = parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file ({_first_line(error)})") from None
    return _table(data, path, ())


def _read_csv(path: Path, text: frozenset[str]) -> Table:
    import pyarrow as pa
    from pyarrow import csv

    names = header(path)
    check_names([name or "column 1" if i == 0 else name for i, name in enumerate(names)], str(path))
    mark, notes = separator(path)
    notes = (*notes, *_numbers_for_names(names))
    size = path.stat().st_size
    compressed = path.suffix.lower() in (".gz", ".bz2", ".zst", ".lz4")
    whole = (1 << 30) if compressed else min(size + 1, (1 << 31) - 1)
    blocks = [whole] if whole <= _ONE_BLOCK else [_ONE_BLOCK, whole]

    def parse(block: int, point: str = ".") -> pa.Table:
        return csv.read_csv(
            path,
            read_options=csv.ReadOptions(block_size=block),
            parse_options=csv.ParseOptions(delimiter=mark, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                strings_can_be_null=True,
                decimal_point=point,
                column_types={name: pa.string() for name in names if name in text},
            ),
        )

    for block in blocks:
        try:
            data = parse(block)
            commas = _decimal_commas(data, text) if mark != "," else []
            if commas:
                data = parse(block, ",")
                _refuse_points(data, commas, path)
                notes = (*notes, "numbers have a decimal comma")
            break
        except (pa.ArrowException, OSError) as error:
            # A later block may contradict the types of the first: once more, with the file as one.
            if block is not blocks[-1] and "conversion error" in str(error):
                continue
            fault = first_fault(path, mark) or f"{path}: not a readable CSV ({_first_line(error)})"
            raise DataError(fault) from None
    # Arrow takes what is not UTF-8 for bytes, what follows an open quotation mark for one cell, and zero bytes
    # for letters.
    if any(pa.types.is_binary(kind) for kind in data.schema.types) or suspicious(path):
        found = first_fault(path, mark)
        if found is not None:
            raise DataError(found)
    return _table(data, path, notes)


def _numbers_for_names(names: list[str]) -> list[str]:
    """A note where the first line holds a fraction or a negative number; years and the like are names."""
    found = [name for name in names if is_number(name) and not name.strip().isdigit()]
    if not found:
        return []
    return [
        f"the first line is taken for the names of the columns, such as {found[0]!r}; if it is a row of data, "
        "put a line of names above it"
    ]


def _decimal_commas(data: pa.Table, text: frozenset[str]) -> list[str]:
    """The columns of nothing but numbers with a decimal comma, 1,5."""
    import pyarrow as pa
    from pyarrow import compute

    found = []
    for name in data.column_names:
        column = data.column(name)
        if not pa.types.is_string(column.type) or name in text:
            continue
        like = compute.match_substring_regex(column, r"^\s*[-+]?\d*,?\d+([eE][-+]?\d+)?\s*$")
        comma = compute.match_substring(column, ",")
        if compute.all(like).as_py() and compute.any(comma).as_py():
            found.append(name)
    return found


def _refuse_points(data: pa.Table, commas: list[str], path: Path) -> None:
    """DataError where some numbers have a decimal comma and others a decimal point."""
    import pyarrow as pa
    from pyarrow import compute

    for name in data.column_names:
        column = data.column(name)
        if not pa.types.is_string(column.type):
            continue
        like = compute.match_substring_regex(column, r"^\s*[-+]?\d*\.\d+([eE][-+]?\d+)?\s*$")
        if compute.all(like).as_py() and column.null_count < len(column):
            raise DataError(
                f"{path}: column {commas[0]!r} has a decimal comma and column {name!r} a decimal point; "
                "write all numbers with a point"
            )


def _table(data: pa.Table, path: Path, notes: tuple[str, ...]) -> Table:
    first = data.column_names[0] if data.column_names else ""
    if first == "" and _counts_rows(data.column(0)):
        # pandas and R write their row numbers like this; they are no measurement.
        data = data.remove_column(0)
        notes = (*notes, "column 1 has no name and only numbers the rows: left out")
    return from_arrow(data, str(path), notes)


def _counts_rows(column: Any) -> bool:
    import pyarrow as pa

    if not pa.types.is_integer(column.type) or column.null_count:
        return False
    return counts_rows(column.to_numpy())


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
