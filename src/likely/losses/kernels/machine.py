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
    """What a function calls for the widest vectors, and a frame on the stack that begins where a cache line does.

    Long loops keep more vectors than there are registers, most of them constants. LLVM puts them on the stack, but
    finds out too late to align it: in three of four calls every such vector of 64 bytes was in two lines, and large
    kernels took up to 1.6 times as long. Of the 64 bytes of a vector of Intel's processors it uses 32
    unless told otherwise, which took up to 1.6 times as long, too.
    """
    from numba import types
    from numba.extending import intrinsic

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        # Where the function is inlined it has no frame of its own.
        attributes = builder.function.attributes
        attributes.add("noinline")
        attributes.alignstack = _CACHE_LINE
        # One with a value, which llvmlite writes as it is given but does not know: it is a set of texts.
        set.add(attributes, f'"prefer-vector-width"="{8 * _CACHE_LINE}"')
        return context.get_dummy_value()

    return intrinsic(lambda typing: (types.void(), lowered))


@cache
def where() -> Any:
    """LLVM's select.

    ``a if c else b`` would do the same, but Numba makes three blocks of it, and its analyses, which look at all of a
    function for every name that several blocks set, took most of the time of compiling a large kernel.
    """
    from numba import types
    from numba.extending import intrinsic

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.return_type
        sides = (
            context.cast(builder, value, given, kind)
            for value, given in zip(args[1:], signature.args[1:], strict=True)
        )
        return builder.select(args[0], *sides)

    def typed(typing: Any, condition: Any, a: Any, b: Any) -> Any:
        return typing.unify_types(a, b)(types.boolean, a, b), lowered

    return intrinsic(typed)


#: By the names under which kernels call them.
MACHINE: dict[str, Callable[[], Any]] = {
    "aligned_frame": aligned_frame,
    "where": where,
    **VECTORS,
}
