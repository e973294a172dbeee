"""The sums of ``sums.py`` of few amounts: how terms fall from the largest on is in tables (``steps.py``).

Rows of the same nearest j are alike: what a term has of tables is one number for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from likely._math import special
from likely._math.compound_poisson.steps import NEAREST, STEPS, STIRLING
from likely._math.compound_poisson.sums import Given, Term, away, half_log, series_of
from likely._math.graph import Expression, Node, exp, expm1, floor, make, maximum, minimum, where
from likely._math.series import Alike, Terms


class _Fields(NamedTuple):
    terms: Node
    nearest: Node
    tilt: Node
    nu: Node
    u: Node  # 1/ν
    of_x: Node
    of_j: Node
    expected: Node
    gap: Node
    off: Node
    log_outside: Node

    @property
    def given(self) -> Given:
        slope, curve = (_of_nearest(self.nearest, self.u, order) for order in (1, 2))
        return Given.among(self, -slope, curve)


def _table(name: str, place: Node) -> Node:
    return make(f"compound_poisson_{name}", place)


def _errors(u: Node, powers: Mapping[int, Expression | float], order: int) -> Node:
    """What S is, −xS′ or x (x S′)′, of what stands at the powers of u."""
    square = u * u
    first, *others = (float(k**order) * powers[k] for k in sorted(powers, reverse=True))
    for value in others:
        first = value + square * first
    return u * first


def _of_nearest(nearest: Node, u: Node, order: int) -> Node:
    return _errors(_table("inverse", nearest) * u, STIRLING, order)


def _rule(needed: Node, of_x: Node, of_j: Node, log_j: Node) -> _Fields:
    expected = exp(log_j)
    below = maximum(floor(expected), 1.0)
    nearest = below + where(_table("border", below) < log_j, 1.0, 0.0)
    # At J → 1 for ν → ∞, log J has digits that J has not.
    gap = where(nearest < 2.0, -expm1(log_j), nearest - expected)
    apart = (nearest, expected, gap, _table("log", nearest), log_j)
    off = special.relative_entropy_of(*apart)
    nu, u = of_x / of_j, of_j / of_x
    error = _table("error", nearest) + _of_nearest(nearest, u, 0)
    several = away(nearest, expected, of_j)
    return _Fields(
        minimum(several + minimum(several, nearest - 1.0), float(STEPS)),
        nearest,
        (1.0 + nu) * special.log_ratio_of(*apart),
        nu,
        u,
        of_x,
        of_j,
        expected,
        gap,
        off,
        -(half_log(of_j, log_j) + ((1.0 + nu) * off + error)),
    )


def _value(what: str, index: Node, *fields: Node) -> Node:
    row = _Fields(*fields)
    place = float(STEPS) * row.nearest + index
    powers = {k: _table(f"power_{k}", place) for k in STIRLING}
    error, slope, curve = (_errors(row.u, powers, order) for order in range(3))
    step, apart = _table("step", place), _table("apart", place)
    error = _table("error_step", place) + error
    return Term(row.given, step, apart, error, -slope, curve).weighted(what)


_TERMS = Terms(
    ("needed", "of_x", "of_j", "log_j"),
    _Fields._fields,
    STEPS,
    _rule,
    _value,
    alike=Alike("nearest", NEAREST + 1),
)

_OF = series_of("few", _TERMS, lambda *fields: _Fields(*fields).given, others=1.0)


def by_few(what: str, *given: Expression) -> Node:
    """r, or a derivative of it, of s, 1 − s and log J."""
    return _OF[what](*given)
