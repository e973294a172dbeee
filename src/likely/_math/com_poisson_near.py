"""Sums of Conway and Maxwell's Poisson where neither mean nor ν is extreme: over counts from 0 on, with tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from likely._math import whole
from likely._math.com_poisson_moments import Moments, Results, ahead, series_of
from likely._math.graph import (
    Expression,
    Node,
    exp,
    floor,
    log,
    log1p,
    maximum,
    minimum,
    polynomial,
)
from likely._math.series import Equation, Terms

#: Terms below e^−40 of the largest are left out.
_DEPTH = 40.0
#: Means and ν.
_MEANS, _NUS = (0.01, 32.0), (0.05, 4.0)
#: The last step leaves the square of that, which is V times the square of a step.
_CLOSE = 1e-8
_STEPS = 6
#: (log λ − log m)/((ν − 1) log(1 + m)) in powers of (m − 2)/(m + 2) and of (1 − ν)/(1 + ν), from
#: ``tools/derive_com_poisson.py``: in standard deviations log λ is off by 2e-5 at most for ν < 1.5 and m < 5, by
#: 6e-4 for ν < 2.5 and m < 12.
_FIRST = (
    (0.8902144, 0.1007375, 0.0204085, -0.03438718, 0.03268807, -0.00734207, -0.006833773, 0.004509454),
    (0.1788516, -0.3234211, 0.1884126, 0.008964592, -0.1575175, 0.1387565, -0.03379676, 7.62585e-05),
    (-0.04028019, 0.2243156, -0.5446104, 0.7712208, -0.4946513, -0.1855967, 0.4394937, -0.1715104),
    (-0.03455408, 0.1853539, -0.08211561, -0.9406798, 1.820649, -0.9402208, -0.1752808, 0.1532812),
    (-0.009352602, -0.1022067, 0.8265044, -1.732912, 0.681343, 1.952749, -2.497969, 0.8846789),
    (0.01267922, -0.1851571, -0.03106345, 2.247231, -3.623015, 0.1921773, 2.326764, -0.8918041),
    (0.006809278, 0.0150751, -0.4854773, 1.210878, -0.1504824, -2.375937, 2.700717, -0.9212819),
    (-0.003716405, 0.08813895, 0.09156211, -1.565131, 2.015412, 1.230841, -2.855575, 0.9578209),
)  # fmt: skip


class _Rule(NamedTuple):
    """What a row's sum needs: see ``_Near``."""

    terms: Node
    m: Node
    floor: Node  # c
    log_centre: Node  # log X
    high: Node  # log c! in two parts
    low: Node
    tau: Node
    nu: Node


class _Near(Moments):
    """A whole j, from tables; its weight is in units of p(c)."""

    def __init__(self, index: Node, given: _Rule, fall: Expression, rise: Expression) -> None:
        self.given, self.floor = given, given.floor
        self.a, self.away = index - given.floor, index - given.m
        high, low = whole.factorial_parts(index)
        self.g = ((high - given.high) + (low - given.low)) - self.a * given.log_centre
        self.weight = fall * rise

    @property
    def total(self) -> Node:
        return self.weight

    @property
    def fall(self) -> Node:
        return exp(-self.given.nu * self.g)


def is_near(m: Node, n: Node) -> Node:
    """Where these sums serve."""
    inside = minimum(m - _MEANS[0], _MEANS[1] - m), minimum(n - _NUS[0], _NUS[1] - n)
    few = maximum(2.5, 75.0 * n - 7.0)  # so that 127 counts will do
    return minimum(minimum(*inside), few - m) >= 0.0


def _rule(needed: Node, m: Node, n: Node, log_m: Node, log_n: Node) -> _Rule:
    k = floor(m)
    x = k + 1.0
    log_x, log_1p = log(x), log1p(m)
    depth = _DEPTH / (n * x)
    far = ahead(depth)
    slope = log1p(far)
    far = (far + depth - slope) / slope  # a step of Newton's, from above
    above = minimum(x * far, _DEPTH / (log_1p - log_m))
    high, low = whole.factorial_parts(k)
    tau = _log_rate(m, n, log_m, log_1p) - n * log_x
    return _Rule(floor(k + above) + 3.0, m, k, log_x, high, low, tau, n)


def _log_rate(m: Node, n: Node, log_m: Node, log_1p: Node) -> Node:
    """A first log λ."""
    u, v = (m - 2.0) / (m + 2.0), (1.0 - n) / (1.0 + n)
    share = polynomial(u, [polynomial(v, row) for row in _FIRST])
    return log_m - (1.0 - n) * log_1p * share


def _of(what: str, index: Node, *fields: Node) -> Node:
    found: Node = getattr(_Near(index, _Rule(*fields[:-2]), *fields[-2:]), what)
    return found


def _step(fields: Sequence[Node], *sums: Node) -> tuple[Node, Node]:
    """The fourth-order step on E y − m by its derivatives, and the square of its length in units of V."""
    total, first, square, third, fourth = sums
    e, raw_2, raw_3, raw_4 = first / total, square / total, third / total, fourth / total
    v = raw_2 - e * e
    r = e / v
    skew = (raw_3 - e * (3.0 * raw_2 - 2.0 * e * e)) / v
    flat = (raw_4 - 3.0 * raw_2 * raw_2) / v
    bend = 0.5 * skew
    return -r * (1.0 + r * (bend + r * (2.0 * bend * bend - flat / 6.0))), r * r * v


_TERMS = Terms(
    ("needed", "m", "n", "log_m", "log_n"),
    _Rule._fields,
    whole.LARGEST + 1,
    _rule,
    _of,
    Equation(
        "tau", ("fall",), ("total", "first", "square", "third", "fourth"), _step, _CLOSE, _STEPS
    ),
    lambda *given: (-_Rule(*given).floor * _Rule(*given).tau, _Rule(*given).tau),
)


def _results(fields: Sequence[Node], sums: Mapping[str, Node]) -> Results:
    given = _Rule(*fields)
    return Results(given.m, given.tau, sums)


#: All results, by their names.
NEAR = series_of("near", _TERMS, _results)
