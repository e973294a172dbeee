"""Moments of tails that fall off as a power of y: the part that no quadrature reaches.

Of a half-Cauchy ∫ y f(y) dy grows with log y without end, but at 10¹⁵⁴ the square in its formula overflows and the
integrand is 0 from there on. So the power is read off where the formula still has digits, and says whether the
integral exists and what is left of it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from likely.inference.line import Line
from likely.inference.rows import blocks

Array = NDArray[np.float64]

#: Places at which a tail is looked at, evenly spaced in log y,
PLACES = 65
#: of so many rows together,
TOGETHER = 1 << 12
#: up to this y.
FARTHEST = 1e300
#: So many e-foldings from the centre a power law is one to the last digit, and a share of so many is none.
FAR = 40.0
#: How much the power may change over two places.
STRAIGHT = 1e-9
#: An integrand that falls off more slowly, per e-folding, is one that does not: rounding decides.
FLAT = 1e-7


@dataclass(frozen=True)
class PowerTail:
    """The integrand |y − origin|ᵖ f(y) dy in x = log |y − origin|, where it falls off as e^(−fall·x); an entry a row.

    A quadrature weighs it with 1/(1 + |y − origin|/turn), and ``rest`` is what the weight takes away.
    """

    turn: Array  #: a distance far out, and far from where the digits end
    last: Array  #: the logarithm of the integrand there
    largest: Array  #: and the largest from there on; −∞ where the tail is no power law
    fall: Array

    def of(self, rows: NDArray[np.intp]) -> PowerTail:
        """Those of some rows."""
        return PowerTail(self.turn[rows], self.last[rows], self.largest[rows], self.fall[rows])

    def rest(self) -> Array:
        """∫ e^(last − fall·u)/(1 + e^(−u)) du = e^last·π/sin(π·fall) over all u; ∞ where the moment diverges."""
        found = np.full(self.fall.shape, np.inf)
        falls = self.fall > FLAT
        found[falls] = np.exp(self.last[falls]) * np.pi / np.sin(np.pi * self.fall[falls])
        return found


def power_tail(line: Line, origin: Array, sign: float, power: int) -> PowerTail:
    """The tail of each row towards ``sign``·∞, for the moment of this power about ``origin`` (n,)."""
    rows = np.arange(origin.shape[0])
    found = np.empty((len(fields(PowerTail)), rows.size))
    for b in blocks(rows.size, TOGETHER):
        found[:, b] = astuple(_of_rows(line, origin[b], rows[b], sign, power))
    return PowerTail(*found)


@np.errstate(all="ignore")
def _of_rows(
    line: Line, origin: Array, rows: NDArray[np.intp], sign: float, power: int
) -> PowerTail:
    """Those of some rows."""
    every, centre = np.arange(rows.size), line.centre[rows]
    direction = np.full(origin.shape, sign)
    step = np.minimum(line.width(centre, direction, rows), 1.0)
    size = np.log(np.abs(line.y_of(centre + direction * step) - origin))
    x = np.linspace(0.0, 1.0, PLACES) * (np.log(FARTHEST) - size)[:, None]
    y = origin[:, None] + sign * np.exp(size[:, None] + x)
    terms = line.density(line.t_of(y), rows)[0] + (power + 1) * (size[:, None] + x)
    there = np.isfinite(terms)
    end = np.maximum(PLACES - 1 - there[:, ::-1].argmax(axis=1), 2)
    c, b, a = (terms[every, end - j] for j in range(3))
    spacing = x[:, 1]
    fall, before = (b - c) / spacing, (a - b) / spacing
    # Of a distribution with such a moment nothing is left so far out, unless it falls off slowly.
    known = np.abs(fall - before) <= STRAIGHT * np.maximum(1.0, np.abs(fall))
    known &= (x[every, end] > 2.0 * FAR) & (fall < 1.0)
    turn, last = np.exp(size + x[every, end] - FAR), c + FAR * fall
    return PowerTail(turn, last, np.where(known, np.maximum(last, c), -np.inf), fall)
