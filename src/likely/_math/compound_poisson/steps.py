"""Tables of how terms of the sum over the number j of amounts fall, from the j of the largest on.

Away from it are 1, −1, 2, −2, … as long as j ≥ 1, and then what is left above: however many of these a row takes, they
are the first ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal, localcontext
from itertools import islice

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: There are tables for the largest term at each j up to this, and of so many others.
NEAREST, STEPS = 64, 22
#: Of Stirling's error of x, by powers of 1/x, what these are multiplied by: of x ≥ 35 all that counts.
STIRLING = {1: 1.0 / 12.0, 3: -1.0 / 360.0, 5: 1.0 / 1260.0, 7: -1.0 / 1680.0}
_HALF_LOG_2PI = Decimal("0.918938533204672741780329736405617639861397")


def _steps(nearest: int) -> Iterator[int]:
    for k in range(1, STEPS + 1):
        yield k
        if k < nearest:
            yield -k


def _decimals() -> tuple[list[Decimal], list[Decimal]]:
    """Of j log j and S(j); as of 1 for j = 0, which is no number of amounts."""
    logs, errors, log_factorial = [], [], Decimal(0)  # of j − 1
    for j in (1, *range(1, NEAREST + STEPS + 1)):
        log_j = Decimal(j).ln()
        logs.append(log_j)
        errors.append(log_factorial - (j - Decimal("0.5")) * log_j + j - _HALF_LOG_2PI)
        log_factorial += log_j if len(logs) > 1 else 0
    return logs, errors


def _array(values: Sequence[Decimal]) -> Array:
    return np.array([float(value) for value in values])


def _tables() -> dict[str, Array]:
    """Each number rounded once or twice, and so the same on every processor."""
    log, error = _decimals()
    every = range(NEAREST + 1)
    pairs = [(max(j, 1), n) for j in every for n in islice(_steps(max(j, 1)), STEPS)]
    from_, to = (np.array(values) for values in zip(*((j, j + n) for j, n in pairs), strict=True))
    inverse = 1.0 / np.maximum(np.arange(NEAREST + STEPS + 1.0), 1.0)
    powers = {1: inverse}
    for k in (3, 5, 7):
        powers[k] = powers[k - 2] * inverse * inverse
    return {
        "compound_poisson_log": _array(log[: NEAREST + 1]),
        "compound_poisson_border": _array([(j + 1) * log[j + 1] - j * log[j] - 1 for j in every]),
        "compound_poisson_error": _array(error[: NEAREST + 1]),
        "compound_poisson_inverse": inverse[: NEAREST + 1],
        "compound_poisson_step": (to - from_).astype(float),
        "compound_poisson_apart": _array([(j + n) * (log[j + n] - log[j]) - n for j, n in pairs]),
        "compound_poisson_error_step": _array([error[j + n] - error[j] for j, n in pairs]),
        **{
            f"compound_poisson_power_{k}": coefficient * (powers[k][to] - powers[k][from_])
            for k, coefficient in STIRLING.items()
        },
    }


#: Of j ``compound_poisson_log`` is log j, ``compound_poisson_border`` the log J at which j and j + 1 are equally near,
#: ``compound_poisson_error`` S(j), ``compound_poisson_inverse`` 1/j. At ``STEPS`` j + 0, 1, … ``compound_poisson_step``
#: is what is added to j, ``compound_poisson_apart`` D(j + step, j), ``compound_poisson_error_step`` what that adds to
#: S(j), and ``compound_poisson_power_k`` what it adds to S(jν) with the power of 1/ν.
with localcontext(Context(prec=36)):
    TABLES = _tables()
