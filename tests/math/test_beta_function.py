"""log B(a, b) and its slopes over all numbers, against many digits."""

import numpy as np
import pytest
from mpmath import mp, mpf

from likely._math.backends import numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import compile_program
from likely._math.graph import symbol
from likely.math import lbeta

A, B = symbol("a"), symbol("b")
VALUE = lbeta(A, B)
PROGRAM = compile_program(
    [VALUE, tangent([VALUE], A)[0], tangent([VALUE], B)[0]], numpy_backend.TABLE
)


@pytest.mark.parametrize("reach", [3.0, 30.0, 340.0])
def test_value_and_slopes_keep_their_digits(reach):
    """Within 16 units of rounding of the arguments, and of the result."""
    rng = np.random.default_rng(int(reach))
    a, b = np.exp(rng.uniform(-reach, reach, (2, 60)))
    b[::3] = a[::3] * np.exp(rng.normal(0.0, 0.1, 20))  # where both are alike
    found = PROGRAM({"a": a, "b": b})
    for i in range(a.size):
        with mp.workdps(340):
            x, y = mpf(float(a[i])), mpf(float(b[i]))
            of_sum = [mp.psi(n, x + y) for n in (0, 1)]
            slope_x, slope_y = (mp.psi(0, v) - of_sum[0] for v in (x, y))
            truths = (mp.loggamma(x) + mp.loggamma(y) - mp.loggamma(x + y), slope_x, slope_y)
            moved = (
                x * abs(slope_x) + y * abs(slope_y),
                x * abs(mp.psi(1, x) - of_sum[1]) + y * of_sum[1],
                y * abs(mp.psi(1, y) - of_sum[1]) + x * of_sum[1],
            )
            for value, true, by in zip(found, truths, moved, strict=True):
                allowed = 16 * mpf(2) ** -53 * (abs(true) + by) + mpf(2) ** -1000
                assert abs(mpf(float(value[i])) - true) <= allowed, (a[i], b[i])
