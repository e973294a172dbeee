r"""r of ``density.py`` where ν is large and several numbers of amounts matter: an integral, and waves on it.

By Poisson's summation a sum over whole j is one of integrals over real j, of its terms times :math:`e^{2\pi ijk}`. That
of k is that of 0 with v + iθ for v = log V, :math:`\theta = 2\pi k/(1 + \nu)`. With ρ for the r of an integral,

.. math:: r = \rho + \log T, \quad T = 1 + 2 \sum_{k \ge 1} \mathrm{Re}\, e^{E_k}, \quad
          E_k = (1 + \nu) J (e^{i\theta} - 1) + \tfrac12 i\theta + \rho(v + i\theta) - \rho(v),

of which the size is about :math:`e^{-2 (\pi k \sigma)^2}`, σ² = V/ν, and the phase about 2πk times the way from J to a
whole number. In slopes nothing cancels, where those of a sum over j are (1 + ν) times what is left of E j − J:

.. math:: r_a = \rho_a + L_a, \quad L_a = 2 \sum \mathrm{Re}\, e^E E_a / T, \qquad
          r_{ab} = \rho_{ab} + 2 \sum \mathrm{Re}\, e^E (E_a E_b + E_{ab}) / T - L_a L_b.

What of E goes with (1 + ν) J is written with J, or with σ² = J/(1 + ν), and two functions of θ² that are near 1/6 and
1/24: no ν is too large for them.

Source: Wright (1935), doi:10.1112/jlms/s1-10.40.286, for the saddle-points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from likely._math.atoms.circle import cos, sin
from likely._math.compound_poisson import expansion
from likely._math.graph import Expression, Node, exp, floor, log1p, minimum, polynomial, sqrt
from likely._math.series import Series, Terms

#: With this σ², or a larger one, three waves matter at most.
_LEAST_VARIANCE, _MOST = 1.0 / 6.0, 3
#: Waves below e^−38 of the first are left out.
_DEPTH = 38.0
#: (θ − sin θ)/θ³ and (cos θ − 1 + ½ θ²)/θ⁴, of θ²
_SINE = tuple((-1.0) ** n / math.factorial(2 * n + 3) for n in range(7))
_COSINE = tuple((-1.0) ** n / math.factorial(2 * n + 4) for n in range(7))
#: So many powers of 1/V of what ρ differs by between v and v + iθ, which is θ times smaller than ρ.
_POWERS = 5
_ARGUMENTS = ("needed", "log_v", "of_x", "of_j", "log_j")


def has_waves(log_v: Expression, log_nu: Expression) -> Node:
    """Whether r, where it is no polynomial, is what is here."""
    variance = log_v - log_nu - math.log(_LEAST_VARIANCE)
    return minimum(log_v - math.log(expansion.LEAST), variance) >= 0.0


class _Fields(NamedTuple):
    """How many waves; J, the way from it to a whole number, σ², s = ν/(1 + ν) as ``of_x``, 1 − s as ``of_j``, 1/V."""

    terms: Node
    expected: Node
    gap: Node
    variance: Node
    of_x: Node
    of_j: Node
    u: Node

    @property
    def c(self) -> Node:
        return self.of_x * self.of_j

    @property
    def c_n(self) -> Node:
        return self.c * (self.of_j - self.of_x)

    @property
    def c_n_n(self) -> Node:
        turn = self.of_j - self.of_x
        return self.c * (turn * turn - 2.0 * self.c)

    def rho(self, of_v: int, of_c: int) -> Node:
        """ρ, or its derivatives in v and c."""
        return _sum(expansion.terms(self.u, self.c, of_v, of_c))


def _sum(terms: Sequence[Node]) -> Node:
    """From the last, which is the smallest."""
    total = terms[-1]
    for term in reversed(terms[:-1]):
        total = total + term
    return total


def _fields(log_v: Node, of_x: Node, of_j: Node, log_j: Node) -> _Fields:
    expected = exp(log_j)
    variance = expected * of_j
    waves = floor(sqrt(1.0 + _DEPTH / (2.0 * math.pi**2) / variance))
    return _Fields(
        minimum(waves, float(_MOST)),
        expected,
        floor(expected + 0.5) - expected,
        variance,
        of_x,
        of_j,
        exp(-log_v),
    )


class _Complex(NamedTuple):
    re: Expression
    im: Expression

    def plus(self, other: _Complex) -> _Complex:
        return _Complex(self.re + other.re, self.im + other.im)

    def times(self, other: _Complex) -> _Complex:
        return _Complex(
            self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re
        )

    def scaled(self, factor: Expression) -> _Complex:
        return _Complex(factor * self.re, factor * self.im)

    def turned(self, angle: Expression) -> _Complex:
        """i · angle times it"""
        return _Complex(-(angle * self.im), angle * self.re)


class _Wave:
    """e^E of one k, and what derivatives of E in v and n = log ν multiply it by."""

    def __init__(self, index: Expression, given: _Fields) -> None:
        self.given = given
        self.turns = 2.0 * math.pi * (index + 1.0)
        self.theta = self.turns * given.of_j
        self.square = self.theta * self.theta
        self.sine, self.cosine = (polynomial(self.square, c) for c in (_SINE, _COSINE))
        # (1 − cos θ)/θ²
        self.half = 0.5 - self.square * self.cosine
        self.cos = 1.0 - self.square * self.half
        # sin θ/θ
        self.ratio = 1.0 - self.square * self.sine
        self.wide = given.variance * self.turns
        self.fall = self.wide * self.turns * self.half
        away = self._apart(0, 0)
        phase = 0.5 * self.theta - self.turns * given.gap + away.im
        phase = phase - self.wide * self.turns * (self.theta * self.sine)
        size = exp(away.re - self.fall)
        self.value = _Complex(size * cos(phase), size * sin(phase))

    @cached_property
    def _powers(self) -> list[_Complex]:
        """e^(−imθ) of m = 1, 2, …"""
        one = _Complex(self.cos, -(self.theta * self.ratio))
        found = [one]
        for _ in range(1, _POWERS):
            found.append(found[-1].times(one))
        return found

    def _rho(self, of_v: int, of_c: int, less: float = 0.0) -> _Complex:
        """ρ at v + iθ, or its derivatives, less so many times those at v"""
        weights = expansion.terms(self.given.u, self.given.c, of_v, of_c, _POWERS)
        # The first powers of 1/V have no high one of c.
        powers = self._powers[_POWERS - len(weights) :]
        return _Complex(
            _sum([w * (power.re - less) for w, power in zip(weights, powers, strict=True)]),
            _sum([w * power.im for w, power in zip(weights, powers, strict=True)]),
        )

    def _apart(self, of_v: int, of_c: int) -> _Complex:
        return self._rho(of_v, of_c, 1.0)

    # --- (1 + ν) J (e^iθ − 1) and its derivatives: in v it is its own ------------------------------

    @property
    def _rise(self) -> _Complex:
        return _Complex(-self.fall, self.given.expected * self.turns * self.ratio)

    @property
    def _rise_n(self) -> _Complex:
        # (sin θ − θ cos θ)/θ³ is half − sine, and (2 − 2 cos θ − θ sin θ)/θ⁴ what is below.
        fourth = self.square * (self.sine - 2.0 * self.cosine)
        return _Complex(
            self.wide * self.turns * (self.half - self.given.of_x * fourth),
            self.wide * self.turns * (self.theta * (self.half - self.sine))
            - self.wide * (2.0 * self.ratio - self.cos),
        )

    @property
    def _rise_n_n(self) -> _Complex:
        s, third = self.given.of_x, self.half - self.sine
        fourth = self.square * (self.sine - 2.0 * self.cosine)
        even = s * s * (self.square * third - fourth) + s * fourth - self.half
        odd = self.theta * (s * s * (2.0 * third - self.ratio) - third)
        return _Complex(
            self.wide * self.turns * even,
            self.wide * self.turns * odd + self.wide * (2.0 * self.ratio - self.cos),
        )

    # --- those of E --------------------------------------------------------------------------------

    @property
    def _theta_n(self) -> Node:
        return -(self.given.of_x * self.theta)

    @cached_property
    def v(self) -> _Complex:
        return self._rise.plus(self._apart(1, 0))

    @cached_property
    def n(self) -> _Complex:
        found = self._rise_n.plus(self._apart(0, 1).scaled(self.given.c_n))
        return found.plus(self._turning)

    @property
    def _turning(self) -> _Complex:
        """What the slope of θ in n does"""
        slope = self._rho(1, 0)
        return _Complex(0.5 + slope.re, slope.im).turned(self._theta_n)

    @property
    def v_v(self) -> _Complex:
        return self._rise.plus(self._apart(2, 0))

    @property
    def v_n(self) -> _Complex:
        found = self._rise_n.plus(self._apart(1, 1).scaled(self.given.c_n))
        return found.plus(self._rho(2, 0).turned(self._theta_n))

    @property
    def n_n(self) -> _Complex:
        given, slope = self.given, self._theta_n
        found = self._rise_n_n.plus(self._apart(0, 1).scaled(given.c_n_n))
        found = found.plus(self._apart(0, 2).scaled(given.c_n * given.c_n))
        found = found.plus(self._rho(1, 1).scaled(2.0 * given.c_n).turned(slope))
        found = found.plus(self._rho(2, 0).turned(slope).turned(slope))
        # θ's second derivative is (1 − 2s) times −s θ, of which −sθ was the slope.
        return found.plus(self._turning.scaled(given.of_j - given.of_x))


def _value(what: str, index: Node, *fields: Node) -> Node:
    """The values of terms: 2 Re e^E, and that times what else is summed."""
    wave = _Wave(index, _Fields(*fields))
    if what == "total":
        return 2.0 * wave.value.re
    if what in ("v", "n"):
        return 2.0 * wave.value.times(getattr(wave, what)).re
    a, b = what.split("_")
    # (e^E E_a) E_b: a square of a slope may be beyond all numbers.
    square = wave.value.times(getattr(wave, a)).times(getattr(wave, b))
    return 2.0 * square.plus(wave.value.times(getattr(wave, what))).re


_TERMS = Terms(_ARGUMENTS, _Fields._fields, _MOST, lambda needed, *given: _fields(*given), _value)


def _integral(given: _Fields) -> dict[str, Node]:
    """ρ and its derivatives"""
    return {
        "value": given.rho(0, 0),
        "by_v": given.rho(1, 0),
        "by_n": given.c_n * given.rho(0, 1),
        "v_v": given.rho(2, 0),
        "v_n": given.c_n * given.rho(1, 1),
        "n_n": given.c_n_n * given.rho(0, 1) + given.c_n * given.c_n * given.rho(0, 2),
    }


def _series(what: str, wanted: tuple[str, ...], inside: Callable[..., Node]) -> Callable[..., Node]:
    """What the integral is, and ``inside(total, *moments)``."""

    def result(fields: Sequence[Node], *sums: Node) -> Node:
        return _integral(_Fields(*fields))[what] + inside(*sums)

    return Series(f"compound_poisson_waves_{what}", _TERMS, ("total", *wanted), result)


def _of_one(total: Node, slope: Node) -> Node:
    return slope / (1.0 + total)


def _of_both(total: Node, square: Node, a: Node, b: Node) -> Node:
    more = 1.0 + total
    return square / more - (a / more) * (b / more)


_OF = {
    "value": _series("value", (), log1p),
    "by_v": _series("by_v", ("v",), _of_one),
    "by_n": _series("by_n", ("n",), _of_one),
    "v_v": _series("v_v", ("v_v", "v"), lambda total, square, a: _of_both(total, square, a, a)),
    "v_n": _series("v_n", ("v_n", "v", "n"), _of_both),
    "n_n": _series("n_n", ("n_n", "n"), lambda total, square, a: _of_both(total, square, a, a)),
}


def by_waves(what: str, *given: Expression) -> Node:
    """r, or a derivative of it, of log V, s, 1 − s and log J."""
    return _OF[what](*given)
