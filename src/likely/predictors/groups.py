"""Other starts of a mixture given X, for fits that ran to a spike: groups of rows that one component alone leaves.

A mixture of continuous families has no largest likelihood: a component that collapses onto rows that X and its
coefficients fit exactly makes it grow without end. What is meant is the largest of the maxima inside. Rows are sorted
by where y lies in the distribution that one component alone predicts for them, and cut into groups, as the y of a
marginal fit are; each component begins at its own fit to one group, with a small share of the others so that no
group is too small for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import ConvergenceWarning, Design, FitResult, Response, Status, fit_linear
from likely.inference.construct import predictive
from likely.predictors.marginal import start_values
from likely.predictors.several import ITERATIONS, ROWS, TRIED, windows

Array = NDArray[np.float64]

#: What a row weighs in the fit of a component that it is not of.
OTHERS = 0.1
#: Statuses of fits whose coefficients are a maximum.
INSIDE = (Status.converged, Status.boundary, Status.rank_deficient)


def inner_maximum(
    loss: Any, X: Any, designs: Sequence[Design], response: Response, alpha: Array | None
) -> Array | None:
    """Coefficients (P,) at the largest maximum that the groups lead to; None where none does.

    For a mixture of y in one column only. Of many rows some are looked at.
    """
    structure = loss.specification.structure
    if structure is None or structure.kind != "Mixture" or response.y.ndim > 1:
        return None
    if not any(len(design.chosen(X.shape[1])) for design in designs):
        return None  # without X the groups are those of the marginal fit
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
        best, least = None, np.inf
        for i in np.argsort(losses, kind="stable")[:TRIED]:
            if not np.isfinite(losses[i]):
                break
            found = fit_linear(
                loss, X, designs, response, start=np.zeros(loss.columns),
                coefficients=starts[i], alpha=alpha, covariances=(), max_iter=ITERATIONS,
            )  # fmt: skip
            if found.status in INSIDE and found.objective < least:
                best, least = found.parameters, found.objective
    return best


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
        order = np.argsort(predictive(alone, raw).cdf(response.y), kind="stable")
    for groups in windows(response.y[order], weight[order], len(loss.parts)):
        blocks: list[Array] = [
            np.zeros(int(d.intercept) + len(d.chosen(X.shape[1]))) for d in designs
        ]
        sizes = []
        for (inside, columns), rows in zip(loss.parts, groups, strict=True):
            share = np.full(weight.size, OTHERS)
            share[order[rows]] = 1.0
            found = _fitted(inside, X, designs, response, columns, weight * share, alpha)
            if found is None:
                break
            for j, part in zip(columns, found.parts, strict=True):
                blocks[j] = found.parameters[part]
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
