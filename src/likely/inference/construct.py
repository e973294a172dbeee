"""Predictive distributions at given parameters, and of the kind that a loss needs."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import Bounded, Trials, positive_counts
from likely.inference.discrete import LARGEST
from likely.inference.predictive import Predictive
from likely.losses import check

#: Vector family, or the kind of a modified one → the module and class of its predictive distribution.
_PREDICTIVES = {
    "Categorical": ("likely.inference.categorical", "CategoricalPredictive"),
    "Dirichlet": ("likely.inference.compositions", "DirichletPredictive"),
    "DirichletMultinomial": ("likely.inference.compositions", "DirichletMultinomialPredictive"),
    "Multinomial": ("likely.inference.compositions", "MultinomialPredictive"),
    "Independent": ("likely.inference.independent", "IndependentPredictive"),
    "Ordinal": ("likely.inference.ordinal", "OrdinalPredictive"),
    "PlackettLuce": ("likely.inference.plackettluce", "PlackettLucePredictive"),
    "MultivariateNormal": (
        "likely.inference.multivariatenormal",
        "MultivariateNormalPredictive",
    ),
}


def predictive(loss: Any, raw: Any, labels: NDArray[Any] | None = None) -> Any:
    """The distributions at raw (k, n), or the single one at raw (k,); ``labels`` of classes."""
    name, structure = loss.specification.name, loss.specification.structure
    if structure is not None and structure.kind in _PREDICTIVES:
        name = structure.kind
    if name not in _PREDICTIVES:
        return Predictive(loss, raw, labels)
    module, kind = _PREDICTIVES[name]
    found: Any = getattr(import_module(module), kind)
    return found(loss, raw) if labels is None else found(loss, raw, labels)


def among(loss: Any, raw: Any, trials: Any) -> Any:
    """The distributions at raw (k, n) of the successes among so many trials: a number, or (n,).

    TypeError where the family's y brings no trials along.
    """
    specification = loss.specification
    tallies = specification.support.name == "tallies"
    if not tallies and specification.support.known != Trials.known:
        raise TypeError(
            "trials= is for families whose y brings the number of trials along, such as Binomial(); "
            f"{specification.name} is not one"
        )
    known = check.numeric(trials, "trials")
    if known.shape not in ((), raw.shape[1:]):
        raise ValueError(
            f"trials must be a number or have shape ({raw.shape[1]},), got shape {known.shape}"
        )
    wrong = ~(positive_counts.contains(known) & (known <= LARGEST))
    if wrong.any():
        got = (
            f"it is not in {check.rows_and_values(wrong, known)}"
            if known.ndim
            else f"got {trials!r}"
        )
        raise ValueError(f"trials must be {positive_counts.words}: {got}")
    if tallies:
        return predictive(loss, raw)._among(known)
    rows = np.vstack([raw, np.broadcast_to(known, raw.shape[1:])])
    return Predictive(loss.of_known, rows, columns=specification.support.columns)


def between(loss: Any, raw: Any, low: Any, high: Any) -> Any:
    """The distributions at raw (k, n) of y given that it lies between low and high: numbers, (n,), or None.

    TypeError where the family's y brings no bounds along.
    """
    specification = loss.specification
    if specification.support.known != Bounded.known:
        raise TypeError(
            "low= and high= are for families whose y brings bounds along, such as Truncated(Weibull()); "
            f"{specification.name} is not one"
        )
    n = raw.shape[1]
    bounds = []
    for name, given, none in (("low", low, -np.inf), ("high", high, np.inf)):
        known = check.numeric(none if given is None else given, name)
        if known.shape not in ((), (n,)):
            raise ValueError(
                f"{name} must be a number or have shape ({n},), got shape {known.shape}"
            )
        bounds.append(np.broadcast_to(known, (n,)))
    wrong = ~specification.support.overlaps(*bounds)
    if wrong.any():
        ends = ", whole numbers or infinite" if specification.support.integer else ""
        raise ValueError(
            f"low must be below high, with a part of {specification.support.symbol} between them{ends}; it is not in "
            f"{check.rows_and_values(wrong, np.column_stack(bounds))}, given as [low, high]"
        )
    if specification.structure.plain is None:  # censored: the truncated family is inside
        ((loss, _),) = loss.parts
    return Predictive(
        loss.of_known, np.vstack([raw, *bounds]), columns=specification.support.columns
    )


def at(family: Any, parameters: dict[str, Any]) -> Any:
    """See ``Family.at``: the distribution whose free parameters have these values."""
    if family.specification.vector is not None:
        return _vector_at(family, parameters)
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
    return predictive(loss, raw)


def _check_names(family: Any, parameters: dict[str, Any], names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in parameters]
    unknown = [name for name in parameters if name not in names]
    if missing or unknown:
        problem = f"missing {', '.join(missing)}" if missing else f"unknown {', '.join(unknown)}"
        raise TypeError(f"{family!r}.at() takes {', '.join(names) or 'nothing'}: {problem}")


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
        if unknown[0] in Trials.known and spec.support.known == Trials.known:
            hint = (
                f"; give them to the family, {spec.name}(trials={parameters[unknown[0]]!r}).at(...)"
            )
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


def _vector_at(family: Any, parameters: dict[str, Any]) -> Any:
    from likely.losses.vector import vector_loss

    _check_names(family, parameters, family.parameters)
    size = family.size
    if size is None:
        size = vector_loss(family.specification).size_of_parameters(parameters)
    loss = family.loss(size)
    labels = getattr(family, "labels", None)
    return predictive(loss, loss.raw_of(parameters), None if labels is None else np.array(labels))
