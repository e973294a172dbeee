"""Other starts of a mixture given X: groups of rows, each of which is one component's, to begin with.

The likelihood of a mixture has many maxima, and of continuous families no largest: a component that collapses onto
rows that X and its coefficients fit exactly makes it grow without end. What is meant is the largest of the maxima
inside. Rows are sorted by where y lies in the distribution that one component alone predicts for them, and cut into
groups as the y of a marginal fit are; by that and a column of X, for components that cross; and a few rows from here
and there make a group too. Each component begins at its own fit to one group, with a small share of the others so that
no group is too small for it, and some steps of EM tell which starts are worth a fit.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import ConvergenceWarning, FitResult, Response, together
from likely.inference.construct import predictive
from likely.predictors.marginal import start_values
from likely.predictors.maxima.model import SAME, Array, LinearModel
from likely.predictors.maxima.trials import INSIDE, ITERATIONS, as_many, best_trial
from likely.predictors.several import in_order, windows

#: What a row weighs in the fit of a component that it is not of.
OTHERS = 0.1
#: Of more rows than this some are taken before they are sorted.
SORTED = 20_000
#: Rows that are looked at, evenly spaced, and columns of X for components that cross.
ROWS, COLUMNS = 1000, 8
#: and the pieces into which rows are cut for them.
QUARTERS = 4
#: With more coefficients the rows that are looked at, about two for each, tell nothing; and Newton's steps would take
#: as many numbers as coefficients squared.
MOST_COEFFICIENTS = ROWS // 2
#: Starts from a few rows here and there, by these many for each coefficient of a component;
SCATTERED, EACH = 16, (2, 1)
#: Newton's steps from the fit of one component to that of a group, and in a step of EM;
FIRST, AGAIN = 15, 5
#: no further than to where one promises so many nats, of a row of weight 1;
ENOUGH = 1e-3
#: steps of EM from so many starts, the likeliest; and trials, from the likeliest of those before and after that, from
#: more where rows are few.
STEPS, LIKELIEST, TRIED = 3, 20, 8
#: Losses closer than this, relative to them, are of steps to one maximum.
CLOSE = 1e-4


def inner_maximum(model: LinearModel, found: FitResult) -> Array | None:
    """Coefficients (P,) that lead to the largest maximum from the groups; None where that is not larger than ``found``.

    For a mixture of y in one column only. Of many rows some are looked at.
    """
    structure = model.loss.specification.structure
    if structure is None or structure.kind != "Mixture" or model.response.y.ndim > 1:
        return None
    if not any(model.chosen(j) for j in range(len(model.designs))):
        return None  # without X the groups are those of the marginal fit
    if sum(map(model.size, range(len(model.designs)))) > MOST_COEFFICIENTS:
        return None
    if model.response.weight is not None and not model.response.weight.any():
        return None
    some = model.some_rows(ROWS) if model.X.shape[0] > SORTED else model
    search = _Search(_distinct(some).some_rows(ROWS), model.unit)
    if not search.weight.any():
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        least = np.inf
        if found.status in INSIDE:
            least = model.below(search.model.objective_at(found.parameters))
        best = best_trial(search.model, search.starts(), model.unit, least)
        return None if best is None else search.in_order(best.coefficients)


class _Search:
    """Starts of a mixture, and fits from them; ``unit`` is what a row weighs."""

    def __init__(self, model: LinearModel, unit: float) -> None:
        self.model, self.unit = model, unit
        weight = model.response.weight
        assert weight is not None
        self.weight = weight
        self.known = model.loss.specification.structure.own(model.response.y, weight)

    def in_order(self, coefficients: Array) -> Array:
        """The same with components in ascending order, where that makes no difference to the loss."""
        raw = self.model.raw(coefficients)
        sizes = raw @ self.weight / self.weight.sum()
        blocks = in_order(
            self.model.loss, self.model.designs, self.model.blocks(coefficients), sizes
        )
        moved, before = np.concatenate(blocks), self.model.objective_at(coefficients)
        # Offsets or penalties may tell components apart.
        alike = abs(self.model.objective_at(moved) - before) <= SAME * max(self.unit, abs(before))
        return moved if alike else coefficients

    def starts(self) -> list[Array]:
        """Coefficients (P,): the likeliest groupings after some steps of EM, and the likeliest as they are.

        EM is drawn to broad maxima: a step of Newton's method from a grouping may lead to one that EM leaves.
        """
        first = self._reached([(each * self.weight[:, None], None) for each in self._groupings()])
        first.sort(key=lambda one: one[0])
        further = self._after_steps(first[:LIKELIEST])
        further.sort(key=lambda one: one[0])
        tried = as_many(TRIED, self.model.X.shape[0])
        return [*_apart(further, tried), *_apart(first, tried)]

    def _after_steps(self, begun: Sequence[tuple[float, Array]]) -> list[tuple[float, Array]]:
        """Losses and coefficients after steps of EM, of each as long as they lower its loss."""
        best = list(begun)
        going = [i for i, one in enumerate(best) if one[0] < np.inf]
        for _ in range(STEPS):
            further = self._reached([(self._shares(best[i][1]), best[i][1]) for i in going])
            lower = [(i, one) for i, one in zip(going, further, strict=True) if one[0] < best[i][0]]
            for i, one in lower:
                best[i] = one
            going = [i for i, _ in lower]
        return best

    def _reached(self, begun: Sequence[tuple[Array, Array | None]]) -> list[tuple[float, Array]]:
        """Losses and coefficients where each component has these rows; ∞ where one has no fit to them.

        ``begun``: what each row weighs for each component (n, parts), and coefficients (P,) from which to step there.
        """
        parts = range(len(self.model.loss.parts))
        found = [self._fits(i, begun) for i in parts]
        ends = []
        for one, (shares, _) in enumerate(begun):
            own = [each for i in parts if (each := found[i][one]) is not None]
            ends.append((np.inf, np.zeros(0)))
            if len(own) == len(parts):
                coefficients = self._joined(own, shares)
                reached = self.model.objective_at(coefficients)
                if np.isfinite(reached):
                    ends[-1] = reached, coefficients
        return ends

    def _groupings(self) -> Iterator[Array]:
        """What each row weighs in the fit of each component (n, parts) to begin with.

        Nothing is random, and the order of the rows does not matter.
        """
        model, parts = self.model, len(self.model.loss.parts)
        first, y = model.part(0, self.weight), model.response.y
        place = predictive(first.loss, first.raw(self._alone[0])).cdf(y)
        order = np.argsort(place, kind="stable")
        for groups in windows(y[order], self.weight[order], parts):
            yield _shares_of([order[rows] for rows in groups], y.size, OTHERS)
        for x in model.X.T[:COLUMNS]:
            crossed = np.argsort((place - 0.5) * (x - np.median(x)), kind="stable")
            ends = [y.size * k // QUARTERS for k in range(1, QUARTERS)]
            for cuts in combinations(ends, parts - 1):
                yield _shares_of(np.split(crossed, cuts), y.size, OTHERS)
        most = max(sum(map(model.size, own)) for _, own in model.loss.parts)
        for which, each in product(range(SCATTERED), EACH):
            few = each * most
            # Multiples of √2 and √3, without their whole part, are everywhere alike.
            at = np.arange(1, parts * few + 1) * np.sqrt(2.0) + which * np.sqrt(3.0)
            rows = order[((at % 1.0) * y.size).astype(int)].reshape(parts, few)
            yield _shares_of(list(rows), y.size, min(OTHERS, few / y.size))

    def _joined(self, own: Sequence[Array], shares: Array) -> Array:
        """The coefficients (P,) of components with their own, and with odds as what their rows weigh."""
        designs, loss = self.model.designs, self.model.loss
        blocks = [np.zeros(self.model.size(j)) for j in range(len(designs))]
        for (_, columns), found in zip(loss.parts, own, strict=True):
            ends = np.cumsum([blocks[j].size for j in columns])[:-1]
            for j, block in zip(columns, np.split(found, ends), strict=True):
                blocks[j] = block
        sizes = shares.sum(axis=0)
        for j, slot in enumerate(loss.free):
            if slot.of in self.known and designs[j].intercept:
                blocks[j][0] = slot.link.link(sizes[self._component(slot)] / sizes[0])
        return np.concatenate(blocks)

    def _shares(self, coefficients: Array) -> Array:
        """Of every row's weight, what each component has: how probable it is that the row is its own."""
        loss, y, raw = self.model.loss, self.model.response.y, self.model.raw(coefficients)
        logs = np.full((y.size, len(loss.parts)), -np.inf)
        for i, (inside, columns) in enumerate(loss.parts):
            # A row outside its support is none of a component's.
            own = inside.specification.support.contains(y)
            logs[own, i] = -inside.evaluate(y[own], raw[columns][:, own], 0)[0]
        for j, slot in enumerate(loss.free):
            if slot.of in self.known:
                logs[:, self._component(slot)] += np.log(slot.link.inverse(raw[j]))
        logs -= logs.max(axis=1, keepdims=True)
        each = np.exp(logs)
        return np.asarray(each * (self.weight / each.sum(axis=1))[:, None])

    @staticmethod
    def _component(slot: Any) -> int:
        """The component of which a slot has the odds."""
        return int(slot.of.removeprefix("odds")) - 1

    def _fits(self, which: int, begun: Sequence[tuple[Array, Array | None]]) -> list[Array | None]:
        """One component's coefficients after some steps to its fits to weighted rows; None where none is its own."""
        columns = self.model.loss.parts[which][1]
        found: list[Array | None] = [None] * len(begun)
        ways = {}
        for one, (shares, before) in enumerate(begun):
            part = self.model.part(which, shares[:, which])
            if not part.counted[0].size:
                continue
            if not part.designs:
                found[one] = np.zeros(0)
                continue
            if before is None:
                here, steps = self._alone[which], FIRST
            else:
                blocks = self.model.blocks(before)
                here, steps = np.concatenate([blocks[j] for j in columns]), AGAIN
            ways[one] = part.approaching(here, steps, ENOUGH * self.unit)
        for one, reached in zip(ways, together(ways.values()), strict=True):
            found[one] = None if reached is None else reached.coefficients
        return found

    @cached_property
    def _alone(self) -> list[Array]:
        """The coefficients (P,) of each component, where all rows that may be its own are."""
        found: dict[Any, Array] = {}
        parts = [self.model.part(i, self.weight) for i in range(len(self.model.loss.parts))]
        kinds = [(part.loss, tuple(part.designs)) for part in parts]
        for part, kind in zip(parts, kinds, strict=True):
            if kind not in found:
                found[kind] = _fit_of(part)
        return [found[kind] for kind in kinds]


def _fit_of(part: LinearModel) -> Array:
    """The fit of one component to all rows that may be its own."""
    _, y, weight, _ = part.counted
    return part.fitted_from(start_values(part.loss, y, weight, None), ITERATIONS).parameters


def _apart(found: Sequence[tuple[float, Array]], most: int) -> list[Array]:
    """The coefficients of the first of these, sorted, that have different losses."""
    kept: list[tuple[float, Array]] = []
    for one in found:
        if len(kept) == most or not one[0] < np.inf:
            break
        # Many starts come to rest at the same places.
        if not any(abs(one[0] - other) <= CLOSE * abs(other) for other, _ in kept):
            kept.append(one)
    return [coefficients for _, coefficients in kept]


def _distinct(model: LinearModel) -> LinearModel:
    """The same with the rows that count in the order of y, each once, with the sum of its weights.

    So neither their order matters, nor whether one that counts twice is there twice.
    """
    kept, y, weight, offset = model.counted
    rows = model.X[kept]
    rows = rows.toarray() if issparse(rows) else np.asarray(rows, dtype=np.float64)
    keys = np.column_stack([y, rows, offset.T])
    order = np.lexsort(keys.T[::-1])
    keys, changes = keys[order], np.ones(order.size, dtype=bool)
    changes[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    first = np.flatnonzero(changes)
    chosen = order[first]
    response = Response(y[chosen], np.add.reduceat(weight[order], first), offset[:, chosen])
    return replace(model, X=rows[chosen], response=response)


def _shares_of(groups: Sequence[NDArray[Any]], rows: int, others: float) -> Array:
    """Weights (n, parts): 1 in a component's own group and ``others`` outside."""
    shares = np.full((rows, len(groups)), others)
    for i, group in enumerate(groups):
        shares[group, i] = 1.0
    return shares
