r"""Densities of GeneralisedGamma beyond and between bounds, and what a tail is of another, in logarithms.

With K(w) = (e^(qw) − 1 − qw)/q² what log f falls by, and h(v) = K(w + v) − K(w), a tail on its own side of 0 is

    P(W > w) = f(w) M(w),  M(w) = ∫ e^−h(v) dv over v > 0,  w ≥ 0

and the left one the same at −w and −q. What is above a bound has the density e^−h/M: of the two no f(w) is left, whose
derivative in q is a cube of w. Those of h(v) and of log M are

    in w: P(v) = e^(qw) (e^(qv) − 1)/q,  in q: S(v) = v ∂K′(w)/∂q + e^(qw) (w K(v) + ∂K(v)/∂q)

and −E P, −E S under e^−h, whose terms all have one sign.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms import log1mexp, log_ratio, register, seldom
from likely._math.atoms.generalised_gamma import (
    gengamma_kernel,
    gengamma_mean_1,
    gengamma_pull,
    gengamma_shape,
    gengamma_shape_2,
    gengamma_turn,
)
from likely._math.graph import (
    Expression,
    Node,
    abs_,
    equal,
    exp,
    expm1,
    log,
    where,
)
from likely._math.quadrature import EVEN
from likely._math.tails.generalised_gamma import (
    log_between_bounds,
    log_gengamma_lower,
    log_gengamma_upper,
    log_standard_density,
    tails_of_gengamma,
)
from likely._math.tails.intervals import fading
from likely._math.tails.two_tails import Recent

#: e^(qw) from which the 1 beside it is below rounding: log f is then linear in e^(qw) and in w.
STEEP = 50.0
#: e^(qw/2)/q from which M is the inverse of K′, to its square.
SHORT = 1e10


class _Mills:
    """log M and its derivatives, for w ≥ 0 and |q| < 1."""

    def __init__(self, w: Expression, q: Expression) -> None:
        self.w, self.q = w.node, q.node
        tails = tails_of_gengamma(w, q)
        self.tail, self.rise = tails.tail, tails.rise
        self.flat = equal(self.q, 0.0)
        self.divisor = where(self.flat, 1.0, self.q)

    def _growth(self, v: Node) -> Node:
        """(e^(qv) − 1)/q"""
        return where(self.flat, v, expm1(self.q * v) / self.divisor)

    def _pull(self, v: Node) -> Node:
        """P"""
        return self.rise.level * self._growth(v)

    def _score(self, v: Node) -> Node:
        """S"""
        # In this order: the square of w alone may overflow.
        slope = (self.w * v) * (self.w * gengamma_mean_1(self.q * self.w))
        rest = self.w * self.rise.bend(v) + gengamma_shape(v, 1.0, self.q, 0.0)
        return slope + self.rise.level * rest

    def _turn(self, v: Node) -> Node:
        """∂P/∂q"""
        own = self.w * self._growth(v) + gengamma_turn(v, 1.0, self.q, 0.0)
        return self.rise.level * own

    def _score_2(self, v: Node) -> Node:
        """∂S/∂q"""
        first, second = (gengamma_shape_2(at, 1.0, self.q, 0.0) for at in (self.w, self.w + v))
        return second - first

    def value(self) -> Node:
        return log(self.tail.size)

    def slope(self) -> Node:
        return -self.tail.mean(self._pull)

    def shape(self) -> Node:
        return -self.tail.mean(self._score)

    def curve(self) -> Node:
        return self.tail.variance(self._pull) - self.q * self.tail.mean(self._pull)

    def cross(self) -> Node:
        mean = self.tail.mean(self._score)
        both = self.tail.mean(lambda v: self._pull(v) * (self._score(v) - mean))
        return both - self.tail.mean(self._turn)

    def bend(self) -> Node:
        return self.tail.variance(self._score) - self.tail.mean(self._score_2)


_mills = Recent(_Mills)


def _register(part: str, in_w: Any = None, in_q: Any = None, definition: Any = None) -> Any:
    return register(
        f"gengamma_mills_{part}",
        None if in_w is None else lambda w, q, out: (in_w(w, q), in_q(w, q)),
        definition,
        lambda w, q: getattr(_mills(w, q), part)(),
    )


_curve, _cross, _bend = (_register(part) for part in ("curve", "cross", "bend"))
_slope, _shape = _register("slope", _curve, _cross), _register("shape", _cross, _bend)
_log_mills = _register(
    "value", _slope, _shape, lambda w, q: log_gengamma_upper(w, q) - log_standard_density(w, q)
)


class _Beyond:
    """What lies beyond a bound at w, on the right."""

    def __init__(self, w: Any, q: Any) -> None:
        self.w, self.q = w, q
        x = q * w
        self.steep = x > STEEP
        self.by = where(self.steep, q, 1.0)
        #: e^(qw/2)/q, where e^(qw) itself may be beyond all numbers
        self.lift = exp(0.5 * where(self.steep, x, 0.0)) / self.by
        self.short = where(self.steep, self.lift, 0.0) > SHORT
        inside = where(abs_(q) < 1.0, where(w >= 0.0, where(self.steep, 0.0, 1.0), 0.0), 0.0)
        self.integrated = inside > 0.5
        #: Whether all this holds; elsewhere the tail is not the smaller one, or Gamma's.
        self.holds = where(self.short, 1.0, inside) > 0.5

    def rise(self, v: Any) -> Node:
        """h(v)"""
        w, q = (where(self.steep, 0.0, part) for part in (self.w, self.q))
        near = gengamma_pull(w, 1.0, q, 0.0) * v + exp(q * w) * gengamma_kernel(v, 1.0, q, 0.0)
        far = self.lift * (self.lift * expm1(self.q * v)) - v / self.by
        return where(self.steep, far, near)

    def log_size(self) -> Node:
        """log M"""
        own = [where(self.integrated, part, 0.0) for part in (self.w, self.q)]
        return where(self.short, log(self.by) - self.q * self.w, _log_mills(*own))

    def log_later(self, v: Any) -> Node:
        """log P(W > w + v) − log P(W > w)"""
        return _Beyond(self.w + v, self.q).log_size() - self.log_size() - self.rise(v)


class _Bound:
    """A bound of y, and both sides of it: the left one mirrored."""

    def __init__(self, bound: Any, loc: Any, scale: Any, q: Any) -> None:
        self.bound, self.scale = bound, scale
        self.w = (bound.log - loc) / scale
        self.right, self.left = _Beyond(self.w, q), _Beyond(-self.w, -q)

    def step(self, y: Any) -> Node:
        """How far y is to the right."""
        return log_ratio(y, self.bound, y - self.bound) / self.scale


def _log_density(y: Any, loc: Any, scale: Any, q: Any) -> Node:
    """Of log y"""
    kernel = gengamma_kernel(y.log - loc, scale, q, scale.log)
    return log_standard_density(0.0, q) - kernel


def density_above(y: Any, low: Any, loc: Any, scale: Any, q: Any) -> Node:
    """log p(y | y > low)"""
    bound = _Bound(low, loc, scale, q)
    near = -bound.right.rise(bound.step(y)) - bound.right.log_size() - scale.log
    plain = _log_density(y, loc, scale, q) - log_gengamma_upper(bound.w, q)
    return where(seldom(bound.right.holds), near, plain) - y.log


def density_below(y: Any, high: Any, loc: Any, scale: Any, q: Any) -> Node:
    """log p(y | y ≤ high)"""
    bound = _Bound(high, loc, scale, q)
    near = -bound.left.rise(-bound.step(y)) - bound.left.log_size() - scale.log
    plain = _log_density(y, loc, scale, q) - log_gengamma_lower(bound.w, q)
    return where(seldom(bound.left.holds), near, plain) - y.log


def density_within(y: Any, low: Any, high: Any, loc: Any, scale: Any, q: Any) -> Node:
    """log p(y | low < y ≤ high)"""
    first, last = (_Bound(v, loc, scale, q) for v in (low, high))
    width, step = first.step(high), first.step(y)
    # So narrow that the density hardly changes.
    line = gengamma_pull(first.w, 1.0, q, 0.0) * width
    narrow = abs_(line) + (first.right.rise(width) - line) < 1.0
    here = first.right.rise(step)
    shares = (w * exp(here - first.right.rise(at * width)) for at, w in EVEN)
    flat = -log(log_ratio(high, low, high - low)) - log(reduce(add, shares))
    wide = _log_density(y, loc, scale, q) - log_between_bounds(low, high, loc, scale, q)
    above = -here - first.right.log_size() - scale.log
    above = above - log1mexp(-fading(first.right.log_later(width)))
    below = -last.left.rise(width - step) - last.left.log_size() - scale.log
    below = below - log1mexp(-fading(last.left.log_later(width)))
    far = where(first.right.holds, above, where(last.left.holds, below, wide))
    return where(narrow, flat, far) - y.log


def later(y: Any, low: Any, loc: Any, scale: Any, q: Any) -> Node:
    """log P(Y > y | Y > low)"""
    bound = _Bound(low, loc, scale, q)
    end = (y.log - loc) / scale
    plain = log_gengamma_upper(end, q) - log_gengamma_upper(bound.w, q)
    return where(seldom(bound.right.holds), bound.right.log_later(bound.step(y)), plain)


def earlier(y: Any, high: Any, loc: Any, scale: Any, q: Any) -> Node:
    """log P(Y ≤ y | Y ≤ high)"""
    bound = _Bound(high, loc, scale, q)
    end = (y.log - loc) / scale
    plain = log_gengamma_lower(end, q) - log_gengamma_lower(bound.w, q)
    return where(seldom(bound.left.holds), bound.left.log_later(-bound.step(y)), plain)
