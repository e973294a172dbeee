"""Softmax cross-entropy on PyTorch tensors, whose digits survive where a class is nearly certain.

There 1 − p, which the textbook and autograd subtract, is 0: here it is the sum of the other
classes' probabilities, in the loss and in each derivative.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from likely.adapters.torch_function import Function, ordinary
from likely.losses.kernels.softmax import softmax

#: Entries of raw from which the kernel is worth its load, half a second once: batches of a network are asked for again
#: and again.
ENTRIES = 1024


def cross_entropy(loss: Any, y: Tensor, raw: Tensor, _order: int) -> tuple[Tensor, Tensor]:
    """−log softmax(raw)_y over the last axis, and its gradient in raw; y holds class codes."""
    work = raw if raw.dtype in (torch.float32, torch.float64) else raw.float()
    at = getattr(loss, "reference", None)
    if at is not None:
        work = work.reshape(*y.shape, loss.columns)  # one column may have no axis
        work = torch.cat((work[..., :at], torch.zeros_like(work[..., :1]), work[..., at:]), dim=-1)
    nll, gradient = _Value.apply(y.long(), work)
    if at is not None:
        gradient = torch.cat((gradient[..., :at], gradient[..., at + 1 :]), dim=-1)
    return nll.to(raw.dtype), gradient.reshape(raw.shape).to(raw.dtype)


class _Value(Function):
    @staticmethod
    def forward(y: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        if raw.ndim == 2 and raw.numel() >= ENTRIES and raw.is_contiguous() and ordinary(y, raw):
            if int(y.min()) < 0 or int(y.max()) >= raw.shape[1]:  # the kernel would write elsewhere
                raise ValueError(f"y must hold class codes 0, …, {raw.shape[1] - 1}")
            nll, gradient = raw.new_empty(raw.shape[0]), torch.empty_like(raw)
            softmax(y.numpy(), raw.detach().numpy(), nll.numpy(), gradient.numpy())
            return nll, gradient
        y = y.unsqueeze(-1)
        logs = torch.log_softmax(raw, dim=-1)
        others = torch.exp(logs).scatter(-1, y, 0.0)
        missed = others.sum(dim=-1, keepdim=True)  # 1 − p_y, with its digits
        nll = torch.where(missed < 0.5, -torch.log1p(-missed), -logs.gather(-1, y))
        return nll.squeeze(-1), others.scatter(-1, y, -missed)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(inputs[1], output[1])
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, of_nll: Tensor | None, of_gradient: Tensor | None) -> Any:
        raw, gradient = ctx.saved_tensors
        total = None if of_nll is None else of_nll.unsqueeze(-1) * gradient
        if of_gradient is not None:
            part = _curvature_product(raw, of_gradient)
            total = part if total is None else total + part
        return None, total

    @staticmethod
    def jvp(ctx: Any, _y: None, moved: Tensor) -> tuple[Tensor, Tensor]:
        y, raw = ctx.saved_tensors
        gradient = _Value.apply(y, raw)[1]
        return (gradient * moved).sum(dim=-1), _curvature_product(raw, moved)


def _curvature_product(raw: Tensor, v: Tensor) -> Tensor:
    """p ∘ (v − pᵀv), with v measured from the likeliest class: there 1 − p never appears."""
    p = torch.softmax(raw, dim=-1)
    v = v - v.gather(-1, raw.argmax(dim=-1, keepdim=True))
    return p * (v - (p * v).sum(dim=-1, keepdim=True))
