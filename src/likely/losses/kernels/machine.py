"""What kernels ask of the machine beside arithmetic: functions that do nothing in Python, by their names in the text.

Each is made when the first kernel is compiled, because making it imports Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from likely.losses.kernels.vectors import VECTORS

#: In bytes; also the width of the widest vectors.
_CACHE_LINE = 64


@cache
def aligned_frame() -> Any:
    """What a function calls to have its frame on the stack begin where a line of the cache does.

    Long loops keep more vectors than there are registers, most of them constants. LLVM puts them on the stack, but
    finds out too late to align it: in three of four calls every such vector of 64 bytes was in two lines, and large
    kernels took up to 1.6 times as long.
    """
    from numba import types
    from numba.extending import intrinsic

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        # Where the function is inlined it has no frame of its own.
        builder.function.attributes.add("noinline")
        builder.function.attributes.alignstack = _CACHE_LINE
        return context.get_dummy_value()

    return intrinsic(lambda typing: (types.void(), lowered))


#: By the names under which kernels call them.
MACHINE: dict[str, Callable[[], Any]] = {"aligned_frame": aligned_frame, **VECTORS}
