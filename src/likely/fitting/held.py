"""What is left to say where coefficients go to infinity: covariances with the directions to it held.

Of three classes one may be told from the others by a plane while these stay mixed. In the coordinates in which all
are alike no coefficient has a finite estimate then, but the differences between the two have one, with an error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from likely.fitting.newton import Factor
from likely.fitting.problem import Array
from likely.fitting.subspace import Subspace

#: A variance that grows by more than this on the way to infinity is that of a direction without
#: information.
GROWTH = 100.0


@dataclass(frozen=True)
class Precision:
    """The curvature H in a subspace, as its factor."""

    space: Subspace
    factor: Factor | None

    def covariance(self) -> Array:
        """H⁻¹, of θ; NaN where H is not positive definite."""
        if self.factor is None or not self.factor.positive:
            return np.full((self.space.objective.size,) * 2, np.nan)
        inner = self.factor.inverse()
        basis = self.space.basis
        return inner if basis is None else basis @ inner @ basis.T

    def split(self, before: Precision) -> tuple[Array, list[Array]] | None:
        """The covariance of θ, but for directions in which H is GROWTH times smaller than ``before``, and these.

        This subspace is inside the one before. Where H had vanished in some of that already, all that is left here has
        kept its own. None where H is not positive definite.
        """
        one, other = self._root(), before._root()
        if one is None:
            return None
        if other is None:
            return self.covariance(), []
        basis = np.eye(self.space.objective.size) if self.space.basis is None else self.space.basis
        inside = basis if before.space.basis is None else before.space.basis.T @ basis
        other = inside.T @ other
        shares, vectors = eigh(one @ one.T, other @ other.T)
        directions, kept = basis @ vectors, shares >= 1.0 / GROWTH
        covariance = (directions[:, kept] / shares[kept]) @ directions[:, kept].T
        return covariance, list(directions[:, ~kept].T)

    def _root(self) -> Array | None:
        """C with H = CCᵀ."""
        factor = self.factor
        if factor is None or not factor.positive:
            return None
        return np.asarray(np.tril(factor.lower) / factor.scale[:, None])


def scaled(directions: list[Array], spread: Array) -> NDArray[np.float64]:
    """Flat directions (m, P) in units of the columns' spread, the largest entry 1."""
    moves = np.array(directions).reshape(-1, spread.size) * spread
    return np.asarray(moves / np.abs(moves).max(axis=1, keepdims=True))
