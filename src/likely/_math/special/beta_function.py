"""The beta function of a mean and a precision, through the errors of Stirling's formula."""

from __future__ import annotations

from likely._math.graph import Expression, Node, where
from likely._math.special.coefficients import STIRLING_1, STIRLING_2, STIRLING_3
from likely._math.special.constants import FEW
from likely._math.special.gamma_function import (
    powers,
    stirling,
    stirling_curve,
    stirling_curves,
    stirling_parts,
    stirling_slope,
)


def _stirling_bend(x: Expression, log_x: Expression) -> Node:
    """x times the derivative of stirling_curve."""
    small, u, step = stirling_parts(x, log_x)
    p1 = powers(u, STIRLING_1)
    p2 = powers(u, STIRLING_2)
    p3 = powers(u, STIRLING_3)
    v = x * u
    curve = x * (step - u * (1.0 + u * (0.5 + p1 - v * p2)))
    rest = u * (v * (1.0 + u + 2.0 * u * p2 - u * v * p3) - 1.0)
    return where(small, curve + x * rest, u * (3.0 * p2 - p1 - p3))


def beta_stirling(
    p: Expression,
    q: Expression,
    n: Expression,
    log_p: Expression,
    log_q: Expression,
    log_n: Expression,
) -> Node:
    """S(n) − S(pn) − S(qn), where p + q = 1."""
    a, b = stirling(p * n, log_p + log_n), stirling(q * n, log_q + log_n)
    return stirling(n, log_n) - a - b


def beta_stirling_slope(
    p: Expression,
    q: Expression,
    n: Expression,
    log_p: Expression,
    log_q: Expression,
    log_n: Expression,
) -> Node:
    """Its derivative in log n."""
    a, b = stirling_slope(p * n, log_p + log_n), stirling_slope(q * n, log_q + log_n)
    return stirling_slope(n, log_n) - a - b


def beta_stirling_cross(p: Expression, n: Expression, log_p: Expression, log_n: Expression) -> Node:
    """The curve at pn, of which pn log(1/n) is left out where log(1 + 1/pn) is log(1/p) + log(1/n)."""
    near, _ = stirling_curves(p * n, -log_p)
    return where(n < FEW, near, stirling_curve(p * n, log_p + log_n))


def beta_stirling_curve(
    p: Expression,
    q: Expression,
    n: Expression,
    log_p: Expression,
    log_q: Expression,
    log_n: Expression,
) -> Node:
    """Its second derivative in log n.

    Where pn is nearly n, their difference is a derivative times log p (and likewise for q).
    """
    a, b = stirling_curve(p * n, log_p + log_n), stirling_curve(q * n, log_q + log_n)
    direct = stirling_curve(n, log_n) - a - b
    left = p < q
    smaller, log_larger = where(left, p, q), where(left, log_q, log_p)
    middle = n * (1.0 - 0.5 * smaller)
    close = -log_larger * _stirling_bend(middle, log_n + 0.5 * log_larger) - where(left, a, b)
    return where(smaller < 1e-5, close, direct)
