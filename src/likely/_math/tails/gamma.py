"""Atoms of both tails of Gamma: the logarithms of the incomplete gamma functions and their derivatives.

In the coordinates t = log(x/k) and log k, in which a Gamma's mean and shape are orthogonal. With
p = xᵏ e⁻ˣ/Γ(k), the density of log x:

- below the mode, P(k, x) = p ∫ e^−h ds over s > 0, h = k s − x (1 − e^−s)
- above the mode, Q(k, x) = p ∫ e^−h ds over s > 0, h = x (eˢ − 1) − k s

Both h are convex and proportional to k at fixed t, so that with T the integral, ∂ log P/∂t = 1/T,
∂ log T/∂log k = −E[h], ∂E[h]/∂log k = E[h] − Var[h], and ∂ log T/∂t = −E[∂h/∂t], means under e^−h. The
larger of the two tails follows from the smaller. Where x and k are both below 1, P is nearly 1 and
comes from its series instead, each term of which but the first has the factor k.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, reduce
from math import factorial
from operator import add
from typing import Any

from likely._math.atoms import (
    ATOMS,
    Atom,
    expm1mx,
    gamma_deviance,
    gamma_exponential,
    gamma_slope,
    gammainc,
    gammaincc,
    log1mexp,
    log_factorial_error,
    log_factorial_error_1,
    register,
    stirling,
    stirling_curve,
    stirling_error_2,
    stirling_slope,
)
from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    exp,
    expm1,
    log,
    log1p,
    minimum,
    polynomial,
    sqrt,
    where,
)
from likely._math.quadrature import DROP, EVEN, Tail
from likely._math.special import EXPM1MX
from likely._math.tails.intervals import log_between
from likely._math.tails.two_tails import Recent, TwoTails, register_tail

#: Terms of the series at x ≤ 1: the next is 1/18!.
_TERMS = 18
#: Where products of x with lengths of the integral still have room.
_LARGE = 1e290


def _log_density(t: Expression, k: Expression, log_k: Expression) -> Node:
    """log p"""
    return 0.5 * log_k - 0.5 * log(2.0 * PI) - stirling(k, log_k) - gamma_deviance(t, k, log_k)


class _Series:
    """log P = k log x − log Γ(1 + k) + log M, M = Σ (−x)ⁿ/n! · k/(n + k), for x < 1 and k < 1."""

    def __init__(self, t: Expression, k: Expression, x: Node) -> None:
        self.t, self.k, self.x = t, k, x
        # 1 − M = k x Y with Y = Σ (−x)ⁿ/((n + 1)! (n + 1 + k)).
        self.gap = k * x * self._sum(lambda n: 1.0 / ((n + 1.0) * (n + 1.0 + k)))
        self.m = 1.0 - self.gap

    def _sum(self, factor: Callable[[float], Node]) -> Node:
        """Σ (−x)ⁿ/n! · factor(n)"""
        terms = [factor(float(n)) / factorial(n) * (-1.0) ** n for n in range(_TERMS)]
        return polynomial(self.x, terms)

    @cached_property
    def value(self) -> Node:
        """log P"""
        return self.k * (1.0 + self.t) - log_factorial_error(self.k) + log1p(-self.gap)

    @cached_property
    def slope(self) -> Node:
        """p/P"""
        return self.k * exp(-self.x) / self.m

    @cached_property
    def pull(self) -> Node:
        """k − x − p/P"""
        k = self.k
        return -self.x * self._sum(lambda n: k / ((n + k) * (n + 1.0 + k))) / self.m

    @cached_property
    def _first(self) -> Node:
        """∂ log M/∂log k at fixed x"""
        return self._sum(lambda n: self.k * n / ((n + self.k) * (n + self.k))) / self.m

    @cached_property
    def _second(self) -> Node:
        """∂²M/∂(log k)² at fixed x, over M"""
        k = self.k
        return self._sum(lambda n: k * n * (n - k) / ((n + k) * (n + k) * (n + k))) / self.m

    @cached_property
    def rise(self) -> Node:
        """∂ log(p/P)/∂log k"""
        return 1.0 - self._first + self.pull

    @cached_property
    def _logarithm(self) -> Node:
        """k (log x − ψ(1 + k))"""
        return self.k * (self.t - log_factorial_error_1(self.k))

    @cached_property
    def shape(self) -> Node:
        """∂ log P/∂log k"""
        return self._logarithm + self._first + self.slope

    @cached_property
    def shape_2(self) -> Node:
        k = self.k
        z = 1.0 + k
        trigamma = stirling_error_2(z) + (1.0 + 0.5 / z) / z
        own = self._logarithm - k * k * trigamma + self._second - self._first * self._first
        return own + self.slope * (2.0 - 2.0 * self._first + self.pull)

    # --- Of log M, as small as k x. ---------------------------------------------------------------

    @cached_property
    def rest(self) -> Node:
        """log M"""
        return log1p(-self.gap)

    @cached_property
    def rest_slope(self) -> Node:
        """∂ log M/∂t"""
        return self.k * (expm1(-self.x) + self.gap) / self.m

    @cached_property
    def rest_shape(self) -> Node:
        """∂ log M/∂log k"""
        return self._first + self.rest_slope

    @cached_property
    def rest_slope_2(self) -> Node:
        return self.slope * self.pull

    @cached_property
    def rest_cross(self) -> Node:
        return self.rest_slope + self.slope * (self.pull - self._first)

    @cached_property
    def rest_shape_2(self) -> Node:
        own = self._second - self._first * self._first + 2.0 * self.rest_slope
        return own + self.slope * (self.pull - 2.0 * self._first)


class _Integral:
    """The tail that begins at x and leads away from the mode."""

    def __init__(self, t: Expression, k: Expression, log_k: Expression, x: Node) -> None:
        self.t, self.k, self.log_k = t, k, log_k
        self.x = x = minimum(x, _LARGE)
        self.below = t < 0.0
        # h begins with this slope, times s.
        self.gap = gap = minimum(gamma_slope(t, k, log_k), _LARGE)
        down, up = self._reaches(gap)
        reach = where(self.below, -down, up)
        near = where(self.below, down, up) < 0.26

        def rest(v: Node) -> Node:
            """eᵛ − 1 − v"""
            return where(near, v * v * polynomial(v, EXPM1MX), expm1(v) - v)

        self.tail = Tail(reach, lambda v: gap * v + x * rest(v))

    def _reaches(self, gap: Node) -> tuple[Node, Node]:
        """Where h is at least ``DROP``, below and above the mode: close bounds."""
        # s − 1 + e^−s ≥ s²/(2 + s) leaves a quadratic equation; k − x is −gap.
        root = sqrt(self.k)
        ahead = (-2.0 * gap - DROP) / root
        down = 4.0 * DROP / root / (ahead + sqrt(ahead * ahead + 8.0 * DROP))
        # eˢ − 1 − s ≥ s²/2, and eˢ ≥ 1 + s + DROP/x.
        root = sqrt(self.x)
        ahead = gap / root
        up = 2.0 * DROP / root / (ahead + sqrt(ahead * ahead + 2.0 * DROP))
        for _ in range(2):
            up = minimum(up, log1p(DROP / self.x + up))
        return down, up

    @cached_property
    def size(self) -> Node:
        """T"""
        return where(self.below, -self.tail.size, self.tail.size)

    @cached_property
    def value(self) -> Node:
        """log of the tail"""
        return _log_density(self.t, self.k, self.log_k) + log(self.size)

    @cached_property
    def slope(self) -> Node:
        """1/T"""
        return 1.0 / self.size

    @cached_property
    def pull(self) -> Node:
        """E[∂h/∂t]"""
        return self.x * self.tail.mean(expm1)

    @cached_property
    def rise(self) -> Node:
        """∂ log(1/T)/∂log k"""
        return self.tail.height

    @cached_property
    def shape(self) -> Node:
        """∂ log of the tail/∂log k"""
        deviance = gamma_deviance(self.t, self.k, self.log_k)
        return (0.5 - self.rise) - stirling_slope(self.k, self.log_k) - deviance

    @cached_property
    def shape_2(self) -> Node:
        deviance = gamma_deviance(self.t, self.k, self.log_k)
        own = stirling_curve(self.k, self.log_k) + deviance
        return (self.tail.spread - self.rise) - own


class _Tails(TwoTails):
    """P(k, x), which grows in t, and Q(k, x)."""

    def __init__(self, t: Expression, k: Expression, log_k: Expression) -> None:
        x = gamma_exponential(t, k)
        self._small = small = where(x < 1.0, k < 1.0, x < 1.0)
        self._series, self._integral = _Series(t, k, x), _Integral(t, k, log_k, x)
        self.grows = where(small, x < 1.0, t < 0.0)

    def compute(self, part: str) -> Node:
        return where(self._small, getattr(self._series, part), getattr(self._integral, part))


# --- The atoms. ----------------------------------------------------------------------------------


_tails = Recent(_Tails)


def _place(in_t: Any, in_log_k: Any) -> tuple[Any, ...]:
    return in_t, 0.0, in_log_k


def _pull_rule(t: Node, k: Node, log_k: Node, out: Node) -> tuple[Node | float, ...]:
    # It is k − x less the slope.
    slope, rise = (ATOMS[f"gamma_lower_{part}"](t, k, log_k) for part in ("slope", "rise"))
    return (
        -gamma_exponential(t, k) - slope * out,
        0.0,
        -gamma_slope(t, k, log_k) - slope * rise,
    )


log_gamma_lower, gamma_lower_slope = register_tail(
    "gamma_lower",
    _tails,
    True,
    _place,
    lambda t, k, log_k: log(gammainc(k, k * exp(t))),
    _pull_rule,
)
log_gamma_upper, _ = register_tail(
    "gamma_upper", _tails, False, _place, lambda t, k, log_k: log(gammaincc(k, k * exp(t)))
)


# --- Intervals. ----------------------------------------------------------------------------------


def _of_series(part: str) -> Callable[..., Node]:
    return lambda t, k, log_k: getattr(_Series(t, k, gamma_exponential(t, k)), part)


def _rest(part: str, in_t: str, in_log_k: str) -> Atom:
    """log M or a derivative of it, from the names of its own."""

    def rule(t: Node, k: Node, log_k: Node, out: Node) -> tuple[Any, ...]:
        return _place(ATOMS[f"gamma_{in_t}"](t, k, log_k), ATOMS[f"gamma_{in_log_k}"](t, k, log_k))

    return register(f"gamma_{part}", rule, expansion=_of_series(part))


for _part in ("rest_slope_2", "rest_cross", "rest_shape_2"):
    register(f"gamma_{_part}", expansion=_of_series(_part))
_rest("rest_slope", "rest_slope_2", "rest_cross")
_rest("rest_shape", "rest_cross", "rest_shape_2")
#: log M: what P(k, x) is beside xᵏ/Γ(1 + k), for x < 1 and k < 1.
gamma_rest = _rest("rest", "rest_slope", "rest_shape")


def gamma_between(t: Expression, width: Expression, k: Expression, log_k: Expression) -> Node:
    """log(P(k, x eʷ) − P(k, x)) for the width w > 0: a narrow one from the density, others from the tails."""
    x, gap = gamma_exponential(t, k), gamma_slope(t, k, log_k)
    narrow = where(width < 1.0, abs_(gap) * width + x * expm1mx(width), 1.0) < 1.0
    rises = [(w, gap * (at * width) + x * expm1mx(at * width)) for at, w in EVEN]
    mean = reduce(add, (w * exp(-rise) for w, rise in rises))
    end = t + width
    wide = log_between(
        (log_gamma_lower(t, k, log_k), log_gamma_lower(end, k, log_k)),
        (log_gamma_upper(t, k, log_k), log_gamma_upper(end, k, log_k)),
    )
    # Where k is so small that log x is nearly uniform, the mean moves only what both ends have of M.
    rise = k * width + gamma_rest(end, k, log_k) - gamma_rest(t, k, log_k)
    uniform = log_gamma_lower(t, k, log_k) + rise + log1mexp(rise)
    few = where(gamma_exponential(end, k) < 1.0, k, 1.0) < 1.0
    wide = where(few, uniform, wide)
    return where(narrow, _log_density(t, k, log_k) + log(width) + log(mean), wide)
