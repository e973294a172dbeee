"""Several starts of a mixture, of which the one that leads to the largest maximum is kept.

The likelihood of a mixture has many maxima, and where a continuous component collapses onto a single y, none: it
grows without end. Fits that end there are recognised by their status and passed over.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import ConvergenceWarning, Response, Status, fit_constant

Array = NDArray[np.float64]
Fit = Callable[[Any, Array, Array | None], Array]

#: The sorted rows are cut at some of the ends of this many equal pieces, or where they are apart.
PIECES = 8
#: Fits are tried from this many starts, the most likely ones.
TRIED = 12
#: Iterations of a trial: those that lead to a maximum inside need fewer, and those that creep to a spike need all.
ITERATIONS = 30
#: Rows that the trials look at, at equal distances in the sorted y.
ROWS = 4000
#: Losses per unit of weight that differ by less are of one maximum: then the earlier start counts.
SAME = 1e-9


def best_start(loss: Any, y: Array, weight: Array | None, first: Array, fit: Fit) -> Array:
    """Raw values (k,) from which to fit a mixture; ``first`` where nothing better than that is found.

    ``fit(loss, y, weight)`` gives those of a component.

    Nothing is random and rows are taken in the order of y, so that the order of the rows does not matter.
    Components that are alike come in the ascending order of their first parameter.
    """
    order = np.argsort(y, kind="stable")[:: max(1, y.size // ROWS)]
    y, weight = y[order], None if weight is None else weight[order]
    known = loss.specification.structure.own(y, weight)
    starts = [first]
    for groups in windows(y, weight, len(loss.parts)):
        raw = _from_windows(loss, y, weight, groups, known, fit)
        if raw is not None:
            starts.append(raw)
    with np.errstate(all="ignore"):
        losses = np.array([_mean_loss(loss, y, weight, raw) for raw in starts])
    losses[~np.isfinite(losses)] = np.inf
    chosen = [0, *(i for i in np.argsort(losses, kind="stable") if i and losses[i] < np.inf)]
    best, smallest = first, np.inf
    for i in chosen[: TRIED + 1]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = fit_constant(
                loss.for_rows(y.size),
                Response(y, weight),
                start=starts[i],
                covariances=(),
                max_iter=ITERATIONS,
            )
        reached = found.loss / found.weight
        if found.status not in (Status.converged, Status.boundary) or not reached < smallest - SAME:
            continue
        smallest = reached
        best = found.intercepts if found.status is Status.converged else starts[i]
    return _in_order(loss, best)


def windows(y: Array, weight: Array | None, parts: int) -> Iterator[tuple[slice, ...]]:
    """For every start, the rows of each component: neighbours, and narrow ones inside a wide one."""
    w = np.ones(y.size) if weight is None else weight
    share = (np.cumsum(w) - 0.5 * w) / w.sum()
    pieces = np.searchsorted(share, np.arange(1, PIECES) / PIECES)
    gaps = np.sort(np.argsort(-np.diff(y), kind="stable")[: parts + 1] + 1)
    for ends in (pieces, gaps):
        for cuts in combinations(ends.tolist(), parts - 1):
            yield tuple(slice(a, b) for a, b in pairwise((0, *cuts, y.size)))
    inner = [slice(a, b) for a, b in pairwise((0, *pieces.tolist(), y.size))]
    for some in combinations(inner, parts - 1):
        yield (slice(0, y.size), *some)


def _from_windows(
    loss: Any,
    y: Array,
    weight: Array | None,
    groups: tuple[slice, ...],
    known: dict[str, float],
    fit: Fit,
) -> Array | None:
    """Each component at its own best on its window; None where a window has too few values of y."""
    raw = np.full(loss.columns, np.nan)
    for (inside, columns), rows in zip(loss.parts, groups, strict=True):
        own = y[rows]
        fits = inside.specification.support.contains(own)
        if np.unique(own[fits]).size <= inside.columns:
            return None
        raw[columns] = fit(inside, own[fits], None if weight is None else weight[rows][fits])
    sizes = [
        float(rows.stop - rows.start if weight is None else weight[rows].sum()) for rows in groups
    ]
    for j, slot in enumerate(loss.free):
        if slot.of in known:
            raw[j] = slot.link.link(sizes[int(slot.of.removeprefix("odds")) - 1] / sizes[0])
    return raw


def _mean_loss(loss: Any, y: Array, weight: Array | None, raw: Array) -> float:
    each = loss.evaluate(y, np.repeat(raw[:, None], y.size, 1), 0)[0]
    return float(np.average(each, weights=weight))


def _in_order(loss: Any, raw: Array) -> Array:
    """The same mixture with its components in ascending order, where they are alike and odds are free."""
    insides = [inside for inside, _ in loss.parts]
    alike = all(
        inside.specification is insides[0].specification
        and [(s.parameter, s.role, s.link) for s in inside.slots]
        == [(s.parameter, s.role, s.link) for s in insides[0].slots]
        for inside in insides
    )
    odds = [
        j
        for j, slot in enumerate(loss.free)
        if slot.of in {f"odds{i}" for i in range(2, len(insides) + 1)}
    ]
    log_odds = len(odds) == len(insides) - 1 and all(loss.free[j].link.name == "log" for j in odds)
    if not (alike and log_odds and insides[0].columns):
        return raw
    blocks = [raw[columns] for _, columns in loss.parts]
    order = sorted(range(len(blocks)), key=lambda i: tuple(blocks[i]))
    weights = np.array([0.0, *raw[odds]])[order]
    moved = raw.copy()
    for (_, columns), i in zip(loss.parts, order, strict=True):
        moved[columns] = blocks[i]
    moved[odds] = weights[1:] - weights[0]
    return moved
