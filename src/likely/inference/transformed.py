"""The distribution of y, of which a function follows the family inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.families.modifiers.base import contains
from likely.families.modifiers.transformed import Affine, Log
from likely.inference.mixed import MixedAmounts
from likely.inference.modified import Array, Rows, insides
from likely.inference.numerical import ContinuousIntegrals


class TransformedAmounts(ContinuousIntegrals):
    """Tails and quantiles are those of the family inside; moments and the mode are not."""

    def __init__(self, loss: Any, raw: Array) -> None:
        super().__init__(loss, raw)
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
