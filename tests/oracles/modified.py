"""A sample of modified families, each modifier over families that meet different parts of it."""

from __future__ import annotations

from typing import Any

import likely
from likely.recipe import Family

#: By the name of the specification, which is the name of its textbook.
SAMPLE: dict[str, Family] = {
    family.specification.name: family
    for family in (
        likely.ZeroInflated(likely.Poisson()),
        likely.ZeroInflated(likely.NegativeBinomial()),
        likely.ZeroInflated(likely.Gamma()),
        likely.ZeroInflated(likely.LogNormal()),
        likely.ZeroInflated(likely.Exponential()),
        likely.ZeroInflated(likely.Beta()),
        likely.Hurdle(likely.Poisson()),
        likely.Hurdle(likely.NegativeBinomial()),
    )
}


def specification_of(name: str) -> Any:
    """The specification of a sampled family, or of one of the registry."""
    from likely.families.registry import modules, specification

    if name in SAMPLE:
        return SAMPLE[name].specification
    return next(s for s in map(specification, modules()) if s.name == name)
