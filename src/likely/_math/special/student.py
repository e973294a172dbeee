"""StudentT, in the residual d, log scale and log df; q = (d/scale)²."""

from __future__ import annotations

from likely._math.graph import Expression, Node, abs_, log, log1p, where
from likely._math.special.remainders import log1p_residual_2, scaled_log1p_residual


def _student_ratio(d: Expression, s: Expression, n: Expression) -> Node:
    """q/n, in the order that overflows last."""
    z = d / s
    return z * (z / n)


def _student_log(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> tuple[Node, Node, Node]:
    """q/n, whether it overflows, and its logarithm for that case."""
    x = _student_ratio(d, s, n)
    return x, x > 1e300, 2.0 * (log(abs_(d)) - log_s) - log_n


def student_near(d: Expression, s: Expression, n: Expression) -> Node:
    """n/(n + q)"""
    return 1.0 / (1.0 + _student_ratio(d, s, n))


def student_far(d: Expression, s: Expression, n: Expression) -> Node:
    """q/(n + q)"""
    x = _student_ratio(d, s, n)
    return where(x > 1e300, 1.0, x * student_near(d, s, n))


def student_kernel(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """log s + ½ (n + 1) log(1 + z²/n) with z = d/s."""
    x, over, _ = _student_log(d, s, n, log_s, log_n)
    near = log_s + 0.5 * (n + 1.0) * log1p(x)
    # Taken together: for small n the two log s nearly cancel.
    return where(over, (n + 1.0) * (log(abs_(d)) - 0.5 * log_n) - n * log_s, near)


def student_pull(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """z/(n + q)/s, the slope of ½ log(n + q) in d."""
    z = d / s
    close = (z / n) * student_near(d, s, n) / s
    return where(abs_(z) > 1e50, student_far(d, s, n) / d, close)


def student_pull_in_log(
    x: Expression, m: Expression, d: Expression, s: Expression, n: Expression
) -> Node:
    """m times the pull less m times its slope in d, where d = x − m: of far d, −m, and its square the x is left."""
    near, far = student_near(d, s, n), student_far(d, s, n)
    apart = far * (near * ((d - m) / d * (m / d)) + far * (x / d * (m / d)))
    close = near * ((near * ((d - m) / n / s) + far * (x / n / s)) * (m / s))
    return where(abs_(d / s) > 1e50, apart, close)


def student_pull_slope(d: Expression, s: Expression, n: Expression) -> Node:
    """(n − q)/(n + q)²/s², its derivative in d."""
    near, far = student_near(d, s, n), student_far(d, s, n)
    both = near - far
    return where(abs_(d / s) > 1e50, both * far / d / d, both * near / n / s / s)


def student_scale(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """n (1 − q)/(n + q), its derivative in log s: 1 − (n + 1) q/(n + q) cancels for small n."""
    z = d / s
    near = student_near(d, s, n)
    return where(abs_(z) > 1e50, near - n * student_far(d, s, n), (1.0 - z * z) * near)


def _student_residual(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """n (log(1 + x) − x/(1 + x)) with x = q/n, of which x alone may be such that its square is below all numbers."""
    x, over, log_x = _student_log(d, s, n, log_s, log_n)
    z = d / s
    return where(over, n * (log_x - 1.0), scaled_log1p_residual(x, n, z * z))


def student_df(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """n log(1 + q/n) − (n + 1) q/(n + q), twice the derivative of the kernel in log n."""
    return _student_residual(d, s, n, log_s, log_n) - student_far(d, s, n)


def student_df_2(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """Its derivative in log n."""
    far = student_far(d, s, n)
    rest = far * student_near(d, s, n) - n * far * far
    return _student_residual(d, s, n, log_s, log_n) + rest


def student_df_bend(
    d: Expression, s: Expression, n: Expression, log_s: Expression, log_n: Expression
) -> Node:
    """n (2 log(1 + q/n) − 2v − v²) − v² with v = q/(n + q): two terms of order q²/n² for large n."""
    x, over, log_x = _student_log(d, s, n, log_s, log_n)
    residual = where(over, 2.0 * log_x - 3.0, log1p_residual_2(x))
    far = student_far(d, s, n)
    return n * residual - far * far
