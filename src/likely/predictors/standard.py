"""y in numbers that float64 has digits for: less a constant, and in another unit.

Seconds since 1970 leave few digits for their spread, and the squares of 1e200 overflow. Where the loss allows it
(see ``likely.losses.symmetry``), the fit is then to y′ = (y − shift)/unit, and its raw predictions are carried back:
raw_j = factorⱼ·raw′_j + moveⱼ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely.fitting import FitResult, Response
from likely.losses.symmetry import symmetry

Array = NDArray[np.float64]

#: A mean of more standard deviations than this is subtracted, or of a positive y divided out.
CONCENTRATED = 1e4
#: Sizes of y from 1/this to this need no other unit.
MODERATE = 1e30
#: Sizes that can be fitted in the unit of y.
LARGEST = 1e70
LARGEST_COUNT = 2.0**53


@dataclass(frozen=True)
class Standard:
    """y = shift + unit·y′ and raw_j = factorⱼ·raw′_j + moveⱼ."""

    shift: float
    unit: float
    factor: Array
    move: Array

    def y(self, y: Array) -> Array:
        """y′"""
        return (y - self.shift) / self.unit

    def raw(self, raw: Array) -> Array:
        """raw (k, …) of y, from raw of y′."""
        extra = (1,) * (raw.ndim - 1)
        return self.factor.reshape(-1, *extra) * raw + self.move.reshape(-1, *extra)

    def offset(self, offset: Array | None) -> Array | None:
        """Offsets of raw′ (k, n), from those of raw."""
        return None if offset is None else offset / self.factor[:, None]

    def held(self, offset: Array | None, intercepts: Sequence[bool], rows: int) -> Array | None:
        """Offsets of raw′ (k, n), with the move of those raw columns that have no intercept to take it up."""
        move = np.where(intercepts, 0.0, self.move)
        if not move.any():
            return self.offset(offset)
        given = np.zeros((move.size, rows)) if offset is None else offset
        return self.offset(given - move[:, None])

    def response(self, response: Response) -> Response:
        """y′ with its weights and the offsets of raw′."""
        return Response(self.y(response.y), response.weight, self.offset(response.offset))

    def penalties(self, alpha: Array | None) -> Array | None:
        """The same penalties on the slopes of raw′; ValueError where float64 cannot hold them."""
        if alpha is None:
            return None
        with np.errstate(over="ignore"):
            scaled = alpha * self.factor * self.factor
        if not np.isfinite(scaled[alpha > 0.0]).all():
            raise ValueError(
                f"alpha = {alpha.max():g} on slopes for a y of size {self.unit:.0e} is beyond "
                "float64: rescale y, or fit without a penalty"
            )
        return np.where(alpha > 0.0, scaled, 0.0)

    def result(self, found: FitResult) -> FitResult:
        """The fit to y, from the fit to y′; a move without an intercept was an offset."""
        factor = np.concatenate(
            [
                np.full(part.stop - part.start, f)
                for part, f in zip(found.parts, self.factor, strict=True)
            ]
        )
        parameters = found.parameters * factor
        for part, has, move in zip(found.parts, found.has_intercept, self.move, strict=True):
            if has:
                parameters[part.start] += move
        jacobian = found.weight * np.log(self.unit)
        moved = replace(
            found,
            parameters=parameters,
            loss=found.loss + jacobian,
            objective=found.objective + jacobian,
        )
        return moved.rescaled(factor)


def standard(loss: Any, y: Array, weight: Array | None) -> Standard | None:
    """The motion of y that a fit needs; None where y can be fitted as it is.

    ValueError where y is too large or too small for float64 and the loss does not allow another unit.
    """
    support = loss.specification.support
    if loss.specification.vector is not None:
        return None
    if support.integer:
        if (
            support.name in ("counts", "positive_counts", "integers")
            and np.abs(y).max() > LARGEST_COUNT
        ):
            raise ValueError(
                f"y has counts up to {y.max():.1e}, beyond 2⁵³, where float64 cannot tell a number "
                "from the next: use a family for amounts, such as Gamma"
            )
        return None
    if loss.columns == 0 or len(support.columns) > 1:
        return None
    mean, std = mean_and_std(y, weight)
    positive = support.low == 0.0
    concentrated = abs(mean) > CONCENTRATED * std
    size = std if concentrated and not positive else max(abs(mean), std)
    if not (concentrated or _beyond(size, MODERATE)):
        return None
    motion = symmetry(loss)
    shift, unit = 0.0, 1.0
    if concentrated and motion.shift is not None:
        shift = mean
    if motion.unit is None:
        if _beyond(size, LARGEST):
            raise ValueError(
                f"y has mean {mean:.1e} and standard deviation {std:.1e}, too "
                f"{'large' if size > 1.0 else 'small'} for float64, and with these links "
                f"{loss.specification.name} cannot be fitted in another unit: rescale y, or use "
                "the default links"
            )
    elif positive and concentrated:
        unit = mean  # then most of y is about 1, and log y about 0
    elif _beyond(size, MODERATE):
        unit = float(np.ldexp(1.0, np.frexp(size)[1] - 1))  # changes no digit of y
    if (shift, unit) == (0.0, 1.0):
        return None
    k = loss.columns
    factor, move = np.ones(k), np.zeros(k)
    if motion.unit is not None and unit != 1.0:
        c, d = motion.unit
        factor, move = unit**d, c * np.log(unit)
    if shift:
        assert motion.shift is not None
        move = move + shift * motion.shift
    found = Standard(shift, unit, factor, move)
    usable = np.isfinite(factor).all() and support.covers(found.y(y))
    return found if usable else None


def about_one(loss: Any, y: Array, weight: Array | None) -> Standard | None:
    """The motion that makes y about 1 in size, where the loss follows it; else the one that a fit needs.

    Location-scale families get (y − mean)/std, scale families y/mean. ValueError as for ``standard``.
    """
    if loss.specification.vector is not None or loss.y_columns is not None:
        return None
    needed = standard(loss, y, weight)  # ValueError where y is beyond float64
    found = symmetry(loss)
    if loss.columns == 0 or found.unit is None or not y.any():
        return needed
    mean, std = mean_and_std(y, weight)
    shift = mean if found.shift is not None else 0.0
    unit = std if found.shift is not None else abs(mean)
    if not unit > 0.0:
        return needed
    c, d = found.unit
    factor = unit**d
    move = c * np.log(unit)
    if found.shift is not None:
        move = move + shift * found.shift
    motion = Standard(float(shift), float(unit), factor, move)
    # The rounding of a constant y must not become its spread.
    usable = np.isfinite(factor).all() and std > 1e-12 * abs(mean)
    return motion if usable and loss.specification.support.covers(motion.y(y)) else needed


def _beyond(size: float, largest: float) -> bool:
    return size > 0.0 and not 1.0 / largest <= size <= largest


def mean_and_std(y: Array, weight: Array | None) -> tuple[float, float]:
    """Weighted mean and 1/N standard deviation of y, of any size: squares are taken in its own unit."""
    if weight is not None:
        y, weight = y[weight > 0], weight[weight > 0]
    largest = max(float(y.max()), -float(y.min()))
    unit = float(np.ldexp(1.0, np.frexp(largest)[1] - 1))
    scaled = y / unit
    mean = float(np.average(scaled, weights=weight))
    scaled -= mean
    within = max(float(scaled.max()), -float(scaled.min()))
    inner = float(np.ldexp(1.0, np.frexp(within)[1] - 1))
    scaled /= inner
    std = inner * float(np.sqrt(np.average(scaled * scaled, weights=weight)))
    return mean * unit, std * unit


def third_moment(y: Array, weight: Array | None, mean: float, std: float) -> float:
    """The weighted mean of ((y − mean)/std)³, std > 0."""
    z = (y - mean) / std
    return float(np.average(z * z * z, weights=weight))
