"""Supports whose end the parameters move, such as a generalised Pareto's, and what the density does there.

Rows must not cross such an end. There the loss rises to infinity like a barrier, and shorter steps are enough, or the
density has a pole and the likelihood no bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

import numpy as np

from likely.fitting.moves import ends_between
from likely.fitting.newton import Stop
from likely.fitting.objective import Objective
from likely.fitting.problem import Array
from likely.fitting.recession import STEPS
from likely.fitting.subspace import Subspace

#: Distances from where the support ends, relative to the step that leads there, at which the loss is looked at.
NEARER = (1e-2, 1e-4, 1e-6, 1e-8)
#: The loss has come to rest when it falls by less than this share of its terms,
SETTLED = 1e-9
#: and a point is beside another when it is this far away, relative to its size.
BESIDE = 1e-7
#: A density piles up where the loss is so many nats higher beside.
PILED = 1.0


def at_a_pole(space: Subspace, stop: Stop) -> bool:
    """Whether the loss falls without end as the step leads a row of y to where its support ends."""
    return _rises(space.objective, space.point(stop.theta), space.lift(stop.step))


def has_a_pole(objective: Objective, points: Sequence[Array]) -> bool:
    """Whether a density without bound is known: where one constant leads to an end, once another has moved.

    As a generalised Pareto's scale may be so large that its shape is below −1 where it meets the largest row.
    ``points`` are the θ from which they move; where slopes are 0 all rows have one end.
    """
    if not getattr(objective.loss, "moving_ends", False):
        return False
    axes = np.eye(objective.size)
    uses = zip(objective.uses, objective.parts, strict=True)
    constants = [axes[part.start] for u, part in uses if objective.bases[u].intercept]
    ways = [sign * axis for axis in constants for sign in (1.0, -1.0)]
    for here, size, one, other in product(points, STEPS[:2], ways, ways):
        moved = here + size * one
        if one @ other != 0.0 or not np.isfinite(objective.evaluate(moved, 0).loss):
            continue
        if any(_rises(objective, moved, length * other) for length in STEPS):
            return True
    return False


def _rises(objective: Objective, here: Array, step: Array) -> bool:
    """Whether the density rises without end as a step leads a row to where its support ends.

    Each hundredth of the distance that is left lowers the loss by as much as the one before, in the end.
    """
    if np.isfinite(objective.evaluate(here + step, 0).loss):
        return False
    inside, _ = ends_between(objective, here, step)
    at = [objective.evaluate(here + inside * (1.0 - d) * step, 0).loss for d in NEARER]
    falls = [before - after for before, after in pairwise(at)]
    return falls[-1] > 0.5 * falls[-2] > 0.0


def at_an_end(space: Subspace, stop: Stop, before: float) -> bool:
    """Whether the loss has come to rest where a row of y lies at the end of its support.

    As at the shape of −1 with which a generalised Pareto is uniform up to its largest row. ``before`` is the loss at an
    earlier stop.
    """
    return not _falls(stop, before) and beside_an_end(space, stop)


def spikes_at_an_end(space: Subspace, stop: Stop, before: float) -> bool:
    """Whether the density piles up where the support of a row ends: a little further inside the loss is much higher.

    As with a generalised extreme value's shape on its way to ∞: the end comes so near to the least y, by a power of e
    for each unit of the shape, that the density there grows without bound.
    """
    if _falls(stop, before) and stop.reason != "max_iter":
        return False
    rises = [min(both) for both in _beside(space, stop) if max(both) == np.inf]
    return max(rises, default=-np.inf) - stop.sums.loss > PILED


def _falls(stop: Stop, before: float) -> bool:
    return before - stop.sums.loss > SETTLED * max(1.0, stop.sums.terms)


def beside_an_end(space: Subspace, stop: Stop) -> bool:
    """Whether a row of y lies at the end of its support: the loss is infinite right beside."""
    return any(max(both) == np.inf for both in _beside(space, stop))


def _beside(space: Subspace, stop: Stop) -> Iterator[tuple[float, float]]:
    """The loss a little to both sides, θ by θ; nothing where the support does not end."""
    if not getattr(space.objective.loss, "moving_ends", False):
        return  # where the loss is infinite numbers overflowed
    here = space.point(stop.theta)
    for step in np.diag(BESIDE * np.maximum(np.abs(here), 1.0)):
        low, high = (space.objective.evaluate(here + s * step, 0).loss for s in (-1.0, 1.0))
        yield low, high
