"""The sums of ``sums.py`` of many amounts, of which few numbers matter: one more is a small part of j."""

from __future__ import annotations

from typing import NamedTuple

from likely._math import special
from likely._math.compound_poisson.sums import Given, Term, away, half_log, series_of
from likely._math.graph import Expression, Node, exp, floor, minimum, polynomial, where
from likely._math.series import Series, Terms

#: The most terms: of σ² < 1/6.
_LONGEST = 11
#: ((1 + x) log(1 + x) − x)/x², of |x| ≤ 1/15
_APART = tuple((-1.0) ** k / ((k + 1) * (k + 2)) for k in range(13))
#: Stirling's error of j, over 1/j in powers of 1/j².
_ERROR = (1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0)
#: The log J at which j and j + 1 are equally near, less log(j + ½), in powers of 1/(2j + 1)² from the first on.
_BORDER = (-1.0 / 6.0, -1.0 / 20.0, -1.0 / 42.0)


class _Fields(NamedTuple):
    """j = nearest + low + index."""

    terms: Node
    nearest: Node
    inverse: Node
    low: Node
    tilt: Node
    nu: Node
    u: Node  # 1/ν
    of_x: Node
    of_j: Node
    expected: Node
    gap: Node
    off: Node
    log_outside: Node
    slope: Node

    @property
    def given(self) -> Given:
        return Given.among(self, self.slope, 0.0)


def _errors(u: Expression) -> tuple[Node, Node, Node]:
    """S(x), x S′(x) and x (x S′(x))′ of u = 1/x, which is tiny."""
    square = u * u
    return (
        u * (_ERROR[0] + _ERROR[1] * square),
        -(u * (_ERROR[0] + 3.0 * _ERROR[1] * square)),
        u * (_ERROR[0] + 9.0 * _ERROR[1] * square),
    )


def _nearest(expected: Node) -> Node:
    below = floor(expected)
    e = 1.0 / (2.0 * below + 1.0)
    away = expected - (below + 0.5)
    v = away / (expected + (below + 0.5))
    border = e * e * polynomial(e * e, _BORDER)
    return below + where(2.0 * (v + special.atanh_tail(v)) > border, 1.0, 0.0)


def _rule(needed: Node, of_x: Node, of_j: Node, log_j: Node) -> _Fields:
    expected = exp(log_j)
    nearest = _nearest(expected)
    inverse, gap = 1.0 / nearest, nearest - expected
    v = gap / (nearest + expected)
    tail = special.atanh_tail(v)
    off = gap * v + 2.0 * nearest * tail
    nu, u = of_x / of_j, of_j / of_x
    several = away(nearest, expected, of_j)
    return _Fields(
        minimum(2.0 * several + 1.0, float(_LONGEST)),
        nearest,
        inverse,
        -several,
        (1.0 + nu) * (2.0 * (v + tail)),
        nu,
        u,
        of_x,
        of_j,
        expected,
        gap,
        off,
        -(half_log(of_j, log_j) + (1.0 + nu) * off),
        _errors(inverse * u)[1],
    )


def _value(what: str, index: Node, *fields: Node) -> Node:
    row = _Fields(*fields)
    n = row.low + index
    x = n * row.inverse
    apart = n * (x * polynomial(x, _APART))
    u = 1.0 / (row.nearest + n)
    error, slope, curve = _errors(u * row.u)
    error = u * polynomial(u * u, _ERROR) + error
    return Term(row.given, n, apart, error, slope - row.slope, curve).weighted(what)


_TERMS = Terms(
    ("needed", "of_x", "of_j", "log_j"),
    _Fields._fields,
    _LONGEST,
    _rule,
    _value,
)

_OF: dict[str, Series] = series_of(
    "many", _TERMS, lambda *fields: _Fields(*fields).given, others=0.0
)


def by_many(what: str, *given: Expression) -> Node:
    """r, or a derivative of it, of s, 1 − s and log J."""
    return _OF[what](*given)
