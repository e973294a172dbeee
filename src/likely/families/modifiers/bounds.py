"""Probabilities of half-lines and intervals under a family, in logarithms, for its modifiers."""

from __future__ import annotations

from typing import Any

from likely._math.graph import Node, as_node
from likely._math.tails import log_between
from likely.families.base import Specification

#: What a family needs so that it can be cut off or seen in part.
TAILS = ("log_cdf", "log_sf")


def log_interval(inside: Specification, low: Any, high: Any, *theta: Any) -> Node:
    """log P(low < Y ≤ high): the family's own formula, or from the smaller of both tails."""
    own = inside.formulas.get("log_interval")
    if own is not None:
        return as_node(own(low, high, *theta))
    tails = {name: tuple(inside.formulas[name](y, *theta) for y in (low, high)) for name in TAILS}
    return log_between(tails["log_cdf"], tails["log_sf"])


def refuse_without_tails(kind: str, inside: Specification) -> None:
    """TypeError for families whose distribution function has no logarithm with derivatives."""
    if not inside.smooth:
        raise TypeError(
            f"{kind} is not defined for {inside.name}, whose loss has kinks that only its own fit can "
            "handle; use Logistic() or StudentT() for heavy tails"
        )
    missing = [name for name in TAILS if name not in inside.formulas]
    if missing:
        from likely.families.registry import modules, specification

        counts = inside.support.integer
        able = [
            s.name
            for s in map(specification, modules())
            if set(TAILS) <= set(s.formulas) and s.support.integer == counts
        ]
        raise TypeError(
            f"{kind} needs the logarithms of both tails, but {inside.name} has no formula for "
            f"{' and '.join(missing)}; families that have both: {', '.join(able)}. A family of your own "
            "gets them as def log_cdf(y, ...) and def log_sf(y, ...)"
        )
