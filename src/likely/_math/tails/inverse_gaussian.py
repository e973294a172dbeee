r"""Atoms of both tails of InverseGaussian: their logarithms and derivatives, in u = log(m/y) and v = log(k/y).

With ρ = √(k/y), a = ρ (y/m − 1), b = ρ (y/m + 1) and the standard normal φ and Φ,

.. math:: F = \Phi(a) + e^{2k/m}\, \Phi(-b) = \varphi(a)\, (R(-a) + R(b)), \quad
          1 - F = \varphi(a)\, (R(a) - R(b))

where R(x) = Φ(−x)/φ(x) is Mills's ratio (Shuster, 1968, doi:10.1080/01621459.1968.10480942). Its reciprocal is
x + g(x), with g falling to 0, of which b − a = 2ρ leaves

- R(−a) + R(b) = (2ρ + g(−a) + g(b)) R(−a) R(b), all positive;
- R(a) − R(b) = 2ρ (1 − V) R(a) R(b), where 2ρV = g(a) − g(b): V is the mean of −g′ between a and b, less than ½.

In every derivative the leading terms have been cancelled by hand. With κ = k/m, the derivatives of F itself are
−2κ R(b) φ(a) in log m, and ρ (a − g(b)) R(b) φ(a) in log k.

A density given that y lies beyond a bound needs the tails over φ(a), the upper one over 2ρ as well: the parts called
mills. From the logarithm of a tail they leave −½ a² out, whose derivatives are ρya/m in log m and −½ a² in log k.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import factorial
from typing import Any

from likely._math.atoms import (
    HALF_LOG_2PI,
    Atom,
    Formula,
    inverse_mills,
    mills_gap,
    mills_variance,
    ndtr,
    register,
)
from likely._math.graph import (
    Expression,
    Node,
    abs_,
    exp,
    expm1,
    log,
    maximum,
    polynomial,
    where,
)
from likely._math.tails.between import _mean
from likely._math.tails.two_tails import Recent, TwoTails, register_tail

#: Of the series that holds for ρ and ρy/m below ½: the next is below rounding.
TERMS = 10
#: Where a is less, F is less than 0.62, and where it is not, 1 − F is less than 0.7.
TURN = -0.5


#: log y/m from which it is a itself, over ρ.
VAST = 600.0
#: a whose square is so large that 1 beside it is below rounding.
STEEP = 1e9


class _Ends:
    """ρ, a and b; of b also g, R and V."""

    def __init__(self, u: Expression, v: Expression) -> None:
        self.rho = exp(0.5 * v)
        #: ρy/m
        self.reach = exp(0.5 * v - u)
        # Of y/m a 1 is nothing where it may be beyond all numbers.
        vast = u < -VAST
        self.a = where(vast, self.reach, self.rho * expm1(-u))
        self.b = where(vast, self.reach, self.rho * (exp(-u) + 1.0))
        self.width = 2.0 * self.rho
        #: g(b) and b + g(b), the latter 1/R(b)
        self.g_b, self.rate_b = mills_gap(-self.b), inverse_mills(-self.b)

    @cached_property
    def turn_b(self) -> Node:
        """−b g′(b)"""
        return self.b * mills_variance(-self.b)

    @cached_property
    def flat(self) -> Node:
        """Whether a and b are so small that the series holds."""
        return maximum(self.rho, self.reach) < 0.5

    @cached_property
    def series(self) -> _Series:
        return _Series(*(where(self.flat, x, 0.0) for x in (self.rho, self.reach)))


class _Series:
    """log((R(a) − R(b))/2ρ) where it hardly moves with the shape: how it does, by powers of ρ.

    It is the logarithm of ∫ t e^(−t²/2 − ht) sinh(ρt)/(ρt) dt with h = ρy/m, in which nothing is subtracted.
    """

    def __init__(self, rho: Node, h: Node) -> None:
        self.h, square = h, rho * rho
        # ∫ tⁿ e^(−t²/2 − ht) dt
        moments: list[Node] = [1.0 / inverse_mills(-h)]
        moments.append(1.0 - h * moments[0])
        for n in range(1, 2 * TERMS + 1):
            moments.append(n * moments[n - 1] - h * moments[n])

        def total(more: int, moves: int) -> Node:
            """With tᵐᵒʳᵉ as a factor, and so often differentiated in log ρ."""
            return polynomial(
                square,
                [(2.0 * j) ** moves / factorial(2 * j + 1) * moments[2 * j + 1 + more] for j in range(TERMS)],
            )  # fmt: skip

        size = total(0, 0)
        #: The mean and the variance of t, and the slopes in log ρ of the logarithm and of the mean.
        self.mean, self.slope = total(1, 0) / size, total(0, 1) / size
        self.variance = total(2, 0) / size - self.mean * self.mean
        self.drift = total(1, 1) / size - self.mean * self.slope
        self.bend = total(0, 2) / size - self.slope * self.slope

    @cached_property
    def shape(self) -> Node:
        """In log k, by which both h and ρ move as its root does."""
        return 0.5 * (self.slope - self.h * self.mean)

    @cached_property
    def shape_2(self) -> Node:
        in_h = self.h * (self.h * self.variance - self.mean)
        return 0.25 * (in_h - 2.0 * self.h * self.drift + self.bend)


class _Lower:
    """F; its slope is −∂ log F/∂log m."""

    def __init__(self, ends: _Ends) -> None:
        self.ends = ends
        self.x = -ends.a
        self.g, self.rate = mills_gap(ends.a), inverse_mills(ends.a)
        self.both = self.g + ends.g_b
        self.sum = ends.width + self.both

    @cached_property
    def value(self) -> Node:
        return self.mills - 0.5 * self.x * self.x - HALF_LOG_2PI

    @cached_property
    def slope(self) -> Node:
        return self.ends.reach * (self.ends.width * (self.rate / self.sum))

    @cached_property
    def pull(self) -> Node:
        return 1.0 - self.ends.reach * (self.ends.rate_b * (self.both / self.sum))

    @cached_property
    def shape(self) -> Node:
        return -(self.x + self.ends.g_b) * self._weight

    @cached_property
    def _weight(self) -> Node:
        return self.rate * (self.ends.rho / self.sum)

    @cached_property
    def _more(self) -> Node:
        ends = self.ends
        return ends.b * self.x * self.both + ends.width * self.g * ends.g_b

    @cached_property
    def rise(self) -> Node:
        return 1.0 - 0.5 * (self.ends.g_b * self.ends.b) + 0.5 * (self._more / self.sum)

    @cached_property
    def shape_2(self) -> Node:
        ends = self.ends
        own = (self.x + ends.g_b) * (self.rise - 0.5)
        return -self._weight * (own + 0.5 * (self.x - ends.turn_b))

    # --- F/φ(a) -----------------------------------------------------------------------------------

    @cached_property
    def mills(self) -> Node:
        return log(self.sum) - log(self.rate) - log(self.ends.rate_b)

    @cached_property
    def _step(self) -> Node:
        """b − x"""
        return 2.0 * self.ends.reach

    @cached_property
    def _bent(self) -> Node:
        """b g(x) − x g(b) over b − x, with the mean of −g′ between the two."""
        narrow = _mean(lambda t: mills_variance(-self.x - t), self._step)
        apart = self._step < 0.5 * (1.0 + abs_(self.x))
        fall = where(apart, narrow, (self.g - self.ends.g_b) / self._step)
        return self.g + self.x * fall

    @cached_property
    def mills_slope(self) -> Node:
        """In log m."""
        return -self.ends.reach * (self._step * (self._bent / self.sum))

    @cached_property
    def mills_shape(self) -> Node:
        return -0.5 * (self._more / self.sum)

    @cached_property
    def mills_slope_2(self) -> Node:
        ends = self.ends
        share = (ends.width / self.sum) * self.rate * (ends.rate_b / self.sum) * self.both
        return -self.mills_slope + ends.reach * (ends.reach * (1.0 - share))

    # x, b, their sum and their difference grow by half in log k, and g(x) falls by half of −x g′(x).

    @cached_property
    def _turn(self) -> Node:
        """−x g′(x)"""
        return self.x * mills_variance(-self.x)

    @cached_property
    def _sum_shape(self) -> Node:
        return 0.5 * (self.ends.width - (self._turn + self.ends.turn_b))

    @cached_property
    def mills_cross(self) -> Node:
        turn, turn_b = self._turn, self.ends.turn_b
        bent = -0.5 * (turn * self._step + self.x * (turn - turn_b))
        moved = (bent - self._step * (self._bent / self.sum * self._sum_shape)) / self.sum
        return self.mills_slope - self.ends.reach * moved

    @cached_property
    def mills_shape_2(self) -> Node:
        g, g_b, turn, turn_b = self.g, self.ends.g_b, self._turn, self.ends.turn_b
        more = self.ends.b * self.x * (self.both - 0.5 * (turn + turn_b))
        more = more + 0.5 * self.ends.width * (g * g_b - turn * g_b - g * turn_b)
        return -0.5 * ((more - self._more / self.sum * self._sum_shape) / self.sum)


class _Upper:
    """1 − F; its slope is ∂ log(1 − F)/∂log m."""

    def __init__(self, ends: _Ends) -> None:
        self.ends = ends
        self.a = a = ends.a
        self.g, self.rate = mills_gap(-a), inverse_mills(-a)
        narrow = _mean(lambda x: mills_variance(-a - x), ends.width)
        apart = ends.width < 0.5 * (1.0 + abs_(a))
        #: V
        self.turn = where(apart, narrow, (self.g - ends.g_b) / ends.width)
        self.rest = 1.0 - self.turn
        #: a V, where V may be below all numbers: 1/b, but for its third power
        self.lean = where(a > STEEP, ends.g_b, a * self.turn)

    @cached_property
    def value(self) -> Node:
        return log(self.ends.width) + self.mills - 0.5 * self.a * self.a - HALF_LOG_2PI

    @cached_property
    def slope(self) -> Node:
        return self.ends.reach * (self.rate / self.rest)

    @cached_property
    def pull(self) -> Node:
        return 1.0 + self.ends.reach * self.turn * (self.rate / self.rest + self.ends.width)

    @cached_property
    def _weight(self) -> Node:
        return 0.5 * self.rate / self.rest

    @cached_property
    def shape(self) -> Node:
        return (self.ends.g_b - self.a) * self._weight

    @cached_property
    def rise(self) -> Node:
        ends = self.ends
        more = self.a * (ends.b * self.turn) - self.g * ends.g_b
        return 1.0 - 0.5 * (ends.g_b * ends.b) + 0.5 * (more / self.rest)

    @cached_property
    def shape_2(self) -> Node:
        ends = self.ends
        own = (self.a - ends.g_b) * (self.rise - 0.5)
        far = -self._weight * (own + 0.5 * (self.a + ends.turn_b))
        return where(ends.flat, ends.series.shape_2 - 0.5 * self.a * self.a, far)

    # --- (1 − F)/φ(a) over 2ρ ---------------------------------------------------------------------

    @cached_property
    def mills(self) -> Node:
        return log(self.rest) - log(self.rate) - log(self.ends.rate_b)

    @cached_property
    def mills_slope(self) -> Node:
        """In log m."""
        return self.ends.reach * ((self.g + self.lean) / self.rest)

    @cached_property
    def mills_shape(self) -> Node:
        own = self.ends.g_b * self.rate - self.a * (self.g + self.lean)
        return where(self.ends.flat, self.ends.series.shape, 0.5 * (own / self.rest - 1.0))

    @cached_property
    def mills_slope_2(self) -> Node:
        ends, ratio = self.ends, self.rate / self.rest
        more = self.turn * ratio * (ratio + ends.width) - 1.0
        return -self.mills_slope - ends.reach * (ends.reach * more)

    @cached_property
    def mills_cross(self) -> Node:
        return self.mills_slope + self.slope * (self.rise - 1.0)

    @cached_property
    def mills_shape_2(self) -> Node:
        far = self.shape_2 + 0.5 * self.a * self.a
        return where(self.ends.flat, self.ends.series.shape_2, far)


class _Tails(TwoTails):
    """F, which grows as m falls, and 1 − F."""

    def __init__(self, u: Expression, v: Expression) -> None:
        ends = _Ends(u, v)
        self.grows = ends.a < TURN
        self._lower, self._upper = _Lower(ends), _Upper(ends)

    def compute(self, part: str) -> Node:
        return where(self.grows, getattr(self._lower, part), getattr(self._upper, part))


def _place(in_location: Any, in_shape: Any) -> tuple[Any, ...]:
    return -in_location, in_shape


def _beyond(u: Node, v: Node) -> Node:
    """e^(2k/m) Φ(−b)"""
    return exp(2.0 * exp(v - u)) * ndtr(-exp(0.5 * v) * (exp(-u) + 1.0))


def _end(u: Node, v: Node) -> Node:
    """a"""
    return exp(0.5 * v) * (exp(-u) - 1.0)


_tails = Recent(_Tails)

log_inverse_gaussian_lower, _ = register_tail(
    "inverse_gaussian_lower",
    _tails,
    True,
    _place,
    lambda u, v: log(ndtr(_end(u, v)) + _beyond(u, v)),
)
log_inverse_gaussian_upper, _ = register_tail(
    "inverse_gaussian_upper",
    _tails,
    False,
    _place,
    lambda u, v: log(ndtr(-_end(u, v)) - _beyond(u, v)),
)


# --- The tails over φ(a). ------------------------------------------------------------------------


def _over_density(side: str, definition: Callable[[Node, Node], Node]) -> Atom:
    """The atom of a tail's mills, with those of its derivatives in log m and log k."""
    name = f"inverse_gaussian_{side}_mills"

    def part(which: str) -> Formula:
        return lambda u, v: getattr(_sides(u, v)[side], which)

    bend, cross, shape_2 = (
        register(f"{name}_{which}", expansion=part(f"mills_{which}"))
        for which in ("slope_2", "cross", "shape_2")
    )
    slope = register(
        f"{name}_slope",
        lambda u, v, out: (bend(u, v), cross(u, v)),
        expansion=part("mills_slope"),
    )
    shape = register(
        f"{name}_shape",
        lambda u, v, out: (cross(u, v), shape_2(u, v)),
        expansion=part("mills_shape"),
    )
    return register(
        f"log_{name}",
        lambda u, v, out: (slope(u, v), shape(u, v)),
        definition,
        part("mills"),
    )


def _both_sides(u: Node, v: Node) -> dict[str, Any]:
    ends = _Ends(u, v)
    return {"lower": _Lower(ends), "upper": _Upper(ends)}


_sides = Recent(_both_sides)

log_lower_mills = _over_density(
    "lower",
    lambda u, v: (
        log(ndtr(_end(u, v)) + _beyond(u, v)) + 0.5 * _end(u, v) * _end(u, v) + HALF_LOG_2PI
    ),
)
log_upper_mills = _over_density(
    "upper",
    lambda u, v: (
        log(ndtr(-_end(u, v)) - _beyond(u, v))
        + 0.5 * _end(u, v) * _end(u, v)
        + HALF_LOG_2PI
        - log(2.0)
        - 0.5 * v
    ),
)
