"""Where Newton's method does not converge: what keeps it, and to infinity where that is.

Each stop is asked in turn whether raw columns, or directions, have fallen silent; whether a row lies where its support
ends; whether a direction leads to infinity, which is then followed and left out of what goes on; and, where none does,
whether the stops since show one, or an end of the digits.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from likely.fitting.coordinates import constants
from likely.fitting.creeping import VISITS, find_creep, find_drift, find_plunge, find_profile
from likely.fitting.faded import find_faded
from likely.fitting.held import Precision
from likely.fitting.moves import first_outside
from likely.fitting.newton import Stop, minimise
from likely.fitting.pole import (
    at_a_pole,
    at_an_end,
    beside_an_end,
    has_a_pole,
    spikes_at_an_end,
)
from likely.fitting.problem import Array
from likely.fitting.profile import follow_valley
from likely.fitting.recession import (
    STEPS,
    Recession,
    curveless_step,
    find_growth,
    find_level,
    find_recession,
    find_way,
    fled,
    silent_columns,
    spent,
    turns_back,
    without_columns,
    without_noise,
)
from likely.fitting.report import Outcome
from likely.fitting.separation import Separation, find_separation
from likely.fitting.spike import find_spike
from likely.fitting.subspace import Subspace
from likely.fitting.task import Task

#: Directions to infinity that are followed before the fit is given up.
MOST_RECESSIONS = 8
#: Stops after which a fit that still creeps is asked for a spike.
PATIENT = 8
#: Stops after which one that creeps, and has no curvature to step by, goes on in other coordinates.
SLUGGISH = 16
#: Newton's steps for what is left while one term is held far out.
PROFILE_STEPS = 30
#: Rounding of the gradient that a converged fit may have, in standard errors.
COARSEST = 1e-2
#: The last digit of a raw prediction decides over a row where it is worth more than this share of what rows lose.
FELT = 1e-6


class Pursuit:
    """From a first stop on, whose outcome it changes: ``begun`` is the θ of the start.

    Where it creeps and ``may_sharpen``, it is left to coordinates for the curvature where it is.
    """

    def __init__(self, task: Task, outcome: Outcome, begun: Array, may_sharpen: bool) -> None:
        self.task, self.outcome, self.begun, self.may_sharpen = task, outcome, begun, may_sharpen
        self.objective = outcome.space.objective
        #: Whether classes were asked for what tells them apart.
        self.asked = False
        #: θ and loss of the stops from which no direction led.
        self.visited: list[tuple[Array, float]] = []

    @property
    def space(self) -> Subspace:
        """What the fit goes on in."""
        return self.outcome.space

    @property
    def stop(self) -> Stop:
        """Where it came to."""
        return self.outcome.stop

    def follow(self) -> None:
        """Go on until the fit has converged, or what keeps it from that is known."""
        while self._fades() or (self.stop.reason in ("receding", "max_iter") and self._goes_on()):
            pass

    def _fades(self) -> bool:
        """Whether a raw column is so far out that nothing depends on it, and the fit goes on without it."""
        space, stop = self.space, self.stop
        if stop.reason not in ("converged", "receding", "max_iter") or space.size == 1:
            return False
        found = find_faded(space, stop.theta)
        if found is None:
            return False
        self._note(replace(found, direction=space.lift(found.direction)))
        return self._fit(space.without(stop.theta, found.direction))

    def _goes_on(self) -> bool:
        """Whether the fit goes on from this stop."""
        rest = self._without_silence()
        if rest is not None:
            return self._fit(rest)
        if not self.task.edged and at_a_pole(self.space, self.stop):
            self.stop.reason = "pole"
            return False
        if not self.asked:
            self.asked = True
            separation = find_separation(self.space, self.stop.theta)
            if separation is not None:
                return self._tells(separation)
        way = self._straight() or self._bent()
        return self._stays() if way is None else self._leaves(*way)

    def _fit(self, rest: Subspace) -> bool:
        """Fit what is left in a subspace, from where it goes through; False where nothing is."""
        if rest.size:
            self._resume(rest, np.zeros(rest.size))
        return rest.size > 0

    def _resume(self, space: Subspace, gamma: Array, bent: bool = False) -> None:
        """Go on in another subspace, or from where the question of a recession interrupted."""
        task, used = self.task, self.stop.iterations
        stop = minimise(
            space, gamma, task.max_iter - used, task.counted()[1], task.fisher, False,
            patience=4, edges=task.edged, bent=bent,
        )  # fmt: skip
        stop.iterations += used
        ahead = space.point(stop.theta) + space.lift(stop.step)
        if stop.reason == "edge" and first_outside(space.objective, ahead) is None:
            stop.reason = "max_iter"  # numbers overflowed: no link has an edge there
        self.outcome.space, self.outcome.stop = space, stop

    def _without_silence(self) -> Subspace | None:
        """Without raw columns that no row depends on, or a direction in which nothing changes; None without either."""
        outcome, space, stop = self.outcome, self.space, self.stop
        if outcome.silent is None:
            outcome.silent = silent_columns(self.objective, (self.begun, outcome.theta))
            if outcome.silent.any():
                return without_columns(space, stop.theta, outcome.silent)
        level = find_level(space, stop.theta, stop.sums) if outcome.recessions else None
        if level is None:
            return None
        outcome.level.append(space.lift(level))
        return space.without(stop.theta, level)

    def _tells(self, found: Separation) -> bool:
        """Go where classes that X tells apart are, and fit the others there."""
        self._note(found.recession)
        self.outcome.level += found.level
        return self._arrives(found.ahead, found.rest)

    def _arrives(self, there: Array, rest: Subspace) -> bool:
        """Fit what is left in a subspace through a point far out, or stay there where nothing is."""
        if rest.size == 0:
            self.stop.theta, self.stop.sums = there, self.space.evaluate(there, 2)
        return self._fit(rest)

    def _straight(self) -> tuple[Recession, Array | None] | None:
        """The step's direction, where the loss falls all the way along it."""
        space, stop = self.space, self.stop
        found = find_recession(space, stop.theta, stop.sums, stop.step)
        if found is None and getattr(self.objective.loss, "discrete", False):
            curveless = curveless_step(stop.sums)
            if curveless is not None:
                found = find_recession(space, stop.theta, stop.sums, curveless)
        if found is None or turns_back(space, stop.theta, stop.sums, found):
            return None
        return found, None

    def _bent(self) -> tuple[Recession, Array] | None:
        """A way along which terms grow by factors, or that goes on as the stops before, and a point on it."""
        space, stop = self.space, self.stop
        growth = find_growth(space, stop.theta, stop.sums, stop.step)
        if growth is None and not self.outcome.recessions:
            # What is left of a loss after one direction to infinity may be nothing but rounding.
            growth = find_way(space, stop.theta, stop.sums, stop.step)
        if growth is not None:
            return growth
        self.visited.append((space.point(stop.theta), stop.sums.loss))
        creep = find_creep(space, self.visited)
        return None if creep is None else (creep, stop.theta)

    def _leaves(self, found: Recession, there: Array | None) -> bool:
        """Follow a way to infinity: go where the exponentials have vanished, and fit the rest there."""
        outcome, space, stop = self.outcome, self.space, self.stop
        if there is None and not outcome.recessions:
            # Without the small steps of terms that still converge, if that falls too.
            cleaned = without_noise(space, found.direction)
            found = find_recession(space, stop.theta, stop.sums, cleaned) or found
        if there is None:
            there = stop.theta + STEPS[-1] * found.direction
        self._note(replace(found, direction=space.lift(found.direction)))
        if found.unbounded or len(outcome.recessions) == MOST_RECESSIONS:
            return False
        rest = space.without(there, found.direction)
        if rest.size and (not np.isfinite(space.evaluate(there, 0).loss) or spent(space, there)):
            return False  # numbers, or their digits, end on the way there: where the fit is is as far as it goes
        return self._arrives(there, rest)

    def _note(self, found: Recession, last: bool = False) -> None:
        """A way to infinity, in θ, and where the first one, or the last, was found."""
        if last or not self.outcome.recessions:
            self.outcome.found_at = self.outcome.theta
            self.outcome.precision = Precision(self.space, self.stop.factor)
        self.outcome.recessions.append(found)

    def _stays(self) -> bool:
        """No direction leads from here: what the stops so far tell, or on as before."""
        space, stop, visited = self.space, self.stop, self.visited
        endless = find_drift(space, visited, stop.sums.terms) or find_plunge(
            space, visited, self.begun, stop.reason == "max_iter"
        )
        creeping = len(visited) % VISITS == 0 and not self.outcome.recessions
        if endless is None and creeping and not beside_an_end(space, stop):
            profile = find_profile(space, visited, stop.sums, partial(_conditional, self.task))
            if profile is not None:
                endless, there = profile  # where the rest is fitted already
                stop.theta, stop.sums, stop.factor = there, space.evaluate(there, 2), None
                if endless is None and stop.reason == "receding":
                    self._resume(space, there, bent=True)
                    return True
                if endless is not None and beside_an_end(space, stop):
                    stop.reason = "pole"
                    return False
        lost = stop.reason == "max_iter" and not (stop.certified() or self.outcome.recessions)
        lost = lost and self.task.to_edges
        if endless is None and lost and not beside_an_end(space, stop):
            fit = partial(_conditional, self.task)
            valley = follow_valley(space, visited, self.begun, stop.sums, fit)
            if valley is not None:
                endless, there = valley
                stop.theta, stop.sums, stop.factor = there, space.evaluate(there, 2), None
        if endless is None and (len(visited) == PATIENT or stop.reason == "max_iter"):
            endless = find_spike(space, self.begun, stop.theta)
        if endless is None:
            endless = self._digits_end()
        if endless is not None:
            self._note(endless, last=True)
            return False
        return not self._ended() and self._creeps_on()

    def _digits_end(self) -> Recession | None:
        """The way on which parameters have become too large for their digits; None where they have not.

        ``exact`` where they ended because rows are fitted to the last one.
        """
        space, stop = self.space, self.stop
        coarse = _coarseness(space, stop)
        # High up on a wall of exponentials any digit is worth many nats, and next to nothing of what a row loses.
        share = FELT * stop.sums.loss / self.objective.weight()
        exact = spent(space, stop.theta, max(1.0, share)) or self._stuck()
        if 1.0 < coarse < np.inf and not exact:
            # No density piles up where digits end: on the way to a limit parameters have become too large for them.
            far = fled(space, self.begun, stop.theta)
            if far is not None:
                return replace(far, unbounded=False)
        stop.at_rounding = coarse <= COARSEST
        if coarse > 1.0 and exact:
            stop.reason = "exact"
            # A fit that was begun anew may have begun where digits end already.
            far = fled(space, constants(self.task, self.objective), stop.theta)
            self.outcome.recessions += [] if far is None else [far]
        return None

    def _stuck(self) -> bool:
        """Whether the fit stands still where the last digit of a row is worth more than what the next step promises.

        And more than what a converged fit may leave to rounding: no point nearby is known to be better or worse.
        """
        stop = self.stop
        if stop.reason != "max_iter" or len(self.visited) < 2:
            return False
        still = self.visited[-2][1] - self.visited[-1][1] <= stop.sums.rounding
        promised = min(abs(stop.decrement), 1.0)
        return still and spent(self.space, stop.theta, max(promised, 0.5 * COARSEST**2))

    def _ended(self) -> bool:
        """Whether rows lie where the support ends."""
        space, stop, visited = self.space, self.stop, self.visited
        if not (stop.reason == "exact" or self.task.edged) and len(visited) > 1:
            if spikes_at_an_end(space, stop, visited[-2][1]):
                stop.reason = "pole"
                return True
            if at_an_end(space, stop, visited[-2][1]):
                stop.reason = "pole" if self._knows_a_pole() else "end"
                return True
        creeps = len(visited) >= PATIENT or stop.reason == "max_iter"
        if creeps and not stop.certified() and self._knows_a_pole():
            stop.reason = "pole"
            return True
        return False

    def _knows_a_pole(self) -> bool:
        return has_a_pole(self.objective, (self.begun, self.outcome.theta))

    def _creeps_on(self) -> bool:
        """Go on from where it is, where that is no end and may lead anywhere."""
        stop = self.stop
        if stop.reason in ("max_iter", "exact") or stop.certified():
            return False
        sluggish = self.may_sharpen and len(self.visited) >= SLUGGISH
        if sluggish and blunt(self.outcome, self.task.max_iter):
            return False
        self._resume(self.space, stop.theta, bent=True)
        return True


def blunt(outcome: Outcome, max_iter: int) -> bool:
    """Whether the fit comes to no end where its curvature is that of no minimum to the last digit, with steps left."""
    stop = outcome.stop
    singular = stop.factor is None or not stop.factor.positive
    open_end = stop.reason in ("receding", "max_iter") and not outcome.recessions
    return singular and open_end and stop.iterations < max_iter


def _coarseness(space: Subspace, stop: Stop) -> float:
    """What rounding adds to the gradient, in standard errors, where the gradient is not above that.

    ∞ where it is above, so that a better point may exist.
    """
    if stop.factor is None or not stop.factor.positive:
        return np.inf
    bound = space.rounding(stop.theta)
    if not (np.abs(stop.sums.gradient) <= bound).all():
        return np.inf
    return float(np.max(bound * stop.factor.std_errors(), initial=0.0))


def _conditional(task: Task, held: Subspace) -> Array:
    """γ after some of Newton's steps in a subspace; 0, where they begin, if the numbers end there."""
    origin = np.zeros(held.size)
    if not held.evaluate(origin, 2).finite:
        return origin
    expected = task.fisher
    return minimise(
        held, origin, PROFILE_STEPS, task.counted()[1], expected, False,
        patience=PROFILE_STEPS, edges=False, bent=True, rough=True,
    ).theta  # fmt: skip
