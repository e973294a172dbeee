"""A sample of modified families, each modifier over families that meet different parts of it.

Families over trials are among them: they, too, are made of others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import likely
from likely.families.view import plain_view
from likely.recipe import Family
from oracles.textbook_modified import GAP, TAILS, TRIALS, WIDTHS

#: mpmath takes minutes over many points of these: their textbooks hold functions of large shapes.
SLOW = {
    "ZeroInflated(Beta)": 6,
    "ZeroInflated(Gamma)": 20,
    "Inflated(Beta, at=(0, 1))": 6,
    "Inflated(Beta, at=1)": 3,
    "Inflated(Gamma, at=0)": 12,
    "Truncated(NegativeBinomial, high=3)": 12,
}
#: By the name of the specification, which is the name of its textbook.
SAMPLE: dict[str, Family] = {
    family.specification.name: family
    for family in (
        likely.ZeroInflated(likely.Poisson()),
        likely.ZeroInflated(likely.NegativeBinomial()),
        likely.ZeroInflated(likely.Gamma()),
        likely.ZeroInflated(likely.LogNormal()),
        likely.ZeroInflated(likely.Exponential()),
        likely.ZeroInflated(likely.Beta()),
        likely.Inflated(likely.Beta(), at=(0, 1)),
        likely.Inflated(likely.Gamma(), at=0),
        likely.Inflated(likely.Beta(), at=1),
        likely.Hurdle(likely.Poisson()),
        likely.Hurdle(likely.NegativeBinomial()),
        likely.Truncated(likely.Poisson(), low=0),
        likely.Truncated(likely.NegativeBinomial(), low=0),
        likely.Truncated(likely.NegativeBinomial1(), low=0),
        likely.Truncated(likely.GeneralisedPoisson(), low=0),
        likely.Truncated(likely.Poisson(), low=0, high=5),
        likely.Truncated(likely.NegativeBinomial(), high=3),
        likely.Truncated(likely.Normal(), low=0),
        likely.Truncated(likely.Normal(), high=2),
        likely.Truncated(likely.Normal(), low=-1, high=2),
        likely.Truncated(likely.LogNormal(), low=0.5),
        likely.Truncated(likely.Exponential(), high=3),
        likely.Truncated(likely.Weibull(), low=1),
        likely.Transformed(likely.Normal(), "log"),
        likely.Transformed(likely.Truncated(likely.Normal(), low=-2), "box-cox", power=0.5),
        likely.Transformed(likely.Gumbel(), "affine", shift=1, factor=-2),
        likely.Transformed(likely.Gamma(), "affine", factor=3),
        likely.Discretised(likely.Exponential()),
        likely.Mixture(likely.Normal(), 2),
        likely.Mixture(likely.Normal(), likely.Logistic(), likely.Normal()),
        likely.Mixture(likely.Exponential(), 2),
        likely.Mixture(likely.Poisson(), 2),
        *(likely.Binomial(trials=n) for n in TRIALS),
        likely.BetaBinomial(trials=1, precision=2.0),  # one trial says nothing about it
        *(likely.BetaBinomial(trials=n) for n in TRIALS if n > 1),
    )
}


def _seen(inside: str, how: str, low: Any, high: Any) -> Any:
    """Censored(inside) of rows that follow from one number y: a family with a textbook."""
    spec = likely.Censored(inside.lower()).specification
    return replace(
        spec,
        name=f"Censored({inside}) {how}",
        support=spec.structure.parts[0].specification.support,
        log_density=lambda y, *theta: spec.log_density(low(y), high(y), *theta),
        structure=None,
    )


def _number(value: float) -> Any:
    return lambda y: plain_view("bound", value)


def _itself(y: Any) -> Any:
    return y


#: Specifications of censored rows as functions of one y, by the name of their textbook.
CENSORED: dict[str, Any] = {
    spec.name: spec
    for name in TAILS
    for spec in (
        _seen(name, "left", _number(float("-inf")), _itself),
        _seen(name, "right", _itself, _number(float("inf"))),
        *(
            _seen(name, f"by {w!r}", _itself, lambda y, w=w: plain_view("high", y + w))
            for w in WIDTHS
        ),
    )
}

#: Of these, those that textbooks meet wherever the grid leads: elsewhere an exponential may have too many digits.
MET = [
    name
    for name in CENSORED
    if any(f"({start}" in name for start in ("Normal", "LogNormal", "Exp", "JohnsonSU", "InverseG"))
]


def _late(inside: str, how: str) -> Any:
    """Rows of delayed entry that follow from one number y: seen at y, or censored there."""
    truncated = likely.Truncated(inside.lower()).specification
    family = likely.Censored(likely.Truncated(inside.lower())).specification
    none = _number(float("inf"))

    def log_density(y: Any, *theta: Any) -> Any:
        entry = plain_view("entry", y - GAP)
        if how == "seen":
            return truncated.log_density(y, entry, none(y), *theta)
        return family.log_density(y, none(y), entry, none(y), *theta)

    return replace(
        truncated,
        name=f"Truncated({inside}) {how}",
        support=truncated.structure.parts[0].specification.support,
        log_density=log_density,
        structure=None,
    )


#: Specifications of rows of delayed entry as functions of one y, by the name of their textbook.
LATE: dict[str, Any] = {
    spec.name: spec for name in TAILS for spec in (_late(name, "seen"), _late(name, "censored"))
}

#: So many trials that sums over them would take too long: the loss alone is tried.
MANY: dict[str, Any] = {
    family.specification.name: family.specification
    for family in (likely.Binomial(trials=10**12), likely.BetaBinomial(trials=10**12))
}
#: Whole numbers below 0 too, or beyond what can be added up: the loss alone is tried.
WHOLE: dict[str, Any] = {
    spec.name: spec
    for spec in (likely.Discretised(name).specification for name in ("normal", "lognormal"))
}


def specification_of(name: str) -> Any:
    """The specification of a sampled family, or of one of the registry."""
    from likely.families.registry import modules, specification

    for known in (MANY, WHOLE, LATE):
        if name in known:
            return known[name]
    if name in CENSORED:
        return CENSORED[name]
    if name in SAMPLE:
        return SAMPLE[name].specification
    return next(s for s in map(specification, modules()) if s.name == name)


def is_modified(name: str) -> bool:
    """Whether it is one of these, not a family of the registry."""
    return name in SAMPLE or name in CENSORED or name in LATE


def tried(name: str) -> int:
    """How many points of it the tests try."""
    return 40 if name in SAMPLE else 16 if name in LATE else 20


def points(name: str, at_most: int) -> list[Any]:
    """The grid of a modified family, but for y whose interval float64 cannot hold."""
    from oracles import grid

    found = grid.points(grid.combination(name), min(at_most, SLOW.get(name, at_most)))
    if name.startswith("Mixture"):
        # Where the densities of all components are below e^(−1e300), nothing says which is larger.
        return [p for p in found if abs(p[0]) < 1e100]
    if name in LATE:
        low = LATE[name].support.low
        return [p for p in found if p[0] - (p[0] - GAP) == GAP and p[0] - GAP > low]
    if name not in CENSORED:
        return found
    width = float(name.split(" by ")[1]) if " by " in name else 0.0
    low = CENSORED[name].support.low
    return [p for p in found if (p[0] + width) - p[0] == width and p[0] > low]
