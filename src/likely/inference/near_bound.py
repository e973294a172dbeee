r"""The mass of a density between a bound and a place so near to it that the tails at both hardly differ.

Their difference would have lost its digits. The density, which changes little on the way, is integrated, with t as in
``Line``, from the bound :math:`t_0` over a stretch s that keeps the digits of the distance:

.. math:: m(s) = s \int_0^1 g(t_0 + s x) \, dx
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from likely.inference import panels
from likely.inference.line import Line

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: A difference of tails that is a smaller share of them has lost too many of its digits.
LOST = 1e-5
#: The shortest panel, as a share of the stretch.
_LEAST = 2.0**-10
_LAST_STEP, _STEPS = 1e-15, 50


def mass_between(line: Line, bound: Array, y: Array, rows: Rows) -> Array:
    """P(Y between bound and y), (m,), of the rows of a line; y on either side of the bound."""
    return _mass(line, line.t_of(bound), line.stretch(bound, y - bound), rows)


def place_of(line: Line, bound: Array, sign: float, mass: Array, rows: Rows) -> Array:
    """y above the bound, or below it where ``sign`` is −1, with so much mass in between: by Newton's steps."""
    start = line.t_of(bound)
    with np.errstate(all="ignore"):
        by = mass / _density(line, start, rows)
        for _ in range(_STEPS):
            short = mass - _mass(line, start, sign * by, rows)
            step = short / _density(line, start + sign * by, rows)
            moved = np.maximum(by + step, 0.5 * by)
            done = np.abs(moved - by) <= _LAST_STEP * by
            by = moved
            if done.all():
                break
    return np.asarray(bound + line.moved(bound, sign * by))


def _density(line: Line, t: Array, rows: Rows) -> Array:
    return np.asarray(np.exp(line.density(t, rows)[1]))


def _mass(line: Line, start: Array, stretch: Array, rows: Rows) -> Array:
    def rule(at: Rows, first: Array, size: Array) -> tuple[Array, Array, Array]:
        x = first[:, None] + size[:, None] * panels.LEGENDRE
        t = start[at][:, None] + stretch[at][:, None] * x
        values = _density(line, t, rows[at]) * np.abs(stretch[at])[:, None]
        return panels.legendre_panels(values, size)

    total, absolute = np.zeros(start.shape), np.zeros(start.shape)
    every = np.arange(start.size)
    panels.adaptive(rule, total, absolute, every, np.zeros(every.size), np.ones(every.size), _LEAST)
    return total
