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
from functools import cached_property
from typing import NamedTuple

from likely._math.com_poisson.growth import COUNTS, FLOORS
from likely._math.com_poisson.moments import SHARED, Moments, Results, series_of
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
    minimum,
    polynomial,
    sqrt,
    where,
)
from likely._math.series import Alike, Equation, Powers, Terms

#: Counts below e^−34 of the first one beyond both neighbours are left out: that is all of what grows.
_DEPTH = 34.0
#: A side has so many counts at most beside the first one: of the other side there is one more.
_LONGEST = COUNTS - 1
#: The largest ν: Q is to be above 0.
MOST_NU = 1000.0
#: e to less than minus that is subnormal, which takes long.
_MOST = 708.0
#: νg₁ from which three counts say about what ξ is, and below which a bell does: e to between −``_FEW``/2 and 0, by a
#: polynomial.
_FEW = 3.0
_MIDDLE = _FEW / 4.0
_BELL = [math.exp(-_MIDDLE) / math.factorial(k) for k in range(5)]
#: Steps of Newton's method at most, and where it ends: what is left is less than a tenth of the square of that. First
#: guesses are the better the fewer terms there are: one term takes one step, two take two, and more three.
_NEWTON = 6
_SOLVED = 1e-8
_STEPS = 3


def serves(m: Node, n: Node) -> Node:
    """Whether there are few enough counts, where no patch serves and ν is not below 1."""
    inside = where(m < float(FLOORS), where(n <= MOST_NU, 1.0, 0.0), 0.0)
    return where(n >= 1.0, inside, 0.0) > 0.0


class _Rule(NamedTuple):
    """What a row's sum needs."""

    terms: Node
    floor: Node  # k
    sign: Node  # 1 where k is the centre, −1 where k + 1 is
    near_place: Node  # where the table has g of the first count beyond the nearer neighbour
    far_place: Node  # and of the second one on the other side
    first: Node  # g₁ of the other side
    m: Node
    fall: Node  # −ν
    off: Node  # ε
    odds: Node  # ξ
    other: Node  # f
    unit: Node  # about 1/D, where that is beyond squares and cubes


def _growth(place: Node) -> Node:
    return make("com_poisson_growth", place)


def _rule(needed: Node, m: Node, n: Node) -> _Rule:
    k = floor(m)
    part, x = m - k, k + 1.0
    rises = part <= 0.5
    sign, off = where(rises, 1.0, -1.0), where(rises, part, 1.0 - part)
    middle = COUNTS * (2.0 * k + 0.5)
    near, far = middle - (0.5 * COUNTS) * sign, middle + (0.5 * COUNTS) * sign
    first = _growth(far)
    fall = n * first
    both = where(fall < _MOST, exp(-minimum(fall, _MOST)), 0.0)

    # Of three counts ξ is the root of (1 − ε) ξ = ε + (1 + ε) Q/ξ.
    few = fall > _FEW
    share = 2.0 * (1.0 - off)
    twice = off + sqrt(off * off + (2.0 * share) * ((1.0 + off) * both))
    bell = polynomial((off - 0.5) * fall + _MIDDLE, _BELL)
    # One division for ξ and f.
    inverse = 1.0 / where(few, share * twice, bell)
    # x ``ahead`` of depth/x
    depth = _DEPTH / n + 1.0 / x
    reach = (1.0 / 3.0) * depth + sqrt((1.0 / 9.0) * depth * depth + 2.0 * depth * x)
    return _Rule(
        terms=maximum(floor(reach - 0.5), 1.0),
        floor=k,
        sign=sign,
        near_place=near,
        far_place=far + 1.0,
        first=first,
        m=m,
        fall=-n,
        off=off,
        odds=where(few, twice * inverse * twice, bell),
        other=both * where(few, share * inverse * share, inverse),
        unit=where(few, 2.0 * share * inverse, 1.0),
    )


class _Count(Moments):
    """A count by its steps from the centre upwards."""

    def __init__(self, given: _Rule, steps: Node, g: Node, weight: Node) -> None:
        self.g, self.weight, self.floor = g, weight, given.floor
        self.a = steps + (0.5 - 0.5 * given.sign)
        self.away = steps - given.sign * given.off
        self.beyond, self.off = -given.sign * steps, given.off

    @property
    def total(self) -> Node:
        return self.weight

    @property
    def excess_square(self) -> Node:
        """What V − ε (1 − ε) is the mean of, nothing of the centre and its neighbour; u is −1 there."""
        return self.weight * self.beyond * (self.beyond + 1.0)

    @property
    def excess_cube(self) -> Node:
        """(u + ε)² (u + 1)"""
        away = self.beyond + self.off
        return self.weight * (away * away) * (self.beyond + 1.0)


#: Of the counts of an index, on both sides, g and the weights without the powers of ξ and f.
_KEPT = ("near_growth", "far_growth", "near", "far")


def _kept(what: str, index: Node, given: _Rule) -> Node:
    near = what.startswith("near")
    g = _growth((given.near_place if near else given.far_place) + index)
    if what.endswith("growth"):
        return g
    return exp(given.fall * (g if near else g - (index + 2.0) * given.first))


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


def _step(fields: Sequence[Node], *sums: Node) -> tuple[Node, Node, Node]:
    """A step of Newton's on log U − log D, nearly linear in log ξ: by how much it changes ξ and f, and by what part."""
    given, (up, down, up_slope, down_slope) = _Rule(*fields), sums
    nearer, other = (1.0 - given.off) * given.odds, (1.0 + given.off) * given.other
    above, below, rise, fall = (
        given.unit * value
        for value in (
            nearer + up,
            (given.off + other) + down,
            nearer + up_slope,
            other + down_slope,
        )
    )
    # ξ is multiplied by (1 + h)/(1 − h), of h = part/whole, which is e^2h to h²: one division for this and its inverse.
    part = (below - above) * (above * below)
    whole = (below + above) * (rise * below + above * fall)
    more, less = whole + part, whole - part
    inverse = 1.0 / (more * less)
    change = 2.0 * part * inverse
    changes = given.odds * (change * more), -(given.other * (change * less))
    return *changes, abs_(change * more)


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
        ("odds", "other"),
        _KEPT,
        ("up", "down", "up_slope", "down_slope"),
        _step,
        _SOLVED,
        _NEWTON,
    ),
    Powers(("power", "other_power"), _powers),
    Alike(alone=True, steps=_STEPS),
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

    @cached_property
    def _inverse(self) -> Node:
        """Of all that is divided by: divisions take the longest."""
        return 1.0 / (self.sums["total"] * self.square)

    @property
    def scale(self) -> Node:
        return self.square * self._inverse

    @property
    def precision(self) -> Node:
        total = self.sums["total"]
        return total * (total * self._inverse)

    @property
    def slope(self) -> Node:
        return self.line * (self.sums["total"] * self._inverse)

    @property
    def at_centre_bow(self) -> Node:
        """1 + (c − m) κ₃/V² of the centre c, of which nothing is left where V is as small as ε.

        With u from −1 at the nearer neighbour, V + ε (u + ε) is V − ε (1 − ε), the mean of u (u + 1), and ε (u + 1).
        """
        sums, off = self.sums, self.given.off
        each = sums["total"] / self.square
        return (sums["excess_square"] + off * (sums["excess_cube"] * each)) / self.square

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
RUNGS = series_of("few", _TERMS, _Results, (*SHARED, "at_centre", "at_centre_bow", "rise", "level"))
