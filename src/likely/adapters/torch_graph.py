"""Graphs as functions that PyTorch can differentiate: the derivative is the tangent graph's value.

Two functions: one evaluates any graph, and so its own derivatives; the other a loss together with
its gradient, which is what training needs, and with our kernels where PyTorch is not watching.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from likely._math.backends.torch_backend import TABLES
from likely.adapters.graphs import Graph, curvature_graph, loss_graph, square
from likely.adapters.torch_function import Function, ordinary
from likely.losses.kernels.run import kernel_for, run, run_mean, single_kernel

#: Rows from which a kernel is worth its compilation (once per machine, a second or two).
KERNEL_ROWS = 512


def value(loss: Any, y: Tensor, raw: Tensor, columnar: bool) -> tuple[Tensor]:
    """nll per row; ``columnar`` if the last axis of raw holds its columns."""
    return (_Evaluate.apply(loss_graph(loss, 0), y, *_columns(raw, columnar))[0],)


def value_and_gradient(loss: Any, y: Tensor, raw: Tensor, columnar: bool) -> tuple[Tensor, Tensor]:
    """nll per row and its gradient in the shape of raw."""
    return _Loss.apply(loss, columnar, y, raw)


def curvature(loss: Any, y: Tensor, raw: Tensor, columnar: bool, kind: str) -> Tensor:
    """The second derivatives of nll in raw, or what is expected of them, (…, k, k)."""
    k, rows = loss.columns, raw.shape[:-1] if columnar else raw.shape
    packed = _Evaluate.apply(curvature_graph(loss, kind), y, *_columns(raw, columnar))
    entries = square(packed, k)
    return torch.stack(entries, dim=-1).reshape(*rows, k, k) if k else raw.new_empty((*rows, 0, 0))


def mean(loss: Any, y: Tensor, raw: Tensor, columnar: bool) -> Tensor:
    """The mean of nll over the rows, as training minimises it."""
    wanted = raw.requires_grad and torch.is_grad_enabled()
    if not y.requires_grad and _compiled(loss_graph(loss, 1), y, raw):
        average: Tensor = _Mean.apply(loss, columnar, wanted, y, raw)
        return average
    return (value_and_gradient if wanted else value)(loss, y, raw, columnar)[0].mean()


class _Mean(Function):
    """The mean of nll: one pass for it and its gradient, which is there when it is asked for.

    Only for plain tensors, so that no transform needs a context that is set up apart.
    """

    @staticmethod
    def forward(
        ctx: Any, loss: Any, columnar: bool, wanted: bool, y: Tensor, raw: Tensor
    ) -> Tensor:
        gradient = torch.empty_like(raw) if wanted else None
        average = run_mean(
            _mean_kernel(loss, wanted, y.dtype == raw.dtype == torch.float32),
            y.numpy(),
            _by_column(columnar, raw.detach()),
            None if gradient is None else _by_column(columnar, gradient),
        )
        ctx.loss, ctx.columnar, ctx.gradient = loss, columnar, gradient
        ctx.save_for_backward(y, raw)
        ctx.save_for_forward(y, raw)
        return raw.new_full((), average)

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor) -> Any:
        gradient, ctx.gradient = ctx.gradient, None  # used up: nobody else may see it change
        if gradient is None or torch.is_grad_enabled() or not ordinary(of_mean):
            # Asked for again, or the derivative will itself be differentiated, or there are many of them.
            gradient = of_mean * _slope_of_mean(ctx)
        elif (by := of_mean.item()) != 1.0:
            gradient *= by
        return None, None, None, None, gradient

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        return (_slope_of_mean(ctx) * tangents[-1]).sum()


def _slope_of_mean(ctx: Any) -> Tensor:
    y, raw = ctx.saved_tensors
    slope: Tensor = _Loss.apply(ctx.loss, ctx.columnar, y, raw)[1] / y.shape[0]
    return slope


class _Loss(Function):
    """nll and gradient; both can be differentiated again."""

    @staticmethod
    def forward(loss: Any, columnar: bool, y: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        graph = loss_graph(loss, 1)
        if _compiled(graph, y, raw):
            out = _run_kernel(graph, y, raw.mT if columnar else raw.unsqueeze(0))
            return out[0], out[1:].mT if columnar else out[1]
        nll, *slopes = _run(graph, y, _columns(raw, columnar))
        return nll, _joined(slopes, raw, columnar)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        loss, ctx.columnar, *tensors = inputs
        ctx.graph = loss_graph(loss, 1)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, output[1])
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, of_nll: Tensor | None, of_gradient: Tensor | None) -> Any:
        y, raw, gradient = ctx.saved_tensors
        _, _, y_wanted, raw_wanted = ctx.needs_input_grad
        total = None
        if of_nll is not None and raw_wanted:
            total = (of_nll.unsqueeze(-1) if ctx.columnar else of_nll) * gradient
        if not y_wanted and of_gradient is None:
            return None, None, None, total
        given = {} if of_nll is None else {0: of_nll}
        terms = _transposed(ctx.graph, given, (0,), y, _columns(raw, ctx.columnar))
        if of_gradient is not None:
            given = dict(enumerate(_columns(of_gradient, ctx.columnar), start=1))
            wanted = range(0 if y_wanted else 1, len(ctx.graph.outputs))
            second = _transposed(ctx.graph, given, tuple(wanted), y, _columns(raw, ctx.columnar))
            of_y = _sum([terms.pop(0, None), second.pop(0, None)])
            terms = {} if of_y is None else {0: of_y}
            if second and raw_wanted:
                columns = [second.get(j) for j in range(1, len(ctx.graph.outputs))]
                total = _sum([total, _joined(columns, raw, ctx.columnar)])
        return None, None, terms.get(0), total

    @staticmethod
    def jvp(ctx: Any, _loss: None, _columnar: None, of_y: Any, of_raw: Any) -> Any:
        y, raw = ctx.saved_tensors
        moved = {} if of_y is None else {0: of_y}
        if of_raw is not None:
            moved |= dict(enumerate(_columns(of_raw, ctx.columnar), start=1))
        rows = _pushed(ctx.graph, moved, y, _columns(raw, ctx.columnar))
        return rows[0], _joined(rows[1:], raw, ctx.columnar)


class _Evaluate(Function):
    """The outputs of a graph at y and the raw columns."""

    @staticmethod
    def forward(graph: Graph, y: Tensor, *columns: Tensor) -> tuple[Tensor, ...]:
        if len(graph.outputs) == 1 and _compiled(graph, y, *columns):
            return (_run_kernel(graph, y, _stacked(columns, y))[0],)
        return _run(graph, y, columns)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], _output: tuple[Tensor, ...]) -> None:
        ctx.graph, *tensors = inputs
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        y, *columns = ctx.saved_tensors
        given = {i: c for i, c in enumerate(cotangents) if c is not None}
        wanted = tuple(j for j, need in enumerate(ctx.needs_input_grad[1:]) if need)
        terms = _transposed(ctx.graph, given, wanted, y, columns)
        return None, *(terms.get(j) for j in range(1 + len(columns)))

    @staticmethod
    def jvp(ctx: Any, _graph: None, *tangents: Tensor | None) -> tuple[Tensor, ...]:
        y, *columns = ctx.saved_tensors
        moved = {j: t for j, t in enumerate(tangents) if t is not None}
        return tuple(_pushed(ctx.graph, moved, y, columns))


# --- Evaluation -----------------------------------------------------------------------------------


def _compiled(graph: Graph, *tensors: Tensor) -> bool:
    """Whether the graph is of a loss, the tensors are many rows, and a kernel of it can read them."""
    return (
        graph.loss is not None
        and tensors[0].ndim == 1
        and tensors[0].shape[0] >= KERNEL_ROWS
        and all(t.dtype in TABLES for t in tensors)
        and ordinary(*tensors)
        and _order(graph) in graph.loss.kernel_orders
    )


def _order(graph: Graph) -> int:
    """1 of a loss with its gradient, 0 of a loss alone."""
    return min(1, len(graph.outputs) - 1)


def _by_column(columnar: bool, tensor: Tensor) -> Any:
    """The memory of a tensor (n, k), or (n,), as an array (k, n)."""
    rows = tensor.numpy()
    return rows.T if columnar else rows[None]


def _kernel(graph: Graph) -> Any:
    if "kernel" not in graph.compiled:
        graph.compiled["kernel"] = kernel_for(graph.loss, _order(graph), "observed")
    return graph.compiled["kernel"]


def _mean_kernel(loss: Any, gradient: bool, single: bool) -> Any:
    """The kernel of nll, and of its gradient; in float32 where that is asked for and costs no digits."""
    compiled, key = loss_graph(loss, 1).compiled, (gradient, single)
    if key not in compiled:
        order = int(gradient)
        found = single_kernel(loss, order) if single else None
        compiled[key] = found or kernel_for(loss, order, "observed")
    return compiled[key]


def _run_kernel(graph: Graph, y: Tensor, raw: Tensor) -> Tensor:
    """nll and, if the graph has them, its slopes: a row each, in the type of raw (k, n)."""
    out = torch.empty((len(graph.outputs), y.shape[0]), dtype=raw.dtype)
    rows = out.numpy()
    run(_kernel(graph), y.detach().numpy(), raw.detach().numpy(), rows[0], rows[1:])
    return out


def _run(graph: Graph, y: Tensor, columns: Sequence[Tensor]) -> tuple[Tensor, ...]:
    like = columns[0] if columns else _first(graph, y)
    work = torch.float32 if like.device.type == "mps" else torch.float64
    program = graph.program(TABLES[work], single=work == torch.float32)
    values = program(graph.inputs(y.to(work), [column.to(work) for column in columns]))
    return tuple(_full(v, like.shape, like) for v in values)


def _full(value: Any, shape: torch.Size, like: Tensor) -> Tensor:
    if not isinstance(value, Tensor):
        return torch.full(shape, value, dtype=like.dtype, device=like.device)
    value = value.to(like.dtype)
    return value if value.shape == shape else value.expand(shape).clone()


def _first(graph: Graph, y: Tensor) -> Tensor:
    """A column of y, whose rows and type are those of a raw without columns."""
    return y if len(graph.response) == 1 else y[..., 0]


def _stacked(columns: Sequence[Tensor], y: Tensor) -> Tensor:
    """Columns as rows (k, n), though there be none."""
    return torch.stack(tuple(columns)) if columns else y.new_empty((0, y.shape[0]))


def _columns(raw: Tensor, columnar: bool) -> tuple[Tensor, ...]:
    return raw.unbind(-1) if columnar else (raw,)


def _joined(columns: Sequence[Tensor | None], raw: Tensor, columnar: bool) -> Tensor:
    """Columns in the shape of raw; None is a column of zeros."""
    if not columnar:
        (only,) = columns
        return torch.zeros_like(raw) if only is None else only
    if not columns:
        return torch.empty_like(raw)
    zero = torch.zeros_like(raw[..., 0])
    return torch.stack([zero if c is None else c for c in columns], dim=-1)


# --- Derivatives: ordinary operations on slopes, so that they can be differentiated in turn. ------


def _slopes(
    graph: Graph, outputs: Iterable[int], variables: Iterable[int], y: Tensor, raw: Sequence[Tensor]
) -> list[tuple[int, int, Tensor]]:
    """(output, variable, ∂output/∂variable) where that is not zero everywhere."""
    tangents, pairs = graph.tangents(tuple(outputs), tuple(variables))
    if not pairs:
        return []
    slopes = _Evaluate.apply(tangents, y, *raw)
    return [(i, j, slope) for (i, j), slope in zip(pairs, slopes, strict=True)]


def _transposed(
    graph: Graph,
    cotangents: dict[int, Tensor],
    wanted: Iterable[int],
    y: Tensor,
    raw: Sequence[Tensor],
) -> dict[int, Tensor]:
    """Reverse mode: Σ over outputs of cotangent · slope, for each variable wanted."""
    found: dict[int, Tensor] = {}
    for i, j, slope in _slopes(graph, cotangents, wanted, y, raw):
        part = cotangents[i] * slope
        found[j] = found[j] + part if j in found else part
    return found


def _pushed(
    graph: Graph, moved: dict[int, Tensor], y: Tensor, raw: Sequence[Tensor]
) -> list[Tensor]:
    """Forward mode: Σ over variables of slope · tangent, for every output."""
    found: dict[int, Tensor] = {}
    outputs = range(len(graph.outputs))
    for i, j, slope in _slopes(graph, outputs, moved, y, raw):
        part = slope * moved[j]
        found[i] = found[i] + part if i in found else part
    return [found[i] if i in found else torch.zeros_like(raw[0]) for i in outputs]


def _sum(terms: Iterable[Tensor | None]) -> Tensor | None:
    total = None
    for term in terms:
        if term is not None:
            total = term if total is None else total + term
    return total
