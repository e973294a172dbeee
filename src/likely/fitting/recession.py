"""Optima at infinity: directions along which the loss falls for ever.

Separated classes, a rate of zero, a dispersion at the edge of its domain and a scale that shrinks
on residuals of zero have one thing in common: a direction v in which L(θ + t·v) never rises again.
Where it levels off, the likelihood has a supremum but no maximum; where it keeps falling, the
likelihood is unbounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from likely.fitting.floor import eigen, steep_directions, to_floor
from likely.fitting.moves import felt_reach, first_outside, reach_along
from likely.fitting.newton import Factor
from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.rounding import unresolved
from likely.fitting.subspace import Subspace, in_theta
from likely.fitting.sums import Sums

#: Multiples of the step that are tried: on log and logit scales the last is a factor of e²⁵ away.
STEPS = (1.0, 3.0, 10.0, 25.0)

#: Multiples of a step, or of the largest location, by which a location is beyond all rows: from, and to.
BEYOND = (1e2, 1e4)
#: Shares below this may be those of terms on their way to a finite optimum.
NOISE = 0.05
#: A step makes a term larger by this share of it, on its way to infinity,
GROWING = 0.1
#: and moves another with its logarithm where that moves by this when the term grows by a factor e.
FOLLOWS = 0.05
#: so far that the loss is this close to its limit, relative to it.
CLOSE = 1e-6
#: Along a direction in which raw moves by STEPS[1] either way and the loss by less than this, relative to it, raw is
#: known to no better than some 10⁴: where rows have become certain, it is level.
LEVELLED = 1e-9
#: A direction is without curvature where it is less than this share of the most, in units of the diagonal.
VANISHED = 1e-10
#: Newton's method rests where a step promises less than this, relative to the rounding of the loss.
RESTING = 10.0


@dataclass(frozen=True)
class Recession:
    """A direction in which the loss falls for ever, scaled so that raw moves by about 1 or more."""

    direction: Array
    unbounded: bool
    #: The flat coefficient that grows by factors, and others with its logarithm.
    grows: int | None = None


def silent_columns(objective: Objective, points: Sequence[Array]) -> NDArray[np.bool_]:
    """Which raw columns (k,) no row depends on: loss and derivatives are the same to the last digit wherever they are.

    As the upper end's share where no row is at an end. ``points`` are some θ to look at.
    """
    found = np.ones(objective.columns, dtype=bool)
    for theta in points:
        sums = objective.evaluate(theta, 2)
        assert sums.hessian is not None
        for j, part in enumerate(objective.parts):
            found[j] &= not (sums.gradient[part].any() or sums.hessian[part].any())
            for t in (-STEPS[2], -STEPS[0], STEPS[0], STEPS[2]) if found[j] else ():
                moved = theta.copy()
                moved[part] += t
                found[j] &= objective.evaluate(moved, 0).loss == sums.loss
    return found


def find_level(space: Subspace, gamma: Array, sums: Sums) -> Array | None:
    """The direction in γ in which the loss does not change any more; None where there is none.

    What is left where rows have become certain: two classes are told from each other by rows of these classes alone.
    """
    if sums.hessian is None or not sums.finite:
        return None
    _, vectors, scale = eigen(sums.hessian)
    direction = scale * vectors[:, 0]
    reach = float(reach_along(space.objective, space.lift(direction)).max(initial=0.0))
    if not 0.0 < reach < np.inf:
        return None
    direction /= reach
    most = LEVELLED * max(1.0, abs(sums.loss))
    for t in (-STEPS[1], -STEPS[0], STEPS[0], STEPS[1]):
        loss = space.evaluate(gamma + t * direction, 0).loss
        if not abs(loss - sums.loss) <= most:
            return None
    return direction


def curveless_step(sums: Sums) -> Array | None:
    """Newton's step in the directions in which the loss has all but lost its curvature; None where it has not.

    Of several classes some are separated and others mixed: a step for both is no direction to infinity, because the
    mixed ones have a maximum that 25 such steps miss.
    """
    if sums.hessian is None or not sums.finite:
        return None
    values, vectors, scale = eigen(sums.hessian)
    none = np.abs(values) < VANISHED * values[-1]
    if not none.any() or not values[none].all():
        return None
    basis = scale[:, None] * vectors[:, none]
    return np.asarray(-basis @ ((basis.T @ sums.gradient) / np.abs(values[none])))


def without_columns(space: Subspace, gamma: Array, left_out: NDArray[np.bool_]) -> Subspace:
    """What is orthogonal to the θ of some raw columns, through the point γ."""
    mine = [
        np.arange(p.start, p.stop)
        for p, out in zip(space.objective.parts, left_out, strict=True)
        if out
    ]
    whole = np.eye(space.objective.size) if space.basis is None else space.basis
    away = whole.T[:, np.concatenate(mine)]
    rest = np.linalg.qr(np.hstack([away, np.eye(space.size)]))[0][:, away.shape[1] :]
    return Subspace(space.objective, space.point(gamma), whole @ rest)


def find_recession(
    space: Subspace, gamma: Array, sums: Sums, step: Array, by_slopes: bool = False
) -> Recession | None:
    """Whether the loss falls all the way along ``step``, a step of a method that does not converge.

    A step that moves raw by less than 1, in rows that have a part in its slope, is lengthened to 1, so that 25 steps
    lead to where an exponential has vanished; one of which 25 leave the numbers that exist is shortened to 1. Where one
    leaves them already, the last 25 that led here are looked at. ``by_slopes``: where the loss has no digits left to
    fall by, its slopes decide.
    """
    reach = felt_reach(space.objective, space.point(gamma), space.lift(step))
    if reach == 0.0 or not np.isfinite(reach):
        return None
    direction = step / min(reach, 1.0)
    if not np.isfinite(space.evaluate(gamma + STEPS[-1] * direction, 0).loss):
        direction = step / reach
        ahead = gamma + STEPS[0] * direction
        overflows = not np.isfinite(space.evaluate(ahead, 0).loss)
        if overflows and first_outside(space.objective, space.point(ahead)) is None:
            # Near here, too: what lies on both sides of a ridge did not lead here.
            behind = [space.evaluate(gamma - t * direction, 0).loss for t in (*STEPS[::-1], 0.0)]
            if not all(after <= before + sums.rounding for before, after in pairwise(behind)):
                return None
            gamma = gamma - STEPS[-1] * direction
            sums = space.evaluate(gamma, 0)
    falls = _falling(sums, (space.evaluate(gamma + t * direction, 0) for t in STEPS))
    if falls is None:
        return None
    losses, rounding = falls, sums.rounding
    if not losses[-1] < losses[0] - rounding:
        flat = by_slopes and _vanishing(space, gamma, direction)
        return Recession(direction, False) if flat else None
    endless = keeps_falling(space, losses, rounding)
    # From high up on a wall of exponentials all these steps lead down, and past a valley or not yet to it.
    slope = float(space.evaluate(gamma + STEPS[-1] * direction, 1).gradient @ direction)
    level = CLOSE * max(1.0, abs(losses[-1]))
    if slope > level or (slope < -level and not endless):
        return None
    return Recession(direction, endless)


def _falling(start: Sums, further: Iterable[Sums]) -> list[float] | None:
    """The losses along a way, if none is higher than the one before by more than the rounding of both."""
    losses, before = [start.loss], start
    for here in further:
        if not here.loss <= before.loss + max(before.rounding, here.rounding):
            return None
        losses.append(here.loss)
        before = here
    return losses


def turns_back(space: Subspace, gamma: Array, sums: Sums, found: Recession) -> bool:
    """Whether the loss rises again further along a direction of parameters that have the whole line, as locations do.

    A step of these has the unit of y: 25 of them may lead no further than from rows to other rows, or to nowhere.
    """
    direction = without_noise(space, found.direction)
    moved = space.lift(direction)
    if not _of_locations(space, moved):
        return False
    reach = reach_along(space.objective, moved)
    size = reach_along(space.objective, space.point(gamma))[reach > 0.0].max()
    decades = np.ceil(np.log10(max(1.0, size / reach.max()) * (BEYOND[1] / BEYOND[0])))
    lengths = BEYOND[0] * 10.0 ** np.arange(decades + 1.0)
    losses = (space.evaluate(gamma + t * direction, 0).loss for t in lengths)
    return any(sums.loss + sums.rounding < loss < np.inf for loss in losses)


def with_ends(objective: Objective) -> NDArray[np.bool_] | None:
    """Which θ (P,) are of parameters that have an end, as locations have none; None where the loss does not tell."""
    limit = getattr(objective.loss, "limit", None)
    if limit is None:
        return None
    found = np.zeros(objective.size, dtype=bool)
    for j, part in enumerate(objective.parts):
        found[part] = (limit(j, True), limit(j, False)) != (np.inf, -np.inf)
    return found


def _of_locations(space: Subspace, moved: Array) -> bool:
    """Whether all that moves are parameters that have the whole line."""
    ends = with_ends(space.objective)
    return ends is not None and not moved[ends].any()


def without_noise(space: Subspace, direction: Array) -> Array:
    """The direction without the small steps of terms that still converge."""
    if space.basis is not None:
        return direction
    matrix = space.objective.matrix()
    flat = matrix @ direction
    share = np.abs(flat) * space.objective.spread()
    flat[share < NOISE * share.max()] = 0.0
    return in_theta(matrix, flat)


def find_way(
    space: Subspace, gamma: Array, sums: Sums, step: Array
) -> tuple[Recession, Array] | None:
    """Whether the loss never rises, to its last digit, all the way along a valley that bends.

    Where Newton's method has come to rest far along a way to infinity, its steps have no direction any more. The way
    goes on in the direction in which the loss is flattest, to either side, and after each stretch back to the floor.
    The direction at its end, and the point there.
    """
    if not abs(float(sums.gradient @ step)) <= RESTING * sums.rounding:
        return None
    hessian = space.evaluate(gamma, 2).hessian if sums.hessian is None else sums.hessian
    assert hessian is not None
    steep = steep_directions(hessian)
    if steep is None:
        return None
    _, vectors, scale = eigen(hessian)
    flattest = scale * vectors[:, 0]
    for direction in (flattest, -flattest):
        reach = float(reach_along(space.objective, space.lift(direction)).max(initial=0.0))
        if not 0.0 < reach < np.inf:
            continue
        here, losses = gamma, [sums.loss]
        for near, far in pairwise((0.0, *STEPS)):
            start = here
            there = start + ((far - near) / reach) * direction
            led = to_floor(space, there, space.evaluate(there, 2), steep)
            if led is None or not led[1].loss <= losses[-1] + sums.rounding:
                break
            here = led[0]
            losses.append(led[1].loss)
        else:
            moved = here - start
            # Beside a location of 1e20 steps of 1 are below its last digit, and beside one of 1e9 next to nothing: they
            # lead nowhere.
            if moved.any() and not _stands_still(space, gamma, here):
                return Recession(moved / (STEPS[-1] - STEPS[-2]), False), here
    return None


def _stands_still(space: Subspace, gamma: Array, here: Array) -> bool:
    """Whether all that has moved from γ are locations, by less than they are themselves."""
    moved = space.lift(without_noise(space, here - gamma))
    if not _of_locations(space, moved):
        return False
    reach = reach_along(space.objective, moved)
    size = reach_along(space.objective, space.point(gamma))
    return bool((reach < size)[reach > 0.0].all())


def keeps_falling(space: Subspace, losses: Sequence[float], rounding: float) -> bool:
    """Whether losses at 0 and at STEPS keep falling: one that levels off does so by e⁻⁷ from one interval to the next.

    One without bound falls by 15/7.
    """
    if getattr(space.objective.loss, "discrete", False):
        return False
    return losses[3] - losses[4] > 0.5 * (losses[2] - losses[3]) + rounding


def find_growth(
    space: Subspace, theta: Array, sums: Sums, step: Array
) -> tuple[Recession, Array] | None:
    """Whether a term grows for ever and others move with its logarithm, as a scale that shrinks in proportion does.

    Towards a skewness or shape of ±∞ on the identity scale the loss falls ever more slowly, and not along a line. The
    direction to infinity, and θ a long way there; None where the loss rises on the way.
    """
    if space.basis is not None:
        return None
    matrix, spread = space.objective.matrix(), space.objective.spread()
    flat, moves = matrix @ theta, matrix @ step
    grows = int(np.argmax(np.abs(moves) * spread))
    if not moves[grows] * np.sign(flat[grows]) > GROWING * np.abs(flat[grows]):
        return None
    along = moves * (flat[grows] / moves[grows])
    along[np.abs(along) * spread < FOLLOWS] = 0.0

    def at(t: float) -> Array:
        moved = flat + t * along
        moved[grows] = flat[grows] * np.exp(t)
        return in_theta(matrix, moved)

    falls = _falling(sums, (space.evaluate(at(t), 0) for t in STEPS))
    if falls is None:
        return None
    losses, rounding = falls, sums.rounding
    # Where the last digits of raw predictions decide the losses, they say nothing of the way.
    if not losses[-1] < losses[0] - rounding or spent(space, at(STEPS[-1])):
        return None
    along[grows] = np.sign(flat[grows])
    direction = in_theta(matrix, along)
    # No further than it makes a difference: the further, the worse the rest is conditioned.
    close = losses[-1] + CLOSE * max(1.0, abs(losses[-1]))
    there = next((t for t, loss in zip((0.0, *STEPS), losses, strict=True) if loss <= close))
    found = Recession(direction, keeps_falling(space, losses, rounding), grows)
    return found, at(min(there, STEPS[2]))


def grown(
    objective: Objective, theta: Array, grows: int, level: Sequence[Array]
) -> Subspace | None:
    """Where the flat coefficient that grows is e times as large, and held; None where the others have no valley.

    Those that move with its logarithm go on along the floor of the valley, whose tangent H tells: a secant leaves a
    narrow valley. ``level`` are directions in which the loss does not change: nothing moves along them.
    """
    matrix = objective.matrix()
    across = matrix[grows]
    held = Subspace(objective).without(theta, across, *level)
    assert held.basis is not None
    hessian = objective.evaluate(theta, 2).hessian
    assert hessian is not None
    factor = Factor(held.basis.T @ hessian @ held.basis)
    if not factor.positive:
        return None
    size = float(across @ theta)
    ahead = size * across / (across @ across)
    follow = matrix @ (ahead - held.lift(factor.solve(held.basis.T @ (hessian @ ahead))))
    follow[grows] = (math.e - 1.0) * size
    # What converges as the inverse of the term that grows would be led beyond its limit, or is to be led to it.
    only = np.where(np.abs(follow) * objective.spread() < FOLLOWS, 0.0, follow)
    ends = [theta + in_theta(matrix, along) for along in (follow, only)]
    best = min(ends, key=lambda end: objective.evaluate(end, 0).loss)
    return Subspace(objective, best, held.basis)


def spent(space: Subspace, gamma: Array, least: float = 1.0) -> bool:
    """Whether rows are fitted to the last digits of their raw predictions, by a density that has no bound there.

    Where such a digit is worth more than ``least`` to a row.
    """
    if getattr(space.objective.loss, "discrete", False):
        return False
    return unresolved(space.objective, space.point(gamma), least)


def fled(space: Subspace, begun: Array, gamma: Array) -> Recession | None:
    """The way of the raw column that went the farthest, where digits ended before the density did.

    None where none moved: the fit began there.
    """
    objective = space.objective
    matrix = objective.matrix()
    along = matrix @ (space.point(gamma) - begun)
    moves = np.abs(along * objective.spread())
    farthest = max(objective.flat_parts(), key=lambda part: float(moves[part].max(initial=0.0)))
    reach = moves[farthest].max(initial=0.0)
    if reach == 0.0:
        return None
    mine = np.zeros(along.size)
    mine[farthest] = along[farthest] / reach
    return Recession(in_theta(matrix, mine), True)


def _vanishing(space: Subspace, gamma: Array, direction: Array) -> bool:
    """Whether the slope along the direction goes to 0 from below, where the loss has no digits left."""
    slopes = [
        float(space.evaluate(gamma + t * direction, 1).gradient @ direction) for t in (0.0, *STEPS)
    ]
    return slopes[0] < 0.0 and all(
        0.6 * before <= slope <= 0.0 for before, slope in pairwise(slopes)
    )
