"""What the loss of Conway and Maxwell's Poisson needs of sums over counts: see ``atoms.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from likely._math import special
from likely._math.graph import Expression, Node, equal, log, sqrt, symbol, where
from likely._math.series import Series, Terms


def ahead(depth: Node) -> Node:
    """ζ with (1 + ζ) log(1 + ζ) − ζ at least this."""
    return depth / 3.0 + sqrt(depth * depth / 9.0 + 2.0 * depth)


def growth_of(x: Expression, centre: Expression, a: Expression, errors: Expression) -> Node:
    """g, of x = j + 1 and X = c + 1."""
    entropy = special.relative_entropy_term(x, centre, a)
    return entropy - 0.5 * special.log_ratio(x, centre, a) + errors


class Moments:
    """What is summed for the moments, of a = j − c and j − m, g and a term's weight."""

    a: Node
    away: Node
    g: Node
    floor: Node  # c

    @property
    def total(self) -> Node:
        """The weight."""
        raise NotImplementedError

    @property
    def first(self) -> Node:
        return self.total * self.away

    @property
    def square(self) -> Node:
        return self.first * self.away

    @property
    def cube(self) -> Node:
        """What κ₃ is the mean of: (j − m)³ less the j − m that has none."""
        return self.first * (self.away * self.away - 1.0)

    @property
    def pairs(self) -> Node:
        """j(j − 1)"""
        j = self.a + self.floor
        return self.total * j * (j - 1.0)

    @property
    def triples(self) -> Node:
        return self.pairs * (self.a + self.floor - 2.0)

    @property
    def growth(self) -> Node:
        return self.total * self.g

    @property
    def line(self) -> Node:
        return self.first * self.g

    @property
    def square_growth(self) -> Node:
        return self.square * self.g

    @property
    def growth_square(self) -> Node:
        return self.growth * self.g

    @property
    def line_growth(self) -> Node:
        return self.line * self.g


class Results:
    """What follows from the sums of moments, in units of p(c)."""

    def __init__(self, m: Node, tau: Node, sums: Mapping[str, Node]) -> None:
        self.m, self.tau, self.sums = m, tau, sums

    @property
    def whole(self) -> Node:
        """Whether c is ⌊m⌋, and not m"""
        raise NotImplementedError

    @property
    def scale(self) -> Node:
        """The unit of the sums over their total."""
        return 1.0 / self.sums["total"]

    @property
    def square(self) -> Node:
        return self.sums["square"]

    @property
    def cube(self) -> Node:
        """κ₃ in that unit, too"""
        return self.sums["cube"]

    @property
    def growth(self) -> Node:
        return self.sums["growth"]

    @property
    def line(self) -> Node:
        return self.sums["line"]

    @property
    def square_growth(self) -> Node:
        return self.sums["square_growth"]

    @property
    def growth_square(self) -> Node:
        return self.sums["growth_square"]

    @property
    def line_growth(self) -> Node:
        return self.sums["line_growth"]

    # --- What the loss needs of them. -------------------------------------------------------------

    @property
    def at_c(self) -> Node:
        """−log p(c)"""
        return log(self.sums["total"])

    @property
    def after(self) -> Node:
        """−log p(c + 1)"""
        return self.at_c - self.tau

    @property
    def precision(self) -> Node:
        """1/V"""
        return self.sums["total"] / self.square

    @property
    def rate(self) -> Node:
        """m/V"""
        return self.m * self.precision

    @property
    def variance(self) -> Node:
        return self.scale * self.square

    @property
    def third(self) -> Node:
        """m κ₃/V²"""
        third = self.cube / self.square
        return where(equal(third, 0.0), 0.0, third * self.rate)

    @property
    def _factorial(self) -> tuple[Node, Node, Node]:
        """E y(y − 1), E y(y − 1)(y − 2) and the variance, each over m, for m < 1."""
        share = self.scale / self.m
        return share * self.sums["pairs"], share * self.sums["triples"], self.variance / self.m

    @property
    def excess(self) -> Node:
        """m κ₃/V² − 1 for m < 1, where V ≈ κ₃ ≈ m: 0 for the Poisson."""
        m, (two, three, v) = self.m, self._factorial
        return ((two - m) + (three - m * two) + (m - two) * (m + two)) / v / v

    @property
    def at_one(self) -> Node:
        """m and (1 − m) times that: 0 for ν → ∞, where no two happen together."""
        m, (two, three, v) = self.m, self._factorial
        several = two * (1.0 - m) * (1.0 + m) + three * (1.0 - m) - two * two * (1.0 - 2.0 * m)
        return several / v / v

    @property
    def mean_growth(self) -> Node:
        return self.scale * self.growth

    @property
    def slope(self) -> Node:
        """Cov(y, g)/V"""
        return self.line / self.square

    @property
    def spread(self) -> Node:
        """E R²"""
        inside = self.scale * (self.growth_square - self.slope * self.line)
        return inside - self.mean_growth * self.mean_growth

    @property
    def mixed(self) -> Node:
        """E (y − m)²R/V"""
        return (self.square_growth - self.slope * self.cube) / self.square - self.mean_growth

    @property
    def skewed(self) -> Node:
        """E (y − m)R²/V"""
        c = self.slope
        inside = self.line_growth + c * (c * self.cube - 2.0 * self.square_growth)
        return inside / self.square


#: Of the results those that all ways to sum have.
SHARED = (
    "tau", "rate", "variance", "third", "excess", "at_one", "mean_growth", "slope", "spread", "mixed", "skewed",
)  # fmt: skip


class _Asked(dict[str, Node]):
    """The sums that a result asks for."""

    def __missing__(self, what: str) -> Node:
        self[what] = symbol(f"sum_{what}")
        return self[what]


def series_of(
    name: str,
    terms: Terms,
    results: Callable[[Sequence[Node], Mapping[str, Node]], Any],
    names: Sequence[str],
) -> dict[str, Series]:
    """The series of these results over these terms, by their names."""

    def series(what: str) -> Series:
        asked = _Asked()
        getattr(results(terms.symbols, asked), what)
        wanted = tuple(asked)

        def result(fields: Sequence[Node], *sums: Node) -> Node:
            found: Node = getattr(results(fields, dict(zip(wanted, sums, strict=True))), what)
            return found

        return Series(f"com_poisson_{name}_{what}", terms, wanted, result)

    return {what: series(what) for what in names}
