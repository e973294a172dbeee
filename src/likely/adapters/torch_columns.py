"""Losses written for columns of any library, on PyTorch tensors: their own derivatives, not autograd's.

The loss gives nll, its gradient, and its curvature times a vector, each as operations on columns; PyTorch is
told that they are each other's derivatives in raw. In y there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from likely.adapters import torch_graph
from likely.adapters.graphs import formula_graph
from likely.adapters.torch_function import Function, ordinary


def by_columns(loss: Any, y: Tensor, raw: Tensor, _order: int) -> tuple[Tensor, Tensor]:
    """nll per row and its gradient in raw (…, k), for y (…, d)."""
    if y.requires_grad:
        name = loss.specification.name
        raise NotImplementedError(f"the loss of {name} has derivatives in raw, not in y")
    work = torch.float32 if raw.device.type == "mps" else torch.float64
    nll, gradient = _Value.apply(loss, y.to(work), raw.to(work))
    return nll.to(raw.dtype), gradient.to(raw.dtype)


class _Value(Function):
    @staticmethod
    def forward(loss: Any, y: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        if raw.ndim == 2 and raw.dtype == torch.float64 and ordinary(y, raw):
            many = raw.shape[0] >= torch_graph.KERNEL_ROWS
            given = y.numpy(), raw.detach().numpy().T
            nll, gradient, _ = (loss.compiled if many else loss).evaluate(*given, 1)
            return torch.from_numpy(nll), torch.from_numpy(gradient).mT.contiguous()
        rows = loss.rows(_LIBRARY, y.unbind(-1), raw.unbind(-1), 1)
        return rows.nll(), torch.stack(rows.gradient(), dim=-1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        ctx.loss, y, raw = inputs
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(y, raw, output[1])
        ctx.save_for_forward(y, raw)

    @staticmethod
    def backward(ctx: Any, of_nll: Tensor | None, of_gradient: Tensor | None) -> Any:
        y, raw, gradient = ctx.saved_tensors
        total = None if of_nll is None else of_nll.unsqueeze(-1) * gradient
        if of_gradient is not None:
            part = _curvature_product(ctx.loss, y, raw, of_gradient)
            total = part if total is None else total + part
        return None, None, total

    @staticmethod
    def jvp(ctx: Any, _loss: None, _y: None, moved: Tensor) -> tuple[Tensor, Tensor]:
        y, raw = ctx.saved_tensors
        gradient = _Value.apply(ctx.loss, y, raw)[1]
        return (gradient * moved).sum(dim=-1), _curvature_product(ctx.loss, y, raw, moved)


def _curvature_product(loss: Any, y: Tensor, raw: Tensor, v: Tensor) -> Tensor:
    rows = loss.rows(_LIBRARY, y.unbind(-1), raw.unbind(-1), 2)
    return torch.stack(rows.curvature_product(v.unbind(-1)), dim=-1)


def _evaluate(formula: Any, arrays: Sequence[Tensor]) -> tuple[Tensor, ...]:
    given = torch.broadcast_tensors(*arrays)
    found: tuple[Tensor, ...] = torch_graph._Evaluate.apply(formula_graph(formula), *given)
    return found


#: What the rows of a loss are computed with.
_LIBRARY = SimpleNamespace(
    exp=torch.exp,
    log1p=torch.log1p,
    where=torch.where,
    stack=torch.stack,
    cumsum=torch.cumsum,
    top=lambda columns: columns.amax(0),
    evaluate=_evaluate,
)
