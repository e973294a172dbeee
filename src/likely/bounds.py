"""y of which rows bring bounds along: what is censored, and what could be seen between bounds only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.losses import check


def censored(time: Any, event: Any, side: str = "right", entry: Any = None) -> NDArray[np.float64]:
    """y for ``Censored``, (n, 2), from times (n,) and whether the event was seen then.

    ``event`` is 1 or True where y was seen, 0 or False where only a bound is known: y > time for
    ``side="right"``, y < time for "left" (a detection limit). ``entry``, a number or (n,), is when each row came under
    observation, so that no earlier event could have been seen: y is then (n, 4), for ``Censored(Truncated(family))``.
    ValueError names rows that are wrong.

    >>> from likely import censored
    >>> censored([2.0, 5.0], [True, False])
    array([[ 2.,  2.],
           [ 5., inf]])
    >>> censored([2.0, 5.0], [True, False], entry=[0.5, 1.0])
    array([[2. , 2. , 0.5, inf],
           [5. , inf, 1. , inf]])
    """

    if side not in ("right", "left"):
        raise ValueError(f'side must be "right" or "left", got {side!r}')
    for what, rows in {"event": event, "entry": entry}.items():
        check.refuse_shuffled(rows, what, time, "time")
    values = check.numeric(time, "time")
    seen = check.numeric(event, "event", ": 1 (seen) or 0 (censored)")
    if values.ndim != 1 or values.shape != seen.shape:
        raise ValueError(
            f"time and event must have one value a row, got shapes {values.shape} and {seen.shape}"
        )
    bad = ~np.isfinite(values)
    if bad.any():
        raise ValueError(f"time must be finite; it is not in {check.rows_and_values(bad, values)}")
    bad = ~np.isin(seen, (0.0, 1.0))
    if bad.any():
        raise ValueError(
            f"event must be 1 (seen) or 0 (censored); it is not in {check.rows_and_values(bad, seen)}"
        )
    edge = np.where(seen == 1.0, values, np.inf if side == "right" else -np.inf)
    y = np.column_stack([values, edge] if side == "right" else [edge, values])
    if entry is None:
        return y
    begin = _column(entry, "entry", values.shape[0])
    early = begin >= values
    if early.any():
        both = np.column_stack([begin, values])
        raise ValueError(
            f"entry must be before time; it is not in {check.rows_and_values(early, both)}, given as [entry, time]: "
            "what ended before it came under observation is not in the data"
        )
    return np.column_stack([y, begin, np.full(values.shape, np.inf)])


def truncated(y: Any, low: Any = None, high: Any = None) -> NDArray[np.float64]:
    """y for ``Truncated`` with bounds in every row, (n, 3): the value, low and high.

    y (n,); low, high: numbers or (n,), None or ±inf for no bound. A row is in the data only if low ≤ y ≤ high; of
    counts, if low < y ≤ high, which the family checks.
    ValueError names rows that are wrong.

    >>> from likely import truncated
    >>> truncated([2.0, 5.0], low=[1.0, 3.0])
    array([[ 2.,  1., inf],
           [ 5.,  3., inf]])
    """

    for what, given in {"low": low, "high": high}.items():
        check.refuse_shuffled(given, what, y, "y")
    values = check.numeric(y, "y")
    if values.ndim != 1:
        raise ValueError(f"y must have one value a row, got shape {values.shape}")
    n = values.shape[0]
    rows = np.column_stack(
        [
            values,
            _column(-np.inf if low is None else low, "low", n),
            _column(np.inf if high is None else high, "high", n),
        ]
    )
    outside = ~((rows[:, 1] <= values) & (values <= rows[:, 2]))
    if outside.any():
        raise ValueError(
            f"y must lie between low and high; it does not in {check.rows_and_values(outside, rows)}, given as "
            "[y, low, high]: such rows could not be in the data"
        )
    return rows


def _column(value: Any, name: str, n: int) -> NDArray[np.float64]:
    """A number, or one a row, as (n,); NaN is refused."""

    values = check.numeric(value, name)
    if values.shape not in ((), (n,)):
        raise ValueError(f"{name} must be a number or have shape ({n},), got shape {values.shape}")
    column = np.broadcast_to(values, (n,))
    bad = np.isnan(column)
    if bad.any():
        raise ValueError(f"{name} is NaN in {check.rows_and_values(bad, column)}")
    return column
