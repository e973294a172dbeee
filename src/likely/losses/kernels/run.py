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
_COPY_ROWS = 8192


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
    """Fill ``first`` (n,) and ``rest`` (rows, n), from y (n,) and raw (k, n).

    All may have any strides and float type: where a kernel, which takes contiguous float64, cannot have
    them as they are, they pass block by block through buffers.
    Returns in how many rows y is outside the support or raw is not finite.
    """
    invalid: list[int] = []

    def work(start: int, stop: int) -> None:
        if given and wanted:
            invalid.append(function(y, raw, first, rest, start, stop, 0))
            return
        size = 0
        for begin in range(start, stop, _COPY_ROWS):
            end = min(begin + _COPY_ROWS, stop)
            if end - begin != size:  # the first block, or the last: contiguous for both
                size = end - begin
                # The same buffers for every block: memory asked for anew would come page by page.
                y_block, raw_block = np.empty((size, *y.shape[1:])), np.empty((raw.shape[0], size))
                into = (first, rest) if wanted else (np.empty(size), np.empty((len(rest), size)))
            np.copyto(y_block, y[begin:end])
            np.copyto(raw_block, raw[:, begin:end])
            invalid.append(function(y_block, raw_block, *into, 0, size, begin if wanted else 0))
            if not wanted:
                np.copyto(first[begin:end], into[0], casting="same_kind")
                np.copyto(rest[:, begin:end], into[1], casting="same_kind")

    given, wanted = _ready(y, raw), _ready(first, rest)
    fold_slices(work, y.shape[0])
    return sum(invalid)


def _ready(*arrays: Array) -> bool:
    return all(a.flags.c_contiguous and a.flags.aligned and a.dtype == np.float64 for a in arrays)
