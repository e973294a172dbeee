"""Predictive distributions at given parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from likely.inference.predictive import Predictive
from likely.losses import check


def at(family: Any, parameters: dict[str, Any]) -> Any:
    """See ``Family.at``: the distribution whose free parameters have these values."""
    if family.specification.support.name == "classes":
        return _categorical_at(family, parameters)
    loss = family.loss()
    names = loss.column_names
    missing = [name for name in names if name not in parameters]
    unknown = [name for name in parameters if name not in names]
    if missing or unknown:
        problem = f"missing {', '.join(missing)}" if missing else f"unknown {', '.join(unknown)}"
        raise TypeError(f"{family!r}.at() takes {', '.join(names) or 'nothing'}: {problem}")
    values = [check.numeric(parameters[name], name) for name in names]
    shape = np.broadcast_shapes(*(v.shape for v in values))
    if len(shape) > 1:
        raise ValueError(f"parameters must be numbers or have shape (n,), got shape {shape}")
    raw = np.empty((len(names), *shape))
    for j, (value, slot) in enumerate(zip(values, loss.free, strict=True)):
        domain = loss.domain(slot)
        inside = domain.contains(value) & np.isfinite(value)
        if not inside.all():
            bad = np.atleast_1d(~inside)
            raise ValueError(
                f"{slot.parameter} must be {domain.words}: it is not in "
                f"{check.rows_and_values(bad, np.atleast_1d(value))}"
            )
        raw[j] = slot.link.link(value)
    return Predictive(loss, raw)


def _categorical_at(family: Any, parameters: dict[str, Any]) -> Any:
    from likely.inference.categorical import CategoricalPredictive

    if set(parameters) != {"probs"}:
        raise TypeError(f"{family!r}.at() takes probs: K probabilities, or (n, K)")
    probs = check.numeric(parameters["probs"], "probs")
    if probs.ndim not in (1, 2) or probs.shape[-1] < 2:
        raise ValueError(f"probs must have shape (K,) or (n, K), got {probs.shape}")
    if (probs < 0).any() or not np.allclose(probs.sum(axis=-1), 1.0, rtol=0, atol=1e-9):
        raise ValueError("probs must be ≥ 0 and sum to 1")
    with np.errstate(divide="ignore"):
        raw = np.log(probs).T
    return CategoricalPredictive(family.loss(probs.shape[-1]), raw)
