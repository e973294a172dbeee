"""Fits with one raw column held at a value, the same in all rows: the profile of the likelihood over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import Design, FitResult, Response, fit_linear

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Held:
    """The fit with one raw column held: ``raw`` is its value, ``result`` has no coefficients there."""

    raw: float
    result: FitResult


@dataclass(frozen=True)
class Profile:
    """A problem of which the raw column ``at`` is held, or is not."""

    loss: Any
    X: Any
    designs: tuple[Design, ...]
    response: Response
    alpha: Array | None
    at: int

    def held(self, raw: float, start: Array, coefficients: Array | None) -> Held:
        """The fit with the column held at a raw value."""
        designs = list(self.designs)
        designs[self.at] = Design((), False)
        n, k = self.X.shape[0], self.loss.columns
        offset = np.zeros((k, n)) if self.response.offset is None else self.response.offset.copy()
        offset[self.at] = raw
        response = Response(self.response.y, self.response.weight, offset)
        result = fit_linear(
            self.loss, self.X, designs, response,
            start=start, coefficients=coefficients, alpha=self.alpha, covariances=(),
        )  # fmt: skip
        return Held(raw, result)

    def all(self, held: Held) -> Array:
        """All coefficients at a fit, those of the column that was held too."""
        slopes = len(self.designs[self.at].chosen(self.X.shape[1]))
        mine = np.r_[held.raw, np.zeros(slopes)]
        place = held.result.parts[self.at].start
        return np.concatenate(
            [held.result.parameters[:place], mine, held.result.parameters[place:]]
        )

    def free(self, held: Held, start: Array) -> FitResult:
        """The fit of all coefficients from there."""
        return fit_linear(
            self.loss, self.X, self.designs, self.response,
            start=start, coefficients=self.all(held), alpha=self.alpha, covariances=(),
        )  # fmt: skip


def peaks(way: Sequence[Held]) -> list[Held]:
    """The fits than which those before and after are no better; the second stands for the first, which has no slope."""
    losses = [np.inf, *(one.result.objective for one in way[1:]), np.inf]
    return [
        way[i]
        for i in range(1, len(way))
        if losses[i] <= losses[i - 1] and losses[i] <= losses[i + 1]
    ]
