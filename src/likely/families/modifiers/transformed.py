"""Transformed: a function of y follows a family."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from likely._math.domains import Domain, circular, positive, real
from likely._math.graph import Node, as_node, exp, expm1, log
from likely.families.base import Part, Specification, Structure
from likely.families.made import made_once
from likely.families.modifiers import base, information
from likely.families.modifiers.bounds import log_interval
from likely.families.modifiers.narrow import log_density_slope
from likely.families.view import View

KIND = "Transformed"


class _Image(View):
    """An x that comes close to an end: by how much they are apart, which x itself has lost, and log of that."""

    __slots__ = ("apart", "end", "log_apart")

    def __init__(self, value: Node, end: float, apart: Node, log_apart: Node) -> None:
        super().__init__("x", value, {})
        self.end, self.apart, self.log_apart = end, apart, log_apart


@dataclass(frozen=True)
class Log:
    """x = log y"""

    words = "log"
    decreasing = False
    low, high = 0.0, math.inf
    image = (-math.inf, math.inf)

    def view(self, y: Any) -> View:
        """x"""
        return View("x", _log(y), {})

    def log_slope(self, y: Any) -> Node:
        """log |dx/dy|"""
        return -_log(y)

    def bend(self, y: Any) -> Node:
        """Its own slope in y."""
        return -1.0 / as_node(y)

    def forward(self, y: Any) -> Any:
        """x of numbers y."""
        return np.log(y)

    def back(self, x: Any) -> Any:
        """y of numbers x."""
        return np.exp(x)

    def stretch(self, x: Any) -> Any:
        """log |dy/dx| at numbers x."""
        return x


@dataclass(frozen=True)
class BoxCox:
    """x = (y^λ − 1)/λ of y > 0, whose values end at −1/λ: below it for λ < 0, above it for λ > 0."""

    power: float

    decreasing = False
    low, high = 0.0, math.inf

    @property
    def words(self) -> str:
        """As the specification's name says it."""
        return f"box-cox, power={self.power:g}"

    @property
    def image(self) -> tuple[float, float]:
        """Where x can be."""
        edge = -1.0 / self.power
        return (edge, math.inf) if self.power > 0.0 else (-math.inf, edge)

    def view(self, y: Any) -> View:
        """x, which is y^λ/λ from its end."""
        log_power = as_node(self.power * _log(y))
        return _Image(
            expm1(log_power) / self.power,
            -1.0 / self.power,
            exp(log_power) / self.power,
            log_power - math.log(abs(self.power)),
        )

    def log_slope(self, y: Any) -> Node:
        """log |dx/dy|"""
        return as_node((self.power - 1.0) * _log(y))

    def bend(self, y: Any) -> Node:
        """Its own slope in y."""
        return (self.power - 1.0) / as_node(y)

    def forward(self, y: Any) -> Any:
        """x of numbers y."""
        return np.expm1(self.power * np.log(y)) / self.power

    def back(self, x: Any) -> Any:
        """y of numbers x."""
        # The end of all x is that of y, 0 or ∞.
        with np.errstate(divide="ignore"):
            return np.exp(np.log1p(np.maximum(self.power * x, -1.0)) / self.power)

    def stretch(self, x: Any) -> Any:
        """log |dy/dx| at numbers x."""
        return (1.0 / self.power - 1.0) * np.log1p(self.power * x)


@dataclass(frozen=True)
class Affine:
    """x = (y − shift)/factor"""

    shift: float
    factor: float

    low, high = -math.inf, math.inf
    image = (-math.inf, math.inf)

    @property
    def words(self) -> str:
        """As the specification's name says it."""
        return f"affine, shift={self.shift:g}, factor={self.factor:g}"

    @property
    def decreasing(self) -> bool:
        """Whether large y are small x."""
        return self.factor < 0.0

    def view(self, y: Any) -> View:
        """x"""
        if isinstance(y, _Image) and y.end == self.shift:
            size = y.log_apart - math.log(abs(self.factor))
            return View("x", y.apart / self.factor, {"log": lambda: size})
        return View("x", as_node((y - self.shift) / self.factor), {})

    def log_slope(self, y: Any) -> Node:
        """log |dx/dy|"""
        return as_node(-math.log(abs(self.factor)))

    def bend(self, y: Any) -> Node:
        """Its own slope in y."""
        return as_node(0.0)

    def forward(self, y: Any) -> Any:
        """x of numbers y."""
        return (y - self.shift) / self.factor

    def back(self, x: Any) -> Any:
        """y of numbers x."""
        return self.shift + self.factor * x

    def stretch(self, x: Any) -> Any:
        """log |dy/dx| at numbers x."""
        return np.full_like(x, math.log(abs(self.factor)))


Transform = Log | BoxCox | Affine


@made_once
def transformed(inside: Specification, transform: Transform) -> Specification:
    r"""The family of y, of which a function h(y) follows the family inside.

    .. math:: p(y) = p_0(h(y))\,|h'(y)|

    The parameters keep their names and are those of h(y).

    Source: Box and Cox (1964), doi:10.1111/j.2517-6161.1964.tb00553.x.
    """
    _refuse(inside, transform)

    def log_density(y, *theta):
        return inside.log_density(transform.view(y), *theta) + transform.log_slope(y)

    def slope(y, *theta):
        along = exp(transform.log_slope(y))
        along = -along if transform.decreasing else along
        return log_density_slope(inside, transform.view(y), *theta) * along + transform.bend(y)

    def log_cdf(y, *theta):
        return inside.formulas[below](transform.view(y), *theta)

    def log_sf(y, *theta):
        return inside.formulas[above](transform.view(y), *theta)

    def between(low, high, *theta):
        ends = [transform.view(low), transform.view(high)]
        return log_interval(inside, *(ends[::-1] if transform.decreasing else ends), *theta)

    below, above = ("log_sf", "log_cdf") if transform.decreasing else ("log_cdf", "log_sf")
    formulas: dict[str, Any] = {"log_density_slope": slope}
    if {below, above} <= set(inside.formulas):
        formulas |= {"log_cdf": log_cdf, "log_sf": log_sf, "log_interval": between}
    parts = (Part(inside),)

    # What y tells of the parameters does not depend on the scale it is told on.
    def complete_information(y, *theta):
        return information.of_part(parts[0], 1.0, [transform.view(y)], theta)

    formulas |= information.formulas_of(
        [inside],
        expected=inside.formulas.get("expected_information"),
        complete=complete_information,
    )
    parameters, alternatives = base.parameters_of(KIND, parts, {})
    return Specification(
        name=f"{KIND}({inside.name}, {transform.words})",
        doc=f"y of which a function follows {inside.name}.",
        support=_support(inside.support, transform),
        parameters=parameters,
        alternatives=alternatives,
        log_density=log_density,
        formulas=formulas,
        structure=Structure(
            KIND,
            parts,
            lambda part, y, weight: (transform.forward(y), weight),
            lambda y, weight: {},
            transform=transform,
        ),
    )


def _log(y: Any) -> Node:
    return y.log if isinstance(y, View) else log(as_node(y))


def _support(inside: Domain, transform: Transform) -> Domain:
    """Where y can be. Edges at which y or h(y) is not a number are open."""
    ends = [(inside.low, inside.closed_low), (inside.high, inside.closed_high)]
    if transform.decreasing:
        ends.reverse()
    edge = transform.image
    with np.errstate(divide="ignore", over="ignore"):
        low, high = (
            limit if math.isinf(v) or v in edge else float(transform.back(v))
            for (v, _), limit in zip(ends, (transform.low, transform.high), strict=True)
        )
    closed = [c and v not in edge for v, c in ends]
    for known in (real, positive):
        if (low, high) == (known.low, known.high) and not closed[0]:
            return known
    below = f"{'≥' if closed[0] else '>'} {low:g}" if math.isfinite(low) else ""
    above = f"{'≤' if closed[1] else '<'} {high:g}" if math.isfinite(high) else ""
    words = "a number " + " and ".join(word for word in (below, above) if word)
    shown = ["−∞" if v == -math.inf else "∞" if v == math.inf else f"{v:g}" for v in (low, high)]
    symbol = f"{'[' if closed[0] else '('}{shown[0]}, {shown[1]}{']' if closed[1] else ')'}"
    return Domain("transformed", symbol, words, low, high, closed[0], closed[1])


def _refuse(inside: Specification, transform: Transform) -> None:
    base.refuse_families_over_classes(KIND, inside, "its labels have no logarithm")
    support, kind = inside.support, inside.structure and inside.structure.kind
    if kind in ("Censored", "ZeroInflated", "Hurdle", "Inflated"):
        raise TypeError(
            f"{KIND} is not defined for {inside.name}: transform the family inside, "
            f"{kind}({KIND}(...))"
        )
    if support.integer:
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose y are counts: it moves densities, and counts "
            "have none; move the counts themselves before the fit"
        )
    if support is circular:
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose y are angles: turn them before the fit"
        )
    if not inside.smooth:
        raise TypeError(
            f"{KIND} is not defined for {inside.name}, whose loss has kinks that only its own fit can "
            "handle: fit it to the transformed y, which comes to the same"
        )
    low, high = transform.image
    if support.low < low or support.high > high:
        assert isinstance(transform, BoxCox)
        side, edge = ("low", low) if support.low < low else ("high", high)
        cut, bounds = inside, {}
        if inside.structure is not None and inside.structure.kind == "Truncated":
            cut = inside.structure.parts[0].specification
            bounds = {"low": support.low, "high": support.high}
        given = [f"{name}={v!r}" for name, v in (bounds | {side: edge}).items() if math.isfinite(v)]
        inner = f"Truncated({base.written(cut)}, {', '.join(given)})"
        raise TypeError(
            f"{KIND}: with power={transform.power:g}, box-cox takes y > 0 to x "
            f"{'>' if side == 'low' else '<'} {edge:g}, but {inside.name} lies in {support.symbol}, so that "
            f"the density of y would not integrate to 1. Cut it off: {KIND}({inner}, 'box-cox', "
            f"power={transform.power!r})"
        )
