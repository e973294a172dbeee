"""What a user may write for the trees of each parameter, checked and spread over the raw columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

from likely.fitting.boosting import ColumnSettings
from likely.predictors.features import listed

#: The first parameter moves where y is, the others its spread and shape, of which a row tells less:
#: (first, others).
LEARNING_RATE = (0.05, 0.02)
MAX_LEAF_NODES = (16, 4)
MIN_SAMPLES_LEAF = (10, 20)
L2_REGULARIZATION = (1.0, 5.0)


def _positive(value: Any) -> bool:
    return isinstance(value, Real) and 0.0 < float(value) < float("inf")


def _non_negative(value: Any) -> bool:
    return isinstance(value, Real) and 0.0 <= float(value) < float("inf")


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, Integral) and not isinstance(v, bool) and int(v) >= least


def column_settings(estimator: Any, loss: Any, names: Sequence[str]) -> tuple[ColumnSettings, ...]:
    """One entry per raw column; ``names`` are those of the features.

    ValueError or TypeError names the argument, its value, and what would be valid.
    """
    parameters = [slot.parameter for slot in loss.free]
    refuse_partial_links(loss, "trees")

    def per_parameter(argument: str, valid: Callable[[Any], bool], words: str, default: Any) -> Any:
        given = getattr(estimator, argument)
        values = given if isinstance(given, Mapping) else dict.fromkeys(parameters, given)
        _known(argument, values, parameters)
        found = []
        for i, name in enumerate(parameters):
            value = values.get(name)
            if value is None:
                value = default[min(i, 1)]
            elif not valid(value):
                raise ValueError(f"{argument} must be {words}, got {value!r} for {name}")
            found.append(value)
        return found

    rate = per_parameter("learning_rate", _positive, "a number > 0", LEARNING_RATE)
    leaves = per_parameter("max_leaf_nodes", _whole(2), "a whole number ≥ 2", MAX_LEAF_NODES)
    depth = per_parameter("max_depth", _whole(1), "a whole number ≥ 1 or None", (None, None))
    least = per_parameter("min_samples_leaf", _whole(1), "a whole number ≥ 1", MIN_SAMPLES_LEAF)
    l2 = per_parameter("l2_regularization", _non_negative, "a number ≥ 0", L2_REGULARIZATION)
    monotonic = _monotonic(estimator.monotonic_cst, parameters, names)
    columns = [
        ColumnSettings(
            learning_rate=float(rate[i]),
            max_leaf_nodes=int(leaves[i]),
            max_depth=None if depth[i] is None else int(depth[i]),
            min_samples_leaf=int(least[i]),
            l2=float(l2[i]),
            monotonic=monotonic[i],
            group=i,
            shared=slot.role == "shared",
        )
        for i, slot in enumerate(loss.free)
    ]
    return tuple(columns[i] for i in loss.column_slots)


def refuse_partial_links(loss: Any, learner: str) -> None:
    """ValueError where a link is not valid for every raw number, and a learner may predict any."""
    if getattr(loss, "valid", None) is None:
        return
    for slot, raw in zip(loss.free, loss.raw, strict=True):
        if slot.link.valid is not None and slot.link.valid(raw, loss.domain(slot)) is not None:
            raise ValueError(
                f"{learner} may predict any raw number, but the {slot.link.name} link of {slot.parameter} is "
                "not valid for all: choose another, such as log or softplus for what is positive"
            )


def _known(argument: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{argument} names {name!r}, but there are {', '.join(known)}{hint}")


def _monotonic(
    given: Any, parameters: Sequence[str], names: Sequence[str]
) -> list[tuple[int, ...]]:
    if given is None:
        return [()] * len(parameters)
    by_parameter = isinstance(given, Mapping) and set(given) <= set(parameters)
    of: Mapping[str, Any] = given if by_parameter else dict.fromkeys(parameters, given)
    found: list[tuple[int, ...]] = []
    for parameter in parameters:
        one = of.get(parameter, ())
        if isinstance(one, Mapping):
            _known("monotonic_cst", one, names)
            signs = [one.get(name, 0) for name in names]
        else:
            signs = list(one)
        if signs and len(signs) != len(names):
            raise ValueError(
                f"monotonic_cst has {len(signs)} entries for {parameter}, but X has {len(names)} columns"
            )
        if any(sign not in (-1, 0, 1) for sign in signs):
            raise ValueError(f"monotonic_cst must be −1, 0 or 1 per feature, got {one!r}")
        found.append(tuple(int(sign) for sign in signs))
    return found


def categorical_columns(given: Any, names: Sequence[str], levels: Sequence[str]) -> list[int]:
    """Indices of the columns that hold categories: those of a data frame, and those named."""
    found = {names.index(name) for name in levels}
    for column in () if given is None else given:
        if isinstance(column, Integral) and not isinstance(column, bool):
            if not -len(names) <= int(column) < len(names):
                raise ValueError(
                    f"categorical_features asks for column {column}, X has {len(names)}"
                )
            found.add(int(column) % len(names))
        elif column in names:
            found.add(names.index(column))
        else:
            near = get_close_matches(str(column), names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ValueError(
                f"categorical_features asks for {column!r}, which X does not have{hint} "
                f"Its columns are {listed(names)}"
            )
    return sorted(found)
