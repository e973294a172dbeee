"""A linear model that is to be fitted: what the searches for a start, or for a larger maximum, are about."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import (
    ConvergenceWarning,
    Design,
    FitResult,
    Reached,
    Response,
    Status,
    approaching,
    fit_linear,
)
from likely.fitting.problem import OutsideDomainError
from likely.fitting.ways import Way

Array = NDArray[np.float64]

#: Losses closer than this, relative to them, are of one maximum.
SAME = 1e-9


@dataclass(frozen=True)
class LinearModel:
    """A loss, the columns of X of each of its raw predictions, y, and penalties (k,) or None."""

    loss: Any
    X: Any
    designs: Sequence[Design]
    response: Response
    alpha: Array | None

    def fitted(self, coefficients: Array, steps: int, to_edges: bool = True) -> FitResult | None:
        """The fit from there, without covariances; None where there is no likelihood.

        Where the end of a support, or of all numbers, is so near that rounding leads across. Without ``to_edges`` only
        a maximum inside is asked for.
        """
        try:
            return self.fitted_from(np.zeros(self.loss.columns), steps, coefficients, to_edges)
        except OutsideDomainError:
            return None

    def fitted_from(
        self,
        start: Array,
        steps: int = 200,
        coefficients: Array | None = None,
        to_edges: bool = True,
    ) -> FitResult:
        """The fit from raw values (k,), or from ``coefficients`` (P,), without covariances."""
        return fit_linear(
            self.loss, self.X, self.designs, self.response,
            start=start, coefficients=coefficients, alpha=self.alpha, covariances=(), max_iter=steps,
            to_edges=to_edges,
        )  # fmt: skip

    def approaching(
        self, coefficients: Array, steps: int, enough: float, promise: float = np.inf
    ) -> Way[Reached]:
        """The way of some of Newton's steps from there, to go ``together`` with others."""
        return approaching(
            self.loss, self.X, self.designs, self.response, coefficients,
            alpha=self.alpha, steps=steps, enough=enough, promise=promise,
        )  # fmt: skip

    def of(self, loss: Any, columns: Sequence[int], y: Array, weight: Array | None) -> LinearModel:
        """Another loss on some of the raw predictions."""
        some, offset = list(columns), self.response.offset
        return LinearModel(
            loss,
            self.X,
            [self.designs[j] for j in some],
            Response(y, weight, None if offset is None else offset[some]),
            None if self.alpha is None else self.alpha[some],
        )

    def part(self, which: int, weight: Array) -> LinearModel:
        """One component of a mixture, of the rows that may be its own with these weights (n,)."""
        inside, columns = self.loss.parts[which]
        y = self.response.y
        fits = inside.specification.support.contains(y)
        return self.of(inside, columns, y, np.where(fits, weight, 0.0))

    def some_rows(self, most: int) -> LinearModel:
        """The same with some rows, evenly spaced: as many as that, or up to twice as many."""
        every = slice(None, None, max(1, self.X.shape[0] // most))
        return replace(self, X=self.X[every], response=self.response.take(every))

    def largest(self, starts: Iterable[Array], least: float, steps: int) -> Array | None:
        """Coefficients (P,) at the largest maximum of fits from ``starts``; None where none is below ``least``."""
        best = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for coefficients in starts:
                other = self.fitted(coefficients, steps, to_edges=False)
                if other is None or other.status is not Status.converged:
                    continue
                if other.objective < least:
                    best, least = other.parameters, other.objective
        return best

    def chosen(self, column: int) -> tuple[int, ...]:
        """The columns of X that a raw prediction depends on."""
        return tuple(self.designs[column].chosen(self.X.shape[1]))

    @cached_property
    def equal_rows(self) -> float:
        """How many rows of one weight tell as much: (Σw)²/Σw²."""
        w = self.response.weight
        if w is None:
            return float(self.response.y.shape[0])
        w = w / w.max()  # squares of small weights would vanish
        return float(w.sum() ** 2 / (w @ w))

    @cached_property
    def counted(self) -> tuple[NDArray[np.intp], Array, Array, Array]:
        """The rows with weight, their y, weight and offset (k, n)."""
        return self.response.counted(self.loss.columns)

    def columns(self, column: int) -> Array:
        """The columns of X that a raw prediction depends on, dense, of the rows with weight."""
        some = self.X[self.counted[0]][:, list(self.chosen(column))]
        return some.toarray() if issparse(some) else np.asarray(some, dtype=np.float64)

    def slopes(self, column: int) -> int:
        """How many columns of X a raw prediction depends on."""
        return len(self.chosen(column))

    def size(self, column: int) -> int:
        """How many coefficients a raw prediction has."""
        return int(self.designs[column].intercept) + self.slopes(column)

    def blocks(self, coefficients: Array) -> list[Array]:
        """The coefficients (P,) of each raw prediction, views."""
        sizes = [self.size(j) for j in range(len(self.designs))]
        return np.split(coefficients, np.cumsum(sizes)[:-1])

    def raw(self, coefficients: Array) -> Array:
        """Raw predictions (k, n)."""
        offset, shape = self.response.offset, (len(self.designs), self.X.shape[0])
        raw = np.zeros(shape) if offset is None else offset.copy()
        for row, design, block in zip(raw, self.designs, self.blocks(coefficients), strict=True):
            slopes = block[int(design.intercept) :]
            if design.intercept:
                row += block[0]
            if slopes.size:
                some = self.X if design.columns is None else self.X[:, list(design.columns)]
                row += np.asarray(some @ slopes).ravel()
        return raw

    @cached_property
    def unit(self) -> float:
        """What a row weighs."""
        return weight_of_a_row(self.response.weight)

    def below(self, objective: float) -> float:
        """What the objective of a larger maximum is below."""
        return objective - SAME * max(self.unit, abs(objective))

    def objective_at(self, coefficients: Array) -> float:
        """Σ w·nll and the penalty; ∞ where that is no number."""
        y, weight = self.response.y, self.response.weight
        with np.errstate(all="ignore"):  # far out a density may be none
            each = self.loss.evaluate(y, self.raw(coefficients), 0)[0]
            # Without weight a row may be outside of what has a likelihood.
            total = float(
                each.sum() if weight is None else weight[weight > 0.0] @ each[weight > 0.0]
            )
        return total + self._penalty(coefficients) if np.isfinite(total) else np.inf

    def _penalty(self, coefficients: Array) -> float:
        if self.alpha is None:
            return 0.0
        each = zip(self.alpha, self.designs, self.blocks(coefficients), strict=True)
        return 0.5 * sum(float(a * (b[int(d.intercept) :] ** 2).sum()) for a, d, b in each)


def weight_of_a_row(weight: Array | None) -> float:
    """The mean weight of those that count."""
    return 1.0 if weight is None else float(weight[weight > 0.0].mean())


def standardised(x: Array) -> tuple[Array, Array]:
    """The columns' means, and one over their standard deviations: 0 where there is none."""
    spread = x.std(axis=0)
    vary = (spread > 0.0) & np.isfinite(spread)
    return x.mean(axis=0), np.divide(1.0, spread, out=np.zeros_like(spread), where=vary)
