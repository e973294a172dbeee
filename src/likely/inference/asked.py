"""What is asked of a distribution: levels, and a number of draws; errors name the argument, its value and the fix."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.losses import check

#: The largest level that was perhaps meant as a percentage.
_PERCENT = 100.0


def levels_of(given: Any, what: str) -> NDArray[np.float64]:
    """Levels as float64, () or (m,); ValueError where one is not in [0, 1]."""
    levels = check.numeric(given, what, ": give a number in [0, 1], such as 0.9, or m of them")
    if levels.ndim > 1:
        raise ValueError(
            f"{what} must be a number in [0, 1] or m of them, shape (m,), got shape {levels.shape}"
        )
    bad = ~((levels >= 0.0) & (levels <= 1.0))
    if bad.any():
        first = float(levels[bad].flat[0])
        hint = f"; {first:g} % is {first / 100.0:g}" if 1.0 < first <= _PERCENT else ""
        raise ValueError(f"{what} must lie in [0, 1], such as 0.9, got {check.shown(given)}{hint}")
    return levels


def in_order(low: Any, high: Any) -> tuple[Any, Any]:
    """The ends of an interval: next to the median two tails say of one place what differs by how they are rounded."""
    return np.minimum(low, high), np.maximum(low, high)


def generator_for(m: Any, rng: Any) -> np.random.Generator:
    """The generator of m draws a row; TypeError or ValueError where ``m`` is no number of draws or ``rng`` no seed."""
    if not isinstance(m, Integral) or isinstance(m, bool):
        raise TypeError(f"m, the number of draws a row, must be a whole number, got {m!r}")
    if m < 0:
        raise ValueError(f"m, the number of draws a row, must be at least 0, got {m}")
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"rng must be a numpy.random.Generator, a seed (a whole number of at least 0) or None, got {rng!r}"
        ) from None
