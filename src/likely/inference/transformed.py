"""The distribution of y, of which a function follows the family inside."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from likely.families.modifiers.base import contains
from likely.families.modifiers.transformed import Affine, Log
from likely.inference.between_quantiles import expected
from likely.inference.line import Line
from likely.inference.mixed import MixedAmounts
from likely.inference.modified import Array, Rows, insides
from likely.inference.numerical import ContinuousIntegrals

#: What may lie next to an edge of y that is not 0, where its distance to it has no digits, and be left out.
_LITTLE = 1e-13
#: So many of the last digits of such an edge.
_DIGITS = 4


class TransformedAmounts(ContinuousIntegrals):
    """Tails and quantiles are those of the family inside; moments and the mode are not.

    They are integrals of the density of y, but for rows of which more than next to nothing lies nearer to an edge than
    y can say: x can, of which they are expectations.
    """

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)
        self.loss, self.raw = loss, raw
        self.transform = loss.specification.structure.transform
        (self.inside,) = insides(loss, raw)

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """cdf or sf, which a decreasing function exchanges."""
        x = self.transform.forward(y)
        return self.inside._beside(x, rows, upper=upper != self.transform.decreasing)

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """y of the quantile inside."""
        x = self.inside._inverse(p, rows, upper=upper != self.transform.decreasing)
        with np.errstate(over="ignore"):
            return np.asarray(self.transform.back(x))

    @cached_property
    def crowded(self) -> Rows:
        """The rows with so much next to an edge."""
        n = self.raw.shape[1]
        every, found = np.arange(n), np.zeros(n, dtype=bool)
        support = self.loss.specification.support
        for edge, upper in ((support.low, False), (support.high, True)):
            if np.isfinite(edge) and edge != 0.0:
                by = _DIGITS * np.spacing(abs(edge))
                y = np.full(n, edge - by if upper else edge + by)
                found |= self.tail(y, every, upper=upper) > _LITTLE
        return np.flatnonzero(found)

    @cached_property
    def _others(self) -> tuple[Rows, ContinuousIntegrals]:
        """All other rows, and the integrals of their densities."""
        rows = np.delete(np.arange(self.raw.shape[1]), self.crowded)
        return rows, ContinuousIntegrals(self.loss, np.ascontiguousarray(self.raw[:, rows]))

    def _either(self, method: str, function: Any) -> Array:
        """By ``method`` of the class beside this one, and of crowded rows E f(x)."""
        rows, law = self._others
        found = np.empty(self.raw.shape[1])
        if rows.size:
            found[rows] = getattr(law, method)()
        if self.crowded.size:
            with np.errstate(over="ignore"):
                unknown = np.zeros(found.shape, dtype=bool)
                found[self.crowded] = expected(
                    _Whole(self.inside), function, unknown, rows=self.crowded
                )
        return found

    @cached_property
    def _mean(self) -> Array:
        return self._either("mean", lambda _, x, rows: self.transform.back(x))

    def mean(self) -> Array:
        """E y"""
        return self._mean

    def var(self) -> Array:
        """E (y − mean)²; ∞ where the mean is infinite, NaN where there is none."""
        about = np.where(np.isfinite(self._mean), self._mean, 0.0)
        found = self._either("var", lambda _, x, rows: (self.transform.back(x) - about[rows]) ** 2)
        return np.where(np.isnan(self._mean), np.nan, found)

    def entropy(self) -> Array:
        """−E log p(y), log p(y) being that of x less log |dy/dx|."""
        return self._either("entropy", lambda log_p, x, rows: self.transform.stretch(x) - log_p)


class _Whole:
    """All of a distribution, as what expectations are taken under."""

    def __init__(self, inside: Any) -> None:
        self.loss, self.raw, self.inside = inside.loss, inside._raw2, inside
        self.whole = Line(self.loss, self.raw)

    def quantile(self, p: Array, rows: Rows, *, upper: bool) -> Array:
        """Its quantile."""
        return np.asarray(self.inside._inverse(p, rows, upper=upper))

    def tail(self, y: Array, rows: Rows, *, upper: bool) -> Array:
        """Its cdf or sf."""
        return np.asarray(self.inside._beside(y, rows, upper=upper))

    def peak(self, rows: Rows) -> Array:
        """t near where its density is largest."""
        return Line(self.loss, self.raw[:, rows]).centre


class Exponentials(TransformedAmounts):
    """e^x, of which no number may be left where log y still is one."""

    def entropy(self) -> Array:
        """H + m, with log dy/dx = x"""
        return np.asarray(self.inside.entropy() + self.inside.mean())


class MovedAmounts(TransformedAmounts):
    """shift + factor·x, whose moments and mode move along."""

    transform: Affine

    def mean(self) -> Array:
        """shift + factor·m"""
        return np.asarray(self.transform.back(self.inside.mean()))

    def var(self) -> Array:
        """factor²·v"""
        return np.asarray(self.transform.factor**2 * self.inside.var())

    def mode(self) -> Array:
        """shift + factor·mode"""
        return np.asarray(self.transform.back(self.inside.mode()))

    def entropy(self) -> Array:
        """H + log |factor|"""
        return np.asarray(self.inside.entropy() + np.log(abs(self.transform.factor)))


class TransformedMixture(TransformedAmounts):
    """Of which moments, entropy and the mode are those of the mixture of transformed components."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)
        self.mixture = MixedAmounts(loss, raw)

    def mean(self) -> Array:
        """That of the mixture."""
        return self.mixture.mean()

    def var(self) -> Array:
        """That of the mixture."""
        return self.mixture.var()

    def mode(self) -> Array:
        """That of the mixture."""
        return self.mixture.mode()

    def entropy(self) -> Array:
        """That of the mixture."""
        return self.mixture.entropy()


def law(loss: Any, raw: Array) -> TransformedAmounts:
    """Of the rows of raw (k, n)."""
    specification = loss.specification
    transform = specification.structure.transform
    if isinstance(transform, Affine):
        return MovedAmounts(loss, raw)
    if contains(specification, "Mixture"):
        return TransformedMixture(loss, raw)
    return (Exponentials if isinstance(transform, Log) else TransformedAmounts)(loss, raw)
