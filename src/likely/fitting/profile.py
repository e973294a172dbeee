"""Ways to infinity that bend: how the loss goes on as one term is held ever farther out and the rest is fitted."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from likely.fitting.creeping import CREPT, LEVEL, PLUNGE, VISITS
from likely.fitting.problem import Array
from likely.fitting.recession import CLOSE, STEPS, Recession, keeps_falling, spent, with_ends
from likely.fitting.subspace import Subspace
from likely.fitting.sums import Sums
from likely.fitting.valley import Valley


def follow_valley(
    space: Subspace,
    visited: list[tuple[Array, float]],
    begun: Array,
    sums: Sums,
    fit: Callable[[Subspace], Array],
) -> tuple[Recession, Array] | None:
    """Whether the loss never rises as a term that moves is held ever farther out, and the rest is fitted.

    For ways to infinity that bend while Newton's method creeps along them, as towards the Normal that families with
    heavier tails or a skewness have at their edge. ``visited`` as for ``find_creep``; it takes longer than
    ``find_profile``, and is for fits that came to no end; ``begun`` is the θ of the start; ``fit`` takes a subspace to
    a better point in it: how good does not matter, for a loss that is lower than that is enough. The way, and the
    point at its end; None without.
    """
    if space.basis is not None or len(visited) < VISITS or sums.hessian is None:
        return None
    if visited[-2][1] - visited[-1][1] > PLUNGE:
        return None  # it does not creep
    moved = visited[-1][0] - visited[-VISITS][0]
    known = with_ends(space.objective)
    ends = np.zeros(space.size, dtype=bool) if known is None else known
    # By how much the loss would change if this term moved alone: it may be one that settles down, as a skewness does at
    # 0. Of parameters that have an end, as a scale has, the one that moves the most is on its way there.
    alone = int(np.argmax(np.abs(moved) * np.sqrt(np.abs(np.diag(sums.hessian)))))
    farthest = int(np.argmax(np.abs(moved) * ends))
    for held in dict.fromkeys((alone, farthest)):
        if moved[held] == 0.0:
            continue
        unit = moved * (max(1.0, abs(moved[held])) / abs(moved[held]))
        valley = Valley(space, held, visited[-1], unit, fit)
        came = abs(visited[-1][0][held] - begun[held]) >= STEPS[2]
        found = _levels_off(valley, sums.rounding, bool(ends[held]), came)
        if found is not None:
            return found
    return None


def _levels_off(
    valley: Valley, rounding: float, ends: bool, came: bool
) -> tuple[Recession, Array] | None:
    """The way to infinity along the floor of a valley, and a point on it; None where the loss rises again.

    ``ends``, whether the term is of a parameter with an end: 25 units of one without may be no way at all. ``came``,
    whether the fit came far along it: where the loss is the same everywhere that is none either.
    """
    space = valley.space
    here, first = valley.begun
    secant, places, losses = valley.unit, [0.0], [first]
    for near, far in pairwise((0.0, *STEPS)):
        there = valley.to(far, losses[-1] + rounding)
        if there is None:
            # Beside the valley, where losses are made of the last digits of raw predictions.
            reached = max(valley.known)
            break
        loss, noise = space.evaluate(there, 0).loss, space.noise(there)
        if abs(losses[-1] - loss) <= noise:
            # What it changed by may be made of the last digits of raw predictions.
            if len(losses) == 1:
                if not (came and noise <= CLOSE * max(1.0, abs(loss))):
                    return None
                if far >= STEPS[2]:  # from the start on nothing has changed
                    return Recession((there - here) / far, False), here
                continue
            fell = (losses[-2] - losses[-1]) / (places[-1] - places[-2])
            # These are little beside what it fell by before: it has come to rest all the same.
            reached = np.inf if noise <= LEVEL * fell * (far - near) else near
            break
        if not loss <= losses[-1] + rounding:
            return None
        places.append(far)
        losses.append(loss)
        secant, here = (there - here) / (far - near), there
        rates = -np.diff(losses) / np.diff(places)
        # No further than it makes a difference: the further, the worse the rest is conditioned.
        if far == STEPS[2] and rates.size > 1 and rates[-1] <= LEVEL * rates[-2]:
            reached = far
            break
    else:
        reached = np.inf
    if reached < STEPS[2] or not losses[-1] < first - rounding:
        return None
    if not valley.settled(places[-1], CLOSE * max(1.0, abs(losses[-1]))):
        return None  # the rest is still on its way elsewhere
    endless = (
        len(losses) > len(STEPS)
        and losses[3] - losses[4] > CREPT
        and keeps_falling(space, losses, rounding)
    )
    if not (ends or endless) and len(losses) > len(STEPS) and rates[-1] > LEVEL * rates[-2]:
        return None
    # It comes to rest where digits end, too.
    return Recession(secant, endless or spent(space, here)), here
