"""Discretised: whole numbers, each with the probability that a continuous family has of its unit."""

from __future__ import annotations

import numpy as np

from likely._math.domains import circular, counts, integers
from likely._math.graph import constant, equal, where
from likely.families.base import Array, Part, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base, information
from likely.families.modifiers.bounds import log_interval, refuse_without_tails
from likely.families.modifiers.shifted import at_shifted
from likely.families.view import View

KIND = "Discretised"
#: e to this is 0.
NOTHING = -800.0


@made_once
def discretised(inside: Specification) -> Specification:
    r"""Whole numbers by a continuous family.

    .. math:: P(k) = F(k + 1) - F(k), \; k \ge 0 \qquad P(k) = F(k + ½) - F(k - ½)

    Whole units that have passed, of a family on the positive numbers; rounding, of one on the real line.

    Source: Nakagawa and Osaki (1975), doi:10.1109/TR.1975.5214915.
    """
    _refuse(inside)
    whole_units = inside.support.low == 0.0
    below = shift_of(inside)

    def between(low, high, *theta):
        return log_interval(inside, low, high, *theta)

    def log_density(y, *theta):
        if not whole_units:
            return at_shifted(between, [(y, below), (y, below + 1.0)], *theta)
        # The first unit begins at the edge of the support, where F is 0.
        one = View("high", constant(1.0), {})
        # Beyond it is less than any number of float64, and the cumulative hazard may be infinite.
        gone = inside.formulas["log_sf"](one, *theta) < NOTHING
        first = where(gone, 0.0, inside.formulas["log_cdf"](one, *theta))
        later = where(equal(y, 0.0), 1.0, y)
        after = at_shifted(between, [(later, 0.0), (later, 1.0)], *theta)
        return where(equal(y, 0.0), first, after)

    # What is beyond k, or not, is what is beyond its unit.
    def at_ends(formula, *counts_and_theta, ends=1):
        shifted = [(k, below + 1.0) for k in counts_and_theta[:ends]]
        return at_shifted(formula, shifted, *counts_and_theta[ends:])

    tails = {
        "log_cdf": lambda y, *theta: at_ends(inside.formulas["log_cdf"], y, *theta),
        "log_sf": lambda y, *theta: at_ends(inside.formulas["log_sf"], y, *theta),
        "log_interval": lambda *given: at_ends(between, *given, ends=2),
    }
    parts = (Part(inside),)
    parameters, alternatives = base.parameters_of(KIND, parts, {})
    return Specification(
        name=f"{KIND}({inside.name})",
        doc=f"{inside.name} in whole units.",
        support=counts if whole_units else integers,
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=tails | dict(information.of_unseen_number(inside)),
        structure=Structure(
            KIND, parts, lambda part, y, weight: (_middle(y, below), weight), lambda y, weight: {}
        ),
    )


def shift_of(inside: Specification) -> float:
    """Where the unit of k begins, less k."""
    return 0.0 if inside.support.low == 0.0 else -0.5


def _middle(y: Array, below: float) -> Array:
    """Points inside the units, a quarter to either side of the middle in turn: a unit has a width."""
    return np.asarray(y + (below + 0.5) + 0.25 * (-1.0) ** np.arange(y.shape[0]))


def _refuse(inside: Specification) -> None:
    base.refuse_families_over_classes(KIND, inside, "its labels are whole numbers already")
    support, structure = inside.support, inside.structure
    if support.integer:
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose y are whole numbers already"
        )
    if structure is not None and structure.kind != "Transformed":
        # Truncated takes whole numbers from 0 on.
        outside = structure.kind in ("Mixture", "ZeroInflated") or (
            structure.kind == "Truncated" and structure.parts[0].specification.support.low == 0.0
        )
        raise TypeError(
            f"{KIND} is not defined for {inside.name}: "
            + (f"write {structure.kind}({KIND}(...))" if outside else "discretise the family alone")
        )
    if support is circular or (support.low, support.high) not in (
        (0.0, np.inf),
        (-np.inf, np.inf),
    ):
        raise TypeError(
            f"{KIND} takes families on the real line or the positive numbers, not {inside.name}, whose y "
            f"lies in {support.symbol}"
        )
    refuse_without_tails(KIND, inside)
