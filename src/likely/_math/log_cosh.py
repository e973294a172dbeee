"""E log cosh X of a Normal X: what the entropy of JohnsonSU has beside logarithms.

log cosh x is |x| + log(1 + e^(−2|x|)) − log 2. Where X is narrow the trapezoidal rule integrates the whole, whose
singularities are ½π off the line; where it is wide E |X| is known, and what is left of the rest lies near 0.
"""

from __future__ import annotations

import math
from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms.normal import ndtr
from likely._math.graph import Node, abs_, exp, log1p, minimum, where
from likely._math.quadrature import FINE

#: Up to this standard deviation X is narrow: then the rule is right to 14 digits with this step,
_NARROW, _STEP = 1.0, 0.3
#: of which so many on either side leave out what is below e^−37.
_STEPS = 29
#: e^(−2x) is below e^−44 from here on.
_REACH = 22.0


def mean_log_cosh(mean: Any, std: Any) -> Node:
    """E log cosh X of X with this mean and standard deviation."""
    a, narrow = abs_(mean), std < _NARROW
    inside = minimum(std, _NARROW)
    terms: list[Any] = []
    for k in range(-_STEPS, _STEPS + 1):
        x = abs_(a + _STEP * k * inside)
        weight = _STEP * math.exp(-0.5 * (_STEP * k) ** 2) / math.sqrt(2.0 * math.pi)
        terms.append(weight * (x + log1p(exp(-2.0 * x))))
    close = reduce(add, terms)

    wide = where(narrow, _NARROW, std)
    z = a / wide
    size = a * (1.0 - 2.0 * ndtr(-z)) + 2.0 * wide * _density(z)
    rest = [
        _REACH * weight * math.log1p(math.exp(-2.0 * _REACH * at)) * _beside(_REACH * at / wide, z)
        for at, weight in FINE
    ]
    return where(narrow, close, size + reduce(add, rest) / wide) - math.log(2.0)


def _density(z: Node) -> Node:
    return exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def _beside(x: Node, z: Node) -> Node:
    # The density on either side of 0, in units of its standard deviation.
    return _density(x - z) + _density(x + z)
