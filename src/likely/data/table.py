"""A table in memory: named columns of numbers or levels, with what is missing marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from likely.data.errors import DataError, listing, nearest, option, rows_words, spoken

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["number", "integer", "date", "boolean", "text"]

_EXACT = 2.0**53


@dataclass(frozen=True)
class Column:
    """One column. ``values`` holds float64 (NaN where missing) for numbers, integers and dates, and
    indices into ``levels`` (−1 where missing) for booleans and text.
    """

    name: str
    kind: Kind
    values: NDArray[Any]
    levels: tuple[str, ...] = ()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows hold no value."""
        return self.values < 0 if self.is_labels else np.isnan(self.values)

    @property
    def is_labels(self) -> bool:
        """Whether the values are labels rather than numbers."""
        return self.kind in ("text", "boolean")

    def take(self, rows: NDArray[np.intp]) -> Column:
        """These rows, in this order."""
        return replace(self, values=self.values[rows])

    def as_labels(self) -> tuple[NDArray[np.intp], tuple[str, ...]]:
        """Codes (−1 where missing) and labels, sorted: numbers by value, text by alphabet.

        An integer and an integer-valued float have the same label, so that a column reads alike
        from CSV, where 1 and 1.0 are a matter of its other rows.
        """
        if self.is_labels:
            present = np.unique(self.values[self.values >= 0])
            ordered = sorted(present, key=lambda code: self.levels[code])
            lookup = np.full(len(self.levels) + 1, -1, dtype=np.intp)
            lookup[ordered] = np.arange(len(ordered))
            return lookup[self.values], tuple(self.levels[code] for code in ordered)
        codes = np.full(len(self.values), -1, dtype=np.intp)
        given = ~self.missing
        distinct, codes[given] = np.unique(self.values[given], return_inverse=True)
        return codes, tuple(number_label(value) for value in distinct)


def number_label(value: float) -> str:
    """``17`` for 17.0, ``1.5`` for 1.5."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


@dataclass(frozen=True)
class Table:
    """Columns of equal length; ``notes`` says what reading decided."""

    columns: dict[str, Column]
    rows: int
    source: str = "the table"
    notes: tuple[str, ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in file order."""
        return tuple(self.columns)

    def column(self, name: str, role: str = "column") -> Column:
        """The column called ``name``; DataError suggests the nearest."""
        if name not in self.columns:
            raise DataError(
                f"{role} {name!r} is not in {self.source}{nearest(name, self.names)} "
                f"Its columns are: {listing(map(spoken, self.names), 30)}"
            )
        return self.columns[name]

    def without(self, names: Iterable[str]) -> Table:
        """The other columns."""
        left = set(names)
        return replace(self, columns={k: c for k, c in self.columns.items() if k not in left})

    def take(self, rows: NDArray[np.intp]) -> Table:
        """These rows of every column."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return replace(self, columns=columns, rows=len(rows))


def from_arrow(data: pa.Table, source: str, notes: tuple[str, ...] = ()) -> Table:
    """A table from Arrow's; DataError names columns of a type that has no meaning here."""
    check_names(data.column_names, source)
    columns = {
        name: _column(name, data.column(name).combine_chunks(), source)
        for name in data.column_names
    }
    return Table(columns, data.num_rows, source, notes)


def check_names(names: list[str], source: str) -> None:
    """DataError where a name is missing or there twice."""
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise DataError(
            f"{source} has more than one column called {listing(map(repr, duplicates))}; "
            "rename or remove the others"
        )
    empty = [i + 1 for i, name in enumerate(names) if not name.strip()]
    if empty:
        raise DataError(f"{source}: column {listing(empty)} has no name in the header")


def _column(name: str, values: Any, source: str) -> Column:
    import pyarrow as pa

    types = pa.types
    kind = values.type
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], kind)
    if types.is_null(kind):
        return Column(name, "number", np.full(len(values), np.nan))
    if types.is_dictionary(kind):
        if not (types.is_string(kind.value_type) or types.is_large_string(kind.value_type)):
            return _column(name, values.dictionary_decode(), source)
        return _text(name, values)
    if types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view":
        return _text(name, values.cast(pa.large_string()).dictionary_encode())
    if types.is_boolean(kind):
        codes = values.cast(pa.int8()).fill_null(-1).to_numpy(zero_copy_only=False)
        return Column(name, "boolean", codes.astype(np.intp), ("false", "true"))
    for test, read in _NUMBERS:
        if test(types, kind):
            column = read(name, values)
            _check_numbers(column, source)
            return column
    raise DataError(
        f"{source}: column {name!r} holds values of type {kind}, which have no place in a model; "
        f"leave it out with {option('--drop', name)}"
    )


def _text(name: str, values: Any) -> Column:
    codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)
    levels = values.dictionary.to_pylist()
    # Two entries of a dictionary may be equal; a code must stand for one level.
    distinct = {
        level: i for i, level in enumerate(dict.fromkeys(v for v in levels if v is not None))
    }
    lookup = np.array([-1 if v is None else distinct[v] for v in levels] + [-1], dtype=np.intp)
    return Column(name, "text", lookup[codes], tuple(distinct))


def _floats(values: Any) -> NDArray[np.float64]:
    import pyarrow as pa

    safe = values.cast(pa.float64(), safe=False)
    return np.array(safe.to_numpy(zero_copy_only=False), dtype=np.float64)


def _days(name: str, values: Any) -> Column:
    """Dates and times as days since 1970-01-01, so that a year is a year on every machine."""
    import pyarrow as pa

    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("ms"))
    micro = values.cast(pa.timestamp("us", tz=values.type.tz), safe=False)
    ticks = micro.cast(pa.int64())
    return Column(name, "date", _floats(ticks) / 86_400e6)


def _ticks(per_day: float) -> Callable[[str, Any], Column]:
    def read(name: str, values: Any) -> Column:
        import pyarrow as pa

        width = pa.int32() if values.type.bit_width == 32 else pa.int64()
        scale = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[values.type.unit]
        return Column(name, "number", _floats(values.cast(width)) / (scale * per_day))

    return read


# A duration is counted in days and a time of day in hours.
_NUMBERS: tuple[tuple[Callable[[Any, Any], bool], Callable[[str, Any], Column]], ...] = (
    (lambda t, k: t.is_integer(k), lambda name, v: Column(name, "integer", _floats(v))),
    (lambda t, k: t.is_floating(k), lambda name, v: Column(name, "number", _floats(v))),
    (lambda t, k: t.is_decimal(k), lambda name, v: Column(name, "number", _floats(v))),
    (lambda t, k: t.is_date(k) or t.is_timestamp(k), _days),
    (lambda t, k: t.is_duration(k), _ticks(86_400.0)),
    (lambda t, k: t.is_time(k), _ticks(3_600.0)),
)


def _check_numbers(column: Column, source: str) -> None:
    infinite = np.flatnonzero(np.isinf(column.values))
    if len(infinite):
        raise DataError(
            f"{source}: column {column.name!r} is infinite in {rows_words(infinite.tolist())}; "
            "correct these rows or leave the cells empty"
        )
    if column.kind == "integer":
        large = np.flatnonzero(np.abs(np.nan_to_num(column.values)) > _EXACT)
        if len(large):
            raise DataError(
                f"{source}: column {column.name!r} holds whole numbers beyond 2⁵³ in "
                f"{rows_words(large.tolist())}, which float64 cannot tell apart; "
                f"if it is an identifier, leave it out with {option('--drop', column.name)}"
            )
