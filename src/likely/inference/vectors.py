"""Predictive distributions whose values are rows of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely.families.base import Specification
from likely.inference.asked import generator_for
from likely.inference.batch import Batch
from likely.inference.distributions import Array
from likely.inference.predictive import Predictive
from likely.links import default_link
from likely.losses import check
from likely.losses.composed import Slot
from likely.losses.nll import NegativeLogLikelihood


class VectorPredictive(Batch):
    """n distributions of rows of d numbers, one a row; or a single one, of shape ().

    Where y is asked for, give (n, d), (d,) for all rows, or (n, m, d) for m values a row; a single distribution
    takes (…, d). Points such as ``mode()`` have shape (n, d), or (d,).
    """

    def __init__(self, loss: Any, raw: ArrayLike) -> None:
        super().__init__(loss, raw)
        self._refuse_unless_finite()

    def __repr__(self) -> str:
        name, d = self.loss.specification.name, self.loss.y_columns
        if self.shape:
            return f"<{name} {len(self)} distributions of {d} columns>"
        shown = ", ".join(f"{v:.6g}" for v in np.ravel(self.mode())[:5])
        return f"<{name} distribution of {d} columns: mode=[{shown}]>"

    def log_prob(self, y: ArrayLike) -> Any:
        """log p(y), the density or probability, in nats; −∞ outside the support."""
        d, n = self.loss.y_columns, self._raw2.shape[1]
        values = check.numeric(y, "y")
        if values.ndim == 0 or values.shape[-1] != d:
            raise ValueError(f"y must have {d} columns, its last axis; got shape {values.shape}")
        if self._missing(values).any():
            raise ValueError("y is NaN: drop those rows first")
        if self.shape:
            if values.ndim == 1:
                values = np.broadcast_to(values, (n, d))
            if values.ndim > 3 or values.shape[0] != n:
                raise ValueError(
                    f"y has shape {values.shape}, but there are {n} distributions: give ({n}, {d}), "
                    f"({n}, m, {d}) or ({d},)"
                )
        shape = values.shape[:-1]
        flat = np.ascontiguousarray(values.reshape(-1, d))
        times = flat.shape[0] if not self.shape else int(np.prod(shape[1:], dtype=np.intp))
        rows = np.repeat(np.arange(n), times)
        inside = self.loss.inside(flat)
        out = np.full(flat.shape[0], -np.inf)
        if inside.any():
            raw = np.ascontiguousarray(self._raw2[:, rows[inside]])
            out[inside] = -self.loss.evaluate(flat[inside], raw, 0)[0]
        return out.reshape(shape)[()]

    @property
    def _columns(self) -> tuple[str, ...]:
        """What the columns of y are called, where they have names."""
        return ()

    def _place(self, column: int | str) -> int:
        """Which column of y is meant, by its place or name; ValueError where there is none."""
        names, d = self._columns, self.loss.y_columns
        if isinstance(column, str):
            if column in names:
                return names.index(column)
        elif isinstance(column, int | np.integer) and -d <= column < d:
            return int(column) % d
        there = ", ".join([*names, f"or 0 to {d - 1}"]) if names else f"0 to {d - 1}"
        raise ValueError(
            f"{self.loss.specification.name} has no column {column!r} of y; there are {there}"
        )

    def _missing(self, values: Array) -> NDArray[np.bool_]:
        return np.isnan(values)

    def prob(self, y: ArrayLike) -> Any:
        """p(y), the density or probability; 0 outside the support."""
        return np.exp(self.log_prob(y))

    def mode(self) -> Any:
        """Where the density or probability is largest."""
        raise NotImplementedError

    def sample(self, m: int, rng: np.random.Generator | int | None = None) -> Array:
        """m draws a row, (n, m, d), or (m, d) from a single distribution; ``rng`` a Generator or a seed."""
        draws = self._draw(m, generator_for(m, rng))
        return draws if self.shape else draws[0]

    def _draw(self, m: int, rng: np.random.Generator) -> Array:
        raise NotImplementedError

    def _shaped(self, columns: Array) -> Any:
        """Rows first, from columns (…, n)."""
        rows = np.moveaxis(columns, -1, 0)
        return rows if self.shape else rows[0]

    def _of_one(self, specification: Specification, raw: Array) -> Predictive:
        """Distributions of one number a row, of a family at raw (k, n) of its default links."""
        return Predictive(usual_loss(specification), raw if self.shape else raw[:, 0])


class NamedPredictive(VectorPredictive):
    """Rows of numbers whose columns have names."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns of y are called."""
        found: tuple[str, ...] = self.loss.specification.support.names
        return found

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.names


def usual_loss(specification: Specification) -> NegativeLogLikelihood:
    """The loss of a family with every parameter predicted through its default link."""
    slots = tuple(
        Slot(name, name, "predicted", default_link(parameter.domain))
        for name, parameter in specification.parameters.items()
    )
    return NegativeLogLikelihood.of(specification, slots)
