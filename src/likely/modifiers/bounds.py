"""What is seen of y between two bounds only, or known by two bounds only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from likely.catalogue import as_family
from likely.modifiers.base import ModifiedFamily, number
from likely.recipe import Family, Role

if TYPE_CHECKING:
    from likely.report.explanation import Explanation


#: What to do with bounds that differ by row.
_BY_ROW = (
    ": bounds of each row come with y. Leave them out here, and give fit what likely.truncated(y, low=..., high=...) "
    "makes"
)


class Truncated(ModifiedFamily):
    r"""A family of which only y between two bounds is ever seen: p(y) = p₀(y)/(F₀(high) − F₀(low)).

    low, high: numbers, the same for all rows; give one or both. Of continuous families low ≤ y ≤ high, of
    counts low < y ≤ high, so that ``low=0`` is zero-truncation. The parameters keep their meaning: ``mean`` is the
    mean before the cut, while ``predict`` and ``.mean()`` speak of the y that are seen.

    With neither, every row brings bounds of its own, of counts low < y ≤ high as well: y has three columns, (n, 3), the
    value, low and high, ±inf for none; ``likely.truncated(y, low=...)`` makes them. So whatever splits the rows of y
    takes the bounds along. A new row brings none: predictions are those of the family itself, not truncated;
    ``predict_dist(X, low=..., high=...)`` gives the distribution between bounds. ``Censored(Truncated(family))``
    is for times that are censored and of delayed entry.

    ValueError: bounds that are inverted, or cut off nothing or everything; rows of y outside their own. TypeError
    where it is not defined: for classes, and without logarithms of both tails for continuous families, for counts
    with bounds by row, or above a bound other than 0 without a ``high``.

    >>> from likely import Exponential, Normal, Poisson, Truncated, truncated
    >>> d = Truncated(Poisson(), low=0).at(mean=2.0)
    >>> round(float(d.mean()), 4), float(d.prob(0))
    (2.313, 0.0)
    >>> Truncated(Normal(), low=0.0, high=10.0).parameters
    ('loc', 'scale')
    >>> ages = truncated([5.0, 3.0, 7.0], low=[3.0, 0.0, 4.0])   # seen from these ages on
    >>> round(Truncated(Exponential()).fit(ages).parameters["mean"], 6)      # time seen over events
    2.666667
    """

    def __init__(
        self,
        family: Family | type[Family] | str,
        low: float | None = None,
        high: float | None = None,
        **roles: Role | float,
    ) -> None:
        from likely.families.modifiers.truncated import truncated, truncated_by_row

        inside = as_family(family)
        given = {
            name: number(v, name, _BY_ROW)
            for name, v in (("low", low), ("high", high))
            if v is not None
        }
        specification = (
            truncated(
                inside.specification, given.get("low", -math.inf), given.get("high", math.inf)
            )
            if given
            else truncated_by_row(inside.specification)
        )
        self._modify(specification, [inside], roles, **given)

    def explain(self) -> Explanation:
        """The recipe for this family; with bounds by row that of the family inside, and what a row adds."""
        if not self.specification.tabular:
            return super().explain()
        from dataclasses import replace

        from likely.report.explain import explain

        told = explain(self.loss().distribution, repr(self))
        return replace(told, steps=(*told.steps, _bounds_by_row()))


class Censored(ModifiedFamily):
    r"""A family some of whose y are known by bounds only: survival times, detection limits.

    y has two columns, (n, 2): low and high, equal where y was seen; (t, inf) is right-censored at t, (-inf, t)
    left-censored at t. ``likely.censored(time, event)`` makes them. An exact row adds log p(y), any other
    log(F(high) − F(low)). Of counts both ends belong to the interval: (10, inf) is "10 or more", (1, 5) one of 1, …,
    5. Predictions are distributions of y itself, as if nothing were censored.

    ``Censored(Truncated(family))`` with bounds by row takes two columns more, (n, 4), the bounds between which the row
    could be seen at all: delayed entry is ``censored(time, event, entry=entry)``. Every row then subtracts
    log(F(to) − F(from)), and what a censored row says counts between its bounds.

    TypeError where it is not defined: for classes, and families without logarithms of both tails.

    >>> from likely import Censored, Exponential, censored
    >>> y = censored(time=[2.0, 5.0, 3.0], event=[1, 1, 0])
    >>> fitted = Censored(Exponential()).fit(y)
    >>> round(fitted.parameters["mean"], 6)                     # total time over events
    5.0
    """

    def __init__(self, family: Family | type[Family] | str, **roles: Role | float) -> None:
        from likely.families.modifiers.censored import censored

        inside = as_family(family)
        self._modify(censored(inside.specification), [inside], roles)

    def explain(self) -> Explanation:
        """The recipe of the family inside, and what a censored row adds instead."""
        from dataclasses import replace

        from likely.report.explain import explain
        from likely.report.explanation import Line, Step

        told = explain(self.loss().distribution, repr(self))
        # Both ends of an interval of counts belong to it.
        low, l = ("low − 1", "l - 1") if self.loss().discrete else ("low", "l")
        left, right = "ℓ(low, high)", f"−log(F(high) − F({low}))"
        line = Line(left, right, r"\ell(l, h)", rf"-\log\left(F(h) - F({l})\right)")
        note = "F is the distribution function at the same parameters; it is 0 at −∞ and 1 at ∞."
        steps = [Step("Rows of which only bounds of y are known", (line,), note)]
        if self.specification.support.known:
            steps.append(_bounds_by_row())
        return replace(told, steps=(*told.steps, *steps))


def _bounds_by_row() -> Any:
    """The step of rows that could only be seen between bounds of their own."""
    from likely.report.explanation import Line, Step

    line = Line(
        "ℓ(y, a, b)",
        "ℓ(y) + log(F(b) − F(a))",
        r"\ell(y, a, b)",
        r"\ell(y) + \log\left(F(b) - F(a)\right)",
    )
    note = "F is the distribution function at the same parameters; without a bound it is 0 at a, 1 at b."
    return Step("Rows that could only be seen between bounds of their own, a and b", (line,), note)
