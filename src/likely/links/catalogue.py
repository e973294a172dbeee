"""The links by name, and which of them a parameter's domain can use."""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from likely._math import atoms
from likely._math.atoms.circle import twice_arctan
from likely._math.atoms.circle import wrap as wrap_angle
from likely._math.connection import Connection
from likely._math.domains import (
    Domain,
    between_1_and_2,
    circular,
    latent,
    ordered,
    positive,
    positive_definite,
    real,
    simplex,
    unit_interval,
)
from likely._math.graph import (
    PI,
    Node,
    abs_,
    arctan2,
    as_node,
    exp,
    expm1,
    log,
    log1p,
    make,
    sqrt,
    where,
)
from likely.links.base import Link


def _inside(raw: Any, domain: Domain) -> Node | None:
    """Identity: raw must lie in the domain itself."""
    if domain.low == -float("inf"):
        return None
    above = raw >= domain.low if domain.closed_low else raw > domain.low
    return above if domain.high == float("inf") else where(above, raw < domain.high, above)


def _above_zero(raw: Any, domain: Domain) -> Node:
    return raw > 0.0


def _log_valid(raw: Any, domain: Domain) -> Node | None:
    return raw < 0.0 if domain is unit_interval else None


def _degree(of_theta: float) -> Callable[[Any], Connection]:
    """The connection of a link of which raw is a multiple of a power of θ; 0 where it is its logarithm."""
    return lambda raw: Connection(as_node(of_theta), as_node(1.0 - of_theta))


def _softplus_connection(raw: Any) -> Connection:
    # 1 − e⁻ʳ softplus(r), and what that is short of 1
    slope = atoms.softplus_slope(raw)
    return Connection(-atoms.softplus_bend(raw) / slope, atoms.sigmoid(-raw) / slope)


def _cauchit(raw: Any) -> Node:
    # atan2(1, −raw)/π is ½ + atan(raw)/π without the cancellation for raw → −∞.
    return arctan2(1.0, -raw) / PI


identity = Link(
    "identity",
    (real, positive, unit_interval),
    lambda r: r,
    lambda t: t,
    valid=_inside,
    connection=_degree(1.0),
    words="θ = raw",
)
log_link = Link(
    "log",
    (positive, real, unit_interval),
    exp,
    log,
    log=lambda r: r,
    log1m=lambda r: atoms.log1mexp(-r),
    complement=lambda r: -expm1(r),
    valid=_log_valid,
    connection=_degree(0.0),
    words="θ = exp(raw)",
)
softplus = Link(
    "softplus",
    (positive, real),
    atoms.softplus,
    lambda t: t + log(-expm1(-t)),
    log=atoms.log_softplus,
    connection=_softplus_connection,
    words="θ = log(1 + exp(raw))",
)
square = Link(
    "square",
    (positive,),
    lambda r: r * r,
    sqrt,
    log=lambda r: 2.0 * log(abs_(r)),
    connection=_degree(0.5),
    words="θ = raw²",
)
inverse = Link(
    "inverse",
    (positive, real),
    lambda r: 1.0 / r,
    lambda t: 1.0 / t,
    log=lambda r: -log(r),
    valid=_above_zero,
    connection=_degree(-1.0),
    words="θ = 1 / raw, raw > 0",
)
inverse_squared = Link(
    "inverse_squared",
    (positive,),
    lambda r: 1.0 / sqrt(r),
    lambda t: 1.0 / (t * t),
    log=lambda r: -0.5 * log(r),
    valid=_above_zero,
    connection=_degree(-2.0),
    words="θ = 1 / √raw, raw > 0",
)
logit = Link(
    "logit",
    (unit_interval, latent),
    atoms.sigmoid,
    lambda p: log(p) - log1p(-p),
    log=lambda r: -atoms.softplus(-r),
    log1m=lambda r: -atoms.softplus(r),
    complement=lambda r: atoms.sigmoid(-r),
    words="θ = 1 / (1 + exp(−raw))",
)
logit_of_excess = Link(
    "logit_of_excess",
    (between_1_and_2,),
    lambda r: 1.0 + atoms.sigmoid(r),
    lambda t: log(t - 1.0) - log(2.0 - t),
    complement=lambda r: -atoms.sigmoid(r),
    excess=logit,
    words="θ = 1 + 1 / (1 + exp(−raw))",
)
probit = Link(
    "probit",
    (unit_interval, latent),
    atoms.ndtr,
    atoms.ndtri,
    log=atoms.log_ndtr,
    log1m=lambda r: atoms.log_ndtr(-r),
    complement=lambda r: atoms.ndtr(-r),
    words="θ = Φ(raw)",
)
cloglog = Link(
    "cloglog",
    (unit_interval, latent),
    lambda r: -expm1(-exp(r)),
    lambda p: log(-log1p(-p)),
    log=lambda r: atoms.log1mexp_of(exp(r), r),
    log1m=lambda r: -exp(r),
    complement=lambda r: exp(-exp(r)),
    words="θ = 1 − exp(−exp(raw))",
)
loglog = Link(
    "loglog",
    (unit_interval, latent),
    lambda r: exp(-exp(-r)),
    lambda p: -log(-log(p)),
    log=lambda r: -exp(-r),
    log1m=lambda r: atoms.log1mexp_of(exp(-r), -r),
    complement=lambda r: -expm1(-exp(-r)),
    words="θ = exp(−exp(−raw))",
)
cauchit = Link(
    "cauchit",
    (unit_interval,),
    _cauchit,
    atoms.cauchit_quantile,
    log=lambda r: log(_cauchit(r)),
    log1m=lambda r: log(_cauchit(-r)),
    complement=lambda r: _cauchit(-r),
    words="θ = ½ + arctan(raw) / π",
)
wrap = Link(
    # Steady on the circle: raw predictions a turn apart are one direction.
    "wrap",
    (circular,),
    wrap_angle,
    lambda t: t,
    words="θ = raw, less whole turns",
)
half_tangent = Link(
    "half_tangent",
    (circular,),
    twice_arctan,
    lambda t: make("tan", 0.5 * t),
    words="θ = 2 arctan(raw)",
)
softmax = Link(
    # One raw column per class; losses/categorical.py computes it for all of them together.
    "softmax",
    (simplex,),
    exp,
    log,
    words="θₖ = exp(rawₖ) / Σⱼ exp(rawⱼ)",
)
increments = Link(
    # losses/ordinal.py computes it for all columns together.
    "increments",
    (ordered,),
    exp,
    log,
    words="θ₁ = raw₁, θₖ₊₁ = θₖ + exp(rawₖ₊₁)",
)
cholesky = Link(
    # losses/multivariatenormal.py computes it for all columns together.
    "cholesky",
    (positive_definite,),
    exp,
    log,
    words="θ = L·Lᵀ, L lower triangular, Lᵢᵢ = exp(rawᵢᵢ), Lᵢⱼ = rawᵢⱼ",
)

LINKS: dict[str, Link] = {
    link.name: link
    for link in (
        identity, log_link, softplus, square, inverse, inverse_squared,
        logit, logit_of_excess, probit, cloglog, loglog, cauchit, wrap, half_tangent, softmax, increments, cholesky,
    )
}  # fmt: skip


def _named(name: str) -> Link:
    return LINKS[name]


copyreg.pickle(Link, lambda link: (_named, (link.name,)))

_DEFAULTS = {
    real: identity,
    positive: log_link,
    unit_interval: logit,
    between_1_and_2: logit_of_excess,
    circular: wrap,
    simplex: softmax,
    latent: logit,
    ordered: increments,
    positive_definite: cholesky,
}


def default_link(domain: Domain) -> Link:
    """real → identity, positive → log, (0, 1) → logit, (1, 2) → logit_of_excess, circular → wrap, simplex → softmax."""
    return _DEFAULTS[domain]


def links_for(domain: Domain) -> list[Link]:
    """The links that make sense for a parameter of this domain, its default first."""
    default = default_link(domain)
    return [default, *(k for k in LINKS.values() if domain in k.domains and k is not default)]


def find_link(name: str, domain: Domain, parameter: str) -> Link:
    """The link of that name; ValueError, with the ones that make sense, where it does not."""
    choices = links_for(domain)
    if name in LINKS and LINKS[name] in choices:
        return LINKS[name]
    listed = ", ".join(link.name for link in choices)
    if name in LINKS:
        raise ValueError(
            f"the {name} link does not fit {parameter}, which lies in {domain.symbol}; use one of: {listed}"
        )
    near = get_close_matches(str(name), LINKS, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise ValueError(f"unknown link {name!r} for {parameter}{hint}; use one of: {listed}")
