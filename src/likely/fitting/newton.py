"""Newton's method with a line search, to an optimum that is certified and not merely approached.

Converged means: max |gⱼ|·seⱼ, or √(gᵀH⁻¹g), ≤ 1e-8 and ½·gᵀH⁻¹g ≤ 1e-12·max(1, |L|), with the observed
Hessian H at the solution positive definite. There is no tolerance on the loss. Where raw predictions are so
much larger than their standard errors that their last digit moves the gradient by more than that,
the gradient has to be within this rounding, which must itself be below 0.01 standard errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg.lapack import dpocon, dpotrf, dpotri, dpotrs

from likely.fitting.floor import eigen, floor, steep_directions
from likely.fitting.problem import Array, OutsideDomainError
from likely.fitting.sums import Sums, symmetric
from likely.fitting.ways import Request, Way, alone

#: max |gⱼ|·seⱼ at the optimum: a coefficient is at most about this many standard errors away from
#: it.
GRADIENT = 1e-8
#: Newton decrement at the optimum, relative to the loss.
DECREMENT = 1e-12
#: Below this reciprocal condition the design is made orthogonal.
ILL_CONDITIONED = 1e-10
#: Where H is not positive definite its eigenvalues are raised to this share of the largest.
SMALLEST_EIGENVALUE = 1e-6
#: From here on the last evaluation leaves out the Hessian.
MANY_ROWS = 50_000
#: and standard errors are those of a Hessian that is right to this share.
SETTLED = 1e-6
HALVINGS = 60
#: The most by which a step is lengthened.
LONGEST = 4.0
#: A shorter part of a step hardly leaves the floor of a valley, and is not led back to it.
SHORTEST_LED = 2.0**-6
#: So many steps one after the other that lead out of the domain tell that its edge is in the way.
BLOCKED = 3
#: Quadratic convergence makes the decrement smaller than this share of the one before.
SLOW = 0.05
#: Iterations without quadratic convergence after which an optimum at infinity is looked for.
PATIENCE = 8


class Function(Protocol):
    """What Newton's method minimises."""

    size: int

    def evaluate(
        self, theta: Array, order: int, kind: str = "observed", meat: bool = False
    ) -> Sums:
        """Loss, gradient and Hessian at θ."""

    def noise(self, theta: Array) -> float:
        """What rounding may add to the loss at θ beside that of its sum."""


class Factor:
    """The Cholesky factor of a Hessian that was scaled to a unit diagonal.

    ``positive`` is False where the Hessian is not positive definite: then it cannot solve.
    """

    def __init__(self, hessian: Array) -> None:
        self.condition = np.inf
        self.size = hessian.shape[0]
        diagonal = np.diag(hessian)
        self.positive = bool((diagonal > 0.0).all() and np.isfinite(hessian).all())
        if not self.positive:
            return
        self.scale = 1.0 / np.sqrt(diagonal)
        unit = hessian * self.scale * self.scale[:, None]
        self.lower, info = dpotrf(unit, lower=1)
        self.positive = info == 0
        if self.positive:
            norm = np.abs(unit).sum(axis=0).max()
            reciprocal = float(dpocon(self.lower, norm, uplo="L")[0])
            # A factor that rounding alone kept positive says nothing about the last directions.
            self.positive = reciprocal > 1e-15
            self.condition = 1.0 / reciprocal if self.positive else np.inf

    def solve(self, vector: Array) -> Array:
        """H⁻¹v; infinite where H has all but vanished."""
        return self.scale * dpotrs(self.lower, self.scale * vector, lower=1)[0]

    def inverse(self) -> Array:
        """H⁻¹; infinite where H has all but vanished."""
        unit = symmetric(dpotri(self.lower, lower=1)[0])
        return unit * self.scale * self.scale[:, None]

    def std_errors(self) -> Array:
        """√diag(H⁻¹)."""
        return np.sqrt(np.diag(self.inverse()))


@dataclass
class Stop:
    """Where Newton's method stopped and why.

    "converged", "ill_conditioned", "receding", "max_iter", or "edge": the way down leads out of the
    domain of a partial link. A caller may set "exact": rows are fitted to the last digits of y;
    "pole": the density has no bound where the support of a row ends; "end": the best is where it ends; or "certain":
    every row has a probability of 1.
    """

    reason: str
    theta: Array
    sums: Sums
    factor: Factor | None
    gradient_norm: float
    decrement: float
    iterations: int
    step: Array
    #: The gradient is no larger than the rounding of raw predictions makes it.
    at_rounding: bool = False

    def certified(self) -> bool:
        """Whether gradient and decrement are those of an optimum."""
        if self.at_rounding:
            return True
        small = self.decrement <= DECREMENT * max(1.0, abs(self.sums.loss))
        return small and min(self.gradient_norm, self.distance()) <= GRADIENT

    def distance(self) -> float:
        """√(gᵀH⁻¹g): no coefficient is more standard errors than this from the optimum of the curvature here.

        At most the sum of all |gⱼ|·seⱼ, and much less where one row of high curvature makes both large, each in
        another direction. ∞ where the curvature is not that of a minimum.
        """
        minimum = self.factor is not None and self.factor.positive and self.decrement >= 0.0
        return float(np.sqrt(2.0 * self.decrement)) if minimum else np.inf


def descent(
    function: Function,
    theta: Array,
    max_iter: int,
    rows: float,
    expected: bool,
    may_orthogonalise: bool,
    patience: int = PATIENCE,
    edges: bool = True,
    bent: bool = False,
    promise: float = np.inf,
    rough: bool = False,
    enough: float = 0.0,
) -> Way[Stop]:
    """The way of Newton's method from θ; ``minimise`` goes it.

    ``rows`` is the sum of weights; ``expected``, whether the loss has Fisher information to step
    with where the observed curvature is not positive definite. Stops early with "ill_conditioned"
    where H is nearly singular and ``may_orthogonalise``; with "receding" after ``patience``
    iterations without the quadratic convergence of an optimum at a finite place, so that the caller
    can look for one at infinity; and, where ``edges``, with "edge" where steps keep leading to where
    the loss is infinite. With ``bent``, along valleys that bend (``line_search``). A step may promise to lower the
    loss by one nat per row and the loss itself, and by ``promise``, not more. With ``rough``, no further than to where
    a step promises less than the rounding of the loss, or than ``enough``.
    """
    sums = yield Request(function, theta, 2)
    if not np.isfinite(sums.loss):
        raise OutsideDomainError(
            "the loss is infinite at the start values: with a link that does not cover the "
            "parameter's domain, give start values inside it or use a total link such as log"
        )
    norm = decrement = previous = np.inf
    step = np.zeros_like(theta)
    if not sums.finite:  # far out on the way to infinity derivatives may be none
        return Stop("max_iter", theta, sums, None, norm, decrement, 0, step)
    blocked = 0
    far: Stop | None = None
    for iteration in range(max_iter + 1):
        if sums.hessian is not None:
            factor = Factor(sums.hessian)
            if may_orthogonalise and not (
                factor.positive and factor.condition * ILL_CONDITIONED < 1.0
            ):
                return Stop("ill_conditioned", theta, sums, None, norm, decrement, iteration, step)
        if factor.positive:
            step = -factor.solve(sums.gradient)
            previous, decrement = decrement, -0.5 * float(sums.gradient @ step)
            norm = float(np.max(np.abs(sums.gradient) * factor.std_errors(), initial=0.0))
            if norm <= GRADIENT and decrement <= DECREMENT * max(1.0, abs(sums.loss)):
                # Convergence by a constant factor leads to infinity, where gradients vanish too.
                slow = decrement > 0.0 and previous < np.inf and decrement > 0.01 * previous
                reason = "receding" if slow else "converged"
                return Stop(reason, theta, sums, factor, norm, decrement, iteration, step)
        else:
            step = yield from _modified_step(function, theta, sums, expected)
            previous, decrement = decrement, -0.5 * float(sums.gradient @ step)
            norm = np.inf
        if not np.isfinite(decrement) and far is not None:
            return far  # by now the step is no number any more
        if rough and abs(decrement) <= max(sums.rounding, enough):
            break
        # Where the curvature has all but vanished, its step would leave the numbers that exist.
        limit = min(rows + max(sums.loss, 0.0), promise)
        step *= min(1.0, limit / decrement) if decrement > 0.0 else 1.0
        if iteration == max_iter:
            break
        stop = Stop("receding", theta, sums, factor, norm, decrement, iteration, step)
        if iteration >= patience and not decrement < SLOW * previous:
            return stop
        far = stop if far is None and decrement > limit else far
        # So near the optimum H no longer changes: a gradient is enough to confirm it, and much
        # cheaper. The share by which H changes over d standard errors is of the order of d/√rows.
        near = factor.positive and rows >= MANY_ROWS and norm <= SETTLED * np.sqrt(rows)
        trial = yield from search(
            function,
            theta,
            sums,
            step,
            1 if near else 2,
            bent=bent and (not factor.positive or decrement > SLOW * previous),
        )
        if trial is None:
            break
        stopped = (
            edges
            and not np.array_equal(trial[0], theta + step)
            and not np.isfinite((yield Request(function, theta + step, 0)).loss)
        )
        blocked = blocked + 1 if stopped else 0
        if blocked == BLOCKED:
            return Stop("edge", theta, sums, factor, norm, decrement, iteration, step)
        theta, sums = trial
    outside = edges and not np.isfinite((yield Request(function, theta + step, 0)).loss)
    reason = "edge" if outside else "max_iter"
    return Stop(reason, theta, sums, factor, norm, decrement, iteration, step)


def _hessian(sums: Sums) -> Array:
    assert sums.hessian is not None
    return sums.hessian


def _modified_step(function: Function, theta: Array, sums: Sums, expected: bool) -> Way[Array]:
    """A direction of descent where H is not positive definite.

    Fisher scoring where the loss knows its expected information; else Newton's step with the
    absolute eigenvalues of H, raised to a share of the largest.
    """
    if expected:
        fisher = Factor(_hessian((yield Request(function, theta, 2, "expected"))))
        if fisher.positive:
            return -fisher.solve(sums.gradient)
    hessian = (
        sums.hessian if sums.hessian is not None else (yield Request(function, theta, 2)).hessian
    )
    assert hessian is not None
    values, vectors, scale = eigen(hessian)
    values = np.abs(values)
    top = values.max(initial=0.0)
    values = np.maximum(values, SMALLEST_EIGENVALUE * top if top > 0.0 else 1.0)
    return -scale * (vectors @ ((vectors.T @ (scale * sums.gradient)) / values))


def search(
    function: Function,
    theta: Array,
    sums: Sums,
    step: Array,
    order: int,
    bent: bool = False,
) -> Way[tuple[Array, Sums] | None]:
    """The point at the first of the steps 1, ½, ¼ … that decreases the loss enough, or None where none does.

    Where the decrease that can be expected is below the rounding of the loss, the slope along the
    step decides instead of the loss. With ``bent``, where H does not tell how far to go, a step that leaves a valley is
    led back to its floor before it is halved, and steps 2 and 4 are tried too.
    """
    slope = float(sums.gradient @ step)
    rounding = sums.rounding

    def good(trial: Sums, length: float) -> bool:
        if not trial.finite:
            return False  # on the way to a scale of 0 the curvature overflows before the loss does
        if trial.loss <= sums.loss + 1e-4 * length * slope:
            return True
        level = -slope * length <= 10.0 * rounding
        if not (level and abs(float(trial.gradient @ step)) <= 0.9 * abs(slope)):
            return False
        # Where raw predictions are large, as far out on the way to infinity, their rounding is felt.
        rises = trial.loss - sums.loss
        return rises <= rounding or rises <= function.noise(theta) + function.noise(
            theta + length * step
        )

    bent = bent and order == 2 and -slope > 10.0 * rounding
    steep = steep_directions(_hessian(sums)) if bent else None

    def at(length: float) -> Way[tuple[Array, Sums] | None]:
        point = theta + length * step
        trial = yield Request(function, point, order)
        if good(trial, length):
            return point, trial
        if steep is None or length < SHORTEST_LED:
            return None
        led = yield from floor(function, point, trial, steep)
        return led if led is not None and good(led[1], length) else None

    length = 1.0
    for _ in range(HALVINGS):
        if np.array_equal(theta + length * step, theta):
            return None  # shorter than the last digit
        found = yield from at(length)
        while found and bent and 1.0 <= length < LONGEST:
            length *= 2.0
            further = yield from at(length)
            if further is None or not further[1].loss < found[1].loss:
                break
            found = further
        if found:
            return found
        length *= 0.5
    return None


#: A minimisation, and a line search, that nothing else waits for.
minimise, line_search = alone(descent), alone(search)
