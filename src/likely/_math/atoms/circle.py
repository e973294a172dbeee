"""Sine and cosine, and an angle brought back to (−π, π].

NumPy, PyTorch and JAX have their own sine and cosine; compiled loops, which would call libm once a row, take
the expansions in arithmetic here, like those in ``special/``. Coefficients come from
``tools/derive_special.py``; ``tests/math/test_circle.py`` holds the errors.
"""

from __future__ import annotations

import math
from typing import Any

from likely._math.atoms import Atom, register
from likely._math.graph import PI, Node, abs_, arctan2, as_node, floor, polynomial, sign, where

# π in three parts: the first two have 33 bits, so that a number of turns below 2^20 times them is exact.
PI_1 = float.fromhex("0x1.921fb544p+1")
PI_2 = float.fromhex("0x1.0b4611a6p-33")
PI_3 = float.fromhex("0x1.3198a2e037073p-68")

#: From here on neighbouring numbers lie more than a tenth of a turn apart and say nothing of an angle.
FARTHEST = 2.0**52

# degree 8, relative error 2.5e-17, growth 2.3
SIN = (
    1.0,
    -0.16666666666666666,
    0.008333333333333165,
    -0.0001984126984120179,
    2.7557319210145323e-06,
    -2.5052106797645833e-08,
    1.6058936460814087e-10,
    -7.642917081474e-13,
    2.7204718478971282e-15,
)
# degree 7, relative error 2.8e-17, growth 1.5
COS = (
    0.5,
    -0.04166666666666631,
    0.0013888888888858972,
    -2.4801587292026932e-05,
    2.7557317719056786e-07,
    -2.0876628012417444e-09,
    1.1464606072748609e-11,
    -4.626708774953389e-14,
)


def _reduced(x: Any) -> tuple[Node, Node]:
    """x less the nearest multiple of π, in [−π/2, π/2], and the sign (−1)ᵏ of that multiple."""
    angle = where(abs_(x) < FARTHEST, x, 0.0)
    k = floor(angle * (1.0 / math.pi) + 0.5)
    odd = k - 2.0 * floor(0.5 * k)
    return ((angle - k * PI_1) - k * PI_2) - k * PI_3, 1.0 - 2.0 * odd


def _sin(x: Any) -> Node:
    """sin x; the error is one unit of the last place of x, or of the result where that is more."""
    h, sign = _reduced(x)
    return sign * (h * polynomial(h * h, SIN))


def _cos(x: Any) -> Node:
    """cos x; the error is one unit of the last place of x, or of 1 where that is more."""
    h, sign = _reduced(x)
    square = h * h
    return sign * (1.0 - square * polynomial(square, COS))


def _wrap(x: Any) -> Node:
    """The angle in (−π, π] that x is, whole turns taken off; x itself where it lies there."""
    return _turned(_turned(x))  # once more for the rounding of many turns


def _turned(x: Any) -> Node:
    angle = where(abs_(x) < FARTHEST, x, 0.0)
    k = -2.0 * floor(0.5 - angle * (0.5 / math.pi))
    return ((angle - k * PI_1) - k * PI_2) - k * PI_3


sin: Atom = register("sin", lambda x, out: (cos(x),), None, _sin)
cos: Atom = register("cos", lambda x, out: (-sin(x),), None, _cos)
wrap: Atom = register(
    "wrap",
    lambda x, out: (1.0,),
    lambda x: x + 2.0 * PI * floor((PI - x) / (2.0 * PI)),
    _wrap,
)
#: The angle of which a number is the tangent of the half.
twice_arctan: Atom = register(
    "twice_arctan",
    lambda x, out: (2.0 / (1.0 + x * x),),
    lambda x: 2.0 * arctan2(x, 1.0),
    lambda x: 2.0 * arctan2(x, 1.0),
)


def half_sine(y: Any, angle: Any) -> Node:
    """sin ½(y − angle)

    An angle that is known by the tangent of its half may be next to ±π, far from a y that has digits next to 0: there
    it is taken from its opposite.
    """
    angle = as_node(angle)
    if angle.op != "twice_arctan":
        return sin(0.5 * (y - angle))
    tangent = angle.args[0]
    near = abs_(tangent) <= 1.0
    rest = 0.5 * y + arctan2(where(near, -tangent, 1.0 / tangent), 1.0)
    return where(near, sin(rest), -sign(tangent) * cos(rest))
