"""Atoms of both tails of GeneralisedGamma in w = (log y − loc)/scale, whose density falls from 0 to both sides.

With f the density of w and K = (e^(qw) − 1 − qw)/q² what it falls by,

    P(W ≤ w) = f ∫ e^−h dv over v < 0 for w < 0,  P(W > w) the same over v > 0 for w ≥ 0,  h = K(w + v) − K(w)

where h is convex. In w, log P has the slope ±1/∫; in q, the derivative of log P is the mean of that of log f over the
tail, which is as smooth at q = 0, where W is Normal, as elsewhere. The other tail is the complement.

This serves |q| < 1. Beyond, n = 1/q² is below 1, and the tails are those of a Gamma of that shape at e^(qw).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from likely._math.atoms import Atom, gammainc, gammaincc, log_ratio, register
from likely._math.atoms.generalised_gamma import (
    HALF_LOG_2PI,
    gengamma_kernel,
    gengamma_pull,
    gengamma_shape,
    gengamma_shape_2,
    square_error,
    square_error_1,
    square_error_2,
)
from likely._math.derive import tangent
from likely._math.graph import (
    Expression,
    Node,
    abs_,
    constant,
    equal,
    exp,
    expm1,
    log,
    log1p,
    minimum,
    polynomial,
    replaced,
    sqrt,
    symbol,
    where,
)
from likely._math.quadrature import DROP, Tail, root_beside
from likely._math.special import EXPM1MX
from likely._math.tails.gamma import log_gamma_lower, log_gamma_upper
from likely._math.tails.intervals import log_between, narrow_between
from likely._math.tails.two_tails import Recent, TwoTails, register_tail

#: Where products of e^(qw) with lengths of the integral still have room.
_LARGE = 1e290


def log_standard_density(w: Any, q: Any) -> Node:
    """log f(w)"""
    return -gengamma_kernel(w, 1.0, q, 0.0) - HALF_LOG_2PI - square_error(q)


class _Rise:
    """h(v) = K(w + v) − K(w) = K′(w) v + e^(qw) (e^(qv) − 1 − qv)/q² for |v| ≤ ``most``."""

    def __init__(self, w: Expression, q: Expression, most: Expression) -> None:
        self.q, self.near = q, abs_(q) * most < 0.26
        self.slope = gengamma_pull(w, 1.0, q, 0.0)
        self.level = minimum(exp(q * w), _LARGE)
        self.divisor = where(self.near, 1.0, q)

    def bend(self, v: Node) -> Node:
        """(e^(qv) − 1 − qv)/q²"""
        x = self.q * v
        far = (expm1(x) - x) / self.divisor / self.divisor
        return where(self.near, v * v * polynomial(x, EXPM1MX), far)

    def __call__(self, v: Node) -> Node:
        return self.slope * v + self.level * self.bend(v)


class _Tails(TwoTails):
    """P(W ≤ w), which grows in w, and P(W > w), for |q| < 1."""

    def __init__(self, w: Expression, q: Expression) -> None:
        self.w, self.q = w, q
        self.grows = w < 0.0
        reach = self._reach()
        self.rise = _Rise(w, q, reach)
        self.tail = Tail(where(self.grows, -reach, reach), self.rise)

    def _reach(self) -> Node:
        """Where h is at least ``DROP``: close bounds, by e^s − 1 − s ≥ s²/2 and e^−s − 1 + s ≥ s²/(2 + s)."""
        w, q = self.w, self.q
        slope, level = abs_(gengamma_pull(w, 1.0, q, 0.0)), minimum(exp(q * w), _LARGE)
        a = abs_(q)
        ahead = 2.0 * slope - DROP * a
        slow = ahead + root_beside(ahead, 8.0 * DROP * (slope * a + level))
        root = sqrt(level)
        start = slope / root
        steep = 2.0 * DROP / root / (start + root_beside(start, 2.0 * DROP))
        flat = equal(a, 0.0)
        by = where(flat, 1.0, a)
        for _ in range(2):
            closer = log1p(DROP * a * a / level + a * steep) / by
            steep = where(flat, steep, minimum(steep, closer))
        return where(q * w < 0.0, 4.0 * DROP / slow, steep)

    def _score(self, v: Node) -> Node:
        """∂ log f/∂q at w + v"""
        return -gengamma_shape(self.w + v, 1.0, self.q, 0.0) - square_error_1(self.q)

    def _score_2(self, v: Node) -> Node:
        return -gengamma_shape_2(self.w + v, 1.0, self.q, 0.0) - square_error_2(self.q)

    def _pull(self, v: Node) -> Node:
        """∂h/∂w = e^(qw) (e^(qv) − 1)/q"""
        flat = equal(self.q, 0.0)
        growth = where(flat, v, expm1(self.q * v) / where(flat, 1.0, self.q))
        return self.rise.level * growth

    def compute(self, part: str) -> Node:
        size = where(self.grows, -self.tail.size, self.tail.size)
        if part == "value":
            density = log_standard_density(self.w, self.q)
            # Where even its logarithm is beyond all numbers, the integral is one of infinite slopes over no length.
            gone = equal(density, -math.inf)
            return where(gone, density, density + log(size))
        if part == "slope":
            return 1.0 / size
        if part == "pull":
            return self.tail.mean(self._pull)
        if part == "rise":
            return self._score(constant(0.0)) - self.computed("shape")
        if part == "shape":
            return self.tail.mean(self._score)
        return self.tail.mean(self._score_2) + self.tail.variance(self._score)


tails_of_gengamma = Recent(_Tails)


def _place(in_w: Any, in_q: Any) -> tuple[Any, ...]:
    return in_w, in_q


def _textbook(lower: bool) -> Any:
    def definition(w: Expression, q: Expression) -> Node:
        n = 1.0 / (q * q)
        below, above = gammainc(n, n * exp(q * w)), gammaincc(n, n * exp(q * w))
        return log(where(q > 0.0, below, above) if lower else where(q > 0.0, above, below))

    return definition


_log_below, _ = register_tail("gengamma_below", tails_of_gengamma, True, _place, _textbook(True))
_log_above, _ = register_tail("gengamma_above", tails_of_gengamma, False, _place, _textbook(False))


# --- Any q. --------------------------------------------------------------------------------------


def _either(w: Expression, q: Expression, *, lower: bool) -> Node:
    """log P(W ≤ w), or log P(W > w)"""
    near = abs_(q) < 1.0
    inside, outside = where(near, q, 0.0), where(near, 1.0, q)
    size, log_size = 1.0 / outside / outside, -2.0 * log(abs_(outside))
    below, above = (
        tail(outside * w, size, log_size) for tail in (log_gamma_lower, log_gamma_upper)
    )
    right = outside > 0.0
    far = where(right, below, above) if lower else where(right, above, below)
    return where(near, (_log_below if lower else _log_above)(w, inside), far)


def _register(name: str, lower: bool) -> Atom:
    w, q = symbol("w"), symbol("q")

    def partials(at_w: Node, at_q: Node, out: Node) -> tuple[Node, ...]:
        """Those of the composition."""
        value = _either(w, q, lower=lower)
        slopes = [tangent([value], variable)[0] for variable in (w, q)]
        return tuple(replaced(slopes, ((w, at_w), (q, at_q))))

    return register(name, partials, _textbook(lower), partial(_either, lower=lower))


log_gengamma_lower = _register("log_gengamma_lower", True)
log_gengamma_upper = _register("log_gengamma_upper", False)


def log_between_bounds(low: Any, high: Any, loc: Any, scale: Any, q: Any) -> Node:
    """log P(low < y ≤ high) for 0 < low: a narrow interval from the density, others from the tails."""
    w = (low.log - loc) / scale
    width = log_ratio(high, low, high - low) / scale
    end = w + width
    rise = _Rise(w, q, width)
    narrow = abs_(rise.slope) * width + rise.level * rise.bend(width) < 1.0
    near = narrow_between(lambda v: log_standard_density(v, q), w, width)
    below, above = ((tail(w, q), tail(end, q)) for tail in (log_gengamma_lower, log_gengamma_upper))
    return where(narrow, near, log_between(below, above))
