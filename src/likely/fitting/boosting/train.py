"""The rounds of boosting: every round grows one tree for each raw column, from one look at the loss.

With folds, the parts train in lockstep and are *crossed*: the trees of a parameter see the other parameters as
predicted by the part that did not train on the row. A scale then learns from the errors that new rows
will have, not from the smaller ones of rows that the location has seen, and rounds cannot shrink it for
that reason. The idea is cross-fitting: Chernozhukov et al. (2018), doi:10.1111/ectj.12097.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import local
from typing import Any

import numpy as np

from likely._math.pool import deal
from likely.fitting.boosting.data import Data
from likely.fitting.boosting.ensembles import Ensembles, trimmed
from likely.fitting.boosting.pace import Pace
from likely.fitting.boosting.plan import Plan
from likely.fitting.boosting.settings import Settings
from likely.fitting.boosting.steps import leaf_step, mean_of, row_steps, shared_step, tree_target
from likely.fitting.problem import Array, Response
from likely.fitting.result import ConvergenceWarning

#: From this many held-out rows on the constants are set by them at the end; fewer would only add their noise
#: (the log of a scale is known to 1/√(2·rows)).
SETTLING_ROWS = 500
SETTLING_STEPS = 20
#: LightGBM's parameters that outlast the call which they are given to.
_THREAD_SETTINGS = ("verbosity", "num_threads")

#: Called after every round with (round, held-out or training loss, best round).
Report = Callable[[int, float, int], None]


@dataclass
class _Part:
    """k boosters that train on the same rows."""

    boosters: list[Any]
    rows: slice  # in the training arrays, where the parts lie one after the other
    judges: Any  # where its judging rows are among all that judge


@dataclass
class _Best:
    loss: float
    round: int
    trees: list[list[int]]
    constants: Array
    judged: Array | None = None  # raw predictions that the constants will be settled on


@dataclass(frozen=True, eq=False)
class Boosted:
    """The ensembles of the best round, and how training went."""

    ensembles: Ensembles
    best_round: int
    rounds: int
    #: Mean loss per row: after every round, of the rows that judge; without any, of the training rows,
    #: before every round.
    losses: list[float] = field(repr=False)
    interrupted: bool = False


class _Run:
    """The state of one training."""

    def __init__(
        self,
        loss: Any,
        data: Data,
        response: Response,
        plan: Plan,
        settings: Settings,
        start: Array,
        judge: tuple[Any, Response] | None,
    ) -> None:
        self.loss = loss
        self.settings = settings
        self.crossed = plan.crossed
        self.trees = [j for j, c in enumerate(settings.columns) if not c.shared]
        self.shared = [j for j, c in enumerate(settings.columns) if c.shared]
        #: What a round of trees looks at, which has no use for the curvature of shared parameters.
        self.seen = loss if settings.natural else loss.without(self.shared)
        self.told = local()
        self.pace, self.left = Pace(), settings.rounds
        self.constants = np.tile(start, (len(plan.train), 1))
        if plan.train[0] is None:
            self.rows: Any = slice(None)
            self.training = response
            sizes = [response.y.shape[0]]
        else:
            self.rows = np.concatenate([r for r in plan.train if r is not None])
            self.training = response.take(self.rows)
            sizes = [r.shape[0] for r in plan.train if r is not None]
        if plan.judge:
            self.judging: Response | None = (
                response if self.crossed else response.take(plan.judge[0])
            )
        else:
            self.judging = None if judge is None else judge[1]
        self.own_judges = bool(plan.judge)
        # Trees of folds need no settling: their mean is better than the part that each row judged.
        many = self.own_judges and not self.crossed and plan.judge[0].shape[0] >= SETTLING_ROWS
        #: The columns of which the constants are settled.
        self.settled = list(range(loss.columns)) if many else self.shared
        self.parts = []
        ends = np.cumsum([0, *sizes])
        for m, rows in enumerate(plan.train):
            binned = data.part(rows)
            held = data.part(plan.judge[m]) if plan.judge else None
            if judge is not None:
                held = data.other(judge[0])
            self.parts.append(
                _Part(
                    [self._booster(j, m, binned, held, data) for j in range(loss.columns)],
                    slice(int(ends[m]), int(ends[m + 1])),
                    plan.judge[m] if self.crossed else slice(None),
                )
            )
        self.units, self.trees = self._units(start)
        k, judging = loss.columns, self.judging
        self.raw = np.empty((k, self.training.y.shape[0]))
        self.judged = np.empty((k, 0 if judging is None else judging.y.shape[0]))
        for m in range(len(self.parts)):
            for j in range(k):
                self._refresh(m, j)

    def _booster(self, j: int, part: int, binned: Any, held: Any, data: Data) -> Any:
        from lightgbm import Booster

        settings = self.settings
        if settings.columns[j].shared:
            return None
        seed = settings.seed + part * self.loss.columns + j
        booster = Booster(settings.columns[j].parameters(settings.common, seed), binned)
        if held is not None:
            booster.add_valid(held, "judge")
        return booster

    def _units(self, start: Array) -> tuple[Array, list[int]]:
        """1/√(mean curvature) of every column at the start, what one row tells of it; and those with trees."""
        raw = self._base(self.constants[0], self.training)
        w = self.training.weight
        _, _, curvature = row_steps(
            self.seen, self.training.y, raw, w, self.settings.curvature, natural=False
        )
        mean = np.array([mean_of(h, w) for h in curvature])
        units, grown = np.ones(self.loss.columns), []
        for j in self.trees:
            where = f"{self.loss.column_names[j]} at the best constant, raw = {start[j]:.6g}"
            if mean[j] == 0.0:
                # As of the mean of a hurdle's counts where y is 0 in all rows.
                warnings.warn(
                    f"y says nothing about {where}, where it stays in all rows: fix this parameter, or choose a "
                    "simpler family",
                    ConvergenceWarning,
                    stacklevel=7,
                )
            elif np.isfinite(mean[j]) and mean[j] > 0.0:
                units[j] = 1.0 / np.sqrt(mean[j])
                grown.append(j)
            else:
                raise ValueError(
                    f"the curvature of {where}, is {mean[j]:.3g}, which gives trees nothing to grow by: fix this "
                    "parameter, or choose another link for it"
                )
        return units, grown

    def _base(self, constants: Array, response: Response) -> Array:
        n = response.y.shape[0]
        if response.offset is None:
            return np.repeat(constants[:, None], n, axis=1)
        return constants[:, None] + response.offset

    # --- Raw predictions --------------------------------------------------------------------------

    def _refresh(self, m: int, j: int) -> None:
        """The raw predictions of a column for the rows that train a part and for those that judge it."""
        part = self.parts[m]
        self._column(self.raw, j, m, self.training, part.rows, False)
        if self.judging is not None:
            self._column(self.judged, j, m, self.judging, part.judges, True)

    def _column(
        self, raw: Array, j: int, m: int, response: Response, rows: Any, judge: bool
    ) -> None:
        booster = self.parts[m].boosters[j]
        total: Any = self.constants[m, j]
        if booster is not None and j in self.trees:
            total = _scores(booster, judge) * self.units[j]
            total += self.constants[m, j]
        if response.offset is not None:
            total = total + response.offset[j, rows]
        raw[j, rows] = total

    # --- One round --------------------------------------------------------------------------------

    def round(self) -> float:
        """Grow one tree for every column of every part, then set the shared parameters, where that is worth it.

        Returns the mean loss of the training rows as it was before, which costs nothing here.
        """
        nll, gradient, curvature = self._steps()
        grown = [(m, j) for m in range(len(self.parts)) for j in self.trees]
        # Before the threads begin: many short NumPy calls in two of them wait for each other longer than they take.
        targets = [self._target(m, j, gradient[j], curvature[j]) for m, j in grown]
        before = mean_of(nll, self.training.weight)
        del nll, gradient, curvature  # memory for the trees

        def grow(unit: int, _: int) -> None:
            m, j = grown[unit]
            self._quiet()
            self._grow(m, j, targets[unit])
            self._refresh(m, j)

        deal(grow, len(grown), self.settings.workers)
        self.left -= 1
        if self.shared and (self.pace.due() or not self.left):
            self._share()
        return before

    def _quiet(self) -> None:
        """Give this thread the level of messages that was asked for: LightGBM keeps one for every thread.

        It is set by whatever takes parameters, of which a set of one row costs the least.
        """
        if not hasattr(self.told, "level"):
            from lightgbm import Dataset

            level = {k: v for k, v in self.settings.common.items() if k in _THREAD_SETTINGS}
            Dataset(np.zeros((1, 1)), params=level).construct()
            self.told.level = level

    def _target(self, m: int, j: int, gradient: Array, curvature: Array) -> tuple[Any, Any]:
        """What the next tree of a column of a part is grown from."""
        rows, weight = self.parts[m].rows, self.training.weight
        return tree_target(
            gradient[rows],
            curvature[rows],
            None if weight is None else weight[rows],
            self.units[j],
            self.loss.column_names[j],
        )

    def _grow(self, m: int, j: int, target: tuple[Any, Any]) -> None:
        """One more tree for a column of a part, or a step of its constant where no split is found."""
        column = self.settings.columns[j]
        if self.parts[m].boosters[j].update(fobj=lambda *_: target):
            step = leaf_step(target, column.l2)
            self.constants[m, j] += column.learning_rate * self.units[j] * step

    def _steps(self) -> tuple[Array, Array, list[Array]]:
        s, t = self.settings, self.training
        if not self.crossed:
            return row_steps(self.seen, t.y, self.raw, t.weight, s.curvature, s.natural)
        nll = np.zeros(t.y.shape[0])
        gradient = np.empty_like(self.raw)
        curvature: list[Array] = [np.empty(0)] * self.loss.columns
        unseen = self.judged[:, self.rows]
        for group in dict.fromkeys(s.columns[j].group for j in self.trees):
            own = [j for j, c in enumerate(s.columns) if c.group == group]
            mixed = unseen.copy()
            mixed[own] = self.raw[own]
            others = [j for j in self.trees if j not in own]
            seen = self.seen if s.natural else self.seen.without(others)
            nll, g, h = row_steps(seen, t.y, mixed, t.weight, s.curvature, s.natural)
            gradient[own] = g[own]
            for j in own:
                curvature[j] = h[j]
        return nll, gradient, curvature

    def _share(self) -> None:
        """Newton's step for the shared parameters, on rows that the trees did not see where there are any."""
        response, raw = self.training, self.raw
        if self.own_judges and self.judging is not None:
            response, raw = self.judging, self.judged
        step, gain = shared_step(
            self.loss, response.y, raw, response.weight, self.shared, self.settings.curvature
        )
        self.pace.stepped(gain)
        self.constants += step
        self.raw += step[:, None]
        if self.judging is not None:
            self.judged += step[:, None]

    def judge(self) -> float:
        """The mean loss of the rows that judge."""
        assert self.judging is not None
        nll = self.loss.evaluate(self.judging.y, self.judged, 0)[0]
        return mean_of(nll, self.judging.weight)

    def state(self, loss: float, number: int) -> _Best:
        """What it takes to come back to this round."""
        counts = [[0 if b is None else b.num_trees() for b in part.boosters] for part in self.parts]
        judged = self.judged.copy() if self.own_judges and self.settled else None
        return _Best(loss, number, counts, self.constants.copy(), judged)

    def boosters(self, best: _Best) -> tuple[tuple[Any, ...], ...]:
        """What was grown up to the best round, free of the training data."""
        found: list[list[Any]] = [[None] * self.loss.columns for _ in self.parts]
        grown = [(m, j) for m in range(len(self.parts)) for j in self.trees if best.trees[m][j]]

        def trim(unit: int, _: int) -> None:
            m, j = grown[unit]
            self._quiet()
            found[m][j] = trimmed(self.parts[m].boosters[j], best.trees[m][j])

        deal(trim, len(grown), self.settings.workers)
        return tuple(map(tuple, found))

    def settle(self, best: _Best) -> Array:
        """The constants of the best round, moved to the maximum of the held-out likelihood.

        What was learned on rows that the trees have seen is a little too sure of itself, and shared parameters may
        not have moved in that round.
        """
        constants, raw, judging = best.constants.copy(), best.judged, self.judging
        if raw is None or judging is None:
            return constants
        for _ in range(SETTLING_STEPS):
            step, _ = shared_step(
                self.loss, judging.y, raw, judging.weight, self.settled, self.settings.curvature
            )
            if not step.any():
                break
            constants += step
            raw = raw + step[:, None]
        return constants


def _scores(booster: Any, judge: bool) -> Array:
    """LightGBM's running sums of trees for the rows that train, or for those that judge.

    Its evaluation hands them to a metric, which is the public way to them.
    """
    found: list[Array] = []

    def take(scores: Array, data: Any) -> tuple[str, float, bool]:
        found.append(scores)
        return "scores", 0.0, False

    (booster.eval_valid if judge else booster.eval_train)(take)
    return found[0]


def boost(
    loss: Any,
    data: Data,
    response: Response,
    plan: Plan,
    settings: Settings,
    *,
    start: Array,
    features: int,
    judge: tuple[Any, Response] | None = None,
    report: Report | None = None,
) -> Boosted:
    """Minimise Σ w·nll over trees, and keep the round at which the rows that judge have the least loss.

    ``start`` (k,) are the constants to begin with; ``judge`` other rows (X, response) that judge instead of
    the plan's. Ctrl-C ends training and keeps the best round so far; before the first round it is passed on.
    """
    run = _Run(loss, data, response, plan, settings, start, judge)
    judged, stopping = run.judging is not None, settings.patience is not None
    best = run.state(run.judge() if judged else np.inf, 0)
    losses: list[float] = []
    interrupted = False
    for number in range(1, settings.rounds + 1):
        try:
            before = run.round()
            mean = run.judge() if judged else before
        except KeyboardInterrupt:
            if number == 1:
                raise
            interrupted = True
            break
        losses.append(mean)
        if mean < best.loss or not stopping:
            best = run.state(mean, number)
        if report is not None:
            report(number, mean, best.round)
        if settings.patience is not None and number - best.round >= settings.patience:
            break
    return Boosted(
        Ensembles(run.boosters(best), run.settle(best), run.units, features),
        best.round,
        len(losses),
        losses,
        interrupted,
    )
