"""Predictive distributions of compositions: shares, and counts of several kinds among known trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from likely.inference.distributions import Array
from likely.inference.predictive import Predictive
from likely.inference.vectors import NamedPredictive, usual_loss


class CompositionPredictive(NamedPredictive):
    """n distributions of rows of K parts; or a single one, of shape (). Points have shape (n, K), or (K,)."""

    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("cdf", "sf", "quantile", "isf", "interval", "median"), "it has several columns"
    )
    instead: ClassVar[str] = "Use marginal(i), the distribution of one of them"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters on their natural scale by public name, (n,) each; fixed ones included."""
        found = {
            slot.parameter: self.loss.parameter(slot.parameter, self._raw2)
            for slot in self.loss.slots
        }
        return {k: v.copy() if self.shape else v[0] for k, v in found.items()}

    def _logs(self) -> tuple[Array, Array]:
        """log μ and log(1 − μ), (n, K)."""
        k = len(self.names)
        ratios = [self.loss.parameter(slot.of, self._raw2) for slot in self.loss.slots[: k - 1]]
        rows = np.stack([*ratios, np.zeros_like(ratios[0])], axis=-1)
        others = np.stack(
            [np.logaddexp.reduce(np.delete(rows, j, axis=1), axis=1) for j in range(k)], axis=-1
        )
        return -np.logaddexp(0.0, others - rows), -np.logaddexp(0.0, rows - others)

    def _shares(self) -> Array:
        return np.exp(self._logs()[0])

    def _precision(self) -> Array:
        """κ, (n, 1)."""
        return np.asarray(self.loss.parameter("precision", self._raw2))[:, None]

    def _rows(self, values: Array) -> Any:
        return values if self.shape else values[0]

    def _spread(self) -> Array:
        """What var is of μ(1 − μ)."""
        raise NotImplementedError

    def mean(self) -> Any:
        """The mean of each part, (n, K)."""
        return self._rows(self._shares() * self._total())

    def _total(self) -> Array:
        """The sum of a row, (n, 1)."""
        return np.ones((self._raw2.shape[1], 1))

    def var(self) -> Any:
        """The variance of each part, (n, K)."""
        log_share, log_rest = self._logs()
        return self._rows(np.exp(log_share + log_rest) * self._spread())

    def std(self) -> Any:
        """The standard deviation of each part, (n, K)."""
        return np.sqrt(self.var())

    def cov(self) -> Any:
        """The covariance matrix of the parts, (n, K, K), which is singular."""
        shares, spread = self._shares(), self._spread()
        found = -shares[:, :, None] * shares[:, None] * spread[..., None]
        each = np.arange(shares.shape[1])
        found[:, each, each] = np.reshape(self.var(), shares.shape)
        return self._rows(found)


class DirichletPredictive(CompositionPredictive):
    """n Dirichlet distributions of K shares."""

    def mode(self) -> Any:
        """Where the density is largest, (n, K): on the edge for the parts with κμ ≤ 1."""
        above = np.maximum(self._shares() * self._precision() - 1.0, 0.0)
        total = above.sum(axis=1, keepdims=True)
        corner = np.eye(above.shape[1])[self._shares().argmax(axis=1)]
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._rows(np.where(total > 0.0, above / total, corner))

    def _spread(self) -> Array:
        return 1.0 / (1.0 + self._precision())

    def entropy(self) -> Any:
        """The differential entropy in nats, with respect to all shares but the last."""
        value = self.loss.formula("entropy", self._raw2)
        return value.copy() if self.shape else value[0]

    def marginal(self, column: int | str) -> Predictive:
        """The distribution of one share, by its place or name: Beta."""
        from likely.families.registry import specification

        j = self._place(column)
        log_share, log_rest = (logs[:, j] for logs in self._logs())
        raw = np.stack([log_share - log_rest, np.log(self._precision()[:, 0])])
        return self._of_one(specification("beta"), raw)

    def _draw(self, m: int, rng: np.random.Generator) -> Array:
        return _dirichlet(self._shares() * self._precision(), m, rng)


class CountsPredictive(CompositionPredictive):
    """n distributions of counts of K kinds, of one trial or of ``trials``, a number or (n,)."""

    absent: ClassVar[Mapping[str, str]] = {
        **CompositionPredictive.absent,
        "entropy": "it is a sum over all counts without a closed form; the mean of -log_prob(y) of draws is near",
    }

    def __init__(self, loss: Any, raw: ArrayLike, trials: Any = 1) -> None:
        super().__init__(loss, raw)
        self.trials = np.broadcast_to(np.asarray(trials, dtype=np.float64), self.shape)

    def __getitem__(self, rows: Any) -> Any:
        found = super().__getitem__(rows)
        return type(self)(found.loss, found.raw, self.trials[rows])

    def _among(self, trials: Any) -> Any:
        return type(self)(self.loss, self.raw, trials)

    def _total(self) -> Array:
        return self.trials.reshape(-1, 1)

    def mode(self) -> Any:
        """The most probable counts, (n, K)."""
        return self._rows(_highest_averages(self._weights(), self._total()[:, 0]))

    def _of_trials(self, column: int | str, specification: Any, *others: Array) -> Predictive:
        """One count among the trials, by a family of successes with these other raw columns."""
        from likely.families.trials.base import with_column

        j = self._place(column)
        log_share, log_rest = (logs[:, j] for logs in self._logs())
        raw = np.stack([log_share - log_rest, *others, self._total()[:, 0]])
        loss = usual_loss(with_column(specification)).of_known
        return Predictive(loss, raw if self.shape else raw[:, 0])

    def _counts(self, shares: Array, rng: np.random.Generator) -> Array:
        """A draw of the trials at each of the shares (n, m, K)."""
        counts = np.broadcast_to(self._total(), shares.shape[:2]).astype(np.int64)
        return rng.multinomial(counts, shares).astype(np.float64)

    def _weights(self) -> Array:
        """The probability of one more of a kind is in the ratio of these over its count and one."""
        raise NotImplementedError


class MultinomialPredictive(CountsPredictive):
    """n Multinomial distributions."""

    def _weights(self) -> Array:
        return self._shares()

    def _spread(self) -> Array:
        return self._total()

    def marginal(self, column: int | str) -> Predictive:
        """The distribution of one count, by its place or name: Binomial."""
        from likely.families.trials.binomial import Binomial

        return self._of_trials(column, Binomial.specification)

    def _draw(self, m: int, rng: np.random.Generator) -> Array:
        shares = np.repeat(self._shares()[:, None], m, axis=1)
        return self._counts(shares, rng)


class DirichletMultinomialPredictive(CountsPredictive):
    """n Dirichlet-multinomial distributions."""

    def marginal(self, column: int | str) -> Predictive:
        """The distribution of one count, by its place or name: BetaBinomial."""
        from likely.families.trials.betabinomial import BetaBinomial

        return self._of_trials(column, BetaBinomial.specification, np.log(self._precision()[:, 0]))

    def _weights(self) -> Array:
        """κμ − 1 where a kind gets rarer as it is seen; where there is none, all go to one kind."""
        above = self._shares() * self._precision() - 1.0
        corner = np.eye(above.shape[1])[above.argmax(axis=1)]
        return np.where((above > 0.0).any(axis=1, keepdims=True), np.maximum(above, 0.0), corner)

    def _spread(self) -> Array:
        kappa, n = self._precision(), self._total()
        return n * ((n + kappa) / (1.0 + kappa))

    def _draw(self, m: int, rng: np.random.Generator) -> Array:
        shares = _dirichlet(self._shares() * self._precision(), m, rng)
        return self._counts(shares, rng)


def _dirichlet(sizes: Array, m: int, rng: np.random.Generator) -> Array:
    """m draws a row, (n, m, K): Gammas over their sum, in logarithms, as small sizes make them underflow."""
    n, k = sizes.shape
    shape = np.broadcast_to(sizes[:, None], (n, m, k))
    # A Gamma of size a is one of size a + 1 times a uniform number to the power 1/a.
    logs = np.log(rng.standard_gamma(shape + 1.0)) + np.log1p(-rng.random((n, m, k))) / shape
    logs -= logs.max(axis=-1, keepdims=True)
    found = np.exp(logs)
    return found / found.sum(axis=-1, keepdims=True)


def _highest_averages(weights: Array, totals: Array) -> Array:
    """Whole numbers with these sums, each next one where weight/(number + 1) is largest: (n, K)."""
    k = weights.shape[1]
    share = weights / weights.sum(axis=1, keepdims=True)
    # No more than three short of where it ends, whatever the total.
    found = np.maximum(np.floor((totals[:, None] + k) * share) - 3.0, 0.0)
    while (left := found.sum(axis=1) < totals).any():
        rows = np.flatnonzero(left)
        best = (weights[rows] / (found[rows] + 1.0)).argmax(axis=1)
        found[rows, best] += 1.0
    return found
