"""Atoms of both tails of NegativeBinomial: log P(Y ≥ c) and log P(Y < c) of a count c ≥ 1.

As a function of the mean m, P(Y ≥ c) grows, and its slope in log m is w = c p(c). So

- for m < c, P(Y ≥ c) = w ∫ e^−h dv over means m e^−v below m
- for m ≥ c, P(Y < c) = w ∫ e^−h dv over means m e^v above m

with the size s held and h = log w(m) − log w(m e^±v), which is convex. The other tail is the complement. Where the
size is so small that most counts are 0, P(Y ≥ c) is the smaller one for m ≥ c, too: h then falls by less than ½ before
it grows. In log s at fixed m, the derivative of log P is the mean of that of log p(c) over those means, which is as
small as 1/s where the counts are nearly Poisson's; the second derivative is the mean of the second, and the variance
of the first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from likely._math.atoms import (
    ATOMS,
    betainc,
    log1p_residual,
    log1pmx,
    logaddexp,
    negative_binomial_deviance,
    negative_binomial_factorial,
    negative_binomial_few,
    register,
    stirling,
    stirling_curve,
    stirling_of_sum,
    stirling_of_sum_curve,
    stirling_of_sum_slope,
    stirling_slope,
)
from likely._math.graph import (
    Expression,
    Node,
    constant,
    equal,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    polynomial,
    where,
)
from likely._math.quadrature import DROP, Tail, root_beside
from likely._math.special import EXPM1MX
from likely._math.tails.two_tails import Recent, TwoTails, register_tail

#: Sizes below which the integral has steps that are shorter than its length.
SMALL = 5.0
#: −log p(0) below which P(Y ≥ c) is computed whatever the mean: most counts are 0.
MOSTLY_ZERO = 0.5


def above_is_less(c: Any, m: Any, s: Any, d: Any) -> Node:
    """Whether P(Y ≥ c) is the tail that is computed, by d = m/s as well."""
    return where(m < c, 1.0, where(s * log1p(d) < MOSTLY_ZERO, 1.0, 0.0)) > 0.5


def saddle(y: Any, m: Any, s: Any, log_m: Any, log_s: Any) -> Node:
    """log p(y) in the saddle-point form: half the unit deviance, and what Stirling's formula leaves of the
    binomial coefficient. Everything that grows like s · log(s) has cancelled on paper."""
    return (
        stirling_of_sum(y, s, log_s)
        - stirling(s, log_s)
        - negative_binomial_factorial(y, s, log_s)
        - negative_binomial_deviance(y, m, s, log_m, log_s)
    )


class _Tails(TwoTails):
    """P(Y ≥ c), which grows in m, and P(Y < c)."""

    def __init__(
        self, c: Expression, m: Expression, s: Expression, log_m: Expression, log_s: Expression
    ) -> None:
        self.c, self.m, self.s, self.log_m, self.log_s = c, m, s, log_m, log_s
        self.grows = above_is_less(c, m, s, m / s)
        self.total = c + s
        #: m/(s + m) and s/(s + m)
        self.f, self.g = 1.0 / (1.0 + s / m), 1.0 / (1.0 + m / s)
        self.gap = self.g * (c - m)  # the slope of log w in log m
        reach, first = self._reach()
        self.near = reach < 0.26
        sign = where(self.grows, -1.0, 1.0)
        self.sign = sign
        self.tail = Tail(sign * reach, self._height, first=(sign * first, self.grows))

    def _reach(self) -> tuple[Node, Node]:
        """Where h is at least ``DROP``, and the part of it to integrate apart."""
        c, m, s = self.c, self.m, self.s
        slope = where(self.grows, self.gap, -self.gap)
        # Between h ≥ slope v + (c + s) f g v²/(2 + v) and the asymptote of h.
        ahead = 2.0 * slope - DROP
        bend = self.total * self.f * self.g
        close = 4.0 * DROP / (ahead + root_beside(ahead, 8.0 * DROP * (slope + bend)))
        down = (DROP + self.total * log1p(m / s)) / c
        up = (DROP + self.total * log1p(s / m)) / s
        # h may fall at first where most counts are 0: then the asymptote alone says how far.
        reach = where(slope < 0.0, down, minimum(close, where(self.grows, down, up)))
        # h is convex: Newton's steps from beyond stay beyond, and so does what c log m or s log m alone gives up.
        for _ in range(3):
            mean = m * exp(-reach)
            many = c * reach + self.total * log1p(self.f * expm1(-reach))
            few = self.total * (log1p(s / m * exp(reach)) - log1p(s / m)) - s * reach
            height = where(s < m, few, many)
            down = reach - (height - DROP) / (s * ((c - mean) / (s + mean)))
            down = minimum(down, log1p(expm1((DROP + s * reach) / self.total) / self.g))
            up = minimum(reach, log1p(expm1((DROP + c * reach) / self.total) / self.f))
            reach = where(self.grows, down, up)
        # Below the mode h is flat down to the mean c s, above it what is not exponential soon ends.
        flat = minimum(maximum(self.log_m - self.log_s - log(c), 0.0), reach)
        soon = minimum(20.0 / maximum(s, 1.0), 0.5 * reach)
        return reach, where(s < SMALL, where(self.grows, flat, soon), 0.0)

    def _rest(self, x: Node) -> Node:
        """eˣ − 1 − x"""
        return where(self.near, x * x * polynomial(x, EXPM1MX), expm1(x) - x)

    def _height(self, v: Node) -> Node:
        # log(1 + f (eᵛ − 1)) − f v
        bend = log1p(self.g * self._rest(-self.f * v) + self.f * self._rest(self.g * v))
        # The same where f eᵛ is small, and may be as small as g.
        ratio = self.s / self.m
        low = log1p(ratio * exp(-v)) - log1p(ratio) + self.g * v
        bend = where(v < -0.7, where(ratio < 1.0, low, bend), bend)
        return self.total * bend - self.gap * v

    def _pull(self, v: Node) -> Node:
        # f (eᵛ − 1)/(g + f eᵛ), by e^−|v|
        e, change = exp(self.sign * -v), self.f * expm1(self.sign * -v)
        near, far = change / (self.g + self.f * e), -change / (self.g * e + self.f)
        return self.total * self.g * where(self.grows, near, far)

    # --- The derivatives of log p(c) in log s, at the mean m eᵛ. -----------------------------------

    def _scores(self, v: Node) -> tuple[Node, Node]:
        c, m, s = self.c, self.m, self.s
        # m eᵛ is a/b, neither of which overflows.
        e = exp(self.sign * -v)
        a, b = m * where(self.grows, e, 1.0), where(self.grows, 1.0, e)
        sum_ = a + s * b
        r = (c * b - a) / sum_
        low = where(self.grows, 0.0, v)  # log b
        far = log((s + c) / sum_) - low - r
        deviance = -s * where(r < -0.5, far, log1pmx(r))
        rest = self._constant_2 - (deviance - (s * r) * (s * r / (s + c)))
        # Of a single count nothing is left of the binomial coefficient.
        share = a / sum_
        few = a < s * b
        far = log(sum_ / s) + low - share
        residual = where(few, log1p_residual(where(few, a / (s * b), 1.0)), far)
        one = share - s * residual, -share * (1.0 - share) - s * (residual - share * share)
        many = self._constant - deviance, rest
        return where(c < 2.0, one[0], many[0]), where(c < 2.0, one[1], many[1])

    def _score(self, v: Node) -> Node:
        return self._scores(v)[0]

    def _ahead(self, v: Node) -> Node:
        """The first of them at m less that at m eᵛ, as small as the means and as 1/s."""
        c, m, s = self.c, self.m, self.s
        e = exp(self.sign * -v)
        a, b = m * where(self.grows, e, 1.0), where(self.grows, 1.0, e)
        sum_ = a + s * b
        change = m * where(self.grows, -expm1(v), expm1(-v)) / sum_
        far = where(self.grows, 0.0, v) - log((s + m) / sum_) + change * ((c + s) / (s + m))
        far_out = change < -0.5
        inside = where(far_out, 0.0, change)
        near = inside / (1.0 + inside) * ((c * b - a) / sum_) - log1p_residual(inside)
        return s * where(far_out, far, near)

    @cached_property
    def _constant(self) -> Node:
        c, s, log_s = self.c, self.s, self.log_s
        return (
            stirling_of_sum_slope(c, s, log_s)
            - stirling_slope(s, log_s)
            + 0.5 * (1.0 / (1.0 + s / c))
        )

    @cached_property
    def _constant_2(self) -> Node:
        c, s, log_s = self.c, self.s, self.log_s
        share = 1.0 / (1.0 + s / c)
        return stirling_of_sum_curve(c, s) - stirling_curve(s, log_s) - 0.5 * share * (1.0 - share)

    # --- The parts of the tail that is computed. ---------------------------------------------------

    @cached_property
    def _size(self) -> Node:
        return self.sign * self.tail.size

    def compute(self, part: str) -> Node:
        c, m, s, log_m, log_s = self.c, self.m, self.s, self.log_m, self.log_s
        if part == "value":
            few = -negative_binomial_few(c, m, s, log_m, log_s)
            probability = where(c < 2.0, few, saddle(c, m, s, log_m, log_s))
            return log(c) + probability + log(self._size)
        if part == "slope":
            return 1.0 / self._size
        if part == "pull":
            return self.tail.mean(self._pull)
        if part == "rise":
            return self.tail.mean(self._ahead)
        if part == "shape":
            return self.tail.mean(self._score)
        return self.tail.mean(lambda v: self._scores(v)[1]) + self.tail.variance(self._score)


tails_of_counts = Recent(_Tails)


def _place(in_log_m: Any, in_log_s: Any) -> tuple[Any, ...]:
    return 0.0, 0.0, 0.0, in_log_m, in_log_s


def curves_of_peak(args: tuple[Node, ...]) -> tuple[Node, Node]:
    """The derivatives of log w's slope in log m, s (c − m)/(s + m), in log m and in log s."""
    c, m, s = args[:3]
    product = 1.0 / (1.0 + s / m) * (1.0 / (1.0 + m / s))
    return -product * (c + s), product * (c - m)


def _pull_rule(*args: Node) -> tuple[Any, ...]:
    # It is that slope less P's.
    *args_, out = args
    slope, rise = (ATOMS[f"count_above_{part}"](*args_) for part in ("slope", "rise"))
    in_m, in_s = curves_of_peak(tuple(args_))
    return _place(in_m - slope * out, in_s - slope * rise)


def _rise_rule(*args: Node) -> tuple[Any, ...]:
    *args_, out = args
    slope, shape_2 = (ATOMS[f"count_above_{part}"](*args_) for part in ("slope", "shape_2"))
    return _place(curves_of_peak(tuple(args_))[1] - slope * out, count_curve(*args_) - shape_2)


#: ∂² log p(c)/∂(log s)²
count_curve = register(
    "count_curve", expansion=lambda *args: tails_of_counts(*args)._scores(constant(0.0))[1]
)
log_count_above, count_above_slope = register_tail(
    "count_above",
    tails_of_counts,
    True,
    _place,
    lambda c, m, s, log_m, log_s: log(betainc(c, s, m / (s + m))),
    _pull_rule,
    _rise_rule,
)
log_count_below, _ = register_tail(
    "count_below",
    tails_of_counts,
    False,
    _place,
    lambda c, m, s, log_m, log_s: log(betainc(s, c, s / (s + m))),
)


def log_above(
    log_density: Callable[[Any], Node],
    apart: Callable[[Any], Node],
    y: Any,
    k: Any,
    few: Any,
    rise: tuple[Any, Any],
    above: Any,
) -> Node:
    """log p(y | Y ≥ k) for y ≥ k ≥ 1; ``apart`` is log p but for a term that is the same for every y.

    P(Y ≥ k) is p(k) and P(Y ≥ k + 1), of which ``above`` is the logarithm. It is (k + 1) p(k + 1) over its slope, and
    ``rise`` is (k + 1) p(k + 1)/p(k) and that slope: where ``few`` holds, as below the bound, where little but p(k) is
    left, log p(k) cancels on paper.
    """
    step, slope = rise
    left = where(equal(y, k), 0.0, apart(y) - apart(k)) - log1p(step / slope)
    many = log_density(y) - logaddexp(log_density(k), above)
    return where(few, left, many)
