"""log p(y + 1) − log p(y) of Conway and Maxwell's Poisson, log λ − ν log(y + 1), and its derivatives.

They are those of log λ: m/V in log m and Cov(y, log y!)/V in ν, in which a logarithm of p has no part, however far y is
from the mean.
"""

from __future__ import annotations

from collections.abc import Callable

from likely._math.atoms import Atom, register
from likely._math.com_poisson.atoms import Decided, decided
from likely._math.graph import Node, log


def _of_mean(formula: Callable[[Decided], Node]) -> Callable[..., Node]:
    return lambda *given: formula(decided(*given))


#: m/V and its derivatives in log m and ν.
_rate_curve: Atom = register(
    "com_poisson_log_rate_lean", expansion=_of_mean(lambda s: s.lean * s.rate)
)
_rate_cross: Atom = register(
    "com_poisson_log_rate_mixed", expansion=_of_mean(lambda s: s.mixed * s.rate)
)
_rate: Atom = register(
    "com_poisson_log_rate_slope",
    lambda *given: (0.0, _rate_cross(*given[:-1]), _rate_curve(*given[:-1]), 0.0),
    expansion=_of_mean(lambda s: s.rate),
)

_bend: Atom = register("com_poisson_log_step_bend", expansion=_of_mean(lambda s: -s.skewed))


def _in_nu(y: Node, *given: Node) -> Node:
    s = decided(*given)
    return s.slope - log((y + 1.0) / s.centre)


_shape: Atom = register(
    "com_poisson_log_step_shape",
    lambda y, m, n, log_m, log_n, out: (
        -1.0 / (y + 1.0),
        0.0,
        _bend(m, n, log_m, log_n),
        _rate_cross(m, n, log_m, log_n),
        0.0,
    ),
    expansion=_in_nu,
)


def _step(y: Node, m: Node, n: Node, log_m: Node, log_n: Node) -> Node:
    s = decided(m, n, log_m, log_n)
    return s.tau - n * log((y + 1.0) / s.centre)


com_poisson_step: Atom = register(
    "com_poisson_log_step",
    lambda y, m, n, log_m, log_n, out: (
        -n / (y + 1.0),
        0.0,
        _shape(y, m, n, log_m, log_n),
        _rate(m, n, log_m, log_n),
        0.0,
    ),
    expansion=_step,
)
