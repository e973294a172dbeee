"""The negative log-likelihood of families of compositions: linear in the number of parts.

The loss of a row is a function of sums over its parts, so its graph is that of one part and that of one row, whatever
the number of parts. With ℓⱼ = log μⱼ and sⱼ = ∂/∂ℓⱼ of part j's term, ∂ℓⱼ/∂ηᵢ = δᵢⱼ − μᵢ gives

.. math:: \\frac{\\partial}{\\partial \\eta_i} = s_i - \\mu_i \\sum_j s_j, \\qquad
   \\frac{\\partial^2}{\\partial \\eta_i \\partial \\eta_m} = \\sum_j c_j (\\delta_{ij} - \\mu_i)(\\delta_{mj} - \\mu_m)
   - \\mu_i (\\delta_{im} - \\mu_m) \\sum_j s_j

with cⱼ = ∂sⱼ/∂ℓⱼ. What is proportional to the shares cancels in aᵢ − μᵢ Σ aⱼ, so that of ∂sⱼ/∂log κ the likeliest
part's may be taken off before anything is rounded. Of that part 1 − μ is the sum of the others: it is never subtracted
from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from likely._math.backends import numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import compile_program
from likely._math.graph import Node, as_node, symbol, where
from likely.families.base import Specification
from likely.families.compositions.base import Terms, share_of
from likely.families.view import View
from likely.links.catalogue import identity
from likely.losses.composed import Slot, link_view, valid
from likely.losses.nll import Array, NegativeLogLikelihood
from likely.losses.vector import symmetric_index

#: Numbers of y at a time: what is computed from them stays in a core's second-level cache.
BLOCK = 8192
#: Numbers of y from which a kernel is worth loading.
ENTRIES = 65536

#: The symbols of a part's graph: its number, the logarithm of its share, the row's sum and the raw precision.
PART = ("y", "log_share", "total", "raw")
#: What second derivatives take of the likeliest part, beside them.
LIKELIEST = ("y_first", "log_share_first")
#: Those of a row's graph: the sums of the slopes in the raw precision, the row's sum, the raw precision and the
#: number of parts; before them come the sums over the parts.
ROW = ("slope", "bend", "total", "raw", "parts")


@dataclass(frozen=True, eq=False)
class Formula:
    """Nodes over the symbols of these names; ``made`` keeps what a library makes of them, and a kernel has a name."""

    title: str
    name: str
    nodes: tuple[Node, ...]
    names: tuple[str, ...]
    made: dict[str, Any] = field(default_factory=dict)


class CompositionLoss(NegativeLogLikelihood):
    """−log p(y | raw) per row, in nats; raw has K − 1 log ratios, and the precision where that is free."""

    by_hand = "compositions"

    def __init__(self, specification: Specification, slots: Sequence[Slot]) -> None:
        super().__init__(specification, slots)
        self.size = len(specification.support.columns)
        ratios, own = self.slots[: self.size - 1], self.slots[self.size - 1 :]
        for slot in ratios:
            if slot.link not in (None, identity):
                raise ValueError(
                    f"{specification.name}'s {slot.parameter} has the identity link and no other, "
                    f"got {slot.link}"
                )
        #: Of each log ratio its raw column, or its value where it is fixed; that of the last part to itself is 0.
        self.ratios = [
            (None, slot.value) if slot.role == "fixed" else (self.free.index(slot), 0.0)
            for slot in ratios
        ] + [(None, 0.0)]
        #: The raw column of the precision, or None where there is none.
        self.own = next((self.free.index(slot) for slot in own if slot.role != "fixed"), None)

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this loss from others."""
        return self.specification, self.slots

    def without(self, columns: Sequence[int]) -> CompositionLoss:
        """The loss for those who need no derivatives by these columns: itself, whose curvature is one piece."""
        return self

    @property
    def curvature_kinds(self) -> tuple[str, ...]:
        """Expected curvature only where the family declares it."""
        return ("observed",) if self.terms.information is None else ("observed", "expected")

    @property
    def kernel_kinds(self) -> tuple[str, ...]:
        """All of them."""
        return self.curvature_kinds

    # --- Graphs -----------------------------------------------------------------------------------

    @property
    def terms(self) -> Terms:
        """The formulas of a part and of a row."""
        assert self.specification.structure is not None
        found: Terms = self.specification.structure.terms
        return found

    @cached_property
    def _precision(self) -> list[View]:
        """The view of the precision, none where the family has none."""
        found = []
        for slot in self.slots[self.size - 1 :]:
            if slot.link is None:
                found.append(self.views[slot.of])
            else:
                found.append(link_view(slot.parameter, slot.link, symbol("raw")))
        return found

    def part(self, order: int, kind: str = "observed") -> Formula:
        """What is summed; then sⱼ and the slope in the raw precision; then cⱼ, ∂sⱼ/∂raw and the second slope in raw."""
        return self._formula("part", order, kind)

    def row(self, order: int, kind: str = "observed") -> Formula:
        """nll and, of a free precision, the slope and the second; of the expected kind −w and the precision's."""
        return self._formula("row", order, kind)

    def _formula(self, what: str, order: int, kind: str) -> Formula:
        key = (what, order, kind)
        if key not in self._made:
            nodes, names = getattr(self, f"_{what}")(order, kind)
            name = f"{what}_{kind}" if order == 2 else what
            self._made[key] = Formula(self.title, name, tuple(nodes), names)
        return self._made[key]

    @property
    def title(self) -> str:
        """``Dirichlet log``: what its kernels are called, whatever its number of parts."""
        assert self.specification.structure is not None
        own = self.slots[self.size - 1 :]
        words = [slot.link.name if slot.link else f"fixed{slot.value!r}" for slot in own]
        return " ".join([self.specification.structure.kind, *words])

    @cached_property
    def _made(self) -> dict[tuple[str, int, str], Formula]:
        return {}

    def _part(self, order: int, kind: str) -> tuple[list[Node], tuple[str, ...]]:
        y, log_share, total, raw = map(symbol, PART)
        share = share_of(log_share)
        if kind == "expected":
            assert self.terms.curve is not None
            return [as_node(self.terms.curve(total, share, *self._precision))], PART
        nodes = [
            as_node(node)
            for node in self.terms.part(View("y", y, {}), total, share, *self._precision)
        ]
        slopes = [tangent(nodes[:1], log_share)[0], tangent(nodes[:1], raw)[0]]
        if order >= 1:
            nodes += slopes
        if order >= 2:
            nodes += [tangent(slopes[:1], log_share)[0], *tangent(slopes, raw)]
            if self.terms.apart is not None:
                nodes[-2] = self._apart(y, share, total, raw, nodes[-2])
                return nodes, PART + LIKELIEST
        return nodes, PART

    def _apart(self, y: Node, share: View, total: Node, raw: Node, cross: Node) -> Node:
        """The cross derivative, less, where the family says so, the likeliest part's in the ratio of the shares."""
        assert self.terms.apart is not None
        y_first, log_share_first = map(symbol, LIKELIEST)
        first = share_of(log_share_first)
        close, gap = self.terms.apart(y, y_first, total, share, first, *self._precision)
        (along,) = (tangent([view.log.node], raw)[0] for view in self._precision)
        return where(close, share.node * gap * along, cross)

    @cached_property
    def sums(self) -> int:
        """How many sums over the parts a row takes, beside those of slopes."""
        return len(self.part(0).nodes)

    def _row(self, order: int, kind: str) -> tuple[list[Node], tuple[str, ...]]:
        slope, bend, total, raw, parts = map(symbol, ROW)
        count = 1 if kind == "expected" else self.sums
        names = tuple(f"sum{i}" for i in range(count))
        sums = [symbol(name) for name in names]
        if kind == "expected":
            assert self.terms.information is not None
            weight, *own = self.terms.information(*sums, total, parts, *self._precision)
            along = [tangent([view.log.node], raw)[0] for view in self._precision]
            own = [as_node(e) * s * s for e, s in zip(own, along, strict=True)]
            return [-as_node(weight), *along, *own], names + ROW
        nll = as_node(self.terms.whole(sums, total, parts, *self._precision))
        own = [] if self.own is None else [(self.free[self.own], raw)]
        condition = valid(own, self.domain)
        nodes = [nll if condition is None else where(condition, nll, float("inf"))]
        if order >= 1 and self.own is not None:
            nodes.append(tangent([nll], raw)[0] + tangent([nll], sums[0])[0] * slope)
        if order >= 2 and self.own is not None:
            first = nodes[1]
            moved = tangent([first], raw)[0] + tangent([first], sums[0])[0] * slope
            nodes.append(moved + tangent([first], slope)[0] * bend)
        return nodes, names + ROW

    # --- Evaluation -------------------------------------------------------------------------------

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed", invalid: Any = None
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (k, n) and packed curvature (k(k+1)/2, n), up to ``order``; y has shape (n, K)."""
        n, k = raw.shape[1], self.columns
        many = self.engine == "kernel" or n * self.size >= ENTRIES
        nll = np.empty(n)
        gradient = np.empty((k, n)) if order else None
        if many and order < 2:
            from likely.losses.kernels.compositions import run

            bad = run(self, y, raw, nll, gradient)
            if invalid is not None:
                invalid.append(bad)
            return nll, gradient, None
        if invalid is not None:
            right = self.specification.support.covers(y) and bool(np.isfinite(raw).all())
            invalid.append(0 if right else n)
        curvature = np.empty((k * (k + 1) // 2, n)) if order == 2 else None
        library = _compiled() if many else _NUMPY
        step = max(1, BLOCK // self.size)
        with np.errstate(all="ignore"):  # branches that are not taken may overflow
            for first in range(0, n, step):
                part = slice(first, first + step)
                rows = Rows(self, library, np.ascontiguousarray(y[part].T), raw[:, part], order)
                nll[part] = rows.nll()
                if gradient is not None:
                    gradient[:, part] = rows.gradient()
                if curvature is not None:
                    seen = rows if kind == "observed" else rows.expected()
                    seen.curvature(curvature[:, part])
        return nll, gradient, curvature

    def curvature_product(self, y: Array, raw: Array, v: Array) -> Array:
        """Observed curvature times v, (k, n), without forming k × k matrices."""
        with np.errstate(all="ignore"):
            return np.stack(Rows(self, _NUMPY, y.T, raw, 2).curvature_product(v))

    def rows(self, library: Any, y: Any, raw: Any, order: int) -> Rows:
        """The rows on the arrays of a library, y and raw columns first: a ``Library``."""
        return Rows(self, library, library.stack(y), raw, order)


class Rows:
    """What the rows need of shares and slopes, computed once, on the arrays of any library; columns first.

    The library is a namespace of the functions that are used here; ``evaluate(formula, arrays)`` gives the values of a
    formula, in the shape of the first of the arrays.
    """

    def __init__(self, loss: CompositionLoss, library: Any, y: Any, raw: Any, order: int) -> None:
        self.loss, self.library, self.y, self.raw = loss, library, y, raw
        self.total = y.sum(0)
        eta = library.stack(
            [raw[j] if j is not None else self.total * 0.0 + value for j, value in loss.ratios]
        )
        top = library.top(eta)
        equal = eta == top
        #: The likeliest part, the first of several.
        self.first = equal & (library.cumsum(equal, 0) == 1)
        e = library.where(self.first, 0.0, library.exp(eta - top))
        rest = e.sum(0)
        self.share = library.where(self.first, 1.0, e) / (1.0 + rest)
        self.complement = library.where(self.first, rest / (1.0 + rest), 1.0 - self.share)
        self.log_share = (eta - top) - library.log1p(rest)
        # A precision that does not exist, or is known, is not looked at.
        self.own = self.total if loss.own is None else raw[loss.own]
        self.parts = self.total * 0.0 + float(loss.size)
        part = self._of_parts(order)
        sums, count = [values.sum(0) for values in part], loss.sums
        slope = sums[count + 1] if order >= 1 else self.total
        bend = sums[-1] if order >= 2 else self.total
        self.row = [*self._of_row(order, (*sums[:count], slope, bend)), None, None]
        self.part, self.found = part[count:], sums[count:]

    def _of_parts(self, order: int, kind: str = "observed") -> Any:
        given: tuple[Any, ...] = (self.y, self.log_share, self.total, self.own)
        if order >= 2 and kind == "observed" and self.loss.terms.apart is not None:
            likeliest = (self.library.where(self.first, v, 0.0) for v in (self.y, self.log_share))
            given += tuple(values.sum(0) for values in likeliest)
        return self.library.evaluate(self.loss.part(order, kind), given)

    def _of_row(self, order: int, sums: tuple[Any, ...], kind: str = "observed") -> Any:
        given = (*sums, self.total, self.own, self.parts)
        return self.library.evaluate(self.loss.row(order, kind), given)

    def nll(self) -> Any:
        """−log p."""
        return self.row[0]

    def centred(self, values: Any) -> Any:
        """vᵢ − μᵢ Σ vⱼ, where of the likeliest part vᵢ (1 − μᵢ) − μᵢ Σ of the others."""
        where = self.library.where
        others = where(self.first, 0.0, values).sum(0)
        total = others + where(self.first, values, 0.0).sum(0)
        return where(
            self.first,
            values * self.complement - self.share * others,
            values - self.share * total,
        )

    def _columns(self, of_shares: Any, own: Any) -> list[Any]:
        """By raw column, what belongs to the log ratios and what to the precision."""
        places: dict[int, Any] = {
            j: of_shares[i] for i, (j, _) in enumerate(self.loss.ratios) if j is not None
        }
        if self.loss.own is not None:
            places[self.loss.own] = own
        return [places[j] for j in range(self.loss.columns)]

    def gradient(self) -> list[Any]:
        """∂nll/∂raw, a column each."""
        return self._columns(self.centred(self.part[0]), self.row[1])

    def expected(self) -> Rows:
        """The same rows with the terms of the Fisher information in place of those of the curvature."""
        twin = object.__new__(Rows)
        twin.__dict__.update(vars(self))
        (curve,) = self._of_parts(2, "expected")
        unused = self.total
        weight, *along = self._of_row(2, (curve.sum(0), unused, unused), "expected")
        cross, last = (curve * along[0], along[1]) if along else (curve, weight)
        twin.part, twin.found = [curve, None, curve, cross], [weight]
        twin.row = [None, None, last]
        return twin

    def curvature(self, out: Array) -> None:
        """The packed curvature, to out (k(k+1)/2, n)."""
        curve, cross = self.part[2], self.part[3]
        share, slopes = self.share, self.found[0]
        moved = self.centred(curve)
        along = self._columns(self.centred(cross), self.row[2])
        places = {j: i for i, (j, _) in enumerate(self.loss.ratios) if j is not None}
        for a in range(self.loss.columns):
            for b in range(a + 1):
                if self.loss.own in (a, b):
                    value = along[a if b == self.loss.own else b]
                elif a == b:
                    i = places[a]
                    value = (
                        self.complement[i] * (curve[i] - share[i] * slopes) - share[i] * moved[i]
                    )
                else:
                    i, m = places[a], places[b]
                    one = -share[i] * curve[m] - share[m] * moved[i]
                    other = -share[m] * curve[i] - share[i] * moved[m]
                    value = np.where(self.first[m], other, one) + share[i] * share[m] * slopes
                out[symmetric_index(a, b)] = value

    def curvature_product(self, v: Any) -> list[Any]:
        """Observed curvature times v, a column each: how the gradient changes."""
        library, loss = self.library, self.loss
        zero = self.total * 0.0
        u = library.stack([zero if j is None else v[j] for j, _ in loss.ratios])
        u = u - library.where(self.first, u, 0.0).sum(0)
        moved = u - (self.share * u).sum(0)  # of the logarithms of the shares
        change = self.part[2] * moved
        own = zero
        if loss.own is not None:
            change = change + self.part[3] * v[loss.own]
            own = (self.part[3] * moved).sum(0) + self.row[2] * v[loss.own]
        return self._columns(self.centred(change) - self.found[0] * (self.share * moved), own)


def _evaluate(formula: Formula, arrays: Sequence[Array]) -> list[Array]:
    if "numpy" not in formula.made:
        formula.made["numpy"] = compile_program(formula.nodes, numpy_backend.TABLE)
    found = formula.made["numpy"](dict(zip(formula.names, arrays, strict=True)))
    return [np.broadcast_to(value, arrays[0].shape) for value in found]


_NUMPY = SimpleNamespace(
    exp=np.exp,
    log1p=np.log1p,
    where=np.where,
    stack=np.stack,
    cumsum=np.cumsum,
    top=lambda eta: eta.max(0),
    evaluate=_evaluate,
)


@cache
def _compiled() -> Any:
    """NumPy, with formulas as kernels."""
    from likely.losses.kernels.compositions import evaluate

    return SimpleNamespace(**{**vars(_NUMPY), "evaluate": evaluate})
