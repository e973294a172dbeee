"""The logistic function, its logarithms, and log(1 − e⁻ˣ)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from likely._math.graph import (
    Expression,
    Node,
    abs_,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    polynomial,
    where,
)
from likely._math.special.coefficients import EXPM1, EXPM1MX
from likely._math.special.constants import LOG_2, OVER, TINY
from likely._math.special.remainders import expm1mx, log1p_fraction, log1pmx


def softplus(x: Any) -> Node:
    """log(1 + exp(x)) for all x. Max relative error 2.2e-16."""
    return maximum(x, 0.0) + log1p_fraction(exp(-abs_(x)))


def logaddexp(a: Any, b: Any) -> Node:
    """log(exp(a) + exp(b)), exactly the larger where the other is -infinite."""
    top = maximum(a, b)
    return top + log1p_fraction(exp(-abs_(where(top > -math.inf, a - b, 0.0))))


def sigmoid(x: Any) -> Node:
    """1/(1 + exp(-x)) for all x, digits kept in both tails. Max relative error 2.9e-16."""
    e = exp(-abs_(x))
    t = 1.0 / (1.0 + e)  # one division serves σ(x) and σ(−x)
    return where(x < 0.0, e * t, t)


def log_softplus(x: Any) -> Node:
    """log(log(1 + exp(x))) for all x. Max relative error 2.2e-16.

    For |value| < 1 (around the zero at x = 0.5413) that is the absolute error instead.
    """
    # softplus(x) = e^x (1 - e^x/2 + ...), and e^-37 is below rounding; e^x itself may underflow.
    return where(x < -37.0, x, log(softplus(x)))


def log1mexp(x: Any) -> Node:
    """log(1 - exp(-x)) for x > 0. Max relative error 1.8e-15.

    1 - e^-x for x < log 2 is a polynomial that keeps its digits at 0; beyond, its
    complement e^-x is what must keep them. One logarithm serves both.
    """
    near = x < LOG_2
    e = exp(-x)
    rounded = 1.0 - e
    # 1 - rounded is exact, so lost is the rounding error of 1 - e: log(1 - e) =
    # log(rounded) + lost/rounded, and where lost matters rounded is 1.
    lost = (1.0 - rounded) - e
    return log(where(near, x * polynomial(x, EXPM1), rounded)) + where(near, 0.0, lost)


def softplus_slope(x: Expression) -> Node:
    """σ(x)/softplus(x), the slope of log softplus: 1 far left."""
    return where(x < -37.0, 1.0, sigmoid(x) / softplus(x))


def softplus_bend(x: Expression) -> Node:
    """σ(−x) − σ(x)/softplus(x): −eˣ/2 far left, where the two terms are both 1."""
    e = exp(minimum(x, 0.0))
    near = log1pmx(e) / ((1.0 + e) * softplus(x))
    right = sigmoid(-x) - sigmoid(x) / softplus(x)
    return where(x < -37.0, -0.5 * e, where(x < 0.0, near, right))


def bose(x: Expression) -> Node:
    """1/(eˣ − 1), x > 0."""
    return 1.0 / expm1(x)


def log1mexp_of(x: Expression, log_x: Expression) -> Node:
    """log(1 − e⁻ˣ), x > 0."""
    return where(x > TINY, log1mexp(x), log_x)


def log1mexp_slope(x: Expression, log_x: Expression) -> Node:
    """x/(eˣ − 1)"""
    y = minimum(x, OVER)
    return where(x > TINY, y / expm1(y), 1.0)


def log1mexp_bend(x: Expression) -> Node:
    """1 − x − x/(eˣ − 1): −x/2 at 0."""
    straight = x < 2.0**-60  # the square of x may be below all numbers
    y = where(straight, 1.0, minimum(x, 40.0))
    return where(straight, -0.5 * x, expm1mx(y) / expm1(y) - x)


def log_expm1_ratio(x: Expression, log_x: Expression) -> Node:
    """log((eˣ − 1)/x), x > 0: x/2 at 0, x − log x far out."""
    small = where(x < 0.26, x, 0.0)
    middle = where(x < 0.26, small * polynomial(small, EXPM1MX), expm1mx(x) / x)
    return where(x < 1.0, log1p(middle), x + log1mexp(x) - log_x)


def expm1_ratio_slope(x: Expression, log_x: Expression) -> Node:
    """Its derivative in log x, x − 1 + x/(eˣ − 1)."""
    return -log1mexp_bend(x)


def expm1_ratio_curve(x: Expression) -> Node:
    """Its second derivative in log x: x/2 at 0."""
    return x - log1mexp_slope(x, x) * -log1mexp_bend(x)


#: Bernoulli's numbers over factorials, B₂ₙ/(2n)!: x/(eˣ − 1) is 1 − x/2 and the sum of these times x²ⁿ.
_BERNOULLI = (
    1.0 / 12.0, -1.0 / 720.0, 1.0 / 30240.0, -1.0 / 1209600.0, 1.0 / 47900160.0, -691.0 / 1307674368000.0,
    1.0 / 74724249600.0, -3617.0 / 10670622842880000.0, 43867.0 / 5109094217170944000.0,
    -174611.0 / 802857662698291200000.0,
)  # fmt: skip


def _of_squares(x: Expression, factor: Callable[[int], float]) -> Node:
    """Σ factor(2n) B₂ₙ/(2n)! x²ⁿ, for x < 1"""
    square = where(x < 1.0, x * x, 0.0)
    return square * polynomial(
        square, [factor(2 * n) * c for n, c in enumerate(_BERNOULLI, start=1)]
    )


def log_sinh_ratio(x: Expression, log_x: Expression) -> Node:
    """log(sinh(x/2)/(x/2)), x > 0: x²/24 at 0."""
    near = _of_squares(x, lambda power: 1.0 / power)
    return where(x < 1.0, near, log_expm1_ratio(x, log_x) - 0.5 * x)


def sinh_ratio_slope(x: Expression, log_x: Expression) -> Node:
    """Its derivative in log x, x/2 − 1 + x/(eˣ − 1)."""
    near = _of_squares(x, lambda power: 1.0)
    return where(x < 1.0, near, 0.5 * x + (log1mexp_slope(x, log_x) - 1.0))


def sinh_ratio_curve(x: Expression) -> Node:
    """Its second derivative in log x: x²/6 at 0."""
    near = _of_squares(x, float)
    return where(x < 1.0, near, 0.5 * x + log1mexp_slope(x, x) * log1mexp_bend(x))
