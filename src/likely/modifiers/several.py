"""Several families at once: one of them for each row, or one for each column of y."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

from likely.catalogue import as_family
from likely.modifiers.base import ModifiedFamily
from likely.recipe import Family, Role

if TYPE_CHECKING:
    from likely.report.explanation import Explanation


#: Components of a mixture: the derivatives of more take longer to write down than any rows could tell them apart.
MOST_COMPONENTS = 100


class Mixture(ModifiedFamily):
    r"""Rows that come from one of several families, nobody saw which: p(y) = Σ w_j p_j(y).

    ``Mixture(Normal(), 2)`` repeats a family, ``Mixture(Normal(), StudentT())`` names each. The parameters of
    component j carry its number: loc1, scale1, loc2 … The weights are given by their odds against the first
    component, odds2, odds3 … (w_j = odds_j/(1 + odds2 + …)), by default shared by all rows. A fit tries
    several starts, none of them random, and keeps the largest maximum; components that are alike start in
    ascending order.

    The likelihood of continuous components grows without end where one collapses onto a single y. Starts that lead
    there are passed over; where all do, the fit says ``unbounded``: give the components one scale, fix it, or try
    fewer components.

    TypeError where it is not defined: for classes, counts mixed with amounts, and supports of which none
    contains the others. ValueError for fewer than two components, or more than 100; and from a fit to fewer rows than
    components that are learned.

    >>> from likely import Mixture, Normal
    >>> family = Mixture(Normal(), 2)
    >>> family.parameters
    ('loc1', 'scale1', 'loc2', 'scale2', 'odds2')
    >>> d = family.at(loc1=0.0, scale1=1.0, loc2=5.0, scale2=1.0, odds2=3.0)
    >>> round(float(d.mean()), 6), round(float(d.cdf(2.5)), 4)
    (3.75, 0.2531)
    """

    def __init__(
        self,
        *families: Family | type[Family] | str | int,
        n: int | None = None,
        **roles: Role | float,
    ) -> None:
        from likely.families.modifiers.mixture import mixture

        given = list(families)
        if n is None and len(given) == 2 and isinstance(given[1], Integral):
            n = int(given.pop())
        inside = [as_family(family) for family in given]  # type: ignore[arg-type]
        components = n if isinstance(n, Integral) else len(inside)
        if components > MOST_COMPONENTS:
            raise ValueError(
                f"Mixture takes at most {MOST_COMPONENTS} components, got {components:,}: no data tell so many apart; "
                "try 2 or 3 first, and more as long as bic_ falls"
            )
        if n is None:
            self._modify(mixture(tuple(f.specification for f in inside)), inside, roles)
            return
        if len(inside) != 1 or not isinstance(n, Integral) or n < 2:
            raise ValueError(
                f"n must be a whole number of at least 2 beside one family, got n={n!r} and "
                f"{len(inside)} families"
            )
        specification = mixture((inside[0].specification,) * int(n))
        self._modify(specification, inside, roles, n=int(n))


class Independent(ModifiedFamily):
    r"""Several targets at once, independent given x: log p(y) = Σ log p_j(y_j).

    y has one column a family, (n, d), in the order given. ``Independent(direction=VonMises(), speed=Weibull())``
    names the columns; without names they are y0, y1, … Parameters carry the column's name, ``speed_scale``, and
    keep the roles that they have in their family. ``marginal("speed")`` of a prediction is the distribution of
    one column.

    The maximum of the likelihood is that of each family by itself; a network learns one model for all.

    TypeError for families over classes, of rows of several columns, or with a kink in their density; ValueError for
    fewer than two families, and names that do not fit. Bernoulli takes 0 and 1.

    >>> from likely import Independent, VonMises, Weibull
    >>> wind = Independent(direction=VonMises(), speed=Weibull())
    >>> wind.parameters
    ('direction_loc', 'direction_concentration', 'speed_scale', 'speed_shape')
    >>> d = wind.at(direction_loc=1.0, direction_concentration=2.0, speed_scale=5.0, speed_shape=2.0)
    >>> d.mode().round(4)
    array([1.    , 3.5355])
    >>> round(float(d.marginal("speed").mean()), 4)
    4.4311
    """

    def __init__(
        self,
        *families: Family | type[Family] | str,
        names: Sequence[str] | None = None,
        **named: Family | type[Family] | str,
    ) -> None:
        from likely.families.modifiers.independent import independent

        if families and named:
            raise TypeError("Independent takes families with names or without, not both")
        if named:
            families, names = tuple(named.values()), tuple(named)
        inside = [as_family(family) for family in families]
        if len(inside) < 2:
            raise ValueError(f"Independent takes at least two families, got {len(inside)}")
        chosen = tuple(f"y{j}" for j in range(len(inside))) if names is None else tuple(names)
        if len(set(chosen)) != len(inside) or not all(name.isidentifier() for name in chosen):
            raise ValueError(
                f"names must be one a family, different, and fit to begin a parameter's name; got {chosen}"
            )
        specification = independent(tuple(f.specification for f in inside), chosen)
        self._modify(specification, inside, {}, names=list(chosen))

    def __repr__(self) -> str:
        names = self._arguments["names"]
        return f"Independent({', '.join(f'{n}={f!r}' for n, f in zip(names, self.families, strict=True))})"

    def explain(self) -> Explanation:
        """The recipe of each family, one after the other."""
        from dataclasses import replace

        from likely.report.explain import explain
        from likely.report.explanation import Line, Step

        told = [explain(inside) for inside, _ in self.loss().parts]
        names = self._arguments["names"]
        latex = [r"\ell_{\mathrm{" + name.replace("_", r"\_") + "}}" for name in names]
        line = Line("ℓ(y)", " + ".join(f"ℓ_{n}" for n in names), r"\ell(y)", " + ".join(latex))
        steps = [
            replace(step, title=f"{name}: {step.title}")
            for name, one in zip(names, told, strict=True)
            for step in one.steps
        ]
        last = Step("Independent given x: the densities multiply, the losses add", (line,))
        return replace(
            told[0], title=repr(self), steps=(*steps, last), name="the sum", summary=line
        )
