r"""Atoms of both tails of InverseGaussian: their logarithms and derivatives, in u = log(m/y) and v = log(k/y).

With ρ = √(k/y), a = ρ (y/m − 1), b = ρ (y/m + 1) and the standard normal φ and Φ,

.. math:: F = \Phi(a) + e^{2k/m}\, \Phi(-b) = \varphi(a)\, (R(-a) + R(b)), \quad
          1 - F = \varphi(a)\, (R(a) - R(b))

where R(x) = Φ(−x)/φ(x) is Mills's ratio (Shuster, 1968, doi:10.1080/01621459.1968.10480942). Its reciprocal is
x + g(x), with g falling to 0, of which b − a = 2ρ leaves

- R(−a) + R(b) = (2ρ + g(−a) + g(b)) R(−a) R(b), all positive;
- R(a) − R(b) = 2ρ (1 − V) R(a) R(b), where 2ρV = g(a) − g(b): V is the mean of −g′ between a and b, less than ½.

In every derivative the leading terms have been cancelled by hand. With κ = k/m, the derivatives of F itself are
−2κ R(b) φ(a) in log m, and ρ (a − g(b)) R(b) φ(a) in log k.
"""

from __future__ import annotations

from functools import cached_property, reduce
from operator import add
from typing import Any

from likely._math.atoms import (
    HALF_LOG_2PI,
    inverse_mills,
    log_ratio,
    mills_gap,
    mills_variance,
    ndtr,
)
from likely._math.between import _both, _mean
from likely._math.graph import Expression, Node, abs_, exp, expm1, log, where
from likely._math.inverse_gaussian import inverse_gaussian_deviance
from likely._math.quadrature import EVEN
from likely._math.tails import log_between
from likely._math.two_tails import Recent, TwoTails, register_tail

#: Where a is less, F is less than 0.62, and where it is not, 1 − F is less than 0.7.
TURN = -0.5


class _Ends:
    """ρ, a and b; of b also g, R and V."""

    def __init__(self, u: Expression, v: Expression) -> None:
        self.rho = exp(0.5 * v)
        self.a = self.rho * expm1(-u)
        self.b = self.rho * (exp(-u) + 1.0)
        #: ρy/m
        self.reach = exp(0.5 * v - u)
        self.width = 2.0 * self.rho
        #: g(b) and b + g(b), the latter 1/R(b)
        self.g_b, self.rate_b = mills_gap(-self.b), inverse_mills(-self.b)

    @cached_property
    def turn_b(self) -> Node:
        """−b g′(b)"""
        return self.b * mills_variance(-self.b)


class _Lower:
    """F; its slope is −∂ log F/∂log m."""

    def __init__(self, ends: _Ends) -> None:
        self.ends = ends
        self.x = -ends.a
        self.g, self.rate = mills_gap(ends.a), inverse_mills(ends.a)
        self.both = self.g + ends.g_b
        self.sum = ends.width + self.both

    @cached_property
    def value(self) -> Node:
        ends = self.ends
        mills = log(self.sum) - log(self.rate) - log(ends.rate_b)
        return mills - 0.5 * self.x * self.x - HALF_LOG_2PI

    @cached_property
    def slope(self) -> Node:
        return self.ends.reach * (self.ends.width * (self.rate / self.sum))

    @cached_property
    def pull(self) -> Node:
        return 1.0 - self.ends.reach * (self.ends.rate_b * (self.both / self.sum))

    @cached_property
    def shape(self) -> Node:
        return -(self.x + self.ends.g_b) * self._weight

    @cached_property
    def _weight(self) -> Node:
        return self.rate * (self.ends.rho / self.sum)

    @cached_property
    def rise(self) -> Node:
        ends = self.ends
        more = ends.b * self.x * self.both + ends.width * self.g * ends.g_b
        return 1.0 - 0.5 * (ends.g_b * ends.b) + 0.5 * (more / self.sum)

    @cached_property
    def shape_2(self) -> Node:
        ends = self.ends
        own = (self.x + ends.g_b) * (self.rise - 0.5)
        return -self._weight * (own + 0.5 * (self.x - ends.turn_b))


class _Upper:
    """1 − F; its slope is ∂ log(1 − F)/∂log m."""

    def __init__(self, ends: _Ends) -> None:
        self.ends = ends
        self.a = a = ends.a
        self.g, self.rate = mills_gap(-a), inverse_mills(-a)
        narrow = _mean(lambda x: mills_variance(-a - x), ends.width)
        apart = ends.width < 0.5 * (1.0 + abs_(a))
        #: V
        self.turn = where(apart, narrow, (self.g - ends.g_b) / ends.width)
        self.rest = 1.0 - self.turn

    @cached_property
    def value(self) -> Node:
        ends = self.ends
        mills = log(ends.width) + log(self.rest) - log(self.rate) - log(ends.rate_b)
        return mills - 0.5 * self.a * self.a - HALF_LOG_2PI

    @cached_property
    def slope(self) -> Node:
        return self.ends.reach * (self.rate / self.rest)

    @cached_property
    def pull(self) -> Node:
        return 1.0 + self.ends.reach * self.turn * (self.rate / self.rest + self.ends.width)

    @cached_property
    def _weight(self) -> Node:
        return 0.5 * self.rate / self.rest

    @cached_property
    def shape(self) -> Node:
        return (self.ends.g_b - self.a) * self._weight

    @cached_property
    def rise(self) -> Node:
        ends = self.ends
        more = self.a * (ends.b * self.turn) - self.g * ends.g_b
        return 1.0 - 0.5 * (ends.g_b * ends.b) + 0.5 * (more / self.rest)

    @cached_property
    def shape_2(self) -> Node:
        ends = self.ends
        own = (self.a - ends.g_b) * (self.rise - 0.5)
        return -self._weight * (own + 0.5 * (self.a + ends.turn_b))


class _Tails(TwoTails):
    """F, which grows as m falls, and 1 − F."""

    def __init__(self, u: Expression, v: Expression) -> None:
        ends = _Ends(u, v)
        self.grows = ends.a < TURN
        self._lower, self._upper = _Lower(ends), _Upper(ends)

    def compute(self, part: str) -> Node:
        return where(self.grows, getattr(self._lower, part), getattr(self._upper, part))


def _place(in_location: Any, in_shape: Any) -> tuple[Any, ...]:
    return -in_location, in_shape


def _beyond(u: Node, v: Node) -> Node:
    """e^(2k/m) Φ(−b)"""
    return exp(2.0 * exp(v - u)) * ndtr(-exp(0.5 * v) * (exp(-u) + 1.0))


def _end(u: Node, v: Node) -> Node:
    """a"""
    return exp(0.5 * v) * (exp(-u) - 1.0)


_tails = Recent(_Tails)

log_inverse_gaussian_lower, _ = register_tail(
    "inverse_gaussian_lower",
    _tails,
    True,
    _place,
    lambda u, v: log(ndtr(_end(u, v)) + _beyond(u, v)),
)
log_inverse_gaussian_upper, _ = register_tail(
    "inverse_gaussian_upper",
    _tails,
    False,
    _place,
    lambda u, v: log(ndtr(-_end(u, v)) - _beyond(u, v)),
)


# --- Intervals. ----------------------------------------------------------------------------------


def inverse_gaussian_between(low: Any, high: Any, mean: Any, shape: Any) -> Node:
    """log(F(high) − F(low)): of a narrow interval from the density, of others from the tails."""
    u, v = mean.log - low.log, shape.log - low.log
    width = log_ratio(high, low, high - low)

    def rise(part: Any) -> Node:
        """−log of the density of log y that far into the interval, less that at its beginning."""
        step = part * width
        return 0.5 * (exp(v) * expm1(step) * (expm1(-2.0 * u) - expm1(-step)) + step)

    # The derivative of a in log y is b/2.
    steps = width * (exp(0.5 * v) * (exp(-u) + 1.0))
    narrow = _both(_both(width < 1.5, steps < 1.0), abs_(rise(1.0)) < 1.0)
    mean_density = log(reduce(add, (w * exp(-rise(at)) for at, w in EVEN)))
    deviance = inverse_gaussian_deviance(low, mean, shape, mean.log, shape.log)
    density = 0.5 * v - HALF_LOG_2PI - deviance
    beyond = (mean.log - high.log, shape.log - high.log)
    wide = log_between(
        (log_inverse_gaussian_lower(u, v), log_inverse_gaussian_lower(*beyond)),
        (log_inverse_gaussian_upper(u, v), log_inverse_gaussian_upper(*beyond)),
    )
    return where(narrow, density + log(width) + mean_density, wide)
