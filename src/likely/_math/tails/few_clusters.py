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

#: Sizes below which the mean by so few nodes has all digits.
_SMALL = 0.125
#: g e below which so many terms of the series have all digits.
_LARGE, _TERMS = 0.5, 15


def _rest(n: Any, s: Any, g: Node) -> Node:
    """h(n), from the last term on."""
    total: Any = 0.0
    for j in range(_TERMS, 0, -1):
        total = g * ((j - n) / j) * (1.0 / (s + j) + total)
    return total


def log_few_between(c: Any, end: Any, s: Any, logs: tuple[Any, Any], plain: Any) -> Node:
    """log P(c ≤ Y < end) for 1 ≤ c < end: ``logs`` are log s and log(m/s), and ``plain`` is what both tails leave."""
    log_s, log_ratio = logs
    g = sigmoid(-log_ratio)
    few = where(s < _SMALL, end * g, 1.0) < _LARGE
    mean = reduce(add, (w * (digamma(end + at * s) - digamma(c + at * s)) for at, w in SHORT))
    growth = mean * exp(log_expm1_ratio(s * mean, log_s + log(mean)))
    below, above = _rest(c, s, g), _rest(end, s, g)
    parts = growth * (1.0 + s * above) + (above - below)
    left = log_s - s * softplus(log_ratio) + rising_excess(c, s, log_s) + log(parts)
    return where(few, left, plain)
