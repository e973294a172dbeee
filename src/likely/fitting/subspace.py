"""The objective on part of its coordinates: what is left once a direction has been followed or a row is held."""

from __future__ import annotations

import numpy as np

from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.rounding import gradient_rounding, loss_rounding
from likely.fitting.sums import Sums


class Subspace:
    """The objective on θ = origin + basis·γ; ``basis`` None is the whole space, θ = γ."""

    def __init__(
        self, objective: Objective, origin: Array | None = None, basis: Array | None = None
    ) -> None:
        self.objective = objective
        self.origin = np.zeros(objective.size) if origin is None else origin
        self.basis = basis
        self.size = objective.size if basis is None else basis.shape[1]

    def lift(self, direction: Array) -> Array:
        """A direction in γ as a direction in θ; also the columns of a matrix."""
        return direction if self.basis is None else self.basis @ direction

    def point(self, gamma: Array) -> Array:
        """θ at γ."""
        return self.origin + self.lift(gamma)

    def evaluate(
        self, gamma: Array, order: int, kind: str = "observed", meat: bool = False
    ) -> Sums:
        """The objective at γ, with gradient and Hessian in γ."""
        full = self.objective.evaluate(self.point(gamma), order, kind, meat)
        return self.restricted(full)

    def restricted(self, full: Sums) -> Sums:
        """Derivatives in θ as derivatives in γ."""
        n = self.basis
        if n is None:
            return full
        return Sums(
            full.loss,
            n.T @ full.gradient if full.gradient.size else full.gradient,
            None if full.hessian is None else n.T @ full.hessian @ n,
            None if full.meat is None else n.T @ full.meat @ n,
            full.terms,
        )

    def noise(self, gamma: Array) -> float:
        """A bound on what rounding of raw predictions may add to the loss at γ."""
        return loss_rounding(self.objective, self.point(gamma))

    def rounding(self, gamma: Array) -> Array:
        """A bound on what rounding may add to the gradient at γ."""
        bound = gradient_rounding(self.objective, self.point(gamma))
        return bound if self.basis is None else np.abs(self.basis).T @ bound

    def without(self, gamma: Array, *directions: Array) -> Subspace:
        """What is orthogonal to these independent directions, through the point γ."""
        units = np.stack([one / np.sqrt(one @ one) for one in directions], axis=1)
        rest = np.linalg.qr(np.hstack([units, np.eye(self.size)]))[0][:, len(directions) :]
        return Subspace(self.objective, self.point(gamma), self.lift(rest))


def in_theta(matrix: Array, along: Array) -> Array:
    """The direction in θ that moves the flat coefficients so."""
    return np.asarray(np.linalg.lstsq(matrix, along, rcond=None)[0], dtype=np.float64)
