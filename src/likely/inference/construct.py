"""Predictive distributions at given parameters, and of the kind that a loss needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.inference.predictive import Predictive
from likely.losses import check

#: Vector family → the module and class of its predictive distribution.
_PREDICTIVES = {
    "Categorical": ("likely.inference.categorical", "CategoricalPredictive"),
    "Ordinal": ("likely.inference.ordinal", "OrdinalPredictive"),
}


def predictive(loss: Any, raw: Any, labels: NDArray[Any] | None = None) -> Any:
    """The distributions at raw (k, n), or the single one at raw (k,); ``labels`` of classes."""
    name = loss.specification.name
    if name not in _PREDICTIVES:
        return Predictive(loss, raw, labels)
    module, kind = _PREDICTIVES[name]
    found: Any = getattr(import_module(module), kind)
    return found(loss, raw) if labels is None else found(loss, raw, labels)


def at(family: Any, parameters: dict[str, Any]) -> Any:
    """See ``Family.at``: the distribution whose free parameters have these values."""
    if family.specification.vector is not None:
        return _vector_at(family, parameters)
    loss = family.loss()
    names = loss.column_names
    _check_names(family, parameters, names)
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


def _check_names(family: Any, parameters: dict[str, Any], names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in parameters]
    unknown = [name for name in parameters if name not in names]
    if missing or unknown:
        problem = f"missing {', '.join(missing)}" if missing else f"unknown {', '.join(unknown)}"
        raise TypeError(f"{family!r}.at() takes {', '.join(names) or 'nothing'}: {problem}")


def _vector_at(family: Any, parameters: dict[str, Any]) -> Any:
    from likely.losses.vector import vector_loss

    _check_names(family, parameters, family.parameters)
    size = family.size
    if size is None:
        size = vector_loss(family.specification).size_of_parameters(parameters)
    loss = family.loss(size)
    labels = getattr(family, "labels", None)
    return predictive(loss, loss.raw_of(parameters), None if labels is None else np.array(labels))
