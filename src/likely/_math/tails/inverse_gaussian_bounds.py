r"""Intervals of InverseGaussian, and its densities beyond and between bounds, in logarithms.

With ρ = √(k/y) and a = ρ (y/m − 1) the density is ρ φ(a)/y, and of two y

.. math:: \tfrac{1}{2} a_2^2 - \tfrac{1}{2} a_1^2
          = \frac{k}{2}\, (y_2 - y_1) \left(\frac{1}{m^2} - \frac{1}{y_1 y_2}\right)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms import HALF_LOG_2PI, log1mexp, log_ratio, log_ratio_of, seldom
from likely._math.atoms.inverse_gaussian import inverse_gaussian_deviance
from likely._math.graph import Node, abs_, exp, expm1, log, where
from likely._math.quadrature import EVEN
from likely._math.tails.between import _both
from likely._math.tails.intervals import log_between
from likely._math.tails.inverse_gaussian import (
    TURN,
    log_inverse_gaussian_lower,
    log_inverse_gaussian_upper,
    log_lower_mills,
    log_upper_mills,
)
from likely._math.tails.levy import Levy


def _place(y: Any, mean: Any, shape: Any) -> tuple[Any, Any]:
    """log(m/y) and log(k/y), in which the tails are known."""
    return mean.log - y.log, shape.log - y.log


def _far_right(y: Any, mean: Any, shape: Any) -> Node:
    """Whether the right tail is the one that is computed."""
    u, v = _place(y, mean, shape)
    return exp(0.5 * v) * expm1(-u) >= TURN


def _log_density(y: Any, mean: Any, shape: Any) -> Node:
    """Of log y."""
    deviance = inverse_gaussian_deviance(y, mean, shape, mean.log, shape.log)
    return 0.5 * (shape.log - y.log) - HALF_LOG_2PI - deviance


def _climb(first: Any, second: Any, mean: Any, shape: Any) -> Node:
    """½ a² at the second y less that at the first."""
    step = second - first
    return 0.5 * ((shape / mean) * (step / mean) - (step / first) * (shape / second))


def density_above(y: Any, low: Any, mean: Any, shape: Any) -> Node:
    """log p(y | y > low)"""
    place = _place(low, mean, shape)
    plain = _log_density(y, mean, shape) - log_inverse_gaussian_upper(*place)
    fall = _climb(low, y, mean, shape) + 0.5 * log_ratio(y, low, y - low) + log(2.0)
    near = -fall - log_upper_mills(*place)
    return where(_far_right(low, mean, shape), near, plain) - y.log


def density_below(y: Any, high: Any, mean: Any, shape: Any) -> Node:
    """log p(y | y ≤ high)"""
    place = _place(high, mean, shape)
    plain = _log_density(y, mean, shape) - log_inverse_gaussian_lower(*place)
    near = 0.5 * (shape.log - y.log) + _climb(y, high, mean, shape) - log_lower_mills(*place)
    return where(high < mean, near, plain) - y.log


class _Interval:
    """A narrow interval, in which the density of log y hardly changes."""

    def __init__(self, low: Any, high: Any, mean: Any, shape: Any) -> None:
        _, self.v = _place(low, mean, shape)
        # By the difference that the density at the beginning has: with the mean inside, what both say of it cancels.
        self.u = log_ratio_of(mean, low, mean - low, mean.log, low.log)
        self.width = log_ratio(high, low, high - low)
        # The derivative of a in log y is b/2.
        steps = self.width * (exp(0.5 * self.v) * (exp(-self.u) + 1.0))
        close = _both(self.width < 1.5, steps < 1.0)
        self.narrow = _both(close, abs_(self.rise(self.width)) < 1.0)
        shares = (w * exp(-self.rise(at * self.width)) for at, w in EVEN)
        #: The logarithm of the probability over that density at its beginning.
        self.log_size = log(self.width) + log(reduce(add, shares))

    def rise(self, step: Any) -> Node:
        """−log of the density of log y that far into the interval, less that at its beginning."""
        return 0.5 * (exp(self.v) * expm1(step) * (expm1(-2.0 * self.u) - expm1(-step)) + step)


def inverse_gaussian_between(low: Any, high: Any, mean: Any, shape: Any) -> Node:
    """log(F(high) − F(low)): of a narrow interval from the density, of others from the tails or what they differ by."""
    interval = _Interval(low, high, mean, shape)
    first, last = (_place(y, mean, shape) for y in (low, high))
    wide = log_between(
        (log_inverse_gaussian_lower(*first), log_inverse_gaussian_lower(*last)),
        (log_inverse_gaussian_upper(*first), log_inverse_gaussian_upper(*last)),
    )
    levy = Levy(low, high, interval.width, mean, shape)
    wide = where(seldom(levy.holds), levy.log_probability, wide)
    return where(interval.narrow, _log_density(low, mean, shape) + interval.log_size, wide)


def density_within(y: Any, low: Any, high: Any, mean: Any, shape: Any) -> Node:
    """log p(y | low < y ≤ high)"""
    interval = _Interval(low, high, mean, shape)
    step, levy = log_ratio(y, low, y - low), Levy(low, high, interval.width, mean, shape)
    flat = -interval.rise(step) - interval.log_size - y.log
    first, last = (_place(v, mean, shape) for v in (low, high))
    climb = _climb(low, high, mean, shape)
    # How much smaller the tail beyond the outer bound is.
    right = log_upper_mills(*first) - log_upper_mills(*last)
    right = climb + 0.5 * interval.width + right
    left = (log_lower_mills(*last) - log_lower_mills(*first)) - climb
    across = _log_density(y, mean, shape) - y.log - inverse_gaussian_between(low, high, mean, shape)
    above = density_above(y, low, mean, shape) - log1mexp(right)
    below = density_below(y, high, mean, shape) - log1mexp(left)
    far = where(high < mean, below, across)
    far = where(_far_right(low, mean, shape), above, far)
    far = where(seldom(levy.holds), levy.log_density(y, step), far)
    return where(interval.narrow, flat, far)


# --- From one bound to another: log S and log F less what they are at the first. --------------------


def _over_bounds(
    first: Any, second: Any, mean: Any, shape: Any, hazard: Callable[..., Node]
) -> tuple[Node, Node]:
    """Whether the bounds are near to each other, and the integral of a hazard of log y between them."""
    interval = _Interval(first, second, mean, shape)
    # Of others the rule would only meet numbers that overflow.
    width = where(interval.narrow, interval.width, 0.0)
    terms = [w * hazard(interval.u - at * width, interval.v - at * width) for at, w in EVEN]
    return interval.narrow, width * reduce(add, terms)


def later(y: Any, low: Any, mean: Any, shape: Any) -> Node:
    """log P(Y > y | Y > low): minus the integral of the hazard, which of log y is half of 1/mills."""
    narrow, taken = _over_bounds(
        low, y, mean, shape, lambda u, v: 0.5 * exp(-log_upper_mills(u, v))
    )
    first, last = (_place(v, mean, shape) for v in (low, y))
    across = log_inverse_gaussian_upper(*last) - log_inverse_gaussian_upper(*first)
    fall = _climb(low, y, mean, shape) + 0.5 * log_ratio(y, low, y - low)
    far = log_upper_mills(*last) - log_upper_mills(*first) - fall
    return where(narrow, -taken, where(_far_right(low, mean, shape), far, across))


def earlier(y: Any, high: Any, mean: Any, shape: Any) -> Node:
    """log P(Y ≤ y | Y ≤ high): the same from above, with ρ/mills."""
    narrow, taken = _over_bounds(
        y, high, mean, shape, lambda u, v: exp(0.5 * v - log_lower_mills(u, v))
    )
    first, last = (_place(v, mean, shape) for v in (y, high))
    across = log_inverse_gaussian_lower(*first) - log_inverse_gaussian_lower(*last)
    far = _climb(y, high, mean, shape) + (log_lower_mills(*first) - log_lower_mills(*last))
    far = where(high < mean, far, across)
    # There nearly all lies above both bounds.
    levy = Levy(y, high, log_ratio(high, y, high - y), mean, shape)
    whole = log_lower_mills(*last) - levy.half_square(high) - HALF_LOG_2PI
    left = log1mexp(whole - levy.log_size)
    return where(narrow, -taken, where(seldom(levy.holds), left, far))
