"""Counts of a Negative Binomial between two bounds where next to none is not 0, and those are large, in logarithms.

Both tails are then the size s times the logarithm of the largest counts, which two bounds leave nothing of. With
g = s/(s + m), and r(n) the product of 1 + s/i over 0 < i < n,

    P(Y < n) = gˢ r(n) (1 + s h(n)),    h(n) = Σ (−g)ʲ (n − 1)⋯(n − j)/(j! (s + j)) over j ≥ 1

by the incomplete beta function's series, so that with A = log r(e) − log r(c)

    P(c ≤ Y < e) = s gˢ r(c) ((eᴬ − 1)/s (1 + s h(e)) + h(e) − h(c))

where A/s is the mean of ψ(e + t) − ψ(c + t) over 0 < t < s. What s moves beside the factor s is as small as s, and what
g moves as small as g.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms import digamma, log_expm1_ratio, rising_excess, sigmoid, softplus
from likely._math.graph import Node, exp, log, where
from likely._math.quadrature import SHORT

#: Sizes below which the mean by so few nodes has all digits, and those below which eᴬ is no large number.
_SMALL, _MOST = 0.125, 16.0
#: g e below which so many terms of the series have all digits.
_LARGE, _TERMS = 0.5, 15


def _rest(n: Any, s: Any, g: Node) -> Node:
    """h(n), from the last term on."""
    total: Any = 0.0
    for j in range(_TERMS, 0, -1):
        total = g * ((j - n) / j) * (1.0 / (s + j) + total)
    return total


class _Few:
    """What is between c and e, 1 ≤ c < e, in log s and log(m/s)."""

    def __init__(self, c: Any, end: Any, s: Any, logs: tuple[Any, Any]) -> None:
        self.log_s, self.log_ratio = logs
        self.s, g = s, sigmoid(-self.log_ratio)
        self.holds = where(s < _MOST, end * g, 1.0) < _LARGE
        mean = reduce(add, (w * (digamma(end + at * s) - digamma(c + at * s)) for at, w in SHORT))
        rise = rising_excess(end, s, self.log_s) - rising_excess(c, s, self.log_s)
        mean = where(s < _SMALL, mean, rise / s)
        growth = mean * exp(log_expm1_ratio(s * mean, self.log_s + log(mean)))
        below, above = _rest(c, s, g), _rest(end, s, g)
        #: log P, less log s gˢ r(c)
        self.log_parts = log(growth * (1.0 + s * above) + (above - below))


def log_few_between(c: Any, end: Any, s: Any, logs: tuple[Any, Any], plain: Any) -> Node:
    """log P(c ≤ Y < end) for 1 ≤ c < end: ``logs`` are log s and log(m/s), and ``plain`` is what both tails leave."""
    few = _Few(c, end, s, logs)
    first = few.log_s - s * softplus(few.log_ratio) + rising_excess(c, s, few.log_s)
    return where(few.holds, first + few.log_parts, plain)


def log_few_within(y: Any, c: Any, end: Any, s: Any, logs: tuple[Any, Any], plain: Any) -> Node:
    """log p(y | c ≤ Y < end), of which s gˢ is no part: p(y) is s gˢ r(y) (1 − g)ʸ/y."""
    few = _Few(c, end, s, logs)
    rise = rising_excess(y, s, few.log_s) - rising_excess(c, s, few.log_s)
    given = rise - y * softplus(-few.log_ratio) - log(y) - few.log_parts
    return where(few.holds, given, plain)
