"""Several starts of a mixture, of which the one that leads to the largest maximum is kept.

The likelihood of a mixture has many maxima, and where a continuous component collapses onto a single y, none: it
grows without end. Fits that end there are recognised by their status and passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations, pairwise
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import Design, Response
from likely.predictors.maxima.model import LinearModel, weight_of_a_row
from likely.predictors.maxima.trials import as_many, best_trial

Array = NDArray[np.float64]
Fit = Callable[[Any, Array, Array | None], Array]

#: The sorted rows are cut at some of the ends of this many equal pieces, or where they are apart.
PIECES = 8
#: Where there are fewer starts than are tried, narrow components may have one of this many pieces either, if that makes
#: no more than so many starts. In still fewer rows there is a maximum of some sort wherever one looks.
NARROW, MOST_NARROW = 16, 200
#: Trials begin at this many starts, the most likely ones, or more where rows are few.
TRIED = 12
#: Rows that the trials look at, at equal distances in the sorted y.
ROWS = 4000


def best_start(loss: Any, y: Array, weight: Array | None, first: Array, fit: Fit) -> Array:
    """Raw values (k,) from which to fit a mixture; ``first`` where nothing better than that is found.

    ``fit(loss, y, weight)`` gives those of a component.

    Nothing is random and rows are taken in the order of y, those of one y together, so that neither the order of the
    rows matters, nor whether one that counts twice is there twice. Components that are alike come in the ascending
    order of their first parameter.
    """
    row = weight_of_a_row(weight)
    y, weight = _distinct(y, weight)
    some = slice(None, None, max(1, y.size // ROWS))
    y, weight = y[some], weight[some]
    known = loss.specification.structure.own(y, weight)

    @cache  # of three components and more most windows come back
    def of_window(inside: Any, start: int, stop: int) -> Array | None:
        """A component at its own best; None where a window has too few values of y.

        A density on too few has no bound; of counts one is enough, as of the zeros.
        """
        rows = slice(start, stop)
        own = inside.specification.support.contains(y[rows])
        few = own.sum() < (1 if loss.discrete else 1 + inside.columns)
        return None if few else fit(inside, y[rows][own], weight[rows][own])

    starts = [first]
    parts, tried = len(loss.parts), as_many(TRIED, y.size)

    def begin(some: Iterable[tuple[slice, ...]]) -> None:
        for groups in some:
            raw = _from_windows(loss, weight, groups, known, of_window)
            if raw is not None:
                starts.append(raw)

    begin(windows(y, weight, parts))
    if len(starts) < tried and comb(NARROW, parts - 1) <= MOST_NARROW:
        begin(inside_a_wide_one(weight, parts, NARROW))
    with np.errstate(all="ignore"):
        losses = np.array([_mean_loss(loss, y, weight, raw) for raw in starts])
    losses[~np.isfinite(losses)] = np.inf
    chosen = [0, *(i for i in np.argsort(losses, kind="stable") if i and losses[i] < np.inf)]
    designs = [Design((), True)] * loss.columns
    constants = np.empty((y.size, 0))
    model = LinearModel(loss.for_rows(y.size), constants, designs, Response(y, weight), None)
    best = best_trial(model, [starts[i] for i in chosen[: tried + 1]], row)
    raw = first if best is None else best.coefficients
    return np.concatenate(in_order(loss, designs, list(raw[:, None]), raw))


def _distinct(y: Array, weight: Array | None) -> tuple[Array, Array]:
    """The distinct values of y, ascending, and what each weighs."""
    values, which = np.unique(y, return_inverse=True)
    return values, np.bincount(which, weight, minlength=values.size).astype(np.float64)


def windows(y: Array, weight: Array, parts: int) -> Iterator[tuple[slice, ...]]:
    """For every start, the rows of each component: neighbours, and narrow ones inside a wide one."""
    pieces = _ends(weight, PIECES)
    gaps = np.sort(np.argsort(-np.diff(y), kind="stable")[: parts + 1] + 1).tolist()
    for ends in (pieces, gaps):
        for cuts in combinations(ends, parts - 1):
            yield tuple(slice(a, b) for a, b in pairwise((0, *cuts, y.size)))
    yield from inside_a_wide_one(weight, parts, PIECES)


def inside_a_wide_one(weight: Array, parts: int, pieces: int) -> Iterator[tuple[slice, ...]]:
    """All rows for the first component, and for each other one of so many equal pieces."""
    rows = weight.size
    inner = [slice(a, b) for a, b in pairwise((0, *_ends(weight, pieces), rows))]
    for some in combinations(inner, parts - 1):
        yield (slice(0, rows), *some)


def _ends(weight: Array, pieces: int) -> list[int]:
    """Where rows are cut into pieces of equal weight."""
    share = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    return np.searchsorted(share, np.arange(1, pieces) / pieces).tolist()


def _from_windows(
    loss: Any,
    weight: Array,
    groups: tuple[slice, ...],
    known: dict[str, float],
    of_window: Callable[[Any, int, int], Array | None],
) -> Array | None:
    """Each component at its own best on its window; None where one has none."""
    raw = np.full(loss.columns, np.nan)
    for (inside, columns), rows in zip(loss.parts, groups, strict=True):
        found = of_window(inside, rows.start, rows.stop)
        if found is None:
            return None
        raw[columns] = found
    sizes = [float(weight[rows].sum()) for rows in groups]
    for j, slot in enumerate(loss.free):
        if slot.of in known:
            raw[j] = slot.link.link(sizes[int(slot.of.removeprefix("odds")) - 1] / sizes[0])
    return raw


def _mean_loss(loss: Any, y: Array, weight: Array, raw: Array) -> float:
    each = loss.evaluate(y, np.repeat(raw[:, None], y.size, 1), 0)[0]
    return float(np.average(each, weights=weight))


def in_order(
    loss: Any, designs: Sequence[Design], blocks: list[Array], sizes: Array
) -> list[Array]:
    """Coefficients of each raw column for the same mixture with its components in ascending order of ``sizes`` (k,).

    As they are where components are not alike or odds are not free.
    """
    insides = [inside for inside, _ in loss.parts]
    odds = [
        j
        for j, slot in enumerate(loss.free)
        if slot.of in {f"odds{i}" for i in range(2, len(insides) + 1)}
    ]
    free = len(odds) == len(insides) - 1 and all(loss.free[j].link.name == "log" for j in odds)
    columns = [own for _, own in loss.parts]
    seen = {tuple(designs[j] for j in own) for own in columns}
    alike = all(inside is insides[0] for inside in insides) and len(seen) == 1
    if not (alike and free and columns[0] and len({designs[j] for j in odds}) == 1):
        return blocks
    order = sorted(range(len(columns)), key=lambda i: tuple(sizes[columns[i]]))
    moved = list(blocks)
    for own, i in zip(columns, order, strict=True):
        for j, before in zip(own, columns[i], strict=True):
            moved[j] = blocks[before]
    against = [np.zeros_like(blocks[odds[0]]), *(blocks[j] for j in odds)]
    for j, i in zip(odds, order[1:], strict=True):
        moved[j] = against[i] - against[order[0]]
    return moved
