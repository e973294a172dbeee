r"""Sums of Conway and Maxwell's Poisson where few counts matter: those about the mean, one by one.

The nearer of k = ⌊m⌋ and k + 1 is the centre, at a distance ε ≤ ½ from the mean; the other one is the nearer
neighbour, which is ξ times as probable. With g of ``atoms.py``, which is 0 of these two, the counts beyond it have
:math:`\xi^{j+1} e^{-\nu g_j}`, j = 1, 2, …, of the centre's probability, and on the other side :math:`f = Q/\xi`,
:math:`Q = e^{-\nu g_1}`, and :math:`f^j e^{-\nu(g_j - j g_1)}`: powers of two numbers, with weights of which ξ is no
part. So E y = m is an equation between two polynomials, U in ξ of the side of the nearer neighbour and D in f of the
other, and takes no exponentials. Nor does it lose digits: all terms are positive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from likely._math.com_poisson.growth import COUNTS, FLOORS
from likely._math.com_poisson.moments import SHARED, Moments, Results, ahead, series_of
from likely._math.graph import (
    Node,
    abs_,
    constant,
    exp,
    floor,
    log,
    log1p,
    make,
    maximum,
    sqrt,
    where,
)
from likely._math.series import Alike, Equation, Powers, Terms

#: Counts below e^−30 of the first one beyond both neighbours are left out: that is all of what grows.
_DEPTH = 30.0
#: A side has so many counts at most beside the first one: of the other side there is one more.
_LONGEST = COUNTS - 1
#: The largest ν: Q is to be above 0.
MOST_NU = 1000.0
#: νg₁ from which three counts say about what ξ is, and below which a bell does.
_FEW = 2.2
#: Steps of Newton's method at most, and where it ends: what is left is less than the square of that.
_NEWTON = 6
_SOLVED = 1e-6


def serves(m: Node, n: Node) -> Node:
    """Whether there are few enough counts, where no patch serves and ν is not below 1."""
    inside = where(m < float(FLOORS), where(n <= MOST_NU, 1.0, 0.0), 0.0)
    return where(n >= 1.0, inside, 0.0) > 0.0


class _Rule(NamedTuple):
    """What a row's sum needs."""

    terms: Node
    floor: Node  # k
    m: Node
    nu: Node
    off: Node  # ε
    sign: Node  # of the way from the centre to the nearer neighbour
    odds: Node  # ξ
    both: Node  # Q
    first: Node  # g₁ of the other side

    @property
    def other(self) -> Node:
        """f"""
        return self.both / self.odds


def _growth(side: str, k: Node, index: Node | float) -> Node:
    return make(f"com_poisson_{side}", float(COUNTS) * k + index)


def _if_there(counts: Node, weight: Node) -> Node:
    """0 where no counts are left on that side: a number as small as that would be subnormal, which takes long."""
    return where(counts > 0.0, weight, 0.0)


def _rule(needed: Node, m: Node, n: Node) -> _Rule:
    k = floor(m)
    part = m - k
    rises = part <= 0.5
    off = where(rises, part, 1.0 - part)
    x = k + 1.0
    first = where(rises, _growth("below", k, 0.0), _growth("above", k, 0.0))
    fall = n * first
    both = _if_there(where(rises, k, 1.0), exp(-fall))
    # Of three counts (1 − ε) ξ = ε + (1 + ε) Q/ξ.
    three = off + sqrt(off * off + 4.0 * ((1.0 - off) * (1.0 + off)) * both)
    few = where(both > 0.0, fall, math.inf) > _FEW
    odds = where(few, three / (2.0 * (1.0 - off)), exp((off - 0.5) * fall))
    return _Rule(
        terms=maximum(floor(x * ahead((_DEPTH / n + 1.0 / x) / x) - 0.5), 1.0),
        floor=k,
        m=m,
        nu=n,
        off=off,
        sign=where(rises, 1.0, -1.0),
        odds=odds,
        both=both,
        first=first,
    )


class _Count(Moments):
    """A count by its steps from the centre upwards."""

    def __init__(self, given: _Rule, steps: Node, g: Node, weight: Node) -> None:
        self.g, self.weight, self.floor = g, weight, given.floor
        self.a = steps + (0.5 - 0.5 * given.sign)
        self.away = steps - given.sign * given.off

    @property
    def total(self) -> Node:
        return self.weight


#: What of the counts of an index does not depend on ξ: of both sides the growth, and the weight without its power.
_KEPT = ("near_growth", "far_growth", "near", "far")


def _kept(what: str, index: Node, given: _Rule) -> Node:
    rises, k = given.sign > 0.0, given.floor
    is_near = what.startswith("near")
    after = index if is_near else index + 1.0
    up, down = _growth("above", k, after), _growth("below", k, after)
    g = where(rises, up, down) if is_near else where(rises, down, up)
    if what.endswith("growth"):
        return g
    if not is_near:
        g = g - (index + 2.0) * given.first
    below = k - after
    return _if_there(where(rises, *((1.0, below) if is_near else (below, 1.0))), exp(-given.nu * g))


def _side(what: str, steps: Node, given: _Rule, near: Node, far: Node) -> Node:
    """Sums of the distances from the mean, and of these times powers."""
    value = (steps - given.off) * near if what[:2] == "up" else (steps + given.off) * far
    return value * steps if what.endswith("slope") else value


def _of(what: str, index: Node, *fields: Node) -> Node:
    given = _Rule(*fields[: -len(_KEPT) - 2])
    if what in _KEPT:
        return _kept(what, index, given)
    near_g, far_g, near, far, power, other_power = fields[-len(_KEPT) - 2 :]
    steps, near, far = index + 2.0, near * power, far * other_power
    if what.startswith(("up", "down")):
        return _side(what, steps, given, near, far)
    up = given.sign * steps
    counts = _Count(given, up, near_g, near), _Count(given, -up, far_g, far)
    found: Node = getattr(counts[0], what) + getattr(counts[1], what)
    return found


def _step(fields: Sequence[Node], *sums: Node) -> tuple[Node, Node]:
    """A step of Newton's on log U − log D, nearly linear in log ξ, and by what part it changes ξ."""
    given, (up, down, up_slope, down_slope) = _Rule(*fields), sums
    nearer, other = (1.0 - given.off) * given.odds, (1.0 + given.off) * given.other
    # In units of D.
    unit = 1.0 / ((given.off + other) + down)
    above, rise, fall = (
        unit * value for value in (nearer + up, nearer + up_slope, other + down_slope)
    )
    # Half of log U/D and half of what log ξ changes by: each as it is of what is nearly 1.
    half = (1.0 - above) * above / ((1.0 + above) * (rise + above * fall))
    return given.odds * (half * (2.0 + half)), abs_(half)


def _powers(fields: Sequence[Node]) -> list[tuple[Node, Node]]:
    given = _Rule(*fields)
    return [(v * v, v) for v in (given.odds, given.other)]


_TERMS = Terms(
    ("needed", "m", "n"),
    _Rule._fields,
    _LONGEST,
    _rule,
    _of,
    Equation(
        "odds",
        _KEPT,
        ("up", "down", "up_slope", "down_slope"),
        _step,
        _SOLVED,
        _NEWTON,
    ),
    Powers(("power", "other_power"), _powers),
    Alike("floor", FLOORS),
)


class _Beside(dict[str, Node]):
    """The sums with the centre and its neighbours, which the terms leave out."""

    def __init__(self, given: _Rule, sums: Mapping[str, Node]) -> None:
        self.given, self.beyond = given, sums
        self.sign = sign = given.sign
        zero = constant(0.0)
        self.counts = (
            _Count(given, zero, zero, constant(1.0)),
            _Count(given, sign, zero, given.odds),
            _Count(given, -sign, given.first, given.other),
        )

    def __missing__(self, what: str) -> Node:
        off = self.given.off
        centre, near, far = (getattr(count, what) for count in self.counts)
        if what == "cube":  # nothing where the mean is the centre
            centre = self.sign * (off * ((1.0 - off) * (1.0 + off)))
            near = -self.sign * (self.given.odds * (1.0 - off)) * (off * (2.0 - off))
            far = -self.sign * (self.given.other * (1.0 + off)) * (off * (2.0 + off))
        self[what] = ((centre + near) + far) + self.beyond[what]
        return self[what]


class _Results(Results):
    """In units of the centre's probability."""

    def __init__(self, fields: Sequence[Node], sums: Mapping[str, Node]) -> None:
        self.given = given = _Rule(*fields)
        self.beyond = sums
        super().__init__(given.m, given.sign * log(given.odds), _Beside(given, sums))

    @property
    def rise(self) -> Node:
        """log(k + 1) less log(k + ½)"""
        return make("com_poisson_rise", self.given.floor)

    @property
    def level(self) -> Node:
        """The error of k!: of log(Y^Y e^−Y √2π), Y = k + ½."""
        return make("com_poisson_level", self.given.floor)

    @property
    def at_centre(self) -> Node:
        """−log p of the centre"""
        return log1p((self.given.odds + self.given.other) + self.beyond["total"])


#: All results, by their names.
RUNGS = series_of("few", _TERMS, _Results, (*SHARED, "at_centre", "rise", "level"))
