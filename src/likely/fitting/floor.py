"""Back to the floor of a valley: steps in the directions in which the loss is steep, none in those in which it is flat.

Where parameters go to infinity together, or nearly so, the loss is flat along a way that bends: a scale goes as the
exponential of a skewness, and a location with both. A step along a line leaves that way; a few of Newton's steps in the
steep directions alone lead back to it.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh

from likely.fitting.problem import Array
from likely.fitting.sums import Sums
from likely.fitting.ways import Request, Way, alone

#: A direction is flat where the loss is curved by less than this share of the most, in units of the diagonal.
FLAT = 1e-2
#: Steps back to the floor, as long as each lowers the loss by this share of its terms.
RETURNS = 4
STILL = 1e-9


class Function(Protocol):
    """A loss with its derivatives."""

    def evaluate(self, theta: Array, order: int) -> Sums:
        """Loss, gradient and Hessian at θ."""


def eigen(hessian: Array) -> tuple[Array, Array, Array]:
    """Eigenvalues, ascending, and vectors of H in the units of its diagonal, and these units."""
    diagonal = np.abs(np.diag(hessian))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    values, vectors = eigh(hessian * scale * scale[:, None])
    return values, vectors, scale


def steep_directions(hessian: Array) -> Array | None:
    """The directions (P, r) in which the loss is steep; None where all are, or none."""
    if not np.isfinite(hessian).all():
        return None
    values, vectors, scale = eigen(hessian)
    steep = values > FLAT * values[-1]
    return None if steep.all() or not steep.any() else scale[:, None] * vectors[:, steep]


def floor(
    function: Function, theta: Array, sums: Sums, steep: Array
) -> Way[tuple[Array, Sums] | None]:
    """The point and its sums (order 2) after steps in steep directions; None where the loss is not finite there.

    ``sums`` are those of θ, where it begins.
    """
    for _ in range(RETURNS):
        assert sums.hessian is not None
        inner = steep.T @ sums.hessian @ steep
        if not (np.isfinite(sums.gradient).all() and np.isfinite(inner).all()):
            return None
        try:
            step = -steep @ cho_solve(cho_factor(inner), steep.T @ sums.gradient)
        except np.linalg.LinAlgError:  # not convex here: no step leads back
            return theta, sums
        further = yield Request(function, theta + step, 2)
        if not further.loss < sums.loss:
            return theta, sums
        fall, theta, sums = sums.loss - further.loss, theta + step, further
        if fall <= STILL * max(1.0, sums.terms):
            break
    return theta, sums


to_floor = alone(floor)
