"""Truncated: only the y between two bounds can be seen at all."""

from __future__ import annotations

import math
import operator
from dataclasses import replace
from functools import reduce

import numpy as np

from likely._math.atoms import logaddexp, softplus
from likely._math.domains import Bounded, Domain, bounded, real
from likely._math.graph import constant, equal, exp, log, log1p, maximum, minimum, where
from likely.families.base import Parameter, Part, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base
from likely.families.modifiers.bounds import (
    MOST_COUNTS,
    TAILS,
    edge_of,
    has_tails,
    log_given,
    log_given_row,
    log_share,
    refuse_without_tails,
)
from likely.families.modifiers.few_counts import levels
from likely.families.modifiers.positive import log_positive
from likely.families.view import View

KIND = "Truncated"
#: Up to this the sum of the other counts over the last one is taken as such.
RARE = 0.5


@made_once
def truncated(inside: Specification, low: float, high: float) -> Specification:
    r"""The family given that y lies between the bounds; other y are not in the data at all.

    .. math:: p(y) = \frac{p_0(y)}{F_0(b) - F_0(a)}

    Of counts, a < y ≤ b: ``low=0`` is zero-truncation. The parameters keep their meaning: ``mean`` is
    the mean before the cut.

    Source: Cohen, Truncated and Censored Samples (1991).
    """
    low, high = _checked(inside, low, high)
    log_density = _of_counts if inside.support.integer else _of_line

    def printed(y, *theta):
        if not inside.support.integer or high - low > MOST_COUNTS:
            mass = _printed_mass(inside, low, high, theta)
        else:
            seen = [base.count(float(k)) for k in range(int(low) + 1, int(high) + 1)]
            mass = reduce(operator.add, [exp(inside.log_density(k, *theta)) for k in seen])
        return inside.log_density(y, *theta) - log(mass)

    parts = (Part(inside),)
    parameters, alternatives = base.parameters_of(KIND, parts, {})
    words = ", ".join(
        f"{name}={bound:g}"
        for name, bound, edge in (
            ("low", low, inside.support.low),
            ("high", high, inside.support.high),
        )
        if bound != (edge - inside.support.integer if name == "low" else edge)
    )
    return Specification(
        name=f"{KIND}({inside.name}, {words})",
        doc=f"{inside.name} of which only a part can be seen.",
        support=_support(inside.support, low, high),
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density(inside, low, high),
        formulas=_tails(inside, low, high) if has_tails(inside) else {},
        smooth=inside.smooth,
        printed=printed if _long(inside, low, high) else None,
        structure=Structure(KIND, parts, lambda part, y, weight: (y, weight), lambda y, weight: {}),
    )


@made_once
def truncated_by_row(inside: Specification) -> Specification:
    r"""The family given that y lies between bounds that every row has of its own: y is (y, low, high).

    .. math:: p(y \mid a, b) = \frac{p_0(y)}{F_0(b) - F_0(a)}

    An infinite end is no bound; of counts, a < y ≤ b. Delayed entry, a ≤ y: who joins a study at age a had to live
    that long.

    Source: Klein and Moeschberger, Survival Analysis (2003), section 3.4.
    """
    base.refuse_families_over_classes(KIND, inside, "leave out the rows of a class instead")
    _refuse_modified(inside)
    refuse_without_tails(KIND, inside)

    def log_density(y, low, high, *theta):
        return log_given_row(inside, y, low, high, *theta)

    def given_bounds(y, *theta):
        *inner, low, high = theta
        before = y <= low if inside.support.integer else y < low
        outside = where(before, 1.0, where(y > high, 1.0, 0.0))
        return where(equal(outside, 1.0), float("-inf"), log_density(y, low, high, *inner))

    parts = (Part(inside),)
    parameters, alternatives = base.parameters_of(KIND, parts, {})
    structure = Structure(
        KIND,
        parts,
        lambda part, y, weight: (np.ascontiguousarray(y[:, 0]), weight),
        lambda y, w: {},
    )
    plain = Specification(
        name=f"{KIND}({inside.name})",
        doc=f"{inside.name} between bounds.",
        support=inside.support,
        parameters=parameters | {name: Parameter(real) for name in Bounded.known},
        alternatives=alternatives,
        log_density=given_bounds,
        formulas={},
        structure=structure,
    )
    return replace(
        plain,
        doc=f"{inside.name} of which every row could only be seen between bounds of its own.",
        support=bounded(inside.support),
        parameters=parameters,
        log_density=log_density,
        structure=replace(structure, plain=plain),
    )


def _long(inside: Specification, low: float, high: float) -> bool:
    """Whether the formula that is computed is too long to be read."""
    if inside.support.integer:
        return math.isfinite(high) or low > 0.0
    if {"log_above", "log_below"} <= set(inside.formulas) and inside.printed is not None:
        return True
    return low > inside.support.low and high < inside.support.high


def _printed_mass(inside: Specification, low: float, high: float, theta):
    """P(low < Y ≤ high) as it is printed: by one tail or two."""
    a, b = (View(n, constant(v), {}) for n, v in (("low", low), ("high", high)))
    if high >= inside.support.high:
        return exp(inside.formulas["log_sf"](a, *theta))
    below = exp(inside.formulas["log_cdf"](b, *theta))
    return below if low <= edge_of(inside) else below - exp(inside.formulas["log_cdf"](a, *theta))


def _tails(inside: Specification, low: float, high: float):
    """The logarithms of both tails of what is seen, and of what is between two bounds."""
    seen = tuple(View(n, constant(v), {}) for n, v in (("low", low), ("high", high)))

    def log_cdf(y, *theta):
        return log_share(inside, seen, seen[0], View("high", minimum(y, high), {}), *theta)

    def log_sf(y, *theta):
        return log_share(inside, seen, View("low", maximum(y, low), {}), seen[1], *theta)

    def log_interval(a, b, *theta):
        ends = View("low", maximum(a, low), {}), View("high", minimum(b, high), {})
        return log_share(inside, seen, *ends, *theta)

    return {"log_cdf": log_cdf, "log_sf": log_sf, "log_interval": log_interval}


def _of_line(inside: Specification, low: float, high: float):
    """The log density of a continuous family between the bounds."""
    a = View("low", constant(low), {}) if low > inside.support.low else None
    b = View("high", constant(high), {}) if high < inside.support.high else None
    return lambda y, *theta: log_given(inside, y, a, b, *theta)


def _of_counts(inside: Specification, low: float, high: float):
    """The log probability of counts between the bounds: the mass is a sum, a tail, or all but p(0)."""

    def log_density(y, *theta):
        if math.isinf(high) and low == 0.0:
            return log_positive(inside, y, *theta)
        if high - low > MOST_COUNTS or "log_share" in inside.formulas:
            a, b = (View(n, constant(v), {}) for n, v in (("low", low), ("high", high)))
            if math.isinf(high):
                return log_given(inside, y, a, None, *theta)
            return log_given_row(inside, y, a, b, *theta)
        # Σ p(k)/p(y) is 1 and the counts other than y, of which nothing is lost where they are few.
        counts = [float(k) for k in range(int(low) + 1, int(high) + 1)]
        others = [
            where(equal(y, k), float("-inf"), level)
            for k, level in zip(counts, levels(inside, counts, y, theta), strict=True)
        ]
        plain = -softplus(reduce(logaddexp, others))
        if "step_down" not in inside.formulas:
            return plain
        # Of the last count, where the others are rare: their sum has slopes that the logarithm of it has lost.
        below = _below(inside, counts, theta)
        return where(below < where(equal(y, high), RARE, 0.0), -log1p(below), plain)

    return log_density


def _below(inside: Specification, counts: list[float], theta):
    """Σ p(k)/p(n) over the counts before the last one, n."""
    total = constant(0.0)
    for k in counts[:-1]:
        total = inside.formulas["step_down"](base.count(k), *theta) * (1.0 + total)
    return total


def _support(support: Domain, low: float, high: float) -> Domain:
    """Where y can be: the bounds themselves are closed."""
    if support.integer:
        first = int(low) + 1
        symbol = f"{{{first}, {first + 1}, …}}" if math.isinf(high) else f"{{{first}, …, {high:g}}}"
        last = "" if math.isinf(high) else f" and ≤ {high:g}"
        words = f"a whole number ≥ {first}{last}"
        return Domain(
            "truncated", symbol, words, first, high, True, not math.isinf(high), integer=True
        )
    closed_low = support.closed_low if low == support.low else True
    closed_high = support.closed_high if high == support.high else True
    edges = ("[" if closed_low else "(", "]" if closed_high else ")")
    ends = tuple(
        "−∞" if v == -math.inf else "∞" if v == math.inf else f"{v:g}" for v in (low, high)
    )
    words = " and ".join(
        f"{'≥' if at_low else '≤'} {v}" if closed else f"{'>' if at_low else '<'} {v}"
        for v, closed, at_low in ((ends[0], closed_low, True), (ends[1], closed_high, False))
        if "∞" not in v
    )
    symbol = f"{edges[0]}{ends[0]}, {ends[1]}{edges[1]}"
    return Domain("truncated", symbol, f"a number {words}", low, high, closed_low, closed_high)


def _refuse_modified(inside: Specification) -> None:
    """TypeError for modified families, but those that are families like any other."""
    kind = None if inside.structure is None else inside.structure.kind
    if inside.support.name == "integers":
        raise TypeError(
            f"{KIND} takes counts from 0, but y of {inside.name} may be any whole number"
        )
    if kind == KIND:
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, which is truncated already: give it both bounds at once"
        )
    if kind == "Mixture":
        _refuse_modified_components(inside)
    if kind not in (None, "Mixture", "Transformed", "Discretised"):
        raise TypeError(
            f"{KIND} is not defined for {inside.name}: truncate the family inside, {kind}(Truncated(...))"
        )


def _refuse_modified_components(inside: Specification) -> None:
    """TypeError for mixtures of what is not truncated itself."""
    assert inside.structure is not None
    for part in inside.structure.parts:
        structure = part.specification.structure
        if structure is not None and structure.kind in (KIND, "Hurdle", "ZeroInflated"):
            instead = (
                f"give its components all bounds, Mixture({KIND}(..., low, high), ...)"
                if structure.kind == KIND
                else f"truncate the families inside, Mixture({structure.kind}({KIND}(...)), ...)"
            )
            raise TypeError(f"{KIND} is not defined for {inside.name}: {instead}")


def _checked(inside: Specification, low: float, high: float) -> tuple[float, float]:
    """The bounds, no further out than the support; for counts the last one that is cut off."""
    support = inside.support
    base.refuse_families_over_classes(KIND, inside, "leave out the rows of a class instead")
    _refuse_modified(inside)
    if not low < high:
        raise ValueError(f"{KIND} needs low < high, got low={low:g} and high={high:g}")
    edge = support.low - 1.0 if support.integer else support.low
    everything = low >= support.high or high < support.low or (high == edge)
    if everything or (low <= edge and high >= support.high):
        raise ValueError(
            f"{KIND}: low={low:g}, high={high:g} cuts off {'everything' if everything else 'nothing'} "
            f"of {inside.name}, whose y lies in {support.symbol}"
        )
    low, high = max(low, edge), min(high, support.high)
    if not support.integer:
        refuse_without_tails(KIND, inside)
        return low, high
    if low != math.floor(low) or (math.isfinite(high) and high != math.floor(high)):
        raise ValueError(
            f"{KIND}: the bounds of counts are whole numbers, got {low:g} and {high:g}"
        )
    tails = set(TAILS) <= set(inside.formulas)
    if math.isinf(high) and low > 0.0 and not tails:
        raise TypeError(
            f"{KIND} of counts needs low=0 or a finite high: the tail of {inside.name} beyond "
            f"{low:g} is an endless sum. Give high as well"
        )
    if high - low == 1.0:
        raise ValueError(
            f"{KIND}: low={low:g}, high={high:g} leaves nothing but the count {high:g}"
        )
    if math.isfinite(high) and high - low > MOST_COUNTS and not tails:
        raise ValueError(
            f"{KIND} adds up the probabilities of {high - low:.0f} counts, more than {MOST_COUNTS}: "
            "with so many left, a continuous family serves as well"
        )
    return low, high
