"""Ways to infinity that bend: seen by the stops of a method that creeps along them, where no step shows them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from likely.fitting.problem import Array
from likely.fitting.recession import FOLLOWS, STEPS, Recession, keeps_falling, spent
from likely.fitting.subspace import Subspace, in_theta
from likely.fitting.sums import Sums

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
    return Recession(in_theta(matrix, along), False, grows)


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
        if spent(space, start) and space.evaluate(start, 0).loss > losses[-1]:
            break  # beside the valley, where losses are made of the last digits of raw predictions
        held = space.without(start, axis)
        there = held.point(fit(held)) if held.size else start
        loss = space.evaluate(there, 0).loss
        if abs(losses[-1] - loss) <= space.noise(there):
            far = near
            break  # what it changed by may be made of the last digits of raw predictions
        losses.append(loss)
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
    endless = (
        len(losses) > len(STEPS)
        and losses[3] - losses[4] > CREPT
        and keeps_falling(space, losses, sums.rounding)
    )
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
    return Recession(in_theta(matrix, along), False)


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
    return Recession(in_theta(matrix, along), True)


def _before_digits_end(visited: list[tuple[Array, float]]) -> list[tuple[Array, float]]:
    """The stops without those at the end between which the loss fell by little."""
    while len(visited) > 1 and not visited[-2][1] - visited[-1][1] > PLUNGE:
        visited = visited[:-1]
    return visited
