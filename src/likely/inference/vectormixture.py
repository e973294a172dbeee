"""The equal-weight mixture of Normal distributions of rows of numbers: what an ensemble predicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from likely.inference.asked import generator_for
from likely.inference.distributions import Array
from likely.inference.mixture import Mixture
from likely.inference.multivariatenormal import MultivariateNormalPredictive

#: Steps of the search for the mode; each raises the density.
_STEPS = 1000
_CLOSE = 1e-12


class VectorMixture:
    """n mixtures of the members' distributions, one a row; or a single one. Shapes as for its members.

    Its density is the mean of theirs; one of its columns is a mixture too, ``marginal(i)``.
    """

    def __init__(self, members: Sequence[MultivariateNormalPredictive]) -> None:
        self.members = tuple(members)
        self.loss = members[0].loss
        self.shape = members[0].shape

    def __len__(self) -> int:
        return len(self.members[0])

    def __getitem__(self, rows: Any) -> VectorMixture:
        return VectorMixture([member[rows] for member in self.members])

    def __iter__(self) -> Iterator[VectorMixture]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        return f"<mixture of {len(self.members)}: {self.members[0]!r}, …>"

    @property
    def parameters(self) -> dict[str, Array]:
        """Those of the members, one after the other along a last axis."""
        each = [member.parameters for member in self.members]
        return {name: np.stack([one[name] for one in each], axis=-1) for name in each[0]}

    def log_prob(self, y: ArrayLike) -> Any:
        """log p(y), in nats; shapes as for the members."""
        logs = np.array([member.log_prob(y) for member in self.members])
        found: Any = np.logaddexp.reduce(logs, axis=0) - np.log(len(self.members))
        return found

    def prob(self, y: ArrayLike) -> Any:
        """p(y)"""
        return np.exp(self.log_prob(y))

    def sample(self, m: int, rng: np.random.Generator | int | None = None) -> Array:
        """m draws a row, (n, m, d), or (m, d) from a single distribution; ``rng`` a Generator or a seed."""
        generator = generator_for(m, rng)
        each = np.stack([member.sample(m, generator) for member in self.members])
        which = generator.integers(0, len(self.members), each.shape[1:-1])
        found: Array = np.take_along_axis(each, which[None, ..., None], axis=0)[0]
        return found

    def mean(self) -> Any:
        """E[Y]: the mean of the members' means."""
        return np.mean([member.mean() for member in self.members], axis=0)

    def cov(self) -> Any:
        """The covariance matrix: the mean of the members', and the covariance of their means."""
        within = np.mean([member.cov() for member in self.members], axis=0)
        apart = np.array([member.mean() for member in self.members]) - self.mean()
        return within + np.einsum("k...i,k...j->...ij", apart, apart) / len(self.members)

    def var(self) -> Any:
        """The variance of each column."""
        return np.diagonal(self.cov(), axis1=-2, axis2=-1)

    def std(self) -> Any:
        """The standard deviation of each column."""
        return np.sqrt(self.var())

    def mode(self) -> Any:
        """Where the density is largest: the best of the maxima that lie uphill of the members' modes.

        x ← (Σ wₖ Σₖ⁻¹)⁻¹ Σ wₖ Σₖ⁻¹ μₖ with the members' shares wₖ of the density at x never lowers it.
        Source: Carreira-Perpiñán (2000), doi:10.1109/34.888716.
        """
        loc = np.array([member.mean() for member in self.members])
        precision = np.linalg.inv(np.array([member.cov() for member in self.members]))
        pull = np.einsum("k...ij,k...j->k...i", precision, loc)
        best, height = loc[0], self.log_prob(loc[0])
        for start in loc:
            x = start
            for _ in range(_STEPS):
                logs = np.array([member.log_prob(x) for member in self.members])
                share = np.exp(logs - np.logaddexp.reduce(logs, axis=0))
                matrix = np.einsum("k...,k...ij->...ij", share, precision)
                right = np.einsum("k...,k...i->...i", share, pull)
                after = np.linalg.solve(matrix, right[..., None])[..., 0]
                moved = np.abs(after - x).max(initial=0.0)
                x = after
                if moved <= _CLOSE * (1.0 + np.abs(x).max(initial=0.0)):
                    break
            here = self.log_prob(x)
            higher = here > height
            best = np.where(np.asarray(higher)[..., None], x, best)
            height = np.where(higher, here, height)
        return best

    def marginal(self, column: int) -> Mixture:
        """The distribution of one column of y."""
        return Mixture([member.marginal(column) for member in self.members])
