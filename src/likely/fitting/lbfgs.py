"""Many coefficients: L-BFGS to the neighbourhood, truncated Newton steps to the optimum.

Neither needs the Hessian as a matrix. The gradient is measured in units of √Σ w·sⱼ², the standard
deviation of the score, which takes the place of 1/seⱼ.
"""

from __future__ import annotations

import numpy as np

from likely.fitting.newton import DECREMENT, GRADIENT, Stop, line_search
from likely.fitting.objective import Objective
from likely.fitting.problem import Array

CONJUGATE_STEPS = 200


def minimise_many(objective: Objective, theta: Array, max_iter: int) -> Stop:
    """Minimise from θ; ``max_iter`` bounds the truncated Newton steps after L-BFGS."""
    from scipy.optimize import minimize

    def value(t: Array) -> tuple[float, Array]:
        sums = objective.evaluate(t, 1)
        return sums.loss, sums.gradient

    rough = minimize(
        value,
        theta,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 10 * max_iter, "maxcor": 20, "ftol": 1e-12, "gtol": 0.0},
    )
    theta = np.asarray(rough.x)
    iterations = int(rough.nit)
    norm = decrement = np.inf
    step = np.zeros_like(theta)
    sums = objective.evaluate(theta, 1)
    for _ in range(max_iter):
        spread = np.sqrt(objective.squared_scores(theta))
        norm = float(np.max(np.abs(sums.gradient) / np.where(spread > 0.0, spread, 1.0)))
        step = _conjugate_step(objective, theta, sums.gradient)
        decrement = -0.5 * float(sums.gradient @ step)
        if norm <= GRADIENT and decrement <= DECREMENT * max(1.0, abs(sums.loss)):
            return Stop("converged", theta, sums, None, norm, decrement, iterations, step)
        trial = line_search(objective, theta, sums, step, 1)
        if trial is None:
            break
        theta, sums = trial
        iterations += 1
    return Stop("max_iter", theta, sums, None, norm, decrement, iterations, step)


def _conjugate_step(objective: Objective, theta: Array, gradient: Array) -> Array:
    """−H⁻¹g by conjugate gradients, to a residual that makes the outer iteration superlinear."""
    step = np.zeros_like(gradient)
    residual = -gradient
    direction = residual.copy()
    square = float(residual @ residual)
    target = min(0.01, square**0.25 / (1.0 + square**0.25)) * np.sqrt(square)
    for _ in range(CONJUGATE_STEPS):
        if np.sqrt(square) <= target:
            break
        product = objective.product(theta, direction)
        curvature = float(direction @ product)
        if curvature <= 1e-14 * float(direction @ direction):
            break  # flat, or not convex here: what has been found is a direction of descent
        length = square / curvature
        step += length * direction
        residual -= length * product
        previous, square = square, float(residual @ residual)
        direction = residual + (square / previous) * direction
    return step if step.any() else -gradient
