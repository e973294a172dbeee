"""How accurate a loss and its gradient are, against the textbook formulas with 50 digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DIGITS = 60
#: Relative step of the differences: with so many digits, what it leaves out is beyond float64.
_STEP = 1e-15
_U = 2.0**-53


@dataclass(frozen=True)
class Accuracy:
    """Errors at m points: of the gradient beyond what rounding y and raw explains, relative to its size,
    and of loss and gradient over their tolerance.
    """

    difference: Array
    value: Array
    gradient: Array


def accuracy(loss: Any, y: Array, raw: Array, nll: Array, gradient: Array) -> Accuracy:
    """Compare computed nll (m,) and gradient (k, m) at y (m,) and raw (k, m) with the truth.

    The tolerance is 1e-10 |truth| + 64 u K, with K what a relative rounding of y and raw would do.
    NotImplementedError names an atom for which no formula with many digits is known.
    """
    from mpmath import mp, mpf

    from likely._math.backends import mpmath_backend
    from likely._math.evaluate import compile_program

    # The limit of x log x at 0 is 0.
    table = {**mpmath_backend.TABLE, "multiply": lambda a, b: mpf(0) if 0 in (a, b) else a * b}
    program = compile_program([loss.loss], table, textbook=True)
    k = raw.shape[0]
    continuous = not loss.specification.support.integer
    scale = [1.0 if slot.link.name != "identity" else 0.0 for slot in loss.free]
    difference, value, slope = (np.zeros(y.size) for _ in range(3))

    known: dict[tuple[Any, ...], Any] = {}

    def at(point: list[Any]) -> Any:
        # Slopes and their slopes meet again and again in the same points.
        key = tuple(point)
        if key not in known:
            known[key] = program({"y": point[k], **{f"raw{j}": point[j] for j in range(k)}})[0]
        return known[key]

    for i in range(y.size):
        known.clear()
        # Beside a y of 1e300, steps of the other inputs are seen with so many digits more, and so is a slope of 1e-96.
        slopes = np.abs(gradient[:, i])
        faint = float(slopes[slopes > 0.0].min(initial=1.0))
        more = np.log10(max(1.0, abs(float(y[i])))) - np.log10(faint)
        with mp.workdps(DIGITS + int(more)):
            point = [mpf(float(v)) for v in (*raw[:, i], y[i])]
            slack = [max(scale[j], abs(float(raw[j, i]))) for j in range(k)]
            slack.append(abs(float(y[i])) if continuous else 0.0)
            truth = at(point)
            if mp.isinf(truth):  # outside a support that the parameters decide: no slope either
                value[i] = 0.0 if float(nll[i]) == float(truth) else np.inf
                slope[i] = difference[i] = np.inf if gradient[:, i].any() else 0.0
                continue
            rounding = 64 * mpf(_U) * _moved(at, point, slack)
            error = _error(nll[i], truth)
            value[i] = _ratio(error, mpf(1e-10) * abs(truth) + rounding)
            for j in range(k):

                def partial(p: list[Any], j: int = j) -> Any:
                    return _difference(at, p, j)

                truth, rounding = partial(point), 64 * mpf(_U) * _moved(partial, point, slack)
                error = _error(gradient[j, i], truth)
                ratio = _ratio(error, mpf(1e-10) * abs(truth) + rounding)
                slope[i] = max(slope[i], ratio)
                beyond = _ratio(max(error - rounding, mpf(0)), abs(truth))
                difference[i] = max(difference[i], beyond)
    return Accuracy(difference, value, slope)


def _moved(function: Callable[[list[Any]], Any], point: list[Any], slack: list[float]) -> Any:
    """K: how far rounding each input moves the function."""
    return sum(c * abs(_difference(function, point, j)) for j, c in enumerate(slack) if c)


def _difference(function: Callable[[list[Any]], Any], point: list[Any], j: int) -> Any:
    step = _STEP * (abs(point[j]) or 1)
    up, down = list(point), list(point)
    up[j], down[j] = point[j] + step, point[j] - step
    return (function(up) - function(down)) / (2 * step)


def _error(found: float, truth: Any) -> Any:
    """|found − truth|; 0 where it is the number of float64 that the truth rounds to, such as one beyond them all."""
    return truth * 0 if float(found) == float(truth) else abs(truth - float(found))


def _ratio(error: Any, size: Any) -> float:
    if error == 0:
        return 0.0
    return float(error / size) if size else float("inf")
