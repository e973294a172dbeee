"""Losses whose parameters, or whose y, have several entries a row: written by hand, not traced.

They have the entry points of ``NegativeLogLikelihood``, and answer what a formula answers elsewhere: how
parameters follow from raw columns and back, where a fit starts, and what y must look like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from likely._math.domains import LABELLED
from likely._math.given import given
from likely.families.base import Specification
from likely.links import default_link
from likely.losses import check
from likely.losses.composed import Slot

Array = NDArray[np.float64]

#: Family → the module and class of its loss.
_LOSSES = {
    "Categorical": ("likely.losses.categorical", "CategoricalLoss"),
    "Ordinal": ("likely.losses.ordinal", "OrdinalLoss"),
    "MultivariateNormal": ("likely.losses.multivariatenormal", "MultivariateNormalLoss"),
    "PlackettLuce": ("likely.losses.plackettluce", "PlackettLuceLoss"),
}


def vector_loss(specification: Specification) -> type[VectorLoss]:
    """The class of the hand-written loss of a family."""
    module, name = _LOSSES[specification.name]
    found: type[VectorLoss] = getattr(import_module(module), name)
    return found


class VectorLoss:
    """Base of hand-written losses. ``size`` is K classes or d dimensions, None while y is not known.

    y has shape (n,), or (n, ``y_columns``) where that is not None; raw is columns first, (k, n).
    """

    smooth = True
    #: Whether p is a probability, so that the loss of a row is never below 0.
    discrete = True
    #: Whether float32 raw is taken as it is, and answered in float32.
    single = False
    #: Whether ``evaluate`` also takes a list, and adds to it in how many rows raw may not be finite.
    counts_invalid = False
    #: Whether ``start`` is the marginal maximum, where there is one.
    closed_form = True
    #: Whether adding a constant to all raw columns changes nothing.
    shift_invariant = False
    #: A raw column whose constant another one's constant takes the place of: (free, pinned), or None.
    gauge: ClassVar[tuple[int, int] | None] = None
    curvature_kinds: tuple[str, ...] = ("observed", "expected")
    kernel_kinds: tuple[str, ...] = ("observed", "expected")
    #: Whether the observed curvature does not depend on y, and so is the expected one.
    canonical = False
    valid = None

    def __init__(
        self, specification: Specification, size: int | None, slots: Sequence[Slot]
    ) -> None:
        self.specification = specification
        self.slots = tuple(slots)
        self.free = self.slots
        self._size = size
        for slot in self.slots:
            domain = specification.parameters[slot.of].domain
            usual = default_link(domain)
            if slot.link is not usual and domain.name != "latent":
                raise ValueError(
                    f"{specification.name}'s {slot.parameter} has the {usual.name} link and no other, "
                    f"got {slot.link}"
                )

    def __getstate__(self) -> dict[str, Any]:
        return given(self)

    @property
    def classes(self) -> int:
        """Of how many classes y is the code; 1 where it is numbers."""
        return self.size if self.specification.support.name in LABELLED else 1

    @property
    def size(self) -> int:
        """K or d; ValueError while it is unknown."""
        if self._size is None:
            name, word = self.specification.name, self.specification.vector
            raise ValueError(
                f"the number of {word} is not known yet: give it, {name}(3), or fit to y first"
            )
        return self._size

    def for_rows(self, n: int) -> VectorLoss:
        """The loss to use for work that folds n rows in blocks: itself."""
        return self

    def without(self, columns: Sequence[int]) -> VectorLoss:
        """The loss for those who need no derivatives by these columns: itself, whose curvature is one piece."""
        return self

    @property
    def compiled(self) -> VectorLoss:
        """The loss with kernels for blocks of every size: itself, which decides by their size."""
        return self

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this loss from others."""
        return self.specification.name, self._size

    @property
    def by_hand(self) -> str:
        """What its hand-written derivatives are called."""
        return self.specification.name

    # --- Raw columns ------------------------------------------------------------------------------

    @staticmethod
    def size_of(columns: int) -> int:
        """The size at which there are so many raw columns; ValueError where there is none."""
        raise NotImplementedError

    def widths(self) -> tuple[int, ...]:
        """How many raw columns each parameter has."""
        raise NotImplementedError

    @property
    def columns(self) -> int:
        """The number of raw columns."""
        return sum(self.widths())

    @property
    def column_names(self) -> tuple[str, ...]:
        """The name of each raw column: ``loc``, ``thresholds[0]``, …"""
        return tuple(
            name if width is None else f"{name}[{i}]"
            for name, width in zip(
                (slot.parameter for slot in self.free), self.indexed, strict=True
            )
            for i in range(1 if width is None else width)
        )

    @property
    def indexed(self) -> tuple[int | None, ...]:
        """The widths, None for a parameter whose only column has its own name."""
        return self.widths()

    @property
    def column_slots(self) -> tuple[int, ...]:
        """Of each raw column, which parameter it belongs to."""
        return tuple(i for i, width in enumerate(self.widths()) for _ in range(width))

    def outside(self, raw: Array) -> NDArray[np.bool_]:
        """No raw is outside the domain: the links of vectors are total."""
        return np.zeros(raw.shape[1:], dtype=bool)

    @staticmethod
    def size_of_y(columns: int) -> int:
        """The size of which y has so many columns."""
        raise NotImplementedError

    # --- y ----------------------------------------------------------------------------------------

    @property
    def y_columns(self) -> int | None:
        """How many columns y has; None where it has shape (n,)."""
        return None

    def response(self, y: Any) -> Array:
        """y as float64, every row in the support; ValueError names the rows that are not."""
        raise NotImplementedError

    def inside(self, y: Array) -> NDArray[np.bool_]:
        """Which rows of y, of the right shape and without NaN, are in the support."""
        return np.asarray(np.isfinite(y.reshape(y.shape[0], -1)).all(axis=1))

    # --- The loss ---------------------------------------------------------------------------------

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed"
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (k, n) and packed curvature (k(k+1)/2, n), up to ``order``."""
        raise NotImplementedError

    # --- Parameters -------------------------------------------------------------------------------

    def natural(self, raw: Array) -> dict[str, Array]:
        """The parameters on their natural scale, the axis of rows last: (…, n) for raw (k, n)."""
        raise NotImplementedError

    @staticmethod
    def size_of_parameters(parameters: Mapping[str, Any]) -> int:
        """The size of which these are natural parameters."""
        raise NotImplementedError

    def raw_of(self, parameters: Mapping[str, Any]) -> Array:
        """raw (k,) or (k, n) of natural parameters, rows first; ValueError where they are invalid."""
        raise NotImplementedError

    # --- Fits -------------------------------------------------------------------------------------

    def start(self, y: Array, weight: Array | None) -> Array:
        """Finite raw values (k,) to start from: the marginal maximum, or near it."""
        raise NotImplementedError

    def maximum(self, y: Array, weight: Array | None) -> Array | None:
        """Raw values (k,) at the marginal maximum, None without a closed form; ValueError where there is none."""
        raise NotImplementedError


def symmetric_index(i: int, j: int) -> int:
    """Where entry (i, j) of a symmetric matrix is in its packed lower triangle."""
    i, j = max(i, j), min(i, j)
    return i * (i + 1) // 2 + j


def class_codes(y: Any, loss: VectorLoss) -> Array:
    """y as class codes 0, …, K − 1, float64 (n,); ValueError names the rows that are none."""
    last = loss.size - 1
    support = replace(
        loss.specification.support,
        high=last,
        closed_high=True,
        words=f"a class 0, …, {last}",
    )
    return check.response(y, support, loss.specification.name)


def class_counts(y: Array, weight: Array | None, classes: int) -> Array:
    """How often each class occurs, weights counting as frequencies."""
    counts = np.bincount(y.astype(np.intp), weight, minlength=classes)
    return counts.astype(np.float64)


def last_length(parameters: Mapping[str, Any], name: str) -> int:
    """The length of the last axis of a natural parameter; ValueError where it has none."""
    shape = np.shape(parameters[name])
    if not shape:
        raise ValueError(f"{name} must have one entry each, shape (k,) or (n, k), got a number")
    return shape[-1]
