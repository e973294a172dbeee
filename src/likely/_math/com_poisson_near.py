"""Sums of Conway and Maxwell's Poisson where neither mean nor ν is extreme: over counts from 0 on, with tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from likely._math import whole
from likely._math.com_poisson_moments import Moments, Results, ahead, series_of
from likely._math.graph import Expression, Node, exp, floor, log, log1p, minimum, polynomial
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
    (0.89020444, 0.10067963, 0.02055949, -0.033919649, 0.031659538, -0.0079009752, -0.0047224906, 0.0034209941),
    (0.17888793, -0.32315285, 0.18800147, 0.0063661853, -0.15516987, 0.14430941, -0.038825108, -0.00034578383),
    (-0.039910194, 0.2262675, -0.55048034, 0.75638344, -0.45471981, -0.17348367, 0.35883833, -0.12278432),
    (-0.035169745, 0.18003413, -0.078637905, -0.88917649, 1.8083352, -1.0692322, -0.14195792, 0.22211795),
    (-0.010946949, -0.11058646, 0.85109463, -1.6701168, 0.51470146, 1.8994943, -2.1622428, 0.68748737),
    (0.014990639, -0.16495146, -0.041213855, 2.0540828, -3.6006937, 0.68294117, 2.2496807, -1.1826424),
    (0.0083753398, 0.023250977, -0.50951219, 1.1499539, 0.013091462, -2.3203585, 2.372446, -0.740765),
    (-0.0059079732, 0.069028421, 0.099873959, -1.3846324, 2.0060277, 0.77589184, -2.8061829, 1.2296057),
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
        self.total = fall * rise

    @property
    def fall(self) -> Node:
        return exp(-self.given.nu * self.g)


def is_near(m: Node, n: Node) -> Node:
    """Where these sums serve."""
    inside = minimum(m - _MEANS[0], _MEANS[1] - m), minimum(n - _NUS[0], _NUS[1] - n)
    return minimum(minimum(*inside), 2.0 + 25.0 * n - m) >= 0.0


def _rule(needed: Node, m: Node, n: Node, log_m: Node, log_n: Node) -> _Rule:
    k = floor(m)
    x = k + 1.0
    log_x = log(x)
    depth = _DEPTH / (n * x)
    far = ahead(depth)
    for _ in range(2):  # of Newton's steps, from above
        slope = log1p(far)
        far = (far + depth - slope) / slope
    above = minimum(x * far, _DEPTH / log1p(1.0 / m))
    high, low = whole.factorial_parts(k)
    tau = _log_rate(m, n, log_m) - n * log_x
    return _Rule(floor(k + above) + 3.0, m, k, log_x, high, low, tau, n)


def _log_rate(m: Node, n: Node, log_m: Node) -> Node:
    """A first log λ."""
    u, v = (m - 2.0) / (m + 2.0), (1.0 - n) / (1.0 + n)
    share = polynomial(u, [polynomial(v, row) for row in _FIRST])
    return log_m - (1.0 - n) * log1p(m) * share


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
