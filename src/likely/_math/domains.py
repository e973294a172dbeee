"""Sets that parameters and outputs live in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Domain:
    """A set of numbers: an interval, or the integers in it.

    ``words`` is how an error message says what would be valid. ``columns`` names the numbers of a row
    where they are more than one.
    """

    name: str
    symbol: str
    words: str
    low: float = -math.inf
    high: float = math.inf
    closed_low: bool = False
    closed_high: bool = False
    integer: bool = False
    columns: tuple[str, ...] = ("y",)
    #: Those of the columns that are known before y is: nothing is expected of them.
    known: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return self.name

    def split(self, y: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """The numbers of every row by name; (n,) where there is one, (n, m) where there are m."""
        if len(self.columns) == 1:
            return {self.columns[0]: y}
        return {name: y[..., j] for j, name in enumerate(self.columns)}

    def contains(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which finite values lie in the set."""
        above = values >= self.low if self.closed_low else values > self.low
        below = values <= self.high if self.closed_high else values < self.high
        inside = above & below
        if self.integer:
            inside &= values == np.floor(values)
        return inside

    def covers(self, values: NDArray[np.float64]) -> bool:
        """Whether every value of (n,) is finite and in the set, without a temporary for the ends."""
        ends = np.array([values.min(), values.max()])  # NaN propagates to both
        if not (np.isfinite(ends).all() and self.contains(ends).all()):
            return False
        return not self.integer or bool((values == np.floor(values)).all())


@dataclass(frozen=True, repr=False)
class ZeroOr(Domain):
    """0, or a number of the set that is not below ``above``."""

    above: float = 1.0

    def contains(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which finite values are 0, or in the set and high enough."""
        found: NDArray[np.bool_] = super().contains(values)
        return found & ((values == 0.0) | (values >= self.above))

    def covers(self, values: NDArray[np.float64]) -> bool:
        """Whether every value is one of them."""
        return bool(np.isfinite(values).all() and self.contains(values).all())


@dataclass(frozen=True, repr=False)
class Intervals(Domain):
    """Pairs (low, high) of which low = high is a number of the set, and low < high overlaps it."""

    def contains(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows of (n, 2) are numbers of the set, or intervals with a part of it inside."""
        low, high = values[..., 0], values[..., 1]
        exact = (low == high) & np.isfinite(low) & super().contains(low)
        if not self.integer:
            return exact | ((low < high) & (high > self.low) & (low < self.high))
        # The floor of an infinity is itself.
        whole = (low == np.floor(low)) & (high == np.floor(high))
        return exact | ((low < high) & (high >= self.low) & (low <= self.high) & whole)

    def covers(self, values: NDArray[np.float64]) -> bool:
        """Whether every row is one of them."""
        return bool(self.contains(values).all())


@dataclass(frozen=True, repr=False)
class Bounded(Domain):
    """Rows (y, from, to): a number of the set that could only be seen between two bounds of its own."""

    known: ClassVar[tuple[str, ...]] = ("y_from", "y_to")

    def contains(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows of (n, 3) are numbers of the set between bounds with a part of it inside."""
        y, first, last = (values[..., j] for j in range(3))
        inside: NDArray[np.bool_] = np.isfinite(y) & super().contains(y)
        after = first < y if self.integer else first <= y
        return inside & after & (y <= last) & self.overlaps(first, last)

    def overlaps(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which intervals have a part of the set inside; of counts, whole numbers low < y ≤ high."""
        end = high >= self.low if self.integer else high > self.low
        found: NDArray[np.bool_] = (low < high) & end & (low < self.high)
        if self.integer:  # the floor of an infinity is itself
            found &= (low == np.floor(low)) & (high == np.floor(high))
        return found

    def covers(self, values: NDArray[np.float64]) -> bool:
        """Whether every row is one of them."""
        return bool(self.contains(values).all())


@dataclass(frozen=True, repr=False)
class BoundedIntervals(Bounded):
    """Rows (low, high, from, to): intervals, or numbers where low = high, that could only be seen between bounds."""

    def contains(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows of (n, 4) are numbers between their bounds, or intervals with a part of it between them."""
        low, high, first, last = (values[..., j] for j in range(4))
        exact = (low == high) & super().contains(values[..., [0, 2, 3]])
        # Of counts both ends belong to an interval.
        below = low - 1.0 if self.integer else low
        seen = self.overlaps(np.maximum(below, first), np.minimum(high, last))
        return exact | ((low < high) & seen)


@dataclass(frozen=True, repr=False)
class Trials(Domain):
    """Pairs (successes, trials) of whole numbers, 0 ≤ successes ≤ trials."""

    known: ClassVar[tuple[str, ...]] = ("trials",)

    def contains(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which finite rows of (n, 2) are such pairs."""
        successes, trials = values[..., 0], values[..., 1]
        whole_numbers = (values == np.floor(values)).all(axis=-1)
        inside: NDArray[np.bool_] = whole_numbers & (successes >= 0.0) & (successes <= trials)
        return inside

    def covers(self, values: NDArray[np.float64]) -> bool:
        """Whether every row is one of them."""
        return bool(np.isfinite(values).all() and self.contains(values).all())


def intervals_of(domain: Domain) -> Intervals:
    """What is seen of a domain's numbers when they are censored."""
    ends = "whole numbers or infinite, that are in it" if domain.integer else ""
    return Intervals(
        f"intervals of {domain.name}",
        domain.symbol,
        f"[low, high] with low ≤ high{f', {ends}' if ends else ''}; of an exact row low = high, {domain.words}",
        domain.low,
        domain.high,
        domain.closed_low,
        domain.closed_high,
        domain.integer,
        columns=("y_low", "y_high"),
    )


def bounded(domain: Domain) -> Bounded:
    """What is seen of a domain's numbers between bounds by row."""
    order = "low < y ≤ high, whole numbers or infinite" if domain.integer else "low ≤ y ≤ high"
    return _with_columns(
        domain, Bounded, f"[y, low, high] with {order}; y is {domain.words}", ("y",)
    )


def bounded_intervals_of(domain: Domain) -> BoundedIntervals:
    """What is seen of a domain's numbers that are censored between bounds by row."""
    return _with_columns(
        domain,
        BoundedIntervals,
        "[low, high, from, to]: an interval from low to high with a part of it between from and to, or, where low = "
        f"high, {domain.words} between them"
        + ("; of counts, from < y ≤ to, whole numbers or infinite" if domain.integer else ""),
        ("y_low", "y_high"),
    )


def _with_columns(domain: Domain, kind: Any, words: str, columns: tuple[str, ...]) -> Any:
    edges = (domain.low, domain.high, domain.closed_low, domain.closed_high)
    name = f"{domain.name} between bounds"
    names = (*columns, *Bounded.known)
    return kind(name, domain.symbol, words, *edges, domain.integer, columns=names)


def zero_or(domain: Domain) -> Domain:
    """Counts that are 0 or in the domain, which begins at 0 or above."""
    end = "" if math.isinf(domain.high) else f", …, {domain.high:g}"
    last = "" if math.isinf(domain.high) else f" and ≤ {domain.high:g}"
    edges = (0.0, domain.high, True, domain.closed_high)
    if domain.low > 1.0:
        symbol, words = f"{{0}} ∪ {domain.symbol}", f"0 or {domain.words}"
        return ZeroOr("zero or more", symbol, words, *edges, integer=True, above=domain.low)
    if math.isinf(domain.high):
        return counts
    return Domain("truncated", f"{{0{end}}}", f"a whole number ≥ 0{last}", *edges, integer=True)


def successes_of(trials: int) -> Domain:
    """The numbers of successes among so many trials."""
    words = f"a whole number from 0 to {trials}"
    symbol = "{0, 1}" if trials == 1 else f"{{0, …, {trials}}}"
    return Domain("successes", symbol, words, 0.0, float(trials), True, True, integer=True)


@dataclass(frozen=True, repr=False)
class Product(Domain):
    """Rows of numbers, each from a domain of its own; ``names`` is what their columns are called."""

    parts: tuple[Domain, ...] = ()
    names: tuple[str, ...] = ()

    def contains(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows of (n, d) have every number in its domain."""
        inside = [part.contains(values[..., j]) for j, part in enumerate(self.parts)]
        return np.asarray(np.all(inside, axis=0) & np.isfinite(values).all(axis=-1))

    def covers(self, values: NDArray[np.float64]) -> bool:
        """Whether every row is one of them."""
        return all(part.covers(values[:, j]) for j, part in enumerate(self.parts))


@dataclass(frozen=True, repr=False)
class Composition(Product):
    """Rows of one number a part that sum to 1, or, where ``whole`` is true, of counts with any sum."""

    whole: bool = False
    #: How far from 1 a sum may be: rounding, and no more.
    tolerance: ClassVar[float] = 1e-9

    def contains(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows of (n, K) have every number in its domain, and the right sum."""
        inside = super().contains(values)
        if self.whole:
            return inside
        return inside & (np.abs(np.asarray(values).sum(axis=-1) - 1.0) <= self.tolerance)

    def covers(self, values: NDArray[np.float64]) -> bool:
        """Whether every row is one of them."""
        return bool(self.contains(values).all())


def product_of(parts: tuple[Domain, ...], names: tuple[str, ...]) -> Product:
    """Rows of one number from each domain."""
    return Product(
        " × ".join(part.name for part in parts),
        " × ".join(part.symbol for part in parts),
        "; ".join(f"{name}: {part.words}" for name, part in zip(names, parts, strict=True)),
        columns=tuple(f"y{j}" for j in range(len(parts))),
        parts=parts,
        names=names,
    )


def composition_of(parts: tuple[str, ...], *, whole: bool) -> Composition:
    """Shares of the parts, or counts of them."""
    k = len(parts)
    words = "counts, whole numbers ≥ 0" if whole else "shares above 0 that sum to 1"
    return Composition(
        "tallies" if whole else "compositions",
        f"ℕ₀{_raised(k)}" if whole else f"Δ{_raised(k - 1)}",
        f"{k} {words}",
        columns=tuple(f"y{j}" for j in range(k)),
        parts=(counts if whole else unit_interval,) * k,
        names=parts,
        whole=whole,
    )


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


real = Domain("real", "ℝ", "a finite real number")
positive = Domain("positive", "(0, ∞)", "a number > 0", low=0.0)
nonnegative = Domain("nonnegative", "[0, ∞)", "a number ≥ 0", low=0.0, closed_low=True)
unit_interval = Domain("unit_interval", "(0, 1)", "a number strictly between 0 and 1", 0.0, 1.0)
#: Of a variance that is a power of the mean, between Poisson's and Gamma's.
between_1_and_2 = Domain("between_1_and_2", "(1, 2)", "a number strictly between 1 and 2", 1.0, 2.0)
positive_counts = Domain(
    "positive_counts", "{1, 2, …}", "a whole number ≥ 1", 1.0, closed_low=True, integer=True
)
#: The ends are one point of the circle.
circular = Domain(
    "circular",
    "(−π, π]",
    "an angle in radians from −π to π; np.angle(np.exp(1j * np.deg2rad(degrees))) gives it from degrees, "
    "np.angle(np.exp(1j * y)) from other radians",
    -math.pi,
    math.pi,
    True,
    True,
)
counts = Domain("counts", "{0, 1, 2, …}", "a whole number ≥ 0", 0.0, closed_low=True, integer=True)
successes_of_trials = Trials(
    "successes_of_trials",
    "0 ≤ y ≤ n",
    "[successes, trials], whole numbers with 0 ≤ successes ≤ trials",
    0.0,
    closed_low=True,
    integer=True,
    columns=("successes", "trials"),
)
integers = Domain("integers", "ℤ", "a whole number", integer=True)
binary = Domain("binary", "{0, 1}", "0 or 1", 0.0, 1.0, True, True, True)
classes = Domain(
    "classes", "{0, …, K−1}", "a class label 0, …, K−1", 0.0, closed_low=True, integer=True
)
ordered_classes = Domain(
    "ordered_classes",
    "{0 < … < K−1}",
    "a class label 0, …, K−1",
    0.0,
    closed_low=True,
    integer=True,
)
#: Supports whose values are labels.
LABELLED = ("binary", "classes", "ordered_classes")
#: Where a latent variable lies: real, but its links are those of the cumulative probabilities.
latent = Domain("latent", "ℝ", "a finite real number")
ordered = Domain("ordered", "θ₁ < θ₂ < …", "finite numbers in increasing order")
vectors = Domain("vectors", "ℝᵈ", "a row of d finite real numbers")
rankings = Domain(
    "rankings",
    "ranks 1, 2, …",
    "a row of ranks 1, 2, … without ties, 1 the first; NaN for what was not ranked",
)
positive_definite = Domain(
    "positive_definite", "d×d, positive definite", "a symmetric positive definite matrix"
)
simplex = Domain("simplex", "Δᴷ", "K probabilities that sum to 1", 0.0, 1.0)
