"""Atoms of Pólya's urn: counts among t trials whose shares are drawn anew for every row.

With precision n and a share p of it, an urn holds pn of one kind, and every draw returns two. Each atom is what is left
of :math:`\\log \\Gamma(x + y) - \\log \\Gamma(x)` or of its slopes after all that cancels has cancelled on paper:

- ``urn_spread`` where both kinds are drawn, beside ``urn_deviance`` of each, which takes them against what is expected,
  so that nothing cancels as n → ∞;
- ``rising_gap`` where all draws are of one kind. Their probability may be nearly 1, and the loss is a sum of small
  positive terms, from the second draw on: the first says nothing about n.
"""

from __future__ import annotations

import math

from likely._math import special
from likely._math.atoms import digamma, lgamma, register, trigamma
from likely._math.graph import PI, Expression, Node, exp, log, log1p, where

#: Below this share a difference of two slopes is taken as the integral of their derivative over log n.
CLOSE = 1e-3
#: Gauss's two nodes on (0, 1).
GAUSS = (0.5 - math.sqrt(1.0 / 12.0), 0.5 + math.sqrt(1.0 / 12.0))


# --- Both kinds drawn. ---------------------------------------------------------------------------------


def _spread(
    y: Expression,
    w: Expression,
    p: Expression,
    q: Expression,
    n: Expression,
    log_p: Expression,
    log_q: Expression,
    log_n: Expression,
) -> Node:
    """½ log((1 + y/pn) (1 + w/qn)/(1 + (y + w)/n))"""
    more_p, more_q = y / (p * n), w / (q * n)
    excess = (q * more_p + p * more_q + more_p * more_q) / (1.0 + (y + w) / n)
    ratio = (p * n + y) * (q * n + w) / (n + (y + w))
    far = log(ratio) - ((log_p + log_q) + log_n)
    return 0.5 * where(excess < 1.0, log1p(excess), far)


def _half_share(y: Expression, x: Expression) -> Node:
    """½ y/(x + y)"""
    return 0.5 / (1.0 + x / y)


urn_spread = register(
    "urn_spread",
    lambda y, w, p, q, n, log_p, log_q, log_n, out: (
        0.5 / (p * n + y) - 0.5 / (n + y + w),
        0.5 / (q * n + w) - 0.5 / (n + y + w),
        0.0,
        0.0,
        0.0,
        -_half_share(y, p * n),
        -_half_share(w, q * n),
        _half_share(y + w, n) - _half_share(y, p * n) - _half_share(w, q * n),
    ),
    lambda y, w, p, q, n, log_p, log_q, log_n: (
        0.5 * log((p * n + y) * (q * n + w) / ((n + y + w) * p * q * n))
    ),
    _spread,
)


def log_coefficient(y: Expression, w: Expression) -> Node:
    """log (y + w)!/(y! w!), less y log((y + w)/y) + w log((y + w)/w); y ≥ 1, w ≥ 1."""
    t = y + w
    errors = special.stirling_above(t) - special.stirling_above(y) - special.stirling_above(w)
    return errors - 0.5 * log(2.0 * PI * (y / t) * w)


# --- All of one kind: Σ log((n + k)/(qn + k)) for k = 1, …, m, with q = 1 − p. ---------------------
#
# Every argument of a gamma function is at least 1, so that 1/z is in [0, 1] and needs no shift.


class _Urn:
    """Both ends of the sums: z and z + m at n and at qn, their reciprocals, and d = pnm/(z_q (z_n + m))."""

    def __init__(self, m: Expression, p: Expression, q: Expression, n: Expression) -> None:
        self.a, self.b = p * n, q * n
        self.z, self.w = n + 1.0, self.b + 1.0
        self.z_end, self.w_end = self.z + m, self.w + m
        self.u, self.v, self.u_end, self.v_end = (
            1.0 / z for z in (self.z, self.w, self.z_end, self.w_end)
        )
        self.share = self.a * self.u_end
        self.d = m * self.v * self.share


def _divided(x: Expression, y: Expression, coefficients: tuple[float, ...]) -> tuple[Node, Node]:
    """P(x) and (P(x) − P(y))/(x − y), of a polynomial in powers about ½."""
    x, y = x - 0.5, y - 0.5
    value = x * coefficients[-1] + coefficients[-2]
    slope = y * 0.0 + coefficients[-1]
    for c in reversed(coefficients[:-2]):
        slope = slope * y + value
        value = value * x + c
    return value, slope


def _gap(
    m: Expression, p: Expression, q: Expression, n: Expression, log_q: Expression, log_n: Expression
) -> Node:
    """log Γ(n + 1 + m)/Γ(n + 1) − log Γ(qn + 1 + m)/Γ(qn + 1)"""
    at = _Urn(m, p, q, n)

    def lost(x: Node, y: Node) -> Node:
        # Stirling's errors S(1/x) − S(1/y), over pn
        value, slope = _divided(x, y, special.STIRLING)
        return x * y * (value + y * slope)

    split = m * special.relative_entropy_term(1.0, at.w_end * at.u_end, at.share)
    main = at.a * log1p(m * at.u) + split - at.w * special.log1pmx(at.d) + 0.5 * log1p(at.d)
    return main + at.a * (lost(at.v, at.u) - lost(at.v_end, at.u_end))


def _error_1(u: Expression) -> Node:
    """−S′(1/u)"""
    return u * u * special._powers(u, special.STIRLING_1)


def _errors_1(x: Node, y: Node) -> tuple[Node, Node]:
    """S′(1/y) − S′(1/x), over 1/y − 1/x, and −S′(1/y)."""
    value, slope = _divided(x, y, special.STIRLING_1)
    other = value - (x - y) * slope
    return x * y * ((x + y) * value + y * y * slope), y * y * other


def _gap_slope(
    m: Expression, p: Expression, q: Expression, n: Expression, log_q: Expression, log_n: Expression
) -> Node:
    """Σ n/(n + k) − Σ qn/(qn + k), its derivative in log n."""
    at = _Urn(m, p, q, n)
    (gap, error), (gap_end, error_end) = _errors_1(at.v, at.u), _errors_1(at.v_end, at.u_end)
    middle = (m + at.z + at.w) * at.u * at.v - 1.0
    near = special.log1p_residual(m * at.u) + 0.5 * (m * at.v_end) * at.u_end * middle
    ends = (error - error_end) - at.b * (gap - gap_end)
    return at.a * (near + ends) + (log1p(at.d) - at.w * special.log1pmx(at.d))


def _sum(m: Expression, x: Expression, log_x: Expression) -> Node:
    """x (ψ(x + 1 + m) − ψ(x + 1)), the sum of x/(x + k) for k = 1, …, m."""
    z = x + 1.0
    u, end = 1.0 / z, 1.0 / (z + m)
    return x * (log1p(m * u) + 0.5 * (m * u) * end + (_error_1(u) - _error_1(end)))


def _powers_of(u: Expression) -> tuple[Node, Node]:
    """S″(1/u) and −S‴(1/u)"""
    square = u * u
    second = square * u * special._powers(u, special.STIRLING_2)
    return second, square * square * special._powers(u, special.STIRLING_3)


def _sum_parts(m: Expression, x: Expression) -> tuple[Node, Node]:
    """Σ xk/(x + k)², the derivative of the sum in log x, and its own."""
    z = x + 1.0
    u, end = 1.0 / z, 1.0 / (z + m)
    (second, third), (second_end, third_end) = _powers_of(u), _powers_of(end)
    turn = (m + 2.0 * z) * u * u - 1.0
    slope = (
        special.log1p_residual(m * u)
        + (m * u) * end
        + 0.5 * (m * end) * end * turn
        + (_error_1(u) - _error_1(end))
        - x * (second - second_end)
    )
    # d(slope)/dx
    bend = (
        -(m * u * end) * (m * u * (z * end))
        - (m * u * end) * ((2.0 * z + m) * u * end)
        - (m * end * end) * (x * u * u + turn * ((2.0 * z + m) * u * end))
        - 2.0 * (second - second_end)
        + x * (third - third_end)
    )
    return x * slope, x * slope + x * x * bend


def _sum_slope(m: Expression, x: Expression, log_x: Expression) -> Node:
    """Σ xk/(x + k)²"""
    return _sum_parts(m, x)[0]


def _gap_curve(
    m: Expression, p: Expression, q: Expression, n: Expression, log_q: Expression, log_n: Expression
) -> Node:
    """Σ nk/(n + k)² − Σ qnk/(qn + k)², its second derivative in log n."""
    bends = [_sum_parts(m, n * exp(at * log_q))[1] for at in GAUSS]
    close = -0.5 * log_q * (bends[0] + bends[1])
    return where(p < CLOSE, close, _sum_parts(m, n)[0] - _sum_parts(m, q * n)[0])


def _slope_of_sum(m: Node, x: Node) -> Node:
    moved = trigamma(x + 1.0 + m) - trigamma(x + 1.0)
    return x * (digamma(x + 1.0 + m) - digamma(x + 1.0)) + x * x * moved


rising_sum_slope = register(
    "rising_sum_slope", None, lambda m, x, log_x: _slope_of_sum(m, x), _sum_slope
)
rising_gap_curve = register(
    "rising_gap_curve",
    None,
    lambda m, p, q, n, log_q, log_n: _slope_of_sum(m, n) - _slope_of_sum(m, q * n),
    _gap_curve,
)
rising_sum = register(
    "rising_sum",
    lambda m, x, log_x, out: (x * trigamma(x + 1.0 + m), 0.0, rising_sum_slope(m, x, log_x)),
    lambda m, x, log_x: x * (digamma(x + 1.0 + m) - digamma(x + 1.0)),
    _sum,
)
rising_gap_slope = register(
    "rising_gap_slope",
    lambda m, p, q, n, log_q, log_n, out: (
        n * trigamma(n + 1.0 + m) - q * n * trigamma(q * n + 1.0 + m),
        0.0,
        0.0,
        0.0,
        -rising_sum_slope(m, q * n, log_q + log_n),
        rising_gap_curve(m, p, q, n, log_q, log_n),
    ),
    lambda m, p, q, n, log_q, log_n: (
        n * (digamma(n + 1.0 + m) - digamma(n + 1.0))
        - q * n * (digamma(q * n + 1.0 + m) - digamma(q * n + 1.0))
    ),
    _gap_slope,
)
rising_gap = register(
    "rising_gap",
    lambda m, p, q, n, log_q, log_n, out: (
        digamma(n + 1.0 + m) - digamma(q * n + 1.0 + m),
        0.0,
        0.0,
        0.0,
        -rising_sum(m, q * n, log_q + log_n),
        rising_gap_slope(m, p, q, n, log_q, log_n),
    ),
    lambda m, p, q, n, log_q, log_n: (
        lgamma(n + 1.0 + m) - lgamma(n + 1.0) - lgamma(q * n + 1.0 + m) + lgamma(q * n + 1.0)
    ),
    _gap,
)
