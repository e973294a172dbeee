"""What a fit returns: the estimates, how sure they are, and why the optimiser stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from likely.fitting.problem import Array


class ConvergenceWarning(UserWarning):
    """A fit ended without a certified maximum; the text names columns and rows."""


class Status(Enum):
    """Why a fit stopped; the value says what it means, what causes it and what helps."""

    converged = (
        "converged: the gradient is zero to 1e-8 standard errors, or to the rounding of float64 "
        "where that is coarser"
    )
    separated = (
        "separated: columns of X predict the response perfectly in some rows, so the likelihood "
        "grows as coefficients grow without bound and has no maximum; penalise them (alpha > 0), "
        "merge rare categories or drop the columns"
    )
    unbounded = (
        "unbounded: the likelihood grows without limit, because the density becomes infinitely "
        "high on some rows as a parameter goes to the edge of its domain (a scale of 0 where rows "
        "are fitted exactly, as with a constant target or a column that singles out one row; a "
        "mean of 0 where y is 0); share that parameter, fix it, or drop the column"
    )
    boundary = (
        "boundary: the likelihood is largest where a parameter reaches the edge of its domain, "
        "for all rows or for some (a rate of 0, a dispersion of 0, infinite degrees of freedom); "
        "the simpler family at that edge fits as well"
    )
    rank_deficient = (
        "rank_deficient: columns of X are linear combinations of others, or there are fewer rows "
        "than coefficients; the coefficients of the redundant columns are 0 and the others are "
        "read with them left out; predictions are not affected. Drop the columns or penalise them "
        "(alpha > 0)"
    )
    max_iter = (
        "max_iter: no certified maximum within the iterations allowed; raise max_iter, rescale or "
        "drop columns that are nearly collinear, or choose a simpler family"
    )


#: A term moves along a direction where its share of the largest (in units of spread) is this.
SHARE = 1e-3


def carried(matrix: Array, covariance: Array) -> Array:
    """M Σ Mᵀ; NaN, where Σ is not known, for what depends on it and nothing else."""
    lost = np.isnan(np.diag(covariance))
    known = np.where(np.isnan(covariance), 0.0, covariance)
    return blanked(matrix @ known @ matrix.T, (matrix[:, lost] != 0.0).any(axis=1))


def blanked(covariance: Array, lost: NDArray[np.bool_]) -> Array:
    """The covariance with NaN, written into it, for the terms that are lost."""
    covariance[lost] = np.nan
    covariance[:, lost] = np.nan
    return covariance


@dataclass(frozen=True, eq=False)
class Held:
    """Of coefficients that go to infinity: covariances with the directions that lead there held.

    ``directions`` (m, P) are in units of the columns' spread, the largest entry of each 1. Sums of coefficients that
    do not move along them have finite estimates, and these covariances.
    """

    covariances: Mapping[str, Array] = field(repr=False)
    directions: Array = field(repr=False)

    def weighed(self, unit: float) -> Held:
        """The same for weights ``unit`` times those of the fit."""
        found = {kind: covariance / unit for kind, covariance in self.covariances.items()}
        return Held(found, self.directions)

    def carried(self, contrasts: Array, kind: str) -> Array:
        """The covariance of contrasts (c, P) between coefficients of one column; NaN for those that move."""
        reach = np.abs(contrasts @ self.directions.T).max(axis=1)
        return blanked(carried(contrasts, self.covariances[kind]), np.asarray(reach > SHARE))


@dataclass(frozen=True, eq=False)
class FitResult:
    """The outcome of a fit.

    ``parameters`` (P,) are flat: for each raw column its intercept, if it has one, then its slopes,
    in the units of X. ``terms`` names them as (raw column, term). Standard errors read weights as
    frequencies, and are NaN for the terms that the data do not identify.
    """

    status: Status
    message: str
    parameters: Array
    terms: tuple[tuple[str, str], ...]
    parts: tuple[slice, ...] = field(repr=False)
    has_intercept: tuple[bool, ...] = field(repr=False)
    #: "observed" (inverse Hessian), "robust" (sandwich) and "expected", those that were asked for.
    covariances: Mapping[str, Array] = field(repr=False)
    loss: float  # Σ w·nll, without the penalty
    objective: float  # with it
    gradient_norm: float  # max |gⱼ|·seⱼ; of a non-smooth loss, the relative duality gap
    decrement: float  # ½ gᵀH⁻¹g
    iterations: int
    condition: float  # of the Hessian scaled to a unit diagonal, in the optimiser's coordinates
    n_rows: int  # with positive weight
    weight: float  # Σ w
    engine: str  # "newton", "lbfgs", "linear programme", "quadratic programme", "none" where nothing is estimated
    #: What contrasts between coefficients have where there is no maximum, but a supremum.
    held: Held | None = field(default=None, repr=False)

    def rescaled(self, factor: Array) -> FitResult:
        """The same result with covariances of coefficients that were multiplied by ``factor`` (P,).

        A variance that float64 cannot hold is NaN, and the message names it.
        """
        found = {}
        beyond = np.zeros(factor.size, dtype=bool)
        for kind, covariance in self.covariances.items():
            with np.errstate(over="ignore"):
                found[kind] = covariance * factor * factor[:, None]
            variance = np.diag(found[kind])
            beyond |= (np.diag(covariance) > 0.0) & ~(np.isfinite(variance) & (variance > 0.0))
        for covariance in found.values():
            covariance[beyond] = np.nan
            covariance[:, beyond] = np.nan
        names = [f"{term} of {name}" for name, term in self.terms]
        message = self.message + unheld(names, beyond)
        return replace(self, covariances=found, held=None, message=message)

    def weighed(self, unit: float) -> FitResult:
        """The same result for weights ``unit`` times those of the fit; the certificate stays that of the fit."""
        return replace(
            self,
            covariances={kind: covariance / unit for kind, covariance in self.covariances.items()},
            held=None if self.held is None else self.held.weighed(unit),
            loss=self.loss * unit,
            objective=self.objective * unit,
            weight=self.weight * unit,
        )

    @property
    def covariance(self) -> Array:
        """(P, P): model-based from the observed information, of a non-smooth loss the sandwich.

        NaN, and read-only, where none was computed: none was asked for, or there are so many
        coefficients that the fit did without a Hessian.
        """
        for covariance in self.covariances.values():
            return covariance
        return np.broadcast_to(np.float64(np.nan), (self.parameters.size,) * 2)

    @property
    def std_errors(self) -> Array:
        """(P,): square roots of the variances."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def intercepts(self) -> Array:
        """(k,): the intercept of every raw column, 0 where it has none."""
        return np.array(
            [
                self.parameters[part.start] if has else 0.0
                for part, has in zip(self.parts, self.has_intercept, strict=True)
            ]
        )

    @property
    def slopes(self) -> tuple[Array, ...]:
        """The slopes of every raw column, in the order of its design's columns."""
        return tuple(
            self.parameters[part.start + int(has) : part.stop]
            for part, has in zip(self.parts, self.has_intercept, strict=True)
        )


def unheld(names: Sequence[str], beyond: NDArray[np.bool_]) -> str:
    """What a message says of variances that are too large or too small for float64."""
    bad = [name for name, one in zip(names, beyond, strict=True) if one]
    if not bad:
        return ""
    return f". Variances that float64 cannot hold, so rescale X or y: {listing(bad)}"


def listing(names: Sequence[str], most: int = 6) -> str:
    """``a, b, c and 4 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return ", ".join(names[:most]) + f" and {len(names) - most} more"
