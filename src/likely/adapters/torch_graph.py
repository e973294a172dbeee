"""Graphs as functions that PyTorch can differentiate: the derivative is the tangent graph's value.

Two functions: one evaluates any graph, and so its own derivatives; the other a loss together with
its gradient, which is what training needs, and with our kernels where PyTorch is not watching.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from likely._math.torch_backend import TABLES
from likely.adapters.graphs import Graph, loss_graph
from likely.adapters.torch_function import Function, ordinary

#: Rows from which a kernel is worth its compilation (once per machine, a second or two).
KERNEL_ROWS = 512


def value(loss: Any, y: Tensor, raw: Tensor, columnar: bool) -> tuple[Tensor]:
    """nll per row; ``columnar`` if the last axis of raw holds its columns."""
    return (_Evaluate.apply(loss_graph(loss, 0), y, *_columns(raw, columnar))[0],)


def value_and_gradient(loss: Any, y: Tensor, raw: Tensor, columnar: bool) -> tuple[Tensor, Tensor]:
    """nll per row and its gradient in the shape of raw."""
    return _Loss.apply(loss, columnar, y, raw)


def mean(loss: Any, y: Tensor, raw: Tensor, columnar: bool) -> Tensor:
    """The mean of nll over the rows, as training minimises it."""
    wanted = raw.requires_grad and torch.is_grad_enabled()
    average: Tensor
    if not y.requires_grad and _compiled(loss_graph(loss, 1), y, raw):
        if y.dtype == raw.dtype == torch.float32 and _single(loss) is not None:
            average = _SingleMean.apply(loss, columnar, y, raw)
            return average
        if wanted:
            average = _Mean.apply(loss, columnar, y, raw)[0]
            return average
    return (value_and_gradient if wanted else value)(loss, y, raw, columnar)[0].mean()


class _Mean(Function):
    """The mean of nll and its gradient: one pass forward, and one multiplication backward."""

    @staticmethod
    def forward(loss: Any, columnar: bool, y: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        from likely.losses.kernels.run import run_mean

        gradient = torch.empty_like(raw)
        average = run_mean(
            _kernel(loss_graph(loss, 1)),
            y.numpy(),
            _by_column(columnar, raw),
            _by_column(columnar, gradient),
        )
        return raw.new_tensor(average), gradient

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.loss, ctx.columnar, *tensors = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, output[1])
        ctx.save_for_forward(output[1])

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor | None, _of_gradient: None) -> Any:
        if of_mean is None:
            return None, None, None, None
        y, raw, gradient = ctx.saved_tensors
        if torch.is_grad_enabled():  # the derivative will itself be differentiated
            gradient = _Loss.apply(ctx.loss, ctx.columnar, y, raw)[1] / y.shape[0]
        return None, None, None, of_mean * gradient

    @staticmethod
    def jvp(ctx: Any, _loss: None, _columnar: None, _of_y: None, of_raw: Any) -> Any:
        (gradient,) = ctx.saved_tensors
        return (gradient * of_raw).sum(), None


class _SingleMean(Function):
    """The mean of nll in float32, and its gradient where it is asked for: nothing is kept between the two."""

    @staticmethod
    def forward(loss: Any, columnar: bool, y: Tensor, raw: Tensor) -> Tensor:
        from likely.losses.kernels.run import run_mean

        value, _ = _single(loss)
        nothing = raw.new_empty(0, 0).numpy()
        return raw.new_tensor(run_mean(value, y.numpy(), _by_column(columnar, raw), nothing))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.loss, ctx.columnar, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor) -> Any:
        y, raw = ctx.saved_tensors
        if torch.is_grad_enabled() or not ordinary(of_mean, y, raw):
            # The derivative will itself be differentiated, or there are many of them.
            gradient = _Loss.apply(ctx.loss, ctx.columnar, y, raw)[1] / y.shape[0]
            return None, None, None, of_mean * gradient
        return None, None, None, _single_gradient(ctx, y, raw, of_mean.item())

    @staticmethod
    def jvp(ctx: Any, _loss: None, _columnar: None, _of_y: None, of_raw: Any) -> Any:
        y, raw = ctx.saved_tensors
        return (_single_gradient(ctx, y, raw, 1.0) * of_raw).sum()


def _single_gradient(ctx: Any, y: Tensor, raw: Tensor, of_mean: float) -> Tensor:
    from likely.losses.kernels.run import run_mean

    gradient = torch.empty_like(raw)
    given, slopes = _by_column(ctx.columnar, raw), _by_column(ctx.columnar, gradient)
    run_mean(_single(ctx.loss)[1], y.numpy(), given, slopes, of_mean)
    return gradient


class _Loss(Function):
    """nll and gradient; both can be differentiated again."""

    @staticmethod
    def forward(loss: Any, columnar: bool, y: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        graph = loss_graph(loss, 1)
        if _compiled(graph, y, raw):
            out = _run_kernel(graph, y, raw.mT if columnar else raw.unsqueeze(0))
            return out[0], out[1:].mT if columnar else out[1]
        nll, *slopes = _run(graph, y, _columns(raw, columnar))
        return nll, torch.stack(slopes, dim=-1) if columnar else slopes[0]

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
            return (_run_kernel(graph, y, torch.stack(columns))[0],)
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
    rows = tensor.detach().numpy()
    return rows.T if columnar else rows[None]


def _kernel(graph: Graph) -> Any:
    from likely.losses.kernels.run import kernel_for

    if "kernel" not in graph.compiled:
        graph.compiled["kernel"] = kernel_for(graph.loss, _order(graph), "observed")
    return graph.compiled["kernel"]


def _single(loss: Any) -> Any:
    """The kernels of nll and of its gradient that compute in float32, or None."""
    from likely.losses.kernels.run import single_kernels

    compiled = loss_graph(loss, 1).compiled
    if "single" not in compiled:
        compiled["single"] = single_kernels(loss)
    return compiled["single"]


def _run_kernel(graph: Graph, y: Tensor, raw: Tensor) -> Tensor:
    """nll and, if the graph has them, its slopes: a row each, in the type of raw (k, n)."""
    from likely.losses.kernels.run import run

    out = torch.empty((len(graph.outputs), y.shape[0]), dtype=raw.dtype)
    rows = out.numpy()
    run(_kernel(graph), y.detach().numpy(), raw.detach().numpy(), rows[0], rows[1:])
    return out


def _run(graph: Graph, y: Tensor, columns: Sequence[Tensor]) -> tuple[Tensor, ...]:
    like = columns[0]
    work = torch.float32 if like.device.type == "mps" else torch.float64
    program = graph.program(TABLES[work], single=work == torch.float32)
    values = program(graph.inputs(y.to(work), [column.to(work) for column in columns]))
    return tuple(_full(v, like.shape, like) for v in values)


def _full(value: Any, shape: torch.Size, like: Tensor) -> Tensor:
    if not isinstance(value, Tensor):
        return torch.full(shape, value, dtype=like.dtype, device=like.device)
    value = value.to(like.dtype)
    return value if value.shape == shape else value.expand(shape).clone()


def _columns(raw: Tensor, columnar: bool) -> tuple[Tensor, ...]:
    return raw.unbind(-1) if columnar else (raw,)


def _joined(columns: Sequence[Tensor | None], raw: Tensor, columnar: bool) -> Tensor:
    """Columns in the shape of raw; None is a column of zeros."""
    if not columnar:
        (only,) = columns
        return torch.zeros_like(raw) if only is None else only
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
