"""Atoms of both tails of Beta: log P(Y ≤ y) and log P(Y > y), with their derivatives in the mean and the precision.

With a = μκ, b = (1 − μ)κ and u = logit y, the density w of u is yᵃ(1 − y)ᵇ/B(a, b), and

    P(Y ≤ y) = w ∫ e^−h dv over v > 0,  h = log w(u) − log w(u − v) = κ (μ − y) v + κ [log(1 − y + y e^−v) + y v]

where h is convex and begins upwards for y ≤ μ. In ν = logit μ and in log κ, the derivative of log P is the mean of
that of log w over the tail, and the second derivative the mean of the second with the covariance of the first. The
tail above is that below 1 − y of a Beta with a and b exchanged, so one integral serves both: the smaller tail has it,
and the larger is the complement.

For a < 1 and κy < 1, where nearly all may lie below y, other formulas serve (``beta_short``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, reduce
from operator import add
from typing import Any

from likely._math.atoms import (
    Atom,
    beta_stirling,
    beta_stirling_curve,
    beta_stirling_slope,
    betainc,
    bose,
    expm1mx,
    log_ratio,
    log_ratio_of,
    register,
    relative_entropy_of,
    stirling_curve,
    stirling_slope,
)
from likely._math.graph import (
    PI,
    Expression,
    Node,
    abs_,
    as_node,
    exp,
    expm1,
    log,
    log1p,
    minimum,
    polynomial,
    sqrt,
    where,
)
from likely._math.quadrature import DEEP, FINE, WIDE, Tail
from likely._math.special import EXPM1MX
from likely._math.tails.beta_short import Short
from likely._math.tails.intervals import log_between
from likely._math.tails.two_tails import Recent, TwoTails

#: Where h is ``DEEP`` so near that the first bound of that place is right to a hundredth.
SHORT = 0.02


def log_peak(y: Any, z: Any, log_y: Any, log_z: Any, p: Any, q: Any, n: Any, *logs: Any) -> Node:
    """log w, the log density of logit y, where z = 1 − y and q = 1 − p; ``logs`` are those of p, q and n."""
    log_p, log_q, log_n = logs
    divergence = _divergence(y, z, log_y, log_z, p, q, log_p, log_q)
    return (
        -n * divergence
        + 0.5 * (log_p + log_q + log_n)
        + beta_stirling(p, q, n, log_p, log_q, log_n)
        - 0.5 * log(2.0 * PI)
    )


def _gap(y: Any, z: Any, p: Any, q: Any) -> Node:
    """p − y, between complements where p is near 1."""
    return where(p < 0.5, p - y, z - q)


def _divergence(
    y: Any, z: Any, log_y: Any, log_z: Any, p: Any, q: Any, log_p: Any, log_q: Any
) -> Node:
    """KL(p ‖ y), as two terms that cannot be negative."""
    d = _gap(y, z, p, q)
    return relative_entropy_of(p, y, d, log_p, log_y) + relative_entropy_of(q, z, -d, log_q, log_z)


class _Integral:
    """The tail below y ≤ μ where a ≥ 1."""

    def __init__(self, y: Node, z: Node, log_z: Node, gap: Node, p: Node, n: Expression) -> None:
        self.y, self.z, self.log_z, self.p, self.n = y, z, log_z, p, n
        self.gap = n * gap
        reach = self._reach()
        near = reach < 0.26

        def rest(x: Node) -> Node:
            """eˣ − 1 − x"""
            return where(near, x * x * polynomial(x, EXPM1MX), expm1(x) - x)

        def height(v: Node) -> Node:
            return n * log1p(z * rest(y * v) + y * rest(-z * v)) + self.gap * v

        self.height, self.tail = height, Tail(reach, height, nodes=FINE)

    def _reach(self) -> Node:
        """Where h is at least ``DEEP``."""
        y, z, n, slope = self.y, self.z, self.n, self.gap
        # Between h ≥ slope v + κ y (1 − y) v²/(2 + v) and the asymptote of h.
        bend = n * (y * z)
        ahead = 2.0 * slope - DEEP
        close = 4.0 * DEEP / (ahead + sqrt(ahead * ahead + 8.0 * DEEP * (slope + bend)))
        first = reach = minimum(close, (DEEP - n * self.log_z) / (self.p * n))
        # h is convex: Newton's steps from beyond stay beyond, while h has its digits.
        for _ in range(3):
            e = exp(-reach)
            height = n * (log(z + y * e) + y * reach) + slope * reach
            steepness = slope + bend * ((1.0 - e) / (z + y * e))
            reach = reach - (height - DEEP) / steepness
        return where(first < SHORT, first, reach)

    @cached_property
    def size(self) -> Node:
        return self.tail.size

    @cached_property
    def length(self) -> Node:
        """The mean of v."""
        return self.tail.mean(lambda v: v)

    @cached_property
    def length_2(self) -> Node:
        """Its variance."""
        return self.tail.variance(lambda v: v)

    @cached_property
    def joint(self) -> Node:
        """The covariance of v and h."""
        length, height = self.length, self.tail.height
        return self.tail.mean(lambda v: (v - length) * (self.height(v) - height))


class _Tails(TwoTails):
    """P(Y > y), which grows in ν, and P(Y ≤ y)."""

    def __init__(
        self,
        y: Expression,
        z: Expression,
        log_y: Expression,
        log_z: Expression,
        p: Expression,
        q: Expression,
        n: Expression,
        log_p: Expression,
        log_q: Expression,
        log_n: Expression,
    ) -> None:
        self.args = (y, z, log_y, log_z, p, q, n, log_p, log_q, log_n)
        gap = _gap(y, z, p, q)
        left = y <= 0.5
        few_left = where(p * n < 1.0, where(n * y < 1.0, 1.0, 0.0), 0.0)
        few_right = where(q * n < 1.0, where(n * z < 1.0, 1.0, 0.0), 0.0)
        self.short = where(left, few_left, few_right) > 0.5
        nearer = where(gap > 0.0, 1.0, 0.0)
        self.below = where(self.short, where(left, 1.0, 0.0), nearer) > 0.5
        self.grows = where(self.below, 0.0, 1.0) > 0.5

        def near(one: Any, other: Any) -> Node:
            return where(self.below, one, other)

        # As if it were the tail below.
        y_, z_, log_y_, log_z_ = near(y, z), near(z, y), near(log_y, log_z), near(log_z, log_y)
        self.p, self.q = near(p, q), near(q, p)
        self.n, self.log_n = n, log_n
        self.log_p, self.log_q = near(log_p, log_q), near(log_q, log_p)
        gap = near(gap, -gap)
        self.close = Short(y_, log_y_, self.p, self.q, n, self.log_q)
        self.integral = _Integral(y_, z_, log_z_, gap, self.p, n)
        #: logit y − ν
        self.away = log_ratio_of(y_, self.p, -gap, log_y_, self.log_p) - log_ratio_of(
            z_, self.q, gap, log_z_, self.log_q
        )
        self.divergence = _divergence(y, z, log_y, log_z, p, q, log_p, log_q)

    # --- The derivatives of log w, and their means beyond y. -------------------------------------------

    def _of_shapes(self, function: Any) -> tuple[Node, Node]:
        p, q, n, log_n = self.p, self.q, self.n, self.log_n
        return function(p * n, self.log_p + log_n), function(q * n, self.log_q + log_n)

    def mean_at(self, v: Any) -> Node:
        """∂ log w/∂ν at u − v"""
        p, q = self.p, self.q
        of_a, of_b = self._of_shapes(stirling_slope)
        return self.n * p * q * (self.away - v) - q * (of_a - 0.5) + p * (of_b - 0.5)

    def shape_at(self, height: Any) -> Node:
        """∂ log w/∂log κ where log w has fallen by ``height``"""
        p, q, n = self.args[4:7]
        return 0.5 + beta_stirling_slope(p, q, n, *self.args[7:]) - n * self.divergence - height

    def _mean(self) -> Node:
        return self.mean_at(self.integral.length)

    def _mean_2(self) -> Node:
        p, q, spread = self.p, self.q, self.n * self.p * self.q
        slopes, curves = self._of_shapes(stirling_slope), self._of_shapes(stirling_curve)
        constants = p * q * (slopes[0] + slopes[1] - 1.0) - q * q * curves[0] - p * p * curves[1]
        away = (q - p) * (self.away - self.integral.length)
        return spread * (away - 1.0) + constants + spread * spread * self.integral.length_2

    def _cross(self) -> Node:
        spread, (of_a, of_b) = self.n * self.p * self.q, self._of_shapes(stirling_curve)
        away = self.away - self.integral.length + self.integral.joint
        return spread * away - self.q * of_a + self.p * of_b

    def _shape(self) -> Node:
        return self.shape_at(self.integral.tail.height)

    def _shape_2(self) -> Node:
        p, q, n = self.args[4:7]
        tail = self.integral.tail
        own = beta_stirling_curve(p, q, n, *self.args[7:]) - n * self.divergence
        return own - tail.height + tail.spread

    # --- The parts of the tail that is computed. -------------------------------------------------------

    def _either(self, name: str) -> Node:
        return where(self.short, getattr(self.close, name), getattr(self, f"_{name}")())

    def compute(self, part: str) -> Node:
        if part == "value":
            far = log_peak(*self.args) + log(self.integral.size)
            return where(self.short, self.close.value, far)
        if part == "hazard":
            close = exp(log_peak(*self.args) - self.close.value)
            return where(self.short, close, 1.0 / self.integral.size)
        if part == "slope":
            return -self._either("mean")
        if part in ("pull", "rise"):
            which = "mean_2" if part == "pull" else "cross"
            own = self._either(which) / self._either("mean")
            return where(self.below, own, -own) if part == "pull" else own
        return self._either(part)

    def _complement(self, part: str) -> Node:
        plain = super()._complement(part)
        if part == "pull":
            near = self.close.pull_of_complement
            return where(self.short, where(self.below, near, -near), plain)
        return where(self.short, self.close.rise_of_complement, plain) if part == "rise" else plain

    def hazard(self, growing: bool) -> Node:
        """w over P, of the growing tail or the falling one."""
        own = self.computed("hazard")
        odds = bose(-self.computed("value"))
        other = where(odds > 0.0, odds * own, 0.0)
        return where(self.grows, *((own, other) if growing else (other, own)))

    def score(self, part: str) -> Node:
        """∂ log w/∂ν or ∂ log w/∂log κ at y."""
        if part == "shape":
            return self.shape_at(0.0)
        own = self.mean_at(0.0)
        return where(self.below, own, -own)


# --- The atoms, in y, 1 − y, their logarithms, μ, 1 − μ, κ and theirs. ----------------------------------


_tails = Recent(_Tails)


def _place(in_u: Any, in_mean: Any, in_log_n: Any) -> tuple[Any, ...]:
    # logit y is the difference of two logarithms, and so is ν.
    return 0.0, 0.0, in_u, -in_u, 0.0, 0.0, 0.0, in_mean, -in_mean, in_log_n


beta_score = register("beta_score", expansion=lambda *args: _tails(*args).score("mean"))
beta_shape_score = register(
    "beta_shape_score", expansion=lambda *args: _tails(*args).score("shape")
)


def _register(name: str, growing: bool, definition: Any) -> Atom:
    """One tail's logarithm, and what its derivatives are made of."""

    def expansion(part: str) -> Callable[..., Node]:
        return lambda *args: _tails(*args).part(part, growing)

    def outwards(node: Any) -> Any:
        """The sign of a derivative in ν, and minus that of one in logit y."""
        return node if growing else -node

    pull, rise, shape_2 = (
        register(f"{name}_{part}", expansion=expansion(part))
        for part in ("pull", "rise", "shape_2")
    )

    def slope_rule(*given: Node) -> tuple[Any, ...]:
        *args, out = given
        along = -hazard(*args) * (beta_score(*args) - outwards(out))
        return _place(along, out * pull(*args), out * rise(*args))

    def shape_rule(*given: Node) -> tuple[Any, ...]:
        *args, out = given
        along = -outwards(hazard(*args)) * (beta_shape_score(*args) - out)
        return _place(along, outwards(slope(*args)) * rise(*args), shape_2(*args))

    def log_rule(*given: Node) -> tuple[Any, ...]:
        *args, _ = given
        return _place(-outwards(hazard(*args)), outwards(slope(*args)), shape(*args))

    hazard = register(f"{name}_hazard", expansion=lambda *args: _tails(*args).hazard(growing))
    slope = register(f"{name}_slope", slope_rule, expansion=expansion("slope"))
    shape = register(f"{name}_shape", shape_rule, expansion=expansion("shape"))
    return register(f"log_{name}", log_rule, definition, expansion("value"))


log_beta_below = _register(
    "beta_below", False, lambda y, z, log_y, log_z, p, q, n, *logs: log(betainc(p * n, q * n, y))
)
log_beta_above = _register(
    "beta_above", True, lambda y, z, log_y, log_z, p, q, n, *logs: log(betainc(q * n, p * n, z))
)


# --- Intervals. ------------------------------------------------------------------------------------------


def log_between_bounds(low: tuple[Any, ...], high: tuple[Any, ...], *of: Any) -> Node:
    """log P(low < Y ≤ high): a narrow interval from the density in logit y, others from the tails.

    A bound is y, 1 − y and their logarithms; ``of`` is μ, 1 − μ, κ and their logarithms.
    """
    y, z, *_ = low
    p, q, n = of[:3]
    step = as_node(high[0]) - y
    width = log_ratio(high[0], y, step) + log_ratio(z, high[1], step)
    gap = n * _gap(y, z, p, q)
    # log w changes by so little, less than 1, or than 12 in a short interval, that its singularities, at least π away,
    # are seen from nowhere in it.
    short = where(width < 1.0, abs_(gap) * width + n * y * z * width * width, n * width)
    short = where(width < 2.0, minimum(short, n * width / 12.0), short)
    narrow = where(width < 14.0, short, 1.0) < 1.0
    terms = []
    for at, w in WIDE:
        v = at * width
        bend = log1p(z * expm1mx(-y * v) + y * expm1mx(z * v))
        terms.append(w * exp(-(n * bend - gap * v)))
    near = log_peak(*low, *of) + log(width) + log(reduce(add, terms))
    below, above = (
        (tail(*low, *of), tail(*high, *of)) for tail in (log_beta_below, log_beta_above)
    )
    return where(narrow, near, log_between(below, above))
