"""Censored: of some rows only a bound or an interval of y is known."""

from __future__ import annotations

import numpy as np

from likely._math.domains import Bounded, bounded_intervals_of, intervals_of
from likely._math.graph import constant, equal, maximum, minimum, where
from likely.families.base import Array, Part, Rows, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base, information
from likely.families.modifiers.bounds import (
    by_bounds,
    edge_of,
    log_mass,
    log_share,
    refuse_without_tails,
)
from likely.families.view import View

KIND = "Censored"


@made_once
def censored(inside: Specification) -> Specification:
    r"""The family, seen exactly or through an interval: y is (low, high) in every row.

    .. math:: L = \begin{cases} p(y) & \text{low} = \text{high} = y \\
              F(\text{high}) - F(\text{low}) & \text{otherwise} \end{cases}

    An infinite end is one-sided: (t, ∞) is right-censored at t, (−∞, t) left-censored. Of counts both ends belong to
    the interval, P(low ≤ Y ≤ high). Censoring must not tell more about y than that it lies there.

    Source: Klein and Moeschberger, Survival Analysis (2003), section 3.5.
    """
    if inside.support.known != Bounded.known:
        base.refuse_families_over_classes(KIND, inside, "its labels are seen or not")
    if base.contains(inside, KIND):
        raise TypeError(f"{KIND} is not defined for {inside.name}, which is censored already")
    truncated = inside.structure is not None and inside.structure.kind == "Truncated"
    seen = inside.structure.parts[0].specification if truncated else inside
    refuse_without_tails(KIND, seen)

    def log_density(low, high, *theta):
        # Of counts what lies below the interval ends with the one before.
        below = View("below", low - 1.0, {}) if inside.support.integer else low
        between = by_bounds(inside, below, high, lambda a, b: log_mass(inside, a, b, *theta))
        return where(equal(low, high), inside.log_density(low, *theta), between)

    by_row = inside.support.known == Bounded.known
    parts = (Part(inside),)
    parameters, alternatives = base.parameters_of(KIND, parts, {})
    return Specification(
        name=f"{KIND}({inside.name})",
        doc=f"{inside.name}, of which some rows are known by bounds alone.",
        support=bounded_intervals_of(inside.support) if by_row else intervals_of(inside.support),
        parameters=parameters,
        alternatives=alternatives,
        log_density=_between_bounds(inside) if truncated else log_density,
        formulas={} if truncated else information.of_unseen_number(inside),
        smooth=inside.smooth,
        structure=Structure(
            KIND,
            parts,
            lambda part, y, weight: _rows(inside.support.integer, y, weight),
            lambda y, weight: {},
        ),
    )


def _between_bounds(inside: Specification):
    """The log density of rows that could only be seen between bounds: the same for all, or of y's last two columns."""
    assert inside.structure is not None
    family, support = inside.structure.parts[0].specification, inside.support
    fixed = [View("bound", constant(v), {}) for v in (edge_of(inside), support.high)]
    own = len(support.known)

    def log_density(low, high, *rest):
        (first, last), theta = rest[:own] or fixed, rest[own:]
        exact = inside.log_density(low, *rest)
        below = low - 1.0 if support.integer else low
        a, b = View("low", maximum(below, first), {}), View("high", minimum(high, last), {})
        share = log_share(family, (first, last), a, b, *theta)
        if "log_sf_above" in family.formulas:
            # An entry and nothing else: what the hazard takes away between the two.
            alone = where(first > support.low, b, support.low) >= support.high
            share = where(alone, family.formulas["log_sf_above"](a, first, *theta), share)
        if "log_cdf_below" in family.formulas:
            # The same from above.
            alone = where(last < support.high, a, support.high) <= edge_of(inside)
            share = where(alone, family.formulas["log_cdf_below"](b, last, *theta), share)
        return where(equal(low, high), exact, share)

    return log_density


def _rows(counts: bool, y: Array, weight: Array | None) -> Rows:
    """The middle of each interval, or its finite end, with the row's bounds; rows that tell nothing are left out."""
    low, high, bounds = y[:, 0], y[:, 1], y[:, 2:]
    if bounds.shape[1]:
        exact = low == high
        low, high = (
            np.where(exact, low, np.maximum(low, bounds[:, 0] + counts)),
            np.where(exact, low, np.minimum(high, bounds[:, 1])),
        )
    known = np.isfinite(low) | np.isfinite(high)
    with np.errstate(invalid="ignore"):
        middle = 0.5 * low + 0.5 * high
    one = np.where(np.isfinite(low), low, high)
    values = np.where(np.isfinite(low) & np.isfinite(high), middle, one)[known]
    if counts:
        values = np.floor(values)
    kept = None if weight is None else weight[known]
    return np.column_stack([values, bounds[known]]) if bounds.shape[1] else values, kept
