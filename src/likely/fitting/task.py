"""The arguments of a fit, and what follows from them without looking at a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from likely.fitting.basis import Basis, power_of_two
from likely.fitting.blocks import fold_threads
from likely.fitting.objective import Objective
from likely.fitting.problem import Array, Design, Loss, Response
from likely.fitting.source import Source
from likely.fitting.sums import consecutive


@dataclass(frozen=True)
class Task:
    """The arguments of a fit."""

    loss: Loss
    source: Source
    designs: tuple[Design, ...]
    response: Response
    start: Array
    penalties: Array
    names: Sequence[str] | None
    max_iter: int
    n_jobs: int | None
    coefficients: Array | None = None
    #: Whether it is told where a fit that comes to no end leads: it takes long, and a trial may only ask for maxima.
    to_edges: bool = True

    @property
    def edged(self) -> bool:
        """Whether a link is partial, so that the raw predictions have a domain with edges."""
        return getattr(self.loss, "valid", self) is not None

    @property
    def fisher(self) -> bool:
        """Whether the loss knows its expected information, and that is quick enough to step with."""
        # How long kernels are takes seconds to find out for a long loss: only where there is something to ask.
        known = "expected" in self.loss.curvature_kinds
        return known and "expected" in self.loss.kernel_kinds

    @property
    def threads(self) -> int:
        """How many threads a pass over these rows is worth."""
        return fold_threads(self.source.shape[0], self.n_jobs)

    def columns_of(self, design: Design) -> tuple[int, ...]:
        """The columns of X in a design."""
        if design.columns is None:
            return tuple(range(self.source.shape[1]))
        return tuple(design.columns)

    def column_name(self, column: int) -> str:
        """The name of a column of X: ``x3`` where it has none."""
        return f"x{column}" if self.names is None else str(self.names[column])

    def terms(self) -> tuple[tuple[str, str], ...]:
        """(raw column, term) of every flat coefficient."""
        found: list[tuple[str, str]] = []
        for name, design in zip(self.loss.column_names, self.designs, strict=True):
            found += [(name, "intercept")] if design.intercept else []
            found += [(name, self.column_name(c)) for c in self.columns_of(design)]
        return tuple(found)

    def parts(self) -> tuple[slice, ...]:
        """The flat coefficients of every raw column."""
        widths = [int(d.intercept) + len(self.columns_of(d)) for d in self.designs]
        return consecutive(widths)

    def penalty(self) -> Array:
        """alpha per flat coefficient: 0 for intercepts."""
        total = np.zeros(self.parts()[-1].stop)
        for part, design, alpha in zip(self.parts(), self.designs, self.penalties, strict=True):
            total[part.start + int(design.intercept) : part.stop] = alpha
        return total

    def objective(self, bases: Sequence[Basis], uses: Sequence[int]) -> Objective:
        """The sum over rows, in the coordinates of these bases."""
        return Objective(
            self.loss, self.source, bases, uses, self.response, self.penalty(), self.threads
        )

    def counted(self) -> tuple[int, float]:
        """Rows with weight, and the sum of the weights."""
        n, w = self.source.shape[0], self.response.weight
        return (n, float(n)) if w is None else (int(np.count_nonzero(w)), float(w.sum()))


def weighed(response: Response) -> tuple[Response, float]:
    """The response with weights in another unit, and that unit.

    Weights that are all small would leave the loss below the digits that it is judged by.
    """
    if response.weight is None:
        return response, 1.0
    unit = min(1.0, float(power_of_two(response.weight.max())))
    return replace(response, weight=response.weight / unit), unit
