"""The one error of this folder, and the words that its messages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class DataError(ValueError):
    """A table cannot be used as it is; the message says where and what would help."""


def listing(items: Iterable[object], limit: int = 5) -> str:
    """``a, b, c and 4 more``: enough to find the place, short enough to read."""
    shown = [str(item) for item in items]
    if len(shown) <= limit:
        return ", ".join(shown)
    return f"{', '.join(shown[:limit])} and {len(shown) - limit:,} more"


def spoken(name: str) -> str:
    """A column's name in a sentence: in quotes where a space or a comma would run into the words."""
    return name if name and not any(c.isspace() or c in ",:;'" for c in name) else repr(name)


def option(flag: str, name: str) -> str:
    """``--drop 'first name'``, as a shell takes it."""
    from shlex import quote

    return f"{flag} {quote(name)}"


def rows_words(rows: Sequence[int], limit: int = 5) -> str:
    """``row 3`` or ``rows 3, 7 and 2 more``; rows are counted from 1, the header is not one."""
    numbers = [int(row) + 1 for row in rows]
    return f"row{'s' if len(numbers) > 1 else ''} {listing(numbers, limit)}"


def count(n: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'bikers'?`` to end a sentence, or a full stop where no name is near."""
    known = list(known)
    lowered = {k.lower(): k for k in known}
    near = get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
    return f"; did you mean {lowered[near[0]]!r}?" if near else "."
