"""Raw columns that went so far that nothing is left to tell where they are, as degrees of freedom of e⁴⁰.

One long step of Newton's method may lead there. Slope and curvature in the column are 0 there, so that the fit of all
others converges as if the column had an estimate, or stops for want of a curvature.
"""

from __future__ import annotations

import numpy as np

from likely.fitting.problem import Array
from likely.fitting.recession import STEPS, Recession
from likely.fitting.subspace import Subspace

#: A column nearer to 0 than this, on a log or logit scale, is not far out.
FAR = STEPS[2]
#: A loss of which rounding is more than this, in nats, is flat everywhere.
COARSE = 1e-2
#: What is left of a way of length 1 where no part of it was followed.
WHOLE = 0.99


def find_faded(space: Subspace, gamma: Array) -> Recession | None:
    """The way, in γ, of a raw column beyond which the loss is the same to rounding; None where there is no such column.

    Of a parameter that has the whole line, as a location, a step of 25 may be below its last digits: such a one is
    never far out.
    """
    objective = space.objective
    limit = getattr(objective.loss, "limit", None)
    if limit is None:
        return None
    theta = space.point(gamma)
    for j, (use, part) in enumerate(zip(objective.uses, objective.parts, strict=True)):
        if not objective.bases[use].intercept:
            continue
        if not FAR <= abs(theta[part.start]) < np.inf:
            continue
        if (limit(j, True), limit(j, False)) == (np.inf, -np.inf):
            continue
        along = np.zeros(objective.size)
        along[part.start] = np.sign(theta[part.start])
        direction = along if space.basis is None else space.basis.T @ along
        if direction @ direction < WHOLE:  # followed already, alone or with others
            continue
        here = space.evaluate(gamma, 0)
        if not here.rounding <= COARSE:
            return None
        ahead = [space.evaluate(gamma + t * direction, 0).loss for t in STEPS]
        if all(abs(loss - here.loss) <= here.rounding for loss in ahead):
            return Recession(direction, False)
    return None
