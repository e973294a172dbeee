"""StudentT's density given bounds in its power tail, in logarithms.

With x = n s²/(n s² + d²), n the degrees of freedom, the tail beyond d > 0 is an incomplete beta function of x, and

    P(D > d) = x^(n/2) G/(n B(n/2, ½)),    G = 1 + n Σ (½)ₖ/k! xᵏ/(n + 2k) over k ≥ 1

so that of the density at D = y, given that D > a, nothing is left but

    n (n s² + y²)^(−½) ((n s² + a²)/(n s² + y²))^(n/2)/G(a)

The scale moves it by x alone, while it moves the density and the tail by n each: their difference has no digits where
x is small. All terms of the series are positive, and as small as n.
"""

from __future__ import annotations

from functools import reduce
from itertools import accumulate
from operator import add
from typing import Any

from likely._math.atoms import log1mexp, log_ratio, seldom, sigmoid, softplus
from likely._math.graph import Node, as_node, exp, log, log1p, polynomial, where
from likely._math.quadrature import EVEN

#: −log odds of x from which the terms x, …, x¹⁶ have all digits: x < 0.1.
_FAR = log(9.0)
#: (½)ₖ/k!
_TERMS = tuple(accumulate(range(1, 17), lambda c, k: c * (k - 0.5) / k, initial=1.0))


class _Place:
    """A residual d > 0, by −log odds of x."""

    def __init__(self, d: Any, log_s: Any, n: Any, log_n: Any) -> None:
        self.d, self.n = d, n
        self.log_odds = 2.0 * (log(d) - log_s) - log_n
        #: log(1 + n s²/d²), by which log(n s² + d²) is more than 2 log d
        self.more = softplus(-self.log_odds)

    @property
    def log_series(self) -> Node:
        """log G"""
        x = sigmoid(-self.log_odds)
        terms = [c / (self.n + 2.0 * k) for k, c in enumerate(_TERMS) if k]
        return log1p(self.n * (x * polynomial(x, terms)))


def _rise(y: _Place, a: _Place, step: Any) -> Node:
    """log of √(n s² + y²)/√(n s² + a²), given y − a: less n times this is the tail, and n + 1 times the density."""
    return log_ratio(y.d, a.d, step) + 0.5 * (y.more - a.more)


def _above(y: _Place, a: _Place, step: Any, log_n: Any) -> Node:
    return log_n - log(y.d) - 0.5 * y.more - y.n * _rise(y, a, step) - a.log_series


def log_student_above(d: tuple[Any, Any], step: Any, of: tuple[Any, ...], plain: Any) -> Node:
    """log p(y | D > a) for residuals (y, a), y ≥ a, given y − a; elsewhere ``plain``, the difference of logarithms.

    ``of`` is log s, n and log n.
    """
    right = as_node(d[1]) > 0.0
    y, a = (_Place(where(right, v, 1.0), *of) for v in d)
    return where(where(right, a.log_odds, 0.0) > _FAR, _above(y, a, step, of[2]), plain)


def log_student_later(d: tuple[Any, Any], step: Any, of: tuple[Any, ...], plain: Any) -> Node:
    """log P(D > y) − log P(D > a) for residuals (y, a), y ≥ a, given y − a; elsewhere ``plain``."""
    right = as_node(d[1]) > 0.0
    y, a = (_Place(where(right, v, 1.0), *of) for v in d)
    far = a.log_series - y.log_series + y.n * _rise(y, a, step)
    return where(where(right, a.log_odds, 0.0) > _FAR, -far, plain)


def log_student_within(
    d: tuple[Any, Any, Any], step: Any, width: Any, of: tuple[Any, ...], narrow: Any, plain: Any
) -> Node:
    """The same of residuals (y, a, b) with a ≤ y ≤ b, given y − a and b − a, and whether the density hardly changes.

    There the density at y is over its mean, wherever that is.
    """
    log_s, n, _ = of
    right = as_node(d[1]) > 0.0
    y, a, b = (_Place(where(right, v, 1.0), *of) for v in d)
    far = where(right, a.log_odds, 0.0) > _FAR
    later = n * _rise(b, a, width) + (a.log_series - b.log_series)
    wide = _above(y, a, step, of[2]) - log1mexp(where(narrow, 1.0, later))
    # By Gauss and Legendre's rule, of which the logarithms are
    centre, shares = d[0] * exp(-log_s), []
    for at, weight in EVEN:
        t, ahead = d[1] + at * width, at * width - step
        apart = _rise(_Place(where(right, t, 1.0), *of), y, ahead)
        change = (ahead * exp(-log_s)) * ((t + d[0]) * exp(-log_s)) / (n + centre * centre)
        rise = where(far, apart, 0.5 * log1p(change))
        shares.append(weight * exp(where(narrow, -(n + 1.0) * rise, 0.0)))
    flat = -log(width) - log(reduce(add, shares))
    return where(seldom(narrow), flat, where(far, wide, plain))
