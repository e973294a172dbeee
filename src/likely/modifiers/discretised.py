"""Whole numbers by a continuous family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from likely.catalogue import as_family
from likely.modifiers.base import ModifiedFamily
from likely.recipe import Family, Role

if TYPE_CHECKING:
    from likely.report.explanation import Explanation


class Discretised(ModifiedFamily):
    r"""Whole numbers by a continuous family: the probability of k is that of its unit.

    Of a family on the positive numbers, whole units that have passed: P(k) = F(k + 1) − F(k) for k = 0, 1, 2, …,
    so that ``Discretised(Weibull())`` is the discrete Weibull and ``Discretised(Exponential())`` a Geometric. Of a
    family on the real line, rounding: P(k) = F(k + ½) − F(k − ½), k any whole number, 0 and below too.

    The parameters keep their names and are those before the rounding; ``predict`` and ``.mean()`` speak of the whole
    numbers. Divide y by its unit first where that is not 1.

    TypeError where it is not defined: for whole numbers, classes, and families without logarithms of both tails.

    >>> from likely import Discretised, Exponential, Geometric
    >>> d = Discretised(Exponential()).at(mean=2.0)
    >>> round(float(d.prob(0)), 6), round(float(d.mean()), 6)
    (0.393469, 1.541494)
    >>> float(d.prob(3) / d.prob(2) - d.prob(1) / d.prob(0)) < 1e-15
    True
    """

    def __init__(self, family: Family | type[Family] | str, **roles: Role | float) -> None:
        from likely.families.modifiers.discretised import discretised

        inside = as_family(family)
        self._modify(discretised(inside.specification), [inside], roles)

    def explain(self) -> Explanation:
        """The recipe of the family inside, and the probability that takes the place of its density."""
        from dataclasses import replace

        from likely.report.explain import explain
        from likely.report.explanation import Line, Step

        inside, _ = self.loss().parts[0]
        told = explain(inside, repr(self))
        low, high = (
            ("k", "k + 1") if inside.specification.support.low == 0.0 else ("k − ½", "k + ½")
        )
        line = Line(
            "ℓ(k)",
            f"−log(F({high}) − F({low}))",
            r"\ell(k)",
            rf"-\log\left(F({_latex(high)}) - F({_latex(low)})\right)",
        )
        note = "F is the distribution function at the same parameters; this takes the place of the density."
        return replace(told, steps=(*told.steps, Step("Whole numbers", (line,), note)))


def _latex(end: str) -> str:
    return end.replace("½", r"\tfrac12").replace("−", "-")
