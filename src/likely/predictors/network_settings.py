"""What a user may write for the training of a network, checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from likely.predictors.arguments import number, whole

#: Schedules by name: the learning rate's factor at a share of the epochs done.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * done)),
}

#: Dropout and weight decay of up to so many rows; with more there is less to be protected from.
DROPOUT, WEIGHT_DECAY, FEW_ROWS = 0.15, 0.1, 2000


def hidden_sizes(value: Any) -> tuple[int, ...]:
    """The widths of the hidden layers; none is a linear model."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(
            f"hidden must be the widths of the layers, such as (128, 128), got {value!r}"
        )
    return tuple(whole("hidden", one) for one in value)


def schedule(value: Any) -> Callable[[float], float]:
    """A schedule by name, or the user's own function."""
    if callable(value):
        found: Callable[[float], float] = value
        return found
    if value not in SCHEDULES:
        raise ValueError(
            f"schedule must be {', '.join(map(repr, SCHEDULES))} or a function of the share of epochs "
            f"done, got {value!r}"
        )
    return SCHEDULES[value]


def batch_rows(value: Any, n: int) -> int:
    """Rows of a batch: the power of two next above √n, from 32 to 4096, unless given."""
    if value is None:
        return min(4096, max(32, 2 ** math.ceil(math.log2(math.sqrt(n)))))
    return whole("batch_size", value)


def dropout_rate(value: Any, n: int) -> float:
    """The share of a layer that is left out."""
    if value is None:
        return DROPOUT * _protection(n)
    return number("dropout", value, 0.0, 1.0)


def decay_rate(value: Any, n: int) -> float:
    """AdamW's weight decay: a prior that weighs as much as it does says less beside more rows."""
    if value is None:
        return WEIGHT_DECAY * _protection(n)
    return number("weight_decay", value, 0.0, math.inf)


def _protection(n: int) -> float:
    return min(1.0, FEW_ROWS / n)


def check_beta(value: Any, loss: Any) -> float:
    """The exponent of the β-NLL; ValueError where the family has no location to weight."""
    beta = number("beta", value, 0.0, 1.0, "[]")
    if beta == 0.0:
        return beta
    first = loss.free[0] if loss.columns else None
    location = first is not None and first.link is not None and first.link.name == "identity"
    if not (location and "expected" in loss.curvature_kinds):
        raise ValueError(
            f"beta weights rows by the variance around a location; {loss.specification.name} needs an "
            "identity link on its first parameter and a declared expected_information for it: use beta=0"
        )
    return beta
