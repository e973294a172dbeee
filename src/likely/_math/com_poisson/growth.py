"""How log j! grows about a mean of which ν is so large that few counts matter: tables.

About k = ⌊m⌋ it is measured from the line through k and k + 1, as log(j!/k!) − (j − k) log(k + 1), here of the counts
on either side of these two.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray

from likely._math.special.gamma_function import COUNT_HALF, COUNT_HALF_AT_0

#: There are tables for k below this, and of so many counts on either side.
FLOORS, COUNTS = 1024, 13
#: e to less of that is 0.
_NONE = 1000.0


def _log1p_over(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """log(1 + 1/x) of x ≥ 1, from 1/(2x + 1).

    Sums and products are the same on every processor, where NumPy's logarithms are not: kernels have these digits in
    their text, and so in the names of their files.
    """
    z = 1.0 / (2.0 * x + 1.0)
    return 2.0 * (z * polyval(z * z, 1.0 / np.arange(1.0, 38.0, 2.0)))


def _tables() -> dict[str, NDArray[np.float64]]:
    # Twice summed: every step is larger than the one before by log((x + 1)/x).
    k, along = np.arange(float(FLOORS))[:, None], np.arange(float(COUNTS))
    above = _log1p_over(k + 1.0 + along)
    below = _log1p_over(np.maximum(k - along, 1.0))
    floor = k.ravel()
    v = 1.0 / (floor + 0.5)
    level = np.where(floor < 1.0, COUNT_HALF_AT_0, v * polyval(v - 0.25, COUNT_HALF))
    up, down = (np.cumsum(np.cumsum(steps, axis=1), axis=1) for steps in (above, below))
    down = np.where(along < k, down, _NONE * (along + 1.0) ** 2)
    return {
        "com_poisson_level": level,
        "com_poisson_rise": _log1p_over(2.0 * floor + 1.0),
        "com_poisson_growth": np.stack([up, down], axis=1).ravel(),
    }


#: Of k ``com_poisson_level`` is the error of k! (``special.count_half_error``), ``com_poisson_rise`` log of k + 1 over
#: k + ½. ``com_poisson_growth`` is, at 2 ``COUNTS`` k + 0, 1, …, that of k + 2, k + 3, …, and ``COUNTS`` after these
#: that of k − 1, k − 2, …. Of counts below 0 it goes on as steeply as that nothing is left of them.
TABLES = _tables()
