"""Atoms of both tails of NegativeBinomial1: those of ``count_tails`` at size s = m/d, in log m and log d.

Few clusters come one at a time: for s → 0 at a fixed d, P(Y ≥ c) is nearly proportional to s. With x = μ/(μ + s) over
the means μ below m,

    P(Y ≥ c) = s Γ(c + s)/(Γ(c) Γ(1 + s)) ∫ xᶜ⁻¹ (1 − x)ˢ⁻¹ dx over 0 < x < d/(1 + d),

so that the slope in log m with d held is 1 + s (ψ(c + s) − ψ(1 + s)) − s E[L], L = −log(1 − x), of which all but the 1
is as small as s, and so is its own slope. Beside it stands that in log d with s held, B = c p(c)/P.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from likely._math.atoms import (
    ATOMS,
    Atom,
    betainc,
    register,
    rising_curve,
    rising_slope,
)
from likely._math.graph import Expression, Node, exp, expm1, log, log1p, where
from likely._math.tails.negative_binomial import curves_of_peak, tails_of_counts
from likely._math.tails.two_tails import Recent, TwoTails, register_tail


class _Tails(TwoTails):
    """P(Y ≥ c), which grows in m, and P(Y < c)."""

    def __init__(
        self, c: Expression, m: Expression, d: Expression, log_m: Expression, log_d: Expression
    ) -> None:
        self.m, self.d, self.s, self.log_s = m, d, m / d, log_m - log_d
        self.of_size = (c.node, m.node, self.s, log_m.node, self.log_s)
        self.counts = tails_of_counts(*self.of_size)
        self.grows = self.counts.grows
        self.few = where(self.grows, self.s, 1.0) < 1.0

    # --- Of few clusters. ------------------------------------------------------------------------

    def _length(self, v: Node) -> Node:
        """L at the mean m eᵛ"""
        return log1p(self.d * exp(v))

    @cached_property
    def _beside(self) -> Node:
        """The slope in log m, less 1"""
        length = self.counts.tail.mean(self._length)
        return rising_slope(self.of_size[0], self.s, self.log_s) - self.s * length

    @cached_property
    def _spread(self) -> Node:
        return self.s * (self.s * self.counts.tail.variance(self._length))

    @cached_property
    def _beside_2(self) -> Node:
        """The slope of that"""
        length = self.counts.tail.mean(self._length)
        own = rising_curve(self.of_size[0], self.s, self.log_s)
        return own - self.s * length + self._spread

    @cached_property
    def _turn(self) -> Node:
        """The slope of log B in log m"""
        d = self.d
        return -self.s * self.counts.tail.mean(lambda v: log1p(-d * expm1(v) / (1.0 + d * exp(v))))

    # --- The derivatives of log P: in log m, twice, in both, in log d, and twice. --------------------

    @cached_property
    def _by_size(self) -> tuple[Node, ...]:
        """The slopes in log m and log s, each with the other held, and how they move."""
        names = ("slope", "pull", "rise", "shape", "shape_2")
        slope, *rest = (self.counts.computed(name) for name in names)
        return where(self.grows, slope, -slope), *rest

    def _either(self, part: str) -> Node:
        slope, pull, rise, shape, shape_2 = self._by_size
        beside, bent, turn = self._beside, self._beside_2, self._turn
        if part == "mean":
            return where(self.few, 1.0 + beside, slope + shape)
        if part == "mean_2":
            return where(self.few, bent, slope * (pull + 2.0 * rise) + shape_2)
        if part == "cross":
            return where(self.few, slope * turn - bent, -(slope * rise + shape_2))
        if part == "shape":
            # B is nearly 1 where counts above 1 hardly come.
            large = where(self.d < 1.0, -shape, slope - 1.0 - beside)
            return where(self.few, large, -shape)
        return where(self.few, slope * (pull - 2.0 * turn) + bent, shape_2)

    def compute(self, part: str) -> Node:
        if part == "value":
            return self.counts.computed("value")
        if part == "slope":
            return where(self.grows, self._either("mean"), -self._either("mean"))
        if part in ("pull", "rise"):
            second = self._either("mean_2" if part == "pull" else "cross")
            return second / self._either("mean")
        return self._either(part)

    # --- Of log P(Y ≥ c) − log m, of whose slope in log m the 1 is taken off. ------------------------

    def share(self, part: str) -> Node:
        if part == "value":
            return self.part("value", True) - self.of_size[3]
        return where(self.few, self._beside, self.part("slope", True) - 1.0)

    # --- Of log B, for the tail above. -----------------------------------------------------------

    def rate(self, part: str) -> Node:
        """B, or a derivative of its logarithm."""
        slope, pull, rise, _, shape_2 = self._by_size
        turn = self._turn
        if part == "value":
            return slope
        if part == "mean":
            return where(self.few, turn, pull + rise)
        if part == "shape":
            return where(self.few, pull - turn, -rise)
        (in_m, in_s), g = curves_of_peak(self.of_size), 1.0 / (1.0 + self.d)
        mm, ms = in_m - slope * pull, in_s - slope * rise
        ss = ATOMS["count_curve"](*self.of_size) - shape_2
        own, both = turn - self._spread, -self.m * g - slope * turn
        if part == "mean_2":
            return where(self.few, own, mm + 2.0 * ms + ss)
        if part == "cross":
            return where(self.few, both - own, -(ms + ss))
        return where(self.few, mm - 2.0 * both + own, ss)


_tails = Recent(_Tails)


def _place(in_log_m: Any, in_log_d: Any) -> tuple[Any, ...]:
    return 0.0, 0.0, 0.0, in_log_m, in_log_d


log_clusters_above, _ = register_tail(
    "clusters_above",
    _tails,
    True,
    _place,
    lambda c, m, d, log_m, log_d: log(betainc(c, m / d, d / (1.0 + d))),
)
log_clusters_below, _ = register_tail(
    "clusters_below",
    _tails,
    False,
    _place,
    lambda c, m, d, log_m, log_d: log(betainc(m / d, c, 1.0 / (1.0 + d))),
)


def _beside_rule(*given: Node) -> tuple[Any, ...]:
    *args, _ = given
    slope, pull, rise = (
        ATOMS[f"clusters_above_{part}"](*args) for part in ("slope", "pull", "rise")
    )
    return _place(slope * pull, slope * rise)


clusters_beside = register(
    "clusters_beside", _beside_rule, expansion=lambda *args: _tails(*args).share("beside")
)
#: log P(Y ≥ c)/m, in which few clusters leave next to nothing of the mean.
log_clusters_share = register(
    "log_clusters_share",
    lambda c, m, d, log_m, log_d, out: _place(
        clusters_beside(c, m, d, log_m, log_d), ATOMS["clusters_above_shape"](c, m, d, log_m, log_d)
    ),
    lambda c, m, d, log_m, log_d: log(betainc(c, m / d, d / (1.0 + d)) / m),
    lambda *args: _tails(*args).share("value"),
)


def _of_rate(part: str) -> Callable[..., Node]:
    return lambda *args: _tails(*args).rate(part)


def _slope_of_rate(part: str, in_log_m: str, in_log_d: str) -> Atom:
    def rule(*given: Node) -> tuple[Any, ...]:
        *args, _ = given
        second = (ATOMS[f"clusters_rate_{name}"](*args) for name in (in_log_m, in_log_d))
        return _place(*second)

    return register(f"clusters_rate_{part}", rule, expansion=_of_rate(part))


for _part in ("mean_2", "cross", "shape_2"):
    register(f"clusters_rate_{_part}", expansion=_of_rate(_part))
_in_mean = _slope_of_rate("mean", "mean_2", "cross")
_in_shape = _slope_of_rate("shape", "cross", "shape_2")
#: B of the tail above, c p(c)/P(Y ≥ c).
clusters_rate = register(
    "clusters_rate",
    lambda c, m, d, log_m, log_d, out: _place(
        out * _in_mean(c, m, d, log_m, log_d), out * _in_shape(c, m, d, log_m, log_d)
    ),
    expansion=_of_rate("value"),
)
