"""Predictive distributions at given parameters."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from likely.inference.predictive import Predictive
from likely.losses import check


def at(family: Any, parameters: dict[str, Any]) -> Any:
    """See ``Family.at``: the distribution whose free parameters have these values."""
    if family.specification.support.name == "classes":
        return _categorical_at(family, parameters)
    loss = family.loss()
    chosen = _chosen(family, loss, parameters)
    values = {name: check.numeric(parameters[name], name) for name in chosen}
    shape = _shape(values)
    raw = np.empty((len(chosen), *shape))
    for j, (name, slot) in enumerate(zip(chosen, loss.free, strict=True)):
        value = values[name]
        domain = loss.domain(replace(slot, parameter=name))
        inside = domain.contains(value) & np.isfinite(value)
        if not inside.all():
            got = (
                f"it is not in {check.rows_and_values(~inside, value)}"
                if value.ndim
                else f"got {check.shown(value[()])}"
            )
            raise ValueError(f"{name} must be {domain.words}: {got}")
        raw[j] = slot.link.link(_converted(loss, name, slot.parameter, value))
    return Predictive(loss, raw)


def _chosen(family: Any, loss: Any, parameters: dict[str, Any]) -> list[str]:
    """For each free parameter the name it was given by: its own, or another parametrisation's."""
    spec = loss.specification
    names = loss.column_names
    unknown = [p for p in parameters if p not in (*spec.parameters, *spec.alternatives)]
    chosen = []
    for slot in loss.free:
        others = [a for a, v in spec.alternatives.items() if v.of == slot.of]
        given = [name for name in (slot.of, *others) if name in parameters]
        if len(given) > 1:
            raise TypeError(
                f"{family!r}.at(): {' and '.join(given)} say the same; give one of them"
            )
        chosen += given
        if not given and not unknown:
            missing = slot.parameter
            raise TypeError(
                f"{family!r}.at() takes {', '.join(names)}: missing {missing}{_or(others)}"
            )
    unknown += [p for p in parameters if p not in (*unknown, *chosen)]
    if unknown:
        near = get_close_matches(unknown[0], [*names, *spec.alternatives], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TypeError(
            f"{family!r}.at() takes {', '.join(names) or 'nothing'}: unknown {', '.join(unknown)}{hint}"
        )
    return chosen


def _or(others: list[str]) -> str:
    return f" (or {', '.join(others)})" if others else ""


def _shape(values: dict[str, Any]) -> tuple[int, ...]:
    """() or (n,), which all values have to agree on."""
    for name, value in values.items():
        if value.ndim > 1:
            raise ValueError(
                f"parameters must be numbers or have shape (n,), but {name} has shape {value.shape}"
            )
    lengths = {name: value.size for name, value in values.items() if value.ndim}
    if len(set(lengths.values()) - {1}) > 1:
        told = ", ".join(f"{name} has {size:,} values" for name, size in lengths.items())
        raise ValueError(f"parameters must be numbers or arrays of one length: {told}")
    return np.broadcast_shapes(*(v.shape for v in values.values()))


def _converted(loss: Any, given: str, wanted: str, value: Any) -> Any:
    """The value of one parametrisation of a slot, from another's: own = alternative ** power."""
    if given == wanted:
        return value
    alternatives = loss.specification.alternatives
    if given in alternatives:
        value = value ** alternatives[given].power
    return value ** (1.0 / alternatives[wanted].power) if wanted in alternatives else value


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
