"""Draws of Conway and Maxwell's Poisson, whose probabilities are log-concave: by rejection.

Source: Devroye (1987), doi:10.1007/BF02307237.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.backends import numpy_backend
from likely._math.com_poisson.atoms import com_poisson_loss, com_poisson_peak
from likely._math.evaluate import Program, compile_program
from likely._math.graph import symbol

Array = NDArray[np.float64]


@cache
def _programs() -> tuple[Program, Program]:
    m, n, log_m, log_n = (symbol(name) for name in ("m", "n", "log_m", "log_n"))
    nodes = (
        com_poisson_peak(m, n, log_m, log_n),
        com_poisson_loss(symbol("y"), m, n, log_m, log_n),
    )
    peak, loss = (compile_program([node], numpy_backend.TABLE) for node in nodes)
    return peak, loss


def draws(rng: Any, size: Any, mean: Any, nu: Any) -> Array:
    """An array of this size, of means and ν that are broadcast to it.

    Beside the mode, of probability p, no count at a distance x has more than p min(1, e^(w − px)), w = 1 + p/2:
    a box and two exponentials, from which at most 4 + p draws are made on average.
    """
    m, n = (np.broadcast_to(v, size).ravel().astype(float) for v in (mean, nu))
    peak, loss = _programs()
    given = {"m": m, "n": n, "log_m": np.log(m), "log_n": np.log(n)}
    with np.errstate(all="ignore"):
        mode = np.floor(np.broadcast_to(peak(given)[0], m.shape))
        log_top = -loss({"y": mode, **given})[0]
        top = np.exp(log_top)
        out, left = np.empty(m.shape), np.arange(m.size)
        while left.size:
            p, w = top[left], 1.0 + 0.5 * top[left]
            u, v, accept = rng.random((3, left.size))
            inside = u <= w / (1.0 + w)
            far = np.where(inside, v * w, w - np.log1p(-v)) / p
            sign = np.where(rng.random(left.size) < 0.5, -1.0, 1.0)
            y = mode[left] + sign * np.rint(far)
            place = np.maximum(y, 0.0)
            log_p = -loss({"y": place, **{name: values[left] for name, values in given.items()}})[0]
            bound = np.log(accept) + np.minimum(0.0, w - p * far)
            kept = (y >= 0.0) & (bound <= log_p - log_top[left])
            out[left[kept]] = y[kept]
            left = left[~kept]
    return out.reshape(size)
