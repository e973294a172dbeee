"""The negative log-likelihood of rows: the graphs of a composed loss, evaluated by NumPy or by compiled kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from likely._math import differences
from likely._math.backends import numpy_backend
from likely._math.domains import Domain, Product
from likely._math.evaluate import Program, compile_program
from likely._math.graph import (
    Node,
    as_node,
    symbol,
    where,
)
from likely._math.usual import for_most
from likely._math.workspace import BLOCK, BlockProgram
from likely.families.base import Specification
from likely.families.view import View
from likely.links.catalogue import identity
from likely.losses.composed import Composed, Slot

Array = NDArray[np.float64]

#: Below this many rows the NumPy body is as fast as a kernel and needs no compiler.
KERNEL_ROWS = 32768
#: A kernel with sums takes some fifteen seconds to compile: one that is not there yet is worth that once so many rows
#: have asked for it.
SUMMED_ROWS = 32 * KERNEL_ROWS


class NegativeLogLikelihood(Composed):
    """−log p(y | raw) per row, in nats, with gradient and curvature in raw.

    Raw predictions are columns first, shape (k, n); one row of ``raw`` per parameter that is
    not fixed. Curvature is packed as the graphs are.
    """

    #: No constant takes the place of another; see ``VectorLoss``.
    gauge = None
    #: What its hand-written derivatives are called, where it has them.
    by_hand: str | None = None

    def __init__(self, specification: Specification, slots: Sequence[Slot]) -> None:
        super().__init__(specification, slots)
        #: "numpy", which compiles kernels for large arrays only, or "kernel", which always uses them.
        self.engine = "numpy"
        self._programs: dict[tuple[int, str], Program] = {}
        self._computations: dict[tuple[int, str], Computation] = {}
        self._formulas: dict[tuple[str, bool], Program] = {}
        self._without: dict[tuple[int, ...], NegativeLogLikelihood] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # Programs and kernels are made again where it is unpickled.
        given = (self.specification, self.slots, self.engine, self.unasked)
        return _again, (type(self), *given)

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, specification: Specification, slots: tuple[Slot, ...]) -> Self:
        """The loss of these slots; equal families share one, with its programs and kernels."""
        return cls(specification, slots)

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
            found.append((NegativeLogLikelihood.of(part.specification, inner), columns))
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
        return NegativeLogLikelihood.of(plain, (*self.slots, *slots))

    def program(self, order: int, kind: str = "observed") -> Program:
        """The NumPy program of these outputs, made once."""
        key = (order, kind if order == 2 else "observed")
        if key not in self._programs:
            with np.errstate(all="ignore"):  # what depends on constants alone is computed here
                self._programs[key] = compile_program(self.outputs(*key), numpy_backend.TABLE)
        return self._programs[key]

    def _computation_of(self, order: int, kind: str) -> Computation:
        key = (order, kind if order == 2 else "observed")
        if key not in self._computations:
            self._computations[key] = Computation(self, *key)
        return self._computations[key]

    def evaluate(
        self, y: Array, raw: Array, order: int, kind: str = "observed", invalid: Any = None
    ) -> tuple[Array, Array | None, Array | None]:
        """nll (n,), gradient (k, n) and packed curvature (k(k+1)/2, n), up to ``order``.

        ``y``, (n,) or of intervals (n, 2), must lie in the support and ``raw`` (k, n) be finite; where
        they are not, nothing is raised here, but a list given as ``invalid`` receives a number above 0.
        """
        n, k = y.shape[0], self.columns
        rows = (k if order >= 1 else 0) + (k * (k + 1) // 2 if order >= 2 else 0)
        by = self._computation_of(order, kind)
        compiled = (self.engine == "kernel" or by.asked(n)) and by.short
        # Apart, so that a caller who keeps one does not keep the other.
        nll, rest = np.empty(n), np.empty((rows + (compiled and by.some), n))
        support, out, close = self.specification.support, [nll, *rest[:rows]], None
        if compiled:
            from likely.losses.kernels.run import run

            bad = run(by.kernel, y, raw, nll, rest)
            if bad and by.apart is not None:  # rows that are close are counted, too
                close = np.empty(n)
                self._evaluate_numpy(by.close, y, raw, [close])
                bad = 0 if _valid(support, y, raw) else bad
            if by.some:
                self._evaluate_again(lambda: by.whole, rest[rows], y, raw, out)
        else:
            bad = 0 if invalid is None or _valid(support, y, raw) else n
            close = None if by.apart is None else np.empty(n)
            self._evaluate_numpy(by.program, y, raw, out if close is None else [*out, close])
        if close is not None:
            self._evaluate_again(lambda: by.exact, close, y, raw, out)
        if invalid is not None:
            invalid.append(bad)
        gradient = rest[:k] if order >= 1 else None
        curvature = rest[k:rows] if order >= 2 else None
        return nll, gradient, curvature

    def for_rows(self, n: int) -> NegativeLogLikelihood:
        """The loss to use for work that folds n rows in blocks: compiled where n is large."""
        return self.compiled if self._computation_of(1, "observed").asked(n) else self

    @cached_property
    def compiled(self) -> NegativeLogLikelihood:
        """This loss, with kernels for blocks of every size."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self), engine="kernel", _without={})
        return twin

    def without(self, columns: Sequence[int]) -> NegativeLogLikelihood:
        """This loss, without derivatives by these raw columns, which may cost the most."""
        unasked = tuple(sorted({*self.unasked, *columns}))
        if unasked == self.unasked:
            return self
        if unasked not in self._without:
            twin = type(self)(self.specification, self.slots)
            twin.engine, twin.unasked = self.engine, unasked
            self._without[unasked] = twin
        return self._without[unasked]

    def _evaluate_numpy(
        self, program: BlockProgram, y: Array, raw: Array, out: Sequence[Array]
    ) -> None:
        # The branches of `where` that are not selected may divide by zero or overflow.
        with np.errstate(all="ignore"):
            for first in range(0, y.shape[0], BLOCK):
                rows = slice(first, first + BLOCK)
                inputs = self.specification.support.split(y[rows])
                inputs |= {f"raw{j}": raw[j, rows] for j in range(self.columns)}
                program(inputs, [row[rows] for row in out])

    def _evaluate_again(
        self,
        program: Callable[[], BlockProgram],
        which: Array,
        y: Array,
        raw: Array,
        out: Sequence[Array],
    ) -> None:
        """Once more the rows of which ``which`` is not 0, by a program that is made where there are any."""
        rows = np.flatnonzero(which)
        if rows.size:
            found = np.empty((len(out), rows.size))
            self._evaluate_numpy(program(), y[rows], raw[:, rows], list(found))
            for of_all, of_rows in zip(out, found, strict=True):
                of_all[rows] = of_rows

    def parameter(self, name: str, raw: Array, view: str = "") -> Array:
        """A parameter's value, or its view ``"log"``, ``"log1m"`` or ``"complement"``, at raw (k, …)."""
        key = (f"{name}.{view}", False)
        if key not in self._formulas:
            given = self.views[name]
            node = getattr(given, view).node if view else given.node
            self._formulas[key] = compile_program([node], numpy_backend.TABLE)
        return self._computed(key, raw)[0]

    def formula(self, name: str, raw: Array, first: Any = None) -> Array:
        """One of the family's closed forms (``mean``, ``cdf`` …) at raw (k, …), broadcast.

        A parameter's name gives the parameter, unless the family has a closed form of that name.
        """
        if name not in self.specification.formulas:
            return self.parameter(name, raw)
        return self.formulas((name,), raw, first)[0]

    def formulas(self, names: tuple[str, ...], raw: Array, first: Any = None) -> list[Array]:
        """Several of the family's closed forms, of which what they have in common is computed once."""
        key = (" ".join(names), first is not None)
        if key not in self._formulas:
            head = (View("y", symbol("y"), {}),) if first is not None else ()
            bodies = [self.specification.formulas[name] for name in names]
            nodes = [as_node(self.specification.trace(b, self.views, *head)) for b in bodies]
            self._formulas[key] = compile_program(nodes, numpy_backend.TABLE)
        return self._computed(key, raw, first)

    def _computed(self, key: tuple[str, bool], raw: Array, first: Any = None) -> list[Array]:
        inputs = {f"raw{j}": raw[j] for j in range(self.columns)}
        if first is not None:
            inputs["y"] = first
        with np.errstate(all="ignore"):
            values = self._formulas[key](inputs)
        # Where no parameter is free, raw (0, …) still says how many distributions there are.
        shape = np.broadcast_shapes(raw.shape[1:], np.shape(0.0 if first is None else first))
        return [np.broadcast_to(np.asarray(v, dtype=np.float64), shape) for v in values]

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


class Computation:
    """What computes one order of a loss: in a kernel without what only few rows need, see ``_math/usual.py``.

    Where there is something of that kind, one more output of the kernel says which rows need it.
    """

    def __init__(self, loss: NegativeLogLikelihood, order: int, kind: str) -> None:
        self._loss, self._order, self._kind = loss, order, kind
        #: Rows that have asked for a kernel.
        self._rows = 0

    def asked(self, n: int) -> bool:
        """Whether n rows, after those that have asked before, are to have a kernel."""
        if n < KERNEL_ROWS:
            return False
        self._rows += n
        return self._rows >= SUMMED_ROWS or "kernel" in vars(self) or self._at_hand

    @cached_property
    def outputs(self) -> list[Node]:
        """What a kernel computes."""
        found, unusual = for_most(self._outputs)
        return found if unusual is None else [*found, unusual]

    @property
    def some(self) -> bool:
        """Whether the last of these says which rows need more."""
        return len(self.outputs) > len(self._outputs)

    @property
    def _outputs(self) -> Sequence[Node]:
        return self._loss.outputs(self._order, self._kind)

    @cached_property
    def short(self) -> bool:
        """Whether a kernel is worth its compilation."""
        from likely.losses.kernels.emit import compilable

        return compilable(self.outputs)

    @cached_property
    def kernel(self) -> Any:
        """The compiled outputs."""
        from likely.losses.kernels.build import compiled

        return compiled(*self._source)

    @cached_property
    def _source(self) -> tuple[str, str, str]:
        from likely.losses.kernels.run import source_of

        return source_of(self._loss, self._order, self._kind, self.outputs)

    @cached_property
    def _at_hand(self) -> bool:
        """Whether a kernel takes no long time to compile, or was compiled by an earlier process."""
        from likely.losses.kernels.build import kept
        from likely.losses.kernels.stages import has_series
        from likely.losses.kernels.statements import primitive

        return not self.short or not has_series(primitive(self.outputs)) or kept(*self._source)

    @cached_property
    def apart(self) -> Node | None:
        """The condition that no difference is to be taken exactly; None where none ever is."""
        return differences.apart(self._outputs, self._loss.specification.support)

    @property
    def _flag(self) -> list[Node]:
        return [] if self.apart is None else [where(self.apart, 0.0, 1.0)]

    @cached_property
    def program(self) -> BlockProgram:
        """All of the formulas, on NumPy, and which rows are to be taken exactly, where some may have to."""
        if self.apart is None:
            return self.whole
        outputs = [*self._outputs, *self._flag]
        with np.errstate(all="ignore"):  # what depends on constants alone is computed here
            return BlockProgram(compile_program(outputs, numpy_backend.TABLE))

    @cached_property
    def close(self) -> BlockProgram:
        """Which rows are to be taken exactly."""
        return BlockProgram(compile_program(self._flag, numpy_backend.TABLE))

    @cached_property
    def exact(self) -> BlockProgram:
        """All of the formulas, on NumPy, with such differences taken exactly."""
        outputs, functions = differences.exactly(self._outputs)
        with np.errstate(all="ignore"):  # what depends on constants alone is computed here
            return BlockProgram(compile_program(outputs, {**numpy_backend.TABLE, **functions}))

    @cached_property
    def whole(self) -> BlockProgram:
        """All of the formulas, on NumPy."""
        return BlockProgram(self._loss.program(self._order, self._kind))


def _valid(support: Domain, y: Array, raw: Array) -> bool:
    return not y.size or (support.covers(y) and bool(np.isfinite(raw).all()))


def _again(
    kind: type[NegativeLogLikelihood],
    specification: Specification,
    slots: tuple[Slot, ...],
    engine: str,
    unasked: tuple[int, ...],
) -> NegativeLogLikelihood:
    found = kind.of(specification, slots).without(unasked)
    return found.compiled if engine == "kernel" else found
