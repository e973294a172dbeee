"""The loss on PyTorch tensors: autograd to any order, torch.func, torch.compile, any device.

float64 and float32 are computed as they come, half precisions in float32. Nothing is checked but
shapes, because reading values would wait for the device.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from likely._math.torch_backend import TABLES
from likely.adapters.graphs import Graph, check_shapes, loss_graph
from likely.adapters.torch_categorical import cross_entropy
from likely.losses.categorical import CategoricalLoss


def nll(family: Any, y: Any, raw: Tensor) -> Tensor:
    """See ``Family.nll``."""
    # With the gradient as an output the forward pass has all that backward needs.
    order = int(torch.is_grad_enabled() and raw.requires_grad)
    return _outputs(family, order, y, raw)[0]


def nll_and_gradient(family: Any, y: Any, raw: Tensor) -> tuple[Tensor, Tensor]:
    """See ``Family.nll_and_gradient``."""
    value, *slopes = _outputs(family, 1, y, raw)
    if len(slopes) == 1:  # one column, or all of them together
        return value, slopes[0].reshape(raw.shape)
    return value, torch.stack(slopes, dim=-1)


def _outputs(family: Any, order: int, y: Any, raw: Tensor) -> tuple[Tensor, ...]:
    """nll and, with order 1, its derivative in each raw column (or in all, for Categorical)."""
    if not raw.is_floating_point():
        raise TypeError(f"raw must be a floating-point tensor, got {raw.dtype}")
    y = torch.as_tensor(y, device=raw.device)
    if torch.compiler.is_compiling():
        return _by_number(_number(family), order, y, raw)
    return _evaluate(family, order, y, raw)


def _evaluate(family: Any, order: int, y: Tensor, raw: Tensor) -> tuple[Tensor, ...]:
    loss = family.loss(raw.shape[-1] if raw.ndim else None)
    columnar = check_shapes(family, loss, tuple(y.shape), tuple(raw.shape))
    if isinstance(loss, CategoricalLoss):
        return cross_entropy(y, raw)
    columns = (raw,)
    if columnar:
        columns = (raw.squeeze(-1),) if loss.columns == 1 else raw.unbind(-1)
    return _Evaluate.apply(loss_graph(loss, order), y.to(raw.dtype), *columns)


# torch.compile reads Python, and our graphs are more Python than it can read. It is handed a number
# for the family instead, and a function that it calls to see which operations come out.
_families: list[Any] = []
_numbers: dict[Any, int] = {}


@torch.compiler.assume_constant_result
def _number(family: Any) -> int:
    if family not in _numbers:
        _numbers[family] = len(_families)
        _families.append(family)
    return _numbers[family]


@torch.compiler.allow_in_graph
def _by_number(number: int, order: int, y: Tensor, raw: Tensor) -> tuple[Tensor, ...]:
    return _evaluate(_families[number], order, y, raw)


class _Evaluate(torch.autograd.Function):
    """The outputs of a graph at y and the raw columns; its derivative is the tangent graph's."""

    generate_vmap_rule = True

    @staticmethod
    def forward(graph: Graph, y: Tensor, *columns: Tensor) -> tuple[Tensor, ...]:
        dtype = columns[0].dtype
        work = dtype if dtype in TABLES else torch.float32
        program = graph.program(TABLES[work], single=work == torch.float32)
        inputs = [x.to(work) for x in (y, *columns)]
        return tuple(
            _full(value, y.shape, columns[0])
            for value in program(graph.inputs(inputs[0], inputs[1:]))
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        ctx.graph, *tensors = inputs
        ctx.set_materialize_grads(False)
        # The gradient, where it is an output too, is what backward needs.
        ctx.save_for_backward(*tensors, *(output[i] for i in ctx.graph.slopes))
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        graph, count = ctx.graph, 1 + ctx.graph.columns
        tensors, slopes = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        given = tuple(i for i, c in enumerate(cotangents) if c is not None)
        wanted = tuple(j for j, need in enumerate(ctx.needs_input_grad[1:]) if need)
        terms = []
        if slopes and given and given[0] == 0:
            terms = [(0, j, slopes[j - 1]) for j in wanted if j > 0]
            terms += _slopes(graph, (0,), tuple(j for j in wanted if j == 0), tensors)
            given = given[1:]
        terms += _slopes(graph, given, wanted, tensors)
        found: list[Tensor | None] = [None] * count
        for i, j, slope in terms:
            part = cotangents[i] * slope
            total = found[j]
            found[j] = part if total is None else total + part
        return None, *found


    @staticmethod
    def jvp(ctx: Any, _graph: None, *tangents: Tensor | None) -> tuple[Tensor, ...]:
        tensors = ctx.saved_tensors
        moved = tuple(j for j, t in enumerate(tangents) if t is not None)
        outputs = len(ctx.graph.outputs)
        found: list[Tensor | None] = [None] * outputs
        for i, j, slope in _slopes(ctx.graph, tuple(range(outputs)), moved, tensors):
            part = tangents[j] * slope
            total = found[i]
            found[i] = part if total is None else total + part
        return tuple(torch.zeros_like(tensors[1]) if f is None else f for f in found)


def _slopes(
    graph: Graph, outputs: tuple[int, ...], variables: tuple[int, ...], tensors: tuple[Tensor, ...]
) -> list[tuple[int, int, Tensor]]:
    """(output, variable, ∂output/∂variable) for those that are not zero everywhere."""
    tangents, pairs = graph.tangents(outputs, variables)
    if not pairs:
        return []
    return [(i, j, s) for (i, j), s in zip(pairs, _Evaluate.apply(tangents, *tensors), strict=True)]


def _full(value: Any, shape: torch.Size, like: Tensor) -> Tensor:
    if isinstance(value, Tensor):
        value = value.to(like.dtype)
        return value if value.shape == shape else value.expand(shape).clone()
    return torch.full(shape, value, dtype=like.dtype, device=like.device)
