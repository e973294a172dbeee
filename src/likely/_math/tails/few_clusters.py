"""Counts of a Negative Binomial between two bounds where next to none is not 0, and those are large, in logarithms.

Both tails are then the size s times the logarithm of the largest counts, which two bounds leave nothing of. With
g = s/(s + m), and r(n) the product of 1 + s/i over 0 < i < n,

    P(Y < n) = gˢ r(n) (1 + s h(n)),    h(n) = Σ (−g)ʲ (n − 1)⋯(n − j)/(j! (s + j)) over j ≥ 1

by the incomplete beta function's series, so that with A = log r(e) − log r(c)

    P(c ≤ Y < e) = s gˢ r(c) ((eᴬ − 1)/s (1 + s h(e)) + h(e) − h(c))

where A/s is the mean of ψ(e + t) − ψ(c + t) over 0 < t < s. What s moves beside the factor s is as small as s, and what
g moves as small as g. Many clusters have counts that are nearly alike, up to about their number, far below the mean.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms import digamma, log_expm1_ratio, rising_excess, sigmoid, softplus
from likely._math.graph import Node, equal, exp, log, log1p, maximum, where
from likely._math.quadrature import SHORT

#: Sizes below which the mean by so few nodes has all digits.
_SMALL = 0.125
#: Sizes, and how many times the last count, beyond which a count is far likelier than the one before it.
_ALWAYS, _ALIKE = 16.0, 2.0
#: g e below which so many terms of the series have all digits.
_LARGE, _TERMS = 0.5, 15


def _rest(n: Any, s: Any, g: Node) -> Node:
    """h(n), from the last term on."""
    total: Any = 0.0
    for j in range(_TERMS, 0, -1):
        total = g * ((j - n) / j) * (1.0 / (s + j) + total)
    return total


def _mean_rise(c: Any, end: Any, s: Any) -> Node:
    """A/s of a small s."""
    return reduce(add, (w * (digamma(end + at * s) - digamma(c + at * s)) for at, w in SHORT))


def _holds(end: Any, s: Any, g: Node) -> Node:
    """Whether the series has all digits, and counts are nearly alike."""
    return where(s < maximum(_ALIKE * end, _ALWAYS), end * g, 1.0) < _LARGE


class _Few:
    """What is between c and e, 1 ≤ c < e, in log s and log(m/s)."""

    def __init__(self, c: Any, end: Any, s: Any, logs: tuple[Any, Any]) -> None:
        self.log_s, self.log_ratio = logs
        self.s, g = s, sigmoid(-self.log_ratio)
        self.holds = _holds(end, s, g)
        rise = rising_excess(end, s, self.log_s) - rising_excess(c, s, self.log_s)
        mean = where(s < _SMALL, _mean_rise(c, end, s), rise / s)
        log_mean = log(mean)
        growth = log_mean + log_expm1_ratio(s * mean, self.log_s + log_mean)
        below, above = _rest(c, s, g), _rest(end, s, g)
        #: log P, less log s gˢ r(c)
        self.log_parts = growth + log1p(s * above + (above - below) * exp(-growth))


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


def log_few_below(y: Any, end: Any, s: Any, logs: tuple[Any, Any], plain: Any) -> Node:
    """log p(y | Y < end): p(0) is gˢ."""
    log_s, log_ratio = logs
    g = sigmoid(-log_ratio)
    rise = where(s < _SMALL, s * _mean_rise(1.0, end, s), rising_excess(end, s, log_s))
    zeros = rise + log1p(s * _rest(end, s, g))
    some = maximum(y, 1.0)
    over_zeros = log_s + rising_excess(some, s, log_s) - y * softplus(-log_ratio) - log(some)
    given = where(equal(y, 0.0), 0.0, over_zeros) - zeros
    return where(_holds(end, s, g), given, plain)
