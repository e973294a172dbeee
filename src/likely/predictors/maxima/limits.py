"""Other starts beside the families that the family has at its edge: where a fit came to none inside, and of few rows.

Towards such an edge Newton's method creeps along a valley that bends until digits end, and which way it takes hangs on
the last of them. From beside the limits themselves the edge is one direction of the raw predictions.

The likelihood of few rows may be larger at an edge than at the maximum inside, or at another edge than the one that was
reached. So some steps from beside the limits, also with the slopes that are known, tell which are worth a fit.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from likely.fitting import ConvergenceWarning, FitResult, Status, together
from likely.predictors.maxima.lesser import on_the_line
from likely.predictors.maxima.model import Array, LinearModel, standardised
from likely.predictors.maxima.trials import INSIDE
from likely.predictors.standard import mean_and_std
from likely.predictors.start import guesses

#: Of one of these fits.
STEPS = 200
#: With more rows for each coefficient the maximum inside is the largest.
EACH = 8
#: Newton's steps from beside a limit that tell whether it is worth a fit: no further than to where one promises so many
#: nats, of a row of weight 1.
FIRST, AT_REST = 30, 1e-5
#: On the way to a limit the loss falls by the square of what is left, so that a step promises a third of the rest: an
#: end that would be below by less than a third of it is on its way to the limit that is known.
REST = 2.0
#: A step that still promises more is on its way elsewhere; and fits from the likeliest ends that differ.
NEAR, TRIED = 1e-2, 3
#: Slopes of the location, in standard deviations of y for one of a column; of more columns none are tried.
STEEP, MOST_COLUMNS = (-2.0, -1.0, 1.0, 2.0), 6
#: Ends that differ by less than so many nats, of a row of weight 1, are of one maximum.
SAME = 1e-4


def limit_maximum(model: LinearModel, found: FitResult, start: Array) -> Array | None:
    """Coefficients (P,) that lead to a maximum at an edge, where ``found`` is none inside and none that is larger.

    Of few rows also where ``found`` is one. ``start`` (k,) are raw values of the parameters that a modifier adds.
    """
    inside = found.status is Status.converged
    few = model.equal_rows <= EACH * found.parameters.size and found.status is not Status.max_iter
    if not (few if inside else found.status in (Status.boundary, Status.max_iter)):
        return None
    if not all(design.intercept for design in model.designs):
        return None
    limits = _limits(model.loss, model.response.y, model.response.weight, start)
    starts = [_coefficients(found, raw) for raw in limits]
    least = model.below(found.objective)
    if found.status is Status.max_iter:  # which may be as near to a limit as digits go
        least = 2.0 * found.objective - least
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        best, least = (None, least) if inside else _best(model, starts, least)
        if few and starts:
            ends = _worth(model, [*starts, *_leaning(model, found)], least)
            further, _ = _best(model, ends, least)
            best = best if further is None else further
        return best


def _best(model: LinearModel, starts: Iterable[Array], least: float) -> tuple[Array | None, float]:
    """Which of the starts leads to the largest maximum below the objective ``least``, and what is below that one."""
    best = None
    for coefficients in starts:
        other = model.fitted(coefficients, STEPS)
        if other is not None and other.status in INSIDE and other.objective < least:
            best, least = coefficients, model.below(other.objective)
    return best, least


def _worth(model: LinearModel, starts: Sequence[Array], least: float) -> Iterator[Array]:
    """Where some steps from these starts lead, of those that may go on to below ``least``, the likeliest first."""
    ends = together(model.approaching(one, FIRST, AT_REST * model.unit) for one in starts)
    likely = [
        end
        for end in ends
        if end and end.left <= NEAR * model.unit and end.objective - REST * end.left < least
    ]
    likely.sort(key=lambda end: end.objective)
    known: list[float] = []
    for end in likely:
        if len(known) == TRIED:
            return
        if not any(abs(end.objective - one) <= SAME * model.unit for one in known):
            known.append(end.objective)
            yield end.coefficients


def _leaning(model: LinearModel, found: FitResult) -> Iterator[Array]:
    """Coefficients (P,) beside the limits of y around the location, of which some slopes are tried."""
    links = [(slot.parameter, slot.link.name) for slot in model.loss.free]
    if model.loss.specification.structure is not None or ("loc", "identity") not in links:
        return
    loc = links.index(("loc", "identity"))
    part = found.parts[loc]
    part = slice(part.start + 1, part.stop)
    if part.start == part.stop:
        return
    y, weight = model.response.y, model.response.weight
    on_line = on_the_line(model.loss, y)
    for slopes in _slopes(model, found.parameters[part], loc, on_line):
        coefficients = _coefficients(found, np.zeros(len(links)))
        coefficients[part] = slopes
        away = model.raw(coefficients)[loc]
        with np.errstate(all="ignore"):  # slopes may be beyond what leaves a number
            around = on_line - away if on_line is y else np.exp(on_line - away)
        for raw in _limits(model.loss, around, weight, np.zeros(len(links))):
            coefficients = _coefficients(found, raw)
            coefficients[part] = slopes
            yield coefficients


def _slopes(model: LinearModel, known: Array, loc: int, on_line: Array) -> Iterator[Array]:
    """Slopes of the location: those that are known, and steep ones, where another parameter depends on x too."""
    yield known
    columns = [len(model.chosen(j)) for j in range(len(model.designs))]
    if sum(map(bool, columns)) < 2 or columns[loc] > MOST_COLUMNS:
        return
    with np.errstate(all="ignore"):  # columns may be beyond what has squares
        _, inverse = standardised(model.columns(loc))
        unit = float(on_line.std()) * inverse
    for j, steep in product(np.flatnonzero(unit < np.inf), STEEP):
        yield np.where(np.arange(unit.size) == j, steep * unit, 0.0)


def _coefficients(found: FitResult, raw: Array) -> Array:
    """Coefficients (P,) with these intercepts (k,), and slopes of 0."""
    coefficients = np.zeros(found.parameters.size)
    coefficients[[part.start for part in found.parts]] = raw
    return coefficients


def _limits(loss: Any, y: Array, weight: Array | None, start: Array) -> Iterator[Array]:
    """Raw values (k,) beside the limits of the family, or of the only one inside; of others none."""
    structure = loss.specification.structure
    if structure is not None:
        if len(loss.parts) != 1:
            return
        ((inside, columns),) = loss.parts
        rows, of_rows = structure.rows(0, y, weight)
        if inside.specification.support.covers(rows):
            for raw in _limits(inside, rows, of_rows, start[columns]):
                all_ = start.copy()
                all_[columns] = raw
                yield all_
        return
    limits = loss.specification.formulas.get("limits")
    if limits is None or {slot.of for slot in loss.free} != set(loss.specification.parameters):
        return
    mean, std = mean_and_std(y, weight)
    if not 0.0 < std < np.inf:
        return
    counted = y if weight is None else y[weight > 0.0]
    for known in limits(mean, std, float(counted.min()), float(counted.max())):
        yield np.array([guesses(loss, slot, known, mean, std)[0] for slot in loss.free])
