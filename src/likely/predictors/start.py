"""Where a fit begins: the marginal maximum-likelihood parameters, so that the scale of y does not matter."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import circular
from likely.predictors.own_start import best_reached
from likely.predictors.standard import mean_and_std, third_moment

Array = NDArray[np.float64]

#: Rows that the choice between rough starts looks at.
_LOOK = 1000


def rough(loss: Any, y: Array, weight: Array | None) -> Array:
    """Raw values (k,) that are finite and of the right scale: moments, or the best of a few guesses.

    A family may give its own in ``start``; the others get, per parameter and by its domain, the mean, the
    standard deviation, one over these, 1 or ½, whichever combination has the smallest loss on some rows, of a
    user's family after some steps.
    """
    mean, std = (
        _on_circle(y, weight) if loss.specification.support is circular else mean_and_std(y, weight)
    )
    spread = std if std > 0 else max(abs(mean), 1.0)
    moments = [mean, std]
    if loss.specification.leans_by and std > 0:
        moments.append(third_moment(y, weight, mean, std))
    known = _declared(loss.specification, moments)
    choices = [guesses(loss, slot, known, mean, spread) for slot in loss.free]
    every = max(1, y.shape[0] // _LOOK)
    sample = np.ascontiguousarray(y[::every])
    guessed = np.array(list(product(*choices)))
    losses = np.empty(len(guessed))
    for i, raw in enumerate(guessed):
        with np.errstate(all="ignore"):
            losses[i] = loss.evaluate(sample, np.repeat(raw[:, None], sample.size, 1), 0)[0].mean()
    order = np.argsort(losses, kind="stable")
    if loss.specification.own and "start" not in loss.specification.formulas:
        reached = best_reached(loss, sample, guessed[order[np.isfinite(losses[order])]])
        if reached is not None:
            return reached
    return np.asarray(guessed[order[0]])


def _on_circle(y: Array, weight: Array | None) -> tuple[float, float]:
    """The mean direction, and the standard deviation of the angles from it the shorter way."""
    middle = float(np.angle(np.average(np.exp(1j * y), weights=weight)))
    away = np.angle(np.exp(1j * (y - middle)))
    return middle, float(np.sqrt(np.average(away * away, weights=weight)))


def _declared(specification: Any, moments: list[float]) -> dict[str, float]:
    """The family's own start; none where it has none, or y is so small that its squares vanish.

    TypeError where it is not of the family's parameters.
    """
    start = specification.formulas.get("start")
    if start is None or 0.0 in moments[:2]:
        return {}
    try:
        found: dict[str, float] = start(*moments)
    except (OverflowError, ZeroDivisionError):
        return {}
    names = list(specification.parameters)
    if not isinstance(found, dict) or not set(found) <= set(names):
        raise TypeError(
            f"{specification.name}.start must return a dictionary with values for some of {', '.join(names)}, "
            f"got {found!r}"
        )
    return found


def guesses(
    loss: Any, slot: Any, known: dict[str, float], mean: float, spread: float
) -> list[float]:
    """Finite raw values that a parameter may have: the one that is known, or some of the size of y."""
    domain = loss.domain(slot)
    if slot.of in known:
        value = known[slot.of]
        if slot.parameter != slot.of:
            value = value ** (1.0 / loss.specification.alternatives[slot.parameter].power)
        values = [value]
    elif domain.low == -np.inf:
        values = [mean]
    elif domain.high == 1.0:
        values = [mean if 0.0 < mean < 1.0 else 0.5]
    else:
        sizes = {abs(mean), spread} - {0.0}
        # A scale is of the size of y, a rate or a growth of that of 1/y, and a shape of neither.
        values = sorted(sizes | {1.0 / size for size in sizes if 1.0 / size < np.inf} | {1.0})
    with np.errstate(all="ignore"):
        raws = [float(slot.link.link(value)) for value in values]
    return [raw for raw in raws if np.isfinite(raw)] or [0.0]
