"""NegativeBinomial with variance m(1 + d), in log mean and log d.

With the size s = m/d and r = (y − m)/(s + m), everything is in m, d and g = s r = (y − m)/(1 + d): where d is so small
that s is beyond all numbers, what is left of it is Poisson's, and the slopes in d are not 0.
"""

from __future__ import annotations

from likely._math.graph import Expression, Node, abs_, log, log1p, polynomial, where
from likely._math.special.coefficients import ATANH
from likely._math.special.constants import LOG_2
from likely._math.special.remainders import relative_entropy_of_halves


class _Split:
    """What the deviance and its derivatives are made of; near r = 0 by v = r/(2 + r), log(1 + r) = 2 atanh v."""

    def __init__(self, y: Expression, m: Expression, d: Expression) -> None:
        by = 1.0 / m
        self.size, self.to_m = m / d, 1.0 / (1.0 + d)
        self.to_y = d * self.to_m
        self.g = (y - m) * self.to_m
        self.per_d = self.g * by  # r/d
        r = self.per_d * d
        half = 1.0 / (2.0 + r)
        v = r * half
        self.near = abs_(v) < 0.2
        square = where(self.near, v * v, 0.0)
        self.half_g = self.g * half  # s v
        #: atanh(v)/v − 1
        self.tail = square * polynomial(square, ATANH)
        #: g v, of which r alone may be below all numbers.
        self.g_v = self.per_d * (self.half_g * d)
        #: (m + d y)/(1 + d), between m and y, and m (1 + r)
        self.mean = m * self.to_m + y * self.to_y
        beyond = self.mean * by > 1e280
        ratio = (self.mean * where(beyond, 2.0**-200, 1.0)) * by
        self.logarithm = log(ratio) + where(beyond, 200.0 * LOG_2, 0.0)


def _excess(split: _Split) -> Node:
    close = split.g_v - 2.0 * (split.half_g * split.tail)
    return where(split.near, close, split.g - split.size * split.logarithm)


def linear_variance_deviance(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """NegativeBinomial's deviance at size m/d, where the variance is m (1 + d)."""
    split = _Split(y, m, d)
    # The second term is less the derivative in log d: a kernel that needs both computes it once.
    return relative_entropy_of_halves(y, split.mean, split.g) + _excess(split)


def linear_variance_slope(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s log(1 + r): less the deviance's derivative in log m."""
    split = _Split(y, m, d)
    close = 2.0 * (split.half_g + split.half_g * split.tail)
    return where(split.near, close, split.size * split.logarithm)


def linear_variance_excess(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s (r − log(1 + r)), less the deviance's derivative in log d."""
    return _excess(_Split(y, m, d))


def _share_of_size(y: Expression, m: Expression, d: Expression) -> Node:
    """s/(s + y)"""
    return 1.0 / (1.0 + y * (d / m))


def linear_variance_cross(
    y: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """s (s r/(s + y) − log(1 + r)), their other derivative: for s → ∞ both terms are s r."""
    split, share = _Split(y, m, d), _share_of_size(y, m, d)
    close = split.g_v - 2.0 * (split.half_g * split.tail) - split.per_d * (d * y) * share
    return where(split.near, close, split.g * share - split.size * split.logarithm)


def linear_variance_excess_2(y: Expression, m: Expression, d: Expression) -> Node:
    """s (r − log(1 + r)) − s²r²/(s + y), less the excess's derivative in log d.

    Far from r = 0 the two rational terms are taken together.
    """
    split, share = _Split(y, m, d), _share_of_size(y, m, d)
    close = split.g_v - 2.0 * (split.half_g * split.tail) - split.per_d * (split.g * d) * share
    far = split.g * (share * split.to_m + split.to_y * (1.0 + share))
    return where(split.near, close, far - split.size * split.logarithm)


def linear_variance_zeros(
    m: Expression, d: Expression, log_m: Expression, log_d: Expression
) -> Node:
    """(m/d) log(1 + d), which tends to m for d → 0."""
    return m * (log1p(d) / d)
