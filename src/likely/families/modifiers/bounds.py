"""Probabilities of half-lines and intervals under a family, in logarithms, for its modifiers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from likely._math.atoms import log1mexp, logaddexp, seldom
from likely._math.domains import circular
from likely._math.graph import Node, abs_, as_node, equal, exp, is_constant, log1p, maximum, where
from likely._math.tails.intervals import fading, log_between
from likely.families.base import Specification
from likely.families.modifiers import base
from likely.families.modifiers.base import count
from likely.families.modifiers.few_counts import log_share_of_few
from likely.families.modifiers.narrow import Window
from likely.families.view import View

#: What a family needs so that it can be cut off or seen in part.
TAILS = ("log_cdf", "log_sf")
#: Probabilities of counts that are added up.
MOST_COUNTS = 200
#: log of the share of y beyond an end of an interval from which its probability is a difference without loss.
MOST = -0.1
#: log of a probability of all that is seen, above which that is a difference without loss, and so are its derivatives.
LITTLE = -3.0


def log_interval(inside: Specification, low: Any, high: Any, *theta: Any) -> Node:
    """log P(low < Y ≤ high): the family's own formula, or from the smaller of both tails."""
    own = inside.formulas.get("log_interval")
    if own is not None:
        return as_node(own(low, high, *theta))
    tails = {name: tuple(inside.formulas[name](y, *theta) for y in (low, high)) for name in TAILS}
    return log_between(tails["log_cdf"], tails["log_sf"])


def log_given(inside: Specification, y: Any, low: Any, high: Any, *theta: Any) -> Node:
    """log p(y | low < Y ≤ high); None is no bound."""
    bounds = [bound for bound in (low, high) if bound is not None]
    name = "log_within" if len(bounds) == 2 else "log_above" if high is None else "log_below"
    if bounds and name in inside.formulas:
        return as_node(inside.formulas[name](y, *bounds, *theta))
    given = over_mass(inside.log_density(y, *theta), log_mass(inside, low, high, *theta))
    if len(bounds) < 2 or inside.support.integer:
        return given
    window = Window(inside, low, high, *theta)
    return where(window.narrow, window.log_density(y), given)


def log_given_row(inside: Specification, y: Any, low: Any, high: Any, *theta: Any) -> Node:
    """The same for bounds that are known only row by row."""
    plain = by_bounds(inside, low, high, lambda a, b: log_given(inside, y, a, b, *theta))
    # Of counts y is what lies between the one before and itself.
    return log_share_of_counts(inside, (y - 1.0, y), (low, high), plain, *theta)


def log_share_of_counts(
    inside: Specification, part: tuple[Any, Any], seen: tuple[Any, Any], plain: Any, *theta: Any
) -> Node:
    """log P(part[0] < Y ≤ part[1] | seen[0] < Y ≤ seen[1]): by the family, or ``plain``."""
    edge = edge_of(inside)
    (a, first), (b, last) = (
        [as_node(end) for end in ends] for ends in zip(part, seen, strict=True)
    )
    ends = maximum(a, edge), b, maximum(first, edge), last
    if "log_share" in inside.formulas:
        return as_node(inside.formulas["log_share"](*ends, *theta))
    by_steps = inside.formulas.get("log_share_by_steps")
    return as_node(plain if by_steps is None else by_steps(*ends, plain, *theta))


def over_mass(value: Any, mass: Any) -> Node:
    """value − mass of logarithms; −∞ where the mass is 0 in float64, of which nothing can be a part."""
    mass = as_node(mass)
    if is_constant(mass, 0.0):
        return as_node(value)
    return where(mass > float("-inf"), value - mass, float("-inf"))


def log_mass(inside: Specification, low: Any, high: Any, *theta: Any) -> Node:
    """log P(low < Y ≤ high); None is no bound."""
    if low is None and high is None:
        return as_node(0.0)
    if missing_tails(inside) and _few(inside):
        return _sum(inside, low, high, *theta)
    if high is None:
        return as_node(inside.formulas["log_sf"](low, *theta))
    if low is None:
        return as_node(inside.formulas["log_cdf"](high, *theta))
    return log_interval(inside, low, high, *theta)


def missing_tails(inside: Specification) -> list[str]:
    """The formulas for tails that the family does not have."""
    return [name for name in TAILS if name not in inside.formulas]


def _few(inside: Specification) -> bool:
    """Whether y is one of so few counts that their probabilities can be added up."""
    support = inside.support
    return support.integer and support.high - support.low < MOST_COUNTS


def _sum(inside: Specification, low: Any, high: Any, *theta: Any) -> Node:
    """log P(low < Y ≤ high) by exact sums: of what is inside, or where that is more, of what is not."""
    nothing = float("-inf")
    within, without = [], []
    for k in range(int(inside.support.low), int(inside.support.high) + 1):
        p = as_node(inside.log_density(count(float(k)), *theta))
        above = as_node(1.0) if low is None else where(low < float(k), 1.0, 0.0)
        chosen = above if high is None else where(high < float(k), 0.0, above)
        within.append(where(equal(chosen, 1.0), p, nothing))
        without.append(where(equal(chosen, 1.0), nothing, p))
    inner, outer = reduce(logaddexp, within), reduce(logaddexp, without)
    return where(inner < outer, inner, log1mexp(-outer))


def by_bounds(inside: Specification, low: Any, high: Any, body: Callable[[Any, Any], Any]) -> Node:
    """``body(low, high)`` with None for what is no bound, for bounds that are known only row by row."""
    support, first = inside.support, edge_of(inside)
    closed_above = where(high >= support.high, body(None, None), body(None, high))
    below = where(high >= support.high, body(low, None), body(low, high))
    return where(low <= first, closed_above, below)


def edge_of(inside: Specification) -> float:
    """The largest bound below that is none: of counts a bound is the last one that is left out."""
    support = inside.support
    return support.low - 1.0 if support.integer else support.low


def log_share(
    inside: Specification, seen: tuple[Any, Any], low: Any, high: Any, *theta: Any
) -> Node:
    """log P(low < Y ≤ high | seen[0] < Y ≤ seen[1]) for bounds within those."""
    first, last = seen
    counts = _counts_of(inside, first, last)
    known = {"log_share", "log_share_by_steps"} & set(inside.formulas)
    if counts and "log_step" in inside.formulas and not known:
        return log_share_of_few(inside, counts, low, high, *theta)
    edge, end = edge_of(inside), inside.support.high

    def mass(a: Any, b: Any) -> Node:
        return by_bounds(inside, a, b, lambda a, b: log_mass(inside, a, b, *theta))

    def given(y: Any, a: Any, b: Any) -> Node:
        return log_given_row(inside, y, a, b, *theta)

    whole = mass(first, last)
    # The chance of any y in both: what all y have in common is left out of each.
    counts = inside.support.integer
    by_one = {"log_above", "log_within"} <= set(inside.formulas)

    def by_one_of(a: Any, b: Any, wide: Node) -> Node:
        # Of no bound below the first one is that of the support; of counts that rise the last one is the likeliest.
        start = maximum(as_node(a), edge) + 1.0
        several = b > start
        step = inside.formulas.get("log_step")
        if step is not None:
            ended = where(several, where(b < float("inf"), 1.0, 0.0), 0.0) > 0.5
            before = View("k", where(ended, b - 1.0, start), {})
            rising = where(ended, step(before, *theta), 0.0) > 0.0
            start = where(rising, b, start)
        one = View("y", start, {})
        both = where(several, given(one, a, b), 0.0)
        return where(wide > float("-inf"), given(one, first, last) - both, wide)

    def part(a: Any, b: Any) -> Node:
        wide = over_mass(mass(a, b), whole)
        if counts:
            return by_one_of(a, b, wide) if by_one else wide
        # From the end that is nearer to the mode; where nearly all of y lies between both, nothing is lost.
        above, below = (
            inside.formulas[name](y, *theta) for name, y in (("log_sf", a), ("log_cdf", b))
        )
        left = as_node(below) < above
        y = View("y", where(left, b, a), {})
        inner = given(y, a, b)
        # An end may be one of the density, or beyond it.
        some = where(abs_(inner) < math.inf, where(left, below, above), 0.0)
        near = where(some < MOST, given(y, first, last) - inner, wide)
        return where(seldom(whole < LITTLE), near, wide)

    # What is left out; where that is little, the logarithm of the share comes from there.
    before = where(low <= first, 0.0, where(low <= edge, 0.0, exp(fading(part(first, low)))))
    after = where(high >= last, 0.0, where(high >= end, 0.0, exp(fading(part(high, last)))))
    missing = before + after
    share = part(low, high)
    share = where(missing < 0.5, log1p(-missing), share)
    return log_share_of_counts(inside, (low, high), seen, share, *theta)


def _counts_of(inside: Specification, first: Any, last: Any) -> list[float]:
    """The counts between two bounds that are the same for all rows, where they are few; none otherwise."""
    ends = [as_node(end) for end in (first, last)]
    if not inside.support.integer or not all(map(is_constant, ends)):
        return []
    below, most = (end.value for end in ends)
    few = most - below <= MOST_COUNTS
    return [float(k) for k in range(int(below) + 1, int(most) + 1)] if few else []


def has_tails(inside: Specification) -> bool:
    """Whether the probability of any interval has a formula, or can be added up."""
    return not missing_tails(inside) or _few(inside)


def refuse_without_tails(kind: str, inside: Specification) -> None:
    """TypeError for families whose distribution function has no logarithm with derivatives."""
    if not inside.smooth:
        raise TypeError(
            f"{kind} is not defined for {inside.name}, whose loss has kinks that only its own fit can "
            "handle; use Logistic() or StudentT() for heavy tails"
        )
    if inside.support is circular:
        raise TypeError(
            f"{kind} is not defined for {inside.name}: an angle has no first and no last value, so that what is "
            "below or above a bound depends on where the circle is cut"
        )
    if not has_tails(inside):
        _refuse_points(kind, inside)
        _refuse_unlike_components(kind, inside)
        missing = missing_tails(inside)
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


def _refuse_points(kind: str, inside: Specification) -> None:
    """TypeError for points beside a density, which bounds would have to be told from."""
    structure = inside.structure
    if structure is not None and structure.kind in ("ZeroInflated", "Inflated"):
        alone = base.written(structure.parts[0].specification)
        raise TypeError(
            f"{kind} is not defined for {inside.name}, which has points beside a density. Where zeros are amounts "
            f"too small to be measured, they are rows [0, limit] of Censored({alone})"
        )


def _refuse_unlike_components(kind: str, inside: Specification) -> None:
    """TypeError for mixtures of which each component has both tails, but on a support of its own."""
    structure = inside.structure
    if structure is None:
        return
    parts = [part.specification for part in structure.parts]
    supports = {part.support.symbol for part in parts}
    if structure.kind == "Mixture" and len(supports) > 1 and all(map(has_tails, parts)):
        listed = ", ".join(f"{part.name} in {part.support.symbol}" for part in parts)
        raise TypeError(
            f"{kind} needs components of {inside.name} that lie in one support, but they are {listed}: where a "
            "component ends inside the others' support its tails have no logarithm. Choose components that share "
            "one, such as LogNormal() beside Gamma()"
        )
