"""Truth of losses that hold incomplete gamma and beta functions: mpmath's own, differentiated by differences.

Those functions have no derivative in their shape in closed form, so the truth cannot be a graph as
elsewhere. Central differences with a step of 1e-12 in 110 digits are right to 24 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from mpmath import mp, mpf

DIGITS = 110
STEP = mpf(10) ** -12
#: Of the derivatives of order 0, 1 and 2: their weights at −1, 0 and 1.
STENCIL = {0: {0: 1.0}, 1: {-1: -0.5, 1: 0.5}, 2: {-1: 1.0, 0: -2.0, 1: 1.0}}
#: The third derivative in one variable.
THIRD = {-2: -0.5, -1: 1.0, 1: -1.0, 2: 0.5}


class Differences:
    """Partial derivatives of a function of mpmath numbers at a point, each place evaluated once."""

    def __init__(self, function: Callable[..., Any], point: Sequence[float]) -> None:
        self.function, self.point = function, [mpf(float(v)) for v in point]
        self._known: dict[tuple[int, ...], Any] = {}

    def _at(self, steps: tuple[int, ...]) -> Any:
        if steps not in self._known:
            moved = [v + s * STEP for v, s in zip(self.point, steps, strict=True)]
            self._known[steps] = self.function(*moved)
        return self._known[steps]

    def __call__(self, *variables: int) -> Any:
        """The derivative by these variables, each as often as it is given: at most three in all."""
        orders = [variables.count(j) for j in range(len(self.point))]
        stencils = [THIRD if order == 3 else STENCIL[order] for order in orders]
        total = mpf(0)
        for steps in product(*stencils):
            weight = mp.fprod(stencil[s] for stencil, s in zip(stencils, steps, strict=True))
            total += weight * self._at(steps)
        return total / STEP ** sum(orders)


def ratios(
    found: tuple[Any, Any, Any], function: Callable[..., Any], points: Sequence[Sequence[float]]
) -> np.ndarray:
    """Error over the contract's tolerance of nll, gradient and curvature at each point (raw…, others…).

    ``found`` is what ``evaluate`` gives of order 2. All raws are of logarithmic links or of the identity; what comes
    after them, continuous y or bounds, counts with its own size.
    """
    value, gradient, packed = found
    k = gradient.shape[0]
    rows = np.zeros((3, len(points)))
    with mp.workdps(DIGITS):
        for i, point in enumerate(points):
            d = Differences(function, point)
            sizes = [max(1.0, abs(v)) if j < k else abs(v) for j, v in enumerate(point)]

            def excess(
                computed: float, relative: float, *by: int, d: Any = d, sizes: Any = sizes
            ) -> float:
                true = d(*by)
                slack = mp.fsum(c * abs(d(*by, j)) for j, c in enumerate(sizes))
                allowed = relative * abs(true) + 64 * mpf(2) ** -53 * slack
                error = abs(mpf(float(computed)) - true)
                # Below the range of the contract, differences of such numbers are noise.
                return 0.0 if max(abs(true), abs(computed)) < 1e-40 else float(error / allowed)

            rows[0, i] = excess(value[i], 1e-10)
            rows[1, i] = max(excess(gradient[j, i], 1e-10, j) for j in range(k))
            rows[2, i] = max(
                excess(packed[a * (a + 1) // 2 + b, i], 1e-8, a, b)
                for a in range(k)
                for b in range(a + 1)
            )
    return rows
