"""Inflated: a continuous family, and points of their own at the ends of its support."""

from __future__ import annotations

from functools import cache

import numpy as np

from likely._math.domains import Domain, circular, positive
from likely._math.graph import constant, equal, exp, log, where
from likely.families.base import Parameter, Specification
from likely.families.modifiers import base, information
from likely.families.modifiers.weights import log_weights

KIND = "Inflated"
#: The parameter of the point at each end of the support.
NAMES = {"low": "odds_low", "high": "odds_high"}
SYMBOLS = {"low": r"\nu", "high": r"\tau"}


@cache
def inflated(inside: Specification, at: tuple[float, ...]) -> Specification:
    r"""Some rows are exactly at an end of the support, where a continuous family has no probability.

    .. math:: P(\text{low}) = \frac{\nu}{1 + \nu + \tau}, \qquad P(\text{high}) = \frac{\tau}{1 + \nu + \tau},
              \qquad p(y) = \frac{p_0(y)}{1 + \nu + \tau} \quad \text{elsewhere}

    The likelihood splits into a choice between the points and the inside, and the inner family of what is inside.
    The choice is given by odds against the inside: both points count alike (reflected y give the same fit with
    the odds exchanged), every parameter has a link of its own, and at one point log ν is the logit of its
    probability.

    Source: Ospina and Ferrari (2010), doi:10.1007/s00362-008-0125-4; odds as in Rigby and Stasinopoulos (2005),
    doi:10.1111/j.1467-9876.2005.00510.x.
    """
    ends = _ends(inside, at)
    support = inside.support
    points = [getattr(support, end) for end in ends]
    own = {NAMES[end]: Parameter(positive, SYMBOLS[end], shared=True) for end in ends}
    parts = (base.Part(inside),)
    parameters, alternatives = base.parameters_of(KIND, parts, own)
    m = len(points)

    def chosen(y, at_points, elsewhere):
        for point, value in zip(points, at_points, strict=True):
            elsewhere = where(equal(y, point), value, elsewhere)
        return elsewhere

    def log_density(y, *theta):
        within, *at_points = log_weights(theta[-m:])
        return chosen(y, at_points, within + inside.log_density(y, *theta[:-m]))

    def of_weights(theta, share, *y):
        weights = [exp(w) for w in log_weights(theta[-m:])]
        found = information.of_part(parts[0], weights[0] if share is None else share, y, theta[:-m])
        return found | information.of_odds(list(own), weights)

    def expected_information(*theta):
        return of_weights(theta, None)

    def complete_information(y, *theta):
        return of_weights(theta, chosen(y, [constant(0.0)] * m, constant(1.0)), y)

    def printed(y, *theta):
        total = sum(theta[-m:], constant(1.0))
        within = inside.log_density(y, *theta[:-m])
        return chosen(y, [odds.log for odds in theta[-m:]], within) - log(total)

    return Specification(
        name=f"{KIND}({inside.name}, at={_listed(points)})",
        doc=f"{inside.name}, and points at {' and '.join(f'{v:g}' for v in points)}.",
        support=_support(support, ends),
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=information.formulas_of(
            [inside], expected=expected_information, complete=complete_information
        ),
        smooth=inside.smooth,
        printed=printed,
        structure=base.Structure(
            KIND,
            parts,
            lambda part, y, weight: base.selected(y, weight, ~np.isin(y, points)),
            lambda y, weight: _odds(y, weight, dict(zip(own, points, strict=True))),
        ),
    )


def _ends(inside: Specification, at: tuple[float, ...]) -> list[str]:
    """Which ends of the support the points are, "low" before "high"; errors say what is possible."""
    base.refuse_families_over_classes(KIND, inside, "use Categorical() alone")
    support = inside.support
    if support.integer:
        raise TypeError(
            f"{KIND} is not defined for the counts of {inside.name}, which have probabilities already; "
            f"use ZeroInflated({inside.name}()) for zeros"
        )
    for kind in (KIND, "ZeroInflated"):
        if base.contains(inside, kind):
            raise TypeError(
                f"{KIND} is not defined for {inside.name}, which has a point of its own already: name all "
                "points in one, at=(0, 1)"
            )
    possible = {} if support is circular else {
        end: v for end, v in (("low", support.low), ("high", support.high)) if np.isfinite(v)
    }  # fmt: skip
    if not possible:
        raise TypeError(
            f"{KIND} puts points at the ends of y, but y of {inside.name} lies in {support.symbol}, which has "
            "none; choose a family such as Beta() or Gamma()"
        )
    wrong = [v for v in at if v not in possible.values()]
    if wrong or not at:
        known = " and ".join(f"{v:g}" for v in possible.values())
        got = f"{wrong[0]:g} is not one" if wrong else "none was given"
        raise ValueError(
            f"{KIND} puts points at the ends of y, which for {inside.name} are at {known}; {got}. Values inside "
            "need no point: there the family has a density"
        )
    return [end for end, v in possible.items() if v in at]


def _listed(points: list[float]) -> str:
    listed = ", ".join(f"{v:g}" for v in points)
    return f"({listed})" if len(points) > 1 else listed


def _support(support: Domain, ends: list[str]) -> Domain:
    """The support with the ends that are points."""
    closed = {
        "low": "low" in ends or support.closed_low,
        "high": "high" in ends or support.closed_high,
    }
    shown = {
        "low": f"{support.low:g}".replace("-inf", "−∞"),
        "high": f"{support.high:g}".replace("inf", "∞"),
    }
    signs = {"low": ("≥" if closed["low"] else ">"), "high": ("≤" if closed["high"] else "<")}
    words = " and ".join(f"{signs[end]} {v}" for end, v in shown.items() if "∞" not in v)
    edges = ("[" if closed["low"] else "(", "]" if closed["high"] else ")")
    symbol = f"{edges[0]}{shown['low']}, {shown['high']}{edges[1]}"
    return Domain(
        "inflated",
        symbol,
        f"a number {words}",
        support.low,
        support.high,
        closed["low"],
        closed["high"],
    )


def _odds(y: base.Array, weight: base.Array | None, points: dict[str, float]) -> dict[str, float]:
    """For a start, how often each point is seen for once inside; half a row is added to either."""
    w = np.ones(y.shape) if weight is None else weight
    inside = w[~np.isin(y, list(points.values()))].sum() + 0.5
    return {name: float((w[y == v].sum() + 0.5) / inside) for name, v in points.items()}
