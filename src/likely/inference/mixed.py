"""Mixtures: sums over components, and quantiles between the components' own.

A function of a mixture, and a mixture between bounds, are mixtures of the same of their components, so that no peak
is looked for that a component does not show.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.families.modifiers.transformed import transformed
from likely.families.modifiers.truncated import truncated
from likely.inference.between_quantiles import expected
from likely.inference.discrete import LARGEST as FURTHEST
from likely.inference.discrete import quantile_of_counts
from likely.inference.line import Line
from likely.inference.modified import Array, Rows, between, insides
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.predictive import Predictive
from likely.inference.root import root
from likely.inference.rows import blocks
from likely.inference.summation import DiscreteSums, Weight
from likely.losses.nll import NegativeLogLikelihood

#: Quantiles that are looked for together.
TOGETHER = 1 << 16
#: Levels of a component's quantiles, from either end, between which its share of a mixture's density is smooth.
LEVELS = np.array([1e-12, 1e-3, 0.5])
#: The largest number.
LARGEST = np.finfo(np.float64).max
#: The relative rounding of a tail that is a sum of others.
ROUNDING = 2.0**-50


def components_of(loss: Any, raw: Array) -> tuple[list[Predictive], Array]:
    """The distributions that the rows of raw (k, n) are mixtures of, and their weights (K, n)."""
    specification = loss.specification
    if specification.structure.kind == "Mixture":
        return insides(loss, raw), _weights(loss, raw)
    ((inside, columns),) = loss.parts
    parts, weights = components_of(inside, raw[columns])
    change = _between_bounds if specification.structure.kind == "Truncated" else _function
    changed = [change(loss, part) for part in parts]
    kept = [(law, w * seen) for (law, seen), w in zip(changed, weights, strict=True) if law]
    shares = np.array([share for _, share in kept])
    return [law for law, _ in kept], shares / shares.sum(axis=0)


def _weights(loss: Any, raw: Array) -> Array:
    """w_j of a mixture's rows, (K, n)."""
    own = [f"odds{j}" for j in range(2, len(loss.parts) + 1)]
    logs = np.array([np.zeros(raw.shape[1]), *(loss.parameter(n, raw, "log") for n in own)])
    logs = logs - logs.max(axis=0)
    weights: Array = np.exp(logs) / np.exp(logs).sum(axis=0)
    return weights


def _function(loss: Any, part: Predictive) -> tuple[Predictive, Array]:
    """The distribution of y, of which a function follows the part."""
    made = transformed(part.loss.specification, loss.specification.structure.transform)
    return Predictive(NegativeLogLikelihood.of(made, part.loss.slots), part.raw), np.ones(
        part.shape
    )


def _between_bounds(loss: Any, part: Predictive) -> tuple[Predictive | None, Array]:
    """What is seen of a part, None where it lies outside, and its probability."""
    support, own = loss.specification.support, part.loss.specification.support
    low, high = support.low, support.high
    if low <= own.low and high >= own.high:
        return part, np.ones(part.shape)
    if low >= own.high or high <= own.low:
        return None, np.zeros(part.shape)
    if support.integer:  # the first count that is seen is above the bound
        low -= 1.0
    seen = between(part, np.full(part.shape, low), np.full(part.shape, high))
    cut = truncated(part.loss.specification, low, high)
    return Predictive(NegativeLogLikelihood.of(cut, part.loss.slots), part.raw), seen


class _Components:
    """Weights (K, n) and the distributions of the components."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)  # type: ignore[call-arg]
        self.loss, self.raw = loss, raw
        self.components, self.weights = components_of(loss, raw)

    def total(self, values: Any) -> Array:
        """Σ w_j v_j"""
        return np.asarray((self.weights * np.array(values)).sum(axis=0))

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf: a weighted sum, accurate where it is small."""
        each = np.array([c._beside(y, rows, upper=upper) for c in self.components])
        return np.asarray((self.weights[:, rows] * each).sum(axis=0))

    def mean(self) -> Array:
        """Σ w_j m_j"""
        return self.total([c.mean() for c in self.components])

    def var(self) -> Array:
        """Σ w_j (v_j + (m_j − m)²)"""
        mean = self.mean()
        # About any number it is infinite where the mean is; where there is no mean it is NaN.
        about = np.where(np.isinf(mean), 0.0, mean)
        return self.total([c.var() + (c.mean() - about) ** 2 for c in self.components])


class MixedCounts(_Components, DiscreteSums):
    """A mixture of counts."""

    def probability(self, k: Array, rows: Rows) -> Array:
        """Σ w_j p_j(k)"""
        each = np.array([c[rows].prob(k) for c in self.components])
        return np.asarray((self.weights[:, rows] * each).sum(axis=0))

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """The smallest count far enough up, between the smallest and the largest quantile of a component."""
        ends = np.array([c._inverse(p, rows, upper=upper) for c in self.components])
        guess = (self.weights[:, rows] * ends).sum(axis=0)
        return quantile_of_counts(self, p, rows, guess, upper=upper)

    def _both(self, weight: Weight) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Sums up to a count, and beyond it, in stretches that end at quantiles of the components.

        Outwards from the mode they would stop where next to nothing is, before the next peak.
        """
        each = [q.T for c in self.components for q in (c.quantile(LEVELS), c.isf(LEVELS[:-1]))]
        ends = np.clip(np.sort(np.concatenate(each), axis=0), -FURTHEST, FURTHEST)
        ones = np.ones(self.rows.size)
        below, wild_below = self.outwards(ends[0], -ones, self.rows, weight)
        above, wild_above = self.outwards(ends[-1] + 1.0, ones, self.rows, weight)
        for low, high in pairwise(ends):
            count = high - low
            left = np.ceil(0.5 * count)
            above += self.stretch(low + 1.0, left, 1.0, self.rows, weight)
            above += self.stretch(high, count - left, -1.0, self.rows, weight)
        return (
            np.where(wild_below, np.inf, below),
            np.where(wild_above, np.inf, above),
            wild_above,
        )


class MixedAmounts(_Components, ContinuousIntegrals):
    """A mixture of continuous families."""

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """Where the tail that is the smaller one has the mass asked for, between quantiles of the components."""
        found = np.empty(p.shape)
        for block in blocks(p.size, TOGETHER):
            found[block] = self._quantile(p[block], rows[block], upper=upper)
        return found

    def _quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        ends = np.array([c._inverse(p, rows, upper=upper) for c in self.components])
        low, high = ends.min(axis=0), ends.max(axis=0)
        gone = np.flatnonzero((low < high) & ~(np.isfinite(low) & np.isfinite(high)))
        if gone.size:
            bounds = self._bounds(p[gone], rows[gone], upper=upper)
            low[gone], high[gone] = bounds
            ends[:, gone] = np.clip(ends[:, gone], *bounds)
        found = high.copy()
        # Elsewhere the components agree.
        apart = np.flatnonzero(low < high)
        if apart.size:
            problem = _TailMass(self, rows[apart], p[apart], upper=upper)
            start = problem.between(ends[:, apart])
            first, last = (np.clip(end[apart], -LARGEST, LARGEST) for end in (low, high))
            found[apart] = root(problem, first, last, start)
        return found

    def _bounds(self, p: Array, rows: Rows, *, upper: bool) -> tuple[Array, Array]:
        """Between what the quantile lies where a component's is no number, as no tail is less than its share of one.

        On one side of 0, from where bisection finds numbers of any size.
        """
        found = []
        for side, mass in ((True, p if upper else 1.0 - p), (False, 1.0 - p if upper else p)):
            each = []
            for c, weight in zip(self.components, self.weights[:, rows], strict=True):
                y = np.full(p.shape, -np.inf if side else np.inf)
                at = np.flatnonzero(mass < weight)
                y[at] = c._inverse(mass[at] / weight[at], rows[at], upper=side)
                each.append(y)
            found.append(np.max(each, axis=0) if side else np.min(each, axis=0))
        zero = self.tail(np.zeros(p.shape), rows, upper=upper)
        up_to_zero = zero <= p if upper else zero >= p
        below, above = found
        below = np.where(up_to_zero, below, np.maximum(below, 0.0))
        return below, np.where(up_to_zero, np.minimum(above, 0.0), above)

    def _summit(self) -> Array:
        """The highest place, uphill from the components' own; of ties the smallest."""
        line, tops = self.line, []
        for component in self.components:
            start, near = line.t_of(component.mode()), np.array([0.45, 0.55])
            with np.errstate(invalid="ignore"):
                step = np.diff([line.t_of(q) for q in component.quantile(near).T], axis=0)[0]
            tops.append(line.summit(of_t=False, exact=True, start=(start[None], step)))
        heights = np.array([line.density(t, self.rows)[0] for t in tops])
        best = heights.max(axis=0)
        alike = heights >= best - 1e-12 * np.maximum(1.0, np.abs(best))
        lowest: Array = np.where(alike, np.array(tops), np.inf).min(axis=0)
        return lowest

    def entropy(self) -> Array:
        """Σ w_j E_j[−log p], each expectation over the component's own quantiles."""
        return self.total([_Component(self, c).surprise() for c in self.components])


class _Component:
    """A component with the density of the mixture, of which it has the expectation."""

    def __init__(self, mixture: MixedAmounts, component: Predictive) -> None:
        self.loss, self.raw, self.inside = component.loss, component.raw, component
        self.whole = _Beside(mixture.line, Line(component.loss, component.raw))
        self.others = [c for c in mixture.components if c is not component]

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """That of the component."""
        return self.inside._inverse(p, rows, upper=upper)

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """That of the component."""
        return self.inside._beside(y, rows, upper=upper)

    def peak(self, rows: Rows) -> Array:
        """That of the component."""
        return Line(self.loss, self.raw[:, rows]).centre

    def surprise(self) -> Array:
        """E[−log p] under the component with p the mixture's density, in panels that end at quantiles of the others."""
        n = self.raw.shape[1]
        ends = [q.T for c in self.others for q in (c.quantile(LEVELS), c.isf(LEVELS[:-1]))]
        breaks = self.whole.t_of(np.concatenate(ends))
        return expected(self, lambda log_p, y, rows: -log_p, np.ones(n, dtype=bool), breaks)


class _Beside:
    """The line of a component, with the density of a mixture in the place of its own."""

    def __init__(self, mixture: Line, component: Line) -> None:
        self.mixture, self.component = mixture, component
        self.low, self.high = component.low, component.high
        self.t_of, self.y_of, self.slope = component.t_of, component.y_of, component.slope

    def density(self, t: Array, rows: Rows) -> tuple[Array, Array, Array]:
        """log f of the mixture, log g of the component, and y."""
        _, log_g, y = self.component.density(t, rows)
        return self.mixture.density(t, rows)[0], log_g, y


class _TailMass:
    """How far the logarithm of the smaller tail is from that of the mass asked for: rising in y."""

    def __init__(self, law: _Components, rows: Rows, p: Array, *, upper: bool) -> None:
        self.components = [c[rows] for c in law.components]
        self.weights = law.weights[:, rows]
        self.below = (p <= 0.5) != upper
        self.goal = np.where(p <= 0.5, p, 1.0 - p)
        self.rounding = np.full(p.shape, ROUNDING)

    def between(self, ends: Array) -> Array:
        """Where the mass asked for would be if every component's tail were straight from its own quantile on."""
        slopes = self.weights * [c.prob(y) for c, y in zip(self.components, ends, strict=True)]
        with np.errstate(all="ignore"):
            start: Array = (slopes * ends).sum(axis=0) / slopes.sum(axis=0)
        return start

    def excess(self, y: Array, at: Rows) -> Array:
        """log cdf/p, or log (1 − p)/sf, at y, for the rows ``at``."""
        self.tail = np.empty(y.shape)
        for name, mine in (("cdf", self.below[at]), ("sf", ~self.below[at])):
            self.tail[mine] = self._total(name, y[mine], at[mine])
        with np.errstate(divide="ignore", over="ignore"):
            difference = np.log(self.tail / self.goal[at])
        return np.where(self.below[at], difference, -difference)

    def slope(self, y: Array, at: Rows) -> Array:
        """Its derivative, the density over the tail."""
        return self._total("prob", y, at) / self.tail

    def _total(self, name: str, y: Array, at: Rows) -> Array:
        each = np.array([getattr(c[at], name)(y) for c in self.components])
        total: Array = (self.weights[:, at] * each).sum(axis=0)
        return total
