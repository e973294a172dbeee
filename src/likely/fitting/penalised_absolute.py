"""Least absolute deviations with an L2 penalty: β with Σ cᵢ(|rᵢ| + t·rᵢ) + ½·βᵀPβ smallest.

A quadratic programme in r = y − Dβ; the tilt t is that of ``least_deviations``. Its dual has a in the box
|aᵢ − t·cᵢ| ≤ cᵢ with Dᵀa = Pβ, and a is the certificate: Σ cᵢ(|rᵢ| + t·rᵢ) + βᵀPβ = Σ aᵢyᵢ at the optimum, and
nowhere else. An interior-point method (Mehrotra's predictor and corrector,
doi:10.1137/0802028) says which residuals are zero and the signs of the others; then both sides of the optimum
solve one small linear system, which leaves no error but rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from likely.fitting.absolute import Deviations, ProgrammeError, Rows
from likely.fitting.problem import Array

BLOCK = 8192
STEPS = 200
#: Complementarity at which the interior point stops, relative to the objective.
INTERIOR = 1e-11
#: How far a step goes towards the edge of the box.
SHARE = 0.9995
#: Residuals are zero where the dual stays inside its bounds by this share.
INSIDE = 1e-6
#: What rounding may do to a sign or a bound.
ROUNDING = 1e-9


@dataclass(frozen=True)
class _Problem:
    y: Array
    costs: Array
    rows: Rows
    times: Callable[[Array], Array]
    penalty: Array
    tilt: float

    def residual(self, beta: Array) -> Array:
        """y − Dβ"""
        return self.y - self.times(beta)

    def transposed(self, a: Array) -> Array:
        """Dᵀa"""
        total = np.zeros(self.penalty.shape[0])
        for part in self._parts():
            total += self.rows(part).T @ a[part]
        return total

    def gram(self, q: Array) -> Array:
        """P + Dᵀ diag(q) D"""
        total = self.penalty.copy()
        for part in self._parts():
            d = self.rows(part)
            total += d.T @ (d * q[part, None])
        return total

    def slope(self, beta: Array, a: Array) -> Array:
        """Dᵀa − Pβ, for a less t·c"""
        return self.transposed(a + self.tilt * self.costs) - self.penalty @ beta

    def value(self, r: Array, beta: Array) -> float:
        """Σ cᵢ(|rᵢ| + t·rᵢ) + βᵀPβ"""
        return float(self.costs @ (np.abs(r) + self.tilt * r)) + float(beta @ self.penalty @ beta)

    def _parts(self) -> list[NDArray[np.intp]]:
        n = self.y.shape[0]
        return [np.arange(i, min(i + BLOCK, n)) for i in range(0, n, BLOCK)]

    def outcome(self, beta: Array, a: Array, zero: NDArray[np.intp], steps: int) -> Deviations:
        """With the gap between primal and dual, and the residual of Dᵀa = Pβ, relative to both."""
        r = self.residual(beta)
        r[zero] = 0.0
        size = self.value(r, beta)
        dual = a + self.tilt * self.costs
        gap = abs(size - float(dual @ self.y))
        total = np.sqrt(np.diag(self.gram(self.costs))) * np.sqrt(self.costs.sum())
        slope = float(np.max(np.abs(self.slope(beta, a)) / total))
        relative = gap / size if size > 0.0 else 0.0
        return Deviations(beta, r, dual, max(relative, slope), steps, np.sort(zero))


def penalised_deviations(
    y: Array,
    costs: Array,
    rows: Rows,
    times: Callable[[Array], Array],
    penalty: Array,
    guess: Deviations | None = None,
    tilt: float = 0.0,
) -> Deviations:
    """Minimise over β; y and costs (n,), costs > 0, ``penalty`` P (width, width).

    ``rows(index)`` are rows of the design D, with Dᵀ diag(costs) D + P positive definite;
    ``times(β)`` is Dβ. ``guess`` is the optimum of a similar problem, whose zero residuals and
    signs are tried first.
    """
    problem = _Problem(y, costs, rows, times, penalty, tilt)
    if not y.any():
        zero = np.arange(y.size)
        return problem.outcome(np.zeros(penalty.shape[0]), -tilt * costs, zero, 0)
    if guess is not None:
        found = _solve(problem, guess.basis, np.sign(guess.residuals), 0)
        if found is not None:
            return found
    beta, a, steps = _interior(problem)
    zero = np.flatnonzero(np.abs(a) < (1.0 - INSIDE) * costs)
    found = _solve(problem, zero, np.sign(a), steps)
    return problem.outcome(beta, a, zero[:0], steps) if found is None else found


def _interior(problem: _Problem) -> tuple[Array, Array, int]:
    """β and a at the centre of ever smaller complementarity, uᵢ(cᵢ − aᵢ) = vᵢ(cᵢ + aᵢ) = μ.

    u and v are the positive and negative parts of the residuals.
    """
    y, c = problem.y, problem.costs
    beta = cho_solve(cho_factor(problem.gram(c)), problem.transposed(c * y))
    r = problem.residual(beta)
    floor = max(float(np.abs(r).mean()), 1e-3 * float(np.abs(y).mean()))
    u, v = np.maximum(r, 0.0) + floor, np.maximum(-r, 0.0) + floor
    a = np.zeros(y.size)
    for step in range(STEPS):
        s, t = c - a, c + a
        mu = float(u @ s + v @ t) / (2.0 * y.size)
        primal, dual = problem.residual(beta) - u + v, problem.slope(beta, a)
        value = problem.value(u - v, beta) + 2.0 * float(c @ np.minimum(u, v))
        feasible = float(c @ np.abs(primal)) <= INTERIOR * value
        if feasible and 2.0 * y.size * mu <= INTERIOR * value:
            return beta, a, step
        q = 1.0 / (u / s + v / t)
        try:
            factor = cho_factor(problem.gram(q))
        except np.linalg.LinAlgError:
            # As near as float64 comes where rows outnumber what determines β; the gap says how near.
            return beta, a, step

        def direction(us: Array, vt: Array) -> tuple[Array, Array, Array, Array]:
            """The Newton step that changes the products u·s and v·t by us and vt."""
            rest = primal - us / s + vt / t  # noqa: B023
            d_beta = cho_solve(factor, dual + problem.transposed(q * rest))  # noqa: B023
            d_a = q * (rest - problem.times(d_beta))  # noqa: B023
            return d_beta, d_a, (us + u * d_a) / s, (vt - v * d_a) / t  # noqa: B023

        _, d_a, d_u, d_v = direction(-u * s, -v * t)
        ahead = min(_step((u, v), (d_u, d_v)), _step((s, t), (-d_a, d_a)))
        reached = (u + ahead * d_u) @ (s - ahead * d_a) + (v + ahead * d_v) @ (t + ahead * d_a)
        target = mu * (float(reached) / (2.0 * y.size * mu)) ** 3
        d_beta, d_a, d_u, d_v = direction(target - u * s + d_u * d_a, target - v * t - d_v * d_a)
        ahead = SHARE * min(_step((u, v), (d_u, d_v)), _step((s, t), (-d_a, d_a)))
        beta, a, u, v = beta + ahead * d_beta, a + ahead * d_a, u + ahead * d_u, v + ahead * d_v
    raise ProgrammeError(f"penalised absolute deviations did not settle in {STEPS} steps")


def _step(values: tuple[Array, Array], changes: tuple[Array, Array]) -> float:
    """The longest step, at most 1/SHARE, at which no value becomes negative."""
    longest = 1.0 / SHARE
    for value, change in zip(values, changes, strict=True):
        down = change < 0.0
        if down.any():
            longest = min(longest, float(np.min(-value[down] / change[down])))
    return longest


def _solve(
    problem: _Problem, zero: NDArray[np.intp], signs: Array, steps: int
) -> Deviations | None:
    """The optimum whose residuals are 0 in these rows and have these signs in the others, or None.

    Pβ − D₀ᵀa₀ = Σ cᵢ·signᵢ·dᵢ over the others + t·Dᵀc, and D₀β = y₀.
    """
    width = problem.penalty.shape[0]
    if zero.size > width:
        return None
    a = problem.costs * signs
    a[zero] = 0.0
    d = problem.rows(zero)
    system = np.block([[problem.penalty, -d.T], [d, np.zeros((zero.size, zero.size))]])
    try:
        both = np.linalg.solve(system, np.r_[problem.slope(np.zeros(width), a), problem.y[zero]])
    except np.linalg.LinAlgError:
        return None
    beta, a[zero] = both[:width], both[width:]
    r = problem.residual(beta)
    r[zero] = 0.0
    inside = np.abs(a) <= problem.costs * (1.0 + ROUNDING)
    right = signs * r >= -ROUNDING * np.abs(problem.y)
    return problem.outcome(beta, a, zero, steps) if (inside & right).all() else None
