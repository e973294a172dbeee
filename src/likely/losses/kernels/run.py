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
    """The compiled kernel that writes the outputs of this order, one row of ``out`` each."""
    return kernel(title_of(loss), kernel_name(order, kind), loss.outputs(order, kind), loss.columns)


def run(function: Kernel, y: Array, raw: Array, out: Array) -> None:
    """Fill ``out`` (rows, n), contiguous, from y (n,) and raw (k, n) of any strides and float type."""

    def work(start: int, stop: int) -> None:
        if direct:
            function(y, raw, out, start, stop)
            return
        for first in range(start, stop, _COPY_ROWS):
            last = min(first + _COPY_ROWS, stop)
            block = np.empty((out.shape[0], last - first))
            function(
                np.ascontiguousarray(y[first:last], dtype=np.float64),
                np.ascontiguousarray(raw[:, first:last], dtype=np.float64),
                block,
                0,
                last - first,
            )
            out[:, first:last] = block

    direct = all(
        a.flags.c_contiguous and a.flags.aligned and a.dtype == np.float64 for a in (y, raw)
    )
    fold_slices(work, y.shape[0])
