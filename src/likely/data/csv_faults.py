"""What is wrong with a CSV file, and in which line.

Arrow parses; this module is slow and careful and looks at the header, and at the whole file only
once Arrow has refused it.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from likely.data.errors import DataError, count

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def _open(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _lines(path: Path) -> Iterator[str]:
    """The lines as text; DataError names the first that is not UTF-8."""
    with _open(path) as file:
        for number, line in enumerate(file, start=1):
            if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise DataError(f"{path} is UTF-16; save it as UTF-8")
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                near = line[max(error.start - 12, 0) : error.start + 8].decode("latin-1")
                raise DataError(
                    f"{path}, line {number}: not UTF-8 (near {near!r}); save the file as UTF-8"
                ) from None
            if "\0" in text:
                raise DataError(f"{path}, line {number}: holds a zero byte; this is not a CSV file")
            yield text


def separator(path: Path) -> tuple[str, tuple[str, ...]]:
    """The character between cells, and a note where it is not the comma."""
    first = next(_lines(path), "")
    if "," in first:
        return ",", ()
    for mark, words in _SEPARATORS.items():
        if mark in first:
            return mark, (f"cells are separated by {words}",)
    return ",", ()


def header(path: Path) -> list[str]:
    """The column names in the first line; DataError where there is none."""
    try:
        mark, _ = separator(path)
        names = next(csv.reader(_lines(path), delimiter=mark), [])
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    except csv.Error as error:
        if "new-line" in str(error):
            raise DataError(
                f"{path}: its lines end in carriage returns alone; save it with line feeds (\\n)"
            ) from None
        raise DataError(f"{path}, line 1: {error}") from None
    if not any(name.strip() for name in names):
        raise DataError(f"{path}, line 1: there must be a header with the column names")
    return names


def suspicious(path: Path) -> bool:
    """Whether a quotation mark may be open at the end, since their number is odd, or there is a zero byte."""
    quotes, zero = 0, False
    with _open(path) as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            quotes += part.count(b'"')
            zero = zero or b"\0" in part
    return quotes % 2 == 1 or zero


def first_fault(path: Path, mark: str) -> str | None:
    """The first fault as one line of text that names file and line, or None where none is found."""
    width, start = None, 1
    try:
        reader = csv.reader(_lines(path), delimiter=mark, strict=True)
        for cells in reader:
            if width is None:
                width = len(cells)
            elif cells and len(cells) != width:
                return (
                    f"{path}, line {start}: {count(len(cells), 'cell')}, but the header has {width}"
                )
            start = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            return f"{path}, line {start}: a quotation mark is opened here and never closed"
        return f"{path}, line {start}: {error}"
    except DataError as error:
        return str(error)
    except (OSError, EOFError) as error:
        return f"{path}: cannot be read ({error})"
    return None
