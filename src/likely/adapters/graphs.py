"""Graphs with their derivatives, for libraries that differentiate and compile by themselves.

PyTorch and JAX must not differentiate a loss through its operations: a reverse sweep overflows
where a tangent does not (z²/scale), and a ``where`` turns the branch not taken into NaN. So each
library gets one function that evaluates a graph, and whose derivative is the same function of the
tangent graph; to any order, because tangents are graphs too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from likely._math.atoms import ATOMS
from likely._math.backends import numpy_backend
from likely._math.derive import tangent
from likely._math.evaluate import Program, Table, compile_program, expand
from likely._math.graph import Node, is_constant, make, substitute, symbol
from likely._math.single import in_single
from likely.losses.vector import symmetric_index


class Graph:
    """Output nodes over the symbols y, raw0, raw1, …, with their programs and tangents."""

    def __init__(
        self, outputs: Sequence[Node], columns: int, response: tuple[str, ...] = ("y",)
    ) -> None:
        self.outputs = tuple(outputs)
        self.columns = columns
        #: The names of y, or of its columns.
        self.response = response
        #: The loss whose graph this is, and which may have a kernel for it.
        self.loss: Any = None

    @cached_property
    def compiled(self) -> dict[Any, Any]:
        """A place for what a library makes of the graph."""
        return {}

    @cached_property
    def variables(self) -> tuple[Node, ...]:
        """y and then the raw columns: the order of the arguments everywhere."""
        return (symbol("y"), *(symbol(f"raw{j}") for j in range(self.columns)))

    def tangents(
        self, outputs: tuple[int, ...], variables: tuple[int, ...]
    ) -> tuple[Graph, tuple[tuple[int, int], ...]]:
        """∂output/∂variable for the outputs and variables with these indices, without the zeros.

        The pairs (output, variable) say what each output of the graph is.
        """
        key = (outputs, variables)
        if key not in self._tangents:
            nodes, pairs = [], []
            for j in variables:
                slopes = tangent([self.outputs[i] for i in outputs], self.variables[j])
                for i, slope in zip(outputs, slopes, strict=True):
                    if not is_constant(slope, 0.0):
                        nodes.append(slope)
                        pairs.append((i, j))
            self._tangents[key] = (graph(nodes, self.columns, self.response), tuple(pairs))
        return self._tangents[key]

    @cached_property
    def _tangents(self) -> dict[Any, tuple[Graph, tuple[tuple[int, int], ...]]]:
        return {}

    def program(self, table: Table, *, single: bool = False) -> Program:
        """The steps for one library; ``single`` when they will run in float32."""
        key = (id(table), single)
        if key not in self._programs:
            nodes = expand(self.outputs, table)
            if single:
                nodes = in_single(nodes)
            self._programs[key] = compile_program(nodes, table, fold=_FOLD)
        return self._programs[key]

    @cached_property
    def _programs(self) -> dict[tuple[int, bool], Program]:
        return {}

    def inputs(self, y: Any, columns: Sequence[Any]) -> dict[str, Any]:
        """What a program is called with."""
        of_y = (y,) if len(self.response) == 1 else (y[..., j] for j in range(len(self.response)))
        inputs = dict(zip(self.response, of_y, strict=True))
        return inputs | {f"raw{j}": column for j, column in enumerate(columns)}


def graph(outputs: Sequence[Node], columns: int, response: tuple[str, ...] = ("y",)) -> Graph:
    """The graph of these outputs, remembered: its programs and compiled functions hang on it."""
    key = (columns, response, *(node.digest for node in outputs))
    if key not in _graphs:
        if len(_graphs) >= _REMEMBERED:
            del _graphs[next(iter(_graphs))]
        _graphs[key] = Graph(outputs, columns, response)
    return _graphs[key]


_graphs: dict[tuple[Any, ...], Graph] = {}
_REMEMBERED = 1024


def loss_graph(loss: Any, order: int) -> Graph:
    """nll, and with order 1 its gradient in raw."""
    known = vars(loss).setdefault("_adapter_graphs", {})
    if order not in known:
        response = loss.specification.support.columns
        known[order] = graph(loss.outputs(order), loss.columns, response)
        known[order].loss = loss
    return known[order]


def curvature_graph(loss: Any, kind: str) -> Graph:
    """The packed curvature of this kind: its lower triangle, row by row."""
    known = vars(loss).setdefault("_adapter_graphs", {})
    if kind not in known:
        response = loss.specification.support.columns
        known[kind] = graph(getattr(loss, kind), loss.columns, response)
    found: Graph = known[kind]
    return found


def square(packed: Sequence[Any], k: int) -> list[Any]:
    """The k·k entries, row by row, of a symmetric matrix that is given by its lower triangle."""
    return [packed[symmetric_index(i, j)] for i in range(k) for j in range(k)]


def check_by_hand(loss: Any, kind: str) -> None:
    """NotImplementedError where a hand-written loss has this curvature for NumPy arrays only."""
    if kind != "observed" and not getattr(loss, "canonical", False):
        raise NotImplementedError(
            f"the {kind} curvature of {loss.specification.name} is computed on NumPy arrays: give y and raw as "
            'such, or use kind="observed"'
        )


def formula_graph(formula: Any) -> Graph:
    """The graph of a formula, with its symbols named y, raw0, raw1, … in their order."""
    made: dict[str, Any] = formula.made
    if "graph" not in made:
        named = ("y", *(f"raw{j}" for j in range(len(formula.names) - 1)))
        renamed = dict(zip(formula.names, map(symbol, named), strict=True))

        def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
            return (
                renamed[node.value]
                if node.op == "symbol"
                else make(node.op, *args)
                if args
                else node
            )

        made["graph"] = graph(substitute(formula.nodes, rebuild), len(formula.names) - 1)
    found: Graph = made["graph"]
    return found


def check_shapes(family: Any, loss: Any, y: tuple[int, ...], raw: tuple[int, ...]) -> bool:
    """Whether raw has a last axis for its columns; ValueError where the shapes do not fit.

    Leading axes of any number are rows: inside ``vmap`` a row has none.
    """
    k, width = loss.columns, loss.y_columns
    if width is not None:
        if y[-1:] != (width,):
            raise ValueError(f"y has shape {y}, but {family!r} needs {width} columns, (…, {width})")
        y = y[:-1]
    if raw == (*y, k):
        return True
    if raw == y and k == 1:
        return False
    raise ValueError(
        f"raw has shape {raw}, but {family!r} needs {(*y, k)}: "
        f"a row per y and a column for each of {', '.join(loss.column_names)}"
    )


def _number(function: Callable[..., Any]) -> Callable[..., float]:
    def fold(*args: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(*args))

    if hasattr(function, "together"):
        fold.together = partial(_numbers, function)  # type: ignore[attr-defined]
    return fold


def _numbers(function: Any, names: list[str]) -> Callable[..., list[float]]:
    """Of a function that computes several together."""
    several = function.together(names)

    def fold(*args: float) -> list[float]:
        with np.errstate(all="ignore"):
            return [float(value) for value in several(*args)]

    return fold


def _expanded(name: str) -> Callable[..., float]:
    """Of an atom that a library computes by itself, but NumPy does not."""

    def value(*args: float) -> Any:
        return compile_program([make(name, *args)], numpy_backend.TABLE)({})[0]

    return _number(value)


#: Constants are folded into Python numbers, which take the type of the array they meet.
_FOLD = {name: _expanded(name) for name, atom in ATOMS.items() if atom.expansion is not None}
_FOLD |= {name: _number(function) for name, function in numpy_backend.TABLE.items()}
