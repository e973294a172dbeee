"""A linear model that is to be fitted: what the searches for a larger maximum are about."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from likely.fitting import ConvergenceWarning, Design, FitResult, Response, Status, fit_linear
from likely.fitting.newton import OutsideDomainError

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

    def fitted(self, coefficients: Array, steps: int) -> FitResult | None:
        """The fit from there, without covariances; None where there is no likelihood.

        Where the end of a support, or of all numbers, is so near that rounding leads across.
        """
        try:
            return fit_linear(
                self.loss, self.X, self.designs, self.response, start=np.zeros(self.loss.columns),
                coefficients=coefficients, alpha=self.alpha, covariances=(), max_iter=steps,
            )  # fmt: skip
        except OutsideDomainError:
            return None

    def largest(self, starts: Iterable[Array], least: float, steps: int) -> Array | None:
        """Coefficients (P,) at the largest maximum of fits from ``starts``; None where none is below ``least``."""
        best = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for coefficients in starts:
                other = self.fitted(coefficients, steps)
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
        return float(self.response.y.shape[0]) if w is None else float(w.sum() ** 2 / (w @ w))

    @cached_property
    def counted(self) -> tuple[NDArray[np.intp], Array, Array, Array]:
        """The rows with weight, their y, weight and offset (k, n)."""
        return self.response.counted(self.loss.columns)

    @cached_property
    def rows(self) -> list[Array]:
        """The columns of X of each raw prediction, of the rows with weight."""
        dense = self.X.toarray() if issparse(self.X) else np.asarray(self.X, dtype=np.float64)
        kept = dense[self.counted[0]]
        return [kept[:, list(self.chosen(j))] for j in range(len(self.designs))]

    @cached_property
    def unit(self) -> float:
        """What a row weighs."""
        return weight_of_a_row(self.response.weight)

    def below(self, objective: float) -> float:
        """What the objective of a larger maximum is below."""
        return objective - SAME * max(self.unit, abs(objective))

    def loss_at(self, parts: Sequence[slice], coefficients: Array) -> float:
        """Σ w·nll; ∞ where that is no number. ``parts`` are the places of each raw prediction's coefficients."""
        _, y, weight, offset = self.counted
        raw = offset.copy()
        for row, design, x, part in zip(raw, self.designs, self.rows, parts, strict=True):
            first = part.start + int(design.intercept)
            row += x @ coefficients[first : part.stop]
            if design.intercept:
                row += coefficients[part.start]
        with np.errstate(all="ignore"):  # far out a density may be none
            total = float(weight @ self.loss.evaluate(y, raw, 0)[0])
        return total if np.isfinite(total) else np.inf


def weight_of_a_row(weight: Array | None) -> float:
    """The mean weight of those that count."""
    return 1.0 if weight is None else float(weight[weight > 0.0].mean())


def standardised(x: Array) -> tuple[Array, Array]:
    """The columns' means, and one over their standard deviations: 0 where there is none."""
    spread = x.std(axis=0)
    vary = (spread > 0.0) & np.isfinite(spread)
    return x.mean(axis=0), np.divide(1.0, spread, out=np.zeros_like(spread), where=vary)
