"""Functions of whole numbers 0, 1, … as tables: in sums over an index they cost nothing.

``whole_entropy_high`` and ``_low`` are two parts of j log j − j, ``whole_log_high`` and ``_low`` of log j. The high
``whole_factorial_high`` and ``_low`` are those of log j!. The high
ones are multiples of 2⁻⁴⁰, so that their sums and their multiples by whole numbers are exact, and a difference keeps
what the low ones add.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from likely._math.graph import Node, make

#: The largest number.
LARGEST = 127
_PARTS = 2**40
_TWO_PI = Decimal("6.2831853071795864769252867665590057683943")


def _split(value: Decimal) -> tuple[float, float]:
    high = Decimal(round(value * _PARTS)) / _PARTS
    return float(high), float(value - high)


def _tables() -> dict[str, NDArray[np.float64]]:
    logs, entropies, factorials, errors = [(0.0, 0.0)], [(0.0, 0.0)], [(0.0, 0.0)], [0.0]
    with localcontext(prec=45):
        log_factorial = Decimal(0)  # of j − 1
        for j in map(Decimal, range(1, LARGEST + 1)):
            log = j.ln()
            logs.append(_split(log))
            entropies.append(_split(j * log - j))
            errors.append(float(log_factorial - (j - Decimal("0.5")) * log + j - _TWO_PI.ln() / 2))
            log_factorial += log
            factorials.append(_split(log_factorial))
    log_high, log_low = np.array(logs).T
    high, low = np.array(entropies).T
    factorial_high, factorial_low = np.array(factorials).T
    return {
        "whole_factorial_high": factorial_high,
        "whole_factorial_low": factorial_low,
        "whole_entropy_high": high,
        "whole_entropy_low": low,
        "whole_log_high": log_high,
        "whole_log_low": log_low,
        "whole_stirling": np.array(errors),
    }


#: Values at 0, 1, …, ``LARGEST``, by the names of their operations; at 0 they are 0.
TABLES = _tables()


def entropy_parts(j: Node) -> tuple[Node, Node]:
    """The two parts of j log j − j."""
    return make("whole_entropy_high", j), make("whole_entropy_low", j)


def log_parts(j: Node) -> tuple[Node, Node]:
    """The two parts of log j."""
    return make("whole_log_high", j), make("whole_log_low", j)


def factorial_parts(j: Node) -> tuple[Node, Node]:
    """The two parts of log j!."""
    return make("whole_factorial_high", j), make("whole_factorial_low", j)


def stirling(j: Node) -> Node:
    """log (j − 1)! − (j − ½) log j + j − ½ log 2π"""
    return make("whole_stirling", j)
