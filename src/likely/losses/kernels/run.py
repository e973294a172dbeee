"""Run the kernels of one loss, over threads where there are many rows."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.pool import fold_slices
from likely.losses.kernels.build import Kernel, kernel, load

Array = NDArray[np.float64]
_ORDERS = ("loss", "gradient", "curvature")


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
    """Fill ``first`` (n,) and ``rest`` (rows, n), from y, (n,) or (n, m), and raw (k, n).

    A kernel takes contiguous float64, and y of several columns as (m, n), so that it vectorises. What has
    other strides or another float type passes through buffers.
    Returns in how many rows y is outside the support or raw is not finite.
    """
    invalid: list[int] = []
    y = y.T
    if _ready(y, raw, first, rest):

        def work(start: int, stop: int) -> None:
            invalid.append(function(y, raw, first, rest, start, stop, 0))

    else:
        blocks = _blocks(function, y.ndim)

        def work(start: int, stop: int) -> None:
            invalid.append(blocks(y, raw, first, rest, 1.0, start, stop)[0])

    fold_slices(work, raw.shape[1])
    return sum(invalid)


def run_mean(function: Kernel, y: Array, raw: Array, rest: Array) -> float:
    """The mean of nll over the rows; ``rest`` (k, n), of any strides and float type, gets the mean's gradient."""
    blocks, n, y = _blocks(function, y.ndim), y.shape[0], y.T
    sums: list[float] = []

    def work(start: int, stop: int) -> None:
        sums.append(blocks(y, raw, _NOTHING, rest, 1.0 / n, start, stop)[1])

    fold_slices(work, n)
    return math.fsum(sums) / n


_NOTHING: Array = np.empty(0)


@cache
def _blocks(function: Any, axes: int) -> Any:
    """``blocks`` of ``blocks_body.py`` for this kernel and y with so many axes."""
    file = function.__module__
    text = Path(__file__).with_name("blocks_body.py").read_text(encoding="utf-8")
    if axes == 2:
        text = text.replace("copy_column(rows_all", "copy_columns(rows_all")
    text = f"# The kernel is {file}.{function.__name__}.\n" + text
    stem = file.removeprefix("likely_kernel_").rpartition("_")[0]
    return load(stem, "blocks", text, kernel=function).blocks


def _ready(*arrays: Array) -> bool:
    return all(a.flags.c_contiguous and a.flags.aligned and a.dtype == np.float64 for a in arrays)
