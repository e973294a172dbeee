"""ZeroInflated: more zeros than the family has."""

from __future__ import annotations

from functools import cache

from likely._math.atoms import logaddexp, softplus
from likely._math.domains import Domain, nonnegative, unit_interval
from likely._math.graph import constant, equal, exp, expm1, log1p, where
from likely.families.base import Parameter, Specification
from likely.families.modifiers import base, information

KIND = "ZeroInflated"
#: Supports of continuous families to which a point mass at 0 can be added.
_WITH_ZERO = {
    "positive": nonnegative,
    "nonnegative": nonnegative,
    "unit_interval": Domain(
        "unit_with_zero", "[0, 1)", "a number ≥ 0 and < 1", 0.0, 1.0, closed_low=True
    ),
}


@cache
def zero_inflated(inside: Specification) -> Specification:
    r"""A share of the rows is zero whatever the family says.

    .. math:: p(0) = \pi + (1-\pi)\,p_0(0), \qquad p(y) = (1-\pi)\,p_0(y), \quad y \ne 0

    The inner family's parameters keep their names and their meaning: ``mean`` is its mean, not that of y. Over
    a continuous family on the positive numbers or proportions, zero is a point of probability π, and the
    likelihood splits into a Bernoulli and the inner family of the rest.

    Source: Lambert (1992), doi:10.2307/1269547.
    """
    _refuse(inside)
    integer = inside.support.integer

    def log_density(y, *theta):
        *inner, inflation = theta
        elsewhere = inflation.log1m + inside.log_density(y, *inner)
        if not integer:
            return where(equal(y, 0.0), inflation.log, elsewhere)
        log_p0 = inside.log_density(base.at_zero(), *inner)
        # 1 − p(0) is a product; where p(0) is nearly 1, its logarithm comes from there.
        missing = inflation.complement * -expm1(log_p0)
        sum_ = logaddexp(inflation.log, inflation.log1m + log_p0)
        return where(equal(y, 0.0), where(missing < 0.5, log1p(-missing), sum_), elsewhere)

    parts = (base.Part(inside),)

    def expected_information(*theta):
        *inner, inflation = theta
        own = information.of_part(parts[0], inflation.complement, [], inner)
        return own | information.of_choice("inflation")

    def complete_information(y, *theta):
        *inner, inflation = theta
        own_zero = constant(0.0)
        if integer:
            log_p0 = inside.log_density(base.at_zero(), *inner)
            own_zero = exp(-softplus(inflation.log - inflation.log1m - log_p0))
        own = information.of_part(parts[0], where(equal(y, 0.0), own_zero, 1.0), [y], inner)
        return own | information.of_choice("inflation")

    parameters, alternatives = base.parameters_of(
        KIND, parts, {"inflation": Parameter(unit_interval, r"\pi", shared=True)}
    )
    return Specification(
        name=f"{KIND}({inside.name})",
        doc=f"{inside.name} with additional zeros.",
        support=inside.support if integer else _WITH_ZERO[inside.support.name],
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=information.formulas_of(
            [inside],
            expected=None if integer else expected_information,
            complete=complete_information,
        ),
        smooth=inside.smooth,
        structure=base.Structure(KIND, parts, _rows, _own if integer else _share_of_zeros),
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
    if inside.support.low > 0.0 or (inside.support.integer and inside.support.name != "counts"):
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose y lies in {inside.support.symbol} without 0"
        )
    if not inside.support.integer and inside.support.name not in _WITH_ZERO:
        raise TypeError(
            f"{KIND} needs counts, positive amounts or proportions, but y of {inside.name} lies in "
            f"{inside.support.symbol}; choose a family such as Poisson(), Gamma() or Beta()"
        )


def _rows(part: int, y: base.Array, weight: base.Array | None) -> base.Rows:
    return base.selected(y, weight, y > 0.0)


def _share_of_zeros(y: base.Array, weight: base.Array | None) -> dict[str, float]:
    return {"inflation": base.share(y == 0.0, weight)}


def _own(y: base.Array, weight: base.Array | None) -> dict[str, float]:
    # Some of the zeros are the family's own.
    return {"inflation": 0.5 * base.share(y == 0.0, weight)}
