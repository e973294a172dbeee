"""What modifiers share: the parts of a modified family, its parameters, and refusals by name.

A modifier is a function from specifications to a specification. Its ``log_density`` calls the
bodies of the families inside with their own views, so that losses, kernels and every learner meet
one formula and need not know that it was put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from likely._math.domains import LABELLED, Trials
from likely._math.graph import constant
from likely.families.base import Alternative, Array, Parameter, Part, Rows, Specification
from likely.families.view import View


def parameters_of(
    kind: str, parts: Sequence[Part], own: Mapping[str, Parameter]
) -> tuple[dict[str, Parameter], dict[str, Alternative]]:
    """All parameters and alternatives: those of the parts, then the modifier's own.

    ValueError where two have one name.
    """
    parameters: dict[str, Parameter] = {}
    alternatives: dict[str, Alternative] = {}
    for part in parts:
        inside = part.specification
        for name, parameter in inside.parameters.items():
            parameters[part.outer(name)] = parameter
        for name, a in inside.alternatives.items():
            alternatives[part.outer(name)] = Alternative(
                part.outer(a.of), a.domain, a.power, a.symbol
            )
    for name, parameter in own.items():
        if name in parameters or name in alternatives:
            raise ValueError(
                f"{kind} has a parameter {name}, and so has {parts[0].specification.name}: "
                "a family cannot have two of one name"
            )
        parameters[name] = parameter
    return parameters, alternatives


def at_zero() -> View:
    """y = 0, with its views."""
    return View(
        "y",
        constant(0.0),
        {
            "log": lambda: constant(-np.inf),
            "log1m": lambda: constant(0.0),
            "complement": lambda: constant(1.0),
        },
    )


def count(k: float) -> View:
    """y = k, with its views."""
    return at_zero() if k == 0.0 else View("y", constant(k), {})


def refuse_families_over_classes(kind: str, inside: Specification, instead: str) -> None:
    """TypeError for families over classes, whose y has no arithmetic, and those that bring their trials along.

    Also for continuous families that give a value of y a probability of its own: bounds, components and more
    zeros would have to tell it from the density.
    """
    if inside.point is not None:
        raise TypeError(
            f"{kind} is not defined for {inside.name}, which gives y = {inside.point:g} a probability of its own"
        )
    if inside.support.known == Trials.known:
        raise TypeError(
            f"{kind} is not defined for {inside.name} whose y brings its trials along; where they are the "
            f"same in all rows, Mixture and Truncated take {inside.name}(trials=10)"
        )
    if inside.support.known:
        outside = kind in ("Mixture", "Transformed")
        raise TypeError(
            f"{kind} is not defined for {inside.name}, whose y brings its bounds along; "
            + (
                f"write Truncated({kind}(...))"
                if outside
                else "bounds that are the same in all rows can be given inside, as in Truncated(Normal(), low=0.0)"
            )
        )
    if inside.multivariate:
        raise TypeError(f"{kind} is not defined for {inside.name}, whose y has several columns")
    if inside.support.name in LABELLED:
        raise TypeError(f"{kind} is not defined for {inside.name}, whose y are classes; {instead}")


def written(inside: Specification) -> str:
    """The family as one writes it in an argument."""
    return f"{inside.name}()" if inside.structure is None else inside.name


def contains(inside: Specification, kind: str) -> bool:
    """Whether the modifier ``kind`` is the specification's own, or that of a part of it."""
    structure = inside.structure
    return structure is not None and (
        structure.kind == kind
        or any(contains(part.specification, kind) for part in structure.parts)
    )


def share(condition: Any, weight: Array | None) -> float:
    """The weighted share of the rows at which the condition holds, kept inside (0, 1).

    Half a row is added to either side, so that a start on the logit scale is finite.
    """
    w = np.ones(condition.shape) if weight is None else weight
    return float((w[condition].sum() + 0.5) / (w.sum() + 1.0))


def selected(y: Array, weight: Array | None, keep: Any) -> Rows:
    """The rows where ``keep`` holds; all of them where that would be none."""
    if not keep.any():
        return y, weight
    return y[keep], None if weight is None else weight[keep]
