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
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    sqrt,
    where,
)
from likely._math.tails.between import _mean
from likely._math.tails.two_tails import Recent

#: Beyond this the square of z overflows.
OUT = 1e154

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


def _far(h: Node, k: Node) -> Node:
    """C e^(h²/2 + k²/2) for h > 1 or k > 1."""
    unit = 1.0 / (1.0 + k)

    def integrand(x: float) -> Node:
        s = x * unit
        v = k + s
        return exp(-(k + 0.5 * s) * s) / (h * h + v * v)

    return h * unit * reduce(add, (w * integrand(x) for x, w in _NODES)) / PI


class _Lower:
    """P(Z ≤ z), its slope in z over it (pull) and that in a (lean), from the smaller tail."""

    def __init__(self, z: Node, a: Node) -> None:
        h, size = minimum(abs_(z), OUT), abs_(a)
        self.h, self.k = h, minimum(size * h, OUT)
        self.left, self.leans = z <= 0.0, a >= 0.0
        self.wall = 1.0 / (1.0 + a * a)
        far = maximum(h, self.k) > 1.0
        near_h = where(far, 0.0, h)
        near = _near(near_h, size, size * near_h)
        #: C e^(h²/2 + k²/2)
        self.core = where(
            far,
            _far(where(far, h, 2.0), where(far, self.k, 0.0)),
            near * exp(0.5 * (near_h * near_h + (size * near_h) * (size * near_h))),
        )
        self.fall, self.fall_k = exp(-0.5 * (h * h)), exp(-0.5 * (self.k * self.k))
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
        in_tail = where(self.leans, log(self.core) - 0.5 * (self.k * self.k), log(self.rest))
        return where(self.left, in_tail - 0.5 * (h * h), right)

    @cached_property
    def pull(self) -> Node:
        # 2φ(h) Φ(±k) is e^(−h²/2 − k²/2)/π times Mills's ratio at k, or √(2/π) e^(−h²/2) Φ(k).
        mills, share = 1.0 / (PI * inverse_mills(-self.k)), sqrt(2.0 / PI) * ndtr(self.k)
        in_tail = where(self.leans, mills / self.core, share / self.rest)
        density = self.fall * where(self.leans, share, mills * self.fall_k)
        return where(self.left, in_tail, density * exp(-self.value))

    @cached_property
    def lean(self) -> Node:
        in_tail = where(self.leans, 1.0 / self.core, self.fall_k / self.rest)
        right = self.fall * self.fall_k * exp(-self.value)
        return -(self.wall / PI) * where(self.left, in_tail, right)


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
