"""The negative log-likelihood: a family's formula composed with the links of its parameters.

This is the one module where families and links meet. A composed loss is a graph over the symbols ``y``
and ``raw0``, ``raw1``, …; gradient and curvature are derived from it, and the same graph runs on NumPy,
in compiled kernels, and on PyTorch and JAX arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likely._math import numpy_backend
from likely._math.derive import covariant, tangent, times
from likely._math.domains import LABELLED, Domain, Product, positive, real
from likely._math.evaluate import Program, compile_program
from likely._math.graph import (
    Node,
    as_node,
    constant,
    exp,
    is_constant,
    make,
    substitute,
    symbol,
    where,
)
from likely._math.workspace import BLOCK, BlockProgram
from likely.families.base import Body, Specification, View
from likely.links.base import Link
from likely.links.catalogue import default_link, identity, log_link

Array = NDArray[np.float64]

#: Below this many rows the NumPy body is as fast as a kernel and needs no compiler.
KERNEL_ROWS = 32768
#: Where raw predictions have all but taken a parameter to the end of its domain.
FAR = 700.0


@dataclass(frozen=True)
class Slot:
    """How one parameter of a family gets its value: from a raw column through a link, or fixed.

    ``parameter`` is the public name; it is an alternative's name where one fills the slot.
    """

    parameter: str
    of: str
    role: str  # "predicted", "shared" or "fixed"
    link: Link | None = None
    value: float | None = None


class NegativeLogLikelihood:
    """−log p(y | raw) per row, in nats, with gradient and curvature in raw.

    Raw predictions are columns first, shape (k, n); one row of ``raw`` per parameter that is
    not fixed. Curvature is packed: rows (0,0), (1,0), (1,1), (2,0), … of the lower triangle.
    """

    #: No constant takes the place of another; see ``VectorLoss``.
    gauge = None
    #: What its hand-written derivatives are called, where it has them.
    by_hand: str | None = None

    def __init__(self, specification: Specification, slots: Sequence[Slot]) -> None:
        self.specification = specification
        self.slots = tuple(slots)
        self.free = tuple(slot for slot in self.slots if slot.role != "fixed")
        self.columns = len(self.free)
        self.column_names = tuple(slot.parameter for slot in self.free)
        #: Of each raw column, which parameter it belongs to.
        self.column_slots = tuple(range(self.columns))
        self.smooth = specification.smooth
        #: "numpy", which compiles kernels for large arrays only, or "kernel", which always uses them.
        self.engine = "numpy"
        #: The raw columns of which expected and complete curvature is left out, that is 0.
        self.unasked: tuple[int, ...] = ()
        self._programs: dict[tuple[int, str], Program] = {}
        self._block_programs: dict[tuple[int, str], BlockProgram] = {}
        self._kernels: dict[tuple[int, str], Any] = {}
        self._formulas: dict[tuple[str, bool], Program] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # Programs and kernels are made again where it is unpickled.
        return _composed, (self.specification, self.slots, self.engine, bool(self.unasked))

    @property
    def curvature_kinds(self) -> tuple[str, ...]:
        """What ``kind`` may be: expected and complete curvature only where the family declares it."""
        declared = self.specification.formulas
        return (
            "observed",
            *(k for k in ("expected", "complete") if f"{k}_information" in declared),
        )

    @cached_property
    def kernel_orders(self) -> tuple[int, ...]:
        """Of loss (0) and gradient (1), what is compiled; a quadrature written out is too long for that."""
        from likely.losses.kernels.emit import compilable

        return tuple(order for order in (0, 1) if compilable(self.outputs(order)))

    @cached_property
    def kernel_kinds(self) -> tuple[str, ...]:
        """The kinds of curvature that are compiled."""
        from likely.losses.kernels.emit import compilable

        return tuple(kind for kind in self.curvature_kinds if compilable(self.outputs(2, kind)))

    @property
    def discrete(self) -> bool:
        """Whether p is a probability, at most 1: then the loss of a row is never below 0."""
        return self.specification.support.integer

    @cached_property
    def moving_ends(self) -> bool:
        """Whether parameters say where the support of a row ends."""
        return _ends_move(self.specification)

    def limit(self, column: int, upwards: bool) -> float:
        """The end of its domain to which a parameter goes as its raw column goes to ∞, or to −∞."""
        slot = self.free[column]
        low, high = self.domain(slot).low, self.domain(slot).high
        assert slot.link is not None
        far = float(slot.link.inverse(FAR if upwards else -FAR))
        middle = 0.5 * (low + high) if np.isfinite(high) else max(low, -1.0) + 1.0
        return high if far > middle else low

    @property
    def classes(self) -> int:
        """Of how many classes y is the code; 1 where it is a number."""
        return 2 if self.specification.support.name in LABELLED else 1

    # --- Composition: the graph -------------------------------------------------------------------

    @cached_property
    def raw(self) -> tuple[Node, ...]:
        """The symbols of the raw columns."""
        return tuple(symbol(f"raw{j}") for j in range(self.columns))

    @cached_property
    def views(self) -> dict[str, View]:
        """The family's parameters as views of the raw symbols, in the family's order."""
        return self._views(
            [(slot.link, raw) for slot, raw in zip(self.free, self.raw, strict=True)]
        )

    def _views(self, columns: Sequence[tuple[Link | None, Node]]) -> dict[str, View]:
        """The same, of a link and what it is applied to for each raw column."""
        views, given = {}, iter(columns)
        for slot in self.slots:
            if slot.link is None:
                assert slot.value is not None
                view = View(slot.parameter, constant(slot.value), {})
            else:
                link, raw = next(given)
                assert link is not None
                view = link_view(slot.parameter, link, raw)
            if slot.parameter != slot.of:
                view = self.specification.alternatives[slot.parameter].view(slot.of, view)
            views[slot.of] = view
        return views

    @cached_property
    def valid(self) -> Node | None:
        """The condition on raw under which every partial link is inside its domain."""
        return valid(list(zip(self.free, self.raw, strict=True)), self.domain)

    def domain(self, slot: Slot) -> Domain:
        """The domain of the parameter that the slot holds."""
        if slot.parameter in self.specification.alternatives:
            return self.specification.alternatives[slot.parameter].domain
        return self.specification.parameters[slot.parameter].domain

    @cached_property
    def parts(self) -> tuple[tuple[NegativeLogLikelihood, list[int]], ...]:
        """Of a modified family: the loss of each family inside, and the raw columns that are its."""
        structure = self.specification.structure
        found = []
        for part in () if structure is None else structure.parts:
            names = [part.outer(name) for name in part.specification.parameters]
            slots = [slot for slot in self.slots if slot.of in names]
            columns = [j for j, slot in enumerate(self.free) if slot.of in names]
            inner = tuple(
                replace(slot, parameter=part.inner(slot.parameter), of=part.inner(slot.of))
                for slot in slots
            )
            found.append((compose(part.specification, inner), columns))
        return tuple(found)

    @property
    def y_columns(self) -> int | None:
        """How many columns y has; None where it has shape (n,)."""
        m = len(self.specification.support.columns)
        return None if m == 1 else m

    def inside(self, y: Array) -> NDArray[np.bool_]:
        """Which rows of y, of the right shape and without NaN, are in the support."""
        found: NDArray[np.bool_] = self.specification.support.contains(y)
        return found

    @property
    def distribution(self) -> NegativeLogLikelihood:
        """The loss of y itself, where this one sees it in part only: of its distribution."""
        support = self.specification.support
        whole = len(support.columns) == 1 or isinstance(support, Product)
        return self if whole else self.parts[0][0].distribution

    @cached_property
    def of_known(self) -> NegativeLogLikelihood:
        """Of y that brings trials or bounds along: over the rest of y alone, with those as the last raw columns."""
        structure = self.specification.structure
        assert structure is not None
        assert structure.plain is not None
        plain = structure.plain
        known = [name for name in plain.parameters if name not in self.specification.parameters]
        slots = (Slot(name, name, "predicted", identity) for name in known)
        return compose(plain, (*self.slots, *slots))

    @cached_property
    def loss(self) -> Node:
        """−log p as one node; +∞ where a partial link leaves its domain."""
        return self._loss(self.views)

    def _loss(self, views: dict[str, View]) -> Node:
        ys = [View(name, symbol(name), {}) for name in self.specification.support.columns]
        nll = -as_node(self.specification.trace(self.specification.log_density, views, *ys))
        return nll if self.valid is None else where(self.valid, nll, float("inf"))

    @cached_property
    def gradient(self) -> tuple[Node, ...]:
        """∂nll/∂raw, one node per raw column."""
        return tuple(tangent([self.loss], raw)[0] for raw in self.raw)

    @cached_property
    def observed(self) -> tuple[Node, ...]:
        """∂²nll/∂rawᵢ∂rawⱼ, packed."""
        found = {}
        for j in range(self.columns):
            plain = []
            for i in range(j, self.columns):
                logarithms = self._logarithms(i, j)
                if logarithms is None:
                    plain.append(i)
                else:
                    found[i, j] = self._through_logarithm(*logarithms)
            # One walk through what the entries of a column share.
            slopes = tangent([self.gradient[i] for i in plain], self.raw[j])
            found |= {(i, j): slope for i, slope in zip(plain, slopes, strict=True)}
        return tuple(found[i, j] for i in range(self.columns) for j in range(i + 1))

    def _logarithms(self, i: int, j: int) -> tuple[int, int] | None:
        """The order in which ∂²nll/∂rawᵢ∂rawⱼ goes through a logarithm, where it does."""
        if i == j and self._curved(i):
            return i, i
        # Beside a slope in a location, those in log θ stay in range where those in raw, which may be any power of θ,
        # leave it; those of a location that is positive do so the most.
        beside = self._signed(i) or self._signed(j)
        curved = [(a, b) for a, b in ((i, j), (j, i)) if beside and self._curved(a)]
        return min(curved, key=lambda pair: not self._signed(pair[0]), default=None)

    def _curved(self, i: int) -> bool:
        """Whether the link of a column bends what the default link leaves straight."""
        link, domain = self.free[i].link, self.domain(self.free[i])
        assert link is not None
        known = link.connection is not None and domain in (positive, real)
        return known and link is not default_link(domain)

    def _signed(self, i: int) -> bool:
        return self.domain(self.free[i]) is real

    def _through_logarithm(self, i: int, j: int) -> Node:
        """∂²nll/∂rawᵢ∂rawⱼ by the slopes in log θᵢ, less what the link's own curvature undoes: see ``connection``."""
        raw, t = self.raw[i], symbol(f"log_theta{i}")
        columns = [(slot.link, r) for slot, r in zip(self.free, self.raw, strict=True)]
        link, columns[i] = self.free[i].link, (log_link, t)
        bends = link if i == j else log_link
        assert link is not None
        assert bends is not None
        assert bends.connection is not None
        loss, other = self._loss(self._views(columns)), t if i == j else self.raw[j]
        if i != j and not self._signed(i):
            # Of a parameter above 0 the slope in its logarithm keeps what two slopes may lose.
            second = tangent(tangent([loss], t), other)[0]
        else:
            second = covariant(tangent([loss], other)[0], t, bends.connection(raw))
        given = link_view("", link, raw)
        made = {id(n): (n, form) for n, form in ((t, given.log), (exp(t), given.node))}

        def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
            return make(node.op, *args) if args else node

        rate = tangent([given.log], raw)[0]
        once = times(substitute([second], rebuild, made)[0], rate)
        return times(once, rate) if i == j else once

    @cached_property
    def expected(self) -> tuple[Node, ...]:
        """The Fisher information of raw: the family's, carried through the links, packed."""
        body = self.specification.formulas["expected_information"]
        return self._information(body, self.specification.support.known)

    @cached_property
    def complete(self) -> tuple[Node, ...]:
        """The information of raw had nothing been unseen, as expected given y: see ``modifiers.information``."""
        body = self.specification.formulas["complete_information"]
        return self._information(body, self.specification.support.columns)

    def _information(self, body: Body, columns: Sequence[str]) -> tuple[Node, ...]:
        """A matrix of the family, of these columns of y, carried through the links, packed."""
        ys = [View(name, symbol(name), {}) for name in columns]
        entries = self.specification.trace(body, self.views, *ys)
        slopes = {
            name: tuple(tangent([self._coordinate(name)], raw)[0] for raw in self.raw)
            for name in {name for pair in entries for name in pair}
        }
        moved = {
            name: [
                i
                for i, slope in enumerate(of)
                if i not in self.unasked and not is_constant(slope, 0.0)
            ]
            for name, of in slopes.items()
        }
        packed = {(i, j): constant(0.0) for i in range(self.columns) for j in range(i + 1)}
        for (a, b), entry in entries.items():
            for p, q in dict.fromkeys(((a, b), (b, a))):
                for i in moved[p]:
                    for j in moved[q]:
                        if j <= i:
                            part = times(times(as_node(entry), slopes[p][i]), slopes[q][j])
                            packed[i, j] = packed[i, j] + part
        return tuple(packed.values())

    def _coordinate(self, name: str) -> Node:
        """What an entry of the expected information is the derivative by: θ, log θ or log(1 − θ)."""
        view, _, parameter = name.rpartition(" ")
        given = self.views[parameter]
        return {"": given, "log": given.log, "log1m": given.log1m}[view].node

    def outputs(self, order: int, kind: str = "observed") -> tuple[Node, ...]:
        """The nodes of loss (order 0), gradient (1) and packed curvature (2) together."""
        nodes: tuple[Node, ...] = (self.loss,)
        if order >= 1:
            nodes += self.gradient
        if order >= 2:
            nodes += getattr(self, kind)
        return nodes

    # --- Evaluation -------------------------------------------------------------------------------

    def program(self, order: int, kind: str = "observed") -> Program:
        """The NumPy program of these outputs, made once."""
        key = (order, kind if order == 2 else "observed")
        if key not in self._programs:
            with np.errstate(all="ignore"):  # what depends on constants alone is computed here
                self._programs[key] = compile_program(self.outputs(*key), numpy_backend.TABLE)
        return self._programs[key]

    def _block_program(self, order: int, kind: str) -> BlockProgram:
        key = (order, kind if order == 2 else "observed")
        if key not in self._block_programs:
            self._block_programs[key] = BlockProgram(self.program(*key))
        return self._block_programs[key]

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed", invalid: Any = None
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (k, n) and packed curvature (k(k+1)/2, n), up to ``order``.

        ``y``, (n,) or of intervals (n, 2), must lie in the support and ``raw`` (k, n) be finite; where
        they are not, nothing is raised here, but a list given as ``invalid`` receives a number above 0.
        """
        n, k = y.shape[0], self.columns
        rows = (k if order >= 1 else 0) + (k * (k + 1) // 2 if order >= 2 else 0)
        # Apart, so that a caller who keeps one does not keep the other.
        nll, rest = np.empty(n), np.empty((rows, n))
        many = self.engine == "kernel" or n >= KERNEL_ROWS
        short = many and (kind in self.kernel_kinds if order == 2 else order in self.kernel_orders)
        if short:
            from likely.losses.kernels.run import run

            bad = run(self._kernel(order, kind), y, raw, nll, rest)
        else:
            bad = 0 if invalid is None or _valid(self.specification.support, y, raw) else n
            self._evaluate_numpy(y, raw, order, kind, [nll, *rest])
        if invalid is not None:
            invalid.append(bad)
        gradient = rest[:k] if order >= 1 else None
        curvature = rest[k:] if order >= 2 else None
        return nll, gradient, curvature

    def for_rows(self, n: int) -> NegativeLogLikelihood:
        """The loss to use for work that folds n rows in blocks: compiled where n is large."""
        return self if n < KERNEL_ROWS else self.compiled

    @cached_property
    def compiled(self) -> NegativeLogLikelihood:
        """This loss, with kernels for blocks of every size."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self), engine="kernel")
        return twin

    @cached_property
    def of_predicted(self) -> NegativeLogLikelihood:
        """This loss, without expected and complete curvature of shared columns, which may cost the most."""
        shared = tuple(i for i, slot in enumerate(self.free) if slot.role == "shared")
        if not shared:
            return self
        twin = type(self)(self.specification, self.slots)
        twin.engine, twin.unasked = self.engine, shared
        return twin

    def _kernel(self, order: int, kind: str) -> Any:
        key = (order, kind if order == 2 else "observed")
        if key not in self._kernels:
            from likely.losses.kernels.run import kernel_for

            self._kernels[key] = kernel_for(self, *key)
        return self._kernels[key]

    def _evaluate_numpy(
        self, y: Array, raw: Array, order: int, kind: str, out: Sequence[Array]
    ) -> None:
        program = self._block_program(order, kind)
        # The branches of `where` that are not selected may divide by zero or overflow.
        with np.errstate(all="ignore"):
            for first in range(0, y.shape[0], BLOCK):
                rows = slice(first, first + BLOCK)
                inputs = self.specification.support.split(y[rows])
                inputs |= {f"raw{j}": raw[j, rows] for j in range(self.columns)}
                program(inputs, [row[rows] for row in out])

    def parameter(self, name: str, raw: Array, view: str = "") -> Array:
        """A parameter's value, or its view ``"log"``, ``"log1m"`` or ``"complement"``, at raw (k, …)."""
        key = (f"{name}.{view}", False)
        if key not in self._formulas:
            given = self.views[name]
            node = getattr(given, view).node if view else given.node
            self._formulas[key] = compile_program([node], numpy_backend.TABLE)
        return self._computed(key, raw)

    def formula(self, name: str, raw: Array, first: Any = None) -> Array:
        """One of the family's closed forms (``mean``, ``cdf`` …) at raw (k, …), broadcast.

        A parameter's name gives the parameter, unless the family has a closed form of that name.
        """
        if name not in self.specification.formulas:
            return self.parameter(name, raw)
        key = (name, first is not None)
        if key not in self._formulas:
            head = (View("y", symbol("y"), {}),) if first is not None else ()
            body = self.specification.formulas[name]
            node = as_node(self.specification.trace(body, self.views, *head))
            self._formulas[key] = compile_program([node], numpy_backend.TABLE)
        return self._computed(key, raw, first)

    def _computed(self, key: tuple[str, bool], raw: Array, first: Any = None) -> Array:
        inputs = {f"raw{j}": raw[j] for j in range(self.columns)}
        if first is not None:
            inputs["y"] = first
        with np.errstate(all="ignore"):
            value = self._formulas[key](inputs)[0]
        # Where no parameter is free, raw (0, …) still says how many distributions there are.
        shape = np.broadcast_shapes(raw.shape[1:], np.shape(0.0 if first is None else first))
        return np.broadcast_to(np.asarray(value, dtype=np.float64), shape)

    def sufficient(self, y: Array, out: Array) -> None:
        """Write the family's sufficient statistics t(y), y (n,), to ``out`` (m, n)."""
        with np.errstate(all="ignore"):
            self._sufficient({"y": y}, list(out))

    @property
    def statistics(self) -> int:
        """How many sufficient statistics the family has; 0 where y itself is the only one."""
        nodes = self._sufficient_nodes
        only_y = len(nodes) == 1 and nodes[0] is symbol("y")
        return 0 if only_y else len(nodes)

    @cached_property
    def _sufficient_nodes(self) -> list[Node]:
        parts = self.specification.formulas["sufficient"](View("y", symbol("y"), {}))
        return [as_node(t) for t in parts]

    @cached_property
    def _sufficient(self) -> BlockProgram:
        return BlockProgram(compile_program(self._sufficient_nodes, numpy_backend.TABLE))

    def outside(self, raw: Array) -> NDArray[np.bool_]:
        """Rows of raw (k, n) at which a partial link leaves its parameter's domain."""
        if self.valid is None:
            return np.zeros(raw.shape[1:], dtype=bool)
        inputs: Mapping[str, Any] = {f"raw{j}": raw[j] for j in range(self.columns)}
        inside = compile_program([self.valid], numpy_backend.TABLE)(inputs)[0]
        return ~np.broadcast_to(inside, raw.shape[1:])


def _valid(support: Domain, y: Array, raw: Array) -> bool:
    return not y.size or (support.covers(y) and bool(np.isfinite(raw).all()))


@lru_cache(maxsize=256)
def compose(specification: Specification, slots: tuple[Slot, ...]) -> NegativeLogLikelihood:
    """The loss of these slots; equal families share one, with its programs and kernels."""
    structure = specification.structure
    if structure is not None and structure.terms is not None:
        from likely.losses.compositions import CompositionLoss

        return CompositionLoss(specification, slots)
    return NegativeLogLikelihood(specification, slots)


def _composed(
    specification: Specification, slots: tuple[Slot, ...], engine: str, predicted: bool
) -> NegativeLogLikelihood:
    found = compose(specification, slots)
    found = found.of_predicted if predicted else found
    return found.compiled if engine == "kernel" else found


def _ends_move(specification: Specification) -> bool:
    """Whether the support of the family, or of one inside it, ends where parameters say."""
    structure = specification.structure
    if structure is not None:
        return any(_ends_move(part.specification) for part in structure.parts)
    return "lower" in specification.formulas or "upper" in specification.formulas


def valid(columns: Sequence[tuple[Slot, Node]], domain: Callable[[Slot], Domain]) -> Node | None:
    """The condition under which every partial link is inside its domain, of slots and their raw symbols."""
    condition: Node | None = None
    for slot, raw in columns:
        assert slot.link is not None
        if slot.link.valid is None:
            continue
        one = slot.link.valid(raw, domain(slot))
        if one is not None:
            condition = one if condition is None else where(condition, one, condition)
    return condition


def link_view(name: str, link: Link, raw: Node) -> View:
    """What a link makes of a raw symbol."""
    forms: dict[str, Any] = {
        form: (lambda f=formula: f(raw))
        for form, formula in (
            ("log", link.log),
            ("log1m", link.log1m),
            ("complement", link.complement),
        )
        if formula is not None
    }
    if link.excess is not None:
        forms["excess"] = partial(link_view, name, link.excess, raw)
    return View(name, as_node(link.value(raw)), forms)
