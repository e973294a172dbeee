"""What is left of logarithm and exponential when their first terms are taken off."""

from __future__ import annotations

from typing import Any

from likely._math.graph import Expression, Node, abs_, expm1, log, log1p, make, polynomial, where
from likely._math.special.coefficients import ATANH, EXPM1MX
from likely._math.special.constants import LOG_2


def atanh_tail(v: Any) -> Node:
    """atanh(v) - v for |v| < 0.2, by its odd series: log(a/b) = 2 atanh((a - b)/(a + b))."""
    square = v * v
    return v * square * polynomial(square, ATANH)


def log1pmx(x: Any) -> Node:
    """log(1 + x) - x for x > -1; -x^2/2 near 0. Max relative error 6.3e-16.

    Near 0, with v = x/(2 + x): log(1 + x) = 2 atanh(v) and 2v - x = -xv, so no digit cancels.
    """
    v = x / (2.0 + x)
    near = 2.0 * atanh_tail(v) - x * v
    return where(abs_(v) < 0.2, near, log1p(x) - x)


def log1p_residual(x: Any) -> Node:
    """log(1 + x) - x/(1 + x) for x > -1; x^2/2 near 0. Max relative error 9.1e-16.

    Near 0, with v = x/(2 + x): log(1 + x) = 2 atanh(v) and 2v - x/(1 + x) = v x/(1 + x).
    """
    v = x / (2.0 + x)
    fraction = x / (1.0 + x)
    return where(abs_(v) < 0.2, log1p_residual_near(v, fraction), log1p(x) - fraction)


def scaled_log1p_residual(x: Any, n: Any, nx: Any) -> Node:
    """n (log(1 + x) - x/(1 + x)), given nx as well: nx x/2 near 0, where the square of x may be below all numbers."""
    half = 1.0 / (2.0 + x)
    v, fraction = x * half, x * (1.0 / (1.0 + x))
    near = abs_(v) < 0.2
    square = where(near, v * v, 0.0)
    close = nx * (half * (fraction + 2.0 * (square * polynomial(square, ATANH))))
    return where(near, close, n * (log1p(x) - fraction))


def log1p_residual_near(v: Any, fraction: Any) -> Node:
    """The same for |v| < 0.2 of v = x/(2 + x), given x/(1 + x)."""
    return 2.0 * atanh_tail(v) + v * fraction


def log1p_residual_2_near(half: Any) -> Node:
    """2 log(1 + x) - 2v - v^2 for v = x/(1 + x) and |half| < 0.2, half = x/(2 + x): 2x^3/3 near 0.

    v = 2 half/(1 + half) and log(1 + x) = 2 atanh(half), so that what is left is 4 (atanh(half) - half) and
    2 half - v - v^2/2 = 2 half^3/(1 + half)^2, twice.
    """
    return 4.0 * (atanh_tail(half) + half * half * half / (1.0 + half) / (1.0 + half))


def log1p_residual_2(x: Any) -> Node:
    """2 log(1 + x) - 2v - v^2 with v = x/(1 + x), for x > -1; 2x^3/3 near 0."""
    half = x / (2.0 + x)
    v = x / (1.0 + x)
    far = (2.0 * log1p(x) - 2.0 * v) - v * v
    return where(abs_(half) < 0.2, log1p_residual_2_near(half), far)


def expm1mx(x: Any) -> Node:
    """exp(x) - 1 - x for all x; x^2/2 near 0. Max relative error 1.3e-15."""
    return where(abs_(x) < 0.26, x * x * polynomial(x, EXPM1MX), expm1(x) - x)


def log_ratio(x: Any, m: Any, d: Any) -> Node:
    """log(x/m) for x >= 0, m > 0, given d = x - m. Max relative error 3.1e-16.

    d carries the digits that x and m have lost when they nearly agree: with v = d/(x + m),
    log(x/m) = 2 atanh(v). x/m must be representable.
    """
    v = d / (x + m)
    return where(abs_(v) < 0.2, 2.0 * (v + atanh_tail(v)), log(x / m))


def relative_entropy_term(x: Any, m: Any, d: Any) -> Node:
    """x log(x/m) - d for x >= 0, m > 0, given d = x - m. Max relative error 1.8e-15.

    Equals d^2/(2m) near x = m, and m at x = 0. With v = d/(x + m): x log(x/m) = 2x atanh(v)
    and 2xv - d = dv. A ratio that underflows counts as 0, which is right to the last digit; for an m
    next to 0 it is one to 2^100 m, so that it does not overflow for x < 1e35.
    """
    v = d / (x + m)
    low = m < 1e-270
    ratio = x / (m * where(low, 2.0**100, 1.0))
    logarithm = log(ratio) + where(low, 100.0 * LOG_2, 0.0)
    far = where(ratio > 0.0, x * logarithm, 0.0) - d
    return where(abs_(v) < 0.2, d * v + 2.0 * x * atanh_tail(v), far)


def relative_entropy_of_halves(x: Any, m: Any, d: Any) -> Node:
    """The same by halves of x and m, whose sum is a number where that of x and m is none."""
    return 2.0 * relative_entropy_term(0.5 * x, 0.5 * m, 0.5 * d)


def log1p_fraction(x: Any) -> Node:
    """log(1 + x) for 0 <= x <= 1, which kernels compute in a third of the time of log1p."""
    return make("log1p_fraction", x)


def scaled_log1p(x: Expression, n: Expression) -> Node:
    """n·log(1 + x/n), which tends to x for n → ∞."""
    return n * log1p(x / n)


def log_ratio_of(
    x: Expression, m: Expression, d: Expression, log_x: Expression, log_m: Expression
) -> Node:
    """log(x/m) given d = x − m and both logarithms."""
    v = d / (x + m)
    return where(abs_(v) < 0.2, 2.0 * (v + atanh_tail(v)), log_x - log_m)


def relative_entropy_of(
    x: Expression, m: Expression, d: Expression, log_x: Expression, log_m: Expression
) -> Node:
    """x log(x/m) − d given d = x − m and both logarithms; m at x = 0."""
    v = d / (x + m)
    far = where(x > 0.0, x * (log_x - log_m), 0.0) - d
    return where(abs_(v) < 0.2, d * v + 2.0 * x * atanh_tail(v), far)


def binomial_divergence(
    y: Expression, w: Expression, p: Expression, q: Expression, log_p: Expression, log_q: Expression
) -> Node:
    """y log(y/(np)) + w log(w/(nq)) with n = y + w, q = 1 − p: two terms that cannot be negative."""
    n = y + w
    d, log_n = y * q - w * p, log(n)
    return relative_entropy_of(y, n * p, d, log(y), log_n + log_p) + relative_entropy_of(
        w, n * q, -d, log(w), log_n + log_q
    )


def log1p_excess(x: Expression, log_x: Expression) -> Node:
    """(1 + x) log(1 + x)/x − 1, x > 0: x/2 at 0."""
    return (1.0 + x) * log1p_residual_over(x)


def log1p_residual_over(x: Expression) -> Node:
    """(log(1 + x) − x/(1 + x))/x, x > 0: x/2 at 0."""
    return scaled_log1p_residual(x, 1.0 / x, 1.0)
