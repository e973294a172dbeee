"""The sum over rows that is minimised, in the coordinates of the bases, folded over blocks.

objective(θ) = Σ wᵢ·nllᵢ(raw(θ)) + ½·βᵀ diag(penalty) β, with gradient and Hessian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from likely.fitting.basis import Basis
from likely.fitting.blocks import block_rows, fold
from likely.fitting.problem import Array, Loss, Response
from likely.fitting.source import DenseBlock, Source, SparseBlock

#: Beyond this an exponential overflows, and a loss that is not a number there counts as infinite.
LARGEST_RAW = 700.0
#: Relative rounding of a float64.
ROUNDING = 2.0**-53
#: and of a sum over rows.
NO_DIFFERENCE = 1e-13


class Sums(NamedTuple):
    """The objective at one point; what was not asked for is None."""

    loss: float
    gradient: Array
    hessian: Array | None
    meat: Array | None  # Σ w·s·sᵀ of the rows' gradients s
    terms: float  # Σ w·|nll|, whose last digits the loss is right to even where its terms cancel

    @property
    def finite(self) -> bool:
        """Whether the loss and the derivatives that were asked for are numbers."""
        asked = [d for d in (self.gradient, self.hessian) if d is not None]
        return bool(np.isfinite(self.loss)) and all(bool(np.isfinite(d).all()) for d in asked)

    @property
    def rounding(self) -> float:
        """Differences of the loss below this say nothing."""
        return NO_DIFFERENCE * max(1.0, self.terms)


def consecutive(widths: Sequence[int]) -> tuple[slice, ...]:
    """Slices of these widths, one after the other."""
    edges = [0, *accumulate(widths)]
    return tuple(slice(a, b) for a, b in pairwise(edges))


@lru_cache(maxsize=8)
def _lower(size: int) -> NDArray[np.bool_]:
    """Where a square matrix has its lower triangle."""
    return np.tri(size, dtype=bool)


def symmetric(lower: Array) -> Array:
    """The symmetric matrix of a lower triangle."""
    return np.where(_lower(lower.shape[0]), lower, lower.T)


def _add(a: Array, b: Array) -> Array:
    a += b
    return a


def _largest(a: Array, b: Array) -> Array:
    return np.maximum(a, b)


@dataclass
class _Rows:
    """One block: what the loss and the linear predictors need of it."""

    y: Array
    weight: Array | None
    raw: Array
    blocks: list[Any]


class Objective:
    """Evaluates the objective with ``threads`` threads; buffers are kept per thread."""

    def __init__(
        self,
        loss: Loss,
        source: Source,
        bases: Sequence[Basis],
        uses: Sequence[int],
        response: Response,
        penalty: Array,
        threads: int,
    ) -> None:
        self.loss = loss
        self.source = source
        self.bases = list(bases)
        self.uses = list(uses)
        self.response = response
        self.threads = threads
        self.columns = len(uses)
        widths = [self.bases[u].width for u in uses]
        self.parts = consecutive(widths)
        self.size = sum(widths)
        self._penalties = self._internal(penalty) if penalty.any() else []
        self.sparse = source.sparse_products and all(b.transform is None for b in self.bases)
        read = sum(b.columns.size for b in self.bases)
        self.rows = source.block_rows(read) if self.sparse else block_rows(read)
        self.blocks = -(-source.shape[0] // self.rows)
        sizes = [0 if self.sparse else self.rows * b.columns.size for b in self.bases]
        self._x = [[np.empty(size) for size in sizes] for _ in range(threads)]
        self._weighted = [np.empty(max(sizes) + 2 * self.rows) for _ in range(threads)]
        self._raw = [np.empty(self.columns * self.rows) for _ in range(threads)]
        self._packed = [(a, b) for a in range(self.columns) for b in range(a + 1)]

    def _internal(self, penalty: Array) -> list[tuple[slice, Array]]:
        """Where the slopes of each raw column are in θ, and the penalty there."""
        found = []
        for u, part, flat in zip(self.uses, self.parts, self.flat_parts(), strict=True):
            basis = self.bases[u]
            first = int(basis.intercept)
            inner = slice(part.start + first, part.stop)
            found.append((inner, basis.penalty(penalty[flat][first:])))
        return found

    def _add_penalty(self, hessian: Array) -> None:
        """Add the penalty's second derivatives."""
        for inner, square in self._penalties:
            hessian[inner, inner] += np.diag(square) if square.ndim == 1 else square

    def _pull(self, theta: Array) -> Array:
        """The gradient of the penalty."""
        pull = np.zeros(self.size)
        for inner, square in self._penalties:
            slopes = theta[inner]
            pull[inner] = square * slopes if square.ndim == 1 else square @ slopes
        return pull

    def penalty_diagonal(self) -> Array:
        """The penalty's second derivatives, (P,)."""
        diagonal = np.zeros(self.size)
        for inner, square in self._penalties:
            diagonal[inner] = square if square.ndim == 1 else np.diag(square)
        return diagonal

    def flat(self, theta: Array) -> Array:
        """The coefficients in X's units: ``matrix() @ theta``, without the matrix."""
        pairs = zip(self.uses, self.parts, strict=True)
        return np.concatenate([self.bases[u].flat(theta[part]) for u, part in pairs])

    def matrix(self) -> Array:
        """T with coefficients in X's units = T θ, block diagonal over raw columns."""
        blocks = [self.bases[u].matrix() for u in self.uses]
        total = np.zeros((sum(b.shape[0] for b in blocks), self.size))
        at = 0
        for part, block in zip(self.parts, blocks, strict=True):
            total[at : at + block.shape[0], part] = block
            at += block.shape[0]
        return total

    def flat_parts(self) -> tuple[slice, ...]:
        """The coefficients of every raw column, in X's units."""
        bases = [self.bases[u] for u in self.uses]
        return consecutive([int(b.intercept) + b.columns.size for b in bases])

    def spread(self) -> Array:
        """The spread of the column of X that belongs to each coefficient; 1 for intercepts."""
        bases = [self.bases[u] for u in self.uses]
        return np.concatenate([np.r_[np.ones(int(b.intercept)), b.spread] for b in bases])

    # --- The fold ---------------------------------------------------------------------------------

    def evaluate(
        self, theta: Array, order: int, kind: str = "observed", meat: bool = False
    ) -> Sums:
        """Loss, gradient (order ≥ 1) and Hessian (order 2) at θ; loss is +∞ outside the domain."""
        p = self.size
        squares = (order >= 2) + meat

        def work(block: int, worker: int) -> Array:
            out = np.zeros(2 + (p if order or meat else 0) + squares * p * p)
            rows = self._read(block, worker, theta)
            if rows is None:
                return out
            nll, gradient, curvature = self.loss.evaluate(rows.y, rows.raw, order, kind)
            # On the way to a scale of 0 sums overflow: an infinite loss is looked at here, derivatives by the caller.
            with np.errstate(over="ignore", invalid="ignore"):
                w = rows.weight
                out[0] = nll.sum() if w is None else w @ nll
                out[1] = np.abs(nll).sum() if w is None else w @ np.abs(nll)
                if not np.isfinite(out[0]):
                    self._check_nan(nll, rows.raw, block)
                    out[0] = np.inf
                    return out
                if gradient is None:
                    return out
                weighted = gradient if w is None else gradient * w
                at = 2 + p
                if curvature is None:
                    self._gradient(rows.blocks, weighted, out[2:at])
                else:
                    curvature = curvature if w is None else curvature * w
                    square = out[at : at + p * p].reshape(p, p)
                    self._gram(rows.blocks, curvature, square, weighted, out[2:at])
                    at += p * p
                if meat:
                    products = np.stack([weighted[a] * gradient[b] for a, b in self._packed])
                    self._gram(rows.blocks, products, out[at:].reshape(p, p))
            return out

        total = fold(work, self.blocks, _add, self.threads)
        return self._sums(total, theta, order, meat)

    def _sums(self, total: Array, theta: Array, order: int, meat: bool) -> Sums:
        p = self.size
        loss = float(total[0])
        gradient = total[2 : 2 + p]
        squares = total[2 + p :].reshape(-1, p, p)
        full = [symmetric(s) for s in squares]
        hessian = full[0] if order >= 2 else None
        if self._penalties:
            pull = self._pull(theta)
            loss += 0.5 * float(theta @ pull)
            gradient = gradient + pull if gradient.size else gradient
            if hessian is not None:
                self._add_penalty(hessian)
        return Sums(loss, gradient, hessian, full[-1] if meat else None, float(total[1]))

    def _read(self, block: int, worker: int, theta: Array) -> _Rows | None:
        """A block with its raw predictions; None where no row of it has weight."""
        n = self.source.shape[0]
        rows = slice(block * self.rows, min((block + 1) * self.rows, n))
        weight, keep = self.response.weight, None
        y = np.asarray(self.response.y[rows], dtype=np.float64)
        if weight is not None:
            weight = np.asarray(weight[rows], dtype=np.float64)
            if not weight.all():
                keep = np.flatnonzero(weight)
                if keep.size == 0:
                    return None
                y, weight = y[keep], weight[keep]
        m = y.shape[0]
        raw = self._raw[worker][: self.columns * m].reshape(self.columns, m)
        blocks = [
            self._block(basis, rows, keep, self._x[worker][i], worker)
            for i, basis in enumerate(self.bases)
        ]
        self._predict(blocks, theta, raw)
        if self.response.offset is not None:
            offset = self.response.offset[:, rows]
            raw += offset if keep is None else offset[:, keep]
        return _Rows(np.ascontiguousarray(y), weight, raw, blocks)

    def _block(self, basis: Basis, rows: slice, keep: Any, buffer: Array, worker: int) -> Any:
        if basis.columns.size == 0:
            return None
        if self.sparse:
            return SparseBlock(self.source.csr(rows, keep, basis.selector()))
        x = self.source.centred(rows, keep, basis.selector(), basis.centre, buffer)
        if basis.transform is not None:
            x = x @ basis.transform
        return DenseBlock(x, self._weighted[worker])

    def _predict(self, blocks: list[Any], theta: Array, raw: Array) -> None:
        """raw (k, rows) = θ₀ + D·(slopes/scale), without offsets."""
        for j, u in enumerate(self.uses):
            basis, part = self.bases[u], theta[self.parts[j]]
            first = int(basis.intercept)
            constant = part[0] if basis.intercept else 0.0
            if blocks[u] is None:
                raw[j] = constant
                continue
            blocks[u].product(part[first:] / basis.scale, raw[j])
            raw[j] += constant

    def _gradient(self, blocks: list[Any], rows: Array, out: Array) -> None:
        """Σᵢ of the rows' gradients (k, rows), carried to θ."""
        for u, basis in enumerate(self.bases):
            mine = [j for j, used in enumerate(self.uses) if used == u]
            if blocks[u] is not None:
                values = rows if len(mine) == self.columns else rows[mine]
                slopes = blocks[u].transposed(values) / basis.scale[:, None]
                for i, j in enumerate(mine):
                    out[self.parts[j]][int(basis.intercept) :] = slopes[:, i]
            if basis.intercept:
                for j in mine:
                    out[self.parts[j].start] = rows[j].sum()

    def _gram(
        self,
        blocks: list[Any],
        packed: Array,
        out: Array,
        gradient: Array | None = None,
        slope: Array | None = None,
    ) -> None:
        """Σᵢ of the rows' (k, k) matrices, packed, carried to θ: the lower triangle of ``out``.

        ``gradient`` (k, rows), summed into ``slope``, shares the products of the diagonal.
        """
        for h, (a, b) in zip(packed, self._packed, strict=True):
            more = h[None]
            if a == b and gradient is not None:
                more = np.stack([h, gradient[a]])
            elif not h.any():
                continue  # orthogonal parameters
            first, second = self.bases[self.uses[a]], self.bases[self.uses[b]]
            one, other = blocks[self.uses[a]], blocks[self.uses[b]]
            target = out[self.parts[a], self.parts[b]]
            i, j = int(first.intercept), int(second.intercept)
            if i and j:
                target[0, 0] = h.sum()
            if i and a != b and other is not None:
                target[0, j:] = other.transposed(h[None])[:, 0] / second.scale
            if one is None:
                products = np.zeros((0, more.shape[0]))
            elif other is None:
                products = one.transposed(more) / first.scale[:, None]
            else:
                products = one.gram(h, other, more) / first.scale[:, None]
                target[i:, j:] = products[:, : -more.shape[0]] / second.scale
            if j:
                target[i:, 0] = products[:, -more.shape[0]]
            if more.shape[0] == 2 and gradient is not None and slope is not None:
                part = slope[self.parts[a]]
                part[i:] = products[:, -1]
                if i:
                    part[0] = gradient[a].sum()

    def _check_nan(self, nll: Array, raw: Array, block: int) -> None:
        """A NaN at a moderate raw prediction is a fault of the loss, not of the step."""
        bad = np.isnan(nll) & (np.abs(raw) <= LARGEST_RAW).all(axis=0)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise FloatingPointError(
                f"the loss is NaN at raw = {raw[:, row]} (block {block}, row {row} of it): y may "
                "lie outside the support, or the family's formula has a fault there"
            )

    # --- Questions about a direction --------------------------------------------------------------

    def reach(self, direction: Array) -> Array:
        """max over rows of |change of raw| when θ moves along ``direction``, (k,)."""

        def work(block: int, worker: int) -> Array:
            moved = self._moved(block, worker, direction)
            return np.zeros(self.columns) if moved is None else np.abs(moved).max(axis=1)

        return fold(work, self.blocks, _largest, self.threads)

    def moved_rows(self, direction: Array, least: float) -> tuple[int, list[int]]:
        """How many rows move by at least ``least``, and the first five of them."""

        def work(block: int, worker: int) -> tuple[int, list[int]]:
            moved = self._moved(block, worker, direction)
            if moved is None:
                return 0, []
            found = np.flatnonzero(np.abs(moved).max(axis=0) >= least)
            kept = self._kept(block)
            rows = found if kept is None else kept[found]
            return found.size, [int(r) + block * self.rows for r in rows[:5]]

        def merge(a: Any, b: Any) -> tuple[int, list[int]]:
            return a[0] + b[0], (a[1] + b[1])[:5]

        return fold(work, self.blocks, merge, self.threads)

    def moved_loss(self, theta: Array, direction: Array, share: float) -> Array:
        """The mean |nll| at θ of the rows that move along ``direction``, for every class; one number where y is none.

        Those are the rows that move by at least this ``share`` of what a row of their class does at most; ∞ where
        none moves.
        """
        count = getattr(self.loss, "classes", 1)

        def moves(block: int, worker: int) -> tuple[NDArray[np.intp], Array] | None:
            moved, rows = self._moved(block, worker, direction), self._read(block, worker, theta)
            if moved is None or rows is None:
                return None
            kind = rows.y.astype(np.intp) if count > 1 else np.zeros(moved.shape[1], dtype=np.intp)
            return kind, np.abs(moved).max(axis=0)

        def farthest(block: int, worker: int) -> Array:
            most, found = np.zeros(count), moves(block, worker)
            if found is not None:
                np.maximum.at(most, *found)
            return most

        most = fold(farthest, self.blocks, _largest, self.threads)

        def work(block: int, worker: int) -> Array:
            found, rows = moves(block, worker), self._read(block, worker, theta)
            if found is None or rows is None:
                return np.zeros((2, count))
            kind, by = found
            nll = np.abs(self.loss.evaluate(rows.y, rows.raw, 0)[0])
            w = ((by > 0.0) & (by >= share * most[kind])).astype(np.float64)
            w = w if rows.weight is None else w * rows.weight
            return np.array([np.bincount(kind, v, count) for v in (w * nll, w)])

        total, weight = fold(work, self.blocks, _add, self.threads)
        return np.divide(total, weight, out=np.full(count, np.inf), where=weight > 0.0)

    def outside(self, theta: Array) -> tuple[int, int] | None:
        """The first row, and its raw column, whose loss is infinite at a raw prediction that is not.

        None where there is none: then an exponential overflowed, or all is well.
        """
        for block in range(self.blocks):
            rows = self._read(block, 0, theta)
            if rows is None:
                continue
            bad = ~np.isfinite(self.loss.evaluate(rows.y, rows.raw, 0)[0])
            bad &= (np.abs(rows.raw) <= LARGEST_RAW).all(axis=0)
            if not bad.any():
                continue
            at = int(np.flatnonzero(bad)[0])
            kept = self._kept(block)
            row = block * self.rows + (at if kept is None else int(kept[at]))
            column = self._culprit(rows.y[at : at + 1], rows.raw[:, at : at + 1])
            return row, column
        return None

    def _culprit(self, y: Array, raw: Array) -> int:
        """The raw column whose change of sign makes a row's loss finite."""
        for column in range(self.columns):
            changed = np.ascontiguousarray(raw.copy())
            changed[column] = np.abs(changed[column]) + 1.0
            if np.isfinite(self.loss.evaluate(y, changed, 0)[0]).all():
                return column
        return 0

    def row_direction(self, row: int, column: int) -> Array:
        """a with raw of this row and raw column = a·θ, without its offset."""
        rows = slice(row, row + 1)
        basis = self.bases[self.uses[column]]
        direction, part = np.zeros(self.size), self.parts[column]
        if basis.columns.size:
            one = self._block(basis, rows, None, np.empty(basis.columns.size), 0)
            slopes = one.transposed(np.ones((1, 1)))[:, 0] / basis.scale
            direction[part.start + int(basis.intercept) : part.stop] = slopes
        if basis.intercept:
            direction[part.start] = 1.0
        return direction

    def _kept(self, block: int) -> NDArray[np.intp] | None:
        if self.response.weight is None:
            return None
        start = block * self.rows
        return np.flatnonzero(self.response.weight[start : start + self.rows])

    def _moved(self, block: int, worker: int, direction: Array) -> Array | None:
        rows = self._read(block, worker, direction)
        if rows is None:
            return None
        moved = np.empty_like(rows.raw)
        self._predict(rows.blocks, direction, moved)
        return moved

    def product(self, theta: Array, direction: Array) -> Array:
        """Hessian times a direction, without the Hessian."""
        given = getattr(self.loss, "curvature_product", None)

        def work(block: int, worker: int) -> Array:
            out = np.zeros(self.size)
            rows = self._read(block, worker, theta)
            if rows is None:
                return out
            v = np.empty_like(rows.raw)
            self._predict(rows.blocks, direction, v)
            if given is not None:
                product = given(rows.y, rows.raw, v)
            else:
                packed = self.loss.evaluate(rows.y, rows.raw, 2)[2]
                assert packed is not None
                product = np.zeros_like(v)
                with np.errstate(over="ignore", invalid="ignore"):  # the caller looks at the result
                    for h, (a, b) in zip(packed, self._packed, strict=True):
                        product[a] += h * v[b]
                        if a != b:
                            product[b] += h * v[a]
            self._gradient(
                rows.blocks, product if rows.weight is None else product * rows.weight, out
            )
            return out

        total = fold(work, self.blocks, _add, self.threads)
        return total + self._pull(direction)

    def squared_scores(self, theta: Array) -> Array:
        """Σ w·sⱼ² of the rows' gradients, (P,): the diagonal of the meat, without the rest."""

        def work(block: int, worker: int) -> Array:
            out = np.zeros(self.size)
            rows = self._read(block, worker, theta)
            if rows is None:
                return out
            gradient = self.loss.evaluate(rows.y, rows.raw, 1)[1]
            assert gradient is not None
            squares = gradient * gradient
            self._gradient(
                [None if b is None else b.squared() for b in rows.blocks],
                squares if rows.weight is None else squares * rows.weight,
                out,
            )
            return out / self._scales()

        return fold(work, self.blocks, _add, self.threads)

    def squares(self, theta: Array, meat: bool) -> tuple[Array, Array | None]:
        """Hessian and, where asked for, Σ w·s·sᵀ of the rows' gradients s, with one buffer each.

        For matrices so large that a fold, which keeps one per level of its tree, would not do.
        """
        totals = [np.zeros((self.size, self.size)) for _ in range(1 + meat)]
        part = np.empty_like(totals[0])
        for block in range(self.blocks):
            rows = self._read(block, 0, theta)
            if rows is None:
                continue
            _, gradient, curvature = self.loss.evaluate(rows.y, rows.raw, 2)
            assert gradient is not None
            assert curvature is not None
            w = 1.0 if rows.weight is None else rows.weight
            kinds = [curvature * w]
            if meat:
                kinds.append(np.stack([w * gradient[a] * gradient[b] for a, b in self._packed]))
            for total, packed in zip(totals, kinds, strict=True):
                part[:] = 0.0
                self._gram(rows.blocks, packed, part)
                total += part
        full = [symmetric(t) for t in totals]
        self._add_penalty(full[0])
        return full[0], full[1] if meat else None

    def _coarse(self, rows: _Rows, theta: Array) -> tuple[list[Any], Array]:
        """|θ₀| + Σ|xⱼ·θⱼ| (k, rows), and blocks of the sizes |x|: u times it is what raw predictions are right to."""
        sizes = [None if b is None else b.absolute() for b in rows.blocks]
        coarse = np.empty_like(rows.raw)
        self._predict(sizes, np.abs(theta), coarse)
        return sizes, coarse

    def unresolved(self, theta: Array) -> bool:
        """Whether the last digit of a raw prediction is so much to its row that no digits of the gradient are left.

        As where a scale is smaller than the last digit of the location: ½·h·δ² > 1 for the rounding δ of raw.
        """

        def work(block: int, worker: int) -> Array:
            rows = self._read(block, worker, theta)
            if rows is None:
                return np.zeros(1)
            curvature = self.loss.evaluate(rows.y, rows.raw, 2)[2]
            assert curvature is not None
            _, coarse = self._coarse(rows, theta)
            diagonal = [h for h, (a, b) in zip(curvature, self._packed, strict=True) if a == b]
            with np.errstate(over="ignore"):
                return np.array([np.max(0.5 * np.stack(diagonal) * (ROUNDING * coarse) ** 2)])

        return bool(fold(work, self.blocks, _largest, self.threads)[0] > 1.0)

    def rounding(self, theta: Array) -> Array:
        """A bound (P,) on what the rounding of raw predictions may add to the gradient.

        raw_l of a row is right to u·(|θ₀| + Σ|xⱼ·θⱼ|), which moves the row's gradient in raw_k by |h_kl|
        times that.
        """

        def work(block: int, worker: int) -> Array:
            out = np.zeros(self.size)
            rows = self._read(block, worker, theta)
            if rows is None:
                return out
            curvature = self.loss.evaluate(rows.y, rows.raw, 2)[2]
            assert curvature is not None
            sizes, coarse = self._coarse(rows, theta)
            moved = np.zeros_like(coarse)
            for h, (a, b) in zip(np.abs(curvature), self._packed, strict=True):
                moved[a] += h * coarse[b]
                if a != b:
                    moved[b] += h * coarse[a]
            moved *= ROUNDING if rows.weight is None else ROUNDING * rows.weight
            self._gradient(sizes, moved, out)
            return out

        return fold(work, self.blocks, _add, self.threads)

    def _scales(self) -> Array:
        """The scale of every slope in θ, 1 for intercepts."""
        bases = [self.bases[u] for u in self.uses]
        return np.concatenate([np.r_[np.ones(int(b.intercept)), b.scale] for b in bases])

    def left_out(self) -> NDArray[np.bool_]:
        """Which θ belong to columns that were given no part in the fit."""
        return np.isinf(self._scales())

    def weight(self) -> float:
        """Σ w."""
        given = self.response.weight
        return float(self.source.shape[0] if given is None else given.sum())

    # --- Relatives --------------------------------------------------------------------------------

    def thinned(self, rows: int, penalty: Array) -> Objective:
        """The objective of about ``rows`` evenly spaced rows, in memory, in the same coordinates.

        The penalty shrinks with the rows, so that its minimum stays near that of the whole.
        """
        step = max(1, self.source.shape[0] // rows)
        every = slice(None, None, step)
        return Objective(
            self.loss,
            self.source.take(every),
            self.bases,
            self.uses,
            self.response.take(every),
            penalty / step,
            1,
        )
