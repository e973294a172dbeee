"""The tail of Beta below y where nearly all may lie there: a = μκ < 1 and κy < 1.

    log P(Y ≤ y) = log(1 − μ) + G + a log y + log(1 − F),
    G = log Γ(1 + a + b) − log Γ(1 + a) − log Γ(1 + b),    F = a ∫ e^−av [1 − (1 − y e^−v)ᵇ⁻¹] dv over v > 0

of which each term is proportional to a: P keeps its digits where it is nearly 1, and so does the complement. For a
mean near its edge the complement is nearly proportional to it. What is left of its slopes in ν is that of V/μ, where
V = log P(Y ≤ y), by D = ∂V/∂ν − (1 − μ) V: of every part of V it is of the order of μ², in terms that do not cancel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, reduce
from operator import add
from typing import Any

from likely._math.atoms import (
    digamma,
    log1mexp_bend,
    log1p_residual,
    log1pmx,
    tetragamma,
    trigamma,
)
from likely._math.graph import (
    Expression,
    Node,
    exp,
    expm1,
    log1p,
    where,
)
from likely._math.quadrature import DEEP, EVEN, FINE

#: Nodes and weights for ∫ e^−x f(x) dx over x > 0, where f is smooth and bounded.
_EXPONENTIAL = [(DEEP * at, DEEP * w * math.exp(-DEEP * at)) for at, w in FINE]


class Short:
    """The tail below y for a < 1 and κy < 1: its derivatives in ν and log κ, by those in log a and log b."""

    def __init__(self, y: Node, log_y: Node, p: Node, q: Node, n: Expression, log_q: Node) -> None:
        self.y, self.log_y, self.p, self.q, self.n, self.log_q = y, log_y, p, q, n, log_q
        self.a, self.b = p * n, q * n
        # ∫ e^−av R dv of R = e^−v r is a mean of r over 1 + a.
        self._points = [(x / (1.0 + self.a), w / (1.0 + self.a)) for x, w in _EXPONENTIAL]
        self._logs = [log1p(-y * exp(-v)) for v, _ in self._points]

    def _moment(self, order: int, part: Callable[[Node], Node]) -> Node:
        """∫ v^order e^−av part(log(1 − y e^−v)) dv"""
        terms = []
        for (v, w), of_log in zip(self._points, self._logs, strict=True):
            term = w * (part(of_log) * exp(v))
            for _ in range(order):
                term = term * v
            terms.append(term)
        return reduce(add, terms)

    def _missing(self, of_log: Node) -> Node:
        return -expm1((self.b - 1.0) * of_log)

    def _risen(self, of_log: Node) -> Node:
        """The derivative of that in b."""
        return -of_log * exp((self.b - 1.0) * of_log)

    def _risen_2(self, of_log: Node) -> Node:
        return self._risen(of_log) * of_log

    def _rising(self, of_log: Node) -> Node:
        """The derivative in log b."""
        return self.b * self._risen(of_log)

    def _rising_2(self, of_log: Node) -> Node:
        return self._rising(of_log) * (1.0 + self.b * of_log)

    @cached_property
    def _f(self) -> Node:
        return self.a * self._moment(0, self._missing)

    def _path(self, function: Callable[[float], Node]) -> Node:
        """∫ function(s) ds over 0 < s < 1"""
        return reduce(add, [w * function(at) for at, w in EVEN])

    def _over_path(self, function: Callable[[Node], Node], start: Any) -> Node:
        """a ∫ function(start + a s) ds over 0 < s < 1: what its integral grows by, however small a is."""
        return self.a * self._path(lambda at: function(start + at * self.a))

    @cached_property
    def value(self) -> Node:
        g = self._over_path(digamma, 1.0 + self.b) - self._over_path(digamma, 1.0)
        return self.log_q + g + self.a * self.log_y + log1p(-self._f)

    @cached_property
    def _first(self) -> tuple[Node, Node]:
        """The derivatives of log(1 − F) in log a and in log b."""
        in_a = self._f - self.a * self.a * self._moment(1, self._missing)
        in_b = self.a * self._moment(0, self._rising)
        return -in_a / (1.0 - self._f), -in_b / (1.0 - self._f)

    @cached_property
    def _slopes(self) -> tuple[Node, Node]:
        """Those of log P, but for log(1 − μ)."""
        a, b = self.a, self.b
        in_a, in_b = self._first
        by_a = a * (digamma(1.0 + a + b) - digamma(1.0 + a)) + a * self.log_y
        return by_a + in_a, b * self._over_path(trigamma, 1.0 + b) + in_b

    @cached_property
    def _curves(self) -> tuple[Node, Node, Node]:
        """The second derivatives: a and a, a and b, b and b."""
        a, b = self.a, self.b
        square = a * a
        moments = [self._moment(k, self._missing) for k in (1, 2)]
        rising = [self._moment(k, self._rising) for k in (0, 1)]
        aa = self._f - 3.0 * square * moments[0] + square * a * moments[1]
        ab = a * rising[0] - square * rising[1]
        bb = a * self._moment(0, self._rising_2)
        in_a, in_b = self._first
        left = 1.0 - self._f
        second = (-aa / left - in_a * in_a, -ab / left - in_a * in_b, -bb / left - in_b * in_b)
        by_a = a * (digamma(1.0 + a + b) - digamma(1.0 + a)) + a * self.log_y
        g_aa = by_a + square * (trigamma(1.0 + a + b) - trigamma(1.0 + a))
        g_ab = a * (b * trigamma(1.0 + a + b))
        g_bb = b * self._over_path(trigamma, 1.0 + b)
        g_bb = g_bb + b * (b * self._over_path(tetragamma, 1.0 + b))
        return g_aa + second[0], g_ab + second[1], g_bb + second[2]

    @cached_property
    def mean(self) -> Node:
        """∂ log P/∂ν"""
        in_a, in_b = self._slopes
        return self.q * in_a - self.p * in_b - self.p

    @cached_property
    def mean_2(self) -> Node:
        (in_a, in_b), (aa, ab, bb) = self._slopes, self._curves
        p, q = self.p, self.q
        bend = q * (q * aa) - 2.0 * (p * (q * ab)) + p * (p * bb)
        return bend - p * (q * (1.0 + in_a + in_b))

    @cached_property
    def cross(self) -> Node:
        aa, ab, bb = self._curves
        return self.q * (aa + ab) - self.p * (ab + bb)

    @cached_property
    def shape(self) -> Node:
        """∂ log P/∂log κ"""
        return self._slopes[0] + self._slopes[1]

    @cached_property
    def shape_2(self) -> Node:
        aa, ab, bb = self._curves
        return aa + 2.0 * ab + bb

    # --- Of log(1 − P), whose slopes are those of log(−V) but for 1 − P over V, which is nearly 1. -----

    @cached_property
    def _of_logarithm(self) -> tuple[Node, Node]:
        """D of log(1 − μ), and its derivative in ν."""
        p, q = self.p, self.q
        near = q * log1p_residual(p / q) - p * p
        return where(p < 0.5, near, -p - q * self.log_q), p * (q * self.log_q)

    @cached_property
    def _of_gammas(self) -> tuple[Node, Node, Node]:
        """D of G and its derivatives in ν and log κ."""
        a, b, p, q = self.a, self.b, self.p, self.q

        def ahead(s: float) -> Node:
            return 1.0 + b + s * a

        own = self._path(lambda s: (1.0 - s) * trigamma(ahead(s)) + s * trigamma(1.0 + s * a))
        grown = self._path(lambda s: trigamma(ahead(s)) + (1.0 - s) * (b * tetragamma(ahead(s))))
        scale = -q * (a * a)
        bent = trigamma(1.0 + a) + trigamma(1.0 + b)
        return scale * own, scale * (q * bent - p * own), scale * (grown + trigamma(1.0 + a))

    @cached_property
    def _of_missing(self) -> tuple[Node, Node, Node]:
        """D of log(1 − F) and its derivatives in ν and log κ."""
        a, b, p, q, f = self.a, self.b, self.p, self.q, self._f
        first, second = (self._moment(k, self._missing) for k in (1, 2))
        risen, later = (self._moment(k, self._risen) for k in (0, 1))
        risen_2 = self._moment(0, self._risen_2)
        # F/a moves with ν by n/a², besides what it is multiplied by.
        n = -(a * a) * (first + risen)
        n_mean = q * (2.0 * n + a * (a * a) * (second + 2.0 * later + risen_2))
        n_shape = 2.0 * n + a * a * (a * (second + later) - b * (later + risen_2))
        f_shape = f + a * (b * risen - a * first)
        left = 1.0 - f
        own = q * (log1pmx(f / left) - n / left)
        share = (f + n) / left
        return (
            own,
            -p * own - q * (q * share * share + n_mean / left),
            -q * (f_shape / left * share + n_shape / left),
        )

    @cached_property
    def _proportion(self) -> tuple[Node, Node, Node]:
        """u = ∂ log(−V/μ)/∂ν, and its derivatives in ν and log κ."""
        of_log, of_log_mean = self._of_logarithm
        parts = self._of_gammas, self._of_missing
        u = (of_log + parts[0][0] + parts[1][0]) / self.value
        in_mean = (of_log_mean + parts[0][1] + parts[1][1]) / self.value
        in_shape = (parts[0][2] + parts[1][2]) / self.value
        return u, in_mean - u * (u + self.q), in_shape - u * (self.shape / self.value)

    @cached_property
    def pull_of_complement(self) -> Node:
        """∂ log(∂ log(1 − P)/∂ν)/∂ν"""
        u, in_mean, _ = self._proportion
        rate = self.q + u
        return log1mexp_bend(-self.value) * rate + (in_mean - self.p * self.q) / rate

    @cached_property
    def rise_of_complement(self) -> Node:
        """∂ log(∂ log(1 − P)/∂ν)/∂log κ"""
        u, _, in_shape = self._proportion
        bend = log1mexp_bend(-self.value) * (self.shape / self.value)
        return bend + in_shape / (self.q + u)
