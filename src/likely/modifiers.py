"""Modifiers: families made of other families, such as ``ZeroInflated(Poisson())``.

Each is a :class:`~likely.recipe.Family` like any other. The specification comes from
``likely.families.modifiers``; roles and links of the families inside are kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from likely.catalogue import as_family
from likely.families.base import Specification
from likely.recipe import Family, Role

if TYPE_CHECKING:
    from likely.report.explanation import Explanation


#: The functions of ``Transformed``, and the numbers that each takes.
TRANSFORMS: dict[str, tuple[str, ...]] = {
    "log": (),
    "box-cox": ("power",),
    "affine": ("shift", "factor"),
}


class ModifiedFamily(Family):
    """A family made of other families; its subclasses are the modifiers."""

    #: The families inside.
    families: tuple[Family, ...]

    def _modify(
        self,
        specification: Specification,
        families: Sequence[Family],
        roles: Mapping[str, Role | float],
        **arguments: Any,
    ) -> None:
        """Become the family of this specification, with the roles of the families inside.

        ``roles`` are those of the modifier's own parameters, ``arguments`` what the ``repr`` says beside
        the families.
        """
        structure = specification.structure
        assert structure is not None
        # Of one family repeated, every part has its roles.
        inside = families if len(families) > 1 else list(families) * len(structure.parts)
        merged: dict[str, Role | float] = {}
        for part, family in zip(structure.parts, inside, strict=True):
            for name in (*part.specification.parameters, *part.specification.alternatives):
                given = next((k for k in (name, part.outer(name)) if k in roles), None)
                if given is not None:
                    raise TypeError(
                        f"{given} is a parameter of {part.specification.name}: give it there, "
                        f"{structure.kind}({part.specification.name}({name}={roles[given]!r}))"
                    )
            merged |= {part.outer(name): role for name, role in family._roles.items()}
        self.specification = specification
        self.families = tuple(families)
        self._own = dict(roles)
        self._arguments = arguments
        super().__init__(**merged, **roles)

    def __repr__(self) -> str:
        given = [repr(family) for family in self.families]
        for name, value in self._arguments.items():
            given.append(repr(value) if name in ("n", "transform") else f"{name}={value!r}")
        given += [f"{name}={role!r}" for name, role in self._own.items()]
        return f"{type(self).__name__}({', '.join(given)})"

    def explain(self) -> Explanation:
        """The recipe for this family step by step, derived from its formula."""
        from likely.report.explain import explain

        return explain(self.loss(), repr(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.families, self._arguments, self._own)


def _rebuild(
    cls: Any,
    families: Sequence[Family],
    arguments: Mapping[str, Any],
    own: Mapping[str, Role | float],
) -> ModifiedFamily:
    made: ModifiedFamily = cls(*families, **arguments, **own)
    return made


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

    ValueError where ``at`` names anything but ends of the support, or nothing. TypeError where it is not defined: for
    counts, classes, the real line, and families that have points already.

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
        at: float | Sequence[float] = (),
        **roles: Role | float,
    ) -> None:
        from likely.families.modifiers.inflated import inflated

        inside = as_family(family)
        given = at if isinstance(at, Sequence) else (at,)
        points = tuple(sorted({_bound(value, "at") for value in given}))
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
            name: _bound(v, name) for name, v in (("low", low), ("high", high)) if v is not None
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
    contains the others.

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


class Transformed(ModifiedFamily):
    r"""A function h of y follows the family: p(y) = p₀(h(y)) |h′(y)|.

    ======================================  ==================  ================================
    ``transform``                           h(y)                y
    ======================================  ==================  ================================
    ``"log"``                               log y               eˣ
    ``"box-cox"``, ``power=λ``, not 0       (y^λ − 1)/λ         (1 + λ x)^(1/λ), positive
    ``"affine"``, ``shift=a``, ``factor=b``  (y − a)/b           a + b x; b < 0 reflects
    ======================================  ==================  ================================

    The parameters keep their names and are those of x = h(y), while predictions, ``.mean()`` and the mode are those
    of y: ``Transformed(Normal(), "log")`` is LogNormal. Numbers of the function are given, not learned; powers
    are compared by the likelihood, which is that of y whatever the power.

    TypeError where it is not defined: for counts, classes, angles, losses with kinks, and ``"box-cox"`` of a family
    that reaches beyond −1/λ, where no y is. ValueError for numbers that cannot be.

    >>> from likely import Normal, Transformed, Truncated
    >>> d = Transformed(Normal(), "log").at(loc=0.0, scale=0.5)
    >>> round(float(d.mean()), 6), round(float(d.median()), 6), round(float(d.mode()), 6)
    (1.133148, 1.0, 0.778801)
    >>> family = Transformed(Truncated(Normal(), low=-2.0), "box-cox", power=0.5)
    >>> round(float(family.at(loc=1.0, scale=0.5).median()), 6)
    2.25
    """

    def __init__(
        self,
        family: Family | type[Family] | str,
        transform: str,
        *,
        power: float | None = None,
        shift: float | None = None,
        factor: float | None = None,
        **roles: Role | float,
    ) -> None:
        from likely.families.modifiers.transformed import Affine, BoxCox, Log, transformed

        inside = as_family(family)
        if transform not in TRANSFORMS:
            raise ValueError(f"transform must be one of {', '.join(TRANSFORMS)}; got {transform!r}")
        takes = TRANSFORMS[transform]
        numbers = {"power": power, "shift": shift, "factor": factor}
        given = {name: _bound(v, name) for name, v in numbers.items() if v is not None}
        other = [name for name in given if name not in takes]
        if other:
            known = " and ".join(takes) or "no numbers"
            raise TypeError(f"transform {transform!r} takes {known}, not {other[0]}")
        for name, value in given.items():
            if not math.isfinite(value) or (value == 0.0 and name != "shift"):
                also = '; "log" is the limit at 0' if name == "power" else ""
                other_than = "" if name == "shift" else " other than 0"
                raise ValueError(f"{name} must be a finite number{other_than}, got {value:g}{also}")
        h: Log | BoxCox | Affine = Log()
        if transform == "box-cox":
            if power is None:
                raise TypeError(
                    'transform "box-cox" needs its power, as in Transformed(family, "box-cox", power=0.5)'
                )
            h = BoxCox(given["power"])
        if transform == "affine":
            h = Affine(given.get("shift", 0.0), given.get("factor", 1.0))
        specification = transformed(inside.specification, h)
        self._modify(specification, [inside], roles, transform=transform, **given)


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


def _latex(end: str) -> str:
    return end.replace("½", r"\tfrac12").replace("−", "-")


def _bound(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, the same for all rows, got {value!r}") from None
    if math.isnan(number):
        raise ValueError(f"{name} must be a number, got {value!r}")
    return number


#: The modifiers by name.
MODIFIERS: dict[str, type[ModifiedFamily]] = {
    cls.__name__: cls
    for cls in (
        ZeroInflated,
        Inflated,
        Hurdle,
        Truncated,
        Censored,
        Mixture,
        Transformed,
        Discretised,
        Independent,
    )
}
