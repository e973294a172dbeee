r"""Where the polynomials of ``smooth.py`` lie: some far out, and strips of w = log(1 + ν).

A strip is ``WIDTH`` wide in w. In it q is log x where ν is small (``BY_X`` strips), log J in the others: W(z; ν), whose
logarithm is looked for, is 0 where log z, a multiple of (1 + ν) q, has imaginary part π, so patches are about as wide
as 1/(1 + ν) in q. The first of a strip is of all q < ``low``, and ``patches`` of ``step`` each follow.

The coefficients, in a patch as ``patches.py`` has them, are made by ``tools/derive_compound_poisson.py``.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: The strips: how many, how wide in w, and of how many q is log x.
STRIPS, WIDTH, BY_X = 18, 0.2, 4
#: The first patches are far out, where V is as large as this and as 2 (1 + ν): so many, each as wide in ν/(1 + ν)².
FAR, FAR_PATCHES = 6.0, 2
#: Slopes of waves are (1 + ν) J times as large as these: from this w on, that many e-folds more of V for each of 1 + ν
#: are not far.
NARROW, WIDER = 2.0, 0.076
#: Of each power of u the powers of t beside it: those whose terms of Chebyshev's have the largest slopes in a patch.
POWERS = (16, 16, 15, 15, 14, 13, 13, 11, 10, 9, 8, 7, 6, 6, 4, 3)
#: The width of a patch in (1 + ν) q, at most, where q is log x and where it is log J.
_WIDEST = 0.65, 0.9


class Strip(NamedTuple):
    """The patches of one strip, of which ``first`` is that of q < low."""

    low: float
    step: float
    patches: int
    first: int


def _low(k: int) -> float:
    """Below it u = e^((1 + ν) (q − low)) ≤ 1 is 8 times nearer to 0 than to a zero of W."""
    if k < BY_X:
        return math.log(0.175) * math.exp(-WIDTH * (k + 0.5))
    return math.log(1.45) - 1.5 * math.exp(-WIDTH * (k + 0.75))


def _top(k: int) -> float:
    """The largest q that is not far: at an end of the strip, for it is convex in w."""
    found = []
    for w in (WIDTH * k, WIDTH * (k + 1)):
        log_v = max(math.log(FAR), math.log(2.0) + w + WIDER * max(w - NARROW, 0.0))
        if k < BY_X:
            found.append(log_v + w)
        else:
            found.append(log_v - math.log(-math.expm1(-w)))
    return max(found)


def _strips() -> list[Strip]:
    found, first = [], FAR_PATCHES
    for k in range(STRIPS):
        low = _low(k)
        # Rounding of q takes no row beyond the last patch.
        length = (_top(k) - low) * (1.0 + 1e-9)
        count = math.ceil(length * math.exp(WIDTH * (k + 1.0)) / _WIDEST[k >= BY_X])
        found.append(Strip(low, length / count, count, first))
        first += count + 1
    return found


LAYOUT = _strips()
PATCHES = LAYOUT[-1].first + LAYOUT[-1].patches + 1

#: ``LAYOUT`` by the names of operations whose argument is the strip.
TABLES: dict[str, NDArray[np.float64]] = {
    "compound_poisson_low": np.array([strip.low for strip in LAYOUT]),
    "compound_poisson_rate": np.array([1.0 / strip.step for strip in LAYOUT]),
    "compound_poisson_first": np.array([float(strip.first) for strip in LAYOUT]),
}


@cache
def coefficients() -> NDArray[np.float64]:
    """Of all patches, (patches, count)."""
    found: NDArray[np.float64] = np.load(Path(__file__).with_suffix(".npy"), allow_pickle=False)
    return found
