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
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import ConvergenceWarning, Design, FitResult, Response, Status, fit_linear
from likely.inference.construct import predictive
from likely.predictors.marginal import start_values
from likely.predictors.several import ITERATIONS, SAME, windows

Array = NDArray[np.float64]

#: What a row weighs in the fit of a component that it is not of.
OTHERS = 0.1
#: Rows that are looked at, evenly spaced, and columns of X for components that cross.
ROWS, COLUMNS = 1000, 8
#: and the pieces into which rows are cut for them.
QUARTERS = 4
#: Starts from a few rows here and there, by this many for each coefficient of a component;
SCATTERED, EACH = 16, 2
#: steps of EM from so many starts, the likeliest; and fits, from the likeliest after that.
STEPS, LIKELIEST, TRIED = 3, 20, 6
#: Losses closer than this, relative to them, are of steps to one maximum.
CLOSE = 1e-4
#: Statuses of fits whose coefficients are a maximum.
INSIDE = (Status.converged, Status.boundary, Status.rank_deficient)


def inner_maximum(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    alpha: Array | None,
    found: FitResult,
) -> Array | None:
    """Coefficients (P,) that lead to the largest maximum from the groups; None where that is not larger than ``found``.

    For a mixture of y in one column only. Of many rows some are looked at.
    """
    structure = loss.specification.structure
    if structure is None or structure.kind != "Mixture" or response.y.ndim > 1:
        return None
    if not any(len(design.chosen(X.shape[1])) for design in designs):
        return None  # without X the groups are those of the marginal fit
    every = slice(None, None, max(1, X.shape[0] // ROWS))
    search = _Search(loss, X[every], designs, response.take(every), alpha)
    if not search.weight.any():
        return None
    best, least = None, np.inf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        if found.status in INSIDE:
            least = search.loss_at(found.parameters)
            least -= SAME * max(1.0, abs(least))
        tried: list[float] = []
        for reached, coefficients in search.starts():
            # EM comes to rest at the same places from many starts.
            if len(tried) == TRIED or any(abs(reached - one) <= CLOSE * abs(one) for one in tried):
                continue
            tried.append(reached)
            other = search.fitted(coefficients)
            if other.status in INSIDE and other.objective < least:
                # Where some coefficients have no finite estimate, the way there tells which.
                finite = other.status is Status.converged
                best, least = other.parameters if finite else coefficients, other.objective
    return best


class _Search:
    """Starts of a mixture, and fits from them."""

    def __init__(
        self,
        loss: Any,
        X: Any,
        designs: Sequence[Design],
        response: Response,
        alpha: Array | None,
    ) -> None:
        self.loss, self.X, self.designs, self.response, self.alpha = (
            loss,
            X,
            designs,
            response,
            alpha,
        )
        ones = np.ones(X.shape[0])
        self.weight = ones if response.weight is None else response.weight
        self.known = loss.specification.structure.own(response.y, response.weight)

    def loss_at(self, coefficients: Array) -> float:
        """Σ w·nll, and the penalty."""
        raw = _raw(self.X, self.designs, self.response.offset, coefficients)
        total = float(self.weight @ self.loss.evaluate(self.response.y, raw, 0)[0])
        if self.alpha is not None:
            total += 0.5 * sum(
                float(alpha * (block[int(d.intercept) :] ** 2).sum())
                for alpha, d, block in zip(
                    self.alpha, self.designs, self._blocks(coefficients), strict=True
                )
            )
        return total

    def fitted(self, coefficients: Array) -> FitResult:
        """The fit of the mixture from there."""
        return fit_linear(
            self.loss, self.X, self.designs, self.response, start=np.zeros(self.loss.columns),
            coefficients=coefficients, alpha=self.alpha, covariances=(), max_iter=ITERATIONS,
        )  # fmt: skip

    def starts(self) -> list[tuple[float, Array]]:
        """Losses and coefficients, the best first, after some steps of EM from the likeliest groupings."""
        first = [self._reached(shares * self.weight[:, None], None) for shares in self._groupings()]
        first.sort(key=lambda one: one[0])
        found = []
        for reached, coefficients in first[:LIKELIEST]:
            best = reached, coefficients
            for _ in range(STEPS):
                if not best[0] < np.inf:
                    break
                further = self._reached(self._shares(best[1]), best[1])
                if not further[0] < best[0]:
                    break
                best = further
            found.append(best)
        return sorted((one for one in found if one[0] < np.inf), key=lambda one: one[0])

    def _reached(self, shares: Array, before: Array | None) -> tuple[float, Array]:
        """Loss and coefficients where each component has these rows; ∞ where one has no fit to them."""
        coefficients = self._maximised(shares, before)
        if coefficients is None:
            return np.inf, np.zeros(0)
        reached = self.loss_at(coefficients)
        return (reached if np.isfinite(reached) else np.inf), coefficients

    def _groupings(self) -> Iterator[Array]:
        """What each row weighs in the fit of each component (n, parts) to begin with.

        Nothing is random, and the order of the rows does not matter.
        """
        alone, columns = self.loss.parts[0]
        one = self._part(0, self.weight, None)
        if one is None:
            return
        raw = _raw(
            self.X, [self.designs[j] for j in columns], _offset(self.response, columns),
            one.parameters,
        )  # fmt: skip
        y, parts = self.response.y, len(self.loss.parts)
        place = predictive(alone, raw).cdf(y)
        order = np.argsort(place, kind="stable")
        for groups in windows(y[order], self.weight[order], parts):
            yield _shares_of([order[rows] for rows in groups], y.size, OTHERS)
        for x in self._columns():
            crossed = np.argsort((place - 0.5) * (x - np.median(x)), kind="stable")
            ends = [y.size * k // QUARTERS for k in range(1, QUARTERS)]
            for cuts in combinations(ends, parts - 1):
                yield _shares_of(np.split(crossed, cuts), y.size, OTHERS)
        few = EACH * max(
            sum(_size(self.designs[j], self.X) for j in own) for _, own in self.loss.parts
        )
        for which in range(SCATTERED):
            # Multiples of √2 and √3, without their whole part, are everywhere alike.
            at = np.arange(1, parts * few + 1) * np.sqrt(2.0) + which * np.sqrt(3.0)
            rows = order[((at % 1.0) * y.size).astype(int)].reshape(parts, few)
            yield _shares_of(list(rows), y.size, min(OTHERS, few / y.size))

    def _columns(self) -> Array:
        """Some columns of X (p, n)."""
        rows = self.X.toarray() if issparse(self.X) else np.asarray(self.X, dtype=np.float64)
        return rows.T[:COLUMNS]

    def _maximised(self, shares: Array, before: Array | None) -> Array | None:
        """All components at their own fits to weighted rows; None where one has none."""
        blocks = [np.zeros(_size(d, self.X)) for d in self.designs]
        old = None if before is None else self._blocks(before)
        for i, (_, columns) in enumerate(self.loss.parts):
            here = None if old is None else np.concatenate([old[j] for j in columns])
            found = self._part(i, shares[:, i], here)
            if found is None:
                return None
            for j, part in zip(columns, found.parts, strict=True):
                blocks[j] = found.parameters[part]
        sizes = shares.sum(axis=0)
        for j, slot in enumerate(self.loss.free):
            if slot.of in self.known and self.designs[j].intercept:
                blocks[j][0] = slot.link.link(sizes[self._component(slot)] / sizes[0])
        return np.concatenate(blocks)

    def _shares(self, coefficients: Array) -> Array:
        """Of every row's weight, what each component has: how probable it is that the row is its own."""
        y, raw = self.response.y, _raw(self.X, self.designs, self.response.offset, coefficients)
        logs = -np.stack(
            [inside.evaluate(y, raw[columns], 0)[0] for inside, columns in self.loss.parts], axis=1
        )
        for j, slot in enumerate(self.loss.free):
            if slot.of in self.known:
                logs[:, self._component(slot)] += np.log(slot.link.inverse(raw[j]))
        logs -= logs.max(axis=1, keepdims=True)
        each = np.exp(logs)
        return np.asarray(each * (self.weight / each.sum(axis=1))[:, None])

    @staticmethod
    def _component(slot: Any) -> int:
        """The component of which a slot has the odds."""
        return int(slot.of.removeprefix("odds")) - 1

    def _blocks(self, coefficients: Array) -> list[Array]:
        """The coefficients of each raw column."""
        return np.split(coefficients, np.cumsum([_size(d, self.X) for d in self.designs])[:-1])

    def _part(self, which: int, weight: Array, before: Array | None) -> FitResult | None:
        """The fit of one component to weighted rows; None where it has no maximum there."""
        inside, columns = self.loss.parts[which]
        y = self.response.y
        fits = inside.specification.support.contains(y) & (weight > 0.0)
        if not fits.any():
            return None
        mine = Response(y, np.where(fits, weight, 0.0), _offset(self.response, columns))
        start = (
            start_values(inside, y[fits], weight[fits], None)
            if before is None
            else np.zeros(inside.columns)
        )
        found = fit_linear(
            inside, self.X, [self.designs[j] for j in columns], mine, start=start,
            coefficients=before, alpha=None if self.alpha is None else self.alpha[list(columns)],
            covariances=(), max_iter=50,
        )  # fmt: skip
        return found if found.status in INSIDE else None


def _shares_of(groups: Sequence[NDArray[Any]], rows: int, others: float) -> Array:
    """Weights (n, parts): 1 in a component's own group and ``others`` outside."""
    shares = np.full((rows, len(groups)), others)
    for i, group in enumerate(groups):
        shares[group, i] = 1.0
    return shares


def _size(design: Design, X: Any) -> int:
    return int(design.intercept) + len(design.chosen(X.shape[1]))


def _offset(response: Response, columns: Sequence[int]) -> Array | None:
    return None if response.offset is None else response.offset[list(columns)]


def _raw(X: Any, designs: Sequence[Design], offset: Array | None, coefficients: Array) -> Array:
    """Raw predictions (k, n)."""
    raw = np.zeros((len(designs), X.shape[0])) if offset is None else offset.copy()
    at = 0
    for row, design in zip(raw, designs, strict=True):
        if design.intercept:
            row += coefficients[at]
            at += 1
        width = len(design.chosen(X.shape[1]))
        if width:
            some = X if design.columns is None else X[:, list(design.columns)]
            row += np.asarray(some @ coefficients[at : at + width]).ravel()
            at += width
    return raw
