r"""The distribution function of the standard skew normal, without Owen's function and what cancels against it.

Of z = −h ≤ 0 and skewness a ≥ 0, with k = ah, Owen's integral from a to infinity (Azzalini, 1985; Owen, 1956,
doi:10.1214/aoms/1177728074) is

.. math:: C(h, a) = \frac{1}{\pi} \int_a^\infty \frac{e^{-h^2 (1 + x^2)/2}}{1 + x^2}\, dx
                  = \frac{h\, e^{-(h^2 + k^2)/2}}{\pi} \int_0^\infty \frac{e^{-ks - s^2/2}}{h^2 + (k + s)^2}\, ds

whose terms are positive. The other signs of z and a follow from it: 2Φ(−h) − C, 1 − C and erf(h/√2) + C, of which
the first loses at most one bit.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss

from likely._math.atoms import log_ndtr, ndtr, register
from likely._math.between import _mean
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

#: Beyond this z the smaller tail is 0.
OUT = 1e3

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


def log_core(h: Node, a: Node) -> Node:
    """log C(h, a) for h ≥ 0 and a ≥ 0."""
    k = a * h
    far = maximum(h, k) > 1.0
    near_h = where(far, 0.0, h)
    away = log(_far(where(far, h, 2.0), where(far, k, 0.0))) - 0.5 * (h * h + k * k)
    return where(far, away, log(_near(near_h, a, a * near_h)))


def skew_log_lower(z: Any, a: Any) -> Node:
    """log P(Z ≤ z) of the standard skew normal of skewness a."""
    z, a = as_node(z), as_node(a)
    h, leans = minimum(abs_(z), OUT), a >= 0.0
    core = log_core(h, abs_(a))
    c = exp(core)
    log_both = log(2.0) + log_ndtr(-h)
    # erf(h/√2)
    rise = where(
        h < 1.0,
        2.0 * h * _mean(lambda x: exp(-0.5 * (h * h * (x * x))), as_node(1.0)) / sqrt(2.0 * PI),
        1.0 - 2.0 * ndtr(-h),
    )
    left = where(leans, core, log_both + log1p(-exp(core - log_both)))
    right = where(leans, log(rise + c), log1p(-c))
    return where(z > 0.0, right, left)


#: The inverse: values only, on NumPy (``_math/skew_quantile.py``).
skew_normal_quantile = register("skew_normal_quantile")
