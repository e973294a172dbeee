"""The equal-weight mixture of several predictive distributions, such as the members of an ensemble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely.inference.asked import generator_for, in_order, levels_of
from likely.inference.modified import next_to
from likely.inference.predictive import Predictive
from likely.inference.weighted import Weighted

Array = NDArray[np.float64]

#: Candidates for a mode in each round of looking closer.
_GRID = 65


class Mixture:
    r"""n mixtures of M distributions of one family with equal weights, one a row; or a single one, of shape ().

    .. math:: p(y) = \frac1M \sum_m p_m(y), \qquad
       \operatorname{Var} Y = \frac1M \sum_m \operatorname{Var}_m + \operatorname{Var}_m(\mathrm{mean}_m)

    Methods and shapes are those of ``Predictive``. The cdf is the mean of the members' own, and a quantile is
    where it crosses the level. ``parameters`` have one more axis, the members. Entropy has no formula here.

    Source: Lakshminarayanan, Pritzel & Blundell (2017), arXiv:1612.01474.

    >>> import numpy as np
    >>> from likely import Normal
    >>> from likely.inference.mixture import Mixture
    >>> two = Mixture([Normal().at(loc=-1.0, scale=1.0), Normal().at(loc=1.0, scale=1.0)])
    >>> float(two.mean()), float(two.var()), round(float(two.quantile(0.5)), 9)
    (0.0, 2.0, 0.0)
    """

    def __init__(self, members: Sequence[Predictive]) -> None:
        self.members = tuple(members)
        if not self.members:
            raise ValueError("a mixture needs at least one member")
        first = self.members[0]
        for other in self.members[1:]:
            if other.shape != first.shape or other.loss.specification != first.loss.specification:
                raise ValueError(
                    "the members of a mixture must be of one family and one shape; got "
                    f"{first.loss.specification.name} {first.shape} and "
                    f"{other.loss.specification.name} {other.shape}"
                )
        if first.labels is not None:
            raise ValueError("labels have no mixture: mix the class probabilities")
        self.loss = first.loss

    # --- A row of distributions -------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """(n,), or () for a single distribution."""
        return self.members[0].shape

    def __len__(self) -> int:
        return len(self.members[0])

    def __getitem__(self, rows: Any) -> Mixture:
        return Mixture([member[rows] for member in self.members])

    def __iter__(self) -> Iterator[Mixture]:
        return (self[row] for row in range(len(self)))

    @property
    def parameters(self) -> dict[str, Any]:
        """The members' parameters on their natural scale by public name, (n, M) each; (M,) for a single one."""
        each = [member.parameters for member in self.members]
        return {name: np.stack([one[name] for one in each], axis=-1) for name in each[0]}

    def __repr__(self) -> str:
        n = f"{len(self)} mixtures" if self.shape else "mixture"
        return f"<{n} of {len(self.members)} {self.loss.specification.name} distributions>"

    # --- Probability ------------------------------------------------------------------------------

    def log_prob(self, y: ArrayLike) -> Any:
        """log p(y) = log Σ p_m(y) − log M, in nats; −∞ outside the support."""
        logs = np.stack([member.log_prob(y) for member in self.members])
        top = logs.max(axis=0)
        # Where the largest is infinite, so is the sum.
        inside = np.isfinite(top)
        shift = np.where(inside, top, 0.0)
        with np.errstate(divide="ignore", over="ignore"):
            total = np.log(np.exp(logs - shift).sum(axis=0)) - np.log(len(self.members))
        return np.where(inside, top + total, top)[()]

    def prob(self, y: ArrayLike) -> Any:
        """p(y), the density or probability; 0 outside the support, ∞ where it is larger than any number."""
        with np.errstate(over="ignore"):
            return np.exp(self.log_prob(y))

    def cdf(self, y: ArrayLike) -> Any:
        """P(Y ≤ y), the mean of the members'."""
        return np.mean([member.cdf(y) for member in self.members], axis=0)[()]

    def sf(self, y: ArrayLike) -> Any:
        """P(Y > y), the mean of the members'."""
        return np.mean([member.sf(y) for member in self.members], axis=0)[()]

    def quantile(self, q: ArrayLike) -> Any:
        """The smallest y with cdf(y) ≥ q: (n,) for a level, (n, m) for m levels."""
        return self._levels(q, "q", upper=False)

    def isf(self, p: ArrayLike) -> Any:
        """The smallest y with sf(y) ≤ p: quantile(1 − p) that stays exact for tiny p."""
        return self._levels(p, "p", upper=True)

    def interval(self, coverage: ArrayLike) -> tuple[Any, Any]:
        """The central interval (low, high): (1 − coverage)/2 of the probability is left on either side."""
        levels = levels_of(coverage, "coverage")
        outside = 0.5 * (1.0 - levels)
        return in_order(self.quantile(outside), self.isf(outside))

    def sample(self, m: int, rng: np.random.Generator | int | None = None) -> Any:
        """m draws a row, (n, m), or (m,) from a single mixture; ``rng`` a Generator or a seed."""
        generator = generator_for(m, rng)
        draws = np.stack([member.sample(m, generator) for member in self.members])
        chosen = generator.integers(0, len(self.members), draws.shape[1:])
        return np.take_along_axis(draws, chosen[None], axis=0)[0]

    # --- Summaries --------------------------------------------------------------------------------

    def mean(self) -> Any:
        """E[Y], the mean of the members'."""
        return np.mean([member.mean() for member in self.members], axis=0)[()]

    def median(self) -> Any:
        """The smallest y with cdf(y) ≥ ½."""
        return self.quantile(0.5)

    def var(self) -> Any:
        """E[(Y − mean)²]: the members' variances and the variance of their means."""
        within = np.mean([member.var() for member in self.members], axis=0)
        means = np.stack([member.mean() for member in self.members])
        # About any number it is infinite where a mean is; where there is no mean it is NaN.
        with np.errstate(invalid="ignore"):
            none = np.isnan(means.sum(axis=0))
            about = means.mean(axis=0)
            apart = ((means - np.where(np.isfinite(about), about, 0.0)) ** 2).mean(axis=0)
        return np.where(none, np.nan, within + apart)[()]

    def std(self) -> Any:
        """The square root of the variance."""
        return np.sqrt(self.var())

    def mode(self) -> Any:
        """Where the density or probability is largest: it lies between the modes of the members.

        Looked for at the members' modes and on a grid between them that closes in on the best place.
        """
        modes = np.stack([np.atleast_1d(member.mode()) for member in self.members], axis=-1)
        whole = self.loss.specification.support.integer
        low, high = modes.min(axis=-1), modes.max(axis=-1)
        places = modes if whole else np.concatenate(list(next_to(modes)), axis=-1)
        best, height = _tallest(self._heights, places)
        steps = np.linspace(0.0, 1.0, _GRID)
        while True:
            grid = low[:, None] + (high - low)[:, None] * steps
            grid = np.rint(grid) if whole else grid
            found, tall = _tallest(self._heights, grid)
            better = tall > height
            best, height = np.where(better, found, best), np.where(better, tall, height)
            width = (high - low) / (_GRID - 1)
            closer = width > (0.5 if whole else 1e-12 * np.maximum(abs(low), abs(high)))
            if not closer.any():
                return best if self.shape else best[0]
            low, high = np.maximum(low, best - width), np.minimum(high, best + width)

    # --- How each is computed ---------------------------------------------------------------------

    def _heights(self, y: Array) -> Array:
        """log p at y (n, m); at an edge outside the support, where a density may be largest, next to it."""
        support = self.loss.specification.support
        for edge, closed in (
            (support.low, support.closed_low),
            (support.high, support.closed_high),
        ):
            if np.isfinite(edge) and not closed:
                y = np.where(y == edge, np.nextafter(edge, 0.5), y)
        found: Array = self.log_prob(y if self.shape else y[0])
        return found if self.shape else found[None]

    def _levels(self, levels: ArrayLike, what: str, *, upper: bool) -> Any:
        """quantile or isf: the members' own enclose it."""
        p = levels_of(levels, what)
        members = [Predictive(member.loss, member._raw2) for member in self.members]
        n = len(self) if self.shape else 1
        law = Weighted(self.loss, members, np.full((len(members), n), 1.0 / len(members)))
        solve = law.count if self.loss.specification.support.integer else law.amount
        found = solve(np.tile(p.ravel(), n), np.repeat(np.arange(n), p.size), upper=upper)
        found = found.reshape(n, *p.shape)
        return found if self.shape else found[0][()]


def _tallest(height: Callable[[Array], Array], places: Array) -> tuple[Array, Array]:
    """Of the places (n, m) of each row the smallest where the height is largest, and that height."""
    places = np.sort(places, axis=-1)
    heights = height(places)
    best = heights.argmax(axis=-1)[:, None]
    return (
        np.take_along_axis(places, best, -1)[:, 0],
        np.take_along_axis(heights, best, -1)[:, 0],
    )
