"""Expansions that combine other atoms: each takes apart a difference that would cancel."""

from __future__ import annotations

from likely._math import special
from likely._math.graph import PI, Expression, Node, abs_, log, log1p, where


def scaled_log1p(x: Expression, n: Expression) -> Node:
    """n·log(1 + x/n), which tends to x for n → ∞."""
    return n * log1p(x / n)


def negative_binomial_deviance(y: Expression, m: Expression, s: Expression) -> Node:
    """y log(y/m) − (s + y) log((s + y)/(s + m)): half the unit deviance of NegativeBinomial.

    Written as the relative entropy of the split (y, s) of s + y against the split (m, s): two terms
    that cannot be negative, so nothing cancels for m ≪ s (Poisson) nor for s ≪ m.
    """
    to_s, to_m = 1.0 / (1.0 + m / s), 1.0 / (1.0 + s / m)
    d = (m - y) * to_s
    return special.relative_entropy_term(y, (s + y) * to_m, -d) + special.relative_entropy_term(
        s, (s + y) * to_s, d
    )


def negative_binomial_deviance_1(y: Expression, m: Expression, s: Expression) -> Node:
    """Its derivative in s: r − log(1 + r) with r = (y − m)/(s + m)."""
    r = (y - m) / (s + m)
    near = abs_(r) < 0.5
    return where(near, -special.log1pmx(where(near, r, 0.0)), r - log((s + y) / (s + m)))


def lgamma(x: Expression) -> Node:
    """log Γ(x), x > 0: Stirling's formula and its error (absolute accuracy near the zeros 1, 2)."""
    return special.stirling_error(x) + (x - 0.5) * log(x) - x + 0.5 * log(2.0 * PI)


def digamma(x: Expression) -> Node:
    """ψ(x) = d log Γ(x)/dx, x > 0."""
    return special.stirling_error_1(x) + log(x) - 0.5 / x


def trigamma(x: Expression) -> Node:
    """ψ′(x), x > 0."""
    return special.stirling_error_2(x) + 1.0 / x + 0.5 / (x * x)


def tetragamma(x: Expression) -> Node:
    """ψ″(x), x > 0."""
    return special.stirling_error_3(x) - 1.0 / (x * x) - 1.0 / (x * x * x)
