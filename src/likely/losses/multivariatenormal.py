"""The negative log-likelihood of MultivariateNormal, through the Cholesky factor of the covariance.

With r = y − loc, L·z = r and Lᵀ·q = z, a row's loss is ½·|z|² + Σ log Lᵢᵢ + ½·d·log 2π. Its slopes are −qᵢ in
locᵢ, −qᵢ·zⱼ in Lᵢⱼ and 1 − wᵢ·zᵢ in log Lᵢᵢ, where wᵢ = Lᵢᵢ·qᵢ does not overflow before they do: nothing is
inverted for them. The functions here take columns,
arrays of any library; they are loops over d with one operation for all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from math import isqrt, log, pi
from typing import Any

import numpy as np

from likely.losses import check
from likely.losses.vector import Array, VectorLoss, last_length, symmetric_index

#: Indexed by column: a list of arrays, or an array with columns first.
Columns = Any
Exp = Callable[[Any], Any]

#: Rows at a time: their columns stay in a core's second-level cache.
BLOCK = 2048
HALF_LOG_2PI = 0.5 * log(2.0 * pi)


def entries(d: int) -> list[tuple[int, int]]:
    """(row, column) of L in the order of the raw columns."""
    return [(i, j) for i in range(d) for j in range(i + 1)]


class Rows:
    """What the rows need of L, z and q, computed once; raw are d + d(d + 1)/2 columns."""

    def __init__(self, exp: Exp, y: Columns, raw: Columns) -> None:
        self.d = d = len(y)
        self.log_diagonal = [raw[d + symmetric_index(i, i)] for i in range(d)]
        self.factor = {(i, j): raw[d + symmetric_index(i, j)] for i, j in entries(d) if i != j}
        self.diagonal = [exp(one) for one in self.log_diagonal]
        self.z = self.forward([y[i] - raw[i] for i in range(d)])
        self.w, self.q = self.backward(self.z)

    def forward(self, right: Columns) -> list[Any]:
        """L⁻¹ times a vector."""
        found: list[Any] = []
        for i in range(self.d):
            value = right[i]
            for j in range(i):
                value = value - self.factor[i, j] * found[j]
            found.append(value / self.diagonal[i])
        return found

    def backward(self, right: Columns) -> tuple[list[Any], list[Any]]:
        """L⁻ᵀ times a vector, times the diagonal and by itself."""
        scaled: list[Any] = [None] * self.d
        found: list[Any] = [None] * self.d
        for i in reversed(range(self.d)):
            value = right[i]
            for k in range(i + 1, self.d):
                value = value - self.factor[k, i] * found[k]
            scaled[i], found[i] = value, value / self.diagonal[i]
        return scaled, found

    def nll(self) -> Any:
        """−log p."""
        total = self.d * HALF_LOG_2PI
        for one in self.log_diagonal:
            total = total + one
        for z in self.z:
            total = total + 0.5 * (z * z)
        return total

    def gradient(self) -> list[Any]:
        """∂nll/∂raw, a column each."""
        found = [-q for q in self.q]
        for i, j in entries(self.d):
            if i == j:
                found.append(1.0 - self.w[i] * self.z[i])
            else:
                found.append(-self.q[i] * self.z[j])
        return found

    def moved(self, v: Columns) -> tuple[list[Any], list[Any], list[Any]]:
        """How z, w and q change where raw moves by v."""
        d = self.d
        step = {(i, j): v[d + symmetric_index(i, j)] for i, j in entries(d)}
        step |= {(i, i): step[i, i] * self.diagonal[i] for i in range(d)}
        # L dz = −dμ − dL z, and Lᵀ dq = dz − dLᵀ q
        right = []
        for i in range(d):
            value = -v[i]
            for j in range(i + 1):
                value = value - step[i, j] * self.z[j]
            right.append(value)
        dz = self.forward(right)
        right = []
        for j in range(d):
            value = dz[j]
            for i in range(j, d):
                value = value - step[i, j] * self.q[i]
            right.append(value)
        scaled, dq = self.backward(right)
        dw = [scaled[i] + v[d + symmetric_index(i, i)] * self.w[i] for i in range(d)]
        return dz, dw, dq

    def curvature_product(self, v: Columns) -> list[Any]:
        """Observed curvature times v, a column each: how the gradient changes."""
        dz, dw, dq = self.moved(v)
        found = [-one for one in dq]
        for i, j in entries(self.d):
            if i == j:
                found.append(-dw[i] * self.z[i] - self.w[i] * dz[i])
            else:
                found.append(-dq[i] * self.z[j] - self.q[i] * dz[j])
        return found


class MultivariateNormalLoss(VectorLoss):
    """−log p(y | loc, L·Lᵀ) per row, in nats; y (n, d), raw (d + d(d + 1)/2, n)."""

    discrete = False

    @staticmethod
    def size_of(columns: int) -> int:
        """d, with d + d(d + 1)/2 columns."""
        d = (isqrt(9 + 8 * columns) - 3) // 2
        if d < 1 or d * (d + 3) // 2 != columns:
            raise ValueError(
                f"raw has {columns} columns, but MultivariateNormal has d + d(d + 1)/2: 5, 9, 14, …"
            )
        return d

    @staticmethod
    def size_of_y(columns: int) -> int:
        """d: y has a column each."""
        return columns

    def widths(self) -> tuple[int, ...]:
        """d, and d(d + 1)/2."""
        return self.size, self.size * (self.size + 1) // 2

    @property
    def column_names(self) -> tuple[str, ...]:
        """``loc[0]``, …, and ``covariance[i,j]`` for the entries of the Cholesky factor."""
        loc = tuple(f"loc[{i}]" for i in range(self.size))
        return (*loc, *(f"covariance[{i},{j}]" for i, j in entries(self.size)))

    @property
    def y_columns(self) -> int | None:
        """d."""
        return self.size

    def response(self, y: Any) -> Array:
        """y as float64 (n, d), every entry finite."""
        return check.rows_of_numbers(y, self.size, self.specification)

    @staticmethod
    def rows(library: Any, y: Columns, raw: Columns, _order: int) -> Rows:
        """The rows on the arrays of a library, which has ``exp``; their derivatives are computed when asked for."""
        return Rows(library.exp, y, raw)

    # --- The loss ---------------------------------------------------------------------------------

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed"
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (k, n), packed curvature (k(k+1)/2, n), up to ``order``."""
        k, n = raw.shape
        nll = np.empty(n)
        gradient = np.empty((k, n)) if order >= 1 else None
        curvature = np.empty((k * (k + 1) // 2, n)) if order >= 2 else None
        with np.errstate(all="ignore"):  # beyond float64 the loss is infinite
            for first in range(0, n, BLOCK):
                part = slice(first, min(first + BLOCK, n))
                rows = Rows(np.exp, np.ascontiguousarray(y[part].T), np.array(raw[:, part]))
                nll[part] = rows.nll()
                if gradient is not None:
                    for out, column in zip(gradient, rows.gradient(), strict=True):
                        out[part] = column
                if curvature is not None:
                    self._curvature(rows, curvature[:, part], kind)
        return nll, gradient, curvature

    def _curvature(self, rows: Rows, out: Array, kind: str) -> None:
        zero = np.zeros(out.shape[1])
        unit = [[zero + (i == m) for i in range(self.size)] for m in range(self.size)]
        inverse = [rows.forward(one) for one in unit]  # inverse[m][l] = (L⁻¹) l, m
        precision = [rows.backward(one)[1] for one in inverse]
        if kind == "expected":
            self._expected(rows, precision, out)
            return
        self._observed(rows, inverse, precision, out)

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        return entries(self.size)

    def _expected(self, rows: Rows, precision: list[list[Array]], out: Array) -> None:
        """Σ⁻¹ for loc, and δⱼₗ·(Σ⁻¹)ᵢₖ for L, with 2 for log Lᵢᵢ and itself; loc and L are orthogonal."""
        d = self.size
        out[:] = 0.0
        for i in range(d):
            for k in range(i + 1):
                out[symmetric_index(i, k)] = precision[i][k]
        for a, (i, j) in enumerate(self._places):
            for b, (k, m) in enumerate(self._places[: a + 1]):
                if j == m:
                    value = precision[i][k]
                    value = value * rows.diagonal[i] if i == j else value
                    value = value * rows.diagonal[k] if k == m else value
                    out[symmetric_index(d + a, d + b)] = value + 1.0 if a == b and i == j else value

    def _observed(
        self, rows: Rows, inverse: list[list[Array]], precision: list[list[Array]], out: Array
    ) -> None:
        # Products with the diagonal come first: on the scale of log Lᵢᵢ nothing is large.
        d, z = self.size, rows.z
        for i in range(d):
            for k in range(i + 1):
                out[symmetric_index(i, k)] = precision[i][k]
        for a, (k, m) in enumerate(self._places):
            scale_k, pull_k = (rows.diagonal[k], rows.w[k]) if k == m else (1.0, rows.q[k])
            for i in range(d):
                value = (precision[i][k] * scale_k) * z[m] + inverse[i][m] * pull_k
                out[symmetric_index(d + a, i)] = value
            for b, (i, j) in enumerate(self._places[: a + 1]):
                scale_i, pull_i = (rows.diagonal[i], rows.w[i]) if i == j else (1.0, rows.q[i])
                value = (precision[i][k] * scale_k * scale_i) * z[m] * z[j]
                value = value + (inverse[i][m] * scale_i) * pull_k * z[j]
                value = value + (inverse[k][j] * scale_k) * pull_i * z[m]
                out[symmetric_index(d + a, d + b)] = (
                    value - rows.w[i] * z[i] if a == b and i == j else value
                )

    def curvature_product(self, y: Array, raw: Array, v: Array) -> Array:
        """Observed curvature times v, (k, n), without forming k × k matrices."""
        with np.errstate(all="ignore"):
            return np.stack(Rows(np.exp, y.T, raw).curvature_product(v))

    # --- Parameters -------------------------------------------------------------------------------

    def factor(self, raw: Array) -> Array:
        """L, (n, d, d), of raw (k, n)."""
        d = self.size
        found = np.zeros((raw.shape[1], d, d))
        for (i, j), column in zip(self._places, raw[d:], strict=True):
            found[:, i, j] = np.exp(column) if i == j else column
        return found

    def natural(self, raw: Array) -> dict[str, Array]:
        """loc (d, n) and covariance (d, d, n)."""
        factor = self.factor(raw)
        covariance = factor @ factor.transpose(0, 2, 1)
        return {"loc": raw[: self.size], "covariance": np.moveaxis(covariance, 0, -1)}

    @staticmethod
    def size_of_parameters(parameters: Mapping[str, Any]) -> int:
        """d, from the length of loc."""
        return last_length(parameters, "loc")

    def raw_of(self, parameters: Mapping[str, Any]) -> Array:
        """raw (k,) or (k, n) of loc (d,) or (n, d) and covariance (d, d) or (n, d, d)."""
        d = self.size
        loc = check.numeric(parameters["loc"], "loc")
        covariance = check.numeric(parameters["covariance"], "covariance")
        if loc.ndim not in (1, 2) or covariance.ndim not in (2, 3) or loc.shape[-1] != d \
                or covariance.shape[-2:] != (d, d):  # fmt: skip
            raise ValueError(
                f"loc must have shape ({d},) or (n, {d}) and covariance ({d}, {d}) or (n, {d}, {d}), "
                f"got {loc.shape} and {covariance.shape}"
            )
        if not np.isfinite(loc).all():
            raise ValueError("loc must be finite")
        n = np.broadcast_shapes(loc.shape[:-1], covariance.shape[:-2])
        factor = cholesky(covariance)
        columns = [loc[..., i] for i in range(d)]
        columns += [
            np.log(factor[..., i, j]) if i == j else factor[..., i, j] for i, j in self._places
        ]
        return np.stack([np.broadcast_to(c, n) for c in columns])

    # --- Fits -------------------------------------------------------------------------------------

    def start(self, y: Array, weight: Array | None) -> Array:
        """The marginal maximum; where the covariance is singular, the variances alone."""
        loc, covariance = mean_and_covariance(y, weight)
        try:
            return self.raw_of({"loc": loc, "covariance": covariance})
        except ValueError:
            variance = np.diag(covariance)
            variance = np.where(variance > 0.0, variance, np.maximum(loc * loc, 1.0))
            return self.raw_of({"loc": loc, "covariance": np.diag(variance)})

    def maximum(self, y: Array, weight: Array | None) -> Array:
        """Mean and covariance (1/N) of y; ValueError where the covariance is singular."""
        loc, covariance = mean_and_covariance(y, weight)
        try:
            return self.raw_of({"loc": loc, "covariance": covariance})
        except ValueError as error:
            raise ValueError(
                "MultivariateNormal has no maximum-likelihood fit to this y: its columns are linearly "
                f"dependent, or there are no more rows than columns ({y.shape[0]} and {y.shape[1]})"
            ) from error


def cholesky(covariance: Array) -> Array:
    """The lower Cholesky factors of (…, d, d); ValueError where one is not positive definite."""
    turned = np.swapaxes(covariance, -1, -2)
    even = np.isfinite(covariance) & np.isclose(covariance, turned, rtol=1e-9, atol=0.0)
    _refuse(~even.all(axis=(-2, -1)), covariance, "finite and symmetric")
    # In units of the standard deviations: positive definite to rounding is then a matter of 1e-14.
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    _refuse(
        (variances <= 0.0).any(axis=-1), covariance, "positive definite, with variances above 0"
    )
    std = np.sqrt(variances)
    unit = covariance / std[..., :, None] / std[..., None, :]
    try:
        factor = np.linalg.cholesky(unit)
        flat = (np.diagonal(factor, axis1=-2, axis2=-1) < 1e-7).any(axis=-1)
    except np.linalg.LinAlgError:
        # It breaks down only where the smallest eigenvalue is below this (Demmel 1989, LAPACK Working Note 14).
        d = unit.shape[-1]
        least = d * (d + 1) * np.finfo(np.float64).eps
        factor, flat = np.zeros_like(unit), np.linalg.eigvalsh(unit)[..., 0] <= least
    _refuse(
        flat,
        covariance,
        "positive definite, so that no linear combination has a variance of 0 or less",
    )
    found: Array = std[..., :, None] * factor
    return found


def mean_and_covariance(y: Array, weight: Array | None) -> tuple[Array, Array]:
    """The mean (d,) and the maximum-likelihood covariance (d, d) of rows, weights as frequencies."""
    loc = np.average(y, axis=0, weights=weight)
    r = y - loc
    weighted = r if weight is None else r * weight[:, None]
    total = y.shape[0] if weight is None else weight.sum()
    covariance: Array = weighted.T @ r / total
    return loc, 0.5 * (covariance + covariance.T)


def _refuse(bad: Any, covariance: Array, what: str) -> None:
    """ValueError where covariances (…, d, d) are not what they must be."""
    rows = np.atleast_1d(bad)
    if rows.any():
        each = covariance.reshape(-1, *covariance.shape[-2:])
        raise ValueError(
            f"covariance must be {what}; it is not in {check.rows_and_values(rows, each)}"
        )
