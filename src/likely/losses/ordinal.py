"""The negative log-likelihood of Ordinal: a row sees one or two of the thresholds, and picks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likely._math.backends import numpy_backend
from likely._math.domains import latent, positive, real
from likely._math.evaluate import Program, compile_program
from likely._math.graph import symbol, where
from likely._math.tails.between import BETWEEN, gumbel_beside
from likely.families.base import Parameter, specify
from likely.links import Link, find_link
from likely.losses import check
from likely.losses.composed import Slot
from likely.losses.nll import NegativeLogLikelihood
from likely.losses.thresholds import ThresholdLoss
from likely.losses.vector import (
    Array,
    VectorLoss,
    class_codes,
    class_counts,
    last_length,
    symmetric_index,
)


class _Row(NamedTuple):
    """What the rows see: ``which`` is −1 in the first class, 1 in the last, 0 between two thresholds."""

    codes: NDArray[np.intp]
    which: Array
    edge: Array  # the threshold below less loc; in the first class the one above
    log_gap: Array  # between the two thresholds
    steps: Array  # (K − 2, n): how far each threshold is above the one before

    def below(self, i: int) -> NDArray[np.bool_]:
        """Where the edge is at or above threshold i."""
        return self.codes - 1 >= i

    def inside(self, i: int) -> NDArray[np.bool_]:
        """Where the class is the one between the thresholds i − 1 and i."""
        return (self.codes == i) & (self.which == 0.0)


class OrdinalLoss(VectorLoss):
    r"""−log [F(θ_y − loc) − F(θ_{y−1} − loc)], per row, in nats; raw has shape (K, n).

    raw₀ is loc, raw₁ = θ₁ the first threshold, and raw₂ … are the logarithms of the steps from one threshold
    to the next. The loss of a row is a graph of two numbers, an edge and a gap; what is written here is which
    of the raw columns they come from.
    """

    gauge = (0, 1)

    def __init__(self, specification: Any, size: int | None, slots: Any) -> None:
        super().__init__(specification, size, slots)
        if self.slots[1].role != "shared":
            raise TypeError(
                "Ordinal's thresholds must be shared: moved by x as well as loc, they would not be "
                "determined, and could cross"
            )

    @property
    def link(self) -> Link:
        """The link of the cumulative probabilities."""
        link = self.slots[0].link
        assert link is not None
        return link

    @cached_property
    def core(self) -> NegativeLogLikelihood:
        """The loss of an edge and a gap."""
        return _core(self.link.name)

    @staticmethod
    def size_of(columns: int) -> int:
        """K columns: loc and K − 1 thresholds."""
        return columns

    def widths(self) -> tuple[int, ...]:
        """loc, and the thresholds."""
        return 1, self.size - 1

    @property
    def indexed(self) -> tuple[int | None, ...]:
        """loc has one column, which has its name."""
        return None, self.size - 1

    def response(self, y: Any) -> Array:
        """Class codes 0, …, K − 1 as float64 (n,)."""
        return class_codes(y, self)

    # --- The loss ---------------------------------------------------------------------------------

    def _rows(self, y: Array, raw: Array) -> _Row:
        codes = y.astype(np.intp)
        last = self.size - 1
        with np.errstate(over="ignore"):  # nothing is above such a threshold
            steps = np.exp(raw[2:])
        thresholds = np.cumsum(np.concatenate([raw[1:2], steps]), axis=0)
        rows = np.arange(codes.size)
        edge = thresholds[np.maximum(codes - 1, 0), rows] - raw[0]
        which = (codes == last).astype(np.float64) - (codes == 0)
        # In the first and the last class there is no gap: any number will do.
        log_gap = np.where(which == 0.0, raw[np.where(which == 0.0, codes + 1, 0), rows], 0.0)
        return _Row(codes, which, edge, log_gap, steps)

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed"
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (K, n), packed curvature (K(K+1)/2, n), up to ``order``."""
        rows = self._rows(y, raw)
        need = min(order, 1) if kind == "expected" else order
        nll, slope, bend = self.core.evaluate(rows.which, np.stack([rows.edge, rows.log_gap]), need)
        if slope is None:
            return nll, None, None
        # A slope times a step, or a step that is not taken, may be infinite.
        with np.errstate(over="ignore", invalid="ignore"):
            gradient = self._gradient(rows, slope)
            if order < 2:
                return nll, gradient, None
            if kind == "expected":
                return nll, gradient, self._expected(raw)
            assert bend is not None
            return nll, gradient, self._observed(rows, slope, bend)

    def _gradient(self, rows: _Row, slope: Array) -> Array:
        gradient = np.empty((self.columns, rows.codes.size))
        gradient[0], gradient[1] = -slope[0], slope[0]
        for i, step in enumerate(rows.steps, 1):
            along = np.where(rows.below(i), slope[0] * step, 0.0)
            gradient[1 + i] = np.where(rows.inside(i), slope[1], along)
        return gradient

    def _moves(self, rows: _Row) -> list[Array]:
        """∂edge/∂raw."""
        one = np.ones(rows.codes.size)
        steps = [np.where(rows.below(i), s, 0.0) for i, s in enumerate(rows.steps, 1)]
        return [-one, one, *steps]

    def _observed(self, rows: _Row, slope: Array, bend: Array) -> Array:
        k, n = self.columns, rows.codes.size
        edge_edge, cross, gap_gap = bend
        moves = self._moves(rows)
        packed = np.empty((k * (k + 1) // 2, n))
        for i in range(k):
            inside = rows.inside(i - 1) if i >= 2 else None
            for j in range(i + 1):
                value = (moves[i] * edge_edge) * moves[
                    j
                ]  # steps may be in range where their squares are not
                if inside is not None:  # raw column i is the log gap of these rows, j < i is not
                    value = np.where(inside, gap_gap if i == j else cross * moves[j], value)
                if i == j >= 2:
                    value += slope[0] * moves[i]
                packed[symmetric_index(i, j)] = value
        return packed

    def _expected(self, raw: Array) -> Array:
        """Σ p(y) g(y) g(y)ᵀ over the classes.

        With S(y) = ∂ log p(y)/∂edge, moving all thresholds from the j-th on and all from an earlier one on
        have in common Σ_{y>j} p(y) S(y)² + S(j) f(j), with f(j) the density at the threshold above j, which is
        Σ_{y>j} p(y) S(y) (S(y) − S(j)), too. S falls from class to class, so that of the first no term is
        negative where S(j) is above 0, and of the second none where it is below.
        """
        k, n = raw.shape
        p, pull, widen, beside = (np.empty((k, n)) for _ in range(4))
        for code in range(k):
            rows = self._rows(np.full(n, float(code)), raw)
            pair = np.stack([rows.edge, rows.log_gap])
            nll, slope, _ = self.core.evaluate(rows.which, pair, 1)
            assert slope is not None
            p[code], pull[code], widen[code] = np.exp(-nll), -slope[0], -slope[1]
            beside[code] = self._beside(rows, pull[code])
        squares = p * pull * pull
        packed = np.empty((k * (k + 1) // 2, n))
        whole = squares.sum(axis=0)
        packed[0], packed[1], packed[2] = whole, -whole, whole
        for j, step in enumerate(rows.steps, 1):
            above = squares[j + 1 :].sum(axis=0)
            falling = sum(
                p[y] * pull[y] * self._difference(y, j, p, beside) for y in range(j + 1, k)
            )
            rising = step * above + p[j] * pull[j] * widen[j]
            common = np.where(pull[j] > 0.0, rising, step * falling)
            packed[symmetric_index(j + 1, 0)] = -common
            packed[symmetric_index(j + 1, 1)] = common
            for i in range(1, j):
                packed[symmetric_index(j + 1, i + 1)] = common * rows.steps[i - 1]
            own = p[j] * widen[j] * widen[j]
            packed[symmetric_index(j + 1, j + 1)] = own + step * (step * above)
        return packed

    def _beside(self, rows: _Row, pull: Array) -> Array:
        """S of a class that has one below it, but for the number that it is near to far out."""
        if self.link.name != "loglog":
            return pull
        log_gap = np.where(rows.which > 0.0, np.inf, rows.log_gap)
        with np.errstate(all="ignore"):
            found = _falling()({"a": rows.edge, "g": np.exp(log_gap), "log_g": log_gap})[0]
        return np.asarray(found)

    def _difference(self, y: int, j: int, p: Array, beside: Array) -> Array:
        """S(y) − S(j) for y > j; under the logit S(y) = P(above y) − P(below y), whose tails are 1."""
        if self.link.name != "logit":
            return beside[y] - beside[j]
        between: Array = -p[j + 1 : y + 1].sum(axis=0) - p[j:y].sum(axis=0)
        return between

    def curvature_product(self, y: Array, raw: Array, v: Array) -> Array:
        """Observed curvature times v, (K, n), without forming K × K matrices."""
        rows = self._rows(y, raw)
        _, slope, bend = self.core.evaluate(rows.which, np.stack([rows.edge, rows.log_gap]), 2)
        assert slope is not None
        assert bend is not None
        moves = np.stack(self._moves(rows))
        every = np.arange(rows.codes.size)
        middle = rows.which == 0.0
        gap = np.where(middle, rows.codes + 1, 0)
        along, across = (moves * v).sum(axis=0), np.where(middle, v[gap, every], 0.0)
        product = moves * (bend[0] * along + bend[1] * across)
        product[2:] += slope[0] * moves[2:] * v[2:]
        product[gap, every] += np.where(middle, bend[1] * along + bend[2] * across, 0.0)
        return product

    @cached_property
    def fitted(self) -> ThresholdLoss:
        """The loss in the coordinates in which it is convex; see ``predictors/gauge.py``."""
        return ThresholdLoss(self)

    def log_probabilities(self, raw: Array) -> Array:
        """log p of every class, (K, n)."""
        n = raw.shape[1]
        return np.stack([-self.evaluate(np.full(n, float(k)), raw, 0)[0] for k in range(self.size)])

    def log_cumulative(self, raw: Array) -> tuple[Array, Array]:
        """log P(y ≤ k) and log P(y > k) for k = 0, …, K − 2, (K − 1, n) each."""
        edges = self.natural(raw)["thresholds"] - raw[0]
        flat = np.stack([edges.ravel(), np.zeros(edges.size)])
        below, above = (
            -self.core.evaluate(np.full(edges.size, which), flat, 0)[0].reshape(edges.shape)
            for which in (-1.0, 1.0)
        )
        return below, above

    # --- Parameters -------------------------------------------------------------------------------

    def natural(self, raw: Array) -> dict[str, Array]:
        """loc (n,) and thresholds (K − 1, n)."""
        thresholds = np.cumsum(np.concatenate([raw[1:2], np.exp(raw[2:])]), axis=0)
        return {"loc": raw[0], "thresholds": thresholds}

    def natural_slope(self, raw: Array) -> Array:
        """∂(loc, thresholds)/∂raw at raw (K,): what carries a covariance to them."""
        slope = np.eye(self.columns)
        slope[1:, 1] = 1.0
        for i, step in enumerate(np.exp(raw[2:]), 2):
            slope[1:, i] = np.where(np.arange(1, self.columns) >= i, step, 0.0)
        return slope

    @staticmethod
    def size_of_parameters(parameters: Mapping[str, Any]) -> int:
        """K, from the length of thresholds."""
        return last_length(parameters, "thresholds") + 1

    def raw_of(self, parameters: Mapping[str, Any]) -> Array:
        """raw (K,) or (K, n) of loc, a number or (n,), and thresholds (K − 1,) or (n, K − 1)."""
        loc = check.numeric(parameters["loc"], "loc")
        thresholds = check.numeric(parameters["thresholds"], "thresholds")
        if loc.ndim > 1 or thresholds.ndim not in (1, 2) or thresholds.shape[-1] != self.size - 1:
            raise ValueError(
                f"loc must be a number or (n,) and thresholds ({self.size - 1},) or "
                f"(n, {self.size - 1}), got {loc.shape} and {thresholds.shape}"
            )
        steps = np.diff(thresholds, axis=-1)
        bad = ~np.atleast_1d(np.isfinite(loc))
        if bad.any():
            raise ValueError(
                f"loc must be finite; it is not in {check.rows_and_values(bad, np.atleast_1d(loc))}"
            )
        bad = ~np.atleast_1d(np.isfinite(thresholds).all(axis=-1) & (steps > 0.0).all(axis=-1))
        if bad.any():
            raise ValueError(
                "thresholds must be finite and each above the one before; they are not in "
                f"{check.rows_and_values(bad, np.atleast_2d(thresholds))}"
            )
        n = np.broadcast_shapes(loc.shape, thresholds.shape[:-1])
        columns = [loc, thresholds[..., 0], *np.moveaxis(np.log(steps), -1, 0)]
        return np.stack([np.broadcast_to(c, n) for c in columns])

    # --- Fits -------------------------------------------------------------------------------------

    def start(self, y: Array, weight: Array | None) -> Array:
        """The marginal frequencies, a class that was not seen counting as half a row."""
        return self._raw_of_counts(np.maximum(class_counts(y, weight, self.size), 0.5))

    def maximum(self, y: Array, weight: Array | None) -> Array:
        """The marginal frequencies; ValueError where a class has none."""
        counts = class_counts(y, weight, self.size)
        if not counts.all():
            raise ValueError(
                f"class {int(np.flatnonzero(counts == 0.0)[0])} of {self.size} does not occur in y, so "
                "its thresholds have no finite estimate: leave it out"
            )
        return self._raw_of_counts(counts)

    def _raw_of_counts(self, counts: Array) -> Array:
        """raw (K,) or (K, n) with probabilities in proportion to counts (K,) or (K, n), all above 0."""
        below = np.cumsum(counts, axis=0)[:-1]
        above = np.cumsum(counts[::-1], axis=0)[::-1][1:]
        thresholds = _threshold(self.link.name, below / (below + above), above / (below + above))
        return self.raw_of({"loc": 0.0, "thresholds": thresholds.T})

    def mixed(self, raw: Sequence[Array]) -> Array:
        """raw (K, n) of the equal mixture of several, (K, n) each: any probabilities are some thresholds."""
        logs = np.logaddexp.reduce([self.log_probabilities(one) for one in raw], axis=0)
        return self._raw_of_counts(np.exp(logs - logs.max(axis=0)))


def _threshold(link: str, p: Array, q: Array) -> Array:
    """link(p), from whichever of p and q = 1 − p is small."""
    if link == "logit":
        return np.log(p) - np.log(q)
    if link == "probit":
        from scipy.special import ndtri

        return np.where(p < q, ndtri(p), -ndtri(q))
    if link == "loglog":
        return -_threshold("cloglog", q, p)
    return np.log(np.where(p < q, -np.log1p(-p), -np.log(q)))


@lru_cache
def _falling() -> Program:
    """S + 1 under the log-log link."""
    return compile_program([gumbel_beside(*map(symbol, ("a", "g", "log_g")))], numpy_backend.TABLE)


@lru_cache
def _core(name: str) -> NegativeLogLikelihood:
    """The loss of (edge, gap) under a link; its y is −1, 0 or 1: below, between or above."""
    link = find_link(name, latent, "loc")
    assert link.log is not None
    assert link.log1m is not None
    below, above = link.log, link.log1m

    class Between:
        support = real
        edge = Parameter(real)
        gap = Parameter(positive)

        def log_density(y: Any, edge: Any, gap: Any) -> Any:  # noqa: N805
            between = BETWEEN[name](edge, gap, gap.log)
            return where(y < 0.0, below(edge), where(y > 0.0, above(edge), between))

    specification = replace(specify(Between), name=f"Between{name.title()}")
    slots = [
        Slot("edge", "edge", "predicted", find_link("identity", real, "edge")),
        Slot("gap", "gap", "predicted", find_link("log", positive, "gap")),
    ]
    return NegativeLogLikelihood.of(specification, tuple(slots))
