"""Run the kernels of one loss, over threads where there are many rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.pool import fold_slices
from likely.losses.kernels.build import Kernel, kernel

Array = NDArray[np.float64]
_ORDERS = ("loss", "gradient", "curvature")
#: Rows copied at a time where the input is strided: the copies stay in the cache.
_COPY_ROWS = 16384


def title_of(loss: Any) -> str:
    """``Gamma log log``: the family and the link, or fixed value, of each parameter."""
    words = [slot.link.name if slot.link else f"fixed{slot.value!r}" for slot in loss.slots]
    named = [
        w if slot.parameter == slot.of else f"{slot.parameter}.{w}"
        for w, slot in zip(words, loss.slots, strict=True)
    ]
    return " ".join([loss.specification.name, *named])


def kernel_name(order: int, kind: str) -> str:
    """``loss``, ``gradient``, ``curvature_observed`` or ``curvature_expected``."""
    return _ORDERS[order] + (f"_{kind}" if order == 2 else "")


def kernel_for(loss: Any, order: int, kind: str) -> Kernel:
    """The compiled kernel of this order: the loss first, then gradient and curvature."""
    return kernel(
        title_of(loss),
        kernel_name(order, kind),
        loss.outputs(order, kind),
        loss.columns,
        loss.specification.support,
    )


def run(function: Kernel, y: Array, raw: Array, first: Array, rest: Array) -> int:
    """Fill ``first`` (n,) and ``rest`` (rows, n), contiguous, from y, (n,) or (n, m), and raw (k, n).

    A kernel reads y of several columns as (m, n), a contiguous row each: otherwise it would not vectorise.
    y and raw may have any strides and float type: they are copied block by block where they must be.
    Returns in how many rows y is outside the support or raw is not finite.
    """
    invalid: list[int] = []
    y = y.T

    def work(start: int, stop: int) -> None:
        if direct:
            invalid.append(function(y, raw, first, rest, start, stop, 0))
            return
        # The same two buffers for every block: memory asked for anew would come page by page.
        size = min(_COPY_ROWS, stop - start)
        y_buffer, raw_buffer = np.empty((*y.shape[:-1], size)), np.empty((raw.shape[0], size))
        for begin in range(start, stop, _COPY_ROWS):
            end = min(begin + _COPY_ROWS, stop)
            if end - begin < size:  # the last block; kernels want contiguous arrays
                size = end - begin
                y_buffer = np.empty((*y.shape[:-1], size))
                raw_buffer = np.empty((raw.shape[0], size))
            np.copyto(y_buffer, y[..., begin:end])
            np.copyto(raw_buffer, raw[:, begin:end])
            invalid.append(function(y_buffer, raw_buffer, first, rest, 0, size, begin))

    direct = all(
        a.flags.c_contiguous and a.flags.aligned and a.dtype == np.float64 for a in (y, raw)
    )
    fold_slices(work, raw.shape[1])
    return sum(invalid)
