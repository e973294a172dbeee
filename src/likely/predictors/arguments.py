"""Numbers that a user gives as arguments, checked."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any


def whole(name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least ``least``; ValueError names the argument."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number ≥ {least}, got {value!r}")
    return int(value)


def number(name: str, value: Any, low: float, high: float, ends: str = "[)") -> float:
    """A number between low and high, whose ends are as in ``[)``, ``()`` or ``[]``; ValueError names the argument."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    inside = real and low <= float(value) <= high
    if not inside or (value == low and ends[0] == "(") or (value == high and ends[1] == ")"):
        raise ValueError(
            f"{name} must be a number in {ends[0]}{low:g}, {high:g}{ends[1]}, got {value!r}"
        )
    return float(value)
