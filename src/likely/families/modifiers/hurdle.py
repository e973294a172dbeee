"""Hurdle: zeros by one mechanism, counts above zero by another."""

from __future__ import annotations

import math

from likely._math.atoms import logaddexp
from likely._math.domains import Domain, ZeroOr, unit_interval, zero_or
from likely._math.graph import equal, exp, expm1, log1p, maximum, where
from likely.families.base import Array, Parameter, Part, Rows, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base, information
from likely.families.modifiers.bounds import missing_tails
from likely.families.modifiers.truncated import truncated
from likely.families.view import View

KIND = "Hurdle"


@made_once
def hurdle(inside: Specification) -> Specification:
    r"""Zero with a probability of its own; otherwise the family, given that it is not zero.

    .. math:: p(0) = \pi, \qquad p(y) = (1-\pi)\,\frac{p_0(y)}{1 - p_0(0)}, \quad y > 0

    A truncated family is cut off at zero as well; one that begins above some count leaves nothing between it and 0.

    The likelihood splits in two: ``zero`` is a Bernoulli regression, the rest a zero-truncated one. Unlike
    ZeroInflated it allows fewer zeros than the family as well as more.

    Source: Mullahy (1986), doi:10.1016/0304-4076(86)90002-3.
    """
    _refuse(inside)
    support, positive = _above_zero(inside)

    def log_density(y, *theta):
        *inner, zero = theta
        above = zero.log1m + positive.log_density(y, *inner)
        if isinstance(support, ZeroOr):
            above = where(y < support.above, -float("inf"), above)
        return where(equal(y, 0.0), zero.log, above)

    def log_sf(y, *theta):
        *inner, zero = theta
        return zero.log1m + positive.formulas["log_sf"](y, *inner)

    def log_cdf(y, *theta):
        *inner, zero = theta
        beyond = exp(log_sf(y, *theta))
        # P(0 < Y ≤ y) is that of nothing for y = 0.
        later = View("y", maximum(y, positive.support.low), {})
        below = where(
            y < positive.support.low, -float("inf"), positive.formulas["log_cdf"](later, *inner)
        )
        sum_ = logaddexp(zero.log, zero.log1m + below)
        return where(beyond < 0.5, log1p(-beyond), sum_)

    def between(low, high, *theta):
        # Of counts above zero alone.
        *inner, zero = theta
        last = View("high", maximum(high, positive.support.low), {})
        within = positive.formulas["log_interval"](low, last, *inner)
        return zero.log1m + where(high < positive.support.low, -float("inf"), within)

    tails = {"log_cdf": log_cdf, "log_sf": log_sf, "log_interval": between}
    if missing_tails(positive):
        tails = {}

    parts = (Part(inside),)

    def complete_information(y, *theta):
        *inner, _ = theta
        # A count above 0 comes after p₀(0)/(1 − p₀(0)) zeros, on average, that were not let through.
        above = -expm1(inside.log_density(base.at_zero(), *inner))
        unseen = information.of_part(parts[0], (1.0 - above) / above, [base.at_zero()], inner)
        seen = information.of_part(parts[0], 1.0, [y], inner)
        own = {pair: where(equal(y, 0.0), 0.0, v + unseen[pair]) for pair, v in seen.items()}
        return own | information.of_choice("zero")

    parameters, alternatives = base.parameters_of(
        KIND, parts, {"zero": Parameter(unit_interval, r"\pi")}
    )
    return Specification(
        name=f"{KIND}({inside.name})",
        doc=f"{inside.name} above zero, with a probability of zero of its own.",
        support=support,
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=tails | dict(information.formulas_of([inside], complete=complete_information)),
        smooth=inside.smooth,
        structure=Structure(
            KIND, parts, _rows, lambda y, weight: {"zero": base.share(y == 0.0, weight)}
        ),
    )


def _refuse(inside: Specification) -> None:
    base.refuse_families_over_classes(KIND, inside, "use Bernoulli() or Categorical() alone")
    if any(base.contains(inside, kind) for kind in (KIND, "ZeroInflated")):
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose zeros are modified already"
        )
    truncated = inside.structure is not None and inside.structure.kind == "Truncated"
    if inside.support.name != "counts" and not (truncated and inside.support.integer):
        instead = (
            f"use ZeroInflated({base.written(inside)}), which is the same there"
            if inside.support.name in ("positive", "nonnegative", "unit_interval")
            and not base.contains(inside, "Inflated")
            else "choose a family of counts such as Poisson() or NegativeBinomial()"
        )
        raise TypeError(
            f"{KIND} needs counts from 0, but y of {inside.name} lies in {inside.support.symbol}; {instead}"
        )


def _above_zero(inside: Specification) -> tuple[Domain, Specification]:
    """Where y can be, and the family of the counts above zero."""
    if inside.structure is None or inside.structure.kind != "Truncated":
        return inside.support, truncated(inside, 0.0, math.inf)
    family, support = inside.structure.parts[0].specification, inside.support
    above = truncated(family, max(support.low - 1.0, 0.0), support.high)
    return zero_or(support), above


def _rows(part: int, y: Array, weight: Array | None) -> Rows:
    return base.selected(y, weight, y > 0.0)
