r"""The distribution function of the standard skew normal, without Owen's function and what cancels against it.

Of z = −h ≤ 0 and skewness a ≥ 0, with k = ah, Owen's integral from a to infinity (Azzalini, 1985; Owen, 1956,
doi:10.1214/aoms/1177728074) is

.. math:: C(h, a) = \frac{1}{\pi} \int_a^\infty \frac{e^{-h^2 (1 + x^2)/2}}{1 + x^2}\, dx
                  = \frac{h\, e^{-(h^2 + k^2)/2}}{\pi} \int_0^\infty \frac{e^{-ks - s^2/2}}{h^2 + (k + s)^2}\, ds

whose terms are positive. The other signs of z and a follow from it: 2Φ(−h) − C, 1 − C and erf(h/√2) + C, of which
the first loses at most one bit. The slopes are 2φ(z) Φ(az) in z and −e^(−(h² + k²)/2)/(π (1 + a²)) in a, and in a tail
the exponentials leave their ratio to it.
"""

from __future__ import annotations

import math
from functools import cached_property, reduce
from operator import add

import numpy as np
from numpy.polynomial.legendre import leggauss

from likely._math.atoms import inverse_mills, ndtr, register
from likely._math.atoms.skew_normal import _times
from likely._math.graph import (
    PI,
    Node,
    abs_,
    arctan2,
    as_node,
    equal,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    sqrt,
    where,
)
from likely._math.tails.between import _mean
from likely._math.tails.two_tails import Recent

# Nodes and weights of the second integral over s in units of 1/(1 + k), by Gauss and Legendre's rule in log(1 + s):
# the largest relative error of C is 7e-15.
_V, _W = leggauss(48)
_V, _W = 0.5 * np.log1p(38.0) * (1.0 + _V), 0.5 * np.log1p(38.0) * _W
_NODES = [(float(x), float(w)) for x, w in zip(np.expm1(_V), _W * np.exp(_V), strict=True)]


def _near(h: Node, a: Node, k: Node) -> Node:
    """C for h ≤ 1 and k ≤ 1: C(0, a) less the two parts of the integral over (−h, 0)."""

    def normal(x: Node) -> Node:
        return exp(-0.5 * (h * h * (x * x)))

    def owen(x: Node) -> Node:
        square = h * h + k * k * (x * x)
        none = square <= 0.0
        return where(none, 0.5, -expm1(-0.5 * square) / where(none, 1.0, square))

    one = as_node(1.0)
    less = _mean(normal, one) / sqrt(2.0 * PI) - k * _mean(owen, one) / PI
    return arctan2(1.0, a) / PI - h * less


class _Far:
    """C e^(h²/2 + k²/2) for h > 1 or k > 1, of which the squares may be beyond all numbers: u t S by three factors."""

    def __init__(self, h: Node, k: Node) -> None:
        #: The larger one, in which h and k + s are measured.
        self.size = size = maximum(h, k)
        self.share = share = h / size
        self.unit = unit = 1.0 / (1.0 + k)
        self.turn = share / size
        rise, step = k * unit, unit / size

        def integrand(x: float) -> Node:
            v = k / size + x * step
            return exp(-(rise + 0.5 * x * (unit * unit)) * x) / (share * share + v * v)

        self.sum = reduce(add, (w * integrand(x) for x, w in _NODES)) / PI

    @property
    def value(self) -> Node:
        return self.unit * (self.turn * self.sum)

    @property
    def log_value(self) -> Node:
        return log(self.unit) + log(self.turn * self.sum)


class _Lower:
    """P(Z ≤ z), its slope in z over it (pull) and that in a (lean), from the smaller tail."""

    def __init__(self, z: Node, a: Node) -> None:
        h, size = abs_(z), abs_(a)
        k = where(equal(size, 0.0), 0.0, size * h)
        self.left, self.leans = z <= 0.0, a >= 0.0
        self.root = sqrt(1.0 + a * a)
        self.depth, self.depth_k = 0.5 * (h * h), 0.5 * (k * k)
        self.fall, self.fall_k = exp(-self.depth), exp(-self.depth_k)
        #: Where h or k is no number, as of a scale next to 0, one tail has vanished, and the other is all there is.
        self.beyond = equal(maximum(h, k), math.inf)
        h, k = (where(equal(v, math.inf), 2.0, v) for v in (h, k))
        self.h, self.k = h, k
        self.is_far = far = maximum(h, k) > 1.0
        near_h = where(far, 0.0, h)
        near = _near(near_h, size, size * near_h)
        self.far = _Far(where(far, h, 2.0), where(far, k, 0.0))
        #: C e^(h²/2 + k²/2)
        self.core = where(
            far,
            self.far.value,
            near * exp(0.5 * (near_h * near_h + (size * near_h) * (size * near_h))),
        )
        #: (2Φ(−h) − C) e^(h²/2)
        self.rest = 2.0 / sqrt(2.0 * PI) / inverse_mills(-h) - self.fall_k * self.core

    @cached_property
    def value(self) -> Node:
        h, both = self.h, self.fall * self.fall_k * self.core
        # erf(h/√2)
        rise = (
            2.0 * h * _mean(lambda x: exp(-0.5 * (h * h * (x * x))), as_node(1.0)) / sqrt(2.0 * PI)
        )
        high = where(h < 1.0, log(rise + both), log1p(-self.fall * self.rest))
        right = where(self.leans, high, log1p(-both))
        log_core = where(self.is_far, self.far.log_value, log(self.core))
        in_tail = where(self.leans, log_core - self.depth_k, log(self.rest))
        return where(self.left, in_tail - self.depth, right)

    @cached_property
    def pull(self) -> Node:
        # 2φ(h) Φ(±k) is e^(−h²/2 − k²/2)/π times Mills's ratio at k, or √(2/π) e^(−h²/2) Φ(k).
        steep, share = PI * inverse_mills(-self.k), sqrt(2.0 / PI) * ndtr(self.k)
        # Factor by factor, as C alone may be below all numbers.
        far = 1.0 / (steep * self.far.unit) / self.far.sum / self.far.turn
        leaning = where(self.is_far, far, 1.0 / steep / self.core)
        in_tail = where(self.leans, leaning, share / self.rest)
        density = self.fall * where(self.leans, share, self.fall_k / steep)
        right = density * exp(-self.value)
        return where(self.left, where(self.beyond, math.inf, in_tail), right)

    @cached_property
    def lean(self) -> Node:
        far, root = self.far, self.root
        wall = 1.0 / root / root
        turn = (1.0 / far.share / root) * (far.size / root)
        leaning = where(self.is_far, turn / far.unit / far.sum, wall / self.core)
        leaning = where(self.beyond, math.inf, leaning)
        other = where(self.beyond, 0.0, wall * self.fall_k / self.rest)
        right = wall * self.fall * self.fall_k * exp(-self.value)
        return -where(self.left, where(self.leans, leaning, other), right) / PI


_lower = Recent(_Lower)


def _pull_rule(z: Node, a: Node, out: Node) -> tuple[Node, Node]:
    turn = _times(a, inverse_mills(a * z)) - z
    return _times(turn - out, out), _cross(z, a, out, skew_lower_lean(z, a))


def _lean_rule(z: Node, a: Node, out: Node) -> tuple[Node, Node]:
    own = -(z * z) * a - 2.0 * a / (1.0 + a * a) - out
    return _cross(z, a, skew_lower_pull(z, a), out), _times(own, out)


def _cross(z: Node, a: Node, pull: Node, lean: Node) -> Node:
    return -_times(z * (1.0 + a * a) + pull, lean)


skew_lower_pull = register("skew_lower_pull", _pull_rule, expansion=lambda z, a: _lower(z, a).pull)
skew_lower_lean = register("skew_lower_lean", _lean_rule, expansion=lambda z, a: _lower(z, a).lean)
#: log P(Z ≤ z) of the standard skew normal of skewness a.
log_skew_lower = register(
    "log_skew_lower",
    lambda z, a, out: (skew_lower_pull(z, a), skew_lower_lean(z, a)),
    expansion=lambda z, a: _lower(z, a).value,
    fades=True,
)


#: The inverse: values only, on NumPy (``_math/tails/skew_quantile.py``).
skew_normal_quantile = register("skew_normal_quantile")
