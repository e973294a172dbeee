"""Many coefficients: L-BFGS to the neighbourhood, truncated Newton steps to the optimum.

Neither needs the Hessian as a matrix. The gradient is measured in units of √Σ w·sⱼ², the standard
deviation of the score, which takes the place of 1/seⱼ.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from likely.fitting.newton import DECREMENT, GRADIENT, Stop, line_search
from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.subspace import Subspace

CONJUGATE_STEPS = 200
#: Truncated Newton steps after which slow convergence asks for an optimum at infinity.
PATIENCE = 4


class _OverflowingError(ArithmeticError):
    """The gradient is not a number where the loss still is one."""


def minimise_many(
    objective: Objective, theta: Array, max_iter: int, patience: int = PATIENCE
) -> Stop:
    """Minimise from θ; ``max_iter`` bounds the truncated Newton steps after L-BFGS.

    Stops early with "receding" where the steps do not converge like those to a finite optimum.
    """
    from scipy.optimize import minimize

    unit = np.sqrt(_diagonal(objective, theta))

    best, least = theta, np.inf

    def value(u: Array) -> tuple[float, Array]:
        nonlocal best, least
        with np.errstate(over="ignore", invalid="ignore"):  # asked below
            sums = objective.evaluate(u / unit, 1)
        if np.isfinite(sums.loss) and not np.isfinite(sums.gradient).all():
            raise _OverflowingError
        if sums.loss < least:
            best, least = u / unit, sums.loss
        return sums.loss, sums.gradient / unit

    iterations = 0

    def count(_: Array) -> None:
        nonlocal iterations
        iterations += 1

    # Without a maximum it may run to where a curvature overflows: the best before that will do.
    with suppress(_OverflowingError):
        minimize(
            value,
            theta * unit,
            jac=True,
            method="L-BFGS-B",
            callback=count,
            options={"maxiter": 10 * max_iter, "maxcor": 20, "ftol": 1e-12, "gtol": 0.0},
        )
    theta = best
    norm = decrement = previous = np.inf
    step = np.zeros_like(theta)
    sums = objective.evaluate(theta, 1)
    for newton in range(max_iter):
        diagonal = _diagonal(objective, theta)
        norm = float(np.max(np.abs(sums.gradient) / np.sqrt(diagonal)))
        step = _conjugate_step(objective, theta, sums.gradient, diagonal)
        previous, decrement = decrement, -0.5 * float(sums.gradient @ step)
        if norm <= GRADIENT and decrement <= DECREMENT * max(1.0, abs(sums.loss)):
            return Stop("converged", theta, sums, None, norm, decrement, iterations, step)
        if newton == patience and not decrement < 0.05 * previous:
            return Stop("receding", theta, sums, None, norm, decrement, iterations, step)
        trial = line_search(Subspace(objective), theta, sums, step, 1)
        if trial is None:
            break
        theta, sums = trial
        iterations += 1
    return Stop("max_iter", theta, sums, None, norm, decrement, iterations, step)


def _diagonal(objective: Objective, theta: Array) -> Array:
    """About the diagonal of H: Σ w·sⱼ² and the penalty; 1 for a column without any information."""
    diagonal = objective.squared_scores(theta) + objective.penalty_diagonal()
    return np.where(diagonal > 0.0, diagonal, 1.0)


def _conjugate_step(objective: Objective, theta: Array, gradient: Array, diagonal: Array) -> Array:
    """−H⁻¹g by preconditioned conjugate gradients, to a residual that makes the steps superlinear."""
    step = np.zeros_like(gradient)
    residual = -gradient
    direction = residual / diagonal
    square = float(residual @ direction)
    target = min(0.01, square**0.25) ** 2 * square
    for _ in range(CONJUGATE_STEPS):
        if square <= target:
            break
        product = objective.product(theta, direction)
        curvature = float(direction @ product)
        if not curvature > 1e-14 * float(direction @ (diagonal * direction)):
            break  # flat, not convex, or beyond float64: what has been found is a descent
        length = square / curvature
        step += length * direction
        residual -= length * product
        scaled = residual / diagonal
        previous, square = square, float(residual @ scaled)
        direction = scaled + (square / previous) * direction
    return step if step.any() else -gradient / diagonal
