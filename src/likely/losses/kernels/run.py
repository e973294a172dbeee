"""Run the kernels of one loss, over threads where there are many rows."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.graph import Node
from likely._math.pool import fold_slices
from likely.links import default_link
from likely.losses.kernels.build import Kernel, compiled, kernel, load
from likely.losses.kernels.emit import module_source, simple

Array = NDArray[np.float64]
#: Below this many rows one thread is as fast as many, for kernels as fast as those in float32.
_SERIAL_ROWS = 500_000
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


def kernel_for(loss: Any, order: int, kind: str, outputs: Sequence[Node] | None = None) -> Kernel:
    """The compiled kernel of this order: the loss first, then gradient and curvature, or ``outputs`` instead."""
    outputs = loss.outputs(order, kind) if outputs is None else outputs
    return compiled(*source_of(loss, order, kind, outputs))


def source_of(loss: Any, order: int, kind: str, outputs: Sequence[Node]) -> tuple[str, str, str]:
    """The title, the name and the source text of that kernel."""
    title, name = title_of(loss), kernel_name(order, kind)
    support = loss.specification.support
    return title, name, module_source(title, name, outputs, loss.columns, support)


def single_outputs(loss: Any) -> dict[str, list[Node]]:
    """What the kernels in float32 compute, by their names; none where float32 would cost digits.

    Formulas with special functions, other links than the default ones, and formulas of users are computed in double
    precision always.
    """
    specification, outputs = loss.specification, loss.outputs(1)
    usual = all(slot.link is default_link(loss.domain(slot)) for slot in loss.free)
    if specification.own or specification.structure or not usual or not simple(outputs):
        return {}
    return {"loss_single": outputs[:1], "gradient_single": outputs}


def single_kernel(loss: Any, order: int) -> Kernel | None:
    """The compiled kernel of ``single_outputs`` of this order."""
    name = f"{_ORDERS[order]}_single"
    outputs, support = single_outputs(loss), loss.specification.support
    if name not in outputs:
        return None
    return kernel(title_of(loss), name, outputs[name], loss.columns, support, single=True)


def run(function: Kernel, y: Array, raw: Array, first: Array, rest: Array) -> int:
    """Fill ``first`` (n,) and ``rest`` (rows, n), from y, (n,) or (n, m), and raw (k, n).

    A kernel takes contiguous float64, and y of several columns as (m, n), so that it vectorises. What has
    other strides or another float type passes through buffers.
    Returns in how many rows y is outside the support, raw is not finite, or a difference is to be taken more exactly.
    """
    invalid: list[int] = []
    y = y.T
    if _ready(np.float64, y, raw, first, rest):

        def work(start: int, stop: int) -> None:
            invalid.append(function(y, raw, first, rest, start, stop, 0))

    elif _ready(np.float64, first, rest):
        module = _blocks(function, _taken(np.float64, y), *_apart(raw))

        def work(start: int, stop: int) -> None:
            invalid.append(module.written(y, raw, first, rest, start, stop))

    else:
        module = _blocks(function, _taken(np.float64, y), *_apart(raw))

        def work(start: int, stop: int) -> None:
            invalid.append(module.copied(y, raw, first, rest, 1.0, start, stop)[0])

    fold_slices(work, raw.shape[1])
    return sum(invalid)


def run_mean(function: Kernel, y: Array, raw: Array, rest: Array | None) -> float:
    """The mean of nll over the rows; ``rest`` gets its gradient, and is None for a kernel without.

    y (n,) or (n, m), raw (k, n) and ``rest`` (k, n) may have any strides and float types.
    """
    n, y, real = y.shape[0], y.T, _real(function)
    module = _blocks(function, _taken(real, y), *_apart(raw))
    ready, scale = _ready(real, y, raw), real(1.0 / n)
    rest = _NO_ROWS if rest is None else rest

    def part(start: int, stop: int) -> float:
        if ready:
            total: float = module.sums(y, raw, rest, scale, start, stop)[1]
        else:
            total = module.copied(y, raw, _NOTHING, rest, scale, start, stop)[1]
        return total

    if real is np.float32 and n < _SERIAL_ROWS:
        return part(0, n) / n
    found: list[float] = []
    fold_slices(lambda start, stop: found.append(part(start, stop)), n)
    return math.fsum(found) / n


#: So few that buffers stay in the first-level cache, so many that what a block costs is not felt.
_BLOCK_ROWS = {np.float32: 2048, np.float64: 512}
_NOTHING: Array = np.empty(0)
_NO_ROWS: Array = np.empty((0, 0))


@cache
def _blocks(function: Any, taken: str, apart: str, columns: int) -> Any:
    """``blocks_body.py`` for this kernel, y that is taken in this way, and raw that is."""
    file = function.__module__
    text = Path(__file__).with_name("blocks_body.py").read_text(encoding="utf-8")
    text = text.replace("taken(", f"{taken}(").replace("apart(", f"{apart}(")
    text = text.replace("COLUMNS: int = 0", f"COLUMNS: int = {columns}")
    rows = getattr(sys.modules[file], "ROWS", _BLOCK_ROWS[_real(function)])
    text = text.replace("ROWS: int = 0", f"ROWS: int = {rows}")
    text = f"# The kernel is {file}.{function.__name__}.\n" + text
    stem = file.removeprefix("likely_kernel_").rpartition("_")[0]
    return load(stem, "blocks", text, kernel=function, real=_real(function))


def _taken(real: type[np.floating], y: Array) -> str:
    """How blocks of y (n,) or (m, n) come to a kernel: see ``blocks_body.py``."""
    if y.ndim > 1:
        return "several_columns"
    return "as_it_is" if _ready(real, y) else "one_column"


#: The most neighbours that a processor takes apart faster than one column after another.
_NEIGHBOURS = 4


def _apart(raw: Array) -> tuple[str, int]:
    """How blocks of raw (k, n) come to a kernel, and k where that is known beforehand: see ``blocks_body.py``."""
    by_row = raw.flags.f_contiguous and not raw.flags.c_contiguous
    columns = raw.shape[0]
    return ("from_rows", columns) if by_row and columns <= _NEIGHBOURS else ("column_by_column", 0)


def _real(function: Any) -> type[np.float32 | np.float64]:
    """The float type that a kernel computes in."""
    return np.float32 if function.__name__.endswith("_single") else np.float64


def _ready(real: type[np.floating], *arrays: Array) -> bool:
    for array in arrays:
        flags = array.flags
        if not (flags.c_contiguous and flags.aligned and array.dtype == real):
            return False
    return True
