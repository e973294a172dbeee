"""A few rows side by side, in what a processor takes as one number: a vector.

LLVM makes vectors of loops; but around a loop over a few rows that takes many numbers it holds all of these at once,
and most lie on the stack. With vectors that are written as such there is no loop, and each is read where it is used.

These are the functions of ``_math/backends/primitives.py``, where they stand in Python, by their names.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from likely._math.backends import primitives
from likely._math.backends.primitives import (
    LANES,
    LOG2_HIGH,
    LOG2_LOW,
    ONE_OVER_LOG2,
    ROUND,
)

#: The coefficients of ``exp_rest``.
_REST = [getattr(primitives, f"EXP_{k}") for k in range(10)]
#: Bytes of a number: a vector in an array begins at one.
_NUMBER = 8


@cache
def _vector() -> Any:
    """Numba's type of a vector."""
    from llvmlite import ir
    from numba.core import types
    from numba.extending import models, register_model

    class Vector(types.Type):
        def __init__(self) -> None:
            super().__init__(name=f"Vector{LANES}")

    @register_model(Vector)
    class VectorModel(models.PrimitiveModel):
        def __init__(self, manager: Any, kind: Any) -> None:
            super().__init__(manager, kind, ir.VectorType(ir.DoubleType(), LANES))

    return Vector()


@cache
def gathered() -> Any:
    """Loads that are put together one by one: those of eight that a processor has as one are no faster."""
    from llvmlite import ir
    from numba.core import types
    from numba.extending import intrinsic

    vector = _vector()

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        result = ir.Constant(context.get_value_type(vector), ir.Undefined)
        for lane, place in enumerate(_places(context, builder, signature, args)):
            result = builder.insert_element(result, builder.load(place), _lane(lane))
        return result

    def typed(typing: Any, rows: Any, order: Any, begin: Any, end: Any) -> Any:
        return vector(rows, order, types.int64, types.int64), lowered

    return intrinsic(typed)


@cache
def scattered() -> Any:
    """A store of each lane."""
    from numba.core import types
    from numba.extending import intrinsic

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places = _places(context, builder, signature, args[:-1])
        for lane, place in enumerate(places):
            builder.store(builder.extract_element(args[-1], _lane(lane)), place)
        return context.get_dummy_value()

    def typed(typing: Any, rows: Any, order: Any, begin: Any, end: Any, values: Any) -> Any:
        return types.void(rows, order, types.int64, types.int64, values), lowered

    return intrinsic(typed)


@cache
def loaded() -> Any:
    """The vector that is in an array from a place on."""
    from numba.core import types
    from numba.extending import intrinsic

    vector = _vector()

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _from(context, builder, signature, args)
        return builder.load(place, align=_NUMBER)

    return intrinsic(lambda typing, array, at: (vector(array, types.int64), lowered))


@cache
def put() -> Any:
    """A vector into an array, from a place on."""
    from numba.core import types
    from numba.extending import intrinsic

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _from(context, builder, signature, args), align=_NUMBER)
        return context.get_dummy_value()

    def typed(typing: Any, array: Any, at: Any, values: Any) -> Any:
        return types.void(array, types.int64, values), lowered

    return intrinsic(typed)


@cache
def multiply_add() -> Any:
    """A product and a sum, which may be rounded once."""
    from numba.core import types
    from numba.extending import intrinsic

    vector = _vector()

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(vector)
        a, b, c = (
            value if given == vector else _in_all(builder, kind, value)
            for value, given in zip(args, signature.args, strict=True)
        )
        return builder.fadd(builder.fmul(a, b), c)

    def typed(typing: Any, a: Any, b: Any, c: Any) -> Any:
        given = (kind if kind == vector else types.float64 for kind in (a, b, c))
        return vector(*given), lowered

    return intrinsic(typed)


@cache
def exponential() -> Any:
    """``exp`` in ``primitives.py``, of which here no result is subnormal, so that one factor is its power of 2."""
    from llvmlite import ir
    from numba.extending import intrinsic

    vector = _vector()

    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(vector)

        def number(value: float) -> Any:
            return _in_all(builder, kind, ir.Constant(ir.DoubleType(), value))

        def step(a: Any, b: Any, c: Any) -> Any:
            return builder.fadd(builder.fmul(a, b), c)

        (x,) = args
        none = builder.fcmp_ordered("<", x, number(-1021.0 / ONE_OVER_LOG2))
        shifted = step(x, number(ONE_OVER_LOG2), number(ROUND))
        n = builder.fsub(shifted, number(ROUND))
        r = step(n, number(-LOG2_HIGH), x)
        r = step(n, number(-LOG2_LOW), r)
        r2 = builder.fmul(r, r)
        r4 = builder.fmul(r2, r2)
        pairs = [
            step(r, number(b), number(a)) for a, b in zip(_REST[::2], _REST[1::2], strict=True)
        ]
        low, middle = step(r2, pairs[1], pairs[0]), step(r2, pairs[3], pairs[2])
        rest = step(r4, step(r4, pairs[4], middle), low)
        value = step(r2, step(r, rest, number(0.5)), r)
        value = builder.fadd(value, number(1.0))
        whole = ir.VectorType(ir.IntType(64), LANES)
        places = ir.Constant(whole, LANES * [52])
        power = builder.shl(builder.bitcast(shifted, whole), places)
        found = builder.bitcast(builder.add(builder.bitcast(value, whole), power), kind)
        return builder.select(none, number(0.0), found)

    return intrinsic(lambda typing, x: (vector(vector), lowered))


def _from(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Where in an array a vector begins."""
    from numba.np.arrayobj import make_array

    data = make_array(signature.args[0])(context, builder, args[0]).data
    kind = context.get_value_type(_vector())
    return builder.bitcast(builder.gep(data, [args[1]]), kind.as_pointer())


def _lane(k: int) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.IntType(32), k)


def _in_all(builder: Any, kind: Any, value: Any) -> Any:
    """The number in every lane."""
    from llvmlite import ir

    undefined = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(undefined, value, _lane(0))
    return builder.shuffle_vector(
        first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
    )


def _places(context: Any, builder: Any, signature: Any, args: Any) -> list[Any]:
    """Where in an array the rows are that ``order`` lists from ``begin`` on: the one before ``end`` after that."""
    from llvmlite import ir
    from numba.np.arrayobj import make_array

    rows, order = (
        make_array(kind)(context, builder, value).data
        for kind, value in zip(signature.args[:2], args[:2], strict=True)
    )
    begin, end = args[2:]
    one = ir.Constant(begin.type, 1)
    last, found = builder.sub(end, one), []
    for lane in range(LANES):
        at = builder.add(begin, ir.Constant(begin.type, lane))
        at = builder.select(builder.icmp_signed("<", at, last), at, last)
        row = builder.zext(builder.load(builder.gep(order, [at])), begin.type)
        found.append(builder.gep(rows, [row]))
    return found


#: By the names under which kernels call them.
VECTORS = {
    "gathered": gathered,
    "scattered": scattered,
    "loaded": loaded,
    "put": put,
    "multiply_add": multiply_add,
    "exponential": exponential,
}
