"""More zeros than a family has, or fewer, or other values with a probability of their own."""

from __future__ import annotations

from collections.abc import Sequence

from likely.catalogue import as_family
from likely.modifiers.base import ModifiedFamily, number
from likely.recipe import Family, Role


class ZeroInflated(ModifiedFamily):
    r"""A family with additional zeros: p(0) = π + (1 − π) p₀(0), and (1 − π) p₀(y) elsewhere.

    ``inflation`` is π, by default shared by all rows; ``inflation=predicted`` gives it a predictor of its own.
    The parameters of the family keep their names: ``mean`` is the mean of the part that is not inflated. Of
    continuous families on the positive numbers or on proportions, zero becomes a point of
    probability π, which is also the mode, because no density outweighs a point.

    TypeError where it is not defined: for classes, real numbers, and families whose zeros are modified already.

    >>> from likely import Poisson, ZeroInflated, predicted
    >>> ZeroInflated(Poisson()).parameters
    ('mean', 'inflation')
    >>> d = ZeroInflated(Poisson()).at(mean=3.0, inflation=0.4)
    >>> round(float(d.prob(0)), 4), round(float(d.mean()), 4)
    (0.4299, 1.8)
    """

    def __init__(self, family: Family | type[Family] | str, **roles: Role | float) -> None:
        from likely.families.modifiers.zero_inflated import zero_inflated

        inside = as_family(family)
        self._modify(zero_inflated(inside.specification), [inside], roles)


class Inflated(ModifiedFamily):
    r"""A continuous family with points at the ends of its support: proportions with exact zeros, ones, or both.

    ``at``: the points, an end of the support or both. ``inflation`` π is the share of the rows at an end; with two
    points ``upper_share`` γ is that of the upper end among them: P(y = 0) = π(1 − γ), P(y = 1) = πγ, and the density
    (1 − π) p₀(y) in between. Both are shared by all rows unless predicted. The parameters of the family keep their
    names: ``mean`` is that of what is inside. The mode is a point, because no density outweighs one.

    The likelihood is a product of three: whether a row is at an end, at which, and the family of the rows inside.
    None of their parameters moves another's maximum, each has a link of its own, and with one point at 0 it is
    ``ZeroInflated``.

    ValueError where ``at`` names anything but ends of the support. TypeError where it is not defined: for counts,
    classes, the real line, and families that have points already.

    >>> from likely import Beta, Inflated
    >>> family = Inflated(Beta(), at=(0, 1))
    >>> family.parameters
    ('mean', 'precision', 'inflation', 'upper_share')
    >>> d = family.at(mean=0.5, precision=2.0, inflation=0.4, upper_share=0.75)
    >>> d.prob([0.0, 1.0]).round(6), round(float(d.mean()), 6), round(float(d.cdf(0.5)), 6)
    (array([0.1, 0.3]), 0.6, 0.4)
    """

    def __init__(
        self,
        family: Family | type[Family] | str,
        at: float | Sequence[float],
        **roles: Role | float,
    ) -> None:
        from likely.families.modifiers.inflated import inflated

        inside = as_family(family)
        given = at if isinstance(at, Sequence) else (at,)
        points = tuple(sorted({number(value, "at") for value in given}))
        self._modify(inflated(inside.specification, points), [inside], roles, at=points)


class Hurdle(ModifiedFamily):
    r"""Counts in two steps: zero with probability π, otherwise the family given that it is not zero.

    ``zero`` is π, by default predicted; the parameters of the family keep their names and belong to the
    family before it is cut off at zero. The two halves of the likelihood share nothing, so the fit of
    either does not depend on the other. Of ``Hurdle(Truncated(family, low=2))`` y is 0, or 3 and more.

    TypeError where it is not defined: y must be counts whose zeros are not modified already.

    >>> from likely import Hurdle, NegativeBinomial
    >>> Hurdle(NegativeBinomial()).parameters
    ('mean', 'size', 'zero')
    >>> float(Hurdle("poisson").at(mean=3.0, zero=0.25).prob(0))
    0.25
    """

    def __init__(self, family: Family | type[Family] | str, **roles: Role | float) -> None:
        from likely.families.modifiers.hurdle import hurdle

        inside = as_family(family)
        self._modify(hurdle(inside.specification), [inside], roles)
