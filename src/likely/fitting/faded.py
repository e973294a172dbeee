"""Raw columns that went so far that nothing is left to tell where they are, as degrees of freedom of e⁴⁰.

One long step of Newton's method may lead there. Slope and curvature in the column are 0 there, so that the fit of all
others converges as if the column had an estimate, or stops for want of a curvature.
"""

from __future__ import annotations

import numpy as np

from likely.fitting.problem import Array
from likely.fitting.recession import STEPS, Recession
from likely.fitting.subspace import Subspace

#: A column that moved by less than this, on a log or logit scale, is not far out.
FAR = STEPS[2]


def find_faded(space: Subspace, begun: Array, gamma: Array) -> Recession | None:
    """The way, in γ, of a raw column beyond which the loss is the same to rounding; None where there is no such column.

    ``begun`` is the θ where it came from. Of a parameter that has the whole line, as a location, a step of 25 may be
    below its last digits: such a one is never far out.
    """
    objective = space.objective
    limit = getattr(objective.loss, "limit", None)
    if limit is None:
        return None
    theta = space.point(gamma)
    for j, (use, part) in enumerate(zip(objective.uses, objective.parts, strict=True)):
        if not objective.bases[use].intercept:
            continue
        moved = theta[part.start] - begun[part.start]
        if not FAR <= abs(moved) < np.inf or (limit(j, True), limit(j, False)) == (np.inf, -np.inf):
            continue
        along = np.zeros(objective.size)
        along[part.start] = np.sign(moved)
        direction = along if space.basis is None else space.basis.T @ along
        if direction @ direction < 0.5:  # followed already
            continue
        here = space.evaluate(gamma, 0)
        ahead = [space.evaluate(gamma + t * direction, 0).loss for t in STEPS]
        if all(abs(loss - here.loss) <= here.rounding for loss in ahead):
            return Recession(direction, False)
    return None
