"""Sums over rows: what they hold, and how they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from likely.fitting.problem import Array

#: Relative rounding of a sum over rows.
NO_DIFFERENCE = 1e-13


class Sums(NamedTuple):
    """The objective at one point; what was not asked for is None."""

    loss: float
    gradient: Array
    hessian: Array | None
    meat: Array | None  # Σ w·s·sᵀ of the rows' gradients s
    terms: float  # Σ w·|nll|, whose last digits the loss is right to even where its terms cancel

    @property
    def finite(self) -> bool:
        """Whether the loss and the derivatives that were asked for are numbers."""
        asked = [d for d in (self.gradient, self.hessian) if d is not None]
        return bool(np.isfinite(self.loss)) and all(bool(np.isfinite(d).all()) for d in asked)

    @property
    def rounding(self) -> float:
        """Differences of the loss below this say nothing."""
        return NO_DIFFERENCE * max(1.0, self.terms)


def consecutive(widths: Sequence[int]) -> tuple[slice, ...]:
    """Slices of these widths, one after the other."""
    edges = [0, *accumulate(widths)]
    return tuple(slice(a, b) for a, b in pairwise(edges))


@lru_cache(maxsize=8)
def _lower(size: int) -> NDArray[np.bool_]:
    """Where a square matrix has its lower triangle."""
    return np.tri(size, dtype=bool)


def symmetric(lower: Array) -> Array:
    """The symmetric matrix of a lower triangle."""
    return np.where(_lower(lower.shape[0]), lower, lower.T)


def add(a: Array, b: Array) -> Array:
    """a + b, in place of a."""
    a += b
    return a


def largest(a: Array, b: Array) -> Array:
    """The larger of every two."""
    return np.maximum(a, b)
