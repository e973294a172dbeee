"""ZeroInflated: more zeros than the family has."""

from __future__ import annotations

from dataclasses import replace

from likely._math.atoms import logaddexp, softplus
from likely._math.domains import unit_interval
from likely._math.graph import equal, exp, expm1, log1p, where
from likely.families.base import Parameter, Part, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base, information
from likely.families.modifiers.bounds import missing_tails
from likely.families.modifiers.inflated import inflated

KIND = "ZeroInflated"
#: Supports of continuous families to which a point at 0 can be added.
_WITH_ZERO = ("positive", "nonnegative", "unit_interval")


@made_once
def zero_inflated(inside: Specification) -> Specification:
    r"""A share of the rows is zero whatever the family says.

    .. math:: p(0) = \pi + (1-\pi)\,p_0(0), \qquad p(y) = (1-\pi)\,p_0(y), \quad y \ne 0

    The inner family's parameters keep their names and their meaning: ``mean`` is its mean, not that of y. Over
    a continuous family on the positive numbers or proportions, zero is a point of probability π, and the
    likelihood splits into a Bernoulli and the inner family of the rest.

    Source: Lambert (1992), doi:10.2307/1269547.
    """
    _refuse(inside)
    if not inside.support.integer:
        points = inflated(inside, (0.0,))
        assert points.structure is not None
        return replace(
            points,
            name=f"{KIND}({inside.name})",
            doc=f"{inside.name} with zeros.",
            structure=replace(points.structure, kind=KIND),
        )

    def log_density(y, *theta):
        *inner, inflation = theta
        elsewhere = inflation.log1m + inside.log_density(y, *inner)
        log_p0 = inside.log_density(base.at_zero(), *inner)
        # 1 − p(0) is a product; where p(0) is nearly 1, its logarithm comes from there.
        missing = inflation.complement * -expm1(log_p0)
        sum_ = logaddexp(inflation.log, inflation.log1m + log_p0)
        return where(equal(y, 0.0), where(missing < 0.5, log1p(-missing), sum_), elsewhere)

    def log_sf(y, *theta):
        *inner, inflation = theta
        return inflation.log1m + inside.formulas["log_sf"](y, *inner)

    def log_cdf(y, *theta):
        *inner, inflation = theta
        beyond = exp(log_sf(y, *theta))
        sum_ = logaddexp(inflation.log, inflation.log1m + inside.formulas["log_cdf"](y, *inner))
        return where(beyond < 0.5, log1p(-beyond), sum_)

    tails = {} if missing_tails(inside) else {"log_cdf": log_cdf, "log_sf": log_sf}
    parts = (Part(inside),)

    def complete_information(y, *theta):
        *inner, inflation = theta
        log_p0 = inside.log_density(base.at_zero(), *inner)
        of_family = exp(-softplus(inflation.log - inflation.log1m - log_p0))
        own = information.of_part(parts[0], where(equal(y, 0.0), of_family, 1.0), [y], inner)
        return own | information.of_choice("inflation")

    parameters, alternatives = base.parameters_of(
        KIND, parts, {"inflation": Parameter(unit_interval, r"\pi", shared=True)}
    )
    return Specification(
        name=f"{KIND}({inside.name})",
        doc=f"{inside.name} with additional zeros.",
        support=inside.support,
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=tails | dict(information.formulas_of([inside], complete=complete_information)),
        smooth=inside.smooth,
        structure=Structure(
            KIND,
            parts,
            lambda part, y, weight: base.selected(y, weight, y > 0.0),
            # Some of the zeros are the family's own.
            lambda y, weight: {"inflation": 0.5 * base.share(y == 0.0, weight)},
            points=(0.0,),
        ),
    )


def _refuse(inside: Specification) -> None:
    base.refuse_families_over_classes(KIND, inside, "use Bernoulli() or Categorical() alone")
    if any(base.contains(inside, kind) for kind in (KIND, "Hurdle", "Inflated")):
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose zeros are modified already"
        )
    if inside.support.name == "successes":
        raise TypeError(
            f"{KIND} takes counts without an upper end, not {inside.name}; Mixture({inside.name}, 2) is "
            "there for rows that are nearly always 0"
        )
    if inside.support.name == "integers":
        raise TypeError(
            f"{KIND} takes counts from 0, but y of {inside.name} may be any whole number"
        )
    if inside.support.low > 0.0:
        counts = inside.support.integer
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose y lies in {inside.support.symbol} without 0"
            + (f"; Hurdle({inside.name}) gives 0 a probability of its own" if counts else "")
        )
    if not inside.support.integer and inside.support.name not in _WITH_ZERO:
        raise TypeError(
            f"{KIND} needs counts, positive amounts or proportions, but y of {inside.name} lies in "
            f"{inside.support.symbol}; choose a family such as Poisson(), Gamma() or Beta()"
        )
