"""Optima at infinity: directions along which the loss falls for ever.

Separated classes, a rate of zero, a dispersion at the edge of its domain and a scale that shrinks
on residuals of zero have one thing in common: a direction v in which L(θ + t·v) never rises again.
Where it levels off, the likelihood has a supremum but no maximum; where it keeps falling, the
likelihood is unbounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from likely.fitting.floor import eigen, steep_directions, to_floor
from likely.fitting.moves import first_outside, reach_along
from likely.fitting.newton import Factor
from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.rounding import gradient_rounding, unresolved
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
#: A term beyond this creeps to infinity where it grew between so many stops, by this share of it each time, for less
#: than so many nats in all.
FAR = 300.0
VISITS = 4
CREEPING = 0.01
CREPT = 1.0
#: A term drifts where it moves by this from each stop to the next, while the loss falls by less than this share of its
#: terms: hundreds of their last digits, which sums of differences may lose.
DRIFT = 1e-4
STILL = 1e-11
#: A profile has levelled off where it falls by this share of what it fell by for each unit of the stretch before.
LEVEL = 0.05
#: Along a direction in which raw moves by STEPS[1] either way and the loss by less than this, relative to it, raw is
#: known to no better than some 10⁴: where rows have become certain, it is level.
LEVELLED = 1e-9
#: A direction is without curvature where it is less than this share of the most, in units of the diagonal.
VANISHED = 1e-10
#: Newton's method rests where a step promises less than this, relative to the rounding of the loss.
RESTING = 10.0
#: A density piles up where the loss falls by more than so many nats between each of so many stops, and has fallen by
#: this for every row since the start,
PLUNGES = 6
PLUNGE = 1.0
DEEP = 10.0
#: or falls by as much as before, to this share, by this for each unit of a term that moves by this in all.
STEADY = 0.8
RATE = 0.25
PILED = 8.0
#: All rows take part where the loss falls by this share of their number for each unit.
WHOLE = 0.9


@dataclass(frozen=True)
class Recession:
    """A direction in which the loss falls for ever, scaled so that raw moves by about 1 or more."""

    direction: Array
    unbounded: bool
    #: The flat coefficient that grows by factors, and others with its logarithm.
    grows: int | None = None


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

    def rounding(self, gamma: Array) -> Array:
        """A bound on what rounding may add to the gradient at γ."""
        bound = gradient_rounding(self.objective, self.point(gamma))
        return bound if self.basis is None else np.abs(self.basis).T @ bound

    def without(self, gamma: Array, direction: Array) -> Subspace:
        """What is orthogonal to a direction, through the point γ."""
        unit = (direction / np.sqrt(direction @ direction))[:, None]
        rest = np.linalg.qr(np.hstack([unit, np.eye(self.size)]))[0][:, 1:]
        return Subspace(self.objective, self.point(gamma), self.lift(rest))


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

    A step that moves raw by less than 1 is lengthened to 1, so that 25 steps lead to where an exponential has
    vanished; one of which 25 leave the numbers that exist is shortened to 1. Where one leaves them already, the last 25
    that led here are looked at. ``by_slopes``: where the loss has no digits left to fall by, its slopes decide.
    """
    reach = float(reach_along(space.objective, space.lift(step)).max(initial=0.0))
    if reach == 0.0 or not np.isfinite(reach):
        return None
    direction = step / min(reach, 1.0)
    if not np.isfinite(space.evaluate(gamma + STEPS[-1] * direction, 0).loss):
        direction = step / reach
        ahead = gamma + STEPS[0] * direction
        overflows = not np.isfinite(space.evaluate(ahead, 0).loss)
        if overflows and first_outside(space.objective, space.point(ahead)) is None:
            gamma = gamma - STEPS[-1] * direction
            sums = space.evaluate(gamma, 0)
    losses = [sums.loss]
    rounding = sums.rounding
    for t in STEPS:
        losses.append(space.evaluate(gamma + t * direction, 0).loss)
        if not losses[-1] <= losses[-2] + rounding:
            return None
    if not losses[-1] < losses[0] - rounding:
        flat = by_slopes and _vanishing(space, gamma, direction)
        return Recession(direction, False) if flat else None
    return Recession(direction, _endless(space, losses, rounding))


def turns_back(space: Subspace, gamma: Array, sums: Sums, found: Recession) -> bool:
    """Whether the loss rises again further along a direction of parameters that have the whole line, as locations do.

    A step of these has the unit of y: 25 of them may lead no further than from rows to other rows, or to nowhere.
    """
    limit = getattr(space.objective.loss, "limit", None)
    if limit is None:
        return False
    direction = without_noise(space, found.direction)
    moved = space.lift(direction)
    for j, part in enumerate(space.objective.parts):
        if moved[part].any() and (limit(j, True), limit(j, False)) != (np.inf, -np.inf):
            return False
    reach = reach_along(space.objective, moved)
    size = reach_along(space.objective, space.point(gamma))[reach > 0.0].max()
    decades = np.ceil(np.log10(max(1.0, size / reach.max()) * (BEYOND[1] / BEYOND[0])))
    lengths = BEYOND[0] * 10.0 ** np.arange(decades + 1.0)
    losses = (space.evaluate(gamma + t * direction, 0).loss for t in lengths)
    return any(sums.loss + sums.rounding < loss < np.inf for loss in losses)


def without_noise(space: Subspace, direction: Array) -> Array:
    """The direction without the small steps of terms that still converge."""
    if space.basis is not None:
        return direction
    matrix = space.objective.matrix()
    flat = matrix @ direction
    share = np.abs(flat) * space.objective.spread()
    flat[share < NOISE * share.max()] = 0.0
    return _in_theta(matrix, flat)


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
            # Beside a location of 1e20 steps of 1 are below its last digit, and lead nowhere.
            if moved.any():
                return Recession(moved / (STEPS[-1] - STEPS[-2]), False), here
    return None


def _endless(space: Subspace, losses: Sequence[float], rounding: float) -> bool:
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
        return _in_theta(matrix, moved)

    losses = [sums.loss]
    rounding = sums.rounding
    for t in STEPS:
        losses.append(space.evaluate(at(t), 0).loss)
        if not losses[-1] <= losses[-2] + rounding:
            return None
    if not losses[-1] < losses[0] - rounding:
        return None
    along[grows] = np.sign(flat[grows])
    direction = _in_theta(matrix, along)
    # No further than it makes a difference: the further, the worse the rest is conditioned.
    close = losses[-1] + CLOSE * max(1.0, abs(losses[-1]))
    there = next((t for t, loss in zip((0.0, *STEPS), losses, strict=True) if loss <= close))
    found = Recession(direction, _endless(space, losses, rounding), grows)
    return found, at(min(there, STEPS[2]))


def grown(objective: Objective, theta: Array, grows: int) -> Subspace | None:
    """Where the flat coefficient that grows is e times as large, and held; None where the others have no valley.

    Those that move with its logarithm go on along the floor of the valley, whose tangent H tells: a secant leaves a
    narrow valley.
    """
    matrix = objective.matrix()
    across = matrix[grows]
    held = Subspace(objective).without(theta, across)
    assert held.basis is not None
    hessian = objective.evaluate(theta, 2).hessian
    assert hessian is not None
    factor = Factor(held.basis.T @ hessian @ held.basis)
    if not factor.positive:
        return None
    size = float(across @ theta)
    ahead = size * across / (across @ across)
    follow = matrix @ (ahead - held.lift(factor.solve(held.basis.T @ (hessian @ ahead))))
    follow[grows] = (np.e - 1.0) * size
    # What converges as the inverse of the term that grows would be led beyond its limit, or is to be led to it.
    only = np.where(np.abs(follow) * objective.spread() < FOLLOWS, 0.0, follow)
    ends = [theta + _in_theta(matrix, along) for along in (follow, only)]
    best = min(ends, key=lambda end: objective.evaluate(end, 0).loss)
    return Subspace(objective, best, held.basis)


def find_creep(space: Subspace, visited: list[tuple[Array, float]]) -> Recession | None:
    """Whether a term that is far from 0 keeps growing from stop to stop, by falls of the loss that come to rest.

    For what Newton's method does in a valley that bends all the way to infinity. ``visited`` are θ and loss where it
    stopped; None where they do not show it.
    """
    if space.basis is not None or len(visited) < VISITS:
        return None
    matrix, spread = space.objective.matrix(), space.objective.spread()
    flats = np.array([matrix @ theta for theta, _ in visited[-VISITS:]])
    grows = int(np.argmax(np.abs(flats[-1] - flats[0]) * spread))
    size = flats[:, grows] * np.sign(flats[-1, grows])
    falls = -np.diff([loss for _, loss in visited[-VISITS:]])
    if not (size[0] > 0.0 and size[-1] * spread[grows] > FAR):
        return None
    # A density that piles up on one value does so in long steps that win much, until its numbers end.
    if not (np.diff(size) > CREEPING * size[:-1]).all():
        return None
    if not ((falls > 0.0).all() and (np.diff(falls) < 0.0).all() and falls.sum() < CREPT):
        return None
    along = (flats[-1] - flats[0]) / np.log(size[-1] / size[0])
    along[np.abs(along) * spread < FOLLOWS] = 0.0
    along[grows] = np.sign(flats[-1, grows])
    return Recession(_in_theta(matrix, along), False, grows)


def spent(space: Subspace, gamma: Array) -> bool:
    """Whether rows are fitted to the last digits of their raw predictions, by a density that has no bound there."""
    if getattr(space.objective.loss, "discrete", False):
        return False
    return unresolved(space.objective, space.point(gamma))


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
    return Recession(_in_theta(matrix, mine), True)


def find_profile(
    space: Subspace,
    visited: list[tuple[Array, float]],
    sums: Sums,
    fit: Callable[[Subspace], Array],
) -> tuple[Recession | None, Array] | None:
    """Whether the loss never rises as the term that moves the most is held ever farther out, and the rest is fitted.

    For ways to infinity that bend while Newton's method creeps along them, as towards the Normal that families with
    heavier tails or a skewness have at their edge. ``visited`` as for ``find_creep``; ``fit`` takes a subspace to a
    better point in it: how good does not matter, for a loss that is lower than that before is enough. The point at the
    end; without a recession, one that is better than the last stop; None without either.
    """
    if space.basis is not None or len(visited) < VISITS or sums.hessian is None:
        return None
    if visited[-2][1] - visited[-1][1] > PLUNGE:
        return None  # it does not creep
    moved = visited[-1][0] - visited[-VISITS][0]
    # By how much the loss would change if this term moved alone.
    grows = int(np.argmax(np.abs(moved) * np.sqrt(np.abs(np.diag(sums.hessian)))))
    if moved[grows] == 0.0:
        return None
    axis = np.eye(space.size)[grows]
    here, losses = visited[-1][0], [sums.loss]
    secant = moved * (max(1.0, abs(moved[grows])) / abs(moved[grows]))
    best = None
    for near, far in pairwise((0.0, *STEPS)):
        start = here + (far - near) * secant
        held = space.without(start, axis)
        there = held.point(fit(held)) if held.size else start
        losses.append(space.evaluate(there, 0).loss)
        if not losses[-1] <= losses[-2] + sums.rounding:
            break
        if losses[-1] < losses[0] - sums.rounding:
            best = there
        secant, here = (there - here) / (far - near), there
        rates = -np.diff(losses) / np.diff((0.0, *STEPS)[: len(losses)])
        # No further than it makes a difference: the further, the worse the rest is conditioned.
        if far == STEPS[2] and rates[-1] <= LEVEL * rates[-2]:
            break
    else:
        far = np.inf
    if best is None or (losses[-1] > losses[-2] + sums.rounding or far < STEPS[2]):
        return None if best is None else (None, best)
    endless = len(losses) > len(STEPS) and _endless(space, losses, sums.rounding)
    # It comes to rest where digits end, too.
    return Recession(secant, endless or spent(space, here)), here


def find_drift(
    space: Subspace, visited: list[tuple[Array, float]], terms: float
) -> Recession | None:
    """Whether terms go on in one direction, from stop to stop, while the loss has come to rest to its last digits.

    As the scale of whole numbers of which only two are seen: the others have no probability long before it is 0.
    ``visited`` as for ``find_creep``; ``terms`` is the size of the loss's terms.
    """
    if len(visited) < VISITS or not visited[-VISITS][1] - visited[-1][1] <= STILL * max(1.0, terms):
        return None
    matrix, spread = space.objective.matrix(), space.objective.spread()
    moves = np.diff([matrix @ theta for theta, _ in visited[-VISITS:]], axis=0)
    grows = int(np.argmax(np.abs(moves.sum(axis=0)) * spread))
    steps = np.sign(moves[-1, grows]) * moves[:, grows] * spread[grows]
    # Steps that shrink lead to a maximum where the information is singular, as at a skewness of 0.
    if not ((steps > DRIFT).all() and (steps[1:] > 0.75 * steps[:-1]).all()):
        return None
    along = moves.sum(axis=0) / steps.sum()
    return Recession(_in_theta(matrix, along), False)


def find_plunge(
    space: Subspace, visited: list[tuple[Array, float]], begun: Array, last: bool
) -> Recession | None:
    """Whether the loss falls without end as a scale shrinks on rows that others are led to just as fast.

    Not along a line: half way to rows of the same y a scale that were much smaller would be the worse. ``visited`` as
    for ``find_creep``; ``begun`` is the θ of the start; ``last``,
    whether there are no iterations left. Until then a scale that shrinks on all rows goes on, to where the columns of X
    are found to fit y to its last digits.
    """
    if last:
        visited = _before_digits_end(visited[:-1])  # the last stop came early
    if len(visited) < PLUNGES or getattr(space.objective.loss, "discrete", False):
        return None
    matrix, spread = space.objective.matrix(), space.objective.spread()
    falls = -np.diff([loss for _, loss in visited[-PLUNGES:]])
    if not (falls > PLUNGE).all():
        return None
    moves = np.diff([matrix @ theta for theta, _ in visited[-PLUNGES:]], axis=0)
    grows = int(np.argmax(np.abs(moves.sum(axis=0)) * spread))
    sign = np.sign(moves[:, grows].sum())
    steps = sign * moves[:, grows] * spread[grows]
    steady = (steps > 0.0).all() and (falls > RATE * steps).all() and steps.sum() > PILED
    for late, early in ((steps[-2:], steps[:2]), (falls[-2:], falls[:2])):
        steady = steady and late.sum() > STEADY * early.sum()
    weight = space.objective.weight()
    if not last and falls.sum() > WHOLE * weight * steps.sum():
        return None
    fallen = space.objective.evaluate(begun, 0).loss - visited[-1][1]
    deep = fallen > DEEP * weight
    if not (steady or deep):
        return None
    along = np.zeros(spread.size)
    along[grows] = sign
    return Recession(_in_theta(matrix, along), True)


def _in_theta(matrix: Array, along: Array) -> Array:
    """The direction in θ that moves the flat coefficients so."""
    return np.asarray(np.linalg.lstsq(matrix, along, rcond=None)[0], dtype=np.float64)


def _before_digits_end(visited: list[tuple[Array, float]]) -> list[tuple[Array, float]]:
    """The stops without those at the end between which the loss fell by little."""
    while len(visited) > 1 and not visited[-2][1] - visited[-1][1] > PLUNGE:
        visited = visited[:-1]
    return visited


def _vanishing(space: Subspace, gamma: Array, direction: Array) -> bool:
    """Whether the slope along the direction goes to 0 from below, where the loss has no digits left."""
    slopes = [
        float(space.evaluate(gamma + t * direction, 1).gradient @ direction) for t in (0.0, *STEPS)
    ]
    return slopes[0] < 0.0 and all(
        0.6 * before <= slope <= 0.0 for before, slope in pairwise(slopes)
    )
