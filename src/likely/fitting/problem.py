"""What is minimised: a loss per row, a design per raw column, a response with its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class OutsideDomainError(ValueError):
    """The loss is infinite at the start values."""


class Loss(Protocol):
    """A negative log-likelihood per row as a function of k raw columns.

    Optional attributes: ``shift_invariant`` (True where adding one number to all raw columns of a
    row leaves the loss unchanged, as in a softmax: the estimates are then made to sum to zero over
    the columns), ``discrete`` (True where the loss of a row is −log of a probability, so never below
    0: the likelihood is then bounded), ``moving_ends`` (True where parameters say where the support of a row ends,
    beyond which the loss is infinite), ``classes`` (of how many y is the code, 1 elsewhere), ``edge_words`` (what it
    means that the loss is infinite beyond some raw), ``limit(column, upwards)`` (the value of the parameter where raw
    is ∞ or −∞) and ``curvature_product(y, raw, v)``,
    (k, n) → (k, n), used where k is too large for packed curvature.
    """

    columns: int
    column_names: tuple[str, ...]
    smooth: bool
    curvature_kinds: tuple[str, ...]
    kernel_kinds: tuple[str, ...]  # those quick enough to step with

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed"
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (k, n), packed lower triangle of the curvature (k(k+1)/2, n)."""


@dataclass(frozen=True)
class Design:
    """The linear predictor of one raw column: its columns of X, and whether it has an intercept.

    ``columns`` None means all of them; an empty sequence is a raw column shared by all rows.
    """

    columns: tuple[int, ...] | None = None
    intercept: bool = True

    def chosen(self, features: int) -> tuple[int, ...]:
        """Its columns among so many of X."""
        return tuple(range(features)) if self.columns is None else tuple(self.columns)


@dataclass(frozen=True)
class Response:
    """y with everything that belongs to it row by row.

    y (n,), or (n, m) of m numbers a row; weight (n,) ≥ 0, frequencies, or None for ones; offset
    (k, n), added to raw, or None.
    """

    y: NDArray[Any]
    weight: Array | None = None
    offset: Array | None = None

    def take(self, rows: Any) -> Response:
        """The same for some of the rows."""
        return Response(
            self.y[rows],
            None if self.weight is None else self.weight[rows],
            None if self.offset is None else self.offset[:, rows],
        )

    def counted(self, columns: int) -> tuple[NDArray[np.intp], Array, Array, Array]:
        """The rows with weight, and their y, weight and offset: ones and zeros where there are none."""
        n = self.y.shape[0]
        rows = np.arange(n) if self.weight is None else np.flatnonzero(self.weight)
        some = self.take(rows)
        return (
            rows,
            np.asarray(some.y, dtype=np.float64),
            np.ones(rows.size) if some.weight is None else some.weight,
            np.zeros((columns, rows.size)) if some.offset is None else some.offset,
        )


def check_problem(
    loss: Loss,
    shape: tuple[int, int],
    designs: Sequence[Design],
    response: Response,
    start: Array,
    coefficients: Array | None = None,
) -> None:
    """ValueError where the pieces do not fit each other."""
    n, p = shape
    k = loss.columns
    if len(designs) != k:
        raise ValueError(f"{len(designs)} designs for {k} raw columns: give one per raw column")
    widths = [int(d.intercept) + len(d.chosen(p)) for d in designs]
    if start.shape != (k,) or not np.isfinite(start).all():
        raise ValueError(f"start must be {k} finite numbers, one per raw column, got {start}")
    if coefficients is not None and (
        coefficients.shape != (sum(widths),) or not np.isfinite(coefficients).all()
    ):
        raise ValueError(f"coefficients must be {sum(widths)} finite numbers, got {coefficients}")
    if response.y.shape[0] != n:
        raise ValueError(f"y has shape {response.y.shape}, but X has {n} rows: they must match")
    weight = response.weight
    if weight is not None and weight.shape != (n,):
        raise ValueError(f"weight has shape {weight.shape}: it must be ({n},)")
    if n == 0 or (weight is not None and not np.any(weight)):
        raise ValueError("no row has a positive weight: there is nothing to fit")
    if response.offset is not None and response.offset.shape != (k, n):
        raise ValueError(f"offset has shape {response.offset.shape}: it must be ({k}, {n})")
    for name, design in zip(loss.column_names, designs, strict=True):
        for column in design.columns or ():
            if not 0 <= column < p:
                raise ValueError(f"the design of {name} names column {column}: X has {p} columns")
