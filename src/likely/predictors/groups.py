"""Other starts of a mixture given X: groups of rows that one component alone leaves.

A mixture of continuous families has no largest likelihood: a component that collapses onto rows that X and its
coefficients fit exactly makes it grow without end. What is meant is the largest of the maxima inside. Rows are sorted
by where y lies in the distribution that one component alone predicts for them, and cut into groups, as the y of a
marginal fit are; so are they in the order of how far y lies from the middle along each column of X, because lines that
cross have the same middle. Each component begins at its own fit to one group, with a small share of the others so that
no group is too small for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import ConvergenceWarning, Design, FitResult, Response, Status, fit_linear
from likely.inference.construct import predictive
from likely.predictors.marginal import start_values
from likely.predictors.several import ITERATIONS, ROWS, TRIED, windows

Array = NDArray[np.float64]

#: What a row weighs in the fit of a component that it is not of.
OTHERS = 0.1
#: Columns of X along which rows are sorted, and the pieces they are then cut into.
ALONG, QUARTERS = 3, 4
#: Trials that were not at their end are continued, so many of the likeliest at most.
CONTINUED = 3
#: Rows up to which a fit that has come to a maximum is compared with others, and with how many of them: it may be the
#: largest already.
FEW, COMPARED = 1000, 6
#: Losses closer than this, relative to them, are of one maximum.
SAME = 1e-9
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
    """Coefficients (P,) at the largest maximum that the groups lead to; None where none is larger than ``found``.

    For a mixture of y in one column only. Of many rows some are looked at.
    """
    structure = loss.specification.structure
    if structure is None or structure.kind != "Mixture" or response.y.ndim > 1:
        return None
    if not any(len(design.chosen(X.shape[1])) for design in designs):
        return None  # without X the groups are those of the marginal fit
    inside, least = found.status in INSIDE, np.inf
    if inside:
        least = found.objective - SAME * max(1.0, abs(found.objective))
        certain = loss.discrete and least < 0.0
        if certain or X.shape[0] > FEW:
            return None
    every = slice(None, None, max(1, X.shape[0] // ROWS))
    X, response = X[every], response.take(every)
    weight = np.ones(X.shape[0]) if response.weight is None else response.weight
    if not weight.any():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        starts = list(_starts(loss, X, designs, response, weight, alpha))
        losses = []
        for start in starts:
            with np.errstate(all="ignore"):
                nll = loss.evaluate(response.y, _raw(X, designs, response.offset, start), 0)[0]
                losses.append(float(weight @ nll))
        best, unfinished = None, []
        for i in np.argsort(losses, kind="stable")[: COMPARED if inside else TRIED]:
            if not np.isfinite(losses[i]):
                break
            trial = _from(loss, X, designs, response, alpha, starts[i], ITERATIONS)
            if trial.status is Status.converged and trial.objective < least:
                best, least = trial.parameters, trial.objective
            elif trial.status in (*INSIDE, Status.max_iter):
                unfinished.append(trial)  # a boundary may be one on the way to a spike
        unfinished.sort(key=lambda trial: trial.objective)
        for begun in unfinished[: 1 if inside else CONTINUED]:
            if begun.objective < least or begun.status is Status.max_iter:
                trial = _from(loss, X, designs, response, alpha, begun.parameters, 4 * ITERATIONS)
                if trial.status in INSIDE and trial.objective < least:
                    best, least = trial.parameters, trial.objective
    return best


def _from(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    alpha: Array | None,
    coefficients: Array,
    iterations: int,
) -> FitResult:
    return fit_linear(
        loss, X, designs, response, start=np.zeros(loss.columns),
        coefficients=coefficients, alpha=alpha, covariances=(), max_iter=iterations,
    )  # fmt: skip


def _groups(
    X: Any, designs: Sequence[Design], y: Array, weight: Array, where: Array, parts: int
) -> Iterator[tuple[NDArray[np.intp], ...]]:
    """For every start, the rows of each component; ``where`` y lies in its distribution, in (0, 1)."""
    order = np.argsort(where, kind="stable")
    for cut in windows(y[order], weight[order], parts):
        yield tuple(order[rows] for rows in cut)
    columns = sorted({j for design in designs for j in design.chosen(X.shape[1])})
    for j in columns[:ALONG]:
        x = X[:, [j]].toarray()[:, 0] if issparse(X) else X[:, j]
        order = np.argsort((where - 0.5) * (x - np.average(x, weights=weight)), kind="stable")
        share = np.cumsum(weight[order]) / weight.sum()
        ends = np.searchsorted(share, np.arange(1, QUARTERS) / QUARTERS)
        for cuts in combinations(ends.tolist(), parts - 1):
            yield tuple(order[a:b] for a, b in pairwise((0, *cuts, y.size)))


def _starts(
    loss: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    weight: Array,
    alpha: Array | None,
) -> Any:
    """Coefficients of all components, each fitted to a group."""
    known = loss.specification.structure.own(response.y, response.weight)
    for alone, columns in loss.parts[:1]:
        one = _fitted(alone, X, designs, response, columns, weight, alpha)
        if one is None:
            return
        raw = _raw(X, [designs[j] for j in columns], _offset(response, columns), one.parameters)
        where = predictive(alone, raw).cdf(response.y)
    fits: dict[tuple[int, bytes], FitResult | None] = {}
    for groups in _groups(X, designs, response.y, weight, where, len(loss.parts)):
        blocks: list[Array] = [
            np.zeros(int(d.intercept) + len(d.chosen(X.shape[1]))) for d in designs
        ]
        sizes = []
        for part, ((inside, columns), rows) in enumerate(zip(loss.parts, groups, strict=True)):
            share = np.full(weight.size, OTHERS)
            share[rows] = 1.0
            key = (part, share.tobytes())
            if key not in fits:
                fits[key] = _fitted(inside, X, designs, response, columns, weight * share, alpha)
            found = fits[key]
            if found is None:
                break
            for j, block in zip(columns, found.parts, strict=True):
                blocks[j] = found.parameters[block]
            sizes.append(float((weight * share).sum()))
        else:
            for j, slot in enumerate(loss.free):
                if slot.of in known and designs[j].intercept:
                    odds = sizes[int(slot.of.removeprefix("odds")) - 1] / sizes[0]
                    blocks[j][0] = slot.link.link(odds)
            yield np.concatenate(blocks)


def _fitted(
    inside: Any,
    X: Any,
    designs: Sequence[Design],
    response: Response,
    columns: Sequence[int],
    weight: Array,
    alpha: Array | None,
) -> FitResult | None:
    """The fit of one component to weighted rows; None where it has no maximum there."""
    y = response.y
    fits = inside.specification.support.contains(y) & (weight > 0.0)
    if not fits.any():
        return None
    mine, offset = Response(y, np.where(fits, weight, 0.0)), _offset(response, columns)
    mine = Response(y, mine.weight, offset)
    found = fit_linear(
        inside, X, [designs[j] for j in columns], mine,
        start=start_values(inside, y[fits], weight[fits], None),
        alpha=None if alpha is None else alpha[list(columns)], covariances=(), max_iter=50,
    )  # fmt: skip
    return found if found.status in INSIDE else None


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
