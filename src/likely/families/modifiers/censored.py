"""Censored: of some rows only a bound or an interval of y is known."""

from __future__ import annotations

from functools import cache

import numpy as np

from likely._math.domains import intervals_of
from likely._math.graph import equal, where
from likely.families.base import Specification, View
from likely.families.modifiers import base
from likely.families.modifiers.bounds import log_interval, refuse_without_tails

KIND = "Censored"


@cache
def censored(inside: Specification) -> Specification:
    r"""The family, seen exactly or through an interval: y is (low, high) in every row.

    .. math:: L = \begin{cases} p(y) & \text{low} = \text{high} = y \\
              F(\text{high}) - F(\text{low}) & \text{otherwise} \end{cases}

    An infinite end is one-sided: (t, ∞) is right-censored at t, (−∞, t) left-censored. Of counts both ends belong to
    the interval, P(low ≤ Y ≤ high). Censoring must not tell more about y than that it lies there.

    Source: Klein and Moeschberger, Survival Analysis (2003), section 3.5.
    """
    base.refuse_families_over_classes(KIND, inside, "its labels are seen or not")
    if base.contains(inside, KIND):
        raise TypeError(f"{KIND} is not defined for {inside.name}, which is censored already")
    refuse_without_tails(KIND, inside)
    first, last = inside.support.low, inside.support.high

    def log_density(low, high, *theta):
        exact = inside.log_density(low, *theta)
        # Of counts what lies below the interval ends with the one before.
        below = View("below", low - 1.0, {}) if inside.support.integer else low
        from_left = inside.formulas["log_cdf"](high, *theta)
        from_right = inside.formulas["log_sf"](below, *theta)
        between = log_interval(inside, below, high, *theta)
        open_right = where(low <= first, 0.0, from_right)
        seen = where(high >= last, open_right, where(low <= first, from_left, between))
        return where(equal(low, high), exact, seen)

    parts = (base.Part(inside),)
    parameters, alternatives = base.parameters_of(KIND, parts, {})
    return Specification(
        name=f"{KIND}({inside.name})",
        doc=f"{inside.name}, of which some rows are known by bounds alone.",
        support=intervals_of(inside.support),
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas={},
        smooth=inside.smooth,
        structure=base.Structure(
            KIND,
            parts,
            lambda part, y, weight: _rows(inside.support.integer, y, weight),
            lambda y, weight: {},
        ),
    )


def _rows(counts: bool, y: base.Array, weight: base.Array | None) -> base.Rows:
    """The middle of each interval, or its finite end; rows of which nothing is known are left out."""
    finite = np.isfinite(y)
    known = finite.any(axis=1)
    with np.errstate(invalid="ignore"):
        middle = 0.5 * y[:, 0] + 0.5 * y[:, 1]
    one = np.where(finite[:, 0], y[:, 0], y[:, 1])
    values = np.where(finite.all(axis=1), middle, one)
    if counts:
        values = np.floor(values)
    return values[known], None if weight is None else weight[known]
