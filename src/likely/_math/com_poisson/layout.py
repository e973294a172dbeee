r"""Where the polynomials of ``smooth.py`` lie: patch 0, far out, strips of w = log ν + ``BEND`` ν, and whole means.

A strip is ``WIDTH`` wide in w, from ``LOWEST`` on. In it the patches are equally wide in q = log(1 + 2m), from
m = 0 to where patch 0 begins. There are more of them where ν is large: log p then has a wave for every whole m.
The first strip is that of all smaller ν, down to the Geometric of ν = 0, and of means up to ``LONG``, for which νm is
so small that Φ is a polynomial of ν.

Beyond the strips log p has waves in m. From there on the means between k and k + 1 have patches of their own, of some
whole k: of halves of these means and then of quarters, equally wide in log ν.

The coefficients, in a patch as ``patches.py`` has them, are made by ``tools/derive_com_poisson.py``.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Patch 0 is where ``FAR_NU`` ν + ``FAR_MASS``/ν ≤ m + ½.
FAR_NU, FAR_MASS = 2.0, 40.0
#: Where the strips of w = log ν + ``BEND`` ν begin, and how wide they are.
FIRST, BEND, WIDTH = -9.282659851129906, 0.25, 0.3
#: The largest mean of the strip of smaller ν.
LONG = 1000.0
#: The patches of the strips: from ν = 4 on, of many means few counts are left near 1, which decides.
_COUNTS = (
    14, 33, 32, 32, 31, 30, 29, 29, 28, 27, 27, 26, 25, 24, 24, 23, 22, 22, 20, 20, 19, 19, 18, 18,
    17, 16, 15, 15, 14, 14, 13, 12, 11, 11, 13, 14, 18, 21, 29, 40, 53, 66, 82, 102, 170,
)  # fmt: skip
STRIPS = len(_COUNTS)
#: How wide the patches of a k are in log ν, and from where.
OWN_WIDTH, OWN_LOWEST = 0.16, 2.0


class Own(NamedTuple):
    """The k with patches of their own, from and to, in so many ``parts``, and up to which ν/(k + 1)."""

    least: int
    most: int
    parts: int
    steep: float


#: From where strips or patch 0 end, and from where these end.
HALVES, QUARTERS = Own(10, 50, 2, 1.15), Own(10, 30, 4, 1.6)
#: Of each power of u the powers of t beside it.
POWERS = 12 * (11,)


class Strip(NamedTuple):
    """The patches of one strip, of which each takes ``step`` in q."""

    step: float
    patches: int
    first: int


def _end(k: int) -> float:
    """The ν with which a strip of w begins."""
    w = FIRST + WIDTH * (k - 1)
    nu = math.exp(w) / 20.0
    for _ in range(20):  # Newton's, from below on a curve that bends down
        nu += (w - math.log(nu) - BEND * nu) / (1.0 / nu + BEND)
    return nu


def _top(k: int) -> float:
    """The largest q: of a strip of w where it is far at an end of the strip, for that is convex in ν."""
    if k == 0:
        return math.log1p(2.0 * LONG)
    return math.log(2.0 * max(FAR_NU * nu + FAR_MASS / nu for nu in (_end(k), _end(k + 1))))


def _strips() -> list[Strip]:
    found, first = [], 1
    for k, count in enumerate(_COUNTS):
        # Rounding of q takes no row beyond the last patch.
        found.append(Strip(_top(k) * (1.0 + 1e-9) / count, count, first))
        first += count
    return found


class Means(NamedTuple):
    """The patches of the means of one k, ``parts`` of every step in log ν from ``begin`` on."""

    k: int
    parts: int
    begin: int
    patches: int
    first: int


def _means(own: Own, first: int) -> list[Means]:
    found = []
    for k in range(own.least, own.most + 1):
        if own is HALVES:
            m = k + 0.5
            far = m + math.sqrt(max(m * m - 4.0 * FAR_NU * FAR_MASS, 0.0))
            lowest = max(_end(STRIPS), far / (2.0 * FAR_NU))
        else:
            lowest = HALVES.steep * (k + 1.0)
        # Rounding takes no row beyond these.
        ends = (lowest * (1.0 - 1e-9), own.steep * (k + 1.0) * (1.0 + 1e-9))
        begin, last = (math.floor((math.log(nu) - OWN_LOWEST) / OWN_WIDTH) for nu in ends)
        found.append(Means(k, own.parts, begin, own.parts * (last + 1 - begin), first))
        first += found[-1].patches
    return found


#: The least ν of a strip of w.
LOWEST = _end(1)
LAYOUT = _strips()
MEANS = _means(HALVES, LAYOUT[-1].first + LAYOUT[-1].patches)
MEANS += _means(QUARTERS, MEANS[-1].first + MEANS[-1].patches)
PATCHES = MEANS[-1].first + MEANS[-1].patches

#: By the names of operations whose argument is the place in ``LAYOUT``, or behind these in ``MEANS``.
TABLES: dict[str, NDArray[np.float64]] = {
    "com_poisson_rate": np.array([1.0 / s.step for s in LAYOUT] + [1.0 / OWN_WIDTH] * len(MEANS)),
    "com_poisson_first": np.array(
        [float(s.first) for s in LAYOUT] + [float(m.first - m.parts * m.begin) for m in MEANS]
    ),
}


@cache
def coefficients() -> NDArray[np.float64]:
    """Of all patches, (patches, count)."""
    found: NDArray[np.float64] = np.load(Path(__file__).with_suffix(".npy"), allow_pickle=False)
    return found
