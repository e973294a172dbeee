"""``explain``: the recipe for one loss, step by step, derived from the family's formula.

Nothing here is prepared text about a family: densities, losses, gradients and names come out of
:mod:`likely.report.derivation`, which SymPy carries (loaded on the first call only).
"""

from __future__ import annotations

from typing import Any

from likely.report.explanation import Explanation


def explain(loss: Any, title: str | None = None) -> Explanation:
    """Derive a composed loss from its family's formula.

    Args:
        loss: a composed negative log-likelihood: a specification with a slot for each parameter.
        title: how the family is called in the heading; by default as it would be written.

    """
    title = title or _written(loss)
    if loss.specification.name == "Categorical":
        from likely.report.classes import explain_classes

        return explain_classes(loss, title)
    if loss.specification.vector is not None:
        from likely.report.vectors import explain_vector

        return explain_vector(loss, title)
    from likely.report.narrative import tell

    return tell(loss, title)


def _written(loss: Any) -> str:
    """The family as a user writes it: ``Normal(scale=shared)``."""
    from likely.links.catalogue import default_link

    spec, arguments = loss.specification, []
    for slot in loss.slots:
        known = spec.alternatives if slot.parameter != slot.of else spec.parameters
        if slot.role == "fixed":
            arguments.append(f"{slot.parameter}={slot.value!r}")
            continue
        usual = slot.link is None or slot.link is default_link(known[slot.parameter].domain)
        default = spec.parameters[slot.of].role
        if not usual:
            arguments.append(f'{slot.parameter}={slot.role}("{slot.link.name}")')
        elif slot.role != default or slot.parameter != slot.of:
            arguments.append(f"{slot.parameter}={slot.role}")
    return f"{spec.name}({', '.join(arguments)})"
