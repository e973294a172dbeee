"""Mixtures: sums over components.

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
from likely.inference.line import ALIKE, Line
from likely.inference.modified import (
    Array,
    Rows,
    between,
    insides,
    log_densities,
    next_to,
    off_edges,
)
from likely.inference.numerical import ContinuousIntegrals
from likely.inference.predictive import Predictive
from likely.inference.summation import DiscreteSums, Weight
from likely.inference.weighted import Weighted
from likely.losses.nll import NegativeLogLikelihood

#: Levels of a component's quantiles, from either end, between which its share of a mixture's density is smooth.
LEVELS = np.array([1e-12, 1e-3, 0.5])


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
        self.sum = Weighted(loss, self.components, self.weights)

    def total(self, values: Any) -> Array:
        """Σ w_j v_j"""
        return np.asarray((self.weights * np.array(values)).sum(axis=0))

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf: a weighted sum, accurate where it is small."""
        return self.sum.tail(y, rows, upper=upper)

    def mean(self) -> Array:
        """Σ w_j m_j"""
        return self.total([c.mean() for c in self.components])

    def var(self) -> Array:
        """Σ w_j (v_j + (m_j − m)²)"""
        mean = self.mean()
        # About any number it is infinite where the mean is; where there is no mean it is NaN.
        about = np.where(np.isinf(mean), 0.0, mean)
        with np.errstate(over="ignore"):
            return self.total([c.var() + (c.mean() - about) ** 2 for c in self.components])


class MixedCounts(_Components, DiscreteSums):
    """A mixture of counts."""

    def probability(self, k: Array, rows: Rows) -> Array:
        """Σ w_j p_j(k)"""
        return self.sum.probability(k, rows)

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """Between the quantiles of the components."""
        return self.sum.count(p, rows, upper=upper)

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
        """Between the quantiles of the components."""
        return self.sum.amount(p, rows, upper=upper)

    def mode(self) -> Array:
        """The highest place that slopes lead to, or a component's mode, which may be an end that none leads to."""
        found = super().mode()
        best = log_densities(self, found[None])[0]
        for component in self.components:
            support = component.loss.specification.support
            ends = [v for v in (support.low, support.high) if np.isfinite(v)]
            for own in (component.mode(), *(np.full(best.shape, end) for end in ends)):
                # Next to an edge of the component's, which may lie inside the mixture's support: it ends there.
                there = log_densities(self, off_edges(support, next_to(own))).max(axis=0)
                higher = there > best + ALIKE * np.maximum(1.0, np.abs(best))
                found, best = np.where(higher, own, found), np.where(higher, there, best)
        return found

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
        alike = heights >= best - ALIKE * np.maximum(1.0, np.abs(best))
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
        # A t stands for the same y where the two have the same edges.
        self.alike = (mixture.low, mixture.high) == (self.low, self.high)
        self.t_of, self.y_of, self.slope = component.t_of, component.y_of, component.slope

    def density(self, t: Array, rows: Rows) -> tuple[Array, Array, Array]:
        """log f of the mixture, log g of the component, and y."""
        _, log_g, y = self.component.density(t, rows)
        if not self.alike:
            t = self.mixture.t_of(y)
        return self.mixture.density(t, rows)[0], log_g, y
