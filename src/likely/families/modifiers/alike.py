r"""The logarithm of the ratio of two densities of one family whose parameters hardly differ.

As a difference of two logarithms it has no digits where it is far smaller than they are. It is the integral of the
slope of one along the way from the first parameters to the second:

.. math:: \log \frac{p(y \mid \theta_2)}{p(y \mid \theta_1)} =
          \int_0^1 \sum_k \frac{\partial \log p}{\partial \theta_k}(y, \theta(u)) \, \Delta\theta_k \, du

where θ is the logarithm of a parameter that is above 0, and other parameters themselves. The slopes at both ends are
those that a gradient takes anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms.mixing import difference
from likely._math.derive import tangent
from likely._math.domains import positive, real
from likely._math.graph import (
    Node,
    abs_,
    as_node,
    exp,
    maximum,
    replaced,
    symbol,
    where,
)
from likely._math.quadrature import WITH_ENDS
from likely.families.base import Specification
from likely.families.view import View

#: How much the logarithms of the density and of the parameters, and the slope of the former times this, may change on
#: the way: then so few nodes give every digit that is asked for.
SLIGHT = 0.03


def log_ratio(
    inside: Specification,
    y: Any,
    logs: tuple[Any, Any],
    first: Sequence[Any],
    second: Sequence[Any],
) -> Node:
    """log p(y | second) − log p(y | first), whose logarithms are ``logs``."""
    plain = difference(logs[1], logs[0])
    scales = [parameter.domain is positive for parameter in inside.parameters.values()]
    if not all(parameter.domain in (positive, real) for parameter in inside.parameters.values()):
        return plain
    ends = [
        [
            (view.log if scale else view.node, view.node)
            for scale, view in zip(scales, of, strict=True)
        ]
        for of in (first, second)
    ]
    changes = [b - a for (a, _), (b, _) in zip(*ends, strict=True)]
    rise = _Slope(inside, y, scales)
    slopes = [rise(at, changes) for at in (ends[0], *_between(ends[0], changes, scales), ends[1])]
    small = [abs_(change) for change, scale in zip(changes, scales, strict=True) if scale]
    small += [abs_(slopes[0]), abs_(slopes[-1]), abs_(slopes[-1] - slopes[0]) / SLIGHT]
    path = reduce(add, (w * slope for (_, w), slope in zip(WITH_ENDS, slopes, strict=True)))
    return where(reduce(maximum, small) < SLIGHT, path, plain)


def _between(first: Any, changes: Sequence[Node], scales: Sequence[bool]) -> Any:
    """The inner nodes: of each parameter what is differentiated in, and its value."""
    for share, _ in WITH_ENDS[1:-1]:
        moved = [a + share * change for (a, _), change in zip(first, changes, strict=True)]
        yield [(c, exp(c) if scale else c) for c, scale in zip(moved, scales, strict=True)]


class _Slope:
    """Σ ∂ log p/∂θ_k Δθ_k at any parameters."""

    def __init__(self, inside: Specification, y: Any, scales: Sequence[bool]) -> None:
        self.symbols = [symbol(f"at{k}") for k in range(len(scales))]
        self.values = [
            exp(s) if scale else s for s, scale in zip(self.symbols, scales, strict=True)
        ]
        theta = [
            View(name, value, {"log": lambda s=s: s} if scale else {})
            for name, s, value, scale in zip(
                inside.parameters, self.symbols, self.values, scales, strict=True
            )
        ]
        density = as_node(inside.log_density(y, *theta))
        self.slopes = [tangent([density], s)[0] for s in self.symbols]

    def __call__(self, at: Sequence[tuple[Node, Node]], changes: Sequence[Node]) -> Node:
        pairs: list[tuple[Node, Node]] = []
        for s, value, (coordinate, number) in zip(self.symbols, self.values, at, strict=True):
            pairs += [(value, number), (s, coordinate)]
        moved = replaced(self.slopes, pairs)
        return reduce(add, (slope * change for slope, change in zip(moved, changes, strict=True)))
