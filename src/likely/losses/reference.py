"""Softmax cross-entropy against a reference class, whose raw prediction is 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from likely.families.base import Specification
from likely.losses.categorical import CategoricalLoss
from likely.losses.composed import Slot
from likely.losses.vector import Array, symmetric_index


class ReferenceLoss(CategoricalLoss):
    """−log λ_y with λ = softmax(raw) and the raw of the reference class 0, in nats; raw has shape (K − 1, n).

    The other raws, in the order of the classes, are log λₖ/λ_reference. ``reference`` is the label of a class, or its
    position where labels are not numbers; ``labels`` (K,) are 0, …, K − 1 where they are not given.
    """

    shift_invariant = False

    def __init__(
        self,
        specification: Specification,
        size: int | None,
        slots: Sequence[Slot],
        reference: Any,
        labels: ArrayLike | None = None,
    ) -> None:
        super().__init__(specification, size, slots)
        self.reference_name = reference
        self._labels = labels
        if size is not None:
            _ = self.reference  # a class that is none is an error here

    @cached_property
    def reference(self) -> int:
        """The code of the reference class; ValueError where it is none, or K is unknown."""
        labels = np.arange(self.size) if self._labels is None else np.asarray(self._labels)
        return position(self.reference_name, labels)

    @cached_property
    def symmetric(self) -> CategoricalLoss:
        """The loss over all K columns."""
        return CategoricalLoss(self.specification, self.size, self.slots)

    def logits(self, raw: Array) -> Array:
        """raw (K, …) of all classes from those beside the reference (K − 1, …)."""
        return np.insert(raw, self.reference, 0.0, axis=0)

    def _others(self, values: Array) -> Array:
        return np.delete(values, self.reference, axis=0)

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this loss from others."""
        return (*super().key, self.reference_name if self._size is None else self.reference)

    @staticmethod
    def size_of(columns: int) -> int:
        """One class more than columns."""
        return columns + 1

    def widths(self) -> tuple[int, ...]:
        """One column a class but the reference."""
        return (self.size - 1,)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the other classes' columns: those that they have without a reference."""
        names = list(self.symmetric.column_names)
        del names[self.reference]
        return tuple(names)

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed", invalid: Any = None
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (K − 1, n), packed curvature (K(K − 1)/2, n), up to ``order``."""
        nll, gradient, curvature = super().evaluate(y, self.logits(raw), order, kind, invalid)
        return (
            nll,
            None if gradient is None else self._others(gradient),
            None if curvature is None else curvature[self._packed],
        )

    @cached_property
    def _packed(self) -> list[int]:
        """Where the curvatures of the other classes are among those of all."""
        others = [k for k in range(self.size) if k != self.reference]
        return [symmetric_index(a, b) for i, a in enumerate(others) for b in others[: i + 1]]

    def curvature_product(self, y: Array, raw: Array, v: Array) -> Array:
        """Curvature times v, (K − 1, n), without forming matrices."""
        return self._others(super().curvature_product(y, self.logits(raw), self.logits(v)))

    def log_probabilities(self, raw: Array) -> Array:
        """log p of every class, (K, n)."""
        return super().log_probabilities(self.logits(raw))

    def natural(self, raw: Array) -> dict[str, Array]:
        """probs (K, n)."""
        return super().natural(self.logits(raw))

    def raw_of(self, parameters: Mapping[str, Any]) -> Array:
        """raw (K − 1,) or (K − 1, n) of probs (K,) or (n, K)."""
        return self._relative(super().raw_of(parameters), "probs gives it the probability 0")

    def start(self, y: Array, weight: Array | None) -> Array:
        """The marginal frequencies, a class that was not seen counting as half a row."""
        raw = super().start(y, weight)
        return self._others(raw - raw[self.reference])

    def maximum(self, y: Array, weight: Array | None) -> Array:
        """The marginal frequencies; −∞ for a class that has none, ValueError where the reference has none."""
        return self._relative(super().maximum(y, weight), "y has no row of it")

    def _relative(self, logits: Array, problem: str) -> Array:
        if np.isneginf(logits[self.reference]).any():
            raise ValueError(
                f"the odds against the reference class {self.reference_name!r} are infinite, because {problem}: choose "
                f"another reference, or none, {self.specification.name}()"
            )
        return self._others(logits - logits[self.reference])


def position(reference: Any, labels: NDArray[Any]) -> int:
    """The position of a class, from its label; ValueError names the classes."""
    classes = labels.tolist()
    if reference in classes:
        return int(classes.index(reference))
    numbers = labels.dtype.kind in "biuf"
    if not numbers and isinstance(reference, Integral) and 0 <= int(reference) < len(classes):
        return int(reference)
    raise ValueError(
        f"reference must be one of the classes {', '.join(map(str, classes))}, got {reference!r}"
    )
