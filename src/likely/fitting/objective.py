"""The sum over rows that is minimised, in the coordinates of the bases, folded over blocks.

objective(θ) = Σ wᵢ·nllᵢ(raw(θ)) + ½·βᵀ diag(penalty) β, with gradient and Hessian.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from likely.fitting.basis import Basis
from likely.fitting.blocks import fold
from likely.fitting.problem import Array, Loss, Response
from likely.fitting.rows import RowBlocks, Rows
from likely.fitting.source import Source
from likely.fitting.sums import Sums, add, symmetric

#: nll, gradient and packed curvature of rows, as a loss evaluates them.
Evaluated = tuple[Array, Array | None, Array | None]
#: Beyond this an exponential overflows, and a loss that is not a number there counts as infinite.
LARGEST_RAW = 700.0


class Objective(RowBlocks):
    """Evaluates the objective with ``threads`` threads."""

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
        super().__init__(source, bases, uses, response, threads)
        self.loss = loss
        self._penalties = self._internal(penalty) if penalty.any() else []

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

    def evaluate(
        self, theta: Array, order: int, kind: str = "observed", meat: bool = False
    ) -> Sums:
        """Loss, gradient (order ≥ 1) and Hessian (order 2) at θ; loss is +∞ outside the domain."""

        def work(block: int, worker: int) -> Array:
            rows = self.read(block, worker, theta)
            if rows is None:
                return self._nothing(order, meat)
            return self._summed(
                rows, self.loss.evaluate(rows.y, rows.raw, order, kind), order, meat, block
            )

        total = fold(work, self.blocks, add, self.threads)
        return self._sums(total, theta, order, meat)

    def summed(self, theta: Array, rows: Rows, found: Evaluated, order: int) -> Sums:
        """The objective at θ where one block has all rows, of what the loss of these is there."""
        return self._sums(self._summed(rows, found, order, False, 0), theta, order, False)

    def _nothing(self, order: int, meat: bool) -> Array:
        """The sums of no rows: the loss, its terms, the gradient and squares."""
        p = self.size
        return np.zeros(2 + (p if order or meat else 0) + ((order >= 2) + meat) * p * p)

    def _summed(self, rows: Rows, found: Evaluated, order: int, meat: bool, block: int) -> Array:
        """The sums of a block, of what the loss of its rows is."""
        (nll, gradient, curvature), p, w = found, self.size, rows.weight
        out = self._nothing(order, meat)
        # On the way to a scale of 0 sums overflow: an infinite loss is looked at here, derivatives by the caller.
        with np.errstate(over="ignore", invalid="ignore"):
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
                self.carry(rows.blocks, weighted, out[2:at])
            else:
                curvature = curvature if w is None else curvature * w
                square = out[at : at + p * p].reshape(p, p)
                self.gram(rows.blocks, curvature, square, weighted, out[2:at])
                at += p * p
            if meat:
                products = np.stack([weighted[a] * gradient[b] for a, b in self.packed])
                self.gram(rows.blocks, products, out[at:].reshape(p, p))
        return out

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

    def _check_nan(self, nll: Array, raw: Array, block: int) -> None:
        """A NaN at a moderate raw prediction is a fault of the loss, not of the step."""
        bad = np.isnan(nll) & (np.abs(raw) <= LARGEST_RAW).all(axis=0)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise FloatingPointError(
                f"the loss is NaN at raw = {raw[:, row]} (block {block}, row {row} of it): y may "
                "lie outside the support, or the family's formula has a fault there"
            )

    def product(self, theta: Array, direction: Array) -> Array:
        """Hessian times a direction, without the Hessian."""
        given = getattr(self.loss, "curvature_product", None)

        def work(block: int, worker: int) -> Array:
            out = np.zeros(self.size)
            rows = self.read(block, worker, theta)
            if rows is None:
                return out
            v = np.empty_like(rows.raw)
            self.predict(rows.blocks, direction, v)
            if given is not None:
                product = given(rows.y, rows.raw, v)
            else:
                packed = self.loss.evaluate(rows.y, rows.raw, 2)[2]
                assert packed is not None
                product = np.zeros_like(v)
                with np.errstate(over="ignore", invalid="ignore"):  # the caller looks at the result
                    for h, (a, b) in zip(packed, self.packed, strict=True):
                        product[a] += h * v[b]
                        if a != b:
                            product[b] += h * v[a]
            self.carry(rows.blocks, product if rows.weight is None else product * rows.weight, out)
            return out

        total = fold(work, self.blocks, add, self.threads)
        return total + self._pull(direction)

    def squared_scores(self, theta: Array) -> Array:
        """Σ w·sⱼ² of the rows' gradients, (P,): the diagonal of the meat, without the rest."""

        def work(block: int, worker: int) -> Array:
            out = np.zeros(self.size)
            rows = self.read(block, worker, theta)
            if rows is None:
                return out
            gradient = self.loss.evaluate(rows.y, rows.raw, 1)[1]
            assert gradient is not None
            squares = gradient * gradient
            self.carry(
                [None if b is None else b.squared() for b in rows.blocks],
                squares if rows.weight is None else squares * rows.weight,
                out,
            )
            return out / self.scales()

        return fold(work, self.blocks, add, self.threads)

    def squares(self, theta: Array, meat: bool) -> tuple[Array, Array | None]:
        """Hessian and, where asked for, Σ w·s·sᵀ of the rows' gradients s, with one buffer each.

        For matrices so large that a fold, which keeps one per level of its tree, would not do.
        """
        totals = [np.zeros((self.size, self.size)) for _ in range(1 + meat)]
        part = np.empty_like(totals[0])
        for block in range(self.blocks):
            rows = self.read(block, 0, theta)
            if rows is None:
                continue
            _, gradient, curvature = self.loss.evaluate(rows.y, rows.raw, 2)
            assert gradient is not None
            assert curvature is not None
            w = 1.0 if rows.weight is None else rows.weight
            kinds = [curvature * w]
            if meat:
                kinds.append(np.stack([w * gradient[a] * gradient[b] for a, b in self.packed]))
            for total, packed in zip(totals, kinds, strict=True):
                part[:] = 0.0
                self.gram(rows.blocks, packed, part)
                total += part
        full = [symmetric(t) for t in totals]
        self._add_penalty(full[0])
        return full[0], full[1] if meat else None

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


def evaluate_together(
    points: Sequence[tuple[Objective, Array, int, str]],
) -> list[Sums | FloatingPointError]:
    """``evaluate`` of objectives at θ, to an order and of a kind each, or its error.

    The rows of one loss, order and kind are one array where they are few.
    """
    found: dict[int, Sums | FloatingPointError] = {}
    alike: dict[tuple[Any, ...], list[tuple[int, Rows]]] = {}
    for i, (objective, theta, order, kind) in enumerate(points):
        rows = objective.read(0, 0, theta) if objective.blocks == 1 else None
        if rows is None:
            found[i] = _or_error(partial(objective.evaluate, theta, order, kind))
        else:
            kept = replace(rows, raw=rows.raw.copy())  # the next θ is read to the same place
            alike.setdefault((id(objective.loss), order, kind), []).append((i, kept))
    for group in alike.values():
        objective, _, order, kind = points[group[0][0]]
        y = np.concatenate([rows.y for _, rows in group])
        raw = np.concatenate([rows.raw for _, rows in group], axis=1)
        nll, gradient, curvature = objective.loss.evaluate(y, raw, order, kind)
        first = 0
        for i, rows in group:
            own = slice(first, first := first + rows.y.shape[0])
            of_rows = (
                nll[own],
                None if gradient is None else gradient[:, own],
                None if curvature is None else curvature[:, own],
            )
            found[i] = _or_error(partial(points[i][0].summed, points[i][1], rows, of_rows, order))
    return [found[i] for i in range(len(points))]


def _or_error(sums: Callable[[], Sums]) -> Sums | FloatingPointError:
    try:
        return sums()
    except FloatingPointError as error:
        return error
