"""The coefficient table: estimates and their covariance as rows to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TableRow:
    """One coefficient: z = estimate/std_error, p = P(|Z| ≥ |z|) for a standard Normal Z."""

    parameter: str
    term: str
    estimate: float
    std_error: float
    z: float
    p: float
    low: float
    high: float


def coefficient_table(
    terms: Sequence[tuple[str, str]], estimates: Array, covariance: Array, level: float = 0.95
) -> list[TableRow]:
    """Rows for ``terms`` (parameter, term), estimates (P,) and covariance (P, P).

    The interval is estimate ± ndtri((1 + level)/2)·std_error. A NaN variance gives a row of NaN,
    except for the estimate. ValueError where ``level`` is not inside (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), such as 0.95, got {level}")
    errors = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = estimates / errors
    p = 2.0 * ndtr(-np.abs(z))
    half = ndtri(0.5 * (1.0 + level)) * errors
    columns = (estimates, errors, z, p, estimates - half, estimates + half)
    return [
        TableRow(parameter, term, *(float(column[i]) for column in columns))
        for i, (parameter, term) in enumerate(terms)
    ]
