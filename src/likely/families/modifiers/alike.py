r"""The logarithm of the ratio of two densities of one family whose parameters hardly differ.

As a difference of two logarithms it has no digits where it is far smaller than they are. It is the integral of the
slope of one along the way from the first parameters to the second:

.. math:: \log \frac{p(y \mid \theta_2)}{p(y \mid \theta_1)} =
          \int_0^1 \frac{\partial \log p(y \mid \theta(u))}{\partial u}\, du

with θ(u) straight in the logarithms of what is above 0, and in other parameters themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from likely._math.atoms.mixing import difference
from likely._math.derive import tangent
from likely._math.domains import positive, real
from likely._math.graph import Node, abs_, as_node, exp, make, maximum, substitute, symbol, where
from likely._math.quadrature import CLOSE
from likely.families.base import Specification
from likely.families.view import View

#: How much the logarithms of the density and of the parameters, and the slope of the former times this, may change on
#: the way: then so few nodes give every digit that is asked for.
SLIGHT = 3e-3


def log_ratio(inside: Specification, y: Any, logs: tuple[Any, Any], first: Any, second: Any) -> Any:
    """log p(y | second) − log p(y | first), whose logarithms are ``logs``."""
    plain = difference(logs[1], logs[0])
    domains = [parameter.domain for parameter in inside.parameters.values()]
    if not all(domain in (positive, real) for domain in domains):
        return plain
    slopes = _slopes(inside, y, first, second)
    changes = [
        abs_(b.log - a.log)
        for domain, a, b in zip(domains, first, second, strict=True)
        if domain is positive
    ]
    last = slopes[-1]
    close = reduce(maximum, [*changes, abs_(last), abs_(last - slopes[0]) / SLIGHT]) < SLIGHT
    path = reduce(add, (w * slope for (_, w), slope in zip(CLOSE, slopes, strict=True)))
    return where(close, path, plain)


def _slopes(
    inside: Specification, y: Any, first: Sequence[Any], second: Sequence[Any]
) -> list[Node]:
    """∂ log p(y | θ(u))/∂u at Gauss and Legendre's nodes."""
    u = symbol("u")
    ends = zip(inside.parameters.items(), first, second, strict=True)
    theta = [_between(name, p.domain is positive, a, b, u) for (name, p), a, b in ends]
    slope = tangent([as_node(inside.log_density(y, *theta))], u)[0]

    def at(node: Node) -> Node:
        def rebuild(old: Node, args: tuple[Node, ...]) -> Node:
            if old is u:
                return node
            return make(old.op, *args) if args else old

        return substitute([slope], rebuild)[0]

    return [at(as_node(x)) for x, _ in CLOSE]


def _between(name: str, in_log: bool, a: Any, b: Any, u: Node) -> View:
    if in_log:
        log_value = a.log + u * (b.log - a.log)
        return View(name, exp(log_value), {"log": lambda: log_value})
    return View(name, a + u * (b - a), {})
