"""Inflated: a continuous family, and points of their own at the ends of its support."""

from __future__ import annotations

import numpy as np

from likely._math.domains import Domain, circular, nonnegative, unit_interval
from likely._math.graph import constant, equal, where
from likely.families.base import Array, Parameter, Part, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base, information

KIND = "Inflated"


@made_once
def inflated(inside: Specification, at: tuple[float, ...]) -> Specification:
    r"""Some rows are exactly at an end of the support, where a continuous family has no probability.

    .. math:: P(y = \text{low}) = \pi (1 - \gamma), \qquad P(y = \text{high}) = \pi \gamma, \qquad
              p(y) = (1 - \pi)\, p_0(y) \quad \text{elsewhere}

    π is the share of the rows at an end and γ the upper end's share of those; with one point there is no γ. The
    likelihood is a product of three: whether a row is at an end, at which, and the inner family of the others. So
    the parameters are orthogonal: none of the three moves another's maximum.

    Source: Ospina and Ferrari (2010), doi:10.1007/s00362-008-0125-4.
    """
    ends = _ends(inside, at)
    points = tuple(getattr(inside.support, end) for end in ends)
    own = {"inflation": Parameter(unit_interval, r"\pi", shared=True)}
    if len(points) == 2:
        own["upper_share"] = Parameter(unit_interval, r"\gamma", shared=True)
    k = len(inside.parameters)
    parts = (Part(inside),)
    parameters, alternatives = base.parameters_of(KIND, parts, own)

    def chosen(y, at_points, elsewhere):
        for point, value in zip(points, at_points, strict=True):
            elsewhere = where(equal(y, point), value, elsewhere)
        return elsewhere

    def log_density(y, *theta):
        inflation, *upper = theta[k:]
        at_points = (
            [inflation.log + share for share in (upper[0].log1m, upper[0].log)]
            if upper
            else [inflation.log]
        )
        return chosen(y, at_points, inflation.log1m + inside.log_density(y, *theta[:k]))

    def expected_information(*theta):
        inflation = theta[k]
        own_share = information.of_part(parts[0], inflation.complement, [], theta[:k])
        return own_share | of_choices(inflation)

    def complete_information(y, *theta):
        inflation = theta[k]
        seen = chosen(y, [constant(0.0)] * len(points), constant(1.0))
        return information.of_part(parts[0], seen, [y], theta[:k]) | of_choices(inflation)

    def of_choices(inflation):
        found = information.of_choice("inflation")
        if len(points) == 2:
            found |= information.of_choice("upper_share", inflation)
        return found

    listed = ", ".join(f"{v:g}" for v in points)
    return Specification(
        name=f"{KIND}({inside.name}, at={listed if len(points) == 1 else f'({listed})'})",
        doc=f"{inside.name}, and {'points' if len(points) == 2 else 'a point'} at {listed.replace(',', ' and')}.",
        support=_support(inside.support, ends),
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=information.formulas_of(
            [inside], expected=expected_information, complete=complete_information
        ),
        smooth=inside.smooth,
        structure=Structure(
            KIND,
            parts,
            lambda part, y, weight: base.selected(y, weight, ~np.isin(y, points)),
            lambda y, weight: _own(y, weight, points),
            points=points,
        ),
    )


def _ends(inside: Specification, at: tuple[float, ...]) -> list[str]:
    """Which ends of the support the points are, "low" before "high"; errors say what is possible."""
    base.refuse_families_over_classes(KIND, inside, "use Categorical() alone")
    support = inside.support
    if support.integer:
        raise TypeError(
            f"{KIND} is not defined for the whole numbers of {inside.name}, which have probabilities "
            "already; ZeroInflated() and Hurdle() are for counts"
        )
    for kind in (KIND, "ZeroInflated"):
        if base.contains(inside, kind):
            raise TypeError(
                f"{KIND} is not defined for {inside.name}, which has a point of its own already: name all "
                "points in one, at=(0, 1)"
            )
    ends = () if support is circular else (("low", support.low), ("high", support.high))
    possible = {end: v for end, v in ends if np.isfinite(v)}
    if not possible:
        raise TypeError(
            f"{KIND} puts points at the ends of y, but y of {inside.name} lies in {support.symbol}, which has "
            "none; choose a family such as Beta() or Gamma()"
        )
    wrong = [v for v in at if v not in possible.values()]
    if wrong or not at:
        known = " and ".join(f"{v:g}" for v in possible.values())
        example = ", ".join(f"{v:g}" for v in possible.values())
        example = f"({example})" if len(possible) > 1 else example
        got = f"{wrong[0]:g} is not one" if wrong else f"none was given: name them, at={example}"
        raise ValueError(
            f"{KIND} puts points at the ends of y, which for {inside.name} are at {known}; {got}"
        )
    return [end for end, v in possible.items() if v in at]


def _support(support: Domain, ends: list[str]) -> Domain:
    """The support with the ends that are points."""
    low, high = (getattr(support, f"closed_{end}") or end in ends for end in ("low", "high"))
    if (support.low, support.high) == (nonnegative.low, nonnegative.high):
        return nonnegative
    shown = [f"{support.low:g}".replace("-inf", "−∞"), f"{support.high:g}".replace("inf", "∞")]
    words = [f"{'≥' if low else '>'} {shown[0]}", f"{'≤' if high else '<'} {shown[1]}"]
    symbol = f"{'[' if low else '('}{shown[0]}, {shown[1]}{']' if high else ')'}"
    words = " and ".join(word for word in words if "∞" not in word)
    return Domain("inflated", symbol, f"a number {words}", support.low, support.high, low, high)


def _own(y: Array, weight: Array | None, points: tuple[float, ...]) -> dict[str, float]:
    """For a start, the shares of the rows at an end, and of those at the upper one."""
    at_end = np.isin(y, points)
    found = {"inflation": base.share(at_end, weight)}
    if len(points) == 2:
        of_ends = None if weight is None else weight[at_end]
        found["upper_share"] = base.share(y[at_end] == points[1], of_ends)
    return found
