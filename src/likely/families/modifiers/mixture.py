"""Mixture: each row comes from one of several families, and nobody saw which."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from likely._math.atoms import mixing
from likely._math.domains import Domain, circular, positive
from likely._math.graph import as_node, exp, log, where
from likely.families.base import Array, Parameter, Part, Rows, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base, information
from likely.families.modifiers.alike import log_ratio
from likely.families.modifiers.bounds import TAILS, log_given, log_interval, log_mass
from likely.families.modifiers.narrow import log_density_slope

KIND = "Mixture"


@made_once
def mixture(insides: tuple[Specification, ...]) -> Specification:
    r"""A weighted sum of densities.

    .. math:: p(y) = \sum_j w_j\, p_j(y), \qquad w_j = \frac{\omega_j}{1 + \omega_2 + \dots + \omega_K},
              \quad \omega_1 = 1

    The weights are given by their odds against the first component. The likelihood of continuous components is
    unbounded where one of them collapses onto a single y; what is wanted is the largest maximum inside.

    Source: McLachlan and Peel, Finite Mixture Models (2000).
    """
    support = _support(insides)
    parts = tuple(Part(inside, str(j)) for j, inside in enumerate(insides, 1))
    own = {
        f"odds{j}": Parameter(positive, r"\omega" if len(parts) == 2 else "", shared=True)
        for j in range(2, len(parts) + 1)
    }
    widths = [len(part.specification.parameters) for part in parts]
    ends = np.cumsum([0, *widths])

    def split(theta):
        return [theta[a:b] for a, b in pairwise(ends)], theta[ends[-1] :]

    def mixed(bodies, theta, *y):
        """The arguments of shares: the log odds, and what the body of every component gives."""
        inner, odds = split(theta)
        logs = [body(*y, *own) for body, own in zip(bodies, inner, strict=True)]
        return [as_node(0.0), *(o.log for o in odds), *logs]

    def density(inside):
        def body(y, *theta):
            value = inside.log_density(y, *theta)
            if not _narrower(inside.support, support):
                return value
            return where(_covers(inside.support, y), value, float("-inf"))

        return body

    densities = [density(inside) for inside in insides]

    log_mixture = mixing.log_mixture_of_counts if support.integer else mixing.log_mixture

    def log_density(y, *theta):
        given, (inner, _) = mixed(densities, theta, y), split(theta)
        first, *others = zip(insides, given[len(insides) :], inner, strict=True)
        return log_mixture(*given, *(_difference(y, first, other) for other in others))

    def slope(y, *theta):
        given, (inner, _) = mixed(densities, theta, y), split(theta)
        return sum(
            mixing.share(j, *given) * log_density_slope(inside, y, *own)
            for j, (inside, own) in enumerate(zip(insides, inner, strict=True))
        )

    def complete_information(y, *theta):
        inner, _ = split(theta)
        given = mixed(densities, theta, y)
        levels = given[: len(parts)]
        found = information.of_odds(
            list(own),
            [mixing.weight(j, levels) for j in range(len(parts))],
            [mixing.weight_of_others(j, levels) for j in range(len(parts))],
        )
        for j, (part, theta_j) in enumerate(zip(parts, inner, strict=True)):
            found |= information.of_part(part, mixing.share(j, *given), [y], theta_j)
        return found

    def printed(y, *theta):
        inner, odds = split(theta)
        values = [exp(body(y, *own)) for body, own in zip(densities, inner, strict=True)]
        weighed = [o * value for o, value in zip(odds, values[1:], strict=True)]
        return log(sum(weighed, values[0])) - log(sum(odds, as_node(1.0)))

    formulas = dict(information.formulas_of(insides, complete=complete_information))
    if not support.integer:
        formulas["log_density_slope"] = slope
    if (
        all(set(TAILS) <= set(inside.formulas) for inside in insides)
        and len({(inside.support.low, inside.support.high) for inside in insides}) == 1
    ):
        formulas |= _of_bounds(insides, mixed, log_mixture)
    if all("sample" in inside.formulas for inside in insides):
        formulas["sample"] = lambda rng, size, *theta: _sample(rng, size, insides, *split(theta))
    names = [inside.name for inside in insides]
    same = len(set(insides)) == 1
    parameters, alternatives = base.parameters_of(KIND, parts, own)
    return Specification(
        name=f"{KIND}({names[0]}, {len(names)})" if same else f"{KIND}({', '.join(names)})",
        doc=f"A mixture of {len(names)} components: {', '.join(names)}.",
        support=support,
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=formulas,
        smooth=True,
        printed=printed,
        structure=Structure(
            KIND,
            parts,
            lambda part, y, weight: _rows(part, len(parts), insides[part], y, weight),
            lambda y, weight: dict.fromkeys(own, 1.0),
        ),
    )


def _difference(y, first, other):
    """log p_j(y) − log p_1(y), each of a specification, the logarithm and the parameters."""
    (one, log_1, theta_1), (inside, log_j, theta_j) = first, other
    if inside is not one:
        return mixing.difference(log_j, log_1)
    return log_ratio(inside, y, (log_1, log_j), theta_1, theta_j)


def _of_bounds(insides, mixed, log_mixture):
    """The formulas of probabilities, and of what is given bounds, by those of the components."""
    n = len(insides)

    def of_probability(given):
        return mixing.log_mixture_of_counts(*mixing.with_differences(given))

    def shared(name):
        bodies = [inside.formulas[name] for inside in insides]
        return lambda y, *theta: of_probability(mixed(bodies, theta, y))

    def between(low, high, *theta):
        bodies = [partial(log_interval, inside) for inside in insides]
        return of_probability(mixed(bodies, theta, low, high))

    def seen(bodies, theta, low, high, *y):
        # What is seen is a mixture again, in which the odds are those of being seen.
        masses = mixed([partial(log_mass, inside) for inside in insides], theta, low, high)
        levels = [odds + mass for odds, mass in zip(masses[:n], masses[n:], strict=True)]
        return [*levels, *mixed(bodies, theta, *y)[n:]]

    def given(y, low, high, theta):
        bodies = [partial(log_given, inside) for inside in insides]
        return log_mixture(*mixing.with_differences(seen(bodies, theta, low, high, y, low, high)))

    formulas = {name: shared(name) for name in TAILS}
    formulas |= {
        "log_interval": between,
        "log_above": lambda y, low, *theta: given(y, low, None, theta),
        "log_below": lambda y, high, *theta: given(y, None, high, theta),
        "log_within": lambda y, low, high, *theta: given(y, low, high, theta),
    }

    def later(name, y, bounds, theta):
        bound = next(v for v in bounds if v is not None)
        bodies = [inside.formulas[name] for inside in insides]
        return of_probability(seen(bodies, theta, *bounds, y, bound))

    if all("log_sf_above" in inside.formulas for inside in insides):
        formulas["log_sf_above"] = lambda y, low, *theta: later(
            "log_sf_above", y, (low, None), theta
        )
    if all("log_cdf_below" in inside.formulas for inside in insides):
        formulas["log_cdf_below"] = lambda y, high, *theta: later(
            "log_cdf_below", y, (None, high), theta
        )
    return formulas


def _narrower(domain: Domain, widest: Domain) -> bool:
    """Whether the widest interval has numbers, were it an end alone, that are not in the other one."""
    low, high = (domain.low, not domain.closed_low), (domain.high, domain.closed_high)
    return low > (widest.low, not widest.closed_low) or high < (widest.high, widest.closed_high)


def _covers(domain: Domain, y):
    """The condition that y lies in the interval."""
    above = y >= domain.low if domain.closed_low else y > domain.low
    below = y <= domain.high if domain.closed_high else y < domain.high
    return where(above, below, above)


def _support(insides: tuple[Specification, ...]) -> Domain:
    """The support that contains all the others; TypeError where there is none."""
    if len(insides) < 2:
        raise ValueError(
            f"{KIND} needs at least two components: give n, as in Mixture(Normal(), 2)"
        )
    for inside in insides:
        base.refuse_families_over_classes(KIND, inside, "mixtures of them are classes again")
        if not inside.smooth:
            raise TypeError(
                f"{KIND} is not defined for {inside.name}, whose loss has kinks that only its own fit "
                "can handle; use Logistic() or StudentT() for heavy tails"
            )
        if inside.support is circular:
            raise TypeError(
                f"{KIND} is not defined for {inside.name}: its means and quantiles are those of a line, not "
                "of a circle"
            )
        if len(inside.support.columns) > 1:
            raise TypeError(
                f"{KIND} is not defined for {inside.name}: censor the mixture, Censored(Mixture(...))"
            )
        if base.contains(inside, KIND):
            raise TypeError(f"{KIND} of mixtures is a mixture: name all components in one")
        for kind in ("ZeroInflated", "Inflated"):
            if not inside.support.integer and base.contains(inside, kind):
                raise TypeError(
                    f"{KIND} is not defined for {inside.name}: inflate the mixture, "
                    f"{kind}(Mixture(...))"
                )
    if len({inside.support.integer for inside in insides}) > 1:
        listed = ", ".join(f"{s.name} in {s.support.symbol}" for s in insides)
        raise TypeError(f"{KIND} cannot mix counts with amounts: {listed}")
    widest = min(
        (s.support for s in insides),
        key=lambda d: (d.low, -d.high, not d.closed_low, not d.closed_high),
    )
    for inside in insides:
        d = inside.support
        if d.low < widest.low or d.high > widest.high:
            raise TypeError(
                f"{KIND} needs one support that contains the others, but neither {d.symbol} of "
                f"{inside.name} nor {widest.symbol} does"
            )
    return widest


def _rows(part: int, parts: int, inside: Specification, y: Array, weight: Array | None) -> Rows:
    """For a start, the rows between two quantiles of y: components in ascending order."""
    order = np.argsort(y, kind="stable")
    w = np.ones(y.size) if weight is None else weight
    share = (np.cumsum(w[order]) - 0.5 * w[order]) / w.sum()
    chosen = np.minimum((share * parts).astype(np.intp), parts - 1) == part
    keep = np.zeros(y.size, dtype=bool)
    keep[order[chosen]] = True
    fits = inside.support.contains(y)
    return base.selected(y, weight, keep & fits if (keep & fits).any() else fits)


def _sample(rng, size, insides, inner, odds):
    """Draws: the component of each, and then from it (NumPy)."""
    weights = np.concatenate([np.ones((1, *np.shape(odds[0]))), np.array(odds)])
    bounds = np.cumsum(weights / weights.sum(axis=0), axis=0)
    u = rng.random(size)
    chosen = sum((u > b).astype(np.intp) for b in bounds[:-1])
    draws = [
        inside.formulas["sample"](rng, size, *own)
        for inside, own in zip(insides, inner, strict=True)
    ]
    return np.choose(chosen, draws)
