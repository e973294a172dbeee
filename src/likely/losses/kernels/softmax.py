"""Run the compiled softmax cross-entropy: its source is ``softmax_body.py`` with the primitives copied in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from likely._math.pool import fold_slices
from likely.losses.kernels.build import load
from likely.losses.kernels.emit import primitives_text

TITLE = "Categorical softmax"
#: Entries of raw from which a kernel is worth loading.
ENTRIES = 65536
#: More classes than this are computed row by row.
FEW = 24
#: Entries of a block: it stays in the first-level cache.
BLOCK = 4096
#: The fewest rows of a block.
FEWEST = 16
#: Entries that take as long as a row of other losses, by which it is told how many threads are worth it.
ENTRIES_OF_A_ROW = 8


def softmax(codes: Any, raw: Any, first: Any, rest: Any) -> int:
    """Fill ``first`` (n,) with nll and ``rest`` (n, K) with its gradient, from raw (n, K).

    Arrays may be float32 or float64, of either order. Codes must be 0, …, K − 1. Returns in how many rows raw may not
    be finite.
    """
    invalid: list[int] = []
    n, k = raw.shape
    by_row = k > FEW and raw.flags.c_contiguous and rest.flags.c_contiguous
    kernel = getattr(_module(raw.dtype == np.float32), "many_classes" if by_row else "few_classes")
    rows = max(FEWEST, BLOCK // k)

    def work(start: int, stop: int) -> None:
        # Slices of entries, so that few rows of many classes are worth threads too.
        begin, end = (min(n, at * ENTRIES_OF_A_ROW // k) for at in (start, stop))
        invalid.append(kernel(codes, raw, first, rest, begin, end, rows))

    units = -(-n * k // ENTRIES_OF_A_ROW)
    if raw.flags.c_contiguous:
        fold_slices(work, units)
    else:  # a block of a fit, which has threads of its own
        work(0, units)
    return sum(invalid)


def source(*, single: bool) -> str:
    """The text of the module for one float type: primitives, then the kernels."""
    path = Path(__file__).with_name("softmax_body.py")
    body = path.read_text(encoding="utf-8").split("import at_rank, exp, log1p, rank\n", 1)[1]
    head = f'"""{TITLE}\n\nGenerated from softmax_body.py: do not edit."""\n'
    head += "\nimport math\n\nimport numpy as np\n"
    parts = [
        head,
        primitives_text(frozenset({"at_rank", "exp", "log1p", "rank"}), single),
        body.strip("\n") + "\n",
    ]
    return "\n\n".join(parts)


def file_part(single: bool) -> str:
    """What the module of a float type is called."""
    return f"cross_entropy_float{32 if single else 64}"


@cache
def _module(single: bool) -> Any:
    return load(TITLE, file_part(single), source(single=single))
